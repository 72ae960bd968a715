"""One QEMU for one run. A run is a pure function of (QEMU's version, kernel, boot options, input): virtual time is the number of
instructions executed, and nothing here stops the guest before its end.

    with Machine(kernel, "ktest=yield nonce=0x1") as machine:
        end = machine.run()              # End(kind, detail, cpus): how it ended
        machine.ram.read_physical(0x100000, 8), machine.console()

QEMU runs in a folder of its own, with plain relative names. That folder and the RAM file are unlinked as soon as QEMU has opened what lies
there, and QEMU dies with its parent: whatever happens to the grader, nothing is left. A recorded run (record=DIR) keeps its folder, for
replay_command().

The virtual-time limit: the kernel arms the machine's watchdog (boot option `watchdog=`). When it fires, QEMU tells us so, and interrupts
the guest (NMI) at exactly that instruction, where the kernel's handler reports the place and ends the run; one that cannot is ended a
little later. A guest that costs the host a multiple of what the limit can cost hangs, too: a processor's time says that, and no clock. The
wall limit only guards the host."""

import contextlib
import ctypes
import functools
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import weakref
from collections import namedtuple
from dataclasses import dataclass, field
from pathlib import Path

from . import sandbox
from .errors import GraderFault, UserError, printable
from .memory import RamFile
from .qcow2 import write_empty
from .qmp import Closed, Qmp

CPU = "qemu64,+smep,+smap,+nx,+fsgsbase,+pdpe1gb,+rdtscp"  # one list that no version of QEMU warns about
# Without QEMU's accelerator for 32-bit guests, which nobody here uses. When QEMU 7.2 goes backwards, resetting that device waits for the
# CPU's thread, which may wait for the lock that the resetting thread holds: half of all reverse-continues would hang.
NO_VAPIC = ("-global", "apic-common.vapic=off")
FIRMWARE = "qboot.rom"
LIMIT_MS = 100          # of virtual time for a run, unless its test says otherwise
CONSOLE_CAP = 1 << 20   # bytes; a run that prints as much is a runaway
COSTS = 100, 1          # seconds of the host's processor for a run, and more for each ms of its limit; a guest that spins with `pause`
                        # takes 0.2 s for each. What takes longer has QEMU rebuild its tables at every instruction, to no end
WALL_LIMIT = 900        # seconds for a run, at least; only a host that has no time for QEMU comes to it
GRACE = 10              # seconds that a kernel has to report after the limit; the verdict does not depend on it
LOOK = 2                # seconds between looks at whether a guest that takes long has disarmed its watchdog
BEFORE_WATCHDOG = 150_000_000  # instructions, from reset until the kernel arms the watchdog; QEMU's own firmware takes 60 M
ANSWER = 60             # seconds in which QEMU answers, or ends when it is told to
POLL = 0.05             # seconds between looks at the console's size; decides when a runaway is ended, never whether it is one
PREFIX = "crescent-"
ARCHIVE = "initramfs.cpio"  # what the kernel knows the boot archive by
SHM = Path("/dev/shm")
_libc = ctypes.CDLL(None)
_live = weakref.WeakSet()  # machines not closed yet


@dataclass
class End:
    """How a run ended. kind: "poweroff", "reset" (detail says why), "watchdog", "slow", "exit" (through isa-debug-exit, code, or through
    what detail says), "runaway"."""

    kind: str
    detail: str = ""
    code: int = 0
    cpus: list = field(default_factory=list)  # per CPU {"RIP": int, "RSP": int, "CR3": int, ..., "HLT": int}; empty if QEMU could not tell


Look = namedtuple("Look", "instructions cpus")  # a running guest, seen from outside: instructions since reset, registers()


@functools.lru_cache(maxsize=None)
def firmware(qemu):
    """QEMU's arguments for a firmware that boots a kernel and looks for nothing else: with the one that also looks for disks and menus a
    boot costs the host half as much again. A QEMU that has none beside it boots with its own: the kernel's time begins with the kernel."""
    name = Path(shutil.which(qemu) or qemu).resolve().parent.parent / "share/qemu" / FIRMWARE
    return ("-bios", FIRMWARE) if name.is_file() else ()


