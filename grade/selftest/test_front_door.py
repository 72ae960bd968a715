"""Booting for people: .ci/run, how QEMU is started (with stubs, see fake_machine.py), and then the real thing: a generated tree of phase 1
that is built in parallel, run from a pipe, from GRUB, on a terminal, and without a network."""

import contextlib
import fcntl
import importlib.util
import json
import os
import pty
import re
import shutil
import socket
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from fake_machine import ROOT, FakeMachine
from test_grader_run import wait_until


@pytest.fixture
def machine(tmp_path):
    return FakeMachine(tmp_path)



# --- .ci/run ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending, status, code", [
    ("===== 3 passed in 1.02s =====", 0, 0),
    ("===== 1 failed, 2 passed in 1.02s =====", 2, 2),
    ("", 0, 1),
])
def test_ci_run_ends_with_the_closing_line_and_the_status_of_make_test(machine, ending, status, code):
    """A CI system looks at two things: the status, and the last lines of the log. A run without a single test is no success."""
    (machine.checkout / ".ci").mkdir()
    shutil.copy(ROOT / ".ci/run", machine.checkout / ".ci")
    for command in ("bash", "tee", "tail"):
        (machine.bin / command).symlink_to(shutil.which(command))
    machine.stub("make", f'case $1 in --version) echo "GNU Make 4.3" ;; test) echo "{ending}"; echo noise; exit {status} ;; esac')
    done = subprocess.run([str(machine.checkout / ".ci/run")], cwd=machine.folder, env=machine.environment(), stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert not ending or done.stdout.splitlines()[-1] == ending


# --- what editors and git read -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name, attribute, value", [
    ("Makefile", "eol", "lf"), ("grade/setup.sh", "eol", "lf"), ("kernel/arch/x86_64/boot.asm", "eol", "lf"),
    ("docs/x.png", "text", "unset"), ("grade/given.tar", "text", "unset"),
])
def test_line_ends_are_pinned(machine, name, attribute, value):
    """A clone made on Windows must build in WSL: with a CR at its end not even the first line of a script works."""
    shutil.copy(ROOT / ".gitattributes", machine.checkout)
    subprocess.run(["git", "init", "-q"], cwd=machine.checkout, check=True)
    done = subprocess.run(["git", "check-attr", attribute, "--", name], cwd=machine.checkout, capture_output=True, text=True, check=True)
    assert done.stdout == f"{name}: {attribute}: {value}\n"


@pytest.mark.parametrize("name", [".vscode/tasks.json", ".vscode/launch.json", ".devcontainer/devcontainer.json"])
def test_what_editors_read_is_json_and_asks_for_targets_that_exist(name):
    """An editor says nothing about a file that it cannot read: it just has no task. And each `make x` in one must be a target of ours."""
    text = (ROOT / name).read_text()
    json.loads(text)
    known = (ROOT / "Makefile").read_text() + "".join(path.read_text() for path in (ROOT / "grade").rglob("*.mk"))
    for target in re.findall(r'"make ([a-z-]+)"', text):
        assert re.search(rf"^{target}:", known, re.MULTILINE), target


# --- starting QEMU for a person -----------------------------------------------------------------------------------------------------


@pytest.fixture
def starter(machine):
    """Calls the real qemu_run.py on the machine of stubs, with an empty file as the kernel; returns the finished process."""
    kernel = machine.folder / "b ü, x/kernel.elf"
    kernel.parent.mkdir()
    kernel.touch()

    def start(mode, *options, typed=""):
        command = [sys.executable, str(ROOT / "grade/qemu_run.py"), mode, "--kernel", str(kernel), *options]
        return subprocess.run(command, env=machine.environment(), input=typed, capture_output=True, text=True, check=False)

    return start


def qemu_stub(body, version="7.2.22"):
    return f'case $1 in --version) echo "QEMU emulator version {version}"; exit ;; esac\n{body}'


def test_qemu_is_started_with_plain_names_and_the_options_behind_two_dashes(machine, starter):
    """A comma in -kernel's folder would split it, and an option before the -- would be the kernel's own name to some loaders."""
    machine.stub("qemu-system-x86_64", qemu_stub('for word; do echo "<$word>"; done'))
    done = starter("run", "--append", "sched=fcfs trace=all", "--cpus", "4", "--accel", "tcg")
    assert done.returncode == 0
    words = done.stdout.splitlines()
    assert words[words.index("<-kernel>") + 1] == "<kernel.elf>"
    assert words[words.index("<-append>") + 1] == "<-- sched=fcfs trace=all>"
    assert words[words.index("<-smp>") + 1] == "<4>"


