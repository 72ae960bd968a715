"""What programs see of a kernel: what user/tests/bench prints, and how far it is from reset to a program's first instruction. The same
program is run on Debian's Linux, the peer, in the same machine.

    rows, linux = compared("build/plain/kernel.elf", archive, Path("build/linux-peer"))

The program reads the TSC, which counts instructions here. It is process 1 on either system, prints on the serial line, and its end ends the
run."""

import hashlib
import json
import re
import struct
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from . import cpio, machine
from .debian import NotToBeHad
from .errors import GraderFault
from .guest import USER, Guest, arguments, qemu_words, reached, run
from .linux_peer import WHAT, peer

RAM_MIB = 256  # for a process that has 64 MiB, and Linux
DEARER = 115   # percent: what a figure of one CPU may cost where there may be several
CLASSES = 120  # and where there are scheduling classes, normal threads being under EEVDF
FIRST = "first user instruction"

# What a program prints; what stands in the table; its limit.
FIGURES = [
    ("getpid", "getpid()", 150),
    ("sched_yield", "sched_yield() between two processes", 500),
    ("pipe_round_trip", "pipe round trip", 4_000),
    ("fork_exit_wait", "fork, exit, wait", 40_000),
    ("fork_exec_wait", "fork, exec of a tiny static program, wait", 80_000),
    ("first_touch", "first touch of a page", 1_100),
    ("cow_break", "COW break of a page", 1_500),
    ("fork_64_mib", "fork of 64 MiB touched", 600_000),
    (FIRST, "reset to the first user instruction", 20_000_000),
]
SMP_FIGURES = [
    ("remote_wake", "wake of a thread on an idle CPU, to its first instruction", 1_500),
    ("unmap_on_all", "munmap() of a page, three other CPUs in the same space", 4_000),
]


@dataclass(frozen=True)
class Program:
    """A program that measures, on so many CPUs: its path and that of what it needs in the boot archive, and in the folder of the programs;
    what it measures."""

    path: str
    beside: tuple
    figures: list
    cpus: int


ALONE = Program("tests/bench", ("tests/tiny",), FIGURES, 1)
SEVERAL = Program("tests/bench_smp", (), SMP_FIGURES, 4)

# As the package is, but for what ends the run with its first program, and for not printing the log to a slow serial line.
LINUX_OPTIONS = "console=ttyS0 quiet panic=-1 rdinit=/"


def crescent(kernel, archive, program=ALONE):
    return Guest(kernel, f"-- init=/{program.path} trace=off", archive, RAM_MIB, program.cpus)


def linux(kernel, archive, program=ALONE):
    return Guest(kernel, LINUX_OPTIONS + program.path, archive, RAM_MIB, program.cpus)


def tiny_archive(programs, path, program=ALONE):
    """Writes an archive with the program and what it needs, and nothing else."""
    entries = {"tests": (cpio.DIRECTORY | 0o755, b"")}
    for name in (program.path, *program.beside):
        entries[name] = cpio.FILE | 0o755, (programs / name).read_bytes()
    path.write_bytes(cpio.archive(entries))
    return path


def entry(programs, program=ALONE):
    """The address of a program's first instruction."""
    return struct.unpack_from("<Q", (programs / program.path).read_bytes(), 24)[0]  # e_entry


def counted(guest, first, program=ALONE):
    """{name: instructions} of each figure. first: entry(). Raises GraderFault, UserError."""
    with tempfile.TemporaryDirectory(prefix=machine.PREFIX) as folder:
        found = parsed(run(guest, Path(folder)), program)
    if FIRST in [name for name, _, _ in program.figures]:
        found[FIRST] = reached(guest, first, f"the first instruction of /{program.path}", USER)[0]
    return found


def parsed(printed, program=ALONE):
    """{name: instructions} of what a program printed. Raises GraderFault."""
    found = {name: int(value) for name, value in re.findall(r"^(\w+) (\d+)$", printed, re.M)}
    missing = [name for name, _, _ in program.figures if name not in found and name != FIRST]
    if missing:
        last = (printed.strip().splitlines() or ["nothing"])[-1]
        raise GraderFault(f"/{program.path} did not tell its figure {missing[0]}; the last line that was printed: {last}")
    return {name: found[name] for name, _, _ in program.figures if name in found}


def compared(kernel, archive, folder):
    """(rows, peer): [(what stands in the table, ours, limit, Linux's or None)], and what bench.json says of Linux. archive: the boot
    archive, which lies in the folder of the programs; folder: Linux's, which is given one CPU only: with several, which share QEMU's one
    thread here, its boot takes longer than a run may. Raises GraderFault, UserError, OSError."""
    programs = archive.parent
    kinds = [program for program in (ALONE, SEVERAL) if (programs / program.path).exists()]
    ours = [counted(crescent(kernel, archive, program), entry(programs, program), program) for program in kinds]
    theirs = [{} for _ in kinds]
    try:
        found = peer(folder)
        theirs = [linux_counted(found, programs, folder, program) if program is ALONE else {} for program in kinds]
        told = {"package": found.package, "version": found.version, "options": LINUX_OPTIONS + ALONE.path}
    except NotToBeHad as error:
        told = {"missing": str(error)}
    except (GraderFault, OSError) as error:
        told = {"missing": f"{WHAT} was not counted: {error}"}
    return [(words, mine[name], limit * (percent(programs) if program is ALONE else 100) // 100, its.get(name))
            for program, mine, its in zip(kinds, ours, theirs) for name, words, limit in program.figures], told


def percent(programs):
    """What a figure of one CPU may cost of its limit, where these are the programs."""
    if (programs / "bin/chrt").exists():
        return CLASSES
    return DEARER if (programs / SEVERAL.path).exists() else 100


def linux_counted(found, programs, folder, program=ALONE, count=None):
    """counted() of Linux, or another function like it, which takes a minute, kept in a folder. Raises GraderFault, UserError, OSError."""
    with tempfile.TemporaryDirectory(prefix=machine.PREFIX) as scratch:
        guest = linux(found.kernel, tiny_archive(programs, Path(scratch) / "archive", program), program)
        return counted_once(guest, folder, program, lambda guest: (count or counted)(guest, entry(programs, program), program))


def counted_once(guest, folder, program, count, *more):
    """count(guest), which depends on nothing but what QEMU is given, on QEMU, and on `more`, words: what was counted for the same before is
    taken from the folder. What it returns can be written as JSON. Raises GraderFault, UserError, OSError."""
    files = guest.kernel, guest.archive
    given = [qemu_words(), arguments(guest), *(hashlib.sha256(path.read_bytes()).hexdigest() for path in files), *more]
    kept = folder / f"counted-{Path(program.path).name}.json"
    try:
        before = json.loads(kept.read_text())
        if before["given"] == given:
            return before["counted"]
    except (OSError, ValueError, TypeError, KeyError):
        pass  # nothing was, or it is damaged
    print(f"bench: counting on {WHAT}, which takes a minute", file=sys.stderr, flush=True)
    now = count(guest)
    new = kept.with_suffix(".new")
    new.write_text(json.dumps({"given": given, "counted": now}))
    new.replace(kept)
    return now
