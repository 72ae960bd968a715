"""Programs of this machine's distribution, built by nobody here: bash runs a script with them in the guest, and it prints what it prints on
this machine. They and their libraries get into the image as `make run FILES=...` puts them there."""

import os
import shutil
import subprocess

import kernels
import pytest
from user_programs import entries

from grade import cpio
from grade.machine import Machine, limit_option

PHASE = 5
LIMIT_MS = 120_000
PATH = "/usr/bin:/bin"
# What a script begins with: the folder that it works in is its argument. It prints to a pipe, as not to be told of progress.
BEGIN = f"""export PATH={PATH} HOME=$1 LC_ALL=C GIT_CONFIG_NOSYSTEM=1
cd "$1"
"""
GIT = """git init -q --template= -b main work
cd work
git config user.email me@here.org
git config user.name Me
at() { export GIT_AUTHOR_DATE="2020-01-0$1 12:00:00 +0000" GIT_COMMITTER_DATE="2020-01-0$1 12:00:00 +0000"; }
for i in 1 2 3; do at $i; echo line $i >> text; git add text; git commit -q -m "number $i"; done
git checkout -q -b side HEAD~1
at 4
echo other > more
git add more
git commit -q -m side
git merge -q --no-edit main
git log --graph --oneline | cat
git diff --stat main side | cat
git gc -q
git fsck --no-progress
git clone -q --template= . ../copy
cat ../copy/text <(git grep -n line main) | sort
git bundle create -q ../all --all && git bundle verify -q ../all
"""
PROGRAM = """#include <pthread.h>
#include <stdio.h>

static void *half(void *of)
{
    return (void *)((long)of / 2);
}

int main(void)
{
    pthread_t thread;
    void *result;
    if (pthread_create(&thread, NULL, half, (void *)84) == 0 && pthread_join(thread, &result) == 0)
        printf("%ld, by a thread\\n", (long)result);
    return 0;
}
"""
COMPILER = f"""cat > sum.c <<'END'
{PROGRAM}END
printf 'sum: sum.c\\n\\tgcc $(CFLAGS) -O2 -g -pthread -o $@ $<\\n' > Makefile
make
./sum
make
touch -d 1990-01-01 sum
make CFLAGS=-pipe
./sum
"""


def found(*names):
    return [os.path.realpath(shutil.which(name, path=PATH)) + f":/usr/bin/{name}" for name in names]


def answer(*command, folder):
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def git(_):
    return [*found("bash", "git", "cat", "sort"), answer("git", "--exec-path", folder=".").strip()]


def compiler(folder):
    """With what the compiler and the linker say that they read."""
    (folder / "sum.c").write_text(PROGRAM)
    build = ["gcc", "-O2", "-pthread", "sum.c"]
    said = answer(*build, "-M", folder=folder) + answer(*build, "-Wl,--trace", folder=folder)
    read = {os.path.normpath(word) for word in said.split() if word.startswith("/") and not word.startswith("/tmp/")}
    parts = {answer("gcc", f"-print-prog-name={name}", folder=folder).strip() for name in ("cc1", "collect2")}
    parts.add(answer("gcc", "-print-file-name=liblto_plugin.so", folder=folder).strip())
    return [*found("bash", "gcc", "as", "ld", "make", "cat", "touch"), *sorted(read | parts)]


SCRIPTS = {"git": (git, GIT), "compiler": (compiler, COMPILER)}


@pytest.mark.parametrize("name", SCRIPTS if kernels.ALL else ["git"])
def test_a_distributions_programs_print_what_they_print_here(name, tmp_path):
    wants, text = SCRIPTS[name]
    script, here = tmp_path / "script", tmp_path / "here"
    script.write_text(f"{BEGIN}{{\n{text}}} 2>&1 | cat\n")
    here.mkdir()
    files = {path: (mode, data) for path, (mode, _, _, data) in entries(kernels.archive_of(PHASE).read_bytes()).items()}
    for word in [f"{script}:/script", *wants(tmp_path)]:
        files |= cpio.own_entries(word if ":" in word else f"{word}:{word}")
    archive = tmp_path / "archive"
    archive.write_bytes(cpio.archive(files))
    told = answer("bash", script, here, folder=here)
    with Machine(kernels.reference(PHASE) / "build/checked/kernel.elf",
                 f"{limit_option(LIMIT_MS)} trace=off init=/usr/bin/bash,/script,/root", archive=archive, cpus=2, ram_mib=512,
                 limit_ms=LIMIT_MS) as machine:
        end, console = machine.run(), machine.console()
    assert end.kind == "poweroff", console[-2000:]
    assert told in console.replace("\r", "") and told.count("\n") > 3, console[-4000:]
