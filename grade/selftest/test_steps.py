"""Each step of a lab: with the exercises up to k solved exactly their tests pass, and every other failing test names an unsolved exercise
whose stub it met first. The reference, and a second solution that was written differently, get all points; the start tree gets none. What
an earlier lab has tested holds in the later phases' kernels, under every policy.

CRESCENT_TESTS=all runs every test at every step; otherwise at each other step those of the exercises just solved and one of each of the
next, with fewer seeds. Many seeds of each test that takes some are run by test_soak.py. The second solution is graded in the first phase;
with CRESCENT_TESTS=all in each."""

import contextlib
import inspect
import re

import kernels
import pytest

from grade import answers, exercises
from grade.boot import LIMIT_MS
from grade.models import fifo
from grade.models.schedule import follows
from grade.reading import questions
from grade.reading.judge import judge

SECOND = kernels.Path(__file__).with_name("second")
SECOND_NAME = "the second solution"
SEEDS = [1, 2]  # at a step
POLICIES = ["rr", "fcfs", "sjf", "prio", "mlfq"]  # what sched= takes from phase 2 on


def second_solution():
    """{path: text} of the second solution's files. Its answers are about runs of its own."""
    found = [judge(run.plan, run.events) for run in questions.runs_of(answers.plain_name(SECOND_NAME))]
    lines = [f'run{number} = [{wrong.event.seq}, "{wrong.rule}"]' for number, wrong in enumerate(found, 1)]
    code = [path for path in sorted(SECOND.rglob("*")) if path.suffix in (".c", ".asm")]
    return {questions.FILE: "\n".join([f'name = "{SECOND_NAME}"', *lines, ""]),
            **{path.relative_to(SECOND).as_posix(): path.read_text() for path in code}}


def steps(phase):
    """{step: the exercises of this phase that are solved there}: nothing at all, the start tree, and each exercise's SOLVED number."""
    numbers = kernels.solved_at(phase)
    return {step: {name for name, number in numbers.items() if number <= step}
            for step in sorted({0, phase * 100 - 1} if phase > 1 else {0}) + sorted(set(numbers.values()))}


@pytest.fixture(scope="module")
def kernels_at(tmp_path_factory):
    """kernels_at(phase, step): the Variants of a phase with the exercises up to that step filled in, built once."""
    made = {}

    def at(phase, step):
        if (phase, step) not in made:
            made[phase, step] = kernels.Variants(phase, kernels.files_of(step, phase), tmp_path_factory.mktemp(f"step{phase}-{step}"))
        return made[phase, step]
    return at


def chosen(phase, step):
    """The tests to run at a step; of an exercise that comes next, the last one."""
    known, tests = steps(phase), kernels.phase_tests(phase).values()
    now, later = known[step], [done for at, done in known.items() if at > step]
    if kernels.ALL:
        return list(tests)
    before = max((done for at, done in known.items() if at < step), key=len, default=set())
    following = {test.exercise: test for test in tests if later and test.exercise in later[0] - now}
    return [test for test in tests if test.exercise in now - before or test in following.values()]


@pytest.mark.parametrize("phase, step", kernels.some([(phase, step) for phase in kernels.PHASES for step in steps(phase)], 9))
def test_a_step_passes_its_own_tests_and_no_other(kernels_at, phase, step):
    done, wrong = steps(phase)[step], []
    solved = {name for every in range(1, phase + 1) for name, number in kernels.solved_at(every).items() if number <= step}
    for test in chosen(phase, step):
        result = kernels.judge(kernels_at(phase, step), test.name, seeds=None if kernels.ALL else SEEDS)
        if test.exercise in done:
            right = result["status"] == "pass"
        else:
            named = re.match(r"lab (\d\.\d[a-z]?) is not solved yet", result.get("rule", ""))
            right = result["status"] == "unsolved" and named and named[1] not in solved
        if not right:
            wrong.append(f"{test.exercise} {test.name}: {result['status']} {result.get('rule', '')}")
    assert not wrong, "\n".join(wrong)


def test_a_later_exercises_stub_is_no_excuse(tmp_path):
    """A mutex asks for the priorities of 2.6c, which is extra: whoever has not solved that is told what is wrong in 2.5."""
    files = kernels.files_of(205, 2)
    path = "kernel/sched/sync.c"
    wrong = files[path].replace("while (m->owner)", "if (m->owner)")
    assert wrong != files[path]
    result = kernels.judge(kernels.Variants(2, {**files, path: wrong}, tmp_path), "a_mutex_goes_to_the_best_waiter_who_looks_again")
    assert result["status"] in ("wrong", "panic") and "2.6" not in result["rule"], result


