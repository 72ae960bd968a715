"""A run as text: who is there when it begins, and its events with the names and fields of kernel/base/trace.h. All times are ns."""

from ..event_words import numbers
from ..models.cfs import Cfs
from ..models.deadline import server
from ..models.fair import slice_of
from ..models.rt import TURN_NS
from ..models.sched_class import CLASS_NAMES, DEADLINE, FIFO, NORMAL, RR, RT
from .judge import SLEEPS, begin

POLICIES = {FIFO: "SCHED_FIFO", RR: "SCHED_RR"}


def text_of(run):
    """The lines of a questions.Run."""
    queue = begin(run.plan).queues[0]
    lines = [f"Run {run.number}, events {run.events[0].seq} to {run.events[-1].seq}: one CPU, {' and '.join(run_classes(queue))}.", "",
             "When it begins, at 0 ns:", ""]
    lines += [f"  thread {start.tid} {start.place:<7} {about(queue, queue.threads[start.tid], start.place)}" for start in run.plan.threads]
    if run.plan.normal == "cfs":
        lines.append(f"  min_vruntime is {run.plan.minimum}")
    if run.plan.rt_limit:
        lines.append("  the real-time class may run {} ns of each window of {} ns, the first from 0 on".format(*run.plan.rt_limit))
    return [*lines, "", *(line_of(event, queue) for event in run.events)]


def run_classes(queue):
    there = {t.cls for t in queue.threads.values()}
    normal = f"normal threads under {'cfs' if isinstance(queue.classes[NORMAL], Cfs) else 'eevdf'}"
    return [normal if cls == NORMAL else f"{CLASS_NAMES[cls]} threads" for cls in sorted(there)]


def about(queue, t, place):
    """What a thread is, in a line."""
    if t.cls == DEADLINE:
        Q, D, P = server(t)
        return f"deadline: Q {Q}, D {D}, P {P}; d {t.deadline}, budget {t.budget}"
    if t.cls == RT:
        turn = f"; {TURN_NS + t.turn_start} left of its turn" if t.policy == RR else ""
        return f"real-time: {POLICIES[t.policy]}, priority {t.rt_priority}{turn}"
    if t.cls != NORMAL:
        return "SCHED_IDLE"
    what = f"normal: nice {t.nice} (w {t.weight})"
    if isinstance(queue.classes[NORMAL], Cfs):
        return f"{what}; v {t.v}"
    return f"{what}, slice {slice_of(t)}; " + (f"left with V - v = {t.vlag}" if place == SLEEPS else f"v {t.v}, d {t.d}")


def line_of(event, queue):
    """As event_words.py has it, in less room."""
    who = f"thread {event.tid}" if event.tid else "nobody" if event.event == "PICK" else "real-time class"
    return (f"{event.seq:>4} {event.time:>9} ns  cpu {event.cpu}  {event.event.lower():<9} {who:<8}  ({event.queued} queued)  "
            f"{numbers(event, queue.classes[event.cls].numbers_of)}").rstrip()
