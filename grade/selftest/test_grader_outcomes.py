"""Every way in which a run can end, with canned guests: each gets its own verdict, whatever was printed."""

import os
import tempfile
from pathlib import Path

import guests
import pytest

from grade import dwarf, machine, memory
from grade.boot import Boot, no_leak
from grade.errors import GraderFault, RuleBroken, Unjudged, UserError
from grade.machine import Machine
from grade.qmp import Qmp
from grade.state import Kernel
from grade.verdict import outcome as verdict_of


@pytest.fixture
def run(tmp_path):
    """run("spins"): boots that guest with outcome=None. More of Boot by keywords."""
    made = []

    def go(body, **keywords):
        kernel = guests.make(tmp_path / body, body)
        made.append(Boot(kernel, dwarf.load(kernel), jobs=1))
        return made[-1]("any", **{"outcome": None, "result": None, **keywords})

    yield go
    for boot in made:
        boot.close()


def verdict(run, body):
    """(status, rule, evidence) of a guest that does not finish."""
    broken = run(body).unjudged
    return broken.status, broken.rule, "\n".join(broken.evidence)


def test_a_complete_report_is_a_finished_run(run):
    done = run("finish")
    assert done.outcome == "finished" and done.console == "k"
    assert [(f.seq, f.key, f.a, f.b) for f in done.facts()] == [(1, "NOTE", 5, 6), (2, "TURN", 7, 0)]
    assert done.fact("TURN").a == 7
    no_leak(done)


def test_events_of_all_cpus_come_by_time(run):
    done = run("finish")
    assert [(e.time, e.cpu, e.event, e.tid) for e in done.events()] == [(10, 0, "CREATE", 1), (20, 1, "SWITCH", 7), (30, 0, "SWITCH", 1)]
    assert [e.other for e in done.events("SWITCH", cpu=0)] == [2]
    assert [(t.tid, t.name, str(t.state)) for t in done.threads()] == [(1, "main", "THREAD_RUNNING"), (2, "worker", "THREAD_BLOCKED")]


def test_printed_words_earn_nothing(run):
    status, rule, evidence = verdict(run, "says_it_passed")
    assert status == "crash" and "before the test was complete" in rule and "PASS 100/100" in evidence


def test_a_panic_gives_its_message(run):
    status, rule, evidence = verdict(run, "panics")
    assert status == "panic" and rule == "wake_one: thread 3 is RUNNING, expected BLOCKED" and "thread 3 (worker) on CPU 0" in evidence


def test_a_panic_without_frames_says_why(run):
    assert "(no frames: the stack in use was not that thread's" in verdict(run, "panics")[2]


def test_a_stub_names_its_exercise(run):
    assert verdict(run, "stub")[:2] == ("unsolved", "lab 1.3 is not solved yet: rq")


@pytest.mark.parametrize("body", ["spins", "halts", "hangs_when_done"])
def test_a_run_without_end_is_a_hang(run, body):
    status, rule, evidence = verdict(run, body)
    assert status == "hang" and "does not end" in rule
    assert "thread 1 (main): RUNNING, waits in thread_join() for thread 2" in evidence
    assert "thread 2 (worker): BLOCKED, waits for 'first'" in evidence and "cpu 0  switch   thread 1, 2  (1 queued)" in evidence
    assert body != "spins" or "function_that_spins" in evidence


def test_a_kernel_that_ignores_the_watchdog_hangs_too(run, monkeypatch):
    monkeypatch.setattr(machine, "GRACE", 0)
    status, rule, evidence = verdict(run, "ignores_interrupts")
    assert status == "hang" and "unanswered" in rule and "function_that_spins" in evidence


def test_a_flood_is_stopped_at_its_limit(run):
    flooded = run("floods")
    assert flooded.unjudged.status == "runaway" and len(flooded.console) == machine.CONSOLE_CAP


@pytest.mark.parametrize("cap, kind", [(5000, "runaway"), (5001, "poweroff")])
def test_only_the_bytes_decide_what_is_a_flood(tmp_path, cap, kind):
    with Machine(guests.make(tmp_path / "guest", "prints_much"), "nonce=0x1", console_cap=cap) as made:
        assert made.run().kind == kind


