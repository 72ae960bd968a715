#!/usr/bin/env python3
"""Grades a phase's tree: builds the kernel from the student's files (build.py), boots it once or more for each test (machine.py), judges
what the runs left in guest memory (phaseN/test_*.py), prints a line a test and the score, and keeps results.json.

    grade/run.py [--tree DIR] [--test TEXT] [--seeds N] [--jobs N] [--out DIR] [--work DIR] [--phase N] [-v]
                 [--reference TAR] [--previous FILE] [--sandbox] [--hidden DIR --course FILE [--unveil]]

Exit status, pytest's: 0 all tests passed, 1 some did not, 2 interrupted, 3 the grader itself failed, 4 called wrongly. A score is never an
exit status."""

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
NEEDED = "import pytest, elftools, sys; sys.version_info >= (3, 11) or __import__('tomli')"
OK, FAILED, INTERRUPTED, FAULT, USAGE = range(5)


def main(argv):
    """Grades. Returns the exit status."""
    try:
        use_python_that_can(argv)  # which takes a while, and Ctrl-C may come at any time
        return grade_or_say_why_not(argv)
    except KeyboardInterrupt:
        print("grade: interrupted", file=sys.stderr)
        return INTERRUPTED


def grade_or_say_why_not(argv):
    sys.dont_write_bytecode = True
    sys.path[0] = str(HERE.parent)  # and not HERE: pytest imports what is called as the folders above a test are, and would find build.py
    from grade.errors import GraderFault, UserError
    from grade.machine import private_folder
    signal.signal(signal.SIGTERM, interrupted)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # as under nohup
        signal.signal(signal.SIGHUP, interrupted)
    try:
        options = parse(argv, UserError)
        with private_folder():
            return grade(options)
    except UserError as error:
        print(f"grade: {error}", file=sys.stderr)
        return USAGE
    except GraderFault as error:
        print(f"grade: the grader failed, which costs nobody points: {error}", file=sys.stderr)
        return FAULT
    except BrokenPipeError:  # whoever reads our lines has enough of them
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # Python flushes once more at its end
        return INTERRUPTED


def interrupted(*_):
    raise KeyboardInterrupt


def use_python_that_can(argv):
    """Goes on in this Python if it has what the grader needs, else in the first one that has."""
    with contextlib.suppress(ImportError):
        import elftools  # noqa: F401
        import pytest  # noqa: F401
        if sys.version_info < (3, 11):
            import tomli  # noqa: F401
        return
    for python in dict.fromkeys([os.environ.get("PYTHON"), "/usr/bin/python3", "python3", *(f"python3.{n}" for n in range(14, 9, -1))]):
        with contextlib.suppress(OSError):
            if python and subprocess.run([python, "-c", NEEDED], stderr=subprocess.DEVNULL).returncode == 0:
                os.execvp(python, [python, str(HERE / "run.py"), *argv])
    sys.exit("grade: no python3 here has pytest and pyelftools: make setup installs them (Debian: python3-pytest python3-pyelftools)")


