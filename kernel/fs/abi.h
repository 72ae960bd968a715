/* The numbers and structures of Linux's calls on files, x86-64. No function, no lock. */
#pragma once

#include "lib/types.h"

#define PATH_MAX 4096 /* a path's bytes with its 0 byte */
#define NAME_MAX 255  /* a name's in a directory, without */
#define PIPE_BUF 4096 /* bytes that a write to a pipe keeps together */
#define LINKS_MAX 40  /* symbolic links followed in a path */

/* open() and fcntl(F_SETFL); the access modes are in fs/file.h. */
#define O_CREAT 0100
#define O_EXCL 0200
#define O_NOCTTY 0400
#define O_TRUNC 01000
#define O_APPEND 02000
#define O_NONBLOCK 04000
#define O_ASYNC 020000
#define O_DIRECT 040000
#define O_LARGEFILE 0100000
#define O_DIRECTORY 0200000
#define O_NOFOLLOW 0400000
#define O_NOATIME 01000000
#define O_CLOEXEC 02000000
#define O_PATH 010000000
#define O_TMPFILE 020000000

/* A file's mode. */
#define S_IFMT 0170000
#define S_IFSOCK 0140000
#define S_IFLNK 0120000
#define S_IFREG 0100000
#define S_IFBLK 0060000
#define S_IFDIR 0040000
#define S_IFCHR 0020000
#define S_IFIFO 0010000
#define S_ISUID 04000
#define S_ISGID 02000
#define S_ISVTX 01000
#define S_ALL 07777 /* what chmod() sets */

/* The ...at() calls. */
#define AT_FDCWD (-100)
#define AT_SYMLINK_NOFOLLOW 0x100
#define AT_EACCESS 0x200
#define AT_REMOVEDIR 0x200
#define AT_SYMLINK_FOLLOW 0x400
#define AT_NO_AUTOMOUNT 0x800
#define AT_EMPTY_PATH 0x1000

#define RENAME_NOREPLACE 1

#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2

#define F_DUPFD 0
#define F_GETFD 1
#define F_SETFD 2
#define F_GETFL 3
#define F_SETFL 4
#define F_GETLK 5
#define F_SETLK 6
#define F_SETLKW 7
#define F_OFD_GETLK 36
#define F_OFD_SETLK 37
#define F_OFD_SETLKW 38
#define F_DUPFD_CLOEXEC 1030
#define F_SETPIPE_SZ 1031
#define F_GETPIPE_SZ 1032
#define FD_CLOEXEC 1

#define UTIME_NOW 0x3fffffff
#define UTIME_OMIT 0x3ffffffe

#define POLLIN 0x1
#define POLLOUT 0x4
#define POLLERR 0x8
#define POLLHUP 0x10
#define POLLNVAL 0x20
#define POLLRDNORM 0x40
#define POLLWRNORM 0x100

/* ioctl(): terminals, and what others know. */
#define TCGETS 0x5401
#define TCSETS 0x5402
#define TCSETSW 0x5403
#define TCSETSF 0x5404
#define TCSBRK 0x5409
#define TCFLSH 0x540b
#define TIOCSCTTY 0x540e
#define TIOCGPGRP 0x540f
#define TIOCSPGRP 0x5410
#define TIOCGWINSZ 0x5413
#define TIOCSWINSZ 0x5414
#define FIONREAD 0x541b
#define FIONBIO 0x5421
#define TIOCNOTTY 0x5422
#define TIOCGSID 0x5429
#define TIOCVHANGUP 0x5437
#define FIONCLEX 0x5450
#define FIOCLEX 0x5451

struct timespec {
    s64 sec;
    s64 nsec;
};

struct iovec {
    uptr base;
    u64 length;
};

struct pollfd {
    int fd;
    u16 events;
    u16 revents;
};

struct stat {
    u64 dev;
    u64 ino;
    u64 nlink;
    u32 mode;
    u32 uid;
    u32 gid;
    u32 pad;
    u64 rdev;
    s64 size;
    s64 blksize;
    s64 blocks; /* of 512 bytes */
    struct timespec atime;
    struct timespec mtime;
    struct timespec ctime;
    s64 spare[3];
};

struct statfs {
    s64 type;
    s64 bsize;
    u64 blocks;
    u64 bfree;
    u64 bavail;
    u64 files;
    u64 ffree;
    u64 fsid;
    s64 namelen;
    s64 frsize;
    s64 flags;
    s64 spare[4];
};

/* An entry as getdents64() gives it; its name with a 0 byte follows, and up to 7 bytes so that the next one is aligned. */
struct dirent64 {
    u64 ino;
    s64 next; /* the position behind it */
    u16 length;
    u8 type; /* mode >> 12 */
    char name[];
};

_Static_assert(sizeof(struct stat) == 144 && sizeof(struct statfs) == 120 && offsetof(struct dirent64, name) == 19, "as Linux has them");
