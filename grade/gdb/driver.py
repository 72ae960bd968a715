"""Runs one job inside GDB for debugger.py: $CRESCENT_JOB names a JSON file {"socket", "script", "given", "result"}. The script
is Python text; the names of this file that stand in SCRIPT_NAMES are there for it, and `given` is what its caller passed. What
it hands to report() is written to the result file as {"reports": [...], "error": text or null}.

A debugger moves a live machine's clock, so all this is for replays of a recorded run, which do not care."""

import contextlib
import json
import os
import re
import traceback
from pathlib import Path

import gdb

from grade.gdb.target import kernel, register

GENERAL = ("rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip", "eflags")
_reports = []
_ended = False


def report(**values):
    """Hands values (numbers, texts, lists, dicts of them; bytes become hex) to the caller."""
    _reports.append(values)


def address(place):
    """The address of a symbol's first instruction or byte; a number stays what it is. Raises KeyError."""
    return place if isinstance(place, int) else kernel().address(place)


class Stop(gdb.Breakpoint):
    """A hardware breakpoint (it needs no page to be mapped yet) at exactly that instruction, without a prologue's skipping."""

    def __init__(self, place):
        super().__init__(f"*{address(place):#x}", gdb.BP_HARDWARE_BREAKPOINT, internal=True)
        self.silent = True


class Watch(gdb.Breakpoint):
    """Stops behind every access to n bytes at an address."""

    def __init__(self, va, n):
        super().__init__(f"*(char (*)[{n}]){va:#x}", gdb.BP_WATCHPOINT, gdb.WP_ACCESS, True)
        self.silent = True


def resume():
    """Goes on to the next stop and returns rip there; None when the recorded run is over, after which nothing more can be asked of it."""
    return _go("continue")


def back():
    """Goes backwards to the stop before, and returns rip there. Something must stop it: begin with a Stop at the test's begin."""
    return _go("reverse-continue")


def step_back():
    """Undoes one instruction; returns rip."""
    return _go("reverse-stepi")


def _go(command):
    global _ended
    if _ended:
        raise RuntimeError("the recorded run is over")
    try:
        gdb.execute(command, to_string=True)
    except gdb.error as error:
        if "closed" not in str(error):
            raise
        _ended = True
    return None if _ended else register("rip")


def _stopped(event):
    """QEMU shows the end of a run as SIGQUIT, the end of its log as SIGINT."""
    global _ended
    if isinstance(event, gdb.SignalEvent) and event.stop_signal in ("SIGQUIT", "SIGINT"):
        _ended = True


def registers(names=GENERAL):
    """{name: value} of the stopped CPU: also "cr3", "fs_base", "gs_base", "efer", "cs", ..."""
    return {name: register(name) for name in names}


def memory(va, n):
    """n bytes at a virtual address. Raises gdb.MemoryError."""
    return bytes(gdb.selected_inferior().read_memory(va, n))


def word(va):
    """The 8 bytes at an address as a number."""
    return int.from_bytes(memory(va, 8), "little")


def instructions():
    """How many instructions the machine has executed since its reset."""
    return int(re.search(r"instruction count = (\d+)", gdb.execute("monitor info replay", to_string=True))[1])


def calls(function, names=GENERAL, most=20, until="ktest_done"):
    """Each call of a function, up to `most`, as a dict: entry (registers at its first instruction), back (the same where it has
    returned to its caller with the caller's stack, or None if it never did), frame (the words on the stack at entry, lowest
    first; the first one is the return address), at (instruction count). For switch_context() "back" may be much later, when
    somebody switches to that thread again."""
    entry, last = Stop(function), Stop(until)
    begin, end, found, returns = address(function), address(until), [], {}
    while True:
        rip = resume()
        if rip is None or rip == end:
            break
        now = registers(dict.fromkeys([*names, "rsp"]))
        if rip in returns:
            match = next((call for call in found if call["back"] is None and call["frame"][0] == rip
                          and call["entry"]["rsp"] + 8 == now["rsp"]), None)
            if match:
                match["back"] = now
        if rip == begin and len(found) < most:
            stack = memory(now["rsp"], 64)
            words = [int.from_bytes(stack[at:at + 8], "little") for at in range(0, 64, 8)]
            found.append({"entry": now, "back": None, "frame": words, "at": instructions()})
            if words[0] not in returns:
                returns[words[0]] = Stop(words[0])
            if len(found) == most:
                entry.enabled = False  # however often it is called from here on
        if len(found) == most and all(call["back"] for call in found):
            break
    for stop in (entry, last, *returns.values()):
        stop.delete()
    return found


SCRIPT_NAMES = (report, address, Stop, Watch, resume, back, step_back, registers, memory, word, instructions, calls, kernel)


def main():
    job = json.loads(Path(os.environ["CRESCENT_JOB"]).read_text())
    error = None
    gdb.events.stop.connect(_stopped)
    try:
        gdb.execute("set pagination off")
        gdb.execute("set confirm off")
        gdb.execute(f"target remote {job['socket']}", to_string=True)
        exec(compile(job["script"], "script", "exec"), {f.__name__: f for f in SCRIPT_NAMES} | {"given": job["given"]})
    except Exception:  # whatever it is, the caller has to see it
        error = traceback.format_exc()
    Path(job["result"]).write_text(json.dumps({"reports": _reports, "error": error}, default=lambda value: value.hex()))
    with contextlib.suppress(gdb.error):
        gdb.execute("disconnect", to_string=True)  # and not detach, which would let the machine go on


main()
