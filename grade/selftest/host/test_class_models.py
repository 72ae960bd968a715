"""The models of the scheduling classes, by small traces whose numbers were computed by hand: each rule, and what breaks it is named by it.

One nanosecond is one cycle here, a tick 1 ms. What a test gives as `entity` stands in the trace as the kernel's ENTITY record; where it
gives none, the model's own numbers do, since they are not the point."""

import copy

import pytest

from grade.events import Event
from grade.models import schedule
from grade.models.classes import ClassNumbers, Replay, replay
from grade.models.sched_class import (BATCH, CLASS_OF, DEADLINE, FIFO, NORMAL, OTHER, RR, RT, SCHED_DEADLINE, SCHED_IDLE)
from grade.models.schedule import CHANGED, NEW, PREEMPTED, WAKE, YIELD

US, MS = 1000, 1000000
IDLE, BLOCKED, READY = 0, 3, 1
NUMBERS = ClassNumbers([20 * MS] * 5, 100 * MS, [5 * MS] * 4, [10 * MS] * 4, 1000 * MS, 10 * MS, MS, MS, 0, 1 << 32, 1000 * MS, 950 * MS, 0)
BITS = 2**64 - 1


class Trace:
    """A trace that grows record by record, and the model that follows it. trace(clock, event, tid, arg0) adds one: what each thread has
    run, how many wait and the class come from the records before; `queued` where throttling makes another number of it. breaks(rule, ...)
    is a record that has to be named by that rule; it is not added."""

    def __init__(self, normal="eevdf", cpus=1, running=1, **numbers):
        self.normal, self.numbers, self.events = normal, NUMBERS._replace(**numbers), []
        self.model = Replay([Event(0, cpus - 1, 0, "MARK", 0, 0, 0, 0, (0,) * 4)], self.numbers, running, normal)
        self.running = {cpu: IDLE for cpu in range(cpus)} | {0: running}
        self.since, self.ran, self.cls = {running: 0}, {}, {}
        self.queued = {cpu: set() for cpu in range(cpus)}

    def run_until(self, tid, clock):
        return self.ran.get(tid, 0) + (clock - self.since[tid] if tid in self.running.values() and tid else 0)

    def feed(self, *fields):
        event = Event(*fields)
        self.events.append(event)
        self.wrong = self.model.queues[event.cpu].overdue(event) or self.model.step(event)
        return self.wrong

    def __call__(self, clock, event, tid=IDLE, arg=0, entity=None, queued=None, queue=0, cpu=None):
        wrong = self.add(clock, event, tid, arg, entity, queued, queue, cpu)
        assert wrong is None, "\n".join([wrong.rule, *schedule.explain(wrong)])
        return self

    def add(self, clock, event, tid=IDLE, arg=0, entity=None, queued=None, queue=0, cpu=None):
        cpu, ran = queue if cpu is None else cpu, self.run_until(tid, clock)
        queued = self.count(clock, event, tid, queued, queue)
        wrong = self.feed(clock, cpu, len(self.events) + 1, event, self.cls.get(tid, NORMAL), tid, 0, queued,
                          (arg, ran, 2 | 32 << 8 | queue << 16, clock))
        pending = self.model.entities.get(cpu, [])
        while not wrong and pending:
            who = self.model.threads[pending[0]]
            wrong = self.entity(clock, who.tid, entity or who.queue.class_of(who).entity(who), cpu)
        return wrong

    def count(self, clock, event, tid, queued, queue):
        waits = self.queued[queue]
        if event in ("ENQUEUE", "REPLENISH") and tid and tid != self.running[queue] or event == "ENQUEUE":
            waits.add(tid)
        elif event in ("DEQUEUE", "PICK", "THROTTLE"):
            waits.discard(tid)
        if event == "PICK":
            before = self.running[queue]
            self.ran[before] = self.run_until(before, clock)
            self.running[queue], self.since[tid] = tid, clock
        return len(waits) if queued is None else queued

    def entity(self, clock, tid, numbers, cpu=0):
        return self.feed(clock, cpu, len(self.events) + 1, "ENTITY", self.cls.get(tid, NORMAL), tid, 0, 0,
                         tuple(number & BITS for number in numbers))

    def breaks(self, rule, *record, **more):
        """These records come instead: the model names the first by this rule."""
        other = copy.deepcopy(self)
        wrong = other.add(*record, **more)
        assert wrong and rule in wrong.rule, wrong and wrong.rule
        assert schedule.explain(wrong)
        assert replay(other.events, self.numbers, 1, self.normal) == other.wrong or len(other.running) > 1

    def stays(self, clock, rule="has to make room", **more):
        """Whoever runs is due to make room, and goes on for two ticks more."""
        other, tid = copy.deepcopy(self), self.running[0]
        other(clock + MS, "TICK", tid, **more).breaks(rule, clock + 2 * MS, "TICK", tid)

    def create(self, tid, mask=0):
        self.feed(0, 0, len(self.events) + 1, "CREATE", NORMAL, tid, 1, 0, (0, 0, 0, mask))
        return self

    def policy(self, clock, tid, policy=OTHER, priority=0, nice=0, params=(0, 0, 0), entity=None, queue=0):
        """PARAMS and POLICY, where these records alone stand for a change."""
        self.feed(clock, 0, len(self.events) + 1, "PARAMS", self.cls.get(tid, NORMAL), tid, 1, 0, (*params, 0))
        self.cls[tid] = CLASS_OF[policy]
        return self(clock, "POLICY", tid, policy | priority << 8 | (nice + 20) << 16, entity, queue=queue)

    def change(self, clock, tid, *args, queued=None, **more):
        """The same of a thread that waits and changes its class, or its place there."""
        self(clock, "DEQUEUE", tid)
        self.policy(clock, tid, *args, **more)
        return self(clock, "ENQUEUE", tid, CHANGED, queued=queued)

    def switch(self, clock, why, tid, entity=None, queued=None):
        """Whoever runs stays ready, and tid is picked."""
        return self(clock, "ENQUEUE", self.running[0], why, queued=queued and queued + 1)(clock, "PICK", tid, entity=entity, queued=queued)

    def goes_on(self, clock):
        """A change of its policy may cost it the CPU: that is done with."""
        return self.switch(clock, PREEMPTED, self.running[0])

    def block(self, clock, tid, **more):
        """Whoever runs waits, and tid is picked."""
        return self(clock, "BLOCK", self.running[0])(clock, "PICK", tid, **more)

    def done(self):
        assert replay(self.events, self.numbers, 1, self.normal) is None


def two(normal="eevdf"):
    """Thread 1 has run since 0; it makes thread 2 at 1 ms, which waits. Under eevdf 2 is due to run, with half a slice."""
    return Trace(normal).create(2)


def taking_turns():
    """eevdf: 1 (v 1, d 3 ms) is picked at 2 ms, 2 (v 2, d 2.5 ms) waits."""
    return two()(1 * MS, "ENQUEUE", 2, NEW).switch(1 * MS, PREEMPTED, 2)(2 * MS, "TICK", 2).switch(2 * MS, PREEMPTED, 1)


