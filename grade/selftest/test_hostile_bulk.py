"""A class of hostile submissions, graded in one go with two honest ones: none earns more for what it attacks than the start tree would, or
is to be looked at; the honest ones get what they would get alone; and afterwards everything outside is as it was, nobody lives on, and no
file is left.

Every kernel of hostile/, every way of SOURCES to reach out of a source, every folder and archive of PACKED. CRESCENT_TESTS=all
grades all of them with all tests; otherwise those that are not tried elsewhere, with the tests of 1.4 alone."""

import csv
import gzip
import io
import json
import os
import subprocess
import sys
import tarfile
import zipfile
from types import SimpleNamespace

import kernels
import overseer
import pytest
from test_hostile import ENDS, FORGED, hostile

from grade import bulk, exercises, intake, submission

YIELD, SWITCH, MINE = "kernel/sched/yield.c", "kernel/arch/x86_64/switch.asm", submission.MINE_HEADER
ATTACKED, WITHOUT_TRACE = "1.4", "a_threads_stack_is_untouched_by_the_others"
SECRET = "the course's secret 4711"
HONEST = ("ada", "zoe")  # in front of all others and behind them


def before(text):
    """A solution with something in front of it, in place of 1.4's own part, which is missing."""
    return {YIELD: text.replace("\n\n\n", "\n") + kernels.files_of(103)[YIELD]}


def behind(name):
    """A kernel that reaches for a symbol of the tests' in a way that the compiler does not show, to call it."""
    return {YIELD: name + "\nextern void ktest_done(void);\n" + kernels.files_of(103)[YIELD].replace(
        'panic("lab 1.4: yield_locked is yours to write (kernel/sched/yield.c)");', "ktest_done();")}


def mine(text):
    """A mine.h with something of the kind in front of the structures."""
    return {MINE: text + (kernels.START / MINE).read_text().replace("#pragma once\n", "")}


MANY = ('__asm__(".altmacro\\n.macro many n\\n.globl aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\\\\n\\n.endm\\n.set i,0\\n.rept 40000\\n'
        'many %i\\n.set i,i+1\\n.endr");')
BOMB = "\n".join(f"#define A{n} A{n - 1} A{n - 1}" for n in range(1, 40))

