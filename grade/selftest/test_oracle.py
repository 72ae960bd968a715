"""The test programs of user/tests against what is kept of them: on Linux x86-64 each is run afresh and must print what its file in
user/tests/expected says; otherwise the file is not what Linux says, and no kernel may be judged by it."""

import os

import pytest
import user_programs

from grade import oracle

TESTS = user_programs.MASTER / "user/tests"
NAMES = oracle.names(TESTS)
FOR_ANYONE = sorted(set(NAMES) - {"ids", "limits", "setuid"})  # these have cases for root alone


def kept(name):
    return (TESTS / "expected" / f"{name}.txt").read_text()


def test_every_test_program_has_its_file_and_every_file_its_program():
    assert sorted(p.stem for p in (TESTS / "expected").glob("*.txt")) == NAMES


@pytest.mark.skipif(not user_programs.RUNNABLE, reason="these are programs for Linux on x86-64")
@pytest.mark.parametrize("name", NAMES)
def test_linux_prints_what_is_kept(name):
    if os.getuid() and name not in FOR_ANYONE:
        pytest.skip("root alone may run this one")
    assert oracle.run(user_programs.build() / "tests" / name) == kept(name), f"make oracle, if Linux is right; see {name}.txt"


def test_a_program_that_is_missing_is_named():
    with pytest.raises(OSError, match="no-such-program"):
        oracle.run("no-such-program")


def test_output_has_no_pointers_and_no_exit_status_unless_it_is_a_failure():
    for name in NAMES:
        assert ("\nexit status " in kept(name)) == (name == "libc"), "only libc ends with a status of its own"
