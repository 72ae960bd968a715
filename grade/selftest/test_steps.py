"""Each step of lab 1: with the exercises up to k solved exactly their tests pass, and every other failing test names the unsolved
exercise whose stub it met first. The reference, and a second solution that was written differently, get all points; the start tree gets
none.

CRESCENT_TESTS=all runs every test at every step; otherwise those of the exercise just solved and of the next one."""

import re

import kernels
import pytest

SECOND = kernels.Path(__file__).with_name("second")
EXERCISES = ["1.1", "1.2", "1.3", "1.4", "1.5"]


def solved_up_to(step):
    """The exercises that are solved at a step: 103 -> 1.1 1.2 1.3."""
    return EXERCISES[:step % 100]


def second_solution():
    """{path: text} of the second solution's files."""
    return {path.relative_to(SECOND).as_posix(): path.read_text() for path in sorted(SECOND.rglob("*")) if path.suffix in (".c", ".asm")}


def chosen(step):
    """The tests to run at a step: (step, name)."""
    done = solved_up_to(step)
    near = EXERCISES[max(len(done) - 1, 0):len(done) + 1]
    return [(step, test.name) for test in kernels.phase_tests().values() if kernels.ALL or test.exercise in near]


@pytest.mark.parametrize("step", kernels.STEPS)
def test_a_step_passes_its_own_tests_and_no_other(tmp_path, step):
    kernel = kernels.build(kernels.START, kernels.files_of(step), tmp_path / "tree")
    image = kernels.image(kernel)
    done, wrong = solved_up_to(step), []
    for _, name in chosen(step):
        test, result = kernels.phase_tests()[name], kernels.judge(kernel, name, image)
        if test.exercise in done:
            right = result["status"] == "pass"
        else:
            named = re.match(r"lab (\d\.\d) is not solved yet", result.get("rule", ""))
            right = result["status"] == "unsolved" and named and named[1] not in done and named[1] <= test.exercise
        if not right:
            wrong.append(f"{test.exercise} {name}: {result['status']} {result.get('rule', '')}")
    assert not wrong, "\n".join(wrong)


def test_the_start_tree_earns_nothing(tmp_path):
    graded = kernels.grade(kernels.student_tree(tmp_path / "tree"))
    assert graded.results["score"] == 0 and graded.status == 1
    assert all(row["status"] == "unsolved" and re.match(r"lab 1\.\d is not solved yet", row["rule"]) for row in graded.rows.values())


def test_the_reference_earns_all_points(tmp_path):
    graded = kernels.grade(kernels.student_tree(tmp_path / "tree", kernels.files_of(105)))
    assert graded.results["score"] == 100 and graded.status == 0 and "Score: 100/100" in graded.said


def test_a_second_solution_earns_all_points(tmp_path):
    files = second_solution()
    assert set(files) == set(kernels.files_of(105)), "the second solution has every file of the lab"
    assert not [path for path, text in files.items() if text == kernels.files_of(105)[path]]
    graded = kernels.grade(kernels.student_tree(tmp_path / "tree", files))
    assert graded.results["score"] == 100 and graded.status == 0
