/* Bad pointers: each call that takes one gets memory that is not there, the kernel's, what is no address, and memory whose end is
 * missing. */

#include "show.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

enum { PAGE = 4096, BAD = 6, P = -1000, Q = -1001 };

static char *page; /* the page behind it is not mapped */

/* P in the arguments stands for the bad pointer, Q for a good one to 64 zero bytes. */
static const struct {
    const char *name;
    long number, arguments[6];
    size_t size; /* of what is read or written there: the last bad pointer leaves one byte too little; 0: no such try */
} calls[] = {
    { "open", SYS_open, { P, O_RDONLY }, 0 },
    { "openat", SYS_openat, { AT_FDCWD, P, O_RDONLY }, 0 },
    { "creat", SYS_creat, { P, 0600 }, 0 },
    { "stat", SYS_stat, { P, Q }, 0 },
    { "stat to", SYS_stat, { -2, P }, sizeof(struct stat) },
    { "lstat", SYS_lstat, { P, Q }, 0 },
    { "fstat", SYS_fstat, { 10, P }, sizeof(struct stat) },
    { "newfstatat", SYS_newfstatat, { AT_FDCWD, P, Q, 0 }, 0 },
    { "access", SYS_access, { P, 0 }, 0 },
    { "chdir", SYS_chdir, { P }, 0 },
    { "mkdir", SYS_mkdir, { P, 0700 }, 0 },
    { "rmdir", SYS_rmdir, { P }, 0 },
    { "unlink", SYS_unlink, { P }, 0 },
    { "unlinkat", SYS_unlinkat, { AT_FDCWD, P, 0 }, 0 },
    { "rename from", SYS_rename, { P, -2 }, 0 },
    { "rename to", SYS_rename, { -2, P }, 0 },
    { "link", SYS_link, { P, -2 }, 0 },
    { "symlink", SYS_symlink, { P, -2 }, 0 },
    { "symlink at", SYS_symlink, { -2, P }, 0 },
    { "readlink", SYS_readlink, { P, Q, 8 }, 0 },
    { "chmod", SYS_chmod, { P, 0 }, 0 },
    { "truncate", SYS_truncate, { P, 0 }, 0 },
    { "getcwd", SYS_getcwd, { P, 64 }, 1 },
    { "write", SYS_write, { 10, P, 8 }, 0 },
    { "writev", SYS_writev, { 10, P, 1 }, 16 },
    { "readv", SYS_readv, { 11, P, 1 }, 16 },
    { "read", SYS_read, { 11, P, 8 }, 0 },
    { "pread64", SYS_pread64, { 11, P, 8, 0 }, 0 },
    { "getdents64", SYS_getdents64, { 12, P, 64 }, 0 },
    { "pipe", SYS_pipe, { P }, 8 },
    { "pipe2", SYS_pipe2, { P, 0 }, 8 },
    { "poll", SYS_poll, { P, 1, 0 }, 8 },
    { "utimensat", SYS_utimensat, { AT_FDCWD, -2, P, 0 }, 32 },
    { "wait4 status", SYS_wait4, { -1, P, 0, 0 }, 4 },
    { "uname", SYS_uname, { P }, 0 },
    { "sysinfo", SYS_sysinfo, { P }, 100 },
    { "times", SYS_times, { P }, 32 },
    { "getrusage", SYS_getrusage, { 0, P }, sizeof(struct rusage) },
    { "getrlimit", SYS_getrlimit, { RLIMIT_NOFILE, P }, 16 },
    { "setrlimit", SYS_setrlimit, { RLIMIT_CORE, P }, 16 },
    { "prlimit64 new", SYS_prlimit64, { 0, RLIMIT_CORE, P, 0 }, 16 },
    { "prlimit64 old", SYS_prlimit64, { 0, RLIMIT_CORE, 0, P }, 16 },
    { "getresuid", SYS_getresuid, { Q, P, Q }, 4 },
    { "rt_sigaction new", SYS_rt_sigaction, { SIGUSR1, P, 0, 8 }, 32 },
    { "rt_sigaction old", SYS_rt_sigaction, { SIGUSR1, 0, P, 8 }, 32 },
    { "rt_sigprocmask new", SYS_rt_sigprocmask, { SIG_BLOCK, P, 0, 8 }, 8 },
    { "rt_sigprocmask old", SYS_rt_sigprocmask, { SIG_BLOCK, 0, P, 8 }, 8 },
    { "rt_sigpending", SYS_rt_sigpending, { P, 8 }, 8 },
    { "rt_sigsuspend", SYS_rt_sigsuspend, { P, 8 }, 8 },
    { "rt_sigtimedwait", SYS_rt_sigtimedwait, { P, 0, Q, 8 }, 8 },
    { "sigaltstack new", SYS_sigaltstack, { P, 0 }, 24 },
    { "sigaltstack old", SYS_sigaltstack, { 0, P }, 24 },
    { "setitimer", SYS_setitimer, { 0, P, 0 }, 32 },
    { "getitimer", SYS_getitimer, { 0, P }, 32 },
    { "gettimeofday", SYS_gettimeofday, { P, 0 }, 16 },
    { "clock_gettime", SYS_clock_gettime, { 0, P }, 16 },
    { "clock_getres", SYS_clock_getres, { 0, P }, 16 },
    { "nanosleep", SYS_nanosleep, { P, 0 }, 16 },
    { "clock_nanosleep", SYS_clock_nanosleep, { 0, 0, P, 0 }, 16 },
    { "time", SYS_time, { P }, 8 },
    { "set_tid_address", SYS_set_tid_address, { P }, 0 },
    { "execve", SYS_execve, { P, 0, 0 }, 0 },
    { "clone3", SYS_clone3, { P, 64 }, 64 },
    { "timer_create", SYS_timer_create, { 0, Q, P }, 4 },
    { "timer_settime", SYS_timer_settime, { 0, 0, P, 0 }, 32 },
    { "timerfd_settime", SYS_timerfd_settime, { 13, 0, P, 0 }, 32 },
    { "timerfd_settime old", SYS_timerfd_settime, { 13, 0, Q, P }, 32 },
    { "timerfd_gettime", SYS_timerfd_gettime, { 13, P }, 32 },
    { "timerfd read", SYS_read, { 13, P, 8 }, 8 },
    { "eventfd write", SYS_write, { 14, P, 8 }, 8 },
};

