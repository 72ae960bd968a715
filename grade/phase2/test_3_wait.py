"""Lab 2.3: wait_on(), wake_one(), wake_all(); and what is built on them alone. Who is woken, in which order, and is nobody lost
or left behind?"""

from grade.api import boots, exercise, no_leak, require, seeds

EINTR = 2**64 - 4


def order(run):
    """The waiters' numbers in the order in which they came back."""
    return [fact.b for fact in run.facts("ORDER")]


@exercise("2.3", points=3)
@seeds(20)
def test_nobody_is_lost_between_the_test_and_the_wait(boot, seeds):
    """A wake that comes after a thread has looked at its condition and before it waits must not be missed: it would sleep for good."""
    run = boot("wait_race", build="race", seeds=seeds, limit_ms=1000)
    for part in run.each_seed():
        turns = part.fact("NOTE")
        require(turns.a == turns.b, "every thread gets all its turns", f"{turns.a} of {turns.b} turns were taken")
    no_leak(run)


@exercise("2.3", points=2)
def test_waking_one_wakes_exactly_one(boot):
    """One thing to hand out is one thread to wake; and where nobody waits, the caller learns it."""
    run = boot("wait_one")
    counts = [fact.b for fact in run.facts("COUNT")]
    require(counts == [1, 2, 3], "each wake_one() wakes one thread", f"awake after each of three calls: {counts}")
    results = [fact.b for fact in run.facts("RESULT")]
    require(results == [1, 1, 1, 0], "wake_one() returns whether somebody waited", f"with 3, 2, 1 and 0 waiters it returned {results}")


@exercise("2.3", points=2)
def test_the_best_priority_is_woken_first_and_of_equals_the_one_that_came_first(boot):
    """Who is more important goes on earlier; among equals nobody jumps the queue."""
    came = order(boot("wait_order"))
    require(came == [2, 4, 0, 5, 1, 3], "wake_one() chooses the highest priority, and of equals who has waited longest",
            f"woken: {came}", "expected: [2, 4, 0, 5, 1, 3]; the priorities of 0 to 5: normal low high idle high normal")


@exercise("2.3", points=1)
@boots(3)
def test_a_priority_that_was_raised_while_waiting_counts(boot):
    """Priorities change while threads wait: the choice is made with those of now, whether they are a thread's own or lent to it."""
    for ktest, how in (("wait_raised", "was raised to"), ("wait_lent", "inherited")):
        came = order(boot(ktest))
        require(came == [2, 0, 1], "wake_one() goes by the effective priorities of now, not by those at the time of waiting",
                f"woken: {came}", f"expected: [2, 0, 1]; 0 was high, 1 normal, and 2 low until it {how} critical")
    came = order(boot("wait_lent_little"))
    require(came == [1, 0, 2, 3], "the effective priority is the better one of a thread's own and what it inherits, and that alone counts",
            f"woken: {came}", "expected: [1, 0, 2, 3]; their effective priorities are 32 44 32 32; 0 and 3 are low and have inherited 32")


@exercise("2.3", points=2)
def test_waking_all_wakes_everybody_once(boot):
    """All who wait now: none of them is left, and who comes back to wait again is not of this time."""
    run = boot("wait_all")
    woken, awake = [fact.b for fact in run.facts("RESULT")], [fact.b for fact in run.facts("COUNT")]
    require(woken == [7, 7], "wake_all() wakes all who wait and returns how many", f"7 waited, twice; it returned {woken}")
    require(awake == [7, 14], "each waiter comes back once from each wake_all()",
            f"came back: {awake} in all after the first and the second time")


@exercise("2.3", points=1)
def test_who_was_not_woken_leaves_the_queue_too(boot):
    """A thread that was killed, or whose wait was ended by hand, stands in the queue until it goes itself: the next wake must
    not be spent on it."""
    run = boot("wait_leaves")
    results = {fact.a: fact.b for fact in run.facts("RETURNED")}
    require(results.get(0) == EINTR, "wait_on() returns -EINTR to a thread that was killed", f"it returned {results.get(0)}")
    require(results.get(1) == 0, "wait_on() returns 0 to a thread that was not killed", f"woken by hand: it returned {results.get(1)}")
    require(not any(fact.b for fact in run.facts("LINKED")), "a thread that has come back from wait_on() is in no wait queue",
            "it still stands there")
    counts = [fact.b for fact in run.facts("COUNT")]
    require(counts == [2, 3], "wake_one() wakes a thread that still waits", f"awake before and after: {counts}, expected [2, 3]")
    require(run.fact("QUEUE_EMPTY").b == 1, "when all have come back, the wait queue is empty", "somebody stands in it")
    no_leak(run)


