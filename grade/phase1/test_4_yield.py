"""Lab 1.4: yield_locked() and switch_to(). Real threads now, judged by the trace as well as by what the threads saw."""

from grade.api import boots, exercise, kept, require, without_checks
from grade.models import fifo

RUNNING, READY = 2, 1  # enum thread_state


def turns(run):
    return [(fact.a, fact.b) for fact in run.facts("TURN", 0)]


def one_pick_a_yield(run):
    """Judges that schedule() chose a thread exactly once between two of its turns, between which it yields once."""
    picks = run.events("PICK")
    for turn in run.facts("TURN"):
        again = next((f for f in run.facts("TURN") if f.seq > turn.seq and f.a == turn.a), None)
        if again and again.b == turn.b + 1:
            me = next((pick.tid for pick in reversed(picks) if pick.time < turn.time), None)
            chosen = sum(pick.tid == me and turn.time < pick.time < again.time for pick in picks)
            require(chosen == 1, "one yield asks schedule() once, and comes back when it has chosen the thread again",
                    f"thread {me} yielded once, between its turns {turn.b} and {again.b}, and was chosen {chosen} times")


@exercise("1.4", points=4)
@boots(2)
def test_threads_that_yield_take_turns(boot):
    """A yield sends a thread behind everybody who waits; under fcfs too, as long as nobody is preempted."""
    for policy in ("rr", "fcfs"):
        run = boot("yield_order", f"sched={policy}")
        expected = [(who, turn) for n in (1, 2, 3) for turn in range(4) for who in range(n)]  # one thread, then two, then three
        require(turns(run) == expected, "threads that yield after every turn must take turns", lambda: run.lost()[:1],
                "seen: " + " ".join(str(who) for who, _ in turns(run)), "expected: " + " ".join(str(who) for who, _ in expected))
        one_pick_a_yield(run)
        fifo.judge(run)


@exercise("1.4", points=4)
@boots(2)
def test_nobody_is_passed_over_among_many_threads(boot):
    """Eight threads, fifty turns each: between two turns of one thread, each other one has exactly one."""
    nobody_passed_over(boot("yield_many"))
    with without_checks():
        nobody_passed_over(boot("yield_many", build="unchecked"))


def nobody_passed_over(run):
    done = run.fact("NOTE")
    require(done.a == done.b, "every thread gets all its turns", f"{done.a} of {done.b} turns were taken")
    seen = [who for who, _ in turns(run)]
    for at in range(0, len(seen), 8):
        require(sorted(seen[at:at + 8]) == list(range(8)), "in each round every thread has one turn", f"round {at // 8}: {seen[at:at + 8]}")
    fifo.judge(run)


@exercise("1.4", points=4)
def test_a_yield_with_nobody_else_ready_returns_without_a_switch(boot):
    """The yielding thread is the next one itself: it must go on as if nothing had happened."""
    run = boot("yield_alone")
    switches, stays = run.fact("SWITCHES"), run.fact("NOTE")
    require(switches.a == switches.b, "a thread that is alone is never switched out", f"{switches.b - switches.a} switches in 5 yields")
    require(stays.b - stays.a == 5, "each yield asks the scheduler once", f"{stays.b - stays.a} decisions in 5 yields")
    state, linked = run.fact("STATE"), run.fact("LINKED")
    require(state.b == RUNNING and not linked.b, "the thread that runs is RUNNING and in no queue",
            f"state {state.b}, in a queue: {bool(linked.b)}")
    fifo.judge(run)


@exercise("1.4", points=4)
@boots(2)
def test_everybody_agrees_on_who_runs(boot):
    """current(), the run queue and the thread's state must name the same thread, from its first instruction on."""
    run = boot("yield_current")
    for fact in run.facts("CURRENT"):
        require(fact.a == 1, "current() must be the thread whose stack is in use",
                f"current() says thread {fact.b}, but rsp is not in its stack",
                "is current set before the switch? After it, the code that runs is another thread's")
    for fact in run.facts("RQ_CURR"):
        require(fact.a == fact.b, "rq->curr must be the thread that runs", f"current() says thread {fact.a}, rq->curr says thread {fact.b}")
    for fact in run.facts("STATE"):
        require(fact.b == RUNNING, "the thread that runs must be RUNNING", f"thread {fact.a} runs in state {fact.b}")
    for fact in run.facts("NOTE")[:-1]:
        require(fact.b == READY, "a thread that has yielded must be READY", f"thread {fact.a} has yielded and is in state {fact.b}")
    kept(run, "a yield costs a thread its turn and changes nothing else of it")
    fifo.judge(run)
    kept(boot("yield_switch"), "switch_to changes who runs: next's state, rq->curr, current(), the saved rsp; and nothing else", {0: "rq"})


@exercise("1.4", points=4)
def test_a_threads_stack_is_untouched_by_the_others(boot):
    """What a thread has on its stack is there again after a yield, whoever ran in between."""
    run = boot("yield_stacks")
    wrong = [fact for fact in run.facts("REG_AFTER") if fact.b]
    require(len(run.facts("REG_AFTER", 0)) == 4, "every thread must get through its turns", f"{len(run.facts('REG_AFTER', 0))} of 4 did")
    require(not wrong, "the words that a thread left on its stack must be there after a yield",
            *(f"thread {fact.a} found {fact.b} words changed" for fact in wrong))