static const unsigned long bad[BAD] = { 0, 0x1000, 0xffff800000000000, 0xffffffffffffffff, 0x8000000000000000, 0 /* the page's end */ };
static const char *const bad_names[BAD] = { "null", "low", "kernel", "last", "no address", "page end" };

static void prepare(void)
{
    dup2(open("file", O_CREAT | O_RDWR, 0600), 10);
    write(10, "some text", 9);
    dup2(open("file", O_RDONLY), 11);
    dup2(open(".", O_RDONLY | O_DIRECTORY), 12);
    dup2(syscall(SYS_timerfd_create, 1, 0), 13);
    syscall(SYS_timerfd_settime, 13, 0, &(long[4]){ 0, 1, 0, 1 }, NULL);
    dup2(syscall(SYS_eventfd2, 5, 0), 14);
    page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(page + PAGE, PAGE);
}

static long argument(long a, long pointer)
{
    static char good[256];
    memset(good, 0, sizeof(good));
    return a == P ? pointer : a == Q ? (long)good : a == -2 ? (long)"file" : a;
}

/* In a child: a call may change what the process is. */
static void try_one(int call, unsigned long pointer, const char *what)
{
    const long *a = calls[call].arguments;
    pid_t pid = split();
    if (pid == 0) {
        if (calls[call].number == SYS_wait4) {
            if (split() == 0)
                _exit(0);
        }
        alarm(5); /* a call that waits is a wrong answer */
        long result = syscall(calls[call].number, argument(a[0], pointer), argument(a[1], pointer), argument(a[2], pointer),
                              argument(a[3], pointer), argument(a[4], pointer), argument(a[5], pointer));
        printf("%s, %s: %s\n", calls[call].name, what, result < 0 ? strerror(errno) : "ok");
        done(0);
    }
    int status = wait_for(pid);
    if (status)
        show_status(calls[call].name, status);
}

static void straddling(void)
{
    int fds[2];
    pipe(fds);
    show_call("write of a piece and what is behind it", write(10, page + PAGE - 4, 8));
    memset(page + PAGE - 4, 'x', 4);
    show_call("open of a name without end", open(page + PAGE - 4, O_RDONLY));
    page[PAGE - 1] = 0;
    show_call("of one that just ends", open(page + PAGE - 4, O_RDONLY));
    show_call("huge write", write(10, page, 1ul << 62));
    show_call("huge read", read(11, page, ~0ul));
    show_call("nothing to nowhere", write(10, (void *)0x1000, 0));
    struct iovec pieces[3] = { { page, 3 }, { (void *)0x1000, 3 }, { page, 3 } };
    show_call("writev: up to the bad piece", writev(10, pieces, 3));
    show_call("writev: a thousand and one thousand", writev(10, pieces, 2000));
    show_call("writev: minus one", writev(10, pieces, -1));
    pieces[1] = (struct iovec){ page, ~0ul };
    show_call("writev: a negative length", writev(10, pieces, 3));
    show_call("a read-only page", read(11, (void *)strerror, 4));
    show_call("getcwd, too small", syscall(SYS_getcwd, page, 1));
    close(fds[0]);
    close(fds[1]);
}

int main(void)
{
    begin();
    prepare();
    for (size_t call = 0; call < sizeof(calls) / sizeof(calls[0]); call++) {
        for (int i = 0; i < BAD - 1; i++)
            try_one(call, bad[i], bad_names[i]);
        if (calls[call].size)
            try_one(call, (unsigned long)page + PAGE - calls[call].size + 1, bad_names[BAD - 1]);
    }
    straddling();
    unlink("file");
    return 0;
}
