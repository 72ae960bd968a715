"""Hidden tests: made from the course's key and not run without it; told in words that give no input away; right for every right kernel, and
too much for one that is right only for what the visible tests ask."""

import contextlib
import csv
import inspect
import io
import json
import os
import re
import stat
import subprocess
import sys
import zipfile
from types import SimpleNamespace

import guests
import kernels
import pytest
from phases_planted import make_tree, plant, put, run, texts

from grade import bulk, course, dwarf, exercises, forms, plugin, results, sandbox, testlist, veil
from grade.boot import Boot
from grade.errors import RuleBroken, Unjudged, UserError
from grade.exercises import tomllib

HIDDEN = kernels.ROOT / "grade" / "hidden"
KEY = "crescent course " + "5" * 64 + "\n"
SPECIAL = tomllib.loads((kernels.ROOT / "grade/selftest/special.toml").read_text())["special"]
SEEDS = 5  # of as many courses


@pytest.fixture
def key(tmp_path):
    (tmp_path / "course.key").write_text(KEY)
    return tmp_path / "course.key"


def hidden_of(phase):
    """{name: testlist.Test} of a phase's hidden tests."""
    _, known = exercises.read(kernels.reference(phase) / "exercises.toml")
    every = testlist.read(kernels.ROOT / f"grade/phase{phase}", known, HIDDEN / f"phase{phase}")
    return {test.name: test for test in every if test.hidden}


# --- the key ---------------------------------------------------------------------------------------------------------------------------


