"""Lab 5.5a: deadline_before(), edf_check_preempt(), edf_charge(), edf_next_period(), edf_replenish(), edf_wake(). The earliest deadline
runs, and whoever has used up its budget waits for its next period. Normal threads run by CFS here, so that lab 5.1 is enough; nobody is
refused (dl_bandwidth=0), so lab 5.5b is not needed. A unit is 10 ms."""

from grade.api import boots, exercise, require, signed
from grade.phase5.parts import MS, TICK, Cases, apart, begin_of, follows, numbers, players, turns_of, wrapped

UNIT = 10 * MS
CFS = "sched=cfs dl_bandwidth=0"
DEADLINE = 6  # SCHED_DEADLINE
ERRORS = {-16: "-EBUSY", -22: "-EINVAL", -1: "-EPERM"}


@exercise("5.5a", points=1)
def test_the_earlier_deadline_comes_first(boot):
    """Whoever is due first runs first, also if the other one runs already; times wrap."""
    cases = Cases(boot("edf_before", CFS))
    for _ in range(60):
        (a, b), (a_since, b_since) = cases.note(), cases.note()
        (forth, back), due = cases.next("RESULT"), cases.due()
        first = apart(a, b) < 0 or (a == b and a_since <= b_since)  # the tid of a is the smaller one
        case = f"the first is due {apart(b, a)} ns before the second, and ready {'before' if a_since < b_since else 'not before'} it"
        require((forth, back) == (first, not first),
                "of two the one comes first whose deadline is earlier; of equals, who became ready first",
                case, f"deadline_before() of the first and the second: {bool(forth)}, of the second and the first: {bool(back)}")
        require(due == (apart(b, a) < 0), "who becomes ready takes the CPU if its deadline is before that of who runs", case,
                f"the second became ready; due: {bool(due)}")


@exercise("5.5a", points=3)
def test_a_budget_ends_and_the_next_period_brings_another(boot):
    """A deadline that stays where it is would be the earliest of all, and whoever overruns would come first."""
    cases = Cases(boot("edf_budget", CFS))
    for _ in range(60):
        (runtime, relative), (period, budget), (delta, deadline) = cases.note(), cases.note(), cases.note()
        (over, left), begin = cases.next("RESULT"), cases.result()
        period = period or relative
        case = f"runtime {runtime}, deadline {relative}, period {period}"
        require(signed(left) == signed(budget) - delta and over == (signed(left) <= 0),
                "what was run is taken from the budget, and at 0 or "
                "below it is used up", f"budget {signed(budget)}, ran {delta}: it is {signed(left)}, used up: {bool(over)}")
        require(begin == wrapped(deadline - relative + period),
                "the next period begins a period after the present one, which began D before "
                "the deadline", case, f"{apart(begin, deadline)} ns after the deadline; expected {period - relative}")
        now, budget = cases.note()
        budget, expected = signed(budget), deadline
        while budget <= 0:
            budget, expected = budget + runtime, wrapped(expected + period)
        if apart(expected, now) < 0:
            expected, budget = wrapped(now + relative), runtime
        got, left = cases.next("RESULT")
        require((got, signed(left)) == (expected, budget),
                "for each period that it takes to have budget again the deadline is a period later, "
                "counted from the old one; if even that has passed, both begin anew", case,
                f"expected a deadline {apart(expected, now)} ns from now and a budget of {budget}, it was "
                f"{apart(got, now)} and {signed(left)}")


@exercise("5.5a", points=3)
def test_who_wakes_has_no_more_than_its_share(boot):
    """Budget that was saved while asleep would be spent beside somebody else's: together more than there is."""
    cases = Cases(boot("edf_wake", CFS))
    for _ in range(180):
        (runtime, relative), (period, budget), (now, deadline) = cases.note(), cases.note(), cases.note()
        budget, left, length = signed(budget), apart(deadline, now), period or relative
        waits, expected = False, (deadline, budget)
        if relative < length and left <= 0 and apart(now, deadline - relative + length) < 0:
            waits, expected = True, (deadline, 0)
        elif left < 0 or budget * relative > left * runtime:
            expected = wrapped(now + relative), runtime
        got, (d, q) = cases.result(), cases.next("RESULT")
        case = (f"runtime {runtime}, deadline {relative}, period {length}; it wakes {abs(left)} ns {'before' if left > 0 else 'after'} its "
                f"deadline with a budget of {budget}")
        require(got == waits, "who wakes when its deadline has come, and its next period has not, waits for that; nobody else", case,
                f"edf_wake() said {bool(got)}")
        require((d, signed(q)) == expected,
                "who wakes keeps deadline and budget, unless the deadline has passed or the budget is more than Q of "
                "each D until then", case, f"expected a deadline in {apart(expected[0], now)} ns and a budget of {expected[1]}",
                f"it was {apart(d, now)} and {signed(q)}")


def played(boot, ktest, **more):
    """A run of threads that play parts, with CFS; all of them have got the policy that they asked for."""
    run = boot(ktest, CFS, **more)
    for fact in run.facts("RESULT"):
        require(not fact.b, "with dl_bandwidth=0 nobody is refused: admission_take() lets everybody in that asks for deadlines",
                f"thread {fact.a} of the test asked for its policy: expected 0, it was {ERRORS.get(signed(fact.b), signed(fact.b))}")
    return run


