"""What the models of the scheduling classes have in common: a thread with all that any class knows of it, and what a class is asked.

There is one object of each class for each run queue; classes.py calls it at every record. Times are whole nanoseconds of the kernel's
clock where a name does not say cycles; virtual times (v, d, vlag, rel) are nanoseconds of a thread of nice 0. Division is C's: it
truncates toward 0, except where floor is said."""

from collections import namedtuple

from . import schedule

DEADLINE, RT, NORMAL, IDLE = range(4)  # enum sched_class_id, the highest first
OTHER, FIFO, RR, BATCH, SCHED_IDLE, SCHED_DEADLINE = 0, 1, 2, 3, 5, 6
CLASS_OF = {OTHER: NORMAL, FIFO: RT, RR: RT, BATCH: NORMAL, SCHED_IDLE: IDLE, SCHED_DEADLINE: DEADLINE}
CLASS_NAMES = ("deadline", "real-time", "normal", "idle")
EVERYWHERE = 2**64 - 1
WEIGHTS = (88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916, 9548, 7620, 6100, 4904, 3906, 3121, 2501, 1991, 1586,
           1277, 1024, 820, 655, 526, 423, 335, 272, 215, 172, 137, 110, 87, 70, 56, 45, 36, 29, 23, 18, 15)  # by nice + 20
NICE_0_WEIGHT = 1024

# A record that has to come, before any decision on this queue but a PICK's own: its name, tid, arg[0], and what it says, for people.
Owed = namedtuple("Owed", "name tid number rule")


def divide(a, b):
    """a / b as C does it."""
    return a // b if (a < 0) == (b < 0) else -(-a // b)


class Thread(schedule.Thread):
    """What the models know of a thread. charged: ns of what it has run that were charged; at: the clock (cycles) at which `ran` was true.

    Policy: policy, rt_priority, nice, slice_ns (0: default), reset_on_fork, params (runtime, deadline, period; new_params:
    those of the last PARAMS), cls.
    Place: queue (the Queue in which it stood last), mask (CPUs on which it may run), suspended, fresh (made, and in no queue yet), gone.
    Fair: v, d, rem (what is left of charges, below its weight), vlag and rel (V - v and d - v when it left), protected, picked_charged
    (charged when it was picked), source_min (min_vruntime of the queue it comes from, or None), foreign (it comes from another class).
    RT: place (in its list: smaller is nearer the head), turn_start (charged when its turn began), expired (its turn ended at a tick since
    it was picked), lowered (its priority, since it stood last).
    lent: it goes by what it inherits, not by what it asked for.
    DEADLINE: budget (q), deadline (d, absolute), own_deadline (while it goes by a lent one; None: it has none), throttled (ns at which the
    budget comes back, or None), missed (the deadline of its last MISS), ticks_late (ticks since throttled passed), wakes (it is being
    woken, and replenished before)."""

    def __init__(self, tid, clock=0, burst_ns=0):
        super().__init__(tid, clock, burst_ns)
        self.charged, self.at = 0, clock
        self.policy, self.rt_priority, self.nice, self.slice_ns, self.reset_on_fork = OTHER, 0, 0, 0, False
        self.params, self.new_params, self.cls = (0, 0, 0), (0, 0, 0), NORMAL
        self.queue, self.mask, self.suspended, self.fresh, self.gone = None, EVERYWHERE, False, False, False
        self.v = self.d = self.rem = self.vlag = self.rel = self.picked_charged = 0
        self.protected, self.source_min, self.foreign = False, None, False
        self.place = self.turn_start = 0
        self.expired = self.lowered = False
        self.budget = self.deadline = self.ticks_late = 0
        self.throttled = self.missed = None
        self.wakes = self.lent = False
        self.own_deadline = None

    @property
    def weight(self):
        return WEIGHTS[self.nice + 20]


class SchedClass:
    """A class of one run queue. What a class adds: id, rule, numbers_of, key(), and where it has them the others. Those that say that
    somebody has to make room do so by queue.make_room(), and that a record has to come by queue.owe()."""

    id = NORMAL
    rule = "whoever has waited longest runs next"
    numbers_of = None             # names of the numbers of its ENTITY records; None: it has none
    new_numbers_count = False     # as if it had become ready: of who waits, when its numbers change
    charged_when_others_come = False  # its running thread is charged whenever a thread of the class comes, goes or is changed

    def __init__(self, queue):
        self.queue = queue

    @property
    def now(self):
        """ns of the queue's clock."""
        return self.queue.ns(self.queue.clock)

    def waiting(self):
        """Those of the class that stand in the queue, throttled ones included."""
        return [t for t in self.queue.standing.values() if t.cls == self.id]

    def may_run(self, t):
        """False while t is throttled."""
        return True

    def best(self):
        """Who of the class runs next; None if nobody may."""
        return min((t for t in self.waiting() if self.may_run(t)), key=self.key, default=None)

    def key(self, t):
        """Of all of the class who wait, the one with the least key runs next."""
        return t.since, t.tid

    def charge(self, t, delta):
        """t, which runs, has run for delta ns."""

    def joins(self, t, why):
        """t is about to stand in the queue; why: enum enqueue_why. It may be the one that runs until the PICK that follows."""

    def leaves(self, t):
        """t does not belong to this queue, or this class, any more: it was charged if it ran."""

    def enters(self, t, runs):
        """t's policy made it one of this class: it stands in no queue; runs: it goes on running."""

    def returns(self, t, runs):
        """t's policy is one of this class again after it inherited another one."""
        self.enters(t, runs)

    def changed(self, t, before):
        """t's numbers changed and it stayed in the class. before: (weight, slice, policy, rt_priority, lent) until now."""

    def quits(self, t):
        """t's policy took it to another class."""

    def blocks(self, t):
        """t, which runs, waits for something."""

    def became_ready(self, t, running):
        """Why `running`, of this class, has to make room for t, which just became ready; None if it has not."""
        return None

    def picked(self, t):
        """t runs from now on."""

    def ticked(self, t):
        """The timer ticked while t ran; it was charged."""

    def stays_best(self, t):
        """Whether t would be picked again among those of this class if it made room now."""
        best = self.best()
        return not best or self.key(t) < self.key(best)

    def gives_way(self, t):
        """Why t, which runs and whose policy just changed, has to make room for another one of this class; None if it has not."""
        best = self.best()
        return best and self.became_ready(best, t)

    def entity(self, t):
        """The numbers of t's ENTITY record, in the order of numbers_of."""
        return ()

    def describe(self, t):
        """t's rank, for people."""
        return f"{t.tid} ({CLASS_NAMES[self.id]}, ready since {t.since})"

    def details(self, t):
        """The same with all that a decision about t depends on."""
        if not self.numbers_of:
            return self.describe(t)
        numbers = ", ".join(f"{name} {number}" for name, number in zip(self.numbers_of, self.entity(t)) if name)
        return f"{t.tid} ({CLASS_NAMES[self.id]}: {numbers})"
