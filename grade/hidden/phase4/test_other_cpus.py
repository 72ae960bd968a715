"""Hidden tests of lab 4, 4.2: CPUs under any number, in any order, with any tick. In the kernel: hidden_rally.c."""

from grade.api import boots, exercise, never_came, require, seeds
from grade.models.twin import Draws

MACHINE, ASKED, NUMBERS = 5, 5, 64


def asked_for(seed):
    """{number: whether the CPU that is to have it exists}, in the order in which they are asked for."""
    draws, found, there = Draws(seed), {}, {0}
    while len(found) < ASKED:
        number = 1 + draws(NUMBERS - 1)
        if number in found:
            continue
        which = draws(MACHINE + 1)
        found[number] = which < MACHINE and which not in there
        there.add(which)
    return found


@exercise("4.2", points=1)
@boots(2)
@seeds(2)
def test_cpus_come_up_under_any_number_in_any_order(boot, seeds):
    """The kernel's numbers of the CPUs are not the interrupt controllers'; how long one is waited for, and the tick, are options."""
    for seed in seeds:
        options = Draws(seed, 1)
        answer, hz = 1 + options(3), 3000 + options(3000)
        run = boot("hidden_rally", f"cpus=1 answer={answer} hz={hz} seed={seed}", cpus=MACHINE, trace="off", limit_ms=600, outcome=None)
        never_came(run, "CPUs that exist come up, and others are given up, whatever their numbers")
        came, took, where, ticks = ({fact.a: fact.b for fact in run.facts(key, 0)} for key in ("RETURNED", "NOTE", "FOUND", "COUNT"))
        for number, exists in asked_for(seed).items():
            require(came.get(number) == exists, "cpu_bring_up() says whether the CPU came",
                    f"as CPU {number} one that {'exists' if exists else 'does not exist'}: {came.get(number)}")
            require(exists or answer * 10**6 <= took[number] <= (answer + 2) * 10**6,
                    "a CPU that does not come is given up after answer_ns()", f"after {took[number]} ns, of {answer} ms")
            if exists:
                require(where.get(number) == number, "this_cpu() is the CPU that asks", f"on CPU {number}: {where.get(number)}")
                period = run.kernel["run_queues"][number].tick_ns
                require(period == 10**9 // hz, "a CPU ticks as often as the boot option `hz` says",
                        f"hz={hz}; CPU {number} ticks every {period} ns")
                require(ticks[number] >= 3, "the timer of each CPU ticks while a thread runs there",
                        f"CPU {number}: {ticks[number]} times")
        online = {number for number in range(NUMBERS) if run.fact("LOAD").b >> number & 1}
        require(online == {0, *(number for number, exists in asked_for(seed).items() if exists)},
                "the CPUs that came are online, and no others", f"{sorted(online)}")