def parse(argv, complaint):
    """The options as a namespace. Raises complaint (a UserError) about a wrong one."""
    from grade.testlist import seed_range
    parser = argparse.ArgumentParser(prog="grade/run.py", description="grades the tree of a phase")
    parser.error = lambda text: (_ for _ in ()).throw(complaint(text))
    parser.add_argument("--tree", type=Path, default=HERE.parent, help="the tree to grade (default: the grader's own)")
    parser.add_argument("--phase", type=int, help="fail unless this is the tree's phase")
    parser.add_argument("--test", default="", help="only tests whose name contains this")
    parser.add_argument("--seeds", default="", help="how many seeds tests with seeds try, 1 to 200, or a range of them as in 3..9")
    parser.add_argument("--jobs", default="", help="tests at once, 1 to 64 (default: 2, or 1 on a single CPU)")
    parser.add_argument("--out", type=Path, help="folder for results (default: build/grade in the tree)")
    parser.add_argument("--work", type=Path, help="folder for building (default: work in the results' folder)")
    parser.add_argument("--reference", type=Path, help="a tar of the solved files: later exercises are judged with them where earlier ones "
                        "fail (regrade.py)")
    parser.add_argument("--previous", type=Path, help="earlier results, which stay for what --test does not name")
    parser.add_argument("--hidden", type=Path, help="the folder of the hidden tests, which are graded as well")
    parser.add_argument("--course", type=Path, help="the course's key, without which they are not (course.py)")
    parser.add_argument("--unveil", action="store_true", help="for an instructor: hidden tests say all that they saw, inputs included")
    parser.add_argument("--sandbox", action="store_true", help="compilers and QEMU run in bubblewrap (sandbox.py)")
    parser.add_argument("-v", "--verbose", action="store_true", help="all evidence, and the console of failing runs")
    options = parser.parse_args(argv)
    options.seeds = seed_range(options.seeds)
    options.jobs = in_range("JOBS", options.jobs, min(2, os.cpu_count() or 1), 64, complaint)
    options.tree = options.tree.absolute()
    options.out = (options.out or options.tree / "build" / "grade").absolute()
    if bool(options.hidden) != bool(options.course):
        raise complaint("--hidden and --course go together: the folder of the hidden tests and the course's key")
    options.work = (options.work or options.out / "work").absolute()
    return options


def in_range(name, text, default, most, complaint):
    """A whole number from 1 to most, or the default for no text."""
    if not text:
        return default
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise complaint(f"{name} is a number from 1 to {most}, not '{text}'")
    return int(text)


def grade(options):
    """Everything after the options. Returns the exit status."""
    from grade import answers, build, course, exercises as toml, regrade, sandbox, testlist
    from grade.console import Reporter
    from grade.errors import UserError
    from grade.results import Results
    from grade.submission import read_given, signs
    began = time.time()
    grader = HERE.parent if (HERE.parent / "exercises.toml").exists() else options.tree
    phase, exercises = toml.read(grader / "exercises.toml")
    if options.phase not in (None, phase):
        raise UserError(f"this is a tree of phase {phase}; PHASE={options.phase} is another branch")
    hidden = course.find(options.hidden, options.course, phase) if options.hidden else None
    every = testlist.read(HERE / f"phase{phase}", exercises, hidden and hidden.tests)
    tests = testlist.select(every, options.test) if options.test else every
    prepare_out(options, UserError)
    if options.sandbox and sandbox.trial():
        raise UserError(f"there is no sandbox here: {sandbox.trial()}")
    sandbox.use(options.sandbox)
    builders = build.builders(grader / "grade" / "given.tar", exercises, options.work, tests, hidden, os.cpu_count() or 1)
    builder = builders[False]
    reference = read_given(options.reference) if options.reference else {}
    built = builder.build(options.tree, regrade.lent(exercises, reference, phase))
    tell_about(built, exercises)
    points = testlist.points(every, exercises)
    own = {path: data for path, data in built.files.items() if path not in built.lent}
    whole = options.previous or not options.test
    extra = {"phase": phase, "kernel": str(built.kernel), "selected": None if whole else options.test, "broken": built.broken,
             "warnings": built.warnings, "not_taken": [list(item) for item in built.ignored],
             "lent": built.lent, "review": signs(own, builder.given),
             "names": answers.names(built.answers),
             "hidden_points": 0 if hidden else sum(e.hidden for e in exercises.values() if e.core and not e.dropped)}
    kept = Results(options.out / ("results.json" if whole else "selected.json"), every if whole else tests, points, exercises, extra,
                   {e.id for e in exercises.values() if set(e.files) & set(own)})
    if options.previous:
        kept.take_over(read_previous(options.previous, UserError), [test.name for test in tests])
    kept.write()
    reporter = Reporter(kept, [test.name for test in tests], options.verbose, holds=not options.reference)
    seeds = {test.name: hidden.seeds(test) for test in tests if test.hidden}
    status = run_tests(options, tests, built, exercises, reporter, seeds, first_of_hidden(tests, built, builders))
    if reference and status in (OK, FAILED):
        status = run_again(options, tests, built, builders, exercises, reporter, seeds, reference)
    reporter.finish()
    if status == FAILED and kept.total("points") and kept.total("earned") == kept.total("points"):
        print("all of the core is solved; what is left is extra, and make reports an error until that is solved, too")
    kept.seconds = round(time.time() - began, 1)
    if not kept.finish():
        failed = status not in (OK, FAILED, INTERRUPTED) or reporter.complaints
        print(f"grade: {'the grader failed, see above' if failed else 'interrupted'}; {kept.path.name} stays that of the last grading that "
              "came to its end", file=sys.stderr)
        return FAULT if failed else status
    return FAULT if status == OK and kept.faults() else status


