/* Edges of the calls that move bytes from place to place, of those that say how a file is used, and of a few on descriptors. */

#include "edges.h"

#include <sys/uio.h>

enum { F = 40, W, D, P, Q, A, N }; /* descriptors: a file, one only to write, a folder, a pipe's ends, a file to append to, a device */
enum { HIPRI = 1, DSYNC = 2, SYNC = 4, APPEND = 16, UNKNOWN = 1 << 30 };
enum { UNSHARE = 2, CLOEXEC = 4 };

static void open_all(void)
{
    int fds[2];
    file_at(F, "f", O_RDWR, 26);
    file_at(W, "w", O_WRONLY, 10);
    file_at(A, "a", O_RDWR | O_APPEND, 4);
    dup2(open(".", O_RDONLY | O_DIRECTORY), D);
    pipe(fds);
    dup2(fds[0], P);
    dup2(fds[1], Q);
    dup2(open("/dev/null", O_RDWR), N);
    for (int fd = 3; fd < F; fd++)
        close(fd);
}

static void at_places(void)
{
    open_all();
    struct iovec two[2] = { { buffer, 3 }, { buffer + 10, 3 } }, bad[2] = { { buffer, 3 }, { NOWHERE, 3 } };
    struct iovec negative[2] = { { buffer, 3 }, { buffer, -1 } }, nothing[2] = { { NOWHERE, 0 }, { NULL, 0 } };
    E(preadv, 99, two, 2, 0, 0);
    E(preadv, 99, two, 2, -1, 0);
    E(preadv, P, two, 2, 0, 0);
    E(preadv, P, two, 2, -1, 0);
    E(preadv, W, two, 2, 0, 0);
    E(preadv, W, NOWHERE, 2, 0, 0);
    E(preadv, D, two, 2, 0, 0);
    E(preadv, F, NOWHERE, 2, 0, 0);
    E(preadv, F, two, 1025, 0, 0);
    E(preadv, F, negative, 2, 0, 0);
    E(preadv, F, nothing, 2, 0, 0);
    E(preadv, F, two, 0, 0, 0);
    E(preadv, F, two, 2, LONG_MAX, 0);
    E(preadv, F, two, 2, 1000, 0);
    E(preadv, F, two, 2, 22, 0);
    V(buffer[0]);
    V(buffer[10]);
    E(preadv, F, bad, 2, 0, 0);
    E(preadv, F, two, 2, 1, 99);
    V(buffer[0]);
    E(lseek, F, 0, SEEK_CUR);
    E(pwritev, 99, two, 2, 0, 0);
    E(pwritev, Q, two, 2, 0, 0);
    E(pwritev, D, two, 2, 0, 0);
    E(pwritev, F, two, 2, -1, 0);
    E(pwritev, F, bad, 2, 0, 0);
    E(pwritev, F, two, 2, 30, 0);
    V(size_of("f"));
    E(pwritev, A, two, 2, 0, 0);
    V(size_of("a"));
    E(pwritev, N, two, 2, 5, 0);
    about("with flags");
    E(preadv2, F, two, 2, 0, 0, UNKNOWN);
    E(preadv2, F, nothing, 2, 0, 0, UNKNOWN);
    E(preadv2, F, negative, 2, 0, 0, UNKNOWN);
    E(preadv2, 99, two, 2, 0, 0, UNKNOWN);
    E(preadv2, W, two, 2, 0, 0, UNKNOWN);
    E(preadv2, F, two, 2, -2, 0, 0);
    E(preadv2, F, two, 2, -1, 0, 0);
    E(lseek, F, 0, SEEK_CUR);
    E(preadv2, F, two, 2, -1, 0, HIPRI | DSYNC | SYNC);
    E(lseek, F, 0, SEEK_CUR);
    E(preadv2, F, two, 2, -1, 0, UNKNOWN);
    E(pwritev2, F, two, 2, 0, 0, UNKNOWN);
    E(pwritev2, F, two, 2, 0, 0, -1);
    E(pwritev2, F, two, 2, 0, 0, APPEND);
    V(size_of("f"));
    E(lseek, F, 0, SEEK_CUR);
    E(pwritev2, F, two, 1, -1, 0, APPEND | SYNC);
    V(size_of("f"));
    E(lseek, F, 0, SEEK_CUR);
    E(pwritev2, F, two, 1, -1, 0, 0);
    E(lseek, F, 0, SEEK_CUR);
    E(pwritev2, Q, two, 2, -1, 0, 0);
    E(pwritev2, Q, two, 2, -1, 0, APPEND);
    E(pwritev2, Q, two, 2, 0, 0, 0);
    E(preadv2, P, two, 2, -1, 0, 0);
    E(preadv2, P, two, 2, 0, 0, 0);
}

