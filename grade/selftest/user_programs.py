"""The user programs, built for the tests that run them on this machine. They are programs for Linux on x86-64: elsewhere none can run."""

import fcntl
import platform
import shutil
import subprocess
import sys
from pathlib import Path

MASTER = Path(__file__).resolve().parents[2]
if str(MASTER) not in sys.path:
    sys.path.insert(0, str(MASTER))

BUILT = MASTER / "build/user-test"
RUNNABLE = platform.system() == "Linux" and platform.machine() == "x86_64"


def build():
    """Makes all user programs, with warnings as errors, and returns their folder (bin/ and tests/ in it)."""
    make = shutil.which("gmake") or "make"
    BUILT.mkdir(parents=True, exist_ok=True)
    with open(BUILT / "lock", "w") as lock:  # several processes of pytest may want them at once
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run([make, "-s", "-f", "user/user.mk", "user", f"O={BUILT.relative_to(MASTER)}", "WERROR=-Werror"], cwd=MASTER,
                       check=True, stdout=subprocess.DEVNULL)
    return BUILT / "user"
