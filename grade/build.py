"""Builds the kernel that is graded: the handed-out kernel/ and user/ with the student's files over it. What a student's tree has of build
rules, headers and tests is not used.

A file of the student's that does not compile or link is replaced by its start version, and the rest is graded. Whose fault a failure is:
the file that the compiler names; where it names none of the student's (a broken header, a missing symbol), each file is tried alone over
the handed-out tree.

The build folder is kept: only files whose content changed are written there, so make compiles only those. One grader at a time builds in
it (a lock); the finished kernel is copied out under a name made from its content, which no other grader overwrites."""

import contextlib
import ctypes
import fcntl
import hashlib
import os
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from . import sandbox
from .errors import GraderFault, UserError
from .exercises import is_answers
from .submission import MINE, MISSING, read_given, take

TESTS = "kernel/ktest/"
MAKEFILE = "include kernel/kernel.mk\n"
# kernel.mk's own names of them. The grader takes unchecked for plain: there, a student's objects stay apart from those handed out.
VARIANTS = {"checked": ["CHECKED=1"], "plain": ["CHECKED=0"], "unchecked": ["CHECKED=0", "LTO=0"], "race": ["CHECKED=1", "RACE=1"]}
USER_MAKEFILE, ARCHIVE_TOOL = "user/user.mk", "grade/cpio.py"
ARCHIVE_SOURCES = ("user/", "kernel/syscall/syscall.tbl")
LENT = {"sched_all_exited", "ktests_start", "ktests_end"}  # what the tests inside the kernel have from given code, or lend to it
# What the compiler makes; in the race build also its calls at the start.
PLAIN_SECTION = re.compile(r"\.(text|data|rodata|bss|note|eh_frame|comment|rel|init_array)[\w.-]*")
DEBUG_SECTION = re.compile(r"\.debug[\w.-]*")  # not loaded, or there would be two of its name in the kernel
CPU_SECONDS = 20       # of one compiler; the longest of ours takes 1
WALL_SECONDS = 600     # of one make
MEMORY = 1 << 30       # of one compiler
LARGEST_OUTPUT = 32 << 20
MOST_SAID = 1 << 20    # bytes of what a program prints
MOST_WORDS = 12        # lines of the compiler's that are shown
MOST_WARNINGS = 20
KEPT_DAYS = 2
INTERRUPTIONS = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
_libc = ctypes.CDLL(None)


@dataclass
class Built:
    """kernels {variant: its path}. files {path: bytes}: what was taken of the student's. broken {path: lines}: start versions were taken
    instead of these files, and why. ignored: see submission.take(). warnings: the compiler's, one line each, about the student's files that
    were taken. archive: see Builder.archive(). lent: the paths of missing files that were taken from elsewhere. answers
    {path: bytes}: the files of answers, as handed in or as given."""

    kernels: dict
    files: dict = field(default_factory=dict)
    broken: dict = field(default_factory=dict)
    ignored: list = field(default_factory=list)
    warnings: list = field(default_factory=list)
    archive: Path = None
    lent: list = field(default_factory=list)
    answers: dict = field(default_factory=dict)

    @property
    def kernel(self):
        """The first one, which most tests boot."""
        return next(iter(self.kernels.values()))


def build(root, given_tar, exercises, work, jobs=2, variants=("checked",)):
    """Builds what is graded of the tree at root, once. Returns Built. Raises UserError, GraderFault."""
    return Builder(given_tar, exercises, work, jobs, variants).build(root)


class TooMuch(Exception):
    """A program has printed more than anybody reads, so nothing can be said of what is not in it."""


def builders(given_tar, exercises, work, tests, hidden, jobs):
    """{False: the Builder of what testlist.Tests boot, True: that of the hidden ones' kernels, if there are hidden ones}. These are kernels
    of their own, in a folder of their own: what boots for a visible test, whose console is shown, holds nothing of a hidden one. hidden:
    course.Hidden or None."""
    made = {}
    for which in sorted({False, *(test.hidden for test in tests)}):
        variants = dict.fromkeys(["checked", *(variant for test in tests if test.hidden == which for variant in test.builds)])
        made[which] = Builder(given_tar, exercises, work / "hidden" if which else work, jobs, variants, hidden.code if which else {})
    return made


