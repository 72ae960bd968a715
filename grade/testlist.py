"""The list of a phase's tests, read from their source without running it: so a name that stands there twice, which Python would pass over
in silence, is found, and the list is the same whoever runs the tests."""

import ast
import difflib
import re
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from string import ascii_lowercase

from .build import VARIANTS
from .errors import GraderFault, UserError

MOST_BOOTS = 300  # of a full grade
MOST_NEAR = 5     # names that are suggested
MOST_SEEDS = 200  # of one boot: the facts of all of them have to find room


@dataclass(frozen=True)
class Test:
    """name: the claim, without test_. share: of its exercise's points. boots: most runs it makes. seeds: how many by default, 0 if it tries
    none. builds: the kernels that it boots. hidden: no student has it. most_seeds: how many a boot has room for, when there is a trace of
    all of them."""

    name: str
    file: str
    exercise: str
    share: float
    boots: int
    seeds: int
    builds: tuple
    reason: str
    hidden: bool = False
    most_seeds: int = MOST_SEEDS

    @property
    def claim(self):
        return self.name.replace("_", " ")


def read(folder, exercises, hidden=None):
    """Every Test of a folder's test_*.py, and of a folder of hidden ones, in the order of exercises.toml, an exercise's hidden ones last.
    Raises GraderFault about the first thing that is wrong with one, UserError about points for hidden tests that are not there."""
    tests = _tests(folder) + [replace(test, hidden=True) for test in (_tests(hidden) if hidden else [])]
    _check(tests, exercises)
    if hidden:
        _check_hidden(tests, exercises)
    order = list(exercises)
    return sorted((t for t in tests if not exercises[t.exercise].dropped), key=lambda t: order.index(t.exercise))


def select(tests, text, ktests=()):
    """What TEST=text means, as a list: all tests of an exercise (1.2) or of its parts (2.6: those of 2.6a, 2.6b, 2.6c); the test of that
    name; all of the lab (2, or 2.); or those whose name contains the text. A number may have a word before it: lab 2, exercise 2.6. Blanks
    and hyphens count as underscores. ktests: names of tests inside the kernel, of which one may be meant, too. Raises UserError with what
    comes near, or else with all there is."""
    wanted = plain(text).removeprefix("test_")
    number = re.sub(r"^(exercise|lab|phase)_(?=\d)", "", wanted)
    return ([test for test in tests if number in numbers_of(test)] or [test for test in tests if plain(test.name) == wanted]
            or [name for name in ktests if name == wanted]
            or [test for test in tests if number.removesuffix(".") == test.exercise.partition(".")[0]]
            or [test for test in tests if wanted in plain(test.name)]
            or _unknown(text, near(wanted, [*(plain(test.name) for test in tests), *ktests]), tests, ktests))


def booting(tests):
    """Those of these (also names of ktests) that boot something. Raises UserError if none does."""
    found = [test for test in tests if isinstance(test, str) or test.boots]
    if not found:
        raise UserError(f"{tests[0].name} boots nothing, so there is no run to look at: it judges answers; make grade TEST={tests[0].name}")
    return found


def seed_range(text):
    """[first, last] for "20" or "3..9"; None for no text: each test knows its own. Raises UserError."""
    if not text:
        return None
    ends = (text if ".." in text else f"1..{text}").split("..")
    if len(ends) != 2 or not all(end.isdecimal() for end in ends) or not int(ends[0]) <= int(ends[1]) < int(ends[0]) + MOST_SEEDS:
        raise UserError(f"SEEDS is a number from 1 to {MOST_SEEDS} or a range of as many as in 3..9, not '{text}'")
    return [int(end) for end in ends]


def numbers_of(test):
    """What an exercise may be called by in TEST=: 2.6a by its number, or by that of all its parts."""
    return test.exercise, test.exercise.rstrip(ascii_lowercase)


def near(wanted, names):
    """Names of which this may be a misspelling, in whole or by its longer words."""
    words = [word for word in wanted.split("_") if len(word) > 3]
    def has_words(name):
        parts = name.split("_")
        return words and all(difflib.get_close_matches(word, parts, 1, 0.8) for word in words)
    return difflib.get_close_matches(wanted, names, MOST_NEAR, 0.8) or [name for name in names if has_words(name)][:MOST_NEAR]


def _unknown(text, near_it, tests, ktests):
    lines = [f"no test's name contains '{text}', and no exercise has that number; " + ("near it:" if near_it else "there are:")]
    lines += [f"  {name}" for name in near_it] or [f"  {test.exercise:<5} {test.name}" for test in tests]
    if ktests and not near_it:
        lines.append(f"and inside the kernel: {' '.join(ktests)}")
    raise UserError("\n".join(lines))


