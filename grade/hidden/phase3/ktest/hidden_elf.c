/* Random programs: some to be loaded, some with one field made wrong, which are none. */
#include "ktest/hidden.h"
#include "ktest/space.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "proc/elf.h"

#define FILE_PAGES 20
#define FILE_SIZE  (FILE_PAGES * PAGE_SIZE)
#define PROGRAMS   12
#define WRONG      14 /* kinds of wrong fields; each is tried on each program */
#define SEGMENTS   6  /* at most, that are loaded */
#define HEADERS    32
#define OTHER_EXECUTABLE 3
#define PIE_BASE   0x555540000000ul

struct header {
    u32 type, flags;
    u64 offset, address, physical, file_size, size, align;
};

struct segment { /* what is loaded */
    unsigned header;
    u64 offset, address, file_size, size;
};

static struct frame *file_page[FILE_PAGES];
static u64 file_refs, unreadable;
static u64 table, base; /* where the program headers are; what is added to all addresses */
static struct segment segment[SEGMENTS];
static unsigned nr_segments, nr_headers;

static struct frame *page(void *object, u64 index, int *error)
{
    (void)object;
    *error = -EIO;
    if (index >= FILE_PAGES || index == unreadable)
        return NULL;
    frame_get(file_page[index]);
    return file_page[index];
}

static void hold(void *object)
{
    (void)object;
    file_refs++;
}

static void release(void *object)
{
    (void)object;
    file_refs--;
}

static const struct vm_object_ops file_ops = { .page = page, .get = hold, .put = release };

static u8 *byte(u64 at)
{
    return (u8 *)frame_to_virt(file_page[at >> PAGE_SHIFT]) + (at & (PAGE_SIZE - 1));
}

static void put(u64 at, u64 value, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        *byte(at + i) = (u8)(value >> (8 * i));
}

static void put_bytes(u64 at, const void *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        *byte(at + i) = ((const u8 *)from)[i];
}

/* --- a program that is right ---------------------------------------------------------------------------------------------------------- */

static void put_header(unsigned n, const struct header *h)
{
    put_bytes(table + n * sizeof(*h), h, sizeof(*h));
}

/* A header that asks for nothing. */
static void put_other(u64 *draws, unsigned n)
{
    static const u32 types[] = { 0, 4, 6, 7, 0x6474e550, 0x6474e551, 1 };
    struct header h = { .type = types[draw(draws, array_len(types))], .align = 8 };

    h.flags = (u32)draw(draws, 8);
    h.offset = draw(draws, FILE_SIZE);
    h.address = draw(draws, 1ul << 31);
    h.file_size = h.type == 1 ? 0 : draw(draws, PAGE_SIZE);
    h.size = h.type == 1 ? 0 : h.file_size; /* one to be loaded, of no size */
    put_header(n, &h);
}

/* The next segment, behind `end`. Its contents come from anywhere in the file, also from where its headers are. */
static u64 put_segment(u64 *draws, unsigned n, u64 end)
{
    static const u32 flags[] = { 4, 5, 6, 7 };
    struct header h = { .type = 1, .align = PAGE_SIZE };
    u64 in_page = draw(draws, 3) ? draw(draws, PAGE_SIZE) : 0, bss = draw(draws, 3);

    h.address = align_up(end, PAGE_SIZE) + (draw(draws, 2) ? draw(draws, 40) << PAGE_SHIFT : 0) + in_page;
    h.offset = draw(draws, 4) ? (draw(draws, FILE_PAGES - 4) << PAGE_SHIFT) + in_page : (table & ~(PAGE_SIZE - 1)) + in_page;
    h.file_size = draw(draws, 5) ? 1 + draw(draws, 2 * PAGE_SIZE) : 0;
    h.file_size = min(h.file_size, FILE_SIZE - h.offset);
    h.size = h.file_size + (bss == 0 ? 0 : bss == 1 ? draw(draws, 300) : draw(draws, 5 * PAGE_SIZE));
    h.size += !h.size;
    h.flags = flags[draw(draws, array_len(flags))] | (h.size > h.file_size ? 2 : 0);
    put_header(n, &h);
    segment[nr_segments++] = (struct segment){ n, h.offset, h.address, h.file_size, h.size };
    return h.address + h.size;
}

