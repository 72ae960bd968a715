"""Tiny guests for the tests of the grader: a Multiboot kernel of a few instructions that fills, or spoils, the structures in which a
kernel leaves its evidence, and ends in one known way. They share no code with the kernel; only the structures are spelled as there."""

import contextlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

EVIDENCE = r"""
typedef unsigned long u64; typedef long s64; typedef unsigned int u32; typedef unsigned char u8;
enum fact_key { FACT_NONE, FACT_NOTE, FACT_TURN };
struct ktest_fact { u64 seq, time, key, a, b; };
struct ktest_report { u64 magic, nonce, count, dropped; s64 result; u64 frames_before, frames_after, objects_before, objects_after;
                      u64 allocations, done_time, done; struct ktest_fact fact[64]; };
struct panic_report { char message[256]; s64 tid; char thread[16]; u64 cpu, time, nframes, frame[32], magic; };
enum trace_event { TRACE_NONE, TRACE_CREATE, TRACE_SWITCH, TRACE_EVENTS };
struct trace_record { u64 time, seq; u8 cpu, event, class, spare; u32 tid, other, queued; u64 arg[4]; };
struct trace_ring { struct trace_record *record; u64 capacity, seq, dropped; };
struct list { struct list *next, *prev; };
enum thread_state { THREAD_NEW, THREAD_READY, THREAD_RUNNING, THREAD_BLOCKED };
struct thread { int tid; enum thread_state state; char name[16]; int joiner; struct list all_link; const char *waits_for; };

#define MAGIC 0x4352455343454e54ul
enum fact_key used_key; enum trace_event used_event; /* or the debug information leaves them out */
struct ktest_report ktest_report = { .frames_before = 9, .frames_after = 9 };
struct panic_report panic_report = { .message = "wake_one: thread 3 is RUNNING, expected BLOCKED", .tid = 3, .thread = "worker" };
struct trace_record records[4] = { { 10, 1, 0, TRACE_CREATE, 0, 0, 1, 0, 0, { 0 } }, { 30, 2, 0, TRACE_SWITCH, 0, 0, 1, 2, 1, { 0 } } };
struct trace_record records1[4] = { { 20, 1, 1, TRACE_SWITCH, 0, 0, 7, 8, 0, { 5 } } };
_Bool trace_on = 1;
struct trace_ring trace_rings[2] = { { records, 4, 2, 0 }, { records1, 4, 1, 0 } };
extern struct thread one, two;
extern struct list threads;
struct thread one = { 1, THREAD_RUNNING, "main", 0, { &two.all_link, &threads } };
struct thread two = { 2, THREAD_BLOCKED, "worker", 1, { &threads, &one.all_link }, "first" };
struct list threads = { &one.all_link, &two.all_link };
"""

CODE = r"""
bits 32
BASE equ 0xffffffff80000000
%define at(x) (x) - BASE
extern ktest_report, panic_report
MAGIC_LOW equ 0x43454e54
MAGIC_HIGH equ 0x43524553

section .text
header:
    dd 0x1badb002, 0x00010003, -(0x1badb002 + 0x00010003)
    dd at(header), 0x100000, 0, 0, at(start)

%macro config 1
    mov eax, ecx
    or eax, 0x80000000 | (%1)
    mov dx, 0xcf8
    out dx, eax
    mov dx, 0xcfc
%endmacro

; An i6300esb watchdog of 50 ms: finds the device, has it answer at an address, opens the pin on which the CPU is told, arms it.
watchdog:
    xor ecx, ecx
.find:
    config 0
    in eax, dx
    cmp eax, 0x25ab8086
    je .found
    add ecx, 0x800
    jmp .find
.found:
    config 0x10
    mov edi, 0xfebff000
    mov eax, edi
    out dx, eax
    config 4
    mov ax, 2
    out dx, ax
    mov dword [0xfee000f0], 0x1ff
    mov dword [0xfee00360], 0x400
    config 0x60
    mov ax, 7
    out dx, ax
    call .unlock
    mov dword [edi], 51562
    call .unlock
    mov dword [edi + 4], 1
    config 0x68
    mov al, 3
    out dx, al
    ret
.unlock:
    mov dword [edi + 0xc], 0x80
    mov dword [edi + 0xc], 0x86
    ret

; The number behind "nonce=0x" on the command line -> edx:eax.
read_nonce:
    mov esi, [ebx + 16]
.find:
    inc esi
    cmp dword [esi], 'nonc'
    jne .find
    add esi, 8
    xor eax, eax
    xor edx, edx
.digit:
    movzx ecx, byte [esi]
    inc esi
    sub ecx, '0'
    jb .end
    cmp ecx, 10
    jb .add
    sub ecx, 'a' - '0' - 10
    cmp ecx, 15
    ja .end
.add:
    shld edx, eax, 4
    shl eax, 4
    or eax, ecx
    jmp .digit
.end:
    ret

%macro stamp 1 ; the magic number
    mov dword [at(%1)], MAGIC_LOW
    mov dword [at(%1) + 4], MAGIC_HIGH
%endmacro

global start
start:
    mov esp, 0x90000
    call watchdog
    stamp ktest_report
    call read_nonce
    mov [at(ktest_report) + 8], eax
    mov [at(ktest_report) + 12], edx
    mov dword [at(ktest_report) + 16], 2
    mov dword [at(ktest_report) + 96], 1        ; fact 1: NOTE 5 6
    mov dword [at(ktest_report) + 112], 1
    mov dword [at(ktest_report) + 120], 5
    mov dword [at(ktest_report) + 128], 6
    mov dword [at(ktest_report) + 136], 2       ; fact 2: TURN 7 0
    mov dword [at(ktest_report) + 152], 2
    mov dword [at(ktest_report) + 160], 7
    rdtsc
    mov [at(ktest_report) + 80], eax
    mov [at(ktest_report) + 84], edx
    BODY
done:
    stamp ktest_report + 88
poweroff:
    mov dx, 0x604
    mov ax, 0x2000
    out dx, ax
    hlt

align 8
segments:
    dq 0, 0x00cf9a000000ffff, 0x00cf92000000ffff
flat:
    dw $ - segments - 1
    dd at(segments)

global function_that_spins
function_that_spins:
    inc eax
    jmp function_that_spins
"""

