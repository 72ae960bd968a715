"""phases/lint.py: the planted tree is clean, and each kind of violation planted into it is found, at its place, by one line."""

import shutil
import subprocess

import pytest
from phases_planted import MASTER, edit, plant, put, run

NEW = "kernel/sched/new.c"


@pytest.fixture
def master(tmp_path):
    root = plant(tmp_path / "master")
    put(root, "phases/files.tbl", (root / "phases/files.tbl").read_text() + f"{NEW} 1 - sched\n")
    put(root, NEW, "/* New. */\n")
    return root


def lint(root, *args):
    """The findings but for the last line, which counts them."""
    return run(root, "lint.py", *args, ok=False).splitlines()[:-1]


def test_a_clean_tree_has_no_finding(master):
    assert run(master, "lint.py") == "lint: clean\n"


@pytest.mark.parametrize("path, text, line, rule, words", [
    ("kernel/lib/list.h", '#pragma once\n#include "arch/upcall.h"\n', 2, "layers", "lib includes arch"),
    ("kernel/base/panic.c", '#include "sched/rq.h"\n', 1, "layers", "there is no kernel/sched/rq.h"),
    ("kernel/mine/mine.h", '#pragma once\n#include "arch/upcall.h"\n', 2, "layers", "lib includes arch"),
    (NEW, "#include <stdio.h>\n", 1, "layers", "<stdio.h>"),
    (NEW, "#if PHASE >= 2\nint a;\n#else\nint b;\n#endif\n", 3, "conditionals", "no #else"),
    (NEW, "#if PHASE >= 2\n#ifdef CHECKED\nint a;\n#endif\n#endif\n", 2, "conditionals", "nests"),
    (NEW, "#ifdef CHECKED\n#if PHASE >= 2\nint a;\n#endif\n#endif\n", 2, "conditionals", "nests"),
    (NEW, "#if PHASE >= 2 && X\nint a;\n#endif\n", 1, "conditionals", "nothing else on the line"),
    (NEW, "#if PHASE > 2\nint a;\n#endif\n", 1, "conditionals", "nothing else on the line"),
    (NEW, "#ifdef PHASE\nint a;\n#endif\n", 1, "conditionals", "nothing else on the line"),
    (NEW, "#if PHASE >= 1\nint a;\n#endif\n", 1, "conditionals", "n from 2 to 5"),
    (NEW, "#if PHASE >= 2\nint a;\n", 1, "conditionals", "without #endif"),
    (NEW, "int a;\n#endif\n", 2, "conditionals", "without #if"),
    (NEW, "/* the PHASE */\n", 1, "conditionals", "the word PHASE"),
    (NEW, "void f(void)\n{\n#if SOLVED >= 102\n#else\n#endif\n}\n", 3, "conditionals", "no exercise with solved = 102 lists"),
    (NEW, "/* */\nint a = __LINE__;\n", 2, "words", "use __func__"),
    (NEW, '/* asm */\nvoid f(void)\n{\n    asm volatile("cli");\n}\n', 4, "words", "assembly stays in kernel/arch/"),
    (NEW, "int a;\r\n", 1, "form", "carriage return"),
    (NEW, "int a; \n", 1, "form", "blanks at the end"),
    (NEW, "\tint a;\n", 1, "form", "a tab"),
    (NEW, "int a;", 1, "form", "no end"),
    (NEW, f"/* {'x' * 140} */\n", 1, "form", "columns"),
    (NEW, "/* see " + "/home" + "/user/notes */\n", 1, "form", "path of one machine"),
    ("grade/run.py", "path = '" + "/work" + "/main'\n", 1, "form", "path of one machine"),
    ("kernel/sched/lost.c", "/* Lost. */\n", 1, "rows", "add 'kernel/sched/lost.c FIRST - sched'"),
])
def test_a_violation_is_found_where_it_is(master, path, text, line, rule, words):
    put(master, path, text)
    assert [f for f in lint(master) if f.startswith(f"{path}:{line}: {rule}: ") and words in f], lint(master)


@pytest.mark.parametrize("path, old, new, words", [
    ("kernel/sched/rq.c", "rq->length++;\n#else", "rq->length++;\n#else\n#else", "one #else"),
    ("kernel/sched/rq.c", '#else\n    (void)rq;\n    panic("lab 1.2: rq_push is yours to write");\n', "", "SOLVED without #else"),
    ("kernel/sched/rq.c", "#if SOLVED >= 102", "    rq->length = 0;\n#if SOLVED >= 102", "a whole function body"),
    ("kernel/sched/rq.c", "lab 1.2:", "lab 1.3:", "the stub speaks of lab 1.3"),
    ("kernel/arch/switch.asm", "switch_context:\n%if", "switch_context:\n    nop\n%if", "a whole function body"),
    ("kernel/arch/switch.asm", "%if SOLVED >= 101", "%if SOLVED = 101", "nothing else on the line"),
    ("phases/files.tbl", "kernel/sched/only1.c    1 1 sched", "kernel/sched/only1.c    1 1 mm", "is of layer sched by its folder"),
    ("phases/files.tbl", "kernel/sched/only1.c ", "kernel/sched/only*.h ", "matches no file"),
    ("phases/files.tbl", "kernel/sched/join.c     2 -", "kernel/sched/join.c     1 -", "has the same phase in line 8"),
    ("phases/files.tbl", "call panic arch kernel/base/panic.c", "call panic arch kernel/base/gone.c", "gone.c does not exist"),
    ("phases/files.tbl", "call panic arch", "call tick arch", "does not mention tick"),
    ("phases/files.tbl", "call panic arch", "call panic sched", "this is no upward call"),
    ("phases/1-planted1/exercises.toml", '"kernel/arch/switch.asm"', '"kernel/arch/gone.asm"', "1.1: kernel/arch/gone.asm does not exist"),
    ("phases/2-planted2/exercises.toml", '"kernel/sched/wait.c"', '"kernel/sched/wait.c", "kernel/sched/new.c"', "has no 'SOLVED >= 201'"),
])
def test_a_table_or_body_that_is_off_is_found(master, path, old, new, words):
    edit(master, path, old, new)
    assert [f for f in lint(master) if words in f], lint(master)


