"""Lab 2.1: sched_tick(), rr_tick(), preempt_locked(). Threads that never give up the CPU, judged by the trace: who had it, from
when to when."""

from grade.api import boots, exercise, require
from grade.models.schedule import follows
from grade.timeline import Timeline

MS = 1_000_000
TICK = MS
READY = 1  # enum thread_state
QUANTA = [5, 10, 20, 30, 40]  # ms, by thread priority
RR = "sched=rr"  # whatever a later kernel has by default


def hogs(run):
    """The turns of the threads that the ktest made, but for the first and the last turn, which begin or end by something else."""
    made = {event.tid for event in run.events("CREATE")}
    return [turn for turn in Timeline(run.events()).turns if turn.tid in made][:-1]


def taken(run):
    """Those of the turns that ended because the CPU was taken away."""
    ends = {(event.tid, event.time) for event in run.events("SWITCH") if event.arg[0] == READY}
    return [turn for turn in hogs(run) if (turn.tid, turn.end) in ends]


def lasts_a_quantum(turn, quantum):
    """Give or take half a tick, as kernel/sched/quantum.c says: a turn that does not begin at a tick may be as much shorter."""
    require(quantum * MS - TICK // 2 <= turn.end - turn.start <= quantum * MS + TICK + TICK // 10,
            "a turn ends at the first tick at which its quantum is used up",
            f"thread {turn.tid} had the CPU for {(turn.end - turn.start) / MS:.2f} ms from {turn.start} ns on; "
            f"its quantum is {quantum} ms, a tick 1 ms")


def stopped_for_nothing(run):
    """A line of evidence if a thread was picked twice in a row, else []."""
    picks = run.events("PICK")
    return [f"thread {pick.tid} was stopped at {pick.time} ns and picked again at once: did its quantum count as used up when it joined "
            "the queue?" for before, pick in zip(picks, picks[1:]) if before.tid == pick.tid][:1]


def asked_within_a_turn(run):
    """Judges that nobody is picked twice in a row: to stop a thread only to let it go on is work for nothing."""
    found = stopped_for_nothing(run)
    require(not found, "a tick asks for another thread when there is a reason, and not at every turn of the clock", found)


def take_turns(run, turns, least, threads, ms):
    """Judges that there are enough turns to look at."""
    require(len(turns) >= least, f"{threads} threads that never yield take turns", f"{len(turns)} turns in {ms} ms",
            lambda: stopped_for_nothing(run))


@exercise("2.1", points=2)
def test_threads_that_never_yield_take_turns_of_a_quantum(boot):
    """Without preemption the first of them would keep the CPU for good: the tick has to take it away."""
    run = boot("turns_hogs", RR, limit_ms=600)
    turns = taken(run)
    take_turns(run, turns, 3, "three", 250)
    for turn in turns:
        lasts_a_quantum(turn, 20)
    order = [turn.tid for turn in turns[:9]]
    require(order == order[:3] * 3 and len(set(order)) == 3, "whoever has used up its quantum goes behind all who wait",
            f"turns of {order}")
    asked_within_a_turn(run)
    follows(run, "rr")


@exercise("2.1", points=2)
def test_a_quantum_is_as_long_as_the_priority_says(boot):
    """Round-robin gives everybody a turn, and the more important ones a longer one: 5, 10, 20, 30, 40 ms."""
    run = boot("turns_priorities", RR, limit_ms=700)
    turns = taken(run)
    take_turns(run, turns, 5, "five", 330)
    for number, turn in enumerate(turns[:10]):
        lasts_a_quantum(turn, QUANTA[number % 5])


@exercise("2.1", points=1)
def test_nobody_waits_longer_than_everybody_elses_quantum(boot):
    """What round-robin promises: of N threads, each is back after N - 1 quanta, each at most a tick too long."""
    run = boot("turns_priorities", RR, limit_ms=700)
    turns, last = hogs(run), {}
    take_turns(run, turns, 10, "five", 330)
    for turn in turns:
        waited = turn.start - last.get(turn.tid, turn.start)
        require(waited <= 4 * (max(QUANTA) * MS + TICK),
                "of 5 threads each gets the CPU back after (5 - 1) x (largest quantum + tick) at most",
                f"thread {turn.tid} waited {waited / MS:.2f} ms, until {turn.start} ns")
        last[turn.tid] = turn.end


