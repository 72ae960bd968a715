"""Model of the real-time class, FIFO and RR: the highest priority runs, 99 the best; of equals, who stands first in their list.

Who loses the CPU keeps its place, the head; who yields, wakes, or has used up a turn under RR goes to the tail. The class may have the CPU
for rt_runtime ns of each window of rt_period ns, so that a loop at a real-time priority leaves something to the others."""

from ..event_words import ENTITY
from .sched_class import RR, RT, Owed, SchedClass
from .schedule import CHANGED, PREEMPTED

TURN_NS = 100000000  # of RR


class RealTime(SchedClass):
    """throttled: ns at which the class comes back, or None. used: ns that it has run in the window of its last charge."""

    id = RT
    rule = "of the real-time threads that wait, the one of the highest priority runs next; of equals, the one at the head of their list"
    numbers_of = ENTITY["rt"]

    def __init__(self, queue):
        super().__init__(queue)
        self.throttled, self.used, self.last_charge, self.ticks_late = None, 0, 0, 0
        self.head, self.tail = 0, 0  # places given so far

    def may_run(self, t):
        return self.throttled is None

    def key(self, t):
        return -t.rt_priority, t.place

    def charge(self, t, delta):
        period, runtime, now = self.queue.numbers.rt_period_ns, self.queue.numbers.rt_runtime_ns, self.now
        if not 0 < runtime < period:
            return
        begin = now // period * period
        self.used = min(delta, now - begin) if self.last_charge < begin else self.used + delta
        self.last_charge = now
        if self.used >= runtime and self.throttled is None:
            self.throttled, self.ticks_late = begin + period, 0
            self.queue.owe(Owed("THROTTLE", t.tid, self.throttled, f"the real-time class has run {self.used} of its {runtime} ns in this "
                                "window, so it is throttled until the window ends"))
            self.queue.make_room("the real-time class is throttled")

    def replenish(self):
        self.throttled, self.used = None, 0

    def joins(self, t, why):
        mine = t.tid == self.queue.running
        at_head = not t.expired if why == PREEMPTED and mine else why == CHANGED and t.lowered and t.queue is self.queue
        if at_head:
            self.head -= 1
            t.place = self.head
        else:
            self.tail += 1
            t.place = self.tail

    def enters(self, t, runs):
        t.turn_start = t.charged
        t.expired = runs and not t.lowered and self.equals_wait(t)

    def changed(self, t, before):
        _, _, policy, rt_priority, _ = before
        t.lowered = t.rt_priority < rt_priority
        if t.rt_priority > rt_priority and t.tid == self.queue.running and self.equals_wait(t):
            t.expired = True  # they have waited for longer, so it keeps no place before them
        if t.policy == RR and policy != RR:
            t.turn_start = t.charged

    def became_ready(self, t, running):
        if t.rt_priority <= running.rt_priority:
            return None
        return f"thread {self.describe(t)} became ready, {self.describe(running)} runs"

    def picked(self, t):
        t.expired = False

    def ticked(self, t):
        if t.policy != RR or t.charged - t.turn_start < TURN_NS:
            return
        t.turn_start, t.expired = t.charged, True
        if self.equals_wait(t):
            self.queue.make_room("its turn is over, and another one of its priority waits")

    def equals_wait(self, t):
        return any(other.rt_priority == t.rt_priority and other is not t for other in self.waiting())

    def entity(self, t):
        return t.rt_priority, 0, 0, TURN_NS - (t.charged - t.turn_start) if t.policy == RR else 0

    def describe(self, t):
        return f"{t.tid} (real-time priority {t.rt_priority})"
