"""make bench in phase 5: what programs of busybox cost the kernel holds its limits, and is judged beside Debian's Linux. No network, and no
Linux is booted: docs/performance.md has what was counted there."""

import os
import re

import kernels
import pytest

from grade import bench, bench_real, bench_user, dwarf, guest
from grade.debian import NotToBeHad
from grade.errors import GraderFault
from grade.linux_peer import Linux

TREE = kernels.reference(5)
KERNEL, PROGRAMS = TREE / "build/plain/kernel.elf", TREE / "build/user"
NAMES = [name for name, _, _ in bench_real.FIGURES]
DONE = ["script 890", "gzip " + "0" * 32 + " -"]


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    path = tmp_path_factory.mktemp("real") / "archive"
    path.write_bytes(bench_real.archive(PROGRAMS))
    return path


@pytest.fixture(scope="module")
def ours(archive):
    """What is counted of our kernel, with user mode, and where."""
    return bench_real.counted(bench_user.crescent(KERNEL, archive, bench_real.WORK), ",user=on,where=on")


@pytest.fixture(scope="module")
def image():
    return dwarf.load(KERNEL, kernels.ROOT / "build/dwarf")


# --- our figures --------------------------------------------------------------------------------------------------------------------


def test_the_kernels_part_of_real_programs_is_within_its_limits(ours, image):
    """Under the compiler that the limits are for. None is so small that it was not counted."""
    rows, _ = ours
    found = {name: (row["kernel"], limit) for row, (name, limit, _) in zip(rows, bench_real.FIGURES)}
    assert all(limit / 2 < count for count, limit in found.values()), found
    if bench.is_judged(bench.Kernel(KERNEL, image)):
        assert all(count <= limit for count, limit in found.values()), found


def test_the_work_is_what_its_name_says(ours):
    """Of the script 500 processes, and what it added up; of the other all bytes."""
    (script, gzip), _ = ours
    lengths = sum(len(f"round {number}\n") for number in range(100))
    assert (script["processes"], script["done"]) == (500, f"script {lengths}")
    assert gzip["processes"] == 1 and gzip["all"] > 100 * bench_real.TEXT
    assert len(bench_real.text()) == bench_real.TEXT and bench_real.text() == bench_real.text()


def test_kernel_mode_and_user_mode_are_all_that_the_clock_counted(ours):
    """But for the instructions that faulted, which are tried twice: one for each page that was touched first, or written first."""
    rows, _ = ours
    for row in rows:
        assert 0 <= row["kernel"] + row["user"] - row["all"] < row["kernel"] / 1000, row


def test_where_the_instructions_are_is_told_by_function(ours, image):
    rows, where = ours
    said = bench_real.where_lines(where, image)
    together = int(re.match(r" *([\d,]+)  together$", said[-1])[1].replace(",", ""))
    assert together == sum(where.values()) == sum(row["kernel"] for row in rows)
    assert any(re.search(r"^ *[\d,]+  pages_fork$", line) for line in said)


if kernels.ALL:  # takes as long as all the others together
    def test_the_same_is_counted_without_looking_where(ours, archive):
        again, where = bench_real.counted(bench_user.crescent(KERNEL, archive, bench_real.WORK))
        assert where == {} and again == [{**row, "user": 0} for row in ours[0]]


def test_a_plugin_that_cannot_write_is_told(tmp_path):
    made = bench_real.plugin(tmp_path)
    with pytest.raises(GraderFault, match="out= names no file that can be written"):
        guest.run(guest.Guest(KERNEL, "-- ktest=bench trace=off"), tmp_path, "-plugin", f"{made},out=nowhere/counts")


def test_work_that_is_not_all_done_is_no_ground_for_figures():
    printed = "mark 10 2\nmark 50 503\nscript 890\nmark 60 504\nmark 90 506\n"
    counts = "mark 1 0\nmark 21 5\nmark 30 0\nmark 33 0\n"
    script, gzip = bench_real.parsed(f"{printed}{DONE[1]}\n", counts)
    assert script == {"all": 40, "kernel": 20, "user": 5, "processes": 500, "done": "script 890"}
    assert (gzip["all"], gzip["kernel"], gzip["processes"]) == (30, 3, 1)
    for text, marks in ((printed, counts), (f"{printed}{DONE[1]}\n", counts[:-10]), (printed[10:] + DONE[1], counts)):
        with pytest.raises(GraderFault, match="did not do all of its work; the last line that was printed: "):
            bench_real.parsed(text, marks)


# --- beside Linux, with made up figures -------------------------------------------------------------------------------------------------


@pytest.fixture
def compared(tmp_path, monkeypatch):
    """compared(ours, Linux's, done): (bench_real.compared()'s findings, bench.json's words) of made up numbers of kernel instructions;
    Linux's None: there is none."""
    def counts(numbers, done=None):
        return [{"all": 10 * n, "kernel": n, "user": 0, "processes": 1, "done": words} for n, words in zip(numbers, done or DONE)]

    def run(ours, theirs, done=None):
        monkeypatch.setattr(bench_real, "archive", lambda *_: b"")
        monkeypatch.setattr(bench_real, "counted", lambda machine, options="": (
            (counts(ours), {}) if machine.append.startswith("-- ") else (counts(theirs, done), {})))
        for kept in tmp_path.glob("counted-*"):
            kept.unlink()
        monkeypatch.setattr(bench_real, "peer", a_linux if theirs else unavailable)
        return bench_real.compared(KERNEL, PROGRAMS, tmp_path)[0]
    return run


