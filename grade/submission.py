"""What is taken of a student's tree: the files that exercises.toml lists and kernel/mine/. The student's files are hostile: no link is
followed on any part of a path, nothing large is read, nothing else is looked into.

The rest of kernel/ and user/ is compared with what was handed out, so that a change there can be named: it will not be graded. Looked into
are the folders that were handed out and no others, so nobody has to follow folders within folders.

kernel/mine/mine.h alone gets into what was handed out, the kernel's tests too, for the kernel's structures embed its own. So it may hold
nothing that could change the meaning of what stands behind it: structures, enumerations, and constants called MINE_..."""

import os
import re
import stat
import tarfile
from pathlib import PurePosixPath

from .errors import UserError, printable_name

LARGEST = 1 << 20  # bytes of a file
MOST_MINE = 64     # files in kernel/mine/
MINE = "kernel/mine"
MINE_HEADER = "kernel/mine/mine.h"
ABSENT = "not handed in"
MISSING = "is missing"  # why a file is Refused that is not there
MINE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\.(c|h|asm)")
JUNK = re.compile(r".*(~|\.o|\.d|\.orig|\.rej|\.sw[a-p]|\.bak)|\.DS_Store|\..*")
HOST_FILE = re.compile(rb"^\s*[#%]\s*(?:include|include_next|embed|import|depend|pathsearch)\s*[\"<'`]\s*/|\bincbin\s*\\?[\"'`]\s*/",
                       re.M | re.I)  # for clear words: what is hidden behind a macro meets the limits of build.call()
MOST_SIGNS = 10
MOST_NAMED = 2000  # added files that are named

# What code of an exercise has no business with: the tests' own structures, the machine behind arch/'s back, addresses of the kernel's
# written as numbers, names made of pieces. For a person to look at; no verdict rests on it.
SIGNS = re.compile(rb"\b(ktest\w*|\w*nonce\w*|trace_(?!event\b)\w+|panic_report|option_(?:given|u64|text)|"
                   rb"(?:text|rodata|data|kernel|programs)_(?:start|end)|DIRECT_BASE|KERNEL_BASE|"
                   rb"__builtin_(?:return|frame)_address|asm|__asm(?:__)?|"
                   rb"0xffff[08c][0-9a-f]{11}(?:ul?l?)?|0xf{8}8[0-9a-f]{7}(?:ul?l?)?)\b|(?<!#)##(?!#)", re.I)

# What mine.h may hold, when comments are taken away: lines for the preprocessor, and the rest.
COMMENT = re.compile(r'/\*.*?\*/|//[^\n]*', re.S)
MINE_LINE = re.compile(r'#\s*(pragma\s+once|include\s*"(lib|base|arch|mm|sched|fs|proc)/\w+\.h"|ifndef\s+MINE\w*|endif|'
                       r'define\s+MINE\w*([ \t]+(MINE\w*|\d\w*|[-+*/<>|&~^() \t])*)?)\s*')
MINE_TEXT = re.compile(r"(?:(?:struct|union|enum)\s+\w+\s*(?:\{[^{}]*\}\s*)?;\s*)*")
INNER = re.compile(r"\{([^{}]*)\}(?=[^{}]*\})")  # braces within braces
NOT_MINE = re.compile(r"""["'#\\?%]|<:|:>|\b(asm|typeof|_\w*)\b""")


class Refused(Exception):
    """Why a file or folder is not read; a few words that follow its name."""


def signs(files, given):
    """Lines about files {path: bytes} that name what the tests keep their evidence in, where what was handed out does not."""
    found = []
    for path, data in files.items():
        known = {found[0] for found in SIGNS.finditer(given.get(path, b""))}
        for number, line in enumerate(data.splitlines(), 1):
            names = [found[0] for found in SIGNS.finditer(line) if found[0] not in known]
            if names:
                found.append(f"{path}:{number} names {names[0].decode()}")
    return found[:MOST_SIGNS]


