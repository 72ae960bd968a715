; Where a new thread's life begins.
;
; first_stack() (first_stack.c) made a frame on the new thread's stack as if it had once called switch_context() from here; the
; first switch to it "returns" to thread_start. The frame's callee-saved registers carry what the thread needs: r12 = entry, r13
; = arg.

extern thread_begin                   ; void thread_begin(void): sched/core.c
extern thread_exit                    ; _Noreturn void thread_exit(int code): sched/thread.c

section .text

; thread_start: entered by `ret` from switch_context with interrupts off and the run queue's lock held.
;   in:  r12 = int (*entry)(void *), r13 = its argument, rbp = 0 (the end of backtraces), rsp 16-byte aligned
;   Calls thread_begin() (which drops the lock and turns interrupts on), then entry(arg), then thread_exit(its result). Never returns:
;   there is nothing to return to.
global thread_start
thread_start:
%if SOLVED >= 102
    call thread_begin
    mov rdi, r13
    call r12
    mov edi, eax
    call thread_exit
    ud2
%else
    ; Three calls are missing here; the third one is why a thread may simply return from its function.
    extern lab_thread_start_is_yours
    jmp lab_thread_start_is_yours     ; panics: take this line out
%endif
thread_start_end:
    extern lab_thread_start_ran_on
    jmp lab_thread_start_ran_on       ; panics: a thread never comes here