SCRIPT = """
ENTRY(start)
SECTIONS {
    . = 0xffffffff80100000;
    .text : AT(ADDR(.text) - 0xffffffff80000000) { *(.text) }
    .data : AT(ADDR(.data) - 0xffffffff80000000) { *(.data) *(.bss) LONG(0) }
}
"""

PRINT = "mov al, '{}' \n mov dx, 0x3f8 \n out dx, al \n "
BODIES = {
    "finish": PRINT.format("k"),
    "says_it_passed": "".join(PRINT.format(c) for c in "PASS 100/100\\n".replace("\\n", "")) + "jmp poweroff",
    "panics": "stamp panic_report + 256 + 8 + 16 + 24 + 256",
    "stub": """mov dword [at(panic_report)], 'lab ' \n mov dword [at(panic_report) + 4], '1.3:' \n mov dword [at(panic_report) + 8], ' rq'
               mov dword [at(panic_report) + 11], 0 \n stamp panic_report + 256 + 8 + 16 + 24 + 256""",
    "spins": "jmp function_that_spins",
    "ignores_interrupts": """mov eax, at(function_that_spins) \n mov [0x80010], ax \n mov word [0x80012], 8 \n mov word [0x80014], 0x8e00
                             shr eax, 16 \n mov [0x80016], ax \n mov word [0x80100], 0xff \n mov dword [0x80102], 0x80000 \n lidt [0x80100]
                             lgdt [at(flat)] \n jmp 8:at(function_that_spins)""",
    "keeps_awake": ".k: call watchdog.unlock \n mov word [edi + 0xc], 0x100 \n mov ecx, 100000 \n .w: dec ecx \n jnz .w \n jmp .k",
    "halts": "cli \n .h: hlt \n jmp .h",
    "hangs_when_done": "stamp ktest_report + 88 \n cli \n .h: hlt \n jmp .h",
    "floods": ".f: " + PRINT.format("x") + "jmp .f",
    "prints_much": "mov ecx, 5000 \n .f: " + PRINT.format("y") + "dec ecx \n jnz .f",
    "triple_faults": "lidt [at(start) + 0x800] \n int3",
    "resets": "mov al, 0xfe \n out 0x64, al \n hlt",
    "exits_with_success": "mov al, 0 \n mov dx, 0xf4 \n out dx, al",
    "done_by_exit": "stamp ktest_report + 88 \n mov al, 0 \n mov dx, 0xf4 \n out dx, al",
    "switches_off": "jmp poweroff",
    "falls_asleep": "mov dx, 0x604 \n mov ax, 0x2400 \n out dx, ax \n hlt",
    "remaps_memory": "mov ecx, 0x58 \n .m: config 0 \n inc edi \n mov eax, edi \n out dx, eax \n jmp .m",
    "wrong_nonce": "xor dword [at(ktest_report) + 8], 1",
    "no_report": "mov dword [at(ktest_report)], 0 \n jmp poweroff",
    "wrong_count": "mov dword [at(ktest_report) + 16], 65",
    "wrong_sequence": "mov dword [at(ktest_report) + 96], 3",
    "unknown_key": "mov dword [at(ktest_report) + 152], 99",
    "dropped": "mov dword [at(ktest_report) + 24], 1",
    "leaks": "mov dword [at(ktest_report) + 48], 8",
    "fails": "mov dword [at(ktest_report) + 32], -12 \n mov dword [at(ktest_report) + 36], -1",
}


