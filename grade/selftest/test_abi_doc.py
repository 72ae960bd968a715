"""docs/abi.md against the table of system calls and the kernel's sources: what is offered is described, and nothing else is."""

import re
from pathlib import Path

MASTER = Path(__file__).resolve().parents[2]
PAGE = MASTER / "docs/abi.md"
TABLE = MASTER / "kernel/syscall/syscall.tbl"


def in_table():
    """The names in syscall.tbl, in its order."""
    return [line.split()[1] for line in TABLE.read_text().splitlines() if line and not line.startswith("#")]


def implemented():
    """The names of the calls that have a function in the kernel."""
    text = "".join(path.read_text() for path in sorted((MASTER / "kernel/syscall").glob("*.c")))
    return set(re.findall(r"^s64 sys_(\w+)\([^;]*$", text, re.M))


def described():
    """The names in the first cells of the page's tables."""
    rows = [line.split("|")[1] for line in PAGE.read_text().splitlines() if re.match(r"\| \w", line)]
    return [name.strip() for row in rows for name in row.split(",") if row.strip() != "call"]


def test_every_call_has_a_number_and_a_name_of_its_own():
    """Of two rows with one number the kernel would know only the last."""
    rows = [line.split()[:2] for line in TABLE.read_text().splitlines() if line and not line.startswith("#")]
    for column in zip(*rows):
        assert len(set(column)) == len(column), f"kernel/syscall/syscall.tbl: twice: {sorted({c for c in column if column.count(c) > 1})}"


def test_every_call_that_the_kernel_offers_is_described():
    """Whoever writes a call writes its row."""
    missing = [name for name in in_table() if name in implemented() and name not in described()]
    assert not missing, f"docs/abi.md has no row for {', '.join(missing)}"


def test_nothing_is_described_that_the_kernel_does_not_offer():
    """A row of a call that went away, or was never written."""
    extra = [name for name in described() if name not in in_table() or name not in implemented()]
    assert not extra, f"docs/abi.md describes {', '.join(extra)}, which kernel/syscall/ does not have"


def test_no_call_is_described_twice():
    """Two rows soon say two things."""
    names = described()
    assert len(set(names)) == len(names), f"docs/abi.md describes twice: {sorted({n for n in names if names.count(n) > 1})}"