@pytest.mark.parametrize("stub, words", [
    (None, "run: there is no QEMU (qemu-system-x86_64) here; make setup installs it"),
    (qemu_stub("", version="6.2.0"), "is version 6.2, too old: Crescent needs 7.2 or newer"),
    ("echo something else", "is no QEMU: --version says 'something else'"),
])
def test_no_qemu_and_a_wrong_qemu_get_a_clear_line_each(machine, starter, stub, words):
    """Also where the set-up has been passed by: QEMU= names another one, or it was removed a second ago."""
    machine.remove("qemu")
    if stub:
        machine.stub("qemu-system-x86_64", stub)
    done = starter("run")
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1 and words in done.stderr


def test_a_machine_without_room_for_the_kernel_is_not_started(machine, starter):
    machine.stub("qemu-system-x86_64", qemu_stub("echo started"))
    done = starter("run", "--memory", "4")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1) and "MEMORY=4 has no room" in done.stderr
    assert starter("run", "--memory", "8", "--accel", "tcg").stdout == "started\n"


def test_a_taken_debugger_port_is_named_with_the_way_out(machine, starter):
    """Two students on one machine, or one with two terminals."""
    machine.stub("qemu-system-x86_64", qemu_stub("exit 0"))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = starter("qemu-gdb", "--port", str(port))
    assert done.returncode == 1 and f"TCP port {port} cannot be had" in done.stderr and "GDBPORT=" in done.stderr


@pytest.mark.parametrize("body, words", [
    ("exit 67", "run: the kernel stopped itself"),
    ("exit 69", "run: process 1 did not end with status 0"),
    ("exit 1", "run: QEMU failed: exit code 1"),
    ("kill -9 $$", "run: QEMU failed: SIGKILL"),
    ("""n=${*##*fd=}; echo '{"event": "SHUTDOWN", "data": {"reason": "guest-reset"}}' >&${n%% *}""",
     "run: the machine was reset"),
], ids=["stopped", "program", "failed", "killed", "reset"])
def test_a_run_that_does_not_end_with_poweroff_fails_and_says_why_in_a_line(machine, starter, body, words):
    """QEMU itself ends with status 0 after a triple fault, and with an odd number after a panic."""
    machine.stub("qemu-system-x86_64", qemu_stub(body))
    done = starter("run", "--accel", "tcg")
    assert done.returncode == 1 and done.stderr.startswith(words) and done.stderr.count("\n") == 1


@pytest.mark.parametrize("typed, passed", [("ps\n", "ps\n\4"), ("ps", "ps\n\4"), ("", "\4")])
def test_the_end_of_a_pipe_reaches_the_guest_as_ctrl_d_on_a_line_of_its_own(machine, starter, typed, passed):
    """A serial line knows no end of input, so a kernel at its prompt would wait for ever."""
    machine.stub("qemu-system-x86_64", qemu_stub(f"head -c {len(passed)}"))
    assert starter("run", "--accel", "tcg", typed=typed).stdout == passed


@pytest.mark.parametrize("trial, reason", [
    ("cat >/dev/null; exit 0", None),
    ("echo 'kvm: no luck' >&2; exit 1", "a trial boot under KVM failed: kvm: no luck"),
    ("exec tail -f /dev/null", "a trial boot under KVM did not end within half a second"),
])
def test_kvm_is_used_only_if_a_trial_boot_ends_well(tmp_path, monkeypatch, trial, reason):
    """That /dev/kvm opens proves nothing: inside some virtual machines the guest then never gets anywhere."""
    spec = importlib.util.spec_from_file_location("qemu_run", ROOT / "grade/qemu_run.py")
    qemu_run = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(qemu_run)
    monkeypatch.setattr(qemu_run.os.path, "exists", lambda path: True)
    monkeypatch.setattr(qemu_run.os, "access", lambda path, mode: True)
    stub = tmp_path / "qemu"
    stub.write_text(f"#!/bin/sh\n{trial}\n")
    stub.chmod(0o755)
    assert qemu_run.kvm_refusal([str(stub)]) == reason


