"""The programs of user/ on Crescent's reference: they print what Linux prints, the shell does what its page says, and nothing that they are
given or do makes the kernel panic or lose anything. All of it runs on every machine. The same programs natively: test_user.py, on Linux on
x86-64 alone."""

import contextlib
import re

import kernels
import pytest
from user_programs import MASTER, SCRIPTS, blocks, entries, fits

from grade import cpio, oracle, soak_programs
from grade.boot import Boot
from grade.errors import RuleBroken
from grade.machine import Machine, limit_option

PHASE = 3
MACHINES = (PHASE, 1), (4, 4)  # a phase's kernel, and on how many CPUs
LIMIT_MS = 20_000  # of virtual time; a program that waits for something costs next to nothing
EXPECTED = MASTER / "user/tests/expected"
SEEDS, CALLS = range(1, 11), 10_000
# How the shell is given a script and where: a folder of its own.
DRIVER = """\
cd /tmp
for number in {numbers}; do
    mkdir $number
    cd $number
    echo "<<< $number"
    env -i PATH=/bin HOME=/ PS1='$ ' sh < /scripts/$number 2>&1
    echo ">>> $?"
    cd ..
    rm -r $number
done
"""


class On(Boot):
    """A Boot on so many CPUs."""

    cpus = 1

    def __call__(self, ktest, options="", **more):
        return super().__call__(ktest, options, cpus=self.cpus, **more)


@pytest.fixture
def boot():
    """A Boot of the checked reference with its programs."""
    with machines() as found:
        yield found


@contextlib.contextmanager
def machines(kernel=None, archive=None, budget=1, phase=PHASE, cpus=1):
    """A Boot of a phase's checked reference, or of another kernel of its types, with its programs or another archive."""
    tree = kernels.reference(phase)
    kernel = kernel or tree / "build/checked/kernel.elf"
    with contextlib.closing(On(kernel, kernels.image(kernel, tree), 2, budget, archive=archive or soak_programs.archive_of(tree))) as found:
        found.cpus = cpus
        yield found


def said(run):
    """What a program wrote and how it ended, as grade/oracle.py has it."""
    return run.output + (f"exit status {run.status >> 8}\n" if run.status else "")


def programs():
    """[(program, phase, CPUs)]: each on each machine whose kernel's phase has it; in `make test` on one of them, in turn."""
    found = [[(name, phase, cpus) for phase, cpus in MACHINES if any((kernels.reference(phase) / "user/tests").glob(f"{name}.*"))]
             for name in oracle.names(MASTER / "user/tests")]
    found = [machines for machines in found if machines]
    return sum(found, []) if kernels.ALL else [machines[i % len(machines)] for i, machines in enumerate(found)]


@pytest.mark.parametrize("name, phase, cpus", programs())
def test_a_program_prints_what_linux_prints(name, phase, cpus):
    """Under a process 1 that waits for whoever ends, as Linux's does."""
    with machines(phase=phase, cpus=cpus) as boot:
        run = boot("exit_orphans", program=[f"/tests/{name}"], limit_ms=LIMIT_MS, trace="off")
        assert said(run) == (EXPECTED / f"{name}.txt").read_text()
        soak_programs.at_rest(run)


# --- the shell ------------------------------------------------------------------------------------------------------------------------


def play(texts, tmp_path):
    """What the shell prints when it is given these texts as input, one after the other in one boot, and its exit status: a list."""
    given = soak_programs.archive_of(kernels.reference(PHASE)).read_bytes()
    files = {path: (mode, data) for path, (mode, _, _, data) in entries(given).items()}
    driver = DRIVER.format(numbers=" ".join(map(str, range(len(texts)))))
    files["scripts"] = cpio.DIRECTORY | 0o755, b""
    for name, text in [*enumerate(texts), ("all", driver)]:
        files[f"scripts/{name}"] = cpio.FILE | 0o644, text.encode()
    (tmp_path / "initramfs.cpio").write_bytes(cpio.archive(files))
    with machines(archive=tmp_path / "initramfs.cpio") as boot:
        run = boot("user", program=["/bin/sh", "/scripts/all"], limit_ms=LIMIT_MS, trace="off")
        assert not run.status
        soak_programs.at_rest(run)
        answers = re.findall(r"^<<< \d+\n(.*?)>>> (\d+)$", run.output, re.M | re.S)
    assert len(answers) == len(texts)
    return [(printed, int(status)) for printed, status in answers]


def test_a_script_does_what_is_kept_of_it(tmp_path):
    answers = dict(zip(SCRIPTS, play([script["script"] for script in SCRIPTS.values()], tmp_path)))
    assert answers == {name: (script["prints"], script["status"]) for name, script in SCRIPTS.items()}


