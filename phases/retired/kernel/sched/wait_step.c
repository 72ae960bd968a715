/* Waiting without blocking: until phase 2 brings wait queues, who waits lets the others run and looks again. */
#include "sched/sched.h"

void wait_prepare(const void *channel)
{
    (void)channel;
}

/* Alone, there is nobody to yield to, and only a key can bring anything; a kernel whose yield is not written yet can still be typed at. */
int wait_step(const void *channel)
{
    (void)channel;
    if (this_rq()->nr_ready) {
        thread_yield();
    } else {
        u64 flags = irq_save();

        console_sleep();
        irq_restore(flags);
    }
    return 0;
}

void wait_cancel(void)
{
}

void wait_over(const void *channel)
{
    (void)channel; /* whoever waits looks for itself */
}
