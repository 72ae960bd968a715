"""Submissions in every form in which a course's system exports them, and in forms that are meant to do harm."""

import io
import json
import os
import subprocess
import tarfile
import zipfile

import pytest

from grade import intake
from grade.errors import UserError
from grade.intake import Found, Unreadable

RQ = "kernel/sched/rq.c"
NAMES = (RQ, "kernel/sched/exit.c", "answers1.toml")
LINK = object()


def pack(path, files, how="tar"):
    """An archive with files {name: text or LINK}."""
    if how == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in files.items():
                info = zipfile.ZipInfo(name)
                info.external_attr = (0o120777 if text is LINK else 0o100644) << 16
                archive.writestr(info, "/etc/passwd" if text is LINK else text, zipfile.ZIP_DEFLATED)
        return path
    with tarfile.open(path, {"tar": "w", "tgz": "w:gz", "xz": "w:xz"}[how]) as archive:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            if text is LINK:
                info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
                archive.addfile(info)
            else:
                info.size = len(text)
                archive.addfile(info, io.BytesIO(text.encode()))
    return path


def lay(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def unpacked(tmp_path, *paths):
    """{path: text} of what is taken of a submission."""
    target = tmp_path / "target"
    intake.unpack(Found("who", list(paths)), target, NAMES, 1)
    return {p.relative_to(target).as_posix(): p.read_text() if not p.is_symlink() else LINK for p in target.rglob("*") if not p.is_dir()
            or p.is_symlink()}


def refusal(tmp_path, *paths):
    with pytest.raises(Unreadable) as caught:
        unpacked(tmp_path, *paths)
    return str(caught.value)


# --- who handed in ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry, name", [
    ("submission_123456789", "submission_123456789"),                           # Gradescope
    ("lab-1-octocat", "lab-1-octocat"),                                         # GitHub Classroom
    ("doejane_12345_67890_handin-1.tar", "doejane_12345"),                      # Canvas
    ("doejane_LATE_12345_67890_handin-1-2.tar", "doejane_12345"),
    ("Jane Doe_98765_assignsubmission_file_", "Jane Doe_98765"),                # Moodle
    ("Jane Doe_98765_assignsubmission_file_handin-1.tar", "Jane Doe_98765"),
    ("jane.tar.gz", "jane"), ("jane.zip", "jane"), ("jane.bundle", "jane"), ("jane.doe", "jane.doe"),
])
def test_a_name_is_found_in_every_form(entry, name):
    assert intake.who(entry) == name


def test_a_folder_of_submissions_is_listed_by_name(tmp_path):
    for name in ("b.tar", "a.zip", ".DS_Store", "submission_metadata.yml", "doejane_1_2_rq.c", "doejane_1_3_exit.c"):
        (tmp_path / name).write_text("")
    (tmp_path / "c d").mkdir()
    found = intake.submissions(tmp_path)
    assert [(one.name, len(one.paths), one.folder) for one in found] == [("a", 1, "a"), ("b", 1, "b"), ("c d", 1, "c_d"),
                                                                          ("doejane_1", 2, "doejane_1")]


@pytest.mark.parametrize("names, words", [((), "is empty"), (("a b", "a_b"), "one name in a table: a b and a_b;"),
                                          (("ada", "ada.tar"), "one name in a table: ada and ada.tar;"),
                                          (("doejane_1", "doejane_1_2_rq.c"), "one name in a table: doejane_1 and doejane_1_2_rq.c;")])
def test_a_folder_that_cannot_be_graded_is_named(tmp_path, names, words):
    for name in names:
        (tmp_path / name).mkdir()
    with pytest.raises(UserError, match=words):
        intake.submissions(tmp_path)


def test_a_folder_that_is_missing_is_named(tmp_path):
    with pytest.raises(UserError, match="nowhere cannot be read"):
        intake.submissions(tmp_path / "nowhere")


# --- what is taken ----------------------------------------------------------------------------------------------------------------------

TREE = {RQ: "solution", "Makefile": "evil:", "labs/lab1.md": "text", "manifest.json": '{"phase": 1}', "kernel/mine/a.c": "int a;",
        "answers1.toml": "name = 'Ada'", "answers2.toml": "of another lab"}
