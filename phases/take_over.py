#!/usr/bin/env python3
"""Spares a tree the compiling of what another tree has compiled already:

    phases/take_over.py FROM TO FOLDER      # FOLDER as it is called in both, as in build/checked

An object of a C file is copied if its own tree's make would leave it as it is and every file that the compiler read for it, and the rules
of the build, are the same in both trees, byte for byte: the names in it do not depend on where the tree lies. Where the copy would stand
one that is current stays. Without FROM nothing happens."""

import shutil
import sys
from pathlib import Path

RULES = "kernel/kernel.mk", "user/user.mk"


def sources(listed, rules):
    """The files that the compiler read for an object, as the .d file beside it says, and the rules of the build."""
    rule = listed.read_text().replace("\\\n", " ").partition("\n")[0]
    return [*rule.partition(": ")[2].split(), rules]


def current(made, used):
    """Whether make would leave a file that is made from those."""
    return made.exists() and all(made.stat().st_mtime_ns > path.stat().st_mtime_ns for path in used)


def same(one, other):
    return other.is_file() and one.read_bytes() == other.read_bytes()


def take_over(source, target, folder):
    """Returns how many objects were copied."""
    copied, rules = 0, RULES[folder == "build/user"]
    for listed in (source / folder).glob("**/*.c.d"):
        names, made = sources(listed, rules), listed.with_suffix(".o")
        there = target / made.relative_to(source)
        if not all((source / name).is_file() and same(source / name, target / name) for name in names):
            continue
        if current(made, [source / name for name in names]) and not current(there, [target / name for name in names]):
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(listed, there.with_suffix(".d"))
            shutil.copyfile(made, there)
            copied += 1
    return copied


if __name__ == "__main__":
    take_over(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
