"""The kernel's files: names, contents, descriptors, pipes, the terminal, the boot archive. A script of calls is played to the kernel
(ktest fs_script), and what each call returned is compared with the model in grade/models/files.py, or with what Linux says; the model is
compared with Linux itself, where the host is one."""

import errno
import os
import random
import sys

import kernels
import pytest

from grade import dwarf
from grade.api import boots, no_leak, require
from grade.boot import Boot
from grade.models import files

PHASE = 3
SEEDS = range(1, 41 if kernels.ALL else 9)
CALLS = 1100  # in a script; each leaves up to three facts, of which there is room for 4096
NOFOLLOW, REMOVEDIR = 0x100, 0x200
O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_NONBLOCK = 1, 2, 0o100, 0o200, 0o1000, 0o2000, 0o4000
O_DIRECTORY, O_NOFOLLOW, O_CLOEXEC = 0o200000, 0o400000, 0o2000000
HERE = -100  # AT_FDCWD


@pytest.fixture
def boot(request, tmp_path):
    """Boots the finished kernel of the phase."""
    mark = request.node.get_closest_marker("boots")
    tree = kernels.reference(PHASE)
    made = Boot(tree / "build" / "checked" / "kernel.elf", dwarf.Image(kernels.content(tree)), 2, mark.args[0] if mark else 1,
                kernels.Variants(PHASE, {}, tmp_path / "kernels"))
    yield made
    made.close()


def signed(value):
    return value - (1 << 64) if value >> 63 else value


def named(result):
    return errno.errorcode.get(-result, result) if result < 0 else result


def line_of(call):
    return " ".join(str(word) if word != "" else '""' for word in call)


def script_of(calls, archive=b""):
    """What is typed: a line a call, the archive behind the call that takes it, and text (bytes) that stands among the calls."""
    return b"".join(call if isinstance(call, bytes) else line_of(call).encode() + b"\n" + (archive if call[0] == "archive" else b"")
                    for call in calls)


def play(boot, calls, options="", limit_ms=2000, archive=b"", trace="off", **kwargs):
    """[(result, [(a, b) of the facts behind it])] of the calls (tuples: a name and its arguments)."""
    run = boot("fs_script", options, input=script_of(calls, archive), trace=trace, limit_ms=limit_ms, **kwargs)
    answers, notes = [], []
    for fact in run.facts(least=0):
        if fact.key == "NOTE":
            notes.append((fact.a, fact.b))
        elif fact.key == "RESULT":
            answers.append((signed(fact.b), notes))
            notes = []
    calls = [call for call in calls if not isinstance(call, bytes)]
    require(len(answers) == len(calls), "every call of the script returns", f"{len(answers)} of {len(calls)}", run.console[-300:])
    no_leak(run)
    return answers


def text(data):
    """The answer to a read that gives these bytes."""
    return len(data), [(len(data), files.fnv(data))] if data else []


def results(boot, calls, **kwargs):
    return [result for result, _ in play(boot, calls, **kwargs)]


def expect(boot, rule, *table, **kwargs):
    """Plays the calls of a table of (result, name, argument ...) and compares."""
    seen = results(boot, [row[1:] for row in table], **kwargs)
    for row, result in zip(table, seen):
        wanted = -getattr(errno, row[0]) if isinstance(row[0], str) else row[0]
        require(wanted in (result, None), rule, f"{line_of(row[1:])}: {named(result)}, expected {row[0]}")


# --- a random life, against the model ----------------------------------------------------------------------------------------------------

NAMES = ("a", "b", "c", "d")


def random_path(chance):
    parts = [chance.choice(NAMES) for _ in range(chance.choice((1, 1, 1, 2, 2, 3)))]
    if chance.random() < 0.1:
        parts.insert(chance.randrange(len(parts) + 1), chance.choice((".", "..")))
    path = "/".join(parts) + ("/" if chance.random() < 0.06 else "")
    return ("../w/" if chance.random() < 0.05 else "") + path


def random_call(chance):
    path, other, fd = random_path(chance), random_path(chance), chance.choice((3, 3, 4, 5, 6))
    flags = chance.choice((0, O_WRONLY, O_RDWR, O_RDWR)) | sum(
        bit for bit, odds in ((O_CREAT, 0.7), (O_EXCL, 0.1), (O_TRUNC, 0.1), (O_APPEND, 0.2), (O_NOFOLLOW, 0.1), (O_DIRECTORY, 0.04))
        if chance.random() < odds)
    if flags & O_CREAT and flags & O_DIRECTORY:
        flags &= ~O_DIRECTORY
    size = chance.choice((0, 1, 100, 4095, 4096, 4097, 9000))
    return chance.choices((
        ("open", HERE, path, flags, 0o644), ("close", fd), ("write", fd, size, chance.randrange(256)), ("read", fd, size, 0),
        ("lseek", fd, chance.choice((0, 10, -10, 4096, 20000)), chance.randrange(3)), ("mkdir", path, 0o755), ("unlink", HERE, path, 0),
        ("unlink", HERE, path, REMOVEDIR), ("rename", path, other, 0), ("link", path, other, 0),
        ("symlink", chance.choice((other, other.rstrip("/"), "../" + other.removeprefix("../w/"))), path), ("readlink", path, 100),
        ("stat", path, 0),
        ("stat", path, NOFOLLOW), ("truncate", path, 0, chance.choice((0, 50, 5000, 12288))), ("chdir", chance.choice((path, "../w")), 0),
        ("getcwd",),
    ), (8, 6, 8, 8, 3, 7, 4, 3, 7, 5, 3, 2, 6, 4, 3, 2, 1))[0]


