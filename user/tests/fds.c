/* Descriptors: the least free one, dup, close-on-exec, offsets that are shared, appending, holes, limits. */

#include "show.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>

static char buffer[10000];

static void numbers(void)
{
    int a = open("f", O_CREAT | O_RDWR | O_TRUNC, 0640), b = dup(a);
    show("next one", b - a);
    close(a);
    show("the least free", dup(b) - a);
    show("dup2", dup2(b, 12));
    show("dup2 onto itself", dup2(b, b));
    show_call("dup2 of a closed one", dup2(99, 12));
    show_call("dup2 to a negative", dup2(b, -1));
    show_call("dup2 too high", dup2(b, 1 << 20));
    show_call("dup3 onto itself", dup3(b, b, 0));
    show_call("dup3 with a bad flag", dup3(b, 13, 1));
    show("F_DUPFD", fcntl(b, F_DUPFD, 13));
    show_call("F_DUPFD too high", fcntl(b, F_DUPFD, 1 << 20));
    show("not close-on-exec", fcntl(13, F_GETFD));
    show("F_DUPFD_CLOEXEC", fcntl(b, F_DUPFD_CLOEXEC, 13));
    show("close-on-exec", fcntl(14, F_GETFD));
    fcntl(14, F_SETFD, 0);
    show("taken off", fcntl(14, F_GETFD));
    show("F_GETFL", fcntl(b, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK));
    fcntl(b, F_SETFL, O_APPEND);
    show("O_APPEND set", fcntl(b, F_GETFL) & (O_ACCMODE | O_APPEND));
    show("seen through the copy", fcntl(12, F_GETFL) & O_APPEND);
    show_call("a bad command", fcntl(b, 9999));
    show_call("of a closed one", fcntl(99, F_GETFD));
    show_call("close twice", (close(14), close(14)));
    show_call("close of -1", close(-1));
    show_call("read of a closed one", read(14, buffer, 1));
    for (int i = a; i < 14; i++)
        close(i);
}

static void offsets(void)
{
    int fd = open("f", O_RDWR | O_TRUNC), copy = dup(fd), other = open("f", O_RDONLY);
    write(fd, "0123456789", 10);
    show("offset after a write", lseek(fd, 0, SEEK_CUR));
    show("the copy's", lseek(copy, 0, SEEK_CUR));
    show("another opening's", lseek(other, 0, SEEK_CUR));
    show("SEEK_SET", lseek(copy, 3, SEEK_SET));
    read(fd, buffer, 2);
    buffer[2] = 0;
    show_text("read there", buffer);
    pid_t pid = split();
    if (pid == 0) {
        read(fd, buffer, 2);
        done(0);
    }
    wait_for(pid);
    show("after a child's read", lseek(fd, 0, SEEK_CUR));
    show("SEEK_END", lseek(fd, -1, SEEK_END));
    show_call("before the start", lseek(fd, -1, SEEK_SET));
    show_call("a bad whence", lseek(fd, 0, 9));
    show("behind the end", lseek(fd, 5000, SEEK_SET));
    show("read there", read(fd, buffer, 1));
    write(fd, "x", 1);
    show("size with a hole", lseek(fd, 0, SEEK_END));
    long sum = 0;
    pread(fd, buffer, 5000, 0);
    for (int i = 10; i < 5000; i++)
        sum += buffer[i];
    show("the hole is zeros", sum);
    show("pread leaves the offset", lseek(fd, 0, SEEK_CUR));
    show("pwrite", pwrite(fd, "AB", 2, 1));
    show("another opening reads it", pread(other, buffer, 1, 1) * buffer[0]);
    show_call("pread before the start", pread(fd, buffer, 1, -1));
    show("ftruncate", ftruncate(fd, 4));
    show("size", lseek(fd, 0, SEEK_END));
    ftruncate(fd, 8);
    pread(fd, buffer, 8, 0);
    show("grown with zeros", buffer[4] + buffer[7]);
    show_text("kept", (buffer[4] = 0, buffer));
    show_call("ftruncate to less than nothing", ftruncate(fd, -1));
    show_call("of one that is read only", ftruncate(other, 0));
    show_call("write to it", write(other, "x", 1));
    close(fd);
    close(copy);
    close(other);
}

