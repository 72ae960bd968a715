"""Lab 2.5: mutex_acquire(), mutex_release(), semaphore_take(), semaphore_give(), condvar_sleep(). Who gets in, who waits, and
who is woken?"""

from grade.api import boots, exercise, no_leak, require, seeds, signed

ETIMEDOUT = 2**64 - 110


def order(run):
    return [fact.b for fact in run.facts("ORDER")]


def counts(run):
    return [fact.b for fact in run.facts("COUNT")]


def all_turns(part, rule):
    done = part.fact("NOTE")
    require(done.a == done.b, rule, f"{done.a} of {done.b}")


@exercise("2.5", points=3)
@seeds(20)
def test_a_mutex_lets_one_thread_in_at_a_time(boot, seeds):
    """That is what it is for, wherever a thread is interrupted."""
    run = boot("mutex_excludes", build="race", seeds=seeds, limit_ms=2000)
    for part in run.each_seed():
        require(part.fact("RESULT").b == 0, "between mutex_lock() and mutex_unlock() there is one thread at a time",
                f"{part.fact('RESULT').b} times there were two")
        all_turns(part, "what threads add under a mutex is all there in the end")
    no_leak(run)


@exercise("2.5", points=2)
def test_a_mutex_goes_to_the_best_waiter_who_looks_again(boot):
    """Between being woken and running, somebody else may take the mutex: whoever was woken waits again, and the best of all
    waiters is next."""
    run = boot("mutex_order", "sched=rr")
    require(run.fact("RESULT").b == 3, "mutex_unlock() wakes one: the best waiter; the others would find the mutex taken, and wait again",
            f"of four waiters {run.fact('RESULT').b} are left after it, expected 3")
    require(counts(run) == [0], "a thread that was woken for a mutex and finds it taken waits again",
            f"{counts(run)[0]} went on while the mutex was taken")
    require(order(run)[0] == 2, "mutex_unlock() wakes the waiter of the highest priority",
            f"they got it in the order {order(run)}; number 2 has the highest")
    require(order(run) == [2, 1, 3, 0], "each mutex_unlock() wakes the best waiter, of equals the one that came first",
            f"order: {order(run)}, expected [2, 1, 3, 0]")
    no_leak(run)


@exercise("2.5", points=1)
def test_who_is_killed_takes_no_mutex_along(boot):
    """An owner that leaves gives up what it holds; a waiter that leaves must not be given anything any more."""
    run = boot("mutex_killed")
    require(order(run) == [2], "when its owner has been killed the mutex goes to who waits for it, and was not killed",
            f"it went to {order(run)}, expected [2]")
    owned, waiting = run.fact("NOTE").a, run.fact("NOTE").b
    require(not owned and not waiting, "in the end the mutex is free and nobody waits for it",
            f"owned: {bool(owned)}, waited for: {bool(waiting)}")
    no_leak(run)


@exercise("2.5", points=2)
@boots(4)
def test_misuse_is_noticed_where_it_happens(boot):
    """Giving up what one does not own, waiting for oneself, waiting where one may not leave the CPU: each is a mistake to be
    told, not a hang."""
    for ktest, words in (("mutex_foreign", "does not own 'first'"), ("mutex_twice", "owns 'first' already"),
                         ("mutex_critical", "'first' inside a critical section"), ("wait_spinlock", "holds lock 'outer' across a switch")):
        run = boot(f"panic_{ktest}", outcome="panic")
        require(words in run.panic.message, f"the panic says what was wrong: {words}", f"it says: {run.panic.message}")


@exercise("2.5", points=1)
def test_a_deadlock_is_told_with_everybody_in_the_circle(boot):
    """Three threads that wait for each other would wait for good; the last one to wait finds out."""
    message = boot("panic_deadlock", outcome="panic").panic.message
    require("deadlock" in message, "a wait that closes a circle of mutexes is a deadlock, and panics", f"the panic says: {message}")
    for name in ("worker/0", "worker/1", "worker/2", "'first'", "'second'", "'third'"):
        require(name in message, "the report of a deadlock names every thread and every mutex of the circle",
                f"{name} is missing in: {message}")


