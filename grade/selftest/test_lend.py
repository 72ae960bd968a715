"""Priority inheritance across the scheduling classes (kernel/sched/lend.h): who waits for a mutex is held up by its owners and by nobody
else, whatever class it has, and the owners have back what they asked for when nobody waits any more."""

import kernels
import pytest

from grade import dwarf
from grade.api import boots, require
from grade.boot import Boot
from grade.models import classes

RT, DEADLINE = 64, 164  # enum lend_level: 64 + a real-time priority, a deadline
NORMAL, IDLE = 32, 0    # of a normal thread of the usual priority, of SCHED_IDLE
POLICIES = ("eevdf", "cfs")
LEVELS = "who inherits has the level of the best of those who wait for it, and its own again when it has given up what they waited for"
ALONE = "while a thread waits for a mutex nobody runs but who owns it, or what its owner waits for"
EARLIEST = "who inherits a deadline goes by the earliest of those who wait for it"


@pytest.fixture
def boot(request):
    tree, mark = kernels.reference(5), request.node.get_closest_marker("boots")
    made = Boot(tree / "build/checked/kernel.elf", dwarf.Image(kernels.content(tree)), 2, mark.args[0] if mark else 1)
    yield made
    made.close()


def told(run, key):
    return {fact.a: fact.b for fact in run.facts(key, 0)}


def has_levels(run, expected):
    levels = told(run, "EFFECTIVE")
    require(levels == expected, LEVELS, f"levels by step: {levels}, expected {expected}")


def lends(run, waiter, owners):
    """From the time at which the waiter finds its mutex taken until it is woken only the owners run."""
    tids = told(run, "TID")
    mine = [event for event in run.events() if event.event in ("BLOCK", "WAKE") and event.tid == tids[waiter]]
    require(len(mine) == 4, ALONE, f"thread {tids[waiter]} waits for the beginning, and then for the mutex", *map(str, mine))
    since, until = mine[2].time, mine[3].time
    ran = {event.tid for event in run.events() if event.event == "PICK" and since < event.time < until}
    require(ran and ran <= {tids[n] for n in owners}, ALONE, f"owners: threads {[tids[n] for n in owners]}", f"ran: {sorted(ran)}")


# ktest: (who waits, the owners, its level while it is waited for, its own, which number's deadline it goes by)
CASES = {
    "lend_rt": (2, [0], RT + 50, NORMAL, None),
    "lend_rt_more": (2, [0], RT + 50, RT + 10, None),
    "lend_deadline": (3, [0], DEADLINE, NORMAL, 3),
    "lend_chain": (3, [0, 1], DEADLINE, IDLE, 3),
    "lend_earlier": (2, [0], DEADLINE, DEADLINE, 2),
    "lend_throttled": (2, [0], DEADLINE, DEADLINE, None),
}


@boots(2)
@pytest.mark.parametrize("ktest", CASES)
def test_who_waits_is_held_up_by_the_owner_alone(boot, ktest):
    waiter, owners, lent, own, due = CASES[ktest]
    for policy in POLICIES:
        run = boot(ktest, f"sched={policy}", limit_ms=1000)
        lends(run, waiter, owners)
        has_levels(run, {0: lent, 1: own})
        notes = told(run, "NOTE")
        require(not due or notes[100] == notes[110 + due], EARLIEST, str(notes))
        classes.follows(run, policy)


@boots(2)
def test_a_thread_of_the_lowest_class_becomes_a_normal_one_for_whom_it_holds_up(boot):
    """It has its share beside the hog then, and what it asked for is what everybody is told."""
    for policy in POLICIES:
        run = boot("lend_idle", f"sched={policy}", limit_ms=1000)
        has_levels(run, {0: NORMAL, 1: IDLE})
        owner = told(run, "TID")[0]
        policies = [event.arg[0] & 255 for event in run.events() if event.event == "POLICY" and event.tid == owner]
        require(policies == [5, 0, 5], "SCHED_IDLE becomes SCHED_OTHER while a normal thread waits, and no longer", str(policies))
        require(told(run, "NOTE")[0] == 5, "what a thread asked for stays what others are told", str(told(run, "NOTE")))
        classes.follows(run, policy)


def test_who_used_up_its_budget_pays_when_nobody_waits_any_more(boot):
    run = boot("lend_throttled", "sched=eevdf", limit_ms=1000)
    tid, events = told(run, "TID")[0], run.events()
    throttled = [event for event in events if event.event == "THROTTLE" and event.tid == tid]
    require(len(throttled) == 2 and throttled[0].arg[0] == throttled[1].arg[0],
            "a lent deadline pays for nothing: without it the thread waits for its next period, as before", *map(str, throttled))
    ran = [event for event in events if event.event == "PICK" and event.tid == tid and throttled[1].time < event.time]
    require(ran and ran[0].time >= throttled[1].arg[0], "who has no budget waits for its next period", *map(str, throttled), str(ran[:1]))


@boots(2)
def test_what_is_asked_for_meanwhile_counts_later(boot):
    for policy in POLICIES:
        run = boot("lend_asked", f"sched={policy}", limit_ms=1000)
        has_levels(run, {0: NORMAL, 1: RT + 50, 2: RT + 50, 3: DEADLINE, 4: RT + 5, 5: NORMAL})
        notes = told(run, "NOTE")
        require([notes[step] for step in range(6)] == [0, 0, 1 | 5 << 8, 1 | 5 << 8, 1 | 5 << 8, 0],
                "what a thread asked for stays what others are told", str(notes))
        require(notes[103] == notes[110] and not notes[104], EARLIEST, str(notes))
        classes.follows(run, policy)


def test_the_earliest_deadline_is_looked_for_anew_when_somebody_gives_up(boot):
    run = boot("lend_gives_up", "sched=eevdf", limit_ms=1000)
    has_levels(run, {0: DEADLINE, 1: DEADLINE, 2: DEADLINE, 3: NORMAL})
    notes = told(run, "NOTE")
    require([notes[100 + step] for step in range(4)] == [notes[110], notes[111], notes[110], 0] and notes[111] < notes[110], EARLIEST,
            str(notes))
    classes.follows(run)


def test_nobody_gains_or_loses_lag_by_inheriting(boot):
    run = boot("lend_lag", "sched=eevdf", limit_ms=1000)
    has_levels(run, {0: RT + 50, 1: NORMAL})
    notes = told(run, "NOTE")
    require(notes[20] == notes[21] == 0, "who inherits keeps the lag with which it went", str(notes))
    classes.follows(run)
