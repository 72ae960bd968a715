/* A bit of everything that takes memory, for a kernel that has none at some point: each step may fail, none waits for what will not
 * come, and nothing is left behind. Prints only what is not for want of memory, which is nothing: a call fails with ENOMEM, a process that
 * touches a page for which there is no room is killed. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* A call that has failed, which it may with ENOMEM alone. */
static void failed(const char *call)
{
    if (errno != ENOMEM)
        printf("%s: %s\n", call, strerror(errno));
}

/* A child may end by itself, with 0, or be killed. */
static void wait_for(pid_t pid)
{
    int status = 0;
    if (pid < 0)
        failed("fork");
    else if (waitpid(pid, &status, 0) != pid)
        failed("waitpid");
    else if (status != 0 && status != SIGKILL)
        printf("a child: status %#x\n", status);
}

static void touch_pages(void)
{
    size_t size = 3 * 4096;
    char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) {
        failed("mmap");
        return;
    }
    memset(p, 1, size);
    if (mprotect(p + 4096, 4096, PROT_READ) < 0)
        failed("mprotect");
    munmap(p, size);
}

static void share_pages(void)
{
    int *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) {
        failed("mmap");
        return;
    }
    pid_t pid = fork();
    if (pid == 0) {
        *p = 1;
        _exit(0);
    }
    wait_for(pid);
    munmap(p, 4096);
}

/* The child has the only end to write to, so that reading ends when it does. */
static void talk(void)
{
    int fds[2];
    char text[16];
    if (pipe(fds) < 0) {
        failed("pipe");
        return;
    }
    pid_t pid = fork();
    if (pid == 0) {
        if (write(fds[1], "something", 9) < 0 && errno != ENOMEM)
            _exit(errno);
        _exit(0);
    }
    close(fds[1]);
    while (read(fds[0], text, sizeof(text)) > 0)
        ;
    close(fds[0]);
    wait_for(pid);
}

static void run_another(void)
{
    pid_t pid = vfork();
    if (pid == 0) {
        execv("/tests/tiny", (char *[]){ "tiny", NULL });
        _exit(errno == ENOMEM ? 0 : errno);
    }
    wait_for(pid);
}

static volatile sig_atomic_t heard;

static void hear(int number)
{
    heard = number;
}

static void signals(void)
{
    if (signal(SIGUSR1, hear) == SIG_ERR)
        failed("signal");
    else if (raise(SIGUSR1) < 0)
        failed("raise");
    else if (heard != SIGUSR1)
        printf("a signal was not heard\n");
}

static void files(void)
{
    char block[5000];
    int fd = open("scarce", O_CREAT | O_RDWR, 0600);
    if (fd < 0)
        failed("open");
    else {
        memset(block, 2, sizeof(block));
        if (write(fd, block, sizeof(block)) < 0)
            failed("write");
        close(fd);
    }
    if (mkdir("scarce-d", 0700) < 0)
        failed("mkdir");
    if (symlink("scarce", "scarce-l") < 0)
        failed("symlink");
    rename("scarce-l", "scarce-d/l");
    for (int i = 0; i < 2; i++) { /* for want of memory a name may stay */
        unlink("scarce-d/l");
        unlink("scarce-l");
        rmdir("scarce-d");
        unlink("scarce");
    }
}

/* Of timers there may be no more. */
static void timers(void)
{
    long soon[4] = { 0, 0, 0, 1 };
    int id, fd = syscall(SYS_timerfd_create, 1, 0), counter = syscall(SYS_eventfd2, 1, 0);
    if (fd < 0)
        failed("timerfd_create");
    else if (syscall(SYS_timerfd_settime, fd, 0, soon, NULL) < 0)
        failed("timerfd_settime");
    if (counter < 0)
        failed("eventfd2");
    close(fd);
    close(counter);
    if (syscall(SYS_timer_create, 1, NULL, &id) < 0) {
        if (errno != EAGAIN)
            failed("timer_create");
    } else {
        signal(SIGALRM, hear);
        if (syscall(SYS_timer_settime, id, 0, soon, NULL) < 0)
            failed("timer_settime");
        while (heard != SIGALRM)
            pause();
        syscall(SYS_timer_delete, id);
    }
}

static void move_pages(void)
{
    char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *room;
    if (p == MAP_FAILED) {
        failed("mmap");
        return;
    }
    memset(p, 1, 8192);
    room = (char *)syscall(SYS_mremap, p, 4096, 4 << 20, 1, NULL);
    if (room == MAP_FAILED) {
        failed("mremap");
        room = p;
    }
    if (*room != 1 || p[4096] != 1)
        printf("what was moved is lost\n");
    munmap(room, 4 << 20);
    munmap(p, 8192);
}

/* A call that has failed has done nothing, and can be made again. */
static void move_over(void)
{
    char *p = mmap(NULL, 20480, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *room = mmap(NULL, 8 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *to = room + (4 << 20);
    if (p == MAP_FAILED || room == MAP_FAILED) {
        failed("mmap");
    } else {
        memset(p, 1, 20480);
        if (syscall(SYS_mremap, p + 4096, 12288, 4096, 3, to) < 0) {
            failed("mremap");
            if (mprotect(to, 4096, PROT_READ) < 0 || mprotect(p + 4096, 12288, PROT_READ) < 0)
                printf("a move that failed has unmapped something\n");
        } else if (*to != 1) {
            printf("what was moved is lost\n");
        }
    }
    if (p != MAP_FAILED)
        munmap(p, 20480);
    if (room != MAP_FAILED)
        munmap(room, 8 << 20);
}

static void make_alone(void)
{
    int fd = open("scarce-1", O_CREAT | O_EXCL | O_WRONLY, 0400);
    if (fd < 0) {
        failed("open");
        fd = open("scarce-1", O_CREAT | O_EXCL | O_WRONLY, 0400);
        if (fd < 0)
            printf("an open that failed has made a file: %s\n", strerror(errno));
    }
    close(fd);
    for (int i = 0; i < 2; i++)
        unlink("scarce-1");
}

int main(void)
{
    timers();
    move_pages();
    move_over();
    make_alone();
    touch_pages();
    share_pages();
    talk();
    run_another();
    signals();
    files();
    return 0;
}
