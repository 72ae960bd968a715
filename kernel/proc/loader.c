/* Loaders (loader.h). A program that names one is mapped here, and not by elf_load(), since it is started differently: the loader finds it
   through the auxiliary vector. Every number in both files is a stranger's. No lock: the space is not in use. */
#include "proc/loader.h"
#include "fs/path.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "proc/exec_path.h"
#include "proc/files.h"

#define MAGIC "\177ELF\2\1\1" /* 64 bits, little endian, version 1 */
#define EXECUTABLE 2
#define SHARED 3
#define X86_64 62
#define LOAD 1
#define INTERPRETER 3
#define SEGMENTS_MAX 32
#define PROGRAM_BASE 0x555555554000ul       /* where a program that may lie anywhere lies, as elf_load() has it */
#define LOADER_TOP (USER_END - MIB(128))     /* below what a stack may grow to */

struct header {
    char magic[16];
    u16 type, machine;
    u32 version;
    u64 entry, segments, sections;
    u32 flags;
    u16 size, segment_size, nr_segments;
    u16 others[3];
};

struct segment {
    u32 type, flags;
    u64 offset, address, physical, file_size, size, align;
};

_Static_assert(sizeof(struct header) == 64 && sizeof(struct segment) == 56, "the layout of the ABI");

/* A file's headers, and where its addresses begin. */
struct parts {
    const struct image *image;
    uptr base;
    struct header header;
    struct segment segment[SEGMENTS_MAX];
};

static int read_parts(struct parts *p, const struct image *image)
{
    const struct header *h = &p->header;
    int error = image_read(image, &p->header, 0, sizeof(*h));

    p->image = image;
    p->base = 0;
    if (error)
        return error;
    if (memcmp(h->magic, MAGIC, sizeof(MAGIC) - 1) || h->machine != X86_64 || (h->type != EXECUTABLE && h->type != SHARED) ||
        h->segment_size != sizeof(struct segment) || !h->nr_segments || h->nr_segments > SEGMENTS_MAX)
        return -ENOEXEC;
    return image_read(image, p->segment, h->segments, h->nr_segments * sizeof(p->segment[0]));
}

static const struct segment *find_interpreter(const struct parts *p)
{
    for (const struct segment *s = p->segment; s < p->segment + p->header.nr_segments; s++)
        if (s->type == INTERPRETER)
            return s;
    return NULL;
}

/* --- mapping --- */

static bool fits(const struct parts *p, const struct segment *s)
{
    uptr start = p->base + s->address;

    return s->file_size <= s->size && s->offset <= p->image->size && s->file_size <= p->image->size - s->offset &&
           s->address < USER_END && start >= USER_START && start < USER_END && s->size <= USER_END - start &&
           (s->offset & (PAGE_SIZE - 1)) == (s->address & (PAGE_SIZE - 1));
}

/* What is left of the page behind the file's last byte becomes 0. */
static int clear_tail(struct address_space *space, uptr from)
{
    static const char zeros[256];
    uptr end = align_up(from, PAGE_SIZE);
    int error = 0;

    for (size_t n; from < end && !error; from += n) {
        n = min(end - from, sizeof(zeros));
        error = aspace_write(space, from, zeros, n);
    }
    return error == -EFAULT ? -ENOEXEC : error;
}

static int map_segment(struct address_space *space, const struct parts *p, const struct segment *s)
{
    const u32 access = (s->flags & 4 ? ACCESS_READ : 0) | (s->flags & 2 ? ACCESS_WRITE : 0) | (s->flags & 1 ? ACCESS_EXEC : 0);
    uptr start = p->base + s->address, file_end = start + s->file_size;
    vm_region_t file = { .start = align_down(start, PAGE_SIZE), .end = align_up(file_end, PAGE_SIZE), .access = access,
                         .ops = p->image->ops, .object = p->image->object, .first = s->offset >> PAGE_SHIFT };
    vm_region_t rest = { .start = s->file_size ? file.end : file.start, .end = align_up(start + s->size, PAGE_SIZE), .access = access };
    int error = s->file_size ? aspace_map(space, &file) : 0;

    if (!error && s->file_size && s->size > s->file_size)
        error = clear_tail(space, file_end);
    return !error && rest.start < rest.end ? aspace_map(space, &rest) : error;
}

