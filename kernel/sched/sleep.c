/* Sleeping: lab 2.4. A timer queue in the order of time, and a thread that waits for its own timer. */
#include "base/lab.h"
#include "sched/timer.h"
#include "lib/errno.h"
#include "sched/preempt.h"
#include "sched/wait.h"

/* The order of a timer queue. */
static bool expires_before(const struct rb_node *a, const struct rb_node *b)
{
#if SOLVED >= 204
    const struct timer *ta = rb_entry((struct rb_node *)a, struct timer, node);
    const struct timer *tb = rb_entry((struct rb_node *)b, struct timer, node);

    return (s64)(ta->expires - tb->expires) < 0;
#else
    /* What comes first? Times are compared by their difference: the clock may wrap. */
    (void)a, (void)b;
    return false;
#endif
}

void timer_insert(struct timer_queue *queue, struct timer *timer)
{
#if SOLVED >= 204
    rb_insert(&queue->tree, &timer->node, expires_before);
#else
    /* lib/rbtree.h keeps order. */
    (void)queue, (void)timer, (void)expires_before;
    lab_stub("2.4", "timer_insert");
#endif
}

struct timer *timer_pop_expired(struct timer_queue *queue, u64 now)
{
#if SOLVED >= 204
    struct rb_node *first = queue->tree.leftmost;
    struct timer *timer = first ? rb_entry(first, struct timer, node) : NULL;

    if (!timer || (s64)(timer->expires - now) > 0)
        return NULL;
    rb_erase(&queue->tree, first);
    return timer;
#else
    /* Only the first one can have expired before all others. */
    (void)queue, (void)now;
    return NULL;
#endif
}

u64 timer_next(const struct timer_queue *queue)
{
    const struct rb_node *first = queue->tree.leftmost;

    return first ? rb_entry((struct rb_node *)first, struct timer, node)->expires : ~0ul;
}

static inline void sleep_is_over(struct timer *timer)
{
    thread_wake(container_of(timer, struct thread, timer));
}

int thread_sleep_until(u64 when)
{
#if SOLVED >= 204
    struct thread *me = current();
    u64 flags = irq_save();

    me->roused = false;
    while ((s64)(when - clock_ns()) > 0 && !me->killed && !me->roused) { /* a wake that came earlier, for something else, ends no sleep */
        timer_start(&me->timer, when, sleep_is_over);
        thread_block(NULL, "time");
        timer_cancel(&me->timer);
    }
    irq_restore(flags);
    return me->killed ? -EINTR : 0;
#else
    /* A timer with sleep_is_over wakes whoever blocks; both calls want interrupts off. Is it time when the block is over? Is there
       anything to wait for at all? Who is killed (me->killed) or woken by hand (me->roused, which nobody else clears) has slept
       enough; leave no timer behind. */
    (void)when;
    lab_stub("2.4", "thread_sleep_until");
    return 0;
#endif
}

int thread_sleep(u64 ns)
{
    return thread_sleep_until(clock_ns() + ns);
}
