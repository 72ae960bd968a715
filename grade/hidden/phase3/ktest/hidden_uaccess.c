/* Random copies from and to a program's memory, whose pages are there or not, may be read, written, or not even that. */
#include "ktest/hidden.h"
#include "ktest/space.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/uaccess.h"

#define PLACES 20 /* pages in a row */
#define STEPS  300
#define ROOM   ((PLACES + 1) * PAGE_SIZE)
#define GUARD  64
#define UNTOUCHED ((char)0xa5)
#define ZEROES 40

enum place { HOLE, WRITABLE, READABLE, CLOSED, UNUSED, KINDS }; /* UNUSED: writable, and never touched */

static char buffer[GUARD + ROOM + GUARD], row[PLACES * PAGE_SIZE];
static enum place place[PLACES];
static uptr base;
static u64 key, zero_at[ZEROES];

/* What stands there before anybody writes: no 0 byte but those that were drawn, and those of pages that nobody used. */
static void write_row(void)
{
    for (u64 i = 0; i < sizeof(row); i++)
        row[i] = (char)(1 + (i * 7 + (i >> 8) + key) % 255);
    for (unsigned z = 0; z < ZEROES; z++)
        row[zero_at[z]] = 0;
}

static void fill(struct address_space *space, unsigned i)
{
    u64 entry = entry_of(space->root, base + i * PAGE_SIZE, 1);

    if (place[i] == UNUSED)
        memset(row + i * PAGE_SIZE, 0, PAGE_SIZE);
    if (entry)
        memcpy(phys_to_virt(entry & PTE_ADDRESS), row + i * PAGE_SIZE, PAGE_SIZE);
}

static int lay_out(struct address_space *space, u64 *draws)
{
    static const u32 access[KINDS] = { 0, ACCESS_READ | ACCESS_WRITE, ACCESS_READ, 0, 0 };

    base = draw(draws, 3) ? (USER_START >> PAGE_SHIFT) + draw(draws, 1ul << 30) : (USER_END >> PAGE_SHIFT) - PLACES;
    base <<= PAGE_SHIFT;
    key = draw(draws, 255);
    for (unsigned z = 0; z < ZEROES; z++) {
        zero_at[z] = draw(draws, PLACES) * PAGE_SIZE;
        zero_at[z] += draw(draws, 2) ? draw(draws, PAGE_SIZE) : PAGE_SIZE - 1 - draw(draws, 3);
    }
    write_row();
    for (unsigned i = 0; i < PLACES; i++) {
        u64 kind = draw(draws, 9);
        uptr at = base + i * PAGE_SIZE;
        int error;

        place[i] = kind < KINDS ? (enum place)kind : WRITABLE;
        if (place[i] == HOLE)
            continue;
        error = map_pages(space, at, 1, ACCESS_READ | ACCESS_WRITE);
        if (!error && place[i] != UNUSED)
            error = aspace_write(space, at, "x", 1);
        if (!error && place[i] != UNUSED && place[i] != WRITABLE)
            error = aspace_protect(space, at, PAGE_SIZE, access[place[i]]);
        if (error)
            return error;
        fill(space, i);
    }
    return 0;
}

static u64 sum(const char *at, size_t n)
{
    u64 h = n;

    for (size_t i = 0; i < n; i++)
        h = h * 31 + (u8)at[i];
    return h;
}

static u64 touched_beside(size_t n)
{
    u64 touched = 0;

    for (size_t i = 0; i < GUARD; i++)
        touched += (buffer[i] != UNTOUCHED) + (buffer[GUARD + n + i] != UNTOUCHED);
    return touched;
}

/* RESULT: step, what copyin() said; COUNT: step, the sum of what came; KEPT: step, bytes changed beside it. */
static void in(u64 step, uptr at, size_t n)
{
    int error;

    memset(buffer, UNTOUCHED, sizeof(buffer));
    error = copyin(buffer + GUARD, at, n);
    fact(FACT_RESULT, step, (u64)(s64)error);
    if (!error && n <= ROOM) {
        fact(FACT_COUNT, step, sum(buffer + GUARD, n));
        fact(FACT_KEPT, step, touched_beside(n));
    }
}

/* RETURNED: step, what copyout() said; ENTRY: step, the sum of all pages' sums. What comes before a byte that is refused may have been
   written, so that is as it was again. */