def a_linux(folder):
    """Stands for linux_peer.peer()."""
    (folder / "vmlinuz").write_bytes(b"no kernel")
    return Linux(folder / "vmlinuz", "linux-image-6.1.0-1-amd64", "6.1.1-1")


def unavailable(folder):
    raise NotToBeHad("Debian's Linux is not to be had: apt-get update: E: Failed to fetch")


def test_a_program_that_costs_more_than_its_part_of_linuxs_is_a_failure(compared):
    assert bench_real.over(compared([600, 1000], [1000, 1000])) == []
    assert bench_real.over(compared([601, 1000], [1000, 1000])) == [f"TOO MANY: {NAMES[0]}: 0.6 of Linux's, and 0.6 is the limit"]
    (line,) = bench_real.over(compared([600, 1100], [1000, 1000]))
    assert line == f"TOO MANY: {NAMES[1]}: 1.1 of Linux's, and 1.0 is the limit"
    said = bench_real.lines(compared([600, 1100], [1000, 1000]))
    assert re.search(r" 600 +[\d,]+ +1,000 +0\.6 +0\.6  of 6,000 in all$", "\n".join(said), re.M)


def test_a_program_above_its_own_limit_is_a_failure_where_that_is_judged(compared):
    limits = [limit for _, limit, _ in bench_real.FIGURES]
    assert bench_real.over(compared(limits, None)) == []
    found = compared([limit + 1 for limit in limits], None)
    assert [f"TOO MANY: {name}: {limit + 1:,}, and {limit:,} is the limit" for name, limit in zip(NAMES, limits)] == bench_real.over(found)
    assert bench_real.over(found, judged=False) == []


def test_work_with_another_result_is_not_compared(compared):
    with pytest.raises(GraderFault, match="did not do the same on both systems"):
        compared([1, 1], [1, 1], ["script 890", "gzip " + "1" * 32 + " -"])


def test_a_linux_that_is_not_to_be_had_is_a_line(compared):
    assert "no comparison: Debian's Linux is not to be had: apt-get update: E: Failed to fetch" in bench_real.lines(compared([1, 1], None))


def test_a_busybox_that_is_not_to_be_had_is_a_line(tmp_path):
    found, where = bench_real.compared(KERNEL, PROGRAMS, tmp_path, "no-such-busybox")
    assert where == {} and bench_real.over(found) == []
    assert bench_real.lines(found)[-1] == "no comparison: there is no program no-such-busybox; on Debian: apt-get install busybox-static"


@pytest.mark.parametrize("stub, said", [("qemu", "takes no plugins"), ("gcc", "cannot be compiled: gcc: no such plugin")])
def test_a_machine_that_cannot_count_is_a_line(tmp_path, monkeypatch, stub, said):
    monkeypatch.setattr(bench_real, "archive", lambda *_: b"")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    (tmp_path / stub).write_text('#!/bin/sh\necho "QEMU emulator version 7.2.22"\necho "gcc: no such plugin" >&2\nexit 1\n')
    (tmp_path / stub).chmod(0o755)
    if stub == "qemu":
        monkeypatch.setenv("QEMU", "qemu")
    found, _ = bench_real.compared(KERNEL, PROGRAMS, tmp_path)
    (line,) = [line for line in bench_real.lines(found) if line.startswith("no comparison: ")]
    assert said in line and bench_real.over(found) == []


def test_a_linux_that_does_not_boot_is_a_line(tmp_path, monkeypatch):
    monkeypatch.setattr(bench_real, "peer", a_linux)
    (tmp_path / "archive").write_bytes(b"")
    theirs, why = bench_real.linux_counted(tmp_path / "archive", tmp_path)
    assert theirs is None and re.match(r"Debian's Linux was not counted: a run .* did not come to its end", why)


def test_a_tree_without_the_mark_says_nothing_of_it(tmp_path):
    assert bench_real.compared(KERNEL, tmp_path, tmp_path) == (None, {})
    assert bench_real.lines(None) == [] == bench_real.over(None)


def test_the_page_about_performance_names_these_limits_and_linuxs_numbers():
    """Linux's are of a real run; the limits of ours are far enough below its part of them."""
    page = (kernels.ROOT / "docs/performance.md").read_text()
    rows = re.findall(r"^\| (busybox: [^|]*) \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \| ([\d.]+) \| ([\d.]+) \|$", page, re.M)
    numbers = {name: [float(number.replace(",", "")) for number in row] for name, *row in rows}
    assert [(name, limit, round(100 * most)) for name, (limit, _, _, _, most) in numbers.items()] == bench_real.FIGURES
    for limit, ours, linux, share, most in numbers.values():
        assert ours <= limit <= most * linux and share == round(ours / linux, 2)
