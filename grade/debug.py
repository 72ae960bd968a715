#!/usr/bin/env python3
"""GDB for a person, on one test: what make gdb and make rewind call.

    debug.py gdb|rewind --tree DIR --kernel FILE --test NAME [--seeds 3..9] [--cpus 4] [--event 2:417] [-- MORE ARGUMENTS FOR GDB]

gdb      a live QEMU with the deterministic clock, GDB at the first line of the test inside the kernel
rewind   the test is run; the boot on which it fails (or its last one) is recorded and replayed, with GDB at the failing point: behind the
         event that --event names (CPU 2's 417th) or else the verdict, or where the run fails. From there GDB goes backwards, to the
         test's beginning and further. A run on several CPUs cannot be recorded: it is made once more, the same to the instruction, with
         one stop

NAME is a test's of the grader, or a part of one, or a ktest's. Of a test with seeds the words say in which one GDB
stands. QEMU, its files and the recording are gone when GDB ends. Exit status: 0, or 1 with one line on stderr."""

import argparse
import contextlib
import os
import signal
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.dont_write_bytecode = True

# These imports need the path set above.
from grade import debug_again, debug_session, dwarf  # noqa: E402
from grade.build import keep  # noqa: E402
from grade.debugger import Debugger, Replay, find_gdb, recording  # noqa: E402
from grade.errors import GraderFault, UserError  # noqa: E402
from grade.machine import registers  # noqa: E402

NEAR = 1_000_000  # instructions before the failing point at which a second snapshot is taken
BEFORE = 100      # instructions before the test's beginning at which the first one is taken, so that its breakpoint lies behind it


