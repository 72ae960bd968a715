"""A tree of files as POSIX and Linux have it, for root: what each call returns. The kernel's files are compared with it, and it with the
host's.

    tree = Tree()
    tree.call("mkdir", "/a", 0o755)  ->  (0, [])           # result (a negated errno if it fails), and the facts that the call leaves
    tree.call("stat", "a", 0)        ->  (0, [(mode, size), (nlink, uid << 32 | gid)])"""

import errno
from dataclasses import dataclass, field

DIR, FILE, LINK = 0o040000, 0o100000, 0o120000
O_ACCMODE, O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_DIRECTORY, O_NOFOLLOW = 3, 0o100, 0o200, 0o1000, 0o2000, 0o200000, 0o400000
NOFOLLOW = 0x100
LINKS, PATH, NAME = 40, 4096, 255  # the most: links followed, bytes of a path with its 0 byte, of a name
UMASK = 0o022
MASK = 2**64 - 1


def fnv(data):
    """The 64-bit FNV-1a hash of bytes."""
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & MASK
    return value


def pattern(n, seed):
    """The n bytes that a script's `write` writes."""
    return bytes((seed + 7 * (i + 1)) & 0xFF for i in range(n))


class Failed(Exception):
    """A call's errno."""


@dataclass(eq=False)
class Node:
    kind: int
    mode: int
    parent: "Node" = None                        # of a directory
    entries: dict = field(default_factory=dict)  # {name: Node}
    data: bytearray = field(default_factory=bytearray)
    target: str = ""
    names: int = 1                               # of a file or link

    @property
    def nlink(self):
        return self.names and 2 + sum(child.kind == DIR for child in self.entries.values()) if self.kind == DIR else self.names


@dataclass(eq=False)
class Open:
    node: Node
    flags: int
    at: int = 0


