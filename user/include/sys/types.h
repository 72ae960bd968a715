/* The types of system calls. */
#pragma once

typedef long ssize_t;
typedef long off_t;
typedef long time_t;
typedef int pid_t;
typedef unsigned uid_t, gid_t, mode_t;
typedef unsigned long ino_t, dev_t, nlink_t;
typedef long blksize_t, blkcnt_t;
