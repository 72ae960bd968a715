"""What os-ps, os-cpus, os-runq, os-bt and os-trace print, as lines of text, from any state.Kernel: one that GDB is attached to, or a
guest's memory after its run. Nothing here trusts the kernel: what cannot be read becomes a line that says so."""

import itertools

from ..event_words import fair_policy, lines_of
from ..events import Event
from ..memory import BadAddress
from ..rules import signed
from ..state import Corrupt
from .lists import elements
from .queues import REAL_TIME, waiting

MOST_FRAMES = 32
MOST_THREADS = 4200  # the kernel's own limit is 4096
WORD = 8
CALL = 0xE8
UNREADABLE = (BadAddress, Corrupt, KeyError, AttributeError, IndexError)


def cpus(kernel):
    """The struct cpu of every CPU that is online."""
    return [cpu for cpu in kernel["cpus"] if cpu.online]


def threads(kernel):
    """(structs of struct thread, complaints): the thread table and behind it the idle threads, as far as both can be read."""
    found, complaints = elements(kernel, kernel.address("threads"), "thread", "all_link", MOST_THREADS, label)
    known = {t._address for t in found}
    for cpu in cpus(kernel):
        try:
            idle = cpu.rq.target.idle.target
            if idle._address not in known:
                found.append(idle)
        except UNREADABLE:
            continue
    return found, complaints


def find_thread(kernel, tid):
    """The threads with an id: one, or as many as claim it."""
    return [t for t in threads(kernel)[0] if t.tid == tid]


def label(thread):
    """"3 (worker)"."""
    try:
        return f"{thread.tid} ({thread.name})"
    except UNREADABLE:
        return f"at {thread._address:#x}"


def short(enum):
    """An enumerator without its prefix: THREAD_READY is READY."""
    return str(enum).split("_", 2 if str(enum).startswith("SCHED_CLASS_") else 1)[-1]


# --- frames -----------------------------------------------------------------------------------------------------------------------------


def backtrace(kernel, thread, most=MOST_FRAMES):
    """Addresses in the frames of a thread that does not run, innermost first, from its saved switch_frame. Raises Corrupt if
    its saved stack pointer leads nowhere."""
    low, high = thread.stack.base, thread.stack.base + thread.stack.size
    rsp = int(thread.rsp)
    if not low <= rsp <= high - kernel.size(["struct", "switch_frame"]) or rsp % WORD:
        raise Corrupt(f"its saved rsp {rsp:#x} does not lead to a switch_frame in its stack, {low:#x} to {high:#x}")
    frame = kernel.at("switch_frame", rsp)
    found = [frame.rip]
    if not _in_text(kernel, frame.rip):
        return Frames(found)
    chain = _frame_pointers(kernel, frame.rbp, low, high, most - 1)
    stale = [] if chain else _scan(kernel, rsp + kernel.size(["struct", "switch_frame"]), high, most - 1)
    return Frames(found + chain + stale, bool(stale))


class Frames(list):
    """Addresses in frames, innermost first. scanned: whether all but the first were only found on the stack."""

    def __init__(self, addresses, scanned=False):
        super().__init__(addresses)
        self.scanned = scanned


def _in_text(kernel, address):
    return kernel.image.text[0] <= address < kernel.image.text[1]


def _frame_pointers(kernel, rbp, low, high, most):
    """Return addresses along the chain of saved rbp that a kernel built with CHECKED=1 has."""
    found = []
    while len(found) < most and low <= rbp <= high - 2 * WORD and rbp % WORD == 0:
        above, rip = (int.from_bytes(kernel.memory.read(rbp + at, WORD), "little") for at in (0, WORD))
        if not _in_text(kernel, rip):
            break
        found.append(rip - 1)  # a return address stands behind its call
        if rip == kernel.image.symbols.get("trap_return"):  # trap()'s frame, right below that of who was interrupted
            found.append(kernel.at("trap_frame", rbp + 2 * WORD).rip)
        if above <= rbp:
            break
        rbp = above
    return found


def _scan(kernel, low, high, most):
    """Without frame pointers (CHECKED=0): every word on the stack that stands behind a call; some may be left over from calls long over."""
    found = []
    data = kernel.memory.read(low, min(high - low, 4096))
    for at in range(0, len(data) - WORD + 1, WORD):
        word = int.from_bytes(data[at:at + WORD], "little")
        if _in_text(kernel, word - 5) and kernel.memory.read(word - 5, 1)[0] == CALL and len(found) < most:
            found.append(word - 1)
    return found


