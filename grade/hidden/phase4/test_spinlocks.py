"""Hidden tests of lab 4, 4.1: any number of CPUs, locks whose numbers begin anywhere. In the kernel: hidden_spin.c."""

from grade.api import boots, exercise, never_came, require, seeds
from grade.models.twin import Draws

CPUS, ROUNDS, LOCKS = 8, 4, 2


@exercise("4.1", points=1)
@boots(2)
@seeds(2)
def test_any_number_of_cpus_share_locks_and_queue_up(boot, seeds):
    """Five to eight CPUs lock and try two locks, then queue up at one in an order that is drawn; tickets may pass the end of 32 bits."""
    for seed in seeds:
        run = boot("hidden_spin", f"cpus=1 seed={seed}", cpus=CPUS, trace="off", outcome=None)
        never_came(run, "who waits for a lock gets it, when those who came before have had it")
        cpus = run.fact("COUNT").b
        require(cpus == 5 + Draws(seed)(4), "the CPUs that the test starts come", f"{cpus} with seed {seed}")
        clashes, *right = [fact.b for fact in run.facts("RESULT", 1 + LOCKS)]
        require(not clashes, "one CPU at a time is between spin_acquire() or a spin_try_acquire() that took it, and spin_release()",
                f"{clashes} times two of {cpus}")
        require(all(right), "what is counted under a lock is counted", f"lock by lock: {right}")
        order = {fact.a: fact.b for fact in run.facts("NOTE", 0)}
        tried = {fact.a: fact.b for fact in run.facts("FOUND", 2 * ROUNDS)}
        for number, expected in enumerate(orders(seed, cpus)):
            seen = [order.get(number << 8 | place) for place in range(cpus - 1)]
            require(seen == expected, "CPUs that wait for a lock get it in the order in which they came",
                    f"they came in the order {expected}, and got it in the order {seen}")
            require((tried[number << 1], tried[number << 1 | 1]) == (0, 1),
                    "spin_try_acquire() takes a lock that nobody has or waits for, and no other", f"{tried}")


def orders(seed, cpus):
    """In which order the others come, in each round."""
    draws = Draws(seed)
    draws(4)

    def lock():
        draws(60) if draws(2) else draws(1 << 31)

    for _ in range(LOCKS):
        lock()
    for _ in range(ROUNDS):
        lock()
        came = []
        while len(came) < cpus - 1:
            cpu = draws(cpus)
            if cpu and cpu not in came:
                came.append(cpu)
        yield came
