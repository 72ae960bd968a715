"""The scheduling policies as host programs: the kernel's own scheduler on one CPU whose time is moved by hand (sched_machine.c), doing
random things with fixed seeds; each policy's model replays the trace and agrees with every decision. Wrong policies, planted one by one,
are caught by the same runs, and by the rule that they break. Then the figures that the policies promise, exactly."""

import importlib

import pytest

import kernels
import policies
from grade.models import schedule

MS = 999983  # cycles (sched_machine.h)


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    return policies.Program(2, "test_policies", tmp_path_factory.mktemp("policies")).path


def play(path, case, seed=1, checked=True):
    """As policies.play(), with (Numbers, [Event], {fact: number})."""
    rows, found, facts = policies.play(path, case, seed, checked)
    return schedule.Numbers(**rows), found, {name: n[-1] for name, n in facts.items()}


def deviation(policy, played):
    numbers, found, _ = played
    return importlib.import_module(f"grade.models.{policy}").replay(found, numbers, running=1)


def agrees(policy, played):
    wrong = deviation(policy, played)
    assert wrong is None, "\n".join([wrong.rule, *schedule.explain(wrong)])


@pytest.mark.parametrize("seed", kernels.some(range(1, 4), 3))
@pytest.mark.parametrize("policy", ["rr", "fcfs", "sjf", "prio", "mlfq"])
def test_kernel_and_model_agree_on_every_decision(program, policy, seed):
    played = play(program(), f"random_{policy}", seed)
    agrees(policy, played)
    picks = [event for event in played[1] if event.event == "PICK"]
    assert len(picks) > 1000 and sum(event.queued > 1 for event in picks) > len(picks) / 4  # there was something to decide


RUNS_NEXT, NO_REASON, MAKES_ROOM = "runs next", "loses the CPU without a reason", "has to make room"
# policy, file, what is changed, into what, and the rules by which the model may name it
PLANTED = {
    "a waiting thread does not rise": (
        "prio", "ageing.c", "return risen < ", "risen = 0;\n    return risen < ", (RUNS_NEXT, MAKES_ROOM)),
    "ageing has no end": (
        "prio", "ageing.c", "risen < (u64)(PRIO_LEVELS - 1 - p) ? p + (int)risen : PRIO_LEVELS - 1",
        "p + (int)risen", (RUNS_NEXT, MAKES_ROOM, NO_REASON)),
    "the wait begins anew with every preemption": (
        "prio", "ageing.c", "(why == ENQUEUE_PREEMPTED && !over)", "false", (RUNS_NEXT,)),
    "a change of priority forgets the wait": (
        "prio", "ageing.c", "why == ENQUEUE_CHANGED ||", "", (RUNS_NEXT,)),
    "what was risen is kept after the turn": (
        "prio", "ageing.c", "t->since = rq->clock;\n#else", "t->since += (why == ENQUEUE_NEW) * rq->clock;\n#else", (RUNS_NEXT,)),
    "a wake renews the quantum": (
        "prio", "ageing.c", "if (over || why == ENQUEUE_YIELD)", "if (over || why != ENQUEUE_PREEMPTED)", (MAKES_ROOM, RUNS_NEXT)),
    "an equal one takes the CPU": (
        "prio", "prio.c", "prio_level(rq, t) > prio_level(rq, rq->curr)", "prio_level(rq, t) >= prio_level(rq, rq->curr)", (NO_REASON,)),
    "whoever becomes ready never takes the CPU": (
        "prio", "prio.c", "prio_level(rq, t) > prio_level(rq, rq->curr)", "false", (MAKES_ROOM,)),
    "nobody overtakes by waiting": (
        "prio", "prio.c", "best && prio_level(rq, best) > prio_level(rq, t)", "false", (MAKES_ROOM,)),
    "equals do not take turns": (
        "prio", "prio.c", "thread_ran(rq, t) - t->slice_start >= rr_quantum(t)", "false", (MAKES_ROOM,)),
    "the last of equals is picked": (
        "prio", "prio.c", "level == best_level && ready_before(t, best)", "level == best_level && !ready_before(t, best)", (RUNS_NEXT,)),
    "sleeping renews the allotment": (
        "mlfq", "mlfq.c", "over = quantum_used(rq, t);",
        "over = quantum_used(rq, t);\n    if (why == ENQUEUE_WAKE)\n        t->mlfq.allotment_start = thread_ran(rq, t);",
        (RUNS_NEXT, MAKES_ROOM, NO_REASON)),
    "nobody goes down": (
        "mlfq", "mlfq.c", "t->mlfq.level++;", "", (RUNS_NEXT, MAKES_ROOM, NO_REASON)),
    "there is no boost": (
        "mlfq", "mlfq.c", "if (t->mlfq.boost == boost)", "if (t->mlfq.boost)", (RUNS_NEXT, MAKES_ROOM, NO_REASON)),
    "a boost leaves out who is queued": (
        "mlfq", "mlfq.c", "return t->mlfq.boost == rq->clock / policy.mlfq_boost ? t->mlfq.level : 0;",
        "return t->mlfq.level;", (RUNS_NEXT, MAKES_ROOM, NO_REASON)),
    "a boost does not renew the allotment": (
        "mlfq", "mlfq.c", "t->mlfq.allotment_start = t->slice_start = thread_ran(rq, t);",
        "t->slice_start = thread_ran(rq, t);", (RUNS_NEXT, MAKES_ROOM, NO_REASON)),
    "one quantum for all levels": (
        "mlfq", "mlfq.c", "policy.mlfq_quantum[t->mlfq.level];\n#else", "policy.mlfq_quantum[0];\n#else", (NO_REASON, RUNS_NEXT)),
    "a preempted thread goes to the end": (
        "mlfq", "mlfq.c", "(why == ENQUEUE_PREEMPTED && !over)", "false", (RUNS_NEXT, MAKES_ROOM)),
    "a better level waits for the tick": (
        "mlfq", "mlfq.c", "mlfq_level(rq, t) < mlfq_level(rq, rq->curr)", "false", (MAKES_ROOM,)),
    "the worst level runs first": (
        "mlfq", "mlfq.c", "mlfq_level(rq, t) < mlfq_level(rq, best)", "mlfq_level(rq, t) > mlfq_level(rq, best)", (RUNS_NEXT,)),
    "a burst ends with every turn": (
        "sjf", "policies.c", "if (t->state != THREAD_BLOCKED)", "if (t->state == THREAD_ZOMBIE)", (RUNS_NEXT,)),
    "the last burst is the prediction": (
        "sjf", "sjf.c", "t->sjf.tau = (t->sjf.tau + (ran - t->sjf.burst_start)) / 2;",
        "t->sjf.tau = ran - t->sjf.burst_start;", (RUNS_NEXT,)),
    "a burst is all that was ever run": (
        "sjf", "sjf.c", "t->sjf.burst_start = ran;", "", (RUNS_NEXT,)),
    "the longest job first": (
        "sjf", "sjf.c", "ta->sjf.key < tb->sjf.key", "ta->sjf.key > tb->sjf.key", (RUNS_NEXT,)),
    "what the maker said is ignored": (
        "sjf", "sjf.c", "t->burst_ns ? ns_to_cycles(t->burst_ns) : policy.sjf_first_tau", "policy.sjf_first_tau", (RUNS_NEXT,)),
    "shortest job with preemption": (
        "sjf", "policies.c", "t->sjf.key = 0;", "t->sjf.key = t->sjf.tau;", (RUNS_NEXT,)),
    "round-robin: a wake renews the quantum": (
        "rr", "rr.c", "if (over)", "if (over || why == ENQUEUE_WAKE)", (MAKES_ROOM, RUNS_NEXT)),
    "round-robin: the quantum is never over": (
        "rr", "tick.c", "thread_ran(rq, t) - t->slice_start >= rr_quantum(t)", "false", (MAKES_ROOM,)),
    "round-robin: every tick is the last": (
        "rr", "tick.c", "thread_ran(rq, t) - t->slice_start >= rr_quantum(t)", "true", (NO_REASON,)),
    "round-robin: the last come is served first": (
        "rr", "rr.c", "rq_push(rq, t);", "list_push_head(&rq->ready, &t->run_link);", (RUNS_NEXT,)),
    "first come: a preempted one goes to the end": (
        "fcfs", "fcfs.c", "why == ENQUEUE_CHANGED || why == ENQUEUE_PREEMPTED", "why == ENQUEUE_CHANGED", (RUNS_NEXT,)),
}


