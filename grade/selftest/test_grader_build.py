"""What the grader takes of a student's tree, and what it does about files that do not build. The trees here are tiny: a kernel of three
files with a kernel.mk of the real one's interface."""

import io
import os
import signal
import subprocess
import tarfile

import pytest
from guests import nested  # and makes the grader importable

from grade import submission
from grade.build import build, call
from grade.errors import GraderFault
from grade.exercises import Exercise

GIVEN = {
    "kernel/kernel.mk": """
KERNEL := $(O)/$(if $(filter 0,$(CHECKED)),plain,checked)/kernel.elf
SOURCES := $(wildcard kernel/*/*.c)
kernel: $(KERNEL)
objects := $(dir $(KERNEL))
$(KERNEL): $(SOURCES:%=$(objects)%.o)
\tgcc -nostdlib -Wl,--build-id=none -e main -o $@ $^
$(objects)%.o: % kernel/mine/mine.h
\t@mkdir -p $(@D)
\t@echo "  CC   $<"
\t@gcc -c -Wall -Ikernel -o $@ $<
""",
    "kernel/base/main.c": '#include "mine/mine.h"\nint push(void), pop(void);\nint main(void) { return push() + pop() + MINE; }\n',
    "kernel/sched/push.c": "int push(void) { return 1; }\n",
    "kernel/sched/pop.c": '#include "mine/mine.h"\nint pop(void) { return 2; }\n',
    "kernel/mine/mine.h": "#define MINE 0\n",
}
PUSH, POP, MINE = "kernel/sched/push.c", "kernel/sched/pop.c", "kernel/mine/mine.h"
NOTES = "kernel/mine/notes.h"


@pytest.fixture
def tree(tmp_path):
    """tree({path: text}): a student's tree, graded; returns what build() does."""
    root = tmp_path / "student, ünï"
    with tarfile.open(tmp_path / "given.tar", "w") as tar:
        for path, text in GIVEN.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
            info = tarfile.TarInfo(path)
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))
    exercises = {name: Exercise(name, "", 10, True, False, (path,), "visible") for name, path in (("1.1", PUSH), ("1.2", POP))}

    def grade(changes=None, work="work"):
        for path, text in (changes or {}).items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        return build(root, tmp_path / "given.tar", exercises, tmp_path / work)

    grade.root, grade.tmp = root, tmp_path
    return grade


def test_a_tree_as_given_builds(tree):
    built = tree()
    assert built.kernel.exists() and not built.broken and not built.ignored


def test_an_allowed_file_is_taken(tree):
    before = tree().kernel
    built = tree({PUSH: "int push(void) { return 77; }\n"})
    assert built.kernel != before and not built.broken and not built.ignored
    assert tree({PUSH: GIVEN[PUSH]}).kernel == before


def test_every_other_change_is_named_and_not_taken(tree):
    before = tree().kernel
    (tree.root / "kernel/sched/extra.c").write_text("int extra;\n")
    (tree.root / "kernel/sched/push.c~").write_text("an editor's")
    built = tree({"kernel/base/main.c": "int main(void) { return 0; }\n"})
    (tree.root / "kernel/kernel.mk").unlink()
    assert built.ignored == [("kernel/base/main.c", "changed"), ("kernel/sched/extra.c", "added")]
    assert ("kernel/kernel.mk", "removed") in tree().ignored and built.kernel == before


def test_an_odd_name_is_named_in_plain_text(tree):
    for name in (b"\xff\xfe.c", b"two\nlines", "\u202ebackwards".encode()):
        open(os.fsencode(tree.root) + b"/kernel/sched/" + name, "w").close()
    assert {path for path, how in tree().ignored} == {f"kernel/sched/{name}" for name in (r"\xff\xfe.c", r"two\nlines", r"\u202ebackwards")}


def test_folders_within_folders_are_named_by_the_outermost(tree):
    with nested(tree.root / "kernel/sched/deep", 1200):
        assert tree().ignored == [("kernel/sched/deep/", "added")]


def test_nobody_looks_through_a_link(tree):
    (tree.tmp / "elsewhere").mkdir()
    (tree.tmp / "elsewhere/secret").touch()
    (tree.root / "kernel").rename(tree.root / "before")
    (tree.root / "kernel").symlink_to("../elsewhere")
    assert {how for _, how in tree().ignored} == {"changed"}  # not a plain file any more


def test_a_file_that_does_not_compile_gives_way_to_its_start_version(tree):
    before = tree().kernel
    built = tree({PUSH: "int push(void) { return 1 }\n"})
    assert list(built.broken) == [PUSH] and "error" in built.broken[PUSH][0] and built.kernel == before


def test_warnings_about_the_students_files_are_kept_each_once_also_when_nothing_changed(tree):
    """A missing return is a warning to the compiler and a wrong kernel to the tests: the line says it sooner than any evidence."""
    odd = {PUSH: '#include "mine/notes.h"\nint push(void) { }\n', NOTES: "#define MINE 0\nstatic int unused(void) { return 1; }\n"}
    for _ in range(2):
        built = tree(odd)
        assert [line.split()[0] for line in built.warnings] == [f"{NOTES}:2:12:", f"{PUSH}:2:18:"], built.warnings
        assert not built.broken
    assert tree({PUSH: GIVEN[PUSH], MINE: GIVEN[MINE]}).warnings == []


