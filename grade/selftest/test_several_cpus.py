"""Phase 4's kernel on several CPUs, as far as no lab's test looks: what the boot options do that tests rely on, how a test ends, and what
earlier labs tested, in later kernels as well."""

import contextlib
import inspect
import re
import subprocess

import kernels
import pytest

from grade.boot import LIMIT_MS, Boot
from grade.machine import Machine
from grade.smp_rules import work_is_conserved

PHASE, CPUS = 4, 4
# They replay a recorded run, which QEMU makes on one CPU alone; or their boosts lie at fixed times since the machine was turned on, and
# four CPUs come up later.
ON_ONE_CPU = {"a_debugger_finds_a_call_of_the_switch_to_be_like_any_other", "a_joined_thread_is_gone",
              "each_switch_brings_a_processs_own_tables_and_stack", "no_tables_are_given_back_that_are_in_use",
              "a_boost_lifts_everybody", "every_decision_of_the_queue_is_the_models"}
EARLIER = [(phase, test.name) for phase in range(1, PHASE) for test in kernels.phase_tests(phase).values()]


class Bound(Boot):
    """On four CPUs, of which all threads use the first."""

    policy = ""  # where the test does not choose one

    def __call__(self, ktest, options="", **more):
        more["limit_ms"] = 2 * more.get("limit_ms", LIMIT_MS)
        if "sched=" not in options:
            options = f"{options} {self.policy}"
        return super().__call__(ktest, f"{options} affinity=1".strip(), cpus=CPUS, **more)


@contextlib.contextmanager
def booted(made, kind=Boot, budget=1):
    with contextlib.closing(kind(*made["checked"], 2, budget, made, archive=kernels.archive_of(made.phase))) as boot:
        yield boot


@pytest.mark.parametrize("kernel, phase", [(kernel, phase) for kernel in kernels.PHASES for phase in range(1, PHASE) if kernel >= PHASE])
def test_what_earlier_labs_tested_holds(tmp_path, kernel, phase):
    """On the first of four CPUs, beside three that idle; for a machine with one, and for lab 4's tests, see test_steps.py."""
    made = kernels.Variants(kernel, {}, tmp_path)
    tests = [test for test in kernels.phase_tests(phase).values() if test.name not in ON_ONE_CPU]
    tests = [test for test in tests if kernels.ALL or "unchecked" not in test.builds]  # a kernel that nobody else needs
    for test in kernels.some(tests[0 if kernels.ALL else kernel - PHASE:], 12):
        found, _ = kernels.function(test.name, phase)
        arguments = [list(range(1, test.seeds + 1))] if "seeds" in inspect.signature(found).parameters else []
        with booted(made, Bound, kernels.boots(found)) as boot:
            boot.policy = "sched=rr" if test.name in kernels.IN_ORDER else ""
            found(boot, *arguments)


def test_the_tests_that_need_one_cpu_are_tests():
    assert {name for _, name in EARLIER} >= ON_ONE_CPU


@pytest.mark.parametrize("option, interval", [("balance=10", 10), ("", 50)])
def test_a_cpu_balances_once_in_its_interval(tmp_path, option, interval):
    """Its own ticks count, and the last one may have come when the test was over."""
    with booted(kernels.Variants(PHASE, {}, tmp_path)) as boot:
        run = boot("balance_spread", f"steal=off {option}", cpus=CPUS, limit_ms=300)
        for cpu in range(CPUS):
            queue, ticks = run.kernel["run_queues"][cpu], len(run.events("TICK", cpu=cpu))
            assert ticks > 20 and 0 <= ticks - (queue.nr_balances * interval + queue.balance_ticks) <= 1
            assert queue.balance_ticks < interval


@pytest.mark.parametrize("ktest", ["steal_busy", "steal_told", "steal_hogs"])
def test_an_idle_cpu_hears_of_who_waits(tmp_path, ktest):
    """Whoever is told first may not take him, or has other work; and who took one looks again. Nobody's turn ends, so nobody joins a queue
    but those who begin, or are set free."""
    with booted(kernels.Variants(PHASE, {}, tmp_path)) as boot:
        work_is_conserved(boot(ktest, "balancing=off quantum=100", cpus=CPUS, limit_ms=1000).events(), CPUS)


def test_each_look_for_work_is_counted(tmp_path):
    """Three CPUs look in vain; later two threads may leave, and go."""
    with booted(kernels.Variants(PHASE, {}, tmp_path)) as boot:
        told = boot("steal_vain", "balancing=off quantum=100", cpus=CPUS, limit_ms=400).facts("COUNT", 3)
    before, after, later = ((fact.a & 0xffffffff, fact.b) for fact in told)
    assert before[0] >= CPUS - 1 and later[1] >= 2 and later[0] - after[0] >= later[1] - after[1]


def places(made, seed):
    with booted(made) as boot:
        run = boot("rally_ticks", f"seed={seed} quantum=3 hz=2000", cpus=CPUS)
        return [0, *(run.kernel["run_queues"][cpu].tick_phase for cpu in range(1, CPUS))]  # CPU 0's says when the period begins


