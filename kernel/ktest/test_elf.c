/* Lab 3.3: elf_load(), on the file of elf_file.h: as it is, with one field after the other made wrong, and with some bytes changed at
   random. */
#include "arch/user.h"
#include "base/cmdline.h"
#include "ktest/elf_file.h"
#include "ktest/ktest.h"
#include "ktest/random.h"
#include "ktest/space.h"
#include "lib/errno.h"
#include "mm/failalloc.h"
#include "proc/elf.h"
#include "proc/exec.h"
#include "sched/thread.h"

/* --- a good one ---------------------------------------------------------------------------------------------------------------------- */

static void tell_regions(const struct address_space *space)
{
    list_for_each(it, (struct list *)&space->regions) {
        const vm_region_t *region = list_entry(it, vm_region_t, link);

        fact(FACT_REGION, region->start | region->access, region->end);
    }
}

/* RESULT: va, the byte that the program finds there, or an error. */
static void tell_byte(struct address_space *space, uptr va)
{
    int error = entry_of(space->root, va, 1) ? 0 : aspace_fault(space, va, false, false);
    const char *page = error ? NULL : phys_to_virt(entry_of(space->root, va, 1) & PTE_ADDRESS);

    fact(FACT_RESULT, va, error ? (u64)(s64)error : (u8)page[va & (PAGE_SIZE - 1)]);
}

static int load_good(u64 base)
{
    static const uptr look_at[] = { 0x400000, 0x4011ff, 0x402000, 0x40200f, 0x403010, 0x40304f, 0x403050, 0x403fff, 0x404000, 0x40600f };
    struct address_space *space = aspace_new();
    struct program program = { 0 };
    int error = space ? elf_load(space, &elf_good, &program) : -ENOMEM;

    fact(FACT_RETURNED, 0, (u64)(s64)error);
    if (!error) {
        fact(FACT_NOTE, 0, program.entry);
        fact(FACT_NOTE, 1, program.headers);
        fact(FACT_NOTE, 2, program.nr_headers);
        fact(FACT_NOTE, 3, program.end);
        tell_regions(space);
        for (unsigned i = 0; i < array_len(look_at); i++)
            tell_byte(space, base + look_at[i]);
        fact(FACT_FOUND, 0, elf_byte(0x2050));
    }
    if (space)
        aspace_free(space);
    fact(FACT_COUNT, 0, elf_file_refs);
    return error;
}

/* The file as it is now. Returns the region that begins at `start`, in *end its end (0: there is none), or an error. */
static int load_odd(uptr start, struct program *program, uptr *end)
{
    struct address_space *space = aspace_new();
    int error = space ? elf_load(space, &elf_good, program) : -ENOMEM;
    const vm_region_t *region = error ? NULL : region_find(space, start);

    *end = region ? region->end : 0;
    if (space)
        aspace_free(space);
    return error;
}

/* The program headers again at 0x2050, and the file says so. */
static void move_program_headers(void)
{
    for (unsigned i = 0; i < SEGMENTS * 56; i++)
        elf_put(0x2050 + i, elf_byte(SEGMENT(0) + i), 1);
    elf_put(32, 0x2050, 8);
}

static void tell_odd(u64 number, int error, u64 value)
{
    fact(FACT_NOTE, 10 + number, (u64)(s64)error);
    fact(FACT_NOTE, 20 + number, value);
    elf_file_write();
}

/* Files that are odd, and right. NOTE: 10 and more, what elf_load() said; 20 and more, what came of it. Their numbers: 0: the program
   headers lie right behind the last bytes that a segment has of the file: where they are in memory; 1: a segment has no bytes in the file:
   where its memory ends; 2: one has none in memory either: where the first one ends. */
