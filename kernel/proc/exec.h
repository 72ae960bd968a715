/* A process begins another program. */
#pragma once

#include "proc/image.h"
#include "proc/process.h"

/* The new program's argument and environment strings, packed one behind the other, arguments first. */
struct exec_strings {
    struct frame *block;  /* where they are; NULL: none yet */
    size_t used, size;    /* bytes; size is that of the block */
    size_t environment;   /* where the environment's begin */
    unsigned argc, envc;
};

#define EXEC_STRINGS_MAX KIB(128)

/* Adds the strings that a program's array of pointers at `array` names (0: none), up to its NULL. Returns how many, -EFAULT, -E2BIG,
   -ENOMEM. */
int exec_strings_copy(struct exec_strings *strings, uptr array);
/* Adds one string of the kernel's. Returns 0, -E2BIG or -ENOMEM. */
int exec_strings_add(struct exec_strings *strings, const char *string);
void exec_strings_free(struct exec_strings *strings);

/* The running process goes on with another program: a new address space with the program and its strings, descriptors marked so are
   closed. name: what the process is called then; file: what the program was found under. Thread context, of the process's only
   thread. Returns 0, and then the thread's next step in user mode is the program's first; or an error, and nothing has changed:
   -ENOEXEC, -E2BIG, -ENOMEM, -EIO. */
int process_exec(const struct image *image, const char *name, const struct exec_strings *strings);
