#!/usr/bin/env python3
"""Grades a folder of submissions: `make bulk SUBMISSIONS=dir PHASE=n OUT=dir [JOBS=n] [TEST=text]`.

    grade/bulk.py --tree START --reference TAR --submissions DIR --out DIR [--jobs N] [--test TEXT] [--course FILE]
    grade/bulk.py --tree START --reference TAR --one PATH --results FILE --base DIR      a single one, for Gradescope

Each submission is unpacked (intake.py) and graded by grade/run.py, in the sandbox where there is one (sandbox.py), in a build folder that
starts as a copy of the base, what was handed out and built once, and is removed afterwards. What comes out:

    OUT/grades.csv          a line a submission, written anew as soon as one more is graded
    OUT/index.html          the same to look at, with a link to each one's page
    OUT/NAME/results.json, junit.xml, classroom.txt, feedback.html, said.txt, state.json

A submission that intake refuses has no points, and a page that says why and what to do. One that has been graded is not graded again unless
it, the grader or the reference has changed: a bulk that was stopped, at whatever moment, goes on where it was, and until then its base
stays in OUT/.base. --test grades some tests of all submissions again, and keeps the other results.

Exit status: 0 all are graded; 1 some could not be, or were refused; 2 interrupted; 3 the grader itself failed; 4 called wrongly."""

import argparse
import concurrent.futures
import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(HERE.parent))

from grade import build, course, dwarf, exercises, forms, intake, machine, regrade, results, run, sandbox, submission, testlist
from grade.errors import GraderFault, UserError, told

OK, SOME_FAILED = 0, 1  # beside those of errors.told()
MOST_JOBS = 1000
WALL_S = 3600           # for one submission; guards the host
KEPT, STATE, BASE = "results.json", "state.json", ".base"
HIDDEN = HERE / "hidden"  # its tests run with a course's key
MOST_SAID = 1 << 20     # bytes of what a grading prints
MOST_HASHED = 64 << 20  # bytes of a file
BAR = 30                # columns of the progress bar


def main(argv):
    """Returns the exit status."""
    parser = argparse.ArgumentParser(prog="grade/bulk.py", description="grades a folder of submissions")
    parser.add_argument("--tree", type=Path, required=True, help="the start tree of the phase")
    parser.add_argument("--reference", type=Path, required=True, help="a tar of the exercises' files, solved")
    parser.add_argument("--submissions", type=Path, help="a folder with a folder or an archive for each submission")
    parser.add_argument("--out", type=Path, help="a folder for what comes out")
    parser.add_argument("--one", type=Path, help="a single submission")
    parser.add_argument("--results", type=Path, help="where its results go")
    parser.add_argument("--base", type=Path, help="the folder in which what was handed out is built (default: .base in OUT, while "
                        "it grades); with neither --submissions nor --one, that is all that is done")
    parser.add_argument("--jobs", default="", help="submissions at once")
    parser.add_argument("--test", default="", help="grade only these tests again, of all submissions")
    parser.add_argument("--look", action="store_true", help="only says what is wrong with --submissions, --out and --jobs, if something is")
    parser.add_argument("--course", type=Path, help="the course's key, without which hidden tests are left out (course.py)")
    options = parser.parse_args(argv)
    many, single = (options.submissions, options.out), (options.one, options.results, options.base)
    if all(many) == all(single) and (any([*many, options.one, options.results]) or not options.base):
        parser.error("either --submissions and --out, or --one, --results and --base, or --base alone")
    for name in ("tree", "reference", "submissions", "out", "one", "results", "base", "course"):
        setattr(options, name, getattr(options, name) and getattr(options, name).absolute())
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    work = only if options.one else base_alone if not options.submissions else look_alone if options.look else bulk
    return told("bulk", lambda: work(options), "interrupted; the same command goes on from here")


def base_alone(options):
    """Builds what was handed out, for gradings to come. Returns the exit status."""
    options.jobs = os.cpu_count() or 1
    Course(options).build_base()
    return OK


def bulk(options):
    """Everything after the options. Returns the exit status."""
    found, course = look(options), Course(options)
    options.out.mkdir(parents=True, exist_ok=True)
    with only_one(options.out):
        sweep(options.out)
        open_ones = [one for one in found if not course.is_current(one)] if not options.test else found
        tables = Tables(course, found)
        if open_ones:
            print("bulk: building what was handed out, once for all", flush=True)
            course.build_base()
        progress = Progress(len(found), len(found) - len(open_ones))
        try:
            course.grade_all(open_ones, lambda one: (tables.take(one), progress.step(one.name)))
        finally:
            tables = Tables(course, found)  # who came to an end while an interrupt waited for them is in it, too
        progress.finish()
        shutil.rmtree(options.out / BASE, ignore_errors=True)
    ungraded = tables.ungraded()
    print(f"bulk: {len(found) - len(ungraded)} of {len(found)} graded; {options.out}/grades.csv, {options.out}/index.html")
    for line in [*tables.equal_names(), *(f"{name}: {remark}" for name, remark in ungraded)]:
        print(f"bulk: {line}")
    return SOME_FAILED if ungraded else OK


