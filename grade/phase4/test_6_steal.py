"""Lab 4.6: steal_work(). Threads that never wait are put on CPUs by hand, and CPU 0 steals; or everybody steals, from threads that compute
and sleep."""

from grade.api import boots, exercise, require, seeds
from grade.smp_rules import Cpus, hardly_idle_in_all, migrations, sound, work_is_conserved
from grade.timeline import migration

BY_HAND = "steal=off balancing=off"  # only what the test calls moves anybody
NOBODY = 2**64 - 1
CPUS = 4

# What ktest steal_step has on each CPU: threads that are bound and come first, threads that are free.
CROWDS = [([0, 0, 0, 0], [0, 4, 2, 1]), ([0, 5, 0, 4], [0, 0, 2, 0]), ([0, 3, 3, 2], [0, 0, 0, 0]), ([0, 0, 0, 0], [0, 1, 1, 1]),
          ([0, 0, 0, 0], [5, 1, 2, 3]), ([4, 4, 4, 0], [0, 0, 0, 3])]

# What ktest steal_order has on CPU 1, by number, in the order in which each policy would let them run; 0 runs.
ORDERS = {"rr": [1, 2, 3, 4, 5], "fcfs": [1, 2, 3, 4, 5], "mlfq": [1, 2, 3, 4, 5], "prio": [2, 5, 1, 4, 3], "sjf": [3, 5, 1, 4, 2]}


def steps(run, least=2):
    """[(those that wait on each CPU before, after, whether steal_work() says that it took somebody, who came)]."""
    facts = [unpacked(fact.b) for fact in run.facts("LOAD", least)]
    return list(zip(facts[::2], facts[1::2], [fact.b for fact in run.facts("RETURNED")], [fact.b for fact in run.facts("FOUND")]))


def unpacked(load):
    return [load >> 8 * cpu & 0xff for cpu in range(CPUS)]


@exercise("4.6", points=3)
def test_one_thread_comes_from_the_longest_queue_that_has_one_for_this_cpu(boot):
    """Where most wait, they wait longest. And if nobody may come from there, there is still the next queue."""
    run = boot("steal_step", BY_HAND, cpus=CPUS)
    for (bound, free), (before, after, returned, _) in zip(CROWDS, steps(run, 2 * len(CROWDS))):
        put = [n + m - (n + m > 0 < cpu) for cpu, (n, m) in enumerate(zip(bound, free))]
        require(before == put, "threads go where they are bound to", f"these were to wait on CPU 0 to 3: {put}, and did: {before}")
        text = [f"waiting on CPU 0 to 3: {before}", f"of the threads there, the running one included, are bound: {bound}, free: {free}"]
        victims = [cpu for cpu in range(1, CPUS) if before[cpu] and free[cpu]]
        victim = max(victims, key=lambda cpu: before[cpu], default=None)
        expected = list(before)
        if victim is not None:
            expected[victim] -= 1
            expected[0] += 1
        require(after == expected, "one waiting thread comes here from the longest queue that has one which may, or none if nobody may",
                *text, f"after steal_work(): {after}, and it had to be {expected}")
        require(returned == (victim is not None), "steal_work() says whether it took somebody", *text, f"it said {bool(returned)}")
    sound(run.events(), Cpus(CPUS))


@exercise("4.6", points=1)
@boots(5)
def test_the_one_who_would_wait_longest_there_is_taken(boot):
    """Who is about to run had better stay: its data are in that CPU's cache. Whose turn comes last gains most."""
    for policy, order in ORDERS.items():
        run = boot("steal_order", f"{BY_HAND} sched={policy}", cpus=CPUS)
        came = [who for _, _, _, who in steps(run)]
        require(came == [*reversed(order), NOBODY], "steal_candidate() says who is taken, and the one that runs is not", f"sched={policy}",
                f"waiting, who runs first first: {order}", f"they came in the order {[who for who in came if who != NOBODY]}")


@exercise("4.6", points=3)
@boots(3)
def test_no_cpu_stays_idle_while_somebody_waits_who_may_run_on_it(boot):
    """That is what several CPUs are for. Only a few ticks may go by so, until the idle one has had its turn and looked; and hardly any
    where all compute, and whoever runs out of work is not asleep."""
    for ktest, options in (("steal_mix", ""), ("steal_mix", "sched=mlfq"), ("steal_hogs", "quantum=1")):
        run = boot(ktest, f"balancing=off {options}", cpus=CPUS, limit_ms=1000)
        sound(run.events(), Cpus(CPUS))
        stolen = len(migrations(run.events(), "steal"))
        require(stolen == sum(fact.b for fact in run.facts("COUNT")), "who steals moves one thread and says so",
                f"{stolen} threads moved, and nr_steals counts {sum(fact.b for fact in run.facts('COUNT'))}")
        require(stolen, "a CPU that has nobody to run takes a thread that waits elsewhere", "nobody was stolen")
        work_is_conserved(run.events(), CPUS)
    hardly_idle_in_all(run.events(), CPUS)


@exercise("4.6", points=1)
@boots(2)
def test_who_looked_in_vain_looks_again_when_somebody_has_come(boot):
    """Idle CPUs that look for ever take the locks of those who work. Those that never look again leave somebody waiting."""
    run = boot("steal_vain", "balancing=off quantum=100", cpus=CPUS, limit_ms=400)
    told = run.facts("COUNT", 3)
    (before, _), (after, in_vain), _ = [(fact.a & 0xffffffff, fact.b) for fact in told]
    require(not in_vain, "nobody is stolen who is bound to a CPU or is the kernel's own", f"{in_vain} were")
    require(after - before <= CPUS, "who found nobody looks again when a thread has joined a queue that may come, and not before",
            f"three idle CPUs looked {after - before} times in 20 ticks in which nobody came who may leave CPU 0")
    work_is_conserved(run.events(), CPUS)
    left = [event for event in migrations(run.events(), "steal") if event.arg[0] == 0 and event.time <= told[2].time]
    require(len(left) == 2, "idle CPUs take threads as soon as these may leave the CPU on which they wait",
            f"two were set free, and {len(left)} left CPU 0", *map(migration, left))
    sound(run.events(), Cpus(CPUS))
    work_is_conserved(boot("steal_told", "balancing=off quantum=20", cpus=CPUS, limit_ms=400).events(), CPUS)


@exercise("4.6", points=2)
@seeds(20, most=50)
def test_cpus_that_steal_at_once_lose_nobody_and_share_nobody(boot, seeds):
    """The queue that was longest may be empty when its lock is held: another CPU was there first."""
    run = boot("steal_mix", "balancing=off rounds=4", build="race", seeds=seeds, cpus=CPUS, trace="all", limit_ms=2000)
    events, cpus, begin = run.events(), Cpus(CPUS), 0
    for part in run.each_seed():
        turns, counts = part.facts("TURN", 10), part.facts("COUNT", CPUS)
        require(all(fact.b == 4 for fact in turns), "each thread comes to its end", f"turns of each: {[fact.b for fact in turns]}")
        sound([event for event in events if begin < event.time <= counts[-1].time], cpus)
        begin = counts[-1].time
    require(migrations(events, "steal"), "a CPU that has nobody to run takes a thread that waits elsewhere", "nobody was stolen")