class Tree:
    def __init__(self):
        self.root = self.here = Node(DIR, 0o755)
        self.open = {}  # {descriptor: Open}

    def call(self, name, *arguments):
        """(result, facts) of a call of the script."""
        try:
            made = getattr(self, f"do_{name}")(*arguments)
        except Failed as failed:
            return -failed.args[0], []
        return made if isinstance(made, tuple) else (made or 0, [])

    # --- paths

    def walk(self, path, follow, start=None, links=0):
        """(directory, last name or None, what it names or None, whether slashes follow)."""
        if not path:
            raise Failed(errno.ENOENT)
        if len(path) >= PATH:
            raise Failed(errno.ENAMETOOLONG)
        node = self.root if path[0] == "/" else start or self.here
        parts, slash = [part for part in path.split("/") if part], path[-1] == "/"
        if not parts:
            return node, None, node, False
        for i, part in enumerate(parts):
            if node.kind != DIR:
                raise Failed(errno.ENOTDIR)
            if len(part) > NAME:
                raise Failed(errno.ENAMETOOLONG)
            child = node if part == "." else (node.parent or node) if part == ".." else node.entries.get(part)
            last = i == len(parts) - 1
            if last and (not child or child.kind != LINK or not (follow or slash)):
                return node, part, child, slash
            if not child:
                raise Failed(errno.ENOENT)
            if child.kind == LINK:
                if links == LINKS:
                    raise Failed(errno.ELOOP)
                rest = "/".join(["", *parts[i + 1:]]) + ("/" if slash else "")
                return self.walk(child.target + rest, follow, node, links + 1)
            node = child
        raise AssertionError

    def find(self, path, follow=True):
        _, _, node, slash = self.walk(path, follow)
        if not node:
            raise Failed(errno.ENOENT)
        if slash and node.kind != DIR:
            raise Failed(errno.ENOTDIR)
        return node

    def free_place(self, path, directory=False):
        """(directory, name) for something new."""
        folder, name, node, slash = self.walk(path.rstrip("/") or path, False)
        if node:
            raise Failed(errno.EEXIST)
        if path[-1] == "/" and not directory or not folder.names:
            raise Failed(errno.ENOENT)
        return folder, name

    # --- names

    def do_mkdir(self, path, mode):
        folder, name = self.free_place(path, True)
        folder.entries[name] = Node(DIR, mode & ~UMASK, folder)

    def do_symlink(self, target, path):
        if not target:
            raise Failed(errno.ENOENT)
        folder, name = self.free_place(path)
        folder.entries[name] = Node(LINK, 0o777, target=target)

    def do_link(self, old, new, _):
        node = self.find(old, False)
        folder, name = self.free_place(new)
        if node.kind == DIR:
            raise Failed(errno.EPERM)
        folder.entries[name] = node
        node.names += 1

    def do_unlink(self, _, path, flags):
        (self.remove_folder if flags else self.remove_file)(*self.last(path), path[-1:] == "/")

    def last(self, path):
        """(directory, name, node or None) of a path's last part, links not followed."""
        return self.walk(path.rstrip("/") or path, False)[:3]

    def remove_file(self, folder, name, node, slash):
        if name in (None, ".", "..") or node and node.kind == DIR:
            raise Failed(errno.EISDIR)
        if not node:
            raise Failed(errno.ENOENT)
        if slash:
            raise Failed(errno.ENOTDIR)
        del folder.entries[name]
        node.names -= 1

    def remove_folder(self, folder, name, node, _):
        special = {None: errno.EBUSY, ".": errno.EINVAL, "..": errno.ENOTEMPTY}
        if name in special:
            raise Failed(special[name])
        if not node:
            raise Failed(errno.ENOENT)
        if node.kind != DIR:
            raise Failed(errno.ENOTDIR)
        if node.entries:
            raise Failed(errno.ENOTEMPTY)
        del folder.entries[name]
        node.names = 0

    def do_rename(self, old, new, _):
        from_folder, from_name, node = self.last(old)
        to_folder, to_name, replaced = self.last(new)
        if {from_name, to_name} & {None, ".", ".."}:
            raise Failed(errno.EBUSY)
        if not node:
            raise Failed(errno.ENOENT)
        if node.kind != DIR and "/" in (old[-1], new[-1]):
            raise Failed(errno.ENOTDIR)
        if node in self.upwards(to_folder):
            raise Failed(errno.EINVAL)
        if replaced and replaced in self.upwards(from_folder):
            raise Failed(errno.ENOTEMPTY)
        if node is replaced:
            return
        if not replaced and not to_folder.names:
            raise Failed(errno.ENOENT)
        if replaced and (node.kind == DIR) != (replaced.kind == DIR):
            raise Failed(errno.ENOTDIR if node.kind == DIR else errno.EISDIR)
        if replaced and replaced.entries:
            raise Failed(errno.ENOTEMPTY)
        if replaced:
            replaced.names = 0 if replaced.kind == DIR else replaced.names - 1
        del from_folder.entries[from_name]
        to_folder.entries[to_name] = node
        if node.kind == DIR:
            node.parent = to_folder

    def upwards(self, folder):
        found = [folder]
        while folder.parent:
            folder = folder.parent
            found.append(folder)
        return found

    def do_readlink(self, path, size):
        node = self.find(path, False)
        if node.kind != LINK:
            raise Failed(errno.EINVAL)
        target = node.target.encode()[:size]
        return len(target), [(len(target), fnv(target))]

    def do_stat(self, path, flags):
        node = self.find(path, not flags & NOFOLLOW)
        size = {DIR: 0, FILE: len(node.data), LINK: len(node.target)}[node.kind]
        return 0, [(node.kind | node.mode, size), (node.nlink, 0)]

    def do_chdir(self, path, _):
        node = self.find(path)
        if node.kind != DIR:
            raise Failed(errno.ENOTDIR)
        self.here = node

    def do_getcwd(self):
        names, folder = [], self.here
        while folder.parent:
            if not folder.names:
                raise Failed(errno.ENOENT)
            names.append(next(name for name, child in folder.parent.entries.items() if child is folder))
            folder = folder.parent
        path = ("/" + "/".join(reversed(names))).encode()
        return len(path) + 1, [(len(path) + 1, fnv(path))]

    def do_truncate(self, path, _, size):
        node = self.find(path)
        if node.kind == DIR:
            raise Failed(errno.EISDIR)
        if size < 0:
            raise Failed(errno.EINVAL)
        node.data[size:] = bytes(max(0, size - len(node.data)))

    # --- open files

    def do_open(self, _, path, flags, mode):
        node = self.to_open(path, flags, mode)
        if flags & O_TRUNC and node.kind == FILE:
            node.data.clear()
        fd = next(n for n in range(3, 1 << 20) if n not in self.open)
        self.open[fd] = Open(node, flags)
        return fd

    def to_open(self, path, flags, mode):
        if flags & O_CREAT and path[-1:] == "/" and self.walk(path.rstrip("/") or "/", False)[1] not in (None, ".", ".."):
            raise Failed(errno.EISDIR)
        folder, name, node, slash = self.walk(path, not flags & O_NOFOLLOW and flags & (O_CREAT | O_EXCL) != O_CREAT | O_EXCL)
        if not node and flags & O_CREAT and slash:
            raise Failed(errno.EISDIR)
        if not node and flags & O_CREAT and folder.names:
            folder.entries[name] = Node(FILE, mode & ~UMASK)
            return folder.entries[name]
        if not node:
            raise Failed(errno.ENOENT)
        if flags & O_CREAT and flags & O_EXCL:
            raise Failed(errno.EEXIST)
        if node.kind == LINK:
            raise Failed(errno.ENOTDIR if flags & O_DIRECTORY else errno.ELOOP)
        if node.kind == DIR and flags & (O_CREAT | O_TRUNC | O_ACCMODE):
            raise Failed(errno.EISDIR)
        if node.kind != DIR and (slash or flags & O_DIRECTORY):
            raise Failed(errno.ENOTDIR)
        return node

    def file(self, fd, unfit=None):
        if fd not in self.open or self.open[fd].flags & O_ACCMODE == unfit:
            raise Failed(errno.EBADF)
        return self.open[fd]

    def do_close(self, fd):
        self.file(fd)
        del self.open[fd]

    def do_read(self, fd, n, _):
        file = self.file(fd, 1)
        if file.node.kind == DIR:
            raise Failed(errno.EISDIR)
        data = bytes(file.node.data[file.at:file.at + n])
        file.at += len(data)
        return len(data), [(len(data), fnv(data))] if data else []

    def do_write(self, fd, n, seed):
        file = self.file(fd, 0)
        data = file.node.data
        if n and file.flags & O_APPEND:
            file.at = len(data)
        if n:
            data.extend(bytes(max(0, file.at + n - len(data))))
            data[file.at:file.at + n] = pattern(n, seed)
        file.at += n
        return n

    def do_lseek(self, fd, offset, whence):
        file = self.file(fd)
        at = offset + (0, file.at, len(file.node.data))[whence]
        if at < 0 or (whence == 2 and file.node.kind == DIR):
            raise Failed(errno.EINVAL)
        file.at = at
        return at

    def do_readdir(self, fd, _):
        """All entries at once, after one that was opened for it."""
        node = self.file(fd).node
        if node.kind != DIR:
            raise Failed(errno.ENOTDIR)
        if not node.names:
            raise Failed(errno.ENOENT)
        listed = {".": DIR, "..": DIR} | {name: child.kind for name, child in node.entries.items()}
        return len(listed), [(len(listed), sum(fnv(name.encode()) + (kind >> 12) for name, kind in listed.items()) & MASK)]
