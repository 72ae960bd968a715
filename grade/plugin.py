"""The pytest side: fixtures, and each test's outcome turned into a result (results.py) that travels with pytest's report, also from a
worker of pytest-xdist. run.py starts pytest with `-p grade.plugin --grade-job FILE`; the file says what is graded."""

import ctypes
import functools
import inspect
import json
import os
import signal
import traceback
from pathlib import Path

import pytest

from . import machine, sandbox, veil
from .boot import Boot, Kernels
from .errors import GraderFault, RuleBroken, Unjudged
from .memory import BadAddress
from .state import Corrupt

CONSOLE_LINES = 60
LAST_LINE = "ktest: done"  # of every complete test; says nothing about it


def pytest_addoption(parser):
    parser.addoption("--grade-job", help="what is graded (written by grade/run.py)")


def pytest_configure(config):
    config.addinivalue_line("markers", "exercise(id, points): the exercise a test belongs to, and its share of the points")
    config.addinivalue_line("markers", "boots(n): how many runs a test makes at most")
    config.addinivalue_line("markers", "seeds(n, most=m): how many seeds it tries unless SEEDS= says otherwise; a boot has room for m")
    config.grade_job = json.loads(Path(config.getoption("--grade-job")).read_text())
    sandbox.use(config.grade_job["sandbox"])
    if hasattr(config, "workerinput"):
        die_with_parent()


def die_with_parent():
    """A worker ends, and takes its machines along, as soon as the grader is gone."""
    def leave(*_):
        machine.end_all()
        os._exit(143)
    signal.signal(signal.SIGTERM, leave)
    libc = ctypes.CDLL(None)
    if hasattr(libc, "prctl"):
        libc.prctl(1, signal.SIGTERM, 0, 0, 0)  # PR_SET_PDEATHSIG


@functools.lru_cache(maxsize=None)
def kernels_at(paths, cache):
    """Kernels, each read once. paths: ((variant, path), ...)."""
    return Kernels(dict(paths), cache)


@pytest.fixture
def boot(request):
    """See boot.py."""
    job, mark = request.config.grade_job, request.node.get_closest_marker("boots")
    paths = job["kernels_of"].get(request.node.name.removeprefix("test_"), job["kernels"])
    kernels = kernels_at(tuple(paths.items()), job["cache"])
    made = Boot(*kernels["checked"], job["jobs"], mark.args[0] if mark else 1, kernels, archive=job["archive"])
    request.node.grade_boot = made
    yield made
    made.close()


@pytest.fixture
def answers(request):
    """{path: bytes} of the exercises' files that hold answers: as handed in, or as given."""
    return {path: text.encode("utf-8", "surrogateescape") for path, text in request.config.grade_job["answers"].items()}


@pytest.fixture
def seeds(request):
    """The seeds to try: 1 to n, or those that SEEDS= says. A hidden test has its own."""
    own = hidden_seeds(request.node)
    if own:
        return own
    mark = request.node.get_closest_marker("seeds")
    first, last = request.config.grade_job["seeds"] or (1, mark.args[0] if mark else 1)
    return list(range(first, last + 1))


def hidden_seeds(item):
    """The seeds of a hidden test; None for any other."""
    return item.config.grade_job["hidden"].get(item.name.removeprefix("test_"))


def pytest_runtest_setup(item):
    mark = item.get_closest_marker("exercise")
    words = item.config.grade_job["broken"].get(mark.args[0]) if mark else None
    if words:
        raise Unjudged("build", words[0], *words[1:])
    if hidden_seeds(item) and item.name.removeprefix("test_") not in item.config.grade_job["kernels_of"]:
        raise Unjudged("build", "the files handed in do not build together with the hidden tests")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if call.when == "call" or call.excinfo:
        result = judge(call.excinfo.value if call.excinfo else None)
        made = getattr(item, "grade_boot", None)
        if made and made.last:
            own = item.get_closest_marker("exercise").args[0]
            result = name_seed(name_stub(name_boot(result, made), made.last, own, item.config.grade_job["extra"]), made, item)
        if made:
            result["boots"] = made.boots
            if result["status"] != "pass" and made.last:
                result["console"] = [line for line in made.last.console.splitlines() if line != LAST_LINE][-CONSOLE_LINES:]
        if hidden_seeds(item) and not item.config.grade_job["unveil"]:
            result = veil.veiled(result, str(item.path), item.config.grade_job["exercises"])
        report.user_properties.append(("grade", result))


def name_boot(result, made):
    """A test that boots more than once says how far it had come."""
    if made.budget == 1 or result["status"] in ("pass", "fault"):
        return result
    return {**result, "evidence": [*result.get("evidence", []), made.where()]}


def name_stub(result, run, own, extra):
    """A test that fails because a stub does next to nothing says so: the exercise is not solved. What the test saw stays as evidence. own:
    the test's exercise; a stub of a later one, or of another one in extra, which nobody has to solve, is no reason for it to fail."""
    met = run.stubs if result["status"] not in ("pass", "unsolved", "fault") else {}
    stub = next((text for exercise, text in met.items() if exercise == own or (exercise < own and exercise not in extra)), None)
    if not stub:
        return result
    rule = f"{stub[:stub.index(':')]} is not solved yet: {stub[stub.index(':') + 2:]}"
    return {"status": "unsolved", "rule": rule, "evidence": [f"what this test saw: {result['rule']}", *result["evidence"]]}


def name_seed(result, made, item):
    """A test that fails with a seed says how to see that again: with this seed alone, if it fails there too, else with the
    seeds before it."""
    seed, seeds = made.last.failing_seed, item.funcargs.get("seeds")
    if seed is None or not seeds or result["status"] in ("pass", "unsolved", "fault"):
        return result
    first = seed if seed == seeds[0] or fails_alone(item, made, seed) else seeds[0]
    command = f"make grade TEST={item.name.removeprefix('test_')} SEEDS={first}..{seed}"
    return {**result, "evidence": [*result["evidence"], f"seed {seed} of {seeds[0]}..{seeds[-1]}; the same again: {command}"],
            "seeds": f"{first}..{seed}"}


def fails_alone(item, made, seed):
    """Whether a test fails with this seed and no other one before it."""
    again = made.another()
    arguments = {**{name: item.funcargs[name] for name in inspect.signature(item.function).parameters}, "boot": again, "seeds": [seed]}
    try:
        item.function(**arguments)
    except RuleBroken:
        return True
    finally:
        again.close()
    return False


def judge(error):
    """The result for how a test's function ended."""
    if error is None:
        return {"status": "pass"}
    if isinstance(error, Unjudged):
        return {"status": error.status, "rule": error.rule, "evidence": error.evidence}
    if isinstance(error, RuleBroken):
        return {"status": "wrong", "rule": error.rule, "evidence": error.evidence}
    if isinstance(error, (Corrupt, BadAddress)):
        return {"status": "corrupt", "rule": f"what the kernel keeps of the run was overwritten: {error}", "evidence": []}
    if isinstance(error, GraderFault):
        return {"status": "fault", "rule": f"the grader could not judge this: {error}", "evidence": []}
    lines = traceback.format_exception(type(error), error, error.__traceback__)
    return {"status": "fault", "rule": f"the grader's test failed: {type(error).__name__}: {error}",
            "evidence": "".join(lines).splitlines()[-12:]}
