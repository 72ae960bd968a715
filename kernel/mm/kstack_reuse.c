/* When a kernel stack's slot may be used again (kstack_reuse.h). Two bitmaps: of the slots that became stale since the CPUs were asked last,
   and of those about which they are being asked. Lock: mm/kstack.c's; the second one belongs to whoever set `asking`. */
#include "mm/kstack_reuse.h"
#include "lib/string.h"
#include "mm/kstack_impl.h"
#include "mm/shootdown.h"

#define MANY 64u /* slots: so often is asked */

static u64 stale[SLOT_SIZES][SLOTS / 64]; /* [l] */
static u64 asked[SLOT_SIZES][SLOTS / 64]; /* [asking] */
static unsigned stale_count;              /* [l] */
static bool asking;                       /* [a] */

void slot_stale(unsigned size_index, u32 slot)
{
    stale[size_index][slot / 64] |= 1ul << slot % 64;
    stale_count++;
}

bool slots_stale_many(void)
{
    return __atomic_load_n(&stale_count, __ATOMIC_RELAXED) >= MANY;
}

void slots_reuse(void)
{
    u64 flags;

    if (__atomic_exchange_n(&asking, true, __ATOMIC_ACQUIRE))
        return; /* somebody else is at it */
    flags = spin_lock_irq(&kstack_lock);
    memcpy(asked, stale, sizeof(stale));
    memset(stale, 0, sizeof(stale));
    stale_count = 0;
    spin_unlock_irq(&kstack_lock, flags);
    kernel_shootdown();
    for (unsigned size = 0; size < SLOT_SIZES; size++)
        for (u32 word = 0; word < SLOTS / 64; word++)
            if (asked[size][word])
                slots_put_word(size, word, asked[size][word]);
    __atomic_store_n(&asking, false, __ATOMIC_RELEASE);
}
