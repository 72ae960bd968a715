"""The long tests, a tenth of them: churning threads loses nothing, grading is the same beside whatever runs; and the soak itself: it goes
on where it stopped, and a kernel that leaks is found."""

import contextlib
import json
import re
import subprocess

import kernels
import pytest
import race_rates
import reference

from grade import parallel, soak, soak_programs, soak_smp
from grade.boot import RACE, Boot
from grade.errors import RuleBroken, UserError

WORK = kernels.REFERENCE / "build/checked"  # for what is read from the kernels' debug information
SMALL = {"exit_churn": ("lives", 400, 100), "yield_churn": ("yields", 1000, 500)}
NO_GRADES = ("grades", 0, 1)
SEEDS = {1: 5, 2: 3, 3: 1, 4: 1}  # of a phase's tests that take seeds; with programs each costs more


@pytest.mark.parametrize("ktest, variant, rounds", [
    ("exit_churn", "checked", 20_000),
    ("exit_churn", "plain", 80_000),
    ("yield_churn", "checked", 500_000),
    ("yield_churn", "plain", 500_000),
])
def test_churning_leaves_frames_and_objects_as_they_were(ktest, variant, rounds):
    assert soak.churn(kernels.REFERENCE / "build" / variant / "kernel.elf", WORK, ktest, rounds) > 0


def test_a_kernel_that_leaks_a_stack_in_ten_thousand_is_found(tmp_path):
    text = kernels.files_of(105)["kernel/sched/exit.c"]
    leaky = text.replace("    thread_free_stack(t);", "    if (t->tid % 100)\n        thread_free_stack(t);")
    assert leaky != text
    kernel = kernels.build(kernels.REFERENCE, {"kernel/sched/exit.c": leaky}, tmp_path)
    with pytest.raises(RuleBroken, match="ends with the frames and objects it began with"):
        soak.churn(kernel, None, "exit_churn", 200)


def test_a_soak_goes_on_where_it_stopped(tmp_path, capsys):
    state = tmp_path / "soak.json"
    assert soak.soak(kernels.REFERENCE, state, 0, SMALL, NO_GRADES) == 0
    assert not state.exists() and "the time is over" in capsys.readouterr().out
    half = soak.read_state(state, kernels.REFERENCE, soak.items(kernels.REFERENCE, SMALL, NO_GRADES))
    half["items"]["exit_churn"]["done"] = 300
    soak.write_state(state, half)
    assert soak.soak(kernels.REFERENCE, state, None, SMALL, NO_GRADES) == 0
    said = capsys.readouterr().out
    assert [line.split(": nothing")[0].split("soak:")[1].strip() for line in said.splitlines() if "nothing lost" in line] == [
        "500 of 1,000 yields", "1,000 of 1,000 yields", "400 of 400 lives"]
    assert json.loads(state.read_text())["laps"] == 1


@pytest.mark.parametrize("phase, test", kernels.some([(phase, test.name) for phase in kernels.PHASES
                                                      for test in kernels.phase_tests(phase).values() if test.seeds], 2))
def test_many_seeds_of_a_race_pass(phase, test, tmp_path):
    """The soak goes on from there."""
    most = 2000 if kernels.ALL else SEEDS[phase]
    for at in range(1, most + 1, 200):
        result = kernels.judge(kernels.Variants(phase, {}, tmp_path), test, seeds=list(range(at, min(at + 200, most + 1))))
        assert result["status"] == "pass", (result, at)


def test_a_soak_finds_the_seed_that_fails(tmp_path, capsys):
    """And says how to see it again."""
    tree = reference.copy(tmp_path / "tree", 2, kernels.VARIANTS)
    text = kernels.files_of(299, 2)["kernel/sched/critical.c"]
    open_to_all = text.replace("    return irq_save();", "    return irq_enabled() ? 1ul << 9 : 0;")
    assert open_to_all != text
    (tree / "kernel/sched/critical.c").write_text(open_to_all)
    for checked in (0, 1):
        subprocess.run(["make", "-s", "kernel", f"CHECKED={checked}"], cwd=tree, check=True)
    assert soak.soak(tree, tmp_path / "soak.json", None, {}, NO_GRADES, ("seeds", 20, 20)) == 1
    said = capsys.readouterr().out
    assert "SEEDS=" in said and "make grade TEST=a_counter_changed" in said


