#!/usr/bin/env python3
"""Makes the file system that the kernel starts with: a cpio archive in the newc format.

    grade/cpio.py --list user/initramfs.list --programs build/user --out build/user/initramfs.cpio bin/sh tests/fork ...
    grade/cpio.py ... --busybox /bin/busybox --own hello --own data:/etc/data   # with the libraries that hello wants

The same input gives the same bytes: entries are sorted, owner and times are 0, inode numbers count up. Python and not cpio(1), which would
want a folder laid out with these owners and times first, and is one more program to install."""

import argparse
import re
import shutil
import stat
import struct
import subprocess
import sys
from pathlib import Path

DIRECTORY, FILE, LINK = 0o040000, 0o100000, 0o120000


class Complaint(Exception):
    """Bad input: one line that names it and the way out."""


def record(number, name, mode, links, data):
    """One entry, bytes: 13 fields of 8 hex digits behind the magic, the name with its 0, the data; name and data padded to 4."""
    fields = [number, mode, 0, 0, links, 0, len(data), 0, 0, 0, 0, len(name.encode()) + 1, 0]
    head = b"070701" + b"".join(b"%08x" % field for field in fields) + name.encode() + b"\0"
    return head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)


def archive(entries):
    """entries: {path without leading slash: (mode with its type, data)}. The archive as bytes."""
    records = [record(number, path, mode, 2 if mode & 0o170000 == DIRECTORY else 1, data)
               for number, (path, (mode, data)) in enumerate(sorted(entries.items()), 1)]
    return b"".join(records) + record(0, "TRAILER!!!", 0, 1, b"")


def read_list(path):
    """The entries of a list: lines `dir PATH MODE`, `file PATH MODE SOURCE`, `link PATH TARGET`, # comments. Raises Complaint."""
    entries = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        words = line.split("#")[0].split()
        try:
            match words:
                case []:
                    pass
                case ["dir", name, mode]:
                    entries[name] = DIRECTORY | int(mode, 8), b""
                case ["file", name, mode, source]:
                    entries[name] = FILE | int(mode, 8), Path(source).read_bytes()
                case ["link", name, target]:
                    entries[name] = LINK | 0o777, target.encode()
                case _:
                    raise ValueError("expected 'dir PATH MODE', 'file PATH MODE SOURCE' or 'link PATH TARGET'")
        except (ValueError, OSError) as error:
            raise Complaint(f"{path}:{number}: {error}") from None
    return entries


# --- what is not of this project ----------------------------------------------------------------------------------------------------

MACHINE, INTERPRETER = 62, 3  # EM_X86_64, PT_INTERP
LOADER = "/lib64/ld-linux-x86-64.so.2"  # which says what a library wants: that names no loader
NO_BUSYBOX = "there is no {}; on Debian: apt-get install busybox-static"


def is_elf(data):
    """Whether bytes are an ELF64 file for x86-64."""
    return len(data) >= 64 and data[:5] == b"\x7fELF\x02" and struct.unpack_from("<H", data, 18)[0] == MACHINE


def loader(data):
    """The path of the loader that an ELF64 file asks for, or None: it is static, or a library. Raises struct.error if it is cut off."""
    start, size, count = struct.unpack_from("<Q", data, 32) + struct.unpack_from("<HH", data, 54)
    for at in (start + i * size for i in range(count)):
        if struct.unpack_from("<I", data, at)[0] == INTERPRETER:
            offset, length = struct.unpack_from("<Q", data, at + 8) + struct.unpack_from("<Q", data, at + 32)
            return data[offset:offset + length].rstrip(b"\0").decode(errors="replace")
    return None


def libraries(path, data):
    """What the file at a path, a program or a library, wants to find beside it: its loader and libraries, as paths of this machine. Asked
    is that loader, which does not run the program. What cannot be found is left to the loader in the guest, which names it."""
    try:
        asked = loader(data) or LOADER
    except struct.error:
        return []
    if not Path(asked).exists():
        return []
    said = subprocess.run([asked, "--list", path], capture_output=True, text=True, check=False).stdout
    return sorted({asked, *re.findall(r"(?:=> |^\s*)(/\S+) \(0x", said, re.M)}) if said else []


