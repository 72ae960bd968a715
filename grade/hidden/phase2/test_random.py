"""Hidden tests of lab 2: what a seed decides, judged by the models of the policies, and by what the rules leave possible."""

from grade.api import boots, exercise, no_leak, require, seeds
from grade.models.schedule import follows
from grade.models.twin import Draws, agree

NONE = 2**64 - 1
LATE = 1_000_000  # ns, with all that may wake at the same moment


@exercise("2.1", points=1)
@boots(2)
@seeds(2)
def test_whoever_computes_or_yields_gets_its_turns_in_order(boot, seeds):
    """With any number of threads, of any priorities and quanta, the CPU changes hands when the rules of round-robin say so."""
    for seed in seeds:
        follows(boot("hidden_turns", f"sched=rr seed={seed}", limit_ms=3000), "rr")


# --- timers and sleeps: grade/hidden/phase2/ktest/hidden_sleep.c -------------------------------------------------------------------------

TIMERS = {"POPPED": "timers expire in the order of their times, of the same time as they were set, and none before its time"}


def timer_facts(seed):
    """What the ktest has to note."""
    draws, waiting, facts = Draws(seed), [], []
    now = (0, (1 << 31) - 2000, (1 << 63) - 3000, NONE - 2500)[draws(4)]

    def pop():
        facts.extend(("POPPED", now & NONE, n) for when, n in sorted(waiting, key=lambda timer: timer[0]) if when <= now)
        waiting[:] = [timer for timer in waiting if timer[0] > now]
        facts.append(("POPPED", now & NONE, NONE))

    for _ in range(500):
        n = draws(56)
        if n in [other for _, other in waiting]:
            now += draws(40)
            pop()
        else:
            waiting.append((now + 10 * draws(60), n))
    now += 1000
    pop()
    return facts


@exercise("2.4", points=1)
@boots(2)
@seeds(2)
def test_timers_expire_in_order_however_they_were_set(boot, seeds):
    """Many timers, set again and again, several to the same time, and the clock wraps: what counts is the time, then the order."""
    for seed in seeds:
        agree(boot("hidden_timers", f"seed={seed}"), timer_facts(seed), TIMERS)


@exercise("2.4", points=1)
@boots(2)
@seeds(2)
def test_many_sleepers_wake_in_order_and_on_time(boot, seeds):
    """Whoever sleeps to an earlier moment wakes first, and of the same moment whoever lay down first; nobody early, hardly anybody late."""
    for seed in seeds:
        run = boot("hidden_sleepers", f"seed={seed}", limit_ms=1000)
        asked = sorted(run.facts("EXPECTED"), key=lambda fact: fact.b)  # of the same moment in the order of the facts
        woke = run.facts("ORDER")
        for fact in woke:
            require(fact.time >= fact.b, "nobody wakes before the moment to which it sleeps", f"thread {fact.a}: {fact.time} of {fact.b}")
            require(fact.time <= fact.b + LATE, "on an idle machine a sleeper wakes on time", f"thread {fact.a}: {fact.time} of {fact.b}")
        require([fact.a for fact in woke] == [fact.a for fact in asked],
                "threads wake in the order of their times, and of the same time as they went to sleep",
                f"woke: {[fact.a for fact in woke]}", f"expected: {[fact.a for fact in asked]}")
        no_leak(run)


# --- mutexes, semaphores, condition variables: grade/hidden/phase2/ktest/hidden_sync.c ---------------------------------------------------

SYNC = ("between mutex_lock() and mutex_unlock() there is one thread at a time",
        "no more threads are between semaphore_down() and semaphore_up() than the semaphore counts",
        "after condvar_wait() the mutex is owned again: what it guards is as whoever waited finds it",
        "a semaphore counts each up and each down once",
        "what threads hand over under a mutex with two condition variables arrives, all of it and once",
        "in the end every mutex is free and nobody waits for it")


@exercise("2.5", points=1)
@boots(3)
@seeds(3)
def test_locks_counts_and_buffers_hold_under_any_workload(boot, seeds):
    """Any number of threads with any priorities, interrupted and asleep in all the wrong places: the invariants hold."""
    for seed in seeds:
        run = boot("hidden_sync", f"seed={seed}", limit_ms=3000)
        for fact in run.facts("RESULT"):
            require(fact.b == 0, SYNC[fact.a] if fact.a < len(SYNC) else "a fact is what the test left", f"{fact.b}")
        no_leak(run)


# --- policies: grade/hidden/phase2/ktest/hidden_mix.c ------------------------------------------------------------------------------------

def mixes(boot, seeds, policy, ktest="hidden_mix"):
    for seed in seeds:
        run = boot(ktest, f"sched={policy} seed={seed}", limit_ms=5000)
        follows(run, policy)
        no_leak(run)


@exercise("2.6a", points=1)
@boots(2)
@seeds(2)
def test_any_mixture_follows_the_priorities(boot, seeds):
    """Threads that compute, yield, sleep, change their priority and are stopped, with random quanta: each decision is the model's."""
    mixes(boot, seeds, "prio")


@exercise("2.6b", points=1)
@boots(2)
@seeds(2)
def test_any_mixture_follows_the_priorities_and_ages(boot, seeds):
    """The same, and who waits rises, at a random pace."""
    mixes(boot, seeds, "prio", "hidden_mix_ageing")


@exercise("2.7", points=1)
@boots(2)
@seeds(2)
def test_any_mixture_follows_the_feedback_queue(boot, seeds):
    """The same with levels, random quanta, allotments and boosts: each decision is the model's."""
    mixes(boot, seeds, "mlfq")


@exercise("2.8", points=1)
@boots(2)
@seeds(2)
def test_any_mixture_follows_the_shortest_job(boot, seeds):
    """The same with predicted bursts, some announced at random: each decision is the model's."""
    mixes(boot, seeds, "sjf")