def random_script(seed):
    """Calls below /w. The working directory is given back, and what is left is listed, at the end."""
    chance = random.Random(seed)
    calls = [("mkdir", "/w", 0o755), ("chdir", "/w", 0)] + [random_call(chance) for _ in range(CALLS)]
    calls += [("close", fd) for fd in range(3, 16)] + [("chdir", "/w", 0)]
    for path in [".", *NAMES, *(f"{x}/{y}" for x in NAMES for y in NAMES)]:
        calls += [("open", HERE, path, O_DIRECTORY, 0), ("readdir", 3, 65536), ("close", 3)]
    return calls


def modelled(calls):
    tree = files.Tree()
    answers = []
    for call in calls:
        if call[0] == "open" and len(tree.open) == 13:  # there are 16 descriptors
            answers.append((-errno.EMFILE, []))
        else:
            answers.append(tree.call(*call))
    return answers


def as_modelled(boot, calls):
    seen, wanted = play(boot, calls), modelled(calls)
    for n, (call, ours, right) in enumerate(zip(calls, seen, wanted)):
        require(ours == right, "every call on files returns, and leaves, what the model says",
                f"call {n}: {line_of(call)}", f"kernel: {named(ours[0])} {ours[1]}", f"model: {named(right[0])} {right[1]}",
                *(line_of(before) for before in calls[max(0, n - 12):n]))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_life_of_files_is_as_the_model_has_it(boot, seed):
    as_modelled(boot, random_script(seed))


def test_what_was_cut_off_a_file_is_gone(boot):
    """A file that is made shorter and longer again, within a page and over several, has zeros there; so has a hole."""
    calls = [("open", HERE, "/f", O_CREAT | O_RDWR, 0o644)]
    for short in (50, 4096, 5000, 0, 8999):
        calls += [("lseek", 3, 0, 0), ("write", 3, 9000, short), ("truncate", "/f", 0, short), ("truncate", "/f", 0, 12288),
                  ("lseek", 3, 0, 0),
                  ("read", 3, 20000, 0)]
    as_modelled(boot, [*calls, ("lseek", 3, 40000, 0), ("write", 3, 5, 1), ("lseek", 3, 0, 0), ("read", 3, 50000, 0)])


def test_what_is_appended_comes_behind_whatever_others_wrote(boot):
    as_modelled(boot, [("open", HERE, "/f", O_CREAT | O_RDWR | O_APPEND, 0o644), ("open", HERE, "/f", O_RDWR, 0), ("write", 3, 10, 1),
                       ("write", 4, 4, 2),
                       ("lseek", 3, 0, 0), ("write", 3, 10, 3), ("write", 3, 0, 0), ("lseek", 3, 0, 1), ("lseek", 3, 0, 0),
                       ("read", 3, 100, 0),
                       ("read", 4, 100, 0)])


class Host:
    """The same calls on the host's own files, below a folder."""

    def __init__(self, folder):
        self.top, self.open, self.here = os.fspath(folder), {}, os.fspath(folder)

    def path(self, path):
        return self.top + path if path[:1] == "/" else path

    def call(self, name, *arguments):
        try:
            made = getattr(self, f"do_{name}")(*arguments)
        except OSError as error:
            return -error.errno, []
        return made if isinstance(made, tuple) else (made or 0, [])

    def file(self, fd):
        if fd not in self.open:
            raise OSError(errno.EBADF, "")
        return self.open[fd]

    def do_open(self, _, path, flags, mode):
        if len(self.open) == 13:
            raise OSError(errno.EMFILE, "")
        real = os.open(self.path(path), flags, mode)
        fd = next(n for n in range(3, 16) if n not in self.open)
        self.open[fd] = real
        return fd

    def do_close(self, fd):
        os.close(self.file(fd))
        del self.open[fd]

    def do_read(self, fd, n, _):
        data = os.read(self.file(fd), n)
        return len(data), [(len(data), files.fnv(data))] if data else []

    def do_write(self, fd, n, seed):
        return os.write(self.file(fd), files.pattern(n, seed))

    def do_lseek(self, fd, offset, whence):
        if whence == os.SEEK_END and os.path.isdir(f"/proc/self/fd/{self.file(fd)}"):
            raise OSError(errno.EINVAL, "")  # as Linux's files in memory; others give numbers of their own
        return os.lseek(self.file(fd), offset, whence)

    def do_mkdir(self, path, mode):
        os.mkdir(self.path(path), mode)

    def do_unlink(self, _, path, flags):
        (os.rmdir if flags else os.unlink)(self.path(path))

    def do_rename(self, old, new, _):
        os.rename(self.path(old), self.path(new))

    def do_link(self, old, new, _):
        os.link(self.path(old), self.path(new), follow_symlinks=False)

    def do_symlink(self, target, path):
        os.symlink(target, self.path(path))

    def do_readlink(self, path, _):
        target = os.fsencode(os.readlink(self.path(path)))
        return len(target), [(len(target), files.fnv(target))]

    def do_stat(self, path, flags):
        st = os.stat(self.path(path), follow_symlinks=not flags)
        folder = st.st_mode & 0o170000 == files.DIR
        return 0, [(st.st_mode, 0 if folder else st.st_size), (st.st_nlink, 0)]

    def do_truncate(self, path, _, size):
        os.truncate(self.path(path), size)

    def do_chdir(self, path, _):
        os.chdir(self.path(path))

    def do_getcwd(self):
        path = os.fsencode(os.getcwd()[len(self.top):])
        return len(path) + 1, [(len(path) + 1, files.fnv(path))]

    def do_readdir(self, fd, _):
        kinds = {".": 4, "..": 4}
        with os.scandir(self.file(fd)) as entries:
            kinds |= {entry.name: 10 if entry.is_symlink() else 4 if entry.is_dir() else 8 for entry in entries}
        return len(kinds), [(len(kinds), sum(files.fnv(name.encode()) + kind for name, kind in kinds.items()) & files.MASK)]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_model_is_as_the_host_has_it(seed, tmp_path):
    """Where the host is Linux: elsewhere errors differ, and only the model judges itself."""
    calls = random_script(seed)
    wanted = modelled(calls)
    if not sys.platform.startswith("linux"):
        assert len(wanted) == len(calls)
        return
    before, mask = os.getcwd(), os.umask(files.UMASK)
    host = Host(tmp_path)
    try:
        for n, (call, right) in enumerate(zip(calls, wanted)):
            seen = host.call(*call)
            assert seen == right, f"call {n}: {line_of(call)}: the host {named(seen[0])} {seen[1]}, the model {named(right[0])} {right[1]}"
    finally:
        os.umask(mask)
        os.chdir(before)
        for fd in host.open.values():
            os.close(fd)


