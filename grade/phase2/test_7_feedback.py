"""Lab 2.7: mlfq_level(), mlfq_catch_up(), mlfq_place(), mlfq_first(), mlfq_tick(), mlfq_check_preempt(). The kernel finds out by itself
who computes and who waits for people, and nobody can cheat it."""

from itertools import product

from grade.api import boots, exercise, require
from grade.phase2.policies import answers, feedback_rules, follows, grows_like, picks_of_ten, turns

MS = 1_000_000
FIRST_WAKES = 4  # of the thread that sleeps a lot, while the hogs are at level 0 as well


@exercise("2.7", points=2)
def test_who_computes_sinks_and_who_waits_stays_at_the_top(boot):
    """That is the idea: what a thread did says what it will do."""
    run = boot("mlfq_levels", "sched=mlfq", limit_ms=600)
    level = {fact.a: fact.b for fact in run.facts("LEVEL")}
    require(level[0] == 0, "a thread that uses little of its quantum stays at level 0", f"it is at level {level[0]}")
    require(level[1] == level[2] == 3, "a thread that uses up its allotment goes down a level, to the last one",
            f"after 350 ms two hogs are at levels {level[1]} and {level[2]}; each had 70 ms to use up above level 3")
    late = max(fact.b for fact in run.facts("RESPONSE") if fact.a >= FIRST_WAKES)
    require(late <= MS, "a thread that becomes ready at a better level takes the CPU at once",
            f"the one at level 0, woken while a hog ran, came {late / MS:.3f} ms late")


@exercise("2.7", points=2)
def test_a_turn_is_as_long_as_the_quantum_of_its_level(boot):
    """Above, short turns for quick answers; below, long ones, because switching costs."""
    seen = {}
    for turn in turns(boot("turns_hogs", "sched=mlfq", limit_ms=600)):
        seen.setdefault(turn.tid, []).append((turn.end - turn.start) / MS)
    for tid, lasted in seen.items():
        require(len(lasted) >= 6 and all(abs(a - b) <= 1.1 for a, b in zip(lasted, [5, 5, 10, 10, 20, 20])),
                "two turns of the quantum at each level, and then the next level: 5, 5, 10, 10, 20, 20 ms, and then the last one",
                f"thread {tid} had turns of {', '.join(f'{ms:.2f}' for ms in lasted)} ms")


@exercise("2.7", points=2)
def test_sleeping_just_in_time_gains_nothing(boot):
    """An allotment is used up by running, in one turn or in a hundred: else whoever knows the rule has the CPU for itself."""
    run = boot("mlfq_gamer", "sched=mlfq", limit_ms=2500)
    gamer, honest = (next(fact.b for fact in run.facts("CPU_TIME") if fact.a == who) for who in (0, 1))
    depth, share = run.fact("LEVEL").b, gamer / (gamer + honest)
    require(depth == 3, "an allotment is used up by running, however often one sleeps in between: then it is one level down",
            f"a thread that sleeps just before its quantum is over ran {gamer / MS:.0f} ms, and the lowest level that it saw was {depth}")
    require(share <= 0.53, "sleeping does not renew the allotment of a level",
            f"a thread that sleeps just before its quantum is over had {share:.1%} of the CPU, one that does not {1 - share:.1%}")


@exercise("2.7", points=2)
def test_a_boost_lifts_everybody(boot):
    """Those who sank might have changed, and those below might never run: at each multiple of S all begin anew, who sleeps as well."""
    run = boot("mlfq_boost", "sched=mlfq", limit_ms=600)
    before, after, slept = (fact.b for fact in run.facts("LEVEL"))
    require(before == 3, "a thread that uses up its allotment goes down a level, to the last one", f"a hog is at level {before}")
    require(after == 0, "after a boost everybody is at level 0", f"the hog that ran is at level {after}")
    require(slept == 0, "after a boost everybody is at level 0, who slept at the time as well", f"the one that slept is at level {slept}")


@exercise("2.7", points=3)
@boots(4)
def test_every_decision_of_the_queue_is_the_models(boot):
    """Threads that do a bit of everything: whatever comes together, the kernel has to pick whom the rule says."""
    follows(boot("policy_mix", "sched=mlfq", limit_ms=1500), "mlfq")
    follows(boot("policy_mix_fast", "sched=mlfq", limit_ms=1500), "mlfq")
    feedback_rules(boot("mlfq_rules"))
    given = iter(answers(boot("mlfq_arrivals")))
    for mine, behind, its in product(range(4), range(2), range(4)):
        due, stays = next(given), next(given)
        case = f"level {mine}{', one boost ago,' if behind else ''} runs, level {its} becomes ready"
        require(due == (its < (0 if behind else mine)), "a thread that becomes ready at a better level takes the CPU, and no other",
                f"{case}: {'due' if due else 'not due'}")
        require(stays, "mlfq_first() finds who has to run next, and leaves it in the queue", case)


@exercise("2.7", points=1)
@boots(3)
def test_a_queue_of_a_thousand_costs_as_much_as_one_of_ten(boot):
    """Boosts included: to go to each thread when the time has come would stop the machine once a second."""
    picked = picks_of_ten(boot, "mlfq")
    require(picked == [0, 4, 8, 1, 5, 9, 2, 6, 3, 7],
            "of those that wait, the one at the best level runs next; of equals, who became ready first",
            f"thread n of ten stands at level n % 4, and became ready n-th: they were picked in the order {picked}")
    for ktest, what in (("policy_cost", "taking a thread out and putting it back"), ("policy_tick_cost", "a tick")):
        grows_like(boot(ktest, "sched=mlfq", limit_ms=1000), what, "1")
