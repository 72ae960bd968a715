"""What test_user.py, on this machine, and test_programs.py, on Crescent, run: the user programs, the shell's scripts and docs/shell.md.
They are programs for Linux on x86-64; on this machine they are built only where it can run them."""

import fcntl
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

MASTER = Path(__file__).resolve().parents[2]
if str(MASTER) not in sys.path:
    sys.path.insert(0, str(MASTER))

from grade.exercises import tomllib  # noqa: E402

BUILT = MASTER / "build/user-test"
RUNNABLE = platform.system() == "Linux" and platform.machine() == "x86_64"
# {name: {"script": the shell's input, "prints": errors too, "status": exit status}}
SCRIPTS = tomllib.loads(Path(__file__).with_name("scripts.toml").read_text(encoding="utf-8"))


def build():
    """Makes all user programs, with warnings as errors, and returns their folder (bin/ and tests/ in it)."""
    make = shutil.which("gmake") or "make"
    BUILT.mkdir(parents=True, exist_ok=True)
    with open(BUILT / "lock", "w") as lock:  # several processes of pytest may want them at once
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run([make, "-s", "-f", "user/user.mk", "user", f"O={BUILT.relative_to(MASTER)}", "WERROR=-Werror"], cwd=MASTER,
                       check=True, stdout=subprocess.DEVNULL)
    return BUILT / "user"


def blocks():
    """The played blocks of the page: [(commands as typed, expected lines)]."""
    page = (MASTER / "docs/shell.md").read_text()
    for text in re.findall(r"^```\n(.*?)^```$", page, re.M | re.S):
        lines = text.splitlines()
        typed = [line[2:] for line in lines if line.startswith(("$ ", "> "))]
        yield "\n".join(typed) + "\n", [line for line in lines if not line.startswith(("$ ", "> "))]


def fits(expected, lines):
    """Whether the lines are the expected ones; in these ... stands for anything within a line."""
    pattern = "\n".join(re.escape(line).replace(r"\.\.\.", ".*") for line in expected)
    return re.fullmatch(pattern, "\n".join(lines))


def entries(data):
    """A newc archive taken apart: {path: (mode, uid, mtime, data)}."""
    at, found = 0, {}
    while True:
        assert data[at:at + 6] == b"070701"
        field = [int(data[at + 6 + 8 * i:at + 14 + 8 * i], 16) for i in range(13)]
        name = data[at + 110:at + 110 + field[11] - 1].decode()
        start = (at + 110 + field[11] + 3) & ~3
        if name == "TRAILER!!!":
            return found
        found[name] = field[1], field[2], field[5], data[start:start + field[6]]
        at = (start + field[6] + 3) & ~3
