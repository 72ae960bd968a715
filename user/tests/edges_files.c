/* Edges of the calls that read, write and describe open files. */

#include "edges.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

enum { O_PATH_ = 010000000, O_TMPFILE_ = 020200000, O_SYNC_ = 04010000, O_NOATIME_ = 01000000, O_LARGEFILE_ = 0100000, FIONBIO_ = 0x5421 };
enum { LOCK_SH = 1, LOCK_EX = 2, LOCK_NB = 4, LOCK_UN = 8 };
enum { F = 40, W, D, P, Q, N }; /* descriptors: a file, one only to write, a folder, a pipe's ends, a device */

static char *many = buffer;

static void open_all(void)
{
    int fds[2];
    file_at(F, "f", O_RDWR, 26);
    file_at(W, "w", O_WRONLY, 10);
    dup2(open(".", O_RDONLY | O_DIRECTORY), D);
    pipe(fds);
    dup2(fds[0], P);
    dup2(fds[1], Q);
    close(fds[0]);
    close(fds[1]);
    dup2(open("/dev/null", O_RDWR), N);
    for (int fd = 3; fd < F; fd++)
        close(fd);
}

static void reading(void)
{
    open_all();
    about("descriptors that are none");
    E(read, 99, buffer, 1);
    E(read, -1, buffer, 1);
    E(read, 0x7fffffff, buffer, 1);
    E(read, 99, NOWHERE, 1);
    E(read, 99, KERNEL, 1);
    E(read, W, buffer, 1);
    E(read, W, KERNEL, 1);
    E(read, D, buffer, 1);
    E(write, 99, buffer, 1);
    E(write, F + 20, buffer, 0);
    E(write, D, buffer, 1);
    E(write, P, buffer, 1);
    E(read, Q, buffer, 1);
    about("sizes");
    E(read, F, buffer, 0);
    E(read, F, NOWHERE, 0);
    E(read, F, KERNEL, 0);
    E(read, W, NOWHERE, 0);
    E(read, D, buffer, 0);
    E(read, F, buffer, -1);
    E(read, F, buffer, 100);
    E(read, F, buffer, 100);
    E(read, F, NOWHERE, 1);
    E(lseek, F, 0, SEEK_SET);
    E(read, F, NOWHERE, 1);
    E(read, F, KERNEL, 1);
    E(read, F, LAST, 1);
    E(read, F, read_only, 1);
    E(read, F, BEFORE_END(4), 8);
    E(lseek, F, 0, SEEK_CUR);
    E(write, N, buffer, 0x7fffffff);
    E(write, F, NOWHERE, 0);
    E(write, F, KERNEL, 1);
    E(write, F, NULL, 1);
    E(write, W, buffer, -1);
    about("at a place");
    E(pread64, F, buffer, 4, 24);
    E(pread64, F, buffer, 4, 26);
    E(pread64, F, buffer, 4, 1000000);
    E(pread64, F, buffer, 4, -1);
    E(pread64, 99, buffer, 4, -1);
    E(pread64, 99, buffer, 4, 0);
    E(pread64, P, buffer, 4, 0);
    E(pread64, P, buffer, 4, -1);
    E(pread64, W, buffer, 4, 0);
    E(pread64, D, buffer, 4, 0);
    E(pread64, F, NOWHERE, 4, 0);
    E(pread64, F, NOWHERE, 4, 26);
    E(pread64, F, NOWHERE, 0, 0);
    E(pread64, F, buffer, 1, LONG_MAX);
    E(pwrite64, F, buffer, 4, -1);
    E(pwrite64, 99, buffer, 4, 0);
    E(pwrite64, Q, buffer, 4, 0);
    E(pwrite64, P, buffer, 4, 0);
    E(pwrite64, D, buffer, 4, 0);
    E(pwrite64, F, NOWHERE, 4, 0);
    E(pwrite64, F, buffer, 0, 100);
    V(size_of("f"));
    E(pwrite64, F, "end", 3, 100);
    V(size_of("f"));
    E(lseek, F, 0, SEEK_CUR);
    buffer[0] = 1;
    E(pread64, F, buffer, 1, 50);
    V(buffer[0]);
    int fd = open("f", O_RDWR | O_APPEND);
    E(pwrite64, fd, "x", 1, 0);
    V(size_of("f"));
    E(lseek, fd, 0, SEEK_CUR);
    E(write, fd, "y", 1);
    E(lseek, fd, 0, SEEK_CUR);
}

