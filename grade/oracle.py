#!/usr/bin/env python3
"""What the test programs of user/tests print on Linux, which is what they have to print on Crescent.

    grade/oracle.py --programs build/user/tests --out user/tests/expected [NAME...]

runs each in an empty folder and writes NAME.txt: its output, and its exit status as a last line where that is not 0. The files are kept, so
that a machine without Linux on x86-64 judges by the same words. run(program) returns such a text."""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCES = Path(__file__).resolve().parent.parent / "user/tests"
# These measure, try at random, print nothing, or ask for what not each Linux gives.
UNJUDGED = {"allowed", "bench", "bench_smp", "crew", "fair", "families", "fuzz", "fuzz_threads", "mark", "scarce", "tiny", "together"}
LIMIT = 60  # seconds of wall time, a guard only


class Complaint(Exception):
    """Bad input: one line that names it and the way out."""


def names(folder):
    """The test programs that are judged by their output, from their sources in user/tests."""
    return sorted(path.stem for path in Path(folder).glob("*.c") if path.stem not in UNJUDGED)


def run(program, before=()):
    """What the program prints in an empty folder, without arguments, with nothing but PATH in its environment. before: a command that it is
    given to. Raises Complaint if it does not end."""
    with tempfile.TemporaryDirectory(prefix="crescent-") as folder:
        try:
            done = subprocess.run([*before, str(Path(program).resolve())], cwd=folder, env={"PATH": "/bin"}, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LIMIT, start_new_session=True)
        except subprocess.TimeoutExpired as error:
            last = (error.stdout or b"nothing").decode(errors="replace").splitlines()[-1]
            raise Complaint(f"{program}: not at its end after {LIMIT} s, the last it said is {last!r}; run it by hand") from None
    text = done.stdout.decode(errors="replace")
    return text + (f"exit status {done.returncode}\n" if done.returncode else "")


def main():
    parser = argparse.ArgumentParser(description="write down what the test programs print on this Linux")
    parser.add_argument("--programs", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("name", nargs="*")
    args = parser.parse_args()
    try:
        args.out.mkdir(exist_ok=True)
        for name in args.name or names(SOURCES):
            (args.out / f"{name}.txt").write_text(run(args.programs / name))
    except (Complaint, OSError) as error:
        print(f"oracle.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
