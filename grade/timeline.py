"""Who ran when, and what everybody else did meanwhile: a run's trace (events.Event) as turns and states. Pictures and exports are made from
it.

    line = Timeline(events, end, names, states)
    line.turns      # [Turn(cpu, tid, start, end, seq)]: each time a thread had a CPU, by CPU and time
    line.spans      # {tid: [Span(state, start, end, cpu)]}: without gaps from the thread's first event to its last
    line.marks      # [Mark(kind, time, cpu, tid, event)]: create, exit, join, reclaim, mark and migrate, at the thread that they are about;
                    # from phase 5 on also its throttle, replenish and miss, and deadline, which stands where the deadline is
    line.numbers    # {(cpu, seq): {"vruntime": ..., ...}} of events: see class_events.py
    line.picks      # {(cpu, seq of a switch): seq of the PICK that led to it}

All times in ns. A trace that begins or ends in the middle of a turn (trace=last) gives the part that was seen."""

import bisect
from collections import namedtuple

from .class_events import NO_ONE, Throttled, deadlines, numbers
from .events import DECISIONS

IDLE = 0  # the idle threads' id

Turn = namedtuple("Turn", "cpu tid start end seq")
Span = namedtuple("Span", "state start end cpu")
Mark = namedtuple("Mark", "kind time cpu tid event")

RUNNING, READY, NEW, THROTTLED = "RUNNING", "READY", "NEW", "THROTTLED"
MIGRATIONS = ("wake", "balance", "steal", "affinity")  # enum migrate_why


class Timeline:
    """events: of all CPUs, by time. end: when the run ended, or None. names: {tid: name} as far as known. states: {number: name of a
    thread state, without THREAD_}. fair: by which policy normal threads run, where it is eevdf or cfs."""

    def __init__(self, events, end=None, names=None, states=None, fair="eevdf"):
        self.events, self.names, self.states = events, dict(names or {}), states or {}
        self.start = events[0].time if events else 0
        self.end = max([event.time for event in events] + [end or 0])
        self.cpus = sorted({event.cpu for event in events})
        self.turns = [turn for cpu in self.cpus for turn in self._turns(cpu)]
        self.marks = [Mark("deadline", time, event.cpu, event.tid, event) for time, event in deadlines(events) if time <= self.end]
        self.marks += [mark for event in events for mark in marks(event)]
        self.numbers, self.fair, self.picks = numbers(events, fair), fair, picks(events)
        self.spans = self._spans()

    @property
    def tids(self):
        """Every thread that is seen, but the idle ones, in order."""
        return sorted(self.spans)

    def name(self, tid):
        """How people call a thread."""
        if tid == IDLE:
            return "idle"
        return f"{tid} {self.names[tid]}" if self.names.get(tid) else f"thread {tid}"

    def _turns(self, cpu):
        events = [event for event in self.events if event.cpu == cpu]
        running, since, seq = first_running(events), self.start, 0
        turns = []
        for event in events:
            if event.event != "SWITCH":
                continue
            turns.append(Turn(cpu, event.tid, since, event.time, seq))
            running, since, seq = event.other, event.time, event.seq
        if running is not None and self.end > since:
            turns.append(Turn(cpu, running, since, self.end, seq))
        return [turn for turn in turns if turn.end > turn.start]

    def _spans(self):
        """States change by events; that a thread runs is said by the turns."""
        changes, turns, states = {}, {}, States(self.states)  # tid: [(time, order, state, cpu)], tid: its turns by time
        for turn in sorted(self.turns, key=lambda turn: turn.start):
            changes.setdefault(turn.tid, []).append((turn.start, 1, RUNNING, turn.cpu))
            turns.setdefault(turn.tid, []).append(turn)
        for event in self.events:
            for tid, state in states.changes(event):
                if not has_cpu(turns.get(tid, []), event.time):
                    changes.setdefault(tid, []).append((event.time, 0, state, event.queue))
        changes.pop(IDLE, None)
        return {tid: spans(sorted(found, key=lambda c: c[:2]), self.end) for tid, found in changes.items()}


