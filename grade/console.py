"""What a person sees of a grade: a line a test, in the tests' order whatever order they end in, and below a failing one what was wrong."""

import re
import sys

from . import results

THREAD = re.compile(r"thread -?\d+(?: \([^)]*\))?|process \d+ \([^)]*\), child of \d+")  # which one it is differs from test to test
FRAME = re.compile(r"  #\d+ (\w+)\+\w+(?: \((\S+):\d+\))?|CPU \d+ .* at (\w+)\+")
REPEATED = ("panic", "hang", "runaway", "crash", "build")  # statuses that say how a run ended, or began, not what a test looked for


class Reporter:
    """A pytest plugin of the process that started the tests. Collects results, writes them, prints them."""

    def __init__(self, kept, names, verbose, holds=True):
        self.kept, self.verbose, self.holds = kept, verbose, holds
        self.waiting = list(names)
        self.again = {}  # {test: exercises whose reference it is judged with}, in the second round
        self.done = set()
        self.said = {}  # cause() of what ended a run: the claim of the test that showed it
        self.complaints = []  # of pytest itself: the grader's own faults

    def pytest_runtest_logreport(self, report):
        name = report.nodeid.split("::")[-1].split("[")[0].removeprefix("test_")
        if name not in self.kept.rows:
            return
        result = dict(report.user_properties).get("grade")
        if result is None:
            if report.failed:  # no test process was left to say more
                result = {"status": "fault", "rule": "the process that ran this test died",
                          "evidence": str(report.longrepr).splitlines()[-5:]}
            else:
                return
        if name in self.done and result["status"] == "pass":
            return
        self.kept.add(name, {**result, "instead": list(self.again.get(name, ()))})
        self.done.add(name)
        self.flush()

    def begin_again(self, instead):
        """From now on these tests {name: ids} come once more, with the reference's files of the exercises named."""
        self.flush()
        if not self.again:
            print("again, each with the reference's files of the exercises before it that fail:", flush=True)
        self.again, self.waiting, self.done, self.said = instead, list(instead), set(), {}

    def flush(self):
        """Prints every result whose turn it is. Those before it are known by then."""
        while self.waiting and self.waiting[0] in self.done:
            row = self.kept.rows[self.waiting.pop(0)]
            if self.holds:
                self.kept.hold(row)
            self.show(row)

    def show(self, row):
        """A test's lines. What ends one run mostly ends several in the same way: said at length once."""
        lines = results.details(row, self.verbose)
        first = self.said.setdefault(cause(row), row["claim"])
        if first != row["claim"] and row["status"] in REPEATED and row["evidence"] and not self.verbose and not row["until"]:
            lines = [row["rule"], f"  as in `{first}` above; V=1 shows the evidence of each"]
            lines += [f"see it: {row['next']}"] if row["next"] else []
        print(results.line(row), *("         " + text for text in lines), sep="\n", flush=True)

    def pytest_collectreport(self, report):
        if report.failed:
            self.complaints.append(f"{report.nodeid or 'tests'}: {report.longrepr}")

    def pytest_internalerror(self, excrepr):
        self.complaints.append(str(excrepr))
        return True  # said by finish()

    def finish(self):
        """The rest, and the score."""
        for name in self.waiting:
            self.show(self.kept.rows[name])
        self.waiting = []
        print(self.kept.summary(), flush=True)
        for text in self.complaints:
            print(f"grade: the grader failed: {text}", file=sys.stderr)


def cause(row):
    """What two failures have in common if the same thing ended both runs: the rule, the functions that led there, as far as they are not
    the test's own, and the states in which threads were left; whichever threads these are."""
    calls, states = [], set()
    for line in row["evidence"]:
        frame = FRAME.match(line)
        if frame and not (frame[2] or "").startswith("kernel/ktest/"):
            calls.append(frame[1] or frame[3])
        if THREAD.match(line):
            states.add(THREAD.sub("thread", line))
    return row["status"], THREAD.sub("thread", row["rule"]), tuple(calls), frozenset(states)
