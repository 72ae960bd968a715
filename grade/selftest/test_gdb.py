"""GDB on the kernel: scripts on recorded runs, what the os- commands show, and that os-check finds what is broken."""

import contextlib
import re
import subprocess
from types import SimpleNamespace

import kernels
import pytest

from grade import dwarf, event_words, events
from grade.boot import Boot
from grade.debugger import find_gdb, replay
from grade.errors import GraderFault
from grade.gdb import programs, views


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


SWITCH = "kernel/arch/x86_64/switch.asm"
DEBUGGED = "a_debugger_finds_a_call_of_the_switch_to_be_like_any_other"


@pytest.mark.parametrize("code, status", [("inc r11w\n    jnz switch_context\n", "pass"), ("jmp switch_context\n", "hang")])
def test_a_graded_script_stops_four_times_whatever_the_function_does(tmp_path, code, status):
    """A stop costs the host time. Here the first instruction is passed up to 65536 times, or without end, before anything is switched."""
    text = (kernels.REFERENCE / SWITCH).read_text().replace("    pushfq\n", f"    {code}    pushfq\n")
    kernel = kernels.build(kernels.REFERENCE, {SWITCH: text}, tmp_path / "made")
    result = kernels.judge(kernel, DEBUGGED)
    assert result["status"] == status
    assert status == "pass" or [line for line in result["evidence"] if line.startswith("  #0 switch_context+0x0")], result


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