def header_fault(data):
    """Why the content of mine.h is not taken, or None."""
    text = COMMENT.sub(" ", re.sub(r"\\[ \t\f\v]*\r?\n", "", data.decode("utf-8", "replace")))
    lines = text.split("\n")
    odd = next((line.strip() for line in lines if line.lstrip().startswith("#") and not MINE_LINE.fullmatch(line.strip())), None)
    rest = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    odd = odd or next((found[0] for found in [NOT_MINE.search(rest)] if found), None)
    while not odd and INNER.search(rest):
        rest = INNER.sub(" ", rest)
    if odd or not MINE_TEXT.fullmatch(rest.strip()):
        return "may hold structures, enumerations and constants called MINE_..., for it is a part of what was handed out" + (
            f"; `{printable_name(odd)[:60]}` belongs into another file of {MINE}/" if odd else "")
    return None


def read_given(path):
    """{path: bytes} of kernel/ and user/ as handed out. Raises UserError."""
    try:
        with tarfile.open(path, "r:") as tar:
            return {member.name: tar.extractfile(member).read() for member in tar if member.isfile()}
    except (OSError, tarfile.TarError) as error:
        raise UserError(f"{path} cannot be read ({error}): it comes with the tree; copy it from a fresh one") from None


def open_inside(root, path, flags=0):
    """Opens a file or folder below root. Returns its descriptor. Raises Refused; follows no link, not even in the middle of the path."""
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        *parents, name = path.split("/")
        for parent in parents:
            inner = os.open(parent, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
            os.close(folder)
            folder = inner
        return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | flags, dir_fd=folder)
    except FileNotFoundError:
        raise Refused(MISSING) from None
    except OSError as error:
        link = error.errno in (40, 62, 20)  # ELOOP on Linux and macOS, ENOTDIR: a link, or a file in place of a folder
        raise Refused("is a link, or lies behind one" if link else f"cannot be read ({error.strerror})") from None
    finally:
        os.close(folder)


def entries_inside(root, path):
    """[(name, whether it is a folder)] of what is in a folder below root, sorted. Raises Refused."""
    folder = open_inside(root, path, os.O_DIRECTORY)
    try:
        with os.scandir(folder) as found:
            return sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in found)
    finally:
        os.close(folder)


def read_inside(root, path):
    """The bytes of a plain file below root. Raises Refused."""
    fd = open_inside(root, path)
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
    are the student's but cannot be taken; ignored [(printable path, "changed"|"added"|"removed")] of all others, where most of these are
    missing with one entry for them, which are ABSENT."""
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
        elif path == MINE_HEADER and (why := header_fault(data)):
            refused[path] = why
        else:
            files[path] = data
    if len([path for path in files if path.startswith(MINE + "/")]) > MOST_MINE:
        for path in [path for path in files if path.startswith(MINE + "/")]:
            refused[path] = f"is one of more than {MOST_MINE} files in {MINE}"
            del files[path]
    return files, refused, _ignored(root, given, set(theirs))


def _mine(root):
    """The names in kernel/mine/ that may be a student's."""
    return [f"{MINE}/{name}" for name, _ in _entries(root, MINE) if MINE_NAME.fullmatch(name)]


def _entries(root, folder):
    try:
        return entries_inside(root, folder)
    except Refused:
        return []


def _ignored(root, given, theirs):
    others = [path for path in given if path not in theirs]
    changed = [(path, how) for path in others if (how := _change(root, path, given[path]))]
    removed = [path for path, how in changed if how == "removed"]
    if 2 * len(removed) > len(others):  # no tree, but files of one
        changed = [(f"what else was handed out ({len(removed)} files)", ABSENT), *(item for item in changed if item[1] != "removed")]
    added = [(name, "added") for name in _added(root, {*given, *theirs})]
    return sorted(changed + added[:MOST_NAMED])


def _change(root, path, data):
    """"changed", "removed" or None."""
    try:
        return "changed" if read_inside(root, path) != data else None
    except Refused as why:
        return "removed" if str(why) == MISSING else "changed"


def _added(root, known):
    """What is in the folders of the known files and is not known. Of a folder without known files only its own name, and a / behind it."""
    folders = {folder.as_posix() for path in known for folder in PurePosixPath(path).parents} - {"."} | {MINE, "user"}
    return [printable_name(path) + "/" * is_folder for folder in sorted(folders) for name, is_folder in _entries(root, folder)
            if (path := f"{folder}/{name}") not in known and path not in folders and not JUNK.fullmatch(name)]