def has_cpu(turns, time):
    """True while one of these turns (one thread's, by time) lasts: a thread that yields joins the queue before its turn ends."""
    at = bisect.bisect_right(turns, time, key=lambda turn: turn.start) - 1
    return at >= 0 and turns[at].start < time < turns[at].end


def first_running(events):
    """Who had the CPU when the trace began: whoever its events show at work first. None if nothing shows it."""
    for event in events:
        if event.event in ("SWITCH", "EXIT", "JOIN", "RECLAIM", "MARK"):
            return event.tid
        if event.event == "CREATE":
            return event.other
    return next((event.tid for event in events if event.event == "PICK"), None)


def picks(events):
    found, last = {}, {}
    for event in events:
        if event.event == "PICK":
            last[event.cpu] = event
        elif event.event == "SWITCH" and event.cpu in last and last[event.cpu].tid == event.other:
            found[event.cpu, event.seq] = last[event.cpu].seq
    return found


class States:
    """What becomes of threads, event by event. numbers: {number: name} of states."""

    def __init__(self, numbers):
        self.numbers, self.throttled, self.waits = numbers, Throttled(), set()

    def changes(self, event):
        """[(tid, state after this event)]; None: the thread is gone. That somebody runs is not said here."""
        touched = self.throttled.follow(event)
        if event.event == "CREATE":
            return [(event.tid, NEW)]
        if event.event == "SWITCH":
            self.waits.discard(event.other)
            state = self.numbers.get(event.arg[0], f"state {event.arg[0]}")
            return [(event.tid, self.waiting(event.tid) if state == READY else self.elsewhere(event.tid, state))]
        if event.event == "RECLAIM":
            return [(event.other, self.elsewhere(event.other, None))]
        if event.event == "ENQUEUE":
            return [(event.tid, self.waiting(event.tid))]
        if event.event in ("THROTTLE", "REPLENISH", "POLICY"):
            return [(tid, self.waiting(tid)) for tid in touched if tid in self.waits]
        return []

    def waiting(self, tid):
        self.waits.add(tid)
        return THROTTLED if tid in self.throttled else READY

    def elsewhere(self, tid, state):
        self.waits.discard(tid)
        return state


def spans(changes, end):
    """Spans from the (time, order, state, cpu) of one thread, ordered. Equal neighbours become one; a state None ends the thread."""
    found = []
    for at, (time, _, state, cpu) in enumerate(changes):
        until = changes[at + 1][0] if at + 1 < len(changes) else end
        if state is None or until <= time:
            continue
        if found and found[-1].state == state and found[-1].end == time and found[-1].cpu == cpu and state != RUNNING:
            found[-1] = found[-1]._replace(end=until)
        else:
            found.append(Span(state, time, until, cpu))
    return found


def migration(event):
    """A MIGRATE event as people say it: "CPU 0 to 2 (steal)"."""
    return f"CPU {event.arg[0]} to {event.arg[1]} ({MIGRATIONS[event.arg[2]]})"


def queue_lengths(events):
    """[(event, CPU, threads that wait there)] whenever that changes. A record knows the length of the queue of the CPU that wrote it; what
    it does to another one is counted on."""
    found, last = [], {}
    for event in events:
        steps = {"ENQUEUE": 1, "DEQUEUE": -1}
        queue = event.queue if event.event in DECISIONS else event.cpu
        length = event.queued if queue == event.cpu else last.get(queue, 0) + steps.get(event.event, 0)
        if last.get(queue) != length:
            last[queue] = length
            found.append((event, queue, length))
    return found


def marks(event):
    """The Marks of an event; a reclaim is about the thread that is given back, a join stands at the one who joins."""
    if event.event in ("CREATE", "EXIT", "JOIN", "MARK", "MIGRATE", "THROTTLE", "REPLENISH", "MISS") and event.tid != NO_ONE:
        return [Mark(event.event.lower(), event.time, event.cpu, event.tid, event)]
    if event.event == "RECLAIM":
        return [Mark("reclaim", event.time, event.cpu, event.other, event)]
    return []
