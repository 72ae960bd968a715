; Where a program begins, and the pieces of the C library that C cannot say.

extern program_start
extern errno

section .text._start progbits alloc exec nowrite
; On entry (the ABI's): [rsp] argc, argv[0..argc-1], 0, envp[...], 0, auxv. No return address.
global _start
_start:
    xor ebp, ebp                        ; the outermost frame
    mov rdi, [rsp]
    lea rsi, [rsp + 8]
    and rsp, -16
    call program_start                  ; void program_start(long argc, char **argv), does not return

; Ends every stub: rax holds the kernel's answer. -4095..-1 is -errno: it is stored, and -1 returned.
section .text.syscall_result progbits alloc exec nowrite
global syscall_result:function
syscall_result:
    cmp rax, -4095
    jae .failed
    ret
.failed:
    neg eax
    mov [errno], eax
    mov rax, -1
    ret

; long syscall(long number, long a, long b, long c, long d, long e, long f): any call.
section .text.syscall progbits alloc exec nowrite
global syscall:function
syscall:
    mov rax, rdi
    mov rdi, rsi
    mov rsi, rdx
    mov rdx, rcx
    mov r10, r8
    mov r8, r9
    mov r9, [rsp + 8]
    syscall
    jmp syscall_result

; Where a signal handler returns to; sigaction() hands its address to the kernel. rsp is the signal frame.
section .text.signal_return progbits alloc exec nowrite
global signal_return:function
signal_return:
    mov eax, 15                         ; rt_sigreturn
    syscall

; int setjmp(jmp_buf place): rbx rbp r12 r13 r14 r15, rsp as after the return, and the return address.
section .text.setjmp progbits alloc exec nowrite
global setjmp:function
setjmp:
    mov [rdi], rbx
    mov [rdi + 8], rbp
    mov [rdi + 16], r12
    mov [rdi + 24], r13
    mov [rdi + 32], r14
    mov [rdi + 40], r15
    lea rdx, [rsp + 8]
    mov [rdi + 48], rdx
    mov rdx, [rsp]
    mov [rdi + 56], rdx
    xor eax, eax
    ret

; void longjmp(jmp_buf place, int value): setjmp() returns again, with value, or 1 if that is 0.
section .text.longjmp progbits alloc exec nowrite
global longjmp:function
longjmp:
    mov eax, esi
    cmp eax, 1
    adc eax, 0
    mov rbx, [rdi]
    mov rbp, [rdi + 8]
    mov r12, [rdi + 16]
    mov r13, [rdi + 24]
    mov r14, [rdi + 32]
    mov r15, [rdi + 40]
    mov rsp, [rdi + 48]
    jmp [rdi + 56]
