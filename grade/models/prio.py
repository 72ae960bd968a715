"""Model of priority scheduling with ageing.

A thread competes at level = its effective priority + floor(wait / A), at most 63. The wait begins when it becomes ready, and anew when
its turn ends: when its quantum is used up or it yields. The highest level runs; of equals, who became ready first. A higher one takes the
CPU: when it becomes ready, when the running one's priority falls, and at a tick if it has risen above. Equals share in turns of a quantum
by thread priority, as under round-robin."""

from .rr import RoundRobin

TOP = 63


class Priority(RoundRobin):
    rule = "of those that wait, the one of the highest priority, ageing included, runs next; of equals, who became ready first"

    def level(self, t):
        return min(TOP, t.effective + (self.clock - t.since) // self.numbers.ageing)

    def key(self, t):
        return -self.level(t), t.since, t.tid

    def takes_over(self, t, running):
        return self.level(t) > self.level(running)

    def used_up(self, t):
        best = self.best()
        if best and self.takes_over(best, t):
            return f"thread {self.describe(best)} has risen above it"
        return super().used_up(t)

    def stays_best(self, t):
        """After a used-up quantum t competes without what it had risen, and behind its equals."""
        best = self.best()
        return not best or (self.level(best) < t.effective if self.over(t) else not self.takes_over(best, t))

    def describe(self, t):
        return f"{t.tid} (level {self.level(t)}, {t.effective} of its own)"


def replay(events, numbers, running=None):
    """As rr.replay()."""
    return Priority(numbers, running).replay(events)
