"""Phase 5's kernel under load, and under system calls at random by threads that share memory and descriptors: it bears it on one CPU and on
four, under every policy, and nothing is left afterwards. Memory that is out costs the process that has most of it, which is named; the
others, and who types at the console, do not notice."""

import functools
import re

import kernels
import pytest
from test_programs import machines
from user_programs import entries

from grade import cpio, soak_programs
from grade.machine import Machine, limit_option

PHASE = 5
LIMIT_MS = 20_000  # of virtual time
POLICIES = "rr", "fcfs", "sjf", "prio", "mlfq", "cfs", "eevdf"
LITTLE = "processes 60 tree 200 pipes 40 futex 16 file 0 hog 0 crowd 8".split()
SAID = """\
processes at once: {processes}
ended: {processes}
forks in a tree: {tree}
pipes: {pipes}
the byte: 7
ended: 1
threads on one futex: {futex}
"""
OUT = """\
a file without end: No space left on device
more than 16 MiB: yes
who takes all memory ends with: 9
some of a crowd are killed: yes
and some are not: yes
other ends: 0
"""
KILLED = r"out of memory: process (\d+) \((\w+)\) is killed: (\d+) of (\d+) pages are its own, with oom_score_adj (-?\d+) the most of all"
CALLS, SEEDS = (50_000, range(1, 21)) if kernels.ALL else (10_000, range(1, 4))
KEPT_KIB = 128  # of slabs that are not full and of stacks for the next thread; 800 processes that lose a page each are 3 MiB
ANSWER_S = 0.2  # between two answers at the console, a sleep of 10 ms included


def load(boot, *what, options=""):
    """Runs user/tests/load. Returns what it wrote and who was killed for want of memory: [(pid, name, pages, all, adj)]."""
    run = boot("user", options, program=["/tests/load", *what], trace="off", limit_ms=LIMIT_MS)
    assert not run.status, run.output
    soak_programs.at_rest(run)
    return run.output, re.findall(KILLED, run.console)


@pytest.mark.parametrize("policy, cpus", kernels.some([(policy, cpus) for cpus in (1, 4) for policy in POLICIES], 2))
def test_the_kernel_bears_a_little_of_everything(policy, cpus):
    with machines(phase=PHASE, cpus=cpus) as boot:
        output, killed = load(boot, *LITTLE, options=f"sched={policy}")
    assert output == SAID.format(processes=60, tree=200, pipes=40, futex=16) + OUT
    assert killed and {name for _, name, *_ in killed} == {"load"}


@pytest.mark.parametrize("cpus", [1, 4] if kernels.ALL else [4])
def test_the_kernel_bears_much_of_everything(cpus):
    """On a machine of 256 MiB, for the processes' sake; a tenth of them in `make test`."""
    sizes = {"processes": 1000, "tree": 10_000, "pipes": 200, "futex": 64} if kernels.ALL else \
            {"processes": 300, "tree": 1000, "pipes": 200, "futex": 64}
    with machines(phase=PHASE, cpus=cpus) as boot:
        boot.machine = functools.partial(Machine, ram_mib=256)
        output, _ = load(boot, *(str(word) for item in sizes.items() for word in item), *"file 0 hog 0 crowd 40".split())
    assert output == SAID.format(**sizes) + OUT


@pytest.mark.parametrize("cpus", [1, 4])
def test_who_has_most_is_killed_and_nobody_else(cpus):
    """One that takes all; then of eight that want half as much again as there is so many that the others have room: three if each of them
    had all its pages by then, a few more otherwise."""
    with machines(phase=PHASE, cpus=cpus) as boot:
        _, killed = load(boot, "hog", "0", "crowd", "8")
    pages = [int(pages) for _, _, pages, *_ in killed]
    assert 4 <= len(killed) <= 6 and pages[0] > 4 * max(pages[1:]) and len({pid for pid, *_ in killed}) == len(killed)


@pytest.mark.parametrize("cpus", [1, 4])
def test_a_call_does_not_fail_because_somebody_takes_all_memory(cpus):
    """open, pipe, fork, exec, mmap, read and write wait until there is some; what is copied to pages that are not there yet arrives."""
    with machines(phase=PHASE, cpus=cpus) as boot:
        output, killed = load(boot, "calls", "40" if kernels.ALL else "10")
    assert output == "calls that failed while others took all memory: 0\n" and killed