# --- eevdf -------------------------------------------------------------------------------------------------------------------------------

def test_eevdf_new_thread_has_half_a_slice_and_no_lag():
    trace = two()
    trace.breaks("its d is 2500000", 1 * MS, "ENQUEUE", 2, NEW, entity=(1 * MS, 4 * MS, 0, 3 * MS))
    trace.breaks("its v is 1000000", 1 * MS, "ENQUEUE", 2, NEW, entity=(0, 1500 * US, 0, 1500 * US))
    trace(1 * MS, "ENQUEUE", 2, NEW, entity=(1 * MS, 2500 * US, 0, 1500 * US))
    trace(1 * MS, "ENQUEUE", 1, PREEMPTED, entity=(1 * MS, 3 * MS, 0, 2 * MS))
    trace.breaks("earliest virtual deadline", 1 * MS, "PICK", 1)
    trace(1 * MS, "PICK", 2).done()


def test_eevdf_protection_lasts_while_it_is_eligible():
    trace = two()(1 * MS, "ENQUEUE", 2, NEW).switch(1 * MS, PREEMPTED, 2)
    trace(2 * MS, "TICK", 2, entity=(2 * MS, 2500 * US, -500 * US, 500 * US))
    trace.stays(2 * MS)
    trace.switch(2 * MS, PREEMPTED, 1)
    trace(3 * MS, "TICK", 1, entity=(2 * MS, 3 * MS, 0, 1 * MS))  # d of 2 is earlier, but 1 is protected
    trace.breaks("without a reason", 3 * MS, "ENQUEUE", 1, PREEMPTED)
    trace(4 * MS, "TICK", 1)
    trace.stays(4 * MS)
    trace.switch(4 * MS, PREEMPTED, 2).done()


def test_eevdf_protection_ends_when_the_deadline_moves():
    """2 (v 1, d 4) is picked at 5 ms while 1 is at v 5; 3 joins at V 3 with d 4.5. At 8 ms 2 is at v 4 and V is 4: still eligible, and
    its new deadline 7 is later than that of 3."""
    trace = two()(1 * MS, "ENQUEUE", 2, NEW)(5 * MS, "DEQUEUE", 2)(5 * MS, "ENQUEUE", 2, WAKE).switch(5 * MS, PREEMPTED, 2)
    trace.create(3)(5 * MS, "ENQUEUE", 3, NEW, entity=(3 * MS, 4500 * US, 0, 1500 * US))(7 * MS, "TICK", 2)
    trace.breaks("without a reason", 7 * MS, "ENQUEUE", 2, PREEMPTED)
    trace(8 * MS, "TICK", 2, entity=(4 * MS, 7 * MS, 0, 3 * MS))
    trace.stays(8 * MS)
    trace.switch(8 * MS, PREEMPTED, 3).done()


def test_eevdf_deadline_moves_when_v_reaches_it():
    """The boot thread begins at v 0 with a request of 3 ms."""
    trace = Trace()(1 * MS, "TICK", 1, entity=(1 * MS, 3 * MS, 0, 2 * MS))
    trace.breaks("its d is 6000000", 3 * MS, "TICK", 1, entity=(3 * MS, 3 * MS, 0, 0))
    trace(3 * MS, "TICK", 1, entity=(3 * MS, 6 * MS, 0, 3 * MS)).done()


def test_eevdf_lag_is_scaled_up_at_a_wake():
    """1 leaves at v 3, V 2.5: vlag -0.5. At 5 ms V is 3 and W doubles: it stands at 3 + 0.5 * 2 = 4."""
    trace = taking_turns()(3 * MS, "TICK", 1).block(4 * MS, 2)
    trace.breaks("its v is 4000000", 5 * MS, "ENQUEUE", 1, WAKE, entity=(3 * MS, 6 * MS, 0, 3 * MS))       # sleep erased the lag
    trace.breaks("its v is 4000000", 5 * MS, "ENQUEUE", 1, WAKE, entity=(3500 * US, 6500 * US, 0, 3 * MS))  # not scaled
    trace(5 * MS, "ENQUEUE", 1, WAKE, entity=(4 * MS, 7 * MS, -500 * US, 3 * MS))
    trace.breaks("without a reason", 5 * MS, "ENQUEUE", 2, PREEMPTED)
    trace.done()


def test_eevdf_lag_is_clamped_to_two_slices():
    """1 runs for 20 ms without a tick while 2 waits at v 0: V is 10.5, its lag would be -9.5."""
    trace = two()(1 * MS, "ENQUEUE", 2, NEW)(20 * MS, "BLOCK", 1)(20 * MS, "PICK", 2, entity=(1 * MS, 2500 * US, 0, 1500 * US))
    trace.breaks("its v is 14000000", 21 * MS, "ENQUEUE", 1, WAKE, entity=(21 * MS, 24 * MS, -9500 * US, 3 * MS))
    trace(21 * MS, "ENQUEUE", 1, WAKE, entity=(14 * MS, 17 * MS, -6 * MS, 3 * MS)).done()


def test_eevdf_renice_keeps_the_lag():
    """V 1.75, 2 waits at v 2, d 2.5; its weight goes from 1024 to 335. V - v and d - V grow by 1024/335, cut off."""
    trace = taking_turns()
    wrong = copy.deepcopy(trace)
    with pytest.raises(AssertionError, match="its v is 2514179"):
        wrong.policy(2500 * US, 2, nice=5, entity=(2 * MS, 2500 * US, 0, 0))
    trace.policy(2500 * US, 2, nice=5, entity=(2514179, 4042537, -250000, 499999)).done()


def test_eevdf_renice_of_a_sleeper_scales_what_it_took_along():
    """vlag -0.5 ms and weight 1024 to 335: -1528358; W = 1024, so it comes back at 3 ms + 1528358 * 1359 / 1024."""
    trace = taking_turns()(3 * MS, "TICK", 1).block(4 * MS, 2).policy(4500 * US, 1, nice=5)
    trace(5 * MS, "ENQUEUE", 1, WAKE, entity=(5028357, 5028357 + 9170149, -499999, 2999999)).done()


def test_eevdf_slice_of_a_waiting_thread():
    """A slice of 1 ms: the deadline is v + 1 ms; the reweighting changes nothing."""
    trace = taking_turns()
    trace.policy(2500 * US, 2, params=(1 * MS, 0, 0), entity=(2 * MS, 3 * MS, -250 * US, 1 * MS)).done()


def test_eevdf_yield_moves_the_deadline_once():
    """From d 3 to 6; that is 4.5 ahead of v, more than a request, so it stays there."""
    trace = taking_turns()(2500 * US, "ENQUEUE", 1, YIELD, entity=(1500 * US, 6 * MS, 250 * US, 4500 * US))
    trace.breaks("runs next", 2500 * US, "PICK", 2)  # not eligible: v 2, V 1.75
    trace(2500 * US, "PICK", 1)(2500 * US, "ENQUEUE", 1, YIELD, entity=(1500 * US, 6 * MS, 250 * US, 4500 * US)).done()


