#!/usr/bin/env python3
"""Checks what the compiler does not: layers, include cycles, conditionals, files.tbl against the files, and the form of our sources.

    phases/lint.py [--elf KERNEL.ELF] [--objects BUILD/checked]

With --elf and --objects also the kernel's segments and its upward calls (lint_objects.py). A finding is one line, `file:line: rule: what
to do`. Exits with 0 if there is none, else 1. Needs no build otherwise, and well under a second.

check(root) returns the findings of a master tree as (file, line, rule, text)."""

import argparse
import os
import re
import sys
from pathlib import Path

from table import LAYERS, Complaint, exercises, is_junk, layer_of, matching, read_phases, read_table

PHASE_LIMIT = 80  # conditionals on PHASE in all
GENERATED = {"kernel/syscall/calls.h"}  # kernel.mk makes it from syscall.tbl
LINE_LIMIT = 140  # columns
FREESTANDING = {"stdarg.h", "stdbool.h", "stddef.h", "stdint.h", "stdalign.h", "stdnoreturn.h", "stdatomic.h", "limits.h", "float.h"}
SOURCES = {".c", ".h", ".asm", ".inc", ".ld", ".def", ".tbl", ".py", ".sh", ".mk", ".toml", ".gdb", ".md"}
NAMED_SOURCES = {"Makefile", ".gdbinit", ".gitattributes", ".gitignore"}
PATHS = re.compile(r"(?<![\w.~$}])/(?:work|home|root|Users)/\w")  # of somebody's machine
DIRECTIVE = {"c": re.compile(r"^\s*#\s*(if|ifdef|ifndef|elif|else|endif)\b"), "nasm": re.compile(r"^\s*%((?:el)?if\w*|else|endif)\b")}
OURS = re.compile(r"^(?:#| *%)if (PHASE|SOLVED) >= ([0-9]+)$")
WORDS = re.compile(r"\b(PHASE|SOLVED)\b")


def check(root):
    """All findings about the sources of a master tree. Raises Complaint where files.tbl or an exercises.toml cannot be read."""
    root = Path(root)
    rows, upcalls = read_table(root)
    phases = read_phases(root)
    findings = check_rows(root, rows) + check_upcalls(root, upcalls) + check_exercise_files(root, phases)
    kernel, conditionals = {}, []
    for path, shown in code_files(root):
        text = (root / shown).read_text(errors="replace")
        findings += check_conditionals(shown, path, text, phases, conditionals)
        if path.startswith("kernel/"):
            findings += check_words(shown, path, text) + check_includes(root, shown, path, text)
            if shown == path:
                kernel[path] = included(path, text)
    for shown, line in conditionals[PHASE_LIMIT - 1:]:
        findings.append((shown, line, "conditionals", f"this makes {PHASE_LIMIT} or more on PHASE; give the addition a file of its own"))
    findings += check_cycles(kernel)
    for path in own_sources(root):
        findings += check_form(path, (root / path).read_bytes())
    return sorted(set(findings))


def files_below(root, top):
    """Paths from root, sorted. What is being built comes and goes meanwhile: its folder is not entered."""
    found = []
    for folder, inner, names in os.walk(root / top):
        if Path(folder) == Path(root):
            inner[:] = [name for name in inner if name not in (".git", "build")]
        found += [(Path(folder) / name).relative_to(root) for name in names]
    return [p.as_posix() for p in sorted(found) if (Path(root) / p).is_file() and not is_junk(p.as_posix())]


def code_files(root):
    """(path in a tree, path in the master) of everything in kernel/ and user/ and of their retired versions."""
    now = [(p, p) for top in ("kernel", "user") for p in files_below(root, top)]
    return now + [(p.removeprefix("phases/retired/"), p) for p in files_below(root, "phases/retired")]


def own_sources(root):
    return [p for p in files_below(root, ".") if Path(p).suffix in SOURCES or Path(p).name in NAMED_SOURCES]


# --- files.tbl ---------------------------------------------------------------------------------------------------------------------

def check_rows(root, rows):
    """Every kernel file has a row, every row a file, every layer is that of the folder, no path is in a phase twice."""
    findings, seen = [], {}
    table = "phases/files.tbl"
    named = {row.path for row in rows if row.exact()}
    for row in rows:
        found = [path for path in matching(root, row) if row.exact() or path not in named]
        if not found:
            findings.append((table, row.line, "rows", f"{row.path} matches no file; add the file or take the row out"))
        for path in found:
            if row.layer != layer_of(path):
                findings.append((table, row.line, "rows", f"{path} is of layer {layer_of(path) or '-'} by its folder; write that"))
            for other in seen.setdefault(path, []):
                if row.first <= (other.last or 9) and other.first <= (row.last or 9):
                    findings.append((table, row.line, "rows", f"{path} has the same phase in line {other.line}; make them disjoint"))
            seen[path].append(row)
    for path in files_below(root, "kernel") + files_below(root, "user"):
        if path not in seen:
            findings.append((path, 1, "rows", f"no row in {table}; add '{path} FIRST - {layer_of(path) or '-'}'"))
    return findings


