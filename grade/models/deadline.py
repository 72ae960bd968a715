"""Model of the deadline class: the earliest deadline runs (EDF), and each thread has a budget that it cannot exceed (the constant
bandwidth server of Abeni and Buttazzo 1998), so that who runs too long harms nobody but itself.

A thread has Q = runtime, D = deadline, P = period (0: D), in ns. q is what is left of its budget, d its deadline on the clock. Whose q is
used up is throttled until d - D + P, the beginning of its next period."""

from ..event_words import ENTITY
from .sched_class import DEADLINE, Owed, SchedClass
from .schedule import WAKE, YIELD


def server(t):
    """(Q, D, P) of a thread."""
    runtime, deadline, period = t.params
    return runtime, deadline, period or deadline


class Deadline(SchedClass):
    """without_budget: {tid: Thread} of this queue's threads that are throttled, whether they stand in the queue or sleep.
    looks_for_misses: neither the end of a budget is a moment for it (the timer is late by some ns, and the deadline may be then) nor a
    change of policy."""

    id = DEADLINE
    rule = "of the deadline threads that wait and have budget, the one with the earliest deadline runs next; of equals, who became " \
           "ready first"
    numbers_of = ENTITY["deadline"]

    def __init__(self, queue):
        super().__init__(queue)
        self.without_budget = {}
        self.looks_for_misses = True

    def may_run(self, t):
        return t.throttled is None

    def key(self, t):
        return t.deadline, t.since, t.tid

    def charge(self, t, delta):
        if t.lent:
            return
        t.budget -= delta
        if self.looks_for_misses:
            self.check_missed(t)
        if t.budget <= 0:
            self.throttle(t)

    def check_missed(self, t):
        """Once a deadline."""
        if not t.lent and t.throttled is None and self.now > t.deadline and t.missed != t.deadline:
            t.missed = t.deadline
            self.queue.owe(Owed("MISS", t.tid, t.deadline, f"thread {t.tid}'s deadline {t.deadline} passed before it had what it needs"))

    def throttle(self, t):
        """Its budget is used up, or may not be used yet."""
        if t.throttled is not None:
            return
        _, D, P = server(t)
        t.throttled, t.ticks_late = t.deadline - D + P, 0
        self.without_budget[t.tid] = t
        self.queue.owe(Owed("THROTTLE", t.tid, t.throttled, f"thread {t.tid} has no budget left until {t.throttled}, its next period"))
        at_once = t.throttled <= self.now
        if at_once:
            self.owe_replenish(t)  # and then it is seen whether it has to make room
        if t.tid == self.queue.running:
            self.queue.excuse = True
            if not at_once:
                self.queue.make_room("its budget is used up")

    def replenished(self, t):
        """(q, d) of t after a replenishment now."""
        (Q, D, P), q, d = server(t), t.budget, t.deadline
        if q <= 0:
            periods = -q // max(Q, 1) + 1  # as many as it takes to have some again
            q, d = q + periods * Q, d + periods * P
        return (Q, self.now + D) if d < self.now else (q, d)

    def owe_replenish(self, t):
        self.queue.owe(Owed("REPLENISH", t.tid, self.replenished(t)[1], f"the time at which thread {t.tid}'s budget comes back has passed"))

    def replenish(self, t):
        t.budget, t.deadline = self.replenished(t)
        self.forget(t)

    def wakes_late(self, t):
        """After its replenishment, if a wake was what it came from."""
        if t.wakes:
            t.wakes = False
            self.wake(t)

    def forget(self, t):
        t.throttled = None
        self.without_budget.pop(t.tid, None)

    def joins(self, t, why):
        if t.lent:
            return
        if why == YIELD:
            self.queue.charge_running()
            t.budget = min(t.budget, 0)
            self.throttle(t)
        elif why == WAKE and t.throttled is not None:
            if t.throttled <= self.now:
                self.owe_replenish(t)
                t.wakes = True  # the rules are for what it has then
        elif why == WAKE:
            self.wake(t)

    def wake(self, t):
        """The first that fits: it may not begin its next period early; what is left of its budget would be too much for the time until
        d, so both begin anew; else they hold."""
        (Q, D, P), now = server(t), self.now
        if D < P and t.deadline <= now < t.deadline - D + P:
            t.budget = 0
            self.throttle(t)
        elif t.deadline < now or t.budget * D > (t.deadline - now) * Q:
            t.deadline, t.budget = now + D, Q

    def leaves(self, t):
        if t.gone:
            self.forget(t)

    def quits(self, t):
        self.forget(t)

    def enters(self, t, runs):
        if t.lent:
            t.own_deadline, t.deadline = None, t.params[1]
            return
        Q, D, _ = server(t)
        t.deadline, t.budget, t.missed = self.now + D, Q, None
        self.forget(t)

    def changed(self, t, before):
        """A lent deadline (runtime 0, and absolute) puts its own, and its budget, aside until it is gone."""
        *_, was_lent = before
        if t.lent:
            if not was_lent:
                t.own_deadline = t.deadline
            self.forget(t)
            t.deadline = min(t.own_deadline or t.params[1], t.params[1])
        elif was_lent and t.own_deadline is not None:
            t.deadline, t.own_deadline = t.own_deadline, None
            if t.budget <= 0:
                self.throttle(t)
        else:
            t.budget = min(t.budget, server(t)[0])

    def became_ready(self, t, running):
        if t.deadline >= running.deadline:
            return None
        return f"thread {self.describe(t)} became ready, {self.describe(running)} runs"

    def entity(self, t):
        return 0, t.deadline, 0, 0 if t.lent else t.budget

    def describe(self, t):
        throttled = "" if t.throttled is None else f", throttled until {t.throttled}"
        return f"{t.tid} (deadline {t.deadline}, budget {t.budget}{throttled})"
