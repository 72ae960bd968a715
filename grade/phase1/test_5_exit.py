"""Lab 1.5: exit_locked(), join_try(), thread_reclaim(). What does the one who joins get, and what is left behind?"""

from grade.api import boots, exercise, kept, no_leak, replay, require, signed, without_checks
from grade.models import fifo

ESRCH = -3
READY, ZOMBIE = 1, 5  # enum thread_state


def joins_succeed(run):
    for fact in run.facts("JOINED"):
        require(fact.b == 0, "thread_join() of a living or exited thread must succeed",
                f"thread {fact.a}: {signed(fact.b)}")


@exercise("1.5", points=3)
def test_the_one_who_joins_gets_the_exit_code(boot):
    """The exit code is all that is left of a thread when it has gone: it must arrive, whatever it is."""
    run = boot("exit_code")
    joins_succeed(run)
    expected = {fact.a: fact.b for fact in run.facts("EXPECTED")}
    for fact in run.facts("EXIT_CODE"):
        require(fact.b == expected[fact.a], "thread_join() must hand over the exit code that the thread left with",
                f"thread {fact.a} left with {signed(expected[fact.a])}, its joiner got {signed(fact.b)}")
    no_leak(run)


@exercise("1.5", points=3)
def test_join_comes_back_after_the_exit_and_not_before(boot):
    """Who joins relies on it that the other one's work is done."""
    run = boot("join_waits")
    order = [(fact.a, fact.b) for fact in run.facts("ORDER")]
    expected = [(200, 0), *((turn, 1) for turn in range(5)), (100, 1), (201, 1)]
    require(order == expected, "thread_join() must not come back before the thread has exited",
            f"seen (step, value): {order}", f"expected: {expected}",
            "steps 0-4: the thread's turns, 100: its last words, 201: join came back")
    code = signed(run.fact("EXIT_CODE").b)
    require(code == 9, "thread_join() must hand over the exit code", f"expected 9, got {code}")
    no_leak(run)


@exercise("1.5", points=2)
def test_a_thread_that_exited_long_ago_still_has_its_code(boot):
    """A zombie keeps what the one who joins will ask for, however late and in whatever order."""
    run = boot("join_late")
    joins_succeed(run)
    kept(run, "exit_locked leaves the exit code and the state ZOMBIE, and changes nothing else of the thread")
    codes = [signed(fact.b) for fact in run.facts("EXIT_CODE")]
    require(codes == [63, 62, 61, 60], "each zombie must keep its own exit code",
            f"joined in reverse order: got {codes}, expected [63, 62, 61, 60]")
    no_leak(run)


# Where a thread is accessed that has been given to thread_free(), from its return on: the first such place, if any.
TOUCHED = """
free, ends = Stop("thread_free"), [Stop("ktest_done"), Stop("panic")]
resume()
thread = registers(("rdi", "rsp"))
free.delete()
back = Stop(word(thread["rsp"]))
resume()
back.delete()
Watch(thread["rdi"], given["size"])
rip = resume()
if rip not in (address("ktest_done"), address("panic")):
    report(behind=rip)
"""


@exercise("1.5", points=2)
def test_a_joined_thread_is_gone(boot):
    """After the join nothing of the thread is left: not in the table, not for a second join."""
    run = boot("join_forgets")
    before, after = (fact.b for fact in run.facts("FOUND"))
    require(before == 1, "a thread that was not joined yet must be found by its id", "it is not in the table")
    require(after == 0, "a joined thread must not be found any more", "thread_find() still returns it")
    first, second = (signed(fact.b) for fact in run.facts("JOINED"))
    require(first == 0 and second == ESRCH, "the second join of a thread finds nobody (-ESRCH)",
            f"first join: {first}, second join: {second}")
    no_leak(run)
    with replay(run) as debugger:
        touched = debugger.run_script(TOUCHED, size=run.kernel.image.structs["thread"]["size"])
    require(not touched, "thread_free() is the last access to a thread: what stands there from then on is somebody else's",
            lambda: f"accessed once more at {run.symbolise(touched[0]['behind'] - 1)}, seen by GDB")


