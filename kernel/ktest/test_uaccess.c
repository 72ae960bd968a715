/* Lab 3.2: copyin(), copyout(), copyin_string(), user_range(), in a process whose space has:
     OPEN  three pages to be read and written, and nothing behind them
     CONST a page to be read, and directly behind it one that is closed
     FULL  a page without a 0 byte, and nothing behind it
     LAST  the last page that a program may have */
#include "ktest/ktest.h"
#include "ktest/space.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/uaccess.h"

#define OPEN 0x400000ul
#define CONST 0x404000ul
#define FULL 0x406000ul
#define LAST (USER_END - PAGE_SIZE)
#define ROOM (3 * PAGE_SIZE)
#define GUARD 64
#define UNTOUCHED ((char)0xa5)

static char buffer[GUARD + ROOM + GUARD], page_of_x[PAGE_SIZE];

static char pattern(size_t i)
{
    return (char)(i * 7 + (i >> 8) + 1);
}

/* The byte that a program would see at `at`, which is on a page that is there. */
static char *byte_of(struct address_space *space, uptr at)
{
    return (char *)phys_to_virt(entry_of(space->root, at, 1) & PTE_ADDRESS) + (at & (PAGE_SIZE - 1));
}

/* The byte at OPEN + i, whose pages were looked up once. */
static char *open_page[3];

static char *open_byte(size_t i)
{
    return open_page[i >> PAGE_SHIFT] + (i & (PAGE_SIZE - 1));
}

static int lay_out(struct address_space *space)
{
    int error = map_pages(space, OPEN, 3, ACCESS_READ | ACCESS_WRITE);

    if (!error)
        error = map_pages(space, CONST, 2, ACCESS_READ | ACCESS_WRITE);
    if (!error)
        error = map_pages(space, FULL, 1, ACCESS_READ | ACCESS_WRITE);
    memset(page_of_x, 'x', sizeof(page_of_x));
    for (uptr at = OPEN; at < OPEN + ROOM && !error; at += PAGE_SIZE)
        error = aspace_write(space, at, page_of_x, PAGE_SIZE);
    for (uptr at = CONST; at < CONST + 2 * PAGE_SIZE && !error; at += PAGE_SIZE)
        error = aspace_write(space, at, page_of_x, PAGE_SIZE);
    if (!error)
        error = aspace_write(space, FULL, page_of_x, PAGE_SIZE);
    if (!error)
        error = aspace_protect(space, CONST, PAGE_SIZE, ACCESS_READ);
    return error ? error : aspace_protect(space, CONST + PAGE_SIZE, PAGE_SIZE, 0);
}

/* --- bytes ------------------------------------------------------------------------------------------------------------------------- */

/* How many bytes around n at buffer + GUARD were changed. */
static u64 guards_changed(size_t n)
{
    u64 changed = 0;

    for (size_t i = 0; i < GUARD; i++)
        changed += (buffer[i] != UNTOUCHED) + (buffer[GUARD + n + i] != UNTOUCHED);
    return changed;
}

/* RESULT: offset << 32 | n, the error or how many bytes are wrong. */
static void copy_in(size_t offset, size_t n)
{
    s64 wrong;

    memset(buffer, UNTOUCHED, sizeof(buffer));
    wrong = copyin(buffer + GUARD, OPEN + offset, n);
    for (size_t i = 0; i < n && wrong >= 0; i++)
        wrong += buffer[GUARD + i] != pattern(offset + i);
    fact(FACT_RESULT, offset << 32 | n, (u64)(wrong < 0 ? wrong : wrong + (s64)guards_changed(n)));
}

static void copy_out(size_t offset, size_t n)
{
    s64 wrong;

    for (size_t i = 0; i < ROOM; i++) {
        buffer[i] = (char)~pattern(offset + i);
        *open_byte(i) = pattern(i);
    }
    wrong = copyout(OPEN + offset, buffer, n);
    for (size_t i = 0; i < ROOM && wrong >= 0; i++)
        wrong += *open_byte(i) != (i >= offset && i < offset + n ? (char)~pattern(i) : pattern(i));
    fact(FACT_RETURNED, offset << 32 | n, (u64)wrong);
}

