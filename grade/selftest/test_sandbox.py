"""The sandbox: what runs inside sees the system's programs and its own folder, and nothing of the grader, of others, or of the network."""

import contextlib
import json
import os
import select
import signal
import subprocess
import time

import guests
import kernels
import pytest

from grade import build, machine, sandbox
from grade.machine import Machine


@pytest.fixture
def box(tmp_path, monkeypatch):
    """box("words of a shell"): (status, what it printed) of a shell inside, in a folder of its own."""
    monkeypatch.setattr(sandbox, "_in_use", True)
    (tmp_path / "own").mkdir()

    def run(script):
        done = subprocess.run(sandbox.command(["sh", "-c", script], tmp_path / "own"), capture_output=True, text=True, cwd=tmp_path / "own")
        return done.returncode, done.stdout + done.stderr

    return run


def test_bubblewrap_runs_here():
    """Without it nothing below says anything; make setup installs it."""
    assert sandbox.trial() is None


def test_inside_there_is_a_folder_to_write_and_the_tools(box, tmp_path):
    assert box("echo x > made && gcc --version > /dev/null && nasm -v > /dev/null && qemu-system-x86_64 --version > /dev/null") == (0, "")
    assert (tmp_path / "own" / "made").read_text() == "x\n"


def test_nothing_else_can_be_read_or_written(box, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("course secret")
    for place in (secret, kernels.ROOT / "Makefile", "/etc/passwd", "/root", "/home", "/var"):
        status, said = box(f"cat '{place}' || ls '{place}'")
        assert status and "No such file" in said, place
    assert box("echo x > /usr/made")[0]
    box(f"echo x > '{tmp_path}/made'")  # may well succeed, in a /tmp that is the sandbox's own
    assert not (tmp_path / "made").exists()


def test_there_is_no_network_and_no_other_process(box):
    _, said = box("cat /proc/net/dev; ls /proc | grep -c '^[0-9]'")
    assert [line.split(":")[0].strip() for line in said.splitlines() if ":" in line] == ["lo"]
    assert int(said.split()[-1]) < 10


def test_a_link_that_leads_out_leads_nowhere(box, tmp_path):
    (tmp_path / "secret").write_text("course secret")
    (tmp_path / "own" / "link").symlink_to(tmp_path / "secret")
    assert box("cat link")[0]


def test_what_it_leaves_in_tmp_is_gone_and_bounded(box):
    status, said = box(f"head -c {sandbox.SCRATCH + 1} /dev/zero > /tmp/much")
    assert status and "No space left" in said
    assert not os.path.exists("/tmp/much")


def test_nothing_of_it_lives_on(box, tmp_path):
    box("(while :; do echo x >> lives; sleep 0.01; done) & exit 0")
    size = (tmp_path / "own" / "lives").stat().st_size if (tmp_path / "own" / "lives").exists() else 0
    assert box("true")[0] == 0
    again = (tmp_path / "own" / "lives").stat().st_size if (tmp_path / "own" / "lives").exists() else 0
    assert again == size


def test_a_tool_elsewhere_is_seen(monkeypatch, tmp_path, box):
    place = tmp_path / "opt" / "bin"
    place.mkdir(parents=True)
    (place / "nasm").write_text("#!/bin/sh\ncat \"$(dirname \"$0\")/../words\"\n")
    (place / "nasm").chmod(0o755)
    (tmp_path / "opt" / "words").write_text("mine")
    monkeypatch.setenv("NASM", str(place / "nasm"))
    sandbox.tool_folders.cache_clear()
    assert box(f"'{place}/nasm'") == (0, "mine")
    monkeypatch.undo()
    sandbox.tool_folders.cache_clear()


def test_without_bubblewrap_the_reason_is_said(monkeypatch):
    monkeypatch.setattr(sandbox, "inside", lambda *_, **__: ["/nowhere/bwrap"])
    sandbox.trial.cache_clear()
    assert sandbox.trial() == "bubblewrap is not installed"
    monkeypatch.setattr(sandbox, "inside", lambda *_,
                        **__: ["sh", "-c", "echo bwrap: No permissions to create a new namespace >&2; exit 1"])
    sandbox.trial.cache_clear()
    assert "No permissions" in sandbox.trial()
    monkeypatch.undo()
    sandbox.trial.cache_clear()


def test_a_run_inside_ends_as_it_does_outside(tmp_path, monkeypatch):
    """To the last time stamp; and how QEMU ended is still told."""
    seen = {}
    for inside in (False, True):
        monkeypatch.setattr(sandbox, "_in_use", inside)
        for body in ("finish", "exits_with_success", "triple_faults"):
            with Machine(guests.make(tmp_path / body, body), "nonce=0x1") as made:
                end = made.run()
                seen.setdefault(body, []).append((end.kind, end.detail, end.code, made.console(), made.ram.read_physical(0x100000, 8192)))
    assert all(outside == inside for outside, inside in seen.values())


def test_a_qemu_inside_is_ended_with_its_box(tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox, "_in_use", True)
    with Machine(guests.make(tmp_path / "guest", "spins"), "nonce=0x1") as made:
        monkeypatch.setattr(made, "_wait", lambda: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            made.run()
    deadline = time.monotonic() + 30
    while living(tmp_path) and time.monotonic() < deadline:
        pass
    assert not living(tmp_path)


def living(folder):
    """Processes that stand in a folder of ours."""
    found = []
    for process in os.listdir("/proc"):
        try:
            found += [process] if process.isdecimal() and os.readlink(f"/proc/{process}/cwd").startswith(str(folder)) else []
        except OSError:
            pass
    return found


@contextlib.contextmanager
def held(tmp_path):
    """(bwrap, a descriptor of the first process of its sandbox) in the moment between making that one and telling it to go on: what bwrap
    does there, it does when it is told. start(): as machine.start() does it, with the sandbox's own arguments."""
    said, say = os.pipe()
    wait, go = os.pipe()
    more = ["--unshare-user", "--userns-block-fd", str(wait), "--info-fd", str(say)]
    with open(tmp_path / "errors", "wb") as errors:
        outer = machine.start([*sandbox.inside("/", ())[:-1], *more, "--", "true"], "/", errors, [wait, say], 1 << 20)
    os.close(say)
    with open(said) as info:
        first = os.pidfd_open(json.load(info)["child-pid"])
    try:
        yield outer, first
    finally:
        for number in (wait, go):
            os.close(number)
        outer.wait()
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(first, signal.SIGKILL)  # where a test has found that nobody ends it
        os.close(first)


def ended(process, seconds=0):
    """Whether the process behind a descriptor ends, at most after so many seconds."""
    return bool(select.select([process], [], [], seconds)[0])


def test_whoever_waits_for_a_bwrap_that_was_killed_is_ended(tmp_path):
    """Not even --die-with-parent does it in that moment."""
    with held(tmp_path) as (outer, first):
        outer.kill()
        outer.wait()
        assert not ended(first)
        machine.sweep()
        assert ended(first, 30)


def test_whoever_waits_for_a_bwrap_that_lives_is_left_alone(tmp_path):
    with held(tmp_path) as (outer, first):
        machine.sweep()
        assert not ended(first) and outer.poll() is None


def test_a_machine_ends_all_of_its_sandbox(tmp_path):
    with held(tmp_path) as (outer, first), Machine("no kernel", "") as made:
        made.process = outer
        made.close()
        assert ended(first, 30)


def test_the_time_that_a_guest_costs_is_seen_from_outside(tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox, "_in_use", True)
    with Machine(guests.make(tmp_path / "guest", "remaps_memory"), "nonce=0x1", cost_limit=1) as made:
        assert made.run().kind == "slow"


def test_a_build_inside_is_the_same(tmp_path, monkeypatch):
    made = {}
    for inside in (False, True):
        monkeypatch.setattr(sandbox, "_in_use", inside)
        folder = tmp_path / str(inside)
        folder.mkdir()
        (folder / "a.c").write_text("int f(void) { return 1; }\n")
        status, words = build.call(["gcc", "-g", "-c", "-o", "a.o", "a.c", f"-ffile-prefix-map={folder}=."], folder)
        assert (status, words) == (0, "")
        made[inside] = (folder / "a.o").read_bytes()
    assert made[False] == made[True]


def test_machines_memory_is_no_file_of_others(tmp_path, monkeypatch):
    """Of /dev/shm only its own RAM is seen inside."""
    monkeypatch.setattr(sandbox, "_in_use", True)
    args = sandbox.command(["sh", "-c", "ls /dev/shm"], tmp_path, [])
    assert subprocess.run(args, capture_output=True, text=True).stdout == ""
    assert machine.SHM.exists()
