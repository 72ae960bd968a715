"""The documentation against what it talks about: paths, functions, tests, lock ranks, error numbers, make targets. A page that
says what is no longer true fails here."""

import re
import subprocess
from pathlib import Path

import kernels
import pytest

MASTER = Path(__file__).resolve().parents[2]
FINISHED = "12345"  # phases
PAGES = sorted([*MASTER.glob("docs/**/*.md"), *MASTER.glob("labs/*.md"), MASTER / "README.md", MASTER / "kernel/README.md",
                *MASTER.glob("phases/*/README.md")])
FOR_STUDENTS = [p for p in PAGES if p.parent.name == "labs"]
FEATURES, ERRORS, LOCKING = (MASTER / "docs" / name for name in ("features.md", "errors.md", "locking.md"))
PLACE = re.compile(r"`(\w[\w.-]*/[\w./-]+):(\w+)`")  # `path:name`
TREES = ("kernel", "grade", "phases", "labs", "docs", "user")
# A page is for readers anywhere, today and in ten years: no folder of one machine, no reference that only its writers can follow.
FORBIDDEN = re.compile(r"(?<![\w.~*])/(?:work|tmp|root|home)/|\bissue #?\d|"
                       r"\b(?:AI|LLM|TODO|FIXME|XXX)\b|\bsub-?agent|\blanguage model", re.I)


def name_of(path):
    return path.relative_to(MASTER).as_posix()


def tables(page):
    """The page's tables: lists of rows, each a list of cells; heads and rules left out."""
    found, rows = [], []
    for line in [*page.read_text().splitlines(), ""]:
        if line.startswith("|"):
            rows.append([cell.strip() for cell in line.strip().strip("|").split("|")])
        elif rows and not line.startswith(("#if PHASE", "#endif")):
            assert re.fullmatch("-+", rows[1][0]), f"{name_of(page)}: a table without a head: {rows[0]}"
            found.append((rows[0], rows[2:]))
            rows = []
    return found


def rows_with(page, *head):
    """Rows of all tables of the page whose head is this."""
    return [row for found, rows in tables(page) if found == list(head) for row in rows]


def names_in(path):
    """The words of a file."""
    return set(re.findall(r"\w+", (MASTER / path).read_text()))


def misplaced(cells):
    """What is wrong with the `path:name`s in these cells."""
    for path, name in PLACE.findall(" ".join(cells)):
        if not (MASTER / path).is_file():
            yield f"{path} does not exist"
        elif name not in names_in(path):
            yield f"{name} is not in {path}"


def text_without_blocks(page):
    return re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.M | re.S)


@pytest.mark.parametrize("page", [FEATURES, ERRORS], ids=name_of)
def test_every_place_in_the_code_exists(page):
    cells = [cell for _, rows in tables(page) for row in rows for cell in row]
    assert len(PLACE.findall(" ".join(cells))) > 10, "the tables hold no places any more"
    assert not list(misplaced(cells))


def known_tests():
    """Names of the grader's tests, its self-tests, and the kernel's tests as ktest:NAME."""
    names = set()
    for path in [*MASTER.glob("grade/phase*/test_*.py"), *MASTER.glob("grade/selftest/**/test_*.py")]:
        names |= set(re.findall(r"^\s*def (test_\w+)\(", path.read_text(), re.M))
    for path in MASTER.glob("kernel/ktest/*.c"):
        names |= {f"ktest:{name}" for name in re.findall(r"^KTEST\((\w+),", path.read_text(), re.M)}
    return names


def test_every_feature_names_code_and_a_test_that_exists():
    known, wrong = known_tests(), []
    rows = rows_with(FEATURES, "row", "code", "test")
    assert len(rows) > 30
    for row, code, test in rows:
        named = re.findall(r"`((?:ktest:|test_)\w+)`", test)
        wrong += [f"{row}: {name} does not exist" for name in named if name not in known]
        wrong += [f"{row}: no code"] * (not PLACE.search(code)) + [f"{row}: no test"] * (not named)
    assert not wrong


