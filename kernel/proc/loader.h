/* Programs that another one, their loader, is to be started for: it brings in the libraries, and then starts them itself. */
#pragma once

#include "proc/elf.h"

/* As elf_load(), and from phase 5 on, of a program that names a loader: maps both. Then also -ELIBBAD: the loader is none; or what its path
   led to. Thread context. */
int program_load(struct address_space *space, const struct image *image, struct program *program);
