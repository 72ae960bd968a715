/* A second solution of lab 3.3: program headers read one by one. */
#include "proc/elf.h"
#include "arch/upcall.h"
#include "lib/errno.h"
#include "lib/string.h"

#define ELF_MAGIC 0x464c457fu /* 0x7f, "ELF" */
#define ELF_CLASS_64 2
#define ELF_LITTLE_ENDIAN 1
#define ELF_VERSION 1
#define ELF_EXECUTABLE 2
#define ELF_SHARED 3 /* and every program that may lie anywhere */
#define ELF_X86_64 62
#define SEGMENT_LOAD 1
#define SEGMENT_INTERPRETER 3
#define SEGMENT_EXECUTE 1
#define SEGMENT_WRITE 2
#define SEGMENT_READ 4
#define HEADERS_MAX 32
#define PIE_BASE 0x555555554000ul /* where a program that may lie anywhere lies */

struct elf_header {
    u32 magic;
    u8 class, data, version, abi;
    u8 padding[8];
    u16 type, machine;
    u32 version2;
    u64 entry;
    u64 program_headers, section_headers; /* bytes into the file */
    u32 flags;
    u16 size;
    u16 program_header_size, nr_program_headers;
    u16 section_header_size, nr_section_headers, names;
};

struct elf_segment {
    u32 type, flags;
    u64 offset;             /* bytes into the file */
    u64 address, physical;
    u64 file_size;          /* bytes that the file has of it */
    u64 size;               /* bytes that it has in memory; what the file has not is 0 */
    u64 align;
};

_Static_assert(sizeof(struct elf_header) == 64 && sizeof(struct elf_segment) == 56, "the layout of the ABI");

int image_read(const struct image *image, void *to, u64 at, size_t n)
{
    if (at > image->size || n > image->size - at)
        return -ENOEXEC;
    for (size_t done = 0, now; done < n; done += now) {
        int error;
        struct frame *page = image->ops->page(image->object, (at + done) >> PAGE_SHIFT, &error);

        if (!page)
            return error;
        now = min(n - done, PAGE_SIZE - ((at + done) & (PAGE_SIZE - 1)));
        memcpy((char *)to + done, (const char *)frame_to_virt(page) + ((at + done) & (PAGE_SIZE - 1)), now);
        frame_put(page);
    }
    return 0;
}

static bool header_fits(const struct elf_header *h)
{
    return h->magic == ELF_MAGIC && h->class == ELF_CLASS_64 && h->data == ELF_LITTLE_ENDIAN && h->version == ELF_VERSION &&
           (h->type == ELF_EXECUTABLE || h->type == ELF_SHARED) && h->machine == ELF_X86_64 &&
           h->program_header_size == sizeof(struct elf_segment) && h->nr_program_headers && h->nr_program_headers <= HEADERS_MAX;
}

static bool segment_fits(const struct elf_segment *s, const struct image *image, uptr base)
{
    uptr start = base + s->address;

    return s->file_size <= s->size && s->offset <= image->size && s->file_size <= image->size - s->offset &&
           s->address < USER_END && start >= USER_START && start < USER_END && s->size <= USER_END - start &&
           (s->offset & (PAGE_SIZE - 1)) == (s->address & (PAGE_SIZE - 1));
}

static u32 access_of(const struct elf_segment *s)
{
    return (s->flags & SEGMENT_READ ? ACCESS_READ : 0) | (s->flags & SEGMENT_WRITE ? ACCESS_WRITE : 0) |
           (s->flags & SEGMENT_EXECUTE ? ACCESS_EXEC : 0);
}

/* Behind the file's last byte in its last page, the page has the file's next bytes: they become 0. */
static int clear_tail(struct address_space *space, uptr from)
{
    static const char zeroes[256];
    uptr end = align_up(from, PAGE_SIZE);

    for (size_t now; from < end; from += now) {
        int error;

        now = min(end - from, sizeof(zeroes));
        error = aspace_write(space, from, zeroes, now);
        if (error)
            return error == -EFAULT ? -ENOEXEC : error; /* not a segment that may be written */
    }
    return 0;
}

/* Two regions at most: the pages that the file has something of, and behind them anonymous memory. */
static int map_segment(struct address_space *space, const struct elf_segment *s, const struct image *image, uptr base)
{
    uptr start = base + s->address, file_end = align_up(start + s->file_size, PAGE_SIZE), end = align_up(start + s->size, PAGE_SIZE);
    vm_region_t file = {
        .start = align_down(start, PAGE_SIZE), .end = file_end, .access = access_of(s),
        .ops = image->ops, .object = image->object, .first = s->offset >> PAGE_SHIFT,
    };
    vm_region_t rest = { .start = s->file_size ? file_end : file.start, .end = end, .access = file.access };
    int error = 0;

    if (s->file_size)
        error = aspace_map(space, &file);
    if (!error && s->file_size && s->size > s->file_size)
        error = clear_tail(space, start + s->file_size);
    if (!error && rest.start < rest.end)
        error = aspace_map(space, &rest);
    return error;
}

/* Whether a segment may be loaded after one that ends in the page before `free`. */
static bool may_load(const struct elf_segment *s, const struct image *image, uptr base, uptr free)
{
    return segment_fits(s, image, base) && align_down(base + s->address, PAGE_SIZE) >= free;
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
    error = map_segment(space, s, image, base);
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
    if (!header_fits(&h))
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
