"""phases/branches.py: the student repository, and a student who works in a clone of it: every merge takes what the student wrote and
what the phase brings, without a conflict."""

import os
import shutil
import subprocess

import pytest
from phases_planted import MASTER, edit, make_tree, plant, put, run, texts

OWN = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_AUTHOR_NAME": "s", "GIT_AUTHOR_EMAIL": "s@localhost",
       "GIT_COMMITTER_NAME": "s", "GIT_COMMITTER_EMAIL": "s@localhost"}


def git(folder, *args, env=None):
    clean = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    done = subprocess.run(["git", "-C", str(folder), *args], capture_output=True, text=True, env=clean | OWN | (env or {}))
    assert done.returncode == 0, f"git {' '.join(args)}: {done.stdout}{done.stderr}"
    return done.stdout.strip()


def branches(master, repo, *args):
    return run(master, "branches.py", "--repo", repo, *args)


def parents(repo, branch):
    return git(repo, "log", "-1", "--format=%P", branch).split()


def tip(repo, branch):
    return git(repo, "rev-parse", branch)


def checkout(repo, branch, folder):
    """The files of a branch."""
    folder.mkdir()
    archive = subprocess.run(["git", "-C", str(repo), "archive", branch], check=True, capture_output=True).stdout
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive, check=True)
    return texts(folder)


def generated(master, folder, phase, solved=0):
    make_tree(master, folder, phase, solved)
    return texts(folder)


@pytest.fixture
def master(tmp_path):
    return plant(tmp_path / "master")


@pytest.fixture
def repo(master, tmp_path):
    branches(master, tmp_path / "student.git")
    return tmp_path / "student.git"


def test_the_first_branch_is_a_root_and_each_next_one_follows_from_it(repo):
    assert parents(repo, "phase/1") == []
    assert parents(repo, "phase/2") == [tip(repo, "phase/1")]
    assert parents(repo, "phase/3") == [tip(repo, "phase/2")]
    assert git(repo, "symbolic-ref", "HEAD") == "refs/heads/phase/1"


def test_each_branch_is_exactly_the_generated_tree(master, repo, tmp_path):
    for phase in (1, 2, 3):
        assert checkout(repo, f"phase/{phase}", tmp_path / f"b{phase}") == generated(master, tmp_path / f"t{phase}", phase)


def test_nothing_changed_makes_no_commit(master, repo):
    before = git(repo, "for-each-ref")
    assert branches(master, repo).count("unchanged") == 3
    assert git(repo, "for-each-ref") == before


def test_an_update_is_a_commit_on_its_branch_and_a_merge_on_each_later_one(master, repo, tmp_path):
    old = {n: tip(repo, f"phase/{n}") for n in (1, 2, 3)}
    put(master, "kernel/sched/only1.c", "/* Phase 1 alone, corrected. */\n")
    branches(master, repo)
    assert parents(repo, "phase/1") == [old[1]]
    assert parents(repo, "phase/2") == [old[2], tip(repo, "phase/1")]
    assert parents(repo, "phase/3") == [old[3], tip(repo, "phase/2")]
    assert git(repo, "diff", "--name-only", old[2], "phase/2") == "grade/given-1.tar", "phase 2 has no such file in kernel/"
    for phase in (1, 2, 3):
        assert checkout(repo, f"phase/{phase}", tmp_path / f"b{phase}") == generated(master, tmp_path / f"t{phase}", phase)


def test_an_update_of_a_later_phase_leaves_the_earlier_branches(master, repo):
    old = {n: tip(repo, f"phase/{n}") for n in (1, 2, 3)}
    edit(master, "kernel/sched/wait.c", "/* Waiting. */", "/* Waiting, better. */")
    branches(master, repo)
    assert tip(repo, "phase/1") == old[1]
    assert parents(repo, "phase/2") == [old[2]]
    assert parents(repo, "phase/3") == [old[3], tip(repo, "phase/2")]


def test_the_same_master_gives_the_same_commits_whoever_makes_them(master, repo, tmp_path):
    env = os.environ | {"HOME": str(tmp_path), "GIT_AUTHOR_NAME": "someone else", "GIT_DIR": "/nowhere", "TZ": "Asia/Tokyo"}
    put(tmp_path, ".gitconfig", "[user]\n  name = x\n[core]\n  autocrlf = true\n[commit]\n  gpgsign = true\n")
    run(master, "branches.py", "--repo", tmp_path / "again.git", env=env)
    assert git(tmp_path / "again.git", "for-each-ref") == git(repo, "for-each-ref")


def test_nothing_of_the_masters_history_enters(master, tmp_path):
    git(master, "init", "-q")
    git(master, "add", "-A")
    git(master, "commit", "-qm", "the secret commit", env={"GIT_COMMITTER_DATE": "1234567890 +0000"})
    branches(master, tmp_path / "r.git")
    log = git(tmp_path / "r.git", "log", "--all", "--format=%H %an %ct %s %b")
    assert "secret" not in log and " 1234567890 " in log and tip(master, "HEAD") not in log
    assert git(tmp_path / "r.git", "rev-list", "--all", "--count") == "3"


def test_a_repository_that_is_not_ours_is_refused(master, tmp_path):
    git(tmp_path, "init", "-q", "theirs")
    said = run(master, "branches.py", "--repo", tmp_path / "theirs", ok=False)
    assert "is not a student repository" in said and "choose another REPO" in said
    assert "cannot be made" in run(master, "branches.py", "--repo", "/proc/nowhere", ok=False)


