/* What the tables of edges_*.c are made of. A row is one system call with raw arguments, and prints itself: "read(99, buffer, 1) = EBADF".
 * Lines that are indented are effects. Nothing that differs from machine to machine is printed: rows with process numbers, times and the
 * like are OK() rows, which say only whether the call did it. Rows stand in groups, each in a process and a folder of its own. */
#pragma once

#include "show.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

enum { PAGE = 4096, GUARD_S = 20 };
#define NOWHERE ((char *)0x1000)                 /* never mapped */
#define KERNEL ((char *)0xffff800000000000)
#define LAST ((char *)-1)                        /* the last address of all */
#define BEFORE_END(n) (two_pages + PAGE - (n)) /* the program's memory ends n bytes behind it */

static char *two_pages, *read_only; /* of the first the second one is not there */
static char UNUSED buffer[65536];

static const char *error_name(long error)
{
#define NAME(error) [error] = #error
    static const char *const names[] = {
        NAME(EPERM), NAME(ENOENT), NAME(ESRCH), NAME(EINTR), NAME(EIO), NAME(ENXIO), NAME(E2BIG), NAME(ENOEXEC), NAME(EBADF), NAME(ECHILD),
        NAME(EAGAIN), NAME(ENOMEM), NAME(EACCES), NAME(EFAULT), NAME(ENOTBLK), NAME(EBUSY), NAME(EEXIST), NAME(EXDEV), NAME(ENODEV),
        NAME(ENOTDIR), NAME(EISDIR), NAME(EINVAL), NAME(ENFILE), NAME(EMFILE), NAME(ENOTTY), NAME(ETXTBSY), NAME(EFBIG), NAME(ENOSPC),
        NAME(ESPIPE), NAME(EROFS), NAME(EMLINK), NAME(EPIPE), NAME(ERANGE), NAME(EDEADLK), NAME(ENAMETOOLONG), NAME(ENOSYS),
        NAME(ENOTEMPTY), NAME(ELOOP), NAME(ENODATA), NAME(EOVERFLOW), NAME(EOPNOTSUPP), NAME(ETIMEDOUT),
        NAME(ELIBBAD), NAME(ENOTSOCK), NAME(EMSGSIZE), NAME(ENOPROTOOPT), NAME(EPROTONOSUPPORT), NAME(ESOCKTNOSUPPORT),
        NAME(EAFNOSUPPORT), NAME(ECONNRESET), NAME(EISCONN), NAME(ENOTCONN), NAME(ECONNREFUSED),
    };
    static char number[24];
    if (error < (long)(sizeof(names) / sizeof(names[0])) && names[error])
        return names[error];
    snprintf(number, sizeof(number), "error %ld", error);
    return number;
}

static long UNUSED raw(long number, long a, long b, long c, long d, long e, long f)
{
    register long fourth asm("r10") = d, fifth asm("r8") = e, sixth asm("r9") = f;
    asm volatile("syscall" : "+a"(number) : "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth), "r"(sixth) : "rcx", "r11", "memory");
    return number;
}

#define CALL_(number, a, b, c, d, e, f, ...) raw(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define CALL(call, ...) CALL_(SYS_##call, ##__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

/* Every row is written at once: what comes next may end the process. */
static long UNUSED row(const char *text, long result, int is_number)
{
    if (result < 0 && result > -PAGE)
        printf("%s = %s\n", text, error_name(-result));
    else if (is_number)
        printf("%s = %ld\n", text, result);
    else
        printf("%s = ok\n", text);
    fflush(stdout);
    return result;
}

#define E(call, ...) row(#call "(" #__VA_ARGS__ ")", CALL(call, ##__VA_ARGS__), 1)
#define OK(call, ...) row(#call "(" #__VA_ARGS__ ")", CALL(call, ##__VA_ARGS__), 0)

/* An effect. */
#define V(value) (printf("    %s: %ld\n", #value, (long)(value)), fflush(stdout))
#define OCTAL(value) (printf("    %s: %lo\n", #value, (long)(value)), fflush(stdout))
#define TEXT(value) (printf("    %s: %s\n", #value, value), fflush(stdout))

/* What the rows below have in common. */
static void UNUSED about(const char *text)
{
    printf("-- %s\n", text);
    fflush(stdout);
}

/* rows() in a child, and how that ended if it is not as it should. */
static void UNUSED child(void (*rows)(void))
{
    pid_t pid = split();
    if (pid == 0) {
        alarm(GUARD_S); /* a call that waits is a wrong answer */
        rows();
        done(0);
    }
    int status = wait_for(pid);
    if (status)
        show_status("    it", status);
    fflush(stdout);
}

/* The same as a user who is nobody's. */
static void (*user_rows)(void);

static void be_user(void)
{
    gid_t groups[1] = { 0 };
    CALL(setgroups, 0, groups);
    CALL(setresgid, 1000, 1000, 1000);
    if (CALL(setresuid, 1000, 1000, 1000) == 0) /* what root asks for would be done */
        user_rows();
}

static void UNUSED child_as_user(void (*rows)(void))
{
    user_rows = rows;
    child(be_user);
}

static void remove_all(const char *path)
{
    char **names, inner[512];
    chmod(path, 0700);
    int count = list_folder(path, 0, &names);
    for (int i = 0; i < count; i++) {
        snprintf(inner, sizeof(inner), "%s/%s", path, names[i]);
        if (unlink(inner))
            remove_all(inner);
        free(names[i]);
    }
    if (count >= 0)
        free(names);
    rmdir(path);
}

static void (*group_rows)(void);

static void in_folder(void)
{
    if (chdir("edges") == 0)
        group_rows();
}

static void UNUSED group(const char *title, void (*rows)(void))
{
    printf("== %s\n", title);
    group_rows = rows;
    mkdir("edges", 0755);
    child(in_folder);
    remove_all("edges");
}

static void UNUSED begin_edges(void)
{
    begin();
    umask(022);
    setpriority(PRIO_PROCESS, 0, 0);
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 64, 64 });
    read_only = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); /* first, or it fills the gap */
    two_pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(two_pages + PAGE, PAGE);
    dup2(open("/dev/null", O_RDWR), 0);
}

/* A file with so many bytes, opened at the number. */
static int UNUSED file_at(int fd, const char *path, int flags, size_t size)
{
    int made = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0644);
    for (size_t i = 0; i < size; i++)
        write(made, &(char){ 'a' + i % 26 }, 1);
    close(made);
    made = open(path, flags);
    if (made != fd) {
        dup2(made, fd);
        close(made);
    }
    return fd;
}

static off_t UNUSED size_of(const char *path)
{
    struct stat st;
    return lstat(path, &st) ? -1 : st.st_size;
}

static mode_t UNUSED mode_of(const char *path)
{
    struct stat st;
    return lstat(path, &st) ? 0 : st.st_mode;
}

static nlink_t UNUSED links_of(const char *path)
{
    struct stat st;
    return lstat(path, &st) ? 0 : st.st_nlink;
}
