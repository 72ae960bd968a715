"""The scheduling classes as host programs: the kernel's own scheduler on one CPU whose time is moved by hand (sched_machine.c). The models
replay what it does and agree with every number and every decision; what the classes promise is measured, and holds exactly or within the
rule book's bounds. Wrong kernels, planted one by one, are caught by the same runs, and by the rule that they break."""

import os
import subprocess

import pytest

import kernels
import policies
import test_host_units
from grade.models import classes, schedule

MS = 1000000  # ns
EBUSY, EAGAIN, EPERM, EINVAL, ESRCH = -16, -11, -1, -22, -3
TESTS = ("test_classes", "test_class_rules", "test_class_lend", "test_class_tell")
CASES = {test: test_host_units.cases(test[len("test_"):]) for test in TESTS}
RANDOM = ("random_eevdf", "random_cfs", "random_rr")
SOME_STEPS = "900"  # of a random run of a wrong kernel


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """program(case) is the path of the program that has it; program(case, file, find, replace): of the kernel that was changed so."""
    built = policies.Program(5, " ".join(TESTS), tmp_path_factory.mktemp("classes"))
    return lambda case, *change: built.path(*change, test=next(test for test in TESTS if case in CASES[test]))


# --- bounds ------------------------------------------------------------------------------------------------------------------------------
# What each case's facts have to be: a function of them for each case, whose assertions say which rule it is about.

def shares(ran, weights, slice_ns=3 * MS):
    """Each has its weight's part, to less than (r_max + tick) / T."""
    total = sum(ran)
    for mine, weight in zip(ran, weights):
        error = abs(mine / total - weight / sum(weights))
        assert error < (slice_ns + MS) / total, f"shares go by the weights: {mine} of {total} ns for {weight} of {sum(weights)}"


def lags(facts):
    least, most = facts["least"][0], facts["most"][0]
    assert -(20 * MS + MS) < least < 0 < most < 20 * MS + MS, "the lag is bounded by the longest slice"


def renice(facts):
    assert len(facts["moved"]) == 200
    for moved, weight in zip(facts["moved"], facts["weight"]):
        assert abs(moved) <= 2 + weight / 1024, "a new weight keeps the lag, to 1 ns of virtual time"


def gamer(facts):
    mine, hog = facts["ran"]
    assert 0.9 * hog < mine <= hog + 4 * MS, "sleeping erases no debt"


def eevdf_latency(facts):
    short, usual = facts["latency"]
    assert short <= 7 * MS and usual <= 7 * MS, "who sleeps a lot is served within a request or so of the others"


def clamp(facts):
    assert facts["within"][0] >= 0, "after a wake the lag is within two requests, or a tick"
    assert facts["worst"][0] < 21 * MS, "the lag is bounded by the longest slice"


def no_miss(*ran):
    def bound(facts):
        assert facts["missed"] == [0], "with all of the CPU promised and no more, no deadline is missed"
        assert facts["ran"] == list(ran), "everybody has its budget in each period, and not more"
    return bound


def overload(facts):
    assert facts["missed"] == [12], "the first deadline that is missed is the one at 12"


def rt_limit(facts):
    rt, normal = facts["ran"]
    assert 0 <= rt - 9500 * MS < 10 * MS, "the real-time class has 950 ms of each second, to a tick"
    assert 240 * MS <= normal <= 250 * MS  # half of what is left, beside thread 1


def at_once(facts):
    assert facts["latency"][0] <= 2, "a higher class takes the CPU at once"


def idle_class(facts):
    ran = facts["ran"]
    at_once(facts)
    assert set(facts["stays"]) == {1} and abs(ran[0] - 200 * MS) < MS, "SCHED_IDLE runs only when nobody else wants to"
    assert abs(ran[1] - ran[2]) <= 5 * MS and abs(sum(ran) - 800 * MS) < 4 * MS, "threads of SCHED_IDLE take turns"
    assert facts["no_load"] == [2], "threads of SCHED_IDLE are no load"


def order(*tids):
    def bound(facts):
        assert facts["next"] == list(tids), "of equals, who became ready first runs first, then the smaller id"
    return bound


def rt_order(facts):
    assert facts["boss"] == [1] and facts["stays"] == [3], "a higher priority takes the CPU, an equal one does not"
    order(5, 2, 3, 4, 6, 5, 2)(facts)


def rr_turns(facts):
    assert facts["next"] == [2, 3, 4], "of equals, who has not had its turn to the end goes on"
    for turn, us in zip(facts["turn"], (40000, 100000, 300000)):
        assert 0 <= turn - us <= 1000, "a turn under RR is 100 ms, renewed only when it is over; FIFO has no end"


def half_a_slice(facts):
    assert facts == {"lag": [0], "first": [1500000], "next": [1]}, "a new thread's first request is half a slice, and it is owed nothing"


def cfs_sleeper(facts):
    assert facts["first"] == [2] and facts["turn"][0] <= 4 * MS, "who slept long has no more than half a latency of credit"


def late_lag(facts):
    assert facts["lag"] == [-6 * MS], "after a wake the lag is within two requests, or a tick"


def yields(facts):
    assert all(abs(ran - 500 * MS) < 4 * MS for ran in facts["ran"]), "a yield costs no share"


def wake(deadline, budget, runs):
    def bound(facts):
        found = facts["deadline"][0], facts["budget"][0], facts["runs"]
        assert found == (deadline, budget, [runs, 1]), "the first wake-up rule that fits"
    return bound


def late(deadline, *runs):
    def bound(facts):
        assert facts["deadline"] == [deadline] and facts["runs"] == list(runs), "an overrun is paid back, a period for each budget"
    return bound


def dl_yield(facts):
    assert set(facts["idle"]) == {1}, "who yields comes back in its next period"
    assert facts["deadline"] == [10000 * n for n in range(2, 22)], "periods follow each other without a gap"


def overrun(facts):
    late = [abs(ran - (n + 1) * 2300000) for n, ran in enumerate(facts["ran"])]
    assert max(late) < 1000, "a budget ends when the timer says so, not at the tick"


def admission_cap(facts):
    assert facts["error"] == [EBUSY, 0, EBUSY, 0, EBUSY, EBUSY, 0, 0, 0, EAGAIN, 0, 0, 0, EPERM], "no more than 0.95 is ever reserved"
    assert facts["runtime"] == [90 * MS], "who is refused keeps what it had"


def admission_numbers(facts):
    assert facts == {"wrong": [EINVAL] * 5, "right": [0] * 4}, "1024 ns <= Q <= D <= P"


def admission_rounding(facts):
    assert facts["error"] == [0, EBUSY], "a bandwidth is rounded up"


def zero_lag(*errors):
    def bound(facts):
        assert facts["error"] == list(errors), "bandwidth comes back at the 0-lag time"
    return bound


def forks(facts):
    words = [15 << 16, 3 | 27 << 16, 2 | 9 << 8 | 17 << 16, 5 | 20 << 16, 20 << 16, 25 << 16, 20 << 16, 20 << 16]
    assert facts["child"] == words, "a child has its maker's policy, or with reset-on-fork the default"
    assert facts["slice"] == [MS] + [0] * 7 and facts["weight"] == [3121, 215, 1991, 1024, 1024, 335, 1024, 1024]


LENDS = "who inherits goes by the best of those who wait for it, and by its own when nobody waits"


def exactly(rule, **expected):
    def bound(facts):
        assert facts == expected, f"{rule}: {facts}, expected {expected}"
    return bound


