"""Model of one run queue with all its classes: who stands in it, who runs, and what each record of the trace has to say by that."""

from ..events import DECISIONS
from . import schedule
from .budgets import Budgets
from .cfs import Cfs
from .deadline import Deadline
from .eevdf import Eevdf, request
from .fair import slice_of
from .rt import RealTime
from .sched_class import CLASS_OF, DEADLINE, NORMAL, RT, Thread
from .schedule import CHANGED, PREEMPTED, READY
from .turns import POLICIES, IdleTurns, Normal

IDLE_THREAD = schedule.IDLE
LENT = 1 << 25                               # in a POLICY record: it is what the thread inherits, not what it asked for
NOTES = ("THROTTLE", "REPLENISH", "MISS")    # decisions that follow from another one, or from the time
BESIDES = NOTES + ("ENTITY", "PARAMS")       # records that are no step of whoever runs


def tick_of(numbers, cpu):
    """ns between two ticks of a CPU."""
    return numbers.tick_ns if isinstance(numbers.tick_ns, int) else numbers.tick_ns[cpu]


class Queue(Budgets, schedule.Policy):
    """One run queue. standing: {tid: Thread} of all who stand in it, throttled ones included; aside: of those who joined it and may not
    run on its CPU. owed: the Owed records that have to come next. prepared: the clock at which whoever runs was charged ahead of the
    PICK or POLICY for which it was. event: the record at hand. alone: there is no other queue."""

    def __init__(self, numbers, running, cpu, threads, normal, alone):
        super().__init__(numbers._replace(tick_ns=tick_of(numbers, cpu)), running)
        self.cpu, self.threads, self.alone = cpu, threads, alone
        self.standing, self.aside, self.owed = {}, {}, []
        self.prepared = self.event = None
        fair = {"eevdf": Eevdf, "cfs": Cfs}.get(normal)
        self.classes = [Deadline(self), RealTime(self), fair(self) if fair else Normal(self, POLICIES[normal]), IdleTurns(self)]

    # --- time, and who is where --------------------------------------------------------------------------------------------------

    def ns(self, clock):
        return (clock - self.numbers.clock_base) * self.numbers.clock_ns_per_cycle_q32 >> 32

    def ran_ns(self, cycles):
        return cycles * self.numbers.clock_ns_per_cycle_q32 >> 32

    def class_of(self, t):
        return self.classes[t.cls]

    def may_run(self, t):
        return self.class_of(t).may_run(t)

    @property
    def waiting(self):
        """{tid: Thread} of those who stand here and may run."""
        return {t.tid: t for t in self.standing.values() if self.may_run(t)}

    @waiting.setter
    def waiting(self, value):
        """As schedule.Policy makes it: nobody stands here."""

    def in_order(self):
        return sorted(self.standing.values(), key=lambda t: (t.cls, not self.may_run(t), *self.class_of(t).key(t)))

    def best(self):
        """By class first."""
        return next(filter(None, (each.best() for each in self.classes)), None)

    def details(self, t):
        return self.class_of(t).details(t)

    describe = details

    def now_running(self):
        return None if self.running in (None, IDLE_THREAD) else self.threads.get(self.running)

    def thread(self, event):
        """The Thread of an event, up to date with what the record says."""
        t = self.threads.get(event.tid)
        if t is None:
            t = self.threads[event.tid] = Thread(event.tid, self.clock)
        if event.event != "PRIORITY":
            t.ran, t.at = event.arg[1], self.clock
        t.own, t.effective, t.known = *schedule.priorities(event), True
        return t

    # --- what classes ask for ----------------------------------------------------------------------------------------------------

    def owe(self, record):
        self.owed.append(record)

    def make_room(self, reason, unless_best=False):
        """Whoever runs may lose the CPU, and has to, but for unless_best: where it would be picked again."""
        t = self.now_running()
        self.excuse = True
        if not (unless_best and t and self.stays_best(t)):
            self.set_due(self.event, reason)

    def stays_best(self, t):
        best = self.best()
        if not self.may_run(t):
            return False
        return not best or t.cls < best.cls or (t.cls == best.cls and self.class_of(t).stays_best(t))

    # --- the steps of a record ---------------------------------------------------------------------------------------------------

    def step(self, event):
        """A Deviation, or None. event: one that is about this queue or its CPU."""
        self.event, decides = event, event.event in DECISIONS
        wrong = None
        if decides:
            wrong = event.event not in NOTES and (self.missing() or self.unpicked(event)) or event.tid and self.meddled(event)
            self.clock = event.arg[3]
            wrong = wrong or self.late_replenishment(event)
        handler = getattr(self, "on_" + event.event.lower(), None)
        return wrong or (handler(event) if handler else None)

    def overdue(self, event):
        """A Deviation if whoever runs should have made room before this event, which its CPU wrote. On several CPUs its own ticks count
        and nothing else: balancing comes between a tick and what follows from it."""
        if event.event in BESIDES:
            return None
        if self.alone or (event.event == "TICK" and self.running != IDLE_THREAD):
            return super().overdue(event)
        return None

    def meddled(self, event):
        """A class has a level, too; what is charged in the middle of a change of class is noted before it."""
        return None if event.event == "POLICY" or event.event in NOTES else super().meddled(event)

    def missing(self):
        """A Deviation if a record should have come before this one."""
        if not self.owed:
            return None
        owed = self.owed[0]
        return self.deviation(self.event, f"{owed.name} of thread {owed.tid} has to come before this: {owed.rule}", owed.number)

    def unpicked(self, event):
        """A Deviation if a thread was charged as one is that leaves the CPU, and it does not leave."""
        if self.prepared is None or (event.event in ("PICK", "POLICY") and event.arg[3] == self.prepared):
            return None
        return self.deviation(event, "a budget is charged, and a deadline looked at, at a tick, at a yield, or just before a PICK or a "
                              "change of policy; that was no such moment", "PICK")

    def charge_running(self):
        """Whoever runs has run until now."""
        t = self.now_running()
        if t:
            t.ran, t.at = t.ran + self.clock - t.at, self.clock
            delta = self.ran_ns(t.ran) - t.charged
            t.charged += delta
            self.class_of(t).charge(t, delta)

    def charge_beside(self, t):
        """A thread of t's class comes, goes or is changed: V, or min_vruntime, is read."""
        running, cls = self.now_running(), self.class_of(t)
        if running and cls.charged_when_others_come and running.cls == t.cls:
            self.charge_running()

    def charge_early(self):
        """A record says what follows from the charge before a PICK that is still to come, or a POLICY."""
        if self.prepared is None:
            self.prepared = self.clock
            self.charge_running()

    def put_down(self):
        """Whoever ran is charged before the choice, and leaves if it is not queued."""
        t = self.now_running()
        self.charge_running()
        if t and t.tid not in self.standing:
            self.class_of(t).leaves(t)

    def on_enqueue(self, event):
        if event.tid in self.standing or event.tid in self.aside:
            return self.deviation(event, f"thread {event.tid} joins the queue while it still stands there")
        why, mine = event.arg[0], event.tid == self.running
        if why == PREEMPTED and mine and not self.excuse:
            rule = f"thread {event.tid} loses the CPU without a reason: nobody may take it, and its time is not over"
            return self.deviation(event, rule, event.tid)
        if mine and event.tid in self.threads:  # its time until now is not in `ran` yet
            self.charge_beside(self.threads[event.tid])
        t = self.thread(event)
        if t.suspended or not t.mask >> self.cpu & 1:
            wrong = self.count(event, more=self.may_run(t))  # from now on it counts even if it is throttled
            self.aside[t.tid] = t
            t.queue = self
            return wrong
        if not mine:
            self.charge_beside(t)
        return self.join(event, t, why, mine)

    def join(self, event, t, why, mine):
        cls = self.class_of(t)
        if why != CHANGED and cls.numbers_of:
            t.since = self.clock
        wrong = self.count(event, more=cls.may_run(t))
        cls.joins(t, why)
        self.standing[t.tid] = t
        t.queue, t.fresh, t.lowered = self, False, False
        if not mine and cls.may_run(t):
            self.look_at(event, t)
        return wrong

    def look_at(self, event, t):
        """Whether somebody has to make room for t, which became ready: by class first, then as its class says."""
        running = self.now_running()
        if self.running == IDLE_THREAD:
            self.set_due(event, f"thread {t.tid} became ready")
        elif running and (t.cls < running.cls or not self.may_run(running)):
            self.set_due(event, f"thread {self.details(t)} became ready, {self.details(running)} runs")
        elif running and t.cls == running.cls:
            reason = self.class_of(t).became_ready(t, running)
            if reason:
                self.set_due(event, reason)

    def on_dequeue(self, event):
        if self.aside.pop(event.tid, None):
            self.thread(event)
            return self.count(event)
        t = self.standing.get(event.tid)
        if t is None:
            return self.deviation(event, f"thread {event.tid} leaves a queue in which it does not stand")
        self.charge_beside(t)
        del self.standing[t.tid]
        self.class_of(t).leaves(self.thread(event))
        return self.count(event)

    def on_pick(self, event):
        self.put_down()
        self.prepared = None
        best = self.best()
        expected = best.tid if best else IDLE_THREAD
        if best and best.cls == DEADLINE:
            self.class_of(best).check_missed(best)
        if any(owed[:2] != ("MISS", expected) for owed in self.owed):
            return self.missing()
        if event.tid != expected:
            rule = self.class_of(best).rule if best else "nobody waits who may run, so the idle thread does"
            return self.deviation(event, rule, expected)
        self.running, self.due, self.excuse = event.tid, None, False
        if best:
            del self.standing[event.tid]
            t = self.thread(event)
            t.queue = self
            self.class_of(t).picked(t)
        return self.count(event)

    def on_switch(self, event):
        if event.arg[0] == READY and event.tid != IDLE_THREAD and not (event.tid in self.standing or event.tid in self.aside):
            return self.deviation(event, f"thread {event.tid} is still ready and stands in no queue: it will never run again")
        return None

    def on_tick(self, event):
        if self.running is None:
            self.begin(event.tid)
        if event.tid != self.running:
            return self.deviation(event, f"a tick is the running thread's, which is {self.running}", self.running)
        if event.tid == IDLE_THREAD:
            return None
        t = self.threads[event.tid]
        self.charge_running()
        self.thread(event)
        self.class_of(t).ticked(t)
        return None

    def on_block(self, event):
        if self.running is None:
            self.begin(event.tid)
        if event.tid != self.running:
            return self.deviation(event, f"only the running thread, which is {self.running}, can block", self.running)
        t = self.thread(event)
        self.class_of(t).blocks(t)
        return None

    def begin(self, tid):
        """tid runs when the trace begins."""
        self.running = tid
        t = self.threads.setdefault(tid, Thread(tid, self.clock))
        t.queue = self
        if hasattr(self.class_of(t), "members"):
            self.class_of(t).members[tid] = t
            t.d = request(t)

    def on_priority(self, event):
        t = self.thread(event)
        if t.tid == self.running:
            self.excuse = True
            best = self.best()
            if best and best.cls == t.cls and not self.class_of(t).numbers_of:
                reason = self.class_of(t).became_ready(best, t)
                if reason:
                    self.set_due(event, f"its priority fell below that of thread {self.details(best)}, which waits")
        return None

    # --- policies ----------------------------------------------------------------------------------------------------------------

    def on_policy(self, event):
        """A thread's policy and numbers, as event.arg[0] packs them, are in force from here."""
        t = self.threads.get(event.tid) or self.thread(event)
        policy, before = event.arg[0] & 0xff, (t.weight, slice_of(t), t.policy, t.rt_priority, t.lent)
        returns = t.lent and not event.arg[0] & LENT
        if policy not in CLASS_OF or event.cls != CLASS_OF[policy]:
            return self.deviation(event, f"the class follows from the policy, which is {policy}", CLASS_OF.get(policy))
        self.prepared, old, new = None, self.class_of(t), self.classes[event.cls]
        runs, changes = event.tid == self.running, event.cls != t.cls
        if t.fresh or (t.cls != NORMAL and self.same_to_class(t, event)):
            self.take_over(t, event)
            if t.fresh and changes and new.id in (DEADLINE, RT):  # a fair one gets its numbers where it joins
                new.enters(t, False)
            return None
        stays = t.cls == event.cls == RT and t.rt_priority == event.arg[0] >> 8 & 0xff  # FIFO and RR stand in one list
        if t.tid in self.standing and not stays and (changes or t.cls != NORMAL):
            return self.deviation(event, "whoever stands in the queue leaves it before its class, or its place there, changes: DEQUEUE, "
                                  "then POLICY, then ENQUEUE", "DEQUEUE")
        running = self.now_running()
        if runs or (running and running.cls == t.cls == event.cls == NORMAL and self.classes[NORMAL].charged_when_others_come):
            self.charge_blindly()
        self.thread(event)
        if changes and runs:
            old.leaves(t)
        self.take_over(t, event)
        if changes:
            old.quits(t)
            self.owed = [owed for owed in self.owed if old.id != DEADLINE or owed.tid != t.tid]  # it has no budget any more
            t.lowered = old.id == DEADLINE and new.id == RT
            (new.returns if returns else new.enters)(t, runs)
        else:
            new.changed(t, before)
        self.after_policy(event, t, changes)
        return None

    def same_to_class(self, t, event):
        """Whether nothing changes but the nice value and what becomes of children, which this class does not go by."""
        bits = t.policy | t.rt_priority << 8 | t.lent * LENT
        return bits == event.arg[0] & ~(0x1ff << 16) and t.params == t.new_params

    def take_over(self, t, event):
        """Gives t what POLICY and the PARAMS before it say."""
        bits = event.arg[0]
        t.policy, t.rt_priority, t.nice, t.reset_on_fork = bits & 0xff, bits >> 8 & 0xff, (bits >> 16 & 0xff) - 20, bool(bits >> 24 & 1)
        t.cls, t.params, t.lent = event.cls, t.new_params, bool(bits & LENT)
        if t.cls == NORMAL:
            t.slice_ns = t.params[0]

    def after_policy(self, event, t, changes):
        """Whoever runs may lose the CPU by it; it has to if somebody has to run before it now."""
        if t.tid == self.running:
            self.excuse = True
            if changes:
                self.due = None  # that was by the rules of another class
            best = self.best()
            reason = best and (f"thread {self.details(best)} is of a higher class" if best.cls < t.cls else
                               self.class_of(t).gives_way(t) if best.cls == t.cls else None)
            if reason:
                self.set_due(event, f"its policy changed: {reason}")
        elif t.tid in self.standing and not changes:
            self.renewed(event, t)

    def renewed(self, event, t):
        """t waits, and its numbers changed."""
        running, cls = self.now_running(), self.class_of(t)
        if cls.new_numbers_count:
            self.look_at(event, t)
        elif running and running.cls == t.cls and cls.became_ready(t, running):
            self.excuse = True

    def count(self, event, more=0):
        """The record's `queued` is that of the CPU that wrote it. more: the thread that joins and does not stand here yet."""
        expected = len(self.waiting) + len(self.aside) + more
        if event.cpu == self.cpu and event.queued != expected:
            return self.deviation(event, "the run queue counts as many threads as wait in it and may run", expected)
        return None
