"""Submissions as they come, made into plain folders that the grader may look at: whatever a course's system exports is unpacked here,
and only here. All of it is hostile: no link is followed or made, no path leaves its folder, nothing large is read, and nothing
is unpacked further than what is taken may be large.

    for found in submissions(folder):        # who handed in, and what
        unpack(found, target, names, phase)  # target then holds what lies in kernel/ and user/ there, and answers

A submission is a folder, a zip, a tar (also compressed) or a git bundle; in it the tree may lie some folders deep, as archive in a folder,
or as loose files with the names of the exercises'. docs/instructor/grading.md lists the forms."""

import bz2
import functools
import gzip
import hashlib
import io
import json
import lzma
import os
import re
import shutil
import stat
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from .build import call
from .errors import UserError, printable_name
from .exercises import is_answers

TAKEN = ("kernel", "user")
ROOTS = {"kernel", "manifest.json"}  # what lies at the top of a tree, or of what `make handin` packs
DEEPEST = 4           # folders above the tree
MOST_ENTRIES = 20_000
MOST_FILES = 5_000
MOST_BYTES = 64 << 20
MOST_TAR = 2 * MOST_BYTES  # bytes of a tar, with its headers
LONGEST_FOLDER = 100       # bytes of a name
MOST_WORDS = 500           # characters about what is wrong
PACKED = ((b"\x1f\x8b", gzip.open), (b"BZh", bz2.open), (b"\xfd7zXZ", lzma.open))  # how a tar is compressed, by its first bytes
GIT_SECONDS = 60
SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2", ".zip", ".bundle")
CANVAS = re.compile(r"(?P<who>[a-z0-9-]+?)(_LATE)?_(?P<id>\d+)_(?P<file_id>\d+)_(?P<file>.+)", re.I)
MOODLE = re.compile(r"(?P<who>.+?)_(?P<id>\d+)_assignsubmission_file_?(?P<file>.*)")
AGAIN = re.compile(r"-\d+(?=\.[^.]+(\.\w+)?$)")  # what Canvas adds to a name that was handed in before


@dataclass
class Found:
    """Who handed in (a name for tables, one for a folder), and the paths of what."""

    name: str
    paths: list

    @property
    def folder(self):
        plain = re.sub(r"[^\w.@+-]", "_", self.name).lstrip(".") or "_"
        return plain if len(plain.encode()) <= LONGEST_FOLDER else f"{plain[:20]}-{hashlib.sha256(self.name.encode()).hexdigest()[:16]}"


class Unreadable(Exception):
    """Why a submission cannot be looked at; a few words that follow its name, printable, whatever names it quotes."""

    def __init__(self, why):
        super().__init__(printable_name(why)[:MOST_WORDS])


def submissions(folder):
    """The Found of a folder, by name. Raises UserError."""
    try:
        entries = sorted(entry for entry in os.listdir(folder) if not entry.startswith(".") and not entry.endswith((".yml", ".yaml",
                                                                                                                    ".csv")))
    except OSError as error:
        raise UserError(f"SUBMISSIONS: {folder} cannot be read ({error.strerror})") from None
    found = {}
    for entry in entries:
        found.setdefault(who(entry), []).append(Path(folder) / entry)
    if not found:
        raise UserError(f"SUBMISSIONS: {folder} is empty; it holds a folder or an archive for each submission")
    made = [Found(printable_name(name), paths) for name, paths in sorted(found.items())]
    folders = {}
    for one in made:
        folders.setdefault(one.folder, []).append(one.name)
    twice = next((several for several in [*map(separate, found.values()), *folders.values()] if len(several) > 1), None)
    if twice:
        raise UserError(f"SUBMISSIONS: two submissions would be one name in a table: {' and '.join(twice)}; rename one of them")
    return made


def separate(paths):
    """The names of paths that are submissions of their own, and not files of one whom a course's system names."""
    whole = any(path.is_dir() or not any(form.fullmatch(path.name) for form in (MOODLE, CANVAS)) for path in paths)
    return [printable_name(path.name) for path in paths] if whole else []


def who(entry):
    """The student's name in the name of a file or folder, as Canvas, Moodle, or a person wrote it."""
    for form in (MOODLE, CANVAS):
        if hit := form.fullmatch(entry):
            return f"{hit['who']}_{hit['id']}"
    return next((entry[:-len(end)] for end in sorted(SUFFIXES, key=len, reverse=True) if entry.lower().endswith(end)), entry)


# --- unpacking -------------------------------------------------------------------------------------------------------------------------


def unpack(found, target, names, phase):
    """Fills target (new) with what lies in kernel/ and user/ of a submission of a phase, and its file of answers. names: the paths of the
    exercises' files, for loose ones. Raises Unreadable; UserError if git is needed and missing."""
    target.mkdir(parents=True)
    try:
        tree = inner(source(found.paths))
    except OSError as error:
        raise Unreadable(f"cannot be read ({error.strerror})") from None
    root = root_of(tree)
    if root is None:
        tree, root = loose(tree, names), ""
    check_manifest(tree.get(f"{root}manifest.json"), phase)
    taken, answers = tuple(f"{root}{top}/" for top in TAKEN), [root + name for name in names if is_answers(name)]
    write(target, {path[len(root):]: read for path, read in tree.items() if path.startswith(taken) or path in answers})