def first_of_hidden(tests, built, builders):
    """{hidden test: {variant: kernel}}, without those whose kernel is not what was handed in."""
    if True not in builders:
        return {}
    builders[True].begin_with(builders[False])
    kernels, broken = builders[True].make(built.files)
    return {} if broken else {test.name: kernels for test in tests if test.hidden}


def prepare_out(options, complaint):
    from grade.results import partial
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=options.out):
            pass
    except OSError as error:
        raise complaint(f"results cannot be written to {options.out} ({error.strerror}): grade a copy in a folder of yours, "
                        f"or give OUT=folder") from None
    for name in ("results.json", "selected.json"):
        for path in (options.out / name, partial(options.out / name)):
            if path.is_dir():
                raise complaint(f"{path} is a folder, and results are to be written there: remove it, or give OUT=folder")


def tell_about(built, exercises):
    """Says what was not graded as it stands, and what the compiler found odd."""
    from grade.errors import printable
    from grade.submission import ABSENT, MINE
    if built.lent:
        print(f"note: of earlier labs, and not handed in, so the reference's are graded in their place: {' '.join(built.lent)}")
    for path, how in built.ignored:
        means = "it is graded as it was handed out" if how in ("removed", ABSENT) else "this is not taken"
        print(f"note: {printable(path)} was {how}; only the files of the exercises and those added to kernel/mine/ are graded, so {means}")
    told = []
    for path, words in built.broken.items():
        hit = [e.id for e in exercises.values() if path in e.files]
        instead = "its start version is graded instead" if hit or path == MINE + "/mine.h" else "it is left out"
        print(f"BUILD  {complaint(path, words)}; {instead}" + (f" (exercise {', '.join(hit)}: 0 points)" if hit else ""))
        for word in [] if hit or words in told else compilers_words(path, words):  # else the exercise's tests say it, or it was said
            print("         " + printable(word))
        told.append(words)
    for warning in built.warnings:
        print(f"WARN   {printable(warning)}")


def complaint(path, words):
    """What is wrong with a file of the student's, from the words of build(): "PATH is missing", "PATH does not build"."""
    return f"{path} does not build" if compilers_words(path, words) else words[0].partition(";")[0]


def compilers_words(path, words):
    """The words of build() about a file as far as they are the compiler's: none of a file that was not taken at all."""
    return [] if words[0].startswith(f"{path} ") else words


def read_previous(path, complaint):
    """{test: its row} of an earlier results.json."""
    try:
        return {test["extra_data"]["name"]: {**test["extra_data"],
                                             "earned": test["score"]} for test in json.loads(path.read_text())["tests"]}
    except (OSError, ValueError, KeyError, TypeError):
        raise complaint(f"--previous: {path} is not a results.json; grade everything first") from None


