"""What a kernel leaves as evidence: the ktest's report with its facts, the panic's report, the trace, the thread table. Layouts come from
the kernel's own debug information, names of keys and events too."""

import re
from collections import namedtuple

from .memory import BadAddress
from .state import Corrupt

MAGIC = 0x4352455343454E54  # KTEST_MAGIC
LONGEST_RING = 1 << 22      # records; more than any guest's memory holds
LINES = [re.compile(r" *(\d+) +\d+ ns  cpu (\d+)  "),             # of event_head()
         re.compile(r"event (\d+) at \d+ ns on CPU (\d+): ")]  # of decision_line()

Fact = namedtuple("Fact", "seq time key a b")
DECISIONS = ("ENQUEUE", "DEQUEUE", "PICK", "TICK", "BLOCK", "PRIORITY", "POLICY", "THROTTLE", "REPLENISH",
             "MISS")  # the records marked [d] in kernel/base/trace.h
Panic = namedtuple("Panic", "message tid thread cpu frames")
Report = namedtuple("Report", "nonce count dropped result frames_before frames_after objects_before objects_after allocations "
                              "done_time done")


class Event(namedtuple("Event", "time cpu seq event cls tid other queued arg")):
    """A record of the trace; event is the name without TRACE_. queued: threads that wait in the queue of the CPU that wrote it."""

    __slots__ = ()

    @property
    def queue(self):
        """The CPU whose run queue it is about."""
        return self.arg[2] >> 16 & 0xff if self.event in DECISIONS else self.cpu


def report(kernel):
    """The ktest's report without its facts, or None if none was begun."""
    raw = kernel["ktest_report"]
    if raw.magic != MAGIC:
        return None
    return Report(*(getattr(raw, name) for name in Report._fields[:-1]), raw.done == MAGIC)


def facts(kernel):
    """Every Fact in order; key is the name without FACT_. Raises Corrupt if the table is not as the kernel's fact() writes it."""
    raw = kernel["ktest_report"]
    table = raw.fact
    if raw.count > len(table):
        raise Corrupt(f"the report counts {raw.count} facts and has room for {len(table)}")
    names, found = kernel.image.enums["fact_key"], []
    for expected, row in enumerate(kernel.rows("ktest_fact", table.address, raw.count), 1):
        if row["seq"] != expected or str(row["key"]) not in names:
            raise Corrupt(f"fact {expected} of the report was overwritten: seq {row['seq']}, key {row['key']}")
        found.append(Fact(expected, row["time"], names[str(row["key"])].removeprefix("FACT_"), row["a"], row["b"]))
    return found


def panic(kernel):
    """The Panic that ended the run, or None. frames: return addresses, innermost first."""
    if "panic_report" not in kernel.image.variables:
        return None
    raw = kernel["panic_report"]
    if raw.magic != MAGIC:
        return None
    return Panic(raw.message, raw.tid, raw.thread, raw.cpu, list(raw.frame[:min(raw.nframes, 32)]))


def stubs(kernel):
    """{exercise: text} that stubs left (kernel/base/lab.h), the one that was met first first. Kernels of phase 1 have none of these."""
    if "lab_stub_report" not in kernel.image.variables:
        return {}
    found = ((met.exercise, met.text) for met in kernel["lab_stub_report"].met)
    return {exercise: text for exercise, text in found if text.startswith(f"lab {exercise}: ")}


def trace(kernel):
    """(events, dropped): the Events of all CPUs by time, and how many were lost. In mode `last` the oldest are missing without being
    counted. Raises Corrupt if a ring is not as trace_write() leaves it."""
    events, dropped = [], 0
    names = kernel.image.enums["trace_event"]
    for cpu, ring in enumerate(kernel["trace_rings"]):
        if ring.record == 0:
            continue
        dropped += ring.dropped
        events += _ring(kernel, cpu, ring, names)
    events.sort(key=lambda event: (event.time, event.cpu, event.seq))
    return events, dropped


