"""Lab 4.3: cpu_choose(), thread_rq_lock(), rq_lock_both(), thread_move(), resched_remote(). Each CPU has a run queue; threads belong to
one, and get to another without being lost, forgotten, or run by two."""

import functools
import operator

from grade.api import boots, exercise, require, seeds
from grade.events import event_line

STILL = "steal=off balancing=off"  # threads change their queue when they are woken, and where their mask says so, alone
SPREADS = "threads run on other CPUs when those idle"


def cpus_of(mask):
    """The CPUs of a mask, for people."""
    return "{" + ", ".join(str(n) for n in range(64) if mask >> n & 1) + "}"


def first(mask):
    """The smallest number in a mask that is not empty."""
    return (mask & -mask).bit_length() - 1


def chosen(mask, online, idle, last):
    """Where a thread had best run: the rule of cpu_choose()."""
    best = mask & online & idle or mask & online
    return last if best >> last & 1 else first(best)


@exercise("4.3", points=3)
def test_a_thread_goes_to_an_idle_cpu_or_stays_where_it_was(boot):
    """What it used last may still be in that CPU's cache; but a cold cache costs less than waiting while another CPU has nothing to do."""
    run = boot("queues_choose", cpus=2, trace="off")
    rows = zip(run.facts("COUNT"), run.facts("NOTE"), run.facts("FOUND"), strict=True)
    for (mask, online), (idle, last), (_, cpu) in (((row.a, row.b) for row in case) for case in rows):
        expected = chosen(mask, online, idle, last)
        may = mask & online
        seen = (f"it may run on {cpus_of(mask)}", f"idle: {cpus_of(idle)}, last: {last}, online: {cpus_of(online)}",
                f"cpu_choose() returned {cpu}, expected {expected}")
        require(cpu < 64 and may >> cpu & 1, "cpu_choose() returns a CPU that is online, and where the thread may run", *seen)
        require(cpu == expected, "where it ran last, unless it may not run there, or that one is busy and another is idle: then the first "
                "idle one, or the first, where it may run", *seen)


@exercise("4.3", points=1)
@seeds(10)
def test_cpu_choose_reads_each_word_once(boot, seeds):
    """Other CPUs become idle, or busy, while it looks: what was there when it was compared may be gone when it is used."""
    for part in boot("queues_choose_changing", build="race", seeds=seeds, cpus=2).each_seed():
        asked, wrong = part.fact("COUNT").a, part.fact("COUNT").b
        require(not wrong, "cpu_choose() returns a CPU where the thread may run, though the masks change while it looks",
                f"{wrong} of {asked} times it was none of those where it ever might")


@exercise("4.3", points=4)
@seeds(20)
def test_the_lock_that_one_gets_is_that_of_the_thread_s_queue(boot, seeds):
    """While one waits for a lock, the thread may have gone to another queue: then one holds a lock that guards nothing of it."""
    for part in boot("queues_lock", build="race", seeds=seeds, cpus=4).each_seed():
        rounds, count, wrong, stale = [fact.b for fact in part.facts("COUNT")]
        require(not wrong, "thread_rq_lock() returns with the lock of the queue to which the thread belongs then, and returns that queue",
                f"{wrong} of {rounds} times it was another queue's")
        require(count == rounds, "who has the lock of a thread's queue has the thread for himself",
                f"two CPUs counted up {rounds} times with it in all, and the count is {count}")
        require(not stale, "a queue's lock is taken by rq_lock(), which reads the clock", f"{stale} of {rounds} times it was not")


@exercise("4.3", points=3)
@seeds(20)
def test_two_locks_are_taken_in_one_order(boot, seeds):
    """One CPU has the first and waits for the second, another has the second and waits for the first: both wait for ever."""
    for part in boot("queues_both", build="race", seeds=seeds, cpus=4).each_seed():
        rounds, count, missing, stale = [fact.b for fact in part.facts("COUNT")]
        require(not missing, "rq_lock_both() returns with both locks", f"{missing} of {rounds} times it did not")
        require(count == 2 * rounds, "who has a queue's lock has the queue for himself",
                f"{rounds} times each of two queues was counted up, and the counts' sum is {count}")
        require(not stale, "a queue's lock is taken by rq_lock(), which reads the clock", f"{stale} of {rounds} times it was not")