class Machine:
    """kernel: path of kernel.elf. options: boot options (without the "--"). input: bytes that the guest's serial layer plays, or None.
    archive: path of the boot archive, or None.
    limit_ms: what limit_option() was given. record: a folder to make, for a replay. jobs: how many machines may run at once on this host
    (chooses where RAM lies). wall_limit, cost_limit: seconds. Raises GraderFault and UserError; always to be used in a `with`."""

    clock = ("-icount", "shift=0,sleep=off")  # QEMU's arguments for time

    def __init__(self, kernel, options, *, input=None, archive=None, cpus=1, ram_mib=64, record=None, jobs=2, qemu=None,
                 console_cap=CONSOLE_CAP, wall_limit=None, cost_limit=None, limit_ms=LIMIT_MS):
        self.kernel, self.options, self.input, self.archive = Path(kernel), options, input, archive
        self.cpus, self.ram_mib, self.jobs = cpus, ram_mib, jobs
        self.record = Path(record).absolute() if record else None
        self.qemu = qemu or os.environ.get("QEMU") or "qemu-system-x86_64"
        self.console_cap, self.limit_ms = console_cap, limit_ms
        self.cost_limit = COSTS[0] + COSTS[1] * limit_ms if cost_limit is None else cost_limit
        self.wall_limit = max(WALL_LIMIT, 5 * self.cost_limit) if wall_limit is None else wall_limit
        self.greeted = False
        self.folder = self.ram = self.process = self.qmp = None
        _live.add(self)
        self.ram_path = self.console_file = self.log_file = self.errors_file = None
        self.instructions = None  # executed until the end of a recorded run, or None if QEMU ended by itself

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    # --- the run ------------------------------------------------------------------------------------------------------------

    def run(self):
        """Boots, waits for the end, returns End. Once per machine."""
        try:
            self._prepare()
            self._start()
            end = self._wait()
            if self.record:
                self._complete_recording()
        except OSError as error:
            raise GraderFault(f"a run could not be made: {error}") from error
        finally:
            self._stop()
        self._check_memory()
        if self.record:
            (self.record / "end.json").write_text(json.dumps({"kind": end.kind, "detail": end.detail, "code": end.code}))
        return end

    def console(self):
        """What was printed, as text; bytes that are no UTF-8 are shown as \\xnn."""
        self.console_file.seek(0)
        return printable(self.console_file.read(self.console_cap).decode("utf-8", "backslashreplace").replace("\r\n", "\n"))

    def close(self):
        """Ends QEMU if it still runs and gives everything back. May be called twice."""
        self._stop()
        self._unlink()
        for thing in (self.ram, self.console_file, self.log_file, self.errors_file):
            if thing:
                thing.close()
        self.ram = None

    # --- parts --------------------------------------------------------------------------------------------------------------

    def _prepare(self):
        sweep()
        if self.record:
            self.record.mkdir(parents=True)
            self.folder = self.record
        else:
            self.folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=tempfile.gettempdir()))
        shutil.copyfile(self.kernel, self.folder / "kernel.elf")
        if self.input is not None:
            (self.folder / "input").write_bytes(self.input)
        if self.archive is not None:
            shutil.copyfile(self.archive, self.folder / ARCHIVE)
        size = self.ram_mib << 20
        self.ram_path = self.folder / "ram"
        if not self.record and fits_in_memory(size, self.jobs):
            fd, name = tempfile.mkstemp(prefix=PREFIX, suffix=".ram", dir=SHM)
            self.ram_path = Path(name)
        else:
            fd = os.open(self.ram_path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self.ram = RamFile(fd, size)
        os.ftruncate(fd, size)
        self.console_file = open(self.folder / "console", "w+b")
        self.log_file = open(self.folder / "log", "w+b")
        self.errors_file = open(self.folder / "errors", "w+b")
        if self.record:
            write_empty(self.folder / "rr.qcow2", 64 << 20)
            (self.folder / "machine.json").write_text(json.dumps({"common": self._common(), "ram": size}))

    def _common(self):
        """QEMU's arguments that a run, its replay and a live session share."""
        args = ["-cpu", CPU, *NO_VAPIC, "-smp", str(self.cpus), "-m", f"{self.ram_mib}M", "-nodefaults", "-display", "none",
                "-no-user-config", "-rtc", "base=2000-01-01,clock=vm", "-device", "i6300esb",
                "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
                *firmware(self.qemu), "-kernel", "kernel.elf", "-append", f"-- {self.options}"]
        modules = ["input"] * (self.input is not None) + [ARCHIVE] * (self.archive is not None)
        return args + (["-initrd", ",".join(modules)] if modules else [])

    def _start(self):
        ours, theirs = socket.socketpair()
        args = [self.qemu, *self._common(), *memory_arguments(self.ram_path, self.ram_mib << 20),
                "-action", "reboot=shutdown,shutdown=pause,watchdog=inject-nmi,panic=none", "-d", "cpu_reset", "-D", "log",
                "-chardev", "file,id=console,path=console", "-serial", "chardev:console",
                "-chardev", f"socket,id=qmp,fd={theirs.fileno()}", "-mon", "chardev=qmp,mode=control",
                "-S", *self.clock]
        if self.record:
            args[-1] += ",rr=record,rrfile=rr.bin,rrsnapshot=init"
            args += ["-drive", "file=rr.qcow2,format=qcow2,if=none,id=rr"]
        try:
            self.process = start(sandbox.command(args, self.folder, [] if self.ram_path.parent == self.folder else [self.ram_path]),
                                 self.folder, self.errors_file, [theirs.fileno()], 4 << 30 if self.record else self.console_cap)
        finally:
            theirs.close()
            self.qmp = Qmp(ours)

    def _wait(self):
        deadline, expired = time.monotonic() + self.wall_limit, False
        look, before = time.monotonic() + LOOK, None
        try:
            self.greeted = self.qmp.message(ANSWER) is not None
            self.qmp.ask("qmp_capabilities")
            if not self.record:
                self._unlink()    # QEMU answers when the machine is complete: everything is open by now
            self.qmp.ask("cont")  # not before: what QEMU has to tell until now it tells nobody
            while True:
                event = self.qmp.event(POLL)
                if self._flooded():
                    return self._runaway()
                if event and event["event"] == "WATCHDOG":
                    deadline, expired = time.monotonic() + GRACE, True
                elif event and event["event"] == "SHUTDOWN":
                    return self._shut_down(event["data"].get("reason"), expired)
                elif event and event["event"] == "SUSPEND":
                    return End("exit", "a request to sleep (ACPI)", cpus=registers(self.qmp.monitor("info registers -a")))
                elif time.monotonic() > deadline:
                    return self._expired() if expired else self._overdue()
                elif time.monotonic() > look and not expired:
                    before, stuck = self._stuck(before)
                    if stuck:
                        return End("watchdog", "the watchdog was disarmed", cpus=before.cpus)
                    if self._cost() > self.cost_limit:
                        return End("slow", f"it took QEMU more than {self.cost_limit} s", cpus=before.cpus)
                    look = time.monotonic() + LOOK
        except Closed:
            return self._exited(expired)

    def _shut_down(self, reason, expired):
        """The guest switched itself off or was reset; QEMU stands still and tells what its CPUs were at."""
        end = End("poweroff") if reason == "guest-shutdown" else End("reset", self._why_reset(reason))
        end.cpus = registers(self.qmp.monitor("info registers -a"))
        if self._flooded():
            return self._runaway()
        if expired:
            end.kind, end.detail = "watchdog", ""
        return end

    def _expired(self):
        """The limit was reached, and the kernel does not answer."""
        self.qmp.ask("stop")
        return End("watchdog", "its interrupts go unanswered", cpus=registers(self.qmp.monitor("info registers -a")))

    def _flooded(self):
        return os.fstat(self.console_file.fileno()).st_size >= self.console_cap

    def _why_reset(self, reason):
        self.log_file.seek(0)
        return "triple fault" if b"Triple fault" in self.log_file.read() else f"reset ({reason})"

    def _runaway(self):
        return End("runaway", f"{self.console_cap} bytes")

    def _stuck(self, before):
        """(Look, True if the guest is past its limit or can never go on, so that its watchdog must be off). before: the last Look.
        Instructions count whatever the guest does to its clocks; they stand still while every CPU waits in hlt, and then virtual time
        jumps to the next timer's end at once: still halted at the same instruction a look later, the guest has no timer left."""
        now = Look(self.qmp.ask("query-replay")["icount"], registers(self.qmp.monitor("info registers -a")))
        dead = before is not None and now == before and all(cpu.get("HLT") for cpu in now.cpus)
        return now, dead or now.instructions > self.limit_ms * 1_000_000 + BEFORE_WATCHDOG

    def _cost(self):
        """Seconds that the host's processors have spent on QEMU so far, and on what it may stand in; 0 where the host does not tell."""
        waiting, ticks = [self.process.pid], 0
        try:
            while waiting:
                process = Path(f"/proc/{waiting.pop()}")
                fields = (process / "stat").read_text().rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12])
                waiting += (process / "task" / process.name / "children").read_text().split()
        except OSError:
            pass
        return ticks / os.sysconf("SC_CLK_TCK")

    def _overdue(self):
        """The host's guard."""
        now, _ = self._stuck(None)
        raise GraderFault(f"QEMU needed more than {self.wall_limit} s for {now.instructions} ns of virtual time")

    def _exited(self, expired):
        """QEMU is gone without having been told to: the guest ended it, or it failed."""
        code = self.process.wait()
        self.errors_file.seek(0)
        words = self.errors_file.read(2000).decode(errors="replace").strip()
        if self._flooded():
            return self._runaway()
        if self.greeted and code > 0 and code % 2 and not words:
            return End("watchdog") if expired else End("exit", f"isa-debug-exit with {code >> 1}", code >> 1)
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        raise GraderFault(f"QEMU failed ({how}): {words or 'no message'}")

    def _complete_recording(self):
        """Has QEMU quit by itself: only then it writes its log's end and beginning."""
        try:
            self.instructions = self.qmp.ask("query-replay")["icount"]
            self.qmp.ask("quit")
        except Closed:
            pass  # the guest ended it
        try:
            self.process.wait(ANSWER)
        except subprocess.TimeoutExpired:
            raise GraderFault(f"QEMU did not complete its recording within {ANSWER} s") from None

    def _check_memory(self):
        if os.fstat(self.ram.fd).st_size != self.ram_mib << 20:
            raise GraderFault("the guest's RAM file changed its size")

    def _stop(self):
        if self.process:
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGKILL)  # see sandbox.end_forsaken()
            self.process.wait()
            self.process = None
        if self.qmp:
            self.qmp.sock.close()
            self.qmp = None

    def _unlink(self):
        if self.ram_path:
            self.ram_path.unlink(missing_ok=True)
            self.ram_path = None
        if self.folder and not self.record:
            shutil.rmtree(self.folder, ignore_errors=True)
        self.folder = None