static void load_odd_segments(void)
{
    struct program program = { .headers = 99 };
    uptr end;
    int error;

    move_program_headers();
    error = load_odd(0x400000, &program, &end);
    tell_odd(0, error, program.headers);
    elf_put_segment(3, 6, 0, 0x500000, 0, 0x2000);
    error = load_odd(0x500000, &program, &end);
    tell_odd(1, error, end);
    elf_put_segment(1, 4, 0, 0, 0, 0);
    error = load_odd(0x400000, &program, &end);
    tell_odd(2, error, end);
}

/* 3: as 0, of a program that may lie anywhere; 4: the program headers are in the last segment, and the one before it has later bytes
   of the file: where; 5: the first instruction is among the constants: where; 6: as many program headers as a file may have: how many. */
static void load_odd_headers(void)
{
    struct program program = { .headers = 99 };
    uptr end;
    int error;

    elf_put(16, OTHER_EXECUTABLE, 2);
    move_program_headers();
    error = load_odd(0x400000, &program, &end);
    tell_odd(3, error, program.headers);
    elf_put_segment(1, 4, 0x2300, 0x402300, 0x10, 0x10);
    elf_put(SEGMENT(2) + FILE_BYTES, 0x200, 8);
    move_program_headers();
    error = load_odd(0x400000, &program, &end);
    tell_odd(4, error, program.headers);
    elf_put(24, 0x402004, 8);
    error = load_odd(0x400000, &program, &end);
    tell_odd(5, error, program.entry);
    elf_put(56, HEADERS_MOST, 2);
    error = load_odd(0x400000, &program, &end);
    tell_odd(6, error, program.nr_headers);
}

KTEST(elf_good, "the regions and the first bytes of a program")
{
    int error = elf_file_open();

    if (error)
        return error;
    error = load_good(0);
    if (!error) {
        load_odd_segments();
        load_odd_headers();
    }
    elf_file_close();
    return failalloc_failed() ? -ENOMEM : error;
}

KTEST(elf_anywhere, "the same, of a program that may lie anywhere")
{
    int error = elf_file_open();

    if (error)
        return error;
    elf_put(16, OTHER_EXECUTABLE, 2);
    error = load_good(0x555540000000); /* PIE_BASE; a program that lies elsewhere has no bytes here */
    elf_file_close();
    return failalloc_failed() ? -ENOMEM : error;
}

/* --- bad ones ------------------------------------------------------------------------------------------------------------------------ */

/* One field made wrong, in the order of grade/phase3/test_3_exec.py. size: 0: the whole file. */
static const struct {
    u64 at, value;
    unsigned n;
    u64 size;
} bad[] = {
    { 0, 0x7f, 4, 0 },
    { 4, 1, 1, 0 },
    { 5, 2, 1, 0 },
    { 16, 1, 2, 0 },
    { 18, 183, 2, 0 },
    { 54, 55, 2, 0 },
    { 56, 0, 2, 0 },
    { 56, 0xffff, 2, 0 },
    { 56, 33, 2, 0 },
    { 32, FILE_SIZE, 8, 0 },
    { 32, -8ul, 8, 0 },
    { 0, 0x464c457f, 4, 63 },
    { 0, 0x464c457f, 4, 100 },
    { 0, 0x464c457f, 4, 0x2020 },
    { SEGMENT(0) + OFFSET, -0x1000ul, 8, 0 },
    { SEGMENT(2) + FILE_BYTES, -0x2000ul, 8, 0 },
    { SEGMENT(2) + BYTES, 0x3f, 8, 0 },
    { SEGMENT(2) + ADDRESS, 0xffffffff80000010, 8, 0 },
    { SEGMENT(2) + ADDRESS, 0xffff800000000010, 8, 0 },
    { SEGMENT(2) + BYTES, -0x403010ul, 8, 0 },
    { SEGMENT(2) + BYTES, -0x3010ul, 8, 0 },
    { SEGMENT(2) + ADDRESS, 0x7fffffffd010, 8, 0 },
    { SEGMENT(0) + ADDRESS, 0, 8, 0 },
    { SEGMENT(1) + ADDRESS, 0x400000, 8, 0 },
    { SEGMENT(2) + ADDRESS, 0x402010, 8, 0 },
    { SEGMENT(2) + ADDRESS, 0x200010, 8, 0 },
    { SEGMENT(2) + OFFSET, 0x2011, 8, 0 },
    { 24, 0x800000, 8, 0 },
    { 24, 0xffffffff80100000, 8, 0 },
    { 24, 1ul << 47, 8, 0 },
    { SEGMENT(1) + TYPE, 3, 4, 0 },
    { SEGMENT(3) + TYPE, 1, 4, 0 },
};