static void seeking(void)
{
    open_all();
    E(lseek, 99, 0, SEEK_SET);
    E(lseek, P, 0, SEEK_SET);
    E(lseek, P, 0, 99);
    E(lseek, F, 0, 99);
    E(lseek, F, 0, -1);
    E(lseek, F, -1, SEEK_SET);
    E(lseek, F, -27, SEEK_END);
    E(lseek, F, -26, SEEK_END);
    E(lseek, F, 10, SEEK_END);
    E(lseek, F, LONG_MAX, SEEK_CUR);
    E(lseek, F, LONG_MIN, SEEK_CUR);
    E(lseek, F, 0, SEEK_CUR);
    E(read, F, buffer, 10);
    E(write, F, "z", 1);
    V(size_of("f"));
    E(lseek, F, 1l << 32, SEEK_SET);
    E(read, F, buffer, 1);
    E(lseek, N, 100, SEEK_SET);
    E(lseek, N, 0, SEEK_END);
    E(lseek, D, 0, SEEK_SET);
    E(lseek, D, -1, SEEK_SET);
    about("a duplicate has the same place");
    E(lseek, F, 7, SEEK_SET);
    E(dup2, F, 30);
    E(lseek, 30, 0, SEEK_CUR);
    int other = open("f", O_RDONLY);
    E(lseek, other, 0, SEEK_CUR);
}

static void pieces(void)
{
    open_all();
    struct iovec two[2] = { { buffer, 3 }, { buffer + 10, 3 } }, bad[2] = { { buffer, 3 }, { NOWHERE, 3 } };
    struct iovec kernel[2] = { { buffer, 3 }, { KERNEL, 3 } }, negative[2] = { { buffer, 3 }, { buffer, -1 } };
    struct iovec nothing[2] = { { NOWHERE, 0 }, { NULL, 0 } };
    E(readv, 99, two, 2);
    E(readv, 99, NOWHERE, 2);
    E(readv, 99, two, -1);
    E(readv, W, two, 2);
    E(readv, F, two, 0);
    E(readv, F, NOWHERE, 0);
    E(readv, F, two, -1);
    E(readv, F, two, 1025);
    E(readv, F, NOWHERE, 1025);
    E(readv, F, NOWHERE, 1);
    E(readv, F, NULL, 1);
    E(readv, F, BEFORE_END(16), 2);
    E(readv, F, nothing, 2);
    E(readv, F, negative, 2);
    E(readv, F, kernel, 2);
    E(readv, F, two, 2);
    E(readv, F, bad, 2);
    E(lseek, F, 0, SEEK_CUR);
    E(readv, D, two, 2);
    E(writev, 99, two, 2);
    E(writev, P, two, 2);
    E(writev, D, two, 2);
    E(writev, W, two, 0);
    E(writev, W, two, 1025);
    E(writev, W, negative, 2);
    E(writev, W, kernel, 2);
    E(writev, W, nothing, 2);
    E(writev, W, bad, 2);
    E(writev, W, two, 2);
    V(size_of("w"));
    E(writev, Q, bad, 2);
    E(writev, Q, two, 2);
    E(readv, P, two, 1);
    E(readv, P, two, 2);
    E(write, Q, "123456", 6);
    E(readv, P, kernel, 2);
    E(readv, P, nothing, 2);
    E(readv, P, two, 2);
}