def test_a_triple_fault_is_told_from_a_reset(run):
    assert "triple fault" in verdict(run, "triple_faults")[1]
    status, rule, evidence = verdict(run, "resets")
    assert status == "crash" and "triple" not in rule and "CPU 0" in evidence


@pytest.mark.parametrize("body", ["exits_with_success", "switches_off", "falls_asleep", "no_report"])
def test_an_early_end_is_no_success(run, body):
    status, rule, _ = verdict(run, body)
    assert status == "crash" and "before the test was complete" in rule


def test_a_complete_report_counts_however_qemu_ended(run):
    assert run("done_by_exit").outcome == "finished"


def test_a_report_of_another_run_is_none(run):
    assert verdict(run, "wrong_nonce")[0] == "corrupt"


@pytest.mark.parametrize("body, words", [("wrong_count", "65"), ("wrong_sequence", "fact 1"), ("unknown_key", "fact 2")])
def test_spoiled_facts_are_no_facts(run, body, words):
    done = run(body)
    with pytest.raises(Unjudged, match=words) as caught:
        done.facts()
    assert caught.value.status == "corrupt"


def test_a_run_that_lost_facts_is_not_judged(run):
    assert verdict(run, "dropped")[0] == "corrupt"


def test_a_leak_is_counted(run):
    with pytest.raises(RuleBroken, match="gives? back|given back") as caught:
        no_leak(run("leaks"))
    assert "lost 1" in caught.value.evidence[0]


def test_a_failing_test_inside_the_kernel_is_wrong(run):
    with pytest.raises(RuleBroken, match="returned -12"):
        run("fails", result=0)


def test_a_run_is_the_same_every_time_and_when_recorded(tmp_path):
    kernel, seen = guests.make(tmp_path / "guest", "finish"), set()
    image = dwarf.load(kernel)
    for record in (None, None, tmp_path / "recorded"):
        with Machine(kernel, "nonce=0x8000000000000001", record=record) as made:
            made.run()
            assert (made.instructions is not None) == bool(record)
            report = memory.GuestMemory(made.ram).read(image.symbols["ktest_report"] + 80, 8)
            seen.add(int.from_bytes(report, "little"))
    assert len(seen) == 1
    argv, folder = machine.replay_command(tmp_path / "recorded")
    assert "-gdb" in argv and (folder / "rr.bin").exists()


def test_a_recording_whose_guest_ended_qemu_or_hung_is_complete_too(tmp_path):
    for body, kind, counted in (("exits_with_success", "exit", False), ("spins", "watchdog", True)):
        with Machine(guests.make(tmp_path / body, body), "nonce=0x1", record=tmp_path / f"recorded {body}") as made:
            assert made.run().kind == kind and (made.instructions is not None) == counted
        assert (tmp_path / f"recorded {body}" / "rr.bin").stat().st_size > 0


def test_a_qemu_that_does_not_complete_its_recording_is_the_graders_fault(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "ANSWER", 1)
    with Machine(guests.make(tmp_path / "guest", "finish"), "nonce=0x1", record=tmp_path / "recorded") as made:
        wait = made._wait

        def wait_and_go_deaf():
            end = wait()
            made.qmp.ask = lambda command: {"icount": 1}
            return end

        monkeypatch.setattr(made, "_wait", wait_and_go_deaf)
        with pytest.raises(GraderFault, match="recording"):
            made.run()


def test_nothing_is_left_of_a_run(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.setattr(machine, "SHM", tmp_path / "shm")
    (tmp_path / "tmp").mkdir(), (tmp_path / "shm").mkdir()
    kernel = guests.make(tmp_path / "guest", "finish")
    made = Machine(kernel, "nonce=0x1")
    with made:
        made.run()
        assert made.process is None and made.ram.read_physical(0x100000, 4) == (0x1badb002).to_bytes(4, "little")
    with pytest.raises(KeyboardInterrupt), Machine(kernel, "nonce=0x1") as made:
        monkeypatch.setattr(made, "_wait", lambda: (_ for _ in ()).throw(KeyboardInterrupt))
        made.run()
    assert not any((tmp_path / "tmp").iterdir()) and not any((tmp_path / "shm").iterdir())


def test_ram_moves_out_of_a_small_dev_shm(monkeypatch, tmp_path):
    """Into the run's folder, whose name QEMU gets whole even if there is a comma in it."""
    monkeypatch.setattr(machine, "fits_in_memory", lambda size, jobs: False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "one,two, share=off"))
    Path(tempfile.tempdir).mkdir()
    with Machine(guests.make(tmp_path / "guest", "finish"), "nonce=0x1") as made:
        assert made.run().kind == "poweroff"