/* All segments, which ascend and share no page. *end: behind the last byte. */
static int map_parts(struct address_space *space, const struct parts *p, uptr *headers, uptr *end)
{
    const struct header *h = &p->header;
    uptr free = 0;

    for (const struct segment *s = p->segment; s < p->segment + h->nr_segments; s++) {
        int error;

        if (s->type != LOAD || !s->size)
            continue;
        if (!fits(p, s) || align_down(p->base + s->address, PAGE_SIZE) < free)
            return -ENOEXEC;
        error = map_segment(space, p, s);
        if (error)
            return error;
        *end = p->base + s->address + s->size;
        free = align_up(*end, PAGE_SIZE);
        if (s->offset <= h->segments && h->segments < s->offset + s->file_size)
            *headers = p->base + s->address + (h->segments - s->offset);
    }
    return region_find(space, p->base + h->entry) ? 0 : -ENOEXEC;
}

/* --- the loader --- */

/* A file that ends before is an error of its own. */
static int read_all(const struct image *image, void *to, u64 at, size_t n)
{
    int error = image_read(image, to, at, n);

    return error == -ENOEXEC ? -EIO : error;
}

static struct file *open_loader(const struct parts *p, int *error)
{
    const struct segment *s = find_interpreter(p);
    char *path = path_buffer();
    struct file *file = NULL;

    *error = !path ? -ENOMEM : s->file_size < 2 || s->file_size > PATH_MAX ? -ENOEXEC : 0;
    if (!*error)
        *error = read_all(p->image, path, s->offset, s->file_size);
    if (!*error && path[s->file_size - 1])
        *error = -ENOEXEC;
    if (!*error && !path[0])
        *error = -EACCES; /* that is the caller's folder */
    if (!*error)
        file = exec_open(path, error);
    path_free(path);
    return file;
}

/* Puts the loader's segments into a gap as long as they are together. */
static int place(struct address_space *space, struct parts *p)
{
    uptr first = USER_END, end = 0, at;

    for (const struct segment *s = p->segment; s < p->segment + p->header.nr_segments; s++) {
        if (s->type != LOAD || !s->size)
            continue;
        if (s->address >= USER_END || s->size >= USER_END - s->address)
            return -ENOEXEC;
        first = min(first, align_down(s->address, PAGE_SIZE));
        end = max(end, align_up(s->address + s->size, PAGE_SIZE));
    }
    at = p->header.type == SHARED && first < end ? aspace_gap(space, end - first, LOADER_TOP) : 0;
    p->base = at - first;
    return at ? 0 : -ENOEXEC;
}

static int as_loader(int error)
{
    return error == -ENOEXEC ? -ELIBBAD : error;
}

static int read_loader(struct parts *p, const struct image *image)
{
    int error = read_all(image, &p->header, 0, sizeof(p->header));

    return error ? error : as_loader(read_parts(p, image));
}

/* The program is mapped already. */
static int map_loader(struct address_space *space, struct parts *p, struct program *program)
{
    uptr headers, end;
    int error = place(space, p);

    if (!error)
        error = map_parts(space, p, &headers, &end);
    program->loader = p->base;
    program->start = p->base + p->header.entry;
    return as_loader(error);
}

static int map_both(struct address_space *space, struct parts *p, struct parts *loader, struct program *program)
{
    int error;

    p->base = p->header.type == SHARED ? PROGRAM_BASE : 0;
    *program = (struct program){ .entry = p->base + p->header.entry, .nr_headers = p->header.nr_segments };
    error = map_parts(space, p, &program->headers, &program->end);
    return error ? error : map_loader(space, loader, program);
}

static int load_both(struct address_space *space, struct parts both[2], struct program *program)
{
    int error;
    struct file *file = open_loader(&both[0], &error);
    struct image image;

    if (!file)
        return error;
    image = exec_image(file);
    error = file->ops->page ? read_loader(&both[1], &image) : -EACCES;
    if (!error)
        error = map_both(space, &both[0], &both[1], program);
    file_put(file);
    return error;
}

int program_load(struct address_space *space, const struct image *image, struct program *program)
{
    struct parts *both = kmalloc(2 * sizeof(*both));
    bool alone;
    int error;

    if (!both)
        return -ENOMEM;
    alone = read_parts(&both[0], image) || !find_interpreter(&both[0]);
    error = alone ? elf_load(space, image, program) : load_both(space, both, program);
    kfree(both);
    return error;
}
