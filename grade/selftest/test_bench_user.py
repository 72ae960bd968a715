"""make bench from phase 3 on: what programs see of the kernel holds its limits, and is beside what they see of Debian's Linux where that is
to be had. No network: apt-get and dpkg-deb are stubs, and Linux, where one is booted, is a file that is none."""

import io
import json
import os
import re
import select
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import kernels
import pytest

from grade import bench, bench_user, dwarf, guest, linux_peer
from grade.debian import NotToBeHad
from grade.errors import GraderFault

TREE = kernels.reference(3)
KERNEL, ARCHIVE = TREE / "build/plain/kernel.elf", TREE / "build/user/initramfs.cpio"
PROGRAMS = ARCHIVE.parent
NAMES = [name for name, _, _ in bench_user.FIGURES]
OTHER = {name: 1000 * number for number, name in enumerate(NAMES, 1)}  # of a system that is made up
FEW = {name: 10 for name in NAMES}


@pytest.fixture(scope="module")
def ours():
    return bench_user.counted(bench_user.crescent(KERNEL, ARCHIVE), bench_user.entry(PROGRAMS))


# --- our figures --------------------------------------------------------------------------------------------------------------------


def test_every_figure_that_programs_see_is_within_its_limit(ours):
    """Under the compiler that the limits are for. None is so small that it was not counted at all."""
    result = {"judged": bench.is_judged(bench.Kernel(KERNEL, dwarf.load(KERNEL))),
              "figures": [bench.figure(words, ours[name], limit) for name, words, limit in bench_user.FIGURES]}
    assert list(ours) == NAMES and bench.over(result) == [] and min(ours.values()) > 40


@pytest.mark.parametrize("phase, dearer", [(3, 100), (4, 115), (5, 120)])
def test_a_later_phases_figures_of_one_cpu_are_hardly_dearer(phase, dearer):
    assert bench_user.percent(kernels.reference(phase) / "build/user") == dearer


