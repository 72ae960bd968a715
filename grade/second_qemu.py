#!/usr/bin/env python3
"""Grades under a second version of QEMU and compares, test by test: `make test-qemu`. A verdict must not depend on the version.

    grade/second_qemu.py --folder build/qemu10 TREE...

The second one is QEMU 10 of Debian's suite bookworm-backports, fetched from wherever this machine's apt gets Debian 12, into the folder
given: apt works there on a configuration, package lists and a cache of its own, and what it brings (QEMU and the libraries that this
machine lacks) is unpacked and not installed. Exit status: 0 all verdicts are equal; 1 some are not; 3 the suite, or QEMU from it, is not to
be had, or the grader failed."""

import argparse
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from grade.debian import SUITE, WALL_S, NotToBeHad, apt, archive, configuration, sources, unpacked

PACKAGE = "qemu-system-x86"
DIFFER, FAULT = 1, 3


def main(argv):
    """Returns the exit status."""
    parser = argparse.ArgumentParser(prog="grade/second_qemu.py", description="grades under QEMU 7.2 and 10")
    parser.add_argument("--folder", type=Path, default=Path("build/qemu10"), help="where the second QEMU is, or is to be put")
    parser.add_argument("trees", type=Path, nargs="+", help="trees to grade")
    options = parser.parse_args(argv)
    folder = options.folder.absolute()
    here = os.environ.get("QEMU") or "qemu-system-x86_64"
    try:
        second = second_qemu(folder)
        print(f"test-qemu: {version(here)} and {version(second)}", flush=True)
        found = [line for tree in options.trees for line in compare(tree.absolute(), folder, here, second)]
    except (NotToBeHad, OSError, subprocess.TimeoutExpired) as error:
        print(f"test-qemu: {error}", file=sys.stderr)
        return FAULT
    print(*found, sep="\n", end="\n" if found else "")
    print("test-qemu: " + (f"{len(found)} verdicts differ" if found else "every verdict is the same under both"))
    return DIFFER if found else 0


# --- grading ------------------------------------------------------------------------------------------------------------------------


def compare(tree, folder, *qemus):
    """Grades a tree under both. Returns a line for each test whose verdicts differ; says what was compared. Raises NotToBeHad."""
    first, second = (verdicts(tree, folder / f"grade-{tree.name}-{n}", qemu) for n, qemu in enumerate(qemus))
    equal = sum(first[name][:2] == second.get(name, ())[:2] for name in first)
    times = sum(first[name][2] == second.get(name, (0, 0, 0))[2] for name in first)
    print(f"test-qemu: {tree.name}: {equal} of {len(first)} verdicts equal, {times} with the same time stamps too", flush=True)
    return [f"{tree.name}: {name}: {first.get(name, ['missing'])[0]} and then {second.get(name, ['missing'])[0]}"
            for name in dict.fromkeys([*first, *second]) if first.get(name, ())[:2] != second.get(name, ())[:2]]


def verdicts(tree, out, qemu):
    """{test: (status, points, time stamps)} of a grade under a QEMU. Raises NotToBeHad."""
    out.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, str(tree / "grade/run.py"), "--tree", str(tree), "--out", str(out), "--work", str(tree / "build/grade/work")]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=WALL_S, check=False,
                          env={**os.environ, "QEMU": str(qemu)})
    if done.returncode not in (0, 1):
        raise NotToBeHad(f"the grader ended with {done.returncode} under {qemu}: {(done.stderr or done.stdout).strip()[-500:]}")
    tests = json.loads((out / "results.json").read_text())["tests"]
    return {test["extra_data"]["name"]: (test["extra_data"]["status"], test["score"],
                                         [boot.get("time") for boot in test["extra_data"]["boots"]]) for test in tests}


def version(qemu):
    """What a QEMU calls itself. Raises NotToBeHad."""
    done = subprocess.run([qemu, "--version"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotToBeHad(f"{qemu} does not run: {(done.stderr.strip().splitlines() or ['no message'])[0]}")
    return done.stdout.splitlines()[0]


# --- the second QEMU ------------------------------------------------------------------------------------------------------------------


def second_qemu(folder):
    """The path of a program that starts the second QEMU, fetched if it is not in the folder yet. Raises NotToBeHad."""
    program = folder / "qemu-system-x86_64"
    if program.exists() and subprocess.run([program, "--version"], capture_output=True, check=False).returncode == 0:
        return program
    uri, key = archive(SUITE, "; another QEMU is tried with QEMU=path make grade")
    print(f"test-qemu: fetching {PACKAGE} of {SUITE} into {folder}", flush=True)
    config = configuration(folder, sources(uri, key))
    apt(config, SUITE, "update")
    apt(config, SUITE, "install", "--yes", "--no-install-recommends", "--download-only", "--reinstall", "-t", SUITE, PACKAGE)
    packages = sorted((folder / "apt/cache/archives").glob("*.deb"))
    if not any(package.name.startswith(PACKAGE + "_") for package in packages):
        raise NotToBeHad(f"apt brought no {PACKAGE} of {SUITE}")
    for package in packages:
        unpacked(package, folder / "root")
    write_program(program, folder / "root")
    version(program)
    return program


def write_program(program, root):
    """A script that starts the unpacked QEMU with its own libraries and data; the firmware may be this machine's."""
    libraries = sorted({str(path.parent) for path in root.glob("usr/lib/**/*")
                        if re.search(r"\.so(\.\d+)*$", path.name) and path.parent.name != "qemu"})
    data = [str(path) for path in (root / "usr/share/qemu", root / "usr/share/seabios", Path("/usr/share/seabios"), Path("/usr/share/qemu"))
            if path.is_dir()]
    own = f"LD_LIBRARY_PATH={shlex.quote(':'.join(libraries))}\nexport LD_LIBRARY_PATH\n" if libraries else ""
    command = [str(root / "usr/bin/qemu-system-x86_64"), *(word for path in data for word in ("-L", path))]
    program.write_text(f'#!/bin/sh\n{own}exec {shlex.join(command)} "$@"\n')
    program.chmod(0o755)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
