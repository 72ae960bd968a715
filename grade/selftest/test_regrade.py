"""An exercise that fails does not take the later ones with it: what is judged again, without what, and what a student is told."""

import shutil
from types import SimpleNamespace

import kernels
import pytest

from grade import build, dwarf, exercises, regrade
from grade.errors import UserError

KNOWN = {"1": (), "2": ("1",), "3": ("1", "2"), "4": ("1",)}


def known():
    return {name: SimpleNamespace(id=name, needs=needs, files=[f"{name}.c"]) for name, needs in KNOWN.items()}


def rows(**status):
    """{test: row}: a1="wrong" is a failing test of exercise 1."""
    return {name: {"name": name, "exercise": name[1:], "status": how.split(":")[0],
                   "rule": f"lab {how.split(':')[1]} is not solved yet: f" if ":" in how else "a rule"} for name, how in status.items()}


def failures(touched="1234", **status):
    return regrade.earlier_failures(rows(**status), known(), set(touched))


def test_what_fails_behind_a_failure_is_no_verdict():
    assert failures(a1="wrong", b1="pass", a2="hang", a3="pass", b3="panic", a4="pass") == {"a2": ["1"], "b3": ["1", "2"]}


def test_what_it_does_not_need_is_no_excuse():
    assert failures(a1="pass", a2="wrong", a3="wrong", a4="wrong") == {"a3": ["2"]}


def test_what_nobody_worked_on_has_failed_for_itself():
    assert failures(touched="13", a1="wrong", a2="unsolved:1", a3="unsolved:1") == {"a3": ["1", "2"]}


def test_a_stub_of_its_own_is_a_verdict_and_so_is_a_file_that_does_not_build():
    assert failures(a1="wrong", a2="unsolved:2", a3="build", a4="unsolved:1") == {"a4": ["1"]}


def test_the_graders_own_failures_are_nobodys():
    assert failures(a1="fault", a2="wrong", a3="not run") == {}


def test_each_exercise_is_judged_with_the_reference_of_all_that_fail_before_it():
    todo = regrade.again(rows(a1="wrong", a2="hang", b2="wrong", a3="panic"), known(), set("123"))
    assert todo == [("2", ("1",), ["a2", "b2"]), ("3", ("1", "2"), ["a3"])]


def test_what_is_to_be_judged_again_itself_is_waited_for():
    """So that what passes then is no failing exercise to those behind it."""
    before = rows(a1="wrong", a2="hang", a3="panic", a4="wrong")
    todo = regrade.again(before, known(), set("1234"))
    assert [one.exercise for one in regrade.ready(todo)] == ["2", "4"]
    before["a2"]["status"] = "pass"
    left = [one for one in regrade.again(before, known(), set("1234")) if one.exercise != "4"]
    assert regrade.ready(left) == [("3", ("1",), ["a3"])]


def test_kernels_are_made_once_and_with_the_students_own_files_elsewhere():
    made = []

    def make(files):
        made.append(files)
        return {"checked": len(made)}, {"2.c": "clash"} if files["1.c"] == "R1" and files.get("2.c") == "R2" else {}

    todo = [regrade.Again("2", ("1",), ["a2"]), regrade.Again("4", ("1",), ["a4"]), regrade.Again("3", ("1", "2"), ["a3"])]
    files = {"1.c": "S1", "2.c": "S2", "3.c": "S3"}
    found = regrade.kernels_for(todo, known(), files, {"1.c": "R1", "2.c": "R2"}, make)
    assert found == {"a2": {"checked": 1}, "a4": {"checked": 1}}, "what does not build together keeps its first verdict"
    assert made == [{**files, "1.c": "R1"}, {**files, "1.c": "R1", "2.c": "R2"}] and files["1.c"] == "S1"


# --- real ones --------------------------------------------------------------------------------------------------------------------------

SOME = () if kernels.ALL else ("--test", "others")  # a test each of 1.3, 1.4 and 1.5


@pytest.fixture
def broken(tmp_path):
    """A tree of lab 1 in which the run queue is a stack, all else is right."""
    files = kernels.files_of(105)
    path = "kernel/sched/rq.c"
    wrong = files[path].replace("list_push_tail", "list_push_head")
    assert wrong != files[path]
    return kernels.student_tree(tmp_path / "tree", {**files, path: wrong})


