"""make bench in phase 5: how fairly EEVDF shares a CPU, by what a program sees that asks no kernel; within EEVDF's bound, and judged beside
a Linux that has it. No network, and no Linux is booted."""

import re
from dataclasses import replace
from pathlib import Path

import kernels
import pytest

from grade import bench_fair, bench_user, linux_peer
from grade.debian import NotToBeHad
from grade.errors import GraderFault
from grade.linux_peer import Linux
from grade.models import sched_class

TREE = kernels.reference(5)
KERNEL, ARCHIVE = TREE / "build/plain/kernel.elf", TREE / "build/user/initramfs.cpio"
MS = bench_fair.MS


def printed(two=((30, 10),), tick=1_000_000):
    """What the program prints, in which two shared so many ms by each mark."""
    lines = ["boot messages 1 2", f"tick {tick}", *(f"two {n} {a * MS} {b * MS}" for n, (a, b) in enumerate(two, 1))]
    lines += ["five 1 95480000 31210000 10240000 3350000 1100000", "slices 1 5000000 5000000 5000000"]
    return "\n".join([*lines, "late wakes_500 7 9 8", "late wakes_10000 70 90 80", "process 1 (fair) has ended", ""])


@pytest.fixture
def compared(tmp_path, monkeypatch):
    """compared(ours, Linux's): bench_fair.compared() of what either printed; Linux's None: there is none."""
    def run(ours, theirs):
        monkeypatch.setattr(bench_fair, "told", lambda guest, *_: bench_fair.parsed(ours))
        monkeypatch.setattr(bench_fair, "linux_counted", lambda *_: bench_fair.parsed(theirs))
        if theirs is None:
            monkeypatch.setattr(bench_fair, "eevdf_peer", lambda *_: unavailable())
        else:
            monkeypatch.setattr(bench_fair, "eevdf_peer", lambda *_: Linux(tmp_path / "vmlinuz", "linux-image-6.12", "6.12.9-1"))
        return bench_fair.compared(KERNEL, ARCHIVE, tmp_path, None)
    return run


def unavailable():
    raise NotToBeHad("bookworm-backports is not to be had: apt-get update: E: Failed to fetch")


def told(options=""):
    guest = bench_user.crescent(KERNEL, ARCHIVE, bench_fair.FAIR)
    return bench_fair.told(replace(guest, append=f"{guest.append} {options}"), None)


def test_programs_see_shares_as_fair_as_eevdf_promises():
    """Of what they can see themselves, from the first mark to the last. Those that wake wait for less than the longest slice and a tick."""
    found = told()
    units, most = bench_fair.figures(found), bench_fair.limits(found["tick"])
    assert abs(found["tick"] - MS) < MS / 100 and all(len(marks) == 16 for marks in found["shares"].values())
    assert all(sum(marks[-1]) > 0.98 * 400 * MS for marks in found["shares"].values())
    assert {words: figure for words, figure in units.items() if words in most and figure[1] > most[words]} == {}
    assert all(0 < late < 10 * MS + found["tick"] for name in bench_fair.LATE for late in found["late"][name])


def test_shares_that_know_no_weights_are_seen_not_to_be_fair():
    """Round-robin gives nice 0 and nice 5 the same."""
    found = told("sched=rr")
    units, most = bench_fair.figures(found), bench_fair.limits(found["tick"])
    assert all(units[bench_fair.WORDS[name]][1] > 2 * most[bench_fair.WORDS[name]] for name in ("two", "five"))


def test_an_error_is_the_worst_of_all_marks_in_units_of_slice_or_tick():
    weights = bench_fair.WEIGHTS
    assert {nice: sched_class.WEIGHTS[nice + 20] for nice in weights} == weights
    exact = [(weights[0], weights[5]), (2 * weights[0] - 300, 2 * weights[5] + 300), (3 * weights[0], 3 * weights[5])]
    assert bench_fair.error(exact, (0, 5)) == pytest.approx(300)
    off_by_3_ms = f"two 1 {weights[0] * MS + 3 * MS} {weights[5] * MS - 3 * MS}"
    for tick, units in ((1 * MS, 1.0), (4 * MS, 0.75)):
        found = bench_fair.parsed(re.sub("^two .*$", off_by_3_ms, printed(tick=tick), flags=re.M))
        assert bench_fair.figures(found)[bench_fair.WORDS["two"]] == (3 * MS, units)


