"""Every form in which results go elsewhere, held against what the systems that read it ask for (schemas/)."""

import base64
import csv
import io
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import kernels
import pytest

from grade import forms, results
from grade.exercises import Exercise
from grade.testlist import Test as Graded

SCHEMAS = Path(__file__).with_name("schemas")
EXERCISES = {name: Exercise(name, "t", 50, core, False, (), "visible", ()) for name, core in (("1.1", True), ("1.2", True), ("1.3", False))}
NASTY = 'a "rule" <b>&amp; ]]> \x1b[31m \x00 ü \ud800'


@pytest.fixture
def kept(tmp_path):
    """Results with one test of each kind."""
    exercises = {"passes": "1.1", "is_wrong": "1.1", "hangs": "1.2", "cannot_be_judged": "1.2", "extra": "1.3"}
    tests = [Graded(name, "f", exercise, 1, 1, 0, (), "why") for name, exercise in exercises.items()]
    made = results.Results(tmp_path / "results.json", tests, {test.name: 25 for test in tests}, EXERCISES, {"phase": 1})
    made.add("passes", {"status": "pass"})
    made.add("is_wrong", {"status": "wrong", "rule": NASTY.encode("utf-8", "replace").decode(), "evidence": ["=cmd()", "<script>"]})
    made.add("hangs", {"status": "hang", "rule": "it hangs", "evidence": []})
    made.add("cannot_be_judged", {"status": "fault", "rule": "QEMU died", "evidence": []})
    made.add("extra", {"status": "pass"})
    made.finish()
    return made.gradescope()


def test_long_evidence_keeps_its_begin_and_its_end():
    """The most telling line comes first, the newest event last."""
    assert results.shortened([str(n) for n in range(16)]) == [str(n) for n in range(16)]
    short = results.shortened([str(n) for n in range(40)])
    assert short == [*(str(n) for n in range(10)), "... 24 more lines: V=1 shows them", *(str(n) for n in range(34, 40))]


def check(value, schema, where="$"):
    """Holds a value against a JSON Schema of the few words that schemas/ uses. Raises AssertionError."""
    kinds = {"object": dict, "array": list, "string": str, "number": (int, float), "integer": int, "boolean": bool}
    if "type" in schema:
        assert isinstance(value, kinds[schema["type"]]) and not (isinstance(value, bool) and schema["type"] != "boolean"), where
    if "enum" in schema:
        assert value in schema["enum"], f"{where}: {value}"
    if "minimum" in schema:
        assert value >= schema["minimum"], where
    for name in schema.get("required", []):
        assert name in value, f"{where}: {name} is missing"
    for name, inner in schema.get("properties", {}).items():
        if name in value:
            check(value[name], inner, f"{where}.{name}")
    if schema.get("additionalProperties") is False:
        assert set(value) <= set(schema["properties"]), f"{where}: {set(value) - set(schema['properties'])}"
    for number, item in enumerate(value if "items" in schema else []):
        check(item, schema["items"], f"{where}[{number}]")


def schema(name):
    return json.loads((SCHEMAS / name).read_text())


def test_the_checker_of_schemas_finds_what_is_wrong(kept):
    for change in ({"tests": [{}]}, {"visibility": "seen"}, {"more": 1}, {"output": 7}, {"score": True}):
        with pytest.raises(AssertionError):
            check({**kept, **change}, schema("gradescope.json"))


def test_results_are_what_gradescope_takes(kept):
    check(kept, schema("gradescope.json"))
    assert kept["score"] == sum(test["score"] for test in kept["tests"] if "core" in test["tags"])


def test_classrooms_line_is_what_its_reporter_takes(kept):
    line = forms.classroom(kept)
    assert re.fullmatch(r"[A-Za-z0-9+/=]+", line)
    whole = json.loads(base64.b64decode(line))
    check(whole, schema("classroom.json"))
    assert whole["status"] == "error" and [test["status"] for test in whole["tests"]] == ["pass", "fail", "fail", "error", "pass"]
    assert whole["max_score"] == 125 and sum(test["score"] for test in whole["tests"]) == 50


def test_a_hidden_test_is_not_shown_to_classroom(kept):
    kept["tests"][1]["visibility"] = "hidden"
    assert "is wrong" not in str(json.loads(base64.b64decode(forms.classroom(kept))))


def test_junit_counts_what_failed_and_what_could_not_be_judged(kept):
    root = ET.fromstring(forms.junit(kept))
    assert root.tag == "testsuites" and (root.get("tests"), root.get("failures"), root.get("errors")) == ("5", "2", "1")
    assert [(suite.get("name"), suite.get("tests"), suite.get("failures"), suite.get("errors")) for suite in root] == [
        ("1.1", "2", "1", "0"), ("1.2", "2", "1", "1"), ("1.3", "1", "0", "0")]
    for case in root.iter("testcase"):
        assert set(case.keys()) == {"name", "classname", "time"} and all(child.tag in ("failure", "error") for child in case)
    failure = next(root.iter("failure"))
    assert failure.get("type") == "wrong" and 'a "rule" <b>&amp; ]]>' in failure.get("message") and "\x1b" not in failure.text


