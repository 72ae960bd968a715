"""Lab 2.4: timer_insert(), timer_pop_expired(), thread_sleep_until(). Who sleeps wakes when it is time: no earlier, hardly
later, and in order."""

from grade.api import boots, exercise, no_leak, require, seeds, signed

MS, SECOND = 1_000_000, 1_000_000_000
LATE = 40_000  # ns: setting the timer, its interrupt, and the switch, in a checked build
NONE, EINTR = 2**64 - 1, 2**64 - 4


def popped(run):
    """[(now, [the timers that had expired by then])]."""
    found = []
    for fact in run.facts("POPPED"):
        if not found or found[-1][0] != fact.a or found[-1][1][-1:] == [None]:
            found.append((fact.a, []))
        found[-1][1].append(None if fact.b == NONE else fact.b)
    return [(now, timers[:-1]) for now, timers in found]


@exercise("2.4", points=3)
def test_timers_come_out_in_the_order_of_their_times(boot):
    """In whatever order they were set: the earliest first, those of the same time as they were set, and nobody before its time."""
    seen = popped(boot("timer_order"))
    require(seen[:2] == [(99, []), (100, [1])], "a timer has expired when the clock has reached its time, and not before",
            f"set to 100; seen (now, expired): {seen[:2]}")
    require(seen[2] == (200, [4, 2, 3]), "timers expire in the order of their times, and of the same time as they were set",
            f"at 200: {seen[2][1]}", "expected: [4, 2, 3]: number 4 was set to 150, number 2 and then number 3 to 200")
    require(seen[3] == (1000, [0]), "no timer is left behind", f"at 1000: {seen[3][1]}, expected [0], which was set to 300")


@exercise("2.4", points=1)
def test_times_are_compared_across_the_clocks_end(boot):
    """A clock that counts in 64 bits wraps: what comes first is told by the difference of two times, not by which number is smaller."""
    seen = [timers for _, timers in popped(boot("timer_wrap"))]
    require(seen[:3] == [[1], [2], [0]], "times are compared by their difference, so that a wrapped clock does no harm",
            f"expired 20 before the wrap, 20 and 60 after it: {seen[:3]}",
            "expected: [[1], [2], [0]], set to 50 and 10 before it and 50 after it")
    require(seen[3:5] == [[1], [0]], "the difference of two times is signed, and not the times",
            f"expired 20 before and 60 after 2^63: {seen[3:5]}; expected: [[1], [0]], set to 50 before it and 50 after it")
    require(seen[5:] == [[1], [0]], "the difference of two times is an s64, which holds more than two seconds",
            f"expired at 110 ns and at 3 s: {seen[5:]}; expected: [[1], [0]], set to 100 ns and 3 s")


@exercise("2.4", points=2)
def test_threads_wake_in_the_order_of_their_times(boot):
    """The sleepers' times decide, not the order in which they lay down; where the times are equal, that does."""
    run = boot("sleep_order", "sched=rr")
    order = [fact.b for fact in run.facts("ORDER")]
    require(order == [3, 2, 1, 4, 5, 0], "threads wake in the order of their times, and of the same time as they went to sleep",
            f"woke: {order}", "expected: [3, 2, 1, 4, 5, 0], asleep until 40 30 20 10 30 30 ms")
    no_leak(run)


@exercise("2.4", points=2)
def test_nobody_wakes_early_and_on_an_idle_machine_hardly_late(boot):
    """At least as long as asked is the promise; how much longer is what setting the timer costs, and not a tick."""
    for fact in boot("sleep_exact", limit_ms=500).facts("ASLEEP"):
        require(fact.b >= fact.a, "nobody sleeps for less time than it asked for", f"asked for {fact.a} ns, slept {fact.b} ns")
        require(fact.b <= fact.a + LATE, "on an idle machine a sleeper wakes on time, whether or not that falls on a tick",
                f"asked for {fact.a} ns, slept {fact.b} ns, {fact.b - fact.a} too long; {LATE} is allowed")


