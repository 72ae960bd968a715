"""Kernels and trees for the tests of the grader: a tree of a phase with some files replaced.

    files_of(103)                                     the exercises' files with lab 1 solved up to 1.3
    build(START, {path: text}, folder)                its kernel.elf; only what is replaced is compiled
    judge(kernel, "threads_that_yield_take_turns")    one test's result, as grade/plugin.py gives it
    Variants(2, {path: text}, folder)                 kernels of a later phase, each built when a test boots it; judge() takes this, too
    grade(folder, {path: text})                       the student's way: a tree with these files, graded by grade/run.py

The trees START and REFERENCE, built, come from `make trees`; nothing here writes into them."""

import contextlib
import fcntl
import functools
import importlib.util
import inspect
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
from grade.boot import RACE, Boot  # noqa: E402
from grade.build import VARIANTS  # noqa: E402

START = ROOT / "build" / "tree" / "1-0"
REFERENCE = ROOT / "build" / "tree" / "1-199"
ALL = os.environ.get("CRESCENT_TESTS") == "all"
PHASES = (1, 2, 3, 4, 5)  # those that are finished
SOME_PHASES = PHASES if ALL else (PHASES[0], PHASES[-1])  # where each phase's test takes long and is made like the others
MADE = {"first.elf", "kernel.elf", "symbols.asm", "symbols.asm.o", "objects.list"}  # what linking makes
GIVEN_TESTS = [Path(__file__).with_name(f"test_{name}.py") for name in ("kernel_given", "lend")]  # which know mutants of given code
# Tests of lab 1 that judge by the order of arrival, which EEVDF does not keep.
IN_ORDER = {"nobody_is_passed_over_among_many_threads", "everybody_agrees_on_who_runs", "the_others_go_on_when_one_thread_exits",
            "when_the_last_thread_has_exited_the_machine_idles"}



def some(cases, every):
    """Of many cases of one kind each so-many-th, from the first on; all of them with CRESCENT_TESTS=all."""
    return list(cases)[::1 if ALL else every]


Grading = namedtuple("Grading", "status said results rows folder")  # exit status, stdout + stderr, results.json, {test: its row}, the tree


# --- kernels ---------------------------------------------------------------------------------------------------------------------------


def start(phase):
    """The tree of a phase as a student gets it."""
    return ROOT / "build" / "tree" / f"{phase}-0"


def reference(phase):
    """The tree of a phase with everything solved."""
    return ROOT / "build" / "tree" / f"{phase}-{phase}99"


def archive_of(phase):
    """The boot archive of a phase's reference, with the programs that tests run; None in a phase without."""
    path = reference(phase) / "build/user/initramfs.cpio"
    return path if path.exists() else None


def build(base, files, folder, kind="checked", anew=False):
    """The kernel of the tree `base` with files {path: text or bytes} over it, made in folder (new). kind: one of
    build.VARIANTS. Returns kernel.elf's path. Raises RuntimeError with the compiler's words. Unchanged files and objects are
    links into base: whatever is written here is made anew, except by NASM, which writes onto the object that is there. anew: also files
    that are what base has are compiled here."""
    variant, files = f"build/{kind}", {path: text if isinstance(text, bytes) else text.encode() for path, text in files.items()}
    changed = {path: text for path, text in files.items() if anew or not ((base / path).is_file() and (base / path).read_bytes() == text)}
    stale = {f"{variant}/{path}.{suffix}" for path in changed for suffix in ("o", "d")}
    included = not all(path.endswith((".c", ".asm")) for path in changed)
    for top in ("kernel", variant):
        for source in (base / top).rglob("*"):
            path = source.relative_to(base).as_posix()
            if path not in changed and path not in stale and source.name not in MADE and source.is_file():
                (copy if included and path.endswith(".asm.o") else link)(source, folder / path)
    for path, text in changed.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text)
    (folder / "Makefile").write_text("include kernel/kernel.mk\n")
    tools = [f"{name}={os.environ[name]}" for name in ("CROSS", "NASM") if os.environ.get(name)]
    made = subprocess.run(["make", "-s", "-r", "kernel", *VARIANTS[kind], *tools], cwd=folder, capture_output=True, text=True)
    if made.returncode:
        raise RuntimeError(made.stdout + made.stderr)
    return folder / variant / "kernel.elf"