@pytest.mark.parametrize("phase", [4, 5])
def test_every_figure_of_several_cpus_is_within_its_limit_and_those_of_one_hardly_dearer(phase):
    """Where the same program runs on a kernel for many CPUs, and then for many classes; both tell their figures."""
    tree = kernels.reference(phase)
    kernel, archive = tree / "build/plain/kernel.elf", tree / "build/user/initramfs.cpio"
    for program, percent in ((bench_user.ALONE, bench_user.percent(archive.parent)), (bench_user.SEVERAL, 100)):
        found = bench_user.counted(bench_user.crescent(kernel, archive, program), bench_user.entry(archive.parent, program), program)
        dear = {name: found[name] for name, _, limit in program.figures if not 40 < found[name] <= limit * percent // 100}
        assert not dear, dear


def test_what_is_counted_is_the_same_each_time(ours):
    assert bench_user.counted(bench_user.crescent(KERNEL, ARCHIVE), bench_user.entry(PROGRAMS)) == ours


@pytest.mark.parametrize("phase", kernels.some([5, 3], 2))
def test_every_figure_of_the_kernel_alone_is_within_its_limit_in_later_phases_too(phase):
    """User mode is passed by where two threads of the kernel's own switch."""
    result = bench.measure(kernels.reference(phase) / "build/plain/kernel.elf")
    assert not bench.over(result), "\n".join(bench.lines(result))


def test_the_page_about_performance_names_these_limits():
    page = (kernels.ROOT / "docs/performance.md").read_text()
    rows = re.findall(r"^\| ([^|]*) \| ([\d,]+) \| [\d,]+ \| [\d,]+ \| [\d,]+\.\d+ \|$", page, re.M)
    assert [(words, int(limit.replace(",", ""))) for words, limit in rows] == [(words, limit) for _, words, limit in bench_user.FIGURES]


def test_a_first_instruction_that_is_the_kernels_is_none_of_a_program():
    kernel = bench.Kernel(KERNEL, dwarf.load(KERNEL))
    with pytest.raises(GraderFault, match="is not the first one: it was reached with privilege 0 and not 3"):
        guest.reached(bench_user.crescent(KERNEL, ARCHIVE), kernel.start("boot_main"), "the first one", guest.USER)


def test_a_program_that_does_not_tell_a_figure_is_no_ground_for_figures():
    printed = "getpid 87\ngetpid_median 87\nsched_yield 226\nprocess 1 (bench) has ended with status 1: the machine stops\n"
    with pytest.raises(GraderFault, match="did not tell its figure pipe_round_trip; the last line that was printed: process 1"):
        bench_user.parsed(printed)
    with pytest.raises(GraderFault, match="did not tell its figure getpid; the last line that was printed: nothing"):
        bench_user.parsed("")


# --- the whole program, with made up figures --------------------------------------------------------------------------------------------


@pytest.fixture
def whole(tmp_path, monkeypatch, capsys):
    """whole(ours, linux): (exit status, bench.json, what was printed) of make bench, its figures made up. linux: a function that stands for
    linux_peer.peer() or None."""
    def run(ours, linux):
        monkeypatch.setattr(bench, "measure", lambda *_: {"compiler": "gcc 12.2.0", "judged": True, "qemu": "7.2", "cpu": "qemu64,+smep",
                                                          "peer": None, "figures": [bench.figure("thread switch", 80, 80)], "switch": None})
        monkeypatch.setattr(bench_user, "counted", lambda machine, *_: ours if machine.append.startswith("-- ") else OTHER)
        if linux:
            monkeypatch.setattr(bench_user, "peer", linux)
        status = bench.main(["--kernel", str(KERNEL), "--archive", str(ARCHIVE), "--out", str(tmp_path)])
        kept = tmp_path / "bench.json"
        return status, json.loads(kept.read_text()) if kept.exists() else None, capsys.readouterr().out
    return run


def a_linux(folder):
    """Stands for linux_peer.peer()."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vmlinuz").write_bytes(b"no kernel")
    return linux_peer.Linux(folder / "vmlinuz", "linux-image-6.1.0-1-amd64", "6.1.1-1")


def test_each_figure_is_beside_linuxs_with_the_ratio(whole):
    status, kept, said = whole(FEW, a_linux)
    figures = {figure["name"]: figure for figure in kept["figures"]}
    assert status == 0 and figures["thread switch"]["peer"] is None and "every figure is within its limit" in said
    for number, (_, words, limit) in enumerate(bench_user.FIGURES, 1):
        figure = figures[words]
        assert (figure["ours"], figure["limit"], figure["peer"], figure["ratio"]) == (10, limit, 1000 * number, 100.0 * number)
    assert kept["peer"] == {"package": "linux-image-6.1.0-1-amd64", "version": "6.1.1-1",
                            "options": bench_user.LINUX_OPTIONS + bench_user.ALONE.path}
    assert "with -cpu qemu64,+smep\n" in said and "Debian's package linux-image-6.1.0-1-amd64 6.1.1-1, booted with" in said
    assert re.search(r"^getpid\(\) +10 +150 +1,000 +100\.0$", said, re.M)


@pytest.mark.parametrize("name, words, limit", bench_user.FIGURES)
def test_a_figure_above_its_limit_is_a_failure(whole, name, words, limit):
    assert whole({**FEW, name: limit}, a_linux)[0] == 0
    status, _, said = whole({**FEW, name: limit + 1}, a_linux)
    assert status == 1 and f"TOO MANY: {words}: {limit + 1:,}, and {limit:,} is the limit" in said


def test_a_linux_that_is_not_to_be_had_is_a_line_and_the_figures_are_judged_all_the_same(whole, tmp_path):
    (tmp_path / "linux-peer").mkdir()
    (tmp_path / "linux-peer/linux-image-6.1.0-1-amd64_6.1.1-1_amd64.deb").write_text("no package")
    status, kept, said = whole(FEW, None)
    assert status == 0 and kept["peer"].keys() == {"missing"} and all(figure["peer"] is None for figure in kept["figures"])
    (line,) = [line for line in said.splitlines() if line.startswith("no comparison:")]
    assert "Debian's Linux is not to be had: " in line
    status, _, said = whole({**FEW, "getpid": 151}, None)
    assert status == 1 and "TOO MANY: getpid()" in said


def test_a_linux_that_does_not_boot_is_a_line(ours, tmp_path, monkeypatch):
    real = bench_user.counted
    monkeypatch.setattr(bench_user, "counted", lambda machine, *more: ours if machine.kernel == KERNEL else real(machine, *more))
    monkeypatch.setattr(bench_user, "peer", a_linux)
    rows, peer = bench_user.compared(KERNEL, ARCHIVE, tmp_path)
    assert [row[3] for row in rows] == [None] * len(NAMES) and [row[1] for row in rows] == [ours[name] for name in NAMES]
    assert re.match(r"Debian's Linux was not counted: a run .* did not come to its end: .*qemu.*kernel", peer["missing"]), peer


def test_what_was_counted_on_linux_is_counted_again_only_when_something_changed(tmp_path, monkeypatch):
    counted = []
    monkeypatch.setattr(bench_user, "counted", lambda *_: counted.append(1) or OTHER)
    linux = a_linux(tmp_path)

    def times():
        assert bench_user.linux_counted(linux, PROGRAMS, tmp_path) == OTHER
        return len(counted)
    assert (times(), times()) == (1, 1)
    linux.kernel.write_bytes(b"another")
    assert (times(), times()) == (2, 2)
    (tmp_path / "counted-bench.json").write_text('{"given": 1')
    assert (times(), times()) == (3, 3)
    monkeypatch.setattr(bench_user, "qemu_words", lambda: "QEMU emulator version 99")
    assert (times(), times()) == (4, 4)


# --- the package ------------------------------------------------------------------------------------------------------------------------


def tar(members):
    """A tar file as bytes."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as files:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            files.addfile(info, io.BytesIO(content))
    return data.getvalue()


APT = """#!/bin/sh
echo "$*" >>{folder}/calls
case "$*" in
    *" update") {update} ;;
    *" download linux-image-amd64") {download} ;;
    *" download linux-image-6.1.0-9-amd64=6.1.9-1") cp {folder}/tar linux-image-6.1.0-9-amd64_6.1.9-1_amd64.deb ;;
    *) echo "E: unexpected: $*" >&2; exit 100 ;;
esac
"""
DPKG = """#!/bin/sh
case "$1 $3" in
    "-f Depends") echo "initramfs-tools, linux-image-6.1.0-9-amd64 (= 6.1.9-1)" ;;
    "-f Package") echo linux-image-6.1.0-9-amd64 ;;
    "-f Version") echo 6.1.9-1 ;;
    "--fsys-tarfile ") cat "$2"; {after} ;;
esac
"""
META = "echo meta >linux-image-amd64_6.1.9-1_amd64.deb"
WHOLE = {"./boot/config-6.1.0-9-amd64": b"CONFIG", "./boot/vmlinuz-6.1.0-9-amd64": b"the kernel", "./lib/modules/x": b"x"}


@pytest.fixture
def debian(tmp_path, monkeypatch):
    """debian(...): a machine whose apt-get and dpkg-deb are stubs. Returns the folder for Linux, which is not there yet."""
    def make(update=":", download=META, after=":", members=None):
        programs = tmp_path / "bin"
        programs.mkdir()
        for name, text in (("apt-get", APT), ("dpkg-deb", DPKG)):
            (programs / name).write_text(text.format(folder=tmp_path, update=update, download=download, after=after))
            (programs / name).chmod(0o755)
        (tmp_path / "tar").write_bytes(tar(WHOLE if members is None else members))
        monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
        return tmp_path / "linux-peer"
    return make


def calls(folder):
    path = folder.parent / "calls"
    return [re.sub(r"^-c \S+ -qq ", "", line) for line in path.read_text().splitlines()] if path.exists() else []


def test_the_package_is_fetched_once_and_its_kernel_kept(debian):
    folder = debian()
    for _ in range(2):
        linux = linux_peer.peer(folder)
        assert (linux.package, linux.version) == ("linux-image-6.1.0-9-amd64", "6.1.9-1") and linux.kernel.read_bytes() == b"the kernel"
    assert calls(folder) == ["update", "download linux-image-amd64", "download linux-image-6.1.0-9-amd64=6.1.9-1"]
    assert sorted(path.name for path in folder.iterdir()) == ["linux.json", "vmlinuz"]


def test_a_package_that_lies_in_the_folder_needs_no_network(debian):
    folder = debian()
    folder.mkdir()
    (folder / "linux-image-6.1.0-9-amd64_6.1.9-1_amd64.deb").write_bytes(tar(WHOLE))
    assert linux_peer.peer(folder).kernel.read_bytes() == b"the kernel" and calls(folder) == []


@pytest.mark.parametrize("how, said", [
    ({"download": "echo 'E: Unable to locate package linux-image-amd64' >&2; exit 100"},
     "Debian's Linux is not to be had: apt-get download: E: Unable to locate package linux-image-amd64"),
    ({"update": "echo 'E: Failed to fetch http://x' >&2; exit 100", "download": "echo 'E: Unable to locate' >&2; exit 100"},
     "Debian's Linux is not to be had: apt-get update: E: Failed to fetch http://x"),
    ({"after": "echo 'dpkg-deb: error: <decompress> data error' >&2; exit 2"}, "data error"),
    ({"members": {"./lib/x": b"x"}}, "there is no kernel in it"),
])
def test_a_package_that_is_not_to_be_had_is_told_in_a_line_and_nothing_is_left(debian, how, said):
    folder = debian(**how)
    with pytest.raises(NotToBeHad) as error:
        linux_peer.peer(folder)
    assert said in str(error.value) and "\n" not in str(error.value) and not list(folder.iterdir())


def test_a_source_of_others_that_fails_does_not_keep_the_package_away(debian):
    folder = debian(update="echo 'E: The repository http://others is not signed.' >&2; exit 100")
    assert linux_peer.peer(folder).version == "6.1.9-1"


def test_a_machine_without_apt_is_told_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotToBeHad, match="Debian's Linux is not to be had: there is no apt-get here, so this is no Debian"):
        linux_peer.peer(tmp_path / "linux-peer")


