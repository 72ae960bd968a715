/* Kernel stacks: kstack_alloc(), kstack_free(). The area from KSTACK_BASE is divided into slots of 8 KiB, 16 KiB ... 2 MiB, a
   stretch of the area for each size. A stack takes the smallest slot that is bigger than itself and stands at its upper end, so
   that at least the page below it is never mapped. Which slots are taken is written in bitmaps, and the lowest free one is taken
   first: addresses stay close together, and so do their page tables.

   Lock: kstack_lock guards the bitmaps, the kept stacks and the mappings of the area. */
#include "mm/kstack.h"

#include "base/assert.h"
#include "base/lock.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/failalloc.h"
#include "mm/frames.h"
#include "mm/kstack_impl.h"

#define SLOT_SMALLEST KIB(8)
#define STRETCH GIB(64)         /* bytes of the area for each size */
#define KEPT 8u

_Static_assert(KSTACK_BASE + SLOT_SIZES * STRETCH <= KSTACK_END, "every size has its stretch of the area");
_Static_assert(SLOTS * (SLOT_SMALLEST << (SLOT_SIZES - 1)) <= STRETCH, "the slots of the biggest size fit into its stretch");
_Static_assert(KSTACK_MAX < SLOT_SMALLEST << (SLOT_SIZES - 1), "the biggest stack fits into a slot, and a guard page with it");

struct spinlock kstack_lock = SPINLOCK("kstack", RANK_KSTACK);

/* The slots of one size. */
static struct slots {
    u64 used[SLOTS / 64];      /* [l] bit n % 64 of word n / 64: slot n is taken */
    u64 full[SLOTS / 64 / 64]; /* [l] the same one level up: that word of used[] has no 0 left */
} slots[SLOT_SIZES];

/* Stacks of the default size that are mapped, but nobody's. */
static struct {
    unsigned count; /* [l] */
    u64 base[KEPT]; /* [l] */
} kept;

/* --- slots -------------------------------------------------------------------------------------------------------------------------- */

/* The number of the smallest slot size that is bigger than the stack. */
static inline unsigned size_index(size_t size)
{
    return 63 - (unsigned)__builtin_clzl(size) - (PAGE_SHIFT);
}

static inline u64 slot_end(unsigned index, u32 slot)
{
    return KSTACK_BASE + index * STRETCH + ((slot + 1ul) << index) * SLOT_SMALLEST;
}

static inline u32 slot_of(const struct kstack *stack, unsigned index)
{
    return (u32)((stack->base - KSTACK_BASE - index * STRETCH) / SLOT_SMALLEST >> index);
}

/* Takes the lowest free slot; SLOTS if there is none. */
static u32 slot_take(struct slots *s)
{
    for (u32 i = 0; i < array_len(s->full); i++) {
        if (s->full[i] == ~0ul)
            continue;
        u32 word = i * 64 + (u32)__builtin_ctzl(~s->full[i]);
        u32 bit = (u32)__builtin_ctzl(~s->used[word]);
        s->used[word] |= 1ul << bit;
        if (s->used[word] == ~0ul)
            s->full[i] |= 1ul << word % 64;
        return word * 64 + bit;
    }
    return SLOTS;
}

void slots_put(unsigned index, u32 word, u64 bits)
{
    slots[index].used[word] &= ~bits;
    slots[index].full[word / 64] &= ~(1ul << word % 64);
}

/* --- making and unmaking; kstack_lock held ------------------------------------------------------------------------------------------ */

static int map_page(u64 va)
{
    struct frame *f = frame_alloc(0);
    if (!f)
        return -ENOMEM;
    int error = kernel_map(va, frame_to_phys(f));
    if (error)
        frame_put(f);
    return error;
}

static void unmap_pages(u64 start, u64 end)
{
    for (u64 va = start; va < end; va += PAGE_SIZE)
        frame_put(phys_to_frame(kernel_unmap(va)));
}

static int stack_make(struct kstack *stack, size_t size)
{
    unsigned index = size_index(size);
    u32 slot = slot_take(&slots[index]);
    if (slot == SLOTS)
        return -ENOMEM;
    u64 end = slot_end(index, slot);
    u64 va = end - size;
    for (; va < end; va += PAGE_SIZE)
        if (map_page(va))
            goto fail;
    *stack = (struct kstack){ .base = end - size, .size = size };
    return 0;
fail:
    unmap_pages(end - size, va);
    slots_put(index, slot / 64, 1ul << slot % 64);
    return -ENOMEM;
}

static void stack_unmake(const struct kstack *stack)
{
    unsigned index = size_index(stack->size);
    unmap_pages(stack->base, stack->base + stack->size);
    slot_leave(index, slot_of(stack, index));
}

/* A stack that was kept counts as one request, so that failalloc finds a way to fail each creation of a thread. */
static int take_kept(struct kstack *stack)
{
    if (failalloc_now())
        return -ENOMEM;
    *stack = (struct kstack){ .base = kept.base[--kept.count], .size = KSTACK_DEFAULT };
    return 0;
}

/* --- the interface ------------------------------------------------------------------------------------------------------------------ */

void kstack_init(void)
{
    ASSERT(!kept.count, "kstack_init: called twice");
}

int kstack_alloc(struct kstack *stack, size_t size)
{
    if (size < PAGE_SIZE || size > KSTACK_MAX || size % PAGE_SIZE)
        return -EINVAL;
    slots_refresh();
    u64 flags = spin_lock_irq(&kstack_lock);
    int error = size == KSTACK_DEFAULT && kept.count ? take_kept(stack) : stack_make(stack, size);
    spin_unlock_irq(&kstack_lock, flags);
    if (IS_CHECKED && !error)
        memset((void *)stack->base, 0, size);
    return error;
}

/* A stack that kstack_alloc() gave out and nobody has freed since, and not the one we stand on. */
static void check_freeable(const struct kstack *stack)
{
    u64 rsp = stack_pointer();
    if (rsp >= stack->base && rsp < stack->base + stack->size)
        panic("kstack_free: the running thread's own stack; a thread cannot free the stack it stands on (lab 1.5)");
    unsigned index = stack->size >= PAGE_SIZE && stack->size <= KSTACK_MAX ? size_index(stack->size) : SLOT_SIZES;
    u32 slot = index < SLOT_SIZES ? slot_of(stack, index) : SLOTS;
    if (slot >= SLOTS || stack->base + stack->size != slot_end(index, slot))
        panic("kstack_free: 0x%lx with %lu bytes is no kernel stack: its size changed, or freed twice?", stack->base, stack->size);
    bool in_use = slots[index].used[slot / 64] >> slot % 64 & 1;
    for (unsigned i = 0; i < kept.count; i++)
        in_use &= kept.base[i] != stack->base;
    if (!in_use)
        panic("kstack_free: the stack at 0x%lx is free already: freed twice?", stack->base);
}

void kstack_free(struct kstack *stack)
{
    u64 flags = spin_lock_irq(&kstack_lock);
    if (IS_CHECKED)
        check_freeable(stack);
    if (stack->size == KSTACK_DEFAULT && kept.count < KEPT)
        kept.base[kept.count++] = stack->base;
    else
        stack_unmake(stack);
    stack->base = 0;
    spin_unlock_irq(&kstack_lock, flags);
}

void kstack_drain(void)
{
    u64 flags = spin_lock_irq(&kstack_lock);
    while (kept.count) {
        struct kstack stack = { .base = kept.base[--kept.count], .size = KSTACK_DEFAULT };
        stack_unmake(&stack);
    }
    spin_unlock_irq(&kstack_lock, flags);
}
