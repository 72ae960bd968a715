"""What a soak does on several CPUs, from phase 4 on: seeds of what no graded test storms, threads of programs that make system calls at
random, and the stress tests on CPUs that really work at the same time. The last are the only runs whose course depends on the host: they
are judged by the kernel's own assertions, by its rest afterwards, and by what programs print."""

import re

from . import parallel
from .errors import RuleBroken
from .soak_programs import VARIANTS, at_rest, fuzz, kernel_of, machines

CPUS = 4
FUZZ_CALLS = 50_000
FAMILIES = "families: 3 of 3 complete\n"
LIMIT_MS = 4000  # of virtual time for 20 seeds (boot.SEEDS)
RACES = 200      # rounds of each race of user/tests/races.c there
ROUNDS = 20      # of families where CPUs work at the same time; each leaves orphans, for whom there is room until the end
# ktests whose threads or CPUs meet again and again: name, options.
STORMS = [("queues_storm", ""), ("queues_wakeups", ""), ("queues_lock", ""), ("queues_both", ""), ("rwlock_shares", ""),
          ("flush_crosswise", ""), ("flush_done", ""), ("futex_turns", ""), ("futex_too_late", ""),
          ("balance_race", "steal=off balancing=off"),
          ("steal_mix", "balancing=off rounds=4"), ("exit_race", ""), ("smp_hogs", "rounds=4")]


def has_several(tree):
    """Whether the kernel of a tree uses several CPUs."""
    return (tree / "kernel/arch/smp.h").exists()


def items(seeds):
    """[(name, (what it is called, how many in all, how many in a piece))]. seeds: soak.SEEDS, the last two numbers for families; a thousand
    calls at random for each."""
    found = [("families", ("seeds of families of processes on four CPUs", *seeds[1:])),
             ("fuzz_threads", ("system calls at random by threads on four CPUs", 1000 * seeds[1], FUZZ_CALLS if seeds[1] > 100 else 1000))]
    why = parallel.possible()
    if why:
        print(f"soak: nothing runs on CPUs that work at the same time: {why}")
        return found
    return [*found, ("parallel", ("stress tests on CPUs that work at the same time", 2 * (len(STORMS) + 2) * 20 * bool(seeds[1]), 1))]


def families_piece(tree, item):
    """The next seeds, in one boot of the race build. Returns what to say. Raises RuleBroken."""
    first, last = item["done"] + 1, item["done"] + item["step"]
    kernel_of(tree, "race")
    with machines(tree, "checked") as boot:
        families(boot, list(range(first, last + 1)))
    return f"{first} to {last} pass"


def families(boot, seeds):
    """Processes that fork, end and are waited for everywhere, with these seeds. Raises RuleBroken, with the seed that fails."""
    try:
        run = boot("user", program=["/tests/families"], build="race", seeds=seeds, cpus=CPUS, limit_ms=LIMIT_MS)
        for part in run.each_seed():
            if part.fact("RESULT").b:
                raise RuleBroken("each child is heard of once, with the status with which it ended", *run.output.splitlines()[-8:])
        if run.output != FAMILIES * len(seeds):
            raise RuleBroken("each family comes to its end", *run.output.splitlines()[-8:])
        at_rest(run)
    except RuleBroken as broken:
        broken.evidence += [f"seed {boot.last.failing_seed}, with the race build: {boot.last.options}"]
        raise


def fuzz_piece(tree, item):
    """The next seed, on the checked kernel, the plain one and the race build in turn. Returns what to say. Raises RuleBroken."""
    number = item["done"] // item["step"]
    variant = [*VARIANTS, "race"][number % 3]
    kernel_of(tree, variant)
    with machines(tree, "checked" if variant == "race" else variant) as boot:
        more = {"build": "race", "seeds": [number + 1]} if variant == "race" else {}
        fuzz(boot, number + 1, item["step"], "fuzz_threads", cpus=CPUS, **more)
    return f"nothing lost ({variant} kernel, seed {number + 1})"


def parallel_piece(tree, item):
    """The next of the stress tests, checked and plain kernel in turn. Returns what to say. Raises RuleBroken."""
    number = item["done"]
    variant, which = VARIANTS[number % 2], number // 2 % (len(STORMS) + 2)
    with machines(tree, variant, parallel.Parallel) as boot:
        if which < len(STORMS):
            said = storm(boot, *STORMS[which])
        else:
            said = many_families(boot) if which == len(STORMS) else races(boot, RACES)
    return f"{said} comes through ({variant} kernel)"


def storm(boot, ktest, options=""):
    """Returns its name. Raises RuleBroken."""
    run = boot(ktest, options, cpus=CPUS, trace="off", limit_ms=parallel.LIMIT_MS)
    at_rest(run)
    return ktest


def many_families(boot):
    run = boot("user", program=["/tests/families", str(CPUS), str(ROUNDS)], cpus=CPUS, trace="off", limit_ms=parallel.LIMIT_MS)
    if run.status or run.output != f"families: {CPUS} of {CPUS} complete\n":
        raise RuleBroken("each child is heard of once, with the status with which it ended", *run.output.splitlines()[-8:])
    at_rest(run)
    return "families"


def races(boot, rounds):
    """Threads that use the same thing at the same moment, so many rounds of each kind; the program says NO or a number where one had
    another end. Returns its name. Raises RuleBroken."""
    run = boot("exit_orphans", program=["/tests/races", str(rounds)], cpus=2, trace="off", limit_ms=parallel.LIMIT_MS)
    if run.status or re.search(r": ([1-9]|NO)", run.output) or run.output.count("\n") != 5:
        raise RuleBroken("whoever comes first, a race has an end that the other order has too", *run.output.splitlines())
    at_rest(run)
    return "races"


PIECES = {"families": families_piece, "fuzz_threads": fuzz_piece, "parallel": parallel_piece}
