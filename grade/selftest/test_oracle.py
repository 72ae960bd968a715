"""What is kept of the test programs of user/tests. That it is what Linux says is a test of test_user.py, that Crescent says the same one of
test_programs.py."""

import pytest
import user_programs

from grade import oracle

TESTS = user_programs.MASTER / "user/tests"
NAMES = oracle.names(TESTS)


def kept(name):
    return (TESTS / "expected" / f"{name}.txt").read_text()


def test_every_test_program_has_its_file_and_every_file_its_program():
    assert sorted(p.stem for p in (TESTS / "expected").glob("*.txt")) == NAMES


def test_a_program_that_is_missing_is_named():
    with pytest.raises(OSError, match="no-such-program"):
        oracle.run("no-such-program")


def test_output_has_no_pointers_and_no_exit_status_unless_it_is_a_failure():
    for name in NAMES:
        assert ("\nexit status " in kept(name)) == (name == "libc"), "only libc ends with a status of its own"