WANTED = {RQ: "solution", "kernel/mine/a.c": "int a;", "answers1.toml": "name = 'Ada'"}


@pytest.mark.parametrize("how", ["tar", "tgz", "xz", "zip"])
@pytest.mark.parametrize("prefix", ["", "crescent/", "./", "a/b/"])
def test_an_archive_is_taken_from_where_its_kernel_lies(tmp_path, how, prefix):
    path = pack(tmp_path / f"a.{how}", {prefix + name: text for name, text in TREE.items()}, how)
    assert unpacked(tmp_path, path) == WANTED


def test_a_folder_is_taken_without_gits_own(tmp_path):
    assert unpacked(tmp_path, lay(tmp_path / "x" / "crescent", {**TREE, ".git/kernel/x.c": "no"}).parent) == WANTED


def test_an_archive_in_a_folder_is_taken(tmp_path):
    (tmp_path / "moodle").mkdir()
    pack(tmp_path / "moodle" / "handin-1.tar", TREE)
    (tmp_path / "moodle" / "remark.txt").write_text("please")
    assert unpacked(tmp_path, tmp_path / "moodle") == WANTED


def test_loose_files_are_taken_by_their_names(tmp_path):
    for name in ("doejane_1_2_rq.c", "doejane_1_3_exit-2.c", "doejane_1_4_notes.txt"):
        (tmp_path / name).write_text(name)
    assert unpacked(tmp_path, *sorted(tmp_path.glob("*"))) == {RQ: "doejane_1_2_rq.c", "kernel/sched/exit.c": "doejane_1_3_exit-2.c"}


@pytest.mark.parametrize("refs", [["HEAD"], ["lab"], ["HEAD", "lab", "main"]])
def test_a_bundle_is_taken_at_its_tip(tmp_path, refs):
    repo = lay(tmp_path / "repo", TREE)
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["-c", "user.name=n", "-c", "user.email=e", "commit", "-qm", "m"],
                  ["branch", "lab"], ["bundle", "create", "-q", "../a.bundle", *refs]):
        subprocess.run(["git", "-C", str(repo), *words], check=True)
    assert unpacked(tmp_path, tmp_path / "a.bundle") == WANTED


def test_a_bundle_without_a_tip_is_named(tmp_path):
    repo = lay(tmp_path / "repo", TREE)
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["-c", "user.name=n", "-c", "user.email=e", "commit", "-qm", "m"],
                  ["branch", "lab"], ["bundle", "create", "-q", "../a.bundle", "lab", "main"]):
        subprocess.run(["git", "-C", str(repo), *words], check=True)
    assert "2 branches and no HEAD" in refusal(tmp_path, tmp_path / "a.bundle")


# --- what does harm ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["tar", "zip"])
@pytest.mark.parametrize("name", ["../kernel/sched/rq.c", "/kernel/sched/rq.c", "kernel/../../x", "kernel\\..\\..\\x", "kernel/a\nb.c"])
def test_no_path_leads_out(tmp_path, how, name):
    assert "leads out of it" in refusal(tmp_path, pack(tmp_path / "a", {**TREE, name: "x"}, how))
    assert not (tmp_path / "kernel").exists() and not (tmp_path / "x").exists()


@pytest.mark.parametrize("how", ["tar", "zip"])
def test_a_link_stays_a_name(tmp_path, how):
    assert unpacked(tmp_path, pack(tmp_path / "a", {**TREE, "kernel/sched/exit.c": LINK}, how))["kernel/sched/exit.c"] is LINK
    assert os.readlink(tmp_path / "target" / "kernel/sched/exit.c") == "nowhere"


@pytest.mark.parametrize("how", ["tar", "zip"])
def test_a_link_is_no_way_in_for_what_follows(tmp_path, how):
    said = refusal(tmp_path, pack(tmp_path / "a", {**TREE, "kernel/out": LINK, "kernel/out/x.c": "x"}, how))
    assert "cannot be written here" in said and not (tmp_path / "target" / "nowhere").exists()


