; The program of ktest/test_rally.c: goes into the kernel and comes back in all the ways that there are in a CPU's daily life.
;   rbx: its process's id. r12: a page that is not there yet. It asks for its id, computes long enough for ticks to come, and writes to the
;   page; many times. Then it exits with 7; with 1 if the answer was wrong, or a register was changed.

GETPID equ 39
EXIT equ 60
ROUNDS equ 50
COMPUTES equ 40000 ; loops: two instructions each

section .rodata
global user_loop, user_loop_end
user_loop:
    mov r15d, ROUNDS
    mov r14, 0x1234567890abcdef
    movq xmm7, r14
.round:
    mov eax, GETPID
    syscall
    mov edi, 1
    cmp rax, rbx
    jne .exit
    mov ecx, COMPUTES
.computes:
    dec ecx
    jnz .computes
    mov [r12], r15
    movq rax, xmm7
    cmp rax, r14
    jne .exit
    dec r15d
    jnz .round
    mov edi, 7
.exit:
    mov eax, EXIT
    syscall
user_loop_end:
