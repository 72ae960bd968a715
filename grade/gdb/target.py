"""What GDB is attached to, as the decoder of state.py wants it: bytes from the inferior, and the kernel's types from its debug
information. So the grader and a person in GDB see a structure through the same code.

Registers, and a running CPU's frames, come from GDB itself: it alone has them, and its unwinder is right at every instruction."""

import contextlib
import os
import shutil
import subprocess
from pathlib import Path

import gdb

from .. import dwarf
from ..errors import GraderFault
from ..memory import BadAddress
from ..state import Kernel

PARSE = "import sys; sys.path.insert(0, sys.argv[1]); from grade import dwarf; dwarf.load(sys.argv[2], sys.argv[3])"
_images = {}  # (path, mtime) of a kernel.elf -> dwarf.Image; the last one only


class InferiorMemory:
    """Virtual memory as the stopped CPU sees it."""

    def read(self, va, n):
        """n bytes. Raises BadAddress."""
        if n == 0:
            return b""
        try:
            return bytes(gdb.selected_inferior().read_memory(va, n))
        except (gdb.error, OverflowError) as error:
            raise BadAddress(f"nothing can be read at {va:#x}") from error


def kernel():
    """The state.Kernel that GDB is attached to. Raises gdb.GdbError, one line, if there is none."""
    elf = gdb.current_progspace().filename
    if not elf:
        raise gdb.GdbError("GDB has no kernel: file build/checked/kernel.elf")
    if not gdb.selected_inferior().pid:
        raise gdb.GdbError("nothing is attached: make gdb TEST=name starts a test, make qemu-gdb a QEMU to which GDB connects")
    return Kernel(image(elf), InferiorMemory())


def image(elf):
    """The dwarf.Image of a kernel file; what was parsed is kept in a folder beside it, or in $CRESCENT_DWARF."""
    try:
        key = (elf, os.stat(elf).st_mtime_ns)
        if key not in _images:
            found = _load(elf, Path(os.environ.get("CRESCENT_DWARF") or Path(elf).parent / "dwarf"))
            _images.clear()
            _images[key] = found
        return _images[key]
    except (OSError, GraderFault) as error:
        raise gdb.GdbError(f"the kernel's debug information cannot be read: {error}") from None


def _load(elf, cache):
    try:
        cache.mkdir(exist_ok=True)
        for old in sorted(cache.glob("dwarf-*.json"), key=lambda path: path.stat().st_mtime)[:-3]:
            old.unlink(missing_ok=True)
    except OSError:
        cache = None
    try:
        return dwarf.load(elf, cache)
    except ImportError:
        pass
    python = os.environ.get("PYTHON") or shutil.which("python3")
    if python and cache:  # GDB's Python has no pyelftools, the grader's has: it leaves the parsed form in the folder
        root = Path(__file__).resolve().parents[2]
        subprocess.run([python, "-c", PARSE, root, elf, cache], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        with contextlib.suppress(ImportError):
            return dwarf.load(elf, cache)
    raise gdb.GdbError("the os- commands need pyelftools: make setup installs it (Debian: python3-pyelftools)")


@contextlib.contextmanager
def cpu_selected(cpu):
    """Inside, GDB looks at that CPU's innermost frame (QEMU shows CPU n as thread n + 1); afterwards at what it looked at
    before. Yields False if there is no such CPU."""
    before = gdb.selected_thread()
    frame = gdb.selected_frame() if before and before.is_valid() else None
    there = next((t for t in gdb.selected_inferior().threads() if t.num == cpu + 1), None)
    try:
        if there:
            there.switch()
            gdb.newest_frame().select()
        yield there is not None
    finally:
        if before and before.is_valid():
            before.switch()
        if frame is not None and frame.is_valid():
            frame.select()


def registers(cpu):
    """{"rip", "rsp", "rbp"} of a CPU, or None."""
    with cpu_selected(cpu) as there:
        return {name: register(name) for name in ("rip", "rsp", "rbp")} if there else None


def register(name):
    """A register of the selected CPU as a number without sign."""
    return int(gdb.newest_frame().read_register(name)) & (1 << 64) - 1


def frames(cpu, most=64):
    """The addresses in a running CPU's frames, innermost first, each as the instruction that is executed in it. Of a CPU that another one
    has stopped for good, those of what was interrupted."""
    found, called = [], False
    with cpu_selected(cpu) as there:
        frame = gdb.newest_frame() if there else None
        halted = frame is not None and frame.name() == "machine_halt"
        try:
            while frame is not None and len(found) < most:
                if frame.type() != gdb.INLINE_FRAME:
                    found.append(frame.pc() - called)
                    called = frame.type() != gdb.SIGTRAMP_FRAME
                if frame.type() == gdb.SIGTRAMP_FRAME and halted:
                    found.clear()
                    halted = False
                # Behind kmain there is only assembly of the boot, about which GDB would warn, and behind thread_start nothing.
                frame = None if frame.name() in ("kmain", "thread_start") else frame.older()
        except gdb.error:
            pass  # a frame that leads nowhere ends the list
    return [address & (1 << 64) - 1 for address in found]