static void out(struct address_space *space, u64 step, uptr at, size_t n)
{
    static const char zeroes[PAGE_SIZE];
    u64 all = 0;
    int error;

    for (size_t i = 0; i < ROOM; i++)
        buffer[i] = (char)(step + i * 3);
    error = copyout(at, buffer, n);
    fact(FACT_RETURNED, step, (u64)(s64)error);
    for (unsigned i = 0; i < PLACES; i++) {
        u64 entry = entry_of(space->root, base + i * PAGE_SIZE, 1);

        if (error && (place[i] == WRITABLE || place[i] == UNUSED))
            fill(space, i);
        if (place[i] != HOLE)
            all = all * 7 + sum(entry ? phys_to_virt(entry & PTE_ADDRESS) : zeroes, PAGE_SIZE);
    }
    fact(FACT_ENTRY, step, all);
}

/* FOUND: step, what copyin_string() said; NOTE: step, the sum of what came, with its 0 byte; KEPT: step, bytes changed beside it. */
static void string(u64 step, uptr at, size_t size)
{
    s64 length;

    memset(buffer, UNTOUCHED, sizeof(buffer));
    length = copyin_string(buffer + GUARD, at, size);
    fact(FACT_FOUND, step, (u64)length);
    if (length >= 0 && (size_t)length < ROOM)
        fact(FACT_NOTE, step, sum(buffer + GUARD, (size_t)length + 1));
    fact(FACT_KEPT, step, touched_beside(size));
}

/* Somewhere among the pages, and often near the end of one. */
static uptr inside(u64 *draws)
{
    u64 i = draw(draws, PLACES), how = draw(draws, 3);

    return base + i * PAGE_SIZE + (how == 0 ? draw(draws, PAGE_SIZE) : how == 1 ? PAGE_SIZE - 1 - draw(draws, 40) : draw(draws, 40));
}

/* Where no program has anything, or close to that. */
static uptr outside(u64 *draws)
{
    static u64 secret;
    u64 by = draw(draws, 200);

    switch (draw(draws, 7)) {
    case 0:
        return USER_END - by;
    case 1:
        return (1ul << 47) + by;
    case 2:
        return (uptr)&secret;
    case 3:
        return (uptr)phys_to_virt((uptr)&secret - KERNEL_BASE);
    case 4:
        return ~0ul - by;
    case 5:
        return by;
    default:
        return draw(draws, 1ul << 31) << 33 | by | 1ul << 63;
    }
}

static size_t length(u64 *draws, uptr at)
{
    u64 by = draw(draws, 100), power = draw(draws, 48);

    switch (draw(draws, 8)) {
    case 0:
        return by;
    case 1:
        return by + 1 + draw(draws, 2 * PAGE_SIZE);
    case 2:
        return USER_END - at + by;
    case 3:
        return by - at; /* the end is a small number */
    case 4:
        return (1ul << (16 + power)) + by;
    case 5:
        return align_up(at, PAGE_SIZE) - at + by / 34; /* up to the end of a page, and up to two bytes more */
    default:
        return by + 1;
    }
}

static void step(struct address_space *space, u64 *draws, u64 n)
{
    u64 what = draw(draws, 12);
    uptr at = what & 1 ? inside(draws) : outside(draws);
    size_t size = length(draws, at);

    if (what < 2) {
        fact(FACT_ORDER, n, user_range(at, size + !size));
    } else if (what < 9) {
        u64 z = zero_at[draw(draws, ZEROES)], before = draw(draws, 300), more = draw(draws, 3);

        if (what < 5)
            in(n, at, size && at < USER_END ? size : size % 64 + 1);
        else if (what < 7)
            out(space, n, at, size && at < USER_END ? size : size % 64 + 1);
        else
            string(n, base + z - min(before, z), min(before, z) + more + !more);
    } else {
        string(n, at, size % 9000 + 1);
    }
}

static int copies(struct address_space *space)
{
    u64 draws = draws_of(0);
    int error = lay_out(space, &draws);

    for (u64 n = 0; n < STEPS && !error; n++)
        step(space, &draws, n);
    return error;
}

KTEST(hidden_uaccess, "copies from, to and beside a program's memory, as the seed decides")
{
    return run_in_space(copies);
}