def limit_option(ms):
    """The boot option that sets a run's limit of virtual time."""
    return f"watchdog={ms}"


def end_all():
    """Ends every machine of this process; for a signal handler that leaves at once."""
    for machine in list(_live):
        machine.close()


def start(args, folder, errors, fds, largest_file, more=None):
    """A program, mostly QEMU, as a child that dies with this process, takes no signal from the terminal, and writes no file past
    largest_file bytes. more: variables for its environment. Raises UserError if there is no such program."""
    parent = os.getpid()

    def in_child():
        if hasattr(_libc, "prctl"):
            _libc.prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:
            os._exit(1)
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", **(more or {})}
    try:
        return subprocess.Popen(args, cwd=folder, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors, env=environment,
                                pass_fds=fds, start_new_session=True, preexec_fn=in_child)
    except FileNotFoundError:
        raise UserError(f"{args[0]} is not installed: make setup installs it, or set QEMU= to its path") from None


def memory_arguments(path, size):
    """RAM of so many bytes in a file. A comma in the file's path is doubled, or it would end the path."""
    quoted = str(path).replace(",", ",,")
    return ["-machine", "pc,memory-backend=ram", "-object", f"memory-backend-file,id=ram,size={size},share=on,mem-path={quoted}"]


def replay_command(folder, gdb="gdb.sock", qemu=None):
    """(argv, cwd) of a QEMU that waits, stopped, for a debugger on unix socket `gdb` (relative to the folder) and replays the run that
    Machine(record=folder) recorded. The folder's path should be short: a socket's path has 107 bytes."""
    folder = Path(folder)
    saved = json.loads((folder / "machine.json").read_text())
    with open(folder / "ram", "wb") as ram:
        ram.truncate(saved["ram"])
    args = [qemu or os.environ.get("QEMU") or "qemu-system-x86_64", *saved["common"], *memory_arguments("ram", saved["ram"]),
            "-action", "reboot=shutdown,shutdown=pause,watchdog=inject-nmi,panic=none",
            "-chardev", "file,id=console,path=replayed", "-serial", "chardev:console",
            "-icount", "shift=0,sleep=off,rr=replay,rrfile=rr.bin,rrsnapshot=init",
            "-drive", "file=rr.qcow2,format=qcow2,if=none,id=rr", "-S", "-gdb", f"unix:{gdb},server=on,wait=off"]
    return args, folder


