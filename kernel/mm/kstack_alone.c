/* When a kernel stack's slot may be used again: at once, because the one CPU that there is has forgotten where its pages were. */
#include "mm/kstack_impl.h"

void slot_leave(unsigned index, u32 slot)
{
    slots_put(index, slot / 64, 1ul << slot % 64);
}

void slots_refresh(void)
{
}
