"""Runs a kernel one instruction at a time and tells which instructions were executed: the ground for every figure in docs/performance.md.
Nothing is added to the kernel for it, and nothing in the guest can tell.

    kernel = Kernel("kernel.elf", dwarf.load("kernel.elf"))
    steps = executed(kernel, "ktest=bench trace=off")       # steps.pcs: the address of every instruction, in order
    steps.calls("trace_write")                              # those of each call of a function
    reached(kernel, "boot_main")                            # instructions from the machine's reset to a function's first one

QEMU logs a line for each block of code that it executes (-d exec), and is told to make blocks of one instruction. Where a block was entered
and left before its instruction was executed, it says so in a line of its own, which takes the one before back."""

import bisect
import re
import tempfile
from pathlib import Path

from . import guest, machine
from .errors import GraderFault

UNSEEN = ["clock_init"]  # left out of the log: waits 3 ms of the machine's time for the clock, 2.7 million instructions


class Kernel:
    """A kernel file for counting. path: kernel.elf; image: its dwarf.Image. compiler: what made it."""

    def __init__(self, path, image):
        from elftools.elf.elffile import ELFFile
        self.path, self.image = Path(path), image
        with open(path, "rb") as file:
            elf = ELFFile(file)
            section = elf.get_section_by_name(".text")
            self.text, self.base = section.data(), section["sh_addr"]
            self.compiler = compiler(elf)
        code = sorted((address, name) for name, address in image.symbols.items() if image.text[0] <= address < image.text[1])
        self._starts, self._names = [address for address, _ in code], [name for _, name in code]

    def start(self, name):
        """A function's first instruction. Raises GraderFault."""
        if name not in self.image.symbols:
            raise GraderFault(f"{self.path} has no function {name}: it is not the kernel that these figures are about")
        return self.image.symbols[name]

    def extent(self, name):
        """[start, end) of a function: up to the next symbol."""
        start = self.start(name)
        at = bisect.bisect_right(self._starts, start)
        return start, self._starts[at] if at < len(self._starts) else self.image.text[1]

    def does(self, pc):
        """"call", "ret" or None: what the instruction at pc does to the depth of calls."""
        code = self.text[pc - self.base:pc - self.base + 3]
        if code[:1] == b"\x41":  # REX.B, as in call *%r8
            code = code[1:]
        if code[:1] == b"\xe8" or (code[:1] == b"\xff" and code[1] >> 3 & 7 == 2):
            return "call"
        return "ret" if code[:1] in (b"\xc3", b"\xc2") or code[:2] == b"\xf3\xc3" else None

    def code(self, pc, size):
        """The first bytes of the instruction at pc; fewer where it is no code of the kernel's."""
        return self.text[pc - self.base:pc - self.base + size] if pc >= self.base else b""

    def is_iretq(self, pc):
        """Whether the instruction at pc ends an interrupt."""
        return self.code(pc, 2) == b"\x48\xcf"


def compiler(elf):
    """(name, version) of what made a file's C code, by its debug information: ("gcc", "12.2.0")."""
    for unit in elf.get_dwarf_info().iter_CUs():
        producer = unit.get_top_DIE().attributes.get("DW_AT_producer")
        found = producer and re.match(r"GNU (?:C\d*|GIMPLE) (\d+[\d.]*)", producer.value.decode())
        if found:
            return "gcc", found[1]
    return "unknown", "?"


class Steps:
    """What a run executed. pcs: instruction addresses in order."""

    def __init__(self, kernel, pcs):
        self.kernel, self.pcs = kernel, pcs

    def between(self, begin, end):
        """Of each pair of marks, functions that only return: the instructions between begin's return and end's first."""
        first, last = self.kernel.start(begin), self.kernel.start(end)
        begins = [at for at, pc in enumerate(self.pcs) if pc == first]
        ends = [at for at, pc in enumerate(self.pcs) if pc == last]
        if not begins or len(begins) != len(ends):
            raise GraderFault(f"the run came past {begin} {len(begins)} times and past {end} {len(ends)} times")
        return [self.pcs[a + 2:b - 1] for a, b in zip(begins, ends)]  # without begin's return (one instruction) and the call of end

    def calls(self, function):
        """Of each call of a function: what was executed from its first instruction to its return, both included."""
        first, found = self.kernel.start(function), []
        for at, pc in enumerate(self.pcs):
            if pc == first:
                found.append(self.pcs[at:self.returns(at) + 1])
        return found

    def returns(self, at):
        """Where the call whose first instruction is number `at` returns."""
        depth = 0
        for n in range(at, len(self.pcs)):
            does = self.kernel.does(self.pcs[n])
            if does == "ret" and depth == 0:
                return n
            depth += {"call": 1, "ret": -1, None: 0}[does]
        raise GraderFault(f"a function at {self.pcs[at]:#x} did not return")


def executed(kernel, options):
    """The Steps of a run with these boot options, from the kernel's first instruction on. Raises GraderFault, UserError."""
    low, high = kernel.image.text
    ranges = []
    for start, end in sorted(kernel.extent(name) for name in UNSEEN):
        ranges.append((low, start))
        low = end
    ranges.append((low, high))
    single = ["-singlestep"] if guest.qemu_version() < (8, 1) else ["-accel", "tcg,one-insn-per-tb=on"]
    with tempfile.TemporaryDirectory(prefix=machine.PREFIX) as folder:
        guest.run(guest.Guest(kernel.path, f"-- {options}"), Path(folder), *single, "-d", "exec,nochain", "-D", "log",
                  "-dfilter", ",".join(f"{a:#x}+{b - a:#x}" for a, b in ranges if b > a))
        with open(Path(folder) / "log", "rb") as lines:
            return Steps(kernel, addresses(lines))


def addresses(lines):
    """Instruction addresses from QEMU's log (bytes, by line)."""
    pcs = []
    for line in lines:
        if line.startswith(b"Trace"):
            pcs.append(int(line.split(b"/", 2)[1], 16))
        elif line.startswith(b"Stopped"):
            pcs.pop()
    return pcs


def reached(kernel, function, options=""):
    """Instructions from the machine's reset to the first one of a function. Returns (instructions, what was printed until then)."""
    return guest.reached(guest.Guest(kernel.path, f"-- {options}"), kernel.start(function), function)