# It counts ticks, and speaks of turns that end by them; EEVDF's end by the clock, which goes on while a CPU waits for its turn in QEMU.
BY_TICKS = {"threads_that_begin_on_one_cpu_are_spread_and_have_equal_shares"}


class Under(kernels.Boot):
    """A Boot under a policy, where the test does not choose one. A later kernel may take longer: the test's limit is for its own."""

    policy = None  # as the kernel has it

    def __call__(self, ktest, options="", **more):
        if self.policy and "sched=" not in options:
            options = f"{options} sched={self.policy}".strip()
        more["limit_ms"] = 2 * more.get("limit_ms", LIMIT_MS)
        return super().__call__(ktest, options, **more)


def combinations(phase, earlier):
    """[(test, policy)] of an earlier lab in a phase's kernel. Of lab 1 each test with each policy that it holds under; the later labs'
    choose the policy that they speak of (None). Unless all are asked for: a twelfth of lab 1 in the last phase, one policy for each test,
    and each thirty-sixth of all else; of those for which no kernel is built that nobody else needs."""
    tests = [test for test in kernels.phase_tests(earlier).values() if kernels.ALL or "unchecked" not in test.builds]
    part = slice(None, None, 1 if kernels.ALL else 12 if (phase, earlier) == (kernels.PHASES[-1], 1) else 36)
    if earlier > 1:
        return [(test, "rr" if test.name in BY_TICKS else None) for test in tests[part]]
    found = {test: POLICIES + ["eevdf"] * (phase >= 5 and test.name not in kernels.IN_ORDER) for test in tests}
    if kernels.ALL:
        return [(test, policy) for test, policies in found.items() for policy in policies]
    return [(test, policies[(number + phase) % len(policies)]) for number, (test, policies) in list(enumerate(found.items()))[part]]


@pytest.mark.parametrize("phase, earlier", [(phase, earlier) for phase in kernels.PHASES for earlier in range(1, phase)])
def test_what_earlier_labs_tested_holds_under_every_policy(tmp_path, monkeypatch, phase, earlier):
    """Where a test judges by the order of arrival, a run under sjf is judged by that policy's own model: the shortest job is next."""
    in_order = fifo.judge
    monkeypatch.setattr(fifo, "judge", lambda run: follows(run, "sjf") if "sched=sjf" in run.options else in_order(run))
    made = kernels.Variants(phase, {}, tmp_path)
    for test, policy in combinations(phase, earlier):
        found, _ = kernels.function(test.name, earlier)
        arguments = [list(range(1, test.seeds + 1))] if "seeds" in inspect.signature(found).parameters else []
        with contextlib.closing(Under(*made["checked"], 2, kernels.boots(found), made, archive=kernels.archive_of(phase))) as boot:
            boot.policy = policy
            found(boot, *arguments)


def test_the_start_tree_earns_nothing(tmp_path):
    graded = kernels.grade(kernels.student_tree(tmp_path / "tree"))
    assert graded.results["score"] == 0 and graded.status == 1
    assert all(row["status"] == "unsolved" and re.match(r"lab 1\.\d is not solved yet", row["rule"]) for row in graded.rows.values())


if kernels.ALL:  # otherwise the second solution goes this way, and the steps run these tests

    def test_the_reference_earns_all_points(tmp_path):
        graded = kernels.grade(kernels.student_tree(tmp_path / "tree", kernels.files_of(105)))
        assert graded.results["score"] == 100 and graded.status == 0 and "Score: 100/100" in graded.said


@pytest.mark.parametrize("phase", kernels.some(kernels.PHASES, 5))
def test_a_second_solution_earns_all_points(tmp_path, phase):
    """In a later phase's tree the earlier labs are solved by it, too: one student's work, merged forward."""
    reference, base = kernels.files_of(phase * 100 + 99, phase), kernels.start(phase)
    files = {path: text for path, text in second_solution().items() if path in reference}
    assert set(files) == set(reference), "the second solution has every file of the lab"
    assert not [path for path, text in files.items() if text == reference[path]]
    built = kernels.reference(phase)
    for kind in {kind for test in kernels.phase_tests(phase).values() for kind in test.builds}:
        kernels.built_reference(built, kind)
    graded = kernels.grade(kernels.student_tree(tmp_path / "tree", files, base), base=built)
    more, core = graded.results["extra_data"], sum(ex.points for ex in exercises.read(built / "exercises.toml")[1].values() if ex.core)
    assert graded.results["score"] == core and more["extra_score"] == more["extra_max"] and graded.status == 0
    assert f"Score: {core}/{core}" in graded.said