# --- paths, permissions, descriptors: tables of what Linux returns -----------------------------------------------------------------------

LONG = "n" * 255

PATHS = [
    (0, "mkdir", "/d", 0o755), (0, "mkdir", "/d/e/", 0o755), (3, "open", HERE, "/d/f", O_CREAT | O_RDWR, 0o644),
    (0, "stat", "/d//e/.././f", 0), (0, "stat", "////d", 0), ("ENOTDIR", "stat", "/d/f/", 0), ("ENOTDIR", "stat", "/d/f/.", 0),
    ("ENOTDIR", "stat", "/d/f/g", 0), ("ENOENT", "stat", "", 0), ("ENOENT", "stat", "/d/none/..", 0), (0, "stat", "/..", 0),
    (0, "stat", "/../../d/..", 0), ("ENAMETOOLONG", "stat", LONG + "n", 0), (0, "mkdir", "/" + LONG, 0o755),
    (0, "stat", f"/{LONG}/../d/f", 0), ("ENAMETOOLONG", "mkdir", f"/d/{LONG}n", 0o755),
    # symbolic links
    (0, "symlink", "/d/f", "/l"), (0, "stat", "/l", 0), ("ENOTDIR", "stat", "/l/", NOFOLLOW), (0, "symlink", "e/", "/d/le"),
    (0, "stat", "/d/le/", NOFOLLOW), (4, "open", HERE, "/d/le/x", O_CREAT | O_WRONLY, 0o644), (0, "stat", "/d/e/x", 0),
    (0, "symlink", "loop2", "/loop1"), (0, "symlink", "loop1", "/loop2"), ("ELOOP", "stat", "/loop1", 0), (0, "stat", "/loop1", NOFOLLOW),
    ("ELOOP", "open", HERE, "/loop1/x", O_CREAT, 0o644), ("ENOENT", "symlink", "", "/empty"), ("EEXIST", "symlink", "x", "/l"),
    ("ENOENT", "symlink", "x", "/new/"), ("EINVAL", "readlink", "/d", 10), (4, "readlink", "/l", 100), (2, "readlink", "/l", 2),
    (0, "symlink", "nowhere", "/dangling"), ("ENOENT", "stat", "/dangling", 0), ("EEXIST", "mkdir", "/dangling", 0o755),
    ("EEXIST", "open", HERE, "/dangling", O_CREAT | O_EXCL, 0o644), ("ELOOP", "open", HERE, "/dangling", O_NOFOLLOW, 0),
    (5, "open", HERE, "/dangling", O_CREAT | O_WRONLY, 0o644), (0, "stat", "/nowhere", 0),
    # what cannot be made, opened or removed
    ("EEXIST", "mkdir", "/", 0o755), ("EEXIST", "mkdir", "/d/.", 0o755), ("EEXIST", "mkdir", "/d/..", 0o755),
    ("EEXIST", "mkdir", "/l", 0o755),
    ("EISDIR", "open", HERE, "/d", O_WRONLY, 0), ("EISDIR", "open", HERE, "/d", O_CREAT, 0), ("EISDIR", "open", HERE, "/d", O_TRUNC, 0),
    ("EISDIR", "open", HERE, "/newfile/", O_CREAT, 0o644), ("ENOTDIR", "open", HERE, "/d/f", O_DIRECTORY, 0),
    ("EINVAL", "open", HERE, "/d/f", O_CREAT | O_DIRECTORY, 0), ("EISDIR", "unlink", HERE, "/d", 0), ("EISDIR", "unlink", HERE, "/d/.", 0),
    ("ENOTDIR", "unlink", HERE, "/d/f/", 0), ("ENOTDIR", "unlink", HERE, "/d/f", REMOVEDIR),
    ("EINVAL", "unlink", HERE, "/d/e/.", REMOVEDIR),
    ("ENOTEMPTY", "unlink", HERE, "/d/e/..", REMOVEDIR), ("EBUSY", "unlink", HERE, "/", REMOVEDIR),
    ("ENOTEMPTY", "unlink", HERE, "/d", REMOVEDIR),
    ("EBUSY", "rename", "/d/.", "/x", 0), ("EBUSY", "rename", "/d", "/d/..", 0), ("EINVAL", "rename", "/d", "/d/e/d", 0),
    ("ENOTEMPTY", "rename", "/d/e", "/d", 0), ("EISDIR", "rename", "/d/f", "/d/e", 0), ("ENOTDIR", "rename", "/d/e", "/d/f", 0),
    ("ENOTDIR", "rename", "/d/f", "/d/g/", 0), ("EEXIST", "rename", "/d/f", "/l", 1),
    ("EPERM", "link", "/d", "/d2", 0), ("EEXIST", "link", "/d/f", "/l", 0), ("ENOENT", "link", "/d/f", "/d/h/", 0),
    # a directory that was removed while somebody was in it
    (0, "mkdir", "/gone", 0o755), (0, "chdir", "/gone", 0), (0, "unlink", HERE, "/gone", REMOVEDIR), ("ENOENT", "getcwd"),
    ("ENOENT", "open", HERE, "x", O_CREAT, 0o644), ("ENOENT", "mkdir", "x", 0o755), (0, "stat", ".", 0), (0, "chdir", "..", 0),
    (2, "getcwd"),
    # descriptors as a base
    (6, "open", HERE, "/d", O_DIRECTORY, 0), (7, "open", 6, "f", 0, 0), ("ENOTDIR", "open", 7, "f", 0, 0), ("EBADF", "open", 9, "f", 0, 0),
    (8, "open", 9, "/d/f", 0, 0), ("ENOENT", "open", 6, "", 0, 0), (0, "unlink", 6, "f", 0), ("ENOENT", "stat", "/d/f", 0),
    ("EBADF", "write", 8, 1, 0), ("EBADF", "read", 5, 1, 0), ("EISDIR", "read", 6, 1, 0),
]


