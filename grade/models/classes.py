"""Models of the scheduling classes together: replays a trace, decision by decision, with whole numbers and no tolerance.

    replay(events, numbers, running=1)                  normal threads by eevdf
    replay(events, numbers, running=1, normal="cfs")    ... or by cfs, rr, fcfs, prio, mlfq, sjf

Each returns None, or a Deviation (schedule.Deviation) at the first record that the rules forbid. The events may be those of several CPUs,
by time; numbers.tick_ns is then a list. Each CPU has a run queue of its own with a model of its own; the threads are known to all of them,
so what a thread takes along (lag, budget, priority, what was charged) is at hand where it joins next. A record is about the queue that it
names (events.Event.queue), whoever writes it."""

from collections import namedtuple

from ..events import DECISIONS
from ..rules import require
from . import schedule
from .cfs import Cfs
from .deadline import Deadline
from .eevdf import Eevdf, request
from .fair import slice_of
from .rt import RealTime
from .sched_class import CLASS_NAMES, CLASS_OF, DEADLINE, EVERYWHERE, NORMAL, RT, Thread
from .schedule import CHANGED, PREEMPTED, READY
from .turns import POLICIES, IdleTurns, Normal

IDLE_THREAD = schedule.IDLE
WAKES = 0                                    # enum migrate_why: MIGRATE_WAKE, the only one without the other queue's lock
NOTES = ("THROTTLE", "REPLENISH", "MISS")    # decisions that follow from another one, or from the time
BESIDES = NOTES + ("ENTITY", "PARAMS")       # records that are no step of whoever runs
SIGN = 1 << 64

# rt_period_ns, rt_runtime_ns: of each window of that length real-time threads may have so much. dl_bandwidth: all deadline threads' share.
# tick_ns: a number, or one for each CPU.
ClassNumbers = namedtuple("ClassNumbers", schedule.Numbers._fields + ("clock_base", "clock_ns_per_cycle_q32", "rt_period_ns",
                                                                      "rt_runtime_ns", "dl_bandwidth"))


def numbers(kernel):
    """The ClassNumbers by which a kernel ran. kernel: state.Kernel."""
    options, ticks = kernel["class_options"], [rq.tick_ns for rq in kernel["run_queues"]]
    known = schedule.numbers(kernel)
    return ClassNumbers(*known._replace(tick_ns=[ns or known.tick_ns for ns in ticks]), kernel["clock_base"],
                        kernel["clock_ns_per_cycle_q32"], options.rt_period_ns, options.rt_runtime_ns, options.dl_bandwidth)


def tick_of(numbers, cpu):
    """ns between two ticks of a CPU."""
    return numbers.tick_ns if isinstance(numbers.tick_ns, int) else numbers.tick_ns[cpu]


