"""The rules that may be broken in a run, as labs/lab5.md lists them. says: what holds; at: the events at which that can be broken; by_hand:
how to find out."""

from collections import namedtuple

from ..models.cfs import Cfs
from ..models.deadline import Deadline
from ..models.eevdf import Eevdf
from ..models.rt import RealTime

Rule = namedtuple("Rule", "says at by_hand")

READY = ("enqueue", "replenish")
LAST_ENTITY = "take everybody's last `entity` before it, or the table at the begin"

RULES = {
    "class-order": Rule("a higher class comes first: deadline, real-time, normal, idle. At a pick; and whoever becomes ready takes the CPU "
                        "from a lower class at once", ("pick", *READY), "who waits and may run, and of which class is each?"),
    "keeps-cpu": Rule("who runs keeps the CPU, as long as no rule takes it away: also whose turn is ended too early", ("enqueue",),
                      "at an `enqueue` with why preempted, go back to the tick or the wake before it: which rule asked for a reschedule?"),
    "charge": Rule("v grows by 1024 / w for each ns that its thread runs", ("entity",),
                   "what has it run since its last `entity`, and what does that make in v, with its weight?"),
    "cfs-pick": Rule(Cfs.rule, ("pick",), f"{LAST_ENTITY}: who of those that wait has the least v?"),
    "cfs-turn": Rule("at a tick, who has run for its part of the 6 ms since it was picked makes room, if the first who waits has no more v",
                     ("tick", "entity"), "its part is 6 ms * w / W, W of all members; the last number of its `entity` is what it has run"),
    "cfs-place": Rule("who wakes has the later of its v and min_vruntime - 3 ms", ("entity",),
                      "at the `entity` behind an `enqueue` with why wake: what was its v when it went to sleep?"),
    "cfs-minimum": Rule("min_vruntime goes with the least v of the members, and never back", ("entity",),
                        "who is a member there, and what was the minimum before?"),
    "cfs-wake": Rule("who becomes ready takes the CPU if its v is less by more than 1 ms * 1024 / w, w being its own weight", READY,
                     "at an `enqueue` with why wake: compare its v with that of the one who runs, charged until then"),
    "eevdf-pick": Rule(Eevdf.rule, ("pick",), f"{LAST_ENTITY}: what is V, whose v is no larger, and who of these has the earliest d?"),
    "eevdf-lag": Rule("lag is w (V - v) / 1024, with V of all members, who runs included", ("entity",),
                      "V is the sum of w v, divided by W, over all who wait and who runs"),
    "eevdf-request": Rule("d = v + r * 1024 / w is set when v has reached d, and after a wake; else d does not move",
                          ("entity",), "had v reached d? And how long is a request of its slice with its weight?"),
    "eevdf-place": Rule("who wakes is placed at V - (V - v when it left) * (W + w) / W: then it is owed what it was owed", ("entity",),
                        "at the `entity` behind an `enqueue` with why wake: which V and v were there when it left? Which V and W are now?"),
    "eevdf-tick": Rule("at a tick, who has served its request or is not eligible makes room, if another one is eligible and due first",
                       ("tick",), "at a tick: is its v above V, or did its d just move? Then who is eligible, and due first?"),
    "eevdf-wake": Rule("who becomes ready takes the CPU if it is eligible and due first, and who runs is not protected, or has the longer "
                       "slice", READY, "at an `enqueue` with why wake: is who runs still eligible, and whose slice is shorter?"),
    "rt-pick": Rule(RealTime.rule, ("pick",),
                    "keep a list for each priority: who is preempted goes to the head, who wakes or has used up its turn to the tail"),
    "rt-wake": Rule("who becomes ready takes the CPU from a lower priority", READY, "at an `enqueue` with why wake: compare priorities"),
    "rt-turn": Rule("at a tick, who is SCHED_RR and has had 100 ms makes room for an equal that waits", ("tick", "entity"),
                    "the last number of its `entity` is what is left of its turn; was it used up, and does an equal wait?"),
    "rt-limit": Rule("the class has so much of each window and no more: then comes a throttle, and nobody of it runs until the window ends",
                     ("tick", "pick", "block", "enqueue", "throttle", "replenish"),
                     "add up what real-time threads have run since the window began: was it reached, and which event says so?"),
    "edf-pick": Rule(Deadline.rule, ("pick",), f"{LAST_ENTITY}: who of those that wait and are not throttled has the least d?"),
    "edf-wake": Rule("who becomes ready, or has budget again, takes the CPU from a later deadline", READY,
                     "compare its d with that of the one who runs"),
    "cbs-limit": Rule("who has used up its budget is throttled, and does not run until it is replenished",
                      ("tick", "pick", "block", "enqueue", "throttle", "entity"), "take what it ran from its last budget: what is left?"),
    "cbs-time": Rule("the budget comes back when the next period begins, at d - D + P, and not before", ("throttle", "replenish"),
                     "D and P stand in the table at the begin; d in its last `entity`"),
    "cbs-replenish": Rule("a replenishment adds Q to the budget and P to d, until there is budget; if d has passed even then, they are Q "
                          "and now + D", ("replenish", "entity"), "what were d and the budget before, and what are Q and P?"),
    "cbs-wake": Rule("who wakes keeps d and budget if d has not passed and budget * D <= (d - now) * Q; else they are now + D and Q. With "
                     "D < P, and d passed, it waits for its next period", ("entity", "pick", *READY),
                     "at the `entity` behind an `enqueue` with why wake: do both products, with d and the budget before the sleep"),
}
