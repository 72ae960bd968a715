"""Lab 2.6c: priority_lend(), priority_recompute(). Effective priorities, step by step: 8, 20, 32, 44, 56 are the thread
priorities' own places."""

from grade.api import boots, exercise, no_leak, require, seeds
from grade.phase2.policies import follows

IDLE, LOW, NORMAL, HIGH, CRITICAL = 8, 20, 32, 44, 56
MS = 1_000_000


def steps(run):
    return [fact.b for fact in run.facts("EFFECTIVE")]


@exercise("2.6c", points=2)
def test_the_owner_of_a_mutex_runs_with_the_best_priority_of_those_who_wait(boot):
    """It stands in their way; and when it has given the mutex up, it does not any more."""
    run = boot("inherit_lends")
    own, one, two, after = steps(run)
    require((own, one, two) == (NORMAL, HIGH, CRITICAL),
            "an owner has the best effective priority among its own and those of who waits for its mutex",
            f"alone, with a waiter of 44, with one of 56: {own}, {one}, {two}")
    require(after == NORMAL, "with the mutex an owner gives up what it inherited through it",
            f"its effective priority is {after}, its own {NORMAL}")
    no_leak(run)


@exercise("2.6c", points=2)
def test_a_priority_is_lent_along_the_whole_chain(boot):
    """The owner may wait itself: what holds it up holds up everybody behind it."""
    seen = steps(boot("inherit_chain"))
    require(seen[:6] == [CRITICAL] * 6, "a waiter's priority goes to the owner, to the owner that this one waits for, and so on",
            f"from the far end to the waiter: {seen[:6]}, all have to be {CRITICAL}")
    require(seen[6] == NORMAL, "with the mutex an owner gives up what it inherited through it",
            f"its effective priority is {seen[6]}, its own {NORMAL}")


@exercise("2.6c", points=2)
@boots(2)
def test_giving_up_one_mutex_keeps_what_the_others_lend(boot):
    """An owner of several mutexes stands in the way of all who wait for any of them."""
    seen = steps(boot("inherit_several"))
    rest = ["three mutexes with waiters of 44, 56, 32", "without the third", "without the second", "without any"]
    for what, got, expected in zip(rest, seen, [CRITICAL, CRITICAL, HIGH, NORMAL]):
        require(got == expected, "what an owner inherits is the best of those who still wait for one of its mutexes",
                f"{what}: {got}, expected {expected}")
    rest = ["three mutexes: 44 56 32 wait for the first, 20 for the second, nobody for the third", "without the third",
            "when the one of 56 was killed", "without the second", "without any"]
    for what, got, expected in zip(rest, steps(boot("inherit_crowd")), [CRITICAL, CRITICAL, HIGH, HIGH, NORMAL]):
        require(got == expected, "what an owner inherits is the best of all who still wait for any of its mutexes",
                f"{what}: {got}, expected {expected}")


@exercise("2.6c", points=1)
@boots(2)
def test_a_new_priority_of_its_own_does_not_overwrite_what_a_thread_inherited(boot):
    """Two numbers, and the better one counts; and a waiter's new priority is lent as well."""
    seen = steps(boot("inherit_set"))
    rest = ["lent 44, own 32", "own 20", "own 56", "own 32, lent 56", "lent 20", "nothing lent", "own 56, lent 44", "own 20, lent 44"]
    for what, got, expected in zip(rest, seen, [HIGH, HIGH, CRITICAL, CRITICAL, NORMAL, NORMAL, CRITICAL, HIGH]):
        require(got == expected, "the effective priority is the better one of a thread's own and what it inherits now",
                f"{what}: {got}, expected {expected}")
    owns, after = steps(boot("inherit_sinks"))
    require((owns, after) == (HIGH, LOW), "an owner inherits from all who wait, also from those who began before it was the owner",
            f"own {LOW}, and one of {HIGH} waits: {owns}; after the unlock: {after}")


@exercise("2.6c", points=1)
@boots(2)
def test_who_stops_waiting_stops_lending(boot):
    """A wait that ran into its end, or whose thread was killed, holds nobody up any more, along the whole chain."""
    run = boot("inherit_timeout")
    seen = steps(run)
    for at, how, others in ((0, "its time is over", NORMAL), (4, "it was killed, and one of 44 waits for the first mutex", HIGH)):
        require(seen[at:at + 2] == [CRITICAL, CRITICAL],
                "a waiter's priority goes to the owner, and to the owner that this one waits for",
                f"with a waiter of {CRITICAL}, the owner and that one's: {seen[at]}, {seen[at + 1]}")
        require(seen[at + 2:at + 4] == [others, IDLE], "who does not wait any more does not lend its priority any more",
                f"when {how}: {seen[at + 2]}, {seen[at + 3]}, expected {others}, {IDLE}")
    no_leak(run)
    require(steps(boot("inherit_freed")) == [NORMAL], "a thread that owns nothing inherits nothing",
            "the one at the end of a chain was killed when the mutex at its beginning had just become free")


@exercise("2.6c", points=1)
def test_an_inversion_lasts_no_longer_than_the_mutex_is_held(boot):
    """What inheritance is for: the one in the middle may not keep the highest waiting by keeping the lowest from going on."""
    run = boot("inherit_inversion", "sched=prio", limit_ms=400)
    waited, work = run.fact("NOTE").a, run.fact("NOTE").b
    require(waited >= MS, "the thread of high priority comes while the one of low priority owns the mutex", f"it waited {waited} ns")
    require(waited <= work + MS, "a thread waits for a mutex at most as long as its owner has work to do with it",
            f"the thread of high priority waited {waited / MS:.2f} ms; the owner worked {work / MS:.0f} ms; "
            f"one of medium priority wanted 60 ms")
    follows(run, "prio")


@exercise("2.6c", points=1)
@seeds(20)
def test_what_was_lent_is_given_back_in_the_end(boot, seeds):
    """Whatever comes in between: a thread that owns nothing inherits nothing."""
    run = boot("inherit_race", build="race", seeds=seeds, limit_ms=3000)
    require(any(fact.b for fact in run.facts("COUNT")), "an owner inherits from those who wait for its mutex",
            "nobody ever inherited anything")
    for part in run.each_seed():
        require(part.fact("NOTE").a == 0, "a thread that owns no mutex inherits nothing", f"{part.fact('NOTE').a} times one did")
    no_leak(run)
