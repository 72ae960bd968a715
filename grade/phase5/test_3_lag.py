"""Lab 5.3: eevdf_keep_lag(), eevdf_place(), eevdf_yield(), eevdf_reweight(). What a thread is owed is neither lost nor made by sleeping, by
moving to another CPU, or by getting another weight."""

from grade.api import boots, exercise, require, signed
from grade.phase5.parts import MS, TICK, Cases, Member, apart, divide, follows, lags, mean, players, wrapped

SLICE = 3 * MS
NEW, WAKE, CHANGED = 0, 3, 4


@exercise("5.3", points=2)
def test_what_a_thread_is_owed_goes_with_it_within_bounds(boot):
    """Whoever sleeps for a moment must not lose what it is owed, nor what it owes; and nobody brings more than two requests."""
    cases = Cases(boot("lag_kept"))
    for _ in range(60):
        (waiting, running), (length, tick), (_, deadline) = cases.queue(), cases.note(), cases.note()
        lag, most = apart(mean(waiting + [running]), running.v), max(2 * length, tick) * 1024 // running.weight
        expected, ahead = max(-most, min(lag, most)), apart(deadline, running.v)
        vlag, kept = signed(cases.result()), signed(cases.result())
        require(vlag == expected, "e->vlag is the queue's virtual time less its own, and no more than two requests or a tick either way",
                f"weight {running.weight}, slice {length}: its virtual lag is {lag}, at most {most}", f"expected {expected}, it was {vlag}")
        require(kept == ahead, "e->ahead is how far its deadline lies ahead of its vruntime", f"expected {ahead}, it was {kept}")


