#!/usr/bin/env python3
"""Makes the file system that the kernel starts with: a cpio archive in the newc format.

    grade/cpio.py --list user/initramfs.list --programs build/user --out build/user/initramfs.cpio bin/sh tests/fork ...

The same input gives the same bytes: entries are sorted, owner and times are 0, inode numbers count up. Python and not cpio(1), which would
want a folder laid out with these owners and times first, and is one more program to install."""

import argparse
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


def main():
    parser = argparse.ArgumentParser(description="make the first file system")
    parser.add_argument("--list", type=Path, required=True)
    parser.add_argument("--programs", type=Path, required=True, help="the folder in which they lie")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("program", nargs="*", help="a path below that folder, the same as in the archive")
    args = parser.parse_args()
    try:
        entries = read_list(args.list)
        for name in args.program:
            entries[name] = FILE | 0o755, (args.programs / name).read_bytes()
        args.out.write_bytes(archive(entries))
    except (Complaint, OSError) as error:
        print(f"cpio.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
