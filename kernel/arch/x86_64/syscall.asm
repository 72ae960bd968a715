; The way in for system calls, and the way out for all who go back to user mode.
;
; SYSCALL leaves the program's rip in rcx, its flags in r11 and its rsp where it is; interrupts are off (user.c). The entry turns to the
; thread's kernel stack and saves everything as struct trap_frame, as an interrupt would, so that fork, signals and debuggers find one form.
; Its vector says SYSCALL: such a frame goes back by SYSRET, unless somebody gave it another vector because he changed more than rax. What
; SYSRET takes, rip from rcx and flags from r11, is in the frame as SYSCALL put it there.

; Kept in step with C by assertions in base/cpu.c.
CPU_RSP0     equ 16 + 4               ; this_cpu()->arch.tss.rsp[0]
CPU_USER_RSP equ 16 + 104             ; this_cpu()->arch.user_rsp
USER_DS      equ 0x23
USER_CS      equ 0x2b
TRAP_SYSCALL equ 256

%include "arch/x86_64/registers.inc"

extern syscall                        ; void syscall(struct trap_frame *): arch/upcall.h
extern trap_restore                   ; trap.asm

section .text

; rcx = the program's rip, r11 = its flags, rax = the call's number; interrupts off, GS and rsp the program's
global syscall_entry
syscall_entry:
    swapgs
    mov [gs:CPU_USER_RSP], rsp
    mov rsp, [gs:CPU_RSP0]
    push USER_DS
    push qword [gs:CPU_USER_RSP]
    push r11
    push USER_CS
    push rcx
    push rax                          ; "error": the call's number, for who starts it again
    push TRAP_SYSCALL
    push_registers
SAVING equ $ - syscall_entry          ; bytes of code
    sti
    mov rdi, rsp
    call syscall                      ; comes back with interrupts off
leave:
    cmp qword [rsp + 15 * 8], TRAP_SYSCALL
    jne .all
SAVED equ $ - syscall_entry - SAVING
    pop_registers
    mov rsp, [rsp + 5 * 8]            ; from here on an NMI finds the program's stack, and does not care: it has its own
    swapgs
    o64 sysret
.all:
    swapgs
    jmp trap_restore

; _Noreturn void user_return(struct trap_frame *frame): rdi = the frame at the top of this thread's kernel stack
global user_return
user_return:
    cli
    mov rsp, rdi
    jmp leave

    frame_table
    frame_from syscall_entry + SAVING, SAVED + 1 ; until the first pop
