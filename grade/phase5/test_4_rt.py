"""Lab 5.4: rt_join(), rt_first(), rt_tick(), rt_check_preempt(), rt_account(). The highest real-time priority runs, at once, until it
blocks; and all of them together leave something to the others. Normal threads run by CFS here, so that lab 5.1 is enough."""

from grade.api import boots, exercise, require
from grade.phase5.parts import MS, TICK, Cases, begin_of, follows, players, turns_of

PREEMPTED, CHANGED = 2, 4
REASONS = ("NEW", "YIELD", "PREEMPTED", "WAKE", "CHANGED")
SLICE = 100 * MS
CFS = "sched=cfs"
THREADS = 8  # of kernel/ktest/test_rt_rules.c


def named(tid):
    """What rt_first() returned."""
    if tid <= THREADS:
        return f"thread {tid}" if tid else "NULL"
    return "no thread at all: rt_first() took the first of a list in which nobody is"


@exercise("5.4", points=2)
def test_the_first_is_the_head_of_the_highest_list(boot):
    """Whoever lost the CPU without having used up its turn has not had it: it stays before its equals."""
    cases, lists, last = Cases(boot("rt_lists", CFS)), {}, "nobody has joined yet"
    for _ in range(300):
        fact = cases.peek()
        if fact is None:
            break
        if fact.key == "NOTE":
            (tid, priority), (why, flags) = cases.note(), cases.note()
            head = (why == PREEMPTED and not flags & 1) or (why == CHANGED and flags & 2)
            stands = lists.setdefault(priority, [])
            stands.insert(0 if head else len(stands), tid)
            last = (f"joined last: thread {tid}, priority {priority}, ENQUEUE_{REASONS[why]}{', slice over' * (flags & 1)}"
                    f"{', lowered' * (flags >> 1)}")
            continue
        unlinked, got = cases.next("RESULT")
        best = max((priority for priority, stands in lists.items() if stands), default=None)
        expected = lists[best][0] if best else 0
        require(got == expected,
                "rt_first() is the head of the highest list with threads; preempted in its turn, and lowered while it waited: "
                "to the head, else to the tail", f"tids by priority: { {p: t for p, t in sorted(lists.items()) if t} }", last,
                f"expected {named(expected)}, it was {named(got)}")
        require(not unlinked, "rt_first() leaves in its list whom it finds", f"thread {got} is in none afterwards")
        lists[best].pop(0)


@exercise("5.4", points=2)
def test_a_slice_ends_at_a_tick_and_an_equal_never_preempts(boot):
    """Under FIFO nobody's turn ends; under RR equals share, and that is all that they do."""
    cases = Cases(boot("rt_rules", CFS))
    for _ in range(60):
        (rr, used), (waits, priority) = cases.note(), cases.note()
        arrival, tick, (over, anew) = cases.due(), cases.due(), cases.next("RESULT")
        ends = rr and used >= SLICE
        case = f"{'RR' if rr else 'FIFO'}, priority 50, {used} ns into its slice of {SLICE}; one of priority {priority} " + (
            "waits" if waits else "became ready")
        require(arrival == (priority > 50), "who becomes ready takes the CPU from a lower priority, and never from an equal", case,
                f"due: {bool(arrival)}")
        require(tick == (ends and waits and priority == 50), "at a tick who runs makes room if its RR slice is over and an equal waits",
                case, f"due: {bool(tick)}")
        require((over, anew) == (ends, ends),
                "an RR slice that is over at a tick is noted (turn_over), and the next one begins; no other is",
                case, f"turn_over: {bool(over)}, slice_start is now: {bool(anew)}")


@exercise("5.4", points=2)
def test_what_was_run_counts_in_the_window_in_which_it_was_run(boot):
    """A charge may be for more than the present window: what lies before its begin is no part of it."""
    cases, used, window = Cases(boot("rt_account", CFS)), 0, 0
    period, most = cases.note()
    for _ in range(63):
        now, delta = cases.note()
        if now // period == window:
            used += delta
        else:
            window, used = now // period, min(delta, now % period)
        over, got = cases.next("RESULT")
        case = f"at {now} ns, {delta} ns were run until then; windows of {period} ns"
        require(got == used, "rt->used is what was run in the present window: of a charge that began before it only what lies in it", case,
                f"expected {used}, it was {got}")
        require(over == (used >= most), "the class may run no more in a window when it has run rt_runtime", case,
                f"used {used} of {most}; rt_account() said {bool(over)}")
        got = cases.result()
        require(got == window, "rt->window is the number of the present window", case, f"expected {window}, it was {got}")


