"""Model of EEVDF, earliest eligible virtual deadline first (Stoica and Abdel-Wahab 1995).

V = floor(sum v_i w_i / W) over the members, the running one included, is what everybody would have got by now; lag_i = w_i (V - v_i) / 1024
is what i is owed, in ns. Only who is owed something, v_i <= V, is eligible; of these the earliest virtual deadline d runs: who asks for
a shorter slice is served sooner, not more. Who was picked is protected until its d moves or it is not eligible any more."""

from ..event_words import ENTITY
from .fair import Fair, advance, slice_of
from .sched_class import NICE_0_WEIGHT, divide
from .schedule import CHANGED, NEW


def request(t):
    """t's slice in virtual time."""
    return slice_of(t) * NICE_0_WEIGHT // t.weight


class Eevdf(Fair):
    rule = "of those that wait and are eligible (v <= V), the one with the earliest virtual deadline runs next; of equals, who became " \
           "ready first"
    numbers_of = ENTITY["eevdf"]
    new_numbers_count = True

    def __init__(self, queue):
        super().__init__(queue)
        self.last_v = 0  # V while there is no member

    @property
    def V(self):
        total = self.W
        return sum(t.v * t.weight for t in self.members.values()) // total if total else self.last_v

    def eligible(self, t):
        """A product, not V: exact."""
        return t.v * self.W <= sum(other.v * other.weight for other in self.members.values())

    def key(self, t):
        """Who runs until now loses against its equals."""
        waits = self.in_tree(t)
        return t.d, not waits, t.since if waits else self.queue.clock, t.tid

    def best(self):
        return self.best_of([t for t in self.members.values() if self.in_tree(t)])

    def best_of(self, threads):
        total, load = self.W, sum(t.v * t.weight for t in self.members.values())
        return min((t for t in threads if t.v * total <= load), key=self.key, default=None)

    def charge(self, t, delta):
        advance(t, delta)
        if t.v >= t.d:
            t.d, t.protected = t.v + request(t), False

    def place(self, t, why):
        """With the lag that it had when it left: what it adds to V is made up for, so V is behind it by that lag when it has joined."""
        if why == NEW:
            t.vlag = t.rem = 0
        total = self.W
        t.v = self.V - (divide(t.vlag * (total + t.weight), total) if total else 0)
        if why == NEW:
            t.d = t.v + slice_of(t) // 2 * NICE_0_WEIGHT // t.weight
        else:
            t.d = t.v + (t.rel if why == CHANGED else request(t))

    def yields(self, t):
        if t.d - t.v <= request(t):
            t.d += request(t)

    def left(self, t):
        limit = max(2 * slice_of(t), self.queue.numbers.tick_ns) * NICE_0_WEIGHT // t.weight
        t.vlag = max(-limit, min(self.V - t.v, limit))
        t.rel = t.d - t.v
        super().left(t)
        if not self.members:
            self.last_v = t.v

    def enters(self, t, runs):
        t.vlag, t.rel, t.protected, t.foreign = 0, request(t), False, not runs
        if runs:
            t.v = self.V
            t.d = t.v + request(t)
            self.members[t.tid] = t

    def returns(self, t, runs):
        """It has the lag with which it went, if it had one."""
        if t.foreign:
            self.enters(t, runs)
        elif runs:
            self.place(t, CHANGED)
            self.members[t.tid] = t

    def changed(self, t, before):
        """A new weight keeps the lag: w (V - v) is the same afterwards, and so is w (d - V). V does not move."""
        old_weight, old_slice = before[:2]
        new_slice = slice_of(t) != old_slice
        if t.tid in self.members:
            V = self.weighed(t, old_weight)
            t.v, t.d = V - divide((V - t.v) * old_weight, t.weight), V + divide((t.d - V) * old_weight, t.weight)
            if new_slice:
                t.d = t.v + request(t)
        else:
            t.vlag, t.rel = divide(t.vlag * old_weight, t.weight), divide(t.rel * old_weight, t.weight)
            if new_slice:
                t.rel = request(t)

    def weighed(self, t, weight):
        """V with t's weight as it was."""
        more = weight - t.weight
        return (sum(other.v * other.weight for other in self.members.values()) + t.v * more) // (self.W + more)

    def picked(self, t):
        t.protected = True

    def end_protection(self, running):
        if running.protected and not self.eligible(running):
            running.protected = False

    def another_is_best(self, running):
        """Who has to run before `running`; None if nobody has."""
        best = self.best_of(self.members.values())
        return best if best is not running else None

    def became_ready(self, t, running):
        self.end_protection(running)
        if running.protected and slice_of(t) >= slice_of(running):
            return None
        if self.another_is_best(running) is not t:
            return None
        return f"thread {self.describe(t)} became ready, and {self.describe(running)} runs"

    def gives_way(self, t):
        best = None if t.protected else self.another_is_best(t)
        return best and f"thread {self.describe(best)} has the earlier deadline now"

    def ticked(self, t):
        self.end_protection(t)
        best = None if t.protected else self.another_is_best(t)
        if best:
            self.queue.make_room(f"it has used up its slice or its share, and thread {self.describe(best)} has the earliest deadline of "
                                 "those that are eligible")

    def entity(self, t):
        return t.v, t.d, divide(t.weight * (self.V - t.v), NICE_0_WEIGHT), divide((t.d - t.v) * t.weight, NICE_0_WEIGHT)

    def describe(self, t):
        return f"{t.tid} (v {t.v}, d {t.d}{'' if self.eligible(t) else ', not eligible'})"
