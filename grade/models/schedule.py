"""What the models of the policies have in common: replaying one CPU's trace, decision by decision.

A policy is a class derived from Policy; its module has replay(events, numbers), which returns None or a Deviation at the first event
where the kernel did what the policy forbids, or failed to do what it demands. A model knows what the trace's [d] records say of each
decision (kernel/base/trace.h: who, why, how many cycles it had run, its priority, the clock at which it was decided) and never looks at
the kernel's own queue. All arithmetic is on whole numbers of cycles, so there is no tolerance. A preemption that is due has to come after
the next tick at the latest, one event later at most: until then the kernel may be where it cannot switch.

An event may be any object with the fields of events.Event."""

from collections import namedtuple
from importlib import import_module

from ..events import DECISIONS, decision_line
from ..rules import require

IDLE = 0  # the idle thread's id: picked when nobody waits
NEW, YIELD, PREEMPTED, WAKE, CHANGED = range(5)  # enum enqueue_why
READY = 1                                        # enum thread_state
NORMAL_PRIORITY, NORMAL_EFFECTIVE = 2, 32

Deviation = namedtuple("Deviation", "event rule expected waiting running")
Due = namedtuple("Due", "event reason")

# Cycles: quantum by thread priority, mlfq_quantum and mlfq_allotment by level (who has run so long at a tick has used it up), ageing,
# boost, first_tau. tick_ns: from one tick to the next.
Numbers = namedtuple("Numbers", "quantum ageing mlfq_quantum mlfq_allotment boost first_tau cycles_per_ms tick_ns")


def numbers(kernel):
    """The Numbers by which a kernel ran. kernel: state.Kernel."""
    policy = kernel["policy"]
    return Numbers(list(policy.quantum), policy.ageing, list(policy.mlfq_quantum), list(policy.mlfq_allotment), policy.mlfq_boost,
                   policy.sjf_first_tau, policy.cycles_per_ms, policy.tick_ns)


def priorities(event):
    """(own, effective) priority of a [d] record's thread."""
    return event.arg[2] & 0xff, event.arg[2] >> 8 & 0xff


class Thread:
    """What a model knows of a thread. known: own and effective have been seen. ran, and all that is compared with it: cycles that it has
    run; since: the clock at which it got its place among equals. level, boost, allotment_start: mlfq's; tau (0: not known yet),
    burst_start, goes_on: sjf's."""

    def __init__(self, tid, clock=0, burst_ns=0):
        self.tid, self.since, self.burst_ns = tid, clock, burst_ns
        self.own, self.effective, self.known = NORMAL_PRIORITY, NORMAL_EFFECTIVE, False
        self.ran = self.slice_start = 0
        self.level = self.boost = self.allotment_start = 0
        self.tau, self.burst_start, self.goes_on = 0, 0, False


