/* Loading programs that need no loader (loader.h). Phase 5 knows the others, too (loader.c). */
#include "proc/loader.h"

int program_load(struct address_space *space, const struct image *image, struct program *program)
{
    return elf_load(space, image, program);
}
