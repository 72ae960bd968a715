#!/usr/bin/env python3
"""Makes the tree of one phase from the master tree.

    phases/tree.py --phase 2 --solved 199 --out DIR [--drop 2.6c]

files.tbl says which files the phase has; unifdef resolves `#if PHASE >= n` and `#if SOLVED >= nnn` in kernel/, user/ and answersN.toml, a
student's answers, where what is left of either word is an error, and in docs/. The tree also gets README.md and exercises.toml, put
together from those of its phase and the ones before, and grade/given.tar: its own kernel/, user/ and answers as given, over which the
grader lays a student's files. That is a link to given-N.tar, and the earlier phases' tars stay beside it: so a student who merges an update
of an earlier phase finds no file that both sides changed.

build(root, phase, solved, drop) returns the tree as {path: (bytes, mode)}; write(tree, out) brings a folder to it and touches only
files whose text changes, so that make stays incremental. A folder of ours is known by its stamp `.crescent-tree`, which lists what
was written there with its hash: other files in the folder (build results, a student's own) are left alone."""

import argparse
import fcntl
import hashlib
import io
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

from table import Complaint, exercises, is_junk, matching, read_phases, read_table

STAMP = ".crescent-tree"
CODE = ("kernel/", "user/")
STUDENTS = (*CODE, "answers")  # where conditionals are resolved and nothing may be left of them; given.tar has what is there
PAGES = ("docs/",)  # where they are resolved, and the words may be spoken of
NASM = (".asm", ".inc")
FILE, PROGRAM, LINK = 0o100644, 0o100755, 0o120000  # modes as git has them; a link's bytes are where it points
WORDS = re.compile(rb"\b(PHASE|SOLVED)\b")
COMPARED = re.compile(rb"\b(PHASE|SOLVED)\s*>=\s*(\d+)\b")
_left = {}  # what unifdef() has found


def build(root, phase, solved=0, drop=(), warn=None):
    """The tree of a phase, {path: (bytes, mode)}. Raises Complaint. warn(line) hears what is odd but harmless."""
    root = Path(root)
    phases = read_phases(root)
    check_choice(phases, phase, solved, drop)
    rows, _ = read_table(root)
    given = dropped_numbers(phases, phase, drop)
    tree = files_of(root, rows, phase, solved, given)
    if warn:
        left_out = unlisted(root, rows)
        if left_out:
            warn(f"left out, for want of a row in phases/files.tbl: {' '.join(left_out)}")
    upto = [n for n in phases if n <= phase]
    readmes = [(phases[n][0] / "README.md").read_text() for n in upto]
    tree["README.md"] = ("\n".join(readmes).encode(), FILE)
    tree["exercises.toml"] = (exercises_text(phases, phase, drop).encode(), FILE)
    for n in upto:
        code = tree if n == phase else files_of(root, [row for row in rows if row.path.startswith(STUDENTS)], n, solved, given)
        tree[f"grade/given-{n}.tar"] = (given_tar(code), FILE)
    tree["grade/given.tar"] = (b"given-%d.tar" % phase, LINK)
    return dict(sorted(tree.items()))


def files_of(root, rows, phase, solved, given):
    """What the rows give for a phase, {path: (bytes, mode)}. Raises Complaint."""
    tree = {}
    named = {row.path for row in rows if row.exact()}
    for row in rows:
        if not row.in_phase(phase):
            continue
        found = [path for path in matching(root, row) if row.exact() or path not in named]
        if not found and row.exact():
            raise Complaint(f"phases/files.tbl:{row.line}: {'phases/retired/' if row.retired else ''}{row.path} does not exist; "
                            "add the file or take the row out")
        for path in found:
            if path in tree and row.exact():
                raise Complaint(f"phases/files.tbl:{row.line}: {path} is in phase {phase} twice")
            source = root / "phases" / "retired" / path if row.retired else root / path
            data = source.read_bytes()
            if path.startswith(STUDENTS):
                data = resolve(path, data, phase, solved, given)
            elif path.startswith(PAGES) and b"\n#if PHASE" in data:
                data = unifdef(path, data, phase, solved)
            tree[path] = (data, PROGRAM if source.stat().st_mode & 0o100 else FILE)
    return tree


def check_choice(phases, phase, solved, drop):
    """Raises Complaint unless the phase, the SOLVED value and the dropped exercises exist."""
    if phase not in phases:
        raise Complaint(f"PHASE={phase}: there is no such phase; there are {' '.join(map(str, phases))}")
    known = exercises(phases, phase)
    values = sorted({0} | {ex["solved"] for ex in known} | {p * 100 + 99 for p in phases if p <= phase})
    if solved not in values:
        raise Complaint(f"SOLVED={solved}: phase {phase} has no such step; there are {' '.join(map(str, values))}")
    for name in drop:
        if name not in [ex["id"] for ex in known]:
            raise Complaint(f"DROP={name}: phase {phase} has no such exercise; there are {' '.join(ex['id'] for ex in known)}")


