"""Model of round-robin and first come, first served where nobody is preempted: one queue in the order of arrival.

replay(events) takes one CPU's Events in order and returns None, or a Deviation at the first event that breaks the policy. The
model knows only what became ready when (ENQUEUE, DEQUEUE) and says who had to be picked; it never looks at the kernel's own
queue. A Deviation's `expected` is in words: what had to stand there instead, or None. judge(run) is what a test calls."""

from collections import namedtuple

from ..events import decision_line
from ..rules import require

IDLE = 0  # the idle thread's id: picked when nobody waits
NEW, YIELD, PREEMPTED, WAKE, CHANGED = range(5)  # enum enqueue_why; from PREEMPTED on from phase 2 on

Deviation = namedtuple("Deviation", "event rule expected waiting")


def replay(events):
    waiting, running, fresh = [], None, set()
    events = list(events)
    leaves = {YIELD, PREEMPTED} if any(event.event == "TICK" for event in events) else {YIELD}
    for event in events:
        if event.event == "CREATE":
            fresh.add(event.tid)
        elif event.event == "ENQUEUE":
            if event.tid in waiting:
                return Deviation(event, f"thread {event.tid} joins the queue, and schedule() has not picked it since it joined last", None,
                                 waiting)
            new = event.tid in fresh
            if event.arg[0] not in ({NEW} if new else leaves if running in (None, event.tid) else {WAKE, CHANGED}):
                return Deviation(event, "whoever joins the queue says why: a new thread ENQUEUE_NEW, one that has yielded ENQUEUE_YIELD",
                                 "ENQUEUE_NEW" if new else "ENQUEUE_YIELD", waiting)
            fresh.discard(event.tid)
            waiting.append(event.tid)
        elif event.event == "DEQUEUE":
            if event.tid not in waiting:
                return Deviation(event, f"thread {event.tid} leaves a queue in which it does not stand", None, waiting)
            waiting.remove(event.tid)
        elif event.event == "PICK":
            expected = waiting[0] if waiting else IDLE
            if event.tid != expected:
                return Deviation(event, "whoever has waited longest runs next", f"thread {expected}", waiting)
            waiting = waiting[1:]
        elif event.event == "SWITCH":
            if running is not None and event.tid != running:
                return Deviation(event, "a switch leaves the thread that runs", f"thread {running}", waiting)
            running = event.other
        if event.queued != len(waiting) and event.event != "PICK":
            return Deviation(event, "rq->nr_ready counts the threads that joined through sched_enqueue() and were not picked yet",
                             f"{len(waiting)} queued; nr_ready was {event.queued}", waiting)
    return None


def explain(deviation):
    """Evidence lines for a Deviation."""
    lines = [decision_line(deviation.event)]
    if deviation.expected is not None:
        lines.append(f"had to be: {deviation.expected}")
    lines.append("waiting, the longest first: " + (", ".join(map(str, deviation.waiting)) or "nobody"))
    return lines


def judge(run):
    """Judges a run on one CPU by the model, and the kernel's statistics by the trace. Raises RuleBroken, Unjudged."""
    wrong = replay(run.events())
    require(wrong is None, wrong and wrong.rule, lambda: explain(wrong))
    picks, switches, rq = len(run.events("PICK")), len(run.events("SWITCH")), run.kernel["run_queues"][0]
    require((rq.nr_switches, rq.nr_stays) == (switches, picks - switches), "each switch is counted once, and schedule() does it",
            f"the trace has {switches} switches and {picks - switches} decisions to stay",
            f"the run queue counts {rq.nr_switches} and {rq.nr_stays}")
    for thread in run.threads():
        chosen = len(run.events("SWITCH", other=thread.tid))
        require(thread.nr_switches == chosen, "each switch to a thread is counted once, and schedule() does it",
                f"thread {thread.tid} was switched to {chosen} times and counts {thread.nr_switches}")