class Tables:
    """grades.csv and index.html, which are on the disk, whole, after each submission."""

    def __init__(self, course, found):
        self.course, self.rows = course, {one.name: course.row(one) for one in found}
        self.write()

    def take(self, one):
        """A submission has been graded."""
        self.rows[one.name] = self.course.row(one)
        self.write()

    def write(self):
        rows = forms.with_equal_names(list(self.rows.values()))
        write(self.course.options.out / "grades.csv", forms.table(rows))
        write(self.course.options.out / "index.html", forms.index(f"Lab {self.course.phase}", rows))

    def equal_names(self):
        """Lines about submissions in which the same name was filled in."""
        return [f"{path}: the same name, '{name}', in {forms.several(who)}"
                for (path, name), who in forms.equal_names(self.rows.values()).items()]

    def ungraded(self):
        """[(name, why)] of whom no test judged."""
        return [(name, remark) for name, _, kept, remark in self.rows.values() if not forms.judged(kept)]


def look_alone(options):
    """Returns the exit status, before a tree is made."""
    look(options)
    return OK


def look(options):
    """What can be told before anything is made or removed; options.jobs becomes a number. Returns the submissions. Raises UserError."""
    options.jobs = run.in_range("JOBS", options.jobs, os.cpu_count() or 1, MOST_JOBS, UserError)
    found = intake.submissions(options.submissions)
    check_out(options.out, options.submissions, found)
    return found


def check_out(out, submissions, found):
    """Grades go into a folder that holds no submission, and where a submission's grades will be lies nothing that is not a bulk's."""
    there = next(path for path in (out, *out.parents) if os.path.lexists(path))
    if not there.is_dir():
        raise UserError(f"OUT: {there} is a file; name a folder")
    real, theirs = out.resolve(), submissions.resolve()
    if real.is_relative_to(theirs) or theirs.is_relative_to(real):
        raise UserError(f"OUT: {out} and the submissions ({submissions}) lie within each other; name a folder of its own for the grades")
    strange = next((path for one in found if os.path.lexists(path := out / one.folder) and not (path / STATE).is_file()), None)
    if strange:
        raise UserError(f"OUT: {strange} is there and holds no grades; move it away, or name another folder")


def only(options):
    """Grades a single submission. What cannot be graded gets no points and the reason. Returns the exit status."""
    with tempfile.TemporaryDirectory(prefix=machine.PREFIX) as folder:
        options.out, options.jobs = Path(folder), os.cpu_count() or 1
        course, one = Course(options), intake.Found("submission", [options.one])
        course.build_base()
        course.grade(one)
        kept = course.results(one) or results.whole(0, f"This submission was not graded: {course.remark(one)}", [], {"complete": False})
        write(options.results, json.dumps(kept, indent=1) + "\n")
        print(kept["output"])
        return OK if forms.judged(kept) else SOME_FAILED