static void numbers(void)
{
    struct rlimit limit = { 64, 64 };
    open_all();
    E(close, 99);
    E(close, -1);
    E(close, 30);
    E(dup, 99);
    E(dup, -1);
    E(dup, F);
    E(close, 3);
    E(close, 3);
    E(dup2, F, F);
    E(dup2, 99, 99);
    E(dup2, 99, 5);
    E(dup2, F, -1);
    E(dup2, F, 64);
    E(dup2, F, 63);
    E(dup2, 99, 64);
    E(dup2, F, 0x7fffffff);
    E(dup3, F, F, 0);
    E(dup3, 99, 99, 0);
    E(dup3, F, 5, 1);
    E(dup3, 99, 5, O_CLOEXEC);
    E(dup3, F, 64, 0);
    E(dup3, 99, 64, 0);
    E(dup3, F, -1, O_CLOEXEC);
    E(dup3, F, 5, O_CLOEXEC);
    E(fcntl, 5, F_GETFD);
    E(dup2, 5, 6);
    E(fcntl, 6, F_GETFD);
    E(dup2, 5, 5);
    E(fcntl, 5, F_GETFD);
    about("fcntl");
    E(fcntl, 99, F_GETFD);
    E(fcntl, 99, 12345);
    E(fcntl, F, 12345);
    E(fcntl, F, -1);
    E(fcntl, F, F_DUPFD, -1);
    E(fcntl, F, F_DUPFD, 64);
    E(fcntl, F, F_DUPFD, 63);
    E(close, 63);
    E(fcntl, F, F_DUPFD, 50);
    E(fcntl, F, F_DUPFD, 50);
    E(fcntl, F, F_DUPFD_CLOEXEC, 50);
    E(fcntl, 52, F_GETFD);
    E(fcntl, F, F_SETFD, 2);
    E(fcntl, F, F_GETFD);
    E(fcntl, F, F_SETFD, -1);
    E(fcntl, F, F_GETFD);
    E(fcntl, W, F_GETFL);
    E(fcntl, W, F_SETFL, O_RDWR | O_APPEND | O_CREAT | O_TRUNC | O_EXCL);
    E(fcntl, W, F_GETFL);
    V(size_of("w"));
    E(fcntl, W, F_SETFL, O_NONBLOCK);
    E(fcntl, W, F_GETFL);
    E(fcntl, P, F_GETFL);
    E(fcntl, Q, F_GETFL);
    about("the table is full");
    E(prlimit64, 0, RLIMIT_NOFILE, &limit, NULL);
    while (dup(F) >= 0)
        ;
    E(dup, F);
    E(open, "f", O_RDONLY);
    E(open, "nothing", O_RDONLY);
    E(open, NOWHERE, O_RDONLY);
    E(open, "new", O_CREAT | O_WRONLY, 0600);
    V(size_of("new"));
    E(pipe, buffer);
    E(fcntl, F, F_DUPFD, 10);
    close(20);
    E(pipe, buffer);
    E(dup, F);
    limit.rlim_cur = 10;
    E(setrlimit, RLIMIT_NOFILE, &limit);
    E(close, 30);
    E(dup, F);
    E(dup2, F, 30);
    E(dup2, F, 9);
    E(dup2, 29, 29);
    E(write, F, "x", 1);
}

static void flags_of_open(void)
{
    int opened;
    open_all();
    symlink("f", "link");
    symlink("nothing", "dangling");
    symlink(".", "dot");
    mkdir("d", 0755);
    about("what is there and what is not");
    E(open, "", O_RDONLY);
    E(open, "", O_CREAT | O_RDWR, 0600);
    E(open, "nothing", O_RDONLY);
    E(open, "nothing/at/all", O_CREAT | O_RDWR, 0600);
    E(open, "f/", O_RDONLY);
    E(open, "f/x", O_RDONLY);
    E(open, "f/x", O_CREAT | O_RDWR, 0600);
    E(open, "f/.", O_RDONLY);
    E(open, "f", O_CREAT | O_EXCL | O_RDWR, 0600);
    E(open, "link", O_CREAT | O_EXCL | O_RDWR, 0600);
    E(open, "dangling", O_CREAT | O_EXCL | O_RDWR, 0600);
    E(open, "dangling", O_RDONLY);
    E(open, "f", O_EXCL | O_RDONLY);
    E(open, "new/", O_CREAT | O_RDWR, 0600);
    E(open, "d", O_CREAT | O_RDONLY, 0600);
    E(open, "d/", O_CREAT | O_RDONLY, 0600);
    E(open, "d", O_CREAT | O_EXCL | O_RDONLY, 0600);
    E(open, ".", O_CREAT | O_RDONLY, 0600);
    E(open, "..", O_CREAT | O_EXCL | O_RDONLY, 0600);
    E(open, "d", O_WRONLY);
    E(open, "d", O_RDWR);
    E(open, "d", O_RDONLY | O_TRUNC);
    E(open, "d/", O_RDONLY);
    E(open, "d", O_RDONLY | O_DIRECTORY);
    E(open, "f", O_RDONLY | O_DIRECTORY);
    E(open, "f", O_WRONLY | O_DIRECTORY);
    E(open, "f", O_RDWR | O_DIRECTORY | O_TRUNC);
    V(size_of("f"));
    E(open, "nothing", O_CREAT | O_DIRECTORY | O_RDWR, 0600);
    E(open, "d", O_CREAT | O_DIRECTORY | O_RDONLY, 0600);
    E(open, "link", O_RDONLY | O_NOFOLLOW);
    E(open, "link/", O_RDONLY | O_NOFOLLOW);
    E(open, "dot", O_RDONLY | O_NOFOLLOW | O_DIRECTORY);
    E(open, "dot/", O_RDONLY | O_NOFOLLOW | O_DIRECTORY);
    E(open, "link", O_RDONLY | O_DIRECTORY);
    E(open, "/", O_RDWR);
    E(open, "/dev/null/", O_RDONLY);
    E(open, "/dev/null", O_RDONLY | O_DIRECTORY);
    E(open, "f", O_RDONLY | O_TMPFILE_);
    about("what a file is opened as");
    opened = E(open, "f", O_RDWR | O_CREAT | O_TRUNC | O_NOCTTY | O_CLOEXEC | O_NONBLOCK | O_APPEND, 0);
    E(fcntl, opened, F_GETFL);
    V(size_of("f"));
    opened = E(open, "w", O_ACCMODE);
    E(fcntl, opened, F_GETFL);
    int both = open("w", O_ACCMODE);
    E(read, both, buffer, 1);
    E(write, both, buffer, 1);
    E(ftruncate, both, 0);
    E(sendfile, both, F, NULL, 1);
    E(mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE, both, 0);
    opened = E(open, "f", O_RDONLY | O_SYNC_ | O_NOATIME_ | O_LARGEFILE_);
    E(fcntl, opened, F_GETFL);
    opened = E(open, "f", O_RDONLY | O_CLOEXEC);
    E(fcntl, opened, F_GETFD);
    E(open, "f", O_RDONLY | 0x40000000);
    E(open, "dangling", O_CREAT | O_RDWR, 0600);
    V(size_of("nothing"));
    E(creat, "made", 01777);
    OCTAL(mode_of("made"));
    E(creat, "made", 0);
    OCTAL(mode_of("made"));
    E(open, "mode", O_CREAT | O_RDWR, 0170644);
    OCTAL(mode_of("mode"));
    E(creat, "d", 0600);
    E(creat, NOWHERE, 0600);
    about("pointers, and which error comes first");
    E(open, NULL, O_RDONLY);
    E(open, KERNEL, O_RDONLY);
    E(open, LAST, O_RDONLY);
    memset(two_pages, 'x', PAGE);
    E(open, BEFORE_END(3), O_RDONLY);
    E(open, two_pages, O_RDONLY);
    E(open, NOWHERE, O_RDWR | O_CREAT | O_DIRECTORY);
    E(openat, 99, NOWHERE, O_RDONLY);
    E(openat, 99, "f", O_RDONLY);
    E(openat, 99, "", O_RDONLY);
    E(openat, 99, "/dev/null", O_WRONLY);
    E(openat, F, "f", O_RDONLY);
    E(openat, F, "", O_RDONLY);
    E(openat, P, "f", O_RDONLY);
    E(openat, D, "w", O_RDONLY);
    E(openat, -100, "w", O_RDONLY);
    E(openat, -1, "w", O_RDONLY);
}

