/* Locks on parts of files, for programs that agree to ask for them: fcntl()'s. They belong to a process, which loses those that it has on a
   file as soon as it closes any descriptor of that file; or to an open file, and go with it. */
#pragma once

#include "fs/file.h"
#include "lib/list.h"

struct fd_table;

#define F_RDLCK 0
#define F_WRLCK 1
#define F_UNLCK 2

/* What a program asks for, and is told; Linux's struct flock. */
struct record {
    s16 type;   /* F_RDLCK, F_WRLCK, F_UNLCK */
    s16 whence; /* SEEK_* */
    s64 start;
    s64 length; /* 0: to the end, however far that moves; below 0: in front of start */
    pid_t pid;  /* whose it is; -1: an open file's */
};

/* Whom it is asked for. */
struct record_owner {
    const void *who; /* a process's descriptors, or an open file */
    pid_t pid;       /* -1: an open file */
};

/* Locks or unlocks a part. wait: until it is free. Returns 0; -EAGAIN: another owner has it, and it may not wait; -EDEADLK: that one waits
   for what this one has; -EBADF: not opened for that; -EINVAL, -EOVERFLOW: no such part; -ENOLCK: no memory; or what wait_interruptible()
   returned. Thread context. */
int record_lock(struct file *file, struct record_owner owner, const struct record *what, bool wait);
/* The first lock that keeps this owner from having what it asks for replaces *what; none: its type becomes F_UNLCK. Returns 0, -EINVAL,
   -EOVERFLOW. */
int record_test(struct file *file, struct record_owner owner, struct record *what);
/* The owner has none on the file any more. */
void records_end(struct file *file, const void *who);
