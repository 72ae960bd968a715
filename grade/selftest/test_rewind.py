"""make gdb and make rewind as a person uses them: really backwards from each kind of failure, and nothing left behind."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import kernels
import pytest
import test_mutants

from grade import debug_tests, dwarf

BAD = r"""
#include "arch/arch.h"
#include "arch/upcall.h"
#include "ktest/ktest.h"
static volatile int done, *nowhere = (int *)8;
KTEST(bad_null, "follows a NULL pointer") { for (done = 0; done < 9; done++); return *nowhere; }
KTEST(bad_panic, "panics") { panic("broken on purpose"); }
KTEST(bad_spin, "never ends") { for (volatile u64 n = 0;; n++); return 0; }
KTEST(bad_triple, "an exception that cannot be delivered")
{
    struct { u16 limit; u64 base; } __attribute__((packed)) none = { 0, 0 };
    asm volatile("lidt %0; xor %%esp, %%esp; push %%rax" :: "m"(none));
    return 0;
}
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A tree in a folder with a blank and a comma in its name, with the reference kernel built."""
    folder = tmp_path_factory.mktemp("gdb") / "a tree, of mine"
    kernels.student_tree(folder, base=kernels.REFERENCE)
    shutil.copytree(kernels.REFERENCE / "build" / "checked", folder / "build" / "checked")
    return folder


@pytest.fixture(scope="module")
def bad(tmp_path_factory):
    """A kernel with ktests that fail in all ways."""
    return kernels.build(kernels.REFERENCE, {"kernel/ktest/test_bad.c": BAD}, tmp_path_factory.mktemp("bad"))


def command(tree, mode, test, *for_gdb, kernel=None, seeds="", more=()):
    kernel = kernel or tree / "build" / "checked" / "kernel.elf"
    return [sys.executable, str(tree / "grade" / "debug.py"), mode, "--tree", str(tree), "--kernel", str(kernel), "--test", test,
            "--seeds", seeds, *more, "--", "-batch", *[word for line in for_gdb for word in ("-ex", line)]]


@pytest.fixture
def debug(tree, tmp_path):
    """debug("rewind", "some_test", "gdb command", ...) runs debug.py and returns its status, what it said, and its lines on stderr. Its
    files go into a temporary folder, which must be empty afterwards."""
    folder = tmp_path / "with a blank"
    folder.mkdir()

    def go(mode, test, *for_gdb, kernel=None, seeds="", base=tree, more=(), **environment):
        asked = command(base, mode, test, *for_gdb, kernel=kernel, seeds=seeds, more=more)
        done = subprocess.run(asked, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              env=os.environ | {"TMPDIR": str(folder)} | environment)
        print(done.stdout, done.stderr)
        return SimpleNamespace(status=done.returncode, said=done.stdout + done.stderr, err=done.stderr.strip().splitlines())

    yield go
    assert list(folder.iterdir()) == []


COUNT = "monitor info replay"
PLACE = 'printf "AT %#lx\\n", $pc'


def counts(said):
    return [int(n) for n in re.findall(r"instruction count = (\d+)", said)]


FAILURES = [("bad_null", "the instruction at which the exception came"), ("bad_panic", "the call of panic()"),
            ("bad_triple", "the run's last instruction")]
HANG = [("bad_spin", "where the machine's time was up")]  # six times a hundred million instructions


@pytest.mark.parametrize("test, words", FAILURES + (HANG if kernels.ALL else []))
def test_rewind_opens_at_the_failure_and_really_goes_back(debug, bad, test, words):
    """One instruction back, back to the test's begin, one forwards."""
    done = debug("rewind", test, COUNT, PLACE, "reverse-stepi", COUNT, PLACE, "reverse-continue", COUNT, PLACE, "stepi", COUNT, kernel=bad)
    assert done.status == 0 and f"rewind: ktest {test}: " in done.said and f"GDB stands at {words}" in done.said
    assert "declined" not in done.said
    at, rip = counts(done.said), [int(n, 16) for n in re.findall(r"AT (0x[0-9a-f]+)", done.said)]
    symbols = dwarf.load(bad)
    assert at[1] == at[0] - 1 and rip[1] != rip[0]
    assert symbols.function(rip[0])[0] == ("panic" if test == "bad_panic" else f"ktest_{test}")
    assert at[2] < at[1] and "Breakpoint 1, " in done.said and at[3] == at[2] + 1
    assert symbols.function(rip[2]) == (f"ktest_{test}", 0)


