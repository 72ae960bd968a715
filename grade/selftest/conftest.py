"""The marks of graded tests (grade/api.py), which some tests here import, and how the tests are dealt out to processes."""

import signal

import busybox_sessions
import pytest
import user_programs

from grade import parallel

# Modules with a fixture that takes seconds and serves all of their tests.
TOGETHER = ("test_host_units.py", "test_rewind.py", "test_gdb.py", "test_bench.py", "test_phases_master.py", "test_hostile_bulk.py")
# Modules with tests of ten seconds and more.
LONG = ("test_steps.py", "test_hostile.py", "test_phases_branches.py", "test_soak.py")
# Programs for another machine: test_programs.py runs ours on Crescent, here as everywhere.
collect_ignore = [] if user_programs.RUNNABLE else ["test_user.py", "test_pthreads.py", "test_libcs.py"]
# {what is left out: why}, told at the end.
LEFT_OUT = {}
if parallel.possible():
    LEFT_OUT["CPUs that work at the same time, in test_soak.py"] = parallel.possible()
if busybox_sessions.lacking():
    LEFT_OUT["test_busybox.py, test_bench_real.py"] = busybox_sessions.lacking()
    collect_ignore += ["test_busybox.py", "test_bench_real.py"]
elif busybox_sessions.no_linux():
    LEFT_OUT["busybox on this machine, beside test_busybox.py"] = busybox_sessions.no_linux()


def pytest_configure(config):
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it, and so would what tests interrupt
    for mark in ("exercise(id, points)", "boots(n)", "seeds(n)"):
        config.addinivalue_line("markers", f"{mark}: see grade/api.py")


def pytest_terminal_summary(terminalreporter):
    for what, why in LEFT_OUT.items():
        terminalreporter.write_line(f"left out: {what}: {why}")


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items):
    """For --dist loadgroup: a module of TOGETHER goes to one process as a whole, or each would make its fixtures; and what takes long
    begins early, so that at the end no process is left alone with it."""
    for item in items:
        if item.path.name in TOGETHER:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
    items.sort(key=lambda item: (item.path.name not in TOGETHER, item.path.name not in LONG))
