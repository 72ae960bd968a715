/* stress cpu N | fork N | memory MIB: work for the machine. cpu: N processes that compute until they are killed; fork: N children, one
 * after the other; memory: so many MiB written and read back, in eight processes that share them at first. Prints one line at the end. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static int cpu(long n)
{
    for (long i = 0; i < n; i++) {
        pid_t pid = fork();
        if (pid < 0)
            return perror("stress: fork"), 1;
        if (pid == 0)
            for (volatile unsigned long work = 0;; work++)
                ;
    }
    while (wait(NULL) > 0)
        ;
    return 0;
}

static int churn(long n)
{
    long wrong = 0;
    for (long i = 0; i < n; i++) {
        int status;
        pid_t pid = fork();
        if (pid < 0)
            return perror("stress: fork"), 1;
        if (pid == 0)
            _exit(i & 127);
        wrong += waitpid(pid, &status, 0) != pid || WEXITSTATUS(status) != (i & 127);
    }
    printf("%ld children, %ld wrong\n", n, wrong);
    return wrong != 0;
}

static int check(unsigned char *memory, size_t size, int value)
{
    for (size_t i = 0; i < size; i += 4096)
        if (memory[i] != value)
            return 1;
    return 0;
}

static int memory(long mib)
{
    size_t size = mib << 20;
    unsigned char *all = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED)
        return perror("stress: mmap"), 1;
    memset(all, 1, size);
    for (int i = 0; i < 8; i++) {
        pid_t pid = fork();
        if (pid < 0)
            return perror("stress: fork"), 1;
        if (pid == 0) {
            int wrong = check(all, size, 1);
            memset(all + size / 8 * i, 2 + i, size / 8);
            _exit(wrong | check(all + size / 8 * i, size / 8, 2 + i));
        }
    }
    int wrong = 0;
    for (int status; wait(&status) > 0;)
        wrong += status != 0;
    wrong += check(all, size, 1);
    printf("%ld MiB, %d wrong\n", mib, wrong);
    return wrong != 0;
}

int main(int argc, char **argv)
{
    long n = argc == 3 ? atol(argv[2]) : 0;
    if (n > 0 && strcmp(argv[1], "cpu") == 0)
        return cpu(n);
    if (n > 0 && strcmp(argv[1], "fork") == 0)
        return churn(n);
    if (n > 0 && strcmp(argv[1], "memory") == 0)
        return memory(n);
    fprintf(stderr, "stress: usage: stress cpu N | fork N | memory MIB\n");
    return 2;
}