def test_a_path_leads_where_linux_says(boot):
    expect(boot, "a path leads where it leads under Linux, or fails as there", *PATHS)


PERMISSIONS = [
    (0, "mkdir", "/p", 0o755), (3, "open", HERE, "/p/f", O_CREAT | O_WRONLY, 0o640), (0, "chown", "/p/f", 0, 10, 20),
    (0, "mkdir", "/p/t", 0o777),
    (0, "chmod", "/p/t", 0, 0o1777), (0, "mkdir", "/p/in", 0o755), (0, "chmod", "/p/in", 0, 0o700),
    (4, "open", HERE, "/p/in/x", O_CREAT, 0o666),
    (0, "user", 10, 99), (5, "open", HERE, "/p/f", O_RDWR, 0), ("EACCES", "access", "/p/f", 0, 1), (0, "chmod", "/p/f", 0, 0o604),
    ("EPERM", "chown", "/p/f", 0, 11, -1), ("EPERM", "chown", "/p/f", 0, -1, 50), (0, "chown", "/p/f", 0, 10, 99),
    (0, "user", 0, 0), (0, "chown", "/p/f", 0, 10, 20),
    (0, "user", 30, 20), ("EACCES", "open", HERE, "/p/f", 0, 0), ("EPERM", "chmod", "/p/f", 0, 0o777),
    (0, "user", 30, 31), (6, "open", HERE, "/p/f", 0, 0), ("EACCES", "open", HERE, "/p/f", O_WRONLY, 0),
    ("EACCES", "open", HERE, "/p/f", O_TRUNC, 0),
    ("EACCES", "open", HERE, "/p/new", O_CREAT, 0o644), ("EACCES", "mkdir", "/p/new", 0o755), ("EACCES", "unlink", HERE, "/p/f", 0),
    ("EACCES", "stat", "/p/in/x", 0), ("EACCES", "chdir", "/p/in", 0), ("EACCES", "rename", "/p/f", "/p/t/f", 0),
    ("EACCES", "link", "/p/in/x", "/p/t/x", 0), (7, "open", HERE, "/p/t/mine", O_CREAT | O_WRONLY, 0o666), (0, "mkdir", "/p/t/dir", 0o700),
    (0, "user", 40, 41), ("EPERM", "unlink", HERE, "/p/t/mine", 0), ("EPERM", "rename", "/p/t/mine", "/p/t/other", 0),
    ("EPERM", "unlink", HERE, "/p/t/dir", REMOVEDIR), (8, "open", HERE, "/p/t/theirs", O_CREAT, 0o600),
    ("EPERM", "rename", "/p/t/theirs", "/p/t/mine", 0), (0, "unlink", HERE, "/p/t/theirs", 0),
    (0, "user", 30, 31), (0, "unlink", HERE, "/p/t/mine", 0),
    (0, "user", 0, 0), (0, "access", "/p/in/x", 0, 6), ("EACCES", "access", "/p/in/x", 0, 1), (9, "open", HERE, "/p/in/x", O_RDWR, 0),
]


def test_permissions_are_those_of_linux(boot):
    expect(boot, "who may do what with a file is as under Linux", *PERMISSIONS)


def test_descriptors_are_the_lowest_free_ones_up_to_the_limit(boot):
    expect(boot, "descriptors are given, doubled and taken back as under Linux",
           (3, "open", HERE, "/dev/null", O_RDWR, 0), (3, "dup2", 3, 3), ("EBADF", "dup2", 4, 4), ("EBADF", "dup2", 4, 3),
           ("EBADF", "dup2", 3, 16),
           ("EBADF", "dup2", 3, -1), (9, "dup2", 3, 9), (4, "open", HERE, "/dev/null", O_CLOEXEC, 0), (4, "dup2", 4, 4),
           (10, "dupfrom", 3, 9, 1),
           (5, "dupfrom", 3, 0, 0),
           ("EMFILE", "dupfrom", 3, 16, 0), (0, "exec"), ("EBADF", "close", 4), ("EBADF", "close", 10), (0, "close", 9),
           (4, "dupfrom", 3, 0, 0),
           (0, "limit", 6), ("EMFILE", "open", HERE, "/never", O_CREAT, 0o644), ("ENOENT", "stat", "/never", 0), ("EBADF", "dup2", 3, 6),
           (0, "limit", 2000), *((n, "dupfrom", 3, 0, 0) for n in range(6, 100)), (1999, "dup2", 3, 1999),
           ("EMFILE", "dupfrom", 3, 1999, 0),
           ("EBADF", "dup2", 3, 2000), (0, "close", 50), (50, "dupfrom", 3, 0, 0), (1, "write", 1999, 1, 0))