def registers(text):
    """What `info registers -a` says: a dict per CPU, of the general registers, RFL (flags), CR0-CR4 and HLT. A 32-bit name counts as
    the 64-bit one."""
    cpus = []
    for part in re.split(r"^CPU#\d+$", text, flags=re.M)[1:]:
        found = {}
        for name, value in re.findall(r"\b([ER](?:[A-D]X|[SD]I|[BS]P|IP|FL)|R\d{1,2}|CR\d|HLT|CPL)\s*=([0-9a-f]+)", part):
            found[name.replace("E", "R", 1) if name[0] == "E" else name] = int(value, 16)
        cpus.append(found)
    return cpus


def fits_in_memory(size, jobs):
    """True if /dev/shm has room for twice what all running machines can fill."""
    try:
        free = os.statvfs(SHM)
        return free.f_bavail * free.f_frsize >= 2 * size * jobs and os.access(SHM, os.W_OK)
    except OSError:
        return False


@contextlib.contextmanager
def private_folder():
    """Inside, the temporary files of this process and of those that it starts lie in a folder of their own; behind it that is gone, whoever
    was ended in the middle of his work."""
    sweep()
    before = {name: os.environ[name] for name in ["TMPDIR"] if name in os.environ}
    folder = tempfile.mkdtemp(prefix=PREFIX)
    tempfile.tempdir = os.environ["TMPDIR"] = folder
    try:
        yield
    finally:
        del os.environ["TMPDIR"]
        os.environ.update(before)
        tempfile.tempdir = None
        shutil.rmtree(folder, ignore_errors=True)


def sweep(age=3600):
    """Removes what a grader left that was killed in a bad moment: its folder, if it was not unlinked yet, is ours and older than an hour;
    and sandboxes that would wait for ever."""
    sandbox.end_forsaken()
    for base in {tempfile.gettempdir(), str(SHM)}:
        for path in Path(base).glob(PREFIX + "*"):
            try:
                if path.lstat().st_uid == os.getuid() and time.time() - path.lstat().st_mtime > age:
                    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
            except OSError:
                pass  # another grader was faster
