/* kernel/mm/frames*.c: which memory it hands out, random operations against a model, running out, failing on demand; and that
   frames_check() and the assertions see what they promise to see. A case whose name begins with panic_ has to end in a panic. */
#include "arch/upcall.h"
#include "machine.h"
#include "mm/failalloc.h"
#include "mm/frames.h"

#define FRAMES (ARENA_SIZE >> PAGE_SHIFT)
#define HELD_MAX 400

static void start(void)
{
    host_start();
    frames_init(&host_boot);
    frames_add_high(&host_boot);
    frames_check();
}

/* --- which memory ------------------------------------------------------------------------------------------------------------------- */

static bool touches(const struct boot_range *range, paddr_t pa)
{
    return pa < range->end && pa + PAGE_SIZE > range->start;
}

/* The boot loader's word, read frame by frame: in a usable range as a whole, and in nothing that is taken. */
static bool is_usable(paddr_t pa)
{
    paddr_t table = virt_to_phys(frame_table);
    struct boot_range table_range = { table, table + FRAMES * sizeof(struct frame) };
    if (pa < MIB(1) || touches(&host_boot.kernel, pa) || touches(&table_range, pa))
        return false;
    for (unsigned i = 0; i < host_boot.nmodules; i++) {
        struct boot_range module = { host_boot.module[i].start, host_boot.module[i].end };
        if (touches(&module, pa))
            return false;
    }
    for (unsigned i = 0; i < host_boot.nranges; i++)
        if (pa >= host_boot.range[i].start && pa + PAGE_SIZE <= host_boot.range[i].end)
            return true;
    return false;
}

static void every_usable_frame_is_handed_out_once_and_no_other(void)
{
    start();
    static bool seen[FRAMES];
    size_t n = 0;
    for (struct frame *f; (f = frame_alloc(0)); n++) {
        size_t number = frame_to_phys(f) >> PAGE_SHIFT;
        CHECK(!seen[number] && is_usable(frame_to_phys(f)));
        seen[number] = true;
    }
    for (size_t i = 0; i < FRAMES; i++)
        CHECK(seen[i] == is_usable(i << PAGE_SHIFT));
    CHECK(n == frames_total() && frames_free() == 0);
    frames_check();
    for (size_t i = 0; i < FRAMES; i++)
        if (seen[i])
            frame_put(frame_table + i);
    CHECK(frames_free() == n);
    frames_check();
}

static void memory_above_the_boot_mapping_waits_for_frames_add_high(void)
{
    host_start();
    frames_init(&host_boot);
    frames_check();
    for (struct frame *f; (f = frame_alloc(0));)
        CHECK(frame_to_phys(f) < BOOT_MAPPED);
    size_t low = frames_total();
    frames_add_high(&host_boot);
    CHECK(frames_free() == frames_total() - low && frames_free() > 0);
    CHECK(frame_to_phys(frame_alloc(0)) >= BOOT_MAPPED);
    frames_check();
}

static void a_contiguous_run_is_whole_and_its_rest_stays_free(void)
{
    start();
    size_t before = frames_free(), want = FRAMES_MAX_BLOCK + 5;
    paddr_t run = frames_alloc_contiguous(want);
    CHECK(run != ~0ul && frames_free() == before - want);
    frames_check();
    for (size_t i = 0; i < want; i++)
        CHECK(is_usable(run + i * PAGE_SIZE));
    for (struct frame *f; (f = frame_alloc(0));)
        CHECK(frame_to_phys(f) < run || frame_to_phys(f) >= run + want * PAGE_SIZE);
    frames_check();
    CHECK(frames_alloc_contiguous(1) == ~0ul);
}

static void a_run_that_fits_into_a_block_splits_no_more_than_it_needs(void)
{
    start();
    size_t whole = frames_free() / FRAMES_MAX_BLOCK, before = frames_free();
    for (size_t i = 0; i < 4 * whole; i++) /* each of 13 frames: 4 blocks of the biggest size have room for 256 */
        CHECK(frames_alloc_contiguous(13) != ~0ul);
    CHECK(frames_free() == before - 4 * whole * 13);
    frames_check();
}

