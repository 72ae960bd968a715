#!/usr/bin/env python3
"""The course's key, and what is made from it: the inputs of the hidden tests, which stand in a folder hidden/ beside this file where an
instructor grades, and in no student's tree.

    grade/course.py make FILE      # make course: a new key

A key is 32 random bytes. Of it comes a key for each phase, of that a seed for each test and run, by HMAC-SHA256: who knows a seed, as every
kernel under test does, knows nothing of the others. Only the process that judges reads the file; what runs on a submission's behalf gets
a seed on its command line and no more. Without the key nothing here makes a seed, so no hidden test runs."""

import hashlib
import hmac
import os
import re
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path

if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from grade.errors import UserError

KEY = re.compile(r"crescent (course|phase ([1-9])) ([0-9a-f]{64})\n?")
SEED_BITS = 48
MOST_BYTES = 1000


@dataclass(frozen=True)
class Hidden:
    """The hidden tests of a phase. tests: the folder of test_*.py. code {path: bytes}: their part inside the kernel."""

    tests: Path
    code: dict
    key: bytes

    def seeds(self, test):
        """The seeds of a testlist.Test, as many as it tries, one at least. They depend on its name and the key."""
        return [int.from_bytes(derived(self.key, f"{test.name} {n}")[:SEED_BITS // 8], "big") for n in range(max(1, test.seeds))]


def find(folder, file, phase):
    """The Hidden of a phase; None, and a line that says why, where there is no key. folder: hidden/. Raises UserError about a file that is
    no key of this phase."""
    if not file.exists():
        print(f"note: hidden tests are left out: there is no {file}, from which their inputs are made; make course makes one", flush=True)
        return None
    code = {f"kernel/ktest/{path.name}": path.read_bytes() for path in files(folder, phase) if path.parent.name == "ktest"}
    return Hidden(folder / f"phase{phase}", code, phase_key(file, phase))


def files(folder, phase):
    """The files of the hidden tests of a phase. folder: hidden/."""
    return [path for place, form in (("ktest", "hidden*.[ch]"), (f"phase{phase}", "*.py"), (f"phase{phase}/ktest", "hidden*.[ch]"))
            for path in sorted((folder / place).glob(form))]


def phase_key(file, phase):
    """The key of a phase, from the course's or from a file that holds just that. Raises UserError."""
    try:
        with open(file, encoding="ascii") as opened:
            found = KEY.fullmatch(opened.read(MOST_BYTES))
    except (OSError, ValueError) as error:
        raise UserError(f"{file} cannot be read: {getattr(error, 'strerror', 'it is no text')}") from None
    if not found:
        raise UserError(f"{file} is not a course's key: put back the one that make course made, or move the file away and make a new one")
    if found[2] and int(found[2]) != phase:
        raise UserError(f"{file} is the key of phase {found[2]}, and this is phase {phase}: make its autograder.zip anew")
    key = bytes.fromhex(found[3])
    return key if found[2] else derived(key, f"phase {phase}")


def key_text(file, phase):
    """What goes into autograder.zip in the course's key's place: the key of a phase, as phase_key() reads it. Raises UserError."""
    return f"crescent phase {phase} {phase_key(file, phase).hex()}\n"


def derived(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def make(file):
    """Makes a new key that only its owner can read. Raises UserError; a key that is there already stays."""
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise UserError(f"{file} is there already, and stays: grades made with it can be repeated with no other key. For a new course, "
                        "move it away") from None
    except OSError as error:
        raise UserError(f"{file} cannot be written: {error.strerror}; COURSE=file names another place") from None
    with open(handle, "w", encoding="ascii") as opened:
        opened.write(f"crescent course {secrets.token_hex(32)}\n")
    print(f"{file}: the key of your course, from which the inputs of the hidden tests are made. Git does not see it.\n"
          "Keep a copy where the course's staff alone can read it: without this key the grades of hidden tests cannot be repeated.\n"
          "Give it to nobody else: who has it can make the inputs, too.")


def main(argv):
    try:
        if argv[:1] == ["make"] and len(argv) == 2:
            make(Path(argv[1]))
        else:
            raise UserError("usage: grade/course.py make FILE")
    except UserError as error:
        print(f"course: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
