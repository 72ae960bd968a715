"""What the tests of the policies have in common: a trace replayed by a model, turns, and what a decision costs with many threads."""

from itertools import product
from math import log2

from grade.api import require
from grade.models.mlfq import FeedbackQueue
from grade.models.prio import Priority
from grade.models.schedule import CHANGED, NEW, Thread, follows, numbers
from grade.timeline import Timeline

__all__ = ["ageing_rules", "answers", "feedback_rules", "follows", "grows_like", "picks_of_ten", "turns"]

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


def grows_like(run, what, order, slack=1):
    """Judges the COST facts of a run, cycles by number of threads that wait. order: a key of ALLOWED; slack: the factor by which a
    tree's ways may be longer than that."""
    cost = {fact.a: fact.b for fact in run.facts("COST")}
    for n in cost:
        require(cost[n] <= cost[10] * slack * ALLOWED[order](n), f"{what} costs no more than O({order}) with n threads that wait",
                ", ".join(f"{cycles} cycles with {threads}" for threads, cycles in cost.items()))


# --- the small functions, asked one by one (kernel/ktest/test_policy_rules.c) ------------------------------------------------------------

REASONS = ("NEW", "YIELD", "PREEMPTED", "WAKE", "CHANGED")
RAN, BOOST = 10**12, 5  # cycles that the thread has run; the present boost's number


def answers(run):
    """What the functions answered, in order."""
    return [fact.b for fact in run.facts("RESULT")]


def known(t, model):
    """A thread's fields as the ktest packs them, but for the last bit."""
    return t.level | t.boost << 8 | (t.allotment_start == t.ran) << 16 | (t.slice_start == t.ran) << 17 | (t.since == model.clock) << 18


def said(packed):
    """The same for people."""
    names = ("its allotment begins anew", "its turn begins anew", "its wait begins now", "a reschedule is due")
    what = [name for bit, name in enumerate(names, 16) if packed >> bit & 1]
    return ", ".join([f"level {packed & 255}", f"boost {packed >> 8 & 255}", *what])


def feedback_rules(run):
    """Judges ktest mlfq_rules by the model."""
    given = iter(answers(run))
    model = FeedbackQueue(numbers(run.kernel))
    model.clock = BOOST * model.numbers.boost + 12345

    def agrees(function, case, packed):
        got = next(given)
        require(got == packed, f"{function} answers and sets what the rules say", case, f"expected: {said(packed)}", f"it was: {said(got)}")

    for level, behind, left, part in product(range(4), range(3), range(2), range(3)):
        quantum, allotment = model.numbers.mlfq_quantum[level], model.numbers.mlfq_allotment[level]
        used = (allotment - 1, allotment, 100 * allotment)[part]
        case = (f"a thread at level {level} that took part in boost {BOOST - behind} of {BOOST}, ran {quantum - left} of its quantum of "
                f"{quantum} cycles and {used} of its allotment of {allotment}")

        def thread():
            t = Thread(1)
            t.ran, t.slice_start, t.allotment_start = RAN, RAN - quantum + left, RAN - used
            t.level, t.boost, t.since = level, BOOST - behind, 1
            return t

        got, unchanged = next(given), next(given)
        require(got == model.level(thread()), "mlfq_level() is the level at which a thread competes now",
                case, f"expected: {model.level(thread())}, it was: {got}")
        require(unchanged, "mlfq_level() changes nothing", case)
        t = thread()
        model.ticked(t)
        agrees("mlfq_tick()", case, known(t, model) | (model.used_up(t) is not None) << 19)
        for why in range(NEW, CHANGED + 1):
            t = thread()
            model.catch_up(t)
            if why == CHANGED and (model.quantum_used(t) or model.allotment_used(t)):
                next(given)  # whose priority changes has waited since it joined, and has used nothing up
                continue
            model.joins(t, why)
            agrees(f"mlfq_place(), ENQUEUE_{REASONS[why]},", case, known(t, model))


def ageing_rules(run):
    """Judges ktest prio_rules: the levels by their formula, the rest by the model."""
    given = iter(answers(run))
    for inherited, ages, less in product((-1, 44, 63), (0, 1, 18, 19, 20, 42, 43, 44, 256, 2**31, 2**32 + 1), range(2)):
        got, expected = next(given), min(63, max(20, inherited) + ages + less)
        require(got == expected, "a thread's level is min(63, effective + floor(wait / ageing))",
                f"own 20, inherited {inherited}, waited {ages + 1} x ageing{'' if less else ' less a cycle'}: {got}, expected {expected}")
    model = Priority(numbers(run.kernel))
    model.clock = 2
    for why, left in product(range(NEW, CHANGED + 1), range(2)):
        t = Thread(1)
        t.own, t.ran, t.since, t.slice_start = 3, RAN, 1, RAN - model.numbers.quantum[3] + left
        model.joins(t, why)
        got, expected = next(given), (t.slice_start == t.ran) | (t.since == model.clock) << 1
        what = ["neither", "slice_start", "since", "both"]
        require(got == expected, "prio_place() sets since and slice_start where a wait and a quantum begin",
                f"ENQUEUE_{REASONS[why]}, quantum {'not used up: one cycle is left' if left else 'used up'}: "
                f"it set {what[got]}, expected {what[expected]}")
