/* What the files with system calls on files share. */
#pragma once

#include "fs/names.h"

/* The caller's string in a path buffer, or NULL with *error = -EFAULT, -ENAMETOOLONG, -ENOMEM. */
char *sys_path(uptr string, int *error);
/* The open file behind the running process's descriptor with a reference, or NULL. */
struct file *sys_file(int fd);
