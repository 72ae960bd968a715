"""Lab 5.1: weights (fair_weight(), fair_vtime()) and CFS (cfs_update_min(), cfs_slice(), cfs_place(), cfs_first(), cfs_tick(),
cfs_check_preempt()). Whoever has had least of the CPU for its weight runs next."""

from grade.api import boots, exercise, require, signed
from grade.phase5.parts import MS, TICK, WEIGHTS, Cases, before, follows, players, shares, wrapped

MIN_GRANULARITY, LATENCY, WAKEUP_GRANULARITY = 100_000, 6 * MS, MS
NEW, YIELD, PREEMPTED, WAKE, CHANGED = range(5)
REASONS = ("NEW", "YIELD", "PREEMPTED", "WAKE", "CHANGED")


@exercise("5.1", points=2)
def test_each_nice_value_has_its_weight(boot):
    """A step of nice is about a tenth of the CPU between two threads, wherever on the scale they are."""
    for nice, weight in ((signed(fact.a), fact.b) for fact in boot("fair_weight").facts("RESULT")):
        require(weight == WEIGHTS[nice + 20], "fair_weight() is the weight that sched_nice_to_weight[] has for a nice value",
                f"nice {nice}: expected {WEIGHTS[nice + 20]}, it was {weight}")


@exercise("5.1", points=2)
def test_what_a_division_leaves_over_is_charged_later(boot):
    """A thread of nice -20 that is charged 50 ns at a time would otherwise never have run at all."""
    run = boot("fair_vtime")
    for told, answer in zip(run.facts("NOTE"), run.facts("RESULT"), strict=True):
        (weight, step), (rest, grown) = (told.a, told.b), (answer.a, answer.b)
        expected = 100 * step * 1024 // weight
        require(grown == expected, "fair_vtime() is delta * 1024 / weight, and what a division leaves over counts in the next one",
                f"weight {weight}, charged 100 times {step} ns: expected {expected} in all, it was {grown}")
        require(rest < weight, "what is left over is less than the weight", f"weight {weight}: e->rest was {rest}")


@exercise("5.1", points=2)
def test_the_least_virtual_time_never_goes_back(boot):
    """Who comes is placed by it: if it went back, whoever comes then would have the CPU until the others are overtaken."""
    cases = Cases(boot("cfs_min"))
    for _ in range(30):
        (waiting, running), (_, before_it) = cases.queue(), cases.note()
        members, got = waiting + [running] * bool(running), cases.result()
        least = members[0].v if members else before_it
        for member in members:
            least = member.v if before(member.v, least) else least
        expected = least if before(before_it, least) else before_it
        require(got == expected, "min_vruntime follows the least vruntime of who waits and who runs, and never goes back",
                f"vruntimes of who waits: {[signed(m.v) for m in waiting]}, of who runs: {running and signed(running.v)}; min_vruntime was "
                f"{signed(before_it)}", f"expected {signed(expected)}, it was {signed(got)}")