static void write_program(u64 *draws)
{
    u64 salt = draw(draws, 256), wanted = 1 + draw(draws, SEGMENTS), others = draw(draws, draw(draws, 2) ? 5 : HEADERS - wanted + 1), end;
    bool anywhere = draw(draws, 2);
    const struct segment *in;

    for (u64 i = 0; i < FILE_SIZE; i++)
        *byte(i) = (u8)(i * 13 + (i >> 8) * 5 + salt);
    base = anywhere ? PIE_BASE : 0;
    end = (anywhere ? 0 : USER_START) + (draw(draws, 1ul << 20) << PAGE_SHIFT);
    nr_headers = (unsigned)(wanted + others);
    table = draw(draws, 2) ? 64 : 64 + draw(draws, FILE_SIZE - 64 - HEADERS * sizeof(struct header));
    nr_segments = 0;
    for (unsigned n = 0; n < nr_headers; n++) {
        u64 left = nr_headers - n;

        if (wanted > nr_segments && draw(draws, left) < wanted - nr_segments)
            end = put_segment(draws, n, end);
        else
            put_other(draws, n);
    }
    for (unsigned i = 0; i < 64; i++)
        put(i, 0, 1);
    put(0, 0x464c457f, 4);
    put(4, 0x00010102, 4);
    put(16, anywhere ? OTHER_EXECUTABLE : 2, 2);
    put(18, 62, 2);
    put(20, 1, 4);
    put(52, 64, 2);
    in = &segment[draw(draws, nr_segments)];
    put(24, in->address + draw(draws, in->size), 8);
    put(32, table, 8);
    put(54, sizeof(struct header), 2);
    put(56, nr_headers, 2);
}

/* --- what becomes of it -------------------------------------------------------------------------------------------------------------- */

/* What a page has from `from` up to `to`; ~0ul: nothing is there. */
static u64 sum(struct address_space *space, uptr from, uptr to)
{
    int error = entry_of(space->root, from, 1) ? 0 : aspace_fault(space, from, false, false);
    const u8 *bytes = error ? NULL : phys_to_virt(entry_of(space->root, from, 1) & PTE_ADDRESS);
    u64 h = to - from;

    for (uptr at = from; at < to && bytes; at++)
        h = h * 31 + bytes[at & (PAGE_SIZE - 1)];
    return bytes ? h : ~0ul;
}

/* REGION: a page's address, its access; RESULT: the first byte's address, the sum of what is there; COUNT: pages in all regions. */
static void tell_space(struct address_space *space)
{
    u64 pages = 0;

    for (const struct segment *s = segment; s < segment + nr_segments; s++) {
        uptr start = base + s->address, end = start + s->size;

        for (uptr at = start; at < end; at = align_down(at, PAGE_SIZE) + PAGE_SIZE) {
            const vm_region_t *region = region_find(space, at);

            fact(FACT_REGION, align_down(at, PAGE_SIZE), region ? region->access : 0);
            fact(FACT_RESULT, at, sum(space, at, min(end, align_down(at, PAGE_SIZE) + PAGE_SIZE)));
        }
    }
    list_for_each(it, &space->regions) {
        const vm_region_t *region = list_entry(it, vm_region_t, link);

        pages += (region->end - region->start) >> PAGE_SHIFT;
    }
    fact(FACT_COUNT, 0, pages);
}

/* RETURNED: step, what elf_load() said; NOTE: 0 entry, 1 headers, 2 how many, 3 end. LINKED: references to the file that are left. */
static int load(u64 step, u64 size, bool tell)
{
    struct address_space *space = aspace_new();
    const struct image image = { .ops = &file_ops, .object = file_page, .size = size };
    struct program program = { 0 };
    int error = space ? elf_load(space, &image, &program) : -ENOMEM;

    fact(FACT_RETURNED, step, (u64)(s64)error);
    if (!error && tell) {
        fact(FACT_NOTE, 0, program.entry);
        fact(FACT_NOTE, 1, program.headers);
        fact(FACT_NOTE, 2, program.nr_headers);
        fact(FACT_NOTE, 3, program.end);
        tell_space(space);
    }
    if (space)
        aspace_free(space);
    fact(FACT_LINKED, step, file_refs);
    return 0;
}

/* --- one field made wrong ------------------------------------------------------------------------------------------------------------- */

#define FIELD(n, name) (table + (n) * sizeof(struct header) + offsetof(struct header, name))