def test_an_include_cycle_is_found_with_its_way(master):
    for a, b in (("a", "b"), ("b", "c"), ("c", "a")):
        put(master, f"kernel/lib/{a}.h", f'/* {a}. */\n#pragma once\n#include "lib/{b}.h"\n')
    put(master, "phases/files.tbl", (master / "phases/files.tbl").read_text() + "kernel/lib/[abc]* 1 - lib\n")
    found = [f for f in lint(master) if ": cycles: " in f]
    assert len(found) == 1 and "kernel/lib/a.h -> kernel/lib/b.h -> kernel/lib/c.h -> kernel/lib/a.h" in found[0]


def test_the_eightieth_conditional_on_the_phase_is_found(master):
    planted = 2
    put(master, NEW, "#if PHASE >= 2\nint a;\n#endif\n" * (79 - planted))
    run(master, "lint.py")
    put(master, NEW, "#if PHASE >= 2\nint a;\n#endif\n" * (80 - planted))
    assert len([f for f in lint(master) if "80 or more" in f]) == 1


def test_conditionals_and_layers_of_retired_files_are_checked(master):
    put(master, "phases/retired/kernel/sched/join.c", '/* Join. */\n#if PHASE >= 2\n#else\n#endif\n#include "init/main.h"\n')
    assert {f.split(":")[0] for f in lint(master)} == {"phases/retired/kernel/sched/join.c"}
    assert {f.split(": ")[1] for f in lint(master)} == {"conditionals", "layers"}


def test_a_call_into_a_higher_layer_needs_a_row(master, tmp_path):
    objects = tmp_path / "objects"
    compile_c(objects / "kernel/base/low.o", "void sched_secret(void); void panic_(void); void low(void) { sched_secret(); }")
    compile_c(objects / "kernel/sched/high.o", "void low(void); void sched_secret(void) { low(); }")
    found = lint(master, "--objects", objects)
    assert len(found) == 1 and found[0].startswith("kernel/base/low.o:0: upcalls: base uses sched_secret of kernel/sched/high.o")
    put(master, NEW.replace("new", "high"), "/* */\nvoid sched_secret(void);\n")
    put(master, "phases/files.tbl", (master / "phases/files.tbl").read_text() +
        "kernel/sched/high.c 1 - sched\ncall sched_* base kernel/sched/high.c\n")
    assert run(master, "lint.py", "--objects", objects) == "lint: clean\n"


def test_a_folder_without_objects_is_said(master, tmp_path):
    assert "holds no kernel/*.o" in run(master, "lint.py", "--objects", tmp_path / "none", ok=False)


@pytest.mark.parametrize("script, words", [
    ("SECTIONS { . = 0x100000; .text : { *(.text) } . = ALIGN(0x1000); .data : AT(0x300000) { *(.data) } }", "file offset"),
    ("PHDRS { all PT_LOAD FLAGS(7); } SECTIONS { . = 0x100000; .text : { *(.text) } :all .data : { *(.data) } :all }",
     "writable and executable"),
    ("PHDRS { t PT_LOAD FLAGS(5); d PT_LOAD FLAGS(6); } SECTIONS { . = 0x100000; .text : { *(.text) } :t . = ALIGN(0x1000);"
     " .data : { *(.data) } :d }", None),
])
def test_segments_that_would_load_wrong_are_found(master, tmp_path, script, words):
    compile_c(tmp_path / "a.o", "int d = 1; void _start(void) { d++; }")
    put(tmp_path, "a.ld", script)
    elf = tmp_path / "a.elf"
    subprocess.run([tool("ld"), "-nostdlib", "-static", "-z", "max-page-size=4096", "-T", tmp_path / "a.ld", "-o", elf, tmp_path / "a.o"],
                   check=True, capture_output=True)
    if words is None:
        assert run(master, "lint.py", "--elf", elf) == "lint: clean\n"
    else:
        assert [f for f in lint(master, "--elf", elf) if ": segments: " in f and words in f]


def test_a_file_that_is_no_elf_is_said(master):
    assert "not an ELF file" in run(master, "lint.py", "--elf", master / "Makefile", ok=False)


def tool(name):
    """gcc or ld for x86-64."""
    return next(t for t in (f"x86_64-linux-gnu-{name}", f"x86_64-elf-{name}", name) if shutil.which(t))


def compile_c(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([tool("gcc"), "-O1", "-ffreestanding", "-fno-pic", "-fno-asynchronous-unwind-tables", "-x", "c", "-c", "-", "-o", path],
                   input=text, text=True, check=True)


def test_the_master_tree_is_clean():
    assert run(MASTER, "lint.py") == "lint: clean\n"