def test_behind_the_begin_of_a_test_lies_the_kernels_start(debug, bad):
    done = debug("rewind", "bad_panic", "reverse-continue", "reverse-continue", COUNT, "info symbol $pc", kernel=bad)
    assert "Breakpoint 1, " in done.said and "kmain in section" in done.said and counts(done.said)[0] > 10_000


# --- several CPUs -----------------------------------------------------------------------------------------------------------------------

ON_FOUR = r"""
#include "arch/arch.h"
#include "ktest/ktest.h"
#include "ktest/threads.h"
static bool breaks;
static int spin(void *arg)
{
    use_cpu(200000);
    if (breaks && number_of(arg) == 1)
        panic("broken on purpose");
    for (volatile u64 n = 0;; n++)
        ;
}
static int spin_on_all(bool one_breaks)
{
    struct test_threads threads;

    breaks = one_breaks;
    return threads_start(&threads, 3, spin) ? -1 : spin(NULL);
}
KTEST(four_panic, "panics on another CPU") { return spin_on_all(true); }
KTEST(four_spin, "never ends, on four CPUs") { return spin_on_all(false); }
"""


@pytest.fixture(scope="module")
def four(tmp_path_factory):
    """A kernel of phase 4 with ktests that fail on several CPUs."""
    return kernels.build(kernels.reference(4), {"kernel/ktest/test_four.c": ON_FOUR}, tmp_path_factory.mktemp("four"))


SAME = "It is the graded run: "


@pytest.mark.parametrize("test, message", [("four_panic", "broken on purpose"), ("four_spin", "")])
def test_on_several_cpus_rewind_stops_once_at_the_failure_of_the_same_run(debug, four, test, message):
    """To the nanosecond, which GDB compares itself; and each CPU can be looked at."""
    done = debug("rewind", test, "os-cpus", "continue", "bt", kernel=four, base=kernels.reference(4), more=["--cpus", "4"])
    assert done.status == 0 and "GDB stands at the end of panic()" in done.said and SAME in done.said
    assert len(re.findall(r"^\d  +\S.*  (?:on|off)  ", done.said, re.M)) == 4, "a line for each CPU"
    assert done.said.count("Temporary breakpoint 1") == 1 and "the run ends here; to stop earlier, quit" in done.said
    if message:
        assert f"panic: {message}" in done.said and re.search(r"#\d+ .* in spin \(", done.said)


def test_an_event_is_chosen_by_its_number(debug, four):
    """The run stops behind that one, once; without a trace, or that event, there is a line."""
    done = debug("rewind", "four_spin", "os-trace 1", 'printf "SEQ %d\\n", trace_rings[2].seq', "continue", kernel=four,
                 base=kernels.reference(4), more=["--cpus", "4", "--event", "2:3"])
    assert "GDB stands behind event 3 of CPU 2" in done.said and "SEQ 3" in done.said and SAME in done.said
    assert re.search(r"^ +3 +\d+ ns  cpu 2 ", done.said, re.M) and done.said.count("trace_stop_here ()") == 1


@pytest.mark.parametrize("event, words", [("2:99999", "EVENT=2:99999 is not an event of this run, whose CPU 2 has the numbers 1 to "),
                                          ("7:1", "EVENT=7:1 is not an event of this run, whose CPU 7 has none"),
                                          ("2", "EVENT is a CPU and the number of an event of its trace, as in 2:417, and not '2'")])
