/* What the programs that make system calls at random have in common: numbers, and a folder for what the calls make. */
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096, NOBODY = 65534 };

/* xorshift64*, of a state that is not 0. */
static unsigned long any_of(unsigned long *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state * 0x2545f4914f6cdd1dul;
}

static unsigned long below_of(unsigned long *state, unsigned long n)
{
    return (any_of(state) >> 16) % n;
}

static void limit(int what, rlim_t most)
{
    setrlimit(what, &(struct rlimit){ most, most });
}

/* As root, also one that is root only within a user namespace, a call such as chmod("/dev/null") changes the machine for all. */
static bool may_begin(void)
{
    if (getuid() != 0)
        return true;
    int status = 1;
    pid_t pid = fork();
    if (pid == 0)
        _exit(setgid(NOBODY) < 0 || setuid(NOBODY) < 0);
    waitpid(pid, &status, 0);
    return status == 0;
}

/* The folder for what the calls make. Nobody may enter the one around it, so that ".." leads no further. */
static bool enter(void)
{
    return mkdir("fuzz", 0700) == 0 && mkdir("fuzz/in", 0777) == 0 && chmod("fuzz/in", 0777) == 0 && chdir("fuzz/in") == 0 &&
           mkdir("fuzz-d", 0777) == 0 && chmod("fuzz-d", 0777) == 0;
}

/* Twice, for the first time may fail for want of memory. */
static void leave(void)
{
    if (chdir("../..") < 0)
        return;
    for (int i = 0; i < 2; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            execv("/bin/rm", (char *[]){ "rm", "-r", "-f", "fuzz", NULL });
            _exit(127);
        }
        if (pid > 0)
            waitpid(pid, NULL, 0);
    }
}