@exercise("5.3", points=4)
def test_who_comes_is_owed_what_it_was_owed(boot):
    """With its coming the mean moves towards it: placed by vlag alone it would have less lag than it left with, each time it sleeps."""
    cases = Cases(boot("lag_placed"))
    for _ in range(90):
        (waiting, running), t, (why, newcomer) = cases.queue(), cases.member(77), cases.note()
        (length, zero), (vlag, ahead) = cases.note(), map(signed, cases.note())
        members = waiting + [running] * bool(running)
        total, vtime = sum(m.weight for m in members), mean(members, zero)
        owed = 0 if newcomer else vlag
        v = wrapped(vtime - divide(owed * (total + t.weight), total)) if total else vtime
        request = length * 1024 // t.weight
        d = v + (length // 2 * 1024 // t.weight if why == NEW else ahead if why == CHANGED and not newcomer else request)
        got_v, got_d = cases.result(), cases.result()
        case = (f"virtual time {signed(vtime)}, weights there: {total}, its own {t.weight}, slice {length}; vlag {vlag}, ahead {ahead}; "
                f"ENQUEUE_{'NEW' if why == NEW else 'WAKE' if why == WAKE else 'CHANGED'}{', from another class' * bool(newcomer)}")
        require(got_v == v,
                "who comes stands where, when it is a member, it is owed vlag: vlag (W + w) / W behind the virtual time; who is "
                "new is owed nothing, and in an empty queue it stands at the virtual time", case,
                f"expected {apart(v, vtime)} from the virtual time, it was {apart(got_v, vtime)}")
        require(got_d == wrapped(d),
                "who wakes begins a request; a new thread's first one is half as long; who changed goes on with its own",
                case, f"expected a deadline {apart(wrapped(d), v)} after its vruntime, it was {apart(got_d, v)}")


@exercise("5.3", points=2)
def test_who_yields_is_due_a_request_later(boot):
    """Then others come first; but whoever yields a thousand times must not be due in a thousand requests."""
    cases = Cases(boot("lag_yield"))
    for _ in range(30):
        t, (length, _) = cases.member(77), cases.note()
        request, d = length * 1024 // t.weight, t.d
        for n in range(1, 4):
            d, got = wrapped(d + request * (apart(d, t.v) <= request)), cases.result()
            require(got == d, "who yields is due a request later, unless that is more than a request ahead already",
                    f"a request is {request}, its deadline was {apart(t.d, t.v)} ahead",
                    f"after yield {n} expected {apart(d, t.v)}, it was "
                    f"{apart(got, t.v)}")


@exercise("5.3", points=3)
def test_another_weight_leaves_what_is_owed(boot):
    """Whoever is made heavier must not be owed more than before, nor served any earlier for what it has asked for already."""
    cases = Cases(boot("lag_reweight"))
    for n in range(60):
        (waiting, _), t, (is_member, weight) = cases.queue(), cases.member(77), cases.note()
        vlag, ahead = map(signed, cases.note())
        members = waiting + [t] * is_member
        vtime = mean(members)
        v, d, lag, rest = t.v, t.d, vlag, ahead
        if is_member:
            v = wrapped(vtime - divide(apart(vtime, t.v) * t.weight, weight))
            d = wrapped(vtime + divide(apart(t.d, vtime) * t.weight, weight))
        else:
            lag, rest = divide(vlag * t.weight, weight), divide(ahead * t.weight, weight)
        got = [cases.result() for _ in range(8)]
        case = f"weight {t.weight} -> {weight}, {'a member' if is_member else 'asleep'}; lag {apart(vtime, t.v) if is_member else vlag}"
        require(got[4] == weight, "eevdf_reweight() sets the weight", case, f"it is {got[4]}")
        require(got[7], "another weight neither ends nor renews the right to serve a request", case, "e->protected was changed")
        if is_member:
            require(got[:2] == [v, d],
                    "with weight w' a member is w / w' as far from the virtual time as before, and so is its deadline", case,
                    f"expected {apart(v, vtime)} and {apart(d, vtime)}, it was {apart(got[0], vtime)} and {apart(got[1], vtime)}")
        else:
            require([signed(x) for x in got[2:4]] == [lag, rest],
                    "who sleeps keeps what it is owed: vlag and ahead are w / w' of what they were",
                    case, f"expected {lag} and {rest}, it was {signed(got[2])} and {signed(got[3])}")
        now = waiting + [Member(77, weight, v, d, 0)] * is_member
        require(got[5] == sum(m.weight for m in now), "W is the sum of the members' weights", case, f"it is {got[5]}")
        require(got[6] == wrapped(sum(m.v * m.weight for m in now)), "S is the sum of (vruntime - zero) * weight over the members", case,
                f"member {n} changed, and S was not brought up to date, or for one who is none")


@exercise("5.3", points=2)
@boots(2)
def test_neither_sleep_nor_yield_makes_or_loses_lag(boot):
    """A thread that owes time could otherwise sleep for a moment and owe nothing."""
    for ktest in ("fair_awakes", "fair_yields"):
        run = boot(ktest, "sched=eevdf", limit_ms=1000)
        most = 2 * SLICE + 2 * TICK
        for tid, lag, event in lags(run, run.facts("TID")[-1].time, players(run)):
            require(abs(lag) < most, "whoever sleeps, wakes and yields is owed, and owes, no more than two slices and two ticks",
                    f"thread {tid}: {lag} ns at {event.time} ns; at most {most}")
        follows(run)


@exercise("5.3", points=2)
@boots(2)
def test_nobody_gains_by_making_threads(boot):
    """A child that brought credit would be a way to the CPU past everybody else."""
    run = boot("fair_storm", "sched=eevdf", limit_ms=1000)
    made = [event.tid for event in run.events("CREATE")][1:]
    first = {tid: next(lag for who, lag, _ in lags(run, 0, [tid]) if who == tid) for tid in made}
    require(all(lag <= 0 for lag in first.values()), "a new thread is owed nothing", f"(thread, lag in ns): {first}")
    follows(run)
    follows(boot("fair_late", "sched=eevdf", limit_ms=1000))


@exercise("5.3", points=2)
def test_renice_keeps_the_lag(boot):
    """Whether it waits, runs or sleeps: another weight is for the time to come."""
    run, known, judged = boot("fair_renice", "sched=eevdf", limit_ms=1000), {}, 0
    follows(run)
    mine, policy = players(run), None
    for event in run.events():
        if event.event == "POLICY":
            policy = event
        elif event.event == "ENTITY":
            if policy and policy.tid == event.tid and policy.seq + 1 == event.seq and event.tid in mine:
                judged += 1
            policy = None
            known[event.tid] = signed(event.arg[2])
    require(judged > 5, "a thread that waits or runs when it is reniced goes on with other numbers", f"{judged} times")


@exercise("5.3", points=2)
@boots(2)
def test_every_decision_of_eevdf_is_the_models(boot):
    """Threads that do a bit of everything: whatever comes together, the kernel has to do what the rule says."""
    for ktest in ("class_mix_fair", "fair_wakes"):
        follows(boot(ktest, "sched=eevdf", limit_ms=1500))


@exercise("5.3", points=1)
@boots(2)
def test_lag_goes_along_to_another_cpu(boot):
    """Each queue has a virtual time of its own: what a thread takes along is its lag, and how far its deadline lies ahead."""
    for cpus in (2, 4):
        follows(boot("class_mix_fair", "sched=eevdf", cpus=cpus, limit_ms=1500))
