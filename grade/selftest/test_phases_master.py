"""The real master tree through the phase machinery: what every tree holds and lacks, exercises against their files and tests, both sides of
every body built, segments and upward calls."""

import ast
import fcntl
import functools
import re
import shlex
import subprocess
import sys
from pathlib import Path

import kernels
import pytest
from phases_planted import MASTER, make_tree, texts

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

sys.path.insert(0, str(MASTER / "phases"))
import tree  # noqa: E402

PHASES = {int(p.name[0]): p for p in sorted((MASTER / "phases").glob("[1-9]-*"))}
DATA = {n: tomllib.loads((p / "exercises.toml").read_text()) for n, p in PHASES.items()}
FINISHED = [n for n in PHASES if not DATA[n].get("standin")]
EXERCISES = [ex for data in DATA.values() for ex in data.get("exercise", [])]


@pytest.fixture(scope="module")
def trees():
    """trees(phase, solved): the files of that tree, {path: bytes}; made once."""
    @functools.cache
    def get(phase, solved):
        return {path: data for path, (data, _) in tree.build(MASTER, phase, solved).items()}

    return get


def steps(phase):
    return [0] + sorted({ex["solved"] for ex in EXERCISES if ex["solved"] < phase * 100 + 100}) + [phase * 100 + 99]


@pytest.mark.parametrize("phase, solved", kernels.some([(p, s) for p in PHASES for s in steps(p)], 10))
def test_a_students_tree_is_free_of_the_machinery(trees, phase, solved):
    files = trees(phase, solved)
    for path, text in files.items():
        if path.startswith(("kernel/", "user/")):
            assert not re.search(rb"\b(PHASE|SOLVED)\b", text), path
    assert not [p for p in files if p.startswith(("phases/", "grade/mutants", "grade/selftest", "grade/hidden", "docs/instructor", ".ci"))]
    assert {"Makefile", "README.md", "exercises.toml", "grade/given.tar", "kernel/kernel.mk", "kernel/mine/mine.h"} <= set(files)
    assert f"labs/lab{phase}.md" in files and f"labs/lab{phase + 1}.md" not in files


