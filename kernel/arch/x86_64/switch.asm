; The context switch: leaves one thread's stack and continues on another's.
;
; A thread that does not run is, to the machine, nothing but its stack with a frame of seven words on top, lowest address first.
; The layout is a contract: first_stack() builds one by hand, the debugger's os-bt and the panic's backtrace read it
; (arch/x86_64/switch_frame.h).
;
;         rsp -> | r15 | r14 | r13 | r12 | rbx | rbp | rflags | return address | ...the thread's own stack
;
; Context: interrupts off, the run queue's lock held. No other register survives: for the caller this is an ordinary C call, so
; the compiler has saved the rest itself.

section .text

; void switch_context(u64 **save_rsp, u64 *next_rsp)
;   rdi = where to store this thread's stack pointer once its frame is complete;  rsi = the stack pointer of the thread to continue
;   Returns in the other thread, behind the call that it had made; returns here when somebody switches back to the frame saved now.
;   Clobbers rax, rcx, rdx, rsi, rdi, r8-r11, as any C function may.
global switch_context
switch_context:
%if SOLVED >= 101
    pushfq
    push rbp
    push rbx
    push r12
    push r13
    push r14
    push r15
    mov [rdi], rsp                    ; only now: the frame must be complete
    mov rsp, rsi
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbx
    pop rbp
    popfq
    ret
%else
    ; Build the frame drawn above on this thread's stack, store rsp through rdi, take rsi as the new rsp, and take the other thread's frame
    ; down again. What happens to `ret` then?
    extern lab_switch_context_is_yours
    jmp lab_switch_context_is_yours   ; panics: take this line out
%endif
switch_context_end:
    extern lab_switch_context_ran_on
    jmp lab_switch_context_ran_on     ; panics: whoever comes here has not returned above