class Queue(schedule.Policy):
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
        return None if event.event == "POLICY" else super().meddled(event)

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
            self.aside[t.tid] = t
            t.queue = self
            return self.count(event)
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
        policy, before = event.arg[0] & 0xff, (t.weight, slice_of(t), t.policy, t.rt_priority)
        if policy not in CLASS_OF or event.cls != CLASS_OF[policy]:
            return self.deviation(event, f"the class follows from the policy, which is {policy}", CLASS_OF.get(policy))
        self.prepared, old, new = None, self.class_of(t), self.classes[event.cls]
        runs, changes = event.tid == self.running, event.cls != t.cls
        if t.fresh or (t.cls != NORMAL and self.only_nice(t, event)):
            self.take_over(t, event)
            return None
        if t.tid in self.standing and (changes or t.cls != NORMAL):
            return self.deviation(event, "whoever stands in the queue leaves it before its class, or its place there, changes: DEQUEUE, "
                                  "then POLICY, then ENQUEUE", "DEQUEUE")
        running = self.now_running()
        if runs or (running and running.cls == t.cls == event.cls == NORMAL and self.classes[NORMAL].charged_when_others_come):
            self.charge_running()
        self.thread(event)
        if changes and runs:
            old.leaves(t)
        self.take_over(t, event)
        if changes:
            old.quits(t)
            self.owed = [owed for owed in self.owed if old.id != DEADLINE or owed.tid != t.tid]  # it has no budget any more
            new.enters(t, runs)
        else:
            new.changed(t, before)
        self.after_policy(event, t, changes)
        return None

    def only_nice(self, t, event):
        """Whether nothing changes but the nice value, which this class does not go by."""
        bits = t.policy | t.rt_priority << 8 | t.reset_on_fork << 24
        return bits == event.arg[0] & ~(0xff << 16) and t.params == t.new_params

    def take_over(self, t, event):
        """Gives t what POLICY and the PARAMS before it say."""
        bits = event.arg[0]
        t.policy, t.rt_priority, t.nice, t.reset_on_fork = bits & 0xff, bits >> 8 & 0xff, (bits >> 16 & 0xff) - 20, bool(bits >> 24 & 1)
        t.cls, t.params = event.cls, t.new_params
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

    # --- budgets -----------------------------------------------------------------------------------------------------------------

    def find(self, event):
        return next((owed for owed in self.owed if owed[:2] == (event.event, event.tid)), None)

    def on_throttle(self, event):
        """A budget ends when the timer says so, and not only at a tick."""
        if not self.find(event) and event.tid == self.running:
            self.classes[DEADLINE].looks_for_misses = False
            self.charge_running()
            self.classes[DEADLINE].looks_for_misses = True
        return self.settle(event, "the budget is not used up, or was said to be already")

    def on_miss(self, event):
        if not self.find(event):
            self.charge_early()
            best = self.best()
            if best and best.cls == DEADLINE and best.tid == event.tid:
                self.class_of(best).check_missed(best)
        return self.settle(event, "a deadline is missed once, when it has passed and its thread, ready and with budget left, is charged "
                           "or picked")

    def on_replenish(self, event):
        return self.rt_comes_back(event) if event.tid == IDLE_THREAD else self.deadline_comes_back(event)

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
            idles = self.alone and self.running == IDLE_THREAD and rt.now > back.throttled + 2 * self.numbers.tick_ns
            if back.ticks_late > 1 or idles:
                return self.deviation(event, f"a budget comes back a tick after its time at the latest: {who} is still throttled at "
                                      f"{rt.now}, and its time was {back.throttled}", back.throttled)
        return None

    def count(self, event, more=0):
        """The record's `queued` is that of the CPU that wrote it. more: the thread that joins and does not stand here yet."""
        expected = len(self.waiting) + sum(map(self.may_run, self.aside.values())) + more
        if event.cpu == self.cpu and event.queued != expected:
            return self.deviation(event, "the run queue counts as many threads as wait in it and may run", expected)
        return None


