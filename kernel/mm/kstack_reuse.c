/* When a kernel stack's slot may be used again, on several CPUs: one of them may still know where the pages were that were taken away, so
   no other stack stands there until all have forgotten. They are asked once for many slots. Two bitmaps: of the slots that were left since
   the CPUs were asked last, and of those about which they are being asked. Lock: kstack_lock; the second bitmap belongs to whoever set
   `asking`. */
#include "base/cpu.h"
#include "lib/string.h"
#include "mm/kstack_impl.h"
#include "mm/shootdown.h"

#define MANY 64u /* slots: so often is asked */

static u64 left[SLOT_SIZES][SLOTS / 64];  /* [l] */
static u64 asked[SLOT_SIZES][SLOTS / 64]; /* [asking] */
static unsigned left_count;               /* [l] */
static bool asking;                       /* [a] */

void slot_leave(unsigned index, u32 slot)
{
    if (cpus_online & (cpus_online - 1)) {
        left[index][slot / 64] |= 1ul << slot % 64;
        left_count++;
    } else {
        slots_put(index, slot / 64, 1ul << slot % 64);
    }
}

static void reuse(void)
{
    u64 flags = spin_lock_irq(&kstack_lock);

    memcpy(asked, left, sizeof(left));
    memset(left, 0, sizeof(left));
    left_count = 0;
    spin_unlock_irq(&kstack_lock, flags);
    kernel_shootdown();
    flags = spin_lock_irq(&kstack_lock);
    for (unsigned index = 0; index < SLOT_SIZES; index++)
        for (u32 word = 0; word < SLOTS / 64; word++)
            if (asked[index][word])
                slots_put(index, word, asked[index][word]);
    spin_unlock_irq(&kstack_lock, flags);
}

void slots_refresh(void)
{
    if (__atomic_load_n(&left_count, __ATOMIC_RELAXED) < MANY || __atomic_exchange_n(&asking, true, __ATOMIC_ACQUIRE))
        return; /* not yet; or somebody else is at it */
    reuse();
    __atomic_store_n(&asking, false, __ATOMIC_RELEASE);
}