def test_eevdf_short_slice_cancels_protection():
    """3 has a slice of 0.5 ms and no lag: 1, protected and with a whole slice, makes room for it, and not for 4, which has the default."""
    trace = Trace()
    for tid in (3, 4):
        trace.create(tid)
    trace.policy(0, 3, params=(500 * US, 0, 0))
    trace(1 * MS, "ENQUEUE", 1, YIELD)(1 * MS, "PICK", 1)  # protected, v 1, d 7
    long = copy.deepcopy(trace)(1 * MS + 1, "ENQUEUE", 4, NEW)
    assert not long.model.queues[0].due
    long.breaks("without a reason", 1 * MS + 2, "ENQUEUE", 1, PREEMPTED)
    trace(1 * MS + 1, "ENQUEUE", 3, NEW, entity=(1 * MS + 1, 1250 * US + 1, 0, 250 * US))
    trace.stays(1 * MS)
    trace.switch(2 * MS, PREEMPTED, 3).done()


def test_eevdf_floor_and_remainder():
    """At nice -20 a charge of 50 ns is 51200 / 88761 of virtual time: it is kept, not lost."""
    trace = Trace().policy(0, 1, nice=-20)
    trace(50, "TICK", 1, entity=(0, 34609, 0, 2999931))
    trace.breaks("its v is 1", 100, "TICK", 1, entity=(0, 34609, 0, 0))
    trace(100, "TICK", 1, entity=(1, 34609, 0, 2999844)).done()


def test_eevdf_migration_takes_lag_and_deadline_along():
    """1 runs on CPU 0 and 2 waits there (v 1, d 2.5, no lag); CPU 1's queue, whose V is 0, gets it at v 0, d 1.5."""
    trace = Trace(cpus=2, tick_ns=[MS, MS]).create(2)(1 * MS, "ENQUEUE", 2, NEW)(1 * MS, "DEQUEUE", 2, cpu=1)
    trace.feed(1 * MS, 1, 9, "MIGRATE", NORMAL, 2, 0, 0, (0, 1, 2, 0))
    trace.breaks("its v is 0", 1 * MS, "ENQUEUE", 2, CHANGED, queue=1, entity=(1 * MS, 2500 * US, 0, 1500 * US))
    trace(1 * MS, "ENQUEUE", 2, CHANGED, queue=1, entity=(0, 1500 * US, 0, 1500 * US))(1 * MS, "PICK", 2, queue=1).done()


def test_who_may_not_stay_is_put_aside():
    trace = Trace(cpus=2, tick_ns=[MS, MS]).create(2)(1 * MS, "ENQUEUE", 2, NEW)
    trace.feed(1 * MS, 0, 9, "AFFINITY", NORMAL, 2, 1, 0, (2, 0, 0, 0))
    trace(1 * MS, "DEQUEUE", 2)(1 * MS, "ENQUEUE", 2, CHANGED)
    trace.breaks("the idle thread does", 2 * MS, "PICK", 2)
    trace(2 * MS, "DEQUEUE", 2).done()


def test_who_was_stopped_while_it_ran_is_put_aside():
    trace = Trace(cpus=2, tick_ns=[MS, MS])
    trace.feed(1 * MS, 1, 1, "STOP", NORMAL, 1, 9, 0, (0,) * 4)
    trace(1 * MS, "ENQUEUE", 1, PREEMPTED)
    trace.breaks("the idle thread does", 1 * MS, "PICK", 1)
    trace(1 * MS, "PICK", IDLE, queued=1)(1 * MS, "DEQUEUE", 1)
    trace.feed(2 * MS, 1, 1, "RESUME", NORMAL, 1, 9, 0, (0,) * 4)
    trace(2 * MS, "ENQUEUE", 1, WAKE)(2 * MS, "PICK", 1).done()


def test_who_may_not_run_here_any_more_makes_room():
    trace = Trace(cpus=2, tick_ns=[MS, MS])(1 * MS, "TICK", 1)
    trace.feed(1 * MS, 1, 1, "AFFINITY", NORMAL, 1, 9, 0, (2, 0, 0, 0))
    trace.stays(1 * MS)
    trace(1 * MS, "ENQUEUE", 1, PREEMPTED)(1 * MS, "PICK", IDLE, queued=1).done()


def test_eevdf_queue_that_was_empty_goes_on_from_its_last_v():
    trace = Trace().create(2)(5 * MS, "BLOCK", 1)(5 * MS, "PICK", IDLE)
    trace.breaks("its v is 5000000", 6 * MS, "ENQUEUE", 2, NEW, entity=(0, 1500 * US, 0, 1500 * US))
    trace(6 * MS, "ENQUEUE", 2, NEW, entity=(5 * MS, 6500 * US, 0, 1500 * US)).done()


def test_eevdf_running_one_loses_a_tie():
    """2 has a slice of 4 ms, so its d is 1 + 2 = 3, as that of 1."""
    trace = two().policy(0, 2, params=(4 * MS, 0, 0))(1 * MS, "ENQUEUE", 2, NEW, entity=(1 * MS, 3 * MS, 0, 2 * MS))
    trace.stays(1 * MS)
    trace.done()


def test_eevdf_who_gets_a_shorter_slice_may_take_the_cpu():
    """At 3 ms both are at v 2; 1 is protected until then."""
    trace = taking_turns().policy(3 * MS, 2, params=(400 * US, 0, 0), entity=(2 * MS, 2500 * US, 0, 500 * US))
    trace.stays(3 * MS)
    trace.switch(3 * MS, PREEMPTED, 2).done()


def test_eevdf_who_leaves_is_seen_by_a_charged_v():
    """2, at v 1, is stopped at 5 ms: V is 3, vlag 2. At 5 ms again it comes back: 5 - 2 * 2 = 1."""
    trace = two()(1 * MS, "ENQUEUE", 2, NEW)(5 * MS, "DEQUEUE", 2)(5 * MS, "ENQUEUE", 2, WAKE, entity=(1 * MS, 4 * MS, 2 * MS, 3 * MS))
    trace.done()


# --- cfs ---------------------------------------------------------------------------------------------------------------------------------

def test_cfs_new_thread_starts_a_turn_behind():
    """n 2, W 2048: a turn of 3 ms behind min_vruntime 1."""
    trace = two("cfs")
    trace.breaks("its v is 4000000", 1 * MS, "ENQUEUE", 2, NEW, entity=(1 * MS, 1 * MS, 0, 0))
    trace.breaks("its min_vruntime is 1000000", 1 * MS, "ENQUEUE", 2, NEW, entity=(4 * MS, 4 * MS, 0, 0))
    trace(1 * MS, "ENQUEUE", 2, NEW, entity=(4 * MS, 1 * MS, 0, 0)).done()