# --- debug information -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variant", ["checked", "plain"])
def test_gdb_complains_about_no_function(variant, tmp_path):
    kernel = kernels.REFERENCE / "build" / variant / "kernel.elf"
    image = dwarf.load(kernel)
    script = tmp_path / "script"
    script.write_text("".join(f"info line *{at:#x}\n" for at in image.symbols.values() if image.text[0] <= at < image.text[1]))
    done = subprocess.run([find_gdb(), "-nx", "-batch", "-iex", "set auto-load no", kernel, "-x", script], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.count("\n") > 300 and "warning" not in done.stdout + done.stderr


@pytest.mark.parametrize("name, file", [("switch_context", "switch.asm"), ("boot_high", "boot.asm")])
def test_assembly_has_its_lines_and_plain_paths(name, file):
    image = dwarf.load(kernels.REFERENCE / "build/checked/kernel.elf", kernels.ROOT / "build/dwarf")
    path, number = image.line(image.symbols[name])
    lines = (kernels.REFERENCE / path).read_text().splitlines()
    assert path == f"kernel/arch/x86_64/{file}" and lines[number - 2].startswith(f"{name}:")  # the first instruction behind the label


@pytest.mark.parametrize("variant", ["checked", "plain"])
def test_the_same_sources_make_the_same_kernel_in_any_folder(tmp_path, variant):
    """To the byte: a run's nonce comes from the kernel's content."""
    sources = sorted((kernels.REFERENCE / "kernel").rglob("*.c")) if variant == "plain" else [kernels.REFERENCE / "kernel/base/panic.c"]
    sources += sorted((kernels.REFERENCE / "kernel").rglob("*.asm"))
    files = {path.relative_to(kernels.REFERENCE).as_posix(): path.read_bytes() for path in sources}
    made = kernels.build(kernels.REFERENCE, files, tmp_path / "another name, with a comma", variant, anew=True)
    assert made.read_bytes() == (kernels.REFERENCE / "build" / variant / "kernel.elf").read_bytes()


def test_a_debugger_can_stop_behind_a_record_of_the_trace(exit_turns):
    """The number is written before the trace begins; the kernel compares it in any case, so the run is the same up to there."""
    stop, = exit_turns.run_script("""
        import gdb
        begin = Stop("trace_start")
        resume()
        gdb.execute("set var trace_stop_at[0] = 7")
        begin.delete()
        Stop("trace_stop_here")
        resume()
        report(seq=int(gdb.parse_and_eval("trace_rings[0].seq")),
               written=int(gdb.parse_and_eval("trace_rings[0].record[6].seq")),
               after=int(gdb.parse_and_eval("trace_rings[0].record[7].seq")))
    """)
    assert stop == {"seq": 7, "written": 7, "after": 0}


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
    then = ["os-ps", "os-runq", "os-bt", "os-bt 3", "os-bt 1", "os-bt 99", "os-bt x-",
            "os-trace 4", "os-trace 0", "os-trace 1 2", "os-check"]
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


FUNCTION = r"#\d+ +(?:0x\w+ in )?(\w+|<signal)"  # GDB calls trap_entry <signal handler called>
INTERRUPTED = """
import gdb
Stop("preempt_locked")
resume()
for line in ("bt", "os-bt"):
    report(said=gdb.execute(line, to_string=True).splitlines())
report(said=gdb.execute("os-ps", to_string=True).splitlines())
first = int(gdb.parse_and_eval("cpus[0].current->tid"))
resume()
for tid in (first, 1):
    report(said=gdb.execute(f"os-bt {tid}", to_string=True).splitlines())
"""


def test_a_backtrace_goes_on_with_who_was_interrupted():
    """GDB's own, os-bt of the thread that runs, and of one that is switched out."""
    boot = boot_of(kernels.reference(2) / "build" / "checked" / "kernel.elf")
    with contextlib.closing(boot), replay(boot("turns_hogs", limit_ms=600)) as debugger:
        shown = [report["said"] for report in debugger.run_script(INTERRUPTED)]
    assert shown.pop()[0] == "thread 1 (main), BLOCKED"  # and not that it has not run yet: it has, since the boot
    assert [line for line in shown.pop(2) if re.search(r"RUNNING .* preempt_locked < hog$", line)]
    for lines in shown:
        functions = [found[1] for found in (re.match(FUNCTION, line) for line in lines) if found]
        at = functions.index("<signal" if "<signal" in functions else "trap_entry")
        assert "preempt_locked" in functions[:at] and "hog" in functions[at:], lines


def test_so_does_that_of_a_panic_in_an_interrupt(tmp_path):
    tick = (kernels.reference(2) / "kernel/sched/tick.c").read_text()
    broken = {"kernel/sched/tick.c": tick.replace("rq->nr_ticks++;", 'panic("in the tick");')}
    kernel = kernels.build(kernels.reference(2), broken, tmp_path / "made")
    with contextlib.closing(boot_of(kernel)) as boot:
        run = boot("turns_hogs", outcome="panic")
        functions = [run.symbolise(rip - 1).split("+")[0] for rip in run.panic.frames]
        assert functions[functions.index("trap_entry") + 1] == "hog", functions
        assert "trap_entry+" in run.console and re.search(r" hog\+0x", run.console)


def test_os_bt_says_which_frames_may_be_stale():
    """Those of a kernel without frame pointers."""
    boot = boot_of(kernels.REFERENCE / "build" / "plain" / "kernel.elf")
    with contextlib.closing(boot), replay(boot("exit_turns")) as debugger:
        shown = {report["line"]: report["said"] for report in debugger.run_script(SHOW, first=[], then=["os-bt 3"])}
    assert "possibly stale" in shown["os-bt 3"][0] and len(shown["os-bt 3"]) > 2


def test_what_is_not_in_the_kernels_code_ends_a_backtrace(reference):
    image = dwarf.load(kernels.REFERENCE / "build/checked/kernel.elf", kernels.ROOT / "build/dwarf")
    lines = views.frame_lines(SimpleNamespace(image=image), [3, image.symbols["schedule"], 0x42, image.symbols["kmain"]])
    assert lines[0] == "#0  0x3 (not in the kernel's code)" and "schedule" in lines[1] and len(lines) == 2


def test_os_trace_shows_the_last_events(shown):
    assert len(shown["os-trace 4"]) == 4 and re.search(r"cpu 0  switch +thread \d+, 2 ", shown["os-trace 4"][-1])


def test_each_record_says_its_numbers_by_the_names_that_verdicts_have():
    image = kernels.image(kernels.reference(5) / "build/checked/kernel.elf", kernels.reference(5))
    states = image.enums["thread_state"]
    fields = {"symbols": {"policy": 0, "normal_class": 0, "cfs_class": 8}, "enums": {"thread_state": states}}

    def line(normal, kind, *arg, cls=2, other=0, cpu=0):
        made = events.Event(70, cpu, 9, kind, cls, 3, other, 1, (*arg, *(0,) * (4 - len(arg))))
        return event_words.lines_of(Kernel(SimpleNamespace(**fields), normal))(made)

    head = "     9           70 ns  cpu 0  "
    assert line("cfs", "ENTITY", 5, 6, 7, 8) == head + "entity   thread 3  (1 queued)  v 5, min_vruntime 6, ns run since it was picked 8"
    assert line("eevdf", "ENTITY", 2**64 - 5, 6, 7, 8) == head + "entity   thread 3  (1 queued)  v -5, d 6, lag 7, budget 8"
    assert line("eevdf", "ENTITY", 50, 0, 0, 8, cls=1) == head + "entity   thread 3  (1 queued)  priority 50, ns left of its turn 8"
    assert line("eevdf", "ENQUEUE", 3, 40) == head + "enqueue  thread 3  (1 queued)  why wake, has run 40"
    assert line("eevdf", "PICK", 0, 40, 1 << 16) == head + "pick     thread 3  (1 queued)  has run 40, CPU 1's queue"
    assert line("eevdf", "SWITCH", 3, other=4) == head + "switch   thread 3, 4  (1 queued)  left BLOCKED"
    lent = line("eevdf", "POLICY", 1 | 50 << 8 | 20 << 16 | 1 << 25)
    assert lent == head + "policy   thread 3  (1 queued)  SCHED_FIFO, priority 50, lent"
    assert line("eevdf", "STOP", other=1) == head + "stop     thread 3, 1  (1 queued)"
    known = {name.removeprefix("TRACE_") for name in image.enums["trace_event"].values()} - {"NONE", "EVENTS"}
    for name in known - {"DEQUEUE", "STOP", "RESUME", "RECLAIM", "ENTITY"}:
        assert not line("eevdf", name, 1, 2, 3, 4).endswith("(1 queued)"), f"nothing is said of {name}"


class Kernel(SimpleNamespace):
    """As much of a kernel as tells which policy normal threads have."""

    def __init__(self, image, normal):
        super().__init__(image=image, normal=normal)

    def __getitem__(self, name):
        return 8 if self.normal == "cfs" else 16


def test_under_cfs_nobody_has_a_deadline():
    thread = SimpleNamespace(tid=3, name="worker", se=SimpleNamespace(fair=SimpleNamespace(vruntime=2**64 - 7, deadline=5)))
    place = SimpleNamespace(title="", link="se.fair.node")
    assert [views.picked_by(place, thread, cfs) for cfs in (True, False)] == ["3 (worker) v -7", "3 (worker) v -7 d 5"]


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
cache = next(c for c in views.elements(now, now.address("slab_caches"), "slab_cache", "caches", 99)[0] if c.name.target == "thread")

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
    now = kernel()
    shows = [views.ps_lines(now, frames), views.runq_lines(now), views.trace_lines(now, 3), views.backtrace_lines(now, t3)]
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
spoil("ready, not queued", (rq.ready, "next", second), (now.at("list", second), "prev", head), (rq, "nr_ready", 2),
      (t3.run_link, "next", link3))
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


# --- every policy's and class's queue ----------------------------------------------------------------------------------------------------

QUEUES = """
from grade.gdb import views
from grade.gdb.check import check
from grade.gdb.target import registers as of_cpu
import gdb

def titles():
    # of the queues in which somebody stands
    resume()
    lines = [line for line in views.runq_lines(kernel()) if line.startswith("  waiting") and "nobody" not in line]
    shown.update({line.split(":")[0].strip(): line for line in lines})
    return {line.split(":")[0].strip() for line in lines}

def look():
    found = titles()
    report(titles=sorted(found), broken=check(kernel(), of_cpu))
    return found

shown, seen = {}, set()
comes = Stop("pick_next")  # within a switch, where not all rules hold
while "waiting, deadline" not in seen:
    seen |= titles()
comes.delete()
Stop("thread_sleep")
found = look()
while not seen >= {"waiting, idle", "waiting, real-time", "waiting, without budget"} or "waiting" not in found:
    found = look()
    seen |= found
report(titles=sorted(seen), broken=[], shown=shown)
gdb.selected_inferior().write_memory(int(gdb.parse_and_eval("&run_queues[0].classes.fair.tree.root")), bytes(8))
report(broken=check(kernel(), of_cpu))
"""


def test_who_waits_is_found_in_whatever_queue_of_a_class_it_stands():
    """In five kinds of them; and who has been lost out of a tree is named."""
    tree = kernels.reference(5)
    kernel = tree / "build/checked/kernel.elf"
    boot = Boot(kernel, kernels.image(kernel, tree), 2, archive=kernels.archive_of(5))
    with contextlib.closing(boot), replay(boot("class_mix_all", "sched=eevdf", trace="off", limit_ms=1000)) as debugger:
        *found, lost = debugger.run_script(QUEUES)
    assert not [stop["broken"] for stop in found if stop["broken"]]
    numbers = {"waiting": "v -?[0-9]+ d -?[0-9]+", "waiting, deadline": "d [0-9]+ budget [0-9]+",
               "waiting, real-time": "priority [1-9][0-9]?"}
    assert all(re.search(rf"\) {form}(,|$)", found[-1]["shown"][title]) for title, form in numbers.items()), found[-1]["shown"]
    titles = {title for stop in found for title in stop["titles"]}
    assert titles == {"waiting", "waiting, deadline", "waiting, real-time", "waiting, idle", "waiting, without budget"}
    assert any("is READY and stands in no run queue: it will never run" in line for line in lost["broken"]), lost


# --- programs --------------------------------------------------------------------------------------------------------------------------

PROGRAMS = """
import gdb
from grade.gdb import programs
def say(line):
    try:
        report(line=line, said=gdb.execute(line, to_string=True).splitlines())
    except gdb.error as error:
        report(line=line, said=[f"refused: {error}"])
first = Stop("sys_getpid")
resume()
say("os-user")
programs.FOLDERS.insert(0, programs.Path(given["folder"]))
for line in given["lines"]:
    say(line)
first.delete()
program = gdb.Breakpoint("ids.c:effective", gdb.BP_HARDWARE_BREAKPOINT)
resume()
say("bt 1")
program.delete()
Stop("preempt_before_user")
resume()
say("bt")
"""


@pytest.fixture(scope="module")
def in_a_program():
    """{command: its lines} while /tests/ids calls getpid()."""
    tree = kernels.reference(3)
    kernel = tree / "build/checked/kernel.elf"
    built = tree / "build/user"
    lines = ["os-ps", "os-user 1", "os-user x-", "os-user 2 nowhere", f"os-user 2 {kernel}", f"os-user 2 {built}/bin/ls.elf", "os-user 2",
             "bt", "os-user", "os-user"]
    boot = Boot(kernel, kernels.image(kernel, tree), 2, archive=kernels.archive_of(3))
    with contextlib.closing(boot), replay(boot("user", program=["/tests/ids"], trace="off")) as debugger:
        found = debugger.run_script(PROGRAMS, folder=str(built), lines=lines)
    return {report["line"]: report["said"] for report in found}, found[0]["said"]


def test_os_ps_shows_processes_where_there_are_programs(in_a_program):
    said, _ = in_a_program
    rows = [line.split() for line in said["os-ps"][said["os-ps"].index("") + 1:]]
    assert rows == [["pid", "parent", "program", "state", "user", "pages"], ["1", "0", "init", "RUNNING", "0", "-"],
                    ["2", "1", "ids", "RUNNING", "0", rows[2][5]], ["3", "2", "ids", "RUNNING", "1000", rows[3][5]]]
    assert int(rows[2][5]) > 3 < int(rows[3][5])


def test_os_user_brings_a_programs_symbols(in_a_program):
    """Then a breakpoint in the program stops there, and a backtrace goes on from the kernel into it."""
    said, before = in_a_program
    assert re.match(r"refused: os-user: process 3 \(ids\): there is no ids.elf .*make user", before[0])
    assert re.fullmatch(r"process 2 \(ids\) runs .*/tests/ids.elf", said["os-user 2"][0])
    assert re.fullmatch(r"process 3 \(ids\) runs .*/tests/ids.elf", said["os-user"][0])
    assert re.match(r"#0 +effective \(.*\) at user/tests/ids.c:", said["bt 1"][0])
    functions = [found[1] for found in (re.match(FUNCTION, line) for line in said["bt"]) if found]
    assert functions[functions.index("<signal") + 1] == "setresuid" and functions[-1] == "main", said["bt"]
    assert functions[:3] == ["preempt_before_user", "before_user_mode", "syscall"]


def test_os_user_takes_no_other_program_for_it(in_a_program):
    said, _ = in_a_program
    for command, words in {"os-user 1": "no process 1 has a program", "os-user x-": "PID is a number", "os-user 2 nowhere": "No such file",
                           **{command: "runs something else than" for command in said if command.endswith("ls.elf")},
                           **{command: "has no page at" for command in said if command.endswith("kernel.elf")}}.items():
        assert len(said[command]) == 1 and words in said[command][0], said[command]


def test_a_program_that_may_lie_anywhere_lies_where_its_first_region_is(monkeypatch):
    regions = [SimpleNamespace(start=0x7000, ops=0), SimpleNamespace(start=0x9000, ops=1), SimpleNamespace(start=0xA000, ops=1)]
    monkeypatch.setattr(programs.spaces, "regions", lambda kernel, space: (regions, []))
    process = SimpleNamespace(space=SimpleNamespace(target=None))
    assert programs.base_of(None, process, SimpleNamespace(kind=programs.ANYWHERE)) == 0x9000
    assert programs.base_of(None, process, SimpleNamespace(kind=programs.FIXED)) == 0
