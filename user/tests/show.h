/* What the test programs print: lines "name: result", without addresses, process numbers and times, so that every correct kernel prints the
 * same. A failed call is shown as its error's meaning. */
#pragma once

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define UNUSED __attribute__((unused))

static void UNUSED show(const char *name, long value)
{
    printf("%s: %ld\n", name, value);
}

static void UNUSED show_text(const char *name, const char *text)
{
    printf("%s: %s\n", name, text);
}

static void UNUSED show_true(const char *name, int condition)
{
    printf("%s: %s\n", name, condition ? "yes" : "NO");
}

/* The result of a system call. */
static void UNUSED show_call(const char *name, long result)
{
    if (result < 0)
        printf("%s: %s\n", name, strerror(errno));
    else
        printf("%s: %ld\n", name, result);
}

/* The same where the number is nobody's business. */
static void UNUSED show_ok(const char *name, long result)
{
    printf("%s: %s\n", name, result < 0 ? strerror(errno) : "ok");
}

/* What wait() says of a child. */
static void UNUSED show_status(const char *name, int status)
{
    if (WIFEXITED(status))
        printf("%s: exited %d\n", name, WEXITSTATUS(status));
    else if (WIFSIGNALED(status))
        printf("%s: killed, %s\n", name, strsignal(WTERMSIG(status)));
    else if (WIFSTOPPED(status))
        printf("%s: stopped, %s\n", name, strsignal(WSTOPSIG(status)));
    else
        printf("%s: %s\n", name, WIFCONTINUED(status) ? "continued" : "?");
}

/* fork() with nothing left in the buffer that both would write; a failure ends the test. */
static pid_t UNUSED split(void)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid < 0) {
        perror("fork");
        exit(1);
    }
    return pid;
}

/* In a child: writes out what it has to show and ends. */
static void UNUSED __attribute__((noreturn)) done(int status)
{
    fflush(stdout);
    _exit(status);
}

static int UNUSED wait_for(pid_t pid)
{
    int status = -1;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

/* Runs function(argument) in a child and shows how that ended. */
static void UNUSED show_child(const char *name, void (*function)(void *), void *argument)
{
    pid_t pid = split();
    if (pid == 0) {
        function(argument);
        done(0);
    }
    show_status(name, wait_for(pid));
}

/* No core files; and signals as a program has them that nobody has meddled with, whoever starts it. */
static void UNUSED begin(void)
{
    sigset_t none = 0;
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
}
