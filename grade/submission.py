"""What is taken of a student's tree: the files that exercises.toml lists and kernel/mine/. The student's files are hostile: no link is
followed on any part of a path, nothing large is read, nothing else is looked into.

The rest of kernel/ and user/ is compared with what was handed out, so that a change there can be named: it will not be graded."""

import os
import re
import stat
import tarfile
from pathlib import Path

from .errors import UserError

LARGEST = 1 << 20  # bytes of a file
MOST_MINE = 64     # files in kernel/mine/
MINE = "kernel/mine"
MINE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\.(c|h|asm)")
JUNK = re.compile(r".*(~|\.o|\.d|\.orig|\.rej|\.sw[a-p]|\.bak)|\.DS_Store|\..*")
HOST_FILE = re.compile(rb"^\s*[#%]\s*(?:include|include_next|embed|import|depend|pathsearch)\s*[\"<'`]\s*/|\bincbin\s*[\"'`]\s*/",
                       re.M | re.I)  # for clear words: what is hidden behind a macro meets the limits of build.call()
MOST_NAMED = 2000  # files looked at for "not taken"


class Refused(Exception):
    """Why a file is not read; a few words that follow its name."""


def read_given(path):
    """{path: bytes} of kernel/ and user/ as handed out. Raises UserError."""
    try:
        with tarfile.open(path, "r:") as tar:
            return {member.name: tar.extractfile(member).read() for member in tar if member.isfile()}
    except (OSError, tarfile.TarError) as error:
        raise UserError(f"{path} cannot be read ({error}): it comes with the tree; copy it from a fresh one") from None


def read_inside(root, path):
    """The bytes of a plain file below root. Raises Refused; follows no link, not even in the middle of the path."""
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        *parents, name = path.split("/")
        for parent in parents:
            inner = os.open(parent, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
            os.close(folder)
            folder = inner
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except FileNotFoundError:
        raise Refused("is missing") from None
    except OSError as error:
        link = error.errno in (40, 62, 20)  # ELOOP on Linux and macOS, ENOTDIR: a link, or a file in place of a folder
        raise Refused("is a link, or lies behind one" if link else f"cannot be read ({error.strerror})") from None
    finally:
        os.close(folder)
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise Refused("is not a plain file")
        if status.st_size > LARGEST:
            raise Refused(f"is larger than {LARGEST >> 20} MiB")
        with open(fd, "rb", closefd=False) as file:
            return file.read(LARGEST)
    finally:
        os.close(fd)


def take(root, given, exercises):
    """(files, refused, ignored): files {path: bytes} that are graded and differ from what was given; refused {path: why} of files that
    are the student's but cannot be taken; ignored [(path, "changed"|"added"|"removed")] of all others."""
    files, refused = {}, {}
    theirs = [path for exercise in exercises.values() for path in exercise.files] + _mine(root)
    for path in dict.fromkeys(theirs):
        try:
            data = read_inside(root, path)
        except Refused as why:
            refused[path] = str(why)
            continue
        if data == given.get(path):
            continue
        if HOST_FILE.search(data):
            refused[path] = "includes a file of the machine on which it is graded, by a path from the root"
        else:
            files[path] = data
    if len([path for path in files if path.startswith(MINE + "/")]) > MOST_MINE:
        for path in [path for path in files if path.startswith(MINE + "/")]:
            refused[path] = f"is one of more than {MOST_MINE} files in {MINE}"
            del files[path]
    return files, refused, _ignored(Path(root), given, set(theirs))


def _mine(root):
    """The names in kernel/mine/ that may be a student's."""
    folder = Path(root) / MINE
    if not folder.is_dir() or folder.is_symlink():
        return []
    return [f"{MINE}/{name}" for name in sorted(os.listdir(folder)) if MINE_NAME.fullmatch(name)]


def _ignored(root, given, theirs):
    here = set()
    for top in ("kernel", "user"):
        for folder, folders, names in os.walk(root / top):
            folders[:] = sorted(f for f in folders if not f.startswith("."))
            here |= {os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/") for name in names if not JUNK.fullmatch(name)}
            if len(here) > MOST_NAMED:
                break
    found = []
    for path in sorted((here | set(given)) - theirs):
        if path not in here:
            found.append((path, "removed"))
        elif path not in given:
            found.append((path, "added"))
        elif _differs(root, path, given[path]):
            found.append((path, "changed"))
    return found


def _differs(root, path, data):
    try:
        return read_inside(root, path) != data
    except Refused:
        return True