# name: (files over a tree in which 1.1 to 1.3 are solved, words about it in what was graded; "" where it is merely not solved). SECRET's
# file is at %s.
SOURCES = {
    "includes-a-secret": (before('#include "%s"\n'), "by a path from the root"),
    "includes-it-behind-a-macro": (before('#define WHERE "%s"\n#include WHERE\n'), "No such file"),
    "includes-it-upwards": (before('#include "../../../../../../../../../../../..%s"\n'), "No such file"),
    "includes-it-if-it-is-there": (before('#define WHERE "%s"\n#if __has_include(WHERE)\n#error there it is\n#endif\n'), ""),
    "incbin-of-a-secret": (before('__asm__(".pushsection .rodata\\n.incbin \\"%s\\"\\n.popsection");\n'), "by a path from the root"),
    "incbin-in-pieces": (before('__asm__(".pushsection .rodata\\n.inc" "bin \\"%s\\"\\n.popsection");\n'), "file not found"),
    "nasm-includes-a-secret": ({SWITCH: "%%define WHERE '%s'\n%%include WHERE\n"}, "unable to open"),
    "nasm-writes-a-file": ({SWITCH: '%%depend "%s"\n%%pragma output x\n[list +]\n' + kernels.files_of(103)[SWITCH].replace("%", "%%")}, ""),
    "includes-devices": (before('#define WHERE "/dev/zero"\n#include WHERE\n'), "does not build"),
    "includes-itself": (before('#include "sched/yield.c"\n'), "does not build"),
    "explodes-in-macros": (before(f"#define A0 0,\n{BOMB}\nint bomb[] = {{ A39 }};\n"), "does not build"),
    "explodes-in-the-assembler": (before('__asm__(".rept 2000000000\\n.quad 0\\n.endr");\n'), "does not build"),
    "explodes-in-nasm": ({SWITCH: "%%rep 1000000000\n dq 0\n%%endrep\n"}, "does not build"),
    "says-ten-gigabytes": (before("#define B _Pragma(\"message(\\\"" + "x" * 900 + "\\\")\")\n" + BOMB.replace(
        "A0", "B").replace("#define A", "#define W").replace(" A", " W") + "\nW39\n"), "does not build"),
    "is-huge-in-the-file": (before("const char huge[1ul << 30] = { 1 };\n"), "does not build"),
    "is-huge-in-memory": (before("char huge[1ul << 29];\n"), ""),
    "is-larger-than-an-address": (before("char huge[1ul << 40];\n"), "does not build"),
    "has-giant-debug-information": (before('__asm__(".pushsection .debug_info\\n.fill 30000000, 1, 0xaa\\n.popsection");\n'), ""),
    "loads-a-plugin": (before('#pragma GCC plugin "%s"\n#pragma GCC push_options\n#pragma GCC optimize ("-fplugin=%s")\n'), ""),
    "claims-other-lines": (before('#line 1 "kernel/ktest/ktest.c"\nint x = ;\n'), "does not build"),
    "shares-a-symbol-of-the-tests": (behind('__asm__(".comm ktest_done, 8, 8");'), "only the kernel's own tests"),
    "defines-one-weakly": (behind('void ktest_done(void);\n__attribute__((weak)) void ktest_done(void)\n{\n}\n'),
                           "only the kernel's own tests"),
    "refers-to-one-weakly": (behind('static void done(void) __attribute__((weakref("ktest_done")));\n#define ktest_done done\n'), ""),
    "names-one-in-pieces": (behind("#define JOIN(a, b) a##b\n#define ktest_done JOIN(ktest_, done)\n"), "only the kernel's own tests"),
    "names-one-with-a-version": (behind('__asm__(".symver finished, ktest_done@V1");\nextern void finished(void);\n'
                                        "#define ktest_done finished\n"), ""),
    "hides-one-among-many": (behind(MANY), "so many symbols"),
    "takes-the-table-of-tests": (before("extern const struct { const char *name, *about; int (*run)(void); } ktests_start[];\n"
                                        "int look(void);\nint look(void)\n{\n    return ktests_start[0].run();\n}\n"),
                                 "only the kernel's own tests"),
    "runs-before-all": (before("static __attribute__((constructor)) void early(void)\n{\n    for (;;)\n        ;\n}\n"), ""),
    "a-test-of-its-own": (before('__asm__(".pushsection .ktests,\\"a\\"\\n.quad 0\\n.popsection");\n'), "has a section .ktests"),
    "puts-code-into-a-group": (before('__asm__(".section .gnu.linkonce.t.ktest_done,\\"ax\\"\\nret\\n.text");\n'), "has a section"),
    "redefines-what-tests-say": (mine("#pragma once\n#define fact(key, a, b) (fact)(key, a, 0)\n"), "may hold structures"),
    "redirects-a-tests-function": (mine('#pragma once\nvoid ktest_done(void) __asm__("mine");\n'), "may hold structures"),
    "packs-the-kernels-structures": (mine("#pragma once\n#pragma pack(1)\n"), "may hold structures"),
    "build-files-that-run-commands": ({"Makefile": "$(shell touch %s.ran)\nall:\n\ttouch %s.ran\n", "kernel/kernel.mk":
                                       "$(shell touch %s.ran; :(){ :|:& };:)\n", "kernel/mine/Makefile": "$(shell touch %s.ran)\n",
                                       "kernel/mine/$(shell touch ran).c": "int x;\n"}, "not taken"),
    "tests-and-headers-of-its-own": ({"kernel/ktest/test_yield.c": "int x;\n", "kernel/ktest/ktest.h": "\n", "kernel/base/trace.h": "\n",
                                      "grade/phase1/test_4_yield.py": "\n", "conftest.py": "import os; os._exit(0)\n",
                                      "kernel/conftest.py": "import os; os._exit(0)\n", "exercises.toml": "phase = 7\n"}, "not taken"),
    "writes-terminal-commands": (before('#error \033[2J\033]0;owned\007 <script>alert(1)</script> =cmd()\n'), "does not build"),
}
QUICK = ["includes-it-behind-a-macro", "incbin-in-pieces", "is-huge-in-memory", "shares-a-symbol-of-the-tests", "defines-one-weakly",
         "hides-one-among-many", "takes-the-table-of-tests", "redefines-what-tests-say", "build-files-that-run-commands",
         "writes-terminal-commands"]


