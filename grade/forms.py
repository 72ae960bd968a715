"""The forms in which results go elsewhere, each made from the content of results.json (results.py), the one result model:

    junit(results)          JUnit's XML, for a CI's test report
    classroom(results)      GitHub Classroom's, version 1: base64 of JSON, for the reporter's *_RESULTS
    table(graded)           CSV of a class: a line a student, a column a test
    page(name, results)     an HTML page for one student
    index(title, graded)    an HTML page for the class

Who was refused has results without a test: no points, and words.

    python3 -m grade.forms classroom|junit results.json     prints one, for a CI (grade/classroom.yml)"""

import base64
import csv
import html
import io
import json
import re
import sys
import xml.etree.ElementTree as ET
from urllib.parse import quote

NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0 has no way to say these
COUNTED = ("fault", "not run")  # not judged: an error of the grader's, not a failure of the student's
MOST_NAMED = 5                    # submissions in a line
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # with which a spreadsheet takes a cell for one


def junit(results):
    """JUnit XML as text: a suite for each exercise."""
    root = ET.Element("testsuites", name="crescent")
    suites = {}
    for test in told(results):
        data = test["extra_data"]
        if data["exercise"] not in suites:
            suites[data["exercise"]] = ET.SubElement(root, "testsuite", name=data["exercise"])
        case = ET.SubElement(suites[data["exercise"]], "testcase", classname=f"lab.{data['exercise']}", name=data["name"], time="0")
        if data["status"] != "pass":
            kind = "error" if data["status"] in COUNTED else "failure"
            ET.SubElement(case, kind, message=clean(data["rule"]), type=data["status"]).text = clean(test["output"])
    for element in (root, *suites.values()):
        for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
            element.set(name, str(sum(1 for _ in element.iter(tag))))
        element.set("time", "0")
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def judged(results):
    """Whether some test was come to: not if there are no results, and not if the submission was refused."""
    return bool(results and results["tests"])


def told(results):
    """The tests of which a student hears when grades are out."""
    return [test for test in results["tests"] if test["visibility"] != "hidden"]


def clean(text):
    return NOT_XML.sub("?", text)


def classroom(results):
    """What GitHub Classroom's reporter takes, as one line. A test's score is its points, so the sum is the grade."""
    status = {"pass": "pass", **dict.fromkeys(COUNTED, "error")}
    tests = [{"name": test["name"], "status": status.get(test["extra_data"]["status"], "fail"), "score": test["score"],
              "max_score": test["max_score"], "message": test["output"], "test_code": test["extra_data"]["next"], "filename": "",
              "line_no": 0, "execution_time": "0s"} for test in results["tests"] if test["visibility"] == "visible"]
    said = {test["status"] for test in tests}
    whole = {"version": 1, "status": "error" if "error" in said else "fail" if "fail" in said else "pass",
             "max_score": sum(test["max_score"] for test in tests), "tests": tests}
    return base64.b64encode(json.dumps(whole).encode()).decode()


def table(graded):
    """CSV as text. graded: [(name, folder, results or None, remark)]. Tests by number and name; a test that somebody's results lack is
    empty."""
    tests = list(dict.fromkeys(test["name"] for _, _, results, _ in graded if results for test in results["tests"]))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["name", "score", "of", "extra", "review", "remark", *tests])
    for name, _, results, remark in graded:
        if results is None:
            writer.writerow([plain(name), "", "", "", "", plain(remark), *[""] * len(tests)])
            continue
        data, scores = results["extra_data"], {test["name"]: test["score"] for test in results["tests"]}
        writer.writerow([plain(name), results["score"], data["max_score"], data["extra_score"], plain("; ".join(data.get("review", []))),
                         plain(remark), *(scores.get(test, "") for test in tests)])
    return out.getvalue()