def test_a_link_in_a_folder_is_not_followed(tmp_path):
    tree = lay(tmp_path / "x", TREE)
    (tree / "kernel/sched/exit.c").symlink_to("/etc/passwd")
    (tree / "kernel/all").symlink_to("/usr")
    seen = unpacked(tmp_path, tree)
    assert seen["kernel/sched/exit.c"] is seen["kernel/all"] is LINK and len(seen) == 5


@pytest.mark.parametrize("how", ["tgz", "zip"])
def test_a_bomb_is_not_unpacked(tmp_path, how):
    path = pack(tmp_path / "a", {**TREE, "kernel/bomb.c": "x" * (intake.MOST_BYTES + 1)}, how)
    assert path.stat().st_size < intake.MOST_BYTES / 100 and "more than 64 MiB" in refusal(tmp_path, path)


def test_a_zip_that_understates_its_size_is_refused(tmp_path):
    path = pack(tmp_path / "a", {**TREE, "kernel/bomb.c": "x" * 100_000}, "zip")
    path.write_bytes(path.read_bytes().replace((100_000).to_bytes(4, "little"), (10).to_bytes(4, "little")))
    assert refusal(tmp_path, path)


def test_more_files_than_anybody_writes_are_not_taken(tmp_path, monkeypatch):
    monkeypatch.setattr(intake, "MOST_FILES", 3)
    assert "more than 3 files" in refusal(tmp_path, pack(tmp_path / "a", {f"kernel/{n}.c": "x" for n in range(4)}))
    monkeypatch.setattr(intake, "MOST_ENTRIES", 3)
    assert "or 3 files" in refusal(tmp_path / "2", pack(tmp_path / "b", {f"x/{n}.c": "x" for n in range(6)}))


def test_folders_without_end_are_not_followed(tmp_path):
    path = tmp_path / "x"
    (path / "/".join("d" * 60)).mkdir(parents=True)
    assert "40 deep" in refusal(tmp_path, path)


@pytest.mark.parametrize("data", [b"", b"PK\3\4 rubbish", b"\x1f\x8b\x08 rubbish", b"\xa7" * 600, b"# v2 git bundle\nrubbish"])
@pytest.mark.parametrize("name", ["a.tar", "a.zip", "a.bundle", "a"])
def test_rubbish_is_named_as_such(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    assert "zip, tar or git bundle" in refusal(tmp_path, tmp_path / name) or "git bundle" in refusal(tmp_path / "2", tmp_path / name)


def test_what_is_no_plain_file_is_not_opened(tmp_path):
    os.mkfifo(tmp_path / "a.tar")
    assert "no plain file or folder" in refusal(tmp_path, tmp_path / "a.tar")
    tree = lay(tmp_path / "x", TREE)
    os.mkfifo(tree / "kernel/sched/exit.c")
    assert "exit.c, which is no plain file" in refusal(tmp_path / "2", tree)


@pytest.mark.parametrize("manifest, words", [(json.dumps({"phase": 2}), "packed for phase 2, and phase 1"), ("[]", "make handin did not"),
                                             ("[" * 100_000, "make handin did not"), ("{", "make handin did not")])
def test_what_was_packed_for_another_phase_is_named(tmp_path, manifest, words):
    assert words in refusal(tmp_path, pack(tmp_path / "a", {**TREE, "manifest.json": manifest}))


@pytest.mark.parametrize("files, words",
                         [({"a/kernel/x.c": "", "b/kernel/x.c": ""}, "several trees"), ({"notes.txt": ""}, "no folder kernel/"),
                                          ({}, "no folder kernel/")])
def test_what_holds_no_tree_or_two_is_named(tmp_path, files, words):
    assert words in refusal(tmp_path, pack(tmp_path / "a.tar", files))


def test_two_archives_in_a_folder_are_named(tmp_path):
    for name in ("a.tar", "b.tar"):
        lay(tmp_path / "x", {})
        (tmp_path / "x").mkdir(exist_ok=True)
        pack(tmp_path / "x" / name, TREE)
    assert "2 archives" in refusal(tmp_path, tmp_path / "x")
