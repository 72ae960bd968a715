; Entries of all 256 interrupt vectors.
;
; Each stub pushes an error code where the processor does not, and its vector; then one of two common parts saves every register
; as struct trap_frame (arch/trap_frame.h) and calls trap(). ist_entry is for #DF, NMI and #MC: those may come at any instruction, so it
; trusts neither GS nor the stack it came from.

MSR_GS_BASE equ 0xc0000101
IST_STACK_SIZE equ 8192

extern trap                           ; void trap(struct trap_frame *): base/trap.c

%macro push_registers 0
    push rax
    push rbx
    push rcx
    push rdx
    push rsi
    push rdi
    push rbp
    push r8
    push r9
    push r10
    push r11
    push r12
    push r13
    push r14
    push r15
%endmacro

%macro pop_registers 0
    pop r15
    pop r14
    pop r13
    pop r12
    pop r11
    pop r10
    pop r9
    pop r8
    pop rbp
    pop rdi
    pop rsi
    pop rdx
    pop rcx
    pop rbx
    pop rax
%endmacro

section .text

; On the interrupted stack: error code and vector pushed. The processor aligned rsp before it pushed 5 words; with 2 + 15 of ours the frame
; is 22 words, so rsp % 16 == 0 here and the call is aligned.
trap_entry:
    push_registers
    cld
    mov rdi, rsp
    call trap
    pop_registers
    add rsp, 16                       ; vector, error code
    iretq

; On an interrupt stack. Its owner's struct cpu stands 16 bytes below the stack's end, and the stack is aligned to its size.
; r12, r13 keep the interrupted GS base over the call.
ist_entry:
    push_registers
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
    pop_registers
    add rsp, 16
    iretq

; The keyboard (line 1) or COM1 (line 4) has something: whoever sleeps in console_sleep() is woken by the interrupt itself, and asks the
; device. So all there is to do is to tell the interrupt controller.
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