def main(argv):
    """Does what the command line says. Returns the exit status."""
    options = parse(argv)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(143))
    try:
        with contextlib.ExitStack() as stack:
            (live if options.mode == "gdb" else rewind)(options, stack)
        return 0
    except (UserError, GraderFault) as error:
        print(f"{options.mode}: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print(f"{options.mode}: interrupted", file=sys.stderr)
    return 1


def parse(argv):
    """The options; ends the program on a wrong one."""
    parser = argparse.ArgumentParser(prog="debug.py", description="GDB on a test")
    parser.add_argument("mode", choices=("gdb", "rewind"))
    parser.add_argument("--tree", type=Path, default=HERE.parent)
    parser.add_argument("--kernel", type=Path, required=True)
    parser.add_argument("--archive", type=Path, help="its boot archive, with the programs that tests run")
    parser.add_argument("--test", default="")
    parser.add_argument("--seeds", default="", help="of a test with seeds: those to try")
    parser.add_argument("--cpus", type=int, default=1, help="of a ktest: on how many CPUs; a graded test knows its own")
    parser.add_argument("--event", default="", help="rewind: behind which event to stop, as CPU:NUMBER")
    ours = argv.index("--") if "--" in argv else len(argv)
    options = parser.parse_args(argv[:ours])
    options.more = argv[ours + 1:]
    return options


def prepare(options, stack):
    """The Attempt to debug: the test was found and run once, undisturbed."""
    find_gdb()  # before any work is done
    from grade import debug_tests  # needs pytest, so it comes after what can be said without
    options.tree = options.tree.absolute()
    folder = options.tree / "build" / "debug"
    if not options.kernel.is_file():
        raise UserError(f"there is no kernel at {options.kernel}: make kernel builds it")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        kernel = keep(options.kernel.absolute(), folder / "kernels")  # a rebuild while GDB runs does not touch it
        archive = keep(options.archive.absolute(), folder / "kernels") if options.archive else None
        os.environ["CRESCENT_DWARF"] = str(folder / "dwarf")
        image = dwarf.load(kernel, folder / "dwarf")
    except OSError as error:
        raise UserError(f"{error.filename}: {error.strerror}; a tree is debugged in a folder that is yours") from None
    return debug_tests.failing_boot(options, kernel, archive, image, stack)


def live(options, stack):
    """make gdb."""
    attempt = prepare(options, stack)
    machine = stack.enter_context(debug_session.Live(attempt.machine))
    words = [f"GDB stands at the beginning of {attempt.title}.",
             "os-ps, os-cpus, os-runq, os-bt, os-trace, os-check show the kernel; quit ends QEMU too."]
    debug_session.run(options, machine, attempt, words, begin=attempt.begin, go=True)


def rewind(options, stack):
    """make rewind."""
    attempt = prepare(options, stack)
    print("\n".join(attempt.words), flush=True)
    machine = attempt.machine
    if machine.cpus != 1:
        return debug_again.again(options, attempt, stack)
    event = debug_again.asked_for(options.event, attempt) or attempt.event
    print("rewind: recording the run", flush=True)
    if event:  # behind it the run is some instructions late, and may end otherwise
        change, expected, last = (lambda kernel: debug_again.stop_at(kernel, attempt.image, event)), None, "trace_stop_here"
    else:
        change, expected, last = None, attempt.end, attempt.last
    folder, instructions = stack.enter_context(recording(machine, expected, change))
    begin, at, what, behind = failing_point(Debugger(folder, os.environ["CRESCENT_DWARF"]), attempt, last, instructions)
    if event:
        what = f"trace_stop_here(), behind event {event[1]} of CPU {event[0]}"
    replayed, at = stand_at(folder, begin, at, stack)
    if behind == registers(replayed.qmp.monitor("info registers -a"))[0].get("RIP"):
        replayed.seek(at := at - 1)  # the exception has been delivered: back to the instruction at which it came
    words = [f"GDB stands at {what}, {at - begin} instructions after {attempt.title} began{', which passed' * attempt.passed}.",
             "reverse-stepi, reverse-step and reverse-continue go back; the beginning of the test has a breakpoint. quit ends everything.",
             "Behind an event that os-trace shows stops the same command with EVENT=0:NUMBER."]
    debug_session.run(options, replayed, attempt, words, begin=attempt.begin, ends=("machine_exit_hint",))


def stand_at(folder, begin, at, stack):
    """(a Replay, its instruction count): it has executed `at` instructions, or as many as there are before the run is over, and
    has snapshots on the way there. stack: an ExitStack that ends it."""
    for _ in range(3):
        with contextlib.ExitStack() as attempt:
            replayed = attempt.enter_context(Replay(folder))
            for place, name in ((begin - BEFORE, "begin"), (at - NEAR, "near")):
                if place > replayed.instructions() and replayed.seek(place):
                    replayed.keep(name)
            if replayed.seek(at):
                stack.enter_context(attempt.pop_all())
                return replayed, at
            at = min(at, replayed.reached) - 1  # a machine that is off cannot go back: a new one, not quite as far
    raise GraderFault(f"the replay ends around instruction {at} and cannot be stopped there")


SCOUT = """
places = {}
last = [given["last"] or given["begin"], "panic", "ktest_done"]
for name in {"kmain", given["begin"], *last, *(f"stub_{n}" for n in range(32))}:
    try:
        places[address(name)] = name
        Stop(name)
    except KeyError:
        pass
while (rip := resume()) is not None:
    name = places.get(rip, "?")
    caller = kernel().image.function(word(registers(("rsp",))["rsp"]) - 1) if name == "panic" else None
    report(place=name, rip=rip, at=instructions(), caller=caller[0] if caller else "")
    if name in last:
        break
"""


def failing_point(debugger, attempt, last, instructions):
    """(instruction count at the test's beginning, at the failing point, its name, address of the entry of an exception that came
    there or None). Where the run comes to the function `last`, or ended in panic() or ktest_done(), one way through the replay finds that;
    else the failing point is where the recording ended. Raises UserError if the replay does not come as far as the kernel."""
    stops = debugger.run_script(SCOUT, begin=attempt.begin, last=last)
    begins = [s["at"] for s in stops if s["place"] in (attempt.begin, "kmain")]
    if not begins:
        raise UserError(f"{attempt.title} ends the machine in a way that cannot be replayed; make gdb shows it live")
    begin, last = begins[-1], stops[-1]
    exceptions = [s for s in stops if s["place"].startswith("stub_")]
    if last["place"] == "panic" and last["caller"] == "trap_panic" and exceptions:
        what = "where the machine's time was up" if attempt.end == "watchdog" else "the instruction at which the exception came"
        return begin, exceptions[-1]["at"], what, exceptions[-1]["rip"]
    if last["place"] == "trace_stop_here":
        return begin, last["at"], "an event", None
    if last["place"] == "panic":
        return begin, last["at"], "the call of panic()", None
    if last["place"] == "ktest_done":
        return begin, last["at"], "the end of the test, ktest_done()", None
    if instructions:
        return begin, max(begin, instructions), "the run's last instruction", None
    return begin, begin, "the beginning of the test, in which the guest ended QEMU itself", None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
