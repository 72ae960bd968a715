/* A program's file for the tests of lab 3.3: text of two pages, constants of 16 bytes, data of 64 bytes with 12 KiB in all, and a note. All
   behind the headers that no segment says is 0xff. */
#pragma once

#include "proc/image.h"

#define FILE_PAGES 3
#define FILE_SIZE 0x2400 /* bytes */
#define SEGMENTS 4
#define SEGMENT(i) (64 + 56 * (i))
#define TYPE 0
#define OFFSET 8
#define ADDRESS 16
#define FILE_BYTES 32
#define BYTES 40
#define OTHER_EXECUTABLE 3
#define HEADERS_MOST 32 /* as proc/segment.h has it */

extern const struct image elf_good;
extern u64 elf_file_refs;   /* of regions */
extern u64 elf_file_unread; /* pages at the beginning that cannot be read */

/* Takes the pages and writes the file into them. Returns 0 or -ENOMEM. */
int elf_file_open(void);
void elf_file_close(void);
/* Writes it as it was, after changes. */
void elf_file_write(void);
/* n bytes of the file from byte `at` on are those of value. */
void elf_put(u64 at, u64 value, unsigned n);
u8 elf_byte(u64 at);
/* Segment i, to be loaded. */
void elf_put_segment(unsigned i, u32 flags, u64 offset, u64 address, u64 file_bytes, u64 bytes);
