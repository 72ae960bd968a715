"""The one result model: what is known about each test, and its forms: a line on the console, results.json in Gradescope's format. The
file is written anew, as a whole, after every test, under the name of a partial one; at the end it takes its own name. So a grading that is
interrupted leaves the results of the last whole one, and beside them how far it came.

A result is a dict: name, exercise, points, earned, core, status, rule, evidence (lines), next (a command), console (its last lines), boots,
until (the exercise that has to pass before this says anything), instead (exercises that were the reference's when this was judged), hidden
(no student has this test; its evidence, console and boots stay empty: veil.py).
status: pass; wrong, panic, unsolved, hang, runaway, crash, corrupt, build: no points; fault: the grader's own, not the student's;
"not run": not judged yet."""

import json
import os
import tempfile
from pathlib import Path

from . import regrade

LABEL = {"pass": "ok", "unsolved": "to do", "build": "BUILD", "fault": "FAULT", "wrong": "WRONG", "panic": "PANIC", "hang": "HANG",
         "runaway": "FLOOD", "crash": "CRASH", "corrupt": "BROKEN", "not run": "-"}
FIRST_EVIDENCE, LAST_EVIDENCE = 10, 6  # lines on the console without V=1: the most telling come first, the newest events last
SHORT_CONSOLE = 6


class Results:
    """path: the file to keep. tests: testlist.Test in order. points: {name: points}. extra: goes into the file's extra_data. touched: the
    exercises (ids) on whose files somebody worked."""

    def __init__(self, path, tests, points, exercises, extra, touched=()):
        self.path, self.extra, self.exercises, self.touched = Path(path), extra, exercises, set(touched)
        self.partial, self.seconds = partial(self.path), 0
        self.without_run = {t.name for t in tests if not t.boots}
        self.rows = {t.name: {"name": t.name, "claim": t.claim, "reason": t.reason, "exercise": t.exercise,
                              "points": points[t.name], "earned": 0, "core": exercises[t.exercise].core,
                              "visibility": exercises[t.exercise].hidden_visibility if t.hidden else exercises[t.exercise].visibility,
                              "hidden": t.hidden, "status": "not run",
                              "rule": "", "evidence": [], "next": "", "console": [], "boots": [], "until": "", "instead": []}
                     for t in tests}

    def add(self, name, result):
        """Completes a test's row with its result and writes the file. Returns the row."""
        row = self.rows[name]
        row.update(result)
        row["earned"] = row["points"] if row["status"] == "pass" else 0
        if row["status"] not in ("pass", "unsolved", "build", "fault") and not row["hidden"] and name not in self.without_run:
            row["next"] = f"make rewind TEST={name}" + (f" SEEDS={row['seeds']}" if "seeds" in row else "")
        self.write()
        return row

    def take_over(self, previous, names):
        """Fills the rows of all tests but these from earlier results {test: row}."""
        for name in self.rows.keys() & previous.keys() - set(names):
            self.rows[name].update({key: previous[name][key] for key in self.rows[name] if key in previous[name] and key != "points"})

    def hold(self, row):
        """Marks a failing row that says little, because an exercise that it needs fails as well."""
        row["until"] = next(iter(regrade.earlier_failures(self.rows, self.exercises, self.touched).get(row["name"], [])), "")

    def failed(self):
        return [row for row in self.rows.values() if row["status"] not in ("pass", "fault", "not run")]

    def total(self, key, core=True, rows=None):
        """Sum of "points" or "earned", of all rows or of these."""
        return sum(row[key] for row in (self.rows.values() if rows is None else rows) if row["core"] == core)

    def faults(self):
        return [row for row in self.rows.values() if row["status"] in ("fault", "not run")]

    def shown(self):
        """The rows that a student sees from the first."""
        return [row for row in self.rows.values() if row["visibility"] == "visible"]

    def finish(self):
        """Writes the last state; if every test was come to, as the results. Returns whether it was."""
        self.write()
        whole = all(row["status"] != "not run" for row in self.rows.values())
        if whole:
            os.replace(self.partial, self.path)
        return whole

    def write(self):
        """Replaces the partial file; whoever reads it sees the old or the new one, never a torn one."""
        fd, name = tempfile.mkstemp(dir=self.path.parent, prefix=".results-")
        with open(fd, "w", encoding="utf-8") as file:
            json.dump(self.gradescope(), file, indent=1, ensure_ascii=False)
            file.write("\n")
        os.chmod(name, 0o644)
        os.replace(name, self.partial)

    def gradescope(self):
        """The content of results.json."""
        tests = []
        for row in self.rows.values():
            data = {key: row[key] for key in ("exercise", "core", "status", "rule", "evidence", "next", "console", "boots", "until",
                                              "instead",
                                               "reason")}
            tests.append({"name": f"{row['exercise']} {row['claim']}", "number": row["exercise"], "score": rounded(row["earned"]),
                          "max_score": rounded(row["points"]), "status": "passed" if row["status"] == "pass" else "failed",
                          "output": "\n".join(details(row, True)), "output_format": "text",
                          "tags": [row["exercise"], "core" if row["core"] else "extra"], "visibility": row["visibility"],
                          "extra_data": {"name": row["name"], **data}})
        extra = {**self.extra, "review": [*self.extra.get("review", []), *self.special()], "max_score": rounded(self.total("points")),
                 "extra_score": rounded(self.total("earned", False)), "extra_max": rounded(self.total("points", False)),
                 "complete": not self.faults()}
        return whole(rounded(self.total("earned")), self.summary(self.shown()), tests, extra, self.seconds)

    def special(self):
        """Lines about exercises that pass all that students can see, and fail a hidden test: for a person to look at."""
        failing = {row["exercise"] for row in self.rows.values() if not row["hidden"] and row["status"] != "pass"}
        return [f"{row['exercise']} passes every visible test, and fails the hidden one: {row['claim']}" for row in self.failed()
                if row["hidden"] and row["exercise"] not in failing]

    def summary(self, rows=None):
        """The score's line, of all rows or of these; "at least" if the grader could not judge some test, or not yet."""
        rows = list(self.rows.values()) if rows is None else rows
        open_, held = [row for row in self.faults() if row in rows], [row for row in rows if row["until"]]
        core, extra = (f"{number(self.total('earned', c, rows))}/{number(self.total('points', c, rows))}"
                       if self.total("points", c, rows) else "" for c in (True, False))
        extra = extra and f"extra: {extra}"
        line = f"Score: {'at least ' if open_ or held else ''}{f'{core}  ({extra})' if core and extra else core or extra or '0/0'}"
        if open_:
            line += f"  ({len(open_)} of {len(rows)} tests could not be judged)"
        if held:
            first = " and ".join(sorted({row["until"] for row in held}))
            line += f"  ({len(held)} of {len(rows)} tests are not judged until {first} passes)"
        others = len(self.rows) - len(rows)
        if others:
            line += f"  (and {others} tests that are shown later or not at all)"
        if self.extra.get("lent"):
            line += f"  (files of earlier labs that were not handed in, and are the reference's: {len(self.extra['lent'])})"
        if self.extra.get("hidden_points"):
            line += f"  ({number(self.extra['hidden_points'])} points more are those of hidden tests, which were not run)"
        return line


