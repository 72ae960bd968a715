#!/usr/bin/env python3
"""Locks a file that a shell holds open, and so for that shell and whatever it starts, until the last of them has ended:

    exec 9> FILE; phases/lock.py 9 "who may have it"

As long as another has it this waits, and says so in one line."""

import fcntl
import sys

handle, other = int(sys.argv[1]), sys.argv[2]
try:
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    print(f"waiting: {other}", file=sys.stderr, flush=True)
    fcntl.flock(handle, fcntl.LOCK_EX)
