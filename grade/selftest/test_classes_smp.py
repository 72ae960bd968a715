"""Phase 5's classes on four CPUs: threads that get other policies and masks wherever they are, are woken and throttled. Judged by the rules
for several CPUs, by the model of each run queue, and by what is left at the end; then the races, by seeds. All of it is given code, so the
planted mistakes are here and not in grade/mutants/."""

import contextlib

import kernels
import pytest

from grade.boot import Boot
from grade.errors import RuleBroken, Unjudged
from grade.events import event_line
from grade.models.classes import follows
from grade.models.sched_class import DEADLINE, IDLE, NORMAL, RT
from grade.rules import require
from grade.smp_rules import Cpus, sound, work_is_conserved

PHASE, CPUS, THREADS = 5, 4, 6
LATE = 50_000  # ns
STEAL = 2  # enum migrate_why
SEEDS = list(range(1, 201 if kernels.ALL else 6))
TIGHT = "rt_period=10 rt_runtime=5"
OPTIONS = [(f"rounds=400 seed=1 {TIGHT}", "eevdf"), ("rounds=400 seed=2 rt_period=4 rt_runtime=1 sched=cfs", "cfs"),
           (f"rounds=300 seed=3 sched=rr {TIGHT}", "rr"), ("rounds=300 seed=4 steal=off", "eevdf")]


# What they do before they have run, and as they leave a CPU whose time stands still: those seeds have it.
SEEN_BY_THE_MODEL = [(2, f"rounds=300 seed=2 {TIGHT}", "eevdf"), (4, "rounds=300 seed=5 rt_period=4 rt_runtime=1 sched=cfs", "cfs"),
                     (4, "rounds=300 seed=4 rt_period=4 rt_runtime=1 sched=cfs", "cfs"), (2, "rounds=300 seed=24 steal=off", "eevdf")]


@contextlib.contextmanager
def booted(made):
    with contextlib.closing(Boot(*made["checked"], 2, 1, made)) as boot:
        yield boot


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return kernels.Variants(PHASE, {}, tmp_path_factory.mktemp("kernels"))


def bound(events):
    """Judges that a deadline thread runs on one CPU alone, but where it finds itself when it becomes one."""
    masks, away = {}, set()
    for event in events:
        if event.event == "AFFINITY":
            masks[event.tid] = event.arg[0]
        elif event.event == "POLICY":
            (away.add if event.cls == DEADLINE else away.discard)(event.tid)
        elif event.event == "SWITCH":
            away.discard(event.tid)
        elif event.event == "PICK" and event.tid and event.cls == DEADLINE:
            require(masks[event.tid] == 1 << event.cpu, "a deadline thread runs where it reserved", f"its mask is {masks[event.tid]:#x}",
                    event_line(event))


def taken_by_rule(events, steals):
    """Judges that CPUs without work take threads of all classes but deadline threads, and no real-time ones from where those have had their
    share. steals: whether they take any."""
    throttled, taken = set(), set()
    for event in events:
        queue = event.arg[2] >> 16 & 0xff
        if event.event == "THROTTLE" and event.cls == RT:
            throttled.add(queue)
        elif event.event == "REPLENISH" and not event.tid:
            throttled.discard(queue)
        elif event.event == "MIGRATE" and event.arg[2] == STEAL:
            taken.add(event.cls)
            require(event.cls != RT or event.arg[0] not in throttled, "where real-time threads have had their share nobody takes any",
                    event_line(event))
    require(taken == ({RT, NORMAL, IDLE} if steals else set()), "a CPU without work takes threads of any class but deadline threads",
            f"classes of those that were taken: {sorted(taken)}")


def all_is_done(part):
    """Judges what threads and queues are left with."""
    rounds = part.fact("NOTE").a
    for done in part.facts("COUNT", THREADS):
        require(done.b == rounds, "nobody is lost", f"thread {done.a} did {done.b} of {rounds} rounds")
    for cpu in part.facts("FOUND", CPUS):
        require(not cpu.b, "a deadline thread gives back what it reserved where it reserved it, once", f"CPU {cpu.a} keeps {cpu.b:#x}")
    for cpu in part.facts("TURN", CPUS):
        require(cpu.b <= 1, "who is gone waits nowhere", f"{cpu.b} wait on CPU {cpu.a}")
    for cpu in part.facts("LOAD", CPUS):
        require(not cpu.b, "who is gone does not count as one of SCHED_IDLE, either", f"{cpu.b} of them are on CPU {cpu.a}")


@pytest.mark.parametrize("options, normal", OPTIONS)
def test_threads_of_all_classes_that_change_each_other_follow_the_rules(made, options, normal):
    with booted(made) as boot:
        run = boot("class_storm", options, cpus=CPUS, limit_ms=3000)
        events = run.events()
        all_is_done(run)
        assert run.fact("NOTE").b > 100 and {"MIGRATE", "THROTTLE", "REPLENISH", "STOP"} <= {event.event for event in events}
        sound(events, Cpus(CPUS))
        work_is_conserved(events, CPUS)
        bound(events)
        taken_by_rule(events, "steal=off" not in options)
        follows(run, normal)