@exercise("5.1", points=3)
def test_a_turn_is_a_weights_part_of_the_latency(boot):
    """Everybody has a turn in 6 ms, unless so many are there that turns would be too short to be worth a switch."""
    cases = Cases(boot("cfs_turn"))
    for _ in range(30):
        (waiting, running), (v, members) = cases.queue(), cases.note()
        running = running._replace(v=v)
        total = sum(m.weight for m in waiting) + running.weight
        turn = max(MIN_GRANULARITY, max(LATENCY, members * MIN_GRANULARITY) * running.weight // total)
        text = f"{members} members of weight {total} in all; e's is {running.weight}"
        got, early, late, first, stays = cases.result(), cases.due(), cases.due(), cases.result(), cases.result()
        require(got == turn, "cfs_slice() is the weight's part of the period, which is 6 ms or 100 us for each member, and at least 100 us",
                text, f"expected {turn} ns, it was {got}")
        best = min(waiting, key=lambda m: ((m.v - running.v + 2**63) % 2**64, m.since, m.tid), default=None)
        require(first == (best.tid if best else 0),
                "cfs_first() is who waits and has the least vruntime; of equals, who became ready first",
                f"(tid, vruntime, since) of who waits: {[(m.tid, m.v, m.since) for m in waiting]}", f"it was thread {first}")
        require(stays or not best, "cfs_first() leaves in the tree whom it finds", f"thread {first} is in none afterwards")
        due = bool(best) and not before(running.v, best.v)
        require(not early, "a tick ends no turn before its time", text, f"a turn is {turn} ns, and it was ended after {turn - 1}")
        require(late == due, "a tick ends a turn that has lasted its time if somebody waits who would be picked",
                f"{text}; its vruntime is {signed(running.v)}, the least of who waits {best and signed(best.v)}",
                f"a reschedule: expected {due}, it was {bool(late)}")


@exercise("5.1", points=3)
def test_who_comes_is_placed_by_the_least_virtual_time(boot):
    """Neither a long sleep nor being new is worth more than a moment of the CPU."""
    cases = Cases(boot("cfs_place"))
    for _ in range(60):
        (waiting, running), t, (why, least) = cases.queue(), cases.member(77), cases.note()
        members = waiting + [running] * bool(running) + [t]
        v, at_least = t.v, t.v
        first = min((m.v for m in waiting), key=lambda v: (v - t.v + 2**63) % 2**64, default=None)
        if why == NEW:
            turn = max(MIN_GRANULARITY, max(LATENCY, len(members) * MIN_GRANULARITY) * t.weight // sum(m.weight for m in members))
            v, at_least = running.v if running else least, least + turn * 1024 // t.weight
        elif why == WAKE:
            at_least = least - LATENCY // 2
        elif why == YIELD and waiting:
            at_least = first
        expected = wrapped(at_least if before(wrapped(v), wrapped(at_least)) else v)
        got = cases.result()
        require(got == expected,
                {NEW: "a new thread stands where the running one is, or, if that is more, a turn behind the least vruntime",
                                  WAKE: "who wakes comes back no further behind the least vruntime than half a latency",
                                  YIELD: "who yields stands no longer before the first of those who wait"}.get(
                                      why, "who was preempted, or was changed, keeps its vruntime"),
                f"ENQUEUE_{REASONS[why]}, its vruntime was {signed(t.v)}, min_vruntime {signed(least)}, that of who runs "
                f"{running and signed(running.v)}, of who waits {[signed(m.v) for m in waiting]}",
                f"expected {signed(expected)}, it was {signed(got)}")


@exercise("5.1", points=1)
def test_who_wakes_takes_the_cpu_if_it_is_far_behind(boot):
    """Not for a nanosecond: two threads that wake each other would do nothing else but switch."""
    cases = Cases(boot("cfs_arrives"))
    for _ in range(90):
        (_, running), t = cases.queue(), cases.member(77)
        ahead, allowed = signed(wrapped(running.v - t.v)), WAKEUP_GRANULARITY * 1024 // t.weight
        due = cases.due()
        require(due == (ahead > allowed), "who becomes ready takes the CPU if it is behind by more than 1 ms of its own virtual time",
                f"its weight is {t.weight}, it is {ahead} ns of virtual time behind who runs, and {allowed} are allowed",
                f"a reschedule: expected {ahead > allowed}, it was {bool(due)}")


@exercise("5.1", points=2)
@boots(2)
def test_hogs_share_the_cpu_by_their_weights(boot):
    """That is what a nice value means, and nothing else: no priority, only a share."""
    for ktest, nices in (("fair_two", (0, 5)), ("fair_five", (-10, -5, 0, 5, 19))):
        shares(boot(ktest, "sched=cfs", limit_ms=1500), nices, lambda part: 2 * (LATENCY * part + TICK))


@exercise("5.1", points=1)
def test_a_long_sleep_is_no_credit(boot):
    """Who slept for a second would otherwise have the CPU for that long, and everybody else would wait."""
    run = boot("fair_sleeper", "sched=cfs", limit_ms=1000)
    sleeper, events = players(run)[1], run.events()
    wakes = [event.time for event in events if event.event == "ENQUEUE" and event.tid == sleeper and event.arg[0] == WAKE]
    require(wakes, "a thread that sleeps wakes", "it never did")
    starts, bound = [event.time for event in events if event.event == "SWITCH" and event.other == sleeper], LATENCY // 2 + 2 * TICK
    for wake in wakes:
        start = next(time for time in starts if time >= wake)
        end = next(event.time for event in events if event.event == "SWITCH" and event.tid == sleeper and event.time > start)
        require(end - start <= bound, "who slept has the CPU for half a latency until the others go on, and a tick or two",
                f"a thread that had slept 150 ms ran for {(end - start) / MS:.2f} ms without a break; at most {bound / MS:.2f}")
    follows(run, "cfs")


@exercise("5.1", points=3)
@boots(6)
def test_every_decision_of_cfs_is_the_models(boot):
    """Threads that sleep, yield, start others and are reniced: whatever comes together, the kernel has to pick whom the rule says."""
    for ktest in ("fair_five", "fair_awakes", "fair_yields", "fair_storm", "fair_renice", "class_mix_fair"):
        follows(boot(ktest, "sched=cfs", limit_ms=1500), "cfs")


@exercise("5.1", points=1)
@boots(2)
def test_cfs_is_fair_on_each_cpu(boot):
    """Each queue has a virtual time of its own: a number from one of them means nothing in another."""
    for cpus in (2, 4):
        follows(boot("class_mix_fair", "sched=cfs", cpus=cpus, limit_ms=1500), "cfs")
