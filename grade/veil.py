"""What is told of a hidden test: how it ended, and the rule that was broken, in words that the grader's own sources hold. Words of the
kernel's or its console's, numbers, events and options are left out: each could carry the test's input, and a hostile kernel would see to it
that they do. What a rule has of the run reads `...`."""

import ast
import functools
import re
from pathlib import Path

HERE = Path(__file__).resolve().parent
RULES = ("boot.py", "verdict.py", "events.py", "rules.py", "models/*.py")  # where rules are worded, besides the tests
LEAST = 20  # letters of a rule that are its own
STUB = re.compile(r"lab (\d\.\d+[a-z]?) is not solved yet")
INSTEAD = {"wrong": "what this test claims does not hold", "panic": "the kernel panicked in this test",
           "unsolved": "an exercise that this test needs is not solved yet", "hang": "the run comes to no end",
           "runaway": "the kernel prints without an end", "crash": "the machine was reset or switched off before the test was complete",
           "corrupt": "what the kernel keeps of the run was overwritten", "build": "a file that this test needs does not build",
           "fault": "the grader could not judge this"}


def veiled(result, file, exercises):
    """The result of a hidden test (results.py) without what nobody is to see. file: the test's. exercises: ids, which a stub may name."""
    if result["status"] == "pass":
        return {"status": "pass"}
    stub = STUB.match(result["rule"]) if result["status"] == "unsolved" else None
    rule = stub[0] if stub and stub[1] in exercises else worded(result["rule"], file)
    return {"status": result["status"], "rule": rule or INSTEAD[result["status"]], "evidence": []}


def worded(rule, file):
    """A rule as the sources word it, without what they fill in; None if they do not."""
    found = [text for pattern, text in wordings(file) if pattern.fullmatch(rule)]
    return max(found, key=len, default=None)


@functools.lru_cache(maxsize=None)
def wordings(file):
    """[(pattern, text)] of every text in the sources of rules and in a test's file that is long enough to be a rule."""
    found = []
    for path in [*(path for name in RULES for path in HERE.glob(name)), Path(file)]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            parts = node.values if isinstance(node, ast.JoinedStr) else [node]
            words = [part.value if isinstance(part, ast.Constant) else None for part in parts]
            if sum(len(word) for word in words if isinstance(word, str)) < LEAST or not all(isinstance(w, str) or w is None for w in words):
                continue
            pattern = "".join(".*" if word is None else re.escape(word) for word in words)
            found.append((re.compile(pattern, re.S), "".join("..." if word is None else word for word in words)))
    return found