@pytest.mark.parametrize("cpus, options, normal", SEEN_BY_THE_MODEL)
def test_each_queue_is_the_models_whatever_becomes_of_a_thread(made, cpus, options, normal):
    with booted(made) as boot:
        follows(boot("class_storm", options, cpus=cpus, limit_ms=3000), normal)


def storm(made, seeds):
    """With these seeds in the race build. Raises RuleBroken, Unjudged."""
    with booted(made) as boot:
        for part in boot("class_storm", TIGHT, build="race", seeds=seeds, cpus=CPUS, limit_ms=4000).each_seed():
            all_is_done(part)


def test_they_do_with_any_seed(made):
    for first in range(0, len(SEEDS), 20):
        storm(made, SEEDS[first:first + 20])


def comes_in_time(made):
    """Without the interrupt, CPU 1 finds out at its next tick, up to 10 ms later. Raises RuleBroken."""
    with booted(made) as boot:
        run = boot("class_comes_throttled", "hz=100", cpus=2, limit_ms=1000)
        for fact in run.facts("RESPONSE", 5):
            require(fact.a == 1, "a thread goes where it has reserved", f"it ran on CPU {fact.a}")
            require(fact.b <= LATE, "a budget comes back in time, on whatever CPU its thread has used it up", f"{fact.b} ns late")


def test_a_budget_comes_back_in_time_where_its_thread_has_just_come(made):
    comes_in_time(made)


# What is planted: file, what stands there, what instead.
RACES = {
    "a thread that moved is changed under its old queue's lock": (
        "attr.c", "struct rq *rq = thread_rq_lock(t);\n\n        if (t->state < THREAD_ZOMBIE)",
        "struct rq *rq = &run_queues[t->last_cpu];\n\n        rq_lock(rq);\n        if (t->state < THREAD_ZOMBIE)"),
    "who waits for budget is taken out of the wrong tree": (
        "deadline_class.c", "    if (t->se.dl.waits_for_budget)\n        budget_stop_waiting(rq, t);\n    else\n", ""),
    "bandwidth is given back where the thread ends": ("partition.c", "if (rq == reserved)", "if (rq == reserved || rq->cpu)"),
}


@pytest.mark.parametrize("name", RACES)
def test_a_planted_race_is_found_by_a_seed(tmp_path, name):
    file, find, replace = RACES[name]
    with pytest.raises((RuleBroken, Unjudged)):
        storm(planted(tmp_path, file, find, replace), list(range(1, 21)))


def planted(folder, file, find, replace):
    path = f"kernel/sched/{file}"
    text = (kernels.reference(PHASE) / path).read_text()
    assert text.count(find) == 1, path
    return kernels.Variants(PHASE, {path: text.replace(find, replace)}, folder)


@pytest.mark.parametrize("file, find, replace, words", [
    ("partition.c", "    t->se.dl.allowed = *mask;\n    *mask = t->cpu_mask;\n", "    t->se.dl.allowed = *mask;\n", "where it reserved"),
    ("classes.c", "        deadline_before_change(rq, t);\n", "        ;\n", "deadline"),
    ("background.c", "t->state != THREAD_READY || t->leaving", "t->state != THREAD_READY", "one of SCHED_IDLE"),
    ("steal_classes.c", "!rt->throttled && ", "", "nobody takes any"),
    ("steal_classes.c", "t = steal_from_list(&rt->level[level], cpu);", "t = cpu < 0 ? steal_from_list(&rt->level[level], cpu) : NULL;",
     "takes threads of any class"),
    ("steal_classes.c", "    return steal_from_list(&rq->classes.background.ready, cpu);", "    return (void)rq, (void)cpu, NULL;",
     "takes threads of any class"),
], ids=["an affinity that is not held back", "new numbers before the old ones' charge", "who leaves is counted",
        "more than the share of a CPU", "real-time threads stay", "SCHED_IDLE threads stay"])
def test_a_planted_mistake_is_seen_in_the_trace(tmp_path, file, find, replace, words):
    made = planted(tmp_path, file, find, replace)
    with pytest.raises(RuleBroken) as broken:
        for options, normal in OPTIONS:
            test_threads_of_all_classes_that_change_each_other_follow_the_rules(made, options, normal)
    assert words in " ".join([broken.value.rule, *broken.value.evidence])


def test_a_timer_that_nobody_sets_is_seen(tmp_path):
    made = planted(tmp_path, "timer.c", "        smp_interrupt(rq);\n", "        (void)rq;\n")
    with pytest.raises(RuleBroken, match="in time"):
        comes_in_time(made)
