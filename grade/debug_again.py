"""make rewind for a test on several CPUs. QEMU records runs of one CPU only, and a debugger that stops a live machine moves its clock.
But a run is the same each time up to its first stop: so the failing boot is made once more with exactly one breakpoint, which is hit
once, and GDB gets the machine as the graded run had it there. What can be compared is compared: the times of all facts and of all records
of the trace.

QEMU lets the other CPUs go on for a while when one has come to a breakpoint, each time for another one. So the breakpoint stands where the
kernel has stopped them already: at the end of a panic, of a test, or of the way to trace_stop_here(); they halt inside an interrupt.

To stop behind a record, the kernel compares each CPU's sequence number with a word of trace_stop_at[] in any case; here that word is
written into the kernel's file, and not by a debugger, which would have to stop for it."""

import re
import struct

from . import debug_session
from .errors import UserError
from .verdict import ELF_HEAD, PT_LOAD

WORD = 8  # bytes of trace_stop_at[cpu]
OTHERWISE = "make gdb shows it live"
# How the run ended: the function that is called last, when the other CPUs stand still; in words.
ENDS = {"panic": ("machine_exit_hint", "at the end of panic()"), "ktest_done": ("machine_poweroff", "at the end of the test, ktest_done()"),
        None: ("", "where the machine was off")}


class Again(debug_session.Live):
    """The run of a Machine once more. change: a function that is called with the path of its kernel before."""

    watchdog = "inject-nmi"  # as in the graded run

    def __init__(self, machine, change):
        super().__init__(machine)
        self.change = change

    def _launch(self, args, errors):
        self.change(self.folder / "kernel.elf")
        super()._launch(args, errors)


def again(options, attempt, stack):
    """GDB on the terminal, at the failing point of the Attempt or behind the event that was asked for. Raises UserError."""
    event = asked_for(options.event, attempt) or attempt.event
    if not event and attempt.end in ("slow", "runaway"):
        raise UserError(f"{attempt.title} has no point of failure to stop at: {OTHERWISE}")
    print("rewind: the run is made once more, up to one stop", flush=True)
    stop, where = ("trace_stop_here", f"behind event {event[1]} of CPU {event[0]}") if event else ENDS[attempt.last]
    for row in attempt.times.get(f"CPU {event[0]}", []) if event else []:
        if row[0] == event[1]:
            row[1] = None  # this record is written a few instructions later, behind the detour that ends in the stop
    words = [f"GDB stands {where}, in {attempt.title}{', which passed' * attempt.passed}.",
             "Each CPU is a thread of GDB (CPU 0 is thread 1): os-cpus, info threads, thread N, bt. To stop earlier: quit, and the same",
             "command with EVENT=CPU:NUMBER, an event that os-trace shows. Nothing goes on from here: the other CPUs are halted."]
    machine = stack.enter_context(Again(attempt.machine, lambda kernel: event and stop_at(kernel, attempt.image, event)))
    debug_session.run(options, machine, attempt, words, begin=stop, ends=[stop] if stop else [], go=True, graded=attempt.times)


def asked_for(text, attempt):
    """(cpu, seq) of "CPU:NUMBER", None for no text. Raises UserError."""
    if not text:
        return None
    if not re.fullmatch(r"\d+:\d+", text):
        raise UserError(f"EVENT is a CPU and the number of an event of its trace, as in 2:417, and not '{text}'")
    cpu, seq = map(int, text.split(":"))
    written = attempt.times.get(f"CPU {cpu}", [])
    if not any(number == seq for number, _ in written):
        has = f"has the numbers {written[0][0]} to {written[-1][0]}" if written else "has none"
        raise UserError(f"EVENT={text} is not an event of this run, whose CPU {cpu} {has}" + ("" if attempt.times.keys() - {"facts"} else
                        "; it keeps no trace: tests with seeds do without"))
    return cpu, seq


def stop_at(kernel, image, event):
    """Lets a kernel's file call trace_stop_here() behind an event, (cpu, seq). Raises UserError."""
    write_into(kernel, image.symbols["trace_stop_at"] + WORD * event[0], struct.pack("<Q", event[1]))


def write_into(kernel, address, content):
    """Puts bytes at a virtual address into a kernel's file, where a segment has them. Raises UserError."""
    with open(kernel, "r+b") as file:
        table, size, count = struct.unpack_from(ELF_HEAD, file.read(64))
        file.seek(table)
        for kind, _, offset, va, _, length, _, _ in struct.iter_unpack("<IIQQQQQQ", file.read(size * count)):
            if kind == PT_LOAD and va <= address <= va + length - len(content):
                file.seek(offset + address - va)
                file.write(content)
                return
    raise UserError(f"this kernel cannot stop at an event: its file does not hold trace_stop_at[]; {OTHERWISE}")
