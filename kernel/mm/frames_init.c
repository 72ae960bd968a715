/* Which memory there is for mm/frames.c: the usable ranges of the boot loader less what is taken. frames_init() and
   frames_add_high(), at start. No lock: boot CPU, once each. */
#include "arch/upcall.h"
#include "base/panic.h"
#include "mm/frames_impl.h"

#define LOW_MEMORY MIB(1) /* belongs to the firmware and to the start code of other CPUs */
#define MEMORY_NEEDED MIB(8)

/* Usable by the boot loader's word, but taken: the first MiB, the kernel, the modules, the frame table. */
static struct boot_range reserved[BOOT_MODULES_MAX + 3];
static unsigned nreserved;

static void reserve(paddr_t start, paddr_t end)
{
    if (start < end) /* a module may be empty */
        reserved[nreserved++] = (struct boot_range){ align_down(start, PAGE_SIZE), align_up(end, PAGE_SIZE) };
}

/* The reservation that contains pa, or NULL. */
static const struct boot_range *reservation_at(paddr_t pa)
{
    for (unsigned i = 0; i < nreserved; i++)
        if (reserved[i].start <= pa && pa < reserved[i].end)
            return &reserved[i];
    return NULL;
}

/* The first reservation's start in [start, end), or end. */
static paddr_t next_reservation(paddr_t start, paddr_t end)
{
    for (unsigned i = 0; i < nreserved; i++)
        if (reserved[i].start >= start)
            end = min(end, reserved[i].start);
    return end;
}

/* Finds the lowest whole frames in [from, limit) that are usable and not reserved. False if there are none. */
static bool next_span(const struct boot_info *boot, paddr_t from, paddr_t limit, struct boot_range *span)
{
    for (unsigned i = 0; i < boot->nranges; i++) {
        paddr_t start = max(align_up(boot->range[i].start, PAGE_SIZE), from);
        paddr_t end = min(align_down(boot->range[i].end, PAGE_SIZE), limit);
        const struct boot_range *taken;
        while (start < end && (taken = reservation_at(start)))
            start = taken->end;
        if (start < end) {
            *span = (struct boot_range){ start, next_reservation(start, end) };
            return true;
        }
    }
    return false;
}

/* How many bytes next_span() would find in [from, limit). */
static u64 usable_bytes(const struct boot_info *boot, paddr_t from, paddr_t limit)
{
    u64 sum = 0;
    for (struct boot_range span; next_span(boot, from, limit, &span); from = span.end)
        sum += span.end - span.start;
    return sum;
}

static void add_spans(const struct boot_info *boot, paddr_t from, paddr_t limit)
{
    for (struct boot_range span; next_span(boot, from, limit, &span); from = span.end)
        frames_add(span.start, span.end);
}

static void reserve_what_is_taken(const struct boot_info *boot)
{
    reserve(0, LOW_MEMORY);
    reserve(boot->kernel.start, boot->kernel.end);
    for (unsigned i = 0; i < boot->nmodules; i++)
        reserve(boot->module[i].start, boot->module[i].end);
}

/* Puts the table, for the memory up to `end`, into the first usable span below BOOT_MAPPED that can hold it. */
static void place_table(const struct boot_info *boot, paddr_t end)
{
    u64 bytes = (end >> PAGE_SHIFT) * sizeof(struct frame);
    paddr_t from = 0;
    for (struct boot_range span; next_span(boot, from, BOOT_MAPPED, &span); from = span.end) {
        if (span.end - span.start < bytes)
            continue;
        reserve(span.start, span.start + bytes);
        frames_start(phys_to_virt(span.start), end);
        return;
    }
    panic("too much memory: the table of its frames needs %lu MiB in one piece below %lu MiB; start with -m 16G or less", bytes >> 20,
          BOOT_MAPPED >> 20);
}

void frames_init(const struct boot_info *boot)
{
    reserve_what_is_taken(boot);
    u64 usable = usable_bytes(boot, 0, BOOT_MAPPED);
    if (usable < MEMORY_NEEDED)
        refuse("too little memory: %lu MiB usable, %lu needed; start with -m 32 or more", usable >> 20, MEMORY_NEEDED >> 20);
    place_table(boot, align_up(boot->range[boot->nranges - 1].end, FRAMES_MAX_BLOCK * PAGE_SIZE));
    add_spans(boot, 0, BOOT_MAPPED);
}

void frames_add_high(const struct boot_info *boot)
{
    add_spans(boot, BOOT_MAPPED, frame_table_end);
}
