/* Waiting for a channel (wait.h): what phase 1 did by yielding. */
#include "sched/wait.h"

void wait_prepare(const void *channel)
{
    channel_prepare(channel);
}

int wait_step(const void *channel)
{
    return block_current(channel);
}

void wait_cancel(void)
{
    channel_cancel();
}

void wait_over(const void *channel)
{
    wake_channel(channel);
}