static int copies(struct address_space *space)
{
    static const size_t offset[] = { 0, 1, 4090, 8191 }, length[] = { 0, 1, 7, 8, 9, 64, 4097 };
    int error = lay_out(space);

    for (size_t i = 0; i < ROOM && !error; i += PAGE_SIZE)
        open_page[i >> PAGE_SHIFT] = byte_of(space, OPEN + i);
    for (size_t i = 0; i < ROOM && !error; i++)
        *open_byte(i) = pattern(i);
    for (unsigned i = 0; i < array_len(offset) && !error; i++)
        for (unsigned j = 0; j < array_len(length); j++) {
            copy_in(offset[i], length[j]);
            copy_out(offset[i], length[j]);
            for (size_t k = 0; k < ROOM; k++)
                *open_byte(k) = pattern(k);
        }
    return error;
}

KTEST(uaccess_copy, "bytes from and to user memory, at and across the ends of pages")
{
    return run_in_space(copies);
}

/* --- addresses ----------------------------------------------------------------------------------------------------------------------- */

static u64 secret;

/* RESULT and RETURNED: step, what copyin() and copyout() returned. FOUND: step, 1 if the kernel's secret came out, 2 if it was changed. */
static void try(u64 step, uptr at, size_t n)
{
    u64 got[2] = { 0, 0 }, put[2] = { 1, 1 }, found = 0;

    fact(FACT_RESULT, step, (u64)(s64)copyin(got, at, n));
    found |= got[0] == secret;
    fact(FACT_RETURNED, step, (u64)(s64)copyout(at, put, n));
    found |= secret != 0x5ec8e7 ? 2 : 0;
    secret = 0x5ec8e7;
    fact(FACT_FOUND, step, found);
}

/* In the order in which grade/phase3/test_2_uaccess.py names them. */
static int refusals(struct address_space *space)
{
    const struct {
        uptr at;
        size_t n;
    } where[] = {
        { (uptr)&secret, 8 },
        { (uptr)phys_to_virt((uptr)&secret - KERNEL_BASE), 8 },
        { 0, 8 },
        { OPEN + ROOM, 1 },
        { OPEN + ROOM - 8, 16 },
        { CONST + PAGE_SIZE, 8 },
        { CONST + PAGE_SIZE - 8, 16 },
        { CONST, 8 },
        { USER_END - 8, 16 },
        { ~0ul - 7, 8 },
        { OPEN, 16 },
        { OPEN, 0 },
    };
    int error = lay_out(space);

    secret = 0x5ec8e7;
    for (unsigned i = 0; i < array_len(where) && !error; i++)
        try(i, where[i].at, where[i].n);
    fact(FACT_NOTE, 0, error ? 0 : (u64)*byte_of(space, CONST));
    return error;
}

KTEST(uaccess_refuse, "addresses that are not the program's to read, or to write")
{
    return run_in_space(refusals);
}

KTEST(uaccess_range, "what lies in the program's part of the address space")
{
    static const uptr at[] = { USER_START, USER_END - 8, USER_END - 8, USER_END - 1, OPEN, OPEN, OPEN, OPEN, 1ul << 47, KERNEL_BASE, ~0ul };
    static const size_t n[] = { 8, 8, 9, 1, USER_END - OPEN, USER_END - OPEN + 1, ~0ul, ~0ul - OPEN + 2, 1, 8, 1 };

    for (unsigned i = 0; i < array_len(at); i++)
        fact(FACT_FOUND, i, user_range(at[i], n[i]));
    return 0;
}

/* --- strings ------------------------------------------------------------------------------------------------------------------------- */

struct string_case {
    uptr at;
    const char *text; /* is put there first; NULL: nothing */
    size_t size;
};