/* --- random operations -------------------------------------------------------------------------------------------------------------- */

/* A block that the test holds, with its users. Each page of it carries the block's mark. */
static struct held {
    struct frame *frame;
    unsigned order, refs;
    u64 mark;
} held[HELD_MAX];
static unsigned nheld;
static size_t held_frames;

static u64 *page_of(const struct held *h, size_t i)
{
    return (u64 *)((char *)frame_to_virt(h->frame) + i * PAGE_SIZE);
}

static void take(unsigned order)
{
    struct frame *f = frame_alloc(order);
    if (!f)
        return;
    if (nheld == HELD_MAX) {
        frame_put(f);
        return;
    }
    CHECK((frame_to_phys(f) & ((PAGE_SIZE << order) - 1)) == 0);
    struct held *h = &held[nheld++];
    *h = (struct held){ f, order, 1, random_u64() };
    held_frames += 1ul << order;
    for (size_t i = 0; i < 1ul << order; i++)
        *page_of(h, i) = h->mark;
}

static void drop(struct held *h)
{
    frame_put(h->frame);
    if (--h->refs)
        return;
    held_frames -= 1ul << h->order;
    *h = held[--nheld];
}

static void check_marks(void)
{
    for (const struct held *h = held; h < held + nheld; h++)
        for (size_t i = 0; i < 1ul << h->order; i++)
            CHECK(*page_of(h, i) == h->mark);
}

static void random_operations(void)
{
    start();
    size_t all = frames_free();
    for (int round = 0; round < 6000; round++) {
        unsigned what = (unsigned)random_below(100);
        if (what < 45 || !nheld) {
            take(random_below(3) ? 0 : (unsigned)random_below(FRAME_ORDERS));
        } else if (what < 55) {
            struct held *h = &held[random_below(nheld)];
            frame_get(h->frame);
            h->refs++;
        } else {
            drop(&held[random_below(nheld)]);
        }
        CHECK(frames_free() == all - held_frames);
        if (round % 8 == 0)
            frames_check();
        if (round % 100 == 0)
            check_marks();
    }
    check_marks();
    while (nheld)
        drop(held);
    frames_check();
    CHECK(frames_free() == all);
}

/* With nothing else free, the eight frames of a block come back one by one and stay in the cache; together they still are a block. */
static void a_big_block_is_found_although_its_frames_are_cached(void)
{
    start();
    while (frame_alloc(0))
        ;
    size_t n = 0;
    for (size_t run = 0; run < 8; n++)
        run = frame_table[n].state == FRAME_USED && (run || n % 8 == 0) ? run + 1 : 0;
    struct frame *first = &frame_table[n - 8];
    for (unsigned i = 0; i < 8; i++)
        frame_put(first + i);
    CHECK(first->state == FRAME_CACHED && frames_free() == 8);
    CHECK(frame_alloc(3) == first);
    CHECK(!frame_alloc(0));
    frames_check();
}

static void kernel_page_tables_do_not_count(void)
{
    start();
    size_t before = frames_free();
    paddr_t pa = table_frame_alloc();
    for (size_t i = 0; i < PAGE_SIZE / 8; i++)
        CHECK(((u64 *)phys_to_virt(pa))[i] == 0);
    CHECK(frames_free() == before && frames_tables() == 1);
    while (table_frame_alloc() != ~0ul)
        ;
    CHECK(frames_free() == before && frames_tables() == before);
    frames_check();
}

static void the_nth_allocation_fails(void)
{
    start();
    for (u64 n = 1; n <= 6; n++) {
        failalloc_start(n);
        for (u64 i = 1; i <= 5; i++) {
            struct frame *f = frame_alloc(i % 2 ? 0 : 3);
            CHECK(!f == (i == n));
            if (f)
                frame_put(f);
        }
        struct frame *quiet = frame_alloc_uncounted(0);
        frame_put(quiet);
        CHECK(failalloc_stop() == 5);
    }
    frames_check();
}

