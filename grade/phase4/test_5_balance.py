"""Lab 4.5: most_different(), scheduler_balance_load(). Threads that never wait are put on CPUs by hand; nothing is stolen meanwhile
(steal=off), so that who moves was balanced."""

from math import ceil, log2

from grade.api import exercise, never_came, require, seeds, signed
from grade.events import event_line
from grade.smp_rules import MAIN, Cpus, loads, migrations, sound

BY_HAND = "steal=off balancing=off"  # only what the test calls moves anybody
BY_TICKS = "steal=off balance=10 quantum=2"
INTERVAL = 10  # ticks, as balance= says
CPUS = 4
CALLS = 24  # of scheduler_balance_load() for each seed

# What ktest balance_step has on each CPU.
LOADS = [[6, 1, 3, 2], [1, 6, 3, 2], [3, 4, 6, 1], [3, 4, 2, 3], [4, 5, 6, 0], [1, 3, 2, 2], [2, 1, 0, 1], [5, 4, 2, 3]]

# What ktest balance_next has there besides its own thread, which is on CPU 0: threads that are bound and come first, threads that are free.
CROWDS = [([0, 9, 0, 0], [0, 0, 4, 1]), ([0, 8, 0, 0], [3, 0, 2, 1]), ([0, 6, 5, 0], [0, 0, 0, 3]), ([0, 4, 3, 3], [0, 0, 0, 0]),
          ([0, 6, 0, 0], [0, 2, 7, 0])]


def unpacked(load):
    return [load >> 8 * cpu & 0xff for cpu in range(CPUS)]


