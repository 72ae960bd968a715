"""Runs a command and stays until everything that came of it has ended, whoever was its parent.

    done = overseer.run([...], env)    # .status, .said (both streams), .wall, .cpu (seconds), .left (processes that did not end)

A QEMU in the sandbox is awaited by the sandbox's own first process, which is killed with its box and which nobody awaits: its time is in no
parent's account, and were it still alive nobody would know. So a process of its own, this file as a program, adopts all orphans of the
command (PR_SET_CHILD_SUBREAPER), awaits them, and only then counts."""

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import namedtuple

PR_SET_CHILD_SUBREAPER = 36
PATIENCE = 30  # seconds in which what was killed with its parent is gone

Done = namedtuple("Done", "status said wall cpu left")


def run(command, env=None):
    """Runs a command to its end. Returns Done; what did not end with it is killed."""
    with tempfile.NamedTemporaryFile() as file:
        done = subprocess.run([sys.executable, __file__, file.name, *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace", env=env, check=True)
        return Done(said=done.stdout, **json.load(file))


def oversee(path, command):
    """What the program does: the command, and a Done without its words as JSON to path."""
    if ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        sys.exit("overseer: this system cannot adopt a process")
    began = time.monotonic()
    status = subprocess.Popen(command).wait()
    wall, left = time.monotonic() - began, []
    while children():
        if time.monotonic() - began - wall > PATIENCE:
            left += [pid for pid in children() if os.waitpid(pid, os.WNOHANG) == (0, 0)]
            for pid in left:
                os.kill(pid, signal.SIGKILL)
        os.waitpid(-1, 0 if left else os.WNOHANG)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    with open(path, "w") as file:
        json.dump({"status": status, "wall": wall, "cpu": used.ru_utime + used.ru_stime, "left": left}, file)


def children():
    with open(f"/proc/self/task/{os.getpid()}/children") as file:
        return [int(pid) for pid in file.read().split()]


if __name__ == "__main__":
    oversee(sys.argv[1], sys.argv[2:])