/* --- panics ------------------------------------------------------------------------------------------------------------------------- */

static void panic_too_little_memory(void)
{
    struct boot_info small = { .nranges = 1, .range = { { 0, MIB(9) } }, .kernel = { MIB(1), MIB(3) } };
    host_start();
    frames_init(&small);
}

static void panic_no_room_for_the_table(void)
{
    static struct boot_info vast = { .nranges = 2, .range = { { 0, MIB(16) }, { GIB(4), GIB(64) } }, .kernel = { MIB(1), MIB(3) } };
    host_start();
    frames_init(&vast);
}

static void panic_put_twice(void)
{
    start();
    struct frame *f = frame_alloc(0);
    frame_put(f);
    frame_put(f);
}

static void panic_put_of_a_tail(void)
{
    start();
    frame_put(frame_alloc(3) + 1);
}

static void panic_get_of_a_free_block(void)
{
    start();
    struct frame *f = frame_alloc(4);
    frame_put(f);
    frame_get(f);
}

static void panic_put_of_no_frame(void)
{
    start();
    frame_put((struct frame *)((char *)frame_alloc(0) + 8));
}

static struct frame *free_block(void)
{
    struct frame *f = frame_alloc(5);
    frame_put(f);
    for (f = frame_table; f->state != FRAME_FREE;)
        f++;
    return f;
}

static void panic_wild_link(void)
{
    start();
    free_block()->link.next = (struct list *)0x6b6b6b6b6b6b6b6b;
    frames_check();
}

static void panic_link_that_does_not_lead_back(void)
{
    start();
    struct frame *used = frame_alloc(0);
    list_init(&used->link);
    free_block()->link.prev = &used->link;
    frames_check();
}

static void panic_free_frame_with_users(void)
{
    start();
    free_block()->refs = 1;
    frames_check();
}

static void panic_used_frame_without_users(void)
{
    start();
    frame_alloc(0)->refs = 0;
    frames_check();
}

static void panic_lost_block(void)
{
    start();
    struct frame *f = free_block();
    list_remove(&f->link);
    frames_check();
}

static void panic_overlap(void)
{
    start();
    struct frame *f = frame_alloc(4);
    f[3].state = FRAME_USED;
    f[3].refs = 1;
    frames_check();
}

static void panic_cached_frame_changed(void)
{
    start();
    struct frame *f = frame_alloc(0);
    frame_put(f);
    f->state = FRAME_USED;
    f->refs = 1;
    frames_check();
}

#define CASE(name) { #name, name }
static const struct host_case cases[] = {
    CASE(every_usable_frame_is_handed_out_once_and_no_other),
    CASE(memory_above_the_boot_mapping_waits_for_frames_add_high),
    CASE(a_contiguous_run_is_whole_and_its_rest_stays_free),
    CASE(a_run_that_fits_into_a_block_splits_no_more_than_it_needs),
    CASE(random_operations),
    CASE(a_big_block_is_found_although_its_frames_are_cached),
    CASE(kernel_page_tables_do_not_count),
    CASE(the_nth_allocation_fails),
    CASE(panic_too_little_memory),
    CASE(panic_no_room_for_the_table),
    CASE(panic_put_twice),
    CASE(panic_put_of_a_tail),
    CASE(panic_get_of_a_free_block),
    CASE(panic_put_of_no_frame),
    CASE(panic_wild_link),
    CASE(panic_link_that_does_not_lead_back),
    CASE(panic_free_frame_with_users),
    CASE(panic_used_frame_without_users),
    CASE(panic_lost_block),
    CASE(panic_overlap),
    CASE(panic_cached_frame_changed),
};
HOST_MAIN(cases)