def test_the_table_has_a_line_for_everybody(kept):
    text = forms.table([("=HYPERLINK(1)", "f", kept, ""), ("none", "n", None, "is empty")])
    head, first, second = csv.reader(io.StringIO(text))
    assert head[:6] == ["name", "score", "of", "extra", "review", "remark"] and head[6:] == [test["name"] for test in kept["tests"]]
    assert first == ["'=HYPERLINK(1)", "25", "100", "25", "", "", "25", "0", "0", "0", "25"]
    assert second[:6] == ["none", "", "", "", "", "is empty"]


def test_the_overview_shows_signs_and_remarks_apart(kept):
    """Signs of forgery each on a line of its own, in the column that the table has, too; who was refused has a page and no mean."""
    kept["extra_data"]["review"] = ["a.c:2 names <trace>", "a.c:3 names ktest_done"]
    refused = results.whole(0, "it is none", [], {"max_score": 100, "extra_score": 0, "extra_max": 0})
    text = forms.index("Lab", [("eve", "e v", kept, "late"), ("none", "n", refused, "refused"), ("later", "l", None, "not graded yet")])
    assert "<th>name<th>score<th>extra<th>review<th>remark\n" in text
    assert "<td>25/25<td>a.c:2 names &lt;trace&gt;<br>a.c:3 names ktest_done<td>late\n" in text
    assert '<a href="n/feedback.html">none</a><td>0/100<td>0/0<td><td>refused\n' in text
    assert "<td>later<td><td><td><td>not graded yet\n" in text
    assert "1 of 3 graded, 25.0 points on average" in text


def test_a_ci_can_ask_for_a_form(kept, tmp_path):
    (tmp_path / "results.json").write_text(json.dumps(kept))
    for form, made in (("classroom", forms.classroom), ("junit", forms.junit)):
        done = subprocess.run([sys.executable, "-m", "grade.forms", form, tmp_path / "results.json"], cwd=kernels.ROOT, capture_output=True,
                              text=True, check=True)
        assert done.stdout == made(kept) + "\n"
    done = subprocess.run([sys.executable, "-m", "grade.forms", "classroom", "/nowhere"], cwd=kernels.ROOT, capture_output=True, text=True)
    assert done.returncode == 4 and done.stderr.startswith("forms: /nowhere is no results.json")


def test_the_workflow_hands_the_reporter_what_it_asks_for():
    """GitHub Classroom's reporter reads from each runner r the variable R_RESULTS; the step that makes it has to have a name."""
    text = (kernels.ROOT / "grade/classroom.yml").read_text()
    assert "\t" not in text and all((len(line) - len(line.lstrip())) % 2 == 0 for line in text.splitlines())
    runner, = re.findall(r"^          runners: (\w+)$", text, re.M)
    step, = re.findall(rf"^          {runner.upper()}_RESULTS: \$\{{\{{ steps\.(\w+)\.outputs\.result \}}\}}$", text, re.M)
    made, = re.findall(rf"^        id: {step}\n        run: \|\n((?:          .*\n)+)", text, re.M)
    assert re.search(r'^ +echo "result=.*classroom build/grade/results.json.*>> "\$GITHUB_OUTPUT"$', made, re.M)
    assert set(re.findall(r"^\w+(?=:)", text, re.M)) == {"name", "on", "permissions", "jobs"}
    assert set(re.findall(r"^      - uses: (\S+)|^        uses: (\S+)", text, re.M)) == {
        ("actions/checkout@v4", ""), ("", "classroom-resources/autograding-grading-reporter@v1")}
    assert (kernels.START / "grade/classroom.yml").read_text() == text, "a student's tree has it"


class Page(HTMLParser):
    """Tags that are open at the end, and all text."""

    def __init__(self):
        super().__init__()
        self.tags, self.text = [], ""

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("text", [
    lambda kept: forms.page("<script>Eve", kept),
    lambda kept: forms.index("<script>Eve", [("<script>", "a b", kept, ""), ("no", "no", None, "<script>")])])
def test_a_page_shows_a_submissions_words_as_words(kept, text):
    page = Page()
    page.feed(text(kept))
    assert "script" not in page.tags and "<script>Eve" in page.text


def test_a_page_shows_what_failed(kept):
    text = forms.page("Ada", kept)
    assert "it hangs" in text and "passed: 1.1 passes" in text and "hang: 1.2 hangs" in text