def jobs(run):
    """[(thread's number, deadline in ns from the begin, ns by which it was late)] of each job of the deadline threads that came to its end:
    its budget was used up, or given up."""
    known, begin, deadline, found = numbers(run.kernel), begin_of(run), {}, []
    tids = players(run)
    for event in run.events():
        if event.event == "ENTITY" and event.cls == 0:
            deadline[event.tid] = event.arg[1]
        elif event.event == "THROTTLE" and event.cls == 0:
            now = (event.arg[3] - known.clock_base) * known.clock_ns_per_cycle_q32 >> 32
            found.append((tids.index(event.tid), deadline[event.tid] - begin, now - deadline[event.tid]))
    return found


def in_time(run, count):
    """Judges that all jobs ended in time, or a tick later, and that there were so many."""
    done = jobs(run)
    for who, deadline, late in done:
        require(late <= TICK, "if all ask for no more than the CPU, each job ends before its deadline, or a tick later",
                f"thread {who}'s job that was due after {deadline / UNIT:.2f} units was {late / MS:.3f} ms late")
    require(len(done) >= count, "each period has a job", f"{len(done)} jobs came to their end; expected {count}")


@exercise("5.5a", points=2)
@boots(2)
def test_a_full_cpu_misses_no_deadline(boot):
    """What EDF promises and no fixed priority does: every set that asks for no more than there is."""
    for ktest, count in (("edf_two", 9 + 6 - 2), ("edf_three", 18 + 12 + 6 - 3)):
        run = played(boot, ktest, limit_ms=1000)
        in_time(run, count)
        follows(run, "cfs")


@exercise("5.5a", points=2)
def test_more_than_a_cpu_misses_first_when_it_must(boot):
    """Nobody can keep all of these promises; until 12 units are over nobody has been let down."""
    run = played(boot, "edf_overload", limit_ms=1000)
    late = [(deadline, who, by) for who, deadline, by in jobs(run) if by > TICK]
    require(late, "of 13 units of work that are due after 12, one is late", "no job was late")
    deadline, who, by = min(late)
    require(abs(deadline - 12 * UNIT) <= TICK, "with {(2,4), (3,6), (1,12)} the first job that is late is one that is due after 12 units",
            f"thread {who}'s that was due after {deadline / UNIT:.2f} units was {by / MS:.2f} ms late")
    follows(run, "cfs")


@exercise("5.5a", points=3)
def test_a_hog_harms_nobody_but_itself(boot):
    """It gets what it reserved, to the last unit, and whoever is honest notices nothing."""
    run = played(boot, "edf_hog", limit_ms=2500)
    hog = players(run)[2]
    begin = begin_of(run)
    ran = sum(max(0, min(end, begin + 120 * UNIT) - start) for tid, start, end in turns_of(run) if tid == hog)
    require(abs(ran - 30 * UNIT) <= UNIT, "a hog that has reserved 3 of 12 units gets 30 of 120, to within one",
            f"it ran {ran / UNIT:.2f} units")
    in_time(run, 40)
    follows(run, "cfs")


@exercise("5.5a", points=2)
def test_periods_do_not_drift(boot):
    """A period begins where the one before it ends, however late that was noticed."""
    run = played(boot, "edf_periods", limit_ms=1000)
    hog = players(run)[0]
    throttled = [event.arg[0] for event in run.events("THROTTLE") if event.tid == hog]
    back = [(event.time, event.arg[0]) for event in run.events("REPLENISH") if event.tid == hog]
    require(len(throttled) >= 12 and len(back) >= 11, "a thread whose budget is used up waits for its next period, and comes back in each",
            f"in 200 ms with a period of 16 its budget was used up {len(throttled)} times, and it got another {len(back)} times")
    for one, other in zip(throttled, throttled[1:]):
        require(other - one == 16 * MS, "periods follow each other without a gap", f"one begins at {one} ns, the next one at {other}")
    for at, (time, _) in zip(throttled, back):
        require(at <= time + MS / 100 and time - at <= TICK,
                "budget comes back when the period begins, at most a tick late, and not before",
                f"due at {at} ns, it came at {time}")
    follows(run, "cfs")


@exercise("5.5a", points=1)
def test_a_deadline_thread_runs_before_all_others(boot):
    """DEADLINE, then real-time, then normal, then SCHED_IDLE: the class first, and only then what it decides."""
    run = played(boot, "edf_above", limit_ms=1000)
    follows(run, "cfs")
    times, woken, tid = [], None, players(run)[3]
    for event in run.events():
        if event.event == "WAKE" and event.tid == tid:
            woken = event.time
        elif event.event == "THROTTLE" and event.tid == tid:
            woken = None  # it woke too early
        elif event.event == "SWITCH" and event.other == tid and woken:
            times.append(event.time - woken)
            woken = None
    require(len(times) > 10 and max(times) <= MS / 20, "a deadline thread with budget has the CPU at once when it wakes, whoever runs",
            f"woken {len(times)} times; it had to wait for {max(times, default=0)} ns")


@exercise("5.5a", points=3)
@boots(4)
def test_every_decision_about_deadline_threads_is_the_models(boot):
    """Threads that go from one class to the other while they wait, run, sleep and are throttled: the rule decides."""
    follows(played(boot, "edf_sleepers", limit_ms=1000), "cfs")
    for options, cpus in (("", 1), ("rt_period=50 rt_runtime=20", 1), ("", 2)):
        follows(boot("class_mix_all", f"{CFS} {options}", cpus=cpus, limit_ms=2000), "cfs")
