/* Headers that are compared, and segments that become regions (segment.h); the pages come when they are touched. No lock: the space is not
   in use. */
#include "proc/segment.h"
#include "lib/errno.h"

#define ELF_MAGIC 0x464c457fu /* 0x7f, "ELF" */
#define ELF_CLASS_64 2
#define ELF_LITTLE_ENDIAN 1
#define ELF_VERSION 1
#define ELF_X86_64 62
#define SEGMENT_EXECUTE 1
#define SEGMENT_WRITE 2
#define SEGMENT_READ 4

bool elf_header_fits(const struct elf_header *h)
{
    return h->magic == ELF_MAGIC && h->class == ELF_CLASS_64 && h->data == ELF_LITTLE_ENDIAN && h->version == ELF_VERSION &&
           (h->type == ELF_EXECUTABLE || h->type == ELF_SHARED) && h->machine == ELF_X86_64 &&
           h->program_header_size == sizeof(struct elf_segment) && h->nr_program_headers && h->nr_program_headers <= HEADERS_MAX;
}

bool elf_segment_fits(const struct elf_segment *s, const struct image *image, uptr base)
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
int elf_map_segment(struct address_space *space, const struct elf_segment *s, const struct image *image, uptr base)
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