def test_a_lock_on_a_file_is_its_open_files(boot):
    shared, alone, none = 1, 2, 8
    expect(boot, "a lock is shared or alone, belongs to an open file with all its descriptors, and goes with it",
           (3, "open", HERE, "/f", O_CREAT | O_RDWR, 0o644), (4, "open", HERE, "/f", O_RDWR, 0), (5, "dupfrom", 3, 0, 0),
           (0, "flock", 3, shared),
           (0, "flock", 4, shared), ("EAGAIN", "flock", 4, alone), (0, "flock", 3, alone), ("EAGAIN", "flock", 4, shared),
           (0, "flock", 5, alone),
           (0, "close", 3), ("EAGAIN", "flock", 4, shared), (0, "close", 5), (0, "flock", 4, alone), (0, "flock", 4, none))


def test_devices_do_what_their_names_say(boot):
    answers = play(boot, [("open", HERE, "/dev/null", O_RDWR, 0), ("write", 3, 100, 1), ("read", 3, 10, 0),
                          ("open", HERE, "/dev/zero", O_RDWR, 0),
                          ("read", 4, 5000, 0), ("write", 4, 9, 1), ("open", HERE, "/dev/full", O_RDWR, 0), ("read", 5, 3, 0),
                          ("write", 5, 1, 0),
                          ("open", HERE, "/dev/urandom", O_RDWR, 0), ("read", 6, 999, 0), ("read", 6, 999, 0),
                          ("mknod", "/own", 0o020666, 0x103),
                          ("open", HERE, "/own", O_WRONLY, 0), ("write", 7, 7, 0), ("mknod", "/no", 0o020666, 0x9999),
                          ("open", HERE, "/no", 0, 0)])
    require([result for result, _ in answers] == [3, 100, 0, 4, 5000, 9, 5, 3, -errno.ENOSPC, 6, 999, 999, 0, 7, 7, 0, -errno.ENXIO],
            "null, zero, full and random are what they are under Linux", f"{answers}")
    require(answers[4][1] == [(5000, files.fnv(bytes(5000)))] and answers[7][1] == [(3, files.fnv(bytes(3)))], "zero and full give zeros")
    require(answers[10][1] != answers[11][1], "random numbers differ")


def test_the_trace_can_be_read_on(boot):
    answers = play(boot, [("pipe", 0), ("poll", 3, 1, 2), ("close", 3), ("open", HERE, "/dev/trace", 0, 0), ("read", 3, 20, 0),
                          ("read", 3, 300, 0), ("read", 3, 65536, 0),
                          ("read", 3, 65536, 0),
                          ("write", 3, 1, 0)], trace="last")
    first, part, rest, again, written = [result for result, _ in answers[4:]]
    require(first == -errno.EINVAL and 100 < part <= 300 and rest >= 0 and again == 0 and written == -errno.EBADF,
            "the trace is read line by line, once each", f"{answers}")


# --- pipes -------------------------------------------------------------------------------------------------------------------------------


def test_a_pipe_that_may_not_wait_says_so(boot):
    expect(boot, "a pipe gives what is there, ends with its writers, and breaks with its readers",
           (3 << 8 | 4, "pipe", O_NONBLOCK), ("EAGAIN", "read", 3, 10, 0), ("EBADF", "read", 4, 1, 0), ("EBADF", "write", 3, 1, 0),
           ("ESPIPE", "lseek", 3, 0, 0), ("ESPIPE", "read", 3, 1, 0, 0), (0, "poll", 3, 1), (4, "poll", 4, 4), (10, "write", 4, 10, 1),
           (1, "poll", 3, 1), (4, "read", 3, 4, 0), (6, "read", 3, 10, 0), (65530, "write", 4, 65530, 9), (0, "poll", 4, 4),
           ("EAGAIN", "write", 4, 4096, 0), (6, "write", 4, 6, 0), ("EAGAIN", "write", 4, 1, 0), (4095, "read", 3, 4095, 0),
           (0, "poll", 4, 4),
           ("EAGAIN", "write", 4, 4096, 0), (4095, "write", 4, 5000, 0), (0, "read", 3, 0, 0), (5, "dupfrom", 4, 0, 0), (0, "close", 4),
           (65536, "read", 3, 65536, 0), ("EAGAIN", "read", 3, 1, 0), (0, "close", 5), (0, "read", 3, 1, 0), (16, "poll", 3, 1),
           (4 << 8 | 5, "pipe", 0), (0, "close", 4), (12, "poll", 5, 4), ("EPIPE", "write", 5, 1, 0), (0, "write", 5, 0, 0))


def test_bytes_go_around_the_rings_end(boot):
    """Put in two pieces of which one ends where the ring does, taken in one."""
    answers = play(boot, [("pipe", 0), ("write", 4, 60000, 1), ("read", 3, 60000, 0), ("write", 4, 5536, 2), ("write", 4, 4464, 3),
                          ("read", 3, 10000, 0),
                          ("write", 4, 60000, 4), ("read", 3, 1000, 0), ("read", 3, 60000, 0)])
    wanted = [text(data) for data in (files.pattern(60000, 1), files.pattern(5536, 2) + files.pattern(4464, 3),
                                      files.pattern(60000, 4)[:1000],
                                      files.pattern(60000, 4)[1000:])]
    require([answer for answer in answers if answer[1]] == wanted, "bytes come out of a pipe as they went in", f"{answers}")


