"""Submissions that want points, or harm, by other means than a solution (hostile/README.md). Each is a whole tree, graded as a student
would grade it.

CRESCENT_TESTS=all grades each with all tests; otherwise most are only built and judged by one test, without the way through
grade/run.py."""

import os
from pathlib import Path

import kernels
import pytest

from grade import dwarf, machine, submission
from grade.errors import GraderFault

HOSTILE = Path(__file__).with_name("hostile")
SOLVED_ELSE = ("1.1", "1.2", "1.3")

# What the tests of 1.4 say about each: status, and words of the rule.
ENDS = {
    "prints_success": ("crash", "before the test was complete"),
    "hangs_interrupts_off": ("hang", "does not end"),
    "hangs_halted": ("hang", "does not end"),
    "deaf_to_the_watchdog": ("hang", "unanswered"),
    "feeds_the_watchdog": ("hang", "the watchdog was disarmed"),
    "exits_qemu_with_success": ("crash", "isa-debug-exit"),
    "switches_off": ("crash", "before the test was complete"),
    "resets": ("crash", "reset"),
    "triple_faults": ("crash", "triple fault"),
    "floods_the_console": ("runaway", "prints without end"),
    "speaks_to_the_terminal": ("crash", "before the test was complete"),
    "smears_the_evidence": ("crash", ""),
    "forges_the_report": ("build", "does not build"),
    "forges_the_report_unseen": ("corrupt", "switched off by somebody else"),
    "looks_for_the_tests_name": ("crash", "before the test was complete"),
    "patches_the_code": ("corrupt", "code and constants stay as they were built"),
    "remaps_the_code": ("corrupt", "code and constants stay as they were built"),
    "writes_into_the_trace": ("corrupt", "trace"),
    "turns_the_trace_off": ("corrupt", "trace"),
    "moves_the_traces_stop": ("corrupt", "trace"),
    "is_done_too_early": ("hang", "does not end"),
    "resets_through_the_chipset": ("crash", "reset"),
    "falls_asleep": ("crash", "a request to sleep"),
    "raises_an_nmi": ("panic", ""),
    "writes_to_every_port": ("crash", ""),
}


@pytest.fixture
def grading(tmp_path, monkeypatch):
    """grading(files, *options): grades the tree with these files over the start tree; afterwards nothing may be left of it."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))

    def go(files, *options, prepare=None, status=1):
        tree = kernels.student_tree(tmp_path / "tree", files)
        if prepare:
            prepare(tree)
        before = contents(tree)
        graded = kernels.grade(tree, *options)
        assert graded.status == status, "the grader itself must not fail"
        assert not [row for row in graded.rows.values() if row["status"] in ("fault", "not run")]
        assert contents(tree) == before, "grading must leave the student's files as they are"
        return graded

    yield go
    assert not list(temporary.iterdir()), "a grading leaves no file"
    assert not living_in(tmp_path), "a grading leaves no process"


def contents(tree):
    """What a tree has besides build/: {path: bytes, or where a link leads, or "large"}."""
    found = {}
    for folder, folders, names in os.walk(tree):
        folders[:] = [name for name in folders if Path(folder, name) != tree / "build"]
        for name in names:
            path = Path(folder, name)
            large = path.lstat().st_size > 1 << 24
            found[path.relative_to(tree).as_posix()] = os.readlink(path) if path.is_symlink() else "large" if large else path.read_bytes()
    return found


def living_in(folder):
    """Processes whose current folder is below this one."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            where = os.readlink(process / "cwd")
        except OSError:
            continue
        if where.startswith(f"{folder}/"):
            found.append(process.name)
    return found


def hostile(name):
    """The files of a submission that turns hostile at its first yield."""
    files = dict(kernels.files_of(105))
    path = "kernel/sched/yield.c"
    assert files[path].count("    schedule(rq);\n") == 1
    mean = (HOSTILE / "prelude.h").read_text() + (HOSTILE / f"{name}.c").read_text()
    files[path] = mean + files[path].replace("    schedule(rq);\n", "    hostile();\n    schedule(rq);\n")
    return files