static void copies(void)
{
    long from = 0, to = 0, far = LONG_MAX, before = -1;
    open_all();
    E(copy_file_range, 99, NULL, W, NULL, 10, 0);
    E(copy_file_range, F, NULL, 99, NULL, 10, 0);
    E(copy_file_range, 99, NOWHERE, 99, NOWHERE, 10, 1);
    E(copy_file_range, F, NOWHERE, W, NULL, 10, 1);
    E(copy_file_range, F, NULL, W, NOWHERE, 10, 0);
    E(copy_file_range, F, NULL, W, NULL, 10, 1);
    E(copy_file_range, D, NULL, W, NULL, 10, 0);
    E(copy_file_range, F, NULL, D, NULL, 10, 0);
    E(copy_file_range, P, NULL, D, NULL, 10, 0);
    E(copy_file_range, P, NULL, W, NULL, 10, 0);
    E(copy_file_range, F, NULL, Q, NULL, 10, 0);
    E(copy_file_range, N, NULL, W, NULL, 10, 0);
    E(copy_file_range, W, NULL, F, NULL, 10, 0);
    E(copy_file_range, F, NULL, A, NULL, 10, 0);
    E(copy_file_range, F, &far, W, NULL, 10, 0);
    E(copy_file_range, F, NULL, W, &far, 10, 0);
    E(copy_file_range, F, &before, W, NULL, 10, 0);
    E(copy_file_range, F, NULL, W, &before, 10, 0);
    E(copy_file_range, F, &from, F, &to, 10, 0);
    E(copy_file_range, F, NULL, W, NULL, 0, 0);
    E(copy_file_range, F, NULL, W, NULL, -1, 0);
    E(copy_file_range, F, NULL, W, NULL, 10, 0);
    E(lseek, F, 0, SEEK_CUR);
    E(lseek, W, 0, SEEK_CUR);
    E(copy_file_range, F, &far, W, &far, 0, 0);
    E(copy_file_range, F, NULL, W, &before, 0, 0);
    from = 20, to = 100;
    E(copy_file_range, F, &from, W, &to, 1000, 0);
    V(from);
    V(to);
    V(size_of("w"));
    E(lseek, F, 0, SEEK_CUR);
    E(copy_file_range, F, &from, W, &to, 1000, 0);
    from = 0, to = 26;
    E(copy_file_range, F, &from, F, &to, 26, 0);
    V(size_of("f"));
    from = 0, to = 51;
    E(copy_file_range, F, &from, F, &to, 52, 0);
    E(pread64, F, buffer, 1, 27);
    V(buffer[0]);
}

static void limited(void)
{
    struct rlimit limit = { 12, 12 };
    long to = 8;
    open_all();
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    E(copy_file_range, F, NULL, W, &to, 10, 0);
    V(to);
    E(copy_file_range, F, NULL, W, &to, 10, 0);
    signal(SIGXFSZ, SIG_DFL);
    E(copy_file_range, F, NULL, W, &to, 10, 0);
}

static void advice(void)
{
    open_all();
    E(fadvise64, 99, 0, 0, 0);
    E(fadvise64, P, 0, 0, 99);
    E(fadvise64, F, 0, -1, 0);
    E(fadvise64, F, 0, 0, 6);
    E(fadvise64, F, 0, 0, -1);
    E(fadvise64, F, -1, 10, 0);
    E(fadvise64, F, 0, LONG_MAX, 5);
    E(fadvise64, W, 0, 10, 4);
    E(fadvise64, D, 0, 0, 1);
    E(readahead, 99, 0, 10);
    E(readahead, W, 0, 10);
    E(readahead, P, 0, 10);
    E(readahead, D, 0, 10);
    E(readahead, N, 0, 10);
    E(readahead, F, 0, 10);
    E(readahead, F, -1, -1);
    E(sync_file_range, 99, 0, 0, 8);
    E(sync_file_range, F, 0, 0, 8);
    E(sync_file_range, F, -1, 0, 0);
    E(sync_file_range, F, 0, -1, 0);
    E(sync_file_range, F, LONG_MAX, 1, 0);
    E(sync_file_range, F, 0, 0, 7);
    E(sync_file_range, F, 100, 100, 0);
    E(sync_file_range, D, 0, 0, 0);
    E(sync_file_range, P, 0, 0, 0);
    E(sync_file_range, P, -1, 0, 0);
    E(sync_file_range, N, 0, 0, 0);
    E(syncfs, 99);
    E(syncfs, F);
    E(syncfs, P);
}