@pytest.mark.parametrize("path", ["vmlinuz", "linux.json"])
def test_what_was_kept_and_is_damaged_is_not_booted(debian, path):
    folder = debian()
    linux_peer.peer(folder)
    (folder / path).write_bytes(b"x")
    with pytest.raises(NotToBeHad, match="is not what was taken out of the package; remove .*linux-peer and it is fetched again"):
        linux_peer.peer(folder)


def test_apt_works_in_a_folder_that_is_gone_afterwards(debian):
    """Not in the machine's, which only an administrator may change."""
    folder = debian()
    linux_peer.peer(folder)
    config = re.match(r"-c (\S+) -qq update", (folder.parent / "calls").read_text())[1]
    assert config.startswith(f"{folder}/") and not Path(config).exists()


# --- an end from outside --------------------------------------------------------------------------------------------------------------


INTERRUPTED = """
import sys
sys.path.insert(0, {root!r})
from grade import bench
bench.measure = lambda *_: {{"figures": []}}
sys.exit(bench.main(["--kernel", {kernel!r}, "--archive", {archive!r}, "--out", {out!r}]))
"""
STUB = """#!/bin/sh
case "$*" in --version) exec {real} "$@" ;; *{which}*) echo $$ >{fifo}; exec sleep 1000 ;; esac
exec {real} "$@"
"""


