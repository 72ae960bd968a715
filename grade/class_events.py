"""What the records of phase 5 tell besides who runs: the numbers behind each record (vruntime, deadline, lag, budget), who is throttled,
and deadlines, kept and missed.

    numbers(events, "eevdf")[event.cpu, event.seq]     # {"vruntime": ..., "deadline": ..., "lag": ..., "budget": ..., "numbers_ns": ...}
    Throttled().follow(event)                          # whose being held back may have changed; `tid in throttled` says it
    deadlines(events)                                  # [(deadline in ns, the record that says it)]

All is taken from the trace alone; traces of earlier phases have nothing of it."""

from .events import DECISIONS
from .rules import signed

DEADLINE, RT, NORMAL, IDLE = range(4)  # enum sched_class_id
OTHER = 0                              # enum sched_policy, as Linux has it
POLICIES = {OTHER: "SCHED_OTHER", 1: "SCHED_FIFO", 2: "SCHED_RR", 3: "SCHED_BATCH", 5: "SCHED_IDLE", 6: "SCHED_DEADLINE"}
WHY = ("new", "yield", "preempted", "wake", "changed")  # enum enqueue_why
NO_ONE = 0                             # the thread of a record about the whole real-time class

# What the four numbers of an ENTITY record are, by class; of normal threads by their policy. None: nothing.
NAMES = {
    DEADLINE: (None, "deadline", None, "budget"),
    RT: ("priority", None, None, "budget"),
    "eevdf": ("vruntime", "deadline", "lag", "budget"),
    "cfs": ("vruntime", "min_vruntime", None, "ran"),
}


def names_of(cls, fair):
    """What an ENTITY record of a thread of this class says."""
    return NAMES.get(fair if cls in (NORMAL, IDLE) else cls, NAMES["eevdf"])


def numbers(events, fair):
    """{(CPU, seq): {name: number}} of each record whose thread's numbers are known: those that were written for it, or else the last ones
    before it, while the thread is of the same class; numbers_ns says when they were written. fair: the policy of normal threads."""
    found, known, decisions = {}, {}, {}  # known: {tid: (class, numbers)}; decisions: {tid: those that may get an ENTITY yet}
    for event in events:
        if event.event == "ENTITY":
            values = {name: signed(value) for name, value in zip(names_of(event.cls, fair), event.arg) if name} | {"numbers_ns": event.time}
            known[event.tid] = event.cls, values
            if decisions.get(event.tid):
                of = decisions[event.tid].pop()
                found[of.cpu, of.seq] = values
            continue
        cls, values = known.get(event.tid, (None, None))
        if values and cls == event.cls:
            found[event.cpu, event.seq] = values
        if event.event in DECISIONS:
            waiting = decisions.setdefault(event.tid, [])
            if waiting and waiting[-1].arg[3] != event.arg[3]:
                waiting.clear()  # of an earlier decision, which has none
            waiting.append(event)
    return found


def told(event):
    """What a record says in its own four numbers, by name."""
    if event.event == "ENQUEUE":
        return {"why": WHY[event.arg[0]] if event.arg[0] < len(WHY) else event.arg[0]}
    if event.event == "THROTTLE":
        return {"until_ns": event.arg[0]}
    if event.event == "MISS" or event.event == "REPLENISH" and event.tid != NO_ONE:
        return {"deadline_ns": event.arg[0]}
    if event.event == "PARAMS":
        return {"runtime_ns": event.arg[0], "deadline_ns": event.arg[1], "period_ns": event.arg[2]}
    if event.event == "POLICY":
        word = event.arg[0]
        return {"policy": POLICIES.get(word & 0xff, word & 0xff), "rt_priority": word >> 8 & 0xff, "nice": (word >> 16 & 0xff) - 20}
    return {}


class Throttled:
    """Who may not run although it is ready, event by event: a deadline thread without budget, and all real-time threads of a CPU whose
    share is used up."""

    def __init__(self):
        self.held, self.closed = set(), set()  # deadline threads; CPUs whose real-time threads are
        self.ready = {}                        # {tid: (class, CPU)} of those that wait

    def __contains__(self, tid):
        """Whether this thread, which is ready, is held back."""
        cls, cpu = self.ready.get(tid, (None, None))
        return tid in self.held or cls == RT and cpu in self.closed

    def follow(self, event):
        """Returns the tids for which something may have changed."""
        if event.event in ("ENQUEUE", "SWITCH"):
            self.ready[event.tid] = event.cls, event.queue
        if event.event == "THROTTLE" and event.cls == RT or event.event == "REPLENISH" and event.tid == NO_ONE:
            (self.closed.add if event.event == "THROTTLE" else self.closed.discard)(event.queue)
            return [tid for tid, (cls, cpu) in self.ready.items() if cls == RT and cpu == event.queue]
        if event.event == "THROTTLE":
            self.held.add(event.tid)
        elif event.event in ("REPLENISH", "RECLAIM") or event.event == "POLICY" and POLICIES.get(event.arg[0] & 0xff) != "SCHED_DEADLINE":
            self.held.discard(event.tid)
        return [event.tid]


def deadlines(events):
    """[(ns, event)]: the deadlines of deadline threads that came while they still were theirs, each once, and the record that says it
    first."""
    found, last = [], {}  # last: {tid: (deadline, record)}
    for event in events:
        deadline = deadline_of(event)
        if deadline is None or last.get(event.tid, (None, None))[0] == deadline:
            continue
        found += passed(last.pop(event.tid, None), event.time)
        if deadline:
            last[event.tid] = deadline, event
    return sorted(found + list(last.values()), key=lambda found: found[0])


def deadline_of(event):
    """The deadline of its thread, ns, from this record on; 0 if it has none any more, None if this one does not say."""
    if event.event == "ENTITY" and event.cls == DEADLINE:
        return event.arg[1]
    if event.event == "REPLENISH" and event.tid != NO_ONE:
        return event.arg[0]
    if event.event == "EXIT" or event.event == "POLICY" and POLICIES.get(event.arg[0] & 0xff) != "SCHED_DEADLINE":
        return 0
    return None


def passed(last, time):
    """[a (deadline, record)] if it had come by that time, else []."""
    return [last] if last and last[0] <= time else []