def check_upcalls(root, upcalls):
    """Each allowed upward call names a file that has the symbol and stands in a higher layer."""
    findings = []
    for up in upcalls:
        where = ("phases/files.tbl", up.line, "upcalls")
        layer = layer_of(up.path)
        if not (root / up.path).is_file():
            findings.append((*where, f"{up.path} does not exist; name the file that has {up.symbol}"))
        elif not re.search(r"\b" + up.symbol.replace("*", r"\w*"), (root / up.path).read_text()):
            findings.append((*where, f"{up.path} does not mention {up.symbol}; correct the row or take it out"))
        elif layer is None or LAYERS.index(layer) <= LAYERS.index(up.layer):
            findings.append((*where, f"{up.path} is not above layer {up.layer}, so this is no upward call; take the row out"))
    return findings


# --- conditionals and words --------------------------------------------------------------------------------------------------------

def check_exercise_files(root, phases):
    """Every file of an exercise exists and has a conditional with the exercise's number."""
    findings = []
    for ex in exercises(phases, 9):
        shown = (phases[int(ex["id"][0])][0] / "exercises.toml").relative_to(root).as_posix()
        for path in ex["files"]:
            if not (root / path).is_file():
                findings.append((shown, 1, "exercises", f"{ex['id']}: {path} does not exist; add it or correct 'files'"))
            elif f"SOLVED >= {ex['solved']}" not in (root / path).read_text():
                findings.append((shown, 1, "exercises", f"{ex['id']}: {path} has no 'SOLVED >= {ex['solved']}'; mark the body there"))
    return findings


def check_conditionals(shown, path, text, phases, counted):
    """The forms that design.md allows, and no others. Adds the place of each conditional on PHASE to counted."""
    findings, stack = [], []  # stack: [word or None, number, line, has #else]
    lines = text.splitlines()
    style = "nasm" if path.endswith((".asm", ".inc")) else "c"

    def found(line, what):
        findings.append((shown, line, "conditionals", what))

    for number, line in enumerate(lines, 1):
        directive = DIRECTIVE[style].match(line)
        if not directive:
            if WORDS.search(line):
                found(number, f"the word {WORDS.search(line)[1]} outside of a conditional would reach the students; use another one")
            continue
        kind = directive[1]
        ours = OURS.match(line)
        if WORDS.search(line) and not ours:
            found(number, "write '#if PHASE >= n' or '#if SOLVED >= nnn' and nothing else on the line")
        if kind not in ("else", "endif") and not kind.startswith("el"):
            if stack and (ours or any(entry[0] for entry in stack)):
                found(number, "a conditional on PHASE or SOLVED neither nests nor holds another; take them apart")
            stack.append([ours and ours[1], ours and int(ours[2]), number, False])
            if ours:
                check_number(ours, path, phases, lambda what, at=number: found(at, what))
                if ours[1] == "PHASE":
                    counted.append((shown, number))
        elif not stack:
            found(number, f"#{kind} without #if")
        elif kind == "endif":
            word, value, start, has_else = stack.pop()
            if word == "SOLVED":
                if not has_else:
                    found(start, "SOLVED without #else: the stub is missing")
                if not whole_body(lines, start, number, style):
                    found(start, "SOLVED goes around a whole function body: the line above is '{' or a label, the line below '}'")
                check_stub(lines[start:number], value, lambda what, at=start: found(at, what))
        elif stack[-1][0] == "PHASE":
            found(number, "PHASE only adds: no #else; move what a later phase replaces to phases/retired/")
        elif stack[-1][0] == "SOLVED" and (kind != "else" or stack[-1][3]):
            found(number, "SOLVED has one #else and no #elif")
        elif kind == "else":
            stack[-1][3] = True
    for _, _, start, _ in stack:
        found(start, "#if without #endif")
    return findings


def check_number(ours, path, phases, found):
    value = int(ours[2])
    if ours[1] == "PHASE" and not 2 <= value <= 5:
        found("PHASE >= n has n from 2 to 5; phase 1 needs no conditional")
    if ours[1] == "SOLVED" and not any(ex["solved"] == value and path in ex["files"] for ex in exercises(phases, 9)):
        found(f"no exercise with solved = {value} lists {path}; correct the number or exercises.toml")


def check_stub(lines, value, found):
    for lab in re.findall(r'"lab ([0-9])\.([0-9]+):', "\n".join(lines)):
        if int(lab[0]) * 100 + int(lab[1]) != value:
            found(f"the stub speaks of lab {lab[0]}.{lab[1]}, the conditional of {value}; make them the same")


def whole_body(lines, start, end, style):
    """start, end: the line numbers of #if and #endif."""
    before = next((line.strip() for line in reversed(lines[:start - 1]) if line.strip()), "")
    after = next((line for line in lines[end:] if line.strip()), "")
    if style == "nasm":
        return before.endswith(":") and not re.match(r"\s+[^;\s]", after)
    return before == "{" and after.rstrip() == "}"


