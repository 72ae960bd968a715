"""Programs under GDB: which processes there are, and os-user, which tells GDB the symbols of what one of them runs. From phase 3 on.

A program is built as build/user/bin/NAME.elf, with symbols, beside what goes into the archive without. Whether that file is what the
process runs is not believed: the code where it begins is compared with what the process has there, up to the end of the page."""

import struct
from pathlib import Path

from ..memory import DIRECT_BASE, BadAddress
from . import spaces
from .lists import elements

FIXED, ANYWHERE = 2, 3  # ELF's types of programs
LOAD = 1                # ... and of what is in memory
NAME_MAX = 15           # letters that a process keeps of its program's name
FOLDERS = [Path(__file__).resolve().parents[2] / "build/user"]


class NoProgram(Exception):
    """Why there are no symbols for a process: one line, with the way out."""


def process_lines(kernel):
    """A line a process, as os-ps shows them: also of those that have ended and whose parent has not asked yet."""
    found, complaints = elements(kernel, kernel.address("processes"), "process", "all_link", spaces.MOST_PROCESSES, lambda p: str(p.pid))
    rows = [("pid", "parent", "program", "state", "user", "pages")]
    for p in found:
        state = str(p.state).split("_", 1)[1] + (", stopped" if p.stopped else "")
        rows.append((str(p.pid), str(p.ppid), p.name, state, str(p.cred.uid.effective), str(p.space.target.pages) if int(p.space) else "-"))
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    return lines + [f"({text})" for text in complaints]


def process_of(kernel, pid, cpu):
    """The process with an id, or, if that is None, of the thread that runs on a CPU. Raises NoProgram."""
    found, _ = spaces.processes(kernel)
    current = kernel["cpus"][cpu].current
    owner = int(current.target.owner) if int(current) else 0
    for process in found:
        if process.pid == pid if pid is not None else process._address == owner:
            return process
    raise NoProgram("the thread that runs has no program: os-user PID takes another process; os-ps lists them" if pid is None
                    else f"no process {pid} has a program; os-ps lists them")


def files_of(name, folders):
    """Where a program of that name may have been built."""
    return sorted(path for folder in folders for path in Path(folder).glob("*/*.elf") if path.stem[:NAME_MAX] == name)


class Elf:
    """What is needed of a program's file: its kind, where it begins, and the code from there to the end of the page. Raises NoProgram."""

    def __init__(self, path):
        try:
            data = Path(path).read_bytes()
            if data[:5] != b"\x7fELF\x02":
                raise NoProgram(f"{path} is no ELF64 file")
            self.kind, _, _, self.entry, table = struct.unpack_from("<HHIQQ", data, 16)
            size, count = struct.unpack_from("<HH", data, 54)
            segments = [struct.unpack_from("<IIQQQQ", data, table + n * size) for n in range(count)]
            va, offset, n = next((va, offset, n) for kind, _, offset, va, _, n in segments if kind == LOAD and va <= self.entry < va + n)
            self.code = data[offset + self.entry - va:offset + min(n, (self.entry | spaces.PAGE - 1) + 1 - va)]
        except OSError as error:
            raise NoProgram(f"{path}: {error.strerror}") from None
        except (struct.error, StopIteration):
            raise NoProgram(f"{path} is no program that could be run") from None
        if self.kind not in (FIXED, ANYWHERE):
            raise NoProgram(f"{path} is no program, but a part of one")


def base_of(kernel, process, elf):
    """What is added to the file's addresses: nothing, or where a program that may lie anywhere begins."""
    if elf.kind == FIXED:
        return 0
    known, _ = spaces.regions(kernel, process.space.target)
    return min((region.start for region in known if int(region.ops)), default=0)


def memory_of(kernel, process, va, n):
    """n bytes that a process has at va, both in one page. Raises NoProgram where it has no page yet."""
    frame = next((page.frame for page in spaces.pages(kernel, process.space.target.root) if page.va == va & -spaces.PAGE), None)
    if frame is None:
        raise NoProgram(f"process {process.pid} has no page at {va:#x} yet: it has not run")
    return kernel.memory.read(DIRECT_BASE + frame + va % spaces.PAGE, n)


def find(kernel, process, file=None, folders=FOLDERS):
    """(path, base) of the program that a process runs: of `file`, or of those with its name the first that is it. Raises NoProgram."""
    paths = [Path(file)] if file else files_of(process.name, folders)
    who = f"process {process.pid} ({process.name})"
    for path in paths:
        elf = Elf(path)
        base = base_of(kernel, process, elf)
        try:
            if memory_of(kernel, process, base + elf.entry, len(elf.code)) == elf.code:
                return path, base
        except BadAddress as error:
            raise NoProgram(f"{who}: {error}") from None
    if paths:
        raise NoProgram(f"{who} runs something else than {paths[0]}: build it again, or name its file: os-user {process.pid} FILE")
    raise NoProgram(f"{who}: there is no {process.name}.elf in build/user; `make user` builds it, or name its file: "
                    f"os-user {process.pid} FILE")
