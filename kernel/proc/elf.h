/* Programs in ELF form: System V ABI, AMD64 supplement. */
#pragma once

#include "proc/image.h"

/* What exec() and the program's C library have to know of a program that was loaded. */
struct program {
    uptr entry;      /* its first instruction */
    uptr headers;    /* its program headers in memory, or 0 */
    u64 nr_headers;
    uptr end;        /* behind its last byte: where the heap may begin */
    uptr loader;     /* where the loader lies that is started in its place (loader.h), or 0; */
    uptr start;      /* the loader's first instruction */
};

/* Lab 3.3 (elf.c). Maps the program into a space that nobody uses yet. Returns 0; -ENOEXEC: this is no program for this kernel (and
   the space is to be thrown away); -ENOMEM, -EIO. A program for this kernel has segments in ascending order that share no page, each of
   them within the file and within the addresses that programs have, and its first instruction in one of them. */
int elf_load(struct address_space *space, const struct image *image, struct program *program);