static void ranges(void)
{
    open_all();
    E(close_range, 1, 0, 0);
    E(close_range, 99, 99, 1);
    E(close_range, 99, 99, 8);
    E(close_range, 99, -1, 0);
    for (int fd = 50; fd < 56; fd++)
        dup2(F, fd);
    E(close_range, 51, 52, CLOEXEC);
    E(fcntl, 50, F_GETFD);
    E(fcntl, 51, F_GETFD);
    E(fcntl, 52, F_GETFD);
    E(fcntl, 53, F_GETFD);
    E(close_range, 53, 54, UNSHARE);
    E(fcntl, 52, F_GETFD);
    E(fcntl, 53, F_GETFD);
    E(fcntl, 54, F_GETFD);
    E(fcntl, 55, F_GETFD);
    E(close_range, 51, -1, 0);
    E(fcntl, 50, F_GETFD);
    E(fcntl, 51, F_GETFD);
    E(fcntl, 55, F_GETFD);
    E(close_range, 50, 50, UNSHARE | CLOEXEC);
    E(fcntl, 50, F_GETFD);
}

static void nameless(void)
{
    static char name[300];
    struct stat st;
    memset(name, 'x', 250);
    E(memfd_create, NOWHERE, 0);
    E(memfd_create, "x", UNKNOWN);
    E(memfd_create, NOWHERE, UNKNOWN);
    E(memfd_create, name, 0);
    name[249] = 0;
    open_all();
    E(memfd_create, name, 0);
    E(memfd_create, "", 1);
    E(fcntl, 3, F_GETFD);
    E(fcntl, 4, F_GETFD);
    E(fcntl, 3, F_GETFL);
    E(write, 3, "hello", 5);
    E(pread64, 3, buffer, 100, 1);
    E(ftruncate, 3, 10000);
    E(fstat, 3, &st);
    OCTAL(st.st_mode);
    V(st.st_size);
    V(st.st_nlink);
    char *at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, 3, 0);
    at[1] = 'E';
    E(pread64, 3, buffer, 2, 0);
    V(buffer[1]);
}

struct statx_ {
    unsigned mask, block_size;
    unsigned long attributes;
    unsigned links, uid, gid;
    unsigned short mode, pad;
    unsigned long inode, size, blocks, attributes_mask;
    struct { long sec; unsigned nsec; int pad; } atime, btime, ctime, mtime;
    unsigned rdev_major, rdev_minor, dev_major, dev_minor;
    unsigned long spare[14];
};

static void statements(void)
{
    struct statx_ st;
    struct stat old;
    open_all();
    symlink("f", "link");
    symlink("nothing", "broken");
    E(statx, AT_FDCWD, "f", 0, 0x80000000, &st);
    E(statx, AT_FDCWD, "f", 0x6000, 0x7ff, &st);
    E(statx, AT_FDCWD, "f", 0x200, 0x7ff, &st);
    E(statx, AT_FDCWD, "nothing", 0x10000, 0x7ff, &st);
    E(statx, AT_FDCWD, NOWHERE, 0, 0x7ff, &st);
    E(statx, AT_FDCWD, NOWHERE, 0, 0x7ff, NOWHERE);
    E(statx, AT_FDCWD, "nothing", 0, 0x7ff, NOWHERE);
    E(statx, AT_FDCWD, "f", 0, 0x7ff, NOWHERE);
    E(statx, AT_FDCWD, "f", 0, 0x7ff, KERNEL);
    E(statx, AT_FDCWD, "", 0, 0x7ff, &st);
    E(statx, 99, "f", 0, 0x7ff, &st);
    E(statx, 99, "", 0x1000, 0x7ff, &st);
    E(statx, F, "f", 0, 0x7ff, &st);
    E(statx, AT_FDCWD, "broken", 0, 0x7ff, &st);
    E(statx, AT_FDCWD, "broken", 0x100, 0x7ff, &st);
    OCTAL(st.mode & 0170000);
    V(st.size);
    E(statx, AT_FDCWD, "f/x", 0, 0x7ff, &st);
    E(statx, F, "", 0x1000, 0x7ff, &st);
    E(statx, D, "f", 0x2000, 0, &st);
    E(statx, D, "f", 0x4800, 0x7ff, &st);
    V(st.mask & 0x7ff);
    OCTAL(st.mode);
    V(st.size);
    V(st.links);
    stat("f", &old);
    V(st.inode == old.st_ino);
    V(st.blocks == (unsigned long)old.st_blocks);
    V(st.mtime.sec == old.st_mtim.tv_sec && st.mtime.nsec == old.st_mtim.tv_nsec);
    V(st.ctime.sec == old.st_ctim.tv_sec && st.ctime.nsec == old.st_ctim.tv_nsec);
    E(statx, N, "", 0x1000, 0x7ff, &st);
    V(st.rdev_major);
    V(st.rdev_minor);
}

int main(void)
{
    begin_edges();
    group("at a place", at_places);
    group("copies", copies);
    group("copies and a limit", limited);
    group("advice", advice);
    group("ranges of descriptors", ranges);
    group("files without a name", nameless);
    group("statx", statements);
    return 0;
}