def test_points_earned_behind_a_failure_are_kept_with_the_reference(broken):
    graded = kernels.grade(broken, "--reference", str(kernels.REFERENCE / "grade/given.tar"), *SOME)
    lost = [name for name, row in graded.rows.items() if row["status"] != "pass"]
    assert lost and {graded.rows[name]["exercise"] for name in lost} == {"1.3"}
    assert {tuple(row["instead"]) for row in graded.rows.values()} == {(), ("1.3",)}, "what passes so is in nobody's place"
    assert "judged with the reference's 1.3 in place of the one handed in" in graded.said and "at least" not in graded.results["output"]


def test_without_the_reference_they_are_not_judged_yet(broken):
    graded = kernels.grade(broken, *SOME)
    held = {name: row for name, row in graded.rows.items() if row["until"]}
    assert held and {row["until"] for row in held.values()} == {"1.3"} and {row["exercise"] for row in held.values()} == {"1.4", "1.5"}
    assert "not judged until 1.3 passes; as it stands: " in graded.said and graded.results["output"].startswith("Score: at least ")
    assert f"{len(held)} of {len(graded.rows)} tests are not judged until 1.3 passes" in graded.results["output"]


def test_what_handed_out_objects_say_is_read_once(tmp_path, monkeypatch):
    """Types and lines of a second kernel with the same handed-out objects come from the first one's; and they are what reading says."""
    files, path = kernels.files_of(105), "kernel/sched/rq.c"
    longer = files[path] + "static int stop = 1;\nint more_code(int n);\nint more_code(int n) { return stop += n; }\n"
    work = tmp_path / "work"
    for top in ("kernel", "build"):
        shutil.copytree(kernels.START / top, work / "tree" / top, ignore=shutil.ignore_patterns("grade"))
    _, known = exercises.read(kernels.START / "exercises.toml")
    builder = build.Builder(kernels.START / "grade/given.tar", known, work)
    made = [builder.make({name: text.encode() for name, text in {**files, path: version}.items()})[0]["checked"]
            for version in (files[path], longer)]
    dwarf.load(made[0], tmp_path / "cache")
    read = dwarf.parse(made[1])
    monkeypatch.setattr(dwarf, "parse", lambda elf: pytest.fail("it is read again"))
    assert dwarf.parse_again(made[1], tmp_path / "cache") == read and read["text"] != dwarf.load(made[0], tmp_path / "cache").text
    assert "more_code" in {name for _, name, _ in read["symbols"]}


# --- needs ------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("phase", kernels.SOME_PHASES)
def test_an_exercise_needs_no_more_than_exercises_toml_says(phase, tmp_path):
    """With everything solved but what it does not need, its tests pass. All of every lab with CRESCENT_TESTS=all, else one test of each
    exercise, of the first lab and the last."""
    _, exs = exercises.read(kernels.reference(phase) / "exercises.toml")
    own = [ex for ex in exs.values() if ex.points]
    start, wrong = kernels.files_of(phase * 100 - 1 if phase > 1 else 0, phase), []
    for ex in own:
        missing = [other for other in own if other.id not in (ex.id, *ex.needs)]
        files = {path: start[path] for other in missing for path in other.files}
        made = kernels.Variants(phase, files, tmp_path / ex.id)
        tests = [test.name for test in kernels.phase_tests(phase).values() if test.exercise == ex.id]
        for name in tests if kernels.ALL else tests[-1:]:
            result = kernels.judge(made, name)
            if result["status"] != "pass":
                wrong.append(f"{ex.id} {name}: {result.get('rule')} (without {', '.join(other.id for other in missing)})")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("needs", ['["9.9"]', '"1.1"', "[7]", '["1.2"]'])
def test_needs_that_make_no_sense_are_named(tmp_path, needs):
    entries = "".join(f'[[exercise]]\nid = "{name}"\npoints = 1\n' for name in ("1.1", "1.2"))
    (tmp_path / "e.toml").write_text(f"phase = 1\n{entries}needs = {needs}\n")
    with pytest.raises(UserError, match="1.2: `needs` is a list of exercises that stand before it"):
        exercises.read(tmp_path / "e.toml")
