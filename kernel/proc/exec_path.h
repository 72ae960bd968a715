/* exec of what a path leads to: a program, or a script with the program that reads it. */
#pragma once

#include "proc/exec.h"

/* As process_exec(). path: a buffer of PATH_MAX bytes (fs/path.h), which is used up. argv, envp: arrays in the program's memory; or,
   where `given` is not NULL, the strings there. Also -ENOENT, -EACCES and what else a path may lead to; -ELOOP: scripts whose
   programs are scripts, too often. */
int process_exec_path(char *path, uptr argv, uptr envp, const struct exec_strings *given);