@exercise("4.3", points=3)
@boots(2)
def test_a_thread_that_is_moved_keeps_its_place_in_time(boot):
    """It was not its own will to go: who would lose its turn by that could be moved about and never run."""
    for policy in ("rr", "prio"):
        run = boot("queues_move", f"{STILL} sched={policy}", cpus=2)
        left, there = [fact.b for fact in run.facts("COUNT")]
        require((left, there) == (0, 5), "who was moved is counted in the new queue, and not in the old one (nr_ready)",
                f"of three in one queue and two in the other, three were moved: {left} and {there}, expected 0 and 5")
        require(all(fact.b == 1 for fact in run.facts("FOUND")), "t->last_cpu names the queue in which t is",
                f"thread 0 to 4: {[fact.b for fact in run.facts('FOUND')]}, expected 1, the second queue")
        order = [fact.b for fact in run.facts("ORDER")]
        require(order == [0, 1, 2, 3, 4], "a thread that is moved keeps its place in time among those who wait (ENQUEUE_CHANGED)",
                f"sched={policy}; they became ready in the order 0 1 2 3 4, alternately in both queues", f"and are chosen: {order}")


@exercise("4.3", points=1)
def test_a_thread_that_is_moved_runs_at_once_if_it_has_to(boot):
    """It may be moved because that CPU idles. Nobody else would tell that CPU that there is work."""
    due = [fact.b for fact in boot("queues_move_preempts", f"{STILL} sched=prio", cpus=2).facts("FOUND")]
    require(due[0], "an idle CPU to which a thread is moved has to choose anew", "need_resched is not set there")
    require(due[1], "a CPU that runs a less important thread than the one that is moved to it has to choose anew",
            "need_resched is not set there")
    require(not any(due[2:]), "a CPU that runs a thread as important as the one that is moved to it, or more, goes on",
            "need_resched was set there")


@exercise("4.3", points=3)
@boots(3)
def test_who_is_woken_for_another_cpu_runs_there_at_once(boot):
    """An idle CPU has no tick: if nobody interrupts it, it sleeps on, with a thread in its queue. A busy one would notice a tick later."""
    run = boot("queues_interrupt", STILL, cpus=4)
    for fact in run.facts("COUNT"):
        meant, cpu = fact.a >> 8, fact.a & 255
        require(fact.b == (meant == cpu), "resched_remote(rq) interrupts rq's CPU, that one alone, once",
                f"CPU {meant} was meant (the number of its interrupt controller is cpus[rq->cpu].arch.apic_id)",
                f"interrupts on CPU {cpu}: {fact.b}")
    for ktest, option in (("queues_wake", ""), ("queues_wake_preempts", "sched=prio")):
        run = boot(ktest, f"{STILL} {option}", cpus=4)
        where, soon, ticks = ({fact.a: fact.b for fact in run.facts(key)} for key in ("FOUND", "NOTE", "TURN"))
        for step in where:
            expected = {4: 2, 5: 1, 6: 3}.get(step, step)
            require(soon[step] and not ticks[step], "a CPU that has to choose anew is told by the CPU that found it out, and does not wait "
                    "for its own tick", f"a thread was {'woken for' if step < 6 else 'sent from CPU 1 to'} CPU {expected}, "
                    + ("where a less important one runs" if option else "which idles"),
                    f"it ran there before the other one had looked 3000 times: {bool(soon[step])}; after {ticks[step]} ticks of that CPU")
            require(where[step] == expected, "who is woken goes where it ran last if that CPU idles, or to the first idle one of its mask",
                    f"it ran on CPU {where[step]}, expected {expected}")


@exercise("4.3", points=1)
def test_new_threads_spread_over_idle_cpus(boot):
    """What the machine has several CPUs for."""
    where = [fact.b for fact in boot("queues_spread", STILL, cpus=4).facts("FOUND")]
    require(sorted(where) == [1, 2, 3], "three new threads run on three CPUs that idle", f"they began on CPUs {where}; CPU 0 is busy")


