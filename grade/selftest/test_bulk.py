"""A folder of submissions graded in one command, on tiny trees: everybody gets what he would get alone; killed at any moment and started
again it comes to the same; nobody reaches the others."""

import csv
import fcntl
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from types import SimpleNamespace

import guests
import kernels
import pytest

from grade import bulk, errors, sandbox

BULK = guests.ROOT / "grade" / "bulk.py"
BODY = "kernel/lab/body.inc"
TESTS = guests.TESTS.replace('test_nothing_is_booted():\n    """Why."""\n',
                             'test_the_turn_comes_at_all(boot):\n    """Why."""\n    boot("any").fact("TURN")\n').replace(
                                 '    require(boot("any").events', '    run = boot("any")\n    run.fact("TURN")\n    require(run.events')
TOML = guests.TOML.replace('points = 40\n', 'points = 40\nfiles = ["kernel/lab/more.inc"]\n').replace(
    'core = false\n', 'core = false\nfiles = ["kernel/lab/more.inc"]\n')
MOMENTS = [".lock", ".work-ada", ".work-ada/build/tree/kernel", ".work-ada/out", ".work-ada/out/results.partial.json",
           "ada/said.txt", "ada/results.json", "ada/junit.xml", "ada/state.json", ".work-bob", ".work-bob/out",
           ".work-bob/out/results.partial.json", "bob/results.json", "bob/state.json", ".work-eve/build",
           ".work-eve/out/results.partial.json", "eve/results.json", "eve/state.json", "zoe/state.json"]


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A tiny start tree; a reference; and a folder of four submissions in four forms: one right, one wrong, one that hangs, one that
    is rubbish."""
    folder = tmp_path_factory.mktemp("course")
    tree = guests.make_tree(folder / "tree", "stub", TESTS, TOML)
    (tree / "kernel/lab/more.inc").write_text("")
    with tarfile.open(tree / "grade" / "given.tar", "a") as tar:
        add(tar, "kernel/lab/more.inc", "; yours\n")
    (tree / "kernel/lab/more.inc").write_text("; yours\n")
    with tarfile.open(folder / "reference.tar", "w") as tar:
        add(tar, BODY, guests.BODIES["finish"])
    made = folder / "submissions"
    (made / "ada" / "kernel/lab").mkdir(parents=True)
    (made / "ada" / BODY).write_text(guests.BODIES["finish"])
    (made / "ada" / "kernel/lab/more.inc").write_text("; mine\n")
    for name, body in (("bob", "wrong_count"), ("eve", "says_it_passed")):
        with tarfile.open(made / f"{name}.tar", "w") as tar:
            add(tar, BODY, guests.BODIES[body])
            add(tar, "kernel/lab/more.inc", "; mine\n")
            add(tar, "kernel/guest/evidence.c", "changed")
    (made / "zoe.zip").write_bytes(b"rubbish")
    return SimpleNamespace(tree=tree, reference=folder / "reference.tar", submissions=made)


def add(tar, name, text):
    info = tarfile.TarInfo(name)
    info.size = len(text)
    tar.addfile(info, io.BytesIO(text.encode()))


def command(course, out, *more):
    return [sys.executable, str(BULK), "--tree", str(course.tree), "--reference", str(course.reference), "--submissions",
            str(course.submissions), "--out", str(out), *more]


def grade(course, out, *more):
    done = subprocess.run(command(course, out, *more), capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return SimpleNamespace(status=done.returncode, said=done.stdout + done.stderr)


def kept(out):
    """{path: content} of what came out, without what differs from run to run: seconds, and the states' hashes of paths."""
    found = {}
    for path in sorted(out.rglob("*")):
        if path.is_file() and path.name != "said.txt":
            text = path.read_text(errors="replace")
            if path.name == "results.json":
                text = json.loads(text)
                text.pop("execution_time")
            found[path.relative_to(out).as_posix()] = text
    return found


