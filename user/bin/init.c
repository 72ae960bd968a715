/* The first process, pid 1: starts the shell on the terminal, takes in every orphan's status, and when the shell ends starts the next, or
 * with status 0 turns the machine off. With arguments it runs those instead of the shell, and then turns the machine off. */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

static void use(const char *terminal)
{
    int fd = open(terminal, O_RDWR);
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
    use("/dev/ttyS0"); /* which it is the first of its session to open: so that has it */
    execvp(argv[0], argv);
    perror(argv[0]);
    _exit(127);
}

int main(int argc, char **argv)
{
    char *shell[] = { "/bin/sh", "-l", NULL };
    char **program = argc > 1 ? argv + 1 : shell;
    use("/dev/console");
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
