"""What can go wrong, told apart: each class is one answer to "whose matter is it".

RuleBroken   the student's kernel broke a rule: costs the test's points
Unjudged     a verdict about how a run ended (panic, hang, ...): costs the test's points
GraderFault  the grader, the host or QEMU failed: never the student's score
UserError    a wrong option, a missing file: one clear line, nothing was graded"""

import os
import re
import sys

FAULT, USAGE, INTERRUPTED = 3, 4, 2  # a program's exit status
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # all but tab and newline


def printable(text):
    """Text from a submission or its kernel as it may be shown on a terminal: control characters as \\xnn."""
    return CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def printable_name(path):
    """A file's name as it may be shown and kept as text: on one line, what is no character as \\xnn or \\unnnn."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class UserError(Exception):
    """One line that names what is wrong and the way out."""


class GraderFault(Exception):
    """The grader's own failure; its text is for whoever runs the grader."""


class RuleBroken(AssertionError):
    """rule: one line, in a student's words. evidence: lines, most telling first."""

    def __init__(self, rule, *evidence):
        self.rule = printable(rule)
        self.evidence = [printable(str(line)) for line in evidence]
        super().__init__(self.rule)


class Unjudged(RuleBroken):
    """A run that did not finish. status: "panic", "unsolved", "hang", "runaway", "crash" or "corrupt"."""

    def __init__(self, status, rule, *evidence):
        super().__init__(rule, *evidence)
        self.status = status


def told(name, work, interrupted="interrupted"):
    """What work() returns, a program's exit status; what ends it is told in one line that begins with the program's name."""
    try:
        return work()
    except UserError as error:
        status, words = USAGE, error
    except (GraderFault, OSError) as error:
        status, words = FAULT, error
    except KeyboardInterrupt:
        status, words = INTERRUPTED, interrupted
    print(f"{name}: {words}", file=sys.stderr)
    return status
