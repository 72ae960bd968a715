"""Which boot of which test to debug. A test is named as the grader names it, in whole or in part, or as the ktest inside the
kernel; to learn how it boots and where it fails, it is simply run, in this process, with the grader's own fixture."""

import contextlib
import importlib.util
import inspect
import itertools
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from . import events, exercises, testlist
from .boot import Boot, Kernels
from .build import VARIANTS, keep
from .errors import RuleBroken, UserError
from .memory import BadAddress
from .state import Corrupt
from .verdict import LAST_EVENTS

HERE = Path(__file__).resolve().parent
MOST_NAMES = 5


@dataclass
class Attempt:
    """A boot to be debugged. title: the test's; begin: the function with which it begins inside the kernel; machine: the
    Machine of that boot (its options and input are what is booted again); end: the kind of its End; last: the kernel's function
    with which the run ended, "panic" or "ktest_done", or None; words: how the test went; passed: whether it did; event: (cpu, seq) of the
    record of the trace that the verdict is about, or None; times: events.times() of the run; image: its kernel's
    dwarf.Image."""

    title: str
    begin: str
    machine: object
    end: str
    last: str
    words: list
    passed: bool
    event: tuple
    times: dict
    image: object


def failing_boot(options, kernel, archive, image, stack):
    """The Attempt for options.test; of an exercise's tests the first that fails, or the last one. archive: of the programs, or None.
    stack: an ExitStack that gives the runs' memory back. Raises UserError if there is no such test."""
    ktests = sorted(name.removeprefix("ktest_entry_") for name in image.variables if name.startswith("ktest_entry_"))
    tests, seeds = testlist.booting(find(options.test, graded(options.tree), ktests)), testlist.seed_range(options.seeds)
    builds = {build for test in tests if not isinstance(test, str) for build in test.builds}
    kernels = other_kernels(options, builds - {"checked"}, kernel.parent)
    for test in tests:
        boot = Boot(kernel, image, 1, testlist.MOST_BOOTS, kernels, archive=archive)
        stack.callback(boot.close)
        error = run(test, boot, seeds, options.cpus)
        if error:
            break
    name = test if isinstance(test, str) else test.name
    if not boot.last:
        raise UserError(f"the test {name} boots nothing" + (f": {error}" if error else ""))
    title = f"ktest {name}" if isinstance(test, str) else f"test {test.exercise} {name}"
    if boot.last.failing_seed is not None:
        title += f" with seed {boot.last.failing_seed}"
    booted = re.search(r"\bktest=(\S+)", boot.last.options)[1]
    begin = f"ktest_{booted}" if booted in ktests else "kmain"
    return Attempt(title, begin, boot.last.machine, boot.last.end.kind, last_function(boot.last), told(title, error), error is None,
                   event_of(error), times_of(boot.last.kernel), boot.last.kernel.image)


def event_of(error):
    """(cpu, seq) of the event that a broken rule names, or None: how a run ended is told by no event, nor by the last ones."""
    lines = itertools.takewhile(LAST_EVENTS.__ne__, error.evidence if error and not hasattr(error, "status") else [])
    return next(filter(None, map(events.named, lines)), None)


def times_of(kernel):
    """events.times(), as far as what the kernel keeps can be read."""
    try:
        return events.times(kernel)
    except (Corrupt, BadAddress):
        return {}


def run(test, boot, seeds, cpus=1):
    """Runs a testlist.Test, or a ktest by its name. seeds: [first, last], or None for the test's own; cpus: of a ktest. Returns what it
    failed with, or None."""
    try:
        if isinstance(test, str):
            boot(test, outcome=None, result=None, cpus=cpus)
        else:
            run_test(test, boot, seeds)
    except RuleBroken as broken:
        return broken
    return boot.last.unjudged if boot.last else None


def last_function(run):
    """Where a run ended, if it ended in the kernel's own way."""
    with contextlib.suppress(RuleBroken):
        return "panic" if run.panic else "ktest_done" if run.report and run.report.done else None


def other_kernels(options, builds, folder):
    """The Kernels of these builds of the same tree, kept in folder."""
    kept = {}
    for build in builds:
        asked = ["kernel", *VARIANTS[build]]
        if subprocess.run(["make", "-s", "-C", str(options.tree), *asked], stdin=subprocess.DEVNULL, check=False).returncode:
            raise UserError(f"{options.test} needs the {build} build, and `make {' '.join(asked)}` does not build it")
        kept[build] = keep(options.kernel.absolute().parents[1] / build / "kernel.elf", folder)
    return Kernels(kept, folder.parent / "dwarf")


def told(title, error):
    """How the test went, in the grader's words."""
    if error is None:
        return [f"rewind: {title} passes; it is shown from its end"]
    status = getattr(error, "status", "wrong")
    return [f"rewind: {title}: {status}: {error.rule}", *("    " + line for line in error.evidence[:8])]


def graded(tree):
    """The phase's tests of the grader; none in a tree without exercises."""
    grader = HERE.parent if (HERE.parent / "exercises.toml").exists() else tree
    phase, known = exercises.read(grader / "exercises.toml")
    return testlist.read(HERE / f"phase{phase}", known)


def find(text, tests, ktests):
    """The tests that may be meant, as testlist.select() has them: one, or all of an exercise. Raises UserError."""
    if not text.strip():
        raise UserError(f"TEST= is missing: TEST=name, where the name is one of these, a part of it or an exercise's number:\n"
                        f"{testlist.listing(tests)}\nor a test inside the kernel:\n  {' '.join(ktests)}")
    found = testlist.select(tests, text, ktests)
    if len(found) > 1 and text.strip() not in testlist.numbers_of(found[0]):
        names = " ".join(test.name for test in found[:MOST_NAMES]) + (" ..." if len(found) > MOST_NAMES else "")
        raise UserError(f"TEST={text} means {len(found)} tests; name one of them: {names}")
    return found


def run_test(test, boot, seeds):
    """Calls a test's function as pytest would. Raises what it raises."""
    sys.path.insert(0, str(HERE.parent))
    spec = importlib.util.spec_from_file_location(f"debugged_{Path(test.file).stem}", test.file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    function = getattr(module, f"test_{test.name}")
    first, last = seeds or (1, test.seeds)
    fixtures = {"boot": boot, "seeds": list(range(first, last + 1))}
    missing = [name for name in inspect.signature(function).parameters if name not in fixtures]
    if missing:
        raise UserError(f"{test.name} needs more than a boot ({', '.join(missing)}): debug the ktest that it boots")
    function(**{name: fixtures[name] for name in inspect.signature(function).parameters})
