#!/usr/bin/env python3
"""Sessions of busybox: scripts of grade/selftest/busybox, which Debian's busybox-static runs, unmodified, as process 1 of Crescent and on
Linux in a folder that holds the same files. What they print is compared line by line.

    files = image(tree, ["text", "files"])             # of the boot archive: busybox, its links, the scripts, and who runs them
    printed = taken_apart(console)                     # {"text": "...", "files": "..."} from what the console shows
    printed = on_linux(tree, ["text", "files"])        # the same from Linux; lacking() says why that cannot be

Beside each script NAME.sh lies NAME.txt, what it prints on Linux; `make oracle` writes it (record()). What is different each time (pids,
times) the scripts keep out of what they print."""

import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from grade import cpio  # noqa: E402
from grade.errors import GraderFault, UserError  # noqa: E402

SCRIPTS = Path(__file__).with_name("busybox")
LIMIT = 120  # seconds of wall time, a guard only
# Every script has a folder and an environment of its own, and nothing to read.
DRIVER = """\
#!/bin/sh
for name in {names}; do
    mkdir /tmp/$name; cd /tmp/$name
    env -i PATH=/sbin:/usr/sbin:/bin:/usr/bin HOME=/root USER=root sh /session/$name < /dev/null > /tmp/out 2>&1
    status=$?
    echo "<<< $name"; cat /tmp/out; echo ">>> $status"
    cd /; rm -r /tmp/$name
done
"""
INITTAB = "::wait:/session/all\n::once:/sbin/poweroff -f\n"
# New ones but for users: root is root, and may give files away.
NAMESPACES = "--unshare-pid", "--unshare-uts", "--unshare-ipc", "--unshare-net", "--die-with-parent"


def names():
    """The scripts' names, sorted."""
    return sorted(path.stem for path in SCRIPTS.glob("*.sh"))


def lacking(name="busybox"):
    """None, or why there is no busybox for Crescent on this machine, with the package's name."""
    try:
        cpio.busybox_entries(name)
    except (cpio.Complaint, OSError, subprocess.CalledProcessError) as error:
        return str(error)
    return None


def image(tree, scripts):
    """The entries (grade/cpio.py) of a boot archive whose process 1 is busybox's init, which runs the scripts and ends the machine. tree:
    a generated tree of phase 5."""
    before = Path.cwd()
    os.chdir(tree)  # the lists name sources from there
    try:
        found = cpio.busybox_entries("busybox")
        for name in ("initramfs", "busybox"):
            found |= cpio.read_list(Path(f"user/{name}.list"))
    finally:
        os.chdir(before)
    found["session"] = cpio.DIRECTORY | 0o755, b""
    found["session/all"] = cpio.FILE | 0o755, DRIVER.format(names=" ".join(scripts)).encode()
    for name in scripts:
        found[f"session/{name}"] = cpio.FILE | 0o644, (SCRIPTS / f"{name}.sh").read_bytes()
    found["session/told"] = cpio.FILE | 0o644, (SCRIPTS / "told").read_bytes()
    found["etc/inittab"] = cpio.FILE | 0o644, INITTAB.encode()
    return found


def taken_apart(text):
    """{script: what it printed, with its exit status as a last line where that is not 0}."""
    found = {}
    for name, printed, status in re.findall(r"^<<< (\w+)\n(.*?)^>>> (\d+)$", text, re.M | re.S):
        found[name] = printed + (f"exit status {status}\n" if status != "0" else "")
    return found


# --- on Linux ---------------------------------------------------------------------------------------------------------------------------


def no_linux():
    """None, or why the sessions cannot be run on this machine itself, in a few words."""
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        return "this is no Linux on x86-64"
    if os.getuid():
        return "that needs root, whom the sessions take themselves for"
    if not shutil.which("bwrap"):
        return "bubblewrap is not installed"
    done = subprocess.run([*rooted("/"), "true"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return None if not done.returncode else (done.stderr.strip().splitlines() or ["bwrap failed without a word"])[-1]


def unpack(entries, folder):
    """Lays the entries of an archive out in a folder."""
    for name, (mode, data) in sorted(entries.items()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if mode & cpio.LINK == cpio.LINK:
            path.symlink_to(data.decode())
        elif mode & cpio.DIRECTORY:
            path.mkdir(exist_ok=True)
            path.chmod(mode & 0o7777)
        else:
            path.write_bytes(data)
            path.chmod(mode & 0o7777)


def rooted(folder):
    """The beginning of a command line: what follows runs with the folder as its root, apart from this system."""
    return ["bwrap", *NAMESPACES, "--hostname", "crescent", "--bind", str(folder), "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs",
            "/tmp", "--chmod", "1777", "/tmp", "--clearenv", "--cap-add", "ALL"]


def not_nice():
    """Whoever began this may be, and then so would what the sessions show."""
    os.setpriority(os.PRIO_PROCESS, 0, 0)


def on_linux(tree, scripts):
    """What taken_apart() gives, from this Linux: the archive's files are the root, with new namespaces around it. Raises UserError."""
    folder = Path(tempfile.mkdtemp(prefix="crescent-"))
    try:
        folder.chmod(0o755)
        unpack(image(tree, scripts), folder)
        done = subprocess.run([*rooted(folder), "--chdir", "/", "/bin/sh", "/session/all"], stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=LIMIT, check=False, preexec_fn=not_nice)
    except subprocess.TimeoutExpired:
        raise UserError(f"the sessions of busybox are not at their end after {LIMIT} s") from None
    finally:
        shutil.rmtree(folder)
    found = taken_apart(done.stdout.decode(errors="backslashreplace"))
    if sorted(found) != sorted(scripts):
        raise UserError(f"the sessions of busybox did not come to their end: {done.stderr.decode(errors='replace')[-500:]}")
    return found


# --- what is kept -----------------------------------------------------------------------------------------------------------------------


def kept(name):
    """What a session prints on Linux, or "terminal", what its shell shows there."""
    return (SCRIPTS / f"{name}.txt").read_text()


def record(tree):
    """Writes that down. Raises UserError, GraderFault."""
    import busybox_terminal
    why = lacking() or no_linux()
    if why:
        raise UserError(f"what is kept of busybox's sessions is as it was: {why}")
    for name, text in {**on_linux(tree, names()), "terminal": busybox_terminal.on_linux(tree)}.items():
        (SCRIPTS / f"{name}.txt").write_text(text)


if __name__ == "__main__":
    try:
        record(Path(sys.argv[1]).resolve())
    except (GraderFault, UserError, OSError) as error:
        sys.exit(f"busybox_sessions.py: {error}")