def test_every_row_of_the_finished_phases_is_there():
    """The rows that they promise, each as far as it goes."""
    promised = {"T1", "T2", "T3", "T4", "T6", "S1", "S2", "S14", "F1", "M1", "M2", "M3", "C1", "D1", "D2", "D3", "D4", "D5"}
    promised |= {"T5", "T8", "S3", "S4", "S5", "S6", "S7", "S15", "S16", "C2", "C3", "C4", "F6"}
    promised |= {"T7", "T10", "L1", "L2", "L3", "L4", "L5", "L6", "L7", "L8", "L9", "M4", "M5", "M6", "M7", "F2", "F3", "F4", "F5", "D6"}
    promised |= {f"P{n}" for n in range(1, 10)} | {"T9"} | {f"S{n}" for n in range(8, 13)}
    assert {row.split()[0] for row, *_ in rows_with(FEATURES, "row", "code", "test")} >= promised


def test_every_name_of_a_seed_has_its_place_or_its_phase():
    rows = rows_with(FEATURES, "seed", "theirs", "ours", "phase")
    assert {seed for seed, *_ in rows} == {"000", "001", "002", "003", "004"}
    wrong = [f"{theirs}: phase {phase}, ours {ours or 'nothing'}" for _, theirs, ours, phase in rows
             if phase not in "12345" or (phase in FINISHED) != bool(PLACE.fullmatch(ours))]
    assert not wrong


def test_every_error_has_a_number_and_a_function():
    numbers = names_in("kernel/lib/errno.h")
    found = [rows for head, rows in tables(ERRORS) if head == ["theirs", "errno", "ours", "phase"]]
    assert [len(rows) for rows in found] == [9, 11]
    wrong = [theirs for rows in found for theirs, number, ours, phase in rows
             if not (number in numbers or number == "none") or (phase in FINISHED and not ours)]
    wrong += [number for row, *_ in rows_with(ERRORS, "errno", "from", "when") for number in row.split(", ") if number not in numbers]
    assert not wrong


def test_the_ranks_of_locks_are_those_of_the_kernel():
    written = [(rank, file) for rank, _, file in rows_with(LOCKING, "rank", "guards", "file")]
    real = re.findall(r"^\s*(RANK_\w+),\s*/\* ([\w./]+):", (MASTER / "kernel/base/lockrank.h").read_text(), re.M)
    assert written == real
    assert not [f"{file} never names {rank}" for rank, file in real
                if file.endswith(".c") and rank not in (MASTER / "kernel" / file).read_text()]


def test_the_diagram_of_states_is_the_kernels():
    legal = dict(re.findall(r"\[THREAD_(\w+)\] = (.*?),$", (MASTER / "kernel/sched/state.c").read_text(), re.M))
    written = {state: [to for to in goes.split(", ") if to] for state, goes in rows_with(MASTER / "docs/design.md", "from", "to")}
    assert written == {state: re.findall(r"TO\((\w+)\)", steps) for state, steps in legal.items()}


def paths_named(page, phase):
    """What looks like a path of the project in a page's text: it begins with one of its folders. Rows that end with a later phase's number
    are of that one's tree."""
    text = re.sub(r"(?m)^\|.*\| (\d) \|$", lambda row: row[0] if int(row[1]) <= phase else "", text_without_blocks(page))
    for found in re.findall(rf"(?<![\w./-])((?:{'|'.join(TREES)})/[\w./*-]*)", text):
        yield found.rstrip(".")


def missing_paths(page, tree, phase=9):
    """The paths that a page names and the tree does not have."""
    return [path for path in paths_named(page, phase) if not any(tree.glob(path.rstrip("/"))) and path != "kernel/mine/*.c"]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_path_that_a_page_names_exists(page):
    assert not missing_paths(page, MASTER)


def student_pages():
    """(phase, page) for the pages of the trees that students get, as their rows in phases/files.tbl say."""
    for phase in kernels.PHASES:
        tree = kernels.start(phase)
        pages = [*tree.glob("labs/*.md"), *tree.glob("docs/*.md")]
        yield from ((phase, page) for page in ("README.md", "kernel/README.md", *(path.relative_to(tree).as_posix() for path in pages)))


