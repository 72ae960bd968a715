/* A jump back into a function that is still running. sigsetjmp() keeps the signal mask too. */
#pragma once

typedef unsigned long jmp_buf[8];     /* rbx rbp r12 r13 r14 r15 rsp rip */
typedef unsigned long sigjmp_buf[10]; /* the same, whether the mask was kept, the mask */

int setjmp(jmp_buf place) __attribute__((returns_twice));
void longjmp(jmp_buf place, int value) __attribute__((noreturn));
void sigjmp_keep_mask(sigjmp_buf place, int keep);
void siglongjmp(sigjmp_buf place, int value) __attribute__((noreturn));
/* A macro: the frame that setjmp() returns into must be the caller's. */
#define sigsetjmp(place, keep) (sigjmp_keep_mask(place, keep), setjmp(place))
