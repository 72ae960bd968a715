"""Rows of docs/features.md that no kernel test can show from inside: what the processor was told, and what people see at the prompt."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from grade import machine  # noqa: E402
from grade.machine import CPU, Machine  # noqa: E402

KERNEL = ROOT / "build/tree/1-199/build/checked/kernel.elf"
QEMU = os.environ.get("QEMU", "qemu-system-x86_64")
GUARD_S = 60  # of the host's time, for a machine that does not stop as it should
PGE, SMEP, SMAP = 1 << 7, 1 << 20, 1 << 21  # bits of CR4


@pytest.fixture(autouse=True)
def kernel():
    assert KERNEL.exists(), "the reference is not built: run `make trees`, or let `make test` do it"


def test_the_kernel_protects_itself_where_the_processor_can():
    """The grading machine's processor has SMEP and SMAP: after a run both are on."""
    with Machine(KERNEL, "ktest=rq_order watchdog=100") as run:
        end = run.run()
    assert end.kind == "poweroff" and end.cpus[0]["CR4"] & (PGE | SMEP | SMAP) == PGE | SMEP | SMAP


@pytest.mark.parametrize("firmware", sorted({machine.firmware(QEMU), ()}), ids=lambda words: words[-1] if words else "QEMU's own")
def test_the_monitor_sleeps_while_nobody_types(monkeypatch, firmware):
    """A kernel that looks for a key again and again keeps a processor of the host busy. Where it is when its time is up says what it
    does, whatever the firmware left to do before a watchdog can tell."""
    monkeypatch.setattr(machine, "firmware", lambda qemu: firmware)
    with Machine(KERNEL, "watchdog=50") as run:
        run.run()
        assert re.search(r"PANIC: .*non-maskable interrupt.* in console_sleep\+", run.console()), run.console()


def at_the_prompt(typed):
    """What the console shows when this is typed into the monitor."""
    command = [QEMU, "-nodefaults", "-display", "none", "-no-reboot", "-cpu", CPU, "-m", "64", "-serial", "stdio",
               "-kernel", str(KERNEL), "-append", "--"]
    return subprocess.run(command, input=typed, stdout=subprocess.PIPE, text=True, timeout=GUARD_S, check=True).stdout


def test_a_dump_shows_a_process_from_inside():
    """Descriptors, threads with their stacks and statistics, and where each is; of one process or of all; an id that nobody has is said."""
    shown = at_the_prompt("dump\ndump 1\ndump 77\npoweroff\n")
    whole = re.compile(r"process 1 \(init\): parent 0, RUNNING\s+"
                       r"fd 0 -> console\s+fd 1 -> console\s+fd 2 -> console\s+"
                       r"thread 1 \(main\): RUNNING, rr, priority 2, created by 0\s+"
                       r"stack 0x\w+\.\.0x\w+, rsp 0x\w+, CPU 0\s+ran \d+ us in \d+ turns, waited \d+ us\s+#0 .*dump", re.M)
    assert len(whole.findall(shown)) == 2, shown
    assert "no process has the id 77" in shown


def test_a_panic_after_a_wild_jump_says_that_its_place_is_no_code():
    with Machine(KERNEL, "ktest=panic_jump watchdog=100") as run:
        run.run()
        frames = [line.split(maxsplit=1) for line in run.console().splitlines() if line.startswith("  #")]
    assert frames[0][1].endswith(" (not in the kernel's code)") and "ktest_run" in frames[1][1]


def test_the_last_events_are_shown_in_order():
    """`trace` at the prompt, after a demo of three threads: numbers rise by one, and the ends of the three are among them."""
    shown = at_the_prompt("run turns\ntrace 12\npoweroff\n")
    events = re.findall(r"^ +(\d+) +\d+ ns  cpu 0  (\w+)", shown, re.M)
    assert len(events) == 12 and [int(n) for n, _ in events] == list(range(int(events[0][0]), int(events[0][0]) + 12))
    assert {"switch", "exit", "reclaim"} <= {event for _, event in events}