def scores(graded):
    """{exercise: points earned}."""
    earned = {}
    for row in graded.rows.values():
        earned[row["exercise"]] = earned.get(row["exercise"], 0) + row["score"]
    return earned


def judged_by_its_own_rule(name, row):
    status, words = ENDS[name]
    assert row["status"] == status and words in row["rule"], row["rule"]


# Those that go for the trace: what a thread finds on its stack is judged without one, and is right.
NO_TRACE = {"writes_into_the_trace", "turns_the_trace_off", "moves_the_traces_stop"}
WITHOUT_TRACE = "a_threads_stack_is_untouched_by_the_others"
FORGED = "leaves_for_the_test"  # what no run can tell from a solution


@pytest.mark.parametrize("name", ENDS if kernels.ALL else ["speaks_to_the_terminal", "forges_the_report"])
def test_a_hostile_submission_earns_nothing_that_it_did_not_solve(grading, name):
    whole = kernels.ALL or name == "forges_the_report"
    graded = grading(hostile(name), *([] if whole else ["--test", "take_turns"]))
    earned = scores(graded)
    points = {test for test, row in graded.rows.items() if row["exercise"] == "1.4" and row["score"]}
    assert points == ({WITHOUT_TRACE} if whole and name in NO_TRACE else set()), "what is not solved earns nothing"
    assert not whole or all(earned[exercise] == 20 for exercise in SOLVED_ELSE), "the exercises that are solved keep their points"
    judged_by_its_own_rule(name, graded.rows["threads_that_yield_take_turns"])
    assert not set(graded.said) & {"\033", "\007", "\r"}, "what a kernel prints must not reach the terminal as it is"


@pytest.mark.parametrize("name", [name for name in ENDS if name != "forges_the_report"])
def test_hostility_has_its_own_verdict(tmp_path, name, monkeypatch):
    monkeypatch.setattr(machine, "GRACE", 1)
    kernel = kernels.build(kernels.START, hostile(name), tmp_path / "kernel")
    judged_by_its_own_rule(name, kernels.judge(kernel, "threads_that_yield_take_turns"))


def test_every_hostile_file_is_judged():
    assert {path.stem for path in HOSTILE.glob("*.c")} == {*ENDS, FORGED}


def test_what_cannot_be_told_from_a_solution_is_to_be_looked_at(grading):
    """docs/instructor/grading.md says so of it. It earns one test's points, which it forges, and the results say where to look."""
    forged = "a_threads_stack_is_untouched_by_the_others"
    graded = grading(hostile(FORGED), *([] if kernels.ALL else ["--test", forged]), status=1 if kernels.ALL else 0)
    assert [name for name, row in graded.rows.items() if row["exercise"] == "1.4" and row["status"] == "pass"] == [forged]
    review = graded.results["extra_data"]["review"]
    for name in ("ktest", "data_start", "asm", "__builtin_frame_address"):
        assert any(line.startswith(f"{YIELD}:") and line.endswith(f"names {name}") for line in review), (name, review)


@pytest.mark.parametrize("phase", kernels.PHASES)
def test_no_solution_is_to_be_looked_at(phase):
    given = submission.read_given(kernels.start(phase) / "grade/given.tar")
    files = {path: text.encode() for path, text in kernels.files_of(phase * 100 + 99, phase).items()}
    assert submission.signs(files, given) == []
    assert submission.header_fault(given[submission.MINE_HEADER]) is None


# --- files that are not what they should be -------------------------------------------------------------------------------------

YIELD, QUEUE, EXIT = "kernel/sched/yield.c", "kernel/sched/rq.c", "kernel/sched/exit.c"


def append(path, text):
    return {path: kernels.files_of(105)[path] + text}


