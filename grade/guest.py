"""Any kernel in the machine that figures are taken in, with nothing around it: run to its end, or up to an instruction. The machine is the
grader's without its watchdog and its console's limit; virtual time is the number of instructions executed.

    guest = Guest("build/plain/kernel.elf", "-- ktest=bench trace=off")
    run(guest, folder)                  # what it printed; to the end
    reached(guest, 0xffffffff80101000)  # (instructions from the machine's reset to that address, what was printed until then)"""

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from . import machine
from .errors import GraderFault, UserError, printable
from .qcow2 import write_empty
from .qmp import Closed, Qmp

LARGEST_FILE = 1 << 28    # bytes; of a log of instructions, some 3 million
WALL_S = 900              # guards the host; no figure depends on it
LOOK_S = 0.5              # so long Python may not see a signal that came just before it began to wait
USER = 3                  # the privilege level of a program's instructions


@dataclass(frozen=True)
class Guest:
    """kernel: a file for -kernel. append: its command line. archive: the boot archive's path, or None. ram_mib: its memory. cpus: how
    many."""

    kernel: Path
    append: str
    archive: Path | None = None
    ram_mib: int = 64
    cpus: int = 1


def qemu_name():
    return os.environ.get("QEMU") or "qemu-system-x86_64"


def qemu_words():
    """What the QEMU in use calls itself. Raises UserError."""
    try:
        return subprocess.run([qemu_name(), "--version"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False).stdout
    except OSError as error:
        raise UserError(f"{qemu_name()} cannot be started ({error.strerror}): make setup installs it, or set QEMU= to its path") from None


def qemu_version():
    """(major, minor) of the QEMU in use. Raises UserError."""
    found = re.search(r"version (\d+)\.(\d+)", qemu_words())
    if not found:
        raise UserError(f"{qemu_name()} does not tell its version")
    return int(found[1]), int(found[2])


def arguments(guest):
    """QEMU's arguments for a guest, whose archive lies under its own name where QEMU is started: a comma in -initrd ends a path."""
    return [qemu_name(), "-machine", "pc", "-cpu", machine.CPU, "-m", f"{guest.ram_mib}M", "-nodefaults", "-no-user-config",
            "-display", "none", "-no-reboot", "-rtc", "base=2000-01-01,clock=vm", "-serial", "file:console",
            "-device", "isa-debug-exit,iobase=0xf4,iosize=4", "-kernel", str(Path(guest.kernel).absolute()), "-append", guest.append,
            *(["-smp", str(guest.cpus)] if guest.cpus > 1 else []), *(["-initrd", machine.ARCHIVE] if guest.archive else [])]


def started(guest, folder, errors, fds, *more):
    """QEMU's process with a guest, in a folder. more: arguments. Raises UserError."""
    if guest.archive:
        shutil.copyfile(guest.archive, folder / machine.ARCHIVE)
    return machine.start([*arguments(guest), *more], folder, errors, fds, LARGEST_FILE)


def console(folder):
    """What was printed so far by the guest that is run in a folder."""
    path = folder / "console"
    return printable(path.read_text("utf-8", "backslashreplace").replace("\r\n", "\n")) if path.exists() else ""


def run(guest, folder, *more):
    """Boots a guest in a folder and returns, at its end, what it printed. more: arguments for QEMU. Raises GraderFault, UserError."""
    with open(folder / "errors", "w+b") as errors:
        process = started(guest, folder, errors, [], "-icount", "shift=0,sleep=off", *more)
        try:
            process.wait(WALL_S)
        except subprocess.TimeoutExpired:
            raise GraderFault(f"counting instructions took more than {WALL_S} s of the host's time") from None
        finally:
            process.kill()
            process.wait()
        errors.seek(0)
        said = errors.read(2000).decode(errors="replace").strip()
    printed = console(folder)
    if process.returncode:
        panic = next((line for line in printed.splitlines() if line.startswith("PANIC")), f"QEMU's exit code is {process.returncode}")
        raise GraderFault(f"a run whose instructions were to be counted did not come to its end: {said or panic}")
    return printed


def reached(guest, address, what, level=0):
    """Instructions from the machine's reset to the first one at an address: the number that QEMU keeps of a recorded run, read where a
    breakpoint stops it. That is also the machine's time there, in ns. what: the place's name; level: the privilege that it has to be
    reached with. Returns (instructions, what was printed until then). Raises GraderFault, UserError."""
    with tempfile.TemporaryDirectory(prefix=machine.PREFIX) as folder:
        folder = Path(folder)
        write_empty(folder / "rr.qcow2", 64 << 20)
        (qmp_ours, qmp), (stub_ours, stub) = socket.socketpair(), socket.socketpair()
        args = ["-S", "-chardev", f"socket,id=qmp,fd={qmp.fileno()}", "-mon", "chardev=qmp,mode=control",
                "-chardev", f"socket,id=gdb,fd={stub.fileno()}", "-gdb", "chardev:gdb",
                "-icount", "shift=0,sleep=off,rr=record,rrfile=rr.bin,rrsnapshot=init",
                "-drive", "file=rr.qcow2,format=qcow2,if=none,id=rr"]
        with qmp_ours, stub_ours, open(folder / "errors", "w+b") as errors:
            try:
                process = started(guest, folder, errors, [qmp.fileno(), stub.fileno()], *args)
            finally:
                qmp.close()
                stub.close()
            try:
                run_to(stub_ours, address)
                monitor = Qmp(qmp_ours)
                monitor.ask("qmp_capabilities")
                said = monitor.monitor("info replay")
                at = machine.registers(monitor.monitor("info registers -a"))[0]
            except (Closed, OSError) as error:
                errors.seek(0)
                words = errors.read(2000).decode(errors="replace").strip()
                raise GraderFault(f"the kernel did not get to {what}: {words or error or 'QEMU ended'}") from None
            finally:
                process.kill()
                process.wait()
        found = re.search(r"instruction count = (\d+)", said)
        if not found:
            raise GraderFault(f"QEMU does not tell how many instructions were executed: {said}")
        if at["CPL"] != level:
            raise GraderFault(f"{address:#x} is not {what}: it was reached with privilege {at['CPL']} and not {level}")
        return int(found[1]), console(folder)


def run_to(stub, address):
    """Speaks to QEMU's stub for debuggers: a hardware breakpoint, then on to it. Raises OSError."""
    stub.settimeout(LOOK_S)
    if command(stub, f"Z1,{address:x},1") != b"OK":
        raise OSError("QEMU refuses a breakpoint")
    stopped = command(stub, "c")
    if not stopped.startswith(b"T05"):
        raise OSError(f"the run ended with {stopped.decode(errors='replace')}")


def command(stub, text):
    """Sends a packet of the remote protocol; returns the answer's bytes. Raises OSError."""
    stub.sendall(b"$%s#%02x" % (text.encode(), sum(text.encode()) & 255))
    data, end = b"", time.monotonic() + WALL_S
    while not (found := re.search(rb"\$([^#]*)#[0-9a-f]{2}", data)):
        try:
            more = stub.recv(4096)
        except TimeoutError:
            if time.monotonic() > end:
                raise
            continue
        if not more:
            raise OSError("the machine ended")
        data += more
    stub.sendall(b"+")
    return found[1]
