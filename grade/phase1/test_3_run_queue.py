"""Lab 1.3: the run queue and the choice among classes, on a queue of the test's own."""

from grade.api import exercise, require

NOBODY = 2**64 - 1
IDLE = 100


def popped(run):
    return [fact.b for fact in run.facts("POPPED")]


def say(threads):
    return " ".join("nobody" if t == NOBODY else "idle" if t == IDLE else str(t) for t in threads)


@exercise("1.3", points=4)
def test_threads_leave_the_run_queue_in_the_order_of_arrival(boot):
    """Who waits longest is served first: nobody can be overtaken for ever."""
    run = boot("rq_order")
    require(popped(run) == [0, 1, 2, 3, 4, 5], "rq_pop must give the threads in the order in which rq_push got them",
            f"pushed 0 1 2 3 4 5, popped {say(popped(run))}")
    require(run.fact("QUEUE_EMPTY").b == 1, "when the last thread is popped, the queue must be empty", "rq->ready still has elements")


@exercise("1.3", points=4)
def test_an_empty_run_queue_offers_nobody(boot):
    """NULL is the class's way to say: ask the next one."""
    found = popped(boot("rq_empty"))
    require(found == [NOBODY, 0, NOBODY], "rq_pop must return NULL when nobody waits, and only then",
            f"popped before any push, after a push of 0, and once more: {say(found)}")


@exercise("1.3", points=4)
def test_a_thread_can_leave_the_run_queue_from_anywhere(boot):
    """A thread that is killed or moved leaves from the middle; the others keep their order, and it may come back."""
    run = boot("rq_remove")
    for fact in run.facts("LINKED")[:3]:
        require(fact.b == 0, "a thread that has left the queue must not be linked: t->run_link must be as list_init() leaves it",
                f"thread {fact.a} was removed, and its run_link still points elsewhere")
    require(popped(run) == [1, 3, 4, 2, NOBODY], "rq_remove takes out one thread and leaves the others in order",
            "pushed 0 1 2 3 4 5, removed 2 0 5, pushed 2 again", f"popped {say(popped(run))}, expected 1 3 4 2 nobody")


@exercise("1.3", points=4)
def test_a_popped_thread_that_joins_again_goes_behind_all_others(boot):
    """This is all of round-robin."""
    run = boot("rq_turns")
    require(popped(run) == [0, 1, 2] * 3, "three threads that are popped and pushed again take turns", f"popped {say(popped(run))}")
    links = [fact for fact in run.facts("LINKED") if fact.b]
    require(not links, "a popped thread must not be linked any more", f"{len(links)} threads still were")


@exercise("1.3", points=4)
def test_pick_next_asks_the_classes_in_order(boot):
    """A thread of a higher class always comes first, and a class that has nobody is no reason to stop asking."""
    run = boot("pick_order")
    rows = [(fact.key, fact.b) for fact in run.facts() if fact.key in ("ASKED", "POPPED")]
    expected = [("ASKED", 0), ("POPPED", 0), ("ASKED", 0), ("ASKED", 1), ("POPPED", 1), ("ASKED", 0), ("POPPED", IDLE)]
    require(rows == expected,
            "pick_next asks the classes from the highest and takes the first offer; where nobody is ready, the idle thread runs",
            "asked and taken: " + ", ".join(f"class {b} asked" if key == "ASKED" else f"{say([b])} taken" for key, b in rows),
            "expected: " + ", ".join(f"class {b} asked" if key == "ASKED" else f"{say([b])} taken" for key, b in expected))
