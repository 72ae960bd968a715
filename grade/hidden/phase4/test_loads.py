"""Hidden tests of lab 4, 4.5 and 4.6: any loads on up to eight CPUs. In the kernel: hidden_load.c. Nothing but the test's calls moves
anybody, and nobody's quantum ends meanwhile."""

from grade.api import boots, exercise, require, seeds, signed
from grade.models.twin import Draws

BY_HAND = "steal=off balancing=off quantum=1000"


def steps(run, cpus, told):
    """[(before, who may go, after, the fact `told`)] of each call."""
    loads = [unpacked(fact.b, cpus) for fact in run.facts("LOAD", 2)]
    may_go = [unpacked(fact.b, cpus) for fact in run.facts("FOUND")]
    return list(zip(loads[::2], may_go, loads[1::2], run.facts(told), strict=True))


def unpacked(load, cpus):
    return [load >> 8 * cpu & 0xff for cpu in range(cpus)]


def moved(load, giver, taker, n):
    return [there + n * ((cpu == taker) - (cpu == giver)) for cpu, there in enumerate(load)]


def balanced(load, may_go):
    """What the loads may be when CPU 0 has balanced: one outcome for each CPU that differs most, of those with which somebody can go.
    [(loads, threads moved)]."""
    found = {}
    for other, there in enumerate(load):
        giver, taker = (0, other) if load[0] > there else (other, 0)
        n = min((load[giver] - load[taker]) // 2, may_go[giver])
        if n:
            found.setdefault(load[giver] - load[taker], []).append((moved(load, giver, taker, n), n))
    return found[max(found)] if found else [(load, 0)]


def machine(seed):
    """How many CPUs it has."""
    return 3 + Draws(seed, 7)(6)


@exercise("4.5", points=1)
@boots(2)
@seeds(2)
def test_any_loads_are_balanced_by_half_of_the_greatest_difference(boot, seeds):
    """Three to eight CPUs with four to sixteen threads, some of which may not leave."""
    for seed in seeds:
        cpus = machine(seed)
        run = boot("hidden_balance", f"{BY_HAND} seed={seed}", cpus=cpus, trace="off", limit_ms=400)
        for before, may_go, after, count in steps(run, cpus, "COUNT"):
            text = f"CPU 0 balances; loads: {before}; of those who wait there, may leave: {may_go}; after it: {after}"
            outcomes = balanced(before, may_go)
            require(after in [load for load, _ in outcomes], "half of the difference, rounded down, goes from the longer queue to the "
                    "shorter, of this CPU's and the one that differs most from it, if that is 2 or more, and somebody may go", text)
            require(count.a == 1 and (after, count.b) in outcomes, "each call is counted in nr_balances, and each thread that was moved in "
                    "nr_balanced", text, f"counted: {count.a}, {signed(count.b)}")


@exercise("4.6", points=1)
@boots(2)
@seeds(2)
def test_one_thread_comes_from_the_longest_queue_whatever_the_loads(boot, seeds):
    """Three to eight CPUs with four to sixteen threads, some of which may not leave."""
    for seed in seeds:
        cpus = machine(seed)
        run = boot("hidden_steal", f"{BY_HAND} seed={seed}", cpus=cpus, trace="off", limit_ms=400)
        for before, may_go, after, returned in steps(run, cpus, "RETURNED"):
            text = f"CPU 0 steals; waiting: {before}; of these may leave: {may_go}; after it: {after}"
            victims = [cpu for cpu in range(1, cpus) if may_go[cpu]]
            longest = max((before[cpu] for cpu in victims), default=0)
            outcomes = [moved(before, cpu, 0, 1) for cpu in victims if before[cpu] == longest]
            require(after in (outcomes or [before]), "one waiting thread comes here from the longest queue that has one which may, or none "
                    "if nobody may", text)
            require(returned.b == bool(outcomes), "steal_work() says whether it took somebody", text, f"it said {bool(returned.b)}")
