/* What an ELF file says of itself, and its segments as memory: System V ABI, AMD64 supplement. Every number in the file is a stranger's:
   it is used only after it was compared with what it may be. */
#pragma once

#include "proc/image.h"

#define ELF_EXECUTABLE 2
#define ELF_SHARED 3 /* and every program that may lie anywhere */
#define SEGMENT_LOAD 1
#define SEGMENT_INTERPRETER 3
#define HEADERS_MAX 32 /* segments that a file may have */
#define PIE_BASE 0x555540000000ul /* where a program that may lie anywhere lies: whatever its segments want to be aligned to, up to 1 GiB */

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

/* Whether this is the header of a program, or of a library, for this kernel. */
bool elf_header_fits(const struct elf_header *h);
/* Whether a segment lies in the file, and, moved by `base`, within the addresses that programs have. */
bool elf_segment_fits(const struct elf_segment *s, const struct image *image, uptr base);
/* Maps a segment that fits into a space that nobody uses yet. Returns 0; -ENOEXEC, if the page of the file's last byte has to be cleared
   and may not be written; -ENOMEM, -EIO. */
int elf_map_segment(struct address_space *space, const struct elf_segment *s, const struct image *image, uptr base);
