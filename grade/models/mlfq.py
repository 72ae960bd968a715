"""Model of the multi-level feedback queue: four levels, 0 the best.

The best level runs first, round-robin inside, with that level's quantum; a thread that becomes ready at a better level than the running
one's takes the CPU. All start at level 0. Who has run two quanta since it came to a level goes one down when it joins the queue next, the
lowest level excepted; blocking does not renew that allotment. At each multiple of the boost period everybody, blocked or not, is at level
0 with a fresh allotment and quantum. A turn that begins with a wake, a yield or a used-up quantum has a whole quantum; who loses the CPU
in the middle of one keeps its place and the rest."""

from .schedule import CHANGED, PREEMPTED, Policy


class FeedbackQueue(Policy):
    rule = "of those that wait, the one at the best level runs next; of equals, who became ready first"

    def catch_up(self, t):
        """t takes part in the last boost, if it has not."""
        boost = self.clock // self.numbers.boost
        if t.boost != boost:
            t.boost, t.level, t.allotment_start, t.slice_start = boost, 0, t.ran, t.ran

    def level(self, t):
        return t.level if t.boost == self.clock // self.numbers.boost else 0

    def key(self, t):
        return self.level(t), t.since, t.tid

    def quantum_used(self, t):
        return t.ran - t.slice_start >= self.numbers.mlfq_quantum[t.level]

    def allotment_used(self, t):
        lowest = t.level == len(self.numbers.mlfq_quantum) - 1
        return not lowest and t.ran - t.allotment_start >= self.numbers.mlfq_allotment[t.level]

    def joins(self, t, why):
        self.catch_up(t)
        over = self.quantum_used(t) or self.allotment_used(t)
        if self.allotment_used(t):
            t.level, t.allotment_start = t.level + 1, t.ran
        if why != CHANGED and (why != PREEMPTED or over):
            t.slice_start, t.since = t.ran, self.clock

    def takes_over(self, t, running):
        return self.level(t) < self.level(running)

    def picked(self, t):
        self.catch_up(t)

    def ticked(self, t):
        self.catch_up(t)

    def used_up(self, t):
        return "its allotment is used up" if self.allotment_used(t) else "its quantum is used up" if self.quantum_used(t) else None

    def stays_best(self, t):
        best = self.best()
        return not best or self.level(best) > t.level + self.allotment_used(t)

    def describe(self, t):
        return f"{t.tid} (level {self.level(t)})"

    def details(self, t):
        limits, level = self.numbers, t.level
        allotment = "no end" if level == len(limits.mlfq_quantum) - 1 else limits.mlfq_allotment[level]
        return (f"{t.tid} (level {level} in boost {t.boost} of {self.clock // limits.boost}; cycles run of its quantum: "
                f"{t.ran - t.slice_start} of {limits.mlfq_quantum[level]}, of its allotment: {t.ran - t.allotment_start} of {allotment})")


def replay(events, numbers, running=None):
    """As rr.replay()."""
    return FeedbackQueue(numbers, running).replay(events)
