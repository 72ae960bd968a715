/* The table of interrupt handlers. Written at start, then read only; of the counts each CPU writes its own. */
#include "base/interrupt.h"
#include "arch/upcall.h"
#include "base/cpu.h"

static void (*handlers[VECTOR_LAST + 1])(void);
static u64 counts[CONFIG_MAX_CPUS][VECTOR_LAST + 1];

void interrupt_register(enum vector vector, void (*handler)(void))
{
    if (handlers[vector])
        panic("interrupt_register: vector %d has a handler already", vector);
    handlers[vector] = handler;
}

u64 interrupt_count(enum vector vector)
{
    return counts[this_cpu()->id][vector];
}

bool interrupt(u64 vector)
{
    if (vector == VECTOR_SPURIOUS)
        return true; /* the controller changed its mind: nothing came, and nothing is to be acknowledged */
    if (vector > VECTOR_LAST || !handlers[vector])
        return false;
    counts[this_cpu()->id][vector]++;
    handlers[vector]();
    interrupt_done(); /* without it, no further interrupt of this priority comes */
    return true;
}
