/* A bit of everything that takes memory, for a kernel that has none at some point: each step may fail, none waits for what will not
 * come, and nothing is left behind. Prints nothing: what it would print depends on where memory ended. */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void touch_pages(void)
{
    size_t size = 3 * 4096;
    char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return;
    memset(p, 1, size);
    mprotect(p + 4096, 4096, PROT_READ);
    munmap(p, size);
}

static void share_pages(void)
{
    int *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return;
    pid_t pid = fork();
    if (pid == 0) {
        *p = 1;
        _exit(0);
    }
    if (pid > 0)
        waitpid(pid, NULL, 0);
    munmap(p, 4096);
}

/* The child has the only end to write to, so that reading ends when it does. */
static void talk(void)
{
    int fds[2];
    char text[16];
    if (pipe(fds))
        return;
    pid_t pid = fork();
    if (pid == 0) {
        write(fds[1], "something", 9);
        _exit(0);
    }
    close(fds[1]);
    while (read(fds[0], text, sizeof(text)) > 0)
        ;
    close(fds[0]);
    if (pid > 0)
        waitpid(pid, NULL, 0);
}

static void run_another(void)
{
    pid_t pid = vfork();
    if (pid == 0) {
        execv("/tests/tiny", (char *[]){ "tiny", NULL });
        _exit(1);
    }
    if (pid > 0)
        waitpid(pid, NULL, 0);
}

static volatile sig_atomic_t heard;

static void hear(int number)
{
    heard = number;
}

static void signals(void)
{
    signal(SIGUSR1, hear);
    raise(SIGUSR1);
}

static void files(void)
{
    char block[5000];
    int fd = open("scarce", O_CREAT | O_RDWR, 0600);
    if (fd >= 0) {
        memset(block, 2, sizeof(block));
        write(fd, block, sizeof(block));
        close(fd);
    }
    mkdir("scarce-d", 0700);
    symlink("scarce", "scarce-l");
    rename("scarce-l", "scarce-d/l");
    for (int i = 0; i < 2; i++) { /* for want of memory a name may stay */
        unlink("scarce-d/l");
        unlink("scarce-l");
        rmdir("scarce-d");
        unlink("scarce");
    }
}

int main(void)
{
    touch_pages();
    share_pages();
    talk();
    run_another();
    signals();
    files();
    return 0;
}
