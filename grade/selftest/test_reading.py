"""Lab 5.6: the runs that are made from a name (grade/reading/), and what is said of a student's answers, right, wrong and hostile."""

import functools
import re
import subprocess
import sys

import kernels
import pytest

from grade import answers
from grade.class_events import WHY
from grade.errors import RuleBroken, Unjudged
from grade.reading import faults, questions
from grade.reading.judge import RUNS, WAITS, begin, judge
from grade.reading.rules import RULES
from grade.reading.text import text_of

NAMES = [f"student {n}" for n in range(200)]
EXAMPLE = "ada lovelace"


runs_of = functools.lru_cache(maxsize=None)(questions.runs_of)


@functools.lru_cache(maxsize=None)
def key(name):
    """{run: (event, rule)} as the models have it."""
    found = [(run, judge(run.plan, run.events)) for run in runs_of(name)]
    return {f"run{run.number}": [where.event.seq, where.rule] for run, where in found}


def file_of(name, **changed):
    """The text of a file with all answers right but for those changed; None leaves one out."""
    right = {run: f'[{event}, "{rule}"]' for run, (event, rule) in key(answers.plain_name(name)).items()}
    lines = {"name": f'"{name}"', **right, **changed}
    return "".join(f"{key} = {value}\n" for key, value in lines.items() if value is not None).encode()


def said(data, number=1):
    """The RuleBroken about a run, as text, and its status."""
    with pytest.raises(RuleBroken) as caught:
        questions.check(data, number)
    return caught.value


# --- the runs ----------------------------------------------------------------------------------------------------------------------------


def planted(run):
    """The events at which a run's mistake may show: the first that a right scheduler would not have written, and the last step before."""
    at = next(n for n, (is_, has) in enumerate(zip(run.right, run.events)) if is_ != has)
    step = next(event for event in reversed(run.events[:at]) if event.event != "ENTITY")
    return run.events[at], step


def begins_right(plan):
    waiting = [start._replace(place=WAITS) if start.place == RUNS else start for start in plan.threads]
    return [start.tid for start in plan.threads if start.place == RUNS] == [begin(plan._replace(threads=waiting)).queues[0].best().tid]


@pytest.mark.parametrize("tens", kernels.some(range(0, len(NAMES), 20), 5))
def test_the_models_find_what_was_planted_and_nothing_else(tens):
    """Compared with the run of the right scheduler: up to there both are the same, which the models find to be right to its end."""
    for name in NAMES[tens:tens + 20]:
        runs, first = runs_of(name), 1
        for run in runs:
            found = judge(run.plan, run.events)
            assert judge(run.plan, run.right) is None, f"{name}, run {run.number}: the right one is wrong"
            assert found.event in planted(run) and found.rule == run.fault.breaks, f"{name}, run {run.number}: {found}"
            assert found.event.event.lower() in RULES[found.rule].at, f"{name}, run {run.number}: {found}"
            assert [event.seq for event in run.events] == list(range(first, first + questions.LINES))
            assert begins_right(run.plan), f"{name}, run {run.number}: who runs at the begin is not whom the rules pick"
            assert run.events[questions.BEFORE - 1].seq < found.event.seq < run.events[-questions.BEHIND].seq
            first += questions.LINES
        assert len({run.fault.breaks for run in runs}) == len(runs), f"{name}: two runs break one rule"


def test_every_rule_is_broken_for_somebody_and_every_mistake_is_made():
    made = {run.fault for name in NAMES for run in runs_of(name)}
    every = {fault for kind in (faults.CFS, faults.EEVDF, faults.REAL_TIME, faults.DEADLINE, faults.ALL_CLASSES) for fault in kind}
    assert made == every and {fault.breaks for fault in every} == set(RULES)


def test_names_that_differ_have_runs_that_differ():
    assert len({tuple(map(tuple, key(name).values())) for name in NAMES}) > 190


def test_the_answers_do_not_lie_in_one_place():
    """Who guesses the same event and rule for a run is right once in five at most."""
    for number in range(1, len(questions.KINDS) + 1):
        found = [tuple(key(name)[f"run{number}"]) for name in NAMES]
        assert max(map(found.count, set(found))) < len(found) / 5, number


def test_the_same_name_gives_the_same_runs_in_another_process():
    code = ("from grade.reading import questions; import hashlib; "
            f"print(hashlib.sha256(questions.questions('{EXAMPLE}').encode()).hexdigest())")
    made = {subprocess.run([sys.executable, "-c", code], cwd=kernels.ROOT, capture_output=True, text=True, check=True,
                           env={"PYTHONHASHSEED": seed, "PATH": ""}).stdout for seed in ("1", "2")}
    assert len(made) == 1


def test_a_number_that_is_off_by_one_is_found():
    """The judge is the grader's own, without tolerance."""
    run = questions.runs_of(EXAMPLE)[1]
    at = next(n for n, event in enumerate(run.right) if event.event == "ENTITY" and run.right[n - 1].event == "TICK")
    number, *others = run.right[at].arg
    wrong = [*run.right[:at], run.right[at]._replace(arg=(number + 1, *others)), *run.right[at + 1:]]
    assert judge(run.plan, wrong) == (wrong[at], "charge")


