"""Lab 2.6a: prio_first(), prio_tick(), prio_check_preempt(). Lab 2.6b: prio_level(), prio_place(). Who runs, and how long must who does
not run wait?"""

from grade.api import boots, exercise, require
from grade.models import schedule
from grade.phase2.policies import ageing_rules, answers, follows, grows_like, picks_of_ten, turns

MS = 1_000_000


def order(run):
    return [fact.b for fact in run.facts("ORDER")]


@exercise("2.6a", points=2)
def test_the_highest_priority_runs_first(boot):
    """Whoever was made first, or has waited for longest, comes after whoever is more important."""
    seen = order(boot("prio_order", "sched=prio"))
    require(seen == [4, 3, 2, 1, 0], "of those that wait, the one of the highest priority runs next",
            f"threads of priority 0 to 4, all ready, the lowest made first: they ran in the order {seen}")


@exercise("2.6a", points=3)
def test_a_higher_priority_takes_the_cpu_at_once(boot):
    """Not at the next tick: what is urgent is urgent now. That holds for who is woken, and for who lowers itself below another."""
    seen = order(boot("prio_preempts", "sched=prio"))
    require(seen[:2] == [0, 1], "a thread that becomes ready takes the CPU from one of lower priority at once",
            f"0, of high priority, wakes 1, which is critical, and goes on: they ran in the order {seen[:3]}")
    require(seen == [0, 1, 0, 2, 0], "a thread that lowers its priority below that of a waiting one makes room at once",
            f"0 sets its priority below that of 2, which is ready: they ran in the order {seen}, expected [0, 1, 0, 2, 0]")


@exercise("2.6a", points=3)
@boots(3)
def test_equals_take_turns_of_a_quantum(boot):
    """Among equals it is round-robin: a tick takes the CPU away when the quantum is used up, a new equal never does."""
    seen = order(boot("prio_equals", "sched=prio"))
    require(seen == [0, 0, 1], "a thread that becomes ready does not take the CPU from one of equal priority",
            f"0 wakes 1, of the same priority: they ran in the order {seen}, expected [0, 0, 1]")
    for turn in turns(boot("turns_hogs", "sched=prio", limit_ms=600)):
        require(19 * MS <= turn.end - turn.start <= 21.1 * MS, "threads of equal priority take turns of a quantum",
                f"thread {turn.tid} had the CPU for {(turn.end - turn.start) / MS:.2f} ms; the quantum is 20 ms, a tick 1 ms")
    given = iter(answers(boot("prio_limits")))
    for mine in range(5):
        before, at = next(given), next(given)
        require(not before and at, "a reschedule is due when a thread has run its quantum, and not before, whoever waits",
                f"priority {mine}, nobody waits; due a cycle before: {bool(before)}, exactly then: {bool(at)}")
        for its in range(5):
            tick, arrival, stays = next(given), next(given), next(given)
            require(tick == arrival == (its > mine), "a thread makes room for a higher one, and in the middle of its quantum for no other",
                    f"priority {mine} runs, {its} waits; due at a tick: {bool(tick)}, when that one becomes ready: {bool(arrival)}")
            require(stays, "prio_first() finds who has to run next, and leaves it in the queue", f"priority {its} waits")


@exercise("2.6a", points=2)
@boots(3)
def test_many_threads_that_wait_cost_no_more_than_few(boot):
    """To look at each of them would be simple, and too much: the kernel decides a thousand times a second."""
    picked = [number % 5 for number in picks_of_ten(boot, "prio")]
    require(picked == [4, 4, 3, 3, 2, 2, 1, 1, 0, 0], "of those that wait, the one of the highest priority runs next",
            f"ten threads, two of each priority: they were picked in the order of priorities {picked}")
    for ktest, what in (("policy_cost", "taking a thread out and putting it back"), ("policy_tick_cost", "a tick")):
        grows_like(boot(ktest, "sched=prio", limit_ms=1000), what, "log n")


@exercise("2.6b", points=2)
def test_nobody_waits_for_ever(boot):
    """The bound that ageing is for: (Pmax - p) A until a thread is at the top, and N turns of those that are there already."""
    run = boot("prio_ageing", "sched=prio quantum=1", limit_ms=600)
    numbers = schedule.numbers(run.kernel)
    a, turn = numbers.ageing * MS // numbers.cycles_per_ms, 2 * MS
    bound = (63 - 20) * a + 4 * turn
    waited = max(fact.b for fact in run.facts("RESPONSE") if fact.a == 0)
    require(waited <= bound, "a thread waits at most (63 - p) A + N (q + tick)",
            f"p = 20 against three hogs of 32, A = {a / MS:.2f} ms, q = 1 ms: it waited {waited / MS:.2f} ms, at most {bound / MS:.2f}")
    expected = (32 - 20) * a
    require(waited >= expected, "a thread rises by one level in A, and no faster",
            f"it waited {waited / MS:.2f} ms, and was above the others' 32 after {expected / MS:.2f} ms at the earliest")


@exercise("2.6b", points=2)
def test_who_has_risen_falls_back_after_its_turn(boot):
    """What a thread has risen is good for one turn. Each decision of the kernel is compared with the model's, cycle by cycle."""
    follows(boot("prio_ageing", "sched=prio quantum=1", limit_ms=600), "prio")


@exercise("2.6b", points=2)
@boots(3)
def test_a_wait_begins_where_a_turn_ends(boot):
    """Neither a preemption nor a sleep in the middle of a quantum ends a turn; a yield and a used-up quantum do."""
    follows(boot("turns_interrupted", "sched=prio"), "prio")
    follows(boot("turns_wake", "sched=prio", limit_ms=400), "prio")
    ageing_rules(boot("prio_rules"))


@exercise("2.6b", points=2)
@boots(3)
def test_every_decision_is_the_models(boot):
    """Threads that do a bit of everything: whatever comes together, the kernel has to pick whom the rule says."""
    follows(boot("prio_overtakes", "sched=prio", limit_ms=300), "prio")
    follows(boot("policy_mix", "sched=prio", limit_ms=1500), "prio")
    follows(boot("policy_mix_fast", "sched=prio quantum=5", limit_ms=1500), "prio")
