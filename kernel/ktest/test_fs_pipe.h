/* The pipe of the tests of pipes. */
#pragma once

#include "fs/file.h"

extern struct file *pipe_end[2]; /* for reading, for writing; NULL: closed */

/* As read() and write() with memory of the kernel's. */
s64 put_bytes(struct file *file, const void *from, size_t n);
s64 get_bytes(struct file *file, void *to, size_t n);
void pipe_close(unsigned i);
/* RESULT: step, result. */
void tell_result(u64 step, s64 result);