def frame_lines(kernel, addresses):
    """A numbered line an address, up to the first caller that is not in the kernel's code: from there on they are no frames."""
    known = itertools.takewhile(lambda address: _in_text(kernel, address), addresses[1:])
    return [f"#{n:<2} {kernel.image.symbolise(address)}" for n, address in enumerate([*addresses[:1], *known])]


def backtrace_lines(kernel, thread):
    """What os-bt TID prints about a thread that does not run."""
    try:
        state = short(thread.state)
        head = f"thread {label(thread)}, {state}"
        if state in ("ZOMBIE", "TERMINATED"):
            return [f"{head}: it has exited and will not go on"]
        frames = backtrace(kernel, thread)
        if not thread.nr_switches and int(thread.entry):  # main has run since the boot, and nobody switched to it
            head += f": it has not run yet; it will begin with {kernel.image.symbolise(int(thread.entry))}"
        elif frames.scanned:
            head += "; without frame pointers all below #0 is what looks like return addresses on its stack, possibly stale"
        return [head, *frame_lines(kernel, frames)]
    except UNREADABLE as error:
        return [f"thread {label(thread)}: {error}"]


def place(kernel, addresses):
    """Where a thread is, in a few words: the function, and for one that waits in the scheduler also who called that. A function belongs
    where it begins, whatever is inlined into it."""
    names = []
    for address in addresses:
        function = kernel.image.function(address)
        line = kernel.image.line(address - function[1]) if function else None
        names.append(function[0] if function else f"{address:#x}")
        if not line or not line[0].startswith(("kernel/sched/", "kernel/arch/", "kernel/init/trap.c")):
            break
    return names[0] + (f" < {names[-1]}" if len(names) > 1 else "") if names else "?"


# --- os-ps and os-runq ------------------------------------------------------------------------------------------------------------------


def ps_lines(kernel, running):
    """A line a thread. running(cpu): the addresses in a CPU's frames now, or None if they are not known."""
    on_cpu = {int(cpu.current): cpu.id for cpu in cpus(kernel)}
    rows = [("tid", "name", "state", "class", "priority", "cpu", "turns", "where")]
    table, complaints = threads(kernel)
    for thread in table:
        try:
            rows.append(_ps_row(kernel, thread, on_cpu.get(thread._address), running))
        except UNREADABLE as error:
            complaints.append(f"the thread at {thread._address:#x} cannot be read: {error}")
    widths = [max(len(row[n]) for row in rows) for n in range(7)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)) + "  " + row[7] for row in rows]
    return lines + [f"({text})" for text in complaints]


def _ps_row(kernel, thread, cpu, running):
    try:
        class_name = getattr(thread, "class").target.name.target
    except UNREADABLE:
        class_name = short(thread.class_id).lower()
    state = short(thread.state)
    return (str(thread.tid), thread.name, state, class_name, short(thread.priority).lower(), str(thread.last_cpu if cpu is None else cpu),
            str(thread.nr_switches), _where(kernel, thread, state, cpu, running))


def _where(kernel, thread, state, cpu, running):
    if cpu is not None:
        addresses = running(cpu)
        return place(kernel, addresses) if addresses else "running"
    if state in ("ZOMBIE", "TERMINATED"):
        return f"exited with {thread.exit_code}"
    if state == "NEW" and not int(thread.rsp):
        return "has no stack yet"
    try:
        where = place(kernel, backtrace(kernel, thread))
    except UNREADABLE as error:
        return str(error)
    if not thread.nr_switches and kernel.image.function(int(thread.entry)):
        return f"{where}, will begin in {kernel.image.function(int(thread.entry))[0]}"
    return where


def runq_lines(kernel):
    """A few lines a CPU: who runs, who waits in which order, what is counted."""
    lines = []
    for cpu in cpus(kernel):
        try:
            lines += _runq(kernel, cpu)
        except UNREADABLE as error:
            lines.append(f"CPU {cpu.id}: its run queue cannot be read: {error}")
    return lines or ["no CPU is online yet"]