static void sizes_of_files(void)
{
    open_all();
    E(truncate, "nothing", 0);
    E(truncate, "", 0);
    E(truncate, ".", 0);
    E(truncate, "f/", 0);
    E(truncate, "f", -1);
    E(truncate, "nothing", -1);
    E(truncate, NOWHERE, -1);
    E(truncate, NOWHERE, 0);
    E(truncate, "/dev/null", 0);
    E(ftruncate, 99, 0);
    E(ftruncate, 99, -1);
    E(ftruncate, F, -1);
    E(ftruncate, D, 0);
    E(ftruncate, P, 0);
    E(ftruncate, Q, 0);
    E(ftruncate, N, 0);
    int in = open("f", O_RDONLY);
    E(ftruncate, in, 0);
    E(fallocate, 99, 0, 0, 0);
    E(fallocate, in, 0x1000, 0, 0);
    E(fallocate, in, 0x1000, 0, 1);
    E(fallocate, in, 0, -1, 1);
    E(fallocate, in, 0, 0, 1);
    E(fallocate, D, 0, 0, 1);
    E(fallocate, Q, 0, 0, 1);
    E(fallocate, N, 0, 0, 1);
    E(fallocate, F, 0, 1l << 62, 1l << 62);
    E(ftruncate, F, 5);
    V(size_of("f"));
    E(lseek, F, 0, SEEK_SET);
    E(read, F, buffer, 26);
    E(ftruncate, F, 10);
    E(pread64, F, buffer, 26, 0);
    V(buffer[5]);
    E(truncate, "f", 1l << 30);
    V(size_of("f"));
    E(pread64, F, buffer, 26, (1l << 30) - 3);
    E(truncate, "f", 0);
    E(write, F, "x", 1);
    V(size_of("f"));
    about("a file without a name");
    E(unlink, "w");
    E(open, "w", O_RDONLY);
    E(write, W, "ab", 2);
    E(fstat, W, buffer);
    V(((struct stat *)buffer)->st_nlink);
    V(((struct stat *)buffer)->st_size);
    E(ftruncate, W, 100);
    E(fsync, W);
    E(fdatasync, W);
    about("syncing");
    E(fsync, 99);
    E(fsync, -1);
    E(fsync, P);
    E(fsync, N);
    E(fsync, D);
    E(fdatasync, 99);
    E(fdatasync, Q);
    E(sync);
    about("more than a process may write");
    struct rlimit limit = { 100, RLIM_INFINITY };
    E(setrlimit, RLIMIT_FSIZE, &limit);
    signal(SIGXFSZ, SIG_IGN);
    E(pwrite64, F, buffer, 20, 90);
    E(pwrite64, F, buffer, 20, 100);
    E(pwrite64, F, buffer, 0, 100);
    E(ftruncate, F, 101);
    E(ftruncate, F, 100);
    E(truncate, "f", 200);
    signal(SIGXFSZ, SIG_DFL);
    E(pwrite64, F, buffer, 20, 100);
}

