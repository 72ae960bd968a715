"""Sets up GDB for a person (debug.py): $CRESCENT_JOB names a JSON file {"folder", "socket", "begin", "go", "words", "ends", "graded"}.
Connects to the QEMU whose socket lies in that folder, sets a hardware breakpoint at the function `begin` (none if it is empty), goes there
if `go` is true, and prints the words. `ends`: functions with which a recorded run ends, past which there is nothing. `graded`: of a run
that is made once more, events.times() of the first, with None for a time that may differ; then the breakpoint is hit once, and what this
run did so far is compared."""

import json
import os
from pathlib import Path

import gdb

from grade import events
from grade.gdb import views
from grade.gdb.target import kernel

FORWARDS = ("continue", "step", "stepi", "next", "nexti", "finish", "until", "advance")
BACKWARDS = ("reverse-continue", "reverse-step", "reverse-stepi", "reverse-next", "reverse-nexti", "reverse-finish")
ONCE = "to stop earlier, quit and start again with EVENT=CPU:NUMBER"
_over = _once = False
_ends = set()  # addresses behind which a panic takes QEMU away


def stopped(event):
    """QEMU shows that the guest has switched itself off as SIGQUIT."""
    global _over
    if isinstance(event, gdb.SignalEvent) and event.stop_signal == "SIGQUIT":
        _over = True
        print("The run is over: the machine is off. What it left can be looked at; to go through it again, quit and start again.")


class Resuming(gdb.Command):
    """Run before each command that resumes (a hook of GDB's): refuses where QEMU would break off. Commands that go backwards
    call `continue` and so on themselves, so the direction is asked of GDB."""

    def __init__(self):
        super().__init__("crescent-resuming", gdb.COMMAND_OBSCURE)

    def invoke(self, argument, from_tty):
        if _over:
            raise gdb.GdbError("the run is over; quit, and start again to go through it once more")
        backwards = argument == "back" or "Reverse" in gdb.execute("show exec-direction", to_string=True)
        thread = gdb.selected_thread()
        if not backwards and thread and thread.is_valid() and gdb.newest_frame().pc() in _ends:
            raise gdb.GdbError("the run ends here; " + (ONCE if _once else "only backwards goes further: reverse-continue, reverse-step, "
                                                        "reverse-stepi"))


class End(gdb.Breakpoint):
    """Stops where a run that panicked ends."""

    def __init__(self, function):
        address = int(gdb.parse_and_eval(f"(unsigned long)&{function}")) & (1 << 64) - 1
        super().__init__(f"*{address:#x}", gdb.BP_HARDWARE_BREAKPOINT, internal=True)
        self.silent = True
        _ends.add(address)

    def stop(self):
        print("The run ends here; reverse-continue, reverse-step and reverse-stepi go back.")
        return True


def compared(graded):
    """In a line: whether this run is, as far as it came, the one that was graded."""
    try:
        here = events.times(kernel())
    except views.UNREADABLE as error:
        return f"Whether it is the graded run cannot be told: {error}"
    for name, rows in here.items():
        before = dict(graded.get(name, []))
        for number, time in rows:
            if before.get(number, 0) not in (time, None):
                return f"IT IS NOT THE GRADED RUN: {name}, number {number}: at {time} ns, and in the graded run at {before.get(number)} ns"
    facts = len(here.pop("facts"))
    return f"It is the graded run: {facts} facts and {sum(map(len, here.values()))} events so far, the same to the nanosecond."


def main():
    global _once
    job = json.loads(Path(os.environ["CRESCENT_JOB"]).read_text())
    gdb.events.stop.connect(stopped)
    Resuming()
    for names, way in ((FORWARDS, ""), (BACKWARDS, "back")):
        for name in names:
            gdb.execute(f"define hook-{name}\ncrescent-resuming {way}\nend", to_string=True)
    here = os.getcwd()
    os.chdir(job["folder"])  # the socket's own name is short enough, its path perhaps not
    try:
        gdb.execute(f"target remote {job['socket']}", to_string=True)
    finally:
        os.chdir(here)
    _once = job["graded"] is not None
    if job["begin"]:
        gdb.execute(f"{'thbreak' if _once else 'hbreak'} *{job['begin']}", to_string=True)  # the very first instruction
    if not job["go"] and job["begin"] != "kmain":
        gdb.execute("hbreak *kmain", to_string=True)  # with nothing to stop at, going back further ends in the firmware
    if job["go"]:
        gdb.execute("continue")
    for function in job["ends"]:  # behind the one stop of a run that is made once more
        End(function)
    print("\n".join(job["words"]))
    if _once:
        print(compared(job["graded"]))


main()