def source(paths):
    """What lies in the paths of a submission, as {path: a function that gives its bytes, or None for a link}."""
    if len(paths) > 1:  # loose files, of which Canvas makes one each
        return {original_name(path.name): functools.partial(read_file, path) for path in paths}
    return from_folder(paths[0]) if paths[0].is_dir() and not paths[0].is_symlink() else from_archive(paths[0])


def write(target, tree):
    """Makes the files of a tree below target."""
    if len(tree) > MOST_FILES:
        raise Unreadable(f"holds more than {MOST_FILES} files in kernel/ and user/")
    total = 0
    for path, read in tree.items():
        data = read()
        total += len(data or b"")
        if total > MOST_BYTES:
            raise Unreadable(f"unpacks to more than {MOST_BYTES >> 20} MiB")
        place = target / path
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            if data is None:
                os.symlink("nowhere", place)  # a link is named as one (submission.py), and leads nowhere
            else:
                place.write_bytes(data)
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise Unreadable(f"holds a file that cannot be written here: {path[:200]} ({why})") from None


def check_manifest(read, phase):
    """What `make handin` packed says for which phase."""
    try:
        packed_for = json.loads(read())["phase"] if read else phase
    except (ValueError, TypeError, KeyError, RecursionError):
        raise Unreadable("has a manifest.json that make handin did not write") from None
    if packed_for != phase:
        raise Unreadable(f"was packed for phase {packed_for!r:.20}, and phase {phase} is graded".replace("'", ""))


def inner(tree):
    """The tree in a tree that is nothing but an archive: Moodle and Gradescope make a folder of what was handed in."""
    packed = [path for path in tree if path.lower().endswith(SUFFIXES)]
    if root_of(tree) is None and len(packed) == 1:
        with tempfile.TemporaryDirectory(prefix="crescent-") as folder:
            path = Path(folder) / PurePosixPath(packed[0]).name
            path.write_bytes(tree[packed[0]]() or b"")
            return {name: (lambda data=read(): data) for name, read in from_archive(path).items() if relevant(name)}
    if root_of(tree) is None and len(packed) > 1:
        raise Unreadable(f"holds {len(packed)} archives, {packed[0]} and others, and may hold one")
    return tree


def relevant(path):
    return any(part in TAKEN for part in path.split("/")[:DEEPEST + 1]) or path.rpartition("/")[2] in ROOTS or path.endswith(
        (".c", ".h", ".asm", ".toml"))


def root_of(tree):
    """What precedes kernel/ in the paths of a tree, "" or "a/b/"; None if there is no such folder. The least deep one counts."""
    found = set()
    for path in tree:
        parts = path.split("/")
        found |= {depth for depth in range(min(len(parts), DEEPEST + 1)) if parts[depth] in ROOTS and
                  (parts[depth] == "kernel") == (depth < len(parts) - 1)}
    if not found:
        return None
    depth = min(found)
    roots = sorted({"/".join(parts[:depth]) for path in tree if len(parts := path.split("/")) > depth and parts[depth] in ROOTS})
    if len(roots) > 1:
        raise Unreadable(f"holds several trees: {roots[0]}/ and {roots[1]}/")
    return f"{roots[0]}/" if roots[0] else ""


def loose(tree, names):
    """Files that lie anywhere, by the names that exercises give theirs."""
    by_name = {name.rpartition("/")[2]: name for name in names}
    found = {by_name[name]: read for path, read in tree.items() if (name := path.rpartition("/")[2]) in by_name}
    if not found:
        raise Unreadable("holds no folder kernel/ and no file with the name of an exercise's; make handin packs what belongs in")
    return found


def original_name(entry):
    """A file's name without what Canvas puts around it."""
    hit = CANVAS.fullmatch(entry)
    return AGAIN.sub("", hit["file"]) if hit else entry


# --- sources ---------------------------------------------------------------------------------------------------------------------------


def from_folder(top):
    """A folder, without what git keeps in it."""
    found, waiting = {}, [""]
    while waiting:
        prefix = waiting.pop()
        with os.scandir(top / prefix) as entries:
            for entry in entries:
                path = f"{prefix}{entry.name}"
                if len(found) + len(waiting) > MOST_ENTRIES or path.count("/") > 40:
                    raise Unreadable(f"holds more than {MOST_ENTRIES} files, or folders more than 40 deep")
                if entry.is_dir(follow_symlinks=False):
                    waiting += [] if entry.name == ".git" else [f"{path}/"]
                elif entry.is_symlink():
                    found[path] = lambda: None
                else:
                    found[path] = lambda path=path: read_file(top / path)
    return found


