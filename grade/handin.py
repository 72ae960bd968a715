#!/usr/bin/env python3
"""Packs what a student hands in: `make handin` in a student's tree.

The tar holds the files that the grader takes (submission.py: those of the exercises, and kernel/mine/), what lies in answers/, the last
results of `make grade`, and manifest.json (phase, and each file's SHA-256). The same files give the same bytes: sorted, uid 0, time 0, no
compression. What was changed elsewhere in kernel/ or user/ is named and not taken: the grader would not use it."""

import argparse
import hashlib
import io
import json
import os
import sys
import tarfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from grade import exercises  # noqa: E402
from grade.errors import UserError, printable_name  # noqa: E402
from grade.results import partial  # noqa: E402
from grade.submission import JUNK, Refused, entries_inside, read_given, read_inside, take  # noqa: E402

RESULTS, SELECTED = (f"build/grade/{name}.json" for name in ("results", "selected"))  # of all tests; of those of the last TEST=
DEEPEST = 8  # folders around an answer


def collect(root):
    """(phase, files, lines): what goes into the tar, {name: bytes}, and what there is to say about it. Raises UserError."""
    phase, known = exercises.read(root / "exercises.toml")
    given = read_given(root / "grade" / "given.tar")
    changed, refused, ignored = take(root, given, known)
    for path, why in refused.items():
        way_out = f"put the file back, or take its start version: tar -xf grade/given.tar {path}" if path in given else "take it away"
        raise UserError(f"{path} {why}; {way_out}")
    files = {path: given[path] for exercise in known.values() for path in exercise.files if path in given} | changed
    lines = [f"  took {path} ({'as given' if path not in changed else 'changed' if path in given else 'yours'})" for path in sorted(files)]
    answers = find_answers(root)
    lines += [f"  took {path}" for path in answers] or ["  no answers: what you answer to the lab's questions goes into a file in answers/"]
    for path in answers:
        files[path] = read_own(root, path)
    lines += take_results(root, files)
    lines += [f"  NOT taken: {path} ({how}; no exercise lists it, and it is not in kernel/mine/)" for path, how in ignored]
    hashes = {path: hashlib.sha256(data).hexdigest() for path, data in sorted(files.items())}
    files["manifest.json"] = (json.dumps({"phase": phase, "sha256": hashes}, indent=1) + "\n").encode()
    return phase, files, lines


def find_answers(root):
    """The files below answers/, as paths relative to root, sorted. Raises UserError about a name that cannot be handed in."""
    found, folders = [], ["answers"] if os.path.lexists(root / "answers") else []
    for folder in folders:
        try:
            entries = entries_inside(root, folder)
        except Refused as refused:
            why = "is a plain file" if (root / folder).is_file() and not (root / folder).is_symlink() else refused
            raise UserError(f"{folder} {why}; make it a folder with your answers in it, or take it away") from None
        for name, is_folder in entries:
            path = f"{folder}/{name}"
            if not is_folder and JUNK.fullmatch(name):
                continue
            if path != printable_name(path):
                raise UserError(f"{printable_name(path)} has a name that is no text; give it another one")
            if is_folder and folder.count("/") == DEEPEST:
                raise UserError(f"{path} is a folder within more than {DEEPEST} others; put your answers higher up, or take it away")
            (folders if is_folder else found).append(path)
    return sorted(found)


def read_own(root, path):
    """A file that is to be handed in. Raises UserError if it cannot be."""
    try:
        return read_inside(root, path)
    except Refused as why:
        raise UserError(f"{path} {why}; put the text itself there, or take it away") from None


def take_results(root, files):
    """Adds the last results to files as results.json. Returns the lines to say. Raises UserError."""
    cut = partial(root / RESULTS).is_file()
    if not (root / RESULTS).is_file():
        some = (root / SELECTED).is_file() or partial(root / SELECTED).is_file()
        why = "was interrupted" if cut else "has been run here with TEST= only" if some else "has not been run here"
        return [f"  no results: `make grade` {why}; they are not needed, the grader runs the tests again"]
    newest = max((root / path).stat().st_mtime for path in files if path.startswith("kernel/") or exercises.is_answers(path))
    late = "; files were changed since: run `make grade` for new ones" if (root / RESULTS).stat().st_mtime < newest else ""
    data = read_own(root, RESULTS)
    try:
        score = json.loads(data).get("score")
    except (ValueError, AttributeError):
        raise UserError(f"{RESULTS} is not a result file; run `make grade` again") from None
    files["results.json"] = data
    before = " before the newest grading, which was interrupted" if cut else ""
    return [f"  took the last results{before}{'' if score is None else f', score {score}'}{late}"]


def pack(files):
    """The tar's bytes, the same for the same files. Raises UserError."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT, encoding="utf-8") as tar:
        for path, data in sorted(files.items()):
            info = tarfile.TarInfo(path)
            info.size, info.mode = len(data), 0o644
            try:
                tar.addfile(info, io.BytesIO(data))
            except ValueError:
                raise UserError(f"{path} has a name that is too long to be handed in; give it a shorter one") from None
    return out.getvalue()


def main(argv=None):
    parser = argparse.ArgumentParser(description="pack what is handed in")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent, help="the student's tree")
    parser.add_argument("--out", type=Path, help="the tar (default: build/handin-PHASE.tar in the tree)")
    args = parser.parse_args(argv)
    try:
        phase, files, lines = collect(args.root)
        out = args.out or args.root / "build" / f"handin-{phase}.tar"
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(pack(files))
    except UserError as error:
        print(f"handin: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"handin: {error.filename} cannot be written: {error.strerror}", file=sys.stderr)
        return 1
    print(f"handin: {os.path.relpath(out)}", *lines, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
