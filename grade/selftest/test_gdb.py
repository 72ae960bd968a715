"""GDB on the kernel: what the os- commands show and find, scripts on recorded runs, make gdb and make rewind as a person uses them."""

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

from grade import dwarf
from grade.boot import Boot
from grade.debugger import replay
from grade.errors import GraderFault

BAD = r"""
#include "arch/arch.h"
#include "arch/upcall.h"
#include "ktest/ktest.h"
static volatile int *nowhere = (int *)8;
KTEST(bad_null, "follows a NULL pointer") { return *nowhere; }
KTEST(bad_panic, "panics") { panic("broken on purpose"); }
KTEST(bad_spin, "never ends") { for (volatile u64 n = 0;; n++); return 0; }
KTEST(bad_triple, "an exception that cannot be delivered")
{
    struct { u16 limit; u64 base; } __attribute__((packed)) none = { 0, 0 };
    asm volatile("lidt %0; ud2" :: "m"(none));
    return 0;
}
"""


def boot_of(kernel):
    return Boot(kernel, dwarf.load(kernel), 2, 100)


@pytest.fixture(scope="module")
def reference():
    """A Boot on the reference kernel."""
    made = boot_of(kernels.REFERENCE / "build" / "checked" / "kernel.elf")
    yield made
    made.close()


@pytest.fixture(scope="module")
def exit_turns(reference):
    """A Debugger on a run with threads that yield, wait and exit."""
    with replay(reference("exit_turns")) as debugger:
        yield debugger


# --- scripts on a recorded run ---------------------------------------------------------------------------------------------------------


def test_each_switch_comes_back_with_the_registers_it_went_with(reference):
    with replay(reference("switch_registers")) as debugger:
        first = debugger.calls("switch_context")[0]
    for name in ("rbx", "rbp", "r12", "r13", "r14", "r15", "eflags"):
        assert first["back"][name] == first["entry"][name], name
    assert first["entry"]["rbx"] == 0x1111BBBB1111BBBB
    assert first["back"]["rsp"] == first["entry"]["rsp"] + 8
    assert first["back"]["rip"] == first["frame"][0]
    assert first["entry"]["rip"] == reference.last.kernel.address("switch_context")


def test_a_call_that_never_comes_back_is_told(reference):
    with replay(reference("switch_registers")) as debugger:
        assert debugger.calls("switch_context")[1]["back"] is None


def test_the_recorded_run_is_the_graded_run(reference):
    run = reference("yield_order")
    with replay(run) as debugger:
        stops = debugger.run_script("""
            Stop("ktest_done")
            resume()
            ring = kernel()["trace_rings"][0]
            record = kernel().at("trace_record", int(ring.record) + (ring.seq - 1) * 64)
            report(seq=ring.seq, time=record.time, facts=kernel()["ktest_report"].count)
        """)
    last = run.events()[-1]
    assert stops == [{"seq": last.seq, "time": last.time, "facts": len(run.facts())}]


def test_a_script_goes_backwards(exit_turns):
    steps = exit_turns.run_script("""
        Stop("ktest_exit_turns")
        begin = resume()
        report(at=instructions(), rip=begin)
        Stop("thread_exit")
        resume()
        report(at=instructions(), rip=registers(("rip",))["rip"])
        step_back()
        report(at=instructions(), rip=registers(("rip",))["rip"])
        report(rip=back(), at=instructions())
        report(rip=resume(), at=instructions())
    """)
    begin, there, before, again, forth = steps
    assert before["at"] == there["at"] - 1 and before["rip"] != there["rip"]
    assert again == begin and forth == there and begin["at"] < there["at"]


@pytest.mark.parametrize("script, words", [("1 / 0", "ZeroDivisionError"), ("Stop('no_such_function')", "no symbol no_such_function"),
                                           ("while resume(): pass\nresume()", "the recorded run is over")])