def _runq(kernel, cpu):
    if not int(cpu.rq):
        return [f"CPU {cpu.id}: has no run queue yet"]
    rq = cpu.rq.target
    places = waiting(kernel, rq, MOST_THREADS, label)
    complaints = [text for place in places for text in place.complaints]
    flags = ", need_resched" if cpu.need_resched else ""
    locked = ", its lock is held" if int(rq.lock.owner) else ""
    cfs = fair_policy(kernel) == "cfs"
    return [f"CPU {cpu.id}: runs {_name(cpu.current)}; idle thread {_name(rq.idle)}{flags}{locked}",
            *([f"  waiting{', ' * bool(place.title)}{place.title}: {', '.join(picked_by(place, thread, cfs) for thread in place.threads)}"
               for place in places if place.threads] or ["  waiting: nobody"]),
            f"  counted: nr_ready {rq.nr_ready}, switches {rq.nr_switches}, stays {rq.nr_stays}"] + [f"  ({text})" for text in complaints]


def picked_by(place, thread, cfs):
    """A thread that waits, with the numbers that it is picked by in its class, ns. cfs: under it normal threads have no deadlines."""
    if place.title == REAL_TIME:
        return f"{label(thread)} priority {thread.se.rt.priority}"
    if place.link == "se.fair.node":
        v, d = signed(thread.se.fair.vruntime), signed(thread.se.fair.deadline)
        return f"{label(thread)} v {v}" + ("" if cfs else f" d {d}")
    if place.link == "se.dl.node":
        return f"{label(thread)} d {thread.se.dl.deadline} budget {thread.se.dl.budget}"
    return label(thread)


def held(cpu, most=64):
    """The spinlocks that a CPU holds, the one taken last first; only a checked kernel keeps them."""
    found, lock = [], cpu.held
    while int(lock) and len(found) < most:
        found.append(lock.target)
        lock = lock.target.under
    return found


def cpu_lines(kernel, running):
    """A line a CPU: who runs, what it holds, where it is. running: as of ps_lines()."""
    rows = [("cpu", "runs", "preemption", "holds", "where")]
    for cpu in cpus(kernel):
        try:
            off = f"off ({cpu.preempt_count})" if cpu.preempt_count else "on"
            locks = ", ".join(lock.name.target for lock in held(cpu)) or "-"
            rows.append((str(cpu.id), _name(cpu.current), off + ", due" * cpu.need_resched, locks, place(kernel, running(cpu.id) or [])))
        except UNREADABLE as error:
            rows.append((str(cpu.id), "?", "?", "?", f"it cannot be read: {error}"))
    widths = [max(len(row[n]) for row in rows) for n in range(4)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)) + "  " + row[4] for row in rows]


def _name(pointer):
    return label(pointer.target) if int(pointer) else "nobody"


# --- os-trace ---------------------------------------------------------------------------------------------------------------------------


def last_events(kernel, n):
    """(events, dropped): the last n Events of all CPUs, by time. Reads only those, since a debugger reads slowly. Raises
    Corrupt, BadAddress."""
    names, found, dropped = kernel.image.enums["trace_event"], [], 0
    for ring in kernel["trace_rings"]:
        if not int(ring.record):
            continue
        dropped += ring.dropped
        if not ring.capacity or ring.capacity & (ring.capacity - 1):
            raise Corrupt(f"a trace ring claims {ring.capacity} records, which is no power of two")
        size = kernel.image.structs["trace_record"]["size"]
        for seq in range(max(1, ring.seq - min(n, ring.capacity) + 1), ring.seq + 1):
            row = next(iter(kernel.rows("trace_record", int(ring.record) + (seq - 1) % ring.capacity * size, 1)))
            name = names.get(str(row["event"]), f"event {row['event']}?").removeprefix("TRACE_")
            found.append(Event(row["time"], row["cpu"], row["seq"], name, row["class"], row["tid"], row["other"], row["queued"],
                               row["arg"]))
    found.sort(key=lambda event: (event.time, event.cpu, event.seq))
    return found[-n:], dropped


def trace_lines(kernel, n):
    """What os-trace prints."""
    try:
        found, dropped = last_events(kernel, n)
    except UNREADABLE as error:
        return [f"the trace cannot be read: {error}"]
    line = lines_of(kernel)
    lines = [line(event) for event in found] or ["no event yet (boot option trace=last or trace=all records them)"]
    return lines + ([f"and {dropped} more that found no room"] if dropped else [])
