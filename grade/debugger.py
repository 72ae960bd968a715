"""GDB on a run. A debugger that stops a machine moves its clock, so a run is judged undisturbed, and GDB gets a recording of
it: the same instructions again, as slowly as one likes, forwards and backwards. One CPU only.

    run = boot("switch_registers")
    with replay(run) as debugger:
        first = debugger.calls("switch_context")[0]
    require(first["back"], "whoever calls switch_context() comes back from it when somebody switches to it again")
    for name in ("rbx", "rbp", "r12", "r13", "r14", "r15"):
        require(first["back"][name] == first["entry"][name], f"switch_context must keep {name}", ...)
    require(first["back"]["rsp"] == first["entry"]["rsp"] + 8, ...)   # + 8: its return address is off the stack

What calls() cannot say, a script can: Python that runs inside GDB, with the names of gdb/driver.py at hand.

    found = debugger.run_script('''
        Stop("switch_context")
        while resume():
            report(at=instructions(), **registers(("rdi", "rsi", "cr3")), top=word(registers(("rsp",))["rsp"]))
    ''')                                                              # a list of dicts, one a report()

A call costs about a second: the run is recorded once a replay(), and each calls() or run_script() is a replay of its own."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import tempfile
import textwrap
from pathlib import Path

from .errors import GraderFault, UserError
from .machine import ANSWER, PREFIX, Machine, replay_command, start
from .qmp import Closed, Qmp

SOCKET = "gdb.sock"
HERE = Path(__file__).resolve().parent
WALL_LIMIT = 300  # seconds for one script, or one way through a replay; a guard for the host, in no verdict
GDBS = ("gdb", "gdb-multiarch", "x86_64-elf-gdb")


def find_gdb():
    """The debugger's path: $GDB, or the first one there is. Raises UserError."""
    chosen = os.environ.get("GDB")
    for name in [chosen] if chosen else GDBS:
        path = shutil.which(name)
        if path:
            return path
    raise UserError(f"there is no GDB ({chosen or ', '.join(GDBS)}) here: make setup installs it")


# --- recording --------------------------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def recording(machine, expect=None, change=None):
    """Records what a Machine boots in a private folder, which exists as long as the block lasts; yields (folder, instructions executed or
    None). expect: the kind of End that the run had when it was not recorded. change: a function that is called with the path of a copy of
    the kernel before that is booted. Raises GraderFault, UserError."""
    base = Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        kernel = machine.kernel
        if change:
            change(kernel := Path(shutil.copyfile(kernel, base / "kernel.elf")))
        with Machine(kernel, machine.options, input=machine.input, archive=machine.archive, ram_mib=machine.ram_mib, qemu=machine.qemu,
                     limit_ms=machine.limit_ms, record=base / "run") as recorded:
            end = recorded.run()
        if expect and end.kind != expect:
            raise GraderFault(f"a run that ended with a {expect} ended with a {end.kind} when it was recorded")
        yield base / "run", recorded.instructions
    finally:
        shutil.rmtree(base, ignore_errors=True)


@contextlib.contextmanager
def replay(run):
    """A Debugger on a grader's Run (boot.py). Raises GraderFault, UserError."""
    if run.machine.cpus != 1:
        raise GraderFault("only a run on one CPU can be recorded")
    with recording(run.machine, run.end.kind) as (folder, _):
        cache = run.machine.kernel.parent.parent / "dwarf"  # where the grader keeps what it read of this kernel
        yield Debugger(folder, cache if cache.is_dir() else None)


class Attached:
    """A QEMU that stands before its first instruction and waits for GDB. GDB connects to the socket SOCKET in the folder, by that relative
    name, because an absolute one may be too long for a socket. A subclass starts it with _launch(). Always in a `with`."""

    def __init__(self, folder):
        self.folder, self.process, self.qmp = Path(folder), None, None

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _launch(self, args, errors):
        """Starts QEMU in the folder. Returns when its machine is complete: from then on GDB can connect. errors: where its words go. Raises
        Closed if it ends instead, UserError if there is no QEMU."""
        ours, theirs = socket.socketpair()
        self.qmp = Qmp(ours)
        with theirs:
            args += ["-chardev", f"socket,id=qmp,fd={theirs.fileno()}", "-mon", "chardev=qmp,mode=control"]
            self.process = start(args, self.folder, errors, [theirs.fileno()], 4 << 30)
        self.qmp.message(ANSWER)
        self.qmp.ask("qmp_capabilities")

    def __exit__(self, *exc):
        if self.process:
            self.process.kill()
            self.process.wait()
        if self.qmp:
            self.qmp.sock.close()
        (self.folder / SOCKET).unlink(missing_ok=True)