def test_cfs_turn_is_the_share_of_the_latency():
    trace = two("cfs")(1 * MS, "ENQUEUE", 2, NEW)
    trace(3 * MS, "TICK", 1, entity=(3 * MS, 3 * MS, 0, 3 * MS))  # turn over, but 2 at v 4 is not behind
    trace.breaks("without a reason", 3 * MS, "ENQUEUE", 1, PREEMPTED)
    trace(4 * MS, "TICK", 1, entity=(4 * MS, 4 * MS, 0, 4 * MS))
    trace.stays(4 * MS)
    trace(4 * MS, "ENQUEUE", 1, PREEMPTED)
    trace.breaks("least virtual time", 4 * MS, "PICK", 1)  # equal v, and 2 became ready first
    trace(4 * MS, "PICK", 2).done()


def test_cfs_sleeper_comes_back_half_a_latency_behind():
    trace = two("cfs")(1 * MS, "ENQUEUE", 2, NEW).block(1 * MS, 2, entity=(4 * MS, 4 * MS, 0, 0))
    trace.breaks("its v is 18000000", 18 * MS, "ENQUEUE", 1, WAKE, entity=(1 * MS, 21 * MS, 0, 0))
    trace(18 * MS, "ENQUEUE", 1, WAKE, entity=(18 * MS, 21 * MS, 0, 0))
    trace.stays(18 * MS)  # more than 1 ms behind
    trace.switch(18 * MS, PREEMPTED, 1)(18 * MS, "BLOCK", 1)(18 * MS, "PICK", 2, entity=(21 * MS, 21 * MS, 0, 0)).done()


def test_cfs_min_vruntime_never_goes_back():
    """1 sleeps from v 1 on; woken at once at min 4.5: it is at 1.5, and min stays."""
    trace = two("cfs")(1 * MS, "ENQUEUE", 2, NEW).block(1 * MS, 2)(1500 * US, "ENQUEUE", 1, WAKE, entity=(1500 * US, 4500 * US, 0, 0))
    trace.breaks("its min_vruntime is 4500000", 1500 * US, "TICK", 2, entity=(4500 * US, 1500 * US, 0, 500 * US))
    trace(1500 * US, "TICK", 2, entity=(4500 * US, 4500 * US, 0, 500 * US)).done()


def test_cfs_small_difference_takes_no_cpu():
    """1 wakes exactly 1 ms behind."""
    trace = two("cfs")(1 * MS, "ENQUEUE", 2, NEW).block(3500 * US, 2)  # v 3.5; 2 at v 4
    trace(4 * MS, "ENQUEUE", 1, WAKE, entity=(3500 * US, 4500 * US, 0, 0))
    trace.breaks("without a reason", 4 * MS, "ENQUEUE", 2, PREEMPTED)
    exact = two("cfs")(1 * MS, "ENQUEUE", 2, NEW).block(3500 * US, 2)(4 * MS, "ENQUEUE", 1, WAKE)(4500 * US, "TICK", 2)
    exact.done()


def test_cfs_yield_goes_behind_the_first():
    trace = two("cfs")(1 * MS, "ENQUEUE", 2, NEW)(2 * MS, "ENQUEUE", 1, YIELD, entity=(4 * MS, 2 * MS, 0, 0))
    trace.breaks("least virtual time", 2 * MS, "PICK", 1)
    trace(2 * MS, "PICK", 2).done()


def test_cfs_migration_takes_the_distance_along():
    """v 4, min 1 there; min 0 here: v 3."""
    trace = Trace("cfs", cpus=2, tick_ns=[MS, MS]).create(2)(1 * MS, "ENQUEUE", 2, NEW)(1 * MS, "DEQUEUE", 2, cpu=1)
    wrong = copy.deepcopy(trace).feed(1 * MS, 1, 9, "MIGRATE", NORMAL, 2, 0, 0, (0, 1, 2, 0))
    assert "takes the min_vruntime" in wrong.rule and wrong.expected == 1 * MS
    assert not trace.feed(1 * MS, 1, 9, "MIGRATE", NORMAL, 2, 0, 0, (0, 1, 2, 1 * MS))
    trace.breaks("its v is 3000000", 1 * MS, "ENQUEUE", 2, CHANGED, queue=1, entity=(4 * MS, 0, 0, 0))
    trace(1 * MS, "ENQUEUE", 2, CHANGED, queue=1, entity=(3 * MS, 0, 0, 0)).done()


def test_cfs_turns_and_their_least():
    fair, t = Trace("cfs").model.queues[0].classes[NORMAL], Trace().model.threads[1]
    assert fair.slice(t, 2, 2048) == 3 * MS
    assert fair.slice(t, 100, 50 * 1024) == 200 * US  # the latency grows to 10 ms
    assert fair.slice(t, 2, 1024 * 1024) == 100 * US


def test_cfs_heavier_running_one_is_left_alone_longer():
    """1 has nice 5 and wakes 2 ms behind: 1 ms of its own is 3.057 of virtual time."""
    trace = two("cfs")(1 * MS, "ENQUEUE", 2, NEW).block(2 * MS, 2).policy(2 * MS, 1, nice=5)(2 * MS, "ENQUEUE", 1, WAKE)
    trace.breaks("without a reason", 2 * MS, "ENQUEUE", 2, PREEMPTED)
    trace.policy(2 * MS, 1, nice=-5).switch(2 * MS, PREEMPTED, 1).done()


def test_cfs_thread_from_another_class_begins_at_the_minimum():
    trace = Trace("cfs").create(3).policy(0, 3, FIFO, 1)(0, "ENQUEUE", 3, NEW)(2 * MS, "DEQUEUE", 3).policy(2 * MS, 3, BATCH)
    trace.breaks("its v is 2000000", 2 * MS, "ENQUEUE", 3, CHANGED, entity=(0, 2 * MS, 0, 0))
    trace(2 * MS, "ENQUEUE", 3, CHANGED, entity=(2 * MS, 2 * MS, 0, 0)).done()


# --- real-time ---------------------------------------------------------------------------------------------------------------------------

def realtime(*threads, **more):
    """1 runs as FIFO 50. threads: (tid, policy, priority), new and waiting, in this order."""
    trace = Trace(**more).policy(0, 1, FIFO, 50).goes_on(0)
    for tid, policy, priority in threads:
        trace.create(tid).policy(0, tid, policy, priority)(0, "ENQUEUE", tid, NEW, entity=(priority, 0, 0, 100 * MS if policy == RR else 0))
    return trace


def test_rt_order_and_tail():
    trace = realtime((2, FIFO, 50), (3, FIFO, 50), (4, FIFO, 49))
    trace.breaks("without a reason", 1, "ENQUEUE", 1, PREEMPTED)  # an equal one takes no CPU
    trace(1, "ENQUEUE", 1, YIELD)
    trace.breaks("highest priority runs", 1, "PICK", 1)
    trace.breaks("highest priority runs", 1, "PICK", 4)
    trace(1, "PICK", 2).block(2, 3).block(3, 1).done()


