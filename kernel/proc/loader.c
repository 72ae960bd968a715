/* Loaders (loader.h). A program that names one is mapped here, and not by elf_load(), since it is started differently: the loader finds it
   through the auxiliary vector. Every number in both files is a stranger's. No lock: the space is not in use. */
#include "proc/loader.h"
#include "fs/path.h"
#include "lib/errno.h"
#include "mm/slab.h"
#include "proc/exec_path.h"
#include "proc/files.h"
#include "proc/segment.h"

#define LOADER_TOP (USER_END - MIB(128)) /* below what a stack may grow to */

/* A file's headers, and where its addresses begin. */
struct parts {
    const struct image *image;
    uptr base;
    struct elf_header header;
    struct elf_segment segment[HEADERS_MAX];
};

static int read_parts(struct parts *p, const struct image *image)
{
    const struct elf_header *h = &p->header;
    int error = image_read(image, &p->header, 0, sizeof(*h));

    p->image = image;
    p->base = 0;
    if (error)
        return error;
    return elf_header_fits(h) ? image_read(image, p->segment, h->program_headers, h->nr_program_headers * sizeof(p->segment[0])) : -ENOEXEC;
}

static const struct elf_segment *find_interpreter(const struct parts *p)
{
    for (const struct elf_segment *s = p->segment; s < p->segment + p->header.nr_program_headers; s++)
        if (s->type == SEGMENT_INTERPRETER)
            return s;
    return NULL;
}

/* --- mapping --- */

/* All segments, which ascend and share no page. *end: behind the last byte. */
static int map_parts(struct address_space *space, const struct parts *p, uptr *headers, uptr *end)
{
    const struct elf_header *h = &p->header;
    uptr free = 0;

    for (const struct elf_segment *s = p->segment; s < p->segment + h->nr_program_headers; s++) {
        int error;

        if (s->type != SEGMENT_LOAD || !s->size)
            continue;
        if (!elf_segment_fits(s, p->image, p->base) || align_down(p->base + s->address, PAGE_SIZE) < free)
            return -ENOEXEC;
        error = elf_map_segment(space, s, p->image, p->base);
        if (error)
            return error;
        *end = p->base + s->address + s->size;
        free = align_up(*end, PAGE_SIZE);
        if (s->offset <= h->program_headers && h->program_headers < s->offset + s->file_size)
            *headers = p->base + s->address + (h->program_headers - s->offset);
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
    const struct elf_segment *s = find_interpreter(p);
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

    for (const struct elf_segment *s = p->segment; s < p->segment + p->header.nr_program_headers; s++) {
        if (s->type != SEGMENT_LOAD || !s->size)
            continue;
        if (s->address >= USER_END || s->size >= USER_END - s->address)
            return -ENOEXEC;
        first = min(first, align_down(s->address, PAGE_SIZE));
        end = max(end, align_up(s->address + s->size, PAGE_SIZE));
    }
    at = p->header.type == ELF_SHARED && first < end ? aspace_gap(space, end - first, LOADER_TOP) : 0;
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

    p->base = p->header.type == ELF_SHARED ? PIE_BASE : 0;
    *program = (struct program){ .entry = p->base + p->header.entry, .nr_headers = p->header.nr_program_headers };
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