static void pipes(void)
{
    int fds[2];
    open_all();
    signal(SIGPIPE, SIG_IGN);
    E(pipe, NULL);
    E(pipe, KERNEL);
    E(pipe, BEFORE_END(4));
    E(pipe, read_only);
    E(pipe2, buffer, 1);
    E(pipe2, NOWHERE, 1);
    E(pipe2, NOWHERE, 0);
    E(pipe2, buffer, O_APPEND);
    E(pipe2, fds, O_NONBLOCK | O_CLOEXEC);
    E(fcntl, fds[0], F_GETFL);
    E(fcntl, fds[1], F_GETFL);
    E(fcntl, fds[1], F_GETFD);
    E(read, fds[0], buffer, 1);
    E(read, fds[0], buffer, 0);
    E(read, fds[0], NOWHERE, 1);
    E(write, fds[1], NOWHERE, 1);
    E(write, fds[1], many, 65536);
    E(write, fds[1], many, 1);
    E(write, fds[1], many, 0);
    E(read, fds[0], buffer, 4096);
    E(write, fds[1], many, 4096);
    E(write, fds[1], many, 5000);
    E(ioctl, fds[0], FIONREAD, buffer);
    V(*(int *)buffer);
    E(read, fds[0], NOWHERE, 8);
    E(close, fds[0]);
    E(write, fds[1], "x", 1);
    E(write, fds[1], "x", 0);
    E(write, fds[1], NOWHERE, 1);
    signal(SIGPIPE, SIG_DFL);
    about("without a writer");
    E(write, Q, "abc", 3);
    E(close, Q);
    E(read, P, buffer, 2);
    E(read, P, buffer, 2);
    E(read, P, buffer, 2);
    E(read, P, NOWHERE, 2);
    about("with a name");
    E(mknod, "fifo", S_IFIFO | 0600, 0);
    E(open, "fifo", O_WRONLY | O_NONBLOCK);
    int in = E(open, "fifo", O_RDONLY | O_NONBLOCK);
    E(read, in, buffer, 1);
    int out = E(open, "fifo", O_WRONLY);
    E(read, in, buffer, 1);
    E(write, out, "xyz", 3);
    E(close, out);
    E(read, in, buffer, 2);
    E(read, in, buffer, 2);
    E(read, in, buffer, 2);
    E(lseek, in, 0, SEEK_SET);
    E(open, "fifo/", O_RDONLY | O_NONBLOCK);
    E(truncate, "fifo", 0);
    about("and nobody who hears it");
    E(write, fds[1], "x", 1);
}

static struct pollfd three[3];

static long polled(int fd, int events)
{
    struct pollfd one = { fd, events, 0x55 };
    long result = raw(SYS_poll, (long)&one, 1, 0, 0, 0, 0);
    return result < 0 ? result : one.revents;
}

