"""Model of first come, first served: whoever became ready first runs until it blocks, yields or ends. Who had to make room otherwise
keeps its place."""

from .schedule import CHANGED, PREEMPTED, Policy


class FirstCome(Policy):
    rule = "whoever became ready first runs next"

    def joins(self, t, why):
        if why not in (CHANGED, PREEMPTED):
            t.since = self.clock


def replay(events, numbers, running=None):
    """As rr.replay()."""
    return FirstCome(numbers, running).replay(events)
