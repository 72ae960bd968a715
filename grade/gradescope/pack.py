#!/usr/bin/env python3
"""Packs the file that Gradescope asks for: `make autograder.zip PHASE=n`.

    setup.sh, run_autograder      what Gradescope calls
    crescent/                     the start tree of the phase, with what grades submissions in all their forms, and its hidden tests
    reference.tar                 the solved files
    phase.key                     of the course's key what this phase needs, if there is one: the course's own stays at home

The same trees give the same bytes."""

import argparse
import sys
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent))
sys.dont_write_bytecode = True

from grade import course, exercises  # noqa: E402
from grade.errors import UserError  # noqa: E402

ONLY_HERE = ("bulk.py", "intake.py")  # of grade/, which students' trees do not hold
OLDEST = (1980, 1, 1, 0, 0, 0)


def files_of(tree, reference, key=None):
    """{path in the zip: (bytes, whether it is a program)}."""
    found = {name: ((HERE / name).read_bytes(), True) for name in ("setup.sh", "run_autograder")}
    for path in sorted(tree.rglob("*")):
        name = path.relative_to(tree)
        if path.is_file() and name.parts[0] != "build" and "__pycache__" not in name.parts:
            found[f"crescent/{name.as_posix()}"] = path.read_bytes(), bool(path.stat().st_mode & 0o100)
    phase, _ = exercises.read(tree / "exercises.toml")
    for path in course.files(HERE.parent / "hidden", phase) if key else []:
        found[f"crescent/grade/{path.relative_to(HERE.parent).as_posix()}"] = path.read_bytes(), False
    if key:
        found["phase.key"] = key.encode(), False
    for name in ONLY_HERE:
        found[f"crescent/grade/{name}"] = (HERE.parent / name).read_bytes(), True
    found["reference.tar"] = reference.read_bytes(), False
    return found


def key_for(tree, file):
    """The text of phase.key; None, and a line that says why, without a course's key."""
    phase, _ = exercises.read(tree / "exercises.toml")
    return course.key_text(file, phase) if file and course.find(HERE.parent / "hidden", file, phase) else None


def main():
    parser = argparse.ArgumentParser(description="packs Gradescope's autograder.zip")
    parser.add_argument("--tree", type=Path, required=True, help="the start tree of the phase")
    parser.add_argument("--reference", type=Path, required=True, help="a tar of the exercises' files, solved")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--course", type=Path, help="the course's key: with it, the hidden tests are packed, too")
    options = parser.parse_args()
    try:
        key = key_for(options.tree, options.course)
    except UserError as error:
        sys.exit(f"pack: {error}")
    with zipfile.ZipFile(options.out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, (data, program) in sorted(files_of(options.tree, options.reference, key).items()):
            info = zipfile.ZipInfo(name, OLDEST)
            info.external_attr = (0o100755 if program else 0o100644) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    print(f"{options.out}: upload it as the autograder of a programming assignment")


if __name__ == "__main__":
    main()