def equal_names(graded):
    """{(path, plain name): [submissions]} of the names that stand in the same file of answers (answers.py) in more than one submission."""
    found = {}
    for who, _, results, _ in graded:
        for key in (results or {}).get("extra_data", {}).get("names", {}).items():
            found.setdefault(key, []).append(who)
    return {key: who for key, who in found.items() if len(who) > 1}


def several(names):
    return ", ".join(names[:MOST_NAMED]) + (f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else "")


def with_equal_names(graded):
    """The same with a word about such names among what is for a person to look at."""
    equal, made = equal_names(graded), []
    for who, folder, results, remark in graded:
        data = (results or {}).get("extra_data", {})
        lines = [f"{path}: the same name, '{name}', as in {several([other for other in equal[path, name] if other != who])}"
                 for path, name in data.get("names", {}).items() if (path, name) in equal]
        if lines:
            results = {**results, "extra_data": {**data, "review": [*data.get("review", []), *lines]}}
        made.append((who, folder, results, remark))
    return made


def plain(text):
    """Text that no spreadsheet takes for a formula."""
    return "'" + text if text.startswith(FORMULA) else text


PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }}
p {{ white-space: pre-line; }}
pre {{ background: #f4f4f4; padding: .7rem; overflow-x: auto; font-size: 14px; }}
summary {{ cursor: pointer; }} .n {{ float: right; }}
table {{ border-collapse: collapse; width: 100%; }} td, th {{ text-align: left; padding: .2rem .6rem; border-bottom: 1px solid #ccc; }}
</style>
<h1>{title}</h1>
<p>{summary}</p>
{rows}
</html>
"""


def page(name, results):
    """An HTML page: the score, then the tests of each exercise; a failing one opens to what was wrong. Nothing in it speaks by colour."""
    rows, exercise = [], None
    for test in told(results):
        data = test["extra_data"]
        if data["exercise"] != exercise:
            exercise = data["exercise"]
            rows.append(f"<h2>{html.escape(exercise)}</h2>")
        head = (f"{'passed' if data['status'] == 'pass' else html.escape(data['status'])}: {html.escape(test['name'])}"
                f" <span class=n>{test['score']}/{test['max_score']}</span>")
        rows.append(f"<p>{head}</p>" if not test["output"] else
                    f"<details open><summary>{head}</summary><pre>{html.escape(clean(test['output']))}</pre></details>")
    return PAGE.format(title=html.escape(name), summary=html.escape(results["output"]), rows="\n".join(rows))


def index(title, graded):
    """An HTML page that links to everybody's. graded: [(name, folder of the page, results or None, remark)]."""
    lines = ["<tr><th>name<th>score<th>extra<th>review<th>remark"]
    for name, folder, results, remark in graded:
        who, why = html.escape(name), html.escape(clean(remark))
        if results is None:
            lines.append(f"<tr><td>{who}<td><td><td><td>{why}")
            continue
        data = results["extra_data"]
        signs = "<br>".join(html.escape(clean(sign)) for sign in data.get("review", []))
        lines.append(f'<tr><td><a href="{quote(folder)}/feedback.html">{who}</a><td>{results["score"]}/{data["max_score"]}'
                     f'<td>{data["extra_score"]}/{data["extra_max"]}<td>{signs}<td>{why}')
    scores = [results["score"] for _, _, results, _ in graded if judged(results)]
    summary = f"{len(scores)} of {len(graded)} graded" + (f", {sum(scores) / len(scores):.1f} points on average" if scores else "")
    return PAGE.format(title=html.escape(title), summary=summary, rows="<table>\n" + "\n".join(lines) + "\n</table>")


def main(argv):
    """Prints a form of results. Returns the exit status."""
    made = {"classroom": classroom, "junit": junit}
    if len(argv) != 2 or argv[0] not in made:
        print("usage: python3 -m grade.forms classroom|junit results.json", file=sys.stderr)
        return 4
    try:
        with open(argv[1], encoding="utf-8") as file:
            print(made[argv[0]](json.load(file)))
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"forms: {argv[1]} is no results.json, which make grade writes ({error})", file=sys.stderr)
        return 4
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