# --- the real machine --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A generated tree of phase 1, solved, in a folder with a blank, a comma and an umlaut; built in parallel from nothing. The processes
    of one pytest run share it: the first makes it, the others wait for its lock."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder = shared / "front door, ü"
    with open(shared / "front_door.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            command = [sys.executable, "phases/tree.py", "--phase", "1", "--solved", "199", "--out", str(folder)]
            subprocess.run(command, cwd=ROOT, check=True)
        built = in_tree(folder, "make", "-j4", "kernel", "CHECKED=0")
    assert built.returncode == 0, built.stderr
    return folder


def real_environment():
    """This process's environment without what a make above us has found: the tree's own make looks for itself."""
    dropped = ("PYTHON", "CROSS", "QEMU", "GDB", "NASM", "GRUB_MKRESCUE", "SETUP_DONE", "MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES")
    return {name: value for name, value in os.environ.items() if name not in dropped}


def in_tree(folder, *command, typed=None):
    """Runs a command in the tree with `typed` (text or None) as its standard input. Returns the finished process."""
    return subprocess.run(command, cwd=folder, env=real_environment(), input=typed or "", capture_output=True, text=True, check=False)


def test_make_a_second_time_does_nothing(tree):
    """A make that always finds something to do teaches people to distrust it."""
    before = {path: path.stat().st_mtime_ns for path in (tree / "build/plain").rglob("*") if path.is_file()}
    done = in_tree(tree, "make", "CHECKED=0")
    after = {path: path.stat().st_mtime_ns for path in (tree / "build/plain").rglob("*") if path.is_file()}
    assert done.returncode == 0 and before == after
    assert "gcc" not in done.stdout and "Entering" not in done.stdout


def test_what_is_piped_in_before_the_prompt_is_answered(tree):
    """A session in a pipe is how scripts and people in a hurry use a shell; its input is there long before the prompt is."""
    done = in_tree(tree, "make", "run", typed="ps\npoweroff\n")
    assert done.returncode == 0, done.stderr
    assert re.search(r"> ps\n.*\bmain +RUNNING\b", done.stdout, re.DOTALL)


def test_the_session_that_the_readme_shows_can_be_had():
    """Each line is typed when there is a prompt, as by a person; numbers and the widths of columns are those of the day."""
    shown = re.search(r"<!-- run: begin -->\n```\n\$ make run CPUS=4\n(.*?)```", (ROOT / "README.md").read_text(), re.S)[1]
    lines = [line[2:] for line in shown.splitlines() if line.startswith("# ")]
    said = ""
    with subprocess.Popen(["make", "run", "CPUS=4", "ACCEL=tcg"], cwd=ROOT / "build/tree/5-599", env=real_environment(),
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as run:
        for line in lines:
            while not ("\n" + said).endswith("\n# "):
                byte = run.stdout.read(1)
                assert byte, f"no prompt for {line!r} after {said}"
                said += byte.decode().replace("\r", "")
            run.stdin.write(f"{line}\n".encode())
            run.stdin.flush()
            said += run.stdout.readline().decode().replace("\r", "")
        said += run.stdout.read().decode().replace("\r", "")
    of_any_day = [re.sub(r"\d+", "0", " ".join(text.split())) for text in (shown, said)]
    assert run.returncode == 0 and of_any_day[1] == of_any_day[0], said


@pytest.mark.parametrize("typed, options, words", [
    ("ps\n", [], "crescent: the console's input has ended"),
    ("", ["APPEND=nonsense=1"], "crescent: no boot option is called 'nonsense'"),
    ("", ["KTEST=panic_null"], "PANIC: "),
], ids=["end of input", "option", "panic"])
def test_a_run_from_a_pipe_ends_when_the_kernel_cannot_go_on(tree, typed, options, words):
    """A script that boots the kernel must neither hang nor take a panic for success."""
    done = in_tree(tree, "make", "run", "ACCEL=tcg", *options, typed=typed)
    assert done.returncode != 0 and words in done.stdout
    assert "run: the kernel stopped itself" in done.stderr


def without_network():
    """The beginning of a command that runs in a network namespace with nothing in it, not even a loopback that is up: as root, or as
    someone who becomes root in it. Empty, with a warning, where the system lets nobody make one, as in many containers."""
    for words in (["unshare", "--net"], ["unshare", "--map-root-user", "--net"]):
        if subprocess.run([*words, "true"], stderr=subprocess.DEVNULL, check=False).returncode == 0:
            return words
    warnings.warn("no network namespace can be made here: only calls of apt were watched for", stacklevel=1)
    return []


def test_everything_works_without_a_network(tree, machine, tmp_path):
    """After the first set-up a train is a fine place to work. In a copy of the tree, and with an apt-get and a sudo that only record,
    set-up looks at the whole machine again; a file is compiled, the kernel linked and booted."""
    copy = tmp_path / "copy"
    shutil.copytree(tree, copy)
    (copy / "kernel/init/main.c").touch()
    watched = tmp_path / "watched"
    watched.mkdir()
    for command in ("apt-get", "sudo"):
        machine.stub(command, "exit 1")
        (machine.bin / command).rename(watched / command)
    path = f"PATH={watched}:{os.environ['PATH']}"
    done = in_tree(copy, *without_network(), "env", path, "make", "run", "ACCEL=tcg", typed="poweroff\n")
    assert machine.calls() == []
    assert done.returncode == 0, done.stderr
    assert "kernel/init/main.c" in done.stderr


def test_the_image_boots_through_grub_and_loses_no_input(tree):
    """The same session through another boot loader. GRUB would eat what is typed if it opened the serial line."""
    done = in_tree(tree, "make", "run-iso", "ACCEL=tcg", typed="ps\npoweroff\n")
    assert done.returncode == 0, done.stderr
    assert re.search(r"> ps\n.*\bmain +RUNNING\b", done.stdout, re.DOTALL)


def test_ctrl_a_x_leaves(tree):
    """The way out of QEMU that needs no guest."""
    master, slave = pty.openpty()
    process = subprocess.Popen(["make", "run", "ACCEL=tcg"], cwd=tree, env=real_environment(), stdin=slave, stdout=slave,
                               stderr=subprocess.STDOUT)
    os.close(slave)
    try:
        shown = b""
        while b"Ctrl-A X ends QEMU" not in shown or b"> " not in shown:
            shown += os.read(master, 4096)
        os.write(master, b"\x01x")
        assert process.wait() == 0
    finally:
        process.kill()
        process.wait()
        os.close(master)


def of_session(leader):
    """Process ids of a terminal's session."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (process / "stat").read_text().rpartition(")")[2].split()[3] == str(leader):
                found.append(process.name)
    return found


def test_a_refusal_is_heard_though_some_cpus_were_never_started():
    """Those are in the firmware, where what stops a CPU that runs the kernel resets the machine."""
    done = in_tree(ROOT / "build/tree/5-599", "make", "run", "ACCEL=tcg", "CPUS=4", "APPEND=cpus=2 affinity=64")
    assert done.returncode and "crescent: boot option affinity=64: none of these CPUs takes part" in done.stdout, done.stdout


def test_a_piped_session_ends_though_its_last_command_took_the_end_or_failed():
    """The first Ctrl-D is cat's; the shell that gets the second one ends with a status, and init starts another one."""
    done = in_tree(ROOT / "build/tree/5-599", "make", "run", "ACCEL=tcg", typed="cat > /tmp/x\nlast line\nfalse\n")
    assert "poweroff" not in done.stdout and done.returncode == 0, done.stdout
    failed = in_tree(ROOT / "build/tree/5-599", "make", "run", "ACCEL=tcg", typed="false\n")
    assert "init: /bin/sh ended with status 1" in failed.stdout and failed.returncode == 0, failed.stdout


@pytest.mark.parametrize("target, shown", [("run", b"> "), ("qemu-gdb", b"target remote")])
def test_a_terminal_that_is_closed_leaves_nothing_running(tree, target, shown):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    leader, terminal = pty.fork()
    if leader == 0:
        os.chdir(tree)
        os.execvpe("make", ["make", target, *(["ACCEL=tcg"] if target == "run" else [f"GDBPORT={port}"])], real_environment())
    try:
        said = b""
        while shown not in said:
            said += os.read(terminal, 4096)
        wait_until(lambda: any("qemu" in Path(f"/proc/{pid}/comm").read_text() for pid in of_session(leader)))
    finally:
        os.close(terminal)
        wait_until(lambda: os.waitpid(leader, os.WNOHANG)[0])
    wait_until(lambda: not of_session(leader))
