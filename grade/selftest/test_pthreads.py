"""Programs of POSIX threads (grade/selftest/pthreads), built statically with two C libraries that are not ours, musl and glibc: on Crescent
they print what they print on this Linux, on one CPU and on several.

Who builds them has to be able to run them: on another machine than Linux on x86-64 this file is not collected (conftest.py), and what
threads do is judged by test_programs.py, whose programs have no thread library. Without one of the compilers its tests fail, and say so."""

import contextlib
import subprocess
from pathlib import Path

import kernels
import pytest
from user_programs import entries

from grade import cpio, oracle, soak_programs
from grade.boot import Boot

SOURCES = Path(__file__).with_name("pthreads")
PROGRAMS = sorted(path.stem for path in SOURCES.glob("*.c"))
COMPILERS = {"musl": "musl-gcc", "glibc": "gcc"}
FLAGS = ["-static", "-pthread", "-O2", "-Wall", "-Wextra", "-Werror"]
PHASE, CPUS = 4, (1, 2, 4)
LIMIT_MS = 20_000  # of virtual time; they take some hundred


def build(library, folder):
    """The programs of one library, {name: path}."""
    made = {}
    for name in PROGRAMS:
        made[name] = folder / f"{library}_{name}"
        try:
            done = subprocess.run([COMPILERS[library], *FLAGS, "-o", made[name], SOURCES / f"{name}.c"], capture_output=True, text=True)
        except FileNotFoundError:
            pytest.fail(f"{COMPILERS[library]} is not here, so static programs of {library} were not run; `make setup` installs it")
        assert not done.returncode, done.stderr
    return made


@pytest.mark.parametrize("library", kernels.some(COMPILERS, 2))
def test_a_program_of_threads_prints_what_linux_prints(library, tmp_path):
    """Unchanged: what its library asks of Linux it finds here."""
    programs = build(library, tmp_path)
    on_linux = {name: oracle.run(path) for name, path in programs.items()}
    tree = kernels.reference(PHASE)
    files = {path: (mode, data) for path, (mode, _, _, data) in entries(kernels.archive_of(PHASE).read_bytes()).items()}
    files |= {f"tests/{name}": (cpio.FILE | 0o755, path.read_bytes()) for name, path in programs.items()}
    archive = tmp_path / "archive"
    archive.write_bytes(cpio.archive(files))
    kernel = tree / "build/checked/kernel.elf"
    with contextlib.closing(Boot(kernel, kernels.image(kernel, tree), 2, len(CPUS) * len(programs), archive=archive)) as boot:
        for cpus in CPUS:
            for name in programs:
                run = boot("exit_orphans", program=[f"/tests/{name}"], cpus=cpus, limit_ms=LIMIT_MS, trace="off")
                assert (run.status, run.output) == (0, on_linux[name]), f"{name} on {cpus} CPUs"
                soak_programs.at_rest(run)
