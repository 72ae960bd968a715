/* The end of a thread: lab 1.5. A thread cannot free the stack it stands on, so its end has three steps: it exits and becomes a
   ZOMBIE; another thread joins it and takes the exit code; then everything it held is given back. */
#include "base/assert.h"
#include "sched/thread.h"

void exit_locked(struct rq *rq, struct thread *me, int code)
{
#if SOLVED >= 105
    me->exit_code = code;
    thread_set_state(me, THREAD_ZOMBIE);
    schedule(rq);
#else
    /* What must the one who joins still find? Which state says "has exited"? And then: somebody else has to run. */
    (void)rq, (void)me, (void)code;
    panic("lab 1.5: exit_locked is yours to write (kernel/sched/exit.c)");
#endif
}

bool join_try(struct thread *t, int *code)
{
#if SOLVED >= 105
    if (t->state != THREAD_ZOMBIE || !t->left_stack)
        return false;
    *code = t->exit_code;
    thread_set_state(t, THREAD_TERMINATED);
    thread_reclaim(t);
    return true;
#else
    /* Has t exited? Is every CPU off its stack (t->left_stack)? Only then take what you came for, and give the rest back. */
    (void)t, (void)code;
    panic("lab 1.5: join_try is yours to write (kernel/sched/exit.c)");
#endif
}

void thread_reclaim(struct thread *t)
{
#if SOLVED >= 105
    thread_unlink(t);
    thread_free_stack(t);
    thread_free(t);
#else
    /* thread.h lists the pieces. In which order, so that nobody finds a thread that is half gone? */
    (void)t;
    panic("lab 1.5: thread_reclaim is yours to write (kernel/sched/exit.c)");
#endif
}