/* RESULT: step, what copyin_string() returned; COUNT: step, bytes that are wrong, or were written behind the buffer's end. */
static void try_string(struct address_space *space, u64 step, const struct string_case *s)
{
    s64 length;
    u64 wrong = 0;

    for (size_t i = 0; s->text && i <= strlen(s->text); i++)
        *byte_of(space, s->at + i) = s->text[i];
    memset(buffer, UNTOUCHED, sizeof(buffer));
    length = copyin_string(buffer + GUARD, s->at, s->size);
    for (size_t i = 0; length >= 0 && s->text && i <= strlen(s->text); i++)
        wrong += buffer[GUARD + i] != s->text[i];
    for (size_t i = 0; i < GUARD; i++)
        wrong += (buffer[i] != UNTOUCHED) + (buffer[GUARD + s->size + i] != UNTOUCHED);
    fact(FACT_RESULT, step, (u64)length);
    fact(FACT_COUNT, step, wrong);
}

static int strings(struct address_space *space)
{
    static char long_one[301];
    const struct string_case cases[] = {
        { OPEN + 0x10, "hello", 64 },
        { OPEN + 0x100, "", 64 },
        { OPEN + PAGE_SIZE - 4, "crossing", 64 },
        { OPEN + ROOM - 5, "edge", 4096 },
        { OPEN + 0x200, long_one, 4096 },
        { OPEN + 0x600, "hello", 6 },
        { OPEN + 0x700, "hello", 5 },
        { FULL + PAGE_SIZE - 256, NULL, 64 },
        { FULL + PAGE_SIZE - 256, NULL, 256 },
        { FULL + PAGE_SIZE - 256, NULL, 257 },
        { OPEN + ROOM, NULL, 16 },
        { CONST + PAGE_SIZE - 16, NULL, 64 },
        { (uptr)long_one, NULL, 64 },
        { 0, NULL, 64 },
        { OPEN + 0x800, "x", 0 },
        { OPEN + ROOM - 301, long_one, 4096 },
        { LAST + PAGE_SIZE - 5, "last", 4096 },
    };
    int error = lay_out(space);

    if (!error)
        error = map_pages(space, LAST, 1, ACCESS_READ | ACCESS_WRITE);
    if (!error)
        error = aspace_write(space, LAST, page_of_x, PAGE_SIZE);
    memset(long_one, 'y', sizeof(long_one) - 1);
    for (unsigned i = 0; i < array_len(cases) && !error; i++)
        try_string(space, i, &cases[i]);
    return error;
}

KTEST(uaccess_string, "strings that end, or do not, before a page that is not there")
{
    return run_in_space(strings);
}

/* --- pages that are made for it ------------------------------------------------------------------------------------------------------- */

static int untouched(struct address_space *space)
{
    u64 seen = 99, word = 0x77;
    int error = map_pages(space, OPEN, 3, ACCESS_READ | ACCESS_WRITE);

    if (error)
        return error;
    fact(FACT_RESULT, 0, (u64)(s64)copyin(&seen, OPEN + PAGE_SIZE - 4, 8));
    fact(FACT_NOTE, 0, seen);
    fact(FACT_COUNT, 0, space->pages);
    fact(FACT_RESULT, 1, (u64)(s64)copyout(OPEN + 2 * PAGE_SIZE, &word, 8));
    fact(FACT_NOTE, 1, space->pages == 3 ? *(u64 *)byte_of(space, OPEN + 2 * PAGE_SIZE) : 0);
    fact(FACT_COUNT, 1, space->pages);
    return space->pages == 3 ? 0 : -ENOMEM;
}

KTEST(uaccess_untouched, "memory that the program has and never touched")
{
    return run_in_space(untouched);
}

/* COUNT 0: copies that failed. Some 1.5 million instructions, nearly all of them in user_copy(); the first one finds no pages there. */
static int long_copies(struct address_space *space)
{
    u64 failed = 0;
    int error = map_pages(space, OPEN, align_up(sizeof(buffer), PAGE_SIZE) / PAGE_SIZE, ACCESS_READ | ACCESS_WRITE);

    for (unsigned i = 0; i < 1000 && !error && !failed; i++)
        failed += copyout(OPEN, buffer, sizeof(buffer)) != 0;
    fact(FACT_COUNT, 0, failed);
    return failed ? -ENOMEM : error;
}

KTEST(uaccess_long, "copies for so long that the clock ticks in their middle")
{
    return run_in_space(long_copies);
}
