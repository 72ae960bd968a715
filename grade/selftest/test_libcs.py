"""Programs of the whole C library (grade/selftest/libcs), built statically with two libraries that are not ours, musl and glibc: on
Crescent's finished kernel they print what they print on Linux, which is kept in libcs/expected, on one CPU and on four and under every
policy.

Threads alone are the affair of test_pthreads.py, which also says who builds such programs, and what becomes of this file on a machine that
cannot. What is kept is made by `grade/selftest/libcs.py`, as root."""

import contextlib
import os
import re

import kernels
import pytest
from libcs import COMPILERS, EXPECTED, FOR_ROOT, NAMES, build
from user_programs import entries

from grade import cpio, oracle, soak_programs
from grade.boot import Boot

PHASE = 5
OTHERS = ("rr", "fcfs", "prio", "mlfq", "sjf", "cfs")  # policies besides the usual one
LIMIT_MS = 60_000  # of virtual time for all programs; they take some seconds
# How the shell runs them: each in a folder of its own.
DRIVER = """\
for name in {names}; do
    mkdir /tmp/$name
    cd /tmp/$name
    echo "<<< $name"
    env -i PATH=/bin /tests/$name < /dev/null 2>&1
    echo ">>> $?"
    cd /
    rm -r /tmp/$name
done
"""


def machines():
    """[(library, CPUs, policy)]: where the programs run. In `make test` each library once on one
    CPU and once on four, and each second one of the other policies: libraries and CPUs in turn."""
    usual = [(library, cpus, "eevdf") for library in COMPILERS for cpus in (1, 4)]
    others = [(library, cpus, policy) for policy in OTHERS for library in COMPILERS for cpus in (1, 4)]
    if not kernels.ALL:
        others = [others[4 * i + (0, 3, 2, 1)[i % 4]] for i in range(0, len(OTHERS), 2)]
    return usual + others


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """programs(library): {name: path}, built when first asked for."""
    made = {}

    def found(library):
        if library not in made:
            try:
                made[library] = build(library, tmp_path_factory.mktemp(library))
            except FileNotFoundError:
                pytest.fail(f"{COMPILERS[library]} is not here, so static programs of {library} were not run; `make setup` installs it")
        return made[library]

    return found


def kept(name):
    return (EXPECTED / f"{name}.txt").read_text()


def test_every_program_has_its_file_and_every_file_its_program():
    assert sorted(path.stem for path in EXPECTED.glob("*.txt")) == NAMES


@pytest.mark.parametrize("library", COMPILERS)
def test_what_is_kept_is_what_linux_prints(library, programs):
    printed = {name: oracle.run(path) for name, path in programs(library).items() if os.getuid() == 0 or name not in FOR_ROOT}
    assert printed == {name: kept(name) for name in printed}


@pytest.mark.parametrize("library, cpus, policy", machines())
def test_programs_of_the_whole_library_print_what_linux_prints(library, cpus, policy, programs, tmp_path):
    tree = kernels.reference(PHASE)
    files = {path: (mode, data) for path, (mode, _, _, data) in entries(kernels.archive_of(PHASE).read_bytes()).items()}
    files |= {f"tests/{name}": (cpio.FILE | 0o755, path.read_bytes()) for name, path in programs(library).items()}
    files["driver"] = cpio.FILE | 0o644, DRIVER.format(names=" ".join(NAMES)).encode()
    archive = tmp_path / "archive"
    archive.write_bytes(cpio.archive(files))
    kernel = tree / "build/checked/kernel.elf"
    with contextlib.closing(Boot(kernel, kernels.image(kernel, tree), 2, archive=archive)) as boot:
        run = boot("exit_orphans", f"sched={policy}", program=["/bin/sh", "/driver"], cpus=cpus, limit_ms=LIMIT_MS, trace="off")
        printed = dict(re.findall(r"^<<< (\w+)\n(.*?)>>> 0$", run.output, re.M | re.S))
        assert printed == {name: kept(name) for name in NAMES}
        soak_programs.at_rest(run)