def test_a_script_that_fails_says_why(exit_turns, script, words):
    with pytest.raises(GraderFault, match=words):
        exit_turns.run_script(script)


# --- what the commands show ------------------------------------------------------------------------------------------------------------

SHOW = """
import gdb
def say(line):
    try:
        report(line=line, said=gdb.execute(line, to_string=True).splitlines())
    except gdb.error as error:
        report(line=line, said=[f"refused: {error}"])
for line in given["first"]:
    say(line)
Stop("thread_exit")
resume()
before = registers(("rip", "rsp", "rbp", "cr3", "eflags"))
for line in given["then"]:
    say(line)
report(line="registers", said=before == registers(("rip", "rsp", "rbp", "cr3", "eflags")))
"""


@pytest.fixture(scope="module")
def shown(exit_turns):
    """{command: its lines} when the first of three workers exits; "before os-ps" is before the kernel has started."""
    first = ["os-ps", "os-check", "os-bt", "os-runq", "os-trace"]
    then = ["os-ps", "os-runq", "os-bt", "os-bt 3", "os-bt 1", "os-bt 99", "os-bt x-", "os-trace 4", "os-trace 0", "os-trace 1 2", "os-check"]
    found = exit_turns.run_script(SHOW, first=first, then=then)
    return {("before " if n < len(first) else "") + report["line"]: report["said"] for n, report in enumerate(found)}


def test_os_ps_shows_who_does_what(shown):
    rows = {re.split(r"\s\s+", line)[1]: re.split(r"\s\s+", line) for line in shown["os-ps"]}
    assert rows["name"] == ["tid", "name", "state", "class", "priority", "cpu", "turns", "where"]
    assert rows["worker/0"][:6] == ["2", "worker/0", "RUNNING", "rr", "normal", "0"] and rows["worker/0"][7].startswith("thread_exit")
    assert rows["worker/1"][2] == "READY" and rows["worker/1"][7].endswith("< work_a_while")
    assert rows["main"][7].endswith("< threads_join") and rows["idle/0"][2] == "NEW"


def test_os_runq_shows_the_queue_in_order(shown):
    assert shown["os-runq"][0].startswith("CPU 0: runs 2 (worker/0); idle thread 0 (idle/0)")
    assert shown["os-runq"][1] == "  waiting: 3 (worker/1), 4 (worker/2), 1 (main)"
    assert "nr_ready 3" in shown["os-runq"][2]


def test_os_bt_shows_a_thread_that_is_switched_out(shown):
    assert shown["os-bt 3"][0] == "thread 3 (worker/1), READY"
    functions = [re.match(r"#\d+ +(\w+)\+", line)[1] for line in shown["os-bt 3"][1:]]
    assert "yield_locked" in functions and functions[-2:] == ["work_a_while", "thread_start"]
    assert shown["os-bt"][0] == "thread 2 (worker/0), runs on CPU 0" and "thread_exit+0x0" in shown["os-bt"][1]
    assert any("ktest_exit_turns" in line for line in shown["os-bt 1"])


def test_os_trace_shows_the_last_events(shown):
    assert len(shown["os-trace 4"]) == 4 and "SWITCH" in shown["os-trace 4"][-1] and "other 2" in shown["os-trace 4"][-1]


def test_looking_changes_no_register(shown):
    assert shown["registers"] is True


def test_wrong_arguments_get_one_line_each(shown):
    assert shown["os-bt 99"] == ["refused: os-bt: there is no thread 99; os-ps lists them"]
    assert shown["os-bt x-"] == ["refused: os-bt: TID is a number, not 'x-'"]
    assert shown["os-trace 0"] == ["refused: os-trace: N is 1 to 100000, not 0"]
    assert len(shown["os-trace 1 2"]) == 1 and "help os-trace" in shown["os-trace 1 2"][0]


