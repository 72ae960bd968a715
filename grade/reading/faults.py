"""Kernels with a mistake, as models that are wrong in one place. Each names the rule (rules.py) that it breaks; in a run that does not come
to it, nothing is broken, and the run is not used."""

from ..models.cfs import LATENCY_NS, Cfs
from ..models.deadline import Deadline, server
from ..models.eevdf import Eevdf, request
from ..models.fair import slice_of
from ..models.rt import RealTime
from ..models.sched_class import SCHED_IDLE
from ..models.schedule import CHANGED, PREEMPTED
from .judge import AtOnce


class Impatient:
    """Every tick takes the CPU away if somebody else comes first."""

    breaks = "keeps-cpu"

    def ticked(self, t):
        first = self.best()
        if first and self.key(first) < self.key(t):
            self.queue.make_room("impatience")


class Deaf:
    """Who becomes ready waits for its turn."""

    def became_ready(self, t, running):
        return None


# --- cfs ---------------------------------------------------------------------------------------------------------------------------------


class LongestWait(Cfs):
    breaks = "cfs-pick"

    def best(self):
        return min(self.waiting(), key=lambda t: (t.since, t.tid), default=None)


class NoWeights(Cfs):
    breaks = "charge"

    def charge(self, t, delta):
        t.v += delta
        self.raise_minimum()


class EqualTurns(Cfs):
    breaks = "cfs-turn"

    def slice(self, t, n, total):
        return LATENCY_NS // n


class NoClamp(Cfs):
    breaks = "cfs-place"

    def place(self, t, why):
        pass


class GoesBack(Cfs):
    breaks = "cfs-minimum"

    def raise_minimum(self):
        if self.members:
            self.min_vruntime = min(t.v for t in self.members.values())


class DeafCfs(Deaf, Cfs):
    breaks = "cfs-wake"


class ImpatientCfs(Impatient, Cfs):
    pass


# --- eevdf -------------------------------------------------------------------------------------------------------------------------------


class NotEligible(Eevdf):
    breaks = "eevdf-pick"

    def best(self):
        return min(self.waiting(), key=self.key, default=None)


class LeastV(Eevdf):
    breaks = "eevdf-pick"

    def best(self):
        return min(self.waiting(), key=lambda t: (t.v, t.since), default=None)


class NoWeightsEither(Eevdf):
    breaks = "charge"

    def charge(self, t, delta):
        t.v += delta
        if t.v >= t.d:
            t.d, t.protected = t.v + request(t), False


class SameRequest(Eevdf):
    breaks = "eevdf-request"

    def charge(self, t, delta):
        served = t.d
        super().charge(t, delta)
        if t.d != served:
            t.d = t.v + slice_of(t)


class OthersLag(Eevdf):
    """The thread that runs is forgotten."""

    breaks = "eevdf-lag"

    def entity(self, t):
        v, d, _, budget = super().entity(t)
        others = self.waiting() or [t]
        mean = sum(one.v * one.weight for one in others) // sum(one.weight for one in others)
        return v, d, t.weight * (mean - t.v) // 1024, budget


class LagLost(Eevdf):
    breaks = "eevdf-place"

    def place(self, t, why):
        t.v = self.V
        t.d = t.v + request(t)


class LagShrinks(Eevdf):
    """What the newcomer adds to the mean is not made up for."""

    breaks = "eevdf-place"

    def place(self, t, why):
        t.v = self.V - t.vlag
        t.d = t.v + request(t)


class NoEnd(Eevdf):
    breaks = "eevdf-tick"

    def ticked(self, t):
        pass


class DeafEevdf(Deaf, Eevdf):
    breaks = "eevdf-wake"


class ImpatientEevdf(Impatient, Eevdf):
    pass


# --- real-time ---------------------------------------------------------------------------------------------------------------------------


class LastFirst(RealTime):
    breaks = "rt-pick"

    def key(self, t):
        return -t.rt_priority, -t.place


class LosesItsPlace(RealTime):
    breaks = "rt-pick"

    def joins(self, t, why):
        super().joins(t, CHANGED if why == PREEMPTED else why)


