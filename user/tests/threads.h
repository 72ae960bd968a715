/* Threads for test programs, which have no thread library: a thread ends by the call alone, and is joined through the word that the kernel
 * clears. */
#pragma once

#include "show.h"

#include <sys/syscall.h>

enum { WAIT, WAKE, REQUEUE = 3, CMP_REQUEUE, WAIT_BITSET = 9, WAKE_BITSET, PRIVATE = 128, REALTIME = 256 };

#define THREAD 0x10f00 /* VM, FS, FILES, SIGHAND, THREAD */
#define SETTID 0x1100000 /* PARENT_SETTID, CHILD_SETTID */
#define CLEARTID 0x200000
#define STACK 16384

struct thread {
    volatile int tid;
    int seen;
    void (*function)(struct thread *);
    long argument;
    char stack[STACK] __attribute__((aligned(16)));
};

/* Without a shared errno: the result as the kernel gives it. */
static long UNUSED call(long number, long a, long b, long c, long d, long e, long f)
{
    register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
    __asm__ volatile("syscall" : "+a"(number) : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
    return number;
}

static long UNUSED futex(volatile int *word, int operation, int value, const void *limit, volatile int *to, int value3)
{
    return call(SYS_futex, (long)word, operation, value, (long)limit, (long)to, value3);
}

static void __attribute__((noreturn)) thread_begins(struct thread *t)
{
    t->function(t);
    call(SYS_exit, 0, 0, 0, 0, 0, 0);
    __builtin_unreachable();
}

/* The child comes back from the call on its own stack, whose top word is its thread. */
static long UNUSED start(struct thread *t, void (*function)(struct thread *), long argument)
{
    long *top = (long *)(t->stack + STACK);
    t->function = function;
    t->argument = argument;
    *--top = (long)thread_begins;
    *--top = (long)t;
    register long r10 __asm__("r10") = (long)&t->tid, r8 __asm__("r8") = 0;
    long result = SYS_clone;
    __asm__ volatile("syscall\n\ttest %0, %0\n\tjnz 1f\n\tpop %%rdi\n\tpop %%rax\n\txor %%ebp, %%ebp\n\tcall *%%rax\n\thlt\n1:"
                     : "+a"(result) : "D"((long)(THREAD | SETTID | CLEARTID)), "S"((long)top), "d"((long)&t->tid), "r"(r10), "r"(r8)
                     : "rcx", "r11", "memory");
    return result;
}

static void UNUSED join(struct thread *t)
{
    for (int tid; (tid = t->tid) != 0;)
        futex(&t->tid, WAIT, tid, NULL, NULL, 0);
}

/* A mutex (Drepper 2011): 0 free, 1 taken, 2 taken and somebody may wait. */
static void UNUSED lock(volatile int *word)
{
    int was = 0;
    if (__atomic_compare_exchange_n(word, &was, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return;
    while (__atomic_exchange_n(word, 2, __ATOMIC_ACQUIRE))
        futex(word, WAIT | PRIVATE, 2, NULL, NULL, 0);
}

static void UNUSED unlock(volatile int *word)
{
    if (__atomic_exchange_n(word, 0, __ATOMIC_RELEASE) == 2)
        futex(word, WAKE | PRIVATE, 1, NULL, NULL, 0);
}