static void polling(void)
{
    struct timespec none = { 0, 0 }, negative = { -1, 0 }, wrong = { 0, 1000000000 };
    unsigned long mask = 0;
    open_all();
    E(poll, NULL, 0, 0);
    E(poll, NOWHERE, 0, 0);
    E(poll, NOWHERE, 1, 0);
    E(poll, KERNEL, 1, 0);
    E(poll, BEFORE_END(4), 1, 0);
    E(poll, three, 65, 0);
    E(poll, NOWHERE, 65, 0);
    E(poll, three, -1, 0);
    three[0] = (struct pollfd){ 99, POLLIN, 0 };
    three[1] = (struct pollfd){ -1, POLLIN, 0x7f };
    three[2] = (struct pollfd){ F, 0, 0x7f };
    E(poll, three, 3, -1);
    V(three[0].revents);
    V(three[1].revents);
    V(three[2].revents);
    V(polled(F, POLLIN | POLLOUT | POLLPRI));
    V(polled(W, POLLIN | POLLOUT));
    V(polled(D, POLLIN | POLLOUT));
    V(polled(N, POLLIN | POLLOUT));
    V(polled(P, POLLIN | POLLOUT));
    V(polled(Q, POLLIN | POLLOUT));
    E(write, Q, BEFORE_END(4), 8);
    write(Q, "1234567", 8);
    E(read, P, BEFORE_END(4), 8);
    E(read, P, buffer, 8);
    int fresh[2];
    pipe(fresh);
    dup2(fresh[0], P);
    dup2(fresh[1], Q);
    close(fresh[0]);
    close(fresh[1]);
    write(Q, many, 65536);
    V(polled(P, POLLIN | POLLOUT | 0x40 | 0x100));
    V(polled(Q, POLLIN | POLLOUT));
    read(P, buffer, 1);
    V(polled(Q, POLLOUT));
    read(P, buffer, 4095);
    V(polled(Q, POLLOUT | 0x100));
    close(Q);
    V(polled(P, POLLIN));
    V(polled(P, 0));
    read(P, buffer, 65536);
    V(polled(P, POLLIN));
    E(poll, three + 1, 1, 1);
    about("ppoll");
    E(ppoll, three, 3, &none, NULL, 0);
    E(ppoll, three, 3, &none, &mask, 8);
    E(ppoll, three, 3, &none, &mask, 4);
    E(ppoll, three, 3, &none, NULL, 4);
    E(ppoll, three, 3, &negative, NULL, 0);
    E(ppoll, three, 3, &wrong, NULL, 0);
    E(ppoll, three, 3, NOWHERE, NULL, 0);
    E(ppoll, three, 3, &none, NOWHERE, 8);
    E(ppoll, NOWHERE, 3, &wrong, NULL, 0);
    E(ppoll, NOWHERE, 3, &none, NULL, 0);
    E(ppoll, three, 3, &wrong, NOWHERE, 8);
}

static void more_polling(void)
{
    int fds[2];
    open_all();
    E(close, P);
    V(polled(Q, POLLIN | POLLOUT));
    V(polled(Q, 0));
    signal(SIGPIPE, SIG_IGN);
    E(write, Q, "x", 1);
    about("duplicates of a pipe's ends");
    E(pipe, fds);
    E(dup2, fds[1], 30);
    E(close, fds[1]);
    E(write, 30, "ab", 2);
    E(dup2, F, 30);
    E(read, fds[0], buffer, 10);
    E(read, fds[0], buffer, 10);
    V(polled(fds[0], POLLIN));
    about("one with a name");
    E(mknod, "fifo", S_IFIFO | 0600, 0);
    int in = open("fifo", O_RDONLY | O_NONBLOCK);
    V(polled(in, POLLIN));
    int out = open("fifo", O_WRONLY | O_NONBLOCK);
    V(polled(in, POLLIN));
    V(polled(out, POLLOUT));
    E(close, out);
    V(polled(in, POLLIN));
    E(close, in);
    in = open("fifo", O_RDWR | O_NONBLOCK);
    V(polled(in, POLLIN | POLLOUT));
    E(read, in, buffer, 1);
    about("appending");
    int end = open("f", O_RDWR);
    E(fcntl, end, F_SETFL, O_APPEND);
    E(write, end, "zz", 2);
    V(size_of("f"));
    E(lseek, end, 0, SEEK_CUR);
    E(fcntl, end, F_SETFL, 0);
    E(lseek, end, 0, SEEK_SET);
    E(write, end, "zz", 2);
    V(size_of("f"));
    E(fcntl, end, F_SETFL, 0x40000000);
}