def test_a_run_can_be_read():
    """With what a student has to compute with: policies and numbers at the begin, and of each event."""
    run = questions.runs_of(EXAMPLE)[4]
    text = "\n".join(text_of(run))
    assert re.search(r"thread \d (runs|waits|sleeps)   ?deadline: Q \d+, D \d+, P \d+; d \d+, budget \d+\n", text)
    assert len(re.findall(r"^ *\d+ +\d+ ns  cpu 0  \w+ +\S", text, re.M)) == questions.LINES
    assert set(re.findall(r"why (\w+)", text)) <= set(WHY)
    assert not re.search(r"\d{15}", "".join(questions.questions(name) for name in NAMES[:20])), "a negative number is shown as one"


def test_the_names_of_why_are_the_kernels():
    header = (kernels.ROOT / "kernel/sched/class.h").read_text()
    found = re.search(r"enum enqueue_why \{(.*?)\}", header, re.S)[1]
    assert [name.lower() for name in re.findall(r"\bENQUEUE_(\w+)", re.sub(r"/\*.*?\*/", "", found, flags=re.S))] == list(WHY)


# --- answers -----------------------------------------------------------------------------------------------------------------------------


def test_right_answers_pass_however_the_name_is_written():
    for written in (EXAMPLE, "Ada  Lovelace", " ADA\u00a0lovelace ", "\uff21da Lovelace"):
        for number in range(1, 8):
            questions.check(file_of(written), number)


def test_a_wrong_answer_is_told_what_to_look_up_and_not_what_is_right():
    event, rule = key(EXAMPLE)["run2"]
    other = next(name for name in RULES if name.startswith("eevdf") and name != rule)
    for changed in (f'[{event}, "{other}"]', f'[{event + 1}, "{rule}"]', f'[{event - 1}, "{rule}"]'):
        broken = said(file_of(EXAMPLE, run2=changed), 2)
        words = "\n".join([broken.rule, *broken.evidence])
        assert "another event, or another rule" in words and "make questions" in words and "by hand" in words
        given = changed[1:].split(",")[0], re.search('"(.*)"', changed)[1]
        assert (str(event) in words) == (given[0] == str(event)), "the event is given away"
        assert (rule in words) == (given[1] == rule), "the rule is given away"
        for number in (1, 3, 4, 5, 6, 7):
            questions.check(file_of(EXAMPLE, run2=changed), number)


def test_an_event_of_the_wrong_kind_is_named():
    run = questions.runs_of(EXAMPLE)[1]
    entity = next(event for event in run.events if event.event == "ENTITY")
    words = said(file_of(EXAMPLE, run2=f'[{entity.seq}, "eevdf-pick"]'), 2).evidence
    assert f"event {entity.seq} is of another kind: this rule can be broken at pick" in words


def test_what_is_not_begun_is_not_solved():
    for data, words in ((b'name = ""\n', "write your name into answers5.toml"), (b'name = " "\nrun1 = [0, ""]', "write your name"),
                        (file_of(EXAMPLE, run1='[0, ""]'), "no answer about run 1")):
        broken = said(data)
        assert isinstance(broken, Unjudged) and broken.status == "unsolved" and words in broken.rule


@pytest.mark.parametrize("data, words", [
    (b"", "has no `name`"), (b"name = 7\n", "has no `name`"), (b"name = Ada\n", "is not TOML"),
    (b'name = "a"\nname = "b"\n', "is not TOML"),
    (b'name = "\xff"\n', "is not UTF-8"), (b"\0" * 20000, "is larger than 16 KiB"), (b"x = " + b"[" * 9000, "lists within lists"),
    (b"x = " + b"9" * 9000, "is not TOML"), (b"name = " + b'"' + b"a" * 200 + b'"', "longer than 100 characters"),
    (b'name = "a\\u001b[31mb"', "cannot be printed"), (b'name = "a"\n', "run1 is missing"),
    *((b'name = "a"\nrun1 = ' + value, "run1 is not an event and a rule") for value in
      (b'"5, charge"', b"5", b"[5]", b'["5", "charge"]', b'[5, "charge", 1]', b'[true, "charge"]', b'[5.0, "charge"]', b"[5, 6]", b"{}")),
    *((b'name = "a"\nrun1 = [' + value + b', "charge"]', "an event that run 1 has not") for value in (b"0", b"17", b"-1", b"9" * 4000)),
    (b'name = "a"\nrun1 = [5, "chargd"]', "near it: charge"), (b'name = "a"\nrun1 = [5, "' + b"x" * 9000 + b'"]', "there are: class-order"),
])
def test_what_is_no_answer_is_told_in_one_line(data, words):
    rule = said(data).rule
    assert words in rule and "\n" not in rule and rule.startswith("answers5.toml") and len(rule) < 700


def test_windows_text_is_text():
    questions.check(b"\xef\xbb\xbf" + file_of(EXAMPLE).replace(b"\n", b"\r\n"), 1)


