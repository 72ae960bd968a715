"""One GDB on this terminal, and the QEMU it is connected to: as long as GDB runs, so does QEMU, and no longer. Ctrl-C belongs
to GDB: it runs in a process group of its own in the terminal's foreground."""

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from .debugger import SOCKET, WALL_LIMIT, Attached, find_gdb
from .errors import GraderFault, UserError
from .machine import ARCHIVE, PREFIX, memory_arguments
from .qmp import Closed

HERE = Path(__file__).resolve().parent
LOOK = 5     # seconds between looks at whether QEMU answers
AFTER = 0.2  # seconds after which what the kernel prints is shown though its line may go on


class Live(Attached):
    """A QEMU that boots what a Machine booted. What the kernel prints goes to stdout, and so do QEMU's own words."""

    watchdog = "none"  # what QEMU does when the limit of virtual time is reached

    def __init__(self, machine):
        super().__init__(tempfile.mkdtemp(prefix=PREFIX))
        self.machine = machine

    def _start(self):
        shutil.copyfile(self.machine.kernel, self.folder / "kernel.elf")
        if self.machine.input is not None:
            (self.folder / "input").write_bytes(self.machine.input)
        if self.machine.archive is not None:
            shutil.copyfile(self.machine.archive, self.folder / ARCHIVE)
        read, write = os.pipe()
        threading.Thread(target=pass_on, args=(read,), daemon=True).start()
        args = [self.machine.qemu, *self.machine._common(), *memory_arguments("ram", self.machine.ram_mib << 20),
                "-action", f"reboot=shutdown,shutdown=pause,watchdog={self.watchdog},panic=none", "-icount", "shift=0,sleep=off",
                "-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console", "-S", "-gdb", f"unix:{SOCKET},server=on,wait=off"]
        try:
            with open(write, "wb") as errors:  # QEMU alone has it from here on, and its end is QEMU's end
                self._launch(args, errors)
        except Closed:
            raise GraderFault("QEMU cannot be started; what it says stands above") from None

    def __exit__(self, *exc):
        super().__exit__(*exc)
        shutil.rmtree(self.folder, ignore_errors=True)


def pass_on(descriptor):
    """Copies what comes out of a pipe to stdout until its end: whole lines, so that GDB's do not come in between; what is no line yet, as
    soon as nothing follows it."""
    with open(descriptor, "rb", buffering=0) as pipe:
        waiting = b""
        while data := pipe.read(4096):
            waiting += data
            if data.endswith(b"\n") or not select.select([pipe], [], [], AFTER)[0]:
                sys.stdout.write(waiting.decode("utf-8", "backslashreplace").replace("\r\n", "\n"))
                sys.stdout.flush()
                waiting = b""
        sys.stdout.write(waiting.decode("utf-8", "backslashreplace"))
        sys.stdout.flush()


def run(options, qemu, attempt, words, *, begin="", ends=(), go=False, graded=None):
    """GDB on the terminal, connected to `qemu` (a Live or a Replay), until it ends. words: what it says when it is ready; the others are
    as gdb/session.py has them. Raises GraderFault if GDB failed."""
    job = qemu.folder / "session.json"
    job.write_text(json.dumps({"folder": str(qemu.folder), "socket": SOCKET, "begin": begin, "go": go, "words": words, "ends": ends,
                               "graded": graded}))
    command = [find_gdb(), "-q", "-iex", "set auto-load no", "-x", str(options.tree / ".gdbinit"), "-x", str(HERE / "gdb" / "session.py"),
               *options.more, str(attempt.machine.kernel)]
    environment = {name: value for name, value in os.environ.items() if name != "DEBUGINFOD_URLS"} | {"CRESCENT_JOB": str(job)}
    watch = Watch(qemu)
    watch.start()
    try:
        status = foreground(command, options.tree, environment)
    finally:
        watch.enough.set()
        watch.join()
    if watch.gave_up:
        raise GraderFault(watch.gave_up)
    if status:
        raise GraderFault(f"GDB ended with status {status}")


class Watch(threading.Thread):
    """Notices a QEMU that does not answer any more, which GDB would wait for without end, and ends it. Keeps the folder's time
    fresh, too: what is old counts as left over (machine.sweep)."""

    def __init__(self, qemu):
        super().__init__(daemon=True)
        self.qemu, self.enough, self.gave_up = qemu, threading.Event(), None

    def run(self):
        while not self.enough.wait(LOOK):
            with contextlib.suppress(OSError):
                os.utime(self.qemu.folder)
            try:
                self.qemu.qmp.ask("query-status", WALL_LIMIT)
                self.qemu.qmp.events.clear()
            except GraderFault:
                self.gave_up = f"QEMU did not answer for {WALL_LIMIT} s and was ended; start again"
                self.qemu.process.kill()
                return
            except (Closed, OSError, ValueError):
                return  # it has ended, and GDB says so


def foreground(command, cwd, environment):
    """Runs a command on this terminal and returns its exit status. On a terminal it becomes the foreground process group, so
    that Ctrl-C reaches it alone; it cannot be suspended."""
    terminal = os.isatty(0)

    def in_child():
        if terminal:
            os.setpgid(0, 0)
            take_terminal(os.getpid())

    process = None
    try:
        process = subprocess.Popen(command, cwd=cwd, env=environment, preexec_fn=in_child)
        while True:
            _, status = os.waitpid(process.pid, os.WUNTRACED)
            if not os.WIFSTOPPED(status):
                process.returncode = os.waitstatus_to_exitcode(status)
                return process.returncode
            if terminal:
                take_terminal(process.pid)
            os.kill(process.pid, signal.SIGCONT)
    finally:
        if process and process.returncode is None:
            process.kill()
            process.wait()
        if terminal:
            take_terminal(os.getpgrp())


def take_terminal(group):
    """Makes a process group the terminal's foreground one; also from the background."""
    before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    with contextlib.suppress(OSError):
        os.tcsetpgrp(0, group)
    signal.signal(signal.SIGTTOU, before)