def test_before_the_kernel_has_started_each_command_says_so_in_one_line(shown):
    for command in ("os-ps", "os-check", "os-bt", "os-runq", "os-trace"):
        assert len(shown[f"before {command}"]) == 1, shown[f"before {command}"]
    assert "has not started" in shown["before os-check"][0] and "before kmain" in shown["before os-ps"][0]


# --- os-check --------------------------------------------------------------------------------------------------------------------------


def test_a_healthy_kernel_breaks_no_rule(exit_turns, shown):
    assert shown["os-check"] == [line for line in shown["os-check"] if line.endswith("rules hold")] != []
    stops = exit_turns.run_script("""
        from grade.gdb.check import check
        from grade.gdb.target import registers as of_cpu
        for name in ("ktest_exit_turns", "thread_exit", "thread_reclaim", "switch_context", "ktest_done"):
            Stop(name)
        while len(stops := globals().setdefault("seen", [])) < 25 and (rip := resume()):
            seen.append(rip)
            report(rip=rip, broken=check(kernel(), of_cpu))
    """)
    assert len(stops) == 25 and [stop for stop in stops if stop["broken"]] == []


SPOIL = """
import gdb
from grade.gdb import views
from grade.gdb.check import check
from grade.gdb.target import frames, registers as of_cpu

Stop("thread_exit")
resume()
now = kernel()
table = {t.tid: t for t in views.threads(now)[0]}
t1, t2, t3 = table[1], table[2], table[3]
cpu, idle = now["cpus"][0], table[0]
rq, process = cpu.rq.target, now.at("process", t1.owner)
cache = next(c for c in views.elements(now, now.address("caches"), "slab_cache", "caches", 99)[0] if c.name.target == "thread")

def at(structure, path):
    names = path.split(".")
    for name in names[:-1]:
        structure = getattr(structure, name)
    offset, kind = now.image.structs[structure._name]["members"][names[-1]]
    return structure._address + offset, now.size(kind)

def spoil(name, *changes):
    saved = []
    for structure, path, value in changes:
        va, size = at(structure, path) if path else structure
        saved.append((va, memory(va, size)))
        gdb.selected_inferior().write_memory(va, (value & (1 << 8 * size) - 1).to_bytes(size, "little"))
    shows = [views.ps_lines(kernel(), frames), views.runq_lines(kernel()), views.trace_lines(kernel(), 3), views.backtrace_lines(kernel(), t3)]
    report(name=name, broken=check(kernel(), of_cpu), lines=sum(map(len, shows)))
    for va, before in saved:
        gdb.selected_inferior().write_memory(va, before)

head, link3, link1 = rq.ready._address, t3.run_link._address, t1.run_link._address
second = int(t3.run_link.next)
spoil("table loops", (t2.all_link, "next", t2.all_link._address))
spoil("table NULL", (t2.all_link, "next", 0))
spoil("table wild", (t2.all_link, "next", 0x1234567812345678))
spoil("table prev", (t2.all_link, "prev", t3.all_link._address))
spoil("table head NULL", ((now.address("threads"), 8), "", 0))
spoil("table count", ((now.address("nr_threads"), 4), "", 7))
spoil("same id", (t3, "tid", 2))
spoil("queued blocked", (t3, "state", 3))
spoil("ready, not queued", (rq.ready, "next", second), (now.at("list", second), "prev", head), (rq, "nr_ready", 2), (t3.run_link, "next", link3))
spoil("unlinked badly", (rq.ready, "next", second), (now.at("list", second), "prev", head), (rq, "nr_ready", 2))
spoil("two running", (t3, "state", 2))
spoil("current ready", (t2, "state", 1))
spoil("current NULL", (cpu, "current", 0))
spoil("current wild", (cpu, "current", 0xdeadbeef0000))
spoil("curr differs", (rq, "curr", t3._address))
spoil("queue loops", (t3.run_link, "next", link3))
spoil("queue NULL", (t3.run_link, "next", 0))
spoil("queue count", (rq, "nr_ready", 9))
spoil("no state", (t3, "state", 77))
spoil("rsp below", (t3, "rsp", t3.stack.base - 64))
spoil("rsp at the top", (t3, "rsp", t3.stack.base + t3.stack.size - 8))
spoil("frame", (now.at("switch_frame", int(t3.rsp)), "rip", 0x42))
spoil("other stack", (t2, "stack", 0))
spoil("guard", (t3.stack, "base", t3.stack.base + 4096), (t3.stack, "size", t3.stack.size - 4096))
spoil("joiner", (t3, "joiner", 555))
spoil("process list", (process.all_link, "next", 0))
spoil("process threads", (process.threads, "next", 8))
spoil("zombie process", (process, "state", 1))
spoil("cpu self", (cpu, "self", 8))
spoil("cpu rq", (cpu, "rq", 0x18))
spoil("idle NULL", (rq, "idle", 0))
spoil("heap count", (cache, "in_use", 1000))
spoil("free frames", (now["buddy"], "free_count", 1))
spoil("cached frames", (now["frame_caches"][0], "count", 200))
spoil("trace", (now["trace_rings"][0], "seq", 100000))
spoil("trace size", (now["trace_rings"][0], "capacity", 1000))
spoil("held lock", (cpu, "held", rq.lock._address))
spoil("all NULL", ((now.address("threads"), 16), "", 0), (cpu, "rq", 0), (cpu, "current", 0), ((now.address("processes"), 16), "", 0))
report(name="as before", broken=check(kernel(), of_cpu), lines=1)
"""