def test_an_event_that_is_none_gets_a_line(debug, four, event, words):
    done = debug("rewind", "four_panic", kernel=four, base=kernels.reference(4), more=["--cpus", "4", "--event", event])
    assert done.status == 1 and len(done.err) == 1 and done.err[0].startswith(f"rewind: {words}")


def test_on_one_cpu_it_goes_back_from_the_event_that_a_model_names(debug, tmp_path):
    path = "kernel/sched/yield.c"
    wrong = (kernels.REFERENCE / path).read_text().replace("ENQUEUE_YIELD", "ENQUEUE_NEW")
    kernel = kernels.build(kernels.REFERENCE, {path: wrong}, tmp_path / "wrong")
    done = debug("rewind", "everybody_agrees_on_who_runs", "bt", COUNT, "reverse-stepi", COUNT, kernel=kernel)
    number, what = re.search(r"^ +event (\d+) at \d+ ns on CPU 0: (\w+) of thread", done.said, re.M).groups()
    assert f"GDB stands at trace_stop_here(), behind event {number} of CPU 0" in done.said
    assert re.search(rf"in trace_write \(event=\S*TRACE_{what}\b", done.said), done.said
    there, before = counts(done.said)
    assert before < there


def test_on_one_cpu_it_goes_back_from_an_event(debug):
    """The run has written so many events there, and at the test's beginning fewer."""
    seq = 'printf "SEQ %d\\n", trace_rings[0].seq'
    done = debug("rewind", "yield_order", "os-trace 1", seq, "reverse-continue", seq, more=["--event", "0:9"])
    assert "GDB stands at trace_stop_here(), behind event 9 of CPU 0" in done.said and "Breakpoint 1, ktest_yield_order" in done.said
    assert re.search(r"^ +9 +\d+ ns  cpu 0 ", done.said, re.M)
    there, before = map(int, re.findall(r"^SEQ (\d+)", done.said, re.M))
    assert there == 9 > before


def test_rewind_stops_behind_the_event_that_the_verdict_names(debug, tmp_path):
    """Of a test of the grader whose model says which one broke the rule."""
    mutant, = (mutant for mutant in test_mutants.MUTANTS if mutant["id"] == "given-affinity-of-before")
    kernel = kernels.build(kernels.reference(4), {mutant["file"]: test_mutants.mutated(mutant)}, tmp_path / "mutant")
    done = debug("rewind", mutant["test"], "os-trace 1", kernel=kernel, base=kernels.reference(4))
    cpu, number = re.search(r"GDB stands behind event (\d+) of CPU (\d+)", done.said).groups()[::-1]
    found = re.findall(rf"^ +{number} +(\d+) ns  cpu {cpu}  pick ", done.said, re.M)
    assert "rewind: test 4.3 " in done.said and SAME in done.said and len(found) == 2, "in the verdict, and in GDB's memory"


def test_rewind_takes_a_graders_test_by_a_part_of_its_name(debug):
    """One that passes is shown from its end."""
    done = debug("rewind", "joined_thread_is_gone", "os-check", COUNT, "reverse-continue", COUNT)
    assert "a_joined_thread_is_gone passes" in done.said and "began, which passed." in done.said and "rules hold" in done.said
    first, second = counts(done.said)
    assert second < first and "Breakpoint 1, ktest_" in done.said


def test_rewind_of_an_unsolved_exercise_stands_in_its_stub(debug, tmp_path):
    unsolved = kernels.build(kernels.START, kernels.files_of(104), tmp_path / "1-104")
    done = debug("rewind", "a_joined_thread_is_gone", "bt 2", kernel=unsolved)
    assert "unsolved: lab 1.5" in done.said and re.search(r"#1 .* in join_try", done.said)


def test_past_the_end_of_a_run_only_backwards_goes_on(debug, bad):
    done = debug("rewind", "bad_panic", "continue", "continue", "reverse-stepi", COUNT, kernel=bad)
    assert "The run ends here" in done.said and "only backwards goes further" in done.said and counts(done.said)


