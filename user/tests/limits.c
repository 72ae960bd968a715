/* Limits: what getrlimit tells of setrlimit, processes of a user, memory, file size. */

#include "show.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

static void told(void)
{
    struct rlimit limit = { 12, 14 }, old;
    show_call("prlimit64", prlimit64(0, RLIMIT_NOFILE, &limit, NULL));
    getrlimit(RLIMIT_NOFILE, &old);
    show("now", old.rlim_cur);
    show("most", old.rlim_max);
    limit.rlim_cur = 15;
    show_call("above the most", setrlimit(RLIMIT_NOFILE, &limit));
    show_call("no such limit", setrlimit(99, &limit));
    show_call("of nobody", prlimit64(999999, RLIMIT_NOFILE, NULL, &old));
    pid_t pid = split();
    if (pid == 0) {
        getrlimit(RLIMIT_NOFILE, &old);
        show("a child's", old.rlim_cur);
        done(0);
    }
    wait_for(pid);
}

static void processes(void *unused)
{
    (void)unused;
    int fds[2], n = 0;
    pipe(fds);
    setrlimit(RLIMIT_NPROC, &(struct rlimit){ 5, 5 });
    setuid(100000 + getpid()); /* a user without other processes, also beside another run of this */
    fflush(stdout);
    for (pid_t pid; (pid = fork()) >= 0; n++) {
        if (pid == 0) {
            char c;
            close(fds[1]);
            read(fds[0], &c, 1);
            _exit(0);
        }
    }
    show_call("fork", -1);
    show("children", n);
    close(fds[1]);
    for (int i = 0; i < n; i++)
        wait(NULL);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    show_status("and again", wait_for(pid));
}

static void memory(void *unused)
{
    (void)unused;
    setrlimit(RLIMIT_AS, &(struct rlimit){ 16 << 20, 16 << 20 });
    char *p = mmap(NULL, 4 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    show_true("4 MiB of 16", p != MAP_FAILED);
    p = mmap(NULL, 32 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    show_call("32 MiB", p == MAP_FAILED ? -1 : 0);
    show_true("malloc too", malloc(32 << 20) == NULL);
}

static void file_size(void *unused)
{
    (void)unused;
    char text[100] = "";
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 150, 150 });
    signal(SIGXFSZ, SIG_IGN);
    int fd = open("limited", O_CREAT | O_WRONLY | O_TRUNC, 0600);
    show("within", write(fd, text, 100));
    show("what fits", write(fd, text, 100));
    show_call("nothing fits", write(fd, text, 100));
    unlink("limited");
    signal(SIGXFSZ, SIG_DFL);
    write(fd, text, 100);
}

int main(void)
{
    begin();
    show_child("memory", memory, NULL);
    show_child("file size", file_size, NULL);
    if (getuid() == 0)
        show_child("processes of a user", processes, NULL);
    told();
    return 0;
}
