"""What a person sees of a grade: a line a test, in the tests' order whatever order they end in, and below a failing one what was wrong."""

import sys

from . import results


class Reporter:
    """A pytest plugin of the process that started the tests. Collects results, writes them, prints them."""

    def __init__(self, kept, verbose):
        self.kept, self.verbose = kept, verbose
        self.waiting = list(kept.rows)
        self.done = set()
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
        self.kept.add(name, result)
        self.done.add(name)
        self.flush()

    def flush(self):
        """Prints every result whose turn it is."""
        while self.waiting and self.waiting[0] in self.done:
            row = self.kept.rows[self.waiting.pop(0)]
            print(results.line(row), *("         " + text for text in results.details(row, self.verbose)), sep="\n", flush=True)

    def pytest_collectreport(self, report):
        if report.failed:
            self.complaints.append(f"{report.nodeid or 'tests'}: {report.longrepr}")

    def pytest_internalerror(self, excrepr):
        self.complaints.append(str(excrepr))
        return True  # said by finish()

    def finish(self):
        """The rest, and the score."""
        for name in self.waiting:
            row = self.kept.rows[name]
            print(results.line(row), *("         " + text for text in results.details(row, self.verbose)), sep="\n")
        self.waiting = []
        print(self.kept.summary(), flush=True)
        for text in self.complaints:
            print(f"grade: the grader failed: {text}", file=sys.stderr)