def test_rt_who_loses_the_cpu_stays_at_the_head():
    trace = realtime((2, FIFO, 50)).create(3).policy(0, 3, FIFO, 60)(5, "ENQUEUE", 3, NEW)
    trace.stays(5)
    trace.switch(6, PREEMPTED, 3)(7, "BLOCK", 3)
    trace.breaks("head of their list", 7, "PICK", 2)
    trace(7, "PICK", 1).done()


def test_rt_lowered_goes_to_the_head_and_raised_to_the_tail():
    lowered = realtime((2, FIFO, 40), (3, FIFO, 45)).change(1, 3, FIFO, 40)(2, "BLOCK", 1)
    lowered.breaks("head of their list", 2, "PICK", 2)
    lowered(2, "PICK", 3).done()
    raised = realtime((2, FIFO, 40), (3, FIFO, 35)).change(1, 3, FIFO, 40)(2, "BLOCK", 1)
    raised.breaks("head of their list", 2, "PICK", 3)
    raised(2, "PICK", 2).done()


def test_rt_lowered_one_that_comes_from_another_cpu_goes_to_the_tail():
    trace = Trace(cpus=2, tick_ns=[MS, MS])
    for tid, priority, queue in ((2, 40, 1), (3, 45, 0)):
        trace.create(tid).policy(0, tid, FIFO, priority)(0, "ENQUEUE", tid, NEW, queue=queue)
    trace(1, "DEQUEUE", 3).policy(1, 3, FIFO, 40)(1, "ENQUEUE", 3, CHANGED, queue=1)
    trace.breaks("head of their list", 1, "PICK", 3, queue=1)
    trace(1, "PICK", 2, queue=1).done()


def test_rt_who_waits_leaves_its_queue_first():
    trace = realtime((2, FIFO, 40))
    trace.cls[2] = RT
    trace.breaks("leaves it before", 1, "POLICY", 2, FIFO | 41 << 8 | 20 << 16)


def test_rt_running_one_that_is_lowered_makes_room():
    trace = realtime((2, FIFO, 40)).policy(1, 1, FIFO, 30)
    trace.stays(1)
    trace.switch(1, PREEMPTED, 2).done()


def test_rt_turns_are_used_up_at_a_tick():
    trace = realtime((2, RR, 50)).policy(0, 1, RR, 50, entity=(50, 0, 0, 100 * MS)).goes_on(0)
    trace(99 * MS, "TICK", 1, entity=(50, 0, 0, 1 * MS))
    trace.breaks("without a reason", 99 * MS, "ENQUEUE", 1, PREEMPTED)
    trace.breaks("ns left of its turn is 100000000", 100 * MS, "TICK", 1, entity=(50, 0, 0, 0))
    trace(100 * MS, "TICK", 1, entity=(50, 0, 0, 100 * MS))
    trace.stays(100 * MS)
    trace(100 * MS, "ENQUEUE", 1, PREEMPTED)
    trace.breaks("head of their list", 100 * MS, "PICK", 1)
    trace(100 * MS, "PICK", 2).done()


def test_rt_fifo_has_no_turns():
    trace = realtime((2, FIFO, 50))(100 * MS, "TICK", 1, entity=(50, 0, 0, 0))
    trace.breaks("without a reason", 100 * MS, "ENQUEUE", 1, PREEMPTED)


def test_rt_turn_begins_when_it_becomes_rr():
    trace = realtime((2, RR, 49))(50 * MS, "TICK", 1).policy(60 * MS, 1, RR, 50, entity=(50, 0, 0, 100 * MS))
    trace.goes_on(60 * MS)(160 * MS, "TICK", 1, entity=(50, 0, 0, 100 * MS))
    trace.breaks("without a reason", 160 * MS, "ENQUEUE", 1, PREEMPTED)  # nobody else of its priority
    back = Trace()(30 * MS, "TICK", 1).policy(30 * MS, 1, RR, 1, entity=(1, 0, 0, 100 * MS))
    back.done()


def test_rt_used_up_turn_counts_until_the_next_pick():
    """1 goes to the tail after its turn, is picked again, and keeps the head when 3 takes the CPU."""
    trace = realtime((2, RR, 50)).policy(0, 1, RR, 50).goes_on(0)(100 * MS, "TICK", 1).switch(100 * MS, PREEMPTED, 2)
    trace(101 * MS, "ENQUEUE", 2, YIELD)(101 * MS, "PICK", 1)
    trace.create(3).policy(0, 3, FIFO, 60)(102 * MS, "ENQUEUE", 3, NEW).switch(102 * MS, PREEMPTED, 3)(103 * MS, "BLOCK", 3)
    trace.breaks("head of their list", 103 * MS, "PICK", 2)
    trace(103 * MS, "PICK", 1).done()


def throttled():
    """1, real-time, has used up 950 ms of the window that ends at 1000; 2, real-time, and 3, normal, wait."""
    trace = realtime((2, FIFO, 50)).create(3)(0, "ENQUEUE", 3, NEW)(949 * MS, "TICK", 1)
    trace.breaks("without a reason", 949 * MS, "THROTTLE", 1, 1000 * MS)
    return trace(950 * MS, "TICK", 1)


def test_rt_throttled_class_leaves_the_cpu():
    trace = throttled()
    trace.breaks("THROTTLE of thread 1 has to come", 951 * MS, "TICK", 1)
    trace.breaks("another time", 950 * MS, "THROTTLE", 1, 1950 * MS)
    trace(950 * MS, "THROTTLE", 1, 1000 * MS)
    trace.stays(950 * MS)
    trace.breaks("counts as many", 950 * MS, "ENQUEUE", 1, PREEMPTED, queued=3)
    trace(950 * MS, "ENQUEUE", 1, PREEMPTED, queued=1)
    trace.breaks("runs next", 950 * MS, "PICK", 1, queued=1)
    trace(950 * MS, "PICK", 3, queued=0)
    trace.breaks("when its window ends", 999 * MS, "REPLENISH", IDLE)
    late = copy.deepcopy(trace)(1000 * MS, "TICK", 3)
    late.breaks("a tick after its time", 1001 * MS, "TICK", 3)
    trace(1000 * MS, "REPLENISH", IDLE)
    trace.stays(1000 * MS)
    trace.switch(1000 * MS, PREEMPTED, 1)(1949 * MS, "TICK", 1)(1950 * MS, "TICK", 1)(1950 * MS, "THROTTLE", 1, 2000 * MS).done()


