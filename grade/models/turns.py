"""Classes that follow one of the earlier policies: threads of SCHED_IDLE take turns as under round-robin, and the boot option may say
that normal threads follow rr, fcfs, prio, mlfq or sjf."""

from .fcfs import FirstCome
from .mlfq import FeedbackQueue
from .prio import Priority
from .rr import RoundRobin
from .sched_class import IDLE, NORMAL, SchedClass
from .sjf import ShortestJob

POLICIES = {"rr": RoundRobin, "fcfs": FirstCome, "prio": Priority, "mlfq": FeedbackQueue, "sjf": ShortestJob}


class Turns(SchedClass):
    """A class whose rules are those of an earlier policy (schedule.Policy). Time that is charged has no part in it."""

    def __init__(self, queue, policy):
        super().__init__(queue)
        self.model = policy(queue.numbers)
        self.rule = self.model.rule

    def policy(self):
        """The earlier model, told of the clock and of those who wait."""
        self.model.clock = self.queue.clock
        self.model.waiting = {t.tid: t for t in self.waiting()}
        return self.model

    def key(self, t):
        return self.policy().key(t)

    def best(self):
        return self.policy().best()

    def joins(self, t, why):
        self.policy().joins(t, why)

    def enters(self, t, runs):
        """A quantum begins."""
        t.slice_start = t.ran

    def became_ready(self, t, running):
        if not self.policy().takes_over(t, running):
            return None
        return f"thread {self.describe(t)} became ready, {self.describe(running)} runs"

    def blocks(self, t):
        self.policy().leaves(t)

    def picked(self, t):
        self.policy().picked(t)

    def ticked(self, t):
        model = self.policy()
        model.ticked(t)
        reason = model.used_up(t)
        if reason:
            self.queue.make_room(reason, unless_best=True)

    def stays_best(self, t):
        return self.policy().stays_best(t)

    def describe(self, t):
        return self.policy().describe(t)

    def details(self, t):
        return self.policy().details(t)


class Normal(Turns):
    id = NORMAL


class IdleTurns(Turns):
    """Every thread has the first quantum."""

    id = IDLE

    def __init__(self, queue):
        super().__init__(queue, RoundRobin)
        quantum = queue.numbers.quantum
        self.model.numbers = queue.numbers._replace(quantum=[quantum[0]] * len(quantum))