# --- what comes packed -------------------------------------------------------------------------------------------------------------------


def tar_of(path, *members, mode="w"):
    """A tar of (TarInfo or name, bytes)."""
    with tarfile.open(path, mode) as tar:
        for member, data in members:
            info = member if isinstance(member, tarfile.TarInfo) else tarfile.TarInfo(member)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


def special(name, kind, leads=""):
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, leads
    return made, b""


def header_of_gigabytes(path):
    """A compressed tar whose first header claims to be 4 GB long, and is: a megabyte on the disk."""
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 4 << 30
    with gzip.open(path, "wb", 1) as file:
        file.write(info.tobuf(tarfile.PAX_FORMAT))
        for _ in range(256):
            file.write(bytes(1 << 20))


def git_bomb(path):
    """A bundle whose only file has 600 MB."""
    folder = path.with_suffix("")
    folder.mkdir()
    with open(folder / "kernel", "wb") as file:
        file.truncate(600 << 20)
    git = ["git", "-C", str(folder), "-c", "user.name=x", "-c", "user.email=x", "-c", "core.bigFileThreshold=1g"]
    for words in (["init", "-q"], ["add", "kernel"], ["commit", "-qm", "x"], ["bundle", "create", "-q", str(path), "HEAD"]):
        subprocess.run([*git, *words], check=True)
    subprocess.run(["rm", "-rf", folder], check=True)


