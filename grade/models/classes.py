"""Models of the scheduling classes together: replays a trace, decision by decision, with whole numbers and no tolerance.

    replay(events, numbers, running=1)                  normal threads by eevdf
    replay(events, numbers, running=1, normal="cfs")    ... or by cfs, rr, fcfs, prio, mlfq, sjf

Each returns None, or a Deviation (schedule.Deviation) at the first record that the rules forbid. The events may be those of several CPUs,
by time; numbers.tick_ns is then a list. Each CPU has a run queue of its own with a model of its own; the threads are known to all of them,
so what a thread takes along (lag, budget, priority, what was charged) is at hand where it joins next. A record is about the queue that it
names (events.Event.queue), whoever writes it."""

from collections import namedtuple

from ..events import DECISIONS
from ..rules import require, signed
from . import schedule
from .cfs import Cfs
from .class_queue import IDLE_THREAD, NOTES, Queue
from .sched_class import CLASS_NAMES, EVERYWHERE, NORMAL, Thread

WAKES = 0                                    # enum migrate_why: MIGRATE_WAKE, the only one without the other queue's lock

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
        """v of cfs goes along as its distance from the minimum of the queue that is left: arg[3]. Who comes from another class has none."""
        t, source = self.known(event), self.queues[event.arg[0]]
        fair = source.classes[NORMAL]
        t.source_min = event.arg[3]
        if isinstance(fair, Cfs) and t.cls == NORMAL and not t.foreign and event.arg[2] != WAKES and event.arg[3] != fair.min_vruntime:
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


def replay(events, numbers, running=None, normal="eevdf"):
    """events: of all CPUs, by time. numbers: ClassNumbers. running: who runs on CPU 0 when they begin; nobody on the others. normal: the
    policy of normal threads. Returns None or a Deviation."""
    return Replay(events, numbers, running, normal).run()


def follows(run, normal="eevdf", **changed):
    """Judges a run's trace (api.Run) by the models. changed: numbers that the ktest had set otherwise while it ran. Raises RuleBroken, and
    Unjudged on a trace with drops."""
    wrong = replay(run.events(), numbers(run.kernel)._replace(**changed), running=1, normal=normal)
    require(wrong is None, wrong and wrong.rule, lambda: schedule.explain(wrong))
