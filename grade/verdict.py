"""How a run ended, in words for the student. A run is `finished` only if its ktest completed its report, under this run's nonce;
everything else gets the name of what happened and what can be seen of it in guest memory."""

import contextlib
import re
import struct as packing

from . import event_words, events, waits
from .errors import Unjudged
from .memory import KERNEL_BASE, BadAddress
from .state import Corrupt

UNSOLVED = re.compile(r"lab (\d+\.\d+[a-z]?): (.*)", re.S)
ELF_HEAD = "<32xQ14xHH4x"  # of an ELF64 file: where its segments' table is, the size of an entry, how many
PT_LOAD, PF_W = 1, 2
PAGE = 4096
MOST_FRAMES = 12
MOST_EVENTS = 6
LAST_EVENTS = "last events:"  # the line before them
DONE_WORDS = 12  # of the stack between machine_poweroff() and the call in ktest_done()


def outcome(end, kernel, nonce, console, limit_ms, elf):
    """None if the run finished, else the Unjudged that says why not. end: machine.End; kernel: state.Kernel after the run; elf: its
    file."""
    if end.kind == "runaway":
        return Unjudged("runaway", f"the kernel prints without end: the run was stopped after {end.detail} of output", *printed(console))
    try:
        died = events.panic(kernel)
        report = events.report(kernel)
    except BadAddress as error:
        return Unjudged("corrupt", f"the kernel's report cannot be read: {error}")
    if end.kind == "watchdog":
        return hung(end, kernel, died, limit_ms)
    if end.kind == "slow":
        return Unjudged("hang", f"the run comes to no end: {end.detail}, many times as long as any kernel that only computes",
                        *places(end, kernel), *events.thread_lines(kernel), *last_events(kernel))
    if died:
        return panicked(kernel, died)
    if end.kind == "reset":
        return crashed(end, kernel, console)
    if not report or not report.done:
        how = f"ended through {end.detail}" if end.kind == "exit" else "switched off"
        return Unjudged("crash", f"the machine was {how} before the test was complete", *printed(console))
    if report.nonce != nonce:
        return Unjudged("corrupt", f"the report in memory is not this run's: its nonce is {report.nonce:#x}, this run's is {nonce:#x}")
    if report.dropped:
        return Unjudged("corrupt", f"the test left {report.dropped} facts more than there is room for, so there is nothing to judge by")
    if not completed(end, kernel):
        return Unjudged("corrupt",
                        "the report says that the test is complete, but the machine was switched off by somebody else than the test",
                        *places(end, kernel), *printed(console))
    place = changed(kernel, elf)
    if place is not None:
        return Unjudged("corrupt", "the kernel's code and constants stay as they were built: during this run they were changed",
                        f"first at {kernel.image.symbolise(place)}", *printed(console))
    return None


def changed(kernel, elf):
    """The first address in the kernel's read-only segments that holds something else than the kernel's file, or is mapped to another place
    than at boot; None if there is none."""
    with open(elf, "rb") as file:
        head = packing.unpack_from(ELF_HEAD, file.read(64))
        file.seek(head[0])
        table = file.read(head[1] * head[2])
        for kind, flags, offset, va, _, size, _, _ in packing.iter_unpack("<IIQQQQQQ", table):
            if kind != PT_LOAD or flags & PF_W or va < KERNEL_BASE:
                continue
            file.seek(offset)
            for page in range(va, va + size, PAGE):
                wanted = file.read(min(PAGE, va + size - page))
                now = kernel.memory.read(page, len(wanted))
                if now != wanted or not kernel.memory.leads_home(page):
                    return page + next((at for at, pair in enumerate(zip(now, wanted)) if pair[0] != pair[1]), 0)
    return None


def completed(end, kernel):
    """True if a CPU stands in ktest_done(), or in what that called last, as after every complete test. A kernel without that function
    is not asked."""
    if "ktest_done" not in kernel.image.symbols:
        return True
    for cpu in end.cpus:
        places = [cpu.get("RIP", 0)]
        with contextlib.suppress(BadAddress):
            stack = kernel.memory.read(cpu.get("RSP", 0), 8 * DONE_WORDS)
            places += [int.from_bytes(stack[at:at + 8], "little") - 1 for at in range(0, len(stack), 8)]
        if any((kernel.image.function(place) or ("",))[0] == "ktest_done" for place in places):
            return True
    return False