BROKEN = {
    "does not compile": (append(YIELD, "\nint broken(void) { return 1 +; }\n"), YIELD, "expected expression"),
    "includes what is not there": (append(YIELD, '#include "sched/solution.h"\n'), YIELD, "sched/solution.h"),
    "defines what is given": (append(YIELD, "_Noreturn void thread_exit(int code) { for (;;) (void)code; }\n"), YIELD,
                              "multiple definition"),
    "defines what another exercise has": (append(YIELD, "void rq_push(struct rq *rq, struct thread *t) { (void)rq, (void)t; }\n"), YIELD,
                                          "multiple definition"),
    "lacks a function": ({EXIT: kernels.files_of(105)[EXIT].split("void thread_reclaim")[0]}, EXIT, "undefined reference"),
    "is empty": ({YIELD: ""}, YIELD, "undefined reference"),
    "is no text": ({YIELD: os.urandom(4096)}, YIELD, "error"),
    "calls itself by a test's name": (append(YIELD, "void ktest_done(void);\nvoid ktest_done(void) { }\n"), YIELD, "multiple definition"),
    "includes itself": (append(YIELD, '#include "sched/yield.c"\n'), YIELD, "error"),
}


@pytest.mark.parametrize("how", BROKEN if kernels.ALL else ["does not compile", "defines what is given", "lacks a function"])
def test_a_file_that_does_not_build_costs_its_own_exercise(grading, how):
    files, path, words = BROKEN[how]
    near = "turns" if path == YIELD else "one_thread_exits"
    graded = grading({**kernels.files_of(105), **files}, *([] if kernels.ALL else ["--test", near]))
    broken = graded.results["extra_data"]["broken"]
    assert list(broken) == [path] and words in "\n".join(broken[path]), broken
    exercise = "1.4" if path == YIELD else "1.5"
    for row in graded.rows.values():
        if row["exercise"] == exercise:
            assert row["status"] == "build" and path in row["rule"]
        elif row["exercise"] in SOLVED_ELSE:
            assert row["status"] == "pass"


def turned_into_a_link(tree):
    (tree / QUEUE).unlink()
    (tree / QUEUE).symlink_to("../../../secret.c")
    (tree.parent / "secret.c").write_text(kernels.files_of(105)[QUEUE])


def behind_a_link(tree):
    (tree / "kernel/sched").rename(tree / "kernel/elsewhere")
    (tree / "kernel/sched").symlink_to("elsewhere")


def a_folder(tree):
    (tree / QUEUE).unlink()
    (tree / QUEUE).mkdir()


def huge(tree):
    with open(tree / QUEUE, "ab") as file:
        file.truncate(1 << 30)


@pytest.mark.parametrize("prepare, words", [(turned_into_a_link, "is a link"), (behind_a_link, "lies behind one"), (a_folder,
                                                                                                                    "is not a plain file"),
                                            (huge, "is larger than 1 MiB")])
def test_what_is_no_plain_file_is_not_taken(grading, prepare, words):
    graded = grading(kernels.files_of(105), "--test", "order_of_arrival", prepare=prepare)
    assert words in "\n".join(graded.results["extra_data"]["broken"][QUEUE])
    assert all(row["status"] == "build" for row in graded.rows.values())


def test_a_change_to_what_is_given_has_no_effect(grading):
    """The tests inside the kernel, the core, the build rules, the grader's own files: the student's versions are named and not used."""
    given = kernels.START
    files = dict(kernels.files_of(103))
    files["kernel/ktest/test_yield.c"] = "#error taken\n"
    files["kernel/sched/core.c"] = (given / "kernel/sched/core.c").read_text().replace("switch_to(rq, prev, next);", "")
    files["kernel/kernel.mk"] = "$(error taken)\n"
    files["kernel/sched/backdoor.c"] = "#error taken\n"
    files["kernel/base/assert.h"] = None
    graded = grading(files, "--test", "threads")
    ignored = dict(map(tuple, graded.results["extra_data"]["not_taken"]))
    assert ignored == {"kernel/ktest/test_yield.c": "changed", "kernel/sched/core.c": "changed", "kernel/kernel.mk": "changed",
                       "kernel/sched/backdoor.c": "added", "kernel/base/assert.h": "removed"}
    assert all(f"note: {path} was {how}" in graded.said for path, how in ignored.items())
    assert {row["status"] for row in graded.rows.values() if row["exercise"] == "1.3"} == {"pass"}
    assert {row["status"] for row in graded.rows.values() if row["exercise"] == "1.4"} == {"unsolved"}


