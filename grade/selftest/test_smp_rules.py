"""The rules for several CPUs (grade/smp_rules.py): a made-up trace that is right passes, and one that breaks a rule is told from it."""

import pytest

from grade import smp_rules, timeline
from grade.errors import RuleBroken
from grade.events import Event
from grade.smp_rules import Cpus, hardly_idle_in_all, loads, migrations, sound, work_is_conserved

READY, BLOCKED = 1, 3
EVERYWHERE = 2**64 - 1


class Script:
    """Makes events, 10 ns apart, of CPU `cpu`, about the queue of CPU `queue` (or its own)."""

    def __init__(self):
        self.events = []

    def __call__(self, kind, tid, other=0, *, cpu=0, queue=None, arg=()):
        arg = list(arg) + [0] * (4 - len(arg))
        arg[2] |= (cpu if queue is None else queue) << 16 if kind != "MIGRATE" else 0
        at = len(self.events)
        self.events.append(Event(1000 + 10 * at, cpu, at + 1, kind, 2, tid, other, 0, tuple(arg)))
        return self

    def runs(self, tid, cpu, before=0, state=BLOCKED):
        """tid, which waits there, gets a CPU."""
        return self("PICK", tid, cpu=cpu)("SWITCH", before, tid, cpu=cpu, arg=[state])

    def moves(self, tid, start, end, why, cpu=0):
        self("DEQUEUE", tid, cpu=cpu, queue=start)
        self("MIGRATE", tid, cpu=cpu, arg=[start, end, timeline.MIGRATIONS.index(why)])
        return self("ENQUEUE", tid, cpu=cpu, queue=end)


def two_run():
    """Main makes threads 2, 3 and 4 on CPU 0; 2 runs on CPU 1; 3 and 4 wait on CPU 0, where main runs."""
    say = Script()
    for tid, queue in ((2, 1), (3, 0), (4, 0)):
        say("CREATE", tid, 1, arg=[0, 0, 0, EVERYWHERE])("ENQUEUE", tid, queue=queue)
    return say.runs(2, 1)


def broken(say, judge=lambda events: sound(events, Cpus(3))):
    """The rule that a trace breaks."""
    with pytest.raises(RuleBroken) as raised:
        judge(say.events)
    return raised.value.rule


def conserved(events):
    work_is_conserved(events, 3)


def test_what_is_right_breaks_no_rule():
    say = two_run().moves(4, 0, 2, "steal", cpu=2).runs(4, 2)
    say("ENQUEUE", 2, cpu=1)("PICK", 2, cpu=1)  # yields, and goes on
    say("BLOCK", 1)("PICK", 3)("SWITCH", 1, 3, arg=[BLOCKED])
    sound(say.events, Cpus(3))
    conserved(say.events)
    assert [event.tid for event in migrations(say.events)] == [4] == [event.tid for event in migrations(say.events, "steal")]
    assert not migrations(say.events, "wake", "balance")


def test_a_thread_on_two_cpus_is_seen():
    say = two_run()
    say("ENQUEUE", 2, cpu=2)("PICK", 2, cpu=2)
    assert "one CPU at a time" in broken(say("SWITCH", 0, 2, cpu=2))


def test_a_thread_in_two_queues_is_seen():
    assert "one run queue at a time" in broken(two_run()("ENQUEUE", 3, queue=1))


def test_a_thread_chosen_from_a_queue_in_which_it_is_not_is_seen():
    assert "in which it stands" in broken(two_run()("PICK", 3, cpu=1))
    assert "in which it stands" in broken(two_run()("DEQUEUE", 3, queue=2))


def test_a_thread_that_is_lost_is_seen():
    assert "nobody chooses it again" in broken(two_run()("PICK", 0, cpu=1)("SWITCH", 2, 0, cpu=1, arg=[READY]))


def test_a_thread_where_it_may_not_run_is_seen():
    say = two_run()("AFFINITY", 3, 1, arg=[0b110])
    assert "its mask names" in broken(say("PICK", 3)("SWITCH", 1, 3, arg=[BLOCKED]))
    say = two_run()("CREATE", 5, 1, arg=[0, 0, 0, 0b001])("ENQUEUE", 5, queue=2)
    assert "its mask names" in broken(say.runs(5, 2))


def test_a_thread_that_is_balanced_to_a_queue_that_is_no_shorter_is_seen():
    sound(two_run().moves(4, 0, 2, "balance").events, Cpus(3))  # 3 to 0
    assert "longer by 2" in broken(two_run().moves(4, 0, 2, "balance").moves(3, 0, 1, "wake").moves(3, 1, 2, "balance"))


def test_a_trace_is_judged_in_parts():
    say, cpus = two_run(), Cpus(3)
    sound(say.events, cpus)
    with pytest.raises(RuleBroken):
        sound(Script()("ENQUEUE", 3, queue=1).events, cpus)