def test_rt_charge_before_the_window_does_not_count():
    """600 ms of one window, then 400 of the next, at the first charge in it."""
    trace = realtime()(600 * MS, "TICK", 1)(1400 * MS, "TICK", 1)
    trace.breaks("without a reason", 1400 * MS, "THROTTLE", 1, 2000 * MS)
    trace(1949 * MS, "TICK", 1)(1950 * MS, "BLOCK", 1)
    trace.breaks("THROTTLE of thread 1 has to come", 1950 * MS, "PICK", IDLE)
    trace(1950 * MS, "THROTTLE", 1, 2000 * MS)(1950 * MS, "PICK", IDLE).done()


def test_rt_without_a_limit():
    realtime(rt_runtime_ns=0)(999 * MS, "TICK", 1)(5000 * MS, "TICK", 1).done()


# --- deadline ----------------------------------------------------------------------------------------------------------------------------

def server(Q, D, P, wait=0):
    """1 runs under a budget of Q, deadline D, period P (ms) from 1 ms on; wait: a normal thread 2 waits."""
    trace = Trace()
    if wait:
        trace.create(2)(0, "ENQUEUE", 2, NEW)
    return trace.policy(1 * MS, 1, SCHED_DEADLINE, params=(Q * MS, D * MS, P * MS), entity=(0, (1 + D) * MS, 0, Q * MS)).goes_on(1 * MS)


def test_deadline_budget_is_used_up():
    """(2, 4, 10): d 5, q 2; used up at 3 ms, back at d - 4 + 10 = 11, then d is 15."""
    trace = server(2, 4, 10, wait=1)(2 * MS, "TICK", 1, entity=(0, 5 * MS, 0, 1 * MS))
    trace.breaks("THROTTLE of thread 1 comes without a reason", 2 * MS, "THROTTLE", 1, 11 * MS)
    trace(3 * MS, "TICK", 1, entity=(0, 5 * MS, 0, 0))
    trace.breaks("THROTTLE of thread 1 has to come", 3 * MS, "ENQUEUE", 1, PREEMPTED)
    trace.breaks("another time", 3 * MS, "THROTTLE", 1, 5 * MS)
    trace(3 * MS, "THROTTLE", 1, 11 * MS)
    trace.stays(3 * MS)
    trace(3500 * US, "ENQUEUE", 1, PREEMPTED, queued=1)
    trace.queued[0].discard(1)
    trace.breaks("runs next", 3500 * US, "PICK", 1)
    trace(3500 * US, "PICK", 2)
    trace.breaks("comes back at its time", 10 * MS, "REPLENISH", 1, 15 * MS)
    trace.breaks("moves the deadline", 11 * MS, "REPLENISH", 1, 5 * MS)
    copy.deepcopy(trace)(11 * MS, "TICK", 2).breaks("a tick after its time", 12 * MS, "TICK", 2)
    trace(11 * MS, "REPLENISH", 1, 15 * MS, entity=(0, 15 * MS, 0, 1500 * US))
    trace.stays(11 * MS)
    trace.switch(11 * MS, PREEMPTED, 1).done()


def test_deadline_overrun_is_paid_back():
    """6 ms instead of 2: q -4; d 5 + 3 * 10, q 2."""
    trace = server(2, 4, 10)(7 * MS, "TICK", 1, entity=(0, 5 * MS, 0, -4 * MS))(7 * MS, "MISS", 1, 5 * MS)(7 * MS, "THROTTLE", 1, 11 * MS)
    trace(7 * MS, "ENQUEUE", 1, PREEMPTED, queued=0)(7 * MS, "PICK", IDLE, queued=0)
    trace.breaks("moves the deadline", 11 * MS, "REPLENISH", 1, 15 * MS)
    trace(11 * MS, "REPLENISH", 1, 35 * MS, entity=(0, 35 * MS, 0, 2 * MS)).done()


def test_deadline_late_budget_comes_back_at_once():
    """(2, 4, 4): at 9.5 ms it has run 8.5: used up, and its period ended at 5. q -6.5 + 8 = 1.5, d 5 + 16."""
    trace = server(2, 4, 4)(9500 * US, "TICK", 1)(9500 * US, "MISS", 1, 5 * MS)(9500 * US, "THROTTLE", 1, 5 * MS)
    trace.breaks("REPLENISH of thread 1 has to come", 9500 * US, "ENQUEUE", 1, PREEMPTED)
    trace(9500 * US, "REPLENISH", 1, 21 * MS, entity=(0, 21 * MS, 0, 1500 * US))(10 * MS, "TICK", 1).done()


def test_deadline_is_missed_once():
    """(3, 4, 4), d 5: it wakes at 3, and is picked at 6 only."""
    trace = server(3, 4, 4, wait=1)
    trace(2 * MS, "TICK", 1)
    trace.breaks("MISS of thread 1 comes without", 2 * MS, "MISS", 1, 5 * MS)
    trace(3 * MS, "TICK", 1).block(3 * MS, 2)(3 * MS, "ENQUEUE", 1, WAKE)  # q 1, d 5: 1 * 4 <= 2 * 3
    trace(6 * MS, "ENQUEUE", 2, PREEMPTED)
    trace.breaks("another time", 6 * MS, "MISS", 1, 9 * MS)
    after = copy.deepcopy(trace)(6 * MS, "PICK", 1)  # the record may come before the PICK or after it
    after.breaks("MISS of thread 1 has to come", 6500 * US, "TICK", 1)
    after(6 * MS, "MISS", 1, 5 * MS).done()
    trace(6 * MS, "MISS", 1, 5 * MS)
    trace.breaks("just before a PICK", 6500 * US, "TICK", 2)
    trace(6 * MS, "PICK", 1)(6500 * US, "TICK", 1)
    trace.breaks("MISS of thread 1 comes without", 6500 * US, "MISS", 1, 5 * MS)
    trace.done()


def test_deadline_yield_gives_up_the_budget():
    trace = server(2, 4, 10)(2 * MS, "ENQUEUE", 1, YIELD, queued=1)
    trace.breaks("THROTTLE of thread 1 has to come", 2 * MS, "PICK", IDLE)
    trace(2 * MS, "THROTTLE", 1, 11 * MS)(2 * MS, "PICK", IDLE)(11 * MS, "REPLENISH", 1, 15 * MS, entity=(0, 15 * MS, 0, 2 * MS)).done()


def woken(Q, D, P, ran, at, **more):
    """1 sleeps after `ran` us of its budget, from then to `at` us."""
    return server(Q, D, P)((1000 + ran) * US, "BLOCK", 1)((1000 + ran) * US, "PICK", IDLE)


def test_deadline_wake_between_deadline_and_period():
    """Rule 1: (2, 4, 10), d 5, woken at 6: it waits until 11."""
    trace = woken(2, 4, 10, 500, 6000)(6 * MS, "ENQUEUE", 1, WAKE, queued=1)
    trace.breaks("THROTTLE of thread 1 has to come", 6 * MS, "PICK", 1)
    trace(6 * MS, "THROTTLE", 1, 11 * MS)(11 * MS, "REPLENISH", 1, 15 * MS, entity=(0, 15 * MS, 0, 2 * MS)).done()