static void controls(void)
{
    int on = 1;
    open_all();
    E(ioctl, 99, TCGETS, buffer);
    E(ioctl, 99, 0, 0);
    E(ioctl, F, TCGETS, buffer);
    E(ioctl, F, TCGETS, NOWHERE);
    E(ioctl, F, 0x12345678, 0);
    E(ioctl, P, TCGETS, buffer);
    E(ioctl, N, TCGETS, buffer);
    E(ioctl, D, TCGETS, buffer);
    E(ioctl, F, TIOCGPGRP, buffer);
    E(ioctl, F, TIOCGWINSZ, buffer);
    E(ioctl, F, TIOCSCTTY, 0);
    E(ioctl, F, FIONREAD, buffer);
    V(*(int *)buffer);
    E(ioctl, F, FIONREAD, NOWHERE);
    E(ioctl, D, FIONREAD, buffer);
    E(ioctl, P, FIONREAD, buffer);
    V(*(int *)buffer);
    E(ioctl, P, FIONREAD, NOWHERE);
    E(ioctl, P, FIONBIO_, &on);
    E(fcntl, P, F_GETFL);
    E(ioctl, P, FIONBIO_, NOWHERE);
    E(ioctl, P, 0x5451);
    E(fcntl, P, F_GETFD);
    E(ioctl, P, 0x5450);
    E(fcntl, P, F_GETFD);
    about("flock");
    E(flock, 99, LOCK_SH);
    E(flock, 99, 0);
    E(flock, F, 0);
    E(flock, F, LOCK_NB);
    E(flock, F, LOCK_SH | LOCK_EX);
    E(flock, F, 16);
    E(flock, F, LOCK_UN);
    int other = open("f", O_RDONLY);
    E(flock, F, LOCK_SH);
    E(flock, other, LOCK_SH | LOCK_NB);
    E(flock, other, LOCK_EX | LOCK_NB);
    E(flock, F, LOCK_UN);
    E(flock, other, LOCK_EX | LOCK_NB);
    E(flock, F, LOCK_SH | LOCK_NB);
    E(close, other);
    E(flock, F, LOCK_SH | LOCK_NB);
    E(flock, P, LOCK_SH | LOCK_NB);
    E(flock, D, LOCK_EX | LOCK_NB);
}

static void lock_at(int fd, int command, int type, int whence, long start, long length)
{
    struct flock what = { (short)type, (short)whence, start, length, 0 };
    E(fcntl, fd, command, &what);
    if (command == F_GETLK || command == F_OFD_GETLK) {
        V(what.l_type);
        V(what.l_start);
        V(what.l_len);
    }
}

static void locks_on_parts(void)
{
    const long last = 0x7fffffffffffffff;
    open_all();
    about("no such part");
    E(fcntl, F, F_SETLK, NOWHERE);
    E(fcntl, F, F_GETLK, KERNEL);
    E(fcntl, 99, F_SETLK, NOWHERE);
    lock_at(F, F_SETLK, 3, SEEK_SET, 0, 1);
    lock_at(F, F_SETLK, -1, SEEK_SET, 0, 1);
    lock_at(F, F_SETLK, F_WRLCK, 3, 0, 1);
    lock_at(F, F_SETLK, F_WRLCK, -1, 0, 1);
    lock_at(F, F_SETLK, F_WRLCK, SEEK_SET, -1, 1);
    lock_at(F, F_SETLK, F_WRLCK, SEEK_SET, 5, -6);
    lock_at(F, F_SETLK, F_WRLCK, SEEK_SET, 5, -5);
    lock_at(F, F_SETLK, F_WRLCK, SEEK_SET, last, 1);
    lock_at(F, F_SETLK, F_WRLCK, SEEK_SET, last, 2);
    lock_at(F, F_SETLK, F_WRLCK, SEEK_SET, last, 0);
    lock_at(F, F_SETLK, F_WRLCK, SEEK_END, last, 1);
    lock_at(F, F_SETLK, F_WRLCK, SEEK_END, -27, 1);
    lock_at(F, F_SETLK, F_WRLCK, SEEK_END, -26, 1);
    lock_at(F, F_SETLK, 7, SEEK_SET, last, 2);
    about("who may have it");
    lock_at(W, F_SETLK, F_RDLCK, SEEK_SET, 0, 1);
    lock_at(W, F_SETLK, F_WRLCK, SEEK_SET, 0, 1);
    lock_at(W, F_SETLK, F_UNLCK, SEEK_SET, 0, 1);
    lock_at(W, F_GETLK, F_RDLCK, SEEK_SET, 0, 1);
    lock_at(D, F_SETLK, F_RDLCK, SEEK_SET, 0, 1);
    lock_at(D, F_SETLK, F_WRLCK, SEEK_SET, 0, 1);
    lock_at(N, F_SETLK, F_WRLCK, SEEK_SET, 0, 1);
    about("what one may be asked");
    lock_at(F, F_GETLK, F_UNLCK, SEEK_SET, 0, 1);
    lock_at(F, F_GETLK, 3, SEEK_SET, 0, 1);
    lock_at(F, F_GETLK, F_WRLCK, SEEK_SET, 0, 0);
    lock_at(F, F_GETLK, F_WRLCK, SEEK_SET, 5, -6);
    about("those of open files");
    int other = open("f", O_RDWR);
    struct flock whose = { F_WRLCK, SEEK_SET, 0, 1, 1 };
    E(fcntl, F, F_OFD_SETLK, &whose);
    E(fcntl, F, F_OFD_GETLK, &whose);
    E(fcntl, F, F_OFD_SETLKW, &whose);
    lock_at(F, F_SETLK, F_UNLCK, SEEK_SET, 0, 0);
    lock_at(F, F_OFD_SETLK, F_WRLCK, SEEK_SET, 10, 10);
    lock_at(other, F_OFD_SETLK, F_RDLCK, SEEK_SET, 19, 1);
    lock_at(other, F_OFD_SETLK, F_RDLCK, SEEK_SET, 20, 1);
    lock_at(other, F_OFD_GETLK, F_RDLCK, SEEK_SET, 0, 0);
    lock_at(F, F_OFD_GETLK, F_RDLCK, SEEK_SET, 0, 0);
    lock_at(F, F_OFD_GETLK, F_WRLCK, SEEK_SET, 0, 0);
    lock_at(F, F_SETLK, F_RDLCK, SEEK_SET, 10, 1);
    lock_at(F, F_GETLK, F_RDLCK, SEEK_SET, 0, 0);
    E(close, other);
    lock_at(F, F_OFD_GETLK, F_WRLCK, SEEK_SET, 0, 0);
    int copy = dup(F);
    E(close, copy);
    lock_at(F, F_SETLK, F_RDLCK, SEEK_SET, 10, 1);
}

