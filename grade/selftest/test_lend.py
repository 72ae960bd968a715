"""Priority inheritance across the scheduling classes (kernel/sched/lend.h): who waits for a mutex is held up by its owners and by nobody
else, whatever class it has, and the owners have back what they asked for when nobody waits any more."""

import pytest

import kernels
from grade import dwarf
from grade.boot import Boot
from grade.models import classes

RT, DEADLINE = 64, 164  # enum lend_level: 64 + a real-time priority, a deadline
NORMAL, IDLE = 32, 0    # of a normal thread of the usual priority, of SCHED_IDLE
POLICIES = ("eevdf", "cfs")


@pytest.fixture(scope="module")
def boot():
    tree = kernels.reference(5)
    made = Boot(tree / "build/checked/kernel.elf", dwarf.Image(kernels.content(tree)), 1, 100)
    yield made
    made.close()


def told(run, key):
    return {fact.a: fact.b for fact in run.facts(key, 0)}


def lends(run, waiter, owners):
    """From the time at which the waiter finds its mutex taken until it is woken nobody runs but the owners."""
    tids = told(run, "TID")
    mine = [event for event in run.events() if event.event in ("BLOCK", "WAKE") and event.tid == tids[waiter]]
    blocked, woken = mine[-2:]  # before that it waited for the beginning
    assert (blocked.event, woken.event) == ("BLOCK", "WAKE")
    ran = [event for event in run.events() if event.event == "PICK" and blocked.time < event.time < woken.time]
    assert ran and {event.tid for event in ran} <= {tids[n] for n in owners}, "somebody else ran meanwhile"


# ktest: (who waits, the owners, its level while it is waited for, its own, which number's deadline it goes by)
CASES = {
    "lend_rt": (2, [0], RT + 50, NORMAL, None),
    "lend_rt_more": (2, [0], RT + 50, RT + 10, None),
    "lend_deadline": (3, [0], DEADLINE, NORMAL, 3),
    "lend_chain": (3, [0, 1], DEADLINE, IDLE, 3),
    "lend_earlier": (2, [0], DEADLINE, DEADLINE, 2),
    "lend_throttled": (2, [0], DEADLINE, DEADLINE, None),
}


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("ktest", CASES)
def test_who_waits_is_held_up_by_the_owner_alone(boot, ktest, policy):
    waiter, owners, lent, own, due = CASES[ktest]
    run = boot(ktest, f"sched={policy}", limit_ms=1000)
    lends(run, waiter, owners)
    levels, notes = told(run, "EFFECTIVE"), told(run, "NOTE")
    assert levels == {0: lent, 1: own}
    if due:
        assert notes[100] == notes[110 + due], "it goes by the earliest deadline of those who wait"
    classes.follows(run, policy)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_thread_of_the_lowest_class_becomes_a_normal_one_for_whom_it_holds_up(boot, policy):
    """It has its share beside the hog then, and what it asked for is what everybody is told."""
    run = boot("lend_idle", f"sched={policy}", limit_ms=1000)
    assert told(run, "EFFECTIVE") == {0: NORMAL, 1: IDLE}
    assert told(run, "NOTE")[0] == 5
    classes.follows(run, policy)


def test_who_used_up_its_budget_pays_when_nobody_waits_any_more(boot):
    run = boot("lend_throttled", "sched=eevdf", limit_ms=1000)
    tid, events = told(run, "TID")[0], run.events()
    throttled = [event for event in events if event.event == "THROTTLE" and event.tid == tid]
    assert len(throttled) == 2 and len({event.arg[0] for event in throttled}) == 1
    after = [event for event in events if event.event == "PICK" and event.tid == tid and event.time > throttled[1].time]
    assert after and all(event.time >= throttled[1].arg[0] for event in after), "it waits for its next period"


@pytest.mark.parametrize("policy", POLICIES)
def test_what_is_asked_for_meanwhile_counts_later(boot, policy):
    run = boot("lend_asked", f"sched={policy}", limit_ms=1000)
    levels, notes = told(run, "EFFECTIVE"), told(run, "NOTE")
    assert levels == {0: NORMAL, 1: RT + 50, 2: RT + 50, 3: DEADLINE, 4: RT + 5, 5: NORMAL}
    assert [notes[step] for step in range(6)] == [0, 0, 1 | 5 << 8, 1 | 5 << 8, 1 | 5 << 8, 0], "sched_getscheduler() says what was asked for"
    assert notes[103] == notes[110] and not notes[104]
    classes.follows(run, policy)


def test_the_earliest_deadline_is_looked_for_anew_when_somebody_gives_up(boot):
    run = boot("lend_gives_up", "sched=eevdf", limit_ms=1000)
    levels, notes = told(run, "EFFECTIVE"), told(run, "NOTE")
    assert levels == {0: DEADLINE, 1: DEADLINE, 2: DEADLINE, 3: NORMAL}
    assert [notes[100 + step] for step in range(4)] == [notes[110], notes[111], notes[110], 0] and notes[111] < notes[110]
    classes.follows(run)


def test_nobody_gains_or_loses_lag_by_inheriting(boot):
    run = boot("lend_lag", "sched=eevdf", limit_ms=1000)
    assert told(run, "EFFECTIVE") == {0: RT + 50, 1: NORMAL}
    assert told(run, "NOTE")[20] == told(run, "NOTE")[21] == 0
    classes.follows(run)