def test_code_of_ones_own_is_taken(grading):
    """kernel/mine/ is the student's: a hostile file there is as good as anywhere else, and no better."""
    files = dict(kernels.files_of(105))
    files["kernel/mine/helper.c"] = '#include "ktest/ktest.h"\nvoid help(void);\nvoid help(void)\n{\n    ktest_done();\n}\n'
    graded = grading(files, "--test", "turns", status=0)
    assert list(graded.results["extra_data"]["broken"]) == ["kernel/mine/helper.c"] and "only the kernel's own tests" in graded.said
    assert all(row["status"] == "pass" for row in graded.rows.values())


SNEAKS = {  # what is tried: (path, what is put before the solution's text, words of the refusal)
    "a test of one's own in the place of the kernel's": ("kernel/arch/x86_64/first_stack.c", """#include "ktest/ktest.h"
static int nothing(void) { return 0; }
static const struct ktest mine __attribute__((section(".ktests"), used, aligned(8))) = { "exit_code", "x", nothing };
""", "has a section .ktests"),
    "ending the test early": ("kernel/sched/rq.c", """extern void (*sched_all_exited)(void);
void leave(void);
void leave(void) { sched_all_exited(); }
""", "only the kernel's own tests"),
    "a device of the host as a header": ("kernel/sched/rq.c", '#include "/dev/ptmx"\n', "by a path from the root"),
    "debug information that is loaded": ("kernel/sched/rq.c", '__asm__(".pushsection .debug_info,\\"a\\"\\n.long 1\\n.popsection");\n',
                                         "defined in discarded section"),
    "what looks like debug information and is loaded": (
        "kernel/sched/rq.c", '__asm__(".pushsection .debug_more,\\"a\\"\\n.long 1\\n.popsection");\n', "has a section .debug_more"),
    "a header in front of the boot loader's": ("kernel/sched/rq.c",
                                               'const char first[64] __attribute__((section(".multiboot"), used)) = { 1 };\n',
                                               "has a section .multiboot"),
}


@pytest.mark.parametrize("sneak", kernels.some(SNEAKS, 2))
def test_what_reaches_into_the_grading_is_refused(grading, sneak):
    path, before, words = SNEAKS[sneak]
    files = dict(kernels.files_of(105))
    graded = grading({**files, path: before + files[path]}, "--test", "take_turns")
    assert words in "\n".join(graded.results["extra_data"]["broken"][path]), graded.said


def test_a_source_cannot_write_commands_for_make(grading, tmp_path):
    """NASM's %depend writes what it is given into a file of dependencies, which make would read."""
    files = dict(kernels.files_of(105))
    path = "kernel/arch/x86_64/switch.asm"
    spy = tmp_path / "ran"
    files[path] = f'%depend ";touch {spy};"\n' + files[path]
    files["kernel/mine/bad.c"] = "int x = ;\n"  # so that make runs twice
    grading(files, "--test", "take_turns", status=0)
    assert not spy.exists()


def test_names_of_given_objects_may_be_used_for_ones_own(grading):
    """`static unsigned threads` is an innocent thing to write; what the grader reads stays the kernel's."""
    files = dict(kernels.files_of(105))
    path = "kernel/sched/yield.c"
    body = files[path].replace("void yield_locked(",
                               "static unsigned ktest_report;\nstatic volatile int panic_report;\n\nvoid yield_locked(", 1)
    files[path] = body.replace("    struct thread *me = rq->curr;\n",
                               "    struct thread *me = rq->curr;\n\n    ktest_report += (unsigned)++panic_report;\n", 1)
    assert files[path] != body
    graded = grading(files, "--test", "take_turns", status=0)
    assert all(row["status"] == "pass" for row in graded.rows.values())