def is_dropped(ex, drop):
    return ex["id"] in drop or ex.get("dropped", False)


def dropped_numbers(phases, phase, drop):
    """The SOLVED numbers whose bodies are given: every part that shares the number is dropped."""
    known = exercises(phases, phase)
    return {ex["solved"] for ex in known if all(is_dropped(o, drop) for o in known if o["solved"] == ex["solved"])}


def resolve(path, data, phase, solved, given=()):
    """data without conditionals on PHASE and SOLVED. given: numbers of dropped exercises. Raises Complaint."""
    if b"\0" in data or not WORDS.search(data):
        return data
    for number in given:
        data = re.sub(rb"\bSOLVED\s*>=\s*%d\b" % number, b"SOLVED >= 0", data)
    kept = []
    if path.endswith(NASM):
        data = nasm_to_c(data, kept)
    data = unifdef(path, data, phase, solved)
    if path.endswith(NASM):
        data = c_to_nasm(data, kept)
    for number, line in enumerate(data.splitlines(), 1):
        left = WORDS.search(line)
        if left:
            raise Complaint(f"{path}: line {number} of the result still has {left[1].decode()}: '{line.decode().strip()}'; "
                            "write '#if PHASE >= n' or '#if SOLVED >= nnn', nothing else")
    return data


def unifdef(path, data, phase, solved):
    """What the tool of that name leaves of a text. Raises Complaint. Of the trees of several phases most texts ask only what has the same
    answer in all of them: the tool is run once for each set of answers."""
    asked, numbers = COMPARED.findall(data), {b"PHASE": phase, b"SOLVED": solved}
    answers = tuple(numbers[word] >= int(number) for word, number in asked)
    if len(asked) != len(WORDS.findall(data)):  # something else is asked, too
        answers = phase, solved
    if (path, data, answers) not in _left:
        try:
            run = subprocess.run(["unifdef", "-t", "-x2", f"-DPHASE={phase}", f"-DSOLVED={solved}"], input=data, capture_output=True)
        except FileNotFoundError:
            raise Complaint("unifdef: not found; `make setup` installs it") from None
        if run.returncode != 0:
            raise Complaint(f"{path}: unifdef: {run.stderr.decode().splitlines()[0].removeprefix('unifdef: [stdin]: ')}")
        _left[path, data, answers] = run.stdout
    return _left[path, data, answers]


def nasm_to_c(data, kept):
    """NASM's conditionals as C's. One that is not ours may be of a kind that C lacks (%ifidn): it goes to kept, and a name that
    unifdef does not know holds its place."""
    def line(match):
        if match[2] in (b"else", b"endif"):
            return b"%s#%s%s" % (match[1], match[2], match[3])
        if WORDS.search(match[3]):
            return b"%s#%s%s" % (match[1], match[2], match[3])
        kept.append(match[0])
        return b"#%s KEPT_%d" % (b"elif" if match[2].startswith(b"el") else b"if", len(kept) - 1)
    return re.sub(rb"(?m)^([ ]*)%((?:el)?if\w*|else|endif)\b(.*)$", line, data)


def c_to_nasm(data, kept):
    """Undoes nasm_to_c()."""
    data = re.sub(rb"(?m)^#(?:if|elif) KEPT_(\d+)$", lambda m: kept[int(m[1])], data)
    return re.sub(rb"(?m)^([ ]*)#(else|endif)\b", rb"\1%\2", data)


def unlisted(root, rows):
    """Files of kernel/ and user/ that no row of any phase means."""
    listed = {path for row in rows for path in matching(root, row)}
    listed |= {row.path for row in rows if row.retired}
    found = [p.relative_to(root).as_posix() for top in CODE for p in (root / top).glob("**/*") if p.is_file()]
    return sorted(p for p in found if p not in listed and not is_junk(p))


def exercises_text(phases, phase, drop):
    """exercises.toml of the tree: head of its phase, exercises of it and of the phases before: those are judged in their own phase and
    have no points here, but their files stay the student's own."""
    head = {k: v for k, v in phases[phase][1].items() if k != "exercise"}
    text = [*toml_lines(head), "", "# Exercises of earlier phases have no points here; their files stay yours."]
    for ex in exercises(phases, phase):
        shown = ex | ({"dropped": True, "files": []} if is_dropped(ex, drop) else {})  # given, and no longer the student's
        if ex not in phases[phase][1]["exercise"]:
            shown["points"] = 0
            shown.pop("hidden_points", None)
        text += ["", "[[exercise]]", *toml_lines(shown)]
    return "\n".join(text) + "\n"


