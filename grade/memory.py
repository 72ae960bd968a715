"""Where a kernel's bytes come from. Everything above this file reads through `read(va, n)` and does not care whether the bytes are a file
that was a guest's RAM or come from a debugger.

A guest's memory is what a student's code left: every address in it may be garbage, so a read outside RAM raises BadAddress."""

import os

KERNEL_BASE = 0xFFFFFFFF80000000  # the kernel's image: virtual = physical + KERNEL_BASE
DIRECT_BASE = 0xFFFF800000000000  # all of RAM: virtual = physical + DIRECT_BASE
DIRECT_END = 0xFFFFC00000000000
PRESENT, LARGE, FRAME = 1, 0x80, 0x000FFFFFFFFFF000


class BadAddress(Exception):
    """An address that no memory lies behind. Its text names it."""


class RamFile:
    """Physical memory: the file that QEMU mapped as RAM, up to 3 GiB (one piece, from address 0). Owns fd. Reads with pread(): a file that
    became too short gives an error and no signal."""

    def __init__(self, fd, size):
        self.fd, self.size = fd, size

    def read_physical(self, pa, n):
        """n bytes. Raises BadAddress."""
        data = os.pread(self.fd, n, pa) if 0 <= pa and 0 <= n and pa + n <= self.size else b""
        if len(data) != n:
            raise BadAddress(f"physical address {pa:#x} (+{n}) is outside the guest's RAM")
        return data

    def close(self):
        if self.fd is not None:
            os.close(self.fd)
            self.fd = None


class GuestMemory:
    """Virtual memory over a RamFile. The kernel's image and the direct map are plain offsets; other addresses (kernel stacks) go through
    the page tables when cr3 is known."""

    def __init__(self, ram, cr3=None):
        self.ram, self.cr3 = ram, cr3

    def physical(self, va):
        """The physical address of va. Raises BadAddress."""
        if va >= KERNEL_BASE:
            return va - KERNEL_BASE
        if DIRECT_BASE <= va < DIRECT_END:
            return va - DIRECT_BASE
        if not self.cr3:
            raise BadAddress(f"{va:#x} is neither in the kernel's image nor in the direct map")
        return self._walk(va)

    def leads_home(self, va):
        """Whether the page tables lead an address of the kernel's image to where it was loaded; True while they are not known."""
        try:
            return not self.cr3 or self._walk(va) == va - KERNEL_BASE
        except BadAddress:
            return False

    def read(self, va, n):
        """n bytes at a virtual address. Raises BadAddress."""
        if va >= DIRECT_BASE and not DIRECT_END <= va < KERNEL_BASE:
            return self.ram.read_physical(self.physical(va), n)
        parts = []
        while n > 0:
            step = min(n, 4096 - va % 4096)
            parts.append(self.ram.read_physical(self.physical(va), step))
            va, n = va + step, n - step
        return b"".join(parts)

    def _walk(self, va):
        table = self.cr3 & FRAME
        for shift in (39, 30, 21, 12):
            entry = int.from_bytes(self.ram.read_physical(table + (va >> shift & 511) * 8, 8), "little")
            if not entry & PRESENT:
                raise BadAddress(f"{va:#x} is not mapped")
            table = entry & FRAME
            if shift == 12 or (shift in (30, 21) and entry & LARGE):
                size = 1 << shift
                return (table & ~(size - 1)) + va % size
        raise AssertionError("a walk ends at its last level")