@exercise("5.4", points=2)
@boots(2)
def test_fifo_threads_run_to_their_end_in_the_order_of_priority(boot):
    """Only a higher priority takes the CPU from them, and then they go on where they were, before their equals."""
    order = [fact.b for fact in boot("rt_order", CFS, limit_ms=1000).facts("ORDER")]
    require(order == [2, 2, 4, 4, 0, 0, 1, 1, 3, 3],
            "real-time threads run by priority, equals in the order in which they came, each to its end",
            f"priorities 10, 10, 99, 1, 64 of threads 0 to 4; they began and ended in the order {order}")
    run = boot("rt_preempted", CFS, limit_ms=1000)
    first, second, _ = players(run)
    ended = next(event.time for event in run.events("EXIT") if event.tid == first)
    begins = [event.time for event in run.events("SWITCH") if event.other == second and event.time > begin_of(run)]
    require(begins and begins[0] >= ended, "a FIFO thread that was preempted goes on before its equals",
            f"thread {second} ran at {begins and begins[0]} ns, before thread {first}, which was there before, ended at {ended} ns")
    follows(run, "cfs")


@exercise("5.4", points=2)
def test_equals_under_rr_have_turns_of_100_ms(boot):
    """However often a higher one comes in between: that ends no turn."""
    run = boot("rt_turns", CFS, limit_ms=2000)
    follows(run, "cfs")
    three = players(run)[:3]
    order, ran = [], {}
    for tid, start, end in turns_of(run):
        if tid in three and start > begin_of(run):
            if not order or order[-1] != tid:
                order.append(tid)
                ran[len(order)] = 0
            ran[len(order)] += end - start
    full = [ran[n] for n in range(1, len(order))]  # the last one ends with the test
    require(len(full) >= 5 and order[:6] == three + three, "RR threads of one priority take turns, in order", f"threads {order}")
    require(all(SLICE <= ns <= SLICE + 2 * TICK for ns in full[:5]), "a turn under RR lasts 100 ms, until the next tick",
            f"ms: {', '.join(f'{ns / MS:.2f}' for ns in full)}")


@exercise("5.4", points=2)
@boots(2)
def test_real_time_threads_leave_a_twentieth(boot):
    """Or a loop at a real-time priority would have the machine for itself, and nobody could stop it."""
    for ktest, options, period, most in (("rt_limit", "rt_period=100 rt_runtime=80", 100 * MS, 80 * MS),
                                         ("rt_limit_default", "", 1000 * MS, 950 * MS)):
        run = boot(ktest, f"{CFS} {options}", limit_ms=3000)
        hog, normal = players(run)
        shares = {}
        for tid, start, end in turns_of(run):
            while tid in (hog, normal) and start < end:
                stop = min(end, start // period * period + period)
                shares[start // period, tid] = shares.get((start // period, tid), 0) + stop - start
                start = stop
        windows = {window for window, _ in shares}
        judged = 0
        for window in windows:
            ran = shares.get((window, hog), 0)
            require(ran <= most + 2 * TICK, "real-time threads run for no more than rt_runtime of each rt_period, and a tick",
                    f"window {window} of {period // MS} ms: the FIFO hog ran {ran / MS:.2f} ms, at most {most / MS:.0f}")
            judged += ran >= most - 2 * TICK
        require(judged, "as long as they have not used that up they are not held back", f"the FIFO hog's ms by window: "
                f"{[round(shares.get((window, hog), 0) / MS, 2) for window in sorted(windows)]}")
        follows(run, "cfs")


@exercise("5.4", points=1)
@boots(2)
def test_a_real_time_thread_runs_when_it_wakes(boot):
    """That is what it is for: what is urgent does not wait for a tick, nor for anybody of a lower class."""
    run = boot("rt_latency", CFS, limit_ms=1000)
    follows(run, "cfs")
    tid, woken, times = players(run)[3], None, []
    for event in run.events():
        if event.event == "WAKE" and event.tid == tid:
            woken = event.time
        elif event.event == "SWITCH" and event.other == tid and woken:
            times.append(event.time - woken)
            woken = None
    require(len(times) > 20 and max(times) <= MS / 20, "a real-time thread has the CPU at once when it wakes, whoever runs",
            f"woken {len(times)} times; it had to wait for {max(times, default=0)} ns")
    follows(boot("rt_above", CFS, limit_ms=1000), "cfs")


@exercise("5.4", points=2)
@boots(3)
def test_every_decision_about_real_time_threads_is_the_models(boot):
    """Threads that go from one class to the other while they wait, run and sleep: whatever comes together, the rule decides."""
    for options, cpus in (("", 1), ("rt_period=50 rt_runtime=20", 1), ("", 2)):
        follows(boot("class_mix_rt", f"{CFS} {options}", cpus=cpus, limit_ms=2000), "cfs")