@pytest.fixture(autouse=True)
def outside(monkeypatch):
    """What one test here puts into the sandbox is outside again behind it."""
    monkeypatch.setattr(sandbox, "_in_use", False)


@pytest.fixture(scope="module")
def undisturbed(course, tmp_path_factory):
    out = tmp_path_factory.mktemp("undisturbed")
    assert grade(course, out).status == bulk.SOME_FAILED
    return kept(out)


def test_everybody_gets_a_line_and_a_folder(undisturbed):
    head, *rows = csv.reader(io.StringIO(undisturbed["grades.csv"]))
    table = {row[0]: dict(zip(head, row)) for row in rows}
    assert [(name, row["score"], row["of"]) for name, row in table.items()] == [
        ("ada", "100", "100"), ("bob", "60", "100"), ("eve", "40", "100"), ("zoe", "0", "100")]
    assert "refused: it is neither a folder nor a zip, tar or git bundle" in table["zoe"]["remark"]


def test_nothing_but_results_stays(undisturbed):
    """The base is gone, and the lock."""
    whole = {"results.json", "junit.xml", "classroom.txt", "feedback.html", "state.json"}
    assert set(undisturbed) == {"grades.csv", "index.html", *(f"{name}/{file}" for name in ("ada", "bob", "eve") for file in whole),
                                "zoe/results.json", "zoe/feedback.html", "zoe/state.json"}


def test_who_was_refused_reads_why_and_what_to_do(undisturbed):
    page = undisturbed["zoe/feedback.html"]
    for words in ("Score: 0/100", "This submission was refused: it is neither a folder nor",
                  "What was looked for: the files of lab 1 in a folder kernel/",
                  f"with their names: {BODY}, kernel/lab/more.inc.", "packs build/handin-1.tar"):
        assert words in page
    assert 'href="zoe/feedback.html"' in undisturbed["index.html"] and "3 of 4 graded, 66.7 points on average" in undisturbed["index.html"]


def test_what_was_not_taken_is_listed(undisturbed):
    """What files alone do not hold is counted."""
    assert undisturbed["bob/results.json"]["extra_data"]["not_taken"] == [
        ["kernel/guest/evidence.c", "changed"], ["what else was handed out (3 files)", "not handed in"]]


def test_points_behind_a_failure_are_kept(undisturbed):
    later = next(test for test in undisturbed["bob/results.json"]["tests"] if test["number"] == "1.2")
    assert later["score"] == 40 and later["extra_data"]["instead"] == ["1.1"]


def test_what_passes_behind_a_failure_is_in_nobodys_place(undisturbed):
    """1.2 passes with the reference's 1.1: so to 1.3, that needs both, it is the student's."""
    instead = {test["number"]: test["extra_data"]["instead"] for test in undisturbed["bob/results.json"]["tests"]}
    assert instead == {"1.1": [], "1.2": ["1.1"], "1.3": ["1.1"]}
    assert "reference's 1.1 in place of the one" in undisturbed["bob/feedback.html"].replace("&#x27;", "'")
    assert "1.1 and 1.2" not in undisturbed["bob/feedback.html"]


def test_a_second_time_nothing_is_graded_but_what_changed(course, undisturbed, tmp_path):
    ours = SimpleNamespace(**{**vars(course), "submissions": tmp_path / "submissions"})
    shutil.copytree(course.submissions, ours.submissions)
    grade(ours, tmp_path / "out")
    again = grade(ours, tmp_path / "out")
    assert "4 of 4 have been graded before" in again.said and "bulk: 1/4" not in again.said
    (ours.submissions / "ada" / BODY).write_text(guests.BODIES["triple_faults"])
    again = grade(ours, tmp_path / "out")
    assert "3 of 4 have been graded before" in again.said and "4/4 ada" in again.said
    assert kept(tmp_path / "out")["ada/results.json"]["score"] == 40
    assert {name: text for name, text in kept(tmp_path / "out").items() if name.startswith("bob/") and "state" not in name} == {
        name: text for name, text in undisturbed.items() if name.startswith("bob/") and "state" not in name}


