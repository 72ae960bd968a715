"""os-vm, and os-check's rules about address spaces, on a guest's memory after a run that a sleeping program outlived."""

import contextlib
import os
import struct

import kernels
import pytest

from grade.boot import Boot
from grade.gdb import check, spaces

PHASE = 3
WRITABLE, CODE = 0x403000, 0x400000


@pytest.fixture
def run():
    """A run that ends while /bin/sleep sleeps."""
    kernel = kernels.reference(PHASE) / "build/checked/kernel.elf"
    with contextlib.closing(Boot(kernel, kernels.image(kernel, kernels.reference(PHASE)), 1, archive=kernels.archive_of(PHASE))) as boot:
        yield boot("user", program=["/bin/sleep", "200"], limit_ms=300, trace="off", outcome="hang", result=None)


def broken(run):
    return [line for line in check.check(run.kernel) if line.startswith("address spaces")]


def entry_at(run, va):
    """The physical address of the entry for a page of the program's."""
    (process,), _ = spaces.processes(run.kernel)
    table = process.space.target.root
    for shift in (39, 30, 21):
        table = struct.unpack("<Q", run.machine.ram.read_physical(table + (va >> shift & 511) * 8, 8))[0] & spaces.ADDRESS
    return table + (va >> 12 & 511) * 8


def write(run, at, word):
    os.pwrite(run.machine.ram.fd, struct.pack("<Q", word), at)


def test_os_vm_shows_regions_and_pages(run):
    lines = spaces.vm_lines(run.kernel)
    assert lines[0].startswith("process 2 (sleep): ")
    assert "  000000400000-000000402000 r-x private file" in lines
    assert any(line.endswith("rw- private stack") for line in lines)
    assert any("000000403000 rw- page at" in line and line.endswith("users: 1") for line in lines)
    assert spaces.vm_lines(run.kernel, 77) == ["os-vm: no process 77 has one"]


def test_a_kernel_at_rest_keeps_the_rules(run):
    assert not broken(run)


@pytest.mark.parametrize("what, change, words", [
    ("code that may be written", lambda e: e | spaces.WRITE, "may be written, its region (r-x) may not"),
    ("a page that the kernel alone may use", lambda e: e & ~spaces.USER, "not the program's to use"),
    ("a page that is gone", lambda e: 0, "the space counts"),
])
def test_an_entry_that_says_more_or_less_than_its_region_is_found(run, what, change, words):
    at = entry_at(run, CODE)
    write(run, at, change(struct.unpack("<Q", run.machine.ram.read_physical(at, 8))[0]))
    assert words in "\n".join(broken(run))


def test_a_page_that_two_write_is_found(run):
    """The program's own data page now leads to a page of the file's, which others have."""
    code = struct.unpack("<Q", run.machine.ram.read_physical(entry_at(run, CODE), 8))[0]
    write(run, entry_at(run, WRITABLE), code & spaces.ADDRESS | spaces.PRESENT | spaces.USER | spaces.WRITE | spaces.NX)
    assert "share it and each is to have its own" in "\n".join(broken(run))
