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
def boot(request):
    """Boots the finished kernel of the phase."""
    mark = request.node.get_closest_marker("boots")
    tree = kernels.reference(PHASE)
    made = Boot(tree / "build" / "checked" / "kernel.elf", dwarf.Image(kernels.content(tree)), 2, mark.args[0] if mark else 1)
    yield made
    made.close()


def signed(value):
    return value - (1 << 64) if value >> 63 else value


def named(result):
    return errno.errorcode.get(-result, result) if result < 0 else result


def line_of(call):
    return " ".join(str(word) if word != "" else '""' for word in call)


def play(boot, calls, options="", limit_ms=2000, **kwargs):
    """[(result, [(a, b) of the facts behind it])] of the calls (tuples: a name and its arguments)."""
    run = boot("fs_script", options, input="".join(line_of(call) + "\n" for call in calls).encode(), trace="off", limit_ms=limit_ms, **kwargs)
    answers, notes = [], []
    for fact in run.facts(least=0):
        if fact.key == "NOTE":
            notes.append((fact.a, fact.b))
        elif fact.key == "RESULT":
            answers.append((signed(fact.b), notes))
            notes = []
    require(len(answers) == len(calls), "every call of the script returns", f"{len(answers)} of {len(calls)}", run.console[-300:])
    no_leak(run)
    return answers


def results(boot, calls, **kwargs):
    return [result for result, _ in play(boot, calls, **kwargs)]


def expect(boot, rule, *table, **kwargs):
    """Plays the calls of a table of (result, name, argument ...) and compares."""
    seen = results(boot, [row[1:] for row in table], **kwargs)
    for row, result in zip(table, seen):
        wanted = -getattr(errno, row[0]) if isinstance(row[0], str) else row[0]
        require(wanted in (result, None), rule, f"{line_of(row[1:])}: {named(result)}, expected {row[0]}")


# --- a random life, against the model ------------------------------------------------------------------------------------------------------

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
        ("symlink", chance.choice((other, other.rstrip("/"), "../" + other.removeprefix("../w/"))), path), ("readlink", path, 100), ("stat", path, 0),
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


@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_life_of_files_is_as_the_model_has_it(boot, seed):
    calls = random_script(seed)
    seen, wanted = play(boot, calls), modelled(calls)
    for n, (call, ours, right) in enumerate(zip(calls, seen, wanted)):
        require(ours == right, "every call on files returns, and leaves, what the model says",
                f"call {n}: {line_of(call)}", f"kernel: {named(ours[0])} {ours[1]}", f"model: {named(right[0])} {right[1]}",
                *(line_of(before) for before in calls[max(0, n - 12):n]))


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