class Builder:
    """Builds kernels in these variants over what was handed out, and more {path: bytes}; work is the folder for it. Raises UserError,
    GraderFault."""

    def __init__(self, given_tar, exercises, work, jobs=2, variants=("checked",), more=()):
        self.given, self.exercises, self.work, self.jobs, self.variants = read_given(given_tar), exercises, work, jobs, variants
        self.given.update(more)

    def build(self, root, lent=()):
        """Builds what is graded of the tree at root. lent: {path: bytes} that stand in for files that it does not hold. Returns Built."""
        files, refused, ignored = take(root, self.given, self.exercises)
        missing = [path for path in lent if refused.get(path) == MISSING]
        files.update({path: lent[path] for path in missing})
        refused = {path: why for path, why in refused.items() if path not in missing}
        unusable = {path: [f"{path} {why}; its start version was taken"] for path, why in refused.items()}
        kernels, broken, warnings = self._make(files)
        taken = {path: data for path, data in files.items() if path not in broken}
        answers = {path: files.get(path, data) for path, data in self.given.items() if is_answers(path)}
        return Built(kernels, taken, {**unusable, **broken}, ignored, warnings, self.archive(), missing, answers)

    def archive(self):
        """The path of the boot archive with the programs that tests run, made from what was handed out alone; None in a phase without."""
        if USER_MAKEFILE not in self.given:
            return None
        sources = {path: data for path, data in self.given.items() if path.startswith(ARCHIVE_SOURCES)}
        sources |= {ARCHIVE_TOOL: (Path(__file__).parents[1] / ARCHIVE_TOOL).read_bytes(),
                    "Makefile": f"include {USER_MAKEFILE}\n".encode()}
        folder = self.work / "user"
        self.work.mkdir(parents=True, exist_ok=True)
        with lock(self.work / "lock"):
            lay_out(folder, sources)
            made = folder / "build" / "user"
            args = ["make", "-r", "-s", "--no-print-directory", f"-j{self.jobs}", "user", "O=build"]
            args += [f"{name}={os.environ[name]}" for name in ("CROSS", "NASM", "PYTHON") if os.environ.get(name)]
            code, words = call_whole(made, args, folder)
            if code:
                raise GraderFault("the programs that were handed out do not build: " + " / ".join(tail(words)))
            return keep(made / "initramfs.cpio", self.work / "kernels")

    def begin_with(self, other):
        """Takes over what another one has built, if nothing was built here yet: the objects of all that is the same need not be made."""
        if not (self.work / "tree").exists() and (other.work / "tree").exists():
            self.work.mkdir(parents=True, exist_ok=True)
            with lock(other.work / "lock"), tempfile.TemporaryDirectory(dir=self.work) as made:
                shutil.copytree(other.work / "tree", Path(made) / "tree")
                os.replace(Path(made) / "tree", self.work / "tree")

    def make(self, files):
        """({variant: path}, {path: the compiler's words}) of what becomes of these files {path: bytes}."""
        return self._make(files)[:2]

    def _make(self, files):
        files = {path: data for path, data in files.items() if not is_answers(path)}
        try:
            self.work.mkdir(parents=True, exist_ok=True)
            with lock(self.work / "lock"):
                kernels, broken, warnings = {}, {}, []
                for variant in self.variants:
                    maker = Maker(self.work / "tree", self.given, self.exercises, self.jobs, variant)
                    broken.update(maker.build_what_builds({path: data for path, data in files.items() if path not in broken}))
                    kernels[variant] = keep(maker.kernel, self.work / "kernels", maker.fingerprint())
                    warnings = warnings or warnings_in(maker.output, files)
                return kernels, broken, warnings
        except PermissionError as error:
            raise UserError(f"{error.filename} cannot be written: run the grader in a folder that is yours, or give OUT=folder") from None
        except OSError as error:
            raise UserError(f"the build folder {self.work} cannot be used: {error.strerror} ({error.filename})") from None