def test_deadline_wake_with_too_much_budget_left():
    """Rule 2: (2, 4, 4), d 5, q 1.5: at 3 is 1.5 * 4 > 2 * 2; and at 6, past the deadline."""
    trace = woken(2, 4, 4, 500, 3000)
    trace.breaks("its d is 7000000", 3 * MS, "ENQUEUE", 1, WAKE, entity=(0, 5 * MS, 0, 1500 * US))
    copy.deepcopy(trace)(3 * MS, "ENQUEUE", 1, WAKE, entity=(0, 7 * MS, 0, 2 * MS)).done()
    trace(6 * MS, "ENQUEUE", 1, WAKE, entity=(0, 10 * MS, 0, 2 * MS)).done()


def test_deadline_wake_in_time_changes_nothing():
    """Rule 3: at 2 is 1.5 * 4 <= 3 * 2."""
    trace = woken(2, 4, 4, 500, 2000)
    trace.breaks("its d is 5000000", 2 * MS, "ENQUEUE", 1, WAKE, entity=(0, 6 * MS, 0, 2 * MS))
    trace(2 * MS, "ENQUEUE", 1, WAKE, entity=(0, 5 * MS, 0, 1500 * US)).done()


def test_deadline_sleeper_does_not_escape_its_throttle():
    trace = server(2, 4, 10)(3 * MS, "TICK", 1)(3 * MS, "THROTTLE", 1, 11 * MS)(3 * MS, "BLOCK", 1)(3 * MS, "PICK", IDLE)
    trace(4 * MS, "ENQUEUE", 1, WAKE, queued=0)
    trace.breaks("the idle thread does", 4 * MS, "PICK", 1, queued=0)
    trace(11 * MS, "REPLENISH", 1, 15 * MS).done()


def test_deadline_wake_after_its_period():
    """(2, 4, 10), d 5: at 12 the next period has begun, so no rule holds it back."""
    trace = woken(2, 4, 10, 500, 12000)
    trace(12 * MS, "ENQUEUE", 1, WAKE, entity=(0, 16 * MS, 0, 2 * MS))(12 * MS, "PICK", 1).done()


def test_deadline_wake_when_the_budget_is_due_back():
    """Replenished, d is 5 + 10; then rule 2: 2 * 4 is more than (15 - 11.000001) * 2, so d is now + 4."""
    trace = server(2, 4, 10)(3 * MS, "TICK", 1)(3 * MS, "THROTTLE", 1, 11 * MS)(3 * MS, "BLOCK", 1)(3 * MS, "PICK", IDLE)
    trace(11 * MS + 1, "ENQUEUE", 1, WAKE, queued=0)
    trace.breaks("REPLENISH of thread 1 has to come", 11 * MS + 1, "PICK", 1)
    trace.breaks("its d is 15000001", 11 * MS + 1, "REPLENISH", 1, 15 * MS, entity=(0, 15 * MS, 0, 2 * MS))
    trace(11 * MS + 1, "REPLENISH", 1, 15 * MS, entity=(0, 15 * MS + 1, 0, 2 * MS))(11 * MS + 1, "PICK", 1).done()


def test_deadline_budget_that_comes_back_too_late_for_its_deadline():
    """2 (d 3) runs to 20 without a tick, then 1 (d 5, q 2) until 22: throttled until 5, d 9 has passed, so d is 22 + 4."""
    trace = server(2, 4, 4).create(2)(1 * MS, "ENQUEUE", 2, NEW).change(1 * MS, 2, SCHED_DEADLINE, params=(1 * MS, 2 * MS, 0))
    trace.switch(1 * MS, PREEMPTED, 2)(20 * MS, "BLOCK", 2)(20 * MS, "MISS", 2, 3 * MS)(20 * MS, "THROTTLE", 2, 3 * MS)
    trace(20 * MS, "REPLENISH", 2, 41 * MS, queued=1)  # q -18 + 19, d 3 + 38
    trace(20 * MS, "PICK", 1, queued=0)(20 * MS, "MISS", 1, 5 * MS)(22 * MS, "TICK", 1)(22 * MS, "THROTTLE", 1, 5 * MS)
    trace.breaks("moves the deadline", 22 * MS, "REPLENISH", 1, 9 * MS)
    trace(22 * MS, "REPLENISH", 1, 26 * MS, entity=(0, 26 * MS, 0, 2 * MS)).done()


def test_deadline_yield_forgives_no_overrun():
    trace = server(2, 4, 10)(7 * MS, "ENQUEUE", 1, YIELD)(7 * MS, "MISS", 1, 5 * MS)(7 * MS, "THROTTLE", 1, 11 * MS)(7 * MS, "PICK", IDLE)
    trace(11 * MS, "REPLENISH", 1, 35 * MS, entity=(0, 35 * MS, 0, 2 * MS)).done()


def test_deadline_new_numbers_do_not_renew_the_budget():
    """(2, 4, 4) to (1, 6, 6) after 0.5 ms: q is min(1.5, 1), d stays; then to (3, 6, 6) after 0.5 more: q stays 0.5."""
    trace = server(2, 4, 4).policy(1500 * US, 1, SCHED_DEADLINE, params=(1 * MS, 6 * MS, 0), entity=(0, 5 * MS, 0, 1 * MS))
    trace.policy(2 * MS, 1, SCHED_DEADLINE, params=(3 * MS, 6 * MS, 0), entity=(0, 5 * MS, 0, 500 * US)).done()


def test_deadline_nothing_comes_back_to_who_has_left():
    """Neither after an exit, nor in another class."""
    trace = server(2, 4, 10, wait=1)(3 * MS, "TICK", 1)(3 * MS, "THROTTLE", 1, 11 * MS)
    gone = copy.deepcopy(trace)
    gone.feed(3 * MS, 0, 1, "EXIT", DEADLINE, 1, 0, 0, (0,) * 4)
    trace.policy(3 * MS, 1, FIFO, 1).goes_on(3 * MS)(3 * MS, "BLOCK", 1)
    for other in (gone, trace):
        other(3 * MS, "PICK", 2)(12 * MS, "TICK", 2)(13 * MS, "TICK", 2)
        other.breaks("comes back at its time", 13 * MS, "REPLENISH", 1, 15 * MS)


def test_deadline_class_keeps_the_place_of_whom_a_change_moves():
    """2 and 3 have the same deadline. 3 became ready first; in which order they came to the class does not count."""
    trace = server(2, 9, 9)
    for tid in (2, 3):
        trace.create(tid)(1 * MS + 3 - tid, "ENQUEUE", tid, NEW)  # 3 first
    for tid in (3, 2):
        trace.change(1 * MS + 1, tid, SCHED_DEADLINE, params=(1 * MS, 2 * MS, 0))
    trace(1 * MS + 1, "ENQUEUE", 1, PREEMPTED)
    trace.breaks("earliest deadline", 1 * MS + 1, "PICK", 2)
    trace(1 * MS + 1, "PICK", 3).done()