class Replay:
    """All run queues of a trace, and the threads, which they share."""

    def __init__(self, events, numbers, running, normal):
        self.events, self.threads = list(events), {}
        cpus = 1 + max((max(event.cpu, event.queue) for event in self.events), default=0)
        self.queues = [Queue(numbers, None if cpus == 1 else IDLE_THREAD, cpu, self.threads, normal, cpus == 1) for cpu in range(cpus)]
        self.entities = {}  # {CPU: [tid whose ENTITY it has to write next]}
        if running is not None:
            self.queues[0].running = running
        if running not in (None, IDLE_THREAD):
            self.begin(running)

    def begin(self, tid):
        """tid has run since before the trace began: its first record says how long."""
        known = next((e for e in self.events if e.tid == tid and e.event in DECISIONS and e.event not in ("PRIORITY", *NOTES)), None)
        t = self.threads[tid] = Thread(tid)
        self.queues[0].begin(tid)
        if known:
            t.ran, t.at = 0, known.arg[3] - known.arg[1]

    def run(self):
        for event in self.events:
            wrong = self.queues[event.cpu].overdue(event) or self.step(event)
            if wrong:
                return wrong
        return None

    def step(self, event):
        about_all = getattr(self, "on_" + event.event.lower(), None)
        if about_all:
            return about_all(event)
        wrong = self.unwritten(event) or self.queues[event.queue].step(event)
        if not wrong:
            self.expect_entity(event)
        return wrong

    # --- what is known of threads, wherever they are ---------------------------------------------------------------------------------

    def on_create(self, event):
        t = self.threads[event.tid] = Thread(event.tid, 0, event.arg[2])
        t.fresh, t.mask = True, event.arg[3] or EVERYWHERE

    def on_params(self, event):
        """In force from the POLICY that follows: until then t is charged by its old numbers."""
        self.known(event).new_params = tuple(event.arg[:3])

    def on_affinity(self, event):
        t = self.known(event)
        t.mask = event.arg[0]
        if self.runs(t) and not t.mask >> t.queue.cpu & 1:
            t.queue.excuse = True
            t.queue.set_due(event, "it may not run on this CPU any more")

    def on_stop(self, event):
        t = self.known(event)
        t.suspended = True
        if self.runs(t):
            t.queue.excuse = True

    def on_resume(self, event):
        self.known(event).suspended = False

    def on_exit(self, event):
        self.known(event).gone = True

    def known(self, event):
        return self.threads.setdefault(event.tid, Thread(event.tid))

    def runs(self, t):
        return t.queue is not None and t.queue.running == t.tid

    def on_migrate(self, event):
        """v of cfs goes along as its distance from the minimum of the queue that is left: arg[3]."""
        t, source = self.known(event), self.queues[event.arg[0]]
        fair = source.classes[NORMAL]
        t.source_min = event.arg[3]
        if isinstance(fair, Cfs) and t.cls == NORMAL and event.arg[2] != WAKES and event.arg[3] != fair.min_vruntime:
            return source.deviation(event, "who migrates takes the min_vruntime of the queue that it leaves along", fair.min_vruntime)
        return None

    # --- ENTITY records ---------------------------------------------------------------------------------------------------------------

    def expect_entity(self, event):
        """Whose numbers the writer of this record has to write next."""
        t, queue = self.threads.get(event.tid), self.queues[event.queue] if event.event in DECISIONS else None
        if queue is None or t is None or not queue.class_of(t).numbers_of:
            return
        stands, runs = t.tid in queue.standing and queue.may_run(t), t.tid == queue.running
        if (event.event == "ENQUEUE" and stands or event.event in ("TICK", "PICK") and runs or event.event == "REPLENISH"
                or event.event == "POLICY" and (stands or runs)):
            self.entities.setdefault(event.cpu, []).append(t.tid)

    def unwritten(self, event):
        """A Deviation if an ENTITY should have come before this decision."""
        if event.event not in DECISIONS or event.event in NOTES or not self.entities.get(event.cpu):
            return None
        tid = self.entities[event.cpu][0]
        t = self.threads[tid]
        return t.queue.deviation(event, f"thread {tid}'s numbers have to be written before this", "ENTITY: " + t.queue.details(t))

    def on_entity(self, event):
        t = self.threads.get(event.tid)
        if event.tid in self.entities.get(event.cpu, []):
            self.entities[event.cpu].remove(event.tid)
        if not t or not t.queue or not t.queue.class_of(t).numbers_of:
            return None
        cls = t.queue.class_of(t)
        for name, expected, found in zip(cls.numbers_of, cls.entity(t), map(signed, event.arg)):
            if expected != found:
                return t.queue.deviation(event, f"{CLASS_NAMES[t.cls]} thread {t.tid}: its {name or 'unused number'} is {expected} by the "
                                         f"rules, and the kernel has {found}", expected)
        return None


def signed(bits):
    """64 bits as two's complement."""
    return bits - SIGN if bits >> 63 else bits


def replay(events, numbers, running=None, normal="eevdf"):
    """events: of all CPUs, by time. numbers: ClassNumbers. running: who runs on CPU 0 when they begin; nobody on the others. normal: the
    policy of normal threads. Returns None or a Deviation."""
    return Replay(events, numbers, running, normal).run()


def follows(run, normal="eevdf", **changed):
    """Judges a run's trace (api.Run) by the models. changed: numbers that the ktest had set otherwise while it ran. Raises RuleBroken, and
    Unjudged on a trace with drops."""
    wrong = replay(run.events(), numbers(run.kernel)._replace(**changed), running=1, normal=normal)
    require(wrong is None, wrong and wrong.rule, lambda: schedule.explain(wrong))