@exercise("4.3", points=2)
@seeds(40)
def test_no_wake_is_lost_between_cpus(boot, seeds):
    """Who is about to wait on one CPU, and is woken by another one in that very moment, must not wait for ever."""
    run = boot("queues_wakeups", build="race", seeds=seeds, cpus=4, limit_ms=400)
    seen = functools.reduce(operator.or_, (fact.b for fact in run.facts("NOTE")))
    require(seen & seen - 1, SPREADS, f"three threads, which are woken again and again, ran on CPUs {cpus_of(seen)}")
    for part in run.each_seed():
        expected = part.fact("NOTE").a
        for fact in part.facts("COUNT"):
            require(fact.b == expected, "two threads that wake each other in turn both go on",
                    f"pair {fact.a}: {fact.b} of {expected} times")


@exercise("4.3", points=2)
@seeds(20)
def test_threads_that_are_sent_about_lose_nothing(boot, seeds):
    """A thread is picked up elsewhere when its registers are saved, and no earlier: else two CPUs are on one stack."""
    for part in boot("queues_storm", build="race", seeds=seeds, cpus=4, limit_ms=800).each_seed():
        for done, spoilt in zip(part.facts("COUNT"), part.facts("NOTE"), strict=True):
            require(not spoilt.b, "a thread finds its registers and its stack as it left them, on whatever CPU it goes on",
                    f"thread {done.a}: spoilt in {spoilt.b} of 20 rounds")
            require(done.b == 20, "a thread does all its work, once", f"thread {done.a}: {done.b} of 20 rounds")
        for lost in part.facts("JOINED"):
            require(not lost.b, "threads that are made on several CPUs at once have ids of their own, and each is joined once",
                    f"thread {lost.a}: {lost.b} of 5 that it made did not end with their codes")
        seen = part.fact("FOUND").b
        require(seen & seen - 1, SPREADS, f"six threads, which are sent about, ran on CPUs {cpus_of(seen)}")


@exercise("4.3", points=1)
@seeds(20)
def test_readers_and_writers_keep_apart_on_several_cpus(boot, seeds):
    """What was built of wait queues and spinlocks for one CPU has to hold on four: nothing of it relied on interrupts being off alone."""
    run = boot("rwlock_shares", "rounds=16", build="race", seeds=seeds, cpus=4, limit_ms=1000)
    idle = [cpu for cpu in range(4) if not run.kernel["run_queues"][cpu].nr_switches]
    require(not idle, SPREADS, f"three readers and two writers; on these CPUs nobody ran: {idle}")
    for part in run.each_seed():
        clashes = part.fact("NOTE").a
        require(not clashes, "while a writer is in, nobody else is, on whatever CPU", f"{clashes} times somebody was")


@exercise("4.3", points=1)
def test_a_thread_runs_on_one_cpu_at_a_time_and_where_its_mask_allows(boot):
    """That is what a thread is, and what thread_set_affinity() promises."""
    run = boot("queues_affinity", cpus=4)
    running, masks, picked = {}, {}, set()
    for event in run.events("MARK", "PICK", "SWITCH", "EXIT"):
        if event.event == "MARK":
            old = masks.get(event.tid, (~0, ~0))
            masks[event.tid] = (event.arg[0],) * 2 if event.arg[1] else (old[1], event.arg[0])
        elif event.event == "SWITCH":
            running.pop(event.tid, None)
        elif event.event == "PICK" and event.tid:
            at = running.get(event.tid, event.cpu)
            require(at == event.cpu, "a thread runs on one CPU at a time",
                    f"thread {event.tid} was chosen on CPU {event.cpu}, while it ran on CPU {at}", event_line(event))
            running[event.tid] = event.cpu
            before, now = masks.get(event.tid, (~0, ~0))
            require((before | now) >> event.cpu & 1, "a thread is chosen only on a CPU of its mask, from the moment at which "
                    "thread_set_affinity() returns", f"thread {event.tid} on CPU {event.cpu}; its mask is {now:#x}", event_line(event))
            if event.tid in masks:
                picked.add((event.tid, event.cpu))
    require(len(picked) >= 12, "threads that are sent to other CPUs run there",
            f"six threads were sent about among four CPUs: {len(picked)} of 24 pairs were seen")
