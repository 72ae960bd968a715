"""Loads the os- commands into GDB; .gdbinit sources this file. It finds the other files by its own place, so GDB may be started
anywhere."""

import os
import sys

sys.dont_write_bytecode = True  # a student's tree stays as it was handed out
root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if root not in sys.path:
    sys.path.insert(0, root)
if sys.version_info < (3, 10):
    print(f"the os- commands need a GDB with Python 3.10 or newer; this one has {sys.version.split()[0]}")
else:
    import grade.gdb.commands  # noqa: F401