def test_a_signal_that_comes_before_a_child_is_itself_is_its_own(tmp_path):
    """On one CPU the shell goes on after fork(): the signal is there before the child has run, and the shell's trap is not the child's."""
    script = "trap 'echo trapped' TERM\nfor i in 1 2 3; do sleep 100 & kill $!; wait $!; echo $?; done\n"
    assert play([script], tmp_path) == [("143\n" * 3, 0)]


def test_the_shell_does_what_its_page_says(tmp_path):
    page = list(blocks())
    for (typed, expected), (printed, _) in zip(page, play([typed for typed, _ in page], tmp_path)):
        lines = [line.rstrip() for line in printed.splitlines()]
        assert fits(expected, lines), "\n".join(["typed:", typed, "expected:", *expected, "printed:", *lines])


# What is typed, and what the console then shows up to the next key. What was played in is taken when somebody reads the terminal and not
# before: a program that reads it is there when Ctrl-C comes. `wait` waits until a job has stopped or ended.
TYPED = [
    ("cat\n", "# cat\n"), ("hello\n", "hello\nhello\n"), ("\x03", "^C\n"), ("echo $?\n", "# echo $?\n130\n"),
    ("cat\n", "# cat\n"), ("\x1a", "^Z\n[1] Stopped    cat\n"), ("echo $?\n", "# echo $?\n148\n"),
    ("jobs\n", "# jobs\n[1] Stopped    cat\n"), ("fg\n", "# fg\ncat\n"), ("again\n", "again\nagain\n"), ("\x04", ""),
    # In the background it stops when it reads (SIGTTIN), each time that it goes on; a signal that ends it comes before that.
    ("cat &\n", "# cat &\n[1] 5\n"), ("wait %1; echo $?\n", "# wait %1; echo $?\n149\n"), ("bg\n", "# bg\ncat &\n"),
    ("wait %1; echo $?\n", "# wait %1; echo $?\n149\n"), ("kill -CONT %1\n", "# kill -CONT %1\n"),
    ("wait %1; echo $?\n", "# wait %1; echo $?\n149\n"), ("jobs\n", "# jobs\n[1] Stopped    cat\n"),
    ("kill %1; wait %1; echo $?\n", "# kill %1; wait %1; echo $?\n143\n"), ("jobs\n", "# jobs\n"),
    # What does not read goes on.
    ("sleep 5 &\n", "# sleep 5 &\n[1] 6\n"), ("kill -STOP %1; wait %1; echo $?\n", "# kill -STOP %1; wait %1; echo $?\n147\n"),
    ("bg %1\n", "# bg %1\nsleep 5 &\n"), ("jobs\n", "# jobs\n[1] Running    sleep 5\n"), ("fg %1\n", "# fg %1\nsleep 5\n"),
    ("echo $?\n", "# echo $?\n0\n"),
    # A pipeline is one group: who reads the terminal is started last, and `sleep` hears it too.
    ("sleep 100 | cat /dev/tty\n", "# sleep 100 | cat /dev/tty\n"), ("\x1a", "^Z\n[1] Stopped    sleep 100 | cat /dev/tty\n"),
    ("fg\n", "# fg\nsleep 100 | cat /dev/tty\n"), ("\x03", "^C\n"), ("jobs; ps | grep -c sleep\n", "# jobs; ps | grep -c sleep\n0\n"),
    ("wrong\x03", "# wrong^C\n"), ("true\n", "# true\n"), ("\x04", "# \n"),
]


def test_jobs_are_controlled_from_the_console():
    keys, shown = ("".join(column) for column in zip(*TYPED))
    with Machine(kernels.reference(PHASE) / "build/checked/kernel.elf", f"{limit_option(LIMIT_MS)} trace=off", input=keys.encode(),
                 archive=kernels.archive_of(PHASE), limit_ms=LIMIT_MS) as machine:
        assert (machine.run().kind, machine.console()) == ("poweroff", shown)


def test_every_program_is_on_the_page():
    page = (MASTER / "docs/shell.md").read_text()
    table = page[page.index("## All programs"):]
    programs = {p.stem for p in (MASTER / "user/bin").glob("*.c")} | {"sh"}
    assert programs <= set(re.findall(r"\w+", table))


def test_no_test_is_skipped():
    """A skipped test is a defect: what cannot run on a machine is not collected there, and its docstring says what runs instead."""
    for path in MASTER.glob("grade/*/*.py"):
        assert not re.search(r"pytest\.(mark\.)?(skip|xfail|importorskip)", path.read_text()), path


# --- what must do no harm ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_the_kernel_survives_calls_at_random(seed):
    phase, cpus = MACHINES[seed % len(MACHINES)]
    with machines(phase=phase, cpus=cpus) as boot:
        soak_programs.fuzz(boot, seed, CALLS)