KERNEL_MK = """
KERNEL := $(O)/checked/kernel.elf
kernel: $(KERNEL)
$(KERNEL): kernel/guest/code.asm kernel/guest/evidence.c kernel/guest/link.ld kernel/lab/body.inc
\t@mkdir -p $(@D)
\t@$(CROSS)gcc -g -gdwarf-4 -ffreestanding -fno-pic -mcmodel=kernel "-ffile-prefix-map=$$PWD=." -c -o $(O)/evidence.o \\
\t  kernel/guest/evidence.c
\t@$(or $(NASM),nasm) -f elf64 -o $(O)/code.o kernel/guest/code.asm
\t@$(CROSS)ld -z max-page-size=4096 --no-warn-rwx-segments -T kernel/guest/link.ld -o $@ $(O)/code.o $(O)/evidence.o 2>/dev/null
"""
TOML = """
phase = 1
[[exercise]]
id = "1.1"
points = 60
files = ["kernel/lab/body.inc"]
[[exercise]]
id = "1.2"
points = 40
[[exercise]]
id = "1.3"
points = 7
core = false
"""
TESTS = '''
from grade.api import boots, exercise, no_leak, require
@exercise("1.1", points=2)
def test_the_turn_is_seven(boot):
    """Why."""
    require(boot("any").fact("TURN").a == 7, "the turn is seven", "it is not")
@exercise("1.1", points=1)
@boots(2)
def test_two_runs_leak_nothing(boot):
    """Why."""
    no_leak(boot("any"))
    no_leak(boot("other"))
@exercise("1.2", points=1)
def test_nothing_is_booted():
    """Why."""
@exercise("1.3", points=1)
def test_an_extra(boot):
    """Why."""
    require(boot("any").events("SWITCH"), "there are switches")
'''


def make_tree(folder, body="finish", tests=TESTS, toml=TOML):
    """A student's tree around a guest: its body is the student's file. The grader in it is a copy of the real one."""
    files = {"kernel/kernel.mk": KERNEL_MK, "kernel/guest/code.asm": CODE.replace("BODY", '%include "kernel/lab/body.inc"'),
             "kernel/guest/evidence.c": EVIDENCE, "kernel/guest/link.ld": SCRIPT, "kernel/lab/body.inc": BODIES["stub"]}
    (folder / "grade" / "phase1").mkdir(parents=True)
    with tarfile.open(folder / "grade" / "given.tar", "w") as tar:
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
            info = tarfile.TarInfo(path)
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))
    for file in (ROOT / "grade").glob("*.py"):
        shutil.copy(file, folder / "grade")
    shutil.copytree(ROOT / "grade" / "gdb", folder / "grade" / "gdb", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "grade" / "phase1" / "test_all.py").write_text(tests)
    (folder / "exercises.toml").write_text(toml)
    (folder / "kernel/lab/body.inc").write_text(BODIES[body])
    return folder


def make(folder, body):
    """Assembles a guest in a folder; body: a name of BODIES. Returns kernel.elf's path."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "evidence.c").write_text(EVIDENCE)
    (folder / "code.asm").write_text(CODE.replace("BODY", BODIES[body]))
    (folder / "link.ld").write_text(SCRIPT)
    cross = os.environ.get("CROSS", "")
    for command in ([cross + "gcc", "-g", "-gdwarf-4", "-ffreestanding", "-fno-pic", "-mcmodel=kernel", "-c", "evidence.c"],
                    [os.environ.get("NASM") or "nasm", "-f", "elf64", "-g", "-F", "dwarf", "-o", "code.o", "code.asm"],
                    [cross + "ld", "-z", "max-page-size=4096", "--no-warn-rwx-segments", "-T", "link.ld", "-o", "kernel.elf", "code.o",
                     "evidence.o"]):
        subprocess.run(command, cwd=folder, check=True)
    return folder / "kernel.elf"


@contextlib.contextmanager
def nested(folder, depth):
    """Inside, so many folders within each other stand in folder (new): more than a function that calls itself comes through."""
    path = str(folder)
    try:
        for _ in range(depth):
            os.mkdir(path)
            path += "/d"
        yield
    finally:
        subprocess.run(["rm", "-rf", folder], check=True)