static void sending(void)
{
    long at = 20;
    open_all();
    E(sendfile, W, 99, NULL, 1);
    E(sendfile, 99, F, NULL, 1);
    E(sendfile, F, W, NULL, 1);
    E(sendfile, P, F, NULL, 1);
    E(sendfile, W, P, NULL, 1);
    E(sendfile, W, D, NULL, 1);
    E(sendfile, D, F, NULL, 1);
    E(sendfile, W, F, NOWHERE, 1);
    E(sendfile, 99, F, NOWHERE, 1);
    E(sendfile, W, F, NULL, 0);
    E(sendfile, W, F, NULL, 5);
    E(lseek, F, 0, SEEK_CUR);
    E(sendfile, W, F, &at, 100);
    V(at);
    E(lseek, F, 0, SEEK_CUR);
    E(sendfile, W, F, &at, 100);
    at = -1;
    E(sendfile, W, F, &at, 1);
    E(sendfile, Q, F, NULL, 3);
    E(sendfile, N, F, NULL, -1);
    V(size_of("w"));
    int append = open("w", O_WRONLY | O_APPEND);
    at = 0;
    E(sendfile, append, F, &at, 3);
    E(sendfile, W, N, NULL, 3);
}

static void folders(void)
{
    open_all();
    mkdir("d", 0755);
    int dir = open("d", O_RDONLY);
    E(getdents64, 99, buffer, 1000);
    E(getdents64, F, buffer, 1000);
    E(getdents64, P, buffer, 1000);
    E(getdents64, N, buffer, 1000);
    E(getdents64, W, NOWHERE, 1000);
    E(getdents64, dir, buffer, 0);
    E(getdents64, dir, buffer, 23);
    E(getdents64, dir, NOWHERE, 0);
    E(getdents64, dir, NOWHERE, 1000);
    E(getdents64, dir, KERNEL, 1000);
    E(getdents64, dir, buffer, 24);
    E(getdents64, dir, buffer, 24);
    E(getdents64, dir, buffer, 24);
    E(lseek, dir, 0, SEEK_SET);
    E(getdents64, dir, buffer, 48);
    E(getdents64, dir, buffer, 1000);
    E(getdents64, dir, buffer, 1000);
    close(open("d/a_name_of_twenty_ch.", O_CREAT | O_WRONLY, 0600));
    E(lseek, dir, 0, SEEK_SET);
    E(getdents64, dir, buffer, -1);
    rmdir("d");
    E(unlink, "d/a_name_of_twenty_ch.");
    E(rmdir, "d");
    E(lseek, dir, 0, SEEK_SET);
    E(getdents64, dir, buffer, 1000);
    E(openat, dir, "new", O_CREAT | O_RDWR, 0600);
    E(openat, dir, ".", O_RDONLY);
    E(openat, dir, "..", O_RDONLY);
    E(mkdirat, dir, "new", 0700);
    E(fchdir, dir);
    E(getcwd, buffer, 1000);
    E(open, ".", O_RDONLY);
    E(open, "x", O_CREAT | O_RDWR, 0600);
    E(chdir, "..");
}

int main(void)
{
    begin_edges();
    group("reading and writing", reading);
    group("seeking", seeking);
    group("pieces", pieces);
    group("descriptors", numbers);
    group("flags of open", flags_of_open);
    group("sizes", sizes_of_files);
    group("pipes", pipes);
    group("poll", polling);
    group("more of poll", more_polling);
    group("ioctl and flock", controls);
    group("fcntl's locks", locks_on_parts);
    group("sendfile", sending);
    group("getdents64", folders);
    return 0;
}