def test_deadline_order():
    """Threads 2 (d 8) and 3 (d 3) wait while 1 (d 5) runs: only 3 takes the CPU."""
    trace = server(2, 4, 4)
    for tid in (2, 3):
        trace.create(tid)(1 * MS, "ENQUEUE", tid, NEW)
    trace.change(1 * MS, 2, SCHED_DEADLINE, params=(1 * MS, 7 * MS, 0))
    trace.breaks("without a reason", 1 * MS, "ENQUEUE", 1, PREEMPTED)
    trace.change(1 * MS, 3, SCHED_DEADLINE, params=(1 * MS, 2 * MS, 0))
    trace.stays(1 * MS)
    trace(1 * MS, "ENQUEUE", 1, PREEMPTED)
    trace.breaks("earliest deadline runs next", 1 * MS, "PICK", 1)
    trace(1 * MS, "PICK", 3).block(1 * MS, 1).done()


# --- classes -----------------------------------------------------------------------------------------------------------------------------

def test_classes_run_in_order():
    trace = Trace()
    for tid in (2, 3, 4):
        trace.create(tid)
    trace.policy(0, 2, SCHED_IDLE).policy(0, 3, FIFO, 1)
    trace(1 * MS, "ENQUEUE", 2, NEW)(1 * MS, "ENQUEUE", 4, NEW)(1 * MS, "ENQUEUE", 3, NEW)
    trace.stays(1 * MS)
    trace(1 * MS, "ENQUEUE", 1, YIELD)
    trace.breaks("highest priority runs", 1 * MS, "PICK", 4)
    trace(1 * MS, "PICK", 3)(2 * MS, "BLOCK", 3)
    trace.breaks("earliest virtual deadline", 2 * MS, "PICK", 2)
    trace(2 * MS, "PICK", 4).block(3 * MS, 1).block(3 * MS, 2).block(4 * MS, IDLE).done()


def test_idle_policy_takes_turns_of_the_first_quantum():
    trace = Trace(quantum=[5 * MS] + [40 * MS] * 4).policy(0, 1, SCHED_IDLE).goes_on(0)
    trace.create(2).policy(0, 2, SCHED_IDLE)(0, "ENQUEUE", 2, NEW)
    trace(4 * MS, "TICK", 1)
    trace.breaks("without a reason", 4 * MS, "ENQUEUE", 1, PREEMPTED)
    trace(5 * MS, "TICK", 1)
    trace.stays(5 * MS)
    trace(5 * MS, "ENQUEUE", 1, PREEMPTED)
    trace.breaks("waited longest", 5 * MS, "PICK", 1)
    trace(5 * MS, "PICK", 2).done()


@pytest.mark.parametrize("normal", ["rr", "fcfs", "prio", "mlfq", "sjf"])
def test_normal_threads_by_an_earlier_policy(normal):
    trace = Trace(normal).create(2).create(3).policy(0, 3, FIFO, 1)(0, "ENQUEUE", 2, NEW)
    trace(20 * MS, "TICK", 1)
    if normal in ("fcfs", "sjf"):
        trace.breaks("without a reason", 20 * MS, "ENQUEUE", 1, PREEMPTED)
    else:
        trace.stays(20 * MS)
    trace(20 * MS, "ENQUEUE", 1, YIELD)
    trace.breaks("runs next", 20 * MS, "PICK", IDLE)
    trace(20 * MS, "PICK", 2)(21 * MS, "ENQUEUE", 3, NEW).stays(21 * MS)
    trace.switch(21 * MS, PREEMPTED, 3).block(22 * MS, 2).done()


def test_fair_thread_from_another_class_has_no_lag():
    """3, real-time so far, becomes a normal one at V 1: d is a whole slice later."""
    trace = Trace().create(3).policy(0, 3, FIFO, 1)(0, "ENQUEUE", 3, NEW)(1 * MS, "DEQUEUE", 3).policy(1 * MS, 3, BATCH)
    trace.breaks("its d is 4000000", 1 * MS, "ENQUEUE", 3, CHANGED, entity=(1 * MS, 2500 * US, 0, 1500 * US))
    trace(1 * MS, "ENQUEUE", 3, CHANGED, entity=(1 * MS, 4 * MS, 0, 3 * MS)).done()


def test_fair_thread_that_runs_changes_its_class_and_comes_back():
    """2, alone in the class, keeps V where it was while 1 runs as a real-time thread: 1 comes back at V 0, not at its own v."""
    trace = two()(1 * MS, "ENQUEUE", 2, NEW).policy(1 * MS, 1, FIFO, 1, entity=(1, 0, 0, 0))
    trace(9 * MS, "TICK", 1).policy(9 * MS, 1, OTHER, entity=(1 * MS, 4 * MS, 0, 3 * MS))
    trace.stays(9 * MS)  # 2 has the earlier deadline, and 1 is not protected
    trace.done()


def test_quantum_begins_with_the_class():
    """1 has run for 30 ms when it becomes SCHED_IDLE: its quantum of 20 begins then."""
    trace = Trace().policy(30 * MS, 1, SCHED_IDLE).create(2).policy(30 * MS, 2, SCHED_IDLE)(30 * MS, "ENQUEUE", 2, NEW)
    trace(48 * MS, "TICK", 1)(49 * MS, "TICK", 1)(50 * MS, "TICK", 1)
    trace.stays(50 * MS)
    trace.done()


def test_making_a_child_charges_nobody():
    """1 is at v 4.1 when 2's policy is written, and at 4.2 when it joins: its d is 4.2 + 3."""
    trace = Trace()(1 * MS, "TICK", 1).create(2).policy(4100 * US, 2, nice=1)(4200 * US, "ENQUEUE", 2, NEW)
    assert trace.model.threads[1].d == 7200 * US
    trace.done()


def test_class_follows_from_the_policy():
    trace = Trace()
    trace.breaks("the class follows from the policy", 1, "POLICY", 1, FIFO | 1 << 8 | 20 << 16)


def test_numbers_are_written_after_each_decision():
    trace = two()
    trace.feed(1 * MS, 0, 2, "ENQUEUE", NORMAL, 2, 0, 1, (NEW, 0, 2 | 32 << 8, 1 * MS))
    wrong = trace.feed(1 * MS, 0, 3, "ENQUEUE", NORMAL, 1, 0, 2, (YIELD, 1 * MS, 2 | 32 << 8, 1 * MS))
    assert "numbers have to be written" in wrong.rule


def test_explanation_shows_who_waits():
    trace = server(2, 4, 4, wait=1)
    other = copy.deepcopy(trace)
    lines = schedule.explain(other.add(2 * MS, "ENQUEUE", 1, PREEMPTED))
    assert "waiting, the first to run first: 2 (normal: v 0, d 1500000, lag 0, budget 1500000)" in lines
    assert any("deadline: d 5000000, budget" in line for line in lines)
