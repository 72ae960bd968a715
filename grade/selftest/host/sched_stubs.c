/* What stands below and beside the scheduler, for its tests on the host: as little of it as links. */
#include "arch/timer.h"
#if PHASE >= 3
#include "arch/user.h"
#endif
#include "base/interrupt.h"
#include "base/panic.h"
#include "base/printk.h"
#include "mm/kstack.h"
#include "sched/account.h"
#include "sched_machine.h"

char *host_arena;

_Noreturn void _exit(int status); /* <unistd.h> has a syscall() of its own */

void panic(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    printf("panic: ");
    vprintf(fmt, ap);
    va_end(ap);
    fflush(stdout);
    _exit(3);
}

void printk(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
}

/* As panic(), for whom it is the fault of. */
void refuse(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    printf("refuse: ");
    vprintf(fmt, ap);
    va_end(ap);
    fflush(stdout);
    _exit(3);
}

int kstack_alloc(struct kstack *stack, size_t size)
{
    (void)stack, (void)size;
    return -1;
}

u64 ns_to_cycles(u64 ns)
{
    return ns * host_khz / 1000000;
}

void timer_init(void)
{
}

u64 interrupt_count(enum vector vector)
{
    return vector;
}

void switch_context(u64 **save_rsp, u64 *next_rsp)
{
    (void)save_rsp, (void)next_rsp;
}

u64 *first_stack(void *stack_top, int (*entry)(void *), void *arg)
{
    (void)entry, (void)arg;
    return stack_top;
}

void cpu_wait(void)
{
}

void thread_exit(int code)
{
    panic("thread_exit(%d) of thread %d", code, current()->tid);
}

void thread_left_stack(struct thread *t)
{
    t->left_stack = true;
}

unsigned thread_count(void)
{
    return THREADS;
}

void thread_for_each(bool (*visit)(struct thread *t, void *arg), void *arg)
{
    for (tid_t tid = 1; tid <= THREADS; tid++)
        if (host_thread(tid)->class && !visit(host_thread(tid), arg))
            return;
}

u64 threads_lock_irq(void)
{
    return irq_save();
}

void threads_unlock_irq(u64 flags)
{
    irq_restore(flags);
    preempt_point();
}

#if PHASE >= 5
void thread_for_each_locked(bool (*visit)(struct thread *t, void *arg), void *arg)
{
    thread_for_each(visit, arg);
}

void user_context_save(struct user_context *context)
{
    (void)context;
}

void user_context_load(const struct user_context *context)
{
    (void)context;
}
#endif