class DeafRt(Deaf, RealTime):
    breaks = "rt-wake"


class EqualsToo(RealTime):
    breaks = "keeps-cpu"

    def became_ready(self, t, running):
        return "rudeness" if t.rt_priority >= running.rt_priority else None


class NoTurns(RealTime):
    breaks = "rt-turn"

    def ticked(self, t):
        pass


class NoLimit(RealTime):
    breaks = "rt-limit"

    def charge(self, t, delta):
        pass


# --- deadline ----------------------------------------------------------------------------------------------------------------------------


class ShortestPeriod(Deadline):
    breaks = "edf-pick"

    def key(self, t):
        return server(t)[2], t.since, t.tid


class WhoCameFirst(Deadline):
    breaks = "edf-pick"

    def key(self, t):
        return t.since, t.tid


class DeafDeadline(Deaf, Deadline):
    breaks = "edf-wake"


class ShortestTakesOver(Deadline):
    breaks = "keeps-cpu"

    def became_ready(self, t, running):
        return "rudeness" if server(t)[2] < server(running)[2] else None


class NoBudget(Deadline):
    breaks = "cbs-limit"

    def charge(self, t, delta):
        t.budget -= delta


class FromNow(Deadline):
    """The next deadline is counted from the replenishment."""

    breaks = "cbs-replenish"

    def replenished(self, t):
        Q, D, P = server(t)
        return t.budget + Q, self.now + P


class DeadlineStays(Deadline):
    breaks = "cbs-replenish"

    def replenished(self, t):
        return t.budget + server(t)[0], t.deadline


class AtTheDeadline(Deadline):
    """As if D were P."""

    breaks = "cbs-time"

    def throttle(self, t):
        Q, D, P = t.params
        t.params = Q, D, D
        super().throttle(t)
        t.params = Q, D, P


class KeepsAll(Deadline):
    breaks = "cbs-wake"

    def wake(self, t):
        pass


class AlwaysNew(Deadline):
    breaks = "cbs-wake"

    def wake(self, t):
        Q, D, _ = server(t)
        t.deadline, t.budget = self.now + D, Q


# --- all of them -------------------------------------------------------------------------------------------------------------------------


class RealTimeFirst(AtOnce):
    breaks = "class-order"

    def best(self):
        deadline, rt, *others = self.classes
        return next(filter(None, (each.best() for each in (rt, deadline, *others))), None)


class NormalAndIdleAlike(AtOnce):
    """A thread of SCHED_IDLE counts as a normal one, and has waited longest."""

    breaks = "class-order"

    def best(self):
        best = super().best()
        idle = [t for t in self.standing.values() if t.policy == SCHED_IDLE]
        return idle[0] if idle and best and best.cls == self.classes[2].id else best


class DeafQueue(AtOnce):
    """Who becomes ready waits until who runs leaves the CPU."""

    breaks = "class-order"

    def look_at(self, event, t):
        if self.now_running() is None or t.cls == self.now_running().cls:
            super().look_at(event, t)


class LastComeFirst(AtOnce):
    """Whoever becomes ready takes the CPU from a lower or higher class alike, if it can."""

    breaks = "keeps-cpu"

    def look_at(self, event, t):
        super().look_at(event, t)
        if self.now_running() and t.cls > self.now_running().cls:
            self.set_due(event, "rudeness")


CFS = (LongestWait, NoWeights, EqualTurns, NoClamp, GoesBack, DeafCfs, ImpatientCfs)
EEVDF = (NotEligible, LeastV, NoWeightsEither, SameRequest, OthersLag, LagLost, LagShrinks, NoEnd, DeafEevdf, ImpatientEevdf)
REAL_TIME = (LastFirst, LosesItsPlace, DeafRt, EqualsToo, NoTurns)
DEADLINE = (ShortestPeriod, WhoCameFirst, DeafDeadline, ShortestTakesOver, NoBudget, FromNow, DeadlineStays, AtTheDeadline, KeepsAll,
            AlwaysNew)
ALL_CLASSES = (RealTimeFirst, NormalAndIdleAlike, DeafQueue, LastComeFirst, NoLimit)
