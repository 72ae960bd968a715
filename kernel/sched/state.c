/* Thread states, and which steps between them are legal. */
#include "base/assert.h"
#include "sched/sched.h"

static const char *const names[] = { "NEW", "READY", "RUNNING", "BLOCKED", "STOPPED", "ZOMBIE", "TERMINATED" };

#define TO(state) (1u << THREAD_##state)

/* By the state that is left: where one may go. */
static const u8 legal[] = {
    [THREAD_NEW] = TO(READY) | TO(TERMINATED),
    [THREAD_READY] = TO(RUNNING) | TO(STOPPED),
    [THREAD_RUNNING] = TO(READY) | TO(BLOCKED) | TO(STOPPED) | TO(ZOMBIE),
    [THREAD_BLOCKED] = TO(READY) | TO(STOPPED),
    [THREAD_STOPPED] = TO(READY) | TO(BLOCKED),
    [THREAD_ZOMBIE] = TO(TERMINATED),
    [THREAD_TERMINATED] = 0,
};

const char *thread_state_name(enum thread_state state)
{
    return state < array_len(names) ? names[state] : "(no state)";
}

void thread_check_state(const struct thread *t)
{
    ASSERT(t->state == t->state_set, "thread %d (%s) is %s, and thread_set_state() left it %s: no other function changes a thread's state",
           t->tid, t->name, thread_state_name(t->state), thread_state_name(t->state_set));
    (void)t; /* CHECKED=0 */
}

void thread_set_state(struct thread *t, enum thread_state to)
{
    thread_check_state(t);
    ASSERT(t->state < array_len(legal) && to < array_len(names) && legal[t->state] & 1u << to,
           "thread_set_state: thread %d (%s) cannot go from %s to %s", t->tid, t->name, thread_state_name(t->state), thread_state_name(to));
    t->state = to;
    if (IS_CHECKED)
        t->state_set = (u8)to;
}
