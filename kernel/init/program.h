/* What the machine can do after boot: each program is entered into a table at link time, and kmain() runs the first one that wants to. So
   init needs to know neither the kernel's tests nor anything else above it. */
#pragma once

#include "arch/arch.h"

struct boot_program {
    const char *name;
    bool (*wanted)(const struct boot_info *boot); /* by the boot options, or by what was loaded with the kernel */
    void (*run)(const struct boot_info *boot); /* in the main thread, interrupts on; must not return */
};

/* Programs with the smaller rank are asked first. */
#define BOOT_PROGRAM(rank, program_name, program_wanted, program_run)                                   \
    static const struct boot_program boot_program_##rank                                                \
        __attribute__((used, section(".programs." #rank), aligned(8))) = { program_name, program_wanted, program_run }