def test_room_is_counted_for_all_machines():
    free = os.statvfs("/dev/shm").f_bavail * os.statvfs("/dev/shm").f_frsize
    assert machine.fits_in_memory(1 << 20, 1) == (free >= 2 << 20)
    assert not machine.fits_in_memory(free // 2 + 4096, 1) and not machine.fits_in_memory(free // 8 + 4096, 4)


def test_a_guest_that_only_costs_time_hangs(tmp_path):
    kernel = guests.make(tmp_path / "guest", "remaps_memory")
    with Machine(kernel, "nonce=0x1", cost_limit=1) as made:
        end = made.run()
        assert end.kind == "slow"
        broken = verdict_of(end, Kernel(dwarf.load(kernel), memory.GuestMemory(made.ram)), 1, "", 100, kernel)
    assert broken.status == "hang" and "more than 1 s" in broken.rule and "CPU 0" in broken.evidence[0]


def test_a_guest_starts_when_somebody_listens(tmp_path, monkeypatch):
    """What QEMU has to tell before its control channel is open, it tells nobody: a guest that ended by then would never be seen to."""
    asked, ask = [], Qmp.ask

    def ask_and_look(self, command, *rest, **arguments):
        if command == "cont":
            asked.append(ask(self, "query-status")["status"])
        return ask(self, command, *rest, **arguments)

    monkeypatch.setattr(Qmp, "ask", ask_and_look)
    with Machine(guests.make(tmp_path / "guest", "finish"), "nonce=0x1") as made:
        assert made.run().kind == "poweroff"
    assert asked == ["prelaunch"]


def test_a_host_without_time_is_no_verdict(tmp_path):
    """Past the wall limit, with virtual time left: the host's fault."""
    with Machine(guests.make(tmp_path / "guest", "floods"), "nonce=0x1", wall_limit=0, console_cap=1 << 40) as made:
        with pytest.raises(GraderFault, match="virtual time"):
            made.run()


@pytest.mark.parametrize("qemu, error", [("no-such-qemu", UserError), ("/bin/false", GraderFault), ("/bin/true", GraderFault)])
def test_a_qemu_that_does_not_run_is_said(tmp_path, qemu, error):
    with Machine(guests.make(tmp_path / "guest", "finish"), "nonce=0x1", qemu=qemu) as made, pytest.raises(error):
        made.run()


def test_a_truncated_ram_file_is_the_graders_fault(tmp_path):
    with Machine(guests.make(tmp_path / "guest", "finish"), "nonce=0x1") as made:
        check = made._check_memory
        made._check_memory = lambda: (os.ftruncate(made.ram.fd, 4096), check())
        with pytest.raises(GraderFault, match="RAM"):
            made.run()


def test_what_a_killed_grader_left_is_swept(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(machine, "SHM", tmp_path)
    old, new, other = (tmp_path / name for name in ("crescent-old", "crescent-new", "other"))
    for folder in (old, new, other):
        folder.mkdir()
    for folder in (old, other):
        os.utime(folder, (0, 0))
    machine.sweep()
    assert not old.exists() and new.exists() and other.exists()


@pytest.mark.parametrize("name", ["with spaces, commas", "ünïcødé-目录", "long" * 50])
def test_any_folder_will_do(tmp_path, name):
    kernel = guests.make(tmp_path / "guest", "finish")
    folder = tmp_path / name
    folder.mkdir()
    moved = Path(kernel.rename(folder / "kernel.elf"))
    boot = Boot(moved, dwarf.load(moved, folder / "cache"), jobs=1)
    assert boot("any", input=b"hello").outcome == "finished"
    boot.close()