class Policy:
    """Replays a trace. What a policy adds: rule, key(), joins(), and where it has them takes_over(), used_up(), leaves(), picked(),
    ticked()."""

    rule = "the policy's order is kept"

    def __init__(self, numbers, running=None):
        self.numbers, self.running = numbers, running
        self.threads, self.waiting = {}, {}
        self.clock = 0
        self.due = self.ticked_since = None  # Due: why the running thread has to make room; events since the tick after that
        self.excuse = False                  # it may lose the CPU

    # --- what a policy says ------------------------------------------------------------------------------------------------------

    def key(self, t):
        """Of all who wait, the one with the least key runs next."""
        return t.since, t.tid

    def joins(self, t, why):
        """t joins the queue."""
        t.since = self.clock

    def takes_over(self, t, running):
        """Whether t, which just became ready, takes the CPU from the running thread."""
        return False

    def used_up(self, t):
        """Why t, which runs, may lose the CPU now that the timer has ticked; None if it may not."""
        return None

    def stays_best(self, t):
        """Whether t would be picked again if it made room now."""
        return not self.waiting

    def ticked(self, t):
        """The timer ticked while t ran; called first."""

    def leaves(self, t):
        """t, which runs, blocks."""

    def picked(self, t):
        """t runs from now on."""

    def describe(self, t):
        """t's rank, for people."""
        return f"{t.tid} (ready since {t.since})"

    def details(self, t):
        """The same with all that a decision about t depends on, as it was at its last record."""
        return self.describe(t)

    # --- the replay --------------------------------------------------------------------------------------------------------------

    def replay(self, events):
        steps = {name.upper(): getattr(self, "on_" + name)
                 for name in ("create", "enqueue", "dequeue", "pick", "switch", "tick", "block", "priority")}
        for event in events:
            wrong = self.overdue(event)
            if not wrong and event.event in DECISIONS:
                self.clock = event.arg[3]
                wrong = self.meddled(event)
            if not wrong and event.event in steps:
                wrong = steps[event.event](event)
            if wrong:
                return wrong
        return None

    def deviation(self, event, rule, expected=None):
        running = self.threads.get(self.running)
        return Deviation(event, rule, expected, [self.details(t) for t in self.in_order()], running and self.details(running))

    def in_order(self):
        return sorted(self.waiting.values(), key=self.key)

    def best(self):
        return min(self.waiting.values(), key=self.key, default=None)

    def thread(self, event):
        """The Thread of an event, up to date with what the record says."""
        t = self.threads.get(event.tid)
        if t is None:
            t = self.threads[event.tid] = Thread(event.tid, self.clock)
        if event.event != "PRIORITY":
            t.ran = event.arg[1]
        t.own, t.effective, t.known = *priorities(event), True
        return t

    def meddled(self, event):
        """A Deviation if the thread's priority is not what somebody set or lent."""
        t = self.threads.get(event.tid)
        if event.event == "PRIORITY" or not t or not t.known or (t.own, t.effective) == priorities(event):
            return None
        return self.deviation(event, f"a policy leaves a thread's own priority alone: thread {t.tid}'s was {t.effective}, and it is "
                              f"{priorities(event)[1]} now, though nobody set it")

    def now_running(self):
        """The Thread that runs; None if that is the idle thread or not known yet."""
        if self.running in (None, IDLE):
            return None
        if self.running not in self.threads:
            self.threads[self.running] = Thread(self.running, self.clock)
        return self.threads[self.running]

    def set_due(self, event, reason):
        self.excuse = True
        if not self.due:
            self.due, self.ticked_since = Due(event, reason), None

    def overdue(self, event):
        """A Deviation if the running thread should have made room before this event."""
        if not self.due:
            return None
        late = False
        if self.running == IDLE:
            late = event.time - self.due.event.time > 2 * self.numbers.tick_ns  # no tick while the CPU idles
        elif event.event == "TICK" and event.tid == self.running:
            late, self.ticked_since = self.ticked_since is not None, 0
        elif self.ticked_since is not None and event.event != "PICK" and not (event.event == "ENQUEUE" and event.tid == self.running):
            self.ticked_since += 1
            late = self.ticked_since > 1 and event.event not in ("BLOCK", "EXIT", "SWITCH")
        if not late:
            return None
        who = "the idle thread" if self.running == IDLE else f"thread {self.running}"
        rule = f"{who} has to make room: {self.due.reason} (event {self.due.event.seq}); it still runs"
        return self.deviation(event, rule, self.best().tid if self.waiting else None)

    def on_create(self, event):
        self.threads[event.tid] = Thread(event.tid, self.clock, event.arg[2])

    def on_enqueue(self, event):
        if event.tid in self.waiting:
            return self.deviation(event, f"thread {event.tid} joins the queue while it still stands there")
        why, mine = event.arg[0], event.tid == self.running
        if why == PREEMPTED and mine and not self.excuse:
            rule = f"thread {event.tid} loses the CPU without a reason: nobody may take it, and its time is not over"
            return self.deviation(event, rule, event.tid)
        t, running = self.thread(event), self.now_running()
        self.joins(t, why)
        self.waiting[t.tid] = t
        if self.running == IDLE:
            self.set_due(event, f"thread {t.tid} became ready")
        elif not mine and running and self.takes_over(t, running):
            self.set_due(event, f"thread {self.describe(t)} became ready, {self.describe(running)} runs")
        return self.count(event)

    def on_dequeue(self, event):
        if self.waiting.pop(event.tid, None) is None:
            return self.deviation(event, f"thread {event.tid} leaves a queue in which it does not stand")
        self.thread(event)
        return self.count(event)

    def on_pick(self, event):
        best = self.best()
        expected = best.tid if best else IDLE
        if event.tid != expected:
            return self.deviation(event, self.rule, expected)
        self.running, self.due, self.excuse = event.tid, None, False
        if best:
            del self.waiting[event.tid]
            self.picked(self.thread(event))
        return self.count(event)

    def on_switch(self, event):
        if event.arg[0] == READY and event.tid != IDLE and event.tid not in self.waiting:
            return self.deviation(event, f"thread {event.tid} is still ready and stands in no queue: it will never run again")
        return None

    def on_tick(self, event):
        if self.running is None:
            self.running = event.tid
        if event.tid != self.running:
            return self.deviation(event, f"a tick is the running thread's, which is {self.running}", self.running)
        t = self.thread(event)
        self.ticked(t)
        reason = self.used_up(t)
        self.excuse = self.excuse or reason is not None
        if reason and not self.stays_best(t):
            self.set_due(event, reason)
        return None

    def on_block(self, event):
        if self.running is None:
            self.running = event.tid
        if event.tid != self.running:
            return self.deviation(event, f"only the running thread, which is {self.running}, can block", self.running)
        self.leaves(self.thread(event))
        return None

    def on_priority(self, event):
        t, best = self.thread(event), self.best()
        if t.tid == self.running:
            self.excuse = True
            if best and self.takes_over(best, t):
                self.set_due(event, f"its priority fell below that of thread {self.describe(best)}, which waits")
        return None

    def count(self, event):
        if event.queued != len(self.waiting):
            return self.deviation(event, "the run queue counts as many threads as wait in it", len(self.waiting))
        return None


def follows(run, policy, **changed):
    """Judges a run's trace (api.Run) by the model of that name. changed: numbers that the ktest had set otherwise while it ran. Raises
    RuleBroken, and Unjudged on a trace with drops."""
    model = import_module(f".{policy}", __package__)
    wrong = model.replay(run.events(), numbers(run.kernel)._replace(**changed), running=1)
    require(wrong is None, wrong and wrong.rule, lambda: explain(wrong))


def explain(deviation):
    """Evidence lines for a Deviation."""
    lines = [decision_line(deviation.event)]
    if deviation.expected is not None:
        lines.append(f"had to be: {deviation.expected}")
    lines.append("waiting, the first to run first: " + (", ".join(deviation.waiting) or "nobody"))
    if deviation.running:
        lines.append(f"on the CPU until then: {deviation.running}")
    return lines
