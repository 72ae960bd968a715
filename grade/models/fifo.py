"""Model of round-robin and first come, first served where nobody is preempted: one queue in the order of arrival.

replay(events) takes one CPU's Events in order and returns None, or a Deviation at the first event that breaks the policy. The
model knows only what became ready when (ENQUEUE, DEQUEUE) and says who had to be picked; it never looks at the kernel's own
queue."""

from collections import namedtuple

IDLE = 0  # the idle thread's id: picked when nobody waits

Deviation = namedtuple("Deviation", "event rule expected waiting")


def replay(events):
    waiting, running = [], None
    for event in events:
        if event.event == "ENQUEUE":
            if event.tid in waiting:
                return Deviation(event, f"thread {event.tid} joins the queue while it still stands there", None, waiting)
            waiting.append(event.tid)
        elif event.event == "DEQUEUE":
            if event.tid not in waiting:
                return Deviation(event, f"thread {event.tid} leaves a queue in which it does not stand", None, waiting)
            waiting.remove(event.tid)
        elif event.event == "PICK":
            expected = waiting[0] if waiting else IDLE
            if event.tid != expected:
                return Deviation(event, "whoever has waited longest runs next", expected, waiting)
            waiting = waiting[1:]
        elif event.event == "SWITCH":
            if running is not None and event.tid != running:
                return Deviation(event, f"a switch leaves the thread that runs, which is {running}", running, waiting)
            running = event.other
        if event.queued != len(waiting) and event.event != "PICK":
            return Deviation(event, "the run queue counts as many threads as wait in it", len(waiting), waiting)
    return None


def explain(deviation):
    """Evidence lines for a Deviation."""
    event = deviation.event
    lines = [f"event {event.seq} at {event.time} ns on CPU {event.cpu}: {event.event} of thread {event.tid}"]
    if deviation.expected is not None:
        lines.append(f"had to be: {deviation.expected}")
    lines.append("waiting, the longest first: " + (", ".join(map(str, deviation.waiting)) or "nobody"))
    return lines
