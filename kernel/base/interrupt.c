/* The table of interrupt handlers. Written at start, then read only; the counts are the boot CPU's until phase 4. */
#include "base/interrupt.h"
#include "arch/upcall.h"

#define VECTORS 256

static void (*handlers[VECTORS])(void);
static u64 counts[VECTORS];

void interrupt_register(enum vector vector, void (*handler)(void))
{
    if (handlers[vector])
        panic("interrupt_register: vector %d has a handler already", vector);
    handlers[vector] = handler;
}

u64 interrupt_count(enum vector vector)
{
    return counts[vector];
}

bool interrupt(u64 vector)
{
    if (vector == VECTOR_SPURIOUS)
        return true; /* the controller changed its mind: nothing came, and nothing is to be acknowledged */
    if (!handlers[vector])
        return false;
    counts[vector]++;
    handlers[vector]();
    interrupt_done(); /* without it, no further interrupt of this priority comes */
    return true;
}
