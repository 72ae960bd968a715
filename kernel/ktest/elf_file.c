/* The file of elf_file.h: its pages are what a file's cache would have. One test at a time. */
#include "ktest/elf_file.h"
#include "ktest/space.h"
#include "lib/errno.h"
#include "lib/string.h"

static struct frame *file[FILE_PAGES];
u64 elf_file_refs, elf_file_unread;

static struct frame *file_page(void *object, u64 index, int *error)
{
    (void)object;
    *error = -EIO;
    if (index < elf_file_unread || index >= FILE_PAGES)
        return NULL;
    frame_get(file[index]);
    return file[index];
}

static void file_hold(void *object)
{
    (void)object;
    elf_file_refs++;
}

static void file_release(void *object)
{
    (void)object;
    elf_file_refs--;
}

static const struct vm_object_ops file_ops = { .page = file_page, .get = file_hold, .put = file_release };
const struct image elf_good = { .ops = &file_ops, .object = file, .size = FILE_SIZE };

void elf_put(u64 at, u64 value, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        ((u8 *)frame_to_virt(file[(at + i) >> PAGE_SHIFT]))[(at + i) & (PAGE_SIZE - 1)] = (u8)(value >> (8 * i));
}

u8 elf_byte(u64 at)
{
    return ((u8 *)frame_to_virt(file[at >> PAGE_SHIFT]))[at & (PAGE_SIZE - 1)];
}

void elf_put_segment(unsigned i, u32 flags, u64 offset, u64 address, u64 file_bytes, u64 bytes)
{
    elf_put(SEGMENT(i) + TYPE, 1, 4);
    elf_put(SEGMENT(i) + 4, flags, 4);
    elf_put(SEGMENT(i) + OFFSET, offset, 8);
    elf_put(SEGMENT(i) + ADDRESS, address, 8);
    elf_put(SEGMENT(i) + 24, address, 8);
    elf_put(SEGMENT(i) + FILE_BYTES, file_bytes, 8);
    elf_put(SEGMENT(i) + BYTES, bytes, 8);
    elf_put(SEGMENT(i) + 48, PAGE_SIZE, 8);
}

void elf_file_write(void)
{
    for (unsigned i = 0; i < FILE_PAGES; i++)
        memset(frame_to_virt(file[i]), 0xff, PAGE_SIZE);
    for (unsigned i = 0; i < 64; i++)
        elf_put(i, 0, 1);
    elf_put(0, 0x464c457f, 4);
    elf_put(4, 0x00010102, 4); /* 64 bits, little endian, version 1 */
    elf_put(16, 2, 2);         /* to be executed where it says */
    elf_put(18, 62, 2);        /* x86-64 */
    elf_put(20, 1, 4);
    elf_put(24, 0x400100, 8);
    elf_put(32, 64, 8);
    elf_put(52, 64, 2);
    elf_put(54, 56, 2);
    elf_put(56, SEGMENTS, 2);
    elf_put_segment(0, 5, 0, 0x400000, 0x1200, 0x1200);
    elf_put_segment(1, 4, 0x2000, 0x402000, 0x10, 0x10);
    elf_put_segment(2, 6, 0x2010, 0x403010, 0x40, 0x3000);
    elf_put_segment(3, 4, 0x2000, 0x405000, 0x10, 0x10);
    elf_put(SEGMENT(3) + TYPE, 4, 4); /* a note: not to be loaded */
    for (unsigned i = 0; i < 0x50; i++)
        elf_put(0x2000 + i, 0x80 + i, 1);
}

void elf_file_close(void)
{
    for (unsigned i = 0; i < FILE_PAGES; i++)
        if (file[i])
            frame_put(file[i]);
}

int elf_file_open(void)
{
    elf_file_refs = elf_file_unread = 0;
    for (unsigned i = 0; i < FILE_PAGES; i++)
        file[i] = page_new();
    for (unsigned i = 0; i < FILE_PAGES; i++)
        if (!file[i]) {
            elf_file_close();
            return -ENOMEM;
        }
    elf_file_write();
    return 0;
}