def panicked(kernel, died):
    """A panic: its message is the broken rule. A stub's message names its exercise."""
    where = f"panic in thread {died.tid} ({died.thread}) on CPU {died.cpu}"
    stub = UNSOLVED.match(died.message)
    if stub:
        return Unjudged("unsolved", f"lab {stub[1]} is not solved yet: {stub[2]}")
    return Unjudged("panic", died.message or "panic without a message", where, *frame_lines(kernel, died), *last_events(kernel))


def frame_lines(kernel, died):
    """The calls that led to a panic; where there are none, why not."""
    lines = [f"  #{n} {kernel.image.symbolise(rip - 1)}" for n, rip in enumerate(died.frames[:MOST_FRAMES])]
    return lines or ["  (no frames: the stack in use was not that thread's, as if who runs were set wrongly, or frame pointers were lost)"]


def hung(end, kernel, died, limit_ms):
    """The limit of virtual time. died: what the kernel reported when the watchdog interrupted it, or None."""
    broken, seen = waits.told(kernel, died)
    rule = f"the run does not end: after {limit_ms} ms of the machine's time the test was still not complete"
    if broken:
        rule = f"the run does not end: after {limit_ms} ms of the machine's time {broken[0].text}"
    if end.detail:
        rule += f" ({end.detail})"
    where = [f"interrupted in thread {died.tid} ({died.thread}) on CPU {died.cpu}, at", *frame_lines(kernel, died)] if died \
        else places(end, kernel)
    if seen and died and not died.tid:
        where = [idles(kernel)]
    also = [f"also: {other.text}" for other in broken[1:]]
    look = [f"in GDB, backwards from the end: `break {broken[0].stop}` and `reverse-continue`"] if broken else []
    return Unjudged("hang", rule, *also, *seen, *waits.last_written(kernel), *noted(kernel), *look, *where,
                    *([] if seen else events.thread_lines(kernel)), *last_events(kernel))


def idles(kernel):
    """Why a CPU may idle at the end: nobody is ready, or those who are were not found."""
    try:
        ready = [t.tid for t in events.threads(kernel) if t.state.name == "THREAD_READY" and t.tid]
    except (Corrupt, BadAddress, KeyError):
        ready = []
    if not ready:
        return "nobody can run: all wait"
    return (f"the CPU idles though {len(ready)} thread{'s are' if len(ready) > 1 else ' is'} READY "
            f"({', '.join(map(str, ready[:8]))}{', ...' * (len(ready) > 8)}): the pick finds none of them, unless they are throttled")


def noted(kernel, most=3):
    """What the test inside the kernel noted last."""
    try:
        found = events.facts(kernel)
    except (Corrupt, BadAddress, KeyError):
        return []
    return [f"noted last: {', '.join(f'{fact.key} {fact.a:#x} {fact.b:#x}' for fact in found[-most:])}"] if found else []


def crashed(end, kernel, console):
    rule = f"the machine was reset: {end.detail}"
    if end.detail == "triple fault":
        rule += ", that is an exception that could not be delivered, mostly because the stack pointer does not point into a stack"
    lines = places(end, kernel)
    lines += [f"rsp {cpu.get('RSP', 0):#x}, address of the last page fault {cpu.get('CR2', 0):#x}" for cpu in end.cpus]
    return Unjudged("crash", rule, *lines, *last_events(kernel), *printed(console))


def places(end, kernel):
    """Where each CPU was at the end."""
    return [f"CPU {n} {'waits in hlt' if cpu.get('HLT') else 'is'} at {kernel.image.symbolise(cpu.get('RIP', 0))}"
            for n, cpu in enumerate(end.cpus)]


def last_events(kernel):
    """The end of the trace, as far as it can be read."""
    try:
        found, _ = events.trace(kernel)
    except (Corrupt, BadAddress, KeyError) as error:
        return [f"(the trace cannot be read: {error})"]
    line = event_words.lines_of(kernel)
    return [LAST_EVENTS, *("  " + line(event) for event in found[-MOST_EVENTS:])] if found else []


def printed(console, most=3):
    """The last lines on the console."""
    lines = [line[:200] for line in console.splitlines() if line.strip()]
    return [f"printed last: {line}" for line in lines[-most:]]
