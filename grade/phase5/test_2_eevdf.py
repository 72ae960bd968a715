"""Lab 5.2: eevdf_vtime(), eevdf_ran(), eevdf_eligible(), eevdf_due_before(), eevdf_summarize(), eevdf_first(), eevdf_tick(),
eevdf_check_preempt(). Of those who have had no more than their share, the one runs whose request is due first. Where a thread stands that
comes is lab 5.3's: the runs here are of threads that are there all the time, or the trace is believed in that."""

from grade.api import boots, exercise, require, signed
from grade.phase2.policies import grows_like
from grade.phase5.parts import (MS, TICK, Cases, apart, before, first_of, lags, mean, picks, players, shares, wrapped)

SLICE = 3 * MS
WAKE = 3  # enum enqueue_why


def text(members):
    return f"(tid, weight, vruntime, deadline, since): {[(m.tid, m.weight, signed(m.v), signed(m.d), m.since) for m in members]}"


@exercise("5.2", points=3)
def test_virtual_time_is_the_members_mean_rounded_down(boot):
    """Rounded up, everybody may be beyond it, and the kernel would have nobody to pick."""
    cases = Cases(boot("eevdf_vtime"))
    for _ in range(60):
        (waiting, running), (zero, total) = cases.queue(), cases.note()
        members = waiting + [running] * bool(running)
        (weight, got), (new_zero, new_sum) = cases.next("RESULT"), cases.next("RESULT")
        again, expected = cases.result(), mean(members, zero)
        require(got == expected, "eevdf_vtime() is zero + S / W, rounded towards minus infinity; without a member it is where it was",
                f"S = {signed(total)}, W = {weight}, zero = {signed(zero)}", f"expected {signed(expected)}, it was {signed(got)}")
        require(again == got, "eevdf_vtime() asked twice says the same", f"{signed(got)}, then {signed(again)}")
        same = new_sum == wrapped(total - apart(new_zero, zero) * weight)
        require(same, "when zero moves, S goes with it: what S is measured from is zero",
                f"zero moved by {apart(new_zero, zero)}, W = {weight}",
                f"S was {signed(total)}, and is {signed(new_sum)}")
        if members:
            require(abs(signed(new_sum)) < weight, "zero follows the virtual time, so that S stays small",
                    f"W = {weight}, S = {signed(new_sum)}")