def read_file(path):
    """A plain file's bytes; None for a link. Raises Unreadable."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if os.path.islink(path):
            return None
        raise Unreadable(f"holds {path.name}, which cannot be read ({error.strerror})") from None
    with open(fd, "rb") as file:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable(f"holds {path.name}, which is no plain file")
        if status.st_size > MOST_BYTES:
            raise Unreadable(f"holds {path.name}, which has more than {MOST_BYTES >> 20} MiB")
        return file.read(MOST_BYTES)


def from_archive(path):
    """An archive of any form that is taken. Raises Unreadable."""
    name = path.name.lower()
    try:
        if path.is_symlink() or not path.is_file():
            raise Unreadable("is no plain file or folder")
        if name.endswith(".bundle"):
            return from_bundle(path)
        if zipfile.is_zipfile(path):
            return from_zip(path)
        return from_tar(path)
    except (Unreadable, UserError):
        raise
    except Exception as error:  # Python's readers of archives were not written for hostile ones, and raise what comes
        why = str(error).partition(":")[0][:200]
        raise Unreadable(f"is neither a folder nor a zip, tar or git bundle that can be read ({why})") from None


def inside(name):
    """An archive's path without ./ in front. Raises Unreadable about one that leads out of the folder."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
    if name.startswith("/") or ".." in parts or any(ord(c) < 32 for c in name):
        raise Unreadable(f"holds a path that leads out of it: {name[:200]}")
    return "/".join(parts)


def unpacked(path):
    """The bytes of a tar, compressed or not. All of it, headers too, is bounded before anybody looks into it: a header may claim to be of
    any size. Raises Unreadable."""
    with open(path, "rb") as file:
        start = file.read(max(len(magic) for magic, _ in PACKED))
    opener = next((opener for magic, opener in PACKED if start.startswith(magic)), open)
    with opener(path, "rb") as file:
        data = file.read(MOST_TAR + 1)
    if len(data) > MOST_TAR:
        raise Unreadable(f"unpacks to more than {MOST_TAR >> 20} MiB, headers and all")
    return data


def from_tar(path):
    found, total = {}, 0
    with tarfile.open(fileobj=io.BytesIO(unpacked(path)), mode="r:") as tar:
        for number, member in enumerate(tar):
            total += member.size
            if number > MOST_ENTRIES or total > MOST_BYTES:
                raise Unreadable(f"unpacks to more than {MOST_BYTES >> 20} MiB or {MOST_ENTRIES} files")
            if member.isfile():
                data = tar.extractfile(member).read()
                found[inside(member.name)] = lambda data=data: data
            elif not member.isdir():
                found[inside(member.name)] = lambda: None
    return found


def from_zip(path):
    found, total = {}, 0
    with zipfile.ZipFile(path) as archive:
        for number, member in enumerate(archive.infolist()):
            total += member.file_size
            if number > MOST_ENTRIES or total > MOST_BYTES:
                raise Unreadable(f"unpacks to more than {MOST_BYTES >> 20} MiB or {MOST_ENTRIES} files")
            if member.is_dir():
                continue
            if stat.S_ISLNK(member.external_attr >> 16):
                found[inside(member.filename)] = lambda: None
            else:
                with archive.open(member) as file:
                    data = file.read(member.file_size + 1)
                found[inside(member.filename)] = lambda data=data: data
    return found


def from_bundle(path):
    """The files at the tip of a bundle: of HEAD, or of its only branch. git works on hostile data, so it works in the sandbox."""
    with tempfile.TemporaryDirectory(prefix="crescent-") as folder:
        shutil.copyfile(path, f"{folder}/it.bundle")
        heads = dict(reversed(line.split(" ", 1)) for line in git(folder, "bundle", "list-heads", "it.bundle").splitlines() if " " in line)
        branches = [ref for ref in heads if ref.startswith("refs/heads/")]
        if "HEAD" not in heads and len(branches) != 1:
            raise Unreadable(f"is a git bundle of {len(branches)} branches and no HEAD: git bundle create FILE HEAD")
        git(folder, "init", "-q", "--bare", "it.git")
        git(folder, "-C", "it.git", "fetch", "-q", "../it.bundle", f"{'HEAD' if 'HEAD' in heads else branches[0]}:refs/heads/it")
        git(folder, "-C", "it.git", "archive", "--format=tar", "-o", "../it.tar", "refs/heads/it")
        return from_tar(Path(folder) / "it.tar")


def git(folder, *words):
    """What git prints. Raises Unreadable."""
    code, said = call(["git", "-c", "safe.directory=*", *words], folder, GIT_SECONDS,
                      {"HOME": folder, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"})
    if code is None:
        raise Unreadable(f"is a git bundle that git does not read within {GIT_SECONDS} s")
    if code:
        raise Unreadable(f"is a git bundle that git does not read: {(said.strip().splitlines() or ['no reason given'])[-1][:200]}")
    return said
