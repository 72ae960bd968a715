/* A second solution of lab 3.3: program headers read one by one. */
#include "proc/elf.h"
#include "arch/upcall.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "proc/segment.h"

/* Whether a segment may be loaded after one that ends in the page before `free`. */
static bool may_load(const struct elf_segment *s, const struct image *image, uptr base, uptr free)
{
    return elf_segment_fits(s, image, base) && align_down(base + s->address, PAGE_SIZE) >= free;
}

/* One program header. *free: the first address behind those loaded by then. */
static int load_one(struct address_space *space, const struct image *image, const struct elf_header *h, const struct elf_segment *s,
                    struct program *program, uptr base, uptr *free)
{
    uptr start = base + s->address;
    u64 into = h->program_headers - s->offset;
    int error;

    if (s->type == SEGMENT_INTERPRETER)
        return -ENOEXEC;
    if (s->type != SEGMENT_LOAD || s->size == 0)
        return 0;
    if (!may_load(s, image, base, *free))
        return -ENOEXEC;
    error = elf_map_segment(space, s, image, base);
    if (error)
        return error;
    if (into < s->file_size && h->program_headers >= s->offset)
        program->headers = start + into;
    program->end = start + s->size;
    *free = align_up(program->end, PAGE_SIZE);
    return 0;
}

int elf_load(struct address_space *space, const struct image *image, struct program *program)
{
    struct elf_header h;
    uptr free = 0, base;
    int error = image_read(image, &h, 0, sizeof(h));

    if (error)
        return error;
    if (!elf_header_fits(&h))
        return -ENOEXEC;
    base = h.type == ELF_SHARED ? PIE_BASE : 0;
    memset(program, 0, sizeof(*program));
    program->nr_headers = h.nr_program_headers;
    program->entry = h.entry + base;
    for (unsigned i = 0; i < h.nr_program_headers && !error; i++) {
        struct elf_segment s;
        u64 at;

        if (__builtin_add_overflow(h.program_headers, i * sizeof(s), &at))
            return -ENOEXEC;
        error = image_read(image, &s, at, sizeof(s));
        if (!error)
            error = load_one(space, image, &h, &s, program, base, &free);
    }
    if (!error && !region_find(space, program->entry))
        error = -ENOEXEC;
    return error;
}
