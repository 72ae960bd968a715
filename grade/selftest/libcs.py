#!/usr/bin/env python3
"""Builds the programs of libcs/ with C libraries that are not ours, and writes down what they print on this Linux (as root, x86-64):
libcs/expected/NAME.txt, the same with each library."""

import subprocess
import sys
import tempfile
from pathlib import Path

from user_programs import MASTER  # noqa: F401 - finds grade/

from grade import oracle

SOURCES = Path(__file__).with_name("libcs")
EXPECTED = SOURCES / "expected"
NAMES = sorted(path.stem for path in SOURCES.glob("*.c"))
FOR_ROOT = {"scheduling"}
COMPILERS = {"musl": "musl-gcc", "glibc": "gcc"}
FLAGS = ["-static", "-pthread", "-O2", "-Wall", "-Wextra", "-Werror"]


def build(library, folder):
    """The programs of one library, {name: path}. Raises FileNotFoundError without its compiler, RuntimeError with a compiler's words."""
    made = {}
    for name in NAMES:
        made[name] = Path(folder) / f"{library}_{name}"
        done = subprocess.run([COMPILERS[library], *FLAGS, "-o", made[name], SOURCES / f"{name}.c", "-lm", "-lrt"], capture_output=True,
                              text=True)
        if done.returncode:
            raise RuntimeError(done.stderr)
    return made


def main():
    EXPECTED.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="crescent-") as folder:
        built = {library: build(library, folder) for library in COMPILERS}
        for name in NAMES:
            texts = [oracle.run(programs[name]) for programs in built.values()]
            if len(set(texts)) > 1:
                print(f"libcs.py: {name} prints one thing with {' and another with '.join(COMPILERS)}", file=sys.stderr)
                return 1
            (EXPECTED / f"{name}.txt").write_text(texts[0])
    return 0


if __name__ == "__main__":
    sys.exit(main())
