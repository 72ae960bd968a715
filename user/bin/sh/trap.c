/* Signals that the shell itself gets, and trap. */

#include "sh.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

volatile bool interrupted;

static char *actions[NSIG]; /* [0] is for EXIT; "" ignores; NULL: none */
static volatile bool pending[NSIG], any_pending;

static jmp_buf out_of_read;
static volatile bool reading;
static volatile int caught;

static void handler(int number)
{
    if (number == SIGINT)
        interrupted = true;
    pending[number] = any_pending = true;
    if (reading) {
        reading = false;
        caught = number;
        longjmp(out_of_read, 1);
    }
}

/* read() of one byte that a caught signal ends with EINTR, also one that comes just before the call: the handler jumps out of it. */
ssize_t read_byte(int fd, char *byte)
{
    if (setjmp(out_of_read)) {
        sigset_t set = 1ul << (caught - 1);
        sigprocmask(SIG_UNBLOCK, &set, NULL);
        errno = EINTR;
        return -1;
    }
    errno = EINTR;
    reading = true;
    ssize_t n = any_pending ? -1 : read(fd, byte, 1);
    reading = false;
    return n;
}

/* Without SA_RESTART: wait and read are to return, so that the action runs at once. */
static void set_handler(int number, void (*function)(int))
{
    struct sigaction action = { .sa_handler = function };
    sigaction(number, &action, NULL);
}

static void set_default(int number)
{
    if (interactive && number == SIGINT)
        set_handler(number, handler);
    else if (interactive && (number == SIGQUIT || number == SIGTERM))
        signal(number, SIG_IGN);
    else
        signal(number, SIG_DFL);
}

void traps_interactive(void)
{
    set_default(SIGINT);
    set_default(SIGQUIT);
    set_default(SIGTERM);
}

static void run_action(int number)
{
    int before = status;
    char *action = strdup(actions[number]); /* it may be changed while it runs */
    run_command_text(action);
    free(action);
    status = before;
}

/* Between two commands: what signals have asked for. */
void traps_run(void)
{
    if (!any_pending)
        return;
    any_pending = false;
    for (int i = 1; i < NSIG; i++) {
        if (!pending[i])
            continue;
        pending[i] = false;
        if (actions[i])
            run_action(i);
    }
    if (interrupted && interactive && !actions[SIGINT])
        fail("%s", "");
    interrupted = false;
}

void trap_exit(void)
{
    if (!actions[0])
        return;
    char *action = actions[0];
    actions[0] = NULL;
    run_command_text(action);
}

/* In a child: what was caught has its default again, what was ignored stays so. */
void traps_child(void)
{
    static const int of_the_shell[] = { SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU };
    for (int i = 0; i < NSIG; i++) {
        if (actions[i] && *actions[i]) {
            if (i)
                signal(i, SIG_DFL);
            free(actions[i]);
            actions[i] = NULL;
        }
    }
    if (interactive)
        for (size_t i = 0; i < sizeof(of_the_shell) / sizeof(of_the_shell[0]); i++)
            if (!actions[of_the_shell[i]])
                signal(of_the_shell[i], SIG_DFL);
    any_pending = interrupted = false;
    memset((void *)pending, 0, sizeof(pending));
}

static void print_action(int number)
{
    if (!actions[number])
        return;
    fputs("trap -- '", stdout);
    for (char *c = actions[number]; *c; c++) {
        if (*c == '\'')
            fputs("'\\''", stdout);
        else
            putchar(*c);
    }
    printf("' %s\n", number ? signal_name(number) : "EXIT");
}

static void set_action(int number, const char *action)
{
    free(actions[number]);
    actions[number] = action ? strdup(action) : NULL;
    if (number == 0)
        return;
    if (!action)
        set_default(number);
    else if (!*action)
        signal(number, SIG_IGN);
    else
        set_handler(number, handler);
}

int builtin_trap(char **argv)
{
    if (!argv[1]) {
        for (int i = 0; i < NSIG; i++)
            print_action(i);
        return 0;
    }
    const char *action = argv[1];
    char **names = argv + 2;
    if (strcmp(action, "-") == 0)
        action = NULL;
    else if (!argv[2]) { /* `trap INT` */
        action = NULL;
        names = argv + 1;
    }
    for (; *names; names++) {
        int number = strcmp(*names, "EXIT") == 0 ? 0 : signal_number(*names);
        if (number < 0) {
            complain("trap: %s: no such signal; kill -l lists them", *names);
            return 1;
        }
        set_action(number, action);
    }
    return 0;
}