EXPECTED = {
    "table loops": "thread table: .*circle",
    "table NULL": "thread table: the link behind 2 .worker/0. is NULL",
    "table wild": "thread table: .*0x1234567812345678, where there is no memory",
    "table prev": "thread table: 2 .worker/0. follows 1 .main., but its prev is",
    "table head NULL": "thread table: the link behind the head is NULL",
    "table count": "thread table: nr_threads is 7, the table has 4",
    "same id": "one thread, one id: 2 .worker/0. at .* and 2 .worker/1.",
    "queued blocked": "queued means READY: thread 3 .worker/1. stands in the queue of CPU 0 and is BLOCKED",
    "ready, not queued": "READY means queued: thread 3",
    "unlinked badly": "not queued means unlinked: thread 3",
    "two running": "RUNNING means current: thread 3 .worker/1. is RUNNING, but CPU 0 runs 2",
    "current ready": "current means RUNNING: CPU 0's current thread 2 .worker/0. is READY",
    "current NULL": "current means RUNNING: CPU 0 runs nobody",
    "current wild": "current means RUNNING: ",
    "curr differs": "current means RUNNING: CPU 0: current.. is 2 .worker/0., rq->curr is 3",
    "queue loops": "run queue: of CPU 0: .*circle",
    "queue NULL": "run queue: of CPU 0: the link behind thread 3 .worker/1. is NULL",
    "queue count": "nr_ready counts the queue: nr_ready of CPU 0 is 9, 3 threads",
    "no state": "legal values: thread 3 .worker/1. has state 77",
    "rsp below": "saved stack pointer: thread 3",
    "rsp at the top": "saved stack pointer: thread 3",
    "frame": "saved stack pointer: thread 3 .worker/1. would go on at 0x42",
    "other stack": "running on its own stack: CPU 0 runs thread 2",
    "guard": "guard page: the page below the stack of thread 3",
    "joiner": "joiner: thread 3 .worker/1. is waited for by thread 555",
    "process list": "process table: .*NULL",
    "process threads": "process table: threads of process 1",
    "zombie process": "process table: process 1 .init. is a ZOMBIE",
    "cpu self": "CPU structure: cpus.0..self is 0x8",
    "cpu rq": "CPU structure: cannot be looked at",
    "idle NULL": "",
    "heap count": "heap caches: cache 'thread' counts 1000",
    "free frames": "free frames: buddy.free_count is 1, the free lists hold",
    "cached frames": "frame caches: the cache of CPU 0 counts 200",
    "trace": "trace ring: the ring of CPU 0 is at record 100000",
    "trace size": "trace ring: .*no power of two",
    "held lock": "held locks: CPU 0 has 'run queue'",
    "all NULL": "thread table: .*NULL",
}


