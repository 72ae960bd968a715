"""A session of busybox's shell at a terminal: keys, each typed when what comes before it has been shown. The same keys are typed into
busybox on this Linux, on a pseudo-terminal, and into Crescent's console; what the two show is compared, character by character.

    shown = on_linux(tree)                    # what is kept in grade/selftest/busybox/terminal.txt
    shown = typed(fd, KEYS)                   # on the terminal behind a descriptor"""

import contextlib
import fcntl
import os
import pty
import select
import shutil
import signal
import struct
import tempfile
import termios
from pathlib import Path

import busybox_sessions

from grade.errors import GraderFault

PATIENCE = 120  # seconds without a character: a guard, no verdict depends on it
PROMPT = "~ # \x1b[6n"  # and the question where the cursor is, which nobody answers
BEGIN, END = "BusyBox v", "exit\n"
STARTED = "started\n"
# (keys, what is shown last before the next ones). A job is interrupted when it has said something: earlier it may not be in the foreground.
KEYS = [
    ("", PROMPT), ("echo hello, terminal\n", PROMPT), ("tty -s && stty size; stty | head -n 1\n", PROMPT),
    # Editing: cursor keys, the line's ends, a word and a line taken back, history, completion, a line that is given up.
    ("echo ac\x1b[Db\n", PROMPT), ("edited\x1b[1~echo \n", PROMPT), ("echo one two\x17three\n", PROMPT),
    ("nonsense\x15echo anew\n", PROMPT),
    ("\x1b[A\n", PROMPT), ("echo x\x7fy\n", PROMPT), ("cat /etc/inpu\x7f\x7f\x7fpasswd\n", PROMPT),
    ("ls -d /etc/inii\x7ft\t\n", PROMPT),
    ("given up\x03", PROMPT), ("if true\n", "> \x1b[6n"), ("then echo continued; fi\n", PROMPT),
    # Jobs.
    ("(echo started; sleep 100)\n", "\n" + STARTED), ("\x03", PROMPT), ("echo $?\n", PROMPT),
    ("(echo started; sleep 100)\n", "\n" + STARTED), ("\x1a", PROMPT), ("echo $?; jobs\n", PROMPT), ("bg\n", PROMPT), ("jobs\n", PROMPT),
    ("kill %1; wait %1 2> /dev/null; echo $?\n", PROMPT), ("jobs\n", PROMPT),
    ("(echo started; sleep 100)\n", "\n" + STARTED), ("\x1a", PROMPT), ("kill %1; fg\n", PROMPT), ("echo $?\n", PROMPT),
    ("(echo started; cat)\n", "\n" + STARTED), ("a line\n", "a line\na line\n"), ("\x1a", PROMPT), ("fg\n", "(echo started; cat)\n"),
    ("again\n", "again\nagain\n"), ("\x04", PROMPT), ("jobs\n", PROMPT),
    ("(echo started; sleep 100)\n", "\n" + STARTED), ("\x1c", PROMPT), ("echo $?\n", PROMPT),
    ("cat & wait %1; echo $?\n", PROMPT), ("jobs\n", PROMPT), ("stty sane & wait %2; echo $?\n", PROMPT), ("jobs\n", PROMPT),
    ("fg\n", PROMPT), ("fg\n", "\ncat\n"), ("read at last\n", "read at last\nread at last\n"), ("\x04", PROMPT),
    ("cat /dev/tty & wait %1; echo $?; kill %1; fg\n", PROMPT), ("echo $?; ls -l /dev/tty | cut -c 1\n", PROMPT),
    ("setsid sh -c 'echo < /dev/tty' 2>&1 | cat; setsid sh -c 'ps -o tty,args' | grep -c '^?.*ps -o'\n", PROMPT),
    ("sleep 100 & sleep 100 &\n", PROMPT), ("jobs\n", PROMPT), ("kill %1 %2; wait 2> /dev/null; jobs\n", PROMPT),
    ("echo go; while :; do :; done\n", "\ngo\n"), ("\x03", PROMPT),
    ("(trap 'echo heard; exit 4' INT; echo started; while :; do :; done)\n", "\n" + STARTED), ("\x03", PROMPT),
    ("echo $?\n", PROMPT),
    ("echo started; read word; echo \"<$word>\"\n", "\n" + STARTED), ("typed\x7f\x7fing a\x16\x03\x17b\n", PROMPT),
    ("stty -echo; echo started; read x; stty echo; echo $x\n", "\n" + STARTED),
    ("unseen\n", PROMPT),
    # Programs that take the whole screen.
    ("watch -t -n 100 . /session/told\n", "\x1b[Jwatched\n"), ("\x03", PROMPT),
    ("vi notes\n", "100%\x1b[1;1H"), ("i", "I notes 1/1 100%\x1b[1;1H"), ("x", "\x1b[1;2H"),
    ("\x1b", "[Modified] 1/1 100%\x1b[1;1H"), (":q!\n", PROMPT),
    ("exit\n", END),
]


def typed(fd, keys=KEYS):
    """Types keys on the terminal behind a descriptor. Returns what it shows from the shell's first words on, until the last words that are
    waited for. Raises GraderFault if some do not come."""
    shown = ""
    for text, words in keys:
        with contextlib.suppress(OSError):
            os.write(fd, text.encode())
        begin = len(shown)
        while words not in shown[begin:]:
            more = read(fd)
            if not more:
                raise GraderFault(f"after {text!r} the terminal was to show {words!r}, and shows {shown[begin:]!r}")
            shown += more.replace("\r", "")
    return shown[shown.index(BEGIN):shown.rindex(END) + len(END)]


def read(fd):
    """What a terminal shows next; "" when it is closed, or shows nothing for long."""
    if not select.select([fd], [], [], PATIENCE)[0]:
        return ""
    try:
        return os.read(fd, 4096).decode(errors="backslashreplace")
    except OSError:
        return ""


def opened(command, folder="/", environment=None):
    """A command on a new pseudo-terminal of 25 lines of 80: (process id, descriptor)."""
    pid, fd = pty.fork()
    if pid == 0:
        try:
            for heard in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP):  # whoever began this may have them ignored, and so would a shell
                signal.signal(heard, signal.SIG_DFL)
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("4H", 25, 80, 0, 0))
            os.chdir(folder)
            os.execvpe(command[0], command, os.environ if environment is None else environment)
        finally:
            os._exit(127)
    return pid, fd


def on_linux(tree):
    """What this Linux shows: the files are those of Crescent's archive for a tree. Raises GraderFault."""
    folder = Path(tempfile.mkdtemp(prefix="crescent-"))
    try:
        folder.chmod(0o755)
        busybox_sessions.unpack(busybox_sessions.image(tree, []), folder)
        pid, fd = opened([*busybox_sessions.rooted(folder), "--setenv", "TERM", "linux", "--chdir", "/root", "/bin/sh", "-l"])
        try:
            return typed(fd)
        finally:
            os.close(fd)
            os.waitpid(pid, 0)
    finally:
        shutil.rmtree(folder)
