"""What the kernel says when it cannot work on a machine, or was asked for something that there is not: one line on COM1, then it stops."""

import os
import socket
import struct
import subprocess
from pathlib import Path

import kernels  # noqa: F401: makes the grader importable
import pytest

from grade.guest import command, run_to

TREE = Path(__file__).parents[2] / "build/tree/1-199"
KERNEL = TREE / "build/checked/kernel.elf"
QEMU = os.environ.get("QEMU", "qemu-system-x86_64")
GUARD_S = 60  # of the host's time, for a machine that does not stop as it should
ENTRY = 0x100020  # boot_entry: the first instruction, paging off, ebx = the loader's information
LOADED = 0x2BADB002
MEMORY_MAP = 1 << 6


def boot(tmp_path, *machine, options="", until=None, kernel=KERNEL):
    """Boots with these QEMU arguments; returns what COM1 printed. until: end the machine when this was printed (it halts, and would not end
    by itself); without it the kernel has to end the machine itself, by its exit hint or by switching off."""
    assert kernel.exists(), "the reference is not built: run `make trees`, or let `make test` do it"
    command = [QEMU, "-machine", "pc", "-nodefaults", "-display", "none", "-no-reboot", "-device", "isa-debug-exit,iobase=0xf4",
               "-serial", "stdio", *machine, "-kernel", str(kernel), "-append", f"-- {options}"]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=tmp_path, text=True, **pipes) as qemu:
        try:
            if until is None:
                return qemu.communicate(timeout=GUARD_S)[0]
            printed = ""
            for line in qemu.stdout:
                printed += line
                if until in line:
                    break
            return printed
        finally:
            qemu.kill()


@pytest.mark.parametrize("machine, line", [
    (["-cpu", "qemu32"], "crescent: this processor has no 64-bit mode: start QEMU with -cpu qemu64 or another x86-64 model\n"),
    (["-cpu", "qemu64,-nx"], "crescent: this processor has no NX (no-execute pages): start QEMU with -cpu qemu64,+nx\n"),
])
def test_a_processor_that_cannot_run_the_kernel_is_refused(tmp_path, machine, line):
    assert boot(tmp_path, "-m", "64", *machine, until="crescent:") == line


def test_too_little_memory_is_refused(tmp_path):
    printed = boot(tmp_path, "-cpu", "qemu64", "-m", "8")
    assert printed == "crescent: too little memory: 6 MiB usable, 8 needed; start with -m 32 or more\n"


def test_a_loader_that_is_not_multiboot_is_refused(tmp_path):
    """The check is reached through the kernel's own entry with a wrong magic number in eax: a copy of the kernel whose check
    wants another one."""
    image = bytearray(KERNEL.read_bytes())
    at = image.index(bytes.fromhex("81fd02b0ad2b"))  # cmp ebp, 0x2badb002
    image[at + 2] ^= 1
    (tmp_path / "kernel.elf").write_bytes(image)
    printed = boot(tmp_path, "-cpu", "qemu64", "-m", "64", kernel=tmp_path / "kernel.elf", until="crescent:")
    assert printed.startswith("crescent: not started by a Multiboot loader")


def test_a_loader_without_a_memory_map_is_refused(tmp_path):
    """QEMU's loader always gives one. So the machine is stopped at the kernel's first instruction, and there the flag is taken away."""
    ours, theirs = socket.socketpair()
    arguments = [QEMU, "-machine", "pc", "-cpu", "qemu64", "-m", "64", "-nodefaults", "-display", "none", "-no-reboot", "-S",
                 "-device", "isa-debug-exit,iobase=0xf4", "-serial", "stdio", "-kernel", str(KERNEL), "-append", "--",
                 "-chardev", f"socket,id=gdb,fd={theirs.fileno()}", "-gdb", "chardev:gdb"]
    with ours, subprocess.Popen(arguments, cwd=tmp_path, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                pass_fds=[theirs.fileno()]) as qemu:
        theirs.close()
        try:
            run_to(ours, ENTRY)
            magic, information = struct.unpack("<QQ", bytes.fromhex(command(ours, "g").decode())[:16])  # rax, rbx
            flags, = struct.unpack("<I", bytes.fromhex(command(ours, f"m{information:x},4").decode()))
            assert magic == LOADED and flags & MEMORY_MAP
            assert command(ours, f"M{information:x},4:{struct.pack('<I', flags & ~MEMORY_MAP).hex()}") == b"OK"
            assert command(ours, f"z1,{ENTRY:x},1") == b"OK"
            ours.sendall(b"$D#44")  # detach: the machine goes on
            assert qemu.communicate(timeout=GUARD_S)[0] == "crescent: the boot loader gave no memory map (Multiboot flag 6)\n"
        finally:
            qemu.kill()


@pytest.mark.parametrize("options, lines", [
    ("colour=green", ["boot options, each as name=value:", "crescent: no boot option is called 'colour'"]),
    ("sched=lottery", ["  sched=rr|fcfs", "crescent: boot option sched=lottery: no such value"]),
    ("watchdog=600001", ["  watchdog=0..600000", "crescent: boot option watchdog=600001: no such value"]),
    ("nonce", ["crescent: boot option 'nonce' has no value"]),
    ("ktest=nonesuch", ["the kernel's tests:", "  rq_order", "crescent: boot option ktest=nonesuch: no such test"]),
    ("tracesize=1000", ["crescent: boot option tracesize=1000: not a power of two"]),
    ("ktest=rq_order failalloc=0", ["crescent: boot option failalloc=0: a number from 1 or `all` is wanted"]),
])
def test_a_bad_boot_option_is_named_with_the_choices(tmp_path, options, lines):
    printed = boot(tmp_path, "-cpu", "qemu64", "-m", "64", options=options)
    for line in lines:
        assert f"\n{line}" in f"\n{printed}"


def test_options_stand_behind_a_double_dash(tmp_path):
    """QEMU puts the kernel's path before the command line, and the path may look like anything."""
    (tmp_path / "sched=x").mkdir()
    (tmp_path / "sched=x/kernel.elf").write_bytes(KERNEL.read_bytes())
    assert "ktest: done" in boot(tmp_path, "-cpu", "qemu64", "-m", "64", kernel=tmp_path / "sched=x/kernel.elf", options="ktest=rq_order")


@pytest.mark.parametrize("memory", ["12", "64", "1024", "3072", "5000"])
def test_the_kernel_runs_with_little_and_with_much_memory(tmp_path, memory):
    """Below and above the GiB that is mapped at first, and above the hole below 4 GiB."""
    assert "ktest: done" in boot(tmp_path, "-cpu", "qemu64", "-m", memory, options="ktest=exit_churn trace=off")


def test_a_boot_module_is_typed_at_the_console(tmp_path):
    """The grader types nothing from outside: what a test says to the monitor comes with the machine."""
    (tmp_path / "input").write_text("help\npolicy fcfs\npoweroff\n")
    printed = boot(tmp_path, "-cpu", "qemu64", "-m", "64", "-initrd", "input")
    assert "> policy fcfs\npolicies: rr [fcfs]\n> poweroff\n" in printed


def test_a_panic_lists_the_processes(tmp_path):
    """What everybody was doing when it happened."""
    printed = boot(tmp_path, "-cpu", "qemu64", "-m", "64", options="ktest=panic_null")
    assert "PANIC: " in printed and "process 1 (init): parent 0, RUNNING\n  fd 0 -> console\n" in printed