def test_a_stand_in_is_offered_only_when_asked_for(master, tmp_path):
    edit(master, "phases/3-planted3/exercises.toml", "phase = 3\n", "phase = 3\nstandin = true\n")
    assert "phase/3" not in branches(master, tmp_path / "r.git")
    assert "phase/3 made" in branches(master, tmp_path / "r.git", "--standin")


def test_dropped_exercises_are_dropped_in_every_branch(master, tmp_path):
    branches(master, tmp_path / "r.git", "--drop", "1.2")
    for phase in (1, 2, 3):
        assert "rq->length++;" in git(tmp_path / "r.git", "show", f"phase/{phase}:kernel/sched/rq.c")
    assert "DROP=7.7" in run(master, "branches.py", "--repo", tmp_path / "r.git", "--drop", "7.7", ok=False)


def play(master, repo, tmp_path, updates, merged):
    """A student clones, branches off phase/1, solves lab 1, adds a file of their own and merges phase/2; then, after each update of the
    master (a function), the branches in merged. No merge may conflict, and each time the work must be phase 2 with lab 1 solved, exactly
    as generated, and the student's own file."""
    solution = solved_files(master, tmp_path)
    work = tmp_path / "work"
    git(tmp_path, "clone", "-q", str(repo), str(work))
    git(work, "checkout", "-q", "-b", "mine", "origin/phase/1")
    for path, text in (solution | {"kernel/mine/notes.c": b"/* my own */\n"}).items():
        put(work, path, text)
    git(work, "add", "-A")
    git(work, "commit", "-qm", "lab 1")
    git(work, "merge", "-q", "--no-edit", "origin/phase/2")
    for number, update in enumerate([lambda: None, *updates]):
        update()
        branches(master, repo, "--standin")
        git(work, "fetch", "-q")
        for branch in merged:
            git(work, "merge", "-q", "--no-edit", f"origin/{branch}")
        expected = generated(master, tmp_path / f"solved{number}", 2, 199)
        start = generated(master, tmp_path / f"start{number}", 2)
        tars = {path: text for path, text in start.items() if path.endswith(".tar")}
        assert texts(work) == expected | tars | {"kernel/mine/notes.c": b"/* my own */\n"}


def solved_files(master, folder):
    """{path: bytes} of lab 1's files, solved."""
    solved, start = generated(master, folder / "solved", 1, 199), generated(master, folder / "start", 1)
    return {path: text for path, text in solved.items() if text != start[path] and not path.endswith(".tar")}


def test_a_students_work_takes_every_update_by_merging_its_own_phase(master, repo, tmp_path):
    def correct_a_file_that_phase_2_lacks():
        put(master, "kernel/sched/only1.c", "/* corrected */\n")
        put(master, "phases/retired/kernel/sched/join.c", "/* Join: yields, corrected. */\n")

    def change_next_to_what_phase_2_adds():
        edit(master, "kernel/sched/rq.c", "    int length;\n", "    int length;\n    int more;\n")

    def take_a_file_away():
        edit(master, "phases/files.tbl", "docs/                   1 - -\n", "")

    def change_both_phases():
        edit(master, "kernel/base/panic.c", "/* Panic. */", "/* Panic, better. */")
        edit(master, "kernel/sched/wait.c", "/* Waiting. */", "/* Waiting, better. */")

    updates = [correct_a_file_that_phase_2_lacks, change_next_to_what_phase_2_adds, take_a_file_away, change_both_phases]
    play(master, repo, tmp_path, updates, ["phase/2"])


def test_merging_an_update_of_an_earlier_phase_first_is_no_conflict_either(master, repo, tmp_path):
    def correct_a_file():
        edit(master, "kernel/base/panic.c", "/* Panic. */", "/* Panic, corrected. */")

    def change_an_exercises_file():
        edit(master, "kernel/sched/rq.c", "/* The queue. */", "/* The run queue. */")

    def reweight_an_exercise():
        edit(master, "phases/1-planted1/exercises.toml", 'id = "1.2"', 'id = "1.2"\nnote = "new"')
        edit(master, "phases/1-planted1/README.md", "# Phase 1", "# This is phase 1")

    play(master, repo, tmp_path, [correct_a_file, change_an_exercises_file, reweight_an_exercise], ["phase/1", "phase/2"])


def test_the_real_lab_1_merges_into_phase_2_and_takes_updates(tmp_path):
    master, repo = tmp_path / "master", tmp_path / "student.git"
    shutil.copytree(MASTER, master, ignore=shutil.ignore_patterns("build", ".git", "__pycache__"))
    branches(master, repo, "--standin")

    def change_the_map():
        edit(master, "kernel/README.md", "# The kernel's sources\n", "# The kernel's source files\n")

    def change_every_exercises_file():
        for path in sorted(solved_files(master, tmp_path / "now")):
            mark = ";" if path.endswith(".asm") else "//"
            put(master, path, f"{mark} An update from the course.\n" + (master / path).read_text())

    assert len(solved_files(master, tmp_path)) == 6
    play(master, repo, tmp_path, [change_the_map, change_every_exercises_file], ["phase/1", "phase/2"])
