"""What can go wrong, told apart: each class is one answer to "whose matter is it".

RuleBroken   the student's kernel broke a rule: costs the test's points
Unjudged     a verdict about how a run ended (panic, hang, ...): costs the test's points
GraderFault  the grader, the host or QEMU failed: never the student's score
UserError    a wrong option, a missing file: one clear line, nothing was graded"""


class UserError(Exception):
    """One line that names what is wrong and the way out."""


class GraderFault(Exception):
    """The grader's own failure; its text is for whoever runs the grader."""


class RuleBroken(AssertionError):
    """rule: one line, in a student's words. evidence: lines, most telling first."""

    def __init__(self, rule, *evidence):
        super().__init__(rule)
        self.rule = rule
        self.evidence = [str(line) for line in evidence]


class Unjudged(RuleBroken):
    """A run that did not finish. status: "panic", "unsolved", "hang", "runaway", "crash" or "corrupt"."""

    def __init__(self, status, rule, *evidence):
        super().__init__(rule, *evidence)
        self.status = status