@pytest.fixture(scope="module")
def spoiled(exit_turns):
    """{what was spoiled: os-check's lines}; each was mended again before the next."""
    return {report["name"]: report for report in exit_turns.run_script(SPOIL)}


@pytest.mark.parametrize("what", EXPECTED)
def test_os_check_names_what_was_spoiled(spoiled, what):
    """And the other commands say something, too, instead of hanging or failing."""
    broken = spoiled[what]["broken"]
    assert spoiled[what]["lines"] >= 4
    assert not EXPECTED[what] or [line for line in broken if re.match(EXPECTED[what], line)], broken
    assert len(broken) <= 40 and all("\n" not in line for line in broken)


def test_each_spoiling_was_mended(spoiled):
    assert spoiled["as before"]["broken"] == [] and set(spoiled) == {*EXPECTED, "as before"}


# --- make gdb and make rewind ----------------------------------------------------------------------------------------------------------


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


def command(tree, mode, test, *for_gdb, kernel=None):
    kernel = kernel or tree / "build" / "checked" / "kernel.elf"
    return [sys.executable, str(tree / "grade" / "debug.py"), mode, "--tree", str(tree), "--kernel", str(kernel), "--test", test,
            "--", "-batch", *[word for line in for_gdb for word in ("-ex", line)]]


@pytest.fixture
def debug(tree, tmp_path):
    """debug("rewind", "some_test", "gdb command", ...) -> CompletedProcess; files go into a temporary folder, which must be empty afterwards."""
    folder = tmp_path / "with a blank"
    folder.mkdir()

    def go(mode, test, *for_gdb, kernel=None, **environment):
        done = subprocess.run(command(tree, mode, test, *for_gdb, kernel=kernel), capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              env=os.environ | {"TMPDIR": str(folder)} | environment)
        print(done.stdout, done.stderr)
        return SimpleNamespace(status=done.returncode, said=done.stdout + done.stderr, err=done.stderr.strip().splitlines())

    yield go
    assert list(folder.iterdir()) == []


COUNT = "monitor info replay"
PLACE = 'printf "AT %#lx\\n", $pc'


def counts(said):
    return [int(n) for n in re.findall(r"instruction count = (\d+)", said)]


def there_and_back(debug, test, kernel):
    """rewind, one instruction back, back to the begin, forwards again: (instruction counts, rip's, all that was said)."""
    done = debug("rewind", test, COUNT, PLACE, "reverse-stepi", COUNT, PLACE, "reverse-continue", COUNT, PLACE, "stepi", COUNT, PLACE, kernel=kernel)
    assert done.status == 0, done.said
    assert "declined" not in done.said
    return counts(done.said), [int(n, 16) for n in re.findall(r"AT (0x[0-9a-f]+)", done.said)], done.said


@pytest.mark.parametrize("test, words", [("bad_null", "the instruction at which the exception came"), ("bad_panic", "the call of panic()"),
                                         ("bad_triple", "the run's last instruction"), ("bad_spin", "where the machine's time was up")])
def test_rewind_opens_at_the_failure_and_really_goes_back(debug, bad, test, words):
    at, rip, said = there_and_back(debug, test, bad)
    assert f"rewind: ktest {test}: " in said and f"GDB stands at {words}" in said
    assert at[1] == at[0] - 1 and rip[1] != rip[0]
    assert at[2] <= at[1] and f"Breakpoint 1, " in said and at[3] == at[2] + 1
    symbols = dwarf.load(bad)
    assert symbols.function(rip[0])[0] == ("panic" if test == "bad_panic" else f"ktest_{test}")
    assert symbols.function(rip[2])[0] == f"ktest_{test}"


