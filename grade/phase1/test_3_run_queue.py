"""Lab 1.3: the run queue and the choice among classes, on a queue of the test's own."""

from grade.api import boots, exercise, kept, require, signed, without_checks

NOBODY, LINK, STRANGER, IDLE = 2**64 - 1, 98, 99, 100
NAMES = {NOBODY: "nobody", STRANGER: "(none of the test's threads)", IDLE: "idle"}
THREADS = 24
READY = 1  # enum thread_state


def popped(run):
    found = [fact.b for fact in run.facts("POPPED")]
    require(LINK not in found, "rq_pop must return a thread, and it returned the link inside one",
            "list_entry(link, struct thread, run_link) leads from a link to the thread around it; a cast does not")
    return found


def say(threads):
    return " ".join(NAMES.get(t, str(t)) for t in threads)


def links_lead_both_ways(run):
    for fact in run.facts("LINKS"):
        require(fact.b == 1, "the queue is one ring: every thread in it, and the head, is its neighbours' neighbour",
                f"with {fact.a} threads in it, the links of rq->ready do not lead through as many, or lead back otherwise")


def nothing_else_changed(run, counted=0):
    """Judges what the four functions leave alone. counted: what the test's run brings nr_ready to; the idle class counts each time it is
    taken."""
    count = signed(run.fact("COUNT").b << 32) >> 32  # a u32
    require(count == counted,
            "rq->nr_ready is counted outside the exercise (sched_enqueue(), sched_dequeue(), schedule()): it must be left alone",
            f"after the test nr_ready had to be {counted} and is {count}")
    require(run.fact("RQ_CURR").b == NOBODY and run.fact("CURRENT").a == 1,
            "the run queue and the pick only say who is next: rq->curr and current() must be left alone", "one of them was changed")
    for fact in run.facts("STATE"):
        require(fact.b == READY, "the run queue moves threads and does not change their state",
                f"thread {fact.a} was READY (1) and is in state {fact.b}")
    kept(run, "the run queue moves threads: it changes their run_link and rq->ready, and nothing else", {THREADS: "rq"})


@exercise("1.3", points=4)
def test_threads_leave_the_run_queue_in_the_order_of_arrival(boot):
    """Who waits longest is served first: nobody can be overtaken for ever."""
    run = boot("rq_order")
    pushed, emptied = (fact.b for fact in run.facts("QUEUE_EMPTY"))
    require(not pushed, "rq_push must put the thread into the queue that it is given: rq->ready",
            "with 24 threads pushed, rq->ready is empty")
    require(popped(run) == list(range(24)), "rq_pop must give the threads in the order in which rq_push got them",
            f"pushed 0 1 2 3 4 5 ... 23, popped {say(popped(run))}")
    ends = [fact.b for fact in run.facts("ORDER")]
    require(ends == [0, 23], "rq_push must put a thread at the queue's tail: whoever looks at the queue finds the longest waiting first",
            f"pushed 0 1 2 ... 23, at the head of rq->ready stands {say(ends[:1])}, at its tail {say(ends[1:])}")
    require(emptied, "when the last thread is popped, the queue must be empty", "rq->ready still has elements")
    nothing_else_changed(run)


@exercise("1.3", points=4)
def test_an_empty_run_queue_offers_nobody(boot):
    """NULL is the class's way to say: ask the next one."""
    run = boot("rq_empty")
    found = popped(run)
    require(found == [NOBODY, 0, NOBODY], "rq_pop must return NULL when nobody waits, and only then",
            f"popped before any push, after a push of 0, and once more: {say(found)}")
    nothing_else_changed(run)


@exercise("1.3", points=4)
@boots(2)
def test_a_thread_can_leave_the_run_queue_from_anywhere(boot):
    """A thread that is killed or moved leaves from the middle; the others keep their order, and it may come back."""
    left_from_anywhere(boot("rq_remove"))
    with without_checks():
        left_from_anywhere(boot("rq_remove", build="unchecked"))


def left_from_anywhere(run):
    for fact in run.facts("LINKED")[:3]:
        require(fact.b == 0, "a thread that has left the queue must not be linked: t->run_link must be as list_init() leaves it",
                f"thread {fact.a} was removed, and its run_link still points elsewhere")
    links_lead_both_ways(run)
    require(popped(run) == [1, 3, 4, 2, NOBODY], "rq_remove takes out one thread and leaves the others in order",
            "pushed 0 1 2 3 4 5, removed 5 0 2, pushed 2 again", f"popped {say(popped(run))}, expected 1 3 4 2 nobody")
    nothing_else_changed(run)


@exercise("1.3", points=4)
def test_a_popped_thread_that_joins_again_goes_behind_all_others(boot):
    """This is all of round-robin."""
    run = boot("rq_turns")
    require(popped(run) == [0, 1, 2] * 3, "three threads that are popped and pushed again take turns", f"popped {say(popped(run))}")
    links = [fact for fact in run.facts("LINKED") if fact.b]
    links_lead_both_ways(run)
    require(not links, "a popped thread must not be linked any more", f"{len(links)} threads still were")
    nothing_else_changed(run)


@exercise("1.3", points=4)
def test_pick_next_asks_the_classes_in_order(boot):
    """A thread of a higher class always comes first, and a class that has nobody is no reason to stop asking."""
    run = boot("pick_order")
    rows = [(fact.key, fact.b) for fact in run.facts() if fact.key in ("ASKED", "POPPED")]
    expected = [("ASKED", 0), ("POPPED", 0), ("ASKED", 0), ("ASKED", 1), ("POPPED", 1), ("ASKED", 0), ("POPPED", IDLE),
                ("ASKED", 0), ("ASKED", 1), ("POPPED", IDLE)]
    require(rows == expected,
            "pick_next asks the classes from the highest and takes the first offer; where nobody is ready, the idle thread runs",
            "asked and taken: " + ", ".join(f"class {b} asked" if key == "ASKED" else f"{say([b])} taken" for key, b in rows),
            "expected: " + ", ".join(f"class {b} asked" if key == "ASKED" else f"{say([b])} taken" for key, b in expected))
    require(all(fact.b for fact in run.facts("LINKED")), "pick_next leaves the queue to the classes: each takes its thread off itself",
            "the test's classes leave their threads in rq->ready, and afterwards one stood there no more")
    nothing_else_changed(run, counted=2)
