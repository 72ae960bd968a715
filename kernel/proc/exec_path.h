/* exec of what a path leads to: a program, or a script with the program that reads it. */
#pragma once

#include "fs/file.h"
#include "proc/exec.h"

/* As process_exec(). path: a buffer of PATH_MAX bytes (fs/path.h), which is used up. argv, envp: arrays in the program's memory; or,
   where `given` is not NULL, the strings there. Also -ENOENT, -EACCES and what else a path may lead to; -ELOOP: scripts whose
   programs are scripts, too often. */
int process_exec_path(char *path, uptr argv, uptr envp, const struct exec_strings *given);

/* The file that a path leads to, open to be executed; path is used up. NULL with *error: what the path led to, -EACCES, -ETXTBSY. */
struct file *exec_open(char *path, int *error);
/* A file as a program, with the set-id bits and the owner that it has together at one moment. */
struct image exec_image(struct file *file);