def test_a_soak_tries_programs_from_phase_3_on(tmp_path, capsys):
    """A new seed for each piece, checked and plain kernel in turn; a phase without programs has nothing of it."""
    users = {"fuzz": ("calls", 2000, 1000), "scarce": ("programs", 1, 1)}
    assert not set(users) & set(dict(soak.items(kernels.REFERENCE, {}, NO_GRADES, users=users)))
    assert soak.soak(kernels.reference(3), tmp_path / "soak.json", None, {}, NO_GRADES, ("seeds", 0, 1), users) == 0
    said = capsys.readouterr().out
    assert re.findall(r"nothing lost \((\w+) kernel, ([\w ]+):", said) == [
        ("checked", "seed 1"), ("checked", "scarce"), ("plain", "seed 2")]


def test_a_soak_does_a_fifth_of_everything_and_then_the_next_one():
    items = {"a": {"done": 0, "goal": 10}, "b": {"done": 0, "goal": 100}, "c": {"done": 0, "goal": 0}}
    order = []
    while name := soak.due(items):
        order.append(name)
        items[name]["done"] += {"a": 1, "b": 20}[name]
    assert "".join(order) == "aab" * 5


def test_a_soak_of_one_thing_alone(tmp_path, capsys):
    state = tmp_path / "soak.json"
    assert soak.soak(kernels.REFERENCE, state, None, SMALL, NO_GRADES, only="yield") == 0
    done = {name: item["done"] for name, item in json.loads(state.read_text())["items"].items()}
    assert done["yield_churn"] == 1000 and done["exit_churn"] == 0 and "done: yield_churn" in capsys.readouterr().out
    with pytest.raises(UserError, match="called 'nonsense'; there are: exit_churn, yield_churn"):
        soak.soak(kernels.REFERENCE, state, None, SMALL, NO_GRADES, only="nonsense")


def test_a_soak_storms_several_cpus_from_phase_4_on(tmp_path, capsys):
    """With seeds; and CPUs that work at the same time run programs."""
    kernels.built_reference(kernels.reference(4), "race")
    assert not soak_smp.has_several(kernels.reference(3))
    assert soak.soak(kernels.reference(4), tmp_path / "soak.json", None, {}, NO_GRADES, ("seeds", 1, 1), {}, only="families") == 0
    assert "1 of 1 seeds of families of processes on four CPUs: 1 to 1 pass" in " ".join(capsys.readouterr().out.split())
    assert soak.soak(kernels.reference(4), tmp_path / "threads.json", None, {}, NO_GRADES, ("seeds", 3, 3), {}, only="fuzz_threads") == 0
    said = re.findall(r"nothing lost \((\w+) kernel, seed (\d)\)", capsys.readouterr().out)
    assert said == [("checked", "1"), ("plain", "2"), ("race", "3")]
    if not parallel.possible():
        with soak_programs.machines(kernels.reference(4), "checked", parallel.Parallel) as boot:
            assert boot("user", program=["/tests/hello"], cpus=4, trace="off", limit_ms=parallel.LIMIT_MS).status == 0


if not parallel.possible():  # otherwise conftest.py says what is left out

    def test_a_slow_page_fault_gives_a_file_no_page_behind_its_end(tmp_path):
        """On two CPUs: one maps a page of the file, and is slow, while the other cuts the file off."""
        path, before = "kernel/fs/memfs_file.c", "    if (!there && one_more()) {"
        tree = kernels.reference(4)
        text = (tree / path).read_text()
        assert text.count(before) == 1
        slow = text.replace(before, "    for (int i = 0; i < 200; i++)\n        __builtin_ia32_pause();\n" + before)
        kernel = kernels.build(tree, {path: slow}, tmp_path)
        archive = soak_programs.archive_of(tree)
        with contextlib.closing(parallel.Parallel(kernel, kernels.image(kernel, tree), 2, 1, archive=archive)) as boot:
            soak_smp.races(boot, 100)