class Course:
    """What is the same for all submissions. Says so if there is no sandbox."""

    def __init__(self, options):
        self.phase, self.known = exercises.read(options.tree / "exercises.toml")
        self.base = options.base or options.out / BASE
        self.options, self.boxed = options, not sandbox.trial()
        if not self.boxed:
            print(f"bulk: there is no sandbox ({sandbox.trial()}): compilers and QEMU run with limits of time, memory and output, but a "
                  "hostile file could have them read what this user may read. apt-get install bubblewrap, or grade as a user who may read "
                  "nothing else", file=sys.stderr)
        sandbox.use(self.boxed)
        submission.read_given(options.reference)  # or nobody's later exercises could be judged behind a failing one
        self.names = [path for exercise in self.known.values() for path in exercise.files]
        self.hidden = self.find_hidden()
        self.tests = testlist.read(options.tree / "grade" / f"phase{self.phase}", self.known, self.hidden and self.hidden.tests)
        if options.test:
            testlist.select(self.tests, options.test)  # or nobody could be graded
        graders = [*files_below(options.tree / "grade"), HERE / "intake.py"]
        hidden = [*course.files(HIDDEN, self.phase), options.course] if self.hidden else []
        self.identity = digest([*graders, *hidden, options.tree / "exercises.toml", options.reference])
        self.stop = threading.Event()
        self.running, self.guard = set(), threading.Lock()

    def find_hidden(self):
        """The hidden tests, or None and a line that says why."""
        if not self.options.course:
            return None
        if not self.boxed and self.options.submissions:
            print("note: hidden tests are left out: without a sandbox a submission could have the course's key read", file=sys.stderr)
            return None
        return course.find(HIDDEN, self.options.course, self.phase)

    def build_base(self):
        """Builds what was handed out, all the kernels that tests boot and their programs, or makes what is there current."""
        given = self.options.tree / "grade" / "given.tar"
        builders = build.builders(given, self.known, self.base, self.tests, self.hidden, self.options.jobs)
        for builder in builders.values():
            builder.begin_with(builders[False])
            for kernel in builder.make({})[0].values():
                dwarf.load(kernel, self.base / "dwarf")
        builders[False].archive()

    def place(self, one):
        return self.options.out / one.folder

    def state(self, one):
        """What is known of the last grading of a submission: {"submission", "grader", "remark"}, or {}."""
        return read_json(self.place(one) / STATE) or {}

    def is_current(self, one):
        """Whether a submission was graded as it is now, by the grader as it is now."""
        state = self.state(one)
        return state.get("grader") == self.identity and state.get("submission") == identity(one.paths)

    def results(self, one):
        return read_json(self.place(one) / KEPT)

    def remark(self, one):
        return self.state(one).get("remark", "not graded yet")

    def row(self, one):
        """What the tables say of a submission (forms.py)."""
        return one.name, one.folder, self.results(one), self.remark(one)

    def grade_all(self, found, take):
        """Grades submissions, so many at once as there are jobs; take(one) hears of each. Interrupted, it ends what runs."""
        with concurrent.futures.ThreadPoolExecutor(self.options.jobs) as pool:
            try:
                for done in concurrent.futures.as_completed([pool.submit(self.grade, one) for one in found]):
                    take(done.result())
            except BaseException:
                self.stop.set()
                with self.guard:
                    for process in self.running:
                        process.terminate()
                pool.shutdown(cancel_futures=True)
                raise

    def grade(self, one):
        """Grades one submission and keeps what came out, in a folder that takes its place as a whole. Returns it."""
        if self.stop.is_set():
            return one
        place, work = self.place(one), self.options.out / f".work-{one.folder}"
        new = work / "place"
        shutil.rmtree(work, ignore_errors=True)
        new.mkdir(parents=True)
        if self.options.test and place.exists():
            shutil.copytree(place, new, dirs_exist_ok=True)
        elif place.exists():
            os.rename(place, work / "before")
        try:
            self.fill(one, work, new)
            if not self.stop.is_set():
                if place.exists():
                    os.rename(place, work / "before")
                os.rename(new, place)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        return one

    def fill(self, one, work, place):
        """Makes the files of a submission's place."""
        state = {"submission": identity(one.paths), "grader": self.identity, "remark": ""}
        try:
            intake.unpack(one, work / "submission", self.names, self.phase)
            state["remark"] = self.run(one, work, place)
        except GraderFault as why:
            state.update(grader="", remark=f"the grader failed: {why}")  # so that it is graded again
        except intake.Unreadable as why:
            state["remark"] = f"refused: it {why}"
            shutil.rmtree(place)
            place.mkdir()
            write(place / KEPT, json.dumps(self.refusal(why), indent=1) + "\n")
        kept = read_json(place / KEPT)
        if forms.judged(kept):
            write(place / "junit.xml", forms.junit(kept))
            write(place / "classroom.txt", forms.classroom(kept) + "\n")
        if kept:
            write(place / "feedback.html", forms.page(one.name, kept))
        write(place / STATE, json.dumps(state) + "\n")

    def refusal(self, why):
        """The results of a submission that cannot be looked at, whose words are for who handed it in. why: as intake.Unreadable says."""
        sheet = results.Results(KEPT, self.tests, testlist.points(self.tests, self.known), self.known, {})
        most, extra = (results.rounded(sheet.total("points", core)) for core in (True, False))
        own = [path for exercise in self.known.values() if regrade.lab_of(exercise) == self.phase for path in exercise.files]
        words = [f"Score: 0/{most}", f"This submission was refused: it {why}.",
                 f"What was looked for: the files of lab {self.phase} in a folder kernel/, which may lie in a zip, tar or git bundle, or "
                 f"loose files with their names: {', '.join(dict.fromkeys(own))}.",
                 f"What to do: make handin, in your tree of lab {self.phase}, packs build/handin-{self.phase}.tar; hand that in as it is."]
        data = {"phase": self.phase, "review": [], "max_score": most, "extra_score": 0, "extra_max": extra, "complete": False}
        return results.whole(0, "\n".join(words), [], data)

    def run(self, one, work, place):
        """Has grade/run.py grade what lies in work/submission. Returns a remark for the table, mostly none. Raises GraderFault."""
        for part in ("tree", "dwarf", "user", "hidden/tree"):
            if (self.base / part).exists():
                shutil.copytree(self.base / part, work / "build" / part, symlinks=True)
        command = [sys.executable, str(self.options.tree / "grade" / "run.py"), "--tree", str(work / "submission"),
                   "--out", str(work / "out"), "--work", str(work / "build"), "--jobs", "1", "--reference", str(self.options.reference),
                   *(["--sandbox"] if self.boxed else [])]
        if self.hidden:
            command += ["--hidden", str(HIDDEN), "--course", str(self.options.course)]
        if self.options.test and forms.judged(read_json(place / KEPT)):  # whoever has no results yet is graded in all tests
            command += ["--test", self.options.test, "--previous", str(place / KEPT)]
        (work / "tmp").mkdir()
        with open(work / "said", "w+b") as said:
            process = machine.start(command, work, said, [], 4 << 30, {"TMPDIR": str(work / "tmp")})
            with self.guard:
                self.running.add(process)
            try:
                status = process.wait(WALL_S)
            except subprocess.TimeoutExpired:
                process.kill()
                status = process.wait()
            finally:
                with self.guard:
                    self.running.discard(process)
            said.seek(0)
            words = said.read(MOST_SAID)
        (place / "said.txt").write_bytes(words)
        if (work / "out" / KEPT).exists() and status in (0, 1, 3):
            kept = json.loads((work / "out" / KEPT).read_text(encoding="utf-8"))
            del kept["extra_data"]["kernel"]  # which goes with the build folder
            write(place / KEPT, json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
            lent = kept["extra_data"]["lent"]
            return "; ".join(["some tests could not be judged"] * (status == 3) +
                             [f"files of earlier labs that were not handed in, and are the reference's: {len(lent)}"] * bool(lent))
        raise GraderFault(telling(words.decode("utf-8", "replace"))[:300])


def telling(words):
    """Of what a grading printed that came to no end, the line that says why: pytest's error, or the last one."""
    lines = words.strip().splitlines() or ["without a word"]
    return next((line.removeprefix("E  ").strip() for start in ("E  ", "ERROR") for line in lines if line.startswith(start)), lines[-1])


def files_below(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)


def identity(paths):
    """A hash of all that a submission consists of."""
    files = []
    for path in paths:
        files += [os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names] if path.is_dir() else [path]
    return digest(sorted(map(str, files)))


def digest(files):
    """A hash of files, their names and contents; of a very large one, its beginning and its time. Nothing but plain files is opened."""
    total = hashlib.sha256()
    for path in map(str, files):
        total.update(path.encode("utf-8", "surrogateescape"))
        try:
            status = os.lstat(path)
            total.update(f"\0{status.st_size}\0{status.st_mtime_ns if status.st_size > MOST_HASHED else ''}\0".encode())
            if stat.S_ISREG(status.st_mode):
                with open(path, "rb") as file:
                    total.update(file.read(MOST_HASHED))
        except OSError as error:  # a path too long to be looked at, a file that nobody may read
            total.update(error.strerror.encode())
    return total.hexdigest()[:32]


def read_json(path):
    """What a file holds; None if it is not there, or no JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def write(path, text):
    """Replaces a file as a whole."""
    new = path.with_name(f".{path.name}.new")
    new.write_text(text, encoding="utf-8")
    os.replace(new, path)


def sweep(out):
    """Removes what a bulk that was killed has left."""
    for path in out.glob(".work-*"):
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def only_one(out):
    """Two bulks in one folder would take each other's work for left-overs."""
    path = out / ".lock"
    with open(path, "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            ours = os.path.samestat(os.fstat(file.fileno()), os.stat(path))  # not that of one that has just ended and removed it
        except OSError:
            ours = False
        if not ours:
            raise UserError(f"OUT: another bulk works in {out}; wait for it, or give another folder")
        try:
            yield
        finally:
            path.unlink()


class Progress:
    """A line that grows on a terminal; elsewhere a line for each submission."""

    def __init__(self, total, done):
        self.total, self.done, self.before, self.began = total, done, done, time.monotonic()
        self.terminal = sys.stdout.isatty()
        if done:
            print(f"bulk: {done} of {total} have been graded before, and stay as they are", flush=True)

    def step(self, name):
        self.done += 1
        left = (time.monotonic() - self.began) / (self.done - self.before) * (self.total - self.done)
        if self.terminal:
            bar = "#" * (BAR * self.done // self.total)
            print(f"\r[{bar:<{BAR}}] {self.done}/{self.total}, {clock(left)} left  {name:.30}\033[K", end="", flush=True)
        else:
            print(f"bulk: {self.done}/{self.total} {name}, {clock(left)} left", flush=True)

    def finish(self):
        if self.terminal:
            print()


def clock(seconds):
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
