"""Programs that need a loader: those of test_libcs.py built the usual way, with the loader and the libraries that grade/cpio.py finds for
them, print what they print on Linux, with either library. What exec says of loaders that are none: user/tests/edges_process.c."""

import contextlib
import re
import subprocess
from pathlib import Path

import kernels
import pytest
from libcs import COMPILERS, NAMES, SOURCES
from test_libcs import DRIVER, LIMIT_MS, PHASE, kept
from user_programs import entries

from grade import cpio, oracle, soak_programs
from grade.boot import Boot

FLAGS = ["-pthread", "-O2", "-Wl,--as-needed"]
KINDS = {"anywhere": ["-fPIE", "-pie"], "in its place": ["-fno-pie", "-no-pie"]}
LOADERS = {"musl": "/lib/ld-musl-x86_64.so.1", "glibc": "/lib64/ld-linux-x86-64.so.2"}
SHORT = ["heap", "files", "numbers", "starts"]


def build(library, flags, folder, names):
    made = {}
    for name in names:
        made[name] = folder / name
        subprocess.run([COMPILERS[library], *FLAGS, *flags, "-o", made[name], SOURCES / f"{name}.c", "-lm", "-lrt"], check=True)
    return made


def cases():
    """[(library, kind, CPUs)], each library and kind once; in `make test` with some of the programs."""
    return [(library, kind, cpus) for library, cpus in (("musl", 1), ("glibc", 4)) for kind in KINDS]


@pytest.mark.parametrize("library, kind, cpus", cases() if kernels.ALL else [cases()[0], cases()[2]])
def test_programs_with_a_loader_print_what_linux_prints(library, kind, cpus, tmp_path):
    names = NAMES if kernels.ALL else SHORT
    if not Path(LOADERS[library]).exists():
        pytest.fail(f"{LOADERS[library]} is not here, so programs of {library} that need it were not run; `make setup` installs it")
    programs = build(library, KINDS[kind], tmp_path, names)
    assert {name: oracle.run(path) for name, path in programs.items()} == {name: kept(name) for name in names}
    tree = kernels.reference(PHASE)
    files = {path: (mode, data) for path, (mode, _, _, data) in entries(kernels.archive_of(PHASE).read_bytes()).items()}
    for name, path in programs.items():
        files |= cpio.own_entries(f"{path}:/tests/{name}")
    files["driver"] = cpio.FILE | 0o644, DRIVER.format(names=" ".join(names)).encode()
    archive = tmp_path / "archive"
    archive.write_bytes(cpio.archive(files))
    kernel = tree / "build/checked/kernel.elf"
    with contextlib.closing(Boot(kernel, kernels.image(kernel, tree), 2, archive=archive)) as boot:
        run = boot("exit_orphans", program=["/bin/sh", "/driver"], cpus=cpus, limit_ms=LIMIT_MS, trace="off")
        printed = dict(re.findall(r"^<<< (\w+)\n(.*?)>>> 0$", run.output, re.M | re.S))
        assert printed == {name: kept(name) for name in names}, run.output
        soak_programs.at_rest(run)