def test_whoever_hands_in_anew_after_a_refusal_is_graded_in_full(course, tmp_path):
    """Also where only some tests are asked for; and nothing of old grades stays with whoever is refused now."""
    ours = SimpleNamespace(**{**vars(course), "submissions": tmp_path / "submissions"})
    for name, body, score in (("rubbish", None, 0), ("right", "finish", 100), ("rubbish", None, 0)):
        shutil.rmtree(ours.submissions, ignore_errors=True)
        (ours.submissions / "ada" / "kernel/lab").mkdir(parents=True)
        if body:
            shutil.copytree(course.submissions / "ada", ours.submissions / "ada", dirs_exist_ok=True)
        done = grade(ours, tmp_path / "out", "--test", "1.1")
        assert kept(tmp_path / "out")["ada/results.json"]["score"] == score, done.said
        assert (tmp_path / "out/ada/junit.xml").exists() is (tmp_path / "out/ada/said.txt").exists() is bool(body)


def test_the_table_is_whole_after_each_submission(course, undisturbed, tmp_path):
    """When a submission is told to be done, its grade is in the table: then nothing has time to write one any more."""
    running = subprocess.Popen(command(course, tmp_path / "out", "--jobs", "1"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               start_new_session=True, text=True)
    while not (line := running.stdout.readline()).startswith("bulk: 2/4 bob"):
        assert line, "it ended"
    os.killpg(running.pid, signal.SIGKILL)
    running.communicate()
    _, *rows = csv.reader(io.StringIO((tmp_path / "out/grades.csv").read_text()))
    assert [row[:2] for row in rows[:2]] == [["ada", "100"], ["bob", "60"]]
    assert rows[3][1:6] == ["", "", "", "", "not graded yet"] and 'href="bob/' in (tmp_path / "out/index.html").read_text()


def test_a_table_that_was_lost_comes_back_and_nothing_is_built_for_it(course, undisturbed, tmp_path):
    out = tmp_path / "out"
    grade(course, out)
    for name in ("grades.csv", "index.html"):
        (out / name).unlink()
    assert "4 of 4 have been graded before" in grade(course, out, "--base", str(tmp_path / "base")).said
    assert kept(out) == undisturbed and not (tmp_path / "base").exists()


@pytest.mark.parametrize("moment", MOMENTS if kernels.ALL else MOMENTS[3::8])
def test_killed_at_any_moment_it_goes_on_to_the_same_end(course, undisturbed, tmp_path, moment):
    """With SIGKILL, as soon as something lies in its folder."""
    out = tmp_path / "out"
    running = subprocess.Popen(command(course, out, "--jobs", "1"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               start_new_session=True)
    while not (out / moment).exists() and running.poll() is None:
        pass
    running.send_signal(signal.SIGKILL)
    running.wait()
    running.stdout.close()
    assert grade(course, out).status == bulk.SOME_FAILED
    assert kept(out) == undisturbed


def test_interrupted_it_leaves_no_process_and_says_how_to_go_on(course, undisturbed, tmp_path):
    out = tmp_path / "out"
    running = subprocess.Popen(command(course, out), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    while not (out / ".work-bob/out/results.partial.json").exists() and running.poll() is None:
        pass
    running.send_signal(signal.SIGINT)
    said, _ = running.communicate()
    assert running.returncode == errors.INTERRUPTED and "the same command goes on" in said and "Traceback" not in said
    deadline = time.monotonic() + 30
    while standing_in(out) and time.monotonic() < deadline:
        pass
    assert not standing_in(out)
    grade(course, out)
    assert kept(out) == undisturbed


def standing_in(folder):
    found = []
    for process in filter(str.isdecimal, os.listdir("/proc")):
        try:
            found += [process] if os.readlink(f"/proc/{process}/cwd").startswith(str(folder)) else []
        except OSError:
            pass
    return found


def test_some_tests_can_be_graded_again_for_all(course, undisturbed, tmp_path):
    """The other results stay; and with what is graded again it comes to the same."""
    out = tmp_path / "out"
    grade(course, out)
    path = out / "ada" / "results.json"
    old = json.loads(path.read_text())
    for test in old["tests"]:
        if test["number"] != "1.3":
            test["score"] = 0
            test["extra_data"]["status"] = "wrong"
    path.write_text(json.dumps(old))
    done = grade(course, out, "--test", "1.1")
    assert done.status == bulk.SOME_FAILED
    now = {test["extra_data"]["name"]: test["score"] for test in json.loads(path.read_text())["tests"]}
    assert now == {"the_turn_is_seven": 40, "two_runs_leak_nothing": 20, "the_turn_comes_at_all": 0, "an_extra": 7}
    assert kept(out)["bob/results.json"] == undisturbed["bob/results.json"]


@pytest.mark.parametrize("tests, line", [("import nothing_of_that_name\n" + TESTS, "No module named 'nothing_of_that_name'"),
                                         (TESTS + "\ndel test_an_extra\n", "ERROR: not found: ")], ids=["import", "name"])
def test_whom_the_grader_failed_is_graded_again(course, tmp_path, tests, line):
    """A grader whose tests pytest cannot collect: the remark says why, and it is nobody's grade."""
    ours = SimpleNamespace(**{**vars(course), "tree": tmp_path / "tree", "submissions": tmp_path / "submissions"})
    shutil.copytree(course.tree, ours.tree)
    shutil.copytree(course.submissions / "ada", ours.submissions / "ada")
    (ours.tree / "grade/phase1/test_all.py").write_text(tests)
    for _ in range(2):
        done = grade(ours, tmp_path / "out")
        assert done.status == bulk.SOME_FAILED and "graded before" not in done.said
        _, row = csv.reader(io.StringIO((tmp_path / "out" / "grades.csv").read_text()))
        assert row[1] == "" and row[5].startswith("the grader failed: ") and line in row[5] and "interrupted" not in done.said


@pytest.mark.parametrize("text, words", [("the_turn_is_eleven", "near it:\n  the_turn_is_seven"),
                                         ("no such", "there are:\n  1.1   the_turn")])
def test_a_test_that_is_not_there_is_named_before_anything_is_written(course, tmp_path, text, words):
    done = grade(course, tmp_path / "out", "--test", text)
    assert done.status == errors.USAGE and f"bulk: no test's name contains '{text}'" in done.said and words in done.said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("out", ["", "grades", ".."])
def test_grades_are_not_written_over_submissions(course, tmp_path, out):
    ours = SimpleNamespace(**{**vars(course), "submissions": tmp_path / "a" / "submissions"})
    shutil.copytree(course.submissions, ours.submissions)
    done = grade(ours, ours.submissions / out)
    assert done.status == errors.USAGE and "lie within each other; name a folder of its own" in done.said
    assert kept(ours.submissions.parent) == {f"submissions/{name}": text for name, text in kept(course.submissions).items()}


@pytest.mark.parametrize("name", ["ada", "zoe"])
def test_a_folder_that_holds_no_grades_is_not_removed(course, tmp_path, name):
    (tmp_path / "out" / name).mkdir(parents=True)
    (tmp_path / "out" / name / "thesis").write_text("the only copy")
    done = grade(course, tmp_path / "out")
    assert done.status == errors.USAGE and f"out/{name} is there and holds no grades; move it away" in done.said
    assert kept(tmp_path / "out") == {f"{name}/thesis": "the only copy"}


@pytest.mark.parametrize("out", ["file", "file/below/it"])
def test_a_file_is_no_place_for_grades(course, tmp_path, out):
    (tmp_path / "file").write_text("")
    done = grade(course, tmp_path / out)
    assert done.status == errors.USAGE and done.said == f"bulk: OUT: {tmp_path}/file is a file; name a folder\n"


@pytest.mark.parametrize("jobs", ["0", "-1", "x"])
def test_jobs_that_are_no_number_are_named(course, tmp_path, jobs):
    done = grade(course, tmp_path / "out", f"--jobs={jobs}")
    assert done.status == errors.USAGE and done.said == f"bulk: JOBS is a number from 1 to {bulk.MOST_JOBS}, not '{jobs}'\n"


def test_two_at_once_in_one_folder_are_refused(course, tmp_path):
    with bulk.only_one(tmp_path):
        done = grade(course, tmp_path)
    assert done.status == errors.USAGE and "another bulk works in" in done.said


def test_a_lock_that_its_owner_has_just_removed_guards_nothing(tmp_path, monkeypatch):
    """Who opened it before and locks it after would be alone with it, and with another who makes a new one."""
    lock = fcntl.flock
    def late(file, how):
        lock(file, how)
        (tmp_path / ".lock").unlink()
    monkeypatch.setattr(fcntl, "flock", late)
    with pytest.raises(errors.UserError, match="another bulk"), bulk.only_one(tmp_path):
        pass


@pytest.mark.parametrize("more, words",
                         [(["--submissions", "/nowhere"], "SUBMISSIONS: /nowhere cannot be read"),
                          (["--tree", "/nowhere"], "exercises.toml"), (["--reference", "/nowhere"], "/nowhere")])
def test_what_is_not_there_is_named(course, tmp_path, more, words):
    done = grade(course, tmp_path / "out", *more)
    assert done.status in (errors.USAGE, errors.FAULT) and words in done.said and "Traceback" not in done.said


def test_without_a_sandbox_it_is_said_and_graded_all_the_same(course, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sandbox, "trial", lambda: "no user namespaces")
    status = bulk.main(command(course, tmp_path / "out")[2:])
    assert status == bulk.SOME_FAILED and "there is no sandbox (no user namespaces)" in capsys.readouterr().err
    assert json.loads((tmp_path / "out" / "ada" / "results.json").read_text())["score"] == 100


def test_a_single_submission_is_graded_for_gradescope(course, tmp_path, capsys):
    for name, score in (("ada", 100), ("zoe.zip", 0)):
        bulk.main(["--tree", str(course.tree), "--reference", str(course.reference), "--one", str(course.submissions / name), "--results",
                   str(tmp_path / f"{name}.json"), "--base", str(tmp_path / "base")])
        assert json.loads((tmp_path / f"{name}.json").read_text())["score"] == score
    assert "This submission was refused: it is neither a folder nor" in capsys.readouterr().out


def test_nobodys_files_are_seen_by_another(course, tmp_path):
    """A submission that includes what may lie beside it in the build folder, at its place and at others'."""
    ours = SimpleNamespace(**{**vars(course), "submissions": tmp_path / "submissions"})
    spy = tmp_path / "submissions" / "spy" / "kernel/lab"
    spy.mkdir(parents=True)
    (spy / "body.inc").write_text('%include "../../../../../.work-ada/submission/kernel/lab/body.inc"\n')
    shutil.copytree(course.submissions / "ada", tmp_path / "submissions" / "ada")
    grade(ours, tmp_path / "out", "--jobs", "2")
    results = kept(tmp_path / "out")
    assert results["ada/results.json"]["score"] == 100 and results["spy/results.json"]["tests"][0]["score"] == 0
    assert "unable to open" in str(results["spy/results.json"])


def test_what_lacks_of_earlier_labs_is_the_references(course, tmp_path):
    """Of earlier labs alone, only what is missing, and the remark and the page say so."""
    ours = SimpleNamespace(**{**vars(course), "tree": tmp_path / "tree", "submissions": tmp_path / "submissions"})
    shutil.copytree(course.tree, ours.tree)
    head, one, *others = TOML.replace(f'files = ["{BODY}"]\n', "").split("[[exercise]]")
    earlier = f'\nid = "0.9"\npoints = 0\nfiles = ["{BODY}"]\n'
    (ours.tree / "exercises.toml").write_text("[[exercise]]".join([head, earlier, one, *others]))
    for name, files in (("alone", {"more.inc": "; mine"}), ("whole", {"more.inc": "; mine", "body.inc": guests.BODIES["stub"]})):
        (ours.submissions / name / "kernel/lab").mkdir(parents=True)
        for file, text in files.items():
            (ours.submissions / name / "kernel/lab" / file).write_text(text)
    grade(ours, tmp_path / "out")
    _, alone, whole = csv.reader(io.StringIO((tmp_path / "out" / "grades.csv").read_text()))
    words = "files of earlier labs that were not handed in, and are the reference's: 1"
    assert alone[1:6] == ["100", "100", "7", "", words] and whole[1] == "0" and whole[5] == ""
    assert words.replace("'", "&#x27;") in (tmp_path / "out/alone/feedback.html").read_text()
    assert kept(tmp_path / "out")["alone/results.json"]["extra_data"]["lent"] == [BODY]


def test_the_pages_link_leads_to_the_page(undisturbed):
    assert 'href="ada/feedback.html"' in undisturbed["index.html"]


def test_who_names_the_tests_structures_is_to_be_looked_at(course, tmp_path):
    """No verdict rests on it: the score stays, and the table says where to look."""
    ours = SimpleNamespace(**{**vars(course), "submissions": tmp_path / "submissions"})
    shutil.copytree(course.submissions / "ada", tmp_path / "submissions" / "mallory")
    (tmp_path / "submissions" / "mallory" / "kernel/lab/more.inc").write_text("; mine\n; where is ktest_report? at 0xffffffff80104000\n")
    grade(ours, tmp_path / "out")
    _, row = csv.reader(io.StringIO((tmp_path / "out" / "grades.csv").read_text()))
    assert row[:5] == ["mallory", "100", "100", "7", "kernel/lab/more.inc:2 names ktest_report"]
    page = (tmp_path / "out" / "index.html").read_text()
    assert "<th>review<th>remark" in page and "<td>7/7<td>kernel/lab/more.inc:2 names ktest_report<td>" in page


def test_a_name_that_stands_in_several_files_of_answers_is_to_be_looked_at(course, tmp_path):
    """However each of them writes it: what is asked depends on the name, so the answers are the same. Nobody loses a point by it."""
    tree = shutil.copytree(course.tree, tmp_path / "tree", symlinks=True)
    with open(tree / "exercises.toml", "a") as file:
        file.write('[[exercise]]\nid = "1.4"\npoints = 0\ncore = false\nfiles = ["answers1.toml"]\n')
    with tarfile.open(tree / "grade" / "given.tar", "a") as tar:
        add(tar, "answers1.toml", 'name = ""\n')
    ours = SimpleNamespace(tree=tree, reference=course.reference, submissions=tmp_path / "submissions")
    for name, written in (("ada", "Ada Lovelace"), ("bob", "Bob"), ("eve", "ada   LOVELACE"), ("zoe", "")):
        shutil.copytree(course.submissions / "ada", ours.submissions / name)
        (ours.submissions / name / "answers1.toml").write_text(f'name = "{written}"\n')
    done = grade(ours, tmp_path / "out")
    assert "bulk: answers1.toml: the same name, 'ada lovelace', in ada, eve\n" in done.said and done.said.count("same name") == 1
    _, *rows = csv.reader(io.StringIO((tmp_path / "out" / "grades.csv").read_text()))
    told = {row[0]: row[4] for row in rows}
    assert told == {"ada": "answers1.toml: the same name, 'ada lovelace', as in eve", "bob": "", "zoe": "",
                    "eve": "answers1.toml: the same name, 'ada lovelace', as in ada"}
    assert {row[1] for row in rows} == {"100"} and "&#x27;ada lovelace&#x27;, as in eve" in (tmp_path / "out" / "index.html").read_text()
