/* kernel/mm/slab.c and kmalloc.c: random operations against a model, exact accounting, running out, failing on demand, and each
   misuse that a checked build has to name. A case whose name begins with panic_ has to end in a panic, in a checked build. */
#include "machine.h"
#include "mm/failalloc.h"
#include "mm/frames.h"
#include "mm/slab.h"

#define HELD_MAX 2000

static struct slab_cache tiny, middle, line, big;
static struct slab_cache *const my_caches[] = { &tiny, &middle, &line, &big };
static size_t frames_at_start;

static void start(void)
{
    host_start();
    frames_init(&host_boot);
    frames_add_high(&host_boot);
    slab_init();
    slab_cache_init(&tiny, "tiny", 1);
    slab_cache_init(&middle, "middle", 40);
    slab_cache_init(&line, "line", 65);
    slab_cache_init(&big, "big", 1500);
    frames_at_start = frames_free();
}

/* Nothing is held any more: every object and every frame is back. */
static void check_all_returned(void)
{
    slab_check();
    slab_drain();
    slab_check();
    frames_check();
    CHECK(slab_objects() == 0);
    CHECK(frames_free() == frames_at_start);
}

/* --- random operations -------------------------------------------------------------------------------------------------------------- */

/* Something that the test holds, filled with its mark; from a cache, or from kmalloc() where cache is NULL. */
static struct held {
    struct slab_cache *cache;
    unsigned char *p, mark;
    size_t size;
} held[HELD_MAX];
static unsigned nheld, held_objects;

static bool all_bytes(const unsigned char *p, size_t n, unsigned char value)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != value)
            return false;
    return true;
}

static void take(struct slab_cache *cache, size_t size)
{
    struct held *h = &held[nheld];
    *h = (struct held){ cache, cache ? slab_alloc(cache) : kmalloc(size), (unsigned char)(random_u64() | 1), size };
    if (!h->p)
        return;
    CHECK(all_bytes(h->p, size, 0));
    CHECK((u64)h->p % (cache && size >= 64 ? 64 : 16) == 0);
    memset(h->p, h->mark, size);
    held_objects += size <= KMALLOC_SLAB_MAX;
    nheld++;
}

static void drop(struct held *h)
{
    CHECK(all_bytes(h->p, h->size, h->mark));
    if (h->cache)
        slab_free(h->cache, h->p);
    else
        kfree(h->p);
    held_objects -= h->size <= KMALLOC_SLAB_MAX;
    *h = held[--nheld];
}

static void take_something(void)
{
    unsigned which = (unsigned)random_below(6);
    if (which < 4)
        take(my_caches[which], my_caches[which]->size);
    else
        take(NULL, which == 4 ? random_between(1, KMALLOC_SLAB_MAX) : random_between(KMALLOC_SLAB_MAX + 1, KIB(64)));
}

/* Grows and shrinks in turns, so that slabs fill up and empty. */
static void random_operations(void)
{
    start();
    for (int round = 0; round < 12000; round++) {
        bool grows = round / 1500 % 2 == 0;
        if (nheld < HELD_MAX && (!nheld || random_below(100) < (grows ? 65u : 35u)))
            take_something();
        else
            drop(&held[random_below(nheld)]);
        CHECK(slab_objects() == held_objects);
        if (round % 16 == 0)
            slab_check();
        if (round % 256 == 0)
            frames_check();
    }
    while (nheld)
        drop(&held[random_below(nheld)]);
    check_all_returned();
}

static void every_size_of_kmalloc(void)
{
    start();
    for (size_t size = 1; size <= 5000; size++) {
        take(NULL, size);
        CHECK(nheld == 1);
        drop(held);
    }
    CHECK(!kmalloc(KMALLOC_MAX + 1));
    take(NULL, KMALLOC_MAX);
    CHECK(nheld == 1);
    drop(held);
    kfree(NULL);
    check_all_returned();
}

/* Objects are chained through their own first words, so that a test needs no room to hold them all. */
static void running_out_gives_null_and_loses_nothing(void)
{
    start();
    for (unsigned i = 0; i < 4; i++) {
        void *chain = NULL;
        size_t n = 0;
        for (void **object; (object = slab_alloc(my_caches[i])); n++) {
            *object = chain;
            chain = object;
        }
        CHECK(n * my_caches[i]->size > frames_at_start * PAGE_SIZE / 2);
        CHECK(!kmalloc(5000) && slab_objects() == n);
        while (chain) {
            void *next = *(void **)chain;
            slab_free(my_caches[i], chain);
            chain = next;
        }
        check_all_returned();
    }
}