def should_be(load, may_go):
    """(loads after CPU 0 has balanced, threads that it moved). may_go: of those who wait on each CPU."""
    for other in sorted(range(1, CPUS), key=lambda cpu: -abs(load[cpu] - load[0])):
        longer, shorter = (0, other) if load[0] > load[other] else (other, 0)
        moves = min((load[longer] - load[shorter]) // 2, may_go[longer])
        if moves:
            return [n - moves * (cpu == longer) + moves * (cpu == shorter) for cpu, n in enumerate(load)], moves
    return load, 0


def judge_steps(run, rule, crowds):
    """Judges one call of scheduler_balance_load() by CPU 0 for each of crowds: (threads that are bound, that are free) on each CPU."""
    facts = [unpacked(fact.b) for fact in run.facts("LOAD", 2 * len(crowds))]
    for (bound, free), load, seen, count in zip(crowds, facts[::2], facts[1::2], run.facts("COUNT", len(crowds))):
        put = [n + m + (cpu == 0) for cpu, (n, m) in enumerate(zip(bound, free))]
        require(load == put, "threads go where they are bound to", f"there were to be on CPU 0 to 3: {put}, and there were: {load}")
        expected, moves = should_be(load, [m - (cpu > 0 and not n) for cpu, (n, m) in enumerate(zip(bound, free))])
        text = f"CPU 0 balances; threads on CPU 0 to 3: {load}" + f"; bound to it: {bound}" * any(bound)
        require(seen == expected, rule, text, f"after it they had to be {expected}, and were {seen}")
        require(count.a == 1, "each call is counted in this CPU's nr_balances", text, f"counted: {count.a}")
        require(count.b == moves, "each thread that was moved is counted in this CPU's nr_balanced", text,
                f"moved: {moves}, counted: {signed(count.b)}")
    sound(run.events(), Cpus(CPUS))


@exercise("4.5", points=2)
def test_half_of_the_greatest_difference_goes_from_the_longer_to_the_shorter(boot):
    """Nobody else balances for a CPU that is idle; and whoever moves too many has turned the difference round, and has to move back."""
    judge_steps(boot("balance_step", BY_HAND, cpus=CPUS), "half of the difference, rounded down, goes from the longer queue to the "
                "shorter, of this CPU's and the one that differs most from it, if that is 2 or more",
                [([0] * CPUS, [n - (cpu == 0) for cpu, n in enumerate(load)]) for load in LOADS])


@exercise("4.5", points=1)
def test_where_nobody_may_leave_the_next_different_queue_is_evened_out(boot):
    """Threads that are bound keep a queue long for ever. Whoever looks at that one alone never gives or takes anybody again."""
    judge_steps(boot("balance_next", f"{BY_HAND} quantum=1000", cpus=CPUS), "if nobody may go from the longer queue, of this CPU's and the "
                "one that differs most from it, it is the turn of the next different one, until somebody went", CROWDS)


@exercise("4.5", points=1)
def test_which_queue_is_the_longer_is_looked_at_with_both_locks(boot):
    """What was read of another queue without its lock is a guess: while this CPU waits for the lock, its owner may give all away."""
    run = boot("balance_guess", f"{BY_HAND} sched=prio", cpus=CPUS)
    guess, then, seen = [unpacked(fact.b) for fact in sorted(run.facts("LOAD", 3), key=lambda fact: fact.a)]
    require((guess, then) == ([3, 6, 2, 2], [3, 1, 7, 2]), "threads go where they are bound to, and where they are moved",
            f"on CPU 0 to 3 there were {guess}, and then {then}")
    require(seen == [2, 2, 7, 2], "which of the two queues is the longer, and by how much, counts when both locks are held",
            f"CPU 0 saw {guess} and waited for the lock of CPU 1's queue; when it had it, it was {then}", f"it left {seen}")


def left_alone(run):
    """(when the ktest went to sleep, when it woke up): what happens in between is done by balancing alone."""
    begin = run.facts("NOTE", 2)[0].time
    return begin, next(event.time for event in run.events("ENQUEUE", tid=MAIN) if event.time > begin)


def judge_spread(run, threads):
    """Judges that so many threads, all on CPU 0 first, are spread within ceil(log2 threads) intervals of balancing, and stay so."""
    begin, end = left_alone(run)
    mine = {fact.b for fact in run.facts("TID", threads)}
    intervals = ceil(log2(threads)) + 1  # the first one had begun before
    late = [(event, load) for event, load in loads(run.events(), CPUS) if begin < event.time < end]
    settled = [event.time for event, _ in late if event.cpu == 0][intervals * INTERVAL]
    for event, load in late:
        require(event.time <= settled or max(load) - min(load) <= 1,
                f"{threads} threads that began on one CPU are even after ceil(log2 {threads}) times that it was balanced",
                f"threads on CPU 0 to 3: {load}", event_line(event))
    moved = [event for event in migrations(run.events()) if settled < event.time < end and event.tid in mine]
    require(not moved, "once the loads differ by no more than 1, nobody is moved any more",
            lambda: f"{len(moved)} more migrations, the first: {event_line(moved[0])}")
    sound(run.events(), Cpus(CPUS))
    return [event for event in run.events() if settled < event.time < end], mine


@exercise("4.5", points=2)
def test_threads_that_begin_on_one_cpu_are_spread_and_have_equal_shares(boot):
    """A thread is placed when it is made and when it is woken. One that computes is neither: without balancing it stays where it is."""
    events, mine = judge_spread(boot("balance_spread", f"{BY_TICKS} rounds=8", cpus=CPUS, limit_ms=300), 8)
    for cpu in range(CPUS):
        ticks = [event.tid for event in events if event.event == "TICK" and event.cpu == cpu]
        for tid in mine & set(ticks):
            share = ticks.count(tid)
            require(abs(share - len(ticks) / 2) <= 4, "of two threads on a CPU, each has half of it",
                    f"thread {tid} ran at {share} of {len(ticks)} ticks of CPU {cpu}")


@exercise("4.5", points=1)
def test_a_difference_of_one_is_left_alone(boot):
    """Five threads on four CPUs are never even. Whoever moves one for that moves it for ever, out of one warm cache after the other."""
    judge_spread(boot("balance_spread", f"{BY_TICKS} rounds=5", cpus=CPUS, limit_ms=300), 5)


@exercise("4.5", points=1)
def test_who_is_bound_to_a_cpu_stays_there(boot):
    """Somebody asked for it, or it is a thread of the kernel's that works on what is this CPU's own."""
    run = boot("balance_bound", BY_TICKS, cpus=CPUS, outcome=None)
    if run.unjudged and len(run.facts("NOTE", 0)) < 2:
        raise run.unjudged  # else it was left alone for its time, and the trace says who was moved
    tids = {fact.a: fact.b for fact in run.facts("TID", 6)}
    begin, end = left_alone(run)
    gone = {event.tid for event in migrations(run.events(), "balance") if begin < event.time < end}
    free, bound = {tids[0], tids[2], tids[4]}, {tids[1], tids[3], tids[5]}
    require(not gone & bound, "a thread that is bound to a CPU, or is the kernel's own, is not moved",
            lambda: f"moved: threads {sorted(gone & bound)}; those bound to CPU 0 or the kernel's: {sorted(bound)}")
    require(gone >= free, "those that may leave a CPU where others have to stay leave it",
            f"of the threads {sorted(free)} these stayed: {sorted(free - gone)}")
    never_came(run, "threads that are told to end do so")
    sound(run.events(), Cpus(CPUS))


@exercise("4.5", points=2)
@seeds(20, most=50)
def test_cpus_that_balance_at_once_lose_nobody_and_move_nobody_in_vain(boot, seeds):
    """What was read of another queue without its lock is a guess: by the time both locks are held, the longer may be the shorter."""
    run = boot("balance_race", BY_HAND, build="race", seeds=seeds, cpus=CPUS, trace="all", limit_ms=1000)
    events, cpus, begin = run.events(), Cpus(CPUS), 0
    for number, part in enumerate(run.each_seed(), 1):
        count = part.fact("COUNT")
        sound([event for event in events if begin < event.time <= count.time], cpus)
        moved = len(migrations([event for event in events if event.time <= count.time], "balance"))
        require(count.a == number * CALLS and count.b == moved > 0, "each call, and each thread that it moved, is counted once",
                f"{number * CALLS} calls so far, counted: {count.a}", f"{moved} threads moved so far, counted: {signed(count.b)}")
        begin = count.time