def link(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)


def copy(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)


@functools.lru_cache(maxsize=None)
def content(tree, kind="checked"):
    """What dwarf.parse() reads from a tree's kernel. That takes seconds: of several processes one does, and the others wait for it."""
    cache = ROOT / "build" / "dwarf"
    cache.mkdir(parents=True, exist_ok=True)
    with open(cache / f".{tree.name}-{kind}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return dwarf.content(tree / "build" / kind / "kernel.elf", cache)


def image(kernel, tree=REFERENCE, kind="checked"):
    """The Image of a kernel that differs from the tree's in no type: reading only the symbols takes a fraction of the time."""
    nm = subprocess.run([os.environ.get("CROSS", "") + "nm", "-S", str(kernel)], capture_output=True, text=True, check=True).stdout
    symbols = []
    for words in map(str.split, nm.splitlines()):
        if len(words) in (3, 4) and words[-2] not in "aU":
            symbols.append([int(words[0], 16), words[-1], int(words[1], 16) if len(words) == 4 else 0])
    at = {name: address for address, name, _ in symbols}
    return dwarf.Image({**content(tree, kind), "symbols": symbols, "text": [at["text_start"], at["text_end"]], "units": []})


@functools.lru_cache(maxsize=None)
def files_of(solved, phase=1):
    """{path: text} of the exercises' files of a phase at a step of SOLVED."""
    run = subprocess.run([sys.executable, "-c", FILES_OF, str(ROOT), str(phase), str(solved)], capture_output=True, text=True, check=True)
    return json.loads(run.stdout)


FILES_OF = """
import json, sys
sys.path.insert(0, sys.argv[1] + "/phases")
import table, tree
phase, solved = int(sys.argv[2]), int(sys.argv[3])
made = tree.build(sys.argv[1], phase, solved)
wanted = [path for ex in table.exercises(table.read_phases(tree.Path(sys.argv[1])), phase) for path in ex["files"]]
print(json.dumps({path: made[path][0].decode() for path in wanted}))
"""


class Variants:
    """kernels[kind] -> (path, Image): the reference of a phase with files {path: text} over it, built in folder (new) when asked for.
    first: the kind that a test boots which names none."""

    def __init__(self, phase, files, folder, first="checked"):
        self.phase, self.files, self.folder, self.first, self.made = phase, files, Path(folder), first, {}

    def __getitem__(self, kind):
        if kind not in self.made:
            base = reference(self.phase)
            built_reference(base, kind)
            kernel = build(base, self.files, self.folder / kind, kind) if self.files else base / "build" / kind / "kernel.elf"
            self.made[kind] = kernel, image(kernel, base, kind)
        return self.made[kind]


@functools.lru_cache(maxsize=None)
def built_reference(base, kind):
    """Builds a kind of kernel of a tree that `make trees` has left out; one process at a time."""
    (base / "build").mkdir(exist_ok=True)
    with open(base / "build" / f".{kind}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run(["make", "-s", "-j2", "-f", "kernel/kernel.mk", "kernel", *VARIANTS[kind]], cwd=base, check=True,
                       stdout=subprocess.DEVNULL)


# --- one test --------------------------------------------------------------------------------------------------------------------------


def solved_at(phase):
    """{exercise: its SOLVED number} of a phase."""
    text = next(ROOT.glob(f"phases/{phase}-*/exercises.toml")).read_text(encoding="utf-8")
    return {entry["id"]: entry["solved"] for entry in exercises.tomllib.loads(text)["exercise"]}


@functools.lru_cache(maxsize=None)
def extras(phase):
    """The exercises of a phase that nobody has to solve."""
    _, known = exercises.read(reference(phase) / "exercises.toml")
    return [ex.id for ex in known.values() if not ex.core]


@functools.lru_cache(maxsize=None)
def phase_tests(phase=1):
    """{name: testlist.Test} of a phase, in the order of the exercises."""
    _, known = exercises.read(reference(phase) / "exercises.toml")
    return {test.name: test for test in testlist.read(ROOT / "grade" / f"phase{phase}", known)}


@functools.lru_cache(maxsize=None)
def module(path):
    """A test file as a module of its own, apart from the one that pytest collects."""
    spec = importlib.util.spec_from_file_location(f"judged_{Path(path).stem}", path)
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def function(name, phase=1):
    """(test function, further arguments) of a graded test, or of one in GIVEN_TESTS, there perhaps as name[argument]."""
    plain, _, argument = name.rstrip("]").partition("[")
    test = phase_tests(phase).get(plain)
    files = [test.file] if test else GIVEN_TESTS
    found = next(filter(None, (getattr(module(file), f"test_{plain}", None) for file in files)), None)
    assert found, f"there is no test_{plain}"
    return found, [argument] if argument else []


def boots(found):
    """How many boots a test function announces by its mark."""
    return next((mark.args[0] for mark in getattr(found, "pytestmark", []) if mark.name == "boots"), 1)


def judge(kernel, name, seen=None, seeds=None, race=RACE):
    """A test's result on a kernel, or on Variants: {"status": "pass"} or with rule and evidence. seen: the kernel's Image. seeds: for a
    test that tries some; its own number of them if none are given. race: see grade/boot.py."""
    kernels, phase = (kernel, kernel.phase) if isinstance(kernel, Variants) else (None, 1)
    found, arguments = function(name, phase)
    if "answers" in inspect.signature(found).parameters:
        given = {path.name: path.read_text() for path in reference(phase).glob("answers?.toml")}
        return judge_answers(found, {**given, **kernels.files})
    first = kernels[kernels.first] if kernels else (kernel, seen or image(kernel))
    boot = Boot(*first, 2, boots(found), kernels, race, archive_of(phase))
    if "seeds" in inspect.signature(found).parameters:
        arguments = [seeds or list(range(1, phase_tests(phase)[name].seeds + 1))]
    with contextlib.closing(boot):
        try:
            found(boot, *arguments)
        except Exception as error:
            result = plugin.judge(error)
            test = phase_tests(phase).get(name)
            return plugin.name_stub(result, boot.last, test.exercise, extras(phase)) if boot.last and test else result
        return plugin.judge(None)


def judge_answers(found, files):
    """The same for a test that boots nothing. files: {path: text}."""
    try:
        found({path: text.encode() for path, text in files.items()})
    except Exception as error:
        return plugin.judge(error)
    return plugin.judge(None)


# --- a whole grading --------------------------------------------------------------------------------------------------------------------


def student_tree(folder, files=None, base=START):
    """A student's tree in folder: what base has been given, with files over it ({path: text or bytes, None = taken away})."""
    for name in base.iterdir():
        if name.is_dir() and name.name != "build":
            shutil.copytree(name, folder / name.name, symlinks=True)  # with what Python has compiled already
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


def prebuilt(tree, base=START):
    """A student_tree() in whose folder of builds for grades the objects of base, a tree of its phase, are put, and the programs, so that
    only the student's files are compiled."""
    work, made = tree / "build" / "grade" / "work", reference(base.name[0])
    if not work.parent.exists():
        for top in ("kernel", "build"):
            shutil.copytree(base / top, work / "tree" / top, ignore=shutil.ignore_patterns("grade", "plain", "user"))
        for path in ("user", "kernel/syscall", "build/user") if (made / "user").exists() else ():
            shutil.copytree(made / path, work / "user" / path)
    return tree


def grade(tree, *options, base=START):
    """Grades a student_tree() as `make grade` does, with one test at a time. base: as for prebuilt()."""
    out = prebuilt(tree, base) / "build" / "grade"
    began = time.monotonic()
    run = subprocess.run([sys.executable, str(tree / "grade" / "run.py"), "--tree", str(tree), "--out", str(out), "--jobs", "1", *options],
                         capture_output=True, text=True, stdin=subprocess.DEVNULL)
    selected = out / ("selected.json" if "--test" in options else "results.json")
    results = json.loads(selected.read_text()) if selected.exists() else {}
    rows = {row["extra_data"]["name"]: {"score": row["score"], **row["extra_data"]} for row in results.get("tests", [])}
    print(run.stdout, run.stderr, f"graded in {time.monotonic() - began:.1f} s", sep="\n")  # pytest shows it if the test fails
    return Grading(run.returncode, run.stdout + run.stderr, results, rows, tree)