class Maker:
    """The build folder: holds the sources that make sees, and make's objects below build/."""

    def __init__(self, folder, given, exercises, jobs, variant):
        self.folder, self.given, self.jobs, self.variant = folder, given, jobs, variant
        self.theirs = {path for exercise in exercises.values() for path in exercise.files}
        self.kernel = folder / "build" / variant / "kernel.elf"
        self.output = ""

    def build_what_builds(self, files):
        """Leaves self.kernel made from as many of the files as build. Returns {path: the compiler's words} of the others."""
        taken, broken = dict(files), {}
        while True:
            built = self.builds(taken)
            culprits = self.reaching(taken) if built else self.named(taken)
            if built and not culprits:
                return broken
            while culprits is None:
                culprits = self.guilty(taken)
            if not culprits:
                raise GraderFault("the handed-out tree does not build: " + " / ".join(tail(self.output)))
            for path, words in culprits.items():
                broken[path] = words
                del taken[path]

    def reaching(self, taken):
        """{path: words} of the files that use what only the tests inside the kernel may: their facts are the evidence."""
        theirs = self._symbols("--defined-only", [path for path in self.given if path.startswith(TESTS)])
        found = {}
        if not theirs:
            return found
        for path in taken:
            try:
                used = sorted(self._symbols("", [path]) & (theirs | LENT))
                odd = sorted(name for name, loaded in self._sections(path)
                             if not PLAIN_SECTION.fullmatch(name) and (loaded or not DEBUG_SECTION.fullmatch(name)))
            except TooMuch:
                found[path] = [f"{path}: has so many symbols or sections that their list has more than {MOST_SAID >> 20} MiB"]
                continue
            if used:
                found[path] = [f"{path}: uses {', '.join(used[:4])}, which only the kernel's own tests ({TESTS}) may"]
            if odd:
                found[path] = [f"{path}: has a section {', '.join(odd[:4])}; code and data of an exercise lie where the compiler puts them"]
        return found

    def fingerprint(self):
        """Of what is nobody's exercise, the sources and their objects: a name for all that these say of themselves."""
        total = hashlib.sha256(self.variant.encode())
        for path in sorted(set(self.given) - self.theirs):
            made = self.kernel.parent / f"{path}.o"
            for data in (path.encode(), self.given[path], made.read_bytes() if made.exists() else b""):
                total.update(hashlib.sha256(data).digest())
        return total.hexdigest()[:24]

    def _sections(self, path):
        """{(name, whether it is loaded)} of the sections of the object made from a source. Raises TooMuch."""
        if not path.endswith((".c", ".asm")):
            return set()
        words = self._listing("objdump", "-h", "-w", f"{self.kernel.parent}/{path}.o")
        return {(found[1], " ALLOC" in found[2]) for line in words.splitlines()
                if (found := re.match(r"\s*\d+ (\S+)\s+[0-9a-f]{8} (.*)", line))}

    def _symbols(self, which, paths):
        """The global symbols in the objects made from these sources: with "--defined-only" those that they define, with "" also those that
        they need from elsewhere or would share (common, weak). Raises TooMuch."""
        objects = [f"{self.kernel.parent}/{path}.o" for path in paths if path.endswith((".c", ".asm"))]
        if not objects:
            return set()
        words = self._listing("nm", "-g", *filter(None, [which]), *objects)
        return {line.split()[-1].partition("@")[0] for line in words.splitlines() if line.strip() and not line.endswith(":")}

    def _listing(self, program, *args):
        """What a program of binutils prints. Raises TooMuch if it prints more than is read."""
        code, words = call([os.environ.get("CROSS", "") + program, *args], self.folder)
        if len(words) >= MOST_SAID:
            raise TooMuch
        if code:
            raise GraderFault(f"{program} failed: {' / '.join(tail(words))}")
        return words

    def named(self, taken):
        """{path: words} of the files in which the compiler found errors, or None if it names none of them."""
        found = {path: words for path in taken if (words := errors_in(self.output, path))}
        return found or None

    def guilty(self, taken):
        """{path: words} of the files that do not build even alone over the handed-out tree. kernel/mine counts as one file, and what
        builds of it stays, for the others may need it. Empty if nothing of the student's is left to blame."""
        mine = {path: data for path, data in taken.items() if path.startswith(MINE + "/")}
        whole, found = self.output, {}
        if mine and not self.builds(mine):
            return dict.fromkeys(mine, tail(self.output))
        for path in taken:
            if path not in mine and not self.builds({**mine, path: taken[path]}):
                found[path] = errors_in(self.output, path) or tail(self.output)
        if found or not taken:
            return found
        for path in reversed([p for p in taken if p not in mine] or list(mine)):  # they build alone and clash together
            if self.builds({p: data for p, data in taken.items() if p != path}):
                return {path: tail(whole)}
        return dict.fromkeys(taken, tail(whole))

    def builds(self, files):
        """True if the handed-out tree with these files over it builds; self.output has make's words, with all that the compiler has to say
        about these files: they are compiled each time."""
        lay_out(self.folder, {**self.given, **files, "Makefile": MAKEFILE.encode()})
        for made in (self.kernel, *(self.kernel.parent / f"{path}.o" for path in files)):
            made.unlink(missing_ok=True)
        args = ["make", "-k", "-r", "--no-print-directory", f"-j{self.jobs}", "kernel", "O=build", *VARIANTS[self.variant]]
        args += [f"{name}={os.environ[name]}" for name in ("CROSS", "NASM") if os.environ.get(name)]
        args += [f"LAST={' '.join(sorted(self.theirs | set(files)))}"]  # what a name means is what handed-out code says: dwarf.py
        code, self.output = call_whole(self.kernel.parent, args, self.folder)
        return code == 0 and self.kernel.exists()


