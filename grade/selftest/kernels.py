"""Kernels and trees for the tests of the grader: a tree of phase 1 with some files replaced.

    files_of(103)                                     the exercises' files with lab 1 solved up to 1.3
    build(START, {path: text}, folder)                its kernel.elf; only what is replaced is compiled
    judge(kernel, "threads_that_yield_take_turns")    one test's result, as grade/plugin.py gives it
    grade(folder, {path: text})                       the student's way: a tree with these files, graded by grade/run.py

The trees START and REFERENCE, built, come from `make trees`; nothing here writes into them."""

import contextlib
import functools
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from collections import namedtuple
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from grade import dwarf, exercises, plugin, testlist  # noqa: E402
from grade.boot import Boot  # noqa: E402

START = ROOT / "build" / "tree" / "1-0"
REFERENCE = ROOT / "build" / "tree" / "1-199"
ALL = os.environ.get("CRESCENT_TESTS") == "all"
STEPS = (0, 101, 102, 103, 104, 105)
MADE = {"first.elf", "kernel.elf", "symbols.asm", "symbols.asm.o", "objects.list"}  # what linking makes
GIVEN_TESTS = Path(__file__).with_name("test_kernel_given.py")

Grading = namedtuple("Grading", "status said results rows folder")  # exit status, stdout + stderr, results.json, {test: its row}, the tree


# --- kernels ---------------------------------------------------------------------------------------------------------------------------


def build(base, files, folder, checked=True):
    """The kernel of the tree `base` with files {path: text or bytes} over it, made in folder (new). Returns kernel.elf's path. Raises
    RuntimeError with the compiler's words. Unchanged files and objects are links into base: whatever is written here is made anew."""
    variant = f"build/{'checked' if checked else 'plain'}"
    stale = {f"{variant}/{path}.{suffix}" for path in files for suffix in ("o", "d")}
    for top in ("kernel", variant):
        for source in (base / top).rglob("*"):
            path = source.relative_to(base).as_posix()
            if source.is_file() and path not in files and path not in stale and source.name not in MADE:
                link(source, folder / path)
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text if isinstance(text, bytes) else text.encode())
    (folder / "Makefile").write_text("include kernel/kernel.mk\n")
    tools = [f"{name}={os.environ[name]}" for name in ("CROSS", "NASM") if os.environ.get(name)]
    made = subprocess.run(["make", "-s", "-r", "kernel", f"CHECKED={int(checked)}", *tools], cwd=folder, capture_output=True, text=True)
    if made.returncode:
        raise RuntimeError(made.stdout + made.stderr)
    return folder / variant / "kernel.elf"


def link(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)


@functools.lru_cache(maxsize=None)
def content(tree):
    """What dwarf.parse() reads from a tree's checked kernel."""
    return dwarf.parse(tree / "build" / "checked" / "kernel.elf")


def image(kernel):
    """The Image of a kernel that differs from the reference in no type: reading only the symbols takes a fraction of the time."""
    nm = subprocess.run([os.environ.get("CROSS", "") + "nm", "-S", str(kernel)], capture_output=True, text=True, check=True).stdout
    symbols = []
    for words in map(str.split, nm.splitlines()):
        if len(words) in (3, 4) and words[-2] not in "aU":
            symbols.append([int(words[0], 16), words[-1], int(words[1], 16) if len(words) == 4 else 0])
    at = {name: address for address, name, _ in symbols}
    return dwarf.Image({**content(REFERENCE), "symbols": symbols, "text": [at["text_start"], at["text_end"]], "files": [], "lines": []})


@functools.lru_cache(maxsize=None)
def files_of(solved):
    """{path: text} of the exercises' files at a step of SOLVED."""
    run = subprocess.run([sys.executable, "-c", FILES_OF, str(ROOT), str(solved)], capture_output=True, text=True, check=True)
    return json.loads(run.stdout)


FILES_OF = """
import json, sys
sys.path.insert(0, sys.argv[1] + "/phases")
import table, tree
made = tree.build(sys.argv[1], 1, int(sys.argv[2]))
wanted = [path for ex in table.exercises(table.read_phases(tree.Path(sys.argv[1])), 1) for path in ex["files"]]
print(json.dumps({path: made[path][0].decode() for path in wanted}))
"""


# --- one test --------------------------------------------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=None)
def phase_tests():
    """{name: testlist.Test} of phase 1, in the order of the exercises."""
    _, known = exercises.read(START / "exercises.toml")
    return {test.name: test for test in testlist.read(ROOT / "grade" / "phase1", known)}


@functools.lru_cache(maxsize=None)
def module(path):
    """A test file as a module of its own, apart from the one that pytest collects."""
    spec = importlib.util.spec_from_file_location(f"judged_{Path(path).stem}", path)
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def function(name):
    """(test function, further arguments) of a graded test, or of one in test_kernel_given.py, there perhaps as name[argument]."""
    plain, _, argument = name.rstrip("]").partition("[")
    test = phase_tests().get(plain)
    found = getattr(module(test.file if test else GIVEN_TESTS), f"test_{plain}", None)
    assert found, f"there is no test_{plain}"
    return found, [argument] if argument else []


def boots(found):
    """How many boots a test function announces by its mark."""
    return next((mark.args[0] for mark in getattr(found, "pytestmark", []) if mark.name == "boots"), 1)


def judge(kernel, name, seen=None):
    """A test's result on a kernel: {"status": "pass"} or with rule and evidence. seen: the kernel's Image."""
    found, arguments = function(name)
    boot = Boot(kernel, seen or image(kernel), 2, boots(found))
    with contextlib.closing(boot):
        try:
            found(boot, *arguments)
        except Exception as error:
            return plugin.judge(error)
        return plugin.judge(None)


# --- a whole grading --------------------------------------------------------------------------------------------------------------------


def student_tree(folder, files=None, base=START):
    """A student's tree in folder: what base has been given, with files over it ({path: text or bytes, None = taken away})."""
    for name in base.iterdir():
        if name.is_dir() and name.name != "build":
            shutil.copytree(name, folder / name.name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
        elif not name.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy2(name, folder / name.name, follow_symlinks=False)
    for path, text in (files or {}).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            (folder / path).unlink()
        else:
            (folder / path).write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def grade(tree, *options):
    """Grades a student_tree() as `make grade` does, with one test at a time. The objects of START are put into the build folder, so that
    only the student's files are compiled."""
    out = tree / "build" / "grade"
    if not out.exists():
        for top in ("kernel", "build"):
            shutil.copytree(START / top, out / "work" / "tree" / top, ignore=shutil.ignore_patterns("grade", "plain"))
    began = time.monotonic()
    run = subprocess.run([sys.executable, str(tree / "grade" / "run.py"), "--tree", str(tree), "--out", str(out), "--jobs", "1", *options],
                         capture_output=True, text=True, stdin=subprocess.DEVNULL)
    selected = out / ("selected.json" if "--test" in options else "results.json")
    results = json.loads(selected.read_text()) if selected.exists() else {}
    rows = {row["extra_data"]["name"]: {"score": row["score"], **row["extra_data"]} for row in results.get("tests", [])}
    print(run.stdout, run.stderr, f"graded in {time.monotonic() - began:.1f} s", sep="\n")  # pytest shows it if the test fails
    return Grading(run.returncode, run.stdout + run.stderr, results, rows, tree)
