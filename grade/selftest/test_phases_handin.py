"""grade/handin.py in a planted student's tree: what it takes, what it names and leaves, and that the same files give the same bytes."""

import json
import os
import shutil
import subprocess
import sys
import tarfile

import pytest
from guests import nested
from phases_planted import MASTER, make_tree, plant, put


@pytest.fixture
def tree(tmp_path):
    make_tree(plant(tmp_path / "master"), tmp_path / "tree", 2)
    for program in (MASTER / "grade").glob("*.py"):
        shutil.copy(program, tmp_path / "tree/grade")
    return tmp_path / "tree"


def handin(tree, *args, ok=True):
    done = subprocess.run([sys.executable, "grade/handin.py", *args], cwd=tree, capture_output=True, text=True)
    assert (done.returncode == 0) is ok, done.stdout + done.stderr
    assert ok or done.stderr.count("\n") == 1 and "Traceback" not in done.stderr, done.stderr
    return done.stdout if ok else done.stderr


def members(tree, name="build/handin-2.tar"):
    with tarfile.open(tree / name) as tar:
        return {m.name: tar.extractfile(m).read() for m in tar}


ALWAYS = {"manifest.json", "kernel/arch/switch.asm", "kernel/sched/rq.c", "kernel/sched/wait.c"}


def test_it_takes_the_exercises_files_of_all_phases_and_the_students_own(tree):
    put(tree, "kernel/sched/wait.c", "/* solved */\n")
    put(tree, "kernel/mine/notes.c", "/* my own */\n")
    put(tree, "answers/lab2.md", "Because.\n")
    said = handin(tree)
    taken = members(tree)
    assert set(taken) == ALWAYS | {"kernel/mine/notes.c", "answers/lab2.md"}
    assert taken["kernel/sched/wait.c"] == b"/* solved */\n"
    for line in ("took kernel/sched/wait.c (changed)", "took kernel/sched/rq.c (as given)", "took kernel/mine/notes.c (yours)",
                 "took answers/lab2.md", "no results"):
        assert line in said
    assert "NOT taken" not in said


def test_what_was_changed_elsewhere_is_named_and_not_taken(tree):
    put(tree, "kernel/base/panic.c", "/* no panic */\n")
    put(tree, "kernel/sched/extra.c", "/* extra */\n")
    put(tree, "kernel/lib/list.h", None)
    said = handin(tree)
    assert set(members(tree)) == ALWAYS
    for what in ("kernel/base/panic.c (changed", "kernel/sched/extra.c (added", "kernel/lib/list.h (removed"):
        assert f"NOT taken: {what}" in said


def test_the_last_results_go_along_and_old_ones_are_said_to_be_old(tree):
    put(tree, "build/grade/results.json", json.dumps({"score": 40, "tests": []}))
    said = handin(tree)
    assert "took the last results, score 40" in said and "changed since" not in said
    assert json.loads(members(tree)["results.json"])["score"] == 40
    os.utime(tree / "build/grade/results.json", (1, 1))
    assert "files were changed since" in handin(tree)


def test_a_grading_of_some_tests_is_no_result_and_is_said(tree):
    put(tree, "build/grade/selected.json", "{}")
    assert "no results: `make grade` has been run here with TEST= only" in handin(tree)


def test_an_interrupted_grading_is_said(tree):
    put(tree, "build/grade/results.partial.json", "{}")
    assert "no results: `make grade` was interrupted" in handin(tree)
    put(tree, "build/grade/results.json", json.dumps({"score": 40, "tests": []}))
    assert "took the last results before the newest grading, which was interrupted, score 40" in handin(tree)


def test_the_advice_about_a_missing_file_works_in_any_tree(tree):
    """A tree from `make student` is no git checkout."""
    put(tree, "kernel/sched/rq.c", None)
    advice = handin(tree, ok=False).strip().rpartition(": ")[2]
    subprocess.run(advice, shell=True, cwd=tree, check=True)
    assert "took kernel/sched/rq.c (as given)" in handin(tree)


def test_the_same_files_give_the_same_bytes(tree, tmp_path):
    handin(tree)
    other = shutil.copytree(tree, tmp_path / "dir with späces", symlinks=True)
    for path in other.rglob("*.*"):
        os.utime(path, (1, 1), follow_symlinks=False)
    handin(other, "--out", "a.tar")
    assert (other / "a.tar").read_bytes() == (tree / "build/handin-2.tar").read_bytes()
    with tarfile.open(other / "a.tar") as tar:
        assert {(m.uid, m.gid, m.mtime, m.mode) for m in tar} == {(0, 0, 0, 0o644)}


def test_the_manifest_names_phase_and_files(tree):
    handin(tree)
    manifest = json.loads(members(tree)["manifest.json"])
    assert manifest["phase"] == 2 and set(manifest["sha256"]) == ALWAYS - {"manifest.json"}


@pytest.mark.parametrize("path, text, words", [
    ("kernel/sched/rq.c", None, "kernel/sched/rq.c is missing; put the file back"),
    ("kernel/sched/rq.c", "large", "is larger than 1 MiB"),
    ("exercises.toml", None, "exercises.toml is not there"),
    ("exercises.toml", "phase = \n", "exercises.toml cannot be read"),
    ("grade/given-2.tar", None, "grade/given.tar cannot be read"),
    ("grade/given-2.tar", "junk", "grade/given.tar cannot be read"),
    ("build/grade/results.json", "no json", "is not a result file"),
])
def test_what_stands_in_the_way_is_one_line(tree, path, text, words):
    put(tree, path, "x" * (2 << 20) if text == "large" else text)
    assert words in handin(tree, ok=False)


@pytest.mark.parametrize("name, words", [
    (b"answers/\xff.md", r"answers/\xff.md has a name that is no text; give it another one"),
    (b"answers/two\nlines", r"answers/two\nlines has a name that is no text"),
    (b"answers/" + b"long" * 60, "long has a name that is too long to be handed in; give it a shorter one"),
    (b"answers", "answers is a plain file; make it a folder"),
], ids=["no UTF-8", "two lines", "long", "no folder"])
def test_a_name_that_cannot_be_handed_in_is_one_line(tree, name, words):
    path = os.path.join(os.fsencode(tree), name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    open(path, "w").close()
    assert words in handin(tree, ok=False)


def test_answers_lie_in_folders_that_are_not_too_deep(tree):
    put(tree, "answers/a/b/c/lab2.md", "Because.\n")
    assert "took answers/a/b/c/lab2.md" in handin(tree)
    with nested(tree / "answers/deep", 1200):
        assert "d is a folder within more than 8 others; put your answers higher up" in handin(tree, ok=False)


def test_a_link_in_place_of_a_file_is_refused(tree):
    (tree / "kernel/sched/rq.c").unlink()
    (tree / "kernel/sched/rq.c").symlink_to("/etc/passwd")
    assert "kernel/sched/rq.c is a link" in handin(tree, ok=False)


def test_who_is_told_of_a_file_of_his_own_is_not_sent_to_a_start_version(tree):
    (tree / "kernel/mine").mkdir(exist_ok=True)
    (tree / "kernel/mine/x.c").symlink_to("/etc/passwd")
    said = handin(tree, ok=False)
    assert "kernel/mine/x.c is a link" in said and said.rstrip().endswith("; take it away") and "given.tar" not in said