def test_a_program_that_does_not_tell_all_is_no_ground_for_figures():
    for missing in ("tick", "slices", "late wakes_500"):
        text = "\n".join(line for line in printed().splitlines() if not line.startswith(missing))
        with pytest.raises(GraderFault, match="did not tell all; the last line that was printed: process 1"):
            bench_fair.parsed(text)


def test_a_share_less_fair_than_linuxs_or_than_the_bound_is_a_failure(compared):
    fair, worse, bad = printed([(75, 25)]), printed([(77, 23)]), printed([(90, 10)])
    assert bench_fair.over(compared(fair, worse)) == []
    (line,) = bench_fair.over(compared(worse, fair))
    assert re.fullmatch(r"NOT FAIR: share error, nice 0 and 5, .*: 0\.55, and Linux's is 0\.12", line)
    assert "its limit is 1.33" in bench_fair.over(compared(bad, bad))[0] and len(bench_fair.over(compared(bad, bad))) == 1
    said = "\n".join(bench_fair.lines(compared(fair, worse)))
    assert "Debian's package linux-image-6.12 6.12.9-1" in said
    assert re.search(r"slices of 3 ms +0\.35 +0\.12 +1\.33 +1\.65 +0\.55$", said, re.M)


def test_a_linux_that_is_not_to_be_had_is_a_line_and_the_bound_is_judged_all_the_same(compared):
    said = bench_fair.lines(compared(printed(), None))
    assert [line for line in said if "no comparison: bookworm-backports is not to be had: " in line]
    assert bench_fair.over(compared(printed(), None)) == [] and bench_fair.over(compared(printed([(90, 10)]), None))


def test_a_tree_without_the_program_says_nothing_of_it(tmp_path):
    assert bench_fair.compared(tmp_path / "kernel.elf", tmp_path / "initramfs.cpio", tmp_path, None) is None
    assert bench_fair.lines(None) == [] == bench_fair.over(None)


def test_the_linux_is_this_machines_if_it_has_eevdf_or_else_that_of_backports(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(linux_peer, "peer", lambda folder, fetch: asked.append((folder, fetch)) or "backport")
    new = Linux(tmp_path / "vmlinuz", "linux-image", "6.6.1-1")
    assert linux_peer.eevdf_peer(tmp_path, new) is new and asked == []
    for older in (new._replace(version="6.1.192-2"), None):
        assert linux_peer.eevdf_peer(tmp_path, older) == "backport"
    assert asked == [(tmp_path / "eevdf", linux_peer.fetched_backport)] * 2


def test_the_backport_is_fetched_from_this_machines_archive(tmp_path, monkeypatch):
    """With apt's own check against Debian's keys, and installed nowhere."""
    commands = []

    def apt(config, _, *words, folder=None):
        commands.append(words)
        text = (config.parent / "sources.list").read_text()
        assert "signed-by=/usr/share/keyrings/key.gpg] http://archive.invalid/debian/ bookworm-backports main" in text
        if words[0] == "download":
            name = words[1].split("=")[0]
            (folder / f"{name}_6.12.9-1_amd64.deb").write_text("")
    monkeypatch.setattr(linux_peer, "archive", lambda _: ("http://archive.invalid/debian/", "/usr/share/keyrings/key.gpg"))
    monkeypatch.setattr(linux_peer, "apt", apt)
    monkeypatch.setattr(linux_peer, "called", lambda *_: "linux-image-6.12.9-amd64 (= 6.12.9-1)")
    assert linux_peer.fetched_backport(tmp_path).name == "linux-image-6.12.9-amd64_6.12.9-1_amd64.deb"
    assert commands == [("update",), ("download", "linux-image-amd64", "-t", "bookworm-backports"),
                        ("download", "linux-image-6.12.9-amd64=6.12.9-1")]


def test_the_page_about_performance_names_these_limits():
    page = (Path(kernels.ROOT) / "docs/performance.md").read_text()
    rows = dict(re.findall(r"^\| (share error[^|]*) \| ([\d.]+) \|", page, re.M))
    assert {words: float(limit) for words, limit in rows.items()} == bench_fair.limits(MS)