def test_rewind_takes_a_graders_test_by_a_part_of_its_name(debug):
    """One that passes is shown from its end."""
    done = debug("rewind", "joined_thread_is_gone", "os-check", COUNT, "reverse-continue", COUNT)
    assert "a_joined_thread_is_gone passes" in done.said and "ktest_done()" in done.said and "rules hold" in done.said
    first, second = counts(done.said)
    assert second < first and "Breakpoint 1, ktest_" in done.said


def test_rewind_of_an_unsolved_exercise_stands_in_its_stub(debug, tree):
    done = debug("rewind", "a_joined_thread_is_gone", "bt 2", kernel=kernels.ROOT / "build" / "tree" / "1-104" / "build" / "checked" / "kernel.elf")
    assert "unsolved: lab 1.5" in done.said and re.search(r"#1 .* in join_try", done.said)


def test_past_the_end_of_a_run_only_backwards_goes_on(debug, bad):
    done = debug("rewind", "bad_panic", "continue", "continue", "reverse-stepi", COUNT, kernel=bad)
    assert "The run ends here" in done.said and "only backwards goes further" in done.said and counts(done.said)


def test_gdb_stands_at_the_begin_of_a_test(debug):
    done = debug("gdb", "yield_order", "os-ps", 'printf "AT %s\\n", $_as_string($pc)', "info symbol $pc", "hbreak ktest_done", "continue", "os-check")
    assert done.status == 0 and "ktest_yield_order" in done.said and "all 21 rules hold" in done.said and "declined" not in done.said


def test_gdb_at_the_end_of_a_live_run_says_so(debug):
    done = debug("gdb", "yield_alone", "continue", "stepi")
    assert "ktest: done" in done.said and "The run is over" in done.said and "quit, and start again" in done.said


@pytest.mark.parametrize("test, words", [("yeild_order", "there is no test yeild_order; near it: yield_order"), ("switch", "name one of them"),
                                         ("", "TEST= is missing"), ("zzzzz", "make grade lists the tests")])
def test_a_name_that_fits_no_test_gets_one_line(debug, test, words):
    done = debug("rewind", test)
    assert done.status == 1 and len(done.err) == 1 and words in done.err[0]


def test_without_gdb_there_is_one_line(debug):
    done = debug("gdb", "yield_order", GDB="no-such-gdb")
    assert done.status == 1 and done.err == ["gdb: there is no GDB (no-such-gdb) here: make setup installs it"]


def test_two_at_once_do_not_disturb_each_other(tree):
    runs = [subprocess.Popen(command(tree, mode, "yield_order", "os-check", "info symbol $pc"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             stdin=subprocess.DEVNULL, text=True) for mode in ("gdb", "rewind")]
    said = [run.communicate()[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], said
    assert "ktest_yield_order in section" in said[0] and "ktest_done in section" in said[1] and all("rules hold" in text for text in said)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_whatever_ends_it_qemu_goes_too(tree, bad, tmp_path, number):
    """The shell command in GDB tells that the session is up; nothing of it is alive afterwards, nor, unless it was killed, its files."""
    up = tmp_path / "up"
    files = tmp_path / "files"
    files.mkdir()
    run = subprocess.Popen(command(tree, "gdb", "bad_spin", f"shell touch {up}", "continue", kernel=bad), stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | {"TMPDIR": str(files)}, start_new_session=True)
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


def test_by_hand_the_line_in_gdbinits_header_is_enough(tree, tmp_path):
    line = next(line[1:].strip() for line in (tree / ".gdbinit").read_text().splitlines() if line.startswith("#     gdb "))
    done = subprocess.run(f"{line} -batch -ex 'help os-ps' -ex os-ps", shell=True, cwd=tree, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert "every thread" in done.stdout and "nothing is attached" in done.stderr and "declined" not in done.stderr