/* What an address space looks like if something that is none of its was let in; 0: it is in order. */
static u64 disorder(const struct address_space *space)
{
    uptr end = USER_START;

    list_for_each(it, (struct list *)&space->regions) {
        const vm_region_t *region = list_entry(it, vm_region_t, link);

        if (region->start < end || region->end <= region->start || region->end > USER_END ||
            (region->start | region->end) & (PAGE_SIZE - 1))
            return region->start;
        end = region->end;
    }
    return 0;
}

/* Loads the file as it is now. RETURNED: step, what elf_load() said; where that is 0 and the space is wrong, FOUND: step, where; 0: the
   first instruction is in no region. */
static int load(u64 step, u64 size, bool tell)
{
    struct address_space *space = aspace_new();
    struct image image = elf_good;
    struct program program = { 0 };
    int error;

    image.size = size;
    error = space ? elf_load(space, &image, &program) : -ENOMEM;
    if (tell)
        fact(FACT_RETURNED, step, (u64)(s64)error);
    if (!error && (disorder(space) || !region_find(space, program.entry)))
        fact(FACT_FOUND, step, disorder(space));
    if (space)
        aspace_free(space);
    return error;
}

/* Three that may lie anywhere: one with a segment where no program may when it is moved, one whose first instruction is in no segment then,
   one with two segments in a page. One that wants an interpreter, and says so first; the same, and it may lie anywhere. */
static void load_moved(u64 step)
{
    elf_file_write();
    elf_put(16, OTHER_EXECUTABLE, 2);
    elf_put(SEGMENT(2) + ADDRESS, 0x7ffffff00010, 8);
    load(step, FILE_SIZE, true);
    elf_file_write();
    elf_put(16, OTHER_EXECUTABLE, 2);
    elf_put(24, 0x800000, 8);
    load(step + 1, FILE_SIZE, true);
    elf_file_write();
    elf_put(16, OTHER_EXECUTABLE, 2);
    elf_put(SEGMENT(2) + ADDRESS, 0x402010, 8);
    load(step + 2, FILE_SIZE, true);
    elf_file_write();
    elf_put(SEGMENT(0) + TYPE, 3, 4);
    elf_put(24, 0x402004, 8);
    load(step + 3, FILE_SIZE, true);
    elf_put(16, OTHER_EXECUTABLE, 2);
    load(step + 4, FILE_SIZE, true);
}

/* One that is no ELF file, whose program headers could not be read if somebody wanted them; and two that are right as far as they can be
   read: up to the program headers, and not at all. */
static void load_unread(u64 step)
{
    elf_file_write();
    elf_put(32, FILE_PAGES * PAGE_SIZE, 8);
    elf_put(0, 0x7f, 4);
    load(step, (FILE_PAGES + 1) * PAGE_SIZE, true);
    elf_file_write();
    elf_put(32, FILE_PAGES * PAGE_SIZE, 8);
    load(step + 1, (FILE_PAGES + 1) * PAGE_SIZE, true);
    elf_file_unread = 1;
    load(step + 2, FILE_SIZE, true);
    elf_file_unread = 0;
}