def zip_that_lies(path):
    """A zip that claims ten bytes for what unpacks to 64 MiB and more."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(YIELD, bytes(100 << 20))
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 24:at + 28] = (10).to_bytes(4, "little")
    path.write_bytes(data)


def nested(path):
    """Folders within folders, until the system allows no longer path."""
    path.mkdir()
    here = os.open(path, os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("deep", dir_fd=here)
        inner = os.open("deep", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(os.open("file", os.O_WRONLY | os.O_CREAT, dir_fd=here))
    os.close(here)


def folder_with(make):
    def laid(path):
        (path / "kernel/sched").mkdir(parents=True)
        make(path / YIELD)
    return laid


# name: (what makes it, words of why it is not graded, or None where a file is merely not taken)
PACKED = {
    "leads-out.tar": (lambda path: tar_of(path, ("../../canary", b"x"), (YIELD, b"x")), "leads out of it"),
    "starts-at-the-root.tar": (lambda path: tar_of(path, ("/canary", b"x"), (YIELD, b"x")), "leads out of it"),
    "link-to-a-secret.tar": (lambda path: tar_of(path, special(YIELD, tarfile.SYMTYPE, "../../../../secret")), None),
    "writes-through-a-link.tar": (lambda path: tar_of(path, special("kernel/sched", tarfile.SYMTYPE, "../../../.."),
                                                      ("kernel/sched/canary", b"x")), "cannot be written here"),
    "hard-link.tar": (lambda path: tar_of(path, special(YIELD, tarfile.LNKTYPE, "/etc/passwd")), None),
    "device.tar": (lambda path: tar_of(path, special(YIELD, tarfile.CHRTYPE)), None),
    "header-of-gigabytes.tar.gz": (header_of_gigabytes, "unpacks to more than"),
    "zeros.tar.gz": (lambda path: tar_of(path, (YIELD, bytes(200 << 20)), mode="w:gz"), "unpacks to more than"),
    "zeros-too.zip": (lambda path: zip_of(path, {f"kernel/{n}.c": bytes(30 << 20) for n in range(5)}), "unpacks to more than"),
    "lies.zip": (zip_that_lies, "can be read"),
    "zeros-again.bundle": (git_bomb, "git does not read"),
    "many.zip": (lambda path: zip_of(path, {f"kernel/mine/f{n}.c": b"" for n in range(6000)}), "files"),
    "nested": (nested, "deep"),
    "pipe": (folder_with(os.mkfifo), "no plain file"),
    "socket-and-link": (folder_with(lambda path: path.symlink_to("/dev/zero")), None),
    "ten-gigabytes": (folder_with(lambda path: os.truncate(os.open(path, os.O_CREAT | os.O_WRONLY), 10 << 30)), "has more than"),
    "deep-manifest.zip": (lambda path: zip_of(path, {"manifest.json": b"[" * 100_000, YIELD: b"x"}), "manifest.json"),
    "=cmd|' !A0'.zip": (lambda path: path.write_bytes(b"x"), "can be read"),
    "<script>alert(1)<script>.zip": (lambda path: path.write_bytes(b"x"), "can be read"),
    "two\nlines\033[2J.zip": (lambda path: path.write_bytes(b"x"), "can be read"),
    os.fsdecode(b"no \xff text.tar"): (lambda path: tar_of(path, (os.fsdecode(b"\xfe/../x"), b"")), "leads out of it"),
    "n" * 240 + ".zip": (lambda path: zip_of(path, {YIELD: b"int x = ;"}), None),
}


def zip_of(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)


# --- the class ---------------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def graded(tmp_path_factory, request):
    """The class, graded: table (dicts by name), results (by name), folder, done (of overseer)."""
    folder = tmp_path_factory.mktemp("hostile")
    made, temporary = folder / "submissions", folder / "tmp"
    made.mkdir(), temporary.mkdir()
    request.addfinalizer(lambda: subprocess.run(["rm", "-rf", made], check=True))  # deeper than Python removes
    (folder / "secret").write_text(f"int secret[] = {{ 1 }}; // {SECRET}\n")
    (folder / "canary").write_text("alive")
    for name in HONEST:
        lay(made / name, kernels.files_of(105))
    for name, (files, _) in SOURCES.items():
        if kernels.ALL or name in QUICK:
            lay(made / name, {**kernels.files_of(103), **filled(files, folder / "secret")})
    for name in [*ENDS, FORGED] if kernels.ALL else ["forges_the_report_unseen", "patches_the_code", FORGED]:
        lay(made / name, hostile(name))
    for name, (make, _) in PACKED.items():
        make(made / name)
    before = outside(folder)
    environment = {**os.environ, "TMPDIR": str(temporary), "COURSE_SECRET": SECRET}
    tree = kernels.student_tree(folder / "tree")
    for path in tree.glob("grade/phase1/test_*.py"):
        if not kernels.ALL and path.name != "test_4_yield.py":
            number = path.name[5]
            path.write_text(f'from grade.api import exercise\n@exercise("1.{number}", points=1)\ndef test_{number}():\n    """Why."""\n')
    command = [sys.executable, str(kernels.ROOT / "grade/bulk.py"), "--tree", str(tree), "--reference",
               str(kernels.REFERENCE / "grade/given.tar"), "--submissions", str(made), "--out", str(folder / "out"), "--jobs", "2"]
    done = overseer.run(command, environment)
    print(done.said)
    with open(folder / "out/grades.csv", newline="") as file:
        table = {row["name"].removeprefix("'"): row for row in csv.DictReader(file)}
    results = {path.parent.name: json.loads(path.read_text()) for path in folder.glob("out/*/results.json")}
    return SimpleNamespace(folder=folder, made=made, done=done, table=table, results=results, before=before, temporary=temporary)


def lay(folder, files):
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def filled(files, secret):
    """Files with the secret's path in them."""
    return {path: text.replace("%s", str(secret)).replace("%%", "%") for path, text in files.items()}


