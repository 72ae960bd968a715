"""make bench: the figures hold their limits, what is counted is what is executed, and a figure above its limit is not passed over."""

import json
import re
import subprocess

import kernels
import pytest

from grade import bench, dwarf, steps
from grade.errors import GraderFault

KERNEL = kernels.REFERENCE / "build/plain/kernel.elf"


@pytest.fixture(scope="module")
def result():
    return bench.measure(KERNEL)


def ours(result, name):
    return next(figure["ours"] for figure in result["figures"] if figure["name"] == name)


def test_every_figure_is_within_its_limit(result):
    """Under the compiler that the limits are for; under another one they are reported."""
    assert not bench.over(result), "\n".join(bench.lines(result))
    assert [figure["name"] for figure in result["figures"] if figure["limit"]] == [
        "thread switch", "trace record", "reset to the kernel's first line of C", "reset to the monitor's prompt"]


def test_the_page_about_performance_names_these_limits():
    page = (kernels.ROOT / "docs/performance.md").read_text()
    limits = [int(found.replace(",", "")) for found in re.findall(r"^\|[^|]*\| ([\d,]+) \| [\d,]+ \|$", page, re.M)]
    assert limits == [bench.SWITCH_LIMIT, bench.RECORD_LIMIT, bench.START_LIMIT, bench.PROMPT_LIMIT,
                      bench.PREEMPTIVE_SWITCH_LIMIT, bench.BLOCK_LIMIT, bench.TICK_LIMIT, bench.RECORD_LIMIT]


def test_a_trace_record_costs_the_same_wherever_it_is_written(result):
    assert next(figure["note"] for figure in result["figures"] if figure["name"] == "trace record").startswith("constant")


def test_a_turn_under_eevdf_grows_with_the_logarithm_of_who_waits():
    """And stays within its limit with ten thousand."""
    path = kernels.reference(5) / "build/plain/kernel.elf"
    kernel = steps.Kernel(path, dwarf.load(path, path.parent))
    found = bench.turns(kernel)
    turns = {figure["name"].split()[1]: figure for figure in found if figure["name"].endswith("a turn")}
    assert list(turns) == ["10", "100", "1,000", "10,000"] and turns["10,000"]["limit"] == bench.TURN_LIMIT
    if not bench.is_judged(kernel):
        return
    assert not bench.over({"judged": True, "figures": found}), "\n".join(f"{f['name']}: {f['ours']}" for f in found)
    for digits, figure in enumerate(turns.values(), 1):
        assert figure["ours"] <= digits * turns["10"]["ours"], f"{figure['name']}: {figure['ours']}"


def test_two_switches_and_what_is_around_them_are_a_pair_of_yields(result):
    """The same work counted in two ways: between marks, and from function to function. The caller adds its call and nothing else."""
    whole = ours(result, "thread switch, to the end of its thread_yield()")
    assert 2 * whole <= ours(result, "thread_yield() and back: two switches") <= 2 * whole + 6


def test_the_parts_of_a_switch_are_the_switch(result):
    lines = bench.breakdown(result["switch"], kernels.REFERENCE)
    counts = {line.split()[1]: int(line.split()[0]) for line in lines[1:]}
    assert counts.pop("together") == sum(counts.values()) == ours(result, "thread switch")
    assert {"thread_yield", "yield_locked", "schedule", "switch_to"} <= set(counts) and counts["switch_context"] == 17


def test_instructions_are_counted_as_the_disassembler_lists_them():
    """switch_context() has no branch: what is executed of it is what it consists of."""
    kernel = steps.Kernel(KERNEL, dwarf.load(KERNEL, KERNEL.parent))
    run = steps.executed(kernel, "ktest=yield_churn rounds=3 trace=off")
    low, high = kernel.extent("switch_context")
    at = run.pcs.index(low)
    executed = run.pcs[at:next(n for n in range(at, len(run.pcs)) if not low <= run.pcs[n] < high)]
    command = ["objdump", "-d", "--no-show-raw-insn", str(KERNEL), "--disassemble=switch_context"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    addresses = [int(found, 16) for found in re.findall(r"^\s*([0-9a-f]{16}):\t\w", listed, re.M)]
    assert executed == addresses[:len(executed)] and len(executed) == 17


def test_a_block_that_was_not_executed_is_not_counted():
    log = [b"Trace 0: 0x7f00 [0000000000000000/ffffffff80101000/0000c0b0/ff020201] a\n",
           b"Trace 0: 0x7f40 [0000000000000000/ffffffff80101002/0000c0b0/ff020201] a\n",
           b"Stopped execution of TB chain before 0x7f40 [ffffffff80101002] a\n",
           b"Trace 0: 0x7f40 [0000000000000000/ffffffff80101002/0000c0b0/ff020201] a\n"]
    assert steps.addresses(log) == [0xffffffff80101000, 0xffffffff80101002]


@pytest.mark.parametrize("value, judged, found", [(80, True, 0), (81, True, 1), (81, False, 0)])
def test_a_figure_above_its_limit_is_a_failure_where_it_is_judged(value, judged, found):
    result = {"judged": judged, "compiler": "gcc 12.2.0", "qemu": "7.2", "cpu": "x", "peer": None,
              "figures": [bench.figure("x", value, 80)]}
    assert len(bench.over(result)) == found
    said = "\n".join(bench.lines(result))
    assert ("TOO MANY: x: 81, and 80 is the limit" in said) == bool(found) and ("not judged" in said) == (not judged)


def test_the_bench_leaves_its_figures_in_a_file(tmp_path, result, monkeypatch, capsys):
    monkeypatch.setattr(bench, "measure", lambda *_: result)
    assert bench.main(["--kernel", str(KERNEL), "--out", str(tmp_path)]) == 0
    kept = json.loads((tmp_path / "bench.json").read_text())
    assert {"name", "ours", "limit", "peer", "ratio"} <= set(kept["figures"][0]) and kept["figures"][0]["peer"] is None
    assert "every figure is within its limit" in capsys.readouterr().out
    slow = {**result, "figures": [{**result["figures"][0], "limit": 10}]}
    monkeypatch.setattr(bench, "measure", lambda *_: slow)
    assert bench.main(["--kernel", str(KERNEL), "--out", str(tmp_path)]) == 1


def test_a_kernel_that_is_none_is_named(tmp_path, capsys):
    assert bench.main(["--kernel", str(tmp_path / "kernel.elf"), "--out", str(tmp_path)]) == 4
    assert "there is no kernel at" in capsys.readouterr().err


def test_an_unsolved_kernel_is_no_ground_for_figures(tmp_path):
    """It panics at the first stub: no figure comes of that, and no wrong one."""
    path = "kernel/sched/yield.c"
    kernel = kernels.build(kernels.REFERENCE, {path: kernels.files_of(103)[path]}, tmp_path, "plain")
    with pytest.raises(GraderFault, match="did not come to its end: PANIC: lab 1.[45]"):
        bench.measure(kernel)


def test_the_source_of_an_instruction_is_found_by_the_functions_that_a_file_defines():
    text = "#include <x.h>\n\nstatic inline u64 *first(int a,\n                  int b)\n{\n}\n\n" \
           "__attribute__((flatten, noinline)) void second(void)\n{\n    third(1);\n}\nint declared(void);\n"
    assert bench.definitions(text) == [(3, "first"), (8, "second")]
    assert bench.definitions("; text\nglobal fourth\nfourth:\n    ret\n") == [(3, "fourth")]
