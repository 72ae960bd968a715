"""CPUs that run at the same time indeed: QEMU with a host's thread for each (multi-threaded TCG), and without the clock that counts
instructions. No two such runs are the same, so nobody gets or loses points by one: `make soak` sees whether the kernel comes through, and
`make bench` how much sooner two CPUs are done than one. Time in the guest is the host's.

    with contextlib.closing(Parallel(kernel, image, 1, archive=archive)) as boot:
        run = boot("queues_storm", cpus=4, trace="off", limit_ms=LIMIT_MS)

Only on hosts that are x86-64, whose memory order is the guest's."""

import os
import platform

from .boot import Boot
from .machine import Look, Machine, registers

LIMIT_MS = 120_000  # of the host's time for a run: a guard, far from what one takes
ANSWER_MS = 5000    # of the host's time, too: a busy one may let a CPU wait that was started
HOSTS = ("x86_64", "amd64", "AMD64")


class ParallelMachine(Machine):
    """A Machine whose CPUs run at the same time."""

    clock = ("-accel", "tcg,thread=multi")

    def _stuck(self, before):
        """Without a count of instructions, only the watchdog ends a run."""
        return Look(0, registers(self.qmp.monitor("info registers -a"))), False


class Parallel(Boot):
    """Boots them."""

    machine, answer_ms = ParallelMachine, ANSWER_MS


def possible():
    """Whether this host can: None, or why not."""
    if platform.machine() not in HOSTS:
        return f"this host is no x86-64 but {platform.machine()}, whose memory order is another one"
    return None


def host_cpus():
    """How many CPUs the host has for this process."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