def test_gdb_stands_at_the_begin_of_a_test(debug):
    done = debug("gdb", "yield_order", "os-ps", "info symbol $pc", "hbreak ktest_done", "continue", "os-check")
    assert done.status == 0 and "ktest_yield_order" in done.said and "all 22 rules hold" in done.said and "declined" not in done.said


def test_gdb_at_the_end_of_a_live_run_says_so(debug):
    done = debug("gdb", "yield_alone", "continue", "stepi")
    assert "ktest: done" in done.said and "The run is over" in done.said and "quit, and start again" in done.said


@pytest.mark.parametrize("target, shown", kernels.some([
    ("gdb", ["Breakpoint 2, ", "sys_write"]), ("rewind", ["began, which passed.", "sys_write"]),
    ("trace", ["fork_returns_in_both.svg"])], 2))
def test_a_program_is_run_for_whoever_looks_as_it_is_for_the_grader(tmp_path, target, shown):
    """A test that runs a program needs the boot archive, in all three ways of looking at it."""
    tree = kernels.reference(3)
    if target == "trace":
        tree = kernels.prebuilt(kernels.student_tree(tmp_path / "tree", base=tree), tree)
    typed = "hbreak sys_write\n" + ("continue\n" if target == "gdb" else "reverse-continue\n") + "info symbol $pc\nquit\n"
    done = subprocess.run(["make", target, "TEST=fork_returns_in_both", f"OUT={tmp_path / 'out'}"], cwd=tree, input=typed,
                          capture_output=True, text=True)
    said = done.stdout + done.stderr + " ".join(path.name for path in tmp_path.glob("out/*"))
    assert done.returncode == 0 and not [words for words in shown if words not in said] and "does not pass" not in said, said


def test_of_an_exercises_tests_the_first_that_fails_is_shown(debug, tmp_path):
    """By the number, as make grade and make handin name an exercise."""
    unsolved = kernels.build(kernels.START, kernels.files_of(104), tmp_path / "1-104")
    subprocess.run(["make", "-s", "kernel", *kernels.VARIANTS["unchecked"]], cwd=tmp_path / "1-104", check=True)
    done = debug("rewind", "1.5", "bt 2", kernel=unsolved)
    first = next(test for test in kernels.phase_tests().values() if test.exercise == "1.5")
    assert f"test 1.5 {first.name}: unsolved: lab 1.5" in done.said


@pytest.mark.parametrize("seeds, tried", [(None, [1, 2, 3]), ([7, 8], [7, 8])])
def test_a_test_is_rewound_with_the_seeds_that_were_asked_for(tmp_path, seeds, tried):
    (tmp_path / "test_it.py").write_text("def test_races(boot, seeds):\n    boot.extend(seeds)\n")
    seen = []
    debug_tests.run_test(SimpleNamespace(file=tmp_path / "test_it.py", name="races", seeds=3), seen, seeds)
    assert seen == tried


def test_seeds_that_are_none_get_one_line(debug):
    done = debug("rewind", "yield_order", seeds="9..3")
    assert done.status == 1 and done.err == ["rewind: SEEDS is a number from 1 to 200 or a range of as many as in 3..9, not '9..3'"]


@pytest.mark.parametrize("test, words, more", [("yeild_order", "'yeild_order', and no exercise has that number; near it:", ["yield_order"]),
                                               ("switch", "name one of them", []),
                                               ("nonsense", "there are:", [*kernels.phase_tests(), "yield_order"])])
def test_a_name_that_fits_no_test_gets_what_comes_near_or_the_choices(debug, test, words, more):
    done = debug("rewind", test)
    assert done.status == 1 and words in done.err[0] and len(done.err) == 1 + len(more)
    assert all(name in line for name, line in zip(more, done.err[1:]))


