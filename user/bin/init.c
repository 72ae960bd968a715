/* The first process, pid 1: starts the shell on the console, takes in every orphan's status, and when the shell ends starts the next, or
 * with status 0 turns the machine off. With arguments it runs those instead of the shell, and then turns the machine off. */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

static void open_console(void)
{
    int fd = open("/dev/console", O_RDWR);
    if (fd < 0)
        return; /* the kernel gave us 0, 1 and 2 already, or nobody can be told */
    for (int i = 0; i < 3; i++)
        dup2(fd, i);
    if (fd > 2)
        close(fd);
}

static pid_t start(char **argv)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    setsid();
    ioctl(0, TIOCSCTTY, 0);
    execvp(argv[0], argv);
    perror(argv[0]);
    _exit(127);
}

int main(int argc, char **argv)
{
    char *shell[] = { "/bin/sh", "-l", NULL };
    char **program = argc > 1 ? argv + 1 : shell;
    open_console();
    int status = 0;
    do {
        pid_t pid = start(program), ended;
        if (pid < 0) {
            perror("init: fork");
            break;
        }
        while ((ended = wait(&status)) != pid && ended > 0)
            ;
        if (status != 0)
            printf("init: %s ended with status %d\n", program[0], WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
        fflush(stdout);
    } while (program == shell && status != 0);
    kill(-1, SIGKILL);
    reboot(RB_POWER_OFF);
    perror("init: reboot");
    return 1;
}
