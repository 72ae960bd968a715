"""phases/tree.py on a planted master tree: which files a phase has, what is in them, and what happens to a folder that is there already."""

import os
import re
import shutil
import subprocess
import sys
import tarfile

import pytest

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib
from phases_planted import MASTER, edit, make_tree, plant, put, run, texts

sys.path.insert(0, str(MASTER / "phases"))
import tree  # noqa: E402


@pytest.fixture
def master(tmp_path):
    return plant(tmp_path / "master")


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


@pytest.mark.parametrize("phase, solved", [(1, 0), (1, 102), (1, 199), (2, 0), (2, 199), (2, 299), (3, 299), (3, 399)])
def test_no_word_of_the_machinery_is_left_in_a_tree(master, out, phase, solved):
    make_tree(master, out, phase, solved)
    for path, text in texts(out).items():
        if path.startswith("kernel/") or path.endswith(".tar"):
            assert not re.search(rb"\b(PHASE|SOLVED)\b", text), path


def test_a_step_gives_the_bodies_up_to_it_and_stubs_beyond(master, out):
    make_tree(master, out, 1, 102)
    queue = (out / "kernel/sched/rq.c").read_text()
    assert "rq->length++;" in queue and "lab 1.2" not in queue
    assert "lab 1.3: rq_pop is yours" in queue and "rq->length--;" not in queue
    assert "    ret\n" in (out / "kernel/arch/switch.asm").read_text()


def test_assembly_keeps_conditionals_of_its_own(master, out):
    make_tree(master, out)
    text = (out / "kernel/arch/switch.asm").read_text()
    assert text == ("; it's assembly\n%ifidn __?OUTPUT_FORMAT?__, elf64\ndefault rel\n%endif\nglobal switch_context\nswitch_context:\n"
                    "    ud2 ; yours\n")


def test_a_phase_adds_fields_and_files_and_retires_others(master, out):
    make_tree(master, out, 1)
    one = texts(out)
    make_tree(master, out, 3)
    three = texts(out)
    assert b"blocked" not in one["kernel/sched/rq.c"]
    assert b"blocked" in three["kernel/sched/rq.c"] and b"int cpu" in three["kernel/sched/rq.c"]
    assert one["kernel/sched/join.c"] == b"/* Join: yields. */\n" and three["kernel/sched/join.c"] == b"/* Join: blocks. */\n"
    assert "kernel/sched/only1.c" in one and "kernel/sched/only1.c" not in three
    assert "labs/lab2.md" not in one and "labs/lab2.md" in three


def test_a_tree_holds_nothing_that_is_the_instructors(master, out):
    make_tree(master, out, 3, 399)
    assert not [path for path, text in texts(out).items() if b"secret" in text or path.startswith("phases")]
    edit(master, "phases/files.tbl", "docs/  ", "docs/instructor/  ")
    assert "never goes to a student" in run(master, "tree.py", "--phase", 1, "--out", out, ok=False)


def test_making_a_tree_again_touches_nothing(master, out):
    make_tree(master, out, 2, 199)
    before = {p: p.stat().st_mtime_ns for p in out.rglob("*")}
    assert ", 0 changed" in make_tree(master, out, 2, 199)
    assert before == {p: p.stat().st_mtime_ns for p in out.rglob("*")}


def test_one_changed_file_is_the_only_one_rewritten(master, out):
    make_tree(master, out)
    before = {p: p.stat().st_mtime_ns for p in out.rglob("*.[ch]")}
    put(master, "kernel/lib/list.h", "/* Better lists. */\n")
    make_tree(master, out)
    assert [p.name for p in out.rglob("*.[ch]") if p.stat().st_mtime_ns != before[p]] == ["list.h"]


def test_what_others_put_into_a_tree_stays(master, out):
    make_tree(master, out, 1)
    put(out, "build/kernel.o", "object")
    put(out, "kernel/mine/extra.c", "/* mine */\n")
    make_tree(master, out, 2)
    assert (out / "build/kernel.o").read_text() == "object" and (out / "kernel/mine/extra.c").exists()