@exercise("5.2", points=3)
def test_who_has_served_its_request_begins_the_next(boot):
    """The deadline is what brings the next one to the CPU; and by its weight, or light threads would be served as often as heavy ones."""
    cases = Cases(boot("eevdf_ran"))
    for _ in range(60):
        (_, running), (length, protected), (grown, due) = cases.queue(), cases.note(), cases.note()
        (now_protected, deadline), (_, more) = cases.next("RESULT"), cases.next("RESULT")
        v = wrapped(running.v + grown)
        served = not before(v, due)
        case = f"its vruntime grew by {grown}, to {apart(v, due)} ns behind its deadline; slice {length}, weight {running.weight}"
        require(signed(more) == grown * running.weight, "who runs is a member: S grows with its vruntime, by its weight", case,
                f"expected {grown * running.weight} more, it was {signed(more)}")
        expected = wrapped(v + length * 1024 // running.weight) if served else due
        require(deadline == expected,
                "when a thread's vruntime has come to its deadline, its next request begins there, and is slice / weight "
                "long; not before", case, f"its deadline is {apart(expected, due)} ns later, expected; it was {apart(deadline, due)}")
        require(now_protected == (protected and not served),
                "a request that is served ends the right to run on (protected), and nothing else",
                case, f"protected before: {bool(protected)}, after: {bool(now_protected)}")


@exercise("5.2", points=3)
def test_who_has_had_its_share_is_not_eligible(boot):
    """Without that the shortest slice would always win: deadlines decide only among those who are owed something."""
    cases = Cases(boot("eevdf_eligible"))
    for _ in range(30):
        (waiting, _) = cases.queue()
        for off in (-20 * MS, -1, 0, 1, 20 * MS):
            other, eligible = cases.member(77), cases.result()
            require(eligible == (off <= 0), "a thread is eligible if its vruntime is not beyond the queue's virtual time",
                    f"its vruntime is {signed(other.v)}, the virtual time {signed(wrapped(other.v - off))}",
                    f"eevdf_eligible(): expected {off <= 0}, it was {bool(eligible)}")
        for _ in range(2):
            other, m = cases.member(77), waiting[0]
            forth, back = cases.result(), cases.result()
            first = min(m, other, key=lambda e: (apart(e.d, m.d), e.since, e.tid))
            require((forth, back) == (first is other, first is m), "of two requests the one is first whose deadline is earlier; of equals, "
                    "whose thread became ready first, then the smaller tid", text([other, m]),
                    f"eevdf_due_before() of the first and the second: {bool(forth)}, of the second and the first: {bool(back)}")


@exercise("5.2", points=4)
def test_the_first_is_found_in_trees_of_all_sizes(boot):
    """The earliest deadline is at the left end, the earliest of those that are eligible anywhere: each node has to know whether there is
    one below it."""
    cases = Cases(boot("eevdf_first"))
    for _ in range(25):
        waiting, running = cases.queue()
        vtime, left, which = mean(waiting + [running] * bool(running)), list(waiting), 0
        while True:
            which += 1
            last, got = cases.next("RESULT")
            first = first_of(left, vtime) if left else None
            require(got == (first.tid if first else 0),
                    "eevdf_first() is, of those who wait and are eligible, the one that is due first; NULL if "
                    "nobody is", f"{len(left)} wait, virtual time {signed(vtime)}; {text(left)}",
                    f"expected thread {first.tid if first else 'NULL'}, it was {got or 'NULL'}")
            require(last == (not first), "eevdf_first() leaves who is first in the tree", f"thread {got} was taken out")
            if last:
                break
            left.remove(first)


@exercise("5.2", points=3)
def test_who_runs_makes_room_when_the_rule_says_so(boot):
    """Who was picked serves its request, or there would be a switch at each tick; but a short request must not wait for a long one."""
    cases = Cases(boot("eevdf_room"))
    for _ in range(150):
        (waiting, running), now, (protected, its_slice) = cases.queue(), cases.member(1000), cases.note()
        tick, kept, arrival, kept_then = cases.due(), cases.result(), cases.due(), cases.result()
        vtime = mean(waiting + [now])
        eligible, first = not before(vtime, now.v), first_of(waiting, vtime)
        kept_before, protected = protected, bool(protected) and eligible
        stays = not first or (eligible and before(now.d, first.d))
        case = (f"by the rules who runs is {'' if eligible else 'not '}eligible and {'' if protected else 'not '}protected, virtual time "
                f"{signed(vtime)}; {text([now])}", f"who waits: {text(waiting)}")
        switches = not protected and not stays
        require(tick == switches,
                "at a tick who runs makes room if it is not protected and another one is eligible and due "
                "first, or as early", *case, f"a reschedule: expected {switches}, it was {bool(tick)}")
        require(kept == protected, "who runs and has had more than its share is not protected any more", *case,
                f"e->protected afterwards: expected {protected}, it was {bool(kept)}")
        if waiting:
            due = not stays and first.tid == 1 and (not protected or its_slice < SLICE)
            require(arrival == due,
                    "who becomes ready takes the CPU if it is eligible and due first, and if who runs is protected, only with a "
                    "shorter slice", *case, f"thread 1 became ready, with a slice of {its_slice} against {SLICE}",
                    f"a reschedule: expected {due}, it was {bool(arrival)}")
            unasked = its_slice < SLICE and not eligible  # a shorter slice may be looked at first
            require(kept_then == protected or (kept_then == kept_before and unasked),
                    "when another one becomes ready, who runs is protected if it was, and has not had more than its share", *case,
                    f"e->protected afterwards: expected {protected}, it was {bool(kept_then)}")


@exercise("5.2", points=2)
@boots(2)
def test_hogs_have_their_shares_to_a_slice_and_a_tick(boot):
    """Nobody is ever ahead or behind by more than a request: that is what the theory promises, and no other policy does."""
    for ktest, nices in (("fair_two", (0, 5)), ("fair_five", (-10, -5, 0, 5, 19))):
        run = boot(ktest, "sched=eevdf", limit_ms=1500)
        shares(run, nices, lambda _: 2 * (SLICE + TICK))
        picks(run)


@exercise("5.2", points=2)
@boots(2)
def test_lag_stays_within_a_slice_and_a_tick(boot):
    """Each thread is owed what all get by their weights, less what it had: that must not grow, however long they compete."""
    for ktest, longest in (("fair_five", SLICE), ("fair_slices", 20 * MS)):
        run = boot(ktest, "sched=eevdf", limit_ms=1500)
        begin = run.facts("TID")[-1].time + 20 * MS
        for tid, lag, event in lags(run, begin, players(run)):
            require(-(longest + TICK) < lag < longest + TICK, "the lag of a thread that competes lies within the longest slice and a tick",
                    f"thread {tid}: {lag} ns at {event.time} ns; the longest slice is {longest} ns, a tick {TICK}")


@exercise("5.2", points=2)
def test_short_slices_bring_early_answers(boot):
    """A thread that asks for half a ms is to be answered soon, whatever the others ask for."""
    run = boot("fair_wakes", "sched=eevdf", limit_ms=1000)
    made = [event.tid for event in run.events("CREATE")]
    short, due, judged, deadlines = made[3], None, 0, {}
    for event in run.events():
        if event.event == "ENQUEUE" and event.tid == short and event.arg[0] == WAKE:
            due = event.time
        elif event.event == "ENTITY":
            if event.tid in made[:3]:
                deadlines[event.tid] = event.arg[1]
            elif event.tid == short and (signed(event.arg[2]) < 0 or min(deadlines.values()) < event.arg[1]):
                due = None  # it is not eligible, or a hog is due before it
        elif event.event == "SWITCH" and event.other == short and due:
            judged += 1
            require(event.time - due <= MS / 10,
                    "who asks for a shorter slice than the running thread, is eligible and due first, takes the CPU "
                    "from it when it wakes",
                    f"with a slice of 0.5 ms against 10 it came {(event.time - due) / MS:.3f} ms after it was woken")
            due = None
    require(judged >= 3, "a thread with short requests is eligible and due first now and then when it wakes", f"{judged} times")


@exercise("5.2", points=2)
@boots(4)
def test_every_pick_is_the_models(boot):
    """With hogs, with slices of all lengths, with threads that come later and that sleep: the kernel has to pick whom the rule says."""
    for ktest in ("fair_five", "fair_slices", "fair_late", "fair_awakes"):
        picks(boot(ktest, "sched=eevdf", limit_ms=1500))


@exercise("5.2", points=1)
def test_finding_the_first_of_a_thousand_costs_little_more_than_of_ten(boot):
    """To look at each of them would be simple, and too much: the kernel decides a thousand times a second."""
    run = boot("eevdf_cost")
    for fact in run.facts("FOUND"):
        require(fact.b, "eevdf_first() is, of those who wait and are eligible, the one that is due first", f"with {fact.a} that wait")
    for fact in run.facts("RESULT"):
        require(not fact.b, "eevdf_summarize() says true only if e->least is another than before: else the tree goes on to the root",
                f"called again for each of {fact.a} that wait, with nothing changed: expected true from none, it was from {fact.b}")
    grows_like(run, "finding the first, taking it out and putting it back", "log n", slack=2)
