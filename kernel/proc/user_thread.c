/* Threads with a user mode: what arch keeps for them, allocated and given back. */
#include "proc/user_thread.h"
#include "lib/errno.h"
#include "mm/slab.h"
#include "proc/clone.h"
#include "proc/oom.h"
#include "proc/posix_timer.h"
#include "proc/table.h"

static struct slab_cache user_cache;

void user_threads_init(void)
{
    slab_cache_init(&user_cache, "user thread", sizeof(struct user_thread));
    oom_init();
    user_mode_init();
    clone_init();
    posix_timers_init();
}

int user_thread_prepare(struct thread *t, paddr_t root)
{
    struct user_thread *user = slab_alloc(&user_cache);

    if (!user)
        return -ENOMEM;
    user_context_reset(&user->context);
    user->context.root = root;
    user->context.users = &space_of(root)->users;
    user->context.stack_top = t->stack.base + t->stack.size;
    list_init(&user->own.queue);
    t->user = &user->context;
    return 0;
}

void user_thread_end(struct thread *t)
{
    struct user_thread *user;
    u64 flags;

    if (!t->user)
        return;
    user = user_thread(t);
    t->user = NULL; /* before it is free: a switch may come at any time */
    if (!list_empty(&user->own.queue)) { /* nobody else enters one: but what a timer sent is the timer's, which may ring just now */
        flags = spin_lock_irq(&processes_lock);
        signals_forget(&user->own, ~0ul);
        spin_unlock_irq(&processes_lock, flags);
    }
    slab_free(&user_cache, user);
}

struct thread *user_thread_find_locked(const struct process *p, tid_t tid)
{
    list_for_each(it, &p->threads) {
        struct thread *t = list_entry(it, struct thread, owner_link);

        if (thread_user_id(p, t) == tid && t->user)
            return t;
    }
    return NULL;
}

_Noreturn void user_thread_enter(void)
{
    irq_disable();
    user_context_load(current()->user);
    user_return(user_frame(current()->user));
}
