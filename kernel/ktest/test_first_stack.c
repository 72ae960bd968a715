/* Lab 1.2, seen without the scheduler: threads that are made but never queued; the test itself switches to them and back. */
#include "arch/arch.h"
#include "arch/upcall.h"
#include "arch/x86_64/switch_frame.h"
#include "ktest/ktest.h"
#include "ktest/threads.h"
#include "lib/errno.h"
#include "lib/string.h"

#define ARGUMENT ((void *)0x5ca1ab1e0ddba11)

static struct thread *tested;
static struct thread *tester;
static struct thread left; /* the tested thread comes in as if this one had just exited, so that thread_begin() has all its work to do */

/* What schedule() does around a switch, without choosing: leaves everything as thread_begin() expects it. */
static void go_to(struct thread *next)
{
    struct rq *rq = this_rq_lock();

    left = (struct thread){ .tid = tester->tid, .name = "left" };
    put_state(&left, THREAD_ZOMBIE);
    rq->exited = &left;
    put_state(next, THREAD_RUNNING);
    set_current(next);
    rq->curr = next;
    switch_context(&tester->rsp, next->rsp);
}

/* Back from the tested thread to the tester, for good; interrupts off. The lock is free then, also if the tested thread never called
   thread_begin(). */
static _Noreturn void go_back(void)
{
    u64 *nowhere;

    irq_disable();
    if (IS_CHECKED && spin_held(&this_rq()->lock))
        spin_unlock(&this_rq()->lock);
    set_current(tester);
    this_rq()->curr = tester;
    this_rq()->exited = NULL;
    switch_context(&nowhere, tester->rsp);
    panic("first_stack: the test came back to a thread that it had left for good");
}

/* Called by thread_exit(), whose frame pointer stands in this function's frame. */
static void on_exit(struct thread *t, int code)
{
    u64 frame = *(u64 *)__builtin_frame_address(0);

    fact(FACT_EXIT_CODE, (u64)t->tid, (u64)(s64)code);
    fact(FACT_EXIT_RSP, frame + 16, t->stack.base + t->stack.size);
    go_back();
}

static const struct thread_owner_ops ops = { .exiting = on_exit };

/* Makes a thread, switches to it, and gives it back when it has come to its end. */
static int run_once(int (*entry)(void *))
{
    struct thread_params params = THREAD_PARAMS("tested", entry, ARGUMENT);
    int error;
    u64 flags;

    params.owner_ops = &ops;
    tester = current();
    tested = thread_new(&params, &error);
    if (!tested)
        return error;
    flags = irq_save();
    go_to(tested);
    irq_restore(flags);
    put_state(tested, THREAD_NEW);
    thread_discard(tested);
    return 0;
}

KTEST(first_frame, "the frame that first_stack() lays out")
{
    static u8 stack[4096] __attribute__((aligned(16)));
    u64 *rsp;

    memset(stack, 0xa5, sizeof(stack)); /* a field that is left out must not be right by luck */
    rsp = first_stack(stack + sizeof(stack), (int (*)(void *))(void *)go_back, ARGUMENT);
    fact(FACT_FIRST_RSP, (u64)(stack + sizeof(stack)), (u64)rsp);
    if ((u64)rsp < (u64)stack || (u64)rsp > (u64)(stack + sizeof(stack) - sizeof(struct switch_frame)))
        return 0; /* nothing there that could be read */
    for (unsigned i = 0; i < 8; i++)
        fact(FACT_FIRST_FRAME, i, rsp[i]);
    fact(FACT_EXPECTED, 0, (u64)thread_start);
    fact(FACT_EXPECTED, 1, (u64)go_back);
    fact(FACT_EXPECTED, 2, (u64)ARGUMENT);
    return 0;
}

static int entry_looks(void *arg)
{
    u64 frame = (u64)__builtin_frame_address(0); /* the old rbp lies there, and above it the return address */

    fact(FACT_ENTRY_ARG, (u64)arg, current() == tested);
    fact(FACT_ENTRY_RSP, frame + 16, tested->stack.base + tested->stack.size);
    fact(FACT_ENTRY_RBP, 0, *(u64 *)frame);
    fact(FACT_ENTRY_IRQ, irq_enabled(), IS_CHECKED && spin_held(&this_rq()->lock));
    go_back();
}

KTEST(first_entry, "what a thread's function finds when it starts: argument, stack, interrupts")
{
    return run_once(entry_looks);
}

static int entry_returns(void *arg)
{
    (void)arg;
    return -123456789;
}

KTEST(first_return, "a thread that returns from its function has exited")
{
    return run_once(entry_returns);
}

static int entry_exits(void *arg)
{
    (void)arg;
    thread_exit(-7);
}

KTEST(first_exit, "thread_exit() works on a first stack")
{
    return run_once(entry_exits);
}
