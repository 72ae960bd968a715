; What the ktests of labs 1.1 and 1.2 need to do without a compiler in between: load every callee-saved register, switch, and look at what
; came back; and look at rflags.

extern switch_context
extern probe_arrived                  ; void probe_arrived(const u64 registers[8]): test_switch.c; does not return

section .bss
probe_out: resq 1                     ; out: after the switch nothing else is sure, rsp and the stack included
probe_flags: resq 1

section .text

; void probe_switch(u64 **save, u64 *next, const u64 in[6], u64 out[9])
;   Loads rbx rbp r12 r13 r14 r15 from in[], switches, stores them into out[0..5], then rsp before (6), rsp after (7), rflags after (8).
;   Returns to its caller whatever the switch did to rsp and rflags. Above the call's return address it stands SPARE times more, so
;   that a switch whose saved rsp is too high by up to a frame comes back here too, and what it did to the registers is told.
SPARE equ 7
global probe_switch, probe_switch_end
probe_switch:
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
    pushfq
    pop qword [rel probe_flags]
    lea rax, [rel .back]
    times SPARE push rax
    mov [rel probe_out], rcx
    mov [rcx + 48], rsp
    mov rbx, [rdx]
    mov rbp, [rdx + 8]
    mov r12, [rdx + 16]
    mov r13, [rdx + 24]
    mov r14, [rdx + 32]
    mov r15, [rdx + 40]
    call switch_context
.back:
    mov rcx, [rel probe_out]
    mov [rcx + 56], rsp
    mov rsp, [rcx + 48]
    pushfq
    pop qword [rcx + 64]
    push qword [rel probe_flags]
    popfq
    mov [rcx], rbx
    mov [rcx + 8], rbp
    mov [rcx + 16], r12
    mov [rcx + 24], r13
    mov [rcx + 32], r14
    mov [rcx + 40], r15
    add rsp, 8 * SPARE
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    ret
probe_switch_end:

; u64 probe_rflags(void)
;   Returns rflags as they are. Clears DF and AC, so that whoever asks can go on if they were set.
DF_AND_AC equ 1 << 10 | 1 << 18
global probe_rflags
probe_rflags:
    pushfq
    mov rax, [rsp]
    and qword [rsp], ~DF_AND_AC
    popfq
    ret

; Where a hand-made frame leads: passes on what its registers hold, where rsp stands and what rflags are, with everything else trampled on.
global probe_entry
probe_entry:
    mov rax, rsp
    pushfq
    pop rcx
    cld
    and rsp, -16
    sub rsp, 64
    mov [rsp], rbx
    mov [rsp + 8], rbp
    mov [rsp + 16], r12
    mov [rsp + 24], r13
    mov [rsp + 32], r14
    mov [rsp + 40], r15
    mov [rsp + 48], rax
    mov [rsp + 56], rcx
    mov rdi, rsp
    xor ebx, ebx
    xor ebp, ebp
    mov r12, -1
    mov r13, -1
    mov r14, -1
    mov r15, -1
    call probe_arrived
    ud2