def running(pid):
    """Whether a process runs: one that has ended and whose parent has not noticed yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def said_by(process, fifo):
    """What a FIFO is told while a process runs; one that ends before fails the test with its last words."""
    pipe, end = os.open(fifo, os.O_RDWR), os.pidfd_open(process.pid)
    try:
        ready, *_ = select.select([pipe, end], [], [])
        if pipe not in ready:
            pytest.fail(f"it ended before: {process.communicate()[1]}")
        return os.read(pipe, 100)
    finally:
        os.close(pipe)
        os.close(end)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("variable, which", [("QEMU", "shift=0,sleep=off"), ("QEMU", "rr=record"), ("apt", "update")],
                         ids=["the program's run", "the boot's", "apt"])
def test_interrupted_it_leaves_no_process_and_no_file(tmp_path, variable, which, how):
    """The stub says when it has been started; sleep stands for what takes long."""
    fifo, temporary, programs, out = (tmp_path / name for name in ("fifo", "tmp", "bin", "out"))
    os.mkfifo(fifo)
    temporary.mkdir()
    programs.mkdir()
    stub = programs / ("apt-get" if variable == "apt" else "qemu")
    stub.write_text(STUB.format(real=guest.qemu_name() if variable == "QEMU" else "true", which=which, fifo=fifo))
    stub.chmod(0o755)
    settings = {**os.environ, "TMPDIR": str(temporary), "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    settings |= {"QEMU": str(stub)} if variable == "QEMU" else {}
    text = INTERRUPTED.format(root=str(kernels.ROOT), kernel=str(KERNEL), archive=str(ARCHIVE), out=str(out))
    process = subprocess.Popen([sys.executable, "-c", text], stderr=subprocess.PIPE, text=True, env=settings)
    started = int(said_by(process, fifo))
    process.send_signal(how)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said.splitlines()[-1]) == (2, "bench: interrupted") and "Traceback" not in said
    assert not list(temporary.iterdir()) and not list((out / "linux-peer").glob("*"))
    deadline = time.monotonic() + 30
    while running(started):  # it is killed with its parent, if not by it
        assert time.monotonic() < deadline
