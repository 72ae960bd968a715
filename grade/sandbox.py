"""Where what a submission may turn against its grader is run: compilers, the linker, QEMU. Inside, bubblewrap gives a process the system's
programs to read, a folder of its own to write, and nothing else: no network, no other process, no file of the grader or of another
submission. Limits of time, memory and output (build.call(), machine.start()) hold with or without it.

    sandbox.use(True)                        # once a process; a student's own `make grade` does without
    sandbox.command(["make", ...], folder)   # the same command, as it runs inside; unchanged where there is no sandbox
    sandbox.trial()                          # None, or why bubblewrap cannot be used here
    sandbox.end_forsaken()                   # what a grader that was killed may have left"""

import functools
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from .errors import UserError

SCRATCH = 256 << 20  # bytes that fit into /tmp inside
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/alternatives", "/etc/ld.so.cache")
TOOLS = ("CROSS", "NASM", "QEMU")  # variables that may name a program elsewhere
FIRST = ("bwrap", "--unshare-all", "--as-pid-1", "--die-with-parent", "--cap-drop", "ALL")
_in_use = False


def use(wanted):
    """From now on command() makes commands that run inside, or none does. Raises nothing: ask trial() first."""
    global _in_use
    _in_use = wanted


@functools.lru_cache(maxsize=None)
def trial():
    """None if bubblewrap runs a program here, else why not, in a few words."""
    try:
        done = subprocess.run([*inside("/", writable=()), "true"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "bubblewrap is not installed"
    return None if done.returncode == 0 else (done.stderr.strip().splitlines() or ["bwrap failed without a word"])[-1]


def command(args, folder, writable=()):
    """argv that runs args in folder, which may be written, as may the plain files `writable`. Raises UserError if there is no such
    program: inside, that could not be told from a program that fails."""
    if not shutil.which(args[0]):
        raise UserError(f"{args[0]} is not installed: make setup installs it, or set QEMU= to its path")
    return [*inside(folder, [folder, *writable]), *args] if _in_use else list(args)


def scratch():
    """The folder for temporary files of what command() makes."""
    return "/tmp" if _in_use else tempfile.gettempdir()


def inside(folder, writable):
    """bubblewrap's part of a command line. The program is the sandbox's first process, a child of bwrap itself: nobody stands between them
    whose death would lose the processor time of those below him."""
    args = list(FIRST)
    for path in SYSTEM:
        args += ["--symlink", os.readlink(path), path] if os.path.islink(path) else ["--ro-bind-try", path, path]
    args += ["--proc", "/proc", "--dev", "/dev", "--size", str(SCRATCH), "--tmpfs", "/tmp"]
    for place in tool_folders():
        args += ["--ro-bind", place, place]
    for path in writable:
        args += ["--bind", str(path), str(path)]
    return [*args, "--chdir", str(folder), "--"]


@functools.lru_cache(maxsize=None)
def tool_folders():
    """Folders outside the system's that hold the tools in use: of a program in a folder bin, what lies beside that folder as well."""
    found = {}
    for value in filter(None, map(os.environ.get, TOOLS)):
        program = shutil.which(value) or shutil.which(value + "gcc")
        if program and not program.startswith(("/usr/", "/bin/")):
            home = Path(program).resolve().parent
            found[str(home.parent if home.name == "bin" else home)] = True
    return tuple(found)


def end_forsaken():
    """Ends the first processes of sandboxes that wait for a bwrap which is dead: killed, with a whole grader, in the moment between making
    that process and telling it to go on. --die-with-parent does not hold yet then, and nobody else would ever end them."""
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if name_of(place) != FIRST[0]:
                continue
            process = os.pidfd_open(int(place.name))  # whoever it is that is looked at now, is whom the signal reaches
            try:
                if forsaken(place):
                    signal.pidfd_send_signal(process, signal.SIGKILL)
            finally:
                os.close(process)
        except OSError:
            pass  # it has just ended, or is none of ours


def forsaken(place):
    """Whether the process of a folder in /proc is one of those: still bwrap, the first of a namespace, and no child of bwrap's. Raises
    OSError if it ends meanwhile."""
    status = dict(line.split(":\t", 1) for line in (place / "status").read_text().splitlines() if ":\t" in line)
    ours = (place / "cmdline").read_bytes().startswith(b"\0".join(word.encode() for word in FIRST))
    first = status["NSpid"].split()[1:][-1:] == ["1"]
    return ours and first and int(status["Uid"].split()[0]) == os.getuid() and name_of(Path("/proc", status["PPid"])) != FIRST[0]


def name_of(place):
    """What /proc calls a process. Raises OSError if it has ended."""
    return (place / "comm").read_text().strip()
