"""What the tests of the policies have in common: a trace replayed by a model, turns, and what a decision costs with many threads."""

from math import log2

from grade.api import require
from grade.models.schedule import follows
from grade.timeline import Timeline

__all__ = ["follows", "grows_like", "turns"]

READY = 1  # enum thread_state
ALLOWED = {"1": lambda n: 1.1, "log n": lambda n: log2(n) / log2(10)}  # the cost with n threads by that with 10, at most


def turns(run):
    """The Turns of the threads that the ktest made, those that ended because the CPU was taken away; at least 3, or RuleBroken."""
    made = {event.tid for event in run.events("CREATE")}
    ends = {(event.tid, event.time) for event in run.events("SWITCH") if event.arg[0] == READY}
    found = [turn for turn in Timeline(run.events()).turns if turn.tid in made and (turn.tid, turn.end) in ends]
    require(len(found) >= 3, "threads that never yield take turns", f"{len(found)} of their turns ended because the CPU was taken away")
    return found


def grows_like(run, what, order):
    """Judges the COST facts of a run, cycles by number of threads that wait. order: a key of ALLOWED."""
    cost = {fact.a: fact.b for fact in run.facts("COST")}
    for n in cost:
        require(cost[n] <= cost[10] * ALLOWED[order](n), f"{what} costs no more than O({order}) with n threads that wait",
                ", ".join(f"{cycles} cycles with {threads}" for threads, cycles in cost.items()))
