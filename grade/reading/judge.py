"""Where a run of one CPU breaks a rule, by the models: the event, and the rule's name.

A run begins in the middle of things: a Plan says who is there then, with which numbers. In these runs what a rule demands comes at once,
not within a tick. What is missing is found at the event that demanded it: the tick or the wake, say, behind which nothing follows."""

from collections import namedtuple

from ..models import classes
from ..models.cfs import Cfs
from ..models.class_queue import BESIDES, IDLE_THREAD, Queue
from ..models.sched_class import DEADLINE, IDLE, NORMAL, RT, Thread
from ..models.schedule import WAKE

MS = 1000000
TICK_NS = MS
NUMBERS = classes.ClassNumbers([4 * MS] * 4, 0, [], [], 0, 0, MS, TICK_NS, 0, 1 << 32, 0, 0, 0)  # a cycle is 1 ns; no limit for RT
RUNS, WAITS, SLEEPS = "runs", "waits", "sleeps"

# normal: the policy of normal threads. threads: [Start], one of which runs. rt_limit: (runtime, period) of the real-time class, or None.
# minimum: cfs's min_vruntime.
Plan = namedtuple("Plan", "normal threads rt_limit minimum", defaults=(None, 0))
# A thread as it is when the run begins. fields: of a models' Thread. goal: ns that it runs before it sleeps, None: without end. Then it
# sleeps and runs by turns, for the numbers in `then` (sleeps, runs, sleeps, ...), at last for good; who sleeps at the begin starts there.
Start = namedtuple("Start", "tid place fields goal then", defaults=(None, ()))
Found = namedtuple("Found", "event rule")


class AtOnce(Queue):
    """A queue whose CPU makes room as soon as it has to."""

    def overdue(self, event):
        if not self.due or event.event in BESIDES or event.event == "PICK" or event.event == "ENQUEUE" and event.tid == self.running:
            return None
        return self.deviation(event, self.due.reason)


def begin(plan, events=()):
    """A Replay that stands where the plan begins."""
    numbers = NUMBERS._replace(rt_runtime_ns=plan.rt_limit[0], rt_period_ns=plan.rt_limit[1]) if plan.rt_limit else NUMBERS
    replay = classes.Replay(events, numbers, None, plan.normal)
    queue = AtOnce(numbers, IDLE_THREAD, 0, replay.threads, plan.normal, True)
    replay.queues = [queue]
    for start in plan.threads:
        enter(queue, start)
    queue.classes[NORMAL].min_vruntime = plan.minimum
    return replay


def with_the_pick(plan):
    """The plan, in which nobody runs, with the one running whom the rules pick: everything is right at the begin."""
    best = begin(plan).queues[0].best()
    return plan._replace(threads=[start._replace(place=RUNS) if start.tid == best.tid else start for start in plan.threads])


def enter(queue, start):
    t = queue.threads[start.tid] = Thread(start.tid)
    for name, value in start.fields.items():
        setattr(t, name, value)
    t.new_params, t.queue, cls = t.params, queue, queue.class_of(t)
    if start.place == RUNS:
        queue.running, t.protected = t.tid, True
    elif start.place == WAITS:
        queue.standing[t.tid] = t
        if t.cls == RT:
            cls.tail += 1
            t.place = cls.tail
        t.since = start.tid - len(queue.threads) - 1  # before the run begins; who is named first became ready first
    if start.place != SLEEPS and t.cls == NORMAL:
        cls.members[t.tid] = t


def judge(plan, events):
    """Found for the first event that breaks a rule, or None."""
    replay = begin(plan, events)
    wrong = replay.run()
    return wrong and named(wrong, events, replay.queues[0])


def named(wrong, events, queue):
    """Found for a Deviation: by what event it is and which classes are concerned."""
    event, due = wrong.event, queue.due
    if due and wrong.rule == due.reason:
        return Found(due.event, rule_of_due(due.event, queue))
    if queue.owed and queue.owed[0].name in wrong.rule:
        before = [e for e in events[:events.index(event)] if e.event not in BESIDES]
        return Found(before[-1], limit_of(queue.threads[queue.owed[0].tid]))
    return Found(event, RULE_OF[event.event](event, wrong, events, queue))


def family(t, queue):
    """How the rules of a thread's class are called."""
    fair = "cfs" if isinstance(queue.classes[NORMAL], Cfs) else "eevdf"
    return {DEADLINE: "edf", RT: "rt", NORMAL: fair, IDLE: "idle"}[t.cls]


def limit_of(t):
    return "cbs-limit" if t.cls == DEADLINE else "rt-limit"


def rule_of_due(event, queue):
    """Who runs had to make room behind this event."""
    t, running = queue.threads.get(event.tid), queue.now_running()
    if running is None or (t and t.cls < running.cls):
        return "class-order"
    if not queue.may_run(running):
        return limit_of(running)
    name = family(running, queue)
    return f"{name}-wake" if event.event != "TICK" else f"{name}-tick" if name == "eevdf" else f"{name}-turn"


def rule_of_pick(event, wrong, events, queue):
    picked, right = queue.threads.get(event.tid), queue.threads.get(wrong.expected)
    if picked and not queue.may_run(picked):
        return limit_of(picked)
    if not picked or not right or picked.cls != right.cls:
        return "class-order"
    return f"{family(picked, queue)}-pick"


def rule_of_entity(event, wrong, events, queue):
    """By the first number that is wrong, and the event to which it belongs."""
    t = queue.threads[event.tid]
    cls = queue.class_of(t)
    name = next(name for name, right, found in zip(cls.numbers_of, cls.entity(t), map(classes.signed, event.arg)) if right != found)
    before = next(e for e in reversed(events[:events.index(event)]) if e.event != "ENTITY")
    woken = before.event == "ENQUEUE" and before.arg[0] == WAKE
    kind = family(t, queue)
    if kind == "edf":
        return "cbs-replenish" if before.event == "REPLENISH" else "cbs-wake" if woken else "cbs-limit"
    if name == "v":
        return f"{kind}-place" if woken else "charge"
    return {"rt": "rt-turn", "cfs": "cfs-minimum" if name == "min_vruntime" else "cfs-turn"}.get(
        kind, "eevdf-lag" if name == "lag" else "eevdf-request")


def rule_of_replenish(event, wrong, events, queue):
    t = queue.threads.get(event.tid)
    return "rt-limit" if not t else "cbs-time" if t.throttled is not None and queue.ns(queue.clock) < t.throttled else "cbs-replenish"


def rule_of_throttle(event, wrong, events, queue):
    t = queue.threads[event.tid]
    return "cbs-time" if t.cls == DEADLINE and wrong.expected is not None else limit_of(t)


RULE_OF = {"PICK": rule_of_pick, "ENTITY": rule_of_entity, "REPLENISH": rule_of_replenish, "THROTTLE": rule_of_throttle,
           "ENQUEUE": lambda *_: "keeps-cpu"}