class Replay(Attached):
    """A replay of the recording in a folder."""

    reached = 0  # where a seek() came to that did not come to where it should

    def _start(self):
        args, _ = replay_command(self.folder, SOCKET)
        try:
            with open(self.folder / "replay-errors", "wb") as errors:
                self._launch(args, errors)
        except Closed:
            raise GraderFault(f"QEMU cannot replay a run: {self.words()}") from None

    def words(self):
        """What QEMU complained about."""
        return (self.folder / "replay-errors").read_text(errors="replace").strip()[-500:] or "no message"

    def instructions(self):
        """How many instructions have been executed since the reset."""
        return self.qmp.ask("query-replay")["icount"]

    def seek(self, n):
        """Goes to where n instructions have been executed, forwards or backwards. False if the run is over before, which leaves
        the machine where nothing more can be done with it; self.reached says how far it came. Raises GraderFault."""
        if self.instructions() == n:
            return True
        self.qmp.ask("replay-seek", icount=n)
        try:
            while event := self.qmp.event(WALL_LIMIT):
                if event["event"] == "STOP":
                    self.reached = self.instructions()
                    return self.reached == n and self.qmp.ask("query-status")["status"] != "shutdown"
        except Closed:
            self.reached = n  # not known: QEMU took it along
            return False
        raise GraderFault(f"a replay did not come to instruction {n} within {WALL_LIMIT} s")

    def keep(self, name):
        """A snapshot here: going back behind this point becomes cheap."""
        said = self.qmp.monitor(f"savevm {name}")
        if said.strip():
            raise GraderFault(f"QEMU cannot take a snapshot of a replay: {said.strip()}")


# --- GDB --------------------------------------------------------------------------------------------------------------------------------


class Debugger:
    """GDB scripts on one recording. Each is a replay from the machine's reset. cache: folder with the kernel's parsed debug information, or
    None."""

    def __init__(self, folder, cache=None):
        self.folder, self.cache = Path(folder), cache

    def run_script(self, script, **given):
        """Runs Python text inside GDB (what it can use: gdb/driver.py); given: values of JSON for it. Returns the dicts that it
        handed to report(), in order. Raises GraderFault if the script fails or does not end."""
        result, job = self.folder / "result.json", self.folder / "job.json"
        result.unlink(missing_ok=True)
        with Replay(self.folder):
            job.write_text(json.dumps({"socket": SOCKET, "script": textwrap.dedent(script), "given": given, "result": str(result)}))
            said = run_gdb(["-nx", "-batch", "-iex", "set auto-load no", str(self.folder / "kernel.elf"),
                            "-x", str(HERE / "gdb" / "crescent.py"), "-x", str(HERE / "gdb" / "driver.py")], self.folder,
                           {"CRESCENT_JOB": str(job), "CRESCENT_DWARF": str(self.cache or self.folder / "dwarf")})
        try:
            found = json.loads(result.read_text())
        except (OSError, ValueError):
            raise GraderFault(f"GDB did not run a script: {said[-800:].strip()}") from None
        if found["error"]:
            raise GraderFault(f"a script for GDB failed: {found['error'].strip()}")
        return found["reports"]

    def calls(self, function, registers=None, most=20, until="ktest_done"):
        """The calls of a function, as driver.calls() tells them: a list of {"entry", "back", "frame", "at"}."""
        names = ["rbx", "rbp", "r12", "r13", "r14", "r15", "rsp", "rip", "eflags", "rdi", "rsi"] if registers is None else list(registers)
        script = "for call in calls(given['function'], given['names'], given['most'], given['until']): report(**call)"
        return self.run_script(script, function=function, names=names, most=most, until=until)


def run_gdb(args, cwd, environment):
    """GDB without anybody at its terminal. Returns what it printed. Raises GraderFault if it does not end, UserError if there is none."""
    command = [find_gdb(), *args]
    try:
        done = subprocess.run(command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env=os.environ | environment, timeout=WALL_LIMIT, start_new_session=True, check=False)
    except subprocess.TimeoutExpired:
        raise GraderFault(f"GDB did not come back within {WALL_LIMIT} s") from None
    except OSError as error:
        raise UserError(f"{command[0]} cannot be started: {error.strerror}") from None
    return done.stdout.decode(errors="replace")