def test_a_file_changed_by_hand_is_not_overwritten(master, out):
    make_tree(master, out, 1)
    put(out, "kernel/sched/rq.c", "/* my work */\n")
    said = run(master, "tree.py", "--phase", 2, "--out", out, ok=False)
    assert "kernel/sched/rq.c: was changed by hand" in said
    assert "Phase 1" in (out / "README.md").read_text(), "nothing else may have been written either"
    make_tree(master, out, 2, 0, "--force")
    assert "my work" not in (out / "kernel/sched/rq.c").read_text()


def test_a_run_that_was_cut_short_is_no_change_by_hand(master, out, monkeypatch):
    make_tree(master, out, 1)
    monkeypatch.syspath_prepend(str(master / "phases"))
    for name in ("tree", "table"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    import tree
    real, calls = tree.replace, []

    def dying(path, data, mode):
        calls.append(path)
        if len(calls) == 3:
            raise KeyboardInterrupt
        real(path, data, mode)

    monkeypatch.setattr(tree, "replace", dying)
    with pytest.raises(KeyboardInterrupt):
        tree.write(tree.build(master, 3), out)
    for name in ("tree", "table"):
        monkeypatch.delitem(sys.modules, name)
    make_tree(master, out, 2)
    make_tree(master, out.parent / "fresh", 2)
    assert texts(out) == texts(out.parent / "fresh")


def test_a_folder_that_is_not_ours_is_left_alone(master, out):
    put(out, "thesis.txt", "years of work")
    assert "is not empty and not a tree" in run(master, "tree.py", "--phase", 1, "--out", out, ok=False)
    assert list(texts(out)) == ["thesis.txt"]


def test_a_folder_with_an_awkward_name_works(master, tmp_path):
    make_tree(master, tmp_path / "dir with, commas and späces" / ("x" * 100))


@pytest.mark.parametrize("args, words", [
    (["--phase", "7"], ["PHASE=7", "1 2 3"]),
    (["--phase", "one"], ["'one'"]),
    (["--phase", "1", "--solved", "201"], ["SOLVED=201", "0 101 102 103 199"]),
    (["--phase", "1", "--solved", "x"], ["'x'"]),
    (["--phase", "1", "--drop", "9.9"], ["DROP=9.9", "1.1 1.2 1.3a 1.3b"]),
    (["--phase", "1", "--out", "/proc/nowhere"], ["/proc/nowhere", "choose another OUT"]),
])
def test_bad_arguments_get_one_line_with_the_choices(master, out, args, words):
    said = run(master, "tree.py", "--out", out, *args, ok=False)
    assert all(word in said for word in words), said


@pytest.mark.parametrize("path, old, new, words", [
    ("kernel/sched/rq.c", "#if SOLVED >= 102", "#if SOLVED >= 102 && defined(X)", "of the result still has SOLVED"),
    ("kernel/sched/rq.c", "/* The queue. */", "/* As PHASE goes. */", "still has PHASE"),
    ("kernel/sched/rq.c", "    int cpu;\n#endif\n", "    int cpu;\n", "kernel/sched/rq.c: unifdef: 33: Premature EOF"),
    ("phases/files.tbl", "kernel/sched/wait.c ", "kernel/sched/gone.c ", "kernel/sched/gone.c does not exist"),
    ("phases/files.tbl", "1 - lib\nkernel/mine", "0 - lib\nkernel/mine", "files.tbl:2: expected"),
    ("phases/files.tbl", "2 - sched\nkernel/sched/only1", "1 - sched\nkernel/sched/only1", "kernel/sched/join.c is in phase 2 twice"),
    ("phases/2-planted2/exercises.toml", "solved = 201", "solved = 205", "2.1: solved must be 201"),
    ("phases/2-planted2/exercises.toml", "core = true", "core = 1", "'core' is missing or of the wrong type"),
    ("phases/2-planted2/exercises.toml", "phase = 2", "phase = = 2", "not TOML"),
])
def test_a_mistake_in_the_master_is_named(master, out, path, old, new, words):
    if "twice" in words:
        edit(master, "phases/files.tbl", "1 1 sched retired", "1 2 sched retired")
    edit(master, path, old, new)
    assert words in run(master, "tree.py", "--phase", 2, "--solved", 299, "--out", out, ok=False)
    assert not out.exists()


def test_a_kernel_file_without_a_row_is_said_to_be_left_out(master, out):
    put(master, "kernel/sched/new.c", "/* New. */\n")
    assert "kernel/sched/new.c" in make_tree(master, out)
    assert not (out / "kernel/sched/new.c").exists()


def test_a_dropped_exercise_is_given_and_marked(master, out):
    make_tree(master, out, 1, 0, "--drop", "1.2")
    queue = (out / "kernel/sched/rq.c").read_text()
    assert "rq->length++;" in queue and "lab 1.3" in queue
    listed = (out / "exercises.toml").read_text()
    assert [(ex["id"], ex.get("dropped", False), len(ex["files"])) for ex in tomllib.loads(listed)["exercise"]] == [
        ("1.1", False, 1), ("1.2", True, 0), ("1.3a", False, 1), ("1.3b", False, 1)]


def test_dropping_by_exercises_toml_is_the_same(master, out, tmp_path):
    make_tree(master, tmp_path / "other", 1, 0, "--drop", "1.2")
    edit(master, "phases/1-planted1/exercises.toml", "solved = 102\n", "solved = 102\ndropped = true\n")
    make_tree(master, out, 1, 0)
    assert texts(out) == texts(tmp_path / "other")


def test_a_body_is_given_only_when_all_parts_of_its_number_are_dropped(master, out):
    make_tree(master, out, 1, 0, "--drop", "1.3b")
    assert "lab 1.3" in (out / "kernel/sched/rq.c").read_text()
    make_tree(master, out, 1, 0, "--drop", "1.3a", "--drop", "1.3b")
    assert "lab 1.3" not in (out / "kernel/sched/rq.c").read_text()


def test_the_list_of_exercises_says_phase_and_keeps_earlier_labs_without_points(master, out):
    make_tree(master, out, 2)
    data = tomllib.loads((out / "exercises.toml").read_text())
    assert data["phase"] == 2
    assert [(ex["id"], ex["points"]) for ex in data["exercise"]] == [("1.1", 0), ("1.2", 0), ("1.3a", 0), ("1.3b", 0), ("2.1", 10)]
    assert data["exercise"][0]["title"] == 'a "title"' and data["exercise"][0]["hours"] == 1.5


def test_a_phase_keeps_the_tars_of_the_ones_before(master, out, tmp_path):
    make_tree(master, tmp_path / "one", 1)
    make_tree(master, out, 2)
    assert (out / "grade/given-1.tar").read_bytes() == (tmp_path / "one/grade/given-1.tar").read_bytes()
    assert (out / "grade/given.tar").read_bytes() == (out / "grade/given-2.tar").read_bytes()


def test_given_tar_depends_on_the_files_alone(master, tmp_path):
    other = shutil.copytree(master, tmp_path / "copy")
    for path in other.rglob("*"):
        os.utime(path, (1, 1))
    make_tree(master, tmp_path / "a", 2)
    make_tree(other, tmp_path / "b", 2)
    given = tmp_path / "a/grade/given.tar"
    assert given.read_bytes() == (tmp_path / "b/grade/given.tar").read_bytes()
    with tarfile.open(given) as tar:
        members = tar.getmembers()
    names = [m.name for m in members]
    assert names == sorted(p for p in texts(tmp_path / "a") if p.startswith(("kernel/", "user/")))
    assert {(m.uid, m.gid, m.mtime, m.uname, m.gname) for m in members} == {(0, 0, 0, "", "")}


def test_a_text_is_looked_at_once_for_each_set_of_answers(monkeypatch):
    """And for each phase and step anew if something else is asked than what is at least so much."""
    calls, tool = [], subprocess.run
    monkeypatch.setattr(tree.subprocess, "run", lambda *args, **more: calls.append(args) or tool(*args, **more))
    text = b"#if SOLVED >= 102\nbody\n#else\nstub\n#endif\n#if PHASE >= 2\nmore\n#endif\n"
    made = {(phase, solved): tree.unifdef("a.c", text, phase, solved) for phase in (1, 2) for solved in (0, 101, 102, 199)}
    assert made == {(phase, solved): (b"body\n" if solved >= 102 else b"stub\n") + (b"more\n" if phase >= 2 else b"")
                    for phase, solved in made} and len(calls) == 4
    odd = b"#if SOLVED == 101\nodd\n#endif\n"
    assert [tree.unifdef("b.c", odd, 1, solved) for solved in (0, 101, 102)] == [b"", b"odd\n", b""]


# --- objects of another tree -------------------------------------------------------------------------------------------------------------


def compiled(folder, **changed):
    """A tree with two files, a header of one of them, and their objects, made later. changed: other texts."""
    texts_of = {"a": "int a;", "b": "int b;", "h": "", "mk": "rules", **changed}
    for path, name in (("kernel/sched/a.c", "a"), ("kernel/sched/b.c", "b"), ("kernel/lib/b.h", "h"), ("kernel/kernel.mk", "mk")):
        put(folder, path, texts_of[name])
        os.utime(folder / path, (1000, 1000))
    for name, header in (("a", ""), ("b", " \\\n kernel/lib/b.h")):
        made = folder / f"build/checked/kernel/sched/{name}.c.o"
        rule = f"{made.relative_to(folder)}: kernel/sched/{name}.c{header}\nkernel/lib/b.h:\n"
        put(folder, made.with_suffix(".d").relative_to(folder), rule)
        put(folder, made.relative_to(folder), f"object {name} of {folder.name}")
        os.utime(made, (2000, 2000))
    return folder


def objects_after_take_over(one, other):
    """{name: the tree whose object it is} in the other one's build folder."""
    run(MASTER, "take_over.py", one, other, "build/checked")
    return {name: (other / f"build/checked/kernel/sched/{name}.c.o").read_text().rpartition(" ")[2] for name in "ab"}


def aged(tree, path):
    """A tree with a file that is newer than what was made from it."""
    os.utime(tree / path, (3000, 3000))
    return tree


@pytest.mark.parametrize("changed, theirs", [({}, "ab"), ({"a": "int other;"}, "b"), ({"h": "int h;"}, "a"), ({"mk": "other rules"}, "")])
def test_an_object_is_taken_over_where_all_that_was_compiled_is_the_same(tmp_path, changed, theirs):
    one, other = compiled(tmp_path / "one"), compiled(tmp_path / "other", **changed)
    for path in ("kernel/sched/a.c", "kernel/sched/b.c"):
        aged(other, path)
    assert objects_after_take_over(one, other) == {name: "one" if name in theirs else "other" for name in "ab"}
    for name in theirs:
        assert (other / f"build/checked/kernel/sched/{name}.c.o").stat().st_mtime > 3000, "make has nothing to do"


@pytest.mark.parametrize("changed, theirs", [({"user/lib/a.c": "int other;"}, "b"), ({"user/user.mk": "others"}, ""),
                                             ({"kernel/kernel.mk": "others"}, "ab")])
def test_a_user_programs_object_is_taken_over_where_its_own_rules_are_the_same(tmp_path, changed, theirs):
    for tree in (tmp_path / "one", tmp_path / "other"):
        for path, text in {"user/lib/a.c": "int a;", "user/lib/b.c": "int b;", "user/user.mk": "rules", "kernel/kernel.mk": "rules",
                           **(changed if tree.name == "other" else {})}.items():
            put(tree, path, text)
            os.utime(tree / path, (1000, 1000))
    for name in "ab":
        put(tmp_path / "one", f"build/user/user/lib/{name}.c.d", f"build/user/user/lib/{name}.c.o: user/lib/{name}.c\n")
        put(tmp_path / "one", f"build/user/user/lib/{name}.c.o", "")
    run(MASTER, "take_over.py", tmp_path / "one", tmp_path / "other", "build/user")
    assert sorted(path.name[0] for path in tmp_path.glob("other/build/user/user/lib/*.o")) == list(theirs)


def test_no_object_is_taken_over_that_make_would_make_anew_or_has_made(tmp_path):
    one, other = aged(compiled(tmp_path / "one"), "kernel/lib/b.h"), compiled(tmp_path / "other")
    assert objects_after_take_over(one, other) == {"a": "other", "b": "other"}, "they are current"
    aged(other, "kernel/sched/a.c"), aged(other, "kernel/sched/b.c")
    assert objects_after_take_over(one, other) == {"a": "one", "b": "other"}, "b's own object is older than its header"
    assert objects_after_take_over(tmp_path / "none", other) == {"a": "one", "b": "other"}
