/* The beginning and the end of a program. Entry points: program_start() (from crt0.asm), exit(), atexit(), abort(), assert_failed(). */

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv, char **envp);
void exit_group(int status) __attribute__((noreturn));
void program_start(long argc, char **argv) __attribute__((noreturn));

int errno;
char **environ;
extern void (*stdio_end)(void) __attribute__((weak)); /* in stdio.c, where that is part of the program */

static void (*at_end[32])(void);
static int at_end_count;

void program_start(long argc, char **argv)
{
    environ = argv + argc + 1;
    exit(main(argc, argv, environ));
}

int atexit(void (*function)(void))
{
    if (at_end_count == sizeof(at_end) / sizeof(at_end[0]))
        return -1;
    at_end[at_end_count++] = function;
    return 0;
}

void exit(int status)
{
    while (at_end_count > 0)
        at_end[--at_end_count]();
    if (&stdio_end)
        stdio_end();
    exit_group(status);
}

void _exit(int status)
{
    exit_group(status);
}

void _Exit(int status)
{
    exit_group(status);
}

void abort(void)
{
    raise(SIGABRT);
    signal(SIGABRT, SIG_DFL); /* it was caught and came back, or is blocked */
    sigset_t set = 1ul << (SIGABRT - 1);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    raise(SIGABRT);
    exit_group(127);
}

void assert_failed(const char *what, const char *file, const char *function)
{
    dprintf(2, "%s: %s: '%s' does not hold\n", file, function, what);
    abort();
}