static void the_nth_request_fails_whatever_it_is(void)
{
    start();
    for (u64 n = 1; n <= 7; n++) {
        failalloc_start(n);
        void *got[6] = { slab_alloc(&tiny), slab_alloc(&big), kmalloc(10), kmalloc(3000), kmalloc(100000), slab_alloc(&line) };
        CHECK(failalloc_stop() == 6); /* the frames behind new slabs are not counted */
        for (u64 i = 0; i < 6; i++)
            CHECK(!got[i] == (i + 1 == n));
        struct slab_cache *const from[6] = { &tiny, &big, NULL, NULL, NULL, &line };
        for (u64 i = 0; i < 6; i++) {
            if (!from[i])
                kfree(got[i]);
            else if (got[i])
                slab_free(from[i], got[i]);
        }
        check_all_returned();
    }
}

static void one_object_in_a_loop_takes_no_frame_each_time(void)
{
    start();
    slab_free(&big, slab_alloc(&big));
    size_t free = frames_free();
    for (int i = 0; i < 100; i++) {
        void *p = slab_alloc(&big);
        CHECK(frames_free() == free);
        slab_free(&big, p);
        CHECK(frames_free() == free);
    }
    check_all_returned();
}

/* --- panics ------------------------------------------------------------------------------------------------------------------------- */

static void panic_free_twice(void)
{
    start();
    void *p = slab_alloc(&middle), *other = slab_alloc(&middle);
    slab_free(&middle, p);
    (void)other;
    slab_free(&middle, p);
}

static void panic_free_twice_after_use_by_nobody(void)
{
    start();
    void *p = slab_alloc(&big);
    slab_free(&big, p);
    slab_drain();
    slab_free(&big, p);
}

static void panic_free_into_another_cache(void)
{
    start();
    slab_free(&line, slab_alloc(&middle));
}

static void panic_free_of_a_foreign_pointer(void)
{
    int on_the_stack;
    start();
    slab_free(&middle, &on_the_stack);
}

static void panic_free_of_the_middle(void)
{
    start();
    slab_free(&middle, (char *)slab_alloc(&middle) + 8);
}

static void panic_kfree_of_an_object_of_a_cache(void)
{
    start();
    kfree(slab_alloc(&middle));
}

static void panic_kfree_of_the_middle_of_a_block(void)
{
    start();
    kfree((char *)kmalloc(10000) + 16);
}

static unsigned char *freed(struct slab_cache *cache)
{
    slab_alloc(cache);
    unsigned char *p = slab_alloc(cache);
    slab_free(cache, p);
    return p;
}

static void panic_write_after_free(void)
{
    start();
    freed(&line)[100] = 0;
    slab_alloc(&line);
}

static void panic_write_after_free_at_the_first_byte(void)
{
    start();
    freed(&line)[0] ^= 1;
    slab_alloc(&line);
}

static void panic_write_after_free_is_seen_by_slab_check(void)
{
    start();
    freed(&line)[127] = 0;
    slab_check();
}

static void panic_write_past_the_end_is_seen_by_slab_check(void)
{
    start();
    unsigned char *p = slab_alloc(&line);
    p[130] = 0x42;
    slab_check();
}

static void panic_wild_link_between_slabs(void)
{
    start();
    slab_alloc(&line);
    line.partial.next->prev = (struct list *)0x6b6b6b6b6b6b6b6b; /* the slab's header begins with its link */
    slab_check();
}

static void panic_wrong_count(void)
{
    start();
    slab_alloc(&line);
    line.in_use++;
    slab_check();
}

#define CASE(name) { #name, name }
static const struct host_case cases[] = {
    CASE(random_operations),
    CASE(every_size_of_kmalloc),
    CASE(running_out_gives_null_and_loses_nothing),
    CASE(the_nth_request_fails_whatever_it_is),
    CASE(one_object_in_a_loop_takes_no_frame_each_time),
    CASE(panic_free_twice),
    CASE(panic_free_twice_after_use_by_nobody),
    CASE(panic_free_into_another_cache),
    CASE(panic_free_of_a_foreign_pointer),
    CASE(panic_free_of_the_middle),
    CASE(panic_kfree_of_an_object_of_a_cache),
    CASE(panic_kfree_of_the_middle_of_a_block),
    CASE(panic_write_after_free),
    CASE(panic_write_after_free_at_the_first_byte),
    CASE(panic_write_after_free_is_seen_by_slab_check),
    CASE(panic_write_past_the_end_is_seen_by_slab_check),
    CASE(panic_wild_link_between_slabs),
    CASE(panic_wrong_count),
};
HOST_MAIN(cases)