def toml_lines(values):
    """`key = value` lines for strings, numbers, booleans and lists of strings."""
    def show(value):
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str):
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
        if isinstance(value, list):
            return "[" + ", ".join(map(show, value)) + "]"
        return str(value)
    return [f"{key} = {show(value)}" for key, value in values.items()]


def given_tar(tree):
    """A tar of the tree's kernel/ and user/ and its file of answers, the same bytes for the same files: sorted, uid 0, mtime 0."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT, encoding="utf-8") as tar:
        for path, (data, mode) in sorted(tree.items()):
            if path.startswith(STUDENTS):
                info = tarfile.TarInfo(path)
                info.size, info.mode = len(data), mode & 0o777
                tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def write(tree, out, force=False):
    """Brings the folder out to the tree. Returns the number of files written or removed. Raises Complaint if out is not a folder of ours
    or somebody changed a file there that would have to change (force: it is overwritten)."""
    out = Path(out)
    try:
        out.mkdir(parents=True, exist_ok=True)
        handle = os.open(out, os.O_RDONLY)
    except OSError as error:
        raise Complaint(f"{out}: cannot be made: {error.strerror}; choose another OUT") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)  # two makes at once may want the same tree
        return write_locked(tree, out, force)
    except OSError as error:
        raise Complaint(f"{error.filename or out}: {error.strerror}; choose another OUT") from None
    finally:
        os.close(handle)


def write_locked(tree, out, force):
    stamp = out / STAMP
    if not stamp.is_file() and any(out.iterdir()):
        raise Complaint(f"{out}: is not empty and not a tree made by phases/tree.py; choose another OUT")
    before = stamp.read_text() if stamp.is_file() else ""
    ours = {}
    for line in before.splitlines():
        known, _, path = line.partition(" ")
        ours.setdefault(path, set()).add(known)
    change = [path for path, (data, mode) in tree.items() if differs(out / path, data, mode)]
    gone = [path for path in ours if path not in tree and content(out / path) is not None]
    if not force:
        for path in change + gone:
            refuse_if_edited(out, path, ours.get(path, set()))
    after = "".join(f"{digest(data)} {path}\n" for path, (data, _) in tree.items())
    if change or gone:
        replace(stamp, (before + after).encode(), FILE)  # if this run is cut short, the next one knows old and new text as ours
    for path in change:
        replace(out / path, *tree[path])
    for path in gone:
        (out / path).unlink()
        remove_empty(out, (out / path).parent)
    if not stamp.is_file() or stamp.read_text() != after:
        replace(stamp, after.encode(), FILE)
    return len(change) + len(gone)


def digest(data):
    return hashlib.sha256(data).hexdigest()


def content(path):
    """The bytes of a file, where a link points, or None."""
    if path.is_symlink():
        return os.readlink(path).encode()
    return path.read_bytes() if path.is_file() else None


def differs(path, data, mode):
    if content(path) != data or path.is_symlink() != (mode == LINK):
        return True
    return mode != LINK and bool(path.stat().st_mode & 0o100) != (mode == PROGRAM)


def refuse_if_edited(out, path, known):
    here = content(out / path)
    if here is not None and digest(here) not in known:
        raise Complaint(f"{out / path}: was changed by hand and would be overwritten; move it away, choose another OUT, or use FORCE=1")


def replace(path, data, mode):
    """Writes the file in one step, so that nobody ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temp = path.parent / f".{path.name}.new"
    temp.unlink(missing_ok=True)
    if mode == LINK:
        temp.symlink_to(data.decode())
    else:
        temp.write_bytes(data)
        temp.chmod(mode & 0o777)
    os.replace(temp, path)


def remove_empty(out, folder):
    while folder != out and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def number(text):
    try:
        return int(text)
    except ValueError:
        raise Complaint(f"'{text}' is not a number; PHASE is 1 to 5, SOLVED a step such as 103") from None


def main(argv=None):
    parser = argparse.ArgumentParser(description="make the tree of a phase")
    parser.add_argument("--phase", required=True)
    parser.add_argument("--solved", default="0")
    parser.add_argument("--out", required=True)
    parser.add_argument("--drop", action="append", default=[], metavar="EXERCISE")
    parser.add_argument("--force", action="store_true", help="overwrite what was changed by hand")
    parser.add_argument("--quiet", action="store_true", help="say nothing unless something is wrong")
    args = parser.parse_args(argv)
    root = Path(__file__).resolve().parent.parent
    try:
        phase = number(args.phase)
        tree = build(root, phase, number(args.solved), args.drop, lambda line: print(f"tree.py: {line}", file=sys.stderr))
        changed = write(tree, args.out, args.force)
        if not args.quiet:
            print(f"{args.out}: phase {phase}, {len(tree)} files, {changed} changed")
            if read_phases(root)[phase][1].get("standin"):
                print(f"{args.out}: phase {phase} is a stand-in for a phase that is not written yet; it has no exercises")
    except Complaint as complaint:
        print(f"tree.py: {complaint}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