def _ring(kernel, cpu, ring, names):
    capacity, last = ring.capacity, ring.seq
    if capacity == 0 or capacity > LONGEST_RING or capacity & (capacity - 1):
        raise Corrupt(f"the trace ring of CPU {cpu} claims {capacity} records")
    try:
        rows = list(kernel.rows("trace_record", ring.record, min(last, capacity)))
    except BadAddress as error:
        raise Corrupt(f"the trace ring of CPU {cpu} is not where it should be: {error}") from error
    rows.sort(key=lambda row: row["seq"])
    first = last - len(rows) + 1
    found = []
    for expected, row in enumerate(rows, first):
        if row["seq"] != expected:
            raise Corrupt(f"record {expected} in the trace ring of CPU {cpu} was overwritten")
        name = names.get(str(row["event"]), f"event {row['event']}?").removeprefix("TRACE_")
        found.append(Event(row["time"], row["cpu"], row["seq"], name, row["class"], row["tid"], row["other"], row["queued"], row["arg"]))
    return found


def event_head(event):
    """One Event for people, without its numbers."""
    who = f"thread {event.tid}" + (f", {event.other}" if event.other else "")
    return f"{event.seq:>6} {event.time:>12} ns  cpu {event.cpu}  {event.event.lower():<8} {who}  ({event.queued} queued)"


def event_line(event):
    """One Event as the kernel's trace_print() writes it; event_words.py has the same with what the numbers are."""
    args = "".join(f" {value:#x}" for value in event.arg[:2])
    return event_head(event) + (f" {args}" if any(event.arg[:2]) else "")


def decision_line(event):
    """One Event that a model has something to say about."""
    return f"event {event.seq} at {event.time} ns on CPU {event.cpu}: {event.event} of thread {event.tid}"


def named(line):
    """(cpu, seq) of the Event of which event_line() or decision_line() wrote this line; None for another line."""
    found = next(filter(None, (pattern.match(line) for pattern in LINES)), None)
    return (int(found[2]), int(found[1])) if found else None


def times(kernel):
    """What two runs that are the same have in common, as JSON can hold it: {"facts": [[seq, time of that fact], ...], "CPU 0": [[seq, time
    of that record of its ring], ...], ...}. Raises Corrupt, BadAddress."""
    found = {"facts": [[fact.seq, fact.time] for fact in facts(kernel)]}
    for event in trace(kernel)[0]:
        found.setdefault(f"CPU {event.cpu}", []).append([event.seq, event.time])
    return found


def threads(kernel):
    """Every thread of the table (Structs, in its order). Raises Corrupt, BadAddress."""
    return list(kernel.list(kernel["threads"], "thread", "all_link"))


def lost(kernel):
    """Threads, for people, that are READY and have not joined a queue since they ran last, as far as a complete trace says so: nobody
    will ever choose them."""
    try:
        found, dropped = trace(kernel)
        if dropped or not found or min(event.seq for event in found) != 1:
            return []
        last = {event.tid: event.event for event in found if event.event in ("ENQUEUE", "PICK")}
        return [f"thread {thread.tid} ({thread.name})" for thread in threads(kernel)
                if thread.state.name == "THREAD_READY" and last.get(thread.tid) != "ENQUEUE"]
    except (Corrupt, BadAddress, KeyError):
        return []


def thread_lines(kernel, most=12):
    """The thread table for people, as far as it can be read: who is in which state, who waits for whom or what."""
    table, waits, complaint = [], {}, None
    knows_what = "waits_for" in kernel.image.structs["thread"]["members"]  # from phase 2 on
    try:
        for thread in kernel.list(kernel["threads"], "thread", "all_link"):
            table.append((thread.tid, thread.name, str(thread.state).removeprefix("THREAD_")))
            if knows_what and thread.waits_for:
                waits.setdefault(thread.tid, f"waits for '{thread.waits_for.target}'")
            if thread.joiner:
                waits[thread.joiner] = f"waits in thread_join() for thread {thread.tid}"
    except (Corrupt, BadAddress, KeyError) as error:
        complaint = f"(the thread table cannot be read further: {error})"
    lines = [f"thread {tid} ({name}): {state}" + (f", {waits[tid]}" if tid in waits else "")
             for tid, name, state in table[:most]]
    lines += [f"... and {len(table) - most} more threads"] if len(table) > most else []
    return lines + ([complaint] if complaint else [])