IMPORT_ALL = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
"""


@pytest.mark.parametrize("phase", PHASES)
def test_what_a_trees_grader_imports_is_in_the_tree(trees, tmp_path, phase):
    """A module of a later phase is in the master tree, where no import of it fails. GDB's own modules need GDB."""
    files = {path: data for path, data in trees(phase, 0).items() if path.startswith("grade/") and path.endswith(".py")}
    for path, data in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    names = [path[:-len(".py")].replace("/", ".") for path in sorted(files) if not path.startswith("grade/gdb/")]
    done = subprocess.run([sys.executable, "-c", IMPORT_ALL, *names], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr[-600:]


def function(text, name):
    """The text of a C function or an assembly label's code, from its name to its end."""
    found = (re.search(rf"^[a-z_][^\n;]*\b{name}\([^;]*?\)\n\{{\n.*?^\}}$", text, re.M | re.S) or
             re.search(rf"^{name}:$.*?(?=^\S[^\n]*:$|\Z)", text, re.M | re.S))
    return found and found[0]


@pytest.mark.parametrize("ex", EXERCISES, ids=lambda ex: ex["id"])
def test_an_exercises_functions_are_the_same_text_in_every_later_phase(trees, ex):
    first = int(ex["id"][0])
    for name in ex["functions"]:
        found = set()
        for solved in (0, 99):
            versions = {function(trees(p, p * 100 + 99 if solved else 0)[path].decode(), name)
                        for p in PHASES if p >= first for path in ex["files"] if path.endswith((".c", ".asm"))} - {None}
            assert len(versions) == 1, f"{name} is in none of {ex['files']}, or not the same in all phases"
            found |= versions
        assert len(found) == 2, f"{name}: solved and stub are the same"


@pytest.mark.parametrize("ex", EXERCISES, ids=lambda ex: ex["id"])
def test_an_exercises_step_solves_exactly_its_own_functions(trees, ex):
    """With those of the exercises that share its number."""
    phase = int(ex["id"][0])
    before = max(s for s in steps(phase) if s < ex["solved"])
    old, new = trees(phase, before), trees(phase, ex["solved"])
    assert {p for p in old if old[p] != new[p] and not p.endswith(".tar")} == {
        path for other in EXERCISES if other["solved"] == ex["solved"] for path in other["files"]}


@pytest.mark.parametrize("phase", FINISHED)
def test_the_core_exercises_are_worth_100_points(phase):
    assert sum(ex["points"] for ex in EXERCISES if ex["core"] and ex["id"].startswith(f"{phase}.")) == 100


@pytest.mark.parametrize("ex", [ex for ex in EXERCISES if ex["functions"]], ids=lambda ex: ex["id"])
def test_the_length_of_the_reference_is_what_exercises_toml_says(ex):
    """Lines that are not blank, between `SOLVED >= n` and `else`."""
    texts_of = [(MASTER / path).read_text() for path in ex["files"]]
    bodies = [body for text in texts_of for body in re.findall(rf"[#%]if SOLVED >= {ex['solved']}\n(.*?)\n[#%]else", text, re.S)]
    assert len(bodies) == len(ex["functions"])
    assert sum(1 for body in bodies for line in body.splitlines() if line.strip()) == ex["lines"]


def test_points_of_tests():
    """The points in the markers of an exercise's tests, read without importing them, add up to the exercise's."""
    points = {}
    for name in sorted(MASTER.glob("grade/phase[1-9]/test_*.py")):
        for node in ast.walk(ast.parse(name.read_text())):
            for mark in getattr(node, "decorator_list", []):
                if isinstance(mark, ast.Call) and re.fullmatch(r"(pytest\.mark\.)?exercise", ast.unparse(mark.func)):
                    values = [ast.literal_eval(a) for a in mark.args] + [ast.literal_eval(k.value) for k in mark.keywords]
                    points[values[0]] = points.get(values[0], 0) + values[1]
    finished = {ex["id"]: ex["points"] for ex in EXERCISES if int(ex["id"][0]) in FINISHED}
    assert {exercise: given for exercise, given in points.items() if int(exercise[0]) in FINISHED} == finished


@pytest.fixture(scope="module", params=[(p, s) for p in FINISHED for s in (0, p * 100 + 99)], ids=lambda p: f"{p[0]}-{p[1]}")
def built(request):
    """The build folder of the checked kernel of a phase, start and reference: so both sides of every body are compiled."""
    phase, solved = request.param
    folder = Path("build/tree") / f"{phase}-{solved}"
    (MASTER / folder.parent).mkdir(parents=True, exist_ok=True)
    with open(MASTER / "build/tree/lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        make_tree(MASTER, MASTER / folder, phase, solved)
        command = ["make", "-s", "-C", str(folder), "kernel", "CHECKED=1", "WERROR=-Werror"]
        done = subprocess.run(command, cwd=MASTER, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return MASTER / folder / "build/checked"


def test_both_sides_compile_and_calls_and_segments_are_right(built):
    command = [sys.executable, "phases/lint.py", "--elf", built / "kernel.elf", "--objects", built]
    said = subprocess.run(command, cwd=MASTER, capture_output=True, text=True)
    assert "lint: " in said.stdout, said.stderr
    assert not [line for line in said.stdout.splitlines() if ": segments: " in line or ": upcalls: " in line]


def test_a_dropped_exercise_of_the_real_lab_is_given(trees, tmp_path):
    make_tree(MASTER, tmp_path / "tree", 1, 0, "--drop", "1.3")
    files = texts(tmp_path / "tree")
    assert files["kernel/sched/rq.c"] == trees(1, 199)["kernel/sched/rq.c"]
    assert files["kernel/sched/yield.c"] == trees(1, 0)["kernel/sched/yield.c"]
    dropped = [ex["id"] for ex in tomllib.loads(files["exercises.toml"].decode())["exercise"] if ex.get("dropped")]
    assert dropped == ["1.3"]


@pytest.mark.parametrize("phase", [*PHASES, 9])
def test_a_phase_can_be_asked_for_when_it_is_finished(phase):
    """A stand-in has no exercises: whoever asks for it is told which phases there are."""
    done = subprocess.run(["make", "help", f"PHASE={phase}"], cwd=MASTER, capture_output=True, text=True)
    assert (done.returncode == 0) is (phase in FINISHED)
    assert done.returncode == 0 or f"PHASE={phase} is not known; choices: {' '.join(map(str, FINISHED))}." in done.stderr


@pytest.mark.parametrize("target", ["grade", "trace", "bench"])
@pytest.mark.parametrize("given, taken", [("", "../../"), ("a b's", f"{MASTER}/a b's"), ("/a b", "/a b")],
                         ids=["none", "relative", "absolute"])
def test_results_go_where_out_says_as_seen_from_the_master_tree(target, given, taken):
    options = [f"OUT={given}"] if given else []
    done = subprocess.run(["make", "-n", target, "PHASE=1", "TEST=exit_turns", *options], cwd=MASTER, capture_output=True, text=True)
    words = shlex.split(done.stdout.replace("\\\n", " "))
    folder = words[len(words) - words[::-1].index("--out")]
    assert done.returncode == 0 and (folder == taken if given else folder.startswith("../..")), done.stdout + done.stderr


def test_own_programs_are_found_as_seen_from_the_master_tree():
    done = subprocess.run(["make", "-n", "run", "PHASE=5", "INIT=busybox", "BUSYBOX=a/bb", "FILES=b/one /c/two:/bin/two"],
                          cwd=MASTER, capture_output=True, text=True)
    said = done.stdout + done.stderr
    assert re.findall(r"--(?:busybox|own) '([^']*)'", said) == [f"{MASTER}/a/bb", f"{MASTER}/b/one", "/c/two:/bin/two"], said


def test_makes_that_want_the_trees_at_once_take_turns():
    """The lock is the test's own; as long as it is, the other makes nothing and says why, once."""
    (MASTER / "build").mkdir(exist_ok=True)
    with open(MASTER / "build/trees.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waiting = subprocess.Popen(["make", "trees-1"], cwd=MASTER, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert waiting.stderr.readline() == "waiting: another make in this folder builds the trees\n" and waiting.poll() is None
    said, complaints = waiting.communicate()
    assert waiting.returncode == 0 and not complaints, said


@pytest.mark.parametrize("options, words", [
    (["OUT=out"], "SUBMISSIONS= is missing"), (["SUBMISSIONS=docs"], "OUT= is missing"),
    (["OUT=out", "SUBMISSIONS=no where"], "SUBMISSIONS: {}/no where cannot be read"),
    (["OUT=docs/grades", "SUBMISSIONS=docs"], "lie within each other"), (["OUT=README.md", "SUBMISSIONS=docs"], "README.md is a file"),
    (["OUT=out", "SUBMISSIONS=docs", "JOBS=0"], "JOBS is a number from 1"),
    (["OUT=out", "SUBMISSIONS=docs", "JOBS=-1"], "JOBS is a number from 1")])
def test_what_is_wrong_with_bulks_options_is_told_before_a_tree_is_made(options, words):
    done = subprocess.run(["make", "--trace", "bulk", "PHASE=1", *options], cwd=MASTER, capture_output=True, text=True)
    assert done.returncode and words.format(MASTER) in done.stderr and "phases/tree.py" not in done.stdout + done.stderr


def test_help_lists_every_target_that_says_what_it_does():
    said = subprocess.run(["make", "help"], cwd=MASTER, capture_output=True, text=True).stdout
    listed = {line.split()[1] for line in said.splitlines()}
    texts_of = [(MASTER / path).read_text() for path in ("Makefile", "phases/master.mk")]
    assert listed == {name for text in texts_of for name in re.findall(r"^([^\s:]+):.*## ", text, re.M)} >= {"autograder.zip", "bulk"}