def folders_to(place):
    """Entries of the folders above a path that has no leading slash."""
    return {str(folder): (DIRECTORY | 0o755, b"") for folder in place.parents[:-1]}


def busybox_entries(name):
    """Entries of a busybox of this machine: bin/busybox, a link to it for each of its applets, and their folders. Raises Complaint."""
    path = shutil.which(name)
    if not path or not is_elf(data := Path(path).read_bytes()) or loader(data):
        raise Complaint(NO_BUSYBOX.format(f"static busybox for x86-64 at {path}" if path else f"program {name}"))
    entries = {"bin/busybox": (FILE | 0o755, data)}
    for applet in subprocess.run([path, "--list-full"], capture_output=True, text=True, check=True).stdout.split():
        entries |= folders_to(Path(applet))
        entries[applet] = entries.get(applet) or (LINK | 0o777, b"/bin/busybox")
    return entries


def without_namesakes(programs, entries):
    """The programs, paths, that no entry outside /tests has the name of: who asked for busybox gets its ls, wherever it lies."""
    taken = {Path(path).name for path in entries}
    return [name for name in programs if name.startswith("tests/") or Path(name).name not in taken]


def own_entries(word):
    """Entries of FILE or FILE:PLACE: a file, or a folder with all that is in it, at PLACE, else in /root. Executable stays executable.
    What programs and libraries among them want to find beside them stands where it stands here. Raises Complaint, OSError."""
    source, _, place = word.partition(":")
    source = Path(source)
    place = Path((place or f"root/{source.resolve().name}").strip("/"))
    if not source.exists():
        raise Complaint(f"FILES={word}: there is no {source}")
    found, wanted = folders_to(place), set()
    for path in [source, *sorted(source.rglob("*"))]:
        name = str(place / path.relative_to(source))
        if path.is_symlink() and path != source:
            found[name] = LINK | 0o777, str(path.readlink()).encode()
        elif path.is_dir():
            found[name] = DIRECTORY | 0o755, b""
        else:
            data = path.read_bytes()
            found[name] = FILE | (0o755 if path.stat().st_mode & 0o100 else 0o644), data
            wanted |= {*libraries(path, data)} if is_elf(data) else set()
    for path in wanted:
        found = folders_to(Path(path.strip("/"))) | {path.strip("/"): (FILE | 0o755, Path(path).read_bytes())} | found
    return found


def is_folder(entry):
    return stat.S_ISDIR(entry[0])


def placed(own, entries, word):
    """Those of `own`, the entries of FILES=word, that go into `entries`: a file takes a file's place, and a folder stays as it is. Raises
    Complaint where one would take the other's place."""
    both = own.keys() & entries.keys()
    for path in sorted(both):
        if is_folder(own[path]) != is_folder(entries[path]):
            way = f"a folder in the image; name the file in it: FILE:/{path}/NAME" if is_folder(entries[path]) else "no folder in the image"
            raise Complaint(f"FILES={word}: /{path} is {way}")
    return {path: entry for path, entry in own.items() if path not in both or not is_folder(entry)}


def main():
    parser = argparse.ArgumentParser(description="make the first file system")
    parser.add_argument("--list", type=Path, action="append", required=True, help="of several, the later one wins")
    parser.add_argument("--programs", type=Path, required=True, help="the folder in which they lie")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--busybox", help="that program, and links for its applets")
    parser.add_argument("--own", action="append", default=[], metavar="FILE[:PLACE]", help="a file or folder, to /root unless told")
    parser.add_argument("program", nargs="*", help="a path below that folder, the same as in the archive")
    args = parser.parse_args()
    try:
        extra = busybox_entries(args.busybox) if args.busybox else {}
        entries = {name: (FILE | 0o755, (args.programs / name).read_bytes()) for name in without_namesakes(args.program, extra)}
        entries |= extra
        for path in args.list:
            entries |= read_list(path)
        for word in args.own:
            entries |= placed(own_entries(word), entries, word)
        args.out.write_bytes(archive(entries))
    except (Complaint, OSError) as error:
        print(f"cpio.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