def whole(score, output, tests, extra, seconds=0):
    """The content of results.json around its tests."""
    return {"score": score, "execution_time": seconds, "output": output, "output_format": "text", "test_output_format": "text",
            "visibility": "visible", "leaderboard": [], "tests": tests, "extra_data": extra}


def partial(path):
    """Where the results of a grading are that has not come to its end."""
    return path.with_suffix(".partial.json")


def line(row):
    """A test's line on the console."""
    label = "LATER" if row["until"] else LABEL[row["status"]]
    return f"{label:<6} {row['exercise']:<5} {row['claim']:<76} {number(row['earned']):>4}/{number(row['points'])}"


def details(row, verbose):
    """What stands below it: the broken rule, why it has to hold, the evidence, the command to see it oneself, what was printed."""
    instead = [f"judged with the reference's {' and '.join(row['instead'])} in place of the one handed in, which does not pass"]
    instead = instead if row["instead"] else []
    if row["status"] in ("pass", "not run"):
        return instead
    if row["until"] and not verbose:
        return [f"not judged until {row['until']} passes; as it stands: {row['rule']}"]
    evidence = row["evidence"] if verbose else shortened(row["evidence"])
    lines = [row["rule"], *([f"why: {' '.join(row['reason'].split())}"] if verbose else []), *("  " + item for item in evidence), *instead]
    if row["next"]:
        lines.append(f"see it: {row['next']}")
    if row["console"] and (verbose or row["status"] in ("wrong", "crash", "corrupt", "fault")):
        shown = row["console"] if verbose else row["console"][-SHORT_CONSOLE:]
        lines += ["its console:" if verbose else "its console, the end of it:", *("  | " + item for item in shown)]
    return lines


def shortened(evidence):
    """Its begin and its end, and how much is between them."""
    between = len(evidence) - FIRST_EVIDENCE - LAST_EVIDENCE
    if between <= 0:
        return evidence
    return [*evidence[:FIRST_EVIDENCE], f"... {between} more lines: V=1 shows them", *evidence[-LAST_EVIDENCE:]]


def rounded(value):
    """Points to two decimals, whole ones as int."""
    value = round(float(value), 2)
    return int(value) if value == int(value) else value


def number(value):
    return str(rounded(value))