def test_a_named_pipe_joins_who_opens_it(boot):
    expect(boot, "a named pipe is opened by both sides, and forgets when both are gone",
           (0, "mknod", "/q", 0o010644, 0), ("ENXIO", "open", HERE, "/q", O_WRONLY | O_NONBLOCK, 0), (3, "open", HERE, "/q", O_NONBLOCK, 0),
           (0, "read", 3, 1, 0), (4, "open", HERE, "/q", O_WRONLY, 0), (5, "write", 4, 5, 0),
           (3, "read", 3, 3, 0), (0, "close", 3), (0, "close", 4), (3, "open", HERE, "/q", O_RDWR | O_NONBLOCK, 0),
           ("EAGAIN", "read", 3, 1, 0),
           (1, "write", 3, 1, 0), (0, "unlink", HERE, "/q", 0), (1, "read", 3, 1, 0))


# --- the boot archive --------------------------------------------------------------------------------------------------------------------


def entry(name, mode, data=b"", *, uid=0, gid=0, nlink=1, ino=0, mtime=0, rdev=(0, 0), **said):
    """An entry of a cpio archive, format newc. said: fields that are to say something else (magic, size, namesize, mode, raw)."""
    name = name.encode() + b"\0"
    fields = [ino, said.get("mode", mode), uid, gid, nlink, mtime, said.get("size", len(data)), 0, 0, *rdev,
              said.get("namesize", len(name)), 0]
    text = said.get("magic", b"070701") + b"".join(b"%08X" % value for value in fields) + name
    return padded(padded(text) + data)


def padded(data):
    return data + bytes(-len(data) % 4)


END = entry("TRAILER!!!", 0)
DIR, FILE, LINK, FIFO, CHR = 0o040000, 0o100000, 0o120000, 0o010000, 0o020000
BIG = bytes(range(256)) * 50
GOOD = b"".join((
    entry(".", DIR | 0o755), entry("bin", DIR | 0o711, uid=3, gid=4), entry("bin/tool", FILE | 0o4755, BIG, uid=5),
    entry("empty", FILE | 0o600),
    entry("link", LINK | 0o777, b"bin/tool"), entry("./deep/er/file", FILE | 0o640, b"found"), entry("/rooted", FILE | 0o644, b"r"),
    entry("one", FILE | 0o644, nlink=3, ino=77), entry("two", FILE | 0o644, nlink=3, ino=77),
    entry("three", FILE | 0o644, b"shared", nlink=3, ino=77),
    entry("q", FIFO | 0o600), entry("tape", CHR | 0o666, rdev=(1, 3)), END))


def unpacked(boot, archive, *calls):
    """(what unpacking returned, the answers of the calls after it)."""
    answers = play(boot, [("archive", len(archive)), ("unpack",), *calls], archive=archive)
    return answers[1][0], answers[2:]


def test_a_boot_archive_is_unpacked_as_it_was_packed(boot):
    wanted = {
        "/bin": (DIR | 0o711, 0, 2, 3, 4), "/bin/tool": (FILE | 0o4755, len(BIG), 1, 5, 0), "/empty": (FILE | 0o600, 0, 1, 0, 0),
        "/link": (LINK | 0o777, 8, 1, 0, 0), "/deep/er": (DIR | 0o755, 0, 2, 0, 0), "/deep/er/file": (FILE | 0o640, 5, 1, 0, 0),
        "/rooted": (FILE | 0o644, 1, 1, 0, 0), "/one": (FILE | 0o644, 6, 3, 0, 0), "/three": (FILE | 0o644, 6, 3, 0, 0),
        "/q": (FIFO | 0o600, 0, 1, 0, 0), "/tape": (CHR | 0o666, 0, 1, 0, 0),
    }
    result, answers = unpacked(boot, GOOD, *(("stat", path, NOFOLLOW) for path in wanted), ("open", HERE, "/link", 0, 0),
                               ("read", 3, 65536, 0),
                               ("open", HERE, "/two", 0, 0), ("read", 4, 100, 0), ("open", HERE, "/tape", O_WRONLY, 0), ("write", 5, 9, 0))
    require(result == 0, "a good archive is unpacked", f"{result}")
    for path, (_, facts) in zip(wanted, answers):
        (mode, size), (nlink, owner) = facts
        require((mode, size, nlink, owner >> 32, owner & 0xFFFFFFFF) == wanted[path],
                "files have the mode, size, links and owner that the archive says", f"{path}: {facts}, expected {wanted[path]}")
    require(answers[-5][1] == [(len(BIG), files.fnv(BIG))] and answers[-3][1] == [(6, files.fnv(b"shared"))] and answers[-1][0] == 9,
            "contents are the archive's, and hard links share them", f"{answers[-6:]}")


BAD = {
    "nothing": (b"", "without its trailer"), "no trailer": (GOOD[:-len(END)], "without its trailer"),
    "half a header": (GOOD[:50], "without its trailer"), "text": (b"this is no archive, whoever it was that said so. " * 4,
                                                                  "no header of a cpio"),
    "old format": (entry("a", FILE, magic=b"070707") + END, "no header of a cpio"),
    "a letter for a digit": (GOOD.replace(b"0000", b"00g0", 1), "number"),
    "contents too long": (entry("a", FILE | 0o644, b"abc", size=0xFFFFFFFF), "beyond the end"),
    "name too long": (entry("a", FILE | 0o644, namesize=0xFFFFFFFF) + END, "name is too long"),
    "no name": (entry("a", FILE, namesize=0) + END, "name is too long"),
    "name without an end": (entry("abcd", FILE, namesize=3) + END, "not as long"), "up": (entry("../up", FILE | 0o644) + END, "leads out"),
    "up inside": (entry("a/../../b", FILE | 0o644) + END, "leads out"), "up at the end": (entry("a/..", DIR | 0o755) + END, "leads out"),
    "twice": (entry("a", FILE | 0o644) * 2 + END, "twice"), "below a file": (entry("a", FILE | 0o644) + entry("a/b", FILE | 0o644) + END,
                                                                             "cannot be made"),
    "no such kind": (entry("a", 0o170000) + END, "of a kind"), "empty link": (entry("a", LINK | 0o777) + END, "symbolic link"),
}