def call_whole(made, args, folder):
    """call(), of make, which works in the folder `made`. Meanwhile a mark lies beside that. Where one is found, make was killed there: an
    object may be half a one and newer than its source, and whoever's files are linked with it would be blamed. So all is made anew."""
    mark = made.with_name(f".{made.name}.unfinished")
    if mark.exists():
        shutil.rmtree(made, ignore_errors=True)
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()
    code, output = call(args, folder)
    if code is not None:
        mark.unlink(missing_ok=True)
    return code, output


def lay_out(folder, sources):
    """Makes a folder hold exactly these sources {path: bytes}; what make made of them, in build/, stays."""
    folder.mkdir(exist_ok=True)
    for place, folders, names in os.walk(folder):
        if place == str(folder) and "build" in folders:
            folders.remove("build")
        for name in names:
            path = os.path.join(place, name)
            if os.path.relpath(path, folder) not in sources:
                os.unlink(path)
    for path, data in sources.items():
        file = folder / path
        if not file.is_file() or file.read_bytes() != data:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)


def call(args, folder, seconds=WALL_SECONDS, more=None):
    """(exit code, stdout and stderr) of a step that may take no more than its limits, and of which nothing is left afterwards. seconds: of
    a clock, after which it is ended, and its exit code None. more: variables for its environment."""
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TMPDIR": sandbox.scratch(), **(more or {})}

    def in_child():
        if hasattr(_libc, "prctl"):
            _libc.prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_OUTPUT, LARGEST_OUTPUT))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

    with tempfile.TemporaryFile() as output:
        code = process = None
        before = signal.pthread_sigmask(signal.SIG_BLOCK, INTERRUPTIONS)
        try:
            process = subprocess.Popen(sandbox.command(args, folder), cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                                       stdout=output, stderr=output,
                                       start_new_session=True, preexec_fn=in_child)
            signal.pthread_sigmask(signal.SIG_SETMASK, before)  # from here on whoever interrupts this knows what there is to end
            code = process.wait(seconds)
        except FileNotFoundError:
            raise UserError(f"{args[0]} is not installed: make setup installs it") from None
        except subprocess.TimeoutExpired:
            pass  # an endless build is one that fails
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            if process and code is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        output.seek(0)
        return code, output.read(MOST_SAID).decode("utf-8", "backslashreplace")


def errors_in(output, path):
    """The compiler's words about errors in a file, a few lines, or []."""
    lines, found = output.splitlines(), []
    for at, line in enumerate(lines):
        if re.match(re.escape(path) + r":\d+(:\d+)?: (fatal )?error:", line):
            found.append(line)
            found += [more for more in lines[at + 1:at + 3] if re.match(r"\s+(\d+ )?\|", more)]
    return list(dict.fromkeys(found))[:MOST_WORDS]


def warnings_in(output, paths):
    """The compiler's warnings about these files, each once, a line each, by file and line: make runs several compilers at once."""
    found = {}
    for said in output.splitlines():
        place = re.match(r"(\S+?):(\d+)(:\d+)?: warning:", said)
        if place and place[1] in paths:
            found[said] = place[1], int(place[2])
    found = sorted(found, key=found.get)
    return found[:MOST_WARNINGS] + ([f"... and {len(found) - MOST_WARNINGS} more warnings"] if len(found) > MOST_WARNINGS else [])


def tail(output):
    """The lines of make's output that say what failed."""
    progress = re.compile(r"\s*$|  [A-Z]+ +\S+$|make(\[\d+\])?: (Target|\*\*\* Waiting)")
    lines = [line for line in output.splitlines() if not progress.match(line)]
    telling = [line for line in lines if re.search(r"error|undefined|multiple definition|No rule|not found|exceeded", line)]
    return list(dict.fromkeys(telling or lines))[:MOST_WORDS] or [f"the compiler said nothing, and may not have ended in {WALL_SECONDS} s"]


@contextlib.contextmanager
def lock(path):
    """Exclusive between graders, for as long as the block lasts; ends with the process at the latest."""
    with open(path, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def keep(kernel, folder, fingerprint=None):
    """A copy of a kernel, or of a boot archive, under the name of its content,
    and beside it what Maker.fingerprint() says; returns its path. Copies that
    nobody took for two days are removed."""
    folder.mkdir(exist_ok=True)
    path = folder / (hashlib.sha256(kernel.read_bytes()).hexdigest()[:24] + kernel.suffix)
    if path.exists():
        os.utime(path)
    else:
        fd, name = tempfile.mkstemp(dir=folder)
        os.close(fd)
        shutil.copyfile(kernel, name)
        os.replace(name, path)
    if fingerprint:
        path.with_suffix(".given").write_text(fingerprint)
    for other in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):
            if time.time() - other.stat().st_mtime > KEPT_DAYS * 86400:
                other.unlink()
    return path