@pytest.mark.parametrize("cpus", [1, 4])
def test_a_process_says_how_much_it_counts_when_memory_is_out(cpus):
    with machines(phase=PHASE, cpus=cpus) as boot:
        output, killed = load(boot, "adj")
    assert output == "who counts for more ends with: 9\nwho takes the rest ends with: 9\nwho is never chosen is there: 0\n"
    assert [int(adj) for *_, adj in killed] == [900, 0]


@pytest.mark.parametrize("cpus", [1, 4])
def test_the_shell_answers_under_load_and_nothing_is_lost(cpus):
    """What is typed there is read when the shell reads: an answer each 10 ms, while processes are killed. Then as much memory is free as
    after the same load before."""
    free = "grep MemFree /proc/meminfo\n"
    heavy = "/tests/load processes 100 tree 300 hog 0 crowd 8 hog 0 crowd 20"
    asked = "sleep 0.01; cat /proc/uptime\n" * 40
    typed = f"{heavy}\n{free}{heavy} &\n{asked}wait\n{free}poweroff\n"
    with Machine(kernels.reference(PHASE) / "build/checked/kernel.elf", f"{limit_option(LIMIT_MS)} trace=off", input=typed.encode(),
                 archive=kernels.archive_of(PHASE), limit_ms=LIMIT_MS, cpus=cpus) as machine:
        assert machine.run().kind == "poweroff"
        console = machine.console()
    answers = [float(up) for up in re.findall(r"^(\d+\.\d\d) \d+\.\d\d$", console, re.M)]
    during = console[console.index("&\n"):console.index("# wait")]
    assert len(answers) == 40 and len(re.findall(KILLED, during)) >= 4, console
    assert all(0 < after - before < ANSWER_S for before, after in zip(answers, answers[1:])), answers
    before, after = re.findall(r"^MemFree: +(\d+) kB$", console, re.M)
    assert abs(int(before) - int(after)) <= KEPT_KIB


# --- calls at random, by threads ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_the_kernel_survives_threads_that_make_calls_at_random(seed):
    with machines(phase=PHASE, cpus=4) as boot:
        soak_programs.fuzz(boot, seed, CALLS, "fuzz_threads")


@pytest.mark.parametrize("cpus", [1, 2])
def test_the_kernel_survives_them_on_fewer_cpus(cpus):
    with machines(phase=PHASE, cpus=cpus) as boot:
        soak_programs.fuzz(boot, 1, CALLS // 4, "fuzz_threads")


BOTH = "mkdir a; cd a; /tests/load calls {rounds} & cd ..; /tests/fuzz_threads {seed} {calls} 6; wait; rm -r a; exit 0\n"


@pytest.mark.parametrize("seed", range(1, 6 if kernels.ALL else 2))
def test_whoever_else_is_at_work_only_who_has_most_is_killed(tmp_path, seed):
    """Beside calls at random. Its pages are given back while others ask for some: the long way on the race build, where that takes longest,
    and a shell was killed that had 22."""
    script = "PATH=/bin; export PATH; " + BOTH.format(seed=seed, rounds=30, calls=15_000 if kernels.ALL else 4000)
    given = entries(kernels.archive_of(PHASE).read_bytes())
    files = {path: (mode, data) for path, (mode, _, _, data) in given.items()} | {"script": (cpio.FILE | 0o644, script.encode())}
    (tmp_path / "initramfs.cpio").write_bytes(cpio.archive(files))
    more = {"build": "race", "seeds": [seed]} if kernels.ALL else {}
    with machines(archive=tmp_path / "initramfs.cpio", phase=PHASE, cpus=4) as boot:
        boot.kernels = kernels.Variants(PHASE, {}, tmp_path)
        run = boot("user", program=["/bin/sh", "/script"], trace="off", limit_ms=100_000, **more)
        assert not run.status, run.output
        soak_programs.at_rest(run)
        assert all(int(pages) > 5000 for _, _, pages, *_ in re.findall(KILLED, run.console))


def test_threads_set_their_processs_alarm_at_the_same_time(tmp_path):
    """On CPUs that take turns at any access: one cancelled the timer in a CPU's queue while another one started it in another's."""
    made = kernels.Variants(PHASE, {}, tmp_path)
    with machines(phase=PHASE, cpus=4) as boot:
        boot.kernels = made
        run = boot("user", program=["/tests/alarms"], build="race", seeds=[1, 2], limit_ms=LIMIT_MS)
        assert run.output.count("a process whose threads set its alarm: 0\n") == 8
        soak_programs.at_rest(run)
