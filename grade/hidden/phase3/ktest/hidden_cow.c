/* Random families of address spaces, which nobody runs in: forked, written to, protected and given back. What stands in their tables is
   told after each step. */
#include "ktest/hidden.h"
#include "ktest/space.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/shared.h"

#define SPACES  8
#define REGIONS 7
#define STEPS   150
#define WORDS   3

enum kind { DATA, CODE, SHARED, FILE_DATA, KINDS }; /* anonymous; anonymous that may be executed; shared; a file's, private */

static struct address_space *space[SPACES];
static struct { /* the same in all spaces */
    enum kind kind;
    uptr start;
    u64 pages;
} region[REGIONS];
static struct frame *file_page[REGIONS];
static void *shared;

static struct frame *page(void *object, u64 index, int *error)
{
    (void)object;
    *error = 0;
    frame_get(file_page[index]);
    return file_page[index];
}

static void nothing(void *object)
{
    (void)object;
}

static const struct vm_object_ops file_ops = { .page = page, .get = nothing, .put = nothing };

static u32 access_of(u64 i, bool write)
{
    return ACCESS_READ | (write ? ACCESS_WRITE : 0) | (region[i].kind == CODE ? ACCESS_EXEC : 0);
}

static int map(u64 i)
{
    vm_region_t wanted = {
        .start = region[i].start, .end = region[i].start + region[i].pages * PAGE_SIZE, .access = access_of(i, true),
        .first = i, /* of a file and of shared memory each region has other pages */
    };

    if (region[i].kind == SHARED) {
        wanted.flags = VM_SHARED;
        wanted.ops = &shared_memory_ops;
        wanted.object = shared;
        wanted.first = i * 4;
    } else if (region[i].kind == FILE_DATA) {
        wanted.end = wanted.start + PAGE_SIZE;
        region[i].pages = 1;
        wanted.ops = &file_ops;
    }
    return aspace_map(space[0], &wanted);
}

static int lay_out(u64 *draws)
{
    uptr at = USER_START;
    int error = 0;

    for (u64 i = 0; i < REGIONS && !error; i++) {
        at += (1 + (draw(draws, 2) ? draw(draws, 600) : draw(draws, 1ul << 30))) << PAGE_SHIFT;
        region[i].kind = (enum kind)draw(draws, KINDS);
        region[i].start = at;
        region[i].pages = 1 + draw(draws, 3);
        at += 4 * PAGE_SIZE;
        error = map(i);
    }
    return error;
}

static struct frame *frame_of(const struct address_space *s, uptr va)
{
    u64 entry = entry_of(s->root, va, 1);

    return entry ? phys_to_frame(entry & PTE_ADDRESS) : NULL;
}

/* Of all spaces: ENTRY: step << 8 | space, what the page's entry says beside its address, and the first space that has the same page << 8;
   REFS: its users; NOTE: one of its words. */
static void tell(u64 step, uptr va, u64 word)
{
    for (u64 i = 0; i < SPACES; i++) {
        const struct frame *f = space[i] ? frame_of(space[i], va) : NULL;
        u64 bits, same = 0, a = step << 8 | i;

        if (!f)
            continue;
        while (!space[same] || frame_of(space[same], va) != f)
            same++;
        bits = entry_of(space[i]->root, va, 1);
        fact(FACT_ENTRY, a, same << 8 | (bits & (PTE_PRESENT | PTE_WRITE | PTE_USER)) | (bits & PTE_NX ? 16 : 0));
        fact(FACT_REFS, a, f->refs);
        fact(FACT_NOTE, a, ((const u64 *)frame_to_virt((struct frame *)f))[word]);
    }
}

static u64 first_free(void)
{
    u64 i = 0;

    while (i < SPACES && space[i])
        i++;
    return i;
}

/* How many there are; the `which`-th of them. */
static u64 living(void)
{
    u64 n = 0;

    for (u64 i = 0; i < SPACES; i++)
        n += space[i] != NULL;
    return n;
}

static u64 living_one(u64 which)
{
    u64 i = 0;

    while (!space[i] || which--)
        i++;
    return i;
}

/* RESULT: step, what a write or a touch said; FOUND: step, whether the page is the one from before the write; RETURNED: step, what a change
   of access said; COUNT: step, the pages of that space. */
static int step(u64 *draws, u64 n)
{
    u64 s = living_one(draw(draws, living())), what = draw(draws, 16), i = draw(draws, REGIONS), word = draw(draws, WORDS);
    u64 child = first_free(), value = draw(draws, 1ul << 31), offset = draw(draws, region[i].pages) << PAGE_SHIFT;
    uptr va = region[i].start + offset;

    if (what < 3 && child < SPACES) {
        space[child] = aspace_fork(space[s]);
        if (!space[child])
            return -ENOMEM;
        fact(FACT_COUNT, n, space[child]->pages);
    } else if (what < 11) {
        const struct frame *before = frame_of(space[s], va);

        fact(FACT_RESULT, n, (u64)(s64)aspace_write(space[s], va + 8 * word, &value, sizeof(value)));
        fact(FACT_FOUND, n, frame_of(space[s], va) == before);
    } else if (what < 13) {
        fact(FACT_RESULT, n, (u64)(s64)(frame_of(space[s], va) ? 0 : aspace_fault(space[s], va, false, false)));
    } else if (what < 15) {
        fact(FACT_RETURNED, n, (u64)(s64)aspace_protect(space[s], region[i].start, region[i].pages << PAGE_SHIFT,
                                                        access_of(i, value & 1)));
    } else if (living() > 1) {
        aspace_free(space[s]);
        space[s] = NULL;
    }
    tell(n, va, word);
    if (space[s])
        fact(FACT_COUNT, n, space[s]->pages);
    return 0;
}

static int family(void)
{
    u64 draws = draws_of(0);
    int error = lay_out(&draws);

    for (u64 n = 0; n < STEPS && !error; n++)
        error = step(&draws, n);
    for (u64 i = 0; i < SPACES; i++) {
        if (space[i])
            aspace_free(space[i]);
        space[i] = NULL;
    }
    for (u64 i = 0; i < REGIONS; i++)
        fact(FACT_REFS, i, file_page[i]->refs);
    return error;
}

KTEST(hidden_cow, "address spaces are forked and written to, as the seed decides")
{
    u64 draws = draws_of(1);
    int error = 0;

    space[0] = aspace_new();
    shared = shared_memory_new(4 * REGIONS);
    for (u64 i = 0; i < REGIONS; i++) {
        file_page[i] = page_new();
        if (file_page[i])
            *(u64 *)frame_to_virt(file_page[i]) = draw(&draws, 1ul << 31);
        else
            error = -ENOMEM;
    }
    if (!error && space[0] && shared)
        error = family();
    for (u64 i = 0; i < REGIONS; i++)
        if (file_page[i])
            frame_put(file_page[i]);
    if (shared)
        shared_memory_ops.put(shared);
    return error;
}