def make_course(file):
    done = subprocess.run(["make", "-s", "course", f"COURSE={file}"], cwd=kernels.ROOT, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_make_course_makes_a_key_for_its_owner_and_never_another_one(tmp_path):
    file = tmp_path / "a b.key"
    status, said = make_course(file)
    text = file.read_text()
    assert status == 0 and "Keep a copy where the course's staff alone can read it" in said and text.split()[2] not in said
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and course.KEY.fullmatch(text)
    status, said = make_course(file)
    assert status and "is there already, and stays" in said and file.read_text() == text
    make_course(tmp_path / "other.key")
    assert (tmp_path / "other.key").read_text() != text


def test_git_does_not_see_the_key():
    assert subprocess.run(["git", "check-ignore", "-q", "course.key"], cwd=kernels.ROOT).returncode == 0


def test_seeds_depend_on_the_key_the_phase_and_the_tests_name_and_on_nothing_else(key, tmp_path):
    def seeds(text, phase, name, n=1):
        key.write_text(text)
        return course.find(HIDDEN, key, phase).seeds(SimpleNamespace(name=name, seeds=n))

    assert seeds(KEY, 1, "a", 2) == [160229897761994, 171613161178194], "grades are to be repeated for years"
    assert len({*seeds(KEY, 1, "a", 3), *seeds(KEY, 2, "a"), *seeds(KEY, 1, "b"), *seeds(KEY.replace("5", "6"), 1, "a")}) == 6
    of_the_phase = course.key_text(key, 1) if key.write_text(KEY) else None
    assert seeds(of_the_phase, 1, "a", 2) == seeds(KEY, 1, "a", 2) and "5" * 64 not in of_the_phase


@pytest.mark.parametrize("text, words", [("", "is not a course's key"), (KEY[:-3], "is not a course's key"), ("\xfc", "cannot be read"),
                                         (KEY.replace("course", "phase 2"), "is the key of phase 2, and this is phase 1")])
def test_what_is_no_key_is_named(key, text, words):
    key.write_text(text)
    with pytest.raises(UserError, match=words):
        course.find(HIDDEN, key, 1)


# --- a tiny course ---------------------------------------------------------------------------------------------------------------------

TINY = '''
from grade.api import boots, exercise, require, seeds
@exercise("1.1", points=1)
@seeds(2)
@boots(2)
def test_the_turn_is_seven_in_any_run(boot, seeds):
    """Whatever comes."""
    for seed in seeds:
        run = boot("any", f"rounds={seed}")
        require(run.fact("TURN").a == 7, "the turn is seven in any run", f"seed {seed}")
        require(run.report.frames_before == run.report.frames_after, f"of {run.report.frames_before} frames all are given back")
'''
POINTS = guests.TOML.replace("points = 60\n", "points = 60\nhidden_points = 10\n")


@pytest.fixture
def kept(tmp_path):
    """Results with a visible test and a hidden one."""
    known = {"1.1": exercises.Exercise("1.1", "t", 100, True, False, (), "visible")}
    tests = [testlist.Test(name, "f", "1.1", 1, 1, 1, (), "why", hidden) for name, hidden in (("in_sight", False), ("out_of_sight", True))]
    return results.Results(tmp_path / "results.json", tests, testlist.points(tests, known), known, {})


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """tiny(body, *options, toml=...): the tiny tree with this body graded by grade/run.py, with a hidden test of its own. The tree lies in
    build/ beside the hidden tests, as it does in the master tree: build is the name of a file of the grader's as well."""
    folder = tmp_path / "hidden"
    (folder / "phase1").mkdir(parents=True)
    (folder / "phase1" / "test_tiny.py").write_text(TINY)
    monkeypatch.setattr(bulk, "HIDDEN", folder)

    def go(body, *options, toml=guests.TOML):
        tree = guests.make_tree(tmp_path / "build" / f"tree-{len(list(tmp_path.glob('build/*')))}", body, toml=toml)
        done = subprocess.run([sys.executable, str(tree / "grade/run.py"), "--jobs", "1", "--hidden", str(folder), *map(str, options)],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL)
        kept = tree / "build/grade/results.json"
        return SimpleNamespace(status=done.returncode, said=done.stdout + done.stderr, tree=tree,
                               results=json.loads(kept.read_text()) if kept.exists() else None)

    return go


def numbers(key, name="the_turn_is_seven_in_any_run"):
    """What nobody is to see: the key, what is made from it, the boot options."""
    seeds = course.find(HIDDEN, key, 1).seeds(SimpleNamespace(name=name, seeds=5))
    return ["5" * 64, course.phase_key(key, 1).hex(), "rounds=", "seed=", *map(str, seeds), *map(hex, seeds)]


def told(graded, key):
    """Nothing in the results or on the console gives the inputs away."""
    text = json.dumps(graded.results) + graded.said
    assert not [word for word in numbers(key) if word in text]
    return {test["extra_data"]["name"]: test for test in graded.results["tests"]}["the_turn_is_seven_in_any_run"]


def test_without_the_key_the_others_are_graded_and_it_is_said(tiny, tmp_path):
    graded = tiny("finish", "--course", tmp_path / "no.key")
    assert graded.status == 0 and graded.said.count("note: hidden tests are left out: there is no") == 1
    assert graded.results["score"] == 100 and len(graded.results["tests"]) == 4
    graded = tiny("finish", "--course", tmp_path / "no.key", toml=POINTS)
    assert (graded.results["score"], graded.results["extra_data"]["max_score"]) == (90, 90)
    assert "Score: 90/90  (extra: 7/7)  (10 points more are those of hidden tests, which were not run)" in graded.said
    (tmp_path / "no.key").write_text("rubbish")
    graded = tiny("finish", "--course", tmp_path / "no.key")
    assert graded.status == 4 and graded.said.count("\n") == 1 and "is not a course's key" in graded.said


def test_hidden_tests_have_no_points_unless_exercises_toml_gives_them_some(tiny, key):
    graded = tiny("finish", "--course", key)
    assert graded.results["score"] == 100 and told(graded, key)["max_score"] == 0
    graded = tiny("finish", "--course", key, toml=POINTS)
    assert graded.results["score"] == 100 and told(graded, key)["score"] == 10
    assert [test["max_score"] for test in graded.results["tests"]] == [33.33, 16.67, 10, 40, 7]
    graded = tiny("finish", "--course", key, toml=guests.TOML.replace("points = 40\n", "points = 40\nhidden_points = 1\n"))
    assert graded.status == 4 and "exercise 1.2 has hidden_points and no hidden test; those with one are: 1.1" in graded.said


@pytest.mark.parametrize("body, status, rule", [("wrong_count", "corrupt", "what the kernel keeps of the run was overwritten: ..."),
                                                ("leaks", "wrong", "of ... frames all are given back"),
                                                ("panics", "panic", "the kernel panicked in this test"),
                                                ("stub", "unsolved", "lab 1.3 is not solved yet"),
                                                ("switches_off", "crash", "the machine was ... before the test was complete")])
def test_a_failing_hidden_test_says_how_and_which_rule_and_nothing_of_its_input(tiny, key, body, status, rule):
    row = told(tiny(body, "--course", key, "-v"), key)
    data = row["extra_data"]
    assert (data["status"], data["rule"], data["evidence"], data["console"], data["boots"], data["next"]) == (status, rule, [], [], [], "")
    assert row["output"].splitlines()[0] == rule and row["number"] == "1.1" and row["visibility"] == "after_published"


def test_the_hidden_tests_of_several_files_are_all_judged(tiny, key, tmp_path):
    (tmp_path / "hidden/phase1/test_more.py").write_text(TINY.replace("the_turn_is_seven_in_any_run", "so_it_is_in_any_other"))
    graded = tiny("finish", "--course", key)
    judged = {test["extra_data"]["name"]: test["extra_data"]["status"] for test in graded.results["tests"]}
    assert graded.status == 0 and judged["so_it_is_in_any_other"] == judged["the_turn_is_seven_in_any_run"] == "pass", judged


def test_an_instructor_can_see_what_it_saw(tiny, key):
    graded = tiny("leaks", "--course", key, "--unveil", "--test", "any_run", "-v")
    assert "of 9 frames all are given back" in graded.said


def test_who_fails_hidden_tests_alone_is_to_be_looked_at(kept):
    name = "1.1 passes every visible test, and fails the hidden one: out of sight"
    kept.add("in_sight", {"status": "pass"})
    kept.add("out_of_sight", {"status": "wrong", "rule": "it is right", "evidence": []})
    assert kept.gradescope()["extra_data"]["review"] == [name]
    kept.add("in_sight", {"status": "wrong", "rule": "it is right", "evidence": []})
    assert kept.gradescope()["extra_data"]["review"] == []
    kept.add("in_sight", {"status": "pass"})
    kept.add("out_of_sight", {"status": "fault", "rule": "QEMU died", "evidence": []})
    assert kept.gradescope()["extra_data"]["review"] == []


def test_what_is_hidden_is_neither_in_the_line_of_the_score_nor_on_the_page(tiny, key):
    toml = 'hidden_visibility = "hidden"\n' + POINTS
    graded = tiny("finish", "--course", key, toml=toml)
    assert told(graded, key)["visibility"] == "hidden"
    assert graded.results["output"] == "Score: 90/90  (extra: 7/7)  (and 1 tests that are shown later or not at all)"
    for text in (forms.page("Ada", graded.results), forms.junit(graded.results)):
        assert "in any run" not in text.replace("_", " ")
    assert "in any run" in forms.table([("ada", "ada", graded.results, "")]), "the class's table is the instructor's"
    own = toml.replace("hidden_points = 10\n", 'hidden_points = 10\nhidden_visibility = "visible"\n')
    assert told(tiny("finish", "--course", key, toml=own), key)["visibility"] == "visible"


@pytest.mark.parametrize("line, words", [("hidden_points = 61", "is a part of its 60 points, not 61"),
                                         ("hidden_points = true", "is a part of its 60 points"),
                                         ('hidden_visibility = "never"', "one of visible, hidden, after_due_date, after_published"),
                                         ('visibility = 3', "one of visible, hidden")])
def test_what_exercises_toml_cannot_mean_is_named(tmp_path, line, words):
    (tmp_path / "exercises.toml").write_text(guests.TOML.replace("points = 60\n", f"points = 60\n{line}\n"))
    with pytest.raises(UserError, match=words):
        exercises.read(tmp_path / "exercises.toml")


# --- a folder of submissions -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def grade_all(tiny, tmp_path, key, monkeypatch):
    """grade_all(*options): what came out of grade/bulk.py for two submissions, one of which asks the compiler for the course's key."""
    monkeypatch.setattr(sandbox, "_in_use", False)
    tree = guests.make_tree(tmp_path / "build/start", "stub", toml=POINTS)
    bodies = {"ada": guests.BODIES["finish"], "spy": f'%define KEY "{key}"\n%include KEY\n' + guests.BODIES["finish"]}
    for name, body in bodies.items():
        (tmp_path / "submissions" / name / "kernel/lab").mkdir(parents=True)
        (tmp_path / "submissions" / name / "kernel/lab/body.inc").write_text(body)

    def go(*options):
        out = tmp_path / "out"
        status = bulk.main(["--tree", str(tree), "--reference", str(tree / "grade/given.tar"), "--submissions",
                            str(tmp_path / "submissions"), "--out", str(out), *map(str, options)])
        return SimpleNamespace(status=status, table={row[0]: row for row in csv.reader(io.StringIO((out / "grades.csv").read_text()))},
                               text="\n".join(path.read_text() for path in out.rglob("*") if path.is_file() and ".base" not in path.parts))

    return go


def test_a_folder_of_submissions_is_graded_with_hidden_tests_where_the_key_is(grade_all, key, capfd):
    graded = grade_all("--course", key)
    assert graded.table["ada"][1:3] == ["100", "100"] and graded.table["spy"][1] == "40"
    assert not [word for word in numbers(key) if word in graded.text]
    assert "unable to open include file" in graded.text, "the sandbox does not hold the key"
    key.rename(key.with_name("elsewhere"))
    graded = grade_all("--course", key)
    assert graded.table["ada"][1:3] == ["90", "90"] and "are left out: there is no" in capfd.readouterr().out


def test_without_a_sandbox_no_hidden_test_is_graded(grade_all, key, monkeypatch, capfd):
    monkeypatch.setattr(sandbox, "trial", lambda: "no user namespaces")
    graded = grade_all("--course", key)
    assert graded.table["ada"][1:3] == ["90", "90"]
    assert "left out: without a sandbox a submission could have the course's key read" in capfd.readouterr().err


# --- where they are, and where not -----------------------------------------------------------------------------------------------------


def test_no_tree_and_no_branch_of_a_students_holds_a_hidden_test_or_the_key(tmp_path):
    master = plant(tmp_path / "master")
    put(master, "grade/hidden/phase1/ktest/hidden_y.c", "/* secret */\n")
    put(master, "course.key", "secret\n")
    for phase in (1, 2, 3):
        make_tree(master, tmp_path / f"tree-{phase}", phase)
        assert not [path for path, text in texts(tmp_path / f"tree-{phase}").items() if b"secret" in text or "hidden" in path]
    run(master, "branches.py", "--repo", tmp_path / "repo", "--standin")
    listed = subprocess.run(["git", "--git-dir", tmp_path / "repo", "rev-list", "--all", "--objects"], capture_output=True, text=True)
    assert "rq.c" in listed.stdout and "hidden" not in listed.stdout and "course.key" not in listed.stdout


def test_a_trees_exercises_toml_has_what_an_instructor_wrote_about_hidden_tests(tmp_path):
    master = plant(tmp_path / "master")
    toml = next(master.glob("phases/1-*/exercises.toml"))
    toml.write_text('hidden_visibility = "hidden"\n' + toml.read_text().replace("points = 10\n", "points = 10\nhidden_points = 3\n"))
    for phase, points in ((1, 3), (2, 0)):
        make_tree(master, tmp_path / f"tree-{phase}", phase)
        _, known = exercises.read(tmp_path / f"tree-{phase}" / "exercises.toml")
        assert known["1.2"].hidden == points and known["1.2"].hidden_visibility == ("hidden" if phase == 1 else "after_published")


def test_a_row_of_the_table_cannot_name_them(tmp_path):
    master = plant(tmp_path / "master")
    for path in ("grade/hidden/", "course.key"):
        put(master, "phases/files.tbl", f"{path} 1 - -\n")
        assert "never goes to a student" in run(master, "tree.py", "--phase", 1, "--out", tmp_path / "out", ok=False)


def test_gradescopes_file_has_the_phases_key_and_not_the_courses(tmp_path, key):
    def packed(*options):
        subprocess.run([sys.executable, kernels.ROOT / "grade/gradescope/pack.py", "--tree", kernels.START, "--reference",
                        kernels.REFERENCE / "grade/given.tar", "--out", tmp_path / "a.zip", *options], check=True, capture_output=True)
        with zipfile.ZipFile(tmp_path / "a.zip") as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    files = packed("--course", key)
    assert "crescent/grade/hidden/phase1/test_random.py" in files and "crescent/grade/hidden/ktest/hidden.h" in files
    (tmp_path / "phase.key").write_bytes(files["phase.key"])
    assert course.phase_key(tmp_path / "phase.key", 1) == course.phase_key(key, 1)
    assert not [name for name, data in files.items() if b"5" * 64 in data]
    for files in (packed(), packed("--course", tmp_path / "none")):
        assert not [name for name in files if "hidden" in name or name.endswith(".key")]


# --- the tests themselves --------------------------------------------------------------------------------------------------------------


def code_of(phase):
    """The hidden tests' part inside the kernel, {path: bytes}."""
    folders = [HIDDEN / "ktest", HIDDEN / f"phase{phase}" / "ktest"]
    return {f"kernel/ktest/{path.name}": path.read_bytes() for folder in folders for path in folder.iterdir()}


def judge(kernel, image, test, seeds):
    """A hidden test's result on a kernel with the hidden tests' code."""
    function = getattr(kernels.module(test.file), f"test_{test.name}")
    with contextlib.closing(Boot(kernel, image, 2, len(seeds))) as boot:
        try:
            function(boot, seeds)
        except RuleBroken as error:
            return plugin.judge(error)
    return {"status": "pass"}


def seeds_of(test, phase, courses):
    """A seed of the test from each of so many courses."""
    return [course.Hidden(None, {}, course.derived(bytes([n]) * 32, f"phase {phase}")).seeds(test)[0] for n in range(courses)]


@pytest.mark.parametrize("phase", kernels.some(kernels.PHASES, 2))
def test_the_reference_passes_with_the_keys_of_several_courses(tmp_path, phase):
    """The types are read from this kernel: a name in the hidden tests' code that the kernel has as well would be taken for it."""
    kernel = kernels.build(kernels.reference(phase), code_of(phase), tmp_path / "kernel")
    image = dwarf.load(kernel)
    for test in hidden_of(phase).values():
        result = judge(kernel, image, test, seeds_of(test, phase, SEEDS if kernels.ALL else 2))
        assert result["status"] == "pass", (test.name, result)


def one_a_phase():
    return list({special["phase"]: special for special in SPECIAL}.values())


def special_files(special):
    """{path: text} of a solution for the visible tests alone."""
    text = (kernels.reference(special["phase"]) / special["file"]).read_text()
    assert text.count(special["find"]) == 1, special["id"]
    sources = "\n".join(path.read_text() for path in kernels.ROOT.glob("kernel/ktest/*.c"))
    names = [f'"{name}"' for name in re.findall(r"^KTEST\((\w+),", sources, re.M)]
    return {special["file"]: text.replace(special["find"], special["replace"].replace("KNOWN", ", ".join(names)))}


@pytest.mark.parametrize("special", SPECIAL if kernels.ALL else one_a_phase(), ids=lambda special: special["id"])
def test_who_is_right_for_the_visible_tests_alone_is_caught(tmp_path, special):
    phase, files = special["phase"], special_files(special)
    variants = kernels.Variants(phase, files, tmp_path / "visible")
    visible = {name: kernels.judge(variants, name) for name, test in kernels.phase_tests(phase).items()
               if test.exercise == special["exercise"] or kernels.ALL}
    assert not {name: result for name, result in visible.items() if result["status"] != "pass"}, "it is to pass what all can see"
    kernel = kernels.build(kernels.reference(phase), {**files, **code_of(phase)}, tmp_path / "hidden")
    test = hidden_of(phase)[special["test"]]
    result = judge(kernel, kernels.image(kernel, kernels.reference(phase)), test, seeds_of(test, phase, SEEDS))
    assert result["status"] not in ("pass", "fault") and special["rule"] in result["rule"], result
    shown = veil.veiled(result, test.file, ["1.1"])
    assert special["rule"] in shown["rule"] and not shown["evidence"]


def test_every_test_draws_from_its_seed():
    """A hidden test that boots the same whatever the course's key could as well be a visible one."""
    for phase in kernels.PHASES:
        for test in hidden_of(phase).values():
            assert test.seeds and test.boots == test.seeds and "seeds" in inspect.signature(
                getattr(kernels.module(test.file), f"test_{test.name}")).parameters, test.name
        for path, text in code_of(phase).items():
            assert path.endswith(".h") or text.count(b"draws_of(") >= text.count(b"\nKTEST("), path


HOSTILE = """
#include "base/cmdline.h"
#include "base/panic.h"
#include "base/printk.h"

void rq_push(struct rq *rq, struct thread *t)
{
    if (option_given("seed")) {
        printk("I saw seed=%lu\\n", option_u64("seed"));
        panic("lab 1.3: seed=%lu in %s", option_u64("seed"), option_text("ktest"));
    }
"""


def test_a_kernel_cannot_tell_what_it_saw_in_a_hidden_test(tmp_path, key):
    """Neither through its console nor through a panic's words; and what boots for a visible test holds nothing of the hidden ones' code."""
    path = "kernel/sched/rq.c"
    text = kernels.files_of(105)[path].replace("void rq_push(struct rq *rq, struct thread *t)\n{\n", HOSTILE)
    spy = 'extern const char text_start[];\n__asm__(".incbin \\"kernel/ktest/hidden_queue.c\\"");\n'
    files = {**kernels.files_of(105), path: text, "kernel/mine/spy.c": spy}
    tree = kernels.student_tree(tmp_path / "tree", files)
    graded = kernels.grade(tree, "--hidden", str(HIDDEN), "--course", str(key), "--test", "order", "-v")
    row = graded.rows["a_run_queue_keeps_its_order_whatever_is_done_to_it"]
    assert (row["status"], row["rule"]) == ("unsolved", "lab 1.3 is not solved yet")
    assert graded.rows["threads_leave_the_run_queue_in_the_order_of_arrival"]["status"] == "pass"
    seeds = numbers(key, "a_run_queue_keeps_its_order_whatever_is_done_to_it")
    assert not [word for word in [*seeds, "I saw"] if word in graded.said + json.dumps(graded.results)]
    assert list(graded.results["extra_data"]["broken"]) == ["kernel/mine/spy.c"]
    hidden, visible = (tree / "build/grade/work" / part / "kernels" for part in ("hidden", "."))
    assert b"hidden_queue" not in b"".join(kernel.read_bytes() for kernel in visible.glob("*.elf"))
    assert b"hidden_queue" in b"".join(kernel.read_bytes() for kernel in hidden.glob("*.elf"))


# --- words -----------------------------------------------------------------------------------------------------------------------------

FILE = str(HIDDEN / "phase1" / "test_random.py")


@pytest.mark.parametrize("error, rule", [
    (RuleBroken("rq->nr_ready is counted outside the exercise: it is left alone", "3 of seed 77"), None),
    (RuleBroken("thread 77 joins the queue, and schedule() has not picked it since it joined last"),
     "thread ... joins the queue, and schedule() has not picked it since it joined last"),
    (RuleBroken("seed 77"), veil.INSTEAD["wrong"]),
    (Unjudged("panic", "seed 77"), veil.INSTEAD["panic"]),
    (Unjudged("unsolved", "lab 1.3 is not solved yet: seed 77"), "lab 1.3 is not solved yet"),
    (Unjudged("unsolved", "lab 7.7 is not solved yet: seed 77"), "lab ... is not solved yet: ..."),
    (Unjudged("hang", "the run does not end: after 77 ms of the machine's time the test was still not complete"),
     "the run does not end: after ... ms of the machine's time the test was still not complete"),
    (ValueError("seed 77"), veil.INSTEAD["fault"]),
])
def test_a_rule_is_told_in_the_graders_own_words(error, rule):
    shown = veil.veiled({**plugin.judge(error), "console": ["seed 77"], "boots": [{"options": "seed=77"}]}, FILE, ["1.3"])
    assert set(shown) == {"status", "rule", "evidence"} and shown["evidence"] == [] and "77" not in str(shown)
    assert shown["rule"] == (rule or error.rule)


def test_every_status_has_words():
    assert set(veil.INSTEAD) == set(results.LABEL) - {"pass", "not run"} and os.path.exists(FILE)