@pytest.mark.parametrize("phase, page", sorted(student_pages()))
def test_what_a_page_of_a_students_tree_names_is_in_that_tree(phase, page):
    """Who is told to look into a file or to type a command must have it: neither phases/ nor the master's make targets are there."""
    tree = kernels.start(phase)
    known = targets(tree / "Makefile", *tree.glob("*/*.mk"), *tree.glob("grade/make/*.mk"))
    assert not missing_paths(tree / page, tree, phase)
    assert not sorted({name for name in make_calls(tree / page) if name not in known})


def test_the_kernels_map_names_every_source_once():
    """kernel/README.md: the reading order names files by folder/file or, in the same cell, by file alone."""
    cells = [row[0] for row in rows_with(MASTER / "kernel/README.md", "read", "to see")]
    named = set()
    for cell in cells:
        folder = ""
        for word in re.findall(r"[\w./]+\.(?:c|h|asm)\b", cell):
            folder = word.rpartition("/")[0] or folder
            path = f"{folder}/{word.rpartition('/')[2]}"
            assert (MASTER / "kernel" / path).is_file(), f"kernel/{path} does not exist"
            assert path not in named, f"kernel/{path} is named twice"
            named.add(path)
    sources = {f"{folder}/{p.name}" for folder in ("sched", "mm", "proc") for p in (MASTER / "kernel" / folder).glob("*.c")}
    assert sources <= named, f"nobody is told to read {sorted(sources - named)}"


def targets(*makefiles):
    """Names of targets that these files have."""
    text = "\n".join(path.read_text() for path in makefiles)
    return {name for line in re.findall(r"^([a-z][a-z -]*):(?!=)", text, re.M) for name in line.split()}


def make_calls(page):
    """Targets that a page tells its reader to make: in code, `make name ...`, or an indented line."""
    text = page.read_text()
    for code in re.findall(r"`(make [^`]*)`", text) + re.findall(r"^(?:    |.*\| )(make [a-z].*)$", text, re.M):
        yield from (word for word in code.split()[1:2] if re.fullmatch("[a-z][a-z-]*", word))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_make_target_that_a_page_names_exists(page):
    known = targets(MASTER / "Makefile", MASTER / "grade/tree.mk", *MASTER.glob("grade/make/*.mk"), MASTER / "kernel/kernel.mk",
                    MASTER / "user/user.mk")
    if page not in FOR_STUDENTS:
        known |= targets(MASTER / "phases/master.mk")
    assert not sorted({name for name in make_calls(page) if name not in known})


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_is_plain(page):
    """Lines that fit (tables may be wider), and nothing that only one machine or one time knows."""
    wide = [n for n, line in enumerate(page.read_text().splitlines(), 1)
            if len(line) > 140 and not line.startswith("|") and page.parent not in (MASTER, MASTER / "phases/1-cooperative")]
    assert not wide, f"{name_of(page)}: lines over 140 columns: {wide}"
    assert not FORBIDDEN.findall(page.read_text())


DEBUGGING = MASTER / "docs/debugging.md"


def test_debugging_explains_every_event_of_the_trace_and_why_a_thread_joins_a_queue():
    events = dict(rows_with(DEBUGGING, "event", "means"))
    told = {name for cell in events for name in cell.split(", ")}
    declared = re.search(r"enum trace_event \{(.*?)\n\};", (MASTER / "kernel/base/trace.h").read_text(), re.S)[1]
    assert told == {name.lower() for name in re.findall(r"^    TRACE_(\w+),", declared, re.M)} - {"none", "events"}
    reasons = re.search(r"enum enqueue_why \{(.*?)\};", (MASTER / "kernel/sched/class.h").read_text(), re.S)[1]
    assert re.findall(r"(\d) ", events["enqueue"]) == [str(n) for n in range(reasons.count("ENQUEUE_"))]


def test_debugging_names_panics_as_the_kernel_words_them():
    kernel = "\n".join(path.read_text() for path in MASTER.glob("kernel/**/*.[ch]"))
    kernel = re.sub(r'"\n\s*"', "", kernel)
    cells = [cell for cell, _ in rows_with(DEBUGGING, "it says", "look for")]
    pieces = [piece.strip() for cell in cells for text in re.findall("`([^`]+)`", cell) for piece in text.split("...")]
    assert len(pieces) > 15 and not [piece for piece in pieces if piece not in kernel]


