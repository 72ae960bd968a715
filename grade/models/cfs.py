"""Model of CFS, completely fair scheduling: whoever has the least virtual time runs, for its share of a latency in which everybody who is
ready runs once.

min_vruntime goes with the least v of the members and never back: who sleeps comes back no further behind it than half a latency."""

from ..event_words import ENTITY
from .fair import Fair, advance
from .sched_class import NICE_0_WEIGHT
from .schedule import NEW, WAKE

MIN_GRANULARITY_NS, LATENCY_NS, WAKEUP_GRANULARITY_NS = 100000, 6000000, 1000000


class Cfs(Fair):
    rule = "of those that wait, the one with the least virtual time runs next; of equals, who became ready first"
    numbers_of = ENTITY["cfs"]

    def __init__(self, queue):
        super().__init__(queue)
        self.min_vruntime = 0

    def key(self, t):
        return t.v, t.since, t.tid

    def raise_minimum(self):
        """After each charge and each leave."""
        if self.members:
            self.min_vruntime = max(self.min_vruntime, min(t.v for t in self.members.values()))

    def slice(self, t, n, total):
        """t's turn in ns, as one of n whose weights are `total`. A product of the period with w / W."""
        return max(MIN_GRANULARITY_NS, max(LATENCY_NS, n * MIN_GRANULARITY_NS) * t.weight // total)

    def charge(self, t, delta):
        advance(t, delta)
        self.raise_minimum()

    def place(self, t, why):
        if why == NEW:
            self.place_new(t)
        elif t.foreign:
            t.v = self.min_vruntime
        elif t.source_min is not None:  # v is worth something only beside its queue's minimum
            t.v += self.min_vruntime - t.source_min
        if why == WAKE:
            t.v = max(t.v, self.min_vruntime - LATENCY_NS // 2)

    def place_new(self, t):
        """A turn behind whoever runs, or everybody could have more by making threads."""
        turn = self.slice(t, len(self.members) + 1, self.W + t.weight) * NICE_0_WEIGHT // t.weight
        running = self.queue.now_running()
        here = running.v if running and running.tid in self.members else self.min_vruntime
        t.v, t.rem = max(here, self.min_vruntime + turn), 0

    def yields(self, t):
        first = self.best()
        t.v = max(t.v, first.v) if first else t.v

    def left(self, t):
        super().left(t)
        self.raise_minimum()

    def enters(self, t, runs):
        t.foreign, t.source_min, t.picked_charged = not runs, None, t.charged
        if runs:
            t.v = self.min_vruntime
            self.members[t.tid] = t

    def became_ready(self, t, running):
        if running.v - t.v <= WAKEUP_GRANULARITY_NS * NICE_0_WEIGHT // t.weight:
            return None
        return f"thread {self.describe(t)} became ready, more than wakeup_gran behind {self.describe(running)}, which runs"

    def gives_way(self, t):
        return None

    def picked(self, t):
        t.picked_charged = t.charged

    def ticked(self, t):
        first = self.best()
        turn = self.slice(t, len(self.members), self.W)
        if first and t.charged - t.picked_charged >= turn and first.v <= t.v:
            self.queue.make_room(f"its turn of {turn} ns is over, and thread {self.describe(first)} waits")

    def entity(self, t):
        return t.v, self.min_vruntime, 0, 0 if self.in_tree(t) else t.charged - t.picked_charged

    def describe(self, t):
        return f"{t.tid} (v {t.v})"
