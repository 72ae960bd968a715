/* Lab 1.2, seen without the scheduler: threads that are made but never queued; the test itself switches to them and back. */
#include "arch/arch.h"
#include "arch/upcall.h"
#include "arch/x86_64/switch_frame.h"
#include "ktest/ktest.h"
#include "ktest/threads.h"
#include "lib/errno.h"
#include "lib/string.h"

#define ARGUMENT ((void *)0x5ca1ab1e0ddba11)
#define ARGUMENT_OF_ANOTHER ((void *)0x0ddba115ca1ab1e)

u64 probe_rflags(void); /* switch_probe.asm */

static struct thread *tested;
static struct thread *tester;
/* A stack in the middle of what is not its own. */
static struct {
    u8 below[4 * PAGE_SIZE];
    u8 stack[PAGE_SIZE];
    u8 above[256];
} area __attribute__((aligned(16)));
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
    u64 flags = probe_rflags(), frame = *(u64 *)__builtin_frame_address(0);

    fact(FACT_EXIT_CODE, (u64)t->tid, (u64)(s64)code);
    fact(FACT_EXIT_RSP, frame + 16, t->stack.base + t->stack.size);
    fact(FACT_FLAGS, 0, flags);
    go_back();
}

static const struct thread_owner_ops ops = { .exiting = on_exit };

static int entry_of_another(void *arg)
{
    (void)arg;
    panic("first_stack: a new thread called the function of another one, for which first_stack was called after it: "
          "what a thread needs to start lies in the frame on its own stack");
}

/* Makes a thread, and another one's stack, which stays unused; switches to the thread, and gives it back when it has come to its end. */
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
    first_stack(area.stack + sizeof(area.stack), entry_of_another, ARGUMENT_OF_ANOTHER);
    flags = irq_save();
    go_to(tested);
    irq_restore(flags);
    put_state(tested, THREAD_NEW);
    thread_discard(tested);
    return 0;
}

KTEST(first_frame, "the frame that first_stack() lays out")
{
    static typeof(area) expected;
    u8 *top = area.above;
    u64 *rsp;

    memset(&area, 0xa5, sizeof(area)); /* a field that is left out must not be right by luck */
    memset(&expected, 0xa5, sizeof(expected));
    rsp = first_stack(top, (int (*)(void *))(void *)go_back, ARGUMENT);
    fact(FACT_FIRST_RSP, (u64)top, (u64)rsp);
    if ((u64)rsp < (u64)area.stack || (u64)rsp > (u64)(top - sizeof(struct switch_frame)))
        return 0; /* nothing there that could be read */
    tell_kept(0, &area, &expected, (u64)rsp - (u64)&area);
    tell_kept(1, area.above, expected.above, sizeof(area.above));
    for (unsigned i = 0; i < 8; i++)
        fact(FACT_FIRST_FRAME, i, rsp[i]);
    fact(FACT_EXPECTED, 0, (u64)thread_start);
    fact(FACT_EXPECTED, 1, (u64)go_back);
    fact(FACT_EXPECTED, 2, (u64)ARGUMENT);
    return 0;
}

static int entry_looks(void *arg)
{
    u64 flags = probe_rflags(), frame = (u64)__builtin_frame_address(0); /* the old rbp lies there, and above it the return address */

    fact(FACT_ENTRY_ARG, (u64)arg, current() == tested);
    fact(FACT_ENTRY_RSP, frame + 16, tested->stack.base + tested->stack.size);
    fact(FACT_ENTRY_RBP, 0, *(u64 *)frame);
    fact(FACT_FLAGS, 1, flags);
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
