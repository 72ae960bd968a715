"""What stands between programs and the kernel, and is given: the ways in, the table of calls, what a process's end must leave in order
whatever lab 3.6 forgets. Seen on the finished kernel; and the same is seen to be wrong on kernels with one mistake each."""

import contextlib
import re

import kernels
import pytest

from grade.api import no_leak, replay
from grade.boot import Boot
from grade.machine import Machine

PHASE = 3
AC = 1 << 18
TRAP, USER, EXIT, PROCESS = ("kernel/arch/x86_64/trap.asm", "kernel/arch/x86_64/user.c", "kernel/proc/exit.c", "kernel/proc/process.c")


@pytest.fixture
def booted(tmp_path):
    """booted(KTEST, OPTIONS, wrong=[(FILE, FIND, REPLACE), ...], **how): the Run of a ktest on the finished kernel, with mistakes in it."""
    with contextlib.ExitStack() as stack:
        def run(ktest, options="", wrong=(), **how):
            tree, files = kernels.reference(PHASE), {}
            for path, find, replace in wrong:
                text = files.get(path) or (tree / path).read_text()
                assert text.count(find) == 1, f"{find!r} stands {text.count(find)} times in {path}"
                files[path] = text.replace(find, replace)
            kernel = kernels.build(tree, files, tmp_path / "made") if files else tree / "build/checked/kernel.elf"
            boot = stack.enter_context(contextlib.closing(Boot(kernel, kernels.image(kernel, tree), 1,
                                                               archive=kernels.archive_of(PHASE))))
            return boot(ktest, options, **how)
        yield run


# --- the table of calls ------------------------------------------------------------------------------------------------------------------


def test_a_call_that_nobody_wrote_is_no_kernel(tmp_path):
    """A row of syscall.tbl without its function: no program shall be the first to notice."""
    path = "kernel/syscall/sys_ids.c"
    text = (kernels.reference(PHASE) / path).read_text()
    assert text.count("sys_getegid(") == 1
    with pytest.raises(RuntimeError, match="undefined reference to `sys_getegid'"):
        kernels.build(kernels.reference(PHASE), {path: text.replace("sys_getegid(", "sys_getegid2(")}, tmp_path / "made")


# --- the way in --------------------------------------------------------------------------------------------------------------------------

# At each call of trap(struct trap_frame *): what was interrupted, and the flags now.
ENTRIES = """
Stop("trap")
Stop("ktest_done")
done = address("ktest_done")
copy = range(address("user_copy"), address("user_copy_end"))
while resume() not in (done, None):
    now = registers(("rdi", "eflags"))
    vector, rip, flags = (word(now["rdi"] + 8 * n) for n in (15, 17, 19))
    if rip in copy:
        report(vector=vector, before=flags, now=now["eflags"])
"""
PAGE_FAULT = 14


def entries(booted, **how):
    """What came in the middle of user_copy(): [{"vector", "before", "now"}], the two flags."""
    run = booted("uaccess_long", "hz=5000", trace="off", **how)
    with replay(run) as debugger:
        seen = debugger.run_script(ENTRIES)
    assert all(at["before"] & AC for at in seen), "user_copy() runs with AC: else this shows nothing"
    assert len([at for at in seen if at["vector"] == PAGE_FAULT]) >= 4 and len([at for at in seen if at["vector"] >= 32]) >= 4, seen
    return seen


def test_who_comes_in_the_middle_of_a_copy_cannot_reach_user_memory(booted):
    """AC opens user memory to the kernel. Page faults and interrupts come while user_copy() has it set; what they call must not."""
    assert not [at for at in entries(booted) if at["now"] & AC]


def test_without_its_clearing_ac_would_be_seen(booted):
    wrong = [(TRAP, "    close_user_memory\n    push_registers\nTRAP_SAVING", "    push_registers\nTRAP_SAVING")]
    assert all(at["now"] & AC for at in entries(booted, wrong=wrong))


# --- the end of a process ----------------------------------------------------------------------------------------------------------------


