"""What the tests of the policies have in common: a trace replayed by a model, turns, and what a decision costs with many threads."""

from math import log2

from grade.api import require
from grade.models.schedule import follows
from grade.timeline import Timeline

__all__ = ["follows", "grows_like", "picks_of_ten", "turns"]

READY = 1      # enum thread_state
PREEMPTED = 2  # enum enqueue_why
ALLOWED = {"1": lambda n: 1.1, "log n": lambda n: log2(n) / log2(10)}  # the cost with n threads by that with 10, at most


def turns(run):
    """The Turns of the threads that the ktest made, those that ended because the CPU was taken away; RuleBroken if there are not at least
    3, or if a thread was stopped only to go on."""
    made = {event.tid for event in run.events("CREATE")}
    ends = {(event.tid, event.time) for event in run.events("SWITCH") if event.arg[0] == READY}
    found = [turn for turn in Timeline(run.events()).turns if turn.tid in made and (turn.tid, turn.end) in ends]
    stops = sum(event.arg[0] == PREEMPTED and event.tid in made for event in run.events("ENQUEUE"))
    require(len(found) >= 3, "threads that never yield take turns", f"{len(found)} of their turns ended because the CPU was taken away")
    require(stops == len(found), "the CPU is taken away for another thread, and not to give it back at once",
            f"a thread was stopped {stops} times, and {len(found)} times another one went on")
    return found


def picks_of_ten(boot, policy):
    """The numbers of the ten threads of ktest policy_order, in the order in which the policy picks them. Number n has priority n % 5,
    stands at level n % 4, and was queued n-th; 0 and 1, 2 and 3, ... announced bursts of 1, 920, 839, 758, 677 us. One boot."""
    return [fact.b for fact in boot("policy_order", f"sched={policy}").facts("POPPED")]


def grows_like(run, what, order):
    """Judges the COST facts of a run, cycles by number of threads that wait. order: a key of ALLOWED."""
    cost = {fact.a: fact.b for fact in run.facts("COST")}
    for n in cost:
        require(cost[n] <= cost[10] * ALLOWED[order](n), f"{what} costs no more than O({order}) with n threads that wait",
                ", ".join(f"{cycles} cycles with {threads}" for threads, cycles in cost.items()))