def outside(folder):
    """All that lies beside what the grading writes: {path: (kind, content)}."""
    found = {}
    for path in folder.iterdir():
        if path.name not in ("out", "tmp", "submissions", "tree"):
            found[path.name] = path.read_bytes() if path.is_file() else b""
    return found


def named(graded, name):
    """(row of the table, results) of a submission by the name of its file."""
    one, = (found for found in intake.submissions(graded.made) if any(path.name == name for path in found.paths))
    return graded.table[one.name], graded.results[one.folder]


def earned(results):
    return sum(test["score"] for test in results["tests"] if test["number"] == ATTACKED)


def test_the_grading_ends_and_leaves_nothing(graded):
    assert graded.done.status == bulk.SOME_FAILED and "Traceback" not in graded.done.said, graded.done.said
    assert not graded.done.left, "a process lives on"
    assert not list(graded.temporary.iterdir()), "a file is left"
    assert outside(graded.folder) == graded.before, "something outside was changed"
    assert not [path for path in (graded.folder / "out").iterdir() if path.name.startswith(".work")]
    assert set(graded.table) == {one.name for one in intake.submissions(graded.made)}


def test_the_honest_ones_get_what_they_would_get_alone(graded):
    alone, = {json.dumps(graded.results[name]["tests"], sort_keys=True) for name in HONEST}
    assert all(test["score"] == test["max_score"] for test in json.loads(alone))
    assert earned(graded.results["ada"]) == exercises.read(kernels.START / "exercises.toml")[1][ATTACKED].points


def cases():
    return [name for name in SOURCES if kernels.ALL or name in QUICK]


@pytest.mark.parametrize("name", cases())
def test_a_source_that_reaches_out_earns_nothing(graded, name):
    row, results = named(graded, name)
    assert earned(results) == 0, row
    assert SOURCES[name][1] in told(graded, name), told(graded, name)[-3000:]


@pytest.mark.parametrize("name", [*ENDS, FORGED] if kernels.ALL else ["forges_the_report_unseen", "patches_the_code", FORGED])
def test_a_hostile_kernel_earns_nothing_or_is_to_be_looked_at(graded, name):
    """Who spoils the trace and nothing else is right where no trace judges, and earns that."""
    row, results = named(graded, name)
    passed = {test["extra_data"]["name"] for test in results["tests"] if test["number"] == ATTACKED and test["score"]}
    honest = {WITHOUT_TRACE} if name != FORGED and ENDS[name] == ("corrupt", "trace") else set()
    assert passed == honest or (name == FORGED and row["review"])


@pytest.mark.parametrize("name", PACKED, ids=lambda name: name[:24])
def test_a_hostile_archive_is_named(graded, name):
    row, results = named(graded, name)
    words = PACKED[name][1]
    assert earned(results) == 0 and (not words or row["score"] == "0" and words in row["remark"] and not results["tests"]), row
    assert all(text.isprintable() for text in row.values())
    assert not row["name"].startswith("=")


def told(graded, name):
    """All that is said of a submission."""
    folder = graded.folder / "out" / name
    return "".join(path.read_text(errors="replace") for path in sorted(folder.iterdir()))


def test_nobody_has_seen_the_secret(graded):
    for path in (graded.folder / "out").rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes(), path


def test_nothing_reaches_a_terminal_or_a_page_as_it_is(graded):
    said = graded.done.said + "".join(path.read_text() for path in graded.folder.glob("out/*/said.txt"))
    assert not {"\033", "\007", "\r"} & set(said)
    pages = "".join(path.read_text() for path in [graded.folder / "out/index.html", *graded.folder.glob("out/*/feedback.html")])
    assert "<script" not in pages
