"""The tables of user/tests/edges_*.c: system calls with odd arguments, each row a call and what Linux says to it. Crescent says the same,
on one CPU and on four. That Linux says so today is a test of test_user.py. Every call that the kernel offers stands in a row."""

import re

import kernels
import pytest
from test_abi_doc import in_table
from test_programs import EXPECTED, machines, said
from user_programs import MASTER

from grade import oracle, soak_programs

PHASE = 5
LIMIT_MS = 60_000  # of virtual time; a row that waits is ended after 20 s
NAMES = [name for name in oracle.names(MASTER / "user/tests") if name.startswith("edges_")]
ROW = re.compile(r"^(\w+)\(.*\) = (\w+|error \d+)$", re.M)
# Without a row of their own: these do not come back. What becomes of them is said by lines of another form.
NO_ROW = {"exit", "exit_group", "rt_sigreturn"}
# Without arguments, and with an answer that differs from process to process: they stand in an effect.
IN_EFFECTS = {"brk", "fork", "getpgrp", "getpid", "getppid", "gettid", "set_tid_address", "vfork"}
POLICIES = ("rr", "fcfs", "prio", "mlfq", "sjf", "cfs", "eevdf")


def rows():
    """[(call, result)] of all tables."""
    return [row for name in NAMES for row in ROW.findall((EXPECTED / f"{name}.txt").read_text())]


@pytest.mark.parametrize("cpus", [1, 4])
@pytest.mark.parametrize("name", NAMES)
def test_calls_at_their_edges_do_what_linux_does(name, cpus):
    run_on(name, cpus)


@pytest.mark.parametrize("policy", POLICIES if kernels.ALL else POLICIES[-2:])
def test_whatever_the_policy(policy):
    run_on("edges_signals", 1, f"sched={policy}")


def run_on(name, cpus, options=""):
    with machines(phase=PHASE, cpus=cpus) as boot:
        run = boot("exit_orphans", options, program=[f"/tests/{name}"], limit_ms=LIMIT_MS, trace="off")
        assert said(run) == (EXPECTED / f"{name}.txt").read_text()
        soak_programs.at_rest(run)


def test_every_call_stands_in_a_row():
    called = {call for call, _ in rows()}
    sources = "".join((MASTER / f"user/tests/{name}.c").read_text() for name in NAMES)
    missing = [call for call in in_table() if call not in called | NO_ROW | IN_EFFECTS]
    assert not missing, f"user/tests/edges_*.c has no row with {', '.join(missing)}"
    unused = [call for call in IN_EFFECTS | (NO_ROW - {"rt_sigreturn"}) if f"CALL({call}" not in sources]
    assert not unused, f"user/tests/edges_*.c does not call {', '.join(unused)}"


def test_there_are_hundreds_of_rows_with_most_errors():
    found = rows()
    assert len(found) >= 300 and len(found) == sum((EXPECTED / f"{name}.txt").read_text().count(" = ") for name in NAMES)
    errors = {result for _, result in found if result.startswith("E")}
    assert len(errors) >= 30 and not {result for _, result in found if result.startswith("error")}


@pytest.mark.parametrize("path, before, after, name", [
    ("kernel/syscall/sys_file.c", "io.no_wait = done && mover == file_read;", "", "edges_files"),
    ("kernel/syscall/sys_memory.c", "VM_READ_ONLY : 0", "0 : 0", "edges_memory"),
    ("kernel/proc/exec_path.c", "__atomic_load_n(&inode->writers, __ATOMIC_RELAXED)", "false", "edges_process"),
    ("kernel/proc/procfs.c", ".stands_for = descriptor_stands_for, ", "", "edges_names"),
][: None if kernels.ALL else 1])
def test_a_kernel_without_the_rule_is_found(tmp_path, path, before, after, name):
    tree = kernels.reference(PHASE)
    text = (tree / path).read_text()
    assert text.count(before) == 1
    kernel = kernels.build(tree, {path: text.replace(before, after)}, tmp_path)
    with machines(kernel, phase=PHASE) as boot:
        run = boot("exit_orphans", program=[f"/tests/{name}"], limit_ms=LIMIT_MS, trace="off")
        assert said(run) != (EXPECTED / f"{name}.txt").read_text()
