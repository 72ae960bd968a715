/* Threads with a user mode: what arch keeps for them, allocated and given back. */
#include "proc/user_thread.h"
#include "lib/errno.h"
#include "mm/slab.h"

static struct slab_cache context_cache;

void user_threads_init(void)
{
    slab_cache_init(&context_cache, "user context", sizeof(struct user_context));
    user_mode_init();
}

int user_thread_prepare(struct thread *t, paddr_t root)
{
    struct user_context *context = slab_alloc(&context_cache);

    if (!context)
        return -ENOMEM;
    user_context_reset(context);
    context->root = root;
    context->stack_top = t->stack.base + t->stack.size;
    t->user = context;
    return 0;
}

void user_thread_end(struct thread *t)
{
    struct user_context *context = t->user;

    if (!context)
        return;
    t->user = NULL; /* before it is free: a switch may come at any time */
    slab_free(&context_cache, context);
}

_Noreturn void user_thread_enter(void)
{
    irq_disable();
    user_context_load(current()->user);
    user_return(user_frame(current()->user));
}