def test_a_cpu_that_stays_idle_is_seen_by_the_ticks_of_the_one_that_makes_somebody_wait():
    say = two_run()
    for _ in range(smp_rules.TICKS_IDLE):
        say("TICK", 1)
    conserved(say.events)  # it may not have had its turn
    for _ in range(9):
        say("TICK", 2, cpu=1)  # nobody waits there
    conserved(say.events)
    assert "no CPU is idle" in broken(say("TICK", 1), conserved)


def test_a_cpu_is_idle_with_good_reason_while_nobody_may_come():
    say = two_run()
    for tid in (3, 4):
        say("AFFINITY", tid, 1, arg=[0b011])
    for _ in range(9):
        say("TICK", 1)
    conserved(say.events)
    assert "no CPU is idle" in broken(say("AFFINITY", 3, 1, arg=[EVERYWHERE])("TICK", 1)("TICK", 1)("TICK", 1), conserved)


def one_in(ticks, idle):
    """Thread 3 waits on CPU 0, where main runs, for one tick of `idle` each; CPU 2 is idle then, and busy for the rest of these ticks."""
    say = two_run().moves(4, 0, 2, "steal", cpu=2).runs(4, 2)
    for _ in range(idle):
        for _ in range(ticks // 2 - 1):
            say("TICK", 1)("TICK", 2, cpu=1)
        say("PICK", 0, cpu=2)("SWITCH", 4, 0, cpu=2, arg=[BLOCKED])("TICK", 1)("TICK", 2, cpu=1)("ENQUEUE", 4, cpu=2).runs(4, 2)
    return say


def test_idle_cpus_while_somebody_waits_are_counted_in_all():
    """Two CPUs tick. Each time it is no more than one tick of CPU 0, and too often if it is one in a thousand of both."""
    for idle in (1, 3):
        work_is_conserved(one_in(500, idle).events, 3)
        hardly_idle_in_all(one_in(smp_rules.IN_ALL + 2, idle).events, 3)
        for often in (500, smp_rules.IN_ALL):
            assert "in all" in broken(one_in(often, idle), lambda events: hardly_idle_in_all(events, 3))
    hardly_idle_in_all(two_run().events, 3)  # nobody ticks
    hardly_idle_in_all(two_run().moves(4, 0, 2, "steal", cpu=2).runs(4, 2)("AFFINITY", 3, 1, arg=[0b011])("TICK", 1).events, 3)


def test_loads_count_who_runs_and_who_waits():
    assert [load for _, load in loads(two_run()("TICK", 1).moves(4, 0, 2, "steal", cpu=2)("TICK", 1).events, 3)] == [[3, 1, 0], [2, 1, 1]]


RT, BACKGROUND = 1, 3


def waits_as(cls):
    """two_run(), with threads 3 and 4 of a class."""
    say = two_run()
    say.events = [event._replace(cls=cls) if event.tid in (3, 4) else event for event in say.events]
    return say


def test_who_waits_for_budget_makes_no_cpu_idle():
    """Nor does it count where loads are compared. As soon as there is budget, it does."""
    for who, cls in ((3, 0), (0, RT)):
        say = waits_as(cls)
        for tid in (3, 4):
            say("THROTTLE", tid)
            say.events[-1] = say.events[-1]._replace(cls=cls)
        for _ in range(9):
            say("TICK", 1)
        conserved(say.events)
        assert loads(say.events, 3)[-1][1] == [1, 1, 0]
        say("REPLENISH", who)
        say.events[-1] = say.events[-1]._replace(cls=cls if who else BACKGROUND)
        assert "no CPU is idle" in broken(say("TICK", 1)("TICK", 1)("TICK", 1), conserved)


def test_who_is_of_sched_idle_is_no_load():
    assert [load for _, load in loads(waits_as(BACKGROUND)("TICK", 1).events, 3)] == [[1, 1, 0]]


def test_who_is_about_to_leave_its_cpu_counts_there_once():
    """Another CPU may tick between its two records."""
    say = two_run()("ENQUEUE", 2, cpu=1)("TICK", 1)("PICK", 2, cpu=1)("TICK", 1)
    assert [load for _, load in loads(say.events, 3)] == [[3, 1, 0]] * 2


def test_lengths_of_queues_follow_what_other_cpus_do():
    """A record says how long the queue of the CPU is that writes it; what it does to another one's is counted on."""
    say = Script()
    say("ENQUEUE", 2, cpu=0, queue=1)("ENQUEUE", 3, cpu=0, queue=1)("DEQUEUE", 2, cpu=2, queue=1)
    lengths = [(cpu, length) for _, cpu, length in timeline.queue_lengths(say.events)]
    assert lengths == [(1, 1), (1, 2), (1, 1)]


def test_a_migration_is_told_as_people_say_it():
    say = two_run().moves(4, 0, 2, "steal", cpu=2)
    line = timeline.Timeline(say.events, 2000)
    assert [timeline.migration(mark.event) for mark in line.marks if mark.kind == "migrate"] == ["CPU 0 to 2 (steal)"]
    assert [(span.state, span.cpu) for span in line.spans[4]][-2:] == [("READY", 0), ("READY", 2)]
