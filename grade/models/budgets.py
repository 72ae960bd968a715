"""Records that follow from another decision, or from the time: THROTTLE, MISS and REPLENISH, of deadline threads and of the real-time
class. A class that finds out, while it charges a thread, that one has to come says so (Queue.owe()), and it has to come before anything
else is decided. Where the charge belongs to a PICK or a POLICY, the record comes before that one: the charge is made when it is met."""

from .sched_class import DEADLINE, RT
from .schedule import IDLE


class Budgets:
    """The part of a Queue (class_queue.py) that has to do with them."""

    def find(self, event):
        return next((owed for owed in self.owed if owed[:2] == (event.event, event.tid)), None)

    def on_throttle(self, event):
        """A budget ends when the timer says so, and not only at a tick."""
        if not self.find(event) and event.tid == self.running:
            self.charge_blindly()
        return self.settle(event, "the budget is not used up, or was said to be already")

    def charge_blindly(self):
        """Without a look for a missed deadline, which comes with the next charge."""
        self.classes[DEADLINE].looks_for_misses = False
        self.charge_running()
        self.classes[DEADLINE].looks_for_misses = True

    def on_miss(self, event):
        if not self.find(event):
            self.charge_early()
            best = self.best()
            if best and best.cls == DEADLINE and best.tid == event.tid:
                self.class_of(best).check_missed(best)
        return self.settle(event, "a deadline is missed once, when it has passed and its thread, ready and with budget left, is charged "
                           "or picked")

    def on_replenish(self, event):
        return self.rt_comes_back(event) if event.tid == IDLE else self.deadline_comes_back(event)

    def rt_comes_back(self, event):
        rt = self.classes[RT]
        if rt.throttled is None or rt.now < rt.throttled:
            return self.deviation(event, f"the real-time class comes back when its window ends; now is {rt.now}", rt.throttled)
        rt.replenish()
        best = rt.best()
        if best:
            self.look_at(event, best)
        return None

    def deadline_comes_back(self, event):
        t, deadline = self.threads.get(event.tid), self.classes[DEADLINE]
        if not t or t.throttled is None or deadline.now < t.throttled:
            return self.deviation(event, f"a budget comes back at its time, and only if it was used up; now is {deadline.now}",
                                  t and t.throttled)
        owed = self.find(event)
        if owed:
            self.owed.remove(owed)
        elif self.owed:
            return self.missing()
        deadline.replenish(t)
        if event.arg[0] != t.deadline:
            return self.deviation(event, f"a replenishment moves the deadline with the budget: thread {t.tid}'s is {t.deadline} then",
                                  t.deadline)
        deadline.wakes_late(t)
        if t.tid in self.standing and t.tid != self.running:
            self.look_at(event, t)
        elif t.tid == self.running:
            self.make_room("its budget was used up and is renewed, so its deadline is later", unless_best=True)
        return None

    def settle(self, event, why):
        """Takes off an owed record that came."""
        owed = self.find(event)
        if not owed:
            return self.deviation(event, f"{event.event} of thread {event.tid} comes without a reason: {why}")
        self.owed.remove(owed)
        if event.arg[0] != owed.number:
            return self.deviation(event, f"{event.event} of thread {event.tid} has another time: {owed.rule}", owed.number)
        return None

    def late_replenishment(self, event):
        """A Deviation if a budget has not come back though its time has passed: by the second tick after it, or, while the CPU idles and
        has no ticks, by two ticks' time. Who sleeps meanwhile gets it when it wakes."""
        rt, here = self.classes[RT], {self.running, *self.standing}
        throttled = [(t, f"thread {t.tid}") for t in self.classes[DEADLINE].without_budget.values() if t.tid in here]
        for back, who in [(rt, "the real-time class"), *throttled]:
            if back.throttled is None or rt.now < back.throttled or event.event == "REPLENISH":
                continue
            back.ticks_late += event.event == "TICK"
            idles = self.alone and self.running == IDLE and rt.now > back.throttled + 2 * self.numbers.tick_ns
            if back.ticks_late > 1 or idles:
                return self.deviation(event, f"a budget comes back a tick after its time at the latest: {who} is still throttled at "
                                      f"{rt.now}, and its time was {back.throttled}", back.throttled)
        return None
