"""Reads the two tables that the phase machinery runs on: phases/files.tbl (which file belongs to which phase) and
phases/N-name/exercises.toml (what a student writes). Used by tree.py, lint.py and branches.py; knows nothing of conditionals or git."""

import fnmatch
import re
from pathlib import Path

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

LAYERS = ["lib", "arch", "base", "mm", "sched", "fs", "proc", "syscall", "init", "ktest"]
NEVER = ["phases/", "grade/mutants/", "grade/selftest/", "grade/hidden/", "grade/soak", "grade/second_qemu.py", "grade/bulk.py",
         "grade/intake.py", "grade/pictures.py", "grade/gradescope/",
         "docs/instructor/", "build/", ".git/", ".ci/", "course.key"]
JUNK = ["__pycache__", "*.pyc", ".pytest_cache", "*~", "*.swp", "*.orig", "*.rej", ".#*", "#*#", ".DS_Store"]
CORE_POINTS = 100  # what the core exercises of a lab are worth together


class Complaint(Exception):
    """Bad input: one line that names it and the way out. Programs print it and exit with 1."""


class Row:
    """A row of files.tbl: path (a file, a folder ending in '/', or a pattern with '*'), first and last phase (last None: it
    stays), layer (None outside the kernel's layers), retired (the text is phases/retired/<path>), line (its number)."""

    def __init__(self, path, first, last, layer, retired, line):
        self.path, self.first, self.last, self.layer, self.retired, self.line = path, first, last, layer, retired, line

    def in_phase(self, phase):
        return self.first <= phase and (self.last is None or phase <= self.last)

    def exact(self):
        return not self.path.endswith("/") and "*" not in self.path


class Upcall:
    """An allowed upward call: symbol (may hold '*'), the lowest layer that may call it, the file that has it. kind 'call' is a plain
    call, kind 'table' a table of functions or a variable that the higher file registers at start."""

    def __init__(self, kind, symbol, layer, path, line):
        self.kind, self.symbol, self.layer, self.path, self.line = kind, symbol, layer, path, line


def layer_of(path):
    """The layer of a file of the kernel by its place, or None (outside, or not of a layer, as kernel/kernel.mk)."""
    parts = path.split("/")
    if len(parts) < 3 or parts[0] != "kernel":
        return None
    if parts[1] == "mine":
        return "lib" if path.endswith(".h") else "init"
    return parts[1] if parts[1] in LAYERS else None


def read_table(root):
    """Returns (rows, upcalls) of root/phases/files.tbl in their order. Raises Complaint at the first line that is none."""
    name = Path(root) / "phases" / "files.tbl"
    if not name.is_file():
        raise Complaint(f"{name}: not found; run this in a Crescent master tree")
    rows, upcalls = [], []
    for number, text in enumerate(name.read_text().splitlines(), 1):
        words = text.split("#", 1)[0].split()
        if not words:
            continue
        if words[0] in ("call", "table"):
            if len(words) != 4 or words[2] not in LAYERS:
                raise Complaint(f"phases/files.tbl:{number}: expected '{words[0]} SYMBOL LAYER FILE', LAYER one of {' '.join(LAYERS)}")
            upcalls.append(Upcall(*words, number))
            continue
        rows.append(read_row(words, number))
    return rows, upcalls


def read_row(words, number):
    """One row from its words. Raises Complaint."""
    shape = "expected 'PATH FIRST LAST LAYER [retired]', FIRST a phase, LAST a phase or -, LAYER a layer or -"
    if len(words) not in (4, 5) or words[4:] not in ([], ["retired"]):
        raise Complaint(f"phases/files.tbl:{number}: {shape}")
    path, first, last, layer = words[:4]
    if not re.fullmatch(r"[1-9]", first) or not re.fullmatch(r"[1-9]|-", last) or layer not in LAYERS + ["-"]:
        raise Complaint(f"phases/files.tbl:{number}: {shape}")
    if path.startswith("/") or ".." in path.split("/"):
        raise Complaint(f"phases/files.tbl:{number}: {path} is not a path inside the tree")
    if any(path.startswith(never) for never in NEVER):
        raise Complaint(f"phases/files.tbl:{number}: {path} never goes to a student; take the row out")
    last = None if last == "-" else int(last)
    return Row(path, int(first), last, None if layer == "-" else layer, len(words) == 5, number)


def is_junk(path):
    return any(fnmatch.fnmatch(part, junk) for part in path.split("/") for junk in JUNK)


def matching(root, row):
    """The master's files that a row means, as paths relative to root (sorted; [] where nothing is there)."""
    base = Path(root) / "phases" / "retired" if row.retired else Path(root)
    if row.exact():
        return [row.path] if (base / row.path).is_file() else []
    pattern = row.path + "**/*" if row.path.endswith("/") else row.path
    found = [p.relative_to(base).as_posix() for p in base.glob(pattern) if p.is_file()]
    return sorted(p for p in found if not is_junk(p) and not any(p.startswith(never) for never in NEVER))


def read_phases(root):
    """The phases that exist: {1: (folder, data of its exercises.toml), ...}. Raises Complaint for a broken exercises.toml."""
    phases = {}
    for folder in sorted((Path(root) / "phases").glob("[1-9]-*")):
        name = folder / "exercises.toml"
        shown = name.relative_to(root).as_posix()
        if not name.is_file():
            raise Complaint(f"{shown}: not found; every phase has one")
        try:
            data = tomllib.loads(name.read_text())
        except tomllib.TOMLDecodeError as error:
            raise Complaint(f"{shown}: not TOML: {error}") from None
        data.setdefault("exercise", [])
        check_exercises(shown, int(folder.name[0]), data)
        phases[int(folder.name[0])] = (folder, data)
    if not phases:
        raise Complaint("phases/: holds no phase (a folder such as 1-cooperative)")
    return phases


FIELDS = {"id": str, "title": str, "points": int, "hours": (int, float), "lines": int, "core": bool, "files": list,
          "functions": list, "solved": int}


def check_exercises(shown, phase, data):
    """Raises Complaint at the first field of an exercises.toml that is missing, of another type or out of its range."""
    if data.get("phase") != phase:
        raise Complaint(f"{shown}: 'phase = {phase}' is missing")
    seen = set()
    for ex in data["exercise"]:
        who = ex.get("id", "an exercise without id")
        for field, kind in FIELDS.items():
            if not isinstance(ex.get(field), kind) or (kind is not bool and isinstance(ex[field], bool)):
                raise Complaint(f"{shown}: {who}: '{field}' is missing or of the wrong type")
        match = re.fullmatch(r"([1-9])\.([1-9][0-9]?)[a-z]?", who)
        if not match or int(match[1]) != phase:
            raise Complaint(f"{shown}: {who}: an id is {phase}.NUMBER, perhaps with a letter")
        if ex["solved"] != phase * 100 + int(match[2]):
            raise Complaint(f"{shown}: {who}: solved must be {phase * 100 + int(match[2])}")
        if who in seen:
            raise Complaint(f"{shown}: {who}: stands there twice")
        if ex["points"] < 0:
            raise Complaint(f"{shown}: {who}: points are 0 or more")
        seen.add(who)


def exercises(phases, upto):
    """All exercises of phases 1..upto in order."""
    return [ex for number, (_, data) in sorted(phases.items()) if number <= upto for ex in data["exercise"]]