def test_an_alarm_that_rings_without_end_is_found(tmp_path):
    """By the families, which begin beside one."""
    path = "kernel/sched/periodic.h"
    text = (kernels.reference(4) / path).read_text()
    endless = text.replace("(least - next +", "0 * (least - next +")
    assert endless != text
    made = kernels.Variants(4, {path: endless}, tmp_path)
    boot = Boot(*made["checked"], 1, archive=kernels.archive_of(4))
    with contextlib.closing(boot):
        run = boot("user", program=["/tests/families"], cpus=4, trace="off", outcome=None, limit_ms=60)
    assert run.outcome == "hang"


def test_a_soak_without_programs_says_how_to_build_them(tmp_path):
    with pytest.raises(UserError, match="make user builds it"):
        soak_programs.archive_of(tmp_path)


def test_a_soak_of_another_kernel_begins_anew(tmp_path, capsys):
    state = tmp_path / "soak.json"
    done = soak.read_state(state, kernels.REFERENCE, SMALL.items())
    done["items"]["exit_churn"]["done"] = 300
    soak.write_state(state, {**done, "kernels": {"checked": "another", "plain": "another"}})
    assert soak.read_state(state, kernels.REFERENCE, SMALL.items())["items"]["exit_churn"]["done"] == 0
    assert "begins anew" in capsys.readouterr().out


@pytest.mark.parametrize("text, words", [("{", "is not a soak's state")])
def test_a_state_that_is_none_is_named(tmp_path, capsys, text, words):
    (tmp_path / "soak.json").write_text(text)
    assert soak.main(["--tree", str(kernels.REFERENCE), "--state", str(tmp_path / "soak.json")]) == 4
    assert words in capsys.readouterr().err


def test_a_soak_without_kernels_says_how_to_build_them(tmp_path, capsys):
    assert soak.main(["--tree", str(tmp_path), "--state", str(tmp_path / "soak.json")]) == 4
    assert "make kernel CHECKED=1 builds it" in capsys.readouterr().err


def test_grading_is_the_same_beside_busy_processes(tmp_path):
    """To the time stamps in the guest."""
    tree = reference.copy(tmp_path / "tree")
    test, beside = ("", max(soak.LOADS)) if kernels.ALL else ("join", 3)
    first, second, third = (soak.graded(tree, tmp_path / "out", n, test) for n in (0, 0, beside))
    assert len(first["tests"]) > 2 and all(test["status"] == "passed" for test in first["tests"])
    assert all(boot["time"] for test in first["tests"] for boot in test["extra_data"]["boots"])
    soak.compare(first, second)
    soak.compare(first, third)


def test_a_time_stamp_that_differs_is_named():
    def results(time):
        return {"tests": [{"name": "1.5 a claim", "score": 4, "extra_data": {"status": "pass", "boots": [{"time": time}]}}]}

    soak.compare(results(7), results(7))
    with pytest.raises(RuleBroken) as broken:
        soak.compare(results(7), results(8))
    assert broken.value.evidence[0] == "1.5 a claim: boots: [{'time': 7}] and then [{'time': 8}]"


def test_no_busy_process_is_left(tmp_path):
    with soak.busy(2):
        pass
    with pytest.raises(ZeroDivisionError), soak.busy(2):
        1 / 0


def test_how_often_a_race_is_found_is_counted_for_each_density():
    mutant = next(mutant for mutant in race_rates.races() if mutant["id"] == "critical-does-nothing")
    counts = race_rates.found(mutant, 1)
    assert len(counts) == len(race_rates.DENSITIES) and counts[race_rates.DENSITIES.index(RACE)] == 1