def plain(text):
    """A name as it is compared."""
    return text.strip().lower().replace(" ", "_").replace("-", "_")


def points(tests, exercises):
    """{test's name: its points}: each exercise's points, those for hidden tests apart, divided by its tests' shares."""
    total = Counter()
    for test in tests:
        total[test.exercise, test.hidden] += test.share
    def whole(test):
        exercise = exercises[test.exercise]
        return exercise.hidden if test.hidden else exercise.points - exercise.hidden
    return {test.name: whole(test) * test.share / total[test.exercise, test.hidden] for test in tests}


def _tests(folder):
    tests = []
    for file in sorted(Path(folder).glob("test_*.py")):
        for node in _read(file).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                tests.append(_test(file, node))
    if not tests:
        raise GraderFault(f"{folder} has no tests")
    return tests


def _read(file):
    try:
        return ast.parse(file.read_text(encoding="utf-8"), str(file))
    except (OSError, SyntaxError, ValueError) as error:
        where = f"line {error.lineno}: {error.msg}" if isinstance(error, SyntaxError) else error
        raise GraderFault(f"{file} cannot be read ({where}): it comes with the tree; copy it from a fresh one") from None


def _test(file, node):
    marks = {}
    for mark in node.decorator_list:
        if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Name):
            try:
                marks[mark.func.id] = [ast.literal_eval(a) for a in mark.args], {k.arg: ast.literal_eval(k.value) for k in mark.keywords}
            except ValueError:
                raise GraderFault(f"{file.name}: the marks of {node.name} are to be plain numbers and text") from None
    reason = ast.get_docstring(node)
    if "exercise" not in marks:
        raise GraderFault(f'{file.name}: {node.name} has no mark: @exercise("1.1", points=4) says what it belongs to')
    if not reason:
        raise GraderFault(f"{file.name}: {node.name} has no docstring: it says why the claim has to hold")
    (args, named) = marks["exercise"]
    if len(args) != 1 or not isinstance(named.get("points"), (int, float)) or named["points"] <= 0:
        raise GraderFault(f'{file.name}: the mark of {node.name} reads @exercise("1.1", points=4)')
    count = {name: marks[name][0][0] if name in marks else least for name, least in (("boots", 1), ("seeds", 0))}
    return Test(node.name.removeprefix("test_"), str(file), args[0], named["points"], count["boots"], count["seeds"], _builds(file, node),
                reason, most_seeds=marks.get("seeds", ((), {}))[1].get("most", MOST_SEEDS))


def _builds(file, node):
    """The kernels that a test asks boot() for with build=."""
    found = {}
    for call in ast.walk(node):
        for named in call.keywords if isinstance(call, ast.Call) else []:
            if named.arg == "build":
                found[getattr(named.value, "value", None)] = True
    if not set(found) <= set(VARIANTS):
        raise GraderFault(f"{file.name}: {node.name}: build= is one of {', '.join(VARIANTS)}, as plain text")
    return tuple(found) or ("checked",)


def _check(tests, exercises):
    seen = {}
    for test in tests:
        if test.name in seen:
            raise GraderFault(f"two tests are called test_{test.name}: in {Path(seen[test.name]).name} and {Path(test.file).name}")
        seen[test.name] = test.file
        if test.exercise not in exercises:
            raise GraderFault(f"test_{test.name} belongs to exercise {test.exercise}, which exercises.toml does not list")
    if sum(test.boots for test in tests) > MOST_BOOTS:
        raise GraderFault(f"the tests boot {sum(test.boots for test in tests)} times; {MOST_BOOTS} are allowed")
    without = [e.id for e in exercises.values() if not e.dropped and e.points and e.id not in {t.exercise for t in tests}]
    if without:
        raise GraderFault(f"exercise {without[0]} has points and no test")


def _check_hidden(tests, exercises):
    there = {test.exercise for test in tests if test.hidden}
    for exercise in exercises.values():
        if exercise.hidden and not exercise.dropped and exercise.id not in there:
            raise UserError(f"exercises.toml: exercise {exercise.id} has hidden_points and no hidden test; those with one are: "
                            f"{', '.join(sorted(there))}")


def listing(tests):
    """Tests for a person to choose from: a line each."""
    return "\n".join(f"  {test.exercise:<5} {test.name}" for test in tests)
