; Entries of all 256 interrupt vectors.
;
; Each stub pushes an error code where the processor does not, and its vector; then one of two common parts saves every register
; as struct trap_frame (arch/trap_frame.h) and calls trap(). Backtraces go on through that frame: backtrace.c, which knows trap_return, and
; GDB, which reads the table at the end. ist_entry is for #DF, NMI and #MC: those may come at any instruction, so it
; trusts neither GS nor the stack it came from.

MSR_GS_BASE equ 0xc0000101
IST_STACK_SIZE equ 8192
RFLAGS_AC equ 1 << 18

extern trap                           ; void trap(struct trap_frame *): base/trap.c
global trap_return, trap_restore      ; where it returns to; the end, with rsp at a frame and the frame's GS

%include "arch/x86_64/registers.inc"

; rsp = where the vector was pushed. Nothing of the kernel's runs with the AC that a program has set, or user_copy() in whose middle this
; entry came: with AC the kernel may touch user memory (SMAP), and a wild pointer would find some. iretq brings it back. No clac, which not
; every processor has.
%macro close_user_memory 0 ; once in an entry
%if PHASE >= 3
    test byte [rsp + 34], 4           ; AC is bit 18 of the interrupted flags, at rsp + 32
    jz .closed
    pushfq
    and dword [rsp], ~RFLAGS_AC
    popfq
.closed:
%endif
%endmacro

section .text

; On the interrupted stack: error code and vector pushed. The processor aligned rsp before it pushed 5 words; with 2 + 15 of ours the frame
; is 22 words, so rsp % 16 == 0 here and the call is aligned.
trap_entry:
%if PHASE >= 3
    test byte [rsp + 24], 3           ; the interrupted cs: from user mode, GS is the program's
    jz .kernel
    swapgs
.kernel:
%endif
    close_user_memory
    push_registers
TRAP_SAVING equ $ - trap_entry        ; bytes of code
    cld
    mov rdi, rsp
    call trap
trap_return:
%if PHASE >= 3
    test byte [rsp + 18 * 8], 3
    jz trap_restore
    swapgs
%endif
trap_restore:
    pop_registers
    add rsp, 16                       ; vector, error code
    iretq

; On an interrupt stack. Its owner's struct cpu stands 16 bytes below the stack's end, and the stack is aligned to its size.
; r12, r13 keep the interrupted GS base over the call.
ist_entry:
    close_user_memory
    push_registers
IST_SAVING equ $ - ist_entry
    cld
    mov ecx, MSR_GS_BASE
    rdmsr
    mov r12d, eax
    mov r13d, edx
    mov rax, rsp
    or rax, IST_STACK_SIZE - 1
    mov rax, [rax - 15]
    mov rdx, rax
    shr rdx, 32
    wrmsr
    mov rdi, rsp
    call trap
    mov ecx, MSR_GS_BASE
    mov eax, r12d
    mov edx, r13d
    wrmsr
IST_SAVED equ $ - ist_entry - IST_SAVING
    pop_registers
    add rsp, 16
    iretq

; The keyboard (line 1) or COM1 (line 4) has something: whoever sleeps in console_sleep() is woken by the interrupt itself, and asks the
; device. So all there is to do is to tell the interrupt controller. No pointer is followed: AC may stay what it is.
console_entry:
    push rax
    mov al, 0x20
    out 0x20, al
    pop rax
    add rsp, 16                       ; vector, error code
    iretq

; Vectors 8, 10-14, 17, 21, 29, 30 come with an error code.
%assign vector 0
%rep 256
stub_ %+ vector:
%if !(vector = 8 || (vector >= 10 && vector <= 14) || vector = 17 || vector = 21 || vector = 29 || vector = 30)
    push 0
%endif
    push vector
%if vector = 2 || vector = 8 || vector = 18
    jmp ist_entry
%elif vector = 0xf1 || vector = 0xf4
    jmp console_entry
%else
    jmp trap_entry
%endif
%assign vector vector + 1
%endrep

section .rodata
align 8
global trap_stubs                     ; u64 trap_stubs[256], for idt.c
trap_stubs:
%assign vector 0
%rep 256
    dq stub_ %+ vector
%assign vector vector + 1
%endrep

    frame_table
    frame_from trap_entry + TRAP_SAVING, trap_restore + 1 - trap_entry - TRAP_SAVING ; until the first pop
    frame_from ist_entry + IST_SAVING, IST_SAVED
