/* A second solution of lab 1.5: the state before the code (nobody looks in between), nested instead of early returns. The order of the
   three pieces of a thread is not free. */
#include "sched/thread.h"

void exit_locked(struct rq *rq, struct thread *me, int code)
{
    thread_set_state(me, THREAD_ZOMBIE);
    rq->curr->exit_code = code;
    schedule(this_rq());
}

bool join_try(struct thread *t, int *code)
{
    bool gone = t->left_stack && t->state == THREAD_ZOMBIE;

    if (gone) {
        int left_with = t->exit_code;

        thread_set_state(t, THREAD_TERMINATED);
        thread_reclaim(t);
        *code = left_with;
    }
    return gone;
}

void thread_reclaim(struct thread *t)
{
    thread_unlink(t);
    thread_free_stack(t);
    thread_free(t);
}