def test_the_other_files_are_graded(tree):
    built = tree({PUSH: "nonsense\n", POP: '#include "mine/mine.h"\nint pop(void) { return 5; }\n'})
    only_pop = tree({PUSH: GIVEN[PUSH]})
    assert list(built.broken) == [PUSH] and built.kernel == only_pop.kernel


def test_a_missing_function_is_the_fault_of_the_file_that_should_have_it(tree):
    built = tree({POP: "int popp(void) { return 2; }\n", PUSH: "int push(void) { return 9; }\n"})
    assert list(built.broken) == [POP] and "undefined" in built.broken[POP][0]


def test_a_call_of_nothing_is_the_fault_of_the_caller(tree):
    assert list(tree({PUSH: "int nothing(void); int push(void) { return nothing(); }\n"}).broken) == [PUSH]


def test_two_files_that_clash_lose_one(tree):
    both = {PUSH: "int helper; int push(void) { return 1; }\n", POP: "int helper = 1; int pop(void) { return 2; }\n"}
    built = tree({PUSH: both[PUSH].replace("helper", "helper = 2"), POP: both[POP]})
    assert len(built.broken) == 1 and "multiple definition" in "".join(*built.broken.values())


def test_a_broken_header_of_mine_is_blamed_and_not_those_who_include_it(tree):
    built = tree({MINE: "#define MINE (\n", PUSH: "int push(void) { return 9; }\n"})
    assert list(built.broken) == [MINE]


def test_what_mine_brings_is_there_for_the_others(tree):
    built = tree({MINE: "#define MINE 3\n#define MINE_HELP 4\n", "kernel/mine/helper.c": "int helper(void) { return 1; }\n",
                  PUSH: "nonsense\n", POP: '#include "mine/mine.h"\nint helper(void); int pop(void) { return MINE_HELP + helper(); }\n'})
    assert list(built.broken) == [PUSH]


def test_a_missing_file_is_said_and_replaced(tree):
    (tree.root / PUSH).unlink()
    assert "is missing" in tree().broken[PUSH][0]


@pytest.mark.parametrize("spoil, word", [
    (lambda root: ((root / PUSH).unlink(), (root / PUSH).symlink_to("/etc/passwd")), "link"),
    (lambda root: ((root / "kernel/sched").rename(root / "elsewhere"), (root / "kernel/sched").symlink_to(root / "elsewhere")), "link"),
    (lambda root: ((root / PUSH).unlink(), os.mkfifo(root / PUSH)), "plain"),
    (lambda root: ((root / PUSH).unlink(), (root / PUSH).mkdir()), "plain"),
    (lambda root: (root / PUSH).write_bytes(b"/" * (submission.LARGEST + 1)), "larger"),
], ids=["link", "linked folder", "fifo", "folder", "huge"])
def test_a_hostile_file_is_refused(tree, spoil, word):
    spoil(tree.root)
    assert word in tree().broken[PUSH][0]


def test_too_many_files_in_mine_are_refused(tree):
    built = tree({f"kernel/mine/f{n}.c": f"int f{n};\n" for n in range(submission.MOST_MINE + 1)})
    assert len(built.broken) == submission.MOST_MINE + 1


def test_a_second_build_compiles_only_what_changed(tree):
    tree()
    objects = tree.tmp / "work/tree/build/checked/kernel"
    before = {path: path.stat().st_mtime_ns for path in objects.rglob("*.o")}
    tree({PUSH: "int push(void) { return 8; }\n"})
    after = {path: path.stat().st_mtime_ns for path in objects.rglob("*.o")}
    assert [path.name for path in before if before[path] != after[path]] == ["push.c.o"]


def test_what_a_killed_build_left_is_made_anew_and_blamed_on_nobody(tree, monkeypatch):
    """An object that is cut off and newer than its source stays as it is for make."""
    tree()
    torn = tree.tmp / "work/tree/build/checked/kernel/base/main.c.o"

    def killed(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("grade.build.call", killed)
        with pytest.raises(KeyboardInterrupt):
            tree()
    torn.write_bytes(torn.read_bytes()[:100])
    built = tree({PUSH: "int push(void) { return 8; }\n"})
    assert not built.broken and built.kernel.exists()


def test_a_given_tree_that_does_not_build_is_the_graders_fault(tree, monkeypatch):
    monkeypatch.setitem(GIVEN, "kernel/base/main.c", "nonsense")
    with tarfile.open(tree.tmp / "given.tar", "w") as tar:
        for path, text in GIVEN.items():
            info = tarfile.TarInfo(path)
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))
    with pytest.raises(GraderFault, match="handed-out tree does not build"):
        tree()


# --- interrupted -------------------------------------------------------------------------------------------------------------------------


def test_an_interruption_while_a_step_begins_leaves_no_process(tmp_path, monkeypatch):
    """It comes when the process is there and nobody has been told of it yet."""
    begun, begin = [], subprocess.Popen

    def interrupted(*args, **more):
        begun.append(begin(*args, **more))
        signal.raise_signal(signal.SIGINT)
        return begun[0]

    monkeypatch.setattr(subprocess, "Popen", interrupted)
    with pytest.raises(KeyboardInterrupt):
        call(["sleep", "1000"], tmp_path)
    left = begun[0].poll() is None
    begun[0].kill()
    begun[0].wait()
    assert not left