# --- what an object file says of itself -----------------------------------------------------------------------------------------------

MALFORMED = "".join(f'__asm__(".pushsection {section},{flags}\\n.fill 300, 1, 0xaa\\n.popsection");\n' for section, flags in [
    *((f".debug_{name}", r'\"\"') for name in ("info", "abbrev", "line", "ranges", "loc", "frame")), (".debug_str", r'\"MS\",@progbits,1')])
OF_ONES_OWN = """
struct only_here { int it; };
enum only_named_here { ONE_NAME };
struct only_here only_placed_here;
static volatile enum only_named_here used;
__asm__(".set absolute, 0xffffffff80101010");
static __attribute__((used)) void schedule_forever(void) __asm__("kmain");
static void schedule_forever(void) { for (;;) used = ONE_NAME; }
"""


@pytest.mark.parametrize("before, line", [("", " (kernel/sched/yield.c:"), (MALFORMED, "\n")], ids=["sound", "malformed"])
def test_types_and_objects_are_what_the_handed_out_objects_say(grading, before, line):
    """The student's objects stand behind a mark in the kernel; their lines are shown if their debug information makes sense."""
    files = dict(kernels.files_of(105))
    panics = files[YIELD].replace("    schedule(rq);\n", '    panic("on the way");\n')
    graded = grading({**files, YIELD: '#include "base/panic.h"\n' + before + OF_ONES_OWN + panics}, "--test", "take_turns")
    row = graded.rows["threads_that_yield_take_turns"]
    assert (row["status"], row["rule"]) == ("panic", "on the way")
    frames = "\n".join(row["evidence"]) + "\n"
    assert "(kernel/base/panic.c:" in frames and "(kernel/sched/core.c:" in frames
    assert frames.partition("yield_locked+")[2].lstrip("0123456789abcdefx").startswith(line)
    image = dwarf.load(graded.results["extra_data"]["kernel"])
    assert not {"only_here", "only_named_here", "only_placed_here"} & {*image.structs, *image.enums, *image.variables}
    assert {"run_queues", "panic_report"} <= set(image.variables) and image.function(image.symbols["kmain"]) == ("kmain", 0)
    assert "absolute" not in image.symbols and image.function(image.symbols["yield.c:kmain"]) == ("yield.c:kmain", 0)


def test_a_debugger_of_the_graders_does_not_mind_malformed_debug_information(grading):
    files = dict(kernels.files_of(105))
    graded = grading({**files, YIELD: MALFORMED + files[YIELD]}, "--test", "a debugger finds a call", status=0)
    assert [row["status"] for row in graded.rows.values()] == ["pass"]


def test_the_tests_end_is_not_known_by_its_name(grading):
    """A forged report does not count, not even if a function called ktest_done switches the machine off."""
    files = hostile("forges_the_report_unseen")
    named = """static __attribute__((noinline)) void end(void) __asm__("ktest_done");
static void end(void) { machine_poweroff(); }
static void hostile(void)
"""
    files[YIELD] = files[YIELD].replace("static void hostile(void)\n", named).replace("    machine_poweroff();\n", "    end();\n")
    assert files[YIELD].count("end();") == 1
    graded = grading(files, "--test", "take_turns")
    judged_by_its_own_rule("forges_the_report_unseen", graded.rows["threads_that_yield_take_turns"])


def test_debug_information_that_cannot_be_read_gets_one_line_that_names_its_file(tmp_path):
    """In a student's own kernel, for make gdb, nothing stands before a mark."""
    kernel = kernels.build(kernels.START, {YIELD: MALFORMED + kernels.files_of(105)[YIELD]}, tmp_path / "kernel")
    with pytest.raises(GraderFault, match=r"kernel\.elf cannot be read: the debug information behind that of kernel/\S+ is malformed"):
        dwarf.load(kernel)