@exercise("1.5", points=1)
def test_a_stack_that_is_still_in_use_is_not_given_back(boot):
    """Between exit_locked() and the end of the switch a zombie still stands on its stack; a second CPU may look just then."""
    run = boot("join_not_yet")
    joined, states, codes = ([signed(fact.b) for fact in run.facts(key)] for key in ("JOINED", "STATE", "EXIT_CODE"))
    require(joined[0] == 0, "join_try() must return false for a thread that has not exited", "the thread was READY, and it returned true")
    require(joined[1] == 0, "join_try() must return false while t->left_stack is not set, and change nothing", "it returned true")
    require(states[:2] == [READY, ZOMBIE], "join_try() that returns false must leave the thread as it is",
            f"states READY ({READY}) and ZOMBIE ({ZOMBIE}) became {states[0]} and {states[1]}")
    require(codes[:2] == [12345, 12345], "join_try() that returns false must leave *code as it is",
            f"12345 became {codes[0]} and {codes[1]}")
    kept(run, "join_try() that returns false must change nothing of the thread")
    require(all(fact.a == fact.b for fact in run.facts("SWITCHES")),
            "join_try() is one attempt: it lets nobody else run, thread_join() does that", "the scheduler was asked meanwhile")
    require(joined[2] == 1, "join_try() must return true once the thread is a ZOMBIE and off its stack", "it returned false")
    require(codes[2] == 21, "join_try() must hand over the exit code", f"expected 21, got {codes[2]}")
    no_leak(run)


@exercise("1.5", points=2)
def test_a_detached_thread_leaves_nothing_behind(boot):
    """Nobody joins it, so it must be given back as soon as it is off its stack; and so must one that is detached after its exit."""
    run = boot("detach_reclaims")
    for fact in run.facts("FOUND"):
        require(fact.b == 0, "a detached thread that has exited must be gone", f"thread {fact.a} is still in the table")
    require(run.fact("THREADS").b == 0, "as many threads as before", f"{run.fact('THREADS').b} more")
    no_leak(run)


@exercise("1.5", points=2)
def test_the_others_go_on_when_one_thread_exits(boot):
    """An exit gives the CPU to whoever has waited longest, like a yield that nobody comes back from."""
    run = boot("exit_turns")
    order = [fact.b for fact in run.facts("ORDER") if fact.a < 100]
    require(order == [0, 1, 2] * 5, "three threads of five turns each take turns to their end", f"seen: {order}")
    require(run.fact("NOTE").a == 3, "all three threads come to their end", f"{run.fact('NOTE').a} of 3 did")
    fifo.judge(run)
    no_leak(run)


@exercise("1.5", points=3)
@boots(2)
def test_two_hundred_short_lives_leave_no_trace(boot):
    """What is not given back once is not noticed; what is not given back each time is the end of the machine."""
    nothing_left(boot("exit_churn"))
    with without_checks():
        nothing_left(boot("exit_churn", build="unchecked"))


def nothing_left(run):
    rounds, wrong = run.fact("NOTE")[-2:]
    require(wrong == 0, "every thread can be joined and gives its own exit code", f"{wrong} of {rounds} joins failed or gave a wrong code")
    more = run.fact("THREADS").b
    require(more == 0, "a joined thread leaves the table: as many threads as before", f"{more} more")
    no_leak(run)


@exercise("1.5", points=2)
def test_when_the_last_thread_has_exited_the_machine_idles(boot):
    """There is always somebody to switch to: the idle thread. Nobody who has exited may run on."""
    run = boot("exit_last", result=None)
    order = [(fact.a, fact.b) for fact in run.facts("ORDER")]
    require(order == [(0, 0), (1, 7)], "the last thread runs to its end after main has exited", f"seen (step, value): {order}")
    fifo.judge(run)
    last = run.events("SWITCH")[-1:]
    require(last and last[0].other == 0, "after the last exit schedule() switches to the idle thread", f"the last switch: {last}")