TELLS = "what is told is what was"
# What is told of threads and of the CPU in each case, in order; times are ns.
TOLD = {
    "tell_turns": {
        "yields": [0, 0, 0], "decisions": [1, 6, 7], "idle_turns": [0, 0, 1], "wakes": [1, 2, 2], "wakes_here": [1, 2, 2],
        "run": [3000000, 6000000, 10000000], "wait": [6000000, 10000000, 10000000], "turns": [0, 4, 4], "se.sum_exec_runtime":
        [4000000, 2000000, 4000000], "wait_sum": [0, 4000000, 6000000], "wait_count": [2, 1, 1], "nr_switches": [1, 1, 1],
        "nr_voluntary_switches": [1, 0, 1], "nr_involuntary_switches": [0, 1, 0], "policy": [1, 1, 1], "prio": [89, 94, 94],
        "priority": [2, 2, 2], "cpu": [0, 0, 0]},
    "tell_eevdf": {
        "se.sum_exec_runtime": [1000000, 2000000], "wait_sum": [1, 7000001], "wait_count": [1, 3], "nr_switches": [1, 3],
        "nr_voluntary_switches": [0, 1], "nr_involuntary_switches": [1, 2], "se.vruntime": [11056716, 14113432],
        "se.load.weight": [335, 335], "se.deadline": [18698507, 18698507], "se.slice": [7000000, 7000000], "se.vlag": [-2303221,
        668025], "policy": [0, 0], "prio": [125, 125], "priority": [2, 2], "cpu": [0, 0], "v": [11056716], "d": [18698507],
        "lag": [-2303221, 668025]},
    "tell_cfs": {
        "se.sum_exec_runtime": [1000000, 2000000], "wait_sum": [5000001, 11000001], "wait_count": [1, 2], "nr_switches": [0, 2],
        "nr_voluntary_switches": [0, 1], "nr_involuntary_switches": [0, 1], "se.vruntime": [15577685, 18634401],
        "se.load.weight": [335, 335], "policy": [0, 0], "prio": [125, 125], "priority": [2, 2], "cpu": [0, 0], "v": [15577685],
        "d": [0], "lag": [-15577685, 0]},
    "tell_others": {
        "se.sum_exec_runtime": [10000000, 20000000, 30000000], "wait_sum": [0, 0, 0], "wait_count": [1, 1, 1], "nr_switches":
        [0, 0, 0], "nr_voluntary_switches": [0, 0, 0], "nr_involuntary_switches": [0, 0, 0], "policy": [5, 1, 2], "prio": [120,
        92, 90], "priority": [2, 2, 2], "cpu": [0, 0, 0], "rt.time_slice": [90999999]},
    "tell_deadline": {
        "ahead": [7500000], "se.sum_exec_runtime": [2500000, 3000001, 3000001], "wait_sum": [0, 499999, 499999], "wait_count":
        [1, 1, 1], "nr_switches": [0, 1, 1], "nr_voluntary_switches": [0, 0, 0], "nr_involuntary_switches": [0, 1, 1],
        "dl.dl_runtime": [3000000, 3000000, 3000000], "dl.dl_deadline": [10000000, 10000000, 10000000], "dl.dl_period":
        [20000000, 20000000, 10000000], "dl.runtime": [999999, -1, -1], "dl.deadline": [10012345, 10012345, 10012345],
        "dl.throttled": [0, 1, 1], "policy": [6, 6, 6], "prio": [-1, -1, -1], "priority": [2, 2, 2], "cpu": [0, 0, 0]},
}


BOUNDS = {
    **{case: exactly(TELLS, **told) for case, told in TOLD.items()},
    "rt_limit_long": exactly("the real-time class has rt_runtime of each rt_period, however long", ran=[5000, 6000]),
    "rt_comes_back": exactly("who comes from another class has a turn of its own", next=[1, 3, 1]),
    "admission_counts": exactly("what is reserved is counted, with a limit or without", reserved=[1310720, 786432, 786432], error=[ESRCH]),
    "options": exactly("the boot options are in force", rt=[1000 * MS, 950 * MS], deadline=[996148], tick=[MS]),
    "partition_mask": exactly("a deadline thread is on one CPU, and any mask but one for all CPUs is refused", error=[0, 0, EPERM],
                              mask=[3, 1, -1, 1, 3, 3]),
    "partition_other": exactly("what is reserved on a CPU is counted there", error=[0, 0, EBUSY, EBUSY, 0, 0], cpu=[1, 0, 0, 1, 1, 1],
                               reserved=[0] + [500] * 10 + [700], returned=[0] * 9 + [500, 0, 0]),
    "dl_may_not_go": exactly("the timer comes when a budget ends and when it comes back, and not between", throttled=[1, 0], soon=[0],
                             runs=[1]),
    "dl_yields_late": exactly("who yields comes back in its next period", runs=[0, 1]),
    "dl_beside_throttled": exactly("a budget ends when the timer says so, not at the tick", ran=[2600001]),
    "dl_wakes_throttled": exactly("a budget comes back at its time", idle=[1, 1], next=[2]),
    "dl_comes_back": exactly("who comes to the class has a budget", idle=[1], next=[1, 1, 1], throttled=[0]),
    "policy_changes": exactly("who follows to another policy has nothing to go by there", members=[1, 0, 1], lag=[0]),
    "lend_earliest": exactly(LENDS, policy=[6] * 7 + [0], priority=[0] * 8, due=[80, 40, 40, 40, 60, 80, 100, 0]),
    "lend_highest": exactly(LENDS, policy=[1] * 7 + [0], priority=[30, 70, 70, 70, 50, 30, 10, 0], due=[0] * 8),
    "lend_onwards": exactly(LENDS, policy=[6] * 10, priority=[0] * 10, due=[60, 60, 40, 40, 40, 40, 50, 50, 50, 50]),
    "lend_two": exactly(LENDS, policy=[6, 6, 0], priority=[0] * 3, due=[40, 80, 0], next=[3]),
    "lend_next_owner": exactly(LENDS, policy=[6], priority=[0], due=[40], next=[2, 3]),
    "lend_kinds": exactly(LENDS, policy=[1, 1, 1, 1, 2, 2, 1], priority=[50] * 5 + [60, 50], due=[0] * 7, nice=[7, -7, 3] + [0] * 4,
                          reset=[0] * 6 + [1], weight=[215, 4904, 526] + [1024] * 4),
    "lend_turns": exactly("an owner that takes turns goes on to do so", next=[1, 7]),
    "lend_asked_meanwhile": exactly(LENDS, policy=[1] * 3, priority=[50] * 3, due=[0] * 3, switches=[0], next=[2]),
    "lend_waiter_changes": exactly(LENDS, policy=[6, 6, 6, 1, 0], priority=[0, 0, 0, 30, 0], due=[80, 40, 80, 0, 0]),
    "lend_idle": exactly(LENDS, no_load=[1, 0, 1, 0], policy=[0, 5], priority=[0, 0], due=[0, 0], weight=[215]),
    "lend_no_budget": exactly(LENDS, next=[7, 1, 1, 7, 1], policy=[6], priority=[0], due=[50], budget=[0]),
    "lend_charges": exactly("what was run before a deadline was lent is charged, and nothing after", free=[0], cost=[0]),
    "lend_slice": exactly("who asks for another slice has it", policy=[0], request=[20 * MS]),
    "rt_from_others": exactly("who comes from the deadline class is lowered, who comes from another one raised", next=[3, 2, 4]),
    "rt_keeps_place": exactly("whoever lost the CPU stays before its equals, unless its priority changes", next=[2] * 5 + [3]),
    "rt_late": exactly("whoever comes to its equals while it runs goes behind those that wait", next=[3, 1, 4, 2, 3, 1, 2]),
    "lend_keeps_place": exactly("whoever lost the CPU stays before its equals, unless its priority changes", next=[1, 1]),
    "eevdf_equal": lambda facts: shares(facts["ran"], [1] * 4),
    "eevdf_zero_five": lambda facts: shares(facts["ran"], [753495, 246505]),
    "eevdf_wide": lambda facts: shares(facts["ran"], [88761, 15, 1024, 215]),
    "cfs_equal": lambda facts: shares(facts["ran"], [1] * 4, 6 * MS),
    "cfs_zero_five": lambda facts: shares(facts["ran"], [753495, 246505], 6 * MS),
    "eevdf_lag": lags, "eevdf_renice": renice, "eevdf_gamer": gamer, "eevdf_latency": eevdf_latency, "eevdf_clamp": clamp,
    "eevdf_yields": yields, "eevdf_late": late_lag, "half_a_slice": half_a_slice, "cfs_sleeper": cfs_sleeper, "forks": forks,
    "edf_two": no_miss(6000, 6000), "edf_three": no_miss(6000, 4000, 2000), "edf_overload": overload, "cbs_hog": no_miss(6000, 3000, 3000),
    "rt_limit": rt_limit, "rt_latency": at_once, "rt_order": rt_order, "rr_turns": rr_turns, "idle_class": idle_class,
    "ties_eevdf": order(2, 3, 5, 4), "ties_cfs": order(2, 3, 5, 4), "ties_deadline": order(2, 3, 5, 4),
    "dl_wake_1": wake(4000, 0, 0), "dl_wake_2": wake(7000, 2000, 1), "dl_wake_2_late": wake(10000, 2000, 1),
    "eevdf_tie": order(2), "dl_wake_throttled": wake(4000, 0, 0), "dl_late": late(20000, 1, 0), "dl_late_yield": late(34000, 0, 1),
    "dl_wake_3": wake(4000, 1500, 1), "dl_wake_large": wake(4000000, 2300000, 1), "dl_yield": dl_yield, "dl_overrun": overrun,
    "admission_cap": admission_cap, "admission_numbers": admission_numbers, "admission_rounding": admission_rounding,
    "zero_lag_exit": zero_lag(EBUSY, EBUSY, 0), "zero_lag_class": zero_lag(EBUSY, EBUSY, 0), "zero_lag_two": zero_lag(EBUSY, 0),
}
SAME = {"eevdf_wraps": "eevdf_early", "cfs_wraps": "cfs_early"}  # whose facts are those of the other


# --- judging a run -----------------------------------------------------------------------------------------------------------------------