def run_again(options, tests, built, builders, exercises, reporter, seeds, reference):
    """Judges what failed behind a failing exercise once more, with the reference's in its place: in order, for what passes so is no
    failing exercise to those behind it. Returns the exit status."""
    from grade import regrade
    chosen, over, status = {test.name: test for test in tests}, set(), FAILED
    def left():
        found = [one._replace(tests=[name for name in one.tests if name in chosen])
                 for one in regrade.again(reporter.kept.rows, exercises, reporter.kept.touched) if one.exercise not in over]
        return [one for one in found if one.tests]
    while status in (OK, FAILED) and (todo := regrade.ready(left())):
        over |= {one.exercise for one in todo}
        kernels = {}
        for which, builder in builders.items():
            those = [one._replace(tests=[name for name in one.tests if chosen[name].hidden == which]) for one in todo]
            kernels |= regrade.kernels_for([one for one in those if one.tests], exercises, built.files, reference, builder.make)
        again = [chosen[name] for name in kernels]
        if again:
            reporter.begin_again({name: one.instead for one in todo for name in one.tests if name in kernels})
            status = run_tests(options, again, built, exercises, reporter, seeds, kernels)
    return status if status not in (OK, FAILED) else FAILED if reporter.kept.failed() else OK


def run_tests(options, tests, built, exercises, reporter, seeds, kernels_of):
    """Has pytest run the tests. seeds {test: numbers}: of the hidden ones. kernels_of {test: {variant: path}}: for those that do not boot
    what was built first. Returns the exit status."""
    import pytest
    from grade import answers, dwarf
    jobs = min(options.jobs, len(tests))
    cache = options.work / "dwarf"
    for kernel in {kernel for kernels in (built.kernels, *kernels_of.values()) for kernel in kernels.values()}:
        dwarf.load(kernel, cache)  # once, for all workers
    broken = {e.id: [f"{complaint(path, built.broken[path])}, so its start version was graded", *compilers_words(path, built.broken[path])]
              for e in exercises.values() for path in e.files if path in built.broken}
    kernels = {variant: str(kernel) for variant, kernel in built.kernels.items()}
    other = {name: {variant: str(kernel) for variant, kernel in made.items()} for name, made in kernels_of.items()}
    job = {"kernels": kernels, "kernels_of": other, "cache": str(cache), "jobs": jobs, "seeds": options.seeds, "broken": broken,
           "answers": {path: data[:answers.LARGEST + 1].decode("utf-8", "surrogateescape") for path, data in built.answers.items()},
           "archive": str(built.archive) if built.archive else None,
           "extra": [e.id for e in exercises.values() if not e.core], "sandbox": options.sandbox,
           "hidden": {test.name: seeds[test.name] for test in tests if test.hidden}, "unveil": options.unveil, "exercises": list(exercises)}
    fd, name = tempfile.mkstemp(dir=options.out, prefix=".job-")
    try:
        with open(fd, "w") as file:
            json.dump(job, file)
        return int(pytest.main(pytest_arguments(tests, name, jobs), plugins=[reporter]))
    finally:
        os.unlink(name)


def pytest_arguments(tests, job, jobs):
    """Nothing of the student's tree or of this machine's pytest settings has a say."""
    for variable in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
        os.environ.pop(variable, None)
    os.environ.update(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", PYTHONDONTWRITEBYTECODE="1")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(HERE.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    root = os.path.commonpath([HERE, *(Path(test.file).absolute() for test in tests)])  # pytest takes two files outside it for one
    arguments = ["-c", os.devnull, "--rootdir", root, "--basetemp", f"{tempfile.gettempdir()}/pytest", "--noconftest",
                 "-p", "no:terminal", "-p", "no:cacheprovider", "-p", "grade.plugin", "--import-mode=importlib", "--grade-job", job]
    if jobs > 1:
        try:
            import xdist  # noqa: F401
            arguments += ["-p", "xdist.plugin", "-n", str(jobs)]
        except ImportError:
            print("note: pytest-xdist is not installed, so the tests run one after the other")
    return arguments + [f"{test.file}::test_{test.name}" for test in tests]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
