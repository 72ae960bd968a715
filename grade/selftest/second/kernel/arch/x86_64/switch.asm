; A second solution of lab 1.1, as different from the reference as the agreed frame allows: no push and no pop of a register. The frame
; is written with moves below rsp (interrupts are off, and an NMI has a stack of its own) and read with moves from the other thread's.

section .text

%define SIZE 56
%macro each_word 1
    %1 r15, 0
    %1 r14, 8
    %1 r13, 16
    %1 r12, 24
    %1 rbx, 32
    %1 rbp, 40
%endmacro

%macro store 2
    mov [rax + %2], %1
%endmacro

%macro load 2
    mov %1, [rsi + %2]
%endmacro

; void switch_context(u64 **save_rsp, u64 *next_rsp)
global switch_context
switch_context:
    pushfq                            ; leaves the flags where the frame has them, rsp + 48 of it
    lea rax, [rsp + 8 - SIZE]
    each_word store
    mov [rdi], rax
    each_word load
    lea rsp, [rsi + SIZE - 8]
    popfq
    pop rcx
    jmp rcx