def test_names_are_compared_plainly():
    assert answers.plain_name(" Ada\tLOVELACE\u3000") == answers.plain_name("\uff41da lovelace") == "ada lovelace"
    assert answers.plain_name("\u0639\u0644\u06cc\u200c") == answers.plain_name("\u0639\u0644\u06cc")
    assert answers.plain_name("Stra\u00dfe") == answers.plain_name("STRASSE")
    found = answers.names({"answers5.toml": b'name = "Ada "', "answers4.toml": b'name = ""', "answers3.toml": b"\xff", "kernel/a.c": b""})
    assert found == {"answers5.toml": "ada"}


# --- in a tree ---------------------------------------------------------------------------------------------------------------------------


def ask(folder, text):
    """`make questions` in a tree with this file of answers."""
    if text is not None:
        (folder / "answers5.toml").write_text(text)
    return subprocess.run([sys.executable, kernels.ROOT / "grade/reading/questions.py"], cwd=folder, capture_output=True, text=True)


def test_the_questions_are_written_for_the_name_that_was_filled_in(tmp_path):
    done = ask(tmp_path, 'name = "Ada Lovelace"\n')
    assert done.returncode == 0 and "build/questions.txt: 7 runs for 'ada lovelace'" in done.stdout
    assert (tmp_path / "build/questions.txt").read_text() == questions.questions("ada lovelace")


@pytest.mark.parametrize("text, words", [(None, "is not there; take its start version: tar -xf grade/given.tar answers5.toml"),
                                         ('name = ""\n', "write your name into answers5.toml"), ("name\n", "is not TOML")])
def test_who_cannot_be_asked_is_told_why(tmp_path, text, words):
    done = ask(tmp_path, text)
    assert done.returncode and words in done.stderr and done.stderr.count("\n") == 1


def test_the_reference_has_the_answers_that_the_models_have():
    """A fixed name, and what is stored for it: of that name alone, which is no student's."""
    reference, start = (kernels.files_of(step, 5)["answers5.toml"].encode() for step in (506, 505))
    for number in range(1, 8):
        questions.check(reference, number)
        assert said(start, number).status == "unsolved"


def test_the_lab_lists_the_rules():
    page = (kernels.ROOT / "labs/lab5.md").read_text()
    assert re.findall(r"^\| `([a-z-]+)` \| (.*) \|$", page[page.index("## Exercise 5.6"):], re.M) == [
        (rule, said.says.replace("|", "\\|")) for rule, said in RULES.items()]


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A student's tree of phase 5, as it was handed out."""
    return kernels.prebuilt(kernels.student_tree(tmp_path_factory.mktemp("student") / "tree", base=kernels.start(5)), kernels.start(5))


def graded(tree, data):
    """{run: its row} of the answers in the student's tree."""
    (tree / "answers5.toml").write_bytes(data)
    rows = kernels.grade(tree, "--test", "5.6", base=kernels.start(5)).rows
    return dict(enumerate(rows.values(), 1))


def test_answers_are_graded_as_they_stand_in_the_tree(tree):
    """From nothing to all of it, whatever the kernel beside them is worth; a test that boots nothing cannot be rewound."""
    start = (tree / "answers5.toml").read_bytes()
    rows = graded(tree, start)
    assert {row["status"] for row in rows.values()} == {"unsolved"} and "write your name into answers5.toml" in rows[1]["rule"]
    rows = graded(tree, file_of("Ada Lovelace", run4='[49, "rt-pick"]'))
    assert [row["score"] for row in rows.values()] == [1, 2, 2, 0, 1, 2, 1] and rows[4]["status"] == "wrong" and not rows[4]["next"]
    (tree / "answers5.toml").unlink()
    said = subprocess.run([sys.executable, "grade/handin.py"], cwd=tree, capture_output=True, text=True).stderr
    assert "answers5.toml is missing" in said and "tar -xf grade/given.tar answers5.toml" in said
    subprocess.run(["tar", "-xf", "grade/given.tar", "answers5.toml"], cwd=tree, check=True)
    assert (tree / "answers5.toml").read_bytes() == start


def test_answers_are_handed_in(tree):
    (tree / "answers5.toml").write_bytes(file_of("Ada Lovelace"))
    said = subprocess.run([sys.executable, "grade/handin.py"], cwd=tree, capture_output=True, text=True, check=True).stdout
    assert "took answers5.toml (changed)" in said and "NOT taken" not in said


@pytest.mark.parametrize("command", [["grade/trace_export.py"], ["grade/debug.py", "rewind", "--kernel", "build/checked/kernel.elf"]],
                         ids=["trace", "rewind"])
def test_there_is_no_run_to_look_at(tree, command):
    name = "the_mistake_among_real_time_threads_is_found"
    where = tree if "trace" in command[0] else kernels.start(5)
    done = subprocess.run([sys.executable, *command, "--test", name, "--tree", "."], cwd=where, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL)
    assert done.returncode and f"{name} boots nothing, so there is no run to look at" in done.stderr, done.stdout + done.stderr