@exercise("2.3", points=1)
@boots(4)
def test_a_wake_is_not_spent_on_one_who_stopped_waiting(boot):
    """Between being made ready and running a waiter stands in the queue, but waits no more: a wake that it gets is nobody's, and who still
    waits may wait for ever."""
    for ktest, first in (("wait_roused_then_woken", "it was woken by hand"), ("wait_killed_then_woken", "it was killed"),
                         ("wait_woken_then_killed", "it was woken, and killed before it ran")):
        run = boot(ktest)
        require(run.fact("RESULT").b == 1, "wake_one() returns true when it has woken somebody who waited", f"it returned false: {first}")
        require(run.fact("COUNT").b == 2, "a wake goes to a thread that waits, and is passed on by one that was killed",
                f"some wait, one wake; of the first: {first}; awake then: {run.fact('COUNT').b}, expected 2")
        no_leak(run)
    run = boot("wait_stale")
    one, every = (fact.b for fact in run.facts("RESULT"))
    first, last = (fact.b for fact in run.facts("COUNT"))
    require(one == 1 and first == 3, "wake_one() goes on until it has woken somebody who waited, or nobody is left",
            f"six stand there, two of them were woken by hand; it returned {one}; awake then: {first}, expected 3")
    require(every == 2 and last == 6, "wake_all() wakes all who wait, and counts those whom it woke",
            f"three stand there, one of them was woken by hand; it returned {every}, expected 2; awake then: {last} of 6")
    require(run.fact("QUEUE_EMPTY").b == 1, "a wake takes the waiter out of the queue", "after wake_all() somebody stands in it")


@exercise("2.3", points=1)
@boots(2)
def test_a_wake_that_came_early_ends_the_next_wait_at_once(boot):
    """It is remembered, so it is not lost; the thread comes back with its lock held, as from every wait, and out of the queue."""
    run = boot("wait_pending")
    require(run.fact("RETURNED").b == 0, "wait_on() returns 0 to a thread that was not killed", f"it returned {run.fact('RETURNED').b}")
    held, off = run.fact("NOTE").a, run.fact("NOTE").b
    require(held and off, "wait_on() returns with the lock held and interrupts off",
            f"lock held: {bool(held)}, interrupts off: {bool(off)}")
    require(run.fact("QUEUE_EMPTY").b == 1, "a thread that has come back from wait_on() is in no wait queue", "it still stands there")
    stopped = boot("wait_due").fact("NOTE")
    require(stopped.a == stopped.b, "a waiter keeps the lock, and with it the CPU, until it is BLOCKED",
            "a reschedule was due when it began to wait: it was preempted between giving the lock back and being BLOCKED")


@exercise("2.3", points=1)
@seeds(10)
def test_a_completion_lets_everybody_through_once_it_happened(boot, seeds):
    """Something that happens once: who waited goes on, and who comes later does not wait at all."""
    for part in boot("completion_once", build="race", seeds=seeds, limit_ms=1000).each_seed():
        before, after = (fact.b for fact in part.facts("COUNT"))
        require((before, after) == (0, 3), "all who wait for a completion go on when it happens, and nobody earlier",
                f"went on before: {before}, in all: {after}")


@exercise("2.3", points=1)
@boots(2)
@seeds(10)
def test_readers_share_a_writer_excludes_and_nobody_starves(boot, seeds):
    """Many readers or one writer; neither a stream of readers nor a queue of writers keeps the others out for good."""
    for part in boot("rwlock_shares", build="race", seeds=seeds, limit_ms=2000).each_seed():
        require(part.fact("NOTE").a == 0, "while a writer is in, nobody else is", f"{part.fact('NOTE').a} times somebody was")
    run = boot("rwlock_starves_nobody", limit_ms=400)
    for fact, who in zip(run.facts("COUNT"), ("a writer among three readers", "a reader among three writers")):
        require(fact.b <= 6, f"{who} gets in after those who were there before", f"{fact.b} others got in first")