@exercise("2.5", points=2)
@boots(4)
def test_a_wait_with_an_end_ends(boot):
    """Who does not want to wait for ever gets -ETIMEDOUT and, of mutexes and semaphores, nothing; a condition variable's mutex
    is taken again."""
    run = boot("sync_timeouts")
    returned = [fact.b for fact in run.facts("RETURNED")]
    held = {fact.a: fact.b for fact in run.facts("NOTE")}
    require(returned[:2] == [ETIMEDOUT] * 2 and returned[3] == ETIMEDOUT, "a wait whose time is over returns -ETIMEDOUT",
            f"mutex, semaphore, condition variable: {[signed(value) for value in (*returned[:2], returned[3])]}")
    require(not held[0], "mutex_lock_until() that returns -ETIMEDOUT has not taken the mutex", "the thread owns it")
    require(returned[2] == returned[4] == 0 and held[2], "what is free is taken at once, whatever the time",
            f"mutex {returned[2]}, semaphore {returned[4]}")
    require(held[3], "after condvar_wait_until() the mutex is owned again, whether or not the time was over", "it is not")
    require(counts(run) == [0], "a semaphore that was taken once counts one less", f"count {counts(run)[0]}")
    run = boot("sync_too_late")
    late, held = {fact.a: fact.b for fact in run.facts("RETURNED")}, {fact.a: fact.b for fact in run.facts("NOTE")}
    require([late[0], late[1]] == [ETIMEDOUT] * 2 and not held[0] and counts(run) == [1],
            "a wait that returns an error has taken nothing, even if it is there by then",
            f"mutex: {signed(late[0])}, taken: {bool(held[0])}; semaphore: {signed(late[1])}, count {counts(run)[0]}, expected 1")
    for ktest, when, awake, first in (("wait_over_then_woken", "before", 2, ETIMEDOUT), ("wait_woken_then_over", "after", 1, 0)):
        run = boot(ktest)
        result = next(fact.b for fact in run.facts("RETURNED") if fact.a == 0)
        require(run.fact("COUNT").b == awake and result == first, "a wake goes to one who waits, and counts though its time passes then",
                f"two wait, one wake, {when} the first one's time was over; awake then: {run.fact('COUNT').b}, expected {awake}; "
                f"its wait returned {signed(result)}")


@exercise("2.5", points=2)
@boots(2)
def test_a_semaphore_lets_as_many_through_as_it_counts_the_best_first(boot):
    """Each up is one down, and the most important waiter gets it."""
    run = boot("semaphore_order")
    require(counts(run) == [1, 2, 3, 4, 5], "each semaphore_up() lets one thread through", f"through after each: {counts(run)}")
    require(order(run) == [2, 3, 1, 4, 0], "a semaphore lets the waiter of the highest priority through, of equals the one that came first",
            f"order: {order(run)}, expected [2, 3, 1, 4, 0]")
    left = counts(boot("semaphore_twice"))
    require(left == [3, 2, 2], "each semaphore_up() wakes one thread: the best waiter",
            f"of four waiters, left after one, after the next, and when those that were woken have run: {left}, expected [3, 2, 2]")


@exercise("2.5", points=2)
@boots(2)
@seeds(10)
def test_a_semaphore_never_gives_out_more_than_it_has(boot, seeds):
    """Between being woken and running, somebody else may take what there was: whoever was woken looks again."""
    run = boot("semaphore_stolen")
    results = [fact.b for fact in run.facts("RESULT")]
    require(results[:2] == [3, 0], "a semaphore of 3 can be taken three times", f"{results[0]} times, and then {results[1]} times more")
    require(counts(run) == [0, 1] and results[3] == 0, "a waiter that finds nothing left waits again",
            f"it went on when there was nothing: {counts(run)}; count in the end {results[3]}")
    for part in boot("semaphore_race", build="race", seeds=seeds, limit_ms=1000).each_seed():
        all_turns(part, "each semaphore_up() lets one semaphore_down() through")
        require(part.fact("COUNT").b == 0, "what was given was taken", f"{part.fact('COUNT').b} are left")


@exercise("2.5", points=2)
def test_a_signal_wakes_one_a_broadcast_all_and_nothing_is_remembered(boot):
    """A condition variable has no memory, unlike a semaphore; and whoever comes back from it owns the mutex again."""
    run = boot("condvar_wakes")
    before, signalled, given, broadcast = counts(run)
    require(before == 0, "a signal or broadcast when nobody waits is not remembered", f"{before} threads did not wait")
    require(signalled == 0, "a thread that was signalled comes back when it has the mutex again, not earlier",
            f"{signalled} came back while another thread owned it")
    require(given == 1, "a signal wakes one thread", f"{given} came back")
    require(broadcast == 4, "a broadcast wakes all who wait", f"{broadcast} of 4 came back")
    require(all(fact.b for fact in run.facts("NOTE")), "after condvar_wait() the mutex is owned again", "it is not")
    no_leak(run)


@exercise("2.5", points=2)
@seeds(20)
def test_no_signal_is_lost_between_the_mutex_and_the_wait(boot, seeds):
    """condvar_wait() gives the mutex up and waits in one step: a signal that came in between would be lost, and the buffer stand still."""
    run = boot("condvar_race", build="race", seeds=seeds, limit_ms=3000)
    for part in run.each_seed():
        all_turns(part, "a buffer that two fill and two empty never stands still")
        require(part.fact("RESULT").b == 0, "the mutex is owned again after condvar_wait()",
                f"{part.fact('RESULT').b} times two threads were inside")
    no_leak(run)


@exercise("2.5", points=1)
@seeds(20)
def test_nobody_passes_a_barrier_alone(boot, seeds):
    """Made of a mutex and a condition variable: three threads meet eight times, and nobody is a round ahead."""
    run = boot("barrier_race", build="race", seeds=seeds, limit_ms=3000)
    for part in run.each_seed():
        all_turns(part, "everybody who comes to the barrier gets through")
        require(part.fact("RESULT").b == 0, "nobody passes a barrier before all have come", f"{part.fact('RESULT').b} times somebody did")
    no_leak(run)