def test_whatever_allocation_fails_nothing_is_lost(boot):
    """fork, exec, mmap, pipes, signals, files: the program hears ENOMEM, or is killed."""
    assert soak_programs.starve(boot, "scarce") > 100


def counts(boot, seed):
    """What became of malformed files, as user/tests/malformed.c counts: {"one number": {what: how many, "files": all},
    "at random": ...}."""
    run = boot("user", program=["/tests/malformed", "counts", str(seed)], limit_ms=LIMIT_MS, trace="off")
    soak_programs.at_rest(run)
    found = {}
    for line in run.output.splitlines():
        what, _, amount = line.rpartition(": ")
        if not line.startswith(" "):
            part = found[what] = {"files": amount}
        else:
            part[what.strip()] = amount
    return found


@pytest.mark.parametrize("seed", range(10 if kernels.ALL else 1))
def test_a_malformed_program_is_refused_or_ends_by_a_signal(boot, seed):
    """Each number that this kernel looks at is wrong before exec has begun: ENOEXEC, and the caller goes on."""
    found = counts(boot, seed)
    total = found["one number"]["files"]
    assert found["one number"] == {"files": total, "ran": "0", "refused, Exec format error": total, "each caller as before": "yes"}
    refused = [what for what in found["at random"] if what.startswith("refused")]
    assert refused == ["refused, Exec format error"] and found["at random"]["each caller as before"] == "yes"
    assert int(found["at random"][refused[0]]) > 300 and "killed, Killed" not in found["at random"]


# A condition that is missing in a kernel, and what finds that. The first of each kind in `make test`.
PROC = "kernel/proc"
BELIEVED = [
    ("segment.c", "&& s->size <= USER_END - start", "&& start + s->size <= USER_END"),
    ("segment.c", "h->machine == ELF_X86_64 &&", "h->machine &&"),
    ("segment.c", "s->address < USER_END && start >= USER_START && start < USER_END", "start >= USER_START"),
    ("segment.c", "s->file_size <= s->size &&", "s->size &&"),
    ("image.c", "at > image->size || n > image->size - at", "at + n > image->size"),
    ("elf.c", "return region_find(space, program->entry) ? 0 : -ENOEXEC", "return 0"),
]


@pytest.mark.parametrize("change", BELIEVED if kernels.ALL else BELIEVED[:1])
def test_a_kernel_that_believes_a_number_is_found(tmp_path, change):
    file, *change = change
    with machines(planted(tmp_path, f"{PROC}/{file}", *change)) as boot, pytest.raises((AssertionError, RuleBroken)):
        test_a_malformed_program_is_refused_or_ends_by_a_signal(boot, 0)


def planted(tmp_path, path, before, after):
    """The reference with one change."""
    text = (kernels.reference(PHASE) / path).read_text()
    assert text.count(before) == 1
    return kernels.build(kernels.reference(PHASE), {path: text.replace(before, after)}, tmp_path)


def test_calls_at_random_find_what_is_lost_when_a_call_fails(tmp_path):
    kernel = planted(tmp_path, "kernel/syscall/sys_name.c", "        return path;\n    path_free(path);\n", "        return path;\n")
    with machines(kernel) as boot, pytest.raises(RuleBroken, match="ends with the frames and objects it began with"):
        soak_programs.fuzz(boot, 1, 500)


def test_calls_at_random_find_a_pointer_that_is_believed(tmp_path):
    kernel = planted(tmp_path, "kernel/mm/uaccess.c", "return at < USER_END && n <= USER_END - at;", "return n < USER_END || !at;")
    with machines(kernel) as boot, pytest.raises(RuleBroken) as broken:
        soak_programs.fuzz(boot, 1, 500)
    assert broken.value.status == "panic"


def test_the_allocation_behind_which_something_is_lost_is_named(tmp_path):
    kernel = planted(tmp_path, "kernel/proc/fork.c", "    if (!options->share)\n        aspace_free(child->space);\n", "")
    with machines(kernel) as boot, pytest.raises(RuleBroken, match="before an allocation failed is given back") as broken:
        soak_programs.starve(boot, "scarce")
    assert re.match(r"allocation \d+: \d+ frames, \d+ objects", broken.value.evidence[0])


def test_a_loss_that_is_made_good_is_none():
    assert soak_programs.lasting([(0, 0), (1, 2), (0, 0), (-1, -2), (0, 0)]) is None
    assert soak_programs.lasting([(0, 0), (1, 2), (-1, -1), (0, 0)]) == 2
    assert soak_programs.lasting([(1, 0), (-1, 0), (2, 0), (0, 0), (-1, 0)]) == 3