def deviation(case, rows, found):
    """What the model says of a run; None without a trace."""
    normal = next((name for name in ("cfs", "rr") if f"{name}_" in case or f"_{name}" in case), "eevdf")
    return classes.replay(found, classes.ClassNumbers(**rows, dl_bandwidth=0), 1, "eevdf" if case.startswith("rr_") else normal)


def verdict(path_of, case, seed=1, **environment):
    """The rule that a run breaks; None if it breaks none. path_of(case): the program."""
    try:
        rows, found, facts = policies.play(path_of(case), case, seed, checked=not environment, **environment)
        wrong = deviation(case, rows, found) if found else None
        if wrong:
            return "\n".join([wrong.rule, *schedule.explain(wrong)])
        if case in BOUNDS:
            BOUNDS[case](facts)
        if case in SAME:
            assert facts == policies.play(path_of(SAME[case]), SAME[case])[2], "virtual time may wrap"
    except AssertionError as broken:
        return str(broken)
    return None


@pytest.mark.parametrize("seed", kernels.some((1, 2), 2))
@pytest.mark.parametrize("case", RANDOM)
def test_kernel_and_model_agree_on_every_number_and_decision(program, case, seed):
    rows, found, _ = policies.play(program(case), case, seed)
    wrong = deviation(case, rows, found)
    assert wrong is None, "\n".join([wrong.rule, *schedule.explain(wrong)])
    picks = [event for event in found if event.event == "PICK"]
    assert len(picks) > 1000 and sum(event.queued > 1 for event in picks) > len(picks) / 4  # there was something to decide
    assert {event.cls for event in picks} >= {0, 1, 2}                                      # between classes, too


@pytest.mark.parametrize("case", [case for test in TESTS for case in CASES[test] if case not in RANDOM])
def test_the_rule_holds(program, case):
    broken = verdict(program, case)
    assert broken is None, broken