@pytest.mark.parametrize("mistake", BAD)
def test_a_bad_archive_is_refused_with_a_line_that_names_the_mistake(boot, mistake):
    archive, words = BAD[mistake]
    result, _ = unpacked(boot, archive)
    shown = boot.last.console
    require(result == -errno.EINVAL, "a bad archive is refused with -EINVAL", f"{result}")
    require("initramfs: refused at byte " in shown and words in shown, "a bad archive is refused with a line that says what is wrong",
            f"expected: {words}", shown)


def test_a_thousand_spoilt_archives_do_no_harm(boot):
    """Each is unpacked or refused, and everything that came of it can be removed."""
    seen = results(boot, [("archive", len(GOOD)), *(("spoil", seed) for seed in range(1, 1001))], archive=GOOD, limit_ms=10_000)[1:]
    require(set(seen) == {0, -errno.EINVAL}, "a spoilt archive is unpacked or refused", f"{set(seen)}")
    require(200 < seen.count(0) < 800, "of the spoilt archives some are unpacked and some refused",
            f"{seen.count(0)} of {len(seen)} unpacked")


def test_the_log_begins_with_a_whole_line(boot):
    """Of 16 KiB in lines of 16 bytes at most one line is not shown, however they lie in the ring."""
    facts = boot("log_overrun", trace="off").facts(least=0)
    sizes = [fact.b for fact in facts if fact.key == "RESULT"]
    ends = {(fact.a, fact.b) for fact in facts if fact.key == "NOTE"}
    require(len(sizes) == 16 and all((16 << 10) - 16 <= n < 16 << 10 for n in sizes), "the log keeps the last 16 KiB", f"{sizes}")
    require(ends == {(ord("b"), ord("\n"))}, "the log begins and ends with a whole line", f"{ends}")


# --- poll; for pipes see grade/phase3 ----------------------------------------------------------------------------------------------------

KTESTS = ("fs_script", "pipe_reader", "pipe_writer", "pipe_broken", "pipe_signal", "pipe_nonblock", "pipe_together", "poll_waits",
          "pipe_cost")
RESTART_NO_HANDLER = -514


def told(run, key="RESULT"):
    """{step: value} of the facts of one key."""
    return {fact.a: signed(fact.b) for fact in run.facts(key, 0)}


def expect_told(run, rule, expected, key="RESULT"):
    seen = told(run, key)
    for step, value in expected.items():
        require(seen.get(step) == value, rule, f"step {step}: {seen.get(step)}, expected {value}")


def test_poll_waits_for_any_of_its_files(boot):
    run = boot("poll_waits")
    expect_told(run, "poll returns when its time is over, when a file is ready, and when a signal comes",
                {20: 0, 21: 1, 22: 1, 0: RESTART_NO_HANDLER, 23: 1})
    (slept,) = run.facts("ASLEEP")
    require(slept.a <= slept.b < slept.a + 2_000_000, "poll waits as long as it was told", f"{slept.b} ns, told {slept.a}")
    answers = [(fact.a, fact.b) for fact in run.facts("NOTE")]
    require(answers == [(0, 1), (0, 0)], "poll says which file is ready", f"{answers}")
    no_leak(run)


# A short life of everything, for failing allocations.
LIFE = [("mkdir", "/d", 0o755), ("open", HERE, "/d/f", O_CREAT | O_RDWR, 0o644), ("write", 3, 9000, 1), ("symlink", "d/f", "/l"),
        ("link", "/d/f", "/h", 0),
        ("rename", "/d/f", "/d/g", 0), ("rename", "/d/g", "/h2", 0), ("pipe", 0), ("write", 5, 10, 1), ("dup2", 3, 40), ("limit", 64),
        ("dup2", 3, 40),
        ("mknod", "/q", FIFO | 0o600, 0), ("open", HERE, "/q", O_RDWR | O_NONBLOCK, 0), ("stat", "/l", 0), ("truncate", "/h", 0, 100000),
        ("readdir", 3, 100), ("readlink", "/l", 9), ("getcwd",), ("chdir", "/d", 0), ("archive", len(GOOD)), ("unpack",)]


def test_whatever_allocation_fails_files_give_everything_back(boot):
    """The script is played anew for each allocation that fails: so from the outside, one boot each."""
    whole = boot("fs_script", "failalloc=1000000", input=script_of(LIFE, GOOD), trace="off")
    asked = whole.report.allocations
    require(asked > 60, "the life asks for memory", f"{asked} times")
    for n in range(1, asked + 1, 1 if kernels.ALL else 7):
        another = boot.another()
        try:
            run = another("fs_script", f"failalloc={n}", input=script_of(LIFE, GOOD), trace="off", result=None)
            short = 0 < told(run).get(3, 0) < 9000
            require(run.report.result == -errno.ENOMEM or short, "a failing allocation is -ENOMEM, or ends a write early",
                    f"allocation {n}: {run.report.result}")
            no_leak(run)
        finally:
            another.close()


@pytest.mark.parametrize("ktest", KTESTS[1:])
def test_whatever_allocation_fails_a_pipe_gives_everything_back(boot, ktest):
    run = boot(ktest, "failalloc=all", result=None, limit_ms=5000)
    results_by, lost = told(run, "FAILALLOC_RESULT"), [fact for fact in run.facts("FAILALLOC_LEAK", 0) if fact.a or fact.b]
    wrong = {n: result for n, result in results_by.items() if result != -errno.ENOMEM and n != max(results_by)}
    require(not wrong, "a failing allocation ends the test with -ENOMEM", f"{{number of the allocation: result}}: {wrong}")
    require(not lost, "a failing allocation leaves no leak", *(f"{signed(fact.a)} frames, {signed(fact.b)} objects" for fact in lost))
    no_leak(run)