@exercise("2.1", points=1)
def test_a_wait_does_not_renew_the_quantum(boot):
    """Else a thread that waits for a moment just before its quantum ends would get more than its share."""
    run = boot("turns_wake", RR, limit_ms=400)
    turns = hogs(run)
    first = [turn for turn in turns if turn.tid == turns[0].tid]
    require(len(first) >= 2 and first[0].end - first[0].start < 17 * MS, "the thread waits in the middle of its quantum",
            "its turns: " + ", ".join(f"{(turn.end - turn.start) / MS:.2f} ms from {turn.start} ns on" for turn in first[:3]))
    rest = (first[1].end - first[1].start) / MS
    require(rest <= 20 - 15 + 1.1, "after a wait a thread has what is left of its quantum, not a new one",
            f"it had used 15 ms of 20 and waited; its next turn lasted {rest:.2f} ms")


@exercise("2.1", points=1)
@boots(2)
def test_a_quantum_is_used_up_at_its_end_whoever_waits(boot):
    """What it is measured by is what the thread has run: not who else is there. And a tick is counted, whatever it means to whom."""
    run = boot("tick_limits")
    counted = [(fact.a, fact.b) for fact in run.facts("COUNT")]
    require(counted == [(1, 1), (1, 0)], "each tick is counted once, and the class of the thread that ran is asked, if it wants to be",
            *(f"after a tick of a class that has {what} task_tick: {ticks} counted, {calls} calls" for what, (ticks, calls) in
              zip(("a", "no"), counted)))
    before, at, kept = (fact.b for fact in run.facts("RESULT"))
    require(not before and at, "a reschedule is due when a thread has run its quantum since slice_start, and not before",
            f"a cycle before that: {bool(before)}; exactly then: {bool(at)}; what it has run wraps at 64 bits in between")
    require(kept, "a tick that finds quantum left leaves a reschedule alone that is due for another reason", "need_resched was cleared")
    lasted = boot("turns_alone", RR, limit_ms=200).fact("TURN").b / MS
    require(39 <= lasted <= 41.5, "a quantum that was used up begins anew at once, though nobody else waits",
            f"a thread alone for 30 ms, with a quantum of 20 ms, lost the CPU to a new one after {lasted:.2f} ms, expected 40")


@exercise("2.1", points=1)
@boots(2)
def test_under_fcfs_nobody_is_preempted(boot):
    """What a tick means is the policy's affair: sched_tick() asks the class of the thread that runs, and fcfs has nothing to say."""
    require(len(hogs(boot("turns_hogs", RR, limit_ms=600))) > 3, "under round-robin threads that never yield are preempted", "nobody was")
    run = boot("turns_hogs", "sched=fcfs", limit_ms=600)
    turns = Timeline(run.events()).turns
    made = [event.tid for event in run.events("CREATE")]
    for tid in made:
        require(len([turn for turn in turns if turn.tid == tid]) == 1,
                "first come, first served: whoever runs goes on until it waits or exits",
                f"thread {tid} had {len([turn for turn in turns if turn.tid == tid])} turns")
    asked_within_a_turn(run)
    ticks, counted = len(run.events("TICK")), run.kernel["run_queues"][0].nr_ticks
    require(counted == ticks, "each tick is counted once, and the class of the thread that ran is asked, if it wants to be",
            f"{ticks} ticks in the trace; the run queue counts {counted}")


@exercise("2.1", points=2)
def test_who_makes_room_within_its_quantum_keeps_its_place(boot):
    """A thread that is preempted did not ask to leave: with quantum left it goes on before all others, where one that yields
    goes behind them."""
    run = boot("turns_interrupted", RR)
    asked = [fact.time for fact in run.facts("ORDER")]
    me = run.events("PRIORITY")[0].tid
    for event in run.events("PRIORITY"):
        after = next((pick for pick in run.events("PICK") if pick.seq > event.seq), None)
        require(after is not None and after.time < asked[-1] and after.tid == me,
                "a preempted thread whose quantum is not over is picked again before those who wait",
                f"thread {me} had to make room at {event.time} ns; picked next: "
                + (f"thread {after.tid} at {after.time} ns" if after else "nobody"))
    follows(run, "rr")
