"""Model of shortest job first: the shortest predicted burst runs next, until it blocks, yields or ends; of two alike, who became ready
first.

The prediction is tau = (tau + burst) / 2, rounded down; a burst ends at a block and at nothing else. Before the first one it is what the
thread's maker said, or the default. Who had to make room in the middle of a burst goes on before all others."""

from .schedule import CHANGED, PREEMPTED, Policy

NS_PER_MS = 1000000


class ShortestJob(Policy):
    rule = "of those that wait, the one whose next burst is predicted to be the shortest runs next"

    def begin(self, t):
        t.tau = t.tau or t.burst_ns * self.numbers.cycles_per_ms // NS_PER_MS or self.numbers.first_tau

    def key(self, t):
        return 0 if t.goes_on else t.tau, t.since, t.tid

    def joins(self, t, why):
        self.begin(t)
        if why == PREEMPTED:
            t.goes_on = True
        elif why != CHANGED:
            t.goes_on, t.since = False, self.clock

    def leaves(self, t):
        self.begin(t)
        t.tau = (t.tau + t.ran - t.burst_start) // 2
        t.burst_start = t.ran

    def describe(self, t):
        self.begin(t)
        return f"{t.tid} (burst of {t.tau} cycles predicted{', goes on with one' if t.goes_on else ''})"


def replay(events, numbers, running=None):
    """As rr.replay()."""
    return ShortestJob(numbers, running).replay(events)