def test_a_seed_says_when_other_cpus_tick(tmp_path):
    """Without one they divide the period evenly, and a seed brings no two close to each other; the same seed, the same ticks."""
    made = kernels.Variants(PHASE, {}, tmp_path)
    assert places(made, 0) == [0, 250_000, 125_000, 375_000]
    found = [places(made, seed) for seed in (1, 2, 3)]
    assert found[0] == places(made, 1) and len({tuple(each) for each in found}) == 3
    for each in found:
        in_order = sorted(each)
        assert min(b - a for a, b in zip(in_order, [*in_order[1:], 500_000])) >= 62_500, each


@pytest.mark.parametrize("cpus", [2, 3, CPUS, 8])
def test_cpus_that_compute_all_get_on(tmp_path, cpus):
    """QEMU gives them turns, and would give one of two all of them (timer_interrupt()): each has its share of the instructions, and none
    stands still for long."""
    with booted(kernels.Variants(PHASE, {}, tmp_path), budget=3) as boot:
        for seed in range(3):
            run = boot("smp_hogs", f"rounds={cpus} seed={seed}", cpus=cpus, limit_ms=3000, trace="off")
            looks, longest = ([fact.b for fact in run.facts(key, cpus)] for key in ("ROUND", "RESPONSE"))
            assert min(looks) >= 0.4 * sum(looks) / cpus, f"seed {seed}: {looks} looks at the clock"
            assert max(longest) <= 4_000_000, f"seed {seed}: ns without one: {longest}"


def test_at_a_tests_end_all_other_cpus_stand_still(tmp_path):
    """Halted, and no interrupt wakes them: otherwise what is judged would depend on when QEMU stops the machine."""
    with booted(kernels.Variants(PHASE, {}, tmp_path)) as boot:
        run = boot("smp_hogs", "rounds=4", cpus=CPUS, limit_ms=2000)
        cpus, image = run.end.cpus, run.kernel.image
    at_work = [cpu for cpu in cpus if not cpu["HLT"] or cpu["RFL"] & 1 << 9]
    assert len(cpus) == CPUS and [image.function(cpu["RIP"])[0] for cpu in at_work] in ([], ["machine_poweroff"])


def test_a_panic_stops_all_cpus_and_says_where_each_was(tmp_path):
    """Also one that has its interrupts off: two that wait for each other's locks have, and that is when one wants to know."""
    with booted(kernels.Variants(PHASE, {}, tmp_path)) as boot:
        run = boot("panic_others", cpus=CPUS, outcome=None, result=None)
        assert run.panic, run.outcome
    places = dict(re.findall(r"^CPU (\d) was in thread \d+ \([\w/]+\):\n((?:  #.*\n)+)", run.console, re.M))
    assert sorted(places) == ["1", "2", "3"], run.console
    assert "keep_interrupts_off" in places["1"] and "compute_on" in places["2"] and "idle" in places["3"], places
    assert all(cpu["HLT"] for cpu in run.end.cpus[1:])


@pytest.mark.parametrize("cpus", [CPUS, 8])
def test_the_trace_of_many_cpus_leaves_room_for_the_kernel(tmp_path, cpus):
    """A size that was asked for is kept or refused; of the usual one the later CPUs' rings may be a part."""
    with booted(kernels.Variants(PHASE, {}, tmp_path)) as boot:
        run = boot("smp_hogs", "rounds=2", cpus=cpus, limit_ms=2000, trace="all")
        sizes = [run.kernel["trace_rings"][cpu].capacity for cpu in range(cpus)]
        assert sizes[0] == 131072 and sizes == sorted(sizes, reverse=True) and run.events()


def test_the_monitor_says_and_sets_where_a_thread_may_run():
    """Thread 1 is the monitor's own: it goes where it says at once."""
    typed = "cpus 1\ncpus 1 4\ncpus 1 0x30\ncpus 99\ncpus\ncpus 1 x\ncpus 1 0xf\npoweroff\n"
    with Machine(kernels.reference(PHASE) / "build/checked/kernel.elf", "init= watchdog=2000", input=typed.encode(), limit_ms=2000,
                 cpus=CPUS) as machine:
        assert machine.run().kind == "poweroff"
        answers = [part.split("\n")[1] for part in machine.console().split("\n> ")[1:-1]]
    usage = "cpus of which thread, and on which may it run? cpus TID [MASK], bit n of MASK for CPU n"
    assert answers == ["thread 1 may run on CPUs 0xf of 0xf, and was last on CPU 0", "thread 1 may run on CPUs 0x4 of 0xf, and was last "
                       "on CPU 2", "no CPU of 0x30 is online", "there is no thread 99", usage, usage,
                       "thread 1 may run on CPUs 0xf of 0xf, and was last on CPU 2"]


def test_a_change_is_there_before_who_polls_is_looked_at():
    """A processor may read before others see what it wrote; then who begins to poll sees no change, and is not seen. No run on this machine
    shows that each time: so the function is read."""
    text = subprocess.run(["objdump", "-d", "--no-show-raw-insn", str(kernels.reference(PHASE) / "build/checked/kernel.elf"),
                           "--disassemble=poll_changed"], capture_output=True, text=True, check=True).stdout
    before, _, _ = text.partition("<polling>")
    assert "<polling>" in text and re.search(r"\t(mfence|lock |xchg)", before), text