static void appending(void)
{
    int a = open("f", O_WRONLY | O_TRUNC | O_APPEND), b = open("f", O_WRONLY | O_APPEND);
    write(a, "one ", 4);
    write(b, "two ", 4);
    lseek(a, 0, SEEK_SET);
    write(a, "three", 5);
    close(a);
    close(b);
    int fd = open("f", O_RDONLY);
    buffer[read(fd, buffer, 100)] = 0;
    show_text("appended", buffer);
    show_call("write to O_RDONLY", write(fd, "x", 1));
    close(fd);
    fd = open("f", O_WRONLY);
    show_call("read from O_WRONLY", read(fd, buffer, 1));
    close(fd);
}

static void opening(void)
{
    show_call("no such file", open("none", O_RDONLY));
    show_call("O_EXCL on what is there", open("f", O_CREAT | O_EXCL | O_RDWR, 0600));
    show_call("a folder to write", open(".", O_WRONLY));
    show_call("O_DIRECTORY on a file", open("f", O_RDONLY | O_DIRECTORY));
    show_call("below a file", open("f/x", O_RDONLY));
    show_call("a slash behind a file", open("f/", O_RDONLY));
    show_call("no name", open("", O_RDONLY));
    memset(buffer, 'n', 300);
    buffer[300] = 0;
    show_call("too long a name", open(buffer, O_RDONLY));
    for (int i = 0; i < 5000; i++)
        buffer[i] = i % 2 ? '/' : '.';
    buffer[5000] = 0;
    show_call("too long a path", open(buffer, O_RDONLY));
    umask(027);
    struct stat st;
    int fd = open("new", O_CREAT | O_RDWR, 0777);
    fstat(fd, &st);
    show("mode under a umask", st.st_mode & 07777);
    show("size", st.st_size);
    show_true("a file", S_ISREG(st.st_mode));
    umask(022);
    close(fd);
    unlink("new");
    fd = open("/dev/null", O_RDWR);
    show("write to null", write(fd, "abc", 3));
    show("read from null", read(fd, buffer, 3));
    fstat(fd, &st);
    show_true("a device", S_ISCHR(st.st_mode));
    close(fd);
    fd = open("/dev/zero", O_RDONLY);
    buffer[0] = 1;
    show("read from zero", read(fd, buffer, 3) + buffer[0]);
    close(fd);
}

static void pieces(void)
{
    int fd = open("f", O_RDWR | O_TRUNC);
    struct iovec out[3] = { { "ab", 2 }, { "", 0 }, { "cde", 3 } };
    show("writev", writev(fd, out, 3));
    lseek(fd, 0, SEEK_SET);
    char a[4] = "", b[4] = "";
    struct iovec in[2] = { { a, 3 }, { b, 3 } };
    show("readv", readv(fd, in, 2));
    show_text("first", a);
    show_text("second", b);
    show("readv at the end", readv(fd, in, 2));
    show("of none", readv(fd, in, 0));
    close(fd);
}

static void limit(void)
{
    pid_t pid = split();
    if (pid == 0) {
        setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 10, 10 });
        int n = 0, fd;
        while ((fd = open("f", O_RDONLY)) >= 0)
            n++;
        show_call("at the limit", fd);
        show_true("below ten", n > 0 && n < 8);
        int fds[2];
        show_call("a pipe", pipe(fds));
        show_call("dup2 to ten", dup2(0, 10));
        close(9);
        show_call("a pipe with one left", pipe(fds));
        show_call("one is left", open("f", O_RDONLY));
        done(0);
    }
    wait_for(pid);
}

int main(void)
{
    begin();
    umask(022);
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 16, 16 });
    numbers();
    offsets();
    appending();
    opening();
    pieces();
    limit();
    unlink("f");
    return 0;
}