@pytest.mark.parametrize("line, rt, deadline, tick", [
    ("rt_period=1 rt_runtime=0 dl_bandwidth=0 hz=10", [MS, 0], 0, 100 * MS),
    ("rt_period=100000 rt_runtime=100000 dl_bandwidth=1000 hz=10000", [100000 * MS] * 2, 1 << 20, MS // 10)])
def test_boot_options_have_their_range(program, line, rt, deadline, tick):
    facts = policies.play(program("options"), "options", LINE=line)[2]
    assert facts == {"rt": rt, "deadline": [deadline], "tick": [tick]}


@pytest.mark.parametrize("option, takes", [
    ("rt_period=0", "1..100000"), ("rt_period=100001", "1..100000"), ("rt_period=18446744073709551617", "1..100000"),
    ("rt_period=", "1..100000"), ("rt_period=1s", "1..100000"), ("rt_period=-1", "1..100000"), ("rt_runtime=100001", "0..100000"),
    ("dl_bandwidth=1001", "0..1000"), ("dl_bandwidth=0.95", "0..1000")])
def test_a_bad_boot_option_is_named_with_its_range(program, option, takes):
    done = subprocess.run([program("options"), "options"], capture_output=True, text=True, timeout=60, env=os.environ | {"LINE": option})
    _, row, refused = done.stdout.splitlines()
    assert done.returncode == 3 and row.startswith(f"  {option.split('=')[0]}={takes}  ")
    assert refused == f"refuse: boot option {option}: no such value"


def test_every_case_has_a_bound():
    assert {case for test in TESTS for case in CASES[test]} - {*BOUNDS, *SAME, *SAME.values(), *RANDOM} == {
        "every_change",   # the model's
        "eevdf_search",   # checks all by itself
        "eevdf_long"}     # may not overflow


# --- wrong kernels -----------------------------------------------------------------------------------------------------------------------

NEXT, NO_REASON, MAKES_ROOM, NUMBER = "runs next", "without a reason", "has to make room", "by the rules, and the kernel has"
STOPS = ("does not hold", "panic: ", "Sanitizer", "runtime error")  # the kernel's own checks, or the machine's
LENT = (NUMBER, "THROTTLE", "REPLENISH", "MISS", NEXT, NO_REASON, MAKES_ROOM)  # a lent deadline is in nobody's budget
EEVDF, CFS, RR = RANDOM

# what is wrong: (cases, file, what is changed, into what, and the rules by which it may be named)
PLANTED = {
    # weights and accounting
    "weights are ignored": (
        "eevdf_zero_five", "fair.c", "return sched_nice_to_weight[nice + 20];", "return NICE_0_WEIGHT;", (NUMBER,)),
    "the table of weights begins one too late": (
        EEVDF, "fair.c", "sched_nice_to_weight[nice + 20]", "sched_nice_to_weight[nice + 21 > 39 ? 39 : nice + 21]", (NUMBER,)),
    "what a division leaves over is lost": (
        EEVDF, "fair.c", "e->rest = x % e->weight;", "e->rest = 0;", (NUMBER,)),
    "large weights do not advance at all": (
        EEVDF, "fair.c", "return x / e->weight;", "return delta * (NICE_0_WEIGHT / e->weight);", (NUMBER,)),
    "what was charged is charged again": (
        "cfs_equal", "fair.c", "    t->se.charged += delta;\n", "", (NUMBER,)),
    "the wrong one is charged": (
        "eevdf_yields", "fair.c", "    e->vruntime += grown;",
        "    struct fair_entity *other = fair_of(rq->classes.fair.tree.leftmost);\n    (other ? other : e)->vruntime += grown;",
        (NUMBER, *STOPS)),
    "cfs: virtual times are compared as plain numbers": (
        "cfs_wraps", "fair_class.c", "return vtime_before(ea->vruntime, eb->vruntime);", "return ea->vruntime < eb->vruntime;",
        ("virtual time may wrap", *STOPS)),
    "equal virtual times: whoever was put there first": (
        "ties_cfs", "fair_class.c", "return ready_before(thread_of_fair(ea), thread_of_fair(eb));", "return false;", (NEXT,)),
    "a slice may be of any length": (
        EEVDF, "fair.c", "p->runtime ? min(max(p->runtime, SCHED_MIN_GRANULARITY_NS), SCHED_MAX_SLICE_NS) :", "p->runtime ? p->runtime :",
        (NUMBER,)),
    # cfs
    "cfs: min_vruntime goes back": (
        CFS, "cfs.c", "if (least && vtime_before(fair->min_vruntime, least->vruntime))", "if (least)", (NUMBER,)),
    "cfs: min_vruntime leaves out who runs": (
        CFS, "cfs.c", "*least = running;", "*least = NULL;", (NUMBER,)),
    "cfs: min_vruntime is compared as a plain number": (
        "cfs_wraps", "cfs.c", "vtime_before(fair->min_vruntime, least->vruntime)", "fair->min_vruntime < least->vruntime",
        ("virtual time may wrap", *STOPS)),
    "cfs: a sleeper keeps its virtual time": (
        "cfs_sleeper", "cfs.c", "least = fair->min_vruntime - SCHED_LATENCY_NS / 2;", ";", (NUMBER,)),
    "cfs: a sleeper gets no credit": (
        CFS, "cfs.c", "fair->min_vruntime - SCHED_LATENCY_NS / 2", "fair->min_vruntime", (NUMBER,)),
    "cfs: whoever wakes loses what it has run too much": (
        CFS, "cfs.c", "if (vtime_before(e->vruntime, least))", "if (true)", (NUMBER,)),
    "cfs: a new thread begins at 0": (
        CFS, "cfs.c", "e->vruntime = running ? running->vruntime : fair->min_vruntime;\n"
        "        least = fair->min_vruntime + cfs_slice(rq, e) * NICE_0_WEIGHT / e->weight;",
        "least = e->vruntime = 0;", (NUMBER,)),
    "cfs: a new thread does not wait for a turn": (
        CFS, "cfs.c", "least = fair->min_vruntime + cfs_slice(rq, e) * NICE_0_WEIGHT / e->weight;", "least = fair->min_vruntime;",
        (NUMBER,)),
    "cfs: all turns are equal": (
        "cfs_zero_five", "cfs.c", "period * e->weight / fair->weight", "period / fair->nr", (MAKES_ROOM, NO_REASON, NUMBER)),
    "cfs: a turn may be of any length": (
        CFS, "cfs.c", "return max(MIN_GRANULARITY_NS, period * e->weight / fair->weight);", "return period * e->weight / fair->weight;",
        (NO_REASON, NUMBER)),
    "cfs: a turn does not end": (
        "cfs_equal", "cfs.c", "turn >= cfs_slice(rq, e)", "turn >= 10 * cfs_slice(rq, e)", (MAKES_ROOM,)),
    "cfs: a turn ends though nobody has had less": (
        CFS, "cfs.c", " && !vtime_before(e->vruntime, first->vruntime))", ")", (NO_REASON,)),
    "cfs: whoever wakes waits for the tick": (
        CFS, "cfs.c", "if ((s64)(e->vruntime - t->se.fair.vruntime) >", "if (false && (s64)(e->vruntime - t->se.fair.vruntime) >",
        (MAKES_ROOM,)),
    "cfs: the least advantage is enough": (
        CFS, "cfs.c", "(s64)(CFS_WAKEUP_GRANULARITY_NS * NICE_0_WEIGHT / t->se.fair.weight)", "0", (NO_REASON,)),
    "cfs: the advantage is not one of its own time": (
        CFS, "cfs.c", "(s64)(CFS_WAKEUP_GRANULARITY_NS * NICE_0_WEIGHT / t->se.fair.weight)", "(s64)CFS_WAKEUP_GRANULARITY_NS",
        (NO_REASON, MAKES_ROOM)),
    "cfs: an advantage below 0 is a large one": (
        CFS, "cfs.c", "(s64)(e->vruntime - t->se.fair.vruntime) > (s64)(CFS", "e->vruntime - t->se.fair.vruntime > (CFS", (NO_REASON,)),
    "cfs: who yields stays the first": (
        CFS, "cfs.c", "least = first->vruntime;", "{ }", (NUMBER,)),
    "cfs: who has had most runs next": (
        CFS, "cfs.c", "return fair_of(rq->classes.fair.tree.leftmost);", "return fair_of(rq->classes.fair.tree.rightmost);", (NEXT,)),
    "cfs: turns are counted from the first one on": (
        CFS, "fair_class.c", "    e->picked_at = t->se.charged;\n    return t;", "    return t;", (NUMBER,)),
    "cfs: who sleeps is still counted": (
        CFS, "fair_class.c", "    if (!stays(t))\n        cfs_leave(rq, &t->se.fair);", "", (NUMBER, NO_REASON, MAKES_ROOM, *STOPS)),
    "cfs: the sum of weights is the one of before": (
        CFS, "fair_class.c", "rq->classes.fair.weight += (u64)weight - e->weight;", "{ }", (NUMBER, NO_REASON, MAKES_ROOM, *STOPS)),
    # eevdf
    "eevdf: V is rounded up": (
        EEVDF, "eevdf.c", " - (fair->sum % weight < 0)", "", (NUMBER, NEXT)),
    "eevdf: V is the least virtual time": (
        EEVDF, "eevdf.c", "    mean = fair->sum / weight - (fair->sum % weight < 0);",
        "    if (fair->tree.root)\n        return fair_of(fair->tree.root)->least;\n    mean = fair->sum / weight;",
        (NUMBER, NEXT)),
    "eevdf: V leaves out who runs": (
        EEVDF, "eevdf.c", "    if ((u64)fair->sum < fair->weight || !weight)",
        "    const struct fair_entity *e = fair_running(rq);\n"
        "    if (e && !rb_linked(&e->node) && weight > e->weight)\n"
        "        return fair->zero + (u64)((fair->sum - (s64)(e->vruntime - fair->zero) * e->weight) / (weight - e->weight));\n"
        "    if ((u64)fair->sum < fair->weight || !weight)", (NUMBER, NEXT)),
    "eevdf: the point from which the sum counts does not move": (
        "eevdf_long", "eevdf.c", "    fair->zero += (u64)mean;\n    fair->sum -= mean * weight;\n    return fair->zero;",
        "    return fair->zero + (u64)mean;", STOPS),
    "eevdf: a deadline does not move": (
        "eevdf_equal", "eevdf.c", "    e->deadline = e->vruntime + eevdf_request(e);\n    e->protected = false;",
        "    e->protected = false;",
        (NUMBER,)),
    "eevdf: a deadline moves from the last deadline": (
        EEVDF, "eevdf.c", "e->deadline = e->vruntime + eevdf_request(e);", "e->deadline += eevdf_request(e);", (NUMBER,)),
    "eevdf: protection goes on with the next request": (
        EEVDF, "eevdf.c", "    e->protected = false;\n#else", "#else", (MAKES_ROOM,)),
    "eevdf: the sum forgets what was run": (
        "eevdf_equal", "eevdf.c", "rq->classes.fair.sum += (s64)grown * e->weight;", ";", (NUMBER,)),
    "eevdf: who has just its share is not eligible": (
        "eevdf_equal", "eevdf.c", "!vtime_before(eevdf_vtime(rq), e->vruntime)", "vtime_before(e->vruntime, eevdf_vtime(rq))",
        (NO_REASON, MAKES_ROOM, NEXT)),
    "eevdf: the eligible one with the least virtual time runs": (
        EEVDF, "eevdf.c", "        if (has_eligible(node->left, vtime))\n            node = node->left;\n",
        "        if (node->left && fair_of(node->left)->least == fair_of(node)->least)\n            node = node->left;\n"
        "        else if (fair_of(node)->vruntime != fair_of(node)->least)\n            node = node->right;\n",
        (NEXT, NO_REASON, MAKES_ROOM)),
    "eevdf: whoever is due first runs, eligible or not": (
        EEVDF, "eevdf.c", "    if (!has_eligible(node, vtime))\n        return NULL;\n",
        "    if (!has_eligible(node, vtime) || true)\n        return fair_of(rq->classes.fair.tree.leftmost);\n",
        (NEXT, NO_REASON, MAKES_ROOM)),
    "eevdf: who stands to the left is asked last": (
        "eevdf_search", "eevdf.c", "if (has_eligible(node->left, vtime))\n            node",
        "if (vtime_before(vtime, fair_of(node)->vruntime) && has_eligible(node->left, vtime))\n            node", STOPS),
    "eevdf: the summary leaves out one side": (
        "eevdf_search", "eevdf.c", "if (right && vtime_before(right->least, least))", "if (false)", STOPS),
    "eevdf: the least virtual time is that of plain numbers": (
        "eevdf_search", "eevdf.c", "if (left && vtime_before(left->least, least))", "if (left && left->least < least)", STOPS),
    "eevdf: whoever waits is put where its virtual time says": (
        EEVDF, "fair_class.c", "insert(rq, t, why, eevdf_before);", "insert(rq, t, why, cfs_before);",
        (NEXT, NO_REASON, MAKES_ROOM, *STOPS)),
    "eevdf: deadlines are compared as plain numbers": (
        "eevdf_wraps", "eevdf.c", "return vtime_before(a->deadline, b->deadline);", "return a->deadline < b->deadline;",
        ("virtual time may wrap", *STOPS)),
    "eevdf: of two that are due at the same time, any": (
        "eevdf_search", "eevdf.c",
        "return ready_before(container_of(a, const struct thread, se.fair), container_of(b, const struct thread, se.fair));",
        "return false;", STOPS),
    "eevdf: who runs wins a tie": (
        "eevdf_tie", "eevdf.c", "vtime_before(e->deadline, first->deadline))", "!vtime_before(first->deadline, e->deadline))",
        ("of equals", MAKES_ROOM)),
    "eevdf: no protection at a tick": (
        EEVDF, "eevdf.c", "if (!is_protected(rq, e) && first_or(rq, e) != e)", "if (first_or(rq, e) != e)", (NO_REASON,)),
    "eevdf: protection has no end": (
        EEVDF, "eevdf.c", "    e->protected = e->protected && eevdf_eligible(rq, e);\n", "", (MAKES_ROOM,)),
    "eevdf: no protection at a wake": (
        EEVDF, "eevdf.c", "if (is_protected(rq, e) && t->se.fair.slice >= e->slice)", "if (is_protected(rq, e) && false)", (NO_REASON,)),
    "eevdf: a short slice waits as long as any": (
        "eevdf_latency", "eevdf.c", " && t->se.fair.slice >= e->slice)", ")", (MAKES_ROOM,)),
    "eevdf: whoever is picked has no right to go on": (
        EEVDF, "fair_class.c", "e->protected = true;", "e->protected = false;", (NO_REASON,)),
    "eevdf: what is owed to who leaves is not noted": (
        EEVDF, "fair_class.c", "    eevdf_keep_lag(rq, e);\n", "", (NUMBER,)),
    "eevdf: the sum keeps who has left": (
        EEVDF, "fair_class.c", "rq->classes.fair.sum -= (s64)(e->vruntime - rq->classes.fair.zero) * e->weight;", ";", (NUMBER, *STOPS)),
    "eevdf: the mean includes who is being placed": (
        EEVDF, "fair_class.c", "    eevdf_place(rq, t, why);\n    count_member(rq, e);",
        "    count_member(rq, e);\n    eevdf_place(rq, t, why);",
        (NUMBER,)),
    "eevdf: a new weight inside of the tree": (
        EEVDF, "fair_class.c", "bool queued = rb_linked(&e->node);", "bool queued = false;", (NEXT, NO_REASON, MAKES_ROOM)),
    "eevdf: a new slice counts from the next request on": (
        EEVDF, "fair_class.c", "        e->deadline = e->vruntime + eevdf_request(e);\n", "", (NUMBER,)),
    "eevdf: V is read before who runs is charged: at a new weight": (
        EEVDF, "fair_class.c", "    eevdf_charge(rq);\n    if (queued)", "    if (queued)", (NUMBER,)),
    "eevdf: ... when somebody joins": (
        EEVDF, "fair_class.c", "    eevdf_charge(rq);\n    if (!t->se.fair.member)", "    if (!t->se.fair.member)", (NUMBER,)),
    "eevdf: ... when somebody is taken out": (
        EEVDF, "fair_class.c", "    eevdf_charge(rq);\n    rb_erase", "    rb_erase", (NUMBER,)),
    "eevdf: who comes from another class brings an old lag": (
        EEVDF, "eevdf_place.c", "if (why == ENQUEUE_NEW || e->newcomer)", "if (why == ENQUEUE_NEW)", (NUMBER,)),
    "eevdf: a change of place makes younger": (
        "ties_eevdf", "fair_class.c", "    if (why != ENQUEUE_CHANGED)\n        t->since", "    t->since", (NEXT,)),
    "eevdf: sleeping gives up all that one is owed": (
        EEVDF, "eevdf_place.c", "if (why == ENQUEUE_NEW || e->newcomer)", "if (why != ENQUEUE_CHANGED || e->newcomer)", (NUMBER,)),
    "eevdf: sleeping erases a debt": (
        "eevdf_gamer", "eevdf_place.c", "e->vlag = min(max((s64)(vtime - e->vruntime), -most), most);",
        "e->vlag = min(max((s64)(vtime - e->vruntime), 0l), most);", (NUMBER,)),
    "eevdf: a lag has no bound": (
        "eevdf_late", "eevdf_place.c", "min(max((s64)(vtime - e->vruntime), -most), most)", "(s64)(vtime - e->vruntime)",
        (NUMBER, "within two requests")),
    "eevdf: the bound of a lag is the same for all weights": (
        EEVDF, "eevdf_place.c", "max(2 * e->slice, class_options.tick_ns) * NICE_0_WEIGHT / e->weight",
        "max(2 * e->slice, class_options.tick_ns)", (NUMBER,)),
    "eevdf: a lag is not scaled up": (
        EEVDF, "eevdf_place.c", "(u64)scale(e->vlag, fair->weight + e->weight, fair->weight)", "(u64)e->vlag", (NUMBER,)),
    "eevdf: a lag is scaled down": (
        EEVDF, "eevdf_place.c", "scale(e->vlag, fair->weight + e->weight, fair->weight)",
        "scale(e->vlag, fair->weight, fair->weight + e->weight)", (NUMBER,)),
    "eevdf: a new thread has a whole slice": (
        "half_a_slice", "eevdf_place.c", "e->slice / 2 * NICE_0_WEIGHT", "e->slice * NICE_0_WEIGHT", (NUMBER,)),
    "eevdf: a child inherits a lag": (
        EEVDF, "eevdf_place.c", "        e->vlag = 0;", "        e->vlag = rq->curr->se.fair.vlag;", (NUMBER,)),
    "eevdf: a change begins a new request": (
        EEVDF, "eevdf_place.c", "e->deadline = e->vruntime + (u64)e->ahead;", "e->deadline = e->vruntime + eevdf_request(e);", (NUMBER,)),
    "eevdf: the deadline of before is taken as it is": (
        EEVDF, "eevdf_place.c", "e->deadline = e->vruntime + (u64)e->ahead;", ";", (NUMBER,)),
    "eevdf: a virtual deadline is not divided by the weight": (
        EEVDF, "eevdf_place.c", "e->deadline = e->vruntime + eevdf_request(e);", "e->deadline = e->vruntime + e->slice;", (NUMBER,)),
    "eevdf: a yield moves the deadline each time": (
        "eevdf_yields", "eevdf_place.c", "if ((s64)(e->deadline - e->vruntime) <= (s64)eevdf_request(e))", "if (true)", (NUMBER,)),
    "eevdf: a yield does nothing": (
        EEVDF, "fair_class.c", "eevdf_yield(&t->se.fair);", "{ }", (NUMBER,)),
    "eevdf: a new weight changes the lag": (
        "eevdf_renice", "eevdf_place.c", "e->vruntime = vtime - (u64)scale((s64)(vtime - e->vruntime), e->weight, weight);", ";",
        (NUMBER,)),
    "eevdf: a new weight scales the wrong way": (
        "eevdf_renice", "eevdf_place.c", "scale((s64)(vtime - e->vruntime), e->weight, weight)",
        "scale((s64)(vtime - e->vruntime), weight, e->weight)", (NUMBER, *STOPS)),
    "eevdf: a new weight while asleep changes the lag": (
        EEVDF, "eevdf_place.c", "e->vlag = scale(e->vlag, e->weight, weight);", ";", (NUMBER,)),
    "eevdf: the sum of weights is the one of before": (
        EEVDF, "eevdf_place.c", "fair->weight += (u64)weight - e->weight;", ";", (NUMBER, *STOPS)),
    # real time
    "rt: who loses the CPU goes to the end": (
        "rt_order", "rt.c", "(why == ENQUEUE_PREEMPTED && !e->turn_over)", "false", (NEXT,)),
    "rt: whose slice is over stays the first": (
        "rr_turns", "rt.c", "(why == ENQUEUE_PREEMPTED && !e->turn_over)", "why == ENQUEUE_PREEMPTED", (NEXT,)),
    "rt: who is lowered goes to the end": (
        "rt_order", "rt.c", " || (why == ENQUEUE_CHANGED && e->lowered)", "", (NEXT,)),
    "rt: who is raised goes to the head": (
        "rt_order", "rt.c", "(why == ENQUEUE_CHANGED && e->lowered)", "why == ENQUEUE_CHANGED", (NEXT,)),
    "rt: who comes from the deadline class goes to the end": (
        "rt_from_others", "rt_class.c", ": from_deadline;", ": false;", (NEXT,)),
    "rt: who comes while it runs goes before those that wait": (
        "rt_late", "rt_class.c", "if (raised && t == rq->curr &&", "if (false &&", (NEXT,)),
    "rt: another policy of the same priority costs the place": (
        "rt_keeps_place", "attr.c", "bool moves = !same_list(p, &t->se.params);", "bool moves = true;", ("lost the CPU",)),
    "rt: a priority without effect keeps the place of before": (
        "rt_keeps_place", "attr.c", "a->rt_priority && a->rt_priority == b->rt_priority", "a->rt_priority && b->rt_priority",
        (NEXT, "DEQUEUE, then POLICY", "lost the CPU", *STOPS)),
    "rt: the last come is served first": (
        "rt_order", "rt.c", "list_push_tail(&rt->level[level], &t->run_link);", "list_push_head(&rt->level[level], &t->run_link);",
        (NEXT,)),
    "rt: the lowest priority runs first": (
        EEVDF, "rt.c", "63 - (unsigned)__builtin_clzl(rt->nonempty[word])", "(unsigned)__builtin_ctzl(rt->nonempty[word])", (NEXT,)),
    "rt: priorities below 64 come first": (
        EEVDF, "rt.c", "unsigned word = rt->nonempty[1] != 0;", "unsigned word = rt->nonempty[0] == 0;", (NEXT,)),
    "rt: FIFO has turns, too": (
        "rr_turns", "rt.c", "t->se.params.policy != SCHED_RR || ", "", ("a turn under RR", NUMBER, NO_REASON)),
    "rt: a turn has no end": (
        "rr_turns", "rt.c", "t->se.charged - e->slice_start < SCHED_RR_SLICE_NS", "true", (NUMBER, MAKES_ROOM)),
    "rt: a turn is renewed with each pick": (
        "rr_turns", "rt_class.c", "    t->se.rt.turn_over = false;\n    return t;",
        "    t->se.rt.turn_over = false;\n    t->se.rt.slice_start = t->se.charged;\n    return t;", (NUMBER,)),
    "rt: an equal takes the CPU": (
        "rt_order", "rt.c", "t->se.rt.priority > rq->curr->se.rt.priority", "t->se.rt.priority >= rq->curr->se.rt.priority", (NO_REASON,)),
    "rt: a higher one waits for the tick": (
        "rt_order", "rt.c", "if (t->se.rt.priority > rq->curr->se.rt.priority)", "if (false)", (MAKES_ROOM, "takes the CPU", NO_REASON)),
    "rt: the class has no limit": (
        "rt_limit", "rt.c", "return rt->used >= class_options.rt_runtime_ns;", "return false;", ("THROTTLE",)),
    "rt: what was run in all windows counts": (
        EEVDF, "rt.c", "rt->used = min(delta, now - window * class_options.rt_period_ns);", "rt->used += delta;", ("THROTTLE",)),
    "rt: the class runs though it is throttled": (
        "rt_limit", "rt_class.c", "rq->classes.rt.nr && !rq->classes.rt.throttled ?", "rq->classes.rt.nr ?", (NEXT, *STOPS)),
    "rt: those throttled count as ready": (
        EEVDF, "rt_class.c", "    rq->nr_ready -= rt->nr;\n", "", ("counts as many", *STOPS)),
    "rt: the class never comes back": (
        "rt_limit", "rt_class.c", "return rq->classes.rt.throttled ? window_end(&rq->classes.rt) : ~0ul;", "return ~0ul;", ("comes back",)),
    "rt: a list's bit stays": (
        "rt_order", "rt_class.c", "rt->nonempty[level / 64] &= ~(1ul << level % 64);", "{ }", STOPS),
    # deadlines
    "edf: in the order of arrival": (
        "edf_three", "edf.c",
        "ta->se.dl.deadline != tb->se.dl.deadline ? earlier(ta->se.dl.deadline, tb->se.dl.deadline) : ready_before(ta, tb)",
        "ready_before(ta, tb)", (NEXT,)),
    "edf: the shortest period first": (
        "edf_three", "edf.c", "ta->se.dl.deadline != tb->se.dl.deadline ? earlier(ta->se.dl.deadline, tb->se.dl.deadline) :",
        "ta->se.params.deadline != tb->se.params.deadline ? ta->se.params.deadline < tb->se.params.deadline :", (NEXT,)),
    "edf: equal deadlines: whoever was put there first": (
        "ties_deadline", "edf.c", "earlier(ta->se.dl.deadline, tb->se.dl.deadline) : ready_before(ta, tb)",
        "earlier(ta->se.dl.deadline, tb->se.dl.deadline) : false", (NEXT,)),
    "edf: a change of class makes younger": (
        "ties_deadline", "deadline_class.c", "    if (why != ENQUEUE_CHANGED)\n        t->since", "    t->since", (NEXT,)),
    "edf: relative deadlines are compared": (
        EEVDF, "edf.c", "if (earlier(t->se.dl.deadline, rq->curr->se.dl.deadline))",
        "if (t->se.params.deadline < rq->curr->se.params.deadline)", (NO_REASON, MAKES_ROOM)),
    "edf: whoever is due first waits until the CPU is free": (
        EEVDF, "edf.c", "if (earlier(t->se.dl.deadline, rq->curr->se.dl.deadline))", "if (false)", (MAKES_ROOM,)),
    "cbs: a budget has no end": (
        "cbs_hog", "edf.c", "    t->se.dl.budget -= (s64)delta;", "    (void)delta;", ("THROTTLE", NUMBER)),
    "cbs: an overrun is forgiven": (
        EEVDF, "edf.c", "e->budget += (s64)t->se.params.runtime;", "e->budget = (s64)t->se.params.runtime;", (NUMBER,)),
    "cbs: the budget comes back without a later deadline": (
        "cbs_hog", "edf.c", "        e->deadline += deadline_period(&t->se.params);\n", "", ("moves the deadline", NUMBER)),
    "cbs: periods begin when the budget comes": (
        "dl_yield", "edf.c", "e->deadline += deadline_period(&t->se.params);", "e->deadline = now + deadline_period(&t->se.params);",
        ("moves the deadline", NUMBER)),
    "cbs: a deadline that has passed stays": (
        EEVDF, "edf.c", "    if (earlier(e->deadline, now))\n        begin_anew(t, now);\n#else", "#else", ("moves the deadline", NUMBER)),
    "cbs: the next period begins at the deadline": (
        "dl_wake_1", "edf.c", "return t->se.dl.deadline - t->se.params.deadline + deadline_period(&t->se.params);",
        "return t->se.dl.deadline;", ("THROTTLE", NUMBER)),
    "cbs: who wakes behind its deadline need not wait": (
        "dl_wake_1", "edf.c", " && earlier(now, edf_next_period(t)))", " && false)", (NUMBER, "THROTTLE")),
    "cbs: who slept has all that it left unused": (
        "dl_wake_2", "edf.c", "(s64)left < 0 || (unsigned __int128)e->budget * p->deadline > (unsigned __int128)left * p->runtime",
        "(s64)left < 0", (NUMBER,)),
    "cbs: a deadline that passed in its sleep stays": (
        "dl_wake_2_late", "edf.c", "(s64)left < 0 || ", "", (NUMBER,)),
    "cbs: the budget comes back with each wake": (
        "dl_wake_3", "edf.c", "(s64)left < 0 || (unsigned __int128)e->budget * p->deadline > (unsigned __int128)left * p->runtime", "true",
        (NUMBER,)),
    "cbs: products of 64 bits": (
        "dl_wake_large", "edf.c", "(unsigned __int128)e->budget * p->deadline > (unsigned __int128)left * p->runtime",
        "e->budget * (s64)p->deadline > (s64)(left * p->runtime)", (NUMBER, *STOPS)),
    "cbs: throttled ones count as ready": (
        "dl_yield", "budget.c", "        rq->nr_ready--;\n", "", ("counts as many", *STOPS)),
    "cbs: who has no budget goes on": (
        "cbs_hog", "budget.c", "    if (t == rq->curr)\n        resched(rq);\n", "", (MAKES_ROOM, NUMBER)),
    "cbs: the budget comes a little early": (
        EEVDF, "budget.c", "thread_of_dl(first)->se.dl.replenish_at <= now)",
        "thread_of_dl(first)->se.dl.replenish_at <= now + NS_PER_MS)",
        ("comes back at its time",)),
    "cbs: a budget ends at a tick": (
        "dl_overrun", "budget.c", "    if (end >= rq->classes.next_event)\n        return;", "    return;",
        ("a budget ends when", )),
    "cbs: a yield keeps the budget": (
        "dl_yield", "deadline_class.c", "    if (why == ENQUEUE_YIELD)\n        budget_give_up(rq, t);\n", "", ("THROTTLE", NUMBER)),
    "cbs: a yield forgives an overrun": (
        "dl_late_yield", "budget.c", "min(t->se.dl.budget, 0l)", "0", (NUMBER,)),
    "cbs: new numbers renew the budget": (
        EEVDF, "deadline_class.c", "e->budget = min(e->budget, (s64)t->se.params.runtime);", "e->budget = (s64)t->se.params.runtime;",
        (NUMBER,)),
    "cbs: a wake ends the throttling": (
        "dl_wake_throttled", "deadline_class.c",
        "why == ENQUEUE_WAKE && t->se.dl.throttled && !earlier(rq_now(rq), t->se.dl.replenish_at)",
        "why == ENQUEUE_WAKE && t->se.dl.throttled", ("comes back at its time",)),
    "edf: a deadline is missed again and again": (
        "edf_overload", "budget.c", "    e->missed = e->deadline;\n", "", ("missed once",)),
    "edf: nobody says that a deadline was missed": (
        "edf_overload", "budget.c", "!earlier(e->deadline, rq_now(rq)))", "true)", ("MISS",)),
    "admission: bandwidths are rounded down": (
        "admission_rounding", "admission.c", "(p->runtime << DL_BANDWIDTH_SHIFT) + period - 1", "(p->runtime << DL_BANDWIDTH_SHIFT)",
        ("rounded up",)),
    "admission: who changes its numbers counts twice": (
        "admission_cap", "admission.c", "dl->bandwidth - t->se.dl.bandwidth + bandwidth", "dl->bandwidth + bandwidth", ("0.95",)),
    "admission: everybody is let in": (
        "admission_cap", "admission.c", "if (class_options.dl_bandwidth && sum > class_options.dl_bandwidth)", "if (false)", ("0.95",)),
    "admission: all of the CPU is too much": (
        "admission_rounding", "admission.c", "sum > class_options.dl_bandwidth", "sum >= class_options.dl_bandwidth", ("rounded up",)),
    "admission: who leaves takes its bandwidth along": (
        "admission_cap", "admission.c", "        dl->bandwidth -= e->bandwidth;\n", "        ;\n", ("0.95",)),
    "admission: bandwidth comes back at once": (
        "zero_lag_class", "admission.c", "if ((s64)(when - rq_now(rq)) <= 0) {", "if (true) {", ("0-lag",)),
    "admission: bandwidth comes back at the deadline": (
        "zero_lag_exit", "admission.c", "when = e->deadline - (u64)evenly(e->budget, e->bandwidth);", "when = e->deadline;", ("0-lag",)),
    "admission: bandwidth never comes back": (
        "zero_lag_exit", "admission.c", "    dl->bandwidth -= dl->leaving;\n", "", ("0-lag",)),
    "admission: of two times the sooner": (
        "zero_lag_two", "admission.c", "max(dl->leaving_at, when)", "min(dl->leaving_at, when)", ("0-lag",)),
    "admission: an exit gives nothing back": (
        "zero_lag_exit", "deadline_class.c", "    if (t->state == THREAD_ZOMBIE)\n        deadline_unreserve(rq, t);\n", "", ("0-lag",)),
    "admission: any mask will do": (
        "admission_cap", "partition.c", "if (online & ~t->cpu_mask)", "if (false)", ("0.95",)),
    "admission: a runtime above the deadline": (
        "admission_numbers", "partition.c", " && p->runtime <= p->deadline &&", " &&", ("Q <= D",)),
    "admission: a deadline above the period": (
        "admission_numbers", "partition.c", " && p->deadline <= period;", ";", ("Q <= D",)),
    # what is lent across classes
    "lend: who comes back has no lag": (
        EEVDF, "classes.c", "if (lent ? class->id != SCHED_CLASS_NORMAL : returns && class == &eevdf_class)", "if (false)", (NUMBER,)),
    "lend: a lent deadline costs budget": (
        EEVDF, "budget.c", "return !t->se.dl.lent && edf_charge(t, delta);", "return edf_charge(t, delta) && !t->se.dl.lent;",
        LENT),
    "lend: a lent deadline is missed": (
        EEVDF, "budget.c", "if (e->lent || e->throttled || ", "if (e->throttled || ", ("MISS",)),
    "lend: a lent deadline is given up at a yield": (
        EEVDF, "budget.c", "    if (t->se.dl.lent)\n        return;\n    t->se.dl.budget = min(t->se.dl.budget, 0l);\n",
        "    t->se.dl.budget = min(t->se.dl.budget, 0l);\n    if (t->se.dl.lent)\n        return;\n", LENT),
    "lend: a lent deadline goes by the rules of waking": (
        EEVDF, "deadline_class.c", "!t->se.dl.lent && edf_wake", "edf_wake", LENT),
    "lend: its own deadline is forgotten": (
        EEVDF, "deadline_class.c", "    e->deadline = e->own;\n", "", LENT),
    "lend: what is lent without effect costs the place": (
        "lend_keeps_place", "mutex.c", "sched_change_begin(rq, t, changed)", "sched_change_begin(rq, t, true)", ("lost the CPU",)),
    "lend: a thread priority without effect costs the place": (
        "lend_keeps_place", "control.c", "sched_change_begin(rq, t, moves)", "sched_change_begin(rq, t, true)", ("lost the CPU",)),
    "lend: the later of two deadlines": (
        EEVDF, "lend.c", "earlier(own, e->offer) ? own : e->offer", "earlier(own, e->offer) ? e->offer : own", LENT),
    "lend: budget is free afterwards": (
        EEVDF, "deadline_class.c", "    if (t->se.dl.budget <= 0)\n        budget_throttle(rq, t);\n    else if", "    if", LENT),
    "lend: what is asked for meanwhile is as good": (
        EEVDF, "attr.c", "    class_lend_stop(rq, t);\n", "", (*LENT, *STOPS)),
    # all classes
    "a priority that stays as it is has who waits looked at": (
        EEVDF, "control.c", "sched_change_end(&change, moves || t == rq->curr)", "sched_change_end(&change, true)", (NO_REASON,)),
    "the classes are in another order": (
        EEVDF, "core.c", "{ CLASSES_ABOVE &rr_class, CLASSES_BELOW", "{ &rt_class, &deadline_class, &rr_class, CLASSES_BELOW", (NEXT,)),
    "a lower class takes the CPU": (
        EEVDF, "core.c", "t->class->id < rq->curr->class->id", "t->class->id != rq->curr->class->id", (NO_REASON,)),
    "a higher class waits for the tick": (
        "idle_class", "core.c", "t->class->id < rq->curr->class->id", "false", (MAKES_ROOM, "takes the CPU")),
    "the new class charges what the old one has": (
        EEVDF, "classes.c", "    t->se.charged = cycles_to_ns(t->slice_start);\n", "    t->se.charged = 0;\n", (NUMBER, "THROTTLE",
        "MISS")),
    "the timer is not set for what a class has to do": (
        "dl_wake_1", "classes.c", "if (rq->classes.next_event < before)", "if (false)", ("REPLENISH", "first wake-up rule", "comes back")),
    "a deadline thread may have children like itself": (
        "admission_cap", "classes.c", "from->se.asked.policy == SCHED_DEADLINE && ", "false && ", ("0.95",)),
    "reset-on-fork is forgotten": (
        "forks", "classes.c", "if (from && !from->se.asked.reset_on_fork)", "if (from)", (NUMBER, "maker's policy", *STOPS)),
    "reset-on-fork leaves the privilege": (
        "forks", "classes.c", "p->nice = max(from->se.asked.nice, (s8)0);", "p->nice = from->se.asked.nice;", ("maker's policy",)),
    "idle: no turns": (
        "idle_class", "background.c", "if (quantum_over(rq, t) && !list_empty(&rq->classes.background.ready))", "if (false)",
        (MAKES_ROOM, "turns")),
    "idle: who loses the CPU goes to the end": (
        "idle_class", "background.c", " || (why == ENQUEUE_PREEMPTED && !over)", "", (NEXT,)),
    "idle: they count as load": (
        "idle_class", "background.c", "count(rq, t != rq->curr);", ";", ("no load",)),
    # what only the cases above see
    "rt: what was run counts up to 4 s": (
        "rt_limit_long", "rt.c", "rt->used += delta;", "rt->used = (u32)(rt->used + delta);", ("rt_runtime",)),
    "rt: the end of a turn is remembered in other classes": (
        "rt_comes_back", "rt_class.c", "    if (!before)\n        e->turn_over = false;\n", "", (NEXT,)),
    "admission: without a limit nothing is counted": (
        "admission_counts", "admission.c", "    settle(rq);\n    sum =", "    if (!class_options.dl_bandwidth)\n        return true;\n"
        "    settle(rq);\n    sum =", ("counted",)),
    "admission: who is gone has reserved": (
        "admission_counts", "attr.c", "        if (error && p->policy == SCHED_DEADLINE)\n            deadline_unreserve(rq, t);\n", "",
        ("counted",)),
    "admission: of a limit a part is lost": (
        "options", "classes.c", " + PER_MILLE - 1) / PER_MILLE", ") / PER_MILLE", ("in force",)),
    "cbs: who cannot lose the CPU has no next period": (
        "dl_may_not_go", "budget.c", "    if (e->throttled && e->replenish_at <= now)\n        replenish(rq, t);\n    else if", "    if",
        ("comes back",)),
    "cbs: who cannot lose the CPU keeps the timer busy": (
        "dl_may_not_go", "budget.c", "t->se.dl.throttled ? t->se.dl.replenish_at : budget_end(rq, t)", "budget_end(rq, t)",
        ("comes back",)),
    "cbs: who has no budget gives it up again": (
        "dl_yields_late", "budget.c", "    t->se.dl.budget = min(t->se.dl.budget, 0l);\n    if (!t->se.dl.throttled)\n",
        "    t->se.dl.budget = min(t->se.dl.budget, 0l);\n", ("THROTTLE", *STOPS)),
    "cbs: what was not charged yet counts as budget": (
        "dl_beside_throttled", "budget.c", "t->se.dl.budget - (s64)uncharged(rq, t);", "t->se.dl.budget;", ("a budget ends when",)),
    "cbs: who wakes without budget is forgotten": (
        "dl_wakes_throttled", "deadline_class.c", "        budget_wait(rq, t);\n        classes_note_event(rq);",
        "        budget_wait(rq, t);", ("comes back",)),
    "cbs: who comes back has no budget": (
        "dl_comes_back", "deadline_class.c", "    e->missed = 0;\n    e->throttled = false;\n", "    e->missed = 0;\n",
        ("counts as many", *STOPS)),
    "another policy: the old one counts who runs": (
        "policy_changes", "classes.c", "    if (t->state == THREAD_RUNNING && t->class->put_prev_task)\n"
        "        t->class->put_prev_task(rq, t);\n", "", STOPS),
    "another policy: who is lent to has the old one's lag": (
        "policy_changes", "classes.c", "    if (t->se.lent)\n        t->se.fair.newcomer = true; /* where it comes back to */\n", "",
        ("nothing to go by",)),
    "lend: who takes turns does so no more": (
        "lend_turns", "lend.c", "p.policy == SCHED_RR ? SCHED_RR : SCHED_FIFO", "SCHED_FIFO", ("takes turns", NUMBER, NEXT)),
    "lend: the nice value is lost": (
        "lend_kinds", "lend.c", ".nice = p.nice, ", "", (LENDS,)),
    "lend: reset-on-fork is lost": (
        "lend_kinds", "lend.c", ", .reset_on_fork = p.reset_on_fork }", " }", (LENDS,)),
    "lend: SCHED_IDLE stays what it is": (
        "lend_idle", "lend.c", "        p.policy = SCHED_OTHER;\n", "", (LENDS,)),
    "lend: the latest offer counts": (
        "lend_earliest", "lend.c", "        if (*offer && !earlier(due, *offer))\n"
        "            return; /* and everybody behind it has as early a one already */\n", "", (LENDS,)),
    "lend: an earlier offer is not told": (
        "lend_earliest", "lend.c", "        *offer = due;\n        offered(m->owner);", "        *offer = due;", (LENDS,)),
    "lend: an offer goes to the first owner alone": (
        "lend_onwards", "lend.c", "m && m->owner; m = m->owner->blocked_on) {\n        u64 *offer",
        "m && m->owner; m = NULL) {\n        u64 *offer", (LENDS,)),
    "lend: the first who waits counts": (
        "lend_earliest", "lend.c", "(!earliest || earlier(waiter->se.dl.deadline, earliest))", "!earliest", (LENDS,)),
    "lend: who gives up is not told": (
        "lend_two", "lend.c", "        t->se.dl.offer = earliest;\n        offered(t);", "        t->se.dl.offer = earliest;", (LENDS,)),
    "lend: who gives up is told to the first owner alone": (
        "lend_onwards", "lend.c", "for (; t; t = t->blocked_on ? t->blocked_on->owner : NULL) {", "for (; t; t = NULL) {", (LENDS,)),
    "lend: a mutex that was given up still lends": (
        "lend_two", "mutex.c", "    mutex_release(m);\n    deadline_offers(me);", "    mutex_release(m);", (LENDS,)),
    "lend: who takes a mutex does not hear of those who wait": (
        "lend_next_owner", "mutex.c", "    if (!error && !list_empty(&m->waiters.waiters))\n        deadline_offers(current());\n", "",
        (LENDS, NEXT, *STOPS)),
    "lend: a deadline counts only behind an inherited level": (
        "lend_next_owner", "lend.c", "max(t->inherited, class_level(t, 0)) < LEVEL_DEADLINE", "t->inherited < LEVEL_DEADLINE",
        (LENDS, NEXT, *STOPS)),
    "lend: a change ends it for a moment": (
        "lend_asked_meanwhile", "attr.c", "    class_lend_again(rq, t);\n", "", (LENDS, NO_REASON, *STOPS)),
    "lend: what the waiter is now is not told": (
        "lend_waiter_changes", "mutex.c", "        deadline_offers(t->blocked_on->owner);\n        priority_recompute",
        "        priority_recompute", (LENDS,)),
    "lend: what the waiter is no more is not told": (
        "lend_waiter_changes", "mutex.c", "        priority_recompute(t->blocked_on->owner);\n", "", (LENDS,)),
    "lend: a waiter that is worth more is not told": (
        "lend_waiter_changes", "attr.c", "mutex_priority_changed(tid);", "(void)tid;", (LENDS,)),
    "lend: what was run before is free": (
        "lend_charges", "deadline_class.c", "    if (t->se.asked.policy == SCHED_DEADLINE && t == rq->curr)\n"
        "        budget_charge(rq, t);\n", "", ("charged",)),
    "lend: another slice is forgotten": (
        "lend_slice", "fair_class.c", "        e->ahead = (s64)eevdf_request(e);\n", "", ("another slice",)),
    "idle: who comes while it runs is not counted": (
        "lend_idle", "background.c", "    (void)t;\n    count(rq, 1);", "    (void)t, (void)rq;", (LENDS,)),
    # what is told
    "told: who runs has lost the CPU": (
        "tell_turns", "account.c", " - (t->state == THREAD_RUNNING) - t->nr_waits", " - t->nr_waits", (TELLS,)),
    "told: who blocks was made to": (
        "tell_turns", "account.c", " - (t->state == THREAD_RUNNING) - t->nr_waits", " - (t->state == THREAD_RUNNING)", (TELLS,)),
    "told: the boot thread had no turn": (
        "tell_turns", "account.c", "t->nr_switches + !!(t->flags & THREAD_BOOT_STACK)", "t->nr_switches", (TELLS,)),
    "told: who is gone has not waited": (
        "tell_turns", "account.c", "    rq->waited += waited - t->wait_settled;\n", "", (TELLS,)),
    "told: a wait counts twice": (
        "tell_turns", "account.c", "    t->wait_settled = waited;\n", "", (TELLS,)),
    "told: nobody was the CPU's time, too": (
        "tell_turns", "account.c", " - thread_cpu_ns(idle)", "", (TELLS,)),
    "told: to stay is no decision": (
        "tell_turns", "account.c", "rq->nr_switches + rq->nr_stays, .idle", "rq->nr_switches, .idle", (TELLS,)),
    "told: nobody's turns count": (
        "tell_turns", "account.c", "rq->nr_switches - idle->nr_switches", "rq->nr_switches", (TELLS,)),
    "told: the lag of who waits is the one with which it came": (
        "tell_eevdf", "class_tell.c", "e->member ? (s64)(eevdf_vtime(rq) - e->vruntime) : e->vlag", "e->vlag", (TELLS,)),
    "told: the lag of who sleeps grows": (
        "tell_eevdf", "class_tell.c", "e->member ? (s64)(eevdf_vtime(rq) - e->vruntime) : e->vlag", "(s64)(eevdf_vtime(rq) - e->vruntime)",
        (TELLS,)),
    "told: a turn under RR is always whole": (
        "tell_others", "class_tell.c", "SCHED_RR_SLICE_NS - (se->charged - se->rt.slice_start)", "SCHED_RR_SLICE_NS", (TELLS,)),
    "told: a period that nobody named is 0": (
        "tell_deadline", "class_tell.c", "deadline_period(&se->params)", "se->params.period", (TELLS,)),
    "partition: what was given back is reserved for ever": (
        "partition_other", "partition.c",
        "    rq->classes.dl.bandwidth -= __atomic_exchange_n(&rq->classes.dl.returned, 0, __ATOMIC_RELAXED);\n", "",
        ("is counted there", *STOPS)),
    "partition: who is on its way reserves where it is": (
        "partition_other", "partition.c", "rq->cpu == t->se.dl.cpu && ", "", ("is counted there", *STOPS)),
    "partition: nobody reserves where it is": (
        "partition_other", "partition.c", "    if (reserve_on(&run_queues[t->last_cpu], t, bandwidth))\n"
        "        return 0;\n", "",
        ("is counted there", *STOPS)),
    "partition: there is one CPU": (
        "partition_other", "partition.c", "    for (u64 left = online; left; left &= left - 1)\n"
        "        if (reserve_on(&run_queues[__builtin_ctzl(left)], t, bandwidth))\n"
        "            return 0;\n", "",
        ("is counted there", *STOPS)),
    "partition: what was reserved elsewhere is given back here": (
        "partition_other", "partition.c", "    if (rq == reserved) {", "    if (rq) {", ("is counted there", *STOPS)),
    "partition: what was reserved elsewhere is kept": (
        "partition_other", "partition.c",
        "    __atomic_fetch_add(&reserved->classes.dl.returned, t->se.dl.bandwidth, __ATOMIC_RELAXED);\n", "",
        ("is counted there", *STOPS)),
    "partition: it is given back twice": (
        "partition_other", "partition.c", "__ATOMIC_RELAXED);\n"
        "    t->se.dl.bandwidth = 0;", "__ATOMIC_RELAXED);",
        ("is counted there", *STOPS)),
    "partition: a deadline thread goes anywhere": (
        "partition_mask", "partition.c", "    set_mask(t, 1ul << t->se.dl.cpu);\n", "", ("is on one CPU", NEXT, *STOPS)),
    "partition: it never goes anywhere again": (
        "partition_mask", "partition.c", "    set_mask(t, t->se.dl.allowed);\n", "", ("is on one CPU", NEXT, *STOPS)),
    "partition: nobody else may have a mask, either": (
        "partition_mask", "partition.c", "    if (t->se.asked.policy != SCHED_DEADLINE)\n"
        "        return 0;\n"
        "    if (online", "    if (online",
        ("is on one CPU", NEXT, *STOPS)),
    "partition: a deadline thread has any mask": (
        "partition_mask", "partition.c", "    if (online & ~*mask)\n        return -EPERM;\n", "", ("is on one CPU", NEXT, *STOPS)),
    "partition: its mask is forgotten": (
        "partition_mask", "partition.c", "    t->se.dl.allowed = *mask;\n", "", ("is on one CPU", NEXT, *STOPS)),
    "partition: its mask is in force at once": (
        "partition_mask", "partition.c", "    *mask = t->cpu_mask;\n", "", ("is on one CPU", NEXT, *STOPS)),
}


@pytest.mark.parametrize("name", kernels.some(PLANTED, 10))
def test_a_wrong_kernel_is_named(program, name):
    case, file, find, replace, rules = PLANTED[name]
    path = program(case, file, find, replace)
    seeds = range(1, 25) if case in RANDOM else (1,)
    broken = next(filter(None, (verdict(lambda _: path, case, seed, STEPS=SOME_STEPS) for seed in seeds)), None)
    assert broken, "nobody saw it"
    assert any(rule in broken for rule in rules), broken