/* In the file's header. */
static void wrong_header(u64 *draws, u64 kind)
{
    static const u64 machine[] = { 3, 40, 183, 243 };
    u64 bytes = nr_headers * sizeof(struct header);

    if (kind == 0)
        put(draw(draws, 7), 0x3b ^ draw(draws, 8), 1);
    else if (kind == 1)
        put(16, draw(draws, 2) ? draw(draws, 2) : 4 + draw(draws, 60000), 2);
    else if (kind == 2)
        put(18, machine[draw(draws, array_len(machine))], 2);
    else if (kind == 3)
        put(54, draw(draws, 2) ? draw(draws, 56) : 57 + draw(draws, 60000), 2);
    else if (kind == 4)
        put(56, draw(draws, 4) ? HEADERS + 1 + draw(draws, 65000) : 0, 2);
    else if (kind == 5)
        put(32, draw(draws, 2) ? FILE_SIZE - bytes + 1 + draw(draws, 99999) : 0ul - 1 - draw(draws, 99999), 8);
    else /* a first instruction where nothing is, or at an address that is moved to one of no program's */
        put(24, draw(draws, 2) ? segment[nr_segments - 1].address + segment[nr_segments - 1].size + PAGE_SIZE + draw(draws, 1ul << 30)
                               : KERNEL_BASE + draw(draws, 1ul << 30), 8);
}

/* In a segment that is loaded: s, behind `before` if there is one. */
static void wrong_segment(u64 *draws, u64 kind, const struct segment *s, const struct segment *before)
{
    u64 pages = draw(draws, 1000) << PAGE_SHIFT, in_page = s->address & (PAGE_SIZE - 1);
    uptr start = base + s->address;

    if (kind == 7 && s->file_size)
        put(FIELD(s->header, offset), draw(draws, 2) ? align_up(FILE_SIZE, PAGE_SIZE) + pages + in_page : in_page - pages - PAGE_SIZE, 8);
    else if (kind == 7)
        put(FIELD(s->header, type), 3, 4);
    else if (kind == 8)
        put(FIELD(s->header, offset), s->offset ^ (1 + draw(draws, PAGE_SIZE - 1)), 8);
    else if (kind == 9 && s->offset >= PAGE_SIZE && draw(draws, 2))
        put(FIELD(s->header, file_size), draw(draws, 999) - s->offset, 8);
    else if (kind == 9)
        put(FIELD(s->header, file_size), s->size + 1 + draw(draws, 99999), 8);
    else if (kind == 10)
        put(FIELD(s->header, size), draw(draws, 2) ? USER_END - start + 1 + pages : 0ul - start + draw(draws, 1ul << 20), 8);
    else if (kind == 11)
        put(FIELD(s->header, address), (draw(draws, 2) ? KERNEL_BASE : 0xffff800000000000ul) + pages + in_page, 8);
    else if (kind == 12 && before) /* where the one before it is, or below */
        put(FIELD(s->header, address), align_down(before->address + draw(draws, before->size), PAGE_SIZE) + in_page, 8);
    else if (kind == 12)
        put(FIELD(s->header, address), 0ul - base + in_page, 8);
    else
        put(FIELD(s->header, type), 3, 4);
}

/* The same program with a wrong field, and as it was. STEP: program << 8 | kind. */
static void try_wrong(u64 program, u64 kind)
{
    u64 draws = draws_of(100 + program * WRONG + kind), size = FILE_SIZE;
    u8 header[64], headers[HEADERS * sizeof(struct header)];
    unsigned n = (unsigned)draw(&draws, nr_segments);

    for (unsigned i = 0; i < sizeof(header); i++)
        header[i] = *byte(i);
    for (unsigned i = 0; i < sizeof(headers); i++)
        headers[i] = *byte(table + i);
    if (kind == WRONG)
        unreadable = table >> PAGE_SHIFT;
    else if (kind == WRONG + 1)
        size = table + draw(&draws, nr_headers * sizeof(struct header));
    else if (kind < 7)
        wrong_header(&draws, kind);
    else
        wrong_segment(&draws, kind, &segment[n], n ? &segment[n - 1] : NULL);
    load(program << 8 | (kind + 1), size, false);
    unreadable = ~0ul;
    put_bytes(table, headers, sizeof(headers));
    put_bytes(0, header, sizeof(header));
}

static int programs(void)
{
    u64 draws = draws_of(0);

    file_refs = 0;
    unreadable = ~0ul;
    for (u64 i = 0; i < PROGRAMS; i++) {
        write_program(&draws);
        load(i << 8, FILE_SIZE, true);
        for (u64 kind = 0; kind < WRONG + 2; kind++)
            try_wrong(i, kind);
    }
    return 0;
}

KTEST(hidden_elf, "programs to be loaded, and what is none, as the seed decides")
{
    int error = 0;

    for (unsigned i = 0; i < FILE_PAGES; i++) {
        file_page[i] = page_new();
        error = file_page[i] ? error : -ENOMEM;
    }
    if (!error)
        error = programs();
    for (unsigned i = 0; i < FILE_PAGES; i++)
        if (file_page[i])
            frame_put(file_page[i]);
    return error;
}