def test_without_a_name_every_name_is_listed(debug):
    done = debug("gdb", "")
    assert done.status == 1 and done.err[0].startswith("gdb: TEST= is missing")
    assert [line.split()[1] for line in done.err if re.match(r"  \d\.\d ", line)] == list(kernels.phase_tests())
    assert "yield_order" in done.err[-1].split()


def test_without_gdb_there_is_one_line(debug):
    done = debug("gdb", "yield_order", GDB="no-such-gdb")
    assert done.status == 1 and done.err == ["gdb: there is no GDB (no-such-gdb) here: make setup installs it"]


def test_two_at_once_do_not_disturb_each_other(tree):
    runs = [subprocess.Popen(command(tree, mode, "yield_order", "os-check", "info symbol $pc"), stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for mode in ("gdb", "rewind")]
    said = [run.communicate()[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], said
    assert "ktest_yield_order in section" in said[0] and "ktest_done in section" in said[1] and all("rules hold" in text for text in said)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_whatever_ends_it_qemu_goes_too(tree, bad, tmp_path, number):
    """The shell command in GDB tells that the session is up; nothing of it is alive afterwards, nor, unless it was killed, its files."""
    up = tmp_path / "up"
    files = tmp_path / "files"
    files.mkdir()
    run = subprocess.Popen(command(tree, "gdb", "bad_spin", f"shell touch {up}", "continue", kernel=bad),
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                           env=os.environ | {"TMPDIR": str(files)}, start_new_session=True)
    waited = wait_for(up.exists)
    members = processes_of(files)
    os.kill(run.pid, number)
    run.wait()
    assert waited and members and wait_for(lambda: not [pid for pid in members if alive(pid)])
    assert number == signal.SIGKILL or list(files.iterdir()) == []


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


def processes_of(files):
    """The processes that work in a folder below this one: QEMU."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{pid}/cwd").startswith(str(files)):
                found.append(int(pid))
        except OSError:
            pass
    return found


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_make_gdb_names_its_files_itself(tree, tmp_path):
    """Through make, commands from a file as their terminal; nobody's own .gdbinit is there or needed."""
    done = subprocess.run(["make", "gdb", "TEST=yield_order"], cwd=tree, input="os-ps\nquit\n", capture_output=True, text=True,
                          env=os.environ | {"HOME": str(tmp_path)})
    assert done.returncode == 0, done.stderr
    assert "RUNNING" in done.stdout and "declined" not in done.stdout + done.stderr and list(tmp_path.glob(".gdbinit")) == []


def test_the_line_that_make_qemu_gdb_prints_works_as_it_stands(tree, tmp_path):
    """In the folder that it names. QEMU is a stub here, so GDB connects to nobody; everything else is there."""
    stub = tmp_path / "qemu"
    stub.write_text('#!/bin/sh\necho "QEMU emulator version 7.2"\n')
    stub.chmod(0o755)
    said = subprocess.run([sys.executable, "grade/qemu_run.py", "qemu-gdb", "--kernel", "build/checked/kernel.elf", "--port", "1"],
                          cwd=tree, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=os.environ | {"QEMU": str(stub)}).stderr
    line = said.splitlines()[-1]
    done = subprocess.run(f"{line} -iex 'set tcp auto-retry off' -batch -ex 'help os-ps' -ex 'info symbol kmain'", shell=True, cwd=tree,
                          capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert f"in {tree}:" in said and "target remote localhost:1'" in line
    assert "every thread" in done.stdout and "kmain in section" in done.stdout and "declined" not in done.stderr
    assert "localhost:1: " in done.stderr


def test_by_hand_the_line_in_gdbinits_header_is_enough(tree, tmp_path):
    line = next(line[1:].strip() for line in (tree / ".gdbinit").read_text().splitlines() if line.startswith("#     gdb "))
    done = subprocess.run(f"{line} -batch -ex 'help os-ps' -ex os-ps", shell=True, cwd=tree, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL)
    assert "every thread" in done.stdout and "nothing is attached" in done.stderr and "declined" not in done.stderr
