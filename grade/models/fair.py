"""What the models of the fair policies, cfs and eevdf, have in common: weights, and what a charge does to virtual time.

A thread's virtual time v goes by the faster the lighter it is: 1024 / w for each nanosecond, w being the weight of its nice value. What a
division leaves over (rem) is kept, so that nothing is lost however often a thread is charged."""

from .schedule import YIELD
from .sched_class import NICE_0_WEIGHT, NORMAL, SchedClass

DEFAULT_SLICE_NS, MIN_SLICE_NS, MAX_SLICE_NS = 3000000, 500000, 100000000


def slice_of(t):
    """t's slice r in ns."""
    return min(max(t.slice_ns, MIN_SLICE_NS), MAX_SLICE_NS) if t.slice_ns else DEFAULT_SLICE_NS


def advance(t, delta):
    """t's virtual time after delta ns more on the CPU."""
    x = delta * NICE_0_WEIGHT + t.rem
    t.v += x // t.weight
    t.rem = x % t.weight


class Fair(SchedClass):
    """members: {tid: Thread} of all of the class that stand in the queue, and the one that runs."""

    id = NORMAL
    charged_when_others_come = True

    def __init__(self, queue):
        super().__init__(queue)
        self.members = {}

    @property
    def W(self):
        """The members' weights together."""
        return sum(t.weight for t in self.members.values())

    def in_tree(self, t):
        return t.tid in self.queue.standing

    def joins(self, t, why):
        """Called before t counts as standing in the queue."""
        if t.tid in self.members:  # it runs, and gives up the CPU
            if why == YIELD:
                self.yields(t)
            return
        self.place(t, why)
        t.source_min, t.foreign = None, False
        self.members[t.tid] = t

    def leaves(self, t):
        if t.tid in self.members:
            self.left(t)
        t.protected = False

    def place(self, t, why):
        """Gives t, no member yet, its v and d."""

    def yields(self, t):
        """t, which runs, gives up the CPU and stays ready."""

    def left(self, t):
        """Takes t, a member, out."""
        del self.members[t.tid]
