/* time COMMAND...: runs it, then tells the time that went by and the CPU time it used. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void print(const char *name, long us)
{
    fprintf(stderr, "%s %ldm%ld.%03lds\n", name, us / 60000000, us / 1000000 % 60, us / 1000 % 1000);
}

int main(int argc, char **argv)
{
    struct timespec begin, end;
    struct rusage used = { 0 };
    int status = 0;
    if (argc < 2)
        return fprintf(stderr, "time: usage: time COMMAND...\n"), 125;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    pid_t pid = fork();
    if (pid == 0) {
        execvp(argv[1], argv + 1);
        fprintf(stderr, "time: %s: %s\n", argv[1], strerror(errno));
        _exit(errno == ENOENT ? 127 : 126);
    }
    if (pid < 0 || wait4(pid, &status, 0, &used) < 0)
        return perror("time"), 125;
    clock_gettime(CLOCK_MONOTONIC, &end);
    print("real", (end.tv_sec - begin.tv_sec) * 1000000 + (end.tv_nsec - begin.tv_nsec) / 1000);
    print("user", used.ru_utime.tv_sec * 1000000 + used.ru_utime.tv_usec);
    print("sys ", used.ru_stime.tv_sec * 1000000 + used.ru_stime.tv_usec);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
