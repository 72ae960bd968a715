"""What the tests of lab 5 have in common: shares, who runs when by the trace, and cases that a ktest tells before it answers them."""

from collections import namedtuple

from grade.api import require
from grade.models.classes import follows
from grade.models.sched_class import WEIGHTS, divide

__all__ = ["MS", "TICK", "WEIGHTS", "Cases", "Member", "before", "divide", "follows", "of", "players", "shares", "wrapped"]

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
    """Judges that threads of these nice values, which compete all the time, each got their weight's part of the CPU. bound: ns by which each
    may be off, by its weight's part of the CPU."""
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
        self.facts = iter([fact for fact in run.facts() if fact.key in ("NOTE", "COUNT", "RESULT")])

    def next(self, key):
        fact = next(self.facts)
        assert fact.key == key, f"{fact.key} instead of {key}"
        return fact.a, fact.b

    def note(self):
        return self.next("NOTE")

    def result(self):
        return self.next("RESULT")[1]

    def member(self, tid):
        (weight, v), (d, since) = self.note(), self.note()
        return Member(tid, weight, v, d, since)

    def queue(self):
        """(those who wait, who runs or None)."""
        n, running = self.next("COUNT")
        return [self.member(tid) for tid in range(1, n + 1)], self.member(1000) if running else None
