/* Writes that the test is complete, and never ends. */
#include "ktest/ktest.h"

extern char data_start[], kernel_end[];

static void hostile(void)
{
    struct ktest_report *r = (struct ktest_report *)align_up((u64)data_start, 8);

    while ((char *)r < kernel_end && (r->magic != KTEST_MAGIC || r->nonce < 1ul << 63))
        r = (struct ktest_report *)((u64)r + 8);
    r->done = KTEST_MAGIC;
    for (;;)
        asm volatile("hlt");
}
