/* The boot archive, and the program that it is for. */
#pragma once

#include "proc/exec.h"

struct boot_info;

/* Unpacks the boot archive into the root, if the boot loader brought one. Refuses one that is broken. Thread context. Returns false
   if there is none. */
bool boot_archive_unpack(const struct boot_info *boot);
/* What the boot option init= says (/init): the path into a buffer of PATH_MAX bytes, and arguments and environment. Returns 0,
   -E2BIG or -ENOMEM. */
int first_program(char *path, struct exec_strings *strings);