@pytest.mark.parametrize("name", kernels.some(PLANTED, 6))
def test_a_wrong_policy_is_named(program, name):
    policy, file, find, replace, rules = PLANTED[name]
    path = program(file, find, replace)
    runs = [(f"random_{policy}", seed) for seed in range(1, 5)] + [("prio_ageing", 1)] * (policy == "prio")
    wrong = next(filter(None, (deviation(policy, play(path, case, seed, checked=False)) for case, seed in runs)), None)
    assert wrong, "no model saw it"
    assert any(rule in wrong.rule for rule in rules), wrong.rule


@pytest.mark.parametrize("case, sum_ms", [("convoy_fcfs", 510), ("convoy_sjf", 90), ("mixed_fcfs", 410), ("mixed_sjf", 280)])
def test_average_waits_are_those_of_the_text_books(program, case, sum_ms):
    """Bursts 24,3,3 (units of 10 ms): 17 against 3 on average; 6,8,7,3: 10.25 against 7."""
    played = play(program(), f"waits_{case}")
    agrees(case.split("_")[1], played)
    assert played[2]["sum_of_waits"] == sum_ms


def test_round_robin_answers_within_one_round(program):
    """(N - 1) (q + one tick), q = 20 ms."""
    played = play(program(), "rr_response")
    agrees("rr", played)
    facts = played[2]
    assert 0 < facts["longest_wait"] <= (facts["threads"] - 1) * 21 * MS


def test_nobody_waits_for_ever_under_priorities(program):
    """(Pmax - p) A + N (q + one tick), p = 8, q = 40 ms."""
    played = play(program(), "prio_ageing")
    agrees("prio", played)
    facts = played[2]
    assert 3000 * MS < facts["longest_wait"] <= (63 - 8) * 100 * MS + facts["threads"] * 41 * MS


@pytest.mark.parametrize("case", ["mlfq_gamer", "mlfq_top_gamer"])
def test_sleeping_in_time_gains_nothing(program, case):
    """Beside an honest hog, for 10 seconds: within 3 % of the CPU if it knows its level, and never above it."""
    played = play(program(), case)
    agrees("mlfq", played)
    gamer, hog = played[2]["gamer"], played[2]["hog"]
    assert gamer - hog <= 0.03 * (gamer + hog)
    assert case == "mlfq_top_gamer" or abs(gamer - hog) <= 0.03 * (gamer + hog)


def test_whoever_sleeps_a_lot_is_served_at_once(program):
    played = play(program(), "mlfq_sleeper")
    agrees("mlfq", played)
    assert played[2]["late"] <= MS // 1000