def test_a_thread_that_left_its_space_does_not_come_back_to_it(booted):
    """Between user_space_leave() and its end a thread may lose the CPU: by then others have the tables' pages."""
    roots = [fact.b for fact in booted("exit_space_left").facts("FOUND")]
    assert roots[0] and roots[1:] == [0, 0]


def test_without_its_reset_the_old_root_would_come_back(booted):
    wrong = [(USER, "    context->root = 0;\n", "    (void)context;\n")]
    roots = [fact.b for fact in booted("exit_space_left", wrong=wrong).facts("FOUND")]
    assert roots[0] and roots == [roots[0], 0, roots[0]]


FORGOTTEN = (EXIT, "    timer_cancel(&p->alarm);\n", "")  # what lab 3.6 has to do
SCRIPT = "/tests/lab3_exit rich; sleep 0.1; echo later".replace(" ", "${IFS}")  # a boot option has no blanks
RINGS_LATE = {"program": ["/bin/sh", "-c", SCRIPT], "trace": "off", "limit_ms": 400}


def test_an_alarm_that_was_forgotten_goes_with_its_process(booted):
    """It would ring in a struct process that was given back: a mistake in lab 3.6 costs the points of its test, and no other run."""
    run = booted("user", wrong=[FORGOTTEN], **RINGS_LATE)
    assert run.output.endswith("later\n") and run.status == 0
    no_leak(run)


def test_without_that_it_would_ring_in_freed_memory(booted):
    wrong = [FORGOTTEN, (PROCESS, "    timer_cancel(&p->alarm);", "   ")]
    assert booted("user", wrong=wrong, outcome=None, result=None, **RINGS_LATE).outcome == "panic"


# --- what is missing ---------------------------------------------------------------------------------------------------------------------


def test_who_tries_an_unfinished_kernel_is_told_what_is_missing(tmp_path):
    """Once for each exercise, however often its stubs are met; the tests read a report instead."""
    path = "kernel/proc/signal.c"
    kernel = kernels.build(kernels.reference(PHASE), {path: kernels.files_of(307, PHASE)[path]}, tmp_path / "made")
    said = []
    for options in ("trace=off", "trace=off ktest=user init=/bin/time,true"):
        with Machine(kernel, options, input=b"echo a\n\x04", archive=kernels.archive_of(PHASE)) as machine:
            machine.run()
            said.append(machine.console())
    assert said == ["lab 3.8a: signal_ignored is yours to write\n# echo a\na\n# \n", "ktest: done\n"]


# --- the kernel's log --------------------------------------------------------------------------------------------------------------------


def test_dmesg_says_what_the_kernel_has_said(booted):
    """At the shell's prompt: some of it was said to nobody else. What programs write is not the kernel's word."""
    typed = b"echo mine\ndmesg\npoweroff\n"
    with Machine(kernels.reference(PHASE) / "build/checked/kernel.elf", "", input=typed, archive=kernels.archive_of(PHASE)) as machine:
        machine.run()
        said = machine.console().partition("dmesg\n")[2].partition("# poweroff")[0]
    assert re.fullmatch(r"Crescent, \d+ of \d+ MiB free, clock \d+ MHz\nprocess 1 is init\n", said), said


@pytest.mark.parametrize("init, words", [
    ("/nothing", "there is no such program in the boot archive; /bin has what user/bin makes"),
    ("/bin", "that may not be executed; it is a folder"), ("/bin/../etc/nobody", "there is no such program in the boot archive")])
def test_a_first_program_that_cannot_be_run_is_named_with_the_reason(init, words):
    """Who mistypes INIT= learns where to look, without knowing the errors' numbers."""
    with Machine(kernels.reference(PHASE) / "build/checked/kernel.elf", f"init={init}", archive=kernels.archive_of(PHASE)) as machine:
        machine.run()
        assert f"boot option init={init}: {words}" in machine.console()


def test_the_kernels_log_is_roots(booted):
    assert booted("user", program=["/bin/ls", "-l", "/proc/kmsg"], trace="off").output.startswith("-r--------")