LABS = {f"lab{number}": number for number in kernels.PHASES}


def exercises_toml(number):
    """exercises.toml of a phase, as text."""
    return next(MASTER.glob(f"phases/{number}-*/exercises.toml")).read_text()


@pytest.mark.parametrize("number", LABS.values(), ids=LABS)
def test_the_lab_says_what_exercises_toml_says(number):
    """Points, files, functions and tests of each exercise, as a student reads them."""
    lab = (MASTER / f"labs/lab{number}.md").read_text()
    tests = "\n".join(path.read_text() for path in MASTER.glob(f"grade/phase{number}/*.py"))
    for block in exercises_toml(number).split("[[exercise]]")[1:]:
        name, points = re.search(r'id = "([\d.]+[a-z]?)"', block)[1], int(re.search(r"^points = (\d+)", block, re.M)[1])
        row = next(line for line in lab.splitlines() if line.startswith(f"| [{name}]"))
        assert row.rstrip(" |").endswith(f" {points}")
        for function in re.findall(r'"(\w+)"', re.search(r"functions = \[(.*?)\]", block, re.S)[1]):
            assert f"`{function}`" in row
        for file in re.findall(r'"kernel/[^"]*/(.*?)"', re.search(r"files = \[(.*?)\]", block)[1]):
            assert file in row
        assert ("(extra)" in row) == ("core = false" in block)
        part = lab.split(f"## Exercise {name}:")[1].split("\n## ")[0]
        written = [int(n) for n in re.findall(r"^\| (\d+) \|", part, re.M)]
        assert written == [int(n) for n in re.findall(rf'^@exercise\("{name}", points=(\d+)\)', tests, re.M)]
        assert sum(written) == points
        assert f"({len(written)} tests)" in part, f"exercise {name} has {len(written)} tests"


@pytest.mark.parametrize("number", LABS.values(), ids=LABS)
def test_the_lab_gives_no_solution_away(number):
    """No line of a solved body stands in what a student reads."""
    folders = ("labs", "docs", "kernel", "1-cooperative", "2-preemptive")
    words = "\n".join(p.read_text() for p in PAGES if "instructor" not in p.parts and p.parts[-2] in folders)
    told = []
    for path in re.findall(r'"(kernel/[^"]+)"', exercises_toml(number)):
        text = (MASTER / path).read_text()
        for body in re.findall(r"^[#%]if SOLVED.*?^[#%]else$", text, re.M | re.S):
            lines = [re.sub(r"\s*[;/].*$", "", line).strip().rstrip(";") for line in body.splitlines()[1:-1]]
            told += [f"{path}: {line}" for line in lines if len(line) > 14 and line in words]
    assert not told


INSTRUCTORS = [page for page in PAGES if page.parent.name == "instructor"]


def test_instructors_are_told_commands_as_make_knows_them():
    """Each variable in a command of theirs is one that the target's line in make help names."""
    helps = dict(re.findall(r"^([a-z][\w.-]*):.*?## (.*)$", (MASTER / "phases/master.mk").read_text(), re.M))
    commands = [words for page in INSTRUCTORS
                for words in re.findall(r"(?:^    |`)make ([\w.-]+)((?: [A-Z]+=[^\s`]+)*)", page.read_text(), re.M)]
    assert len(commands) > 8
    wrong = [f"make {target} {name}=" for target, given in commands for name in re.findall(r"([A-Z]+)=", given)
             if target in helps and f"{name}=" not in helps[target]]
    assert not wrong


def test_the_students_repository_is_made_as_instructors_are_told(tmp_path):
    line, = re.findall(r"^    (make branches REPO=\S+)", (MASTER / "docs/instructor/grading.md").read_text(), re.M)
    command = line.replace("/srv", str(tmp_path)).split()
    done = subprocess.run(command, cwd=MASTER, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0 and "phase/1 made" in done.stdout, done.stdout + done.stderr
    subprocess.run(["git", "clone", "-q", tmp_path / "crescent.git", tmp_path / "clone"], check=True)
    assert (tmp_path / "clone/exercises.toml").exists() and (tmp_path / "clone/labs/lab1.md").exists()