def without_comments(text):
    """C text without comments and strings, its lines kept."""
    def blank(match):
        return '""' if match[0].startswith('"') else "\n" * match[0].count("\n") or " "
    return re.sub(r'"(?:\\.|[^"\\\n])*"|/\*.*?\*/|//[^\n]*', blank, text, flags=re.S)


def check_words(shown, path, text):
    findings = []
    for number, line in enumerate(without_comments(text).splitlines(), 1):
        if re.search(r"\b__LINE__\b|__\?LINE\?__", line):
            findings.append((shown, number, "words", "__LINE__ makes generated trees differ from the master; use __func__"))
        if re.search(r"\b(asm|__asm|__asm__)\b", line) and path.endswith((".c", ".h")) and layer_of(path) != "arch":
            findings.append((shown, number, "words", "assembly stays in kernel/arch/; give arch.h a function for it"))
    return findings


# --- includes ----------------------------------------------------------------------------------------------------------------------

def included(path, text):
    """[(line, included file as a path of the tree, or '<name>')]."""
    mark = "%" if path.endswith((".asm", ".inc")) else "#"
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(rf'\s*{mark}\s*include\s*(?:"([^"]+)"|<([^>]+)>)', line)
        if match:
            found.append((number, f"<{match[2]}>" if match[2] else "kernel/" + match[1]))
    return found


def check_includes(root, shown, path, text):
    findings = []
    mine = layer_of(path)
    for line, target in included(path, text):
        theirs = layer_of(target)
        if target.startswith("<"):
            if target[1:-1] not in FREESTANDING:
                findings.append((shown, line, "layers", f"{target} is not the kernel's; only the compiler's own headers are"))
        elif target not in GENERATED and not (root / target).is_file():
            findings.append((shown, line, "layers", f"there is no {target}; include by the path below kernel/"))
        elif mine and theirs and LAYERS.index(theirs) > LAYERS.index(mine):
            findings.append((shown, line, "layers", f"{mine} includes {theirs}, a higher layer; register a table of functions instead"))
    return findings


def check_cycles(graph):
    """graph: {file: [(line, file)]}. One finding for each include that closes a cycle."""
    findings, state = [], {}

    def visit(path, trail):
        state[path] = "open"
        for line, target in graph.get(path, []):
            if state.get(target) == "open":
                cycle = trail[trail.index(target):] + [target]
                findings.append((path, line, "cycles", f"closes an include cycle: {' -> '.join(cycle)}; break it"))
            elif target in graph and target not in state:
                visit(target, trail + [target])
        state[path] = "done"

    for path in graph:
        if path not in state:
            visit(path, [path])
    return findings


# --- form --------------------------------------------------------------------------------------------------------------------------

def check_form(path, data):
    """Line ends, blanks, tabs, length, machine paths."""
    findings = []
    name = Path(path).name
    make = name == "Makefile" or name.endswith(".mk")
    if b"\r" in data:
        findings.append((path, data[:data.index(b"\r")].count(b"\n") + 1, "form", "carriage return; save with LF line ends"))
    if data and not data.endswith(b"\n"):
        findings.append((path, data.count(b"\n") + 1, "form", "the last line has no end; add a newline"))
    for number, line in enumerate(data.decode(errors="replace").replace("\r", "").split("\n"), 1):
        if line != line.rstrip():
            findings.append((path, number, "form", "blanks at the end of the line; take them out"))
        if "\t" in (line.lstrip("\t") if make else line):
            findings.append((path, number, "form", "a tab; use blanks"))
        if len(line) > LINE_LIMIT and not name.endswith(".md"):
            findings.append((path, number, "form", f"{len(line)} columns, at most {LINE_LIMIT}; break the line"))
        if PATHS.search(line):
            findings.append((path, number, "form", f"'{PATHS.search(line)[0]}...' is a path of one machine; take it out"))
    return findings


def main(argv=None):
    parser = argparse.ArgumentParser(description="check a Crescent master tree")
    parser.add_argument("--root", default=Path(__file__).resolve().parent.parent, type=Path)
    parser.add_argument("--elf", type=Path, help="a built kernel.elf: its segments")
    parser.add_argument("--objects", type=Path, help="the folder of one variant's objects, as build/checked: upward calls")
    args = parser.parse_args(argv)
    try:
        findings = check(args.root)
        if args.elf or args.objects:
            try:
                import lint_objects  # needs pyelftools, which the rest does not
            except ModuleNotFoundError:
                raise Complaint(f"{sys.executable} has no elftools; use the Python that `make setup` finds: make lint") from None
            _, upcalls = read_table(args.root)
            findings += lint_objects.check_segments(args.elf) if args.elf else []
            findings += lint_objects.check_calls(args.objects, upcalls) if args.objects else []
    except Complaint as complaint:
        print(f"lint.py: {complaint}", file=sys.stderr)
        return 1
    for path, line, rule, text in findings:
        print(f"{path}:{line}: {rule}: {text}")
    print(f"lint: {len(findings)} findings" if findings else "lint: clean")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
