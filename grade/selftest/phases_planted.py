"""A small master tree for the tests of the phase machinery: the real programs of phases/, over three phases of planted files.

plant(folder) makes it; run(...) calls one of its programs; the rest changes and reads files."""

import shutil
import subprocess
import sys
from pathlib import Path

MASTER = Path(__file__).resolve().parents[2]

TABLE = """\
# planted
kernel/lib/list.h       1 - lib
kernel/mine/mine.h      1 - lib
kernel/arch/upcall.h    1 - arch
kernel/arch/switch.asm  1 - arch
kernel/base/panic.c     1 - base
kernel/sched/rq.c       1 - sched
kernel/sched/join.c     1 1 sched retired
kernel/sched/join.c     2 - sched
kernel/sched/only1.c    1 1 sched
kernel/sched/wait.c     2 - sched
Makefile                1 - -
grade/                  1 - -
labs/lab1*              1 - -
labs/lab2*              2 - -
docs/                   1 - -
call panic arch kernel/base/panic.c
"""

SWITCH = """\
; it's assembly
%ifidn __?OUTPUT_FORMAT?__, elf64
default rel
%endif
global switch_context
switch_context:
%if SOLVED >= 101
    ret
%else
    ud2 ; yours
%endif
"""

QUEUE = """\
/* The queue. */
#include "arch/upcall.h"
#include "lib/list.h"

struct rq {
    int length;
#if PHASE >= 2
    int blocked; /* who waits */
#endif
#if PHASE >= 3
    int cpu;
#endif
};

void rq_push(struct rq *rq)
{
#if SOLVED >= 102
    rq->length++;
#else
    (void)rq;
    panic("lab 1.2: rq_push is yours to write");
#endif
}

void rq_pop(struct rq *rq)
{
#if SOLVED >= 103
    rq->length--;
#else
    (void)rq;
    panic("lab 1.3: rq_pop is yours to write");
#endif
}
"""

WAIT = """\
/* Waiting. */
#include "arch/upcall.h"

void wait_on(void)
{
#if SOLVED >= 201
    return;
#else
    panic("lab 2.1: wait_on is yours to write");
#endif
}
"""

FILES = {
    "phases/files.tbl": TABLE,
    "kernel/lib/list.h": "/* Lists. */\n#pragma once\n",
    "kernel/mine/mine.h": "/* Yours. */\n#pragma once\n",
    "kernel/arch/upcall.h": '/* Up. */\n#pragma once\n#include "lib/list.h"\n\nvoid panic(const char *text);\n',
    "kernel/arch/switch.asm": SWITCH,
    "kernel/base/panic.c": '/* Panic. */\n#include "arch/upcall.h"\n\nvoid panic(const char *text)\n{\n    (void)text;\n}\n',
    "kernel/sched/rq.c": QUEUE,
    "kernel/sched/join.c": "/* Join: blocks. */\n",
    "phases/retired/kernel/sched/join.c": "/* Join: yields. */\n",
    "kernel/sched/only1.c": "/* Phase 1 alone. */\n",
    "kernel/sched/wait.c": WAIT,
    "Makefile": "all:\n\ttrue\n",
    "grade/run.py": '"""Grades."""\n',
    "grade/mutants/lab1.toml": "secret\n",
    "grade/selftest/test_x.py": "secret\n",
    "grade/hidden/test_y.py": "secret\n",
    "labs/lab1.md": "# Lab 1\n",
    "labs/lab2.md": "# Lab 2\n",
    "docs/design.md": "# Design\n",
    "docs/instructor/answers.md": "secret\n",
}

EXERCISES = {
    1: [("1.1", 101, "kernel/arch/switch.asm", "switch_context"), ("1.2", 102, "kernel/sched/rq.c", "rq_push"),
        ("1.3a", 103, "kernel/sched/rq.c", "rq_pop"), ("1.3b", 103, "kernel/sched/rq.c", "rq_pop")],
    2: [("2.1", 201, "kernel/sched/wait.c", "wait_on")],
    3: [],
}


def exercises_toml(phase):
    text = f'phase = {phase}\nname = "planted{phase}"\n'
    for name, solved, path, function in EXERCISES[phase]:
        text += (f'\n[[exercise]]\nid = "{name}"\ntitle = "a \\"title\\""\npoints = 10\nhours = 1.5\nlines = 1\ncore = true\n'
                 f'files = ["{path}"]\nfunctions = ["{function}"]\nsolved = {solved}\n')
    return text


def put(root, path, text):
    """Writes a file below root, with its folders; text None takes it away."""
    name = Path(root) / path
    if text is None:
        name.unlink()
        return
    name.parent.mkdir(parents=True, exist_ok=True)
    name.write_bytes(text if isinstance(text, bytes) else text.encode())


def edit(root, path, old, new):
    """Replaces old, which must be there once."""
    text = (Path(root) / path).read_text()
    assert text.count(old) == 1, f"{path}: {text.count(old)} times {old!r}"
    put(root, path, text.replace(old, new))


def plant(folder):
    """The planted master tree, made in folder. Returns folder."""
    for path, text in FILES.items():
        put(folder, path, text)
    for phase in EXERCISES:
        put(folder, f"phases/{phase}-planted{phase}/exercises.toml", exercises_toml(phase))
        put(folder, f"phases/{phase}-planted{phase}/README.md", f"# Phase {phase}\n\nWhat it brings.\n\nHow to go on.\n")
    for program in (MASTER / "phases").glob("*.py"):
        shutil.copy(program, folder / "phases")
    return folder


def run(root, program, *args, ok=True, env=None):
    """Runs root/phases/program. Returns its output (ok) or its one line on stderr (not ok)."""
    done = subprocess.run([sys.executable, str(Path(root) / "phases" / program), *map(str, args)], capture_output=True, text=True, env=env)
    assert (done.returncode == 0) is ok, done.stdout + done.stderr
    if ok:
        return done.stdout + done.stderr
    assert done.stderr.count("\n") <= 1 and "Traceback" not in done.stderr, done.stderr
    return done.stderr or done.stdout


def make_tree(root, out, phase=1, solved=0, *more):
    return run(root, "tree.py", "--phase", phase, "--solved", solved, "--out", out, *more)


def texts(folder):
    """{path: bytes} of a folder, without .git and the stamp."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(Path(folder).rglob("*"))
            if p.is_file() and ".git" not in p.relative_to(folder).parts and p.name != ".crescent-tree"}