@exercise("2.4", points=2)
@boots(2)
def test_a_sleep_that_is_over_already_returns_at_once(boot):
    """No time, or a moment that has passed: there is nothing to wait for, so the CPU is not given up, let alone for good."""
    run = boot("sleep_past")
    asleep = run.fact("ASLEEP")
    require(asleep.b >= asleep.a, "a sleep that is not over lasts", f"asked for {asleep.a} ns, slept {asleep.b} ns")
    require([fact.b for fact in run.facts("RETURNED")] == [0] * 4, "a sleep that is over returns 0",
            f"returned: {[fact.b for fact in run.facts('RETURNED')]}")
    decisions = run.fact("SWITCHES")
    require(decisions.a == decisions.b, "a sleep of no time, or until a moment that has passed, returns without giving up the CPU",
            f"{decisions.b - decisions.a} times the scheduler was asked")
    on, past, slept = (fact.b for fact in run.facts("INTERRUPTS"))
    require(on and not past and not slept, "after a sleep interrupts are as they were",
            f"on, when they were on: {bool(on)}; when they were off: {bool(past)} after a sleep of no time, {bool(slept)} after another")
    require(boot("sleep_far_past").fact("RETURNED").b == 0, "a sleep that is over returns 0", "until 2^63 ns ago")


@exercise("2.4", points=1)
@boots(2)
def test_an_old_wake_does_not_shorten_a_sleep(boot):
    """A thread may have been woken for something that it no longer waits for: when its block returns, it has to look at the clock."""
    fact = boot("sleep_pending").fact("ASLEEP")
    require(fact.b >= fact.a, "a sleeper that is woken too early goes on sleeping", f"asked for {fact.a} ns, slept {fact.b} ns")
    for fact, where in zip(boot("sleep_roused_before").facts("ASLEEP"), ("another wait", "the sleep before"), strict=True):
        require(fact.b >= fact.a, "a wake by hand ends the wait in which it came, and no later sleep: `roused` is cleared before it begins",
                f"woken by hand in {where}; asked for {fact.a} ns, slept {fact.b} ns")


@exercise("2.4", points=1)
def test_a_sleeping_machine_is_left_alone(boot):
    """When everybody sleeps nobody needs a tick: the timer is set to the first who wakes, which saves power, and time under QEMU."""
    run = boot("sleep_long", limit_ms=60_000)
    asleep, count = run.fact("ASLEEP"), run.fact("INTERRUPTS").b
    require(asleep.b >= asleep.a, "nobody sleeps for less time than it asked for", f"asked for {asleep.a} ns, slept {asleep.b} ns")
    require(count <= 30, "an hour of sleep takes 2,000 timer interrupts at most",
            f"{count} in 54 seconds, that is {count * 3600 // 54} in an hour")


@exercise("2.4", points=2)
def test_a_sleeper_can_be_held_up_woken_and_killed(boot):
    """Others may have a say in a sleep; whatever they do, its timer is gone when the sleeper goes."""
    run = boot("sleep_disturbed")
    first, second, last = (fact.b for fact in run.facts("COUNT"))
    require(first == 1, "a sleeper that is woken by hand comes back early", f"{first} came back within 2 ms of 5, expected 1")
    require(second == 2, "a suspended thread comes back neither when its sleep is over nor without being resumed",
            f"{second} had come back, expected 2")
    require(last == 3, "a resumed thread comes back", f"{last} of 3 did")
    slept = {fact.a: fact.b for fact in run.facts("ASLEEP")}
    require(5 * MS <= slept[1] <= 6 * MS, "to be suspended and resumed during a sleep does not change its end",
            f"slept {slept[1]} ns of 5 ms")
    require(slept[0] >= 9 * MS and slept[2] < 3 * MS, "suspended past its time a sleep lasts until resume, woken by hand it ends there",
            f"slept: {slept}")
    returned = {fact.a: fact.b for fact in run.facts("RETURNED")}
    require(slept[3] < 3 * MS and returned[3] == EINTR, "a kill ends a sleep, which returns -EINTR",
            f"killed after 1 ms of 5: slept {slept[3]} ns, returned {signed(returned[3])}")
    require(not any(returned[n] for n in range(3)), "a sleep returns 0 to whoever was not killed, woken by hand or not",
            f"returned: {[signed(returned[n]) for n in range(3)]}")
    require(run.fact("EXIT_CODE").b == 33, "a sleeper that is killed leaves with the code that it was given",
            f"its code is {run.fact('EXIT_CODE').b}")
    no_leak(run)


@exercise("2.4", points=1)
@seeds(10)
def test_sleepers_come_back_whatever_comes_in_between(boot, seeds):
    """Between setting the timer and waiting for it, it may expire: a wake that is lost there is a sleep for good."""
    run = boot("sleep_race", build="race", seeds=seeds, limit_ms=1000)
    for part in run.each_seed():
        slept = part.fact("NOTE")
        require(slept.a == 30 and slept.b == 0, "every sleep ends, and none early", f"{slept.a} of 30 ended, {slept.b} of them early")
    no_leak(run)
