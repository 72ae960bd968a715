"""What the tests of lab 5 have in common: shares, who runs when by the trace, and cases that a ktest tells before it answers them."""

from collections import namedtuple

from grade.api import require, signed
from grade.models.classes import Replay, follows, numbers
from grade.models.eevdf import Eevdf
from grade.models.sched_class import NORMAL, WEIGHTS, divide
from grade.models.schedule import explain

__all__ = ["MS", "TICK", "WEIGHTS", "Cases", "Member", "apart", "before", "begin_of", "divide", "first_of", "follows", "lags", "mean",
           "numbers", "of", "picks", "players", "shares", "turns_of", "wrapped"]

MS = 1_000_000
TICK = MS
NICE_0 = 1024
WORD = 1 << 64

Member = namedtuple("Member", "tid weight v d since")


def of(run, key):
    """{a: b} of the facts of a key."""
    return {fact.a: fact.b for fact in run.facts(key)}


def players(run):
    """tids of the threads of kernel/ktest/cast.h, in their order."""
    return [fact.b for fact in run.facts("TID")]


def wrapped(value):
    """As 64 bits."""
    return value % WORD


def before(a, b):
    """Whether a comes before b, both 64 bits that wrap."""
    return a != b and (a - b) % WORD >> 63 == 1


def shares(run, nices, bound):
    """Judges that threads of these nice values, which compete all the time, each got their weight's part of the CPU. bound: ns by which
    each may be off, by its weight's part of the CPU."""
    ran, weights = of(run, "CPU_TIME"), [WEIGHTS[nice + 20] for nice in nices]
    total = sum(ran[n] for n in range(len(nices)))
    require(total >= 0.98 * run.facts("NOTE")[0].b, "threads that compute use all of the CPU",
            f"{total / MS:.2f} of {run.facts('NOTE')[0].b / MS:.2f} ms")
    for n, (nice, weight) in enumerate(zip(nices, weights)):
        expected, allowed = total * weight / sum(weights), bound(weight / sum(weights))
        require(abs(ran[n] - expected) <= allowed, "threads that compete have the CPU in proportion to their weights",
                f"nice values {', '.join(map(str, nices))}: in {total / MS:.1f} ms the thread of nice {nice} ran {ran[n] / MS:.3f} ms; "
                f"expected {expected / MS:.3f}, give or take {allowed / MS:.3f}")


class Cases:
    """The facts NOTE, COUNT and RESULT of a ktest, in order."""

    def __init__(self, run):
        self.facts, self.at = [fact for fact in run.facts() if fact.key in ("NOTE", "COUNT", "RESULT")], 0

    def peek(self):
        """The next fact; None if there is none."""
        return self.facts[self.at] if self.at < len(self.facts) else None

    def next(self, key):
        fact = self.facts[self.at]
        self.at += 1
        assert fact.key == key, f"{fact.key} instead of {key}"
        return fact.a, fact.b

    def note(self):
        return self.next("NOTE")

    def result(self):
        return self.next("RESULT")[1]

    def due(self):
        """Whether a reschedule was asked for (kernel/ktest/due.h)."""
        asked = self.result()
        require(asked < 2, "who makes room is asked on the CPU of its run queue, which may be another one: resched(rq)",
                "need_resched of this CPU was set, and the run queue was another CPU's")
        return asked

    def member(self, tid):
        (weight, v), (d, since) = self.note(), self.note()
        return Member(tid, weight, v, d, since)

    def queue(self):
        """(those who wait, who runs or None)."""
        n, running = self.next("COUNT")
        return [self.member(tid) for tid in range(1, n + 1)], self.member(1000) if running else None


# --- EEVDF --------------------------------------------------------------------------------------------------------------------------------


def apart(a, b):
    """a - b of two times that wrap, with a sign."""
    return (a - b + WORD // 2) % WORD - WORD // 2


def mean(members, alone=0):
    """The virtual time of a queue with these Members: where their vruntimes' mean by weight is, rounded down. alone: without any."""
    if not members:
        return alone
    zero = members[0].v
    return wrapped(zero + sum(apart(m.v, zero) * m.weight for m in members) // sum(m.weight for m in members))


def first_of(waiting, vtime):
    """Of those who wait and are eligible, the one that is due first; or None."""
    return min((m for m in waiting if not before(vtime, m.v)), key=lambda m: (apart(m.d, vtime), m.since, m.tid), default=None)


class Told(Eevdf):
    """EEVDF as lab 5.2 needs it: where somebody stands who comes is taken from the trace, which lab 5.3 has to see to."""

    def place(self, t, why):
        super().place(t, why)
        t.v, t.d = self.queue.told.get(id(self.queue.event), (t.v, t.d))


class Picks(Replay):
    """Replays a trace by Told."""

    def __init__(self, events, numbers):
        self.told = {}
        joined = {}
        for event in events:
            if event.event == "ENQUEUE":
                joined[event.tid] = event
            elif event.event == "ENTITY" and event.tid in joined:
                self.told[id(joined.pop(event.tid))] = signed(event.arg[0]), signed(event.arg[1])
        super().__init__(events, numbers, 1, "eevdf")

    def begin(self, tid):
        for queue in self.queues:
            queue.told = self.told
            queue.classes[NORMAL] = Told(queue)
        super().begin(tid)


def picks(run):
    """Judges that a run picks, charges and preempts as EEVDF does, wherever it places those who come."""
    wrong = Picks(run.events(), numbers(run.kernel)).run()
    require(wrong is None, wrong and wrong.rule, lambda: explain(wrong))


def lags(run, since, tids):
    """[(tid, lag in ns, event)] that the trace has of these threads from `since` (ns) on, while they run."""
    return [(event.tid, signed(event.arg[2]), event) for event in run.events("ENTITY") if event.tid in tids and event.time >= since]


# --- who ran when -------------------------------------------------------------------------------------------------------------------------


def begin_of(run):
    """When all players of a ktest with policies other than SCHED_OTHER begin, ns."""
    return run.facts("RESULT")[0].time


def turns_of(run):
    """[(tid, start, end)] of CPU 0, ns, in order: from each switch to the next."""
    switches = [event for event in run.events("SWITCH") if event.cpu == 0]
    return [(one.other, one.time, other.time) for one, other in zip(switches, switches[1:])]