KTEST(elf_bad, "files with one wrong field each")
{
    int error = elf_file_open();

    if (error)
        return error;
    for (unsigned i = 0; i < array_len(bad); i++) {
        elf_file_write();
        elf_put(bad[i].at, bad[i].value, bad[i].n);
        load(i, bad[i].size ? bad[i].size : FILE_SIZE, true);
    }
    load_moved(array_len(bad));
    load_unread(array_len(bad) + 5);
    fact(FACT_COUNT, 0, elf_file_refs);
    elf_file_close();
    return failalloc_failed() ? -ENOMEM : 0;
}

/* One to three places of the headers changed: a byte, or eight of them to a number of the kind at which sums overflow. */
static void change(u64 *state)
{
    for (u64 n = random_of(state) % 3 + 1; n > 0; n--) {
        u64 at = random_of(state) % SEGMENT(SEGMENTS), value = random_of(state);

        if (value & 1)
            elf_put(at, value >> 8, 1);
        else
            elf_put(at & ~7ul, (value & 2 ? 0 : ~0ul) + (value >> 8 & 0x3fff) - 0x2000, 8);
    }
}

/* COUNT: an error (positive) or 0, how many of 1000, or of so many as rounds= says, gave it. */
KTEST(elf_random, "a thousand files with random changes in their headers")
{
    u64 rounds = option_u64("rounds") ? option_u64("rounds") : 1000;
    u64 state = option_u64("seed") * 2 + 0x9e3779b97f4a7c15, count[64] = { 0 };
    int error = elf_file_open();

    if (error)
        return error;
    for (u64 i = 0; i < rounds; i++) {
        elf_file_write();
        change(&state);
        error = load(i, FILE_SIZE, false);
        count[error > 0 || error < -63 ? 63 : -error]++;
    }
    for (unsigned i = 0; i < array_len(count); i++)
        if (count[i])
            fact(FACT_COUNT, i, count[i]);
    fact(FACT_REFS, 0, elf_file_refs);
    elf_file_close();
    return failalloc_failed() ? -ENOMEM : 0;
}

/* --- exec ---------------------------------------------------------------------------------------------------------------------------- */

#define OLD 0x500000ul

/* NOTE: 0 before and 1 after a bad file: the word in the old program's memory; FOUND: 0: the space is the old one after a bad file, 1: it
   is a new one after a good one; REGION: its first instruction and its stack. */
static int exec(struct address_space *space)
{
    const struct exec_strings strings = { 0 };
    u64 word = 0x01d;
    int error = map_pages(space, OLD, 1, ACCESS_READ | ACCESS_WRITE);

    if (!error)
        error = aspace_write(space, OLD, &word, sizeof(word));
    if (error)
        return error;
    elf_put(SEGMENT(2) + ADDRESS, 0xffffffff80000010, 8);
    error = process_exec(&elf_good, "bad", &strings);
    elf_file_write();
    if (error == -ENOMEM)
        return error;
    fact(FACT_RETURNED, 0, (u64)(s64)error);
    fact(FACT_FOUND, 0, current_process()->space == space && current()->user->root == space->root);
    fact(FACT_NOTE, 0, user_copy(&word, (const void *)OLD, sizeof(word)) ? ~0ul : word);
    error = process_exec(&elf_good, "good", &strings);
    if (error == -ENOMEM)
        return error;
    fact(FACT_RETURNED, 1, (u64)(s64)error);
    fact(FACT_FOUND, 1, current_process()->space != space);
    fact(FACT_NOTE, 1, user_frame(current()->user)->rip);
    fact(FACT_NOTE, 2, user_copy(&word, (const void *)OLD, sizeof(word)) ? ~0ul : word);
    fact(FACT_NOTE, 3, user_copy(&word, (const void *)0x403010, sizeof(word)) ? ~0ul : word);
    return 0;
}

KTEST(elf_exec, "exec of a bad file, and of a good one, by a process that has a program")
{
    int error = elf_file_open();

    if (error)
        return error;
    error = run_in_space(exec);
    elf_file_close();
    return error;
}