# --- the terminal ------------------------------------------------------------------------------------------------------------------------

ICRNL, INLCR, IGNCR = 0o400, 0o100, 0o200
ISIG, ICANON, ECHO, NOFLSH = 1, 2, 0o10, 0o200
TTY = ("open", HERE, "/dev/ttyS0", O_RDWR, 0)


def reads_of(boot, *steps, n=100):
    """The answers to reads from the terminal. A step is (what is typed while the read waits, what it gives), or another call."""
    calls = [TTY]
    for step in steps:
        calls += [("read", 3, n, 0), step[0]] if isinstance(step[0], bytes) else [step]
    answers = play(boot, calls)
    return [answer for call, answer in zip([call for call in calls if not isinstance(call, bytes)], answers) if call[0] == "read"]


LINES = {
    "a line": [(b"hello\n", b"hello\n")], "carriage return": [(b"hello\r", b"hello\n")], "two": [(b"a\n", b"a\n"), (b"b\n", b"b\n")],
    "erase": [(b"hellp\x7fo\n", b"hello\n")], "backspace": [(b"xx\b\bab\n", b"ab\n")], "erase nothing": [(b"\x7f\x7fa\n", b"a\n")],
    "the line before stays": [(b"a\n", b"a\n"), (b"\x7f\x7fb\n", b"b\n")], "kill": [(b"wrong\x15right\n", b"right\n")],
    "word": [(b"one two  \x17three\n", b"one three\n")], "end": [(b"\x04", b""), (b"a\n", b"a\n")],
    "end behind text": [(b"abc\x04", b"abc"), (b"\x04", b""), (b"def\n", b"def\n")],
    "literal": [(b"a\x16\x03b\x16\x7f\n", b"a\x03b\x7f\n")],
    "a line that is too long": [(b"x" * 5000 + b"\n", b"x" * 100), (b"", b"x" * 100)],
    "an interrupted line": [(b"wrong\x03right\n", b"right\n")],
}


@pytest.mark.parametrize("what", LINES)
def test_a_line_can_be_edited_until_it_is_ended(boot, what):
    seen = reads_of(boot, *LINES[what])
    require(seen == [text(data) for _, data in LINES[what]],
            "a line is what is left of it after editing, and a read gives one line at the most",
            f"{seen}")


def test_what_is_typed_is_echoed(boot):
    reads_of(boot, (b"hellp\x7fo\x03\x16\x03\x7f\n", b"\n"))
    require(r"hellp\x08 \x08o^C^\x08^C\x08 \x08\x08 \x08" in boot.last.console, "what is typed, and what is erased of it, is seen",
            repr(boot.last.console[-60:]))


@boots(2)
def test_in_raw_mode_characters_come_as_they_are(boot):
    """What waits for nobody comes last: what is typed behind it is the script's."""
    raw = [(b"\x03", b"\x03"), (b"\r", b"\r"), (b"\x7f", b"\x7f"), (b"\x04", b"\x04")]
    seen = reads_of(boot, ("mode", 0, 0, 1, 0), *raw, ("mode", 0, 0, 3, 0), (b"abc", b"abc"), ("mode", 0, 0, 0, 0), (b"", b""))
    require(seen == [text(data) for _, data in raw] + [text(b"abc"), text(b"")],
            "in raw mode a read gives what was typed, as soon as it is as much as VMIN says", f"{seen}")
    seen = reads_of(boot, ("mode", 0, 0, 0, 1), (b"q", b"q"), (b"", b""), n=1)
    require(seen == [text(b"q"), text(b"")], "with VTIME a read waits so many tenths of a second and no longer", f"{seen}")


def test_control_characters_signal_the_foreground(boot):
    """The reader hears no more of the line before them; with NOFLSH it stays."""
    keys = [(b"x\x03", 2), (b"y\x1c", 3), (b"z\x1a", 20)]
    calls = [TTY, ("hear", 7, 7), ("read", 3, 100, 0), b"".join(key for key, _ in keys) + b"rest\n",
             ("mode", ICRNL, ISIG | ICANON | NOFLSH, 1, 0), ("read", 3, 100, 0), b"kept\x03\n", ("mode", ICRNL, ICANON, 1, 0),
             ("read", 3, 100, 0), b"\x03\n"]
    answers = play(boot, calls)
    require(answers[2] == (5, [(7, signal) for _, signal in keys] + [(5, files.fnv(b"rest\n"))]),
            "Ctrl-C, Ctrl-\\ and Ctrl-Z send SIGINT, SIGQUIT and SIGTSTP to the foreground group, and what was typed is forgotten",
            f"{answers[2]}")
    require(answers[4] == (5, [(7, 2), (5, files.fnv(b"kept\n"))]), "with NOFLSH what was typed stays", f"{answers[4]}")
    require(answers[6] == text(b"\x03\n"), "without ISIG they are characters as others", f"{answers[6]}")


def test_who_is_in_the_background_may_not_read(boot):
    answers = play(boot, [TTY, ("hear", 9, 7), ("read", 3, 1, 0), ("write", 3, 1, 58)])
    require(answers[2] == (-errno.EIO, [(9, 21)]), "a read from the background is SIGTTIN", f"{answers[2]}")
    require([answer[0] for answer in answers[3:]] == [1], "who writes is let through", f"{answers[3:]}")
