/* sh [-eux] [-i] [-l] [-c COMMAND | FILE] [ARGUMENT...]: the shell. docs/shell.md tells how to use it. */

#include "sh.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool interactive, option_e, option_x, option_u;
pid_t shell_pid;

static jmp_buf to_prompt; /* where a person goes on after an error */
static struct input first;

void complain(const char *format, ...)
{
    fflush(stdout);
    va_list args;
    va_start(args, format);
    char message[600];
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    dprintf(2, "sh: %s\n", message);
}

void shell_exit(int how)
{
    status = how;
    trap_exit();
    fflush(stdout);
    fflush(stderr);
    _exit(how);
}

void fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char message[600];
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    if (*message)
        complain("%s", message);
    status = *message ? 2 : 128 + SIGINT;
    if (!interactive)
        shell_exit(2);
    longjmp(to_prompt, 1);
}

int run_input(void)
{
    int result = 0;
    for (bool at_end = false; skip == GO_ON;) {
        struct mark mark = mark_now();
        struct node *node = parse_line(&at_end);
        if (at_end)
            break;
        if (node)
            result = run(node);
        give_back(mark);
    }
    return result;
}

/* Opens a script where its descriptor is in nobody's way. */
static int open_script(const char *path)
{
    int low = open(path, O_RDONLY | O_CLOEXEC);
    if (low < 0)
        return low;
    int fd = fcntl(low, F_DUPFD_CLOEXEC, 10);
    close(low);
    return fd;
}

int source(const char *path, bool must_exist)
{
    int fd = open_script(path);
    if (fd < 0) {
        if (!must_exist)
            return 0;
        complain("%s: %s", path, strerror(errno));
        if (!interactive)
            shell_exit(2);
        return 2;
    }
    struct input inner;
    input_push(&inner, fd, NULL);
    int result = run_input();
    input_pop();
    close(fd);
    if (skip == SKIP_RETURN) {
        skip = GO_ON;
        result = status;
    }
    return result;
}

/* Everything as at the first prompt, but for variables and functions. */
static void back_to_prompt(void)
{
    redirects_undo(0);
    functions_left();
    loop_depth = tested = 0;
    skip = GO_ON;
    interrupted = false;
    input = &first;
    lexer_reset();
    if (status == 128 + SIGINT)
        dprintf(2, "\n");
}

static void run_for_a_person(void)
{
    const struct mark beginning = mark_now();
    if (setjmp(to_prompt)) {
        back_to_prompt();
        give_back(beginning);
    }
    for (bool at_end = false; !at_end;) {
        struct mark mark = mark_now();
        skip = GO_ON;
        struct node *node = parse_line(&at_end);
        if (node) {
            fflush(stdout);
            run(node);
        }
        give_back(mark);
        if (interrupted)
            fail("%s", "");
    }
    dprintf(2, "\n");
}

static void usage(void)
{
    dprintf(2, "sh: usage: sh [-eux] [-i] [-l] [-c COMMAND | FILE] [ARGUMENT...]\n");
    _exit(2);
}

int main(int argc, char **argv)
{
    bool login = false, ask = false;
    int letter;
    char *command = NULL;
    shell_pid = getpid();
    while ((letter = getopt(argc, argv, "euxilc:")) != -1) {
        switch (letter) {
        case 'e': option_e = true; break;
        case 'u': option_u = true; break;
        case 'x': option_x = true; break;
        case 'i': ask = true; break;
        case 'l': login = true; break;
        case 'c': command = optarg; break;
        default: usage();
        }
    }
    char *script = command ? NULL : argv[optind];
    char *zero = argv[optind] ? argv[optind] : argv[0];
    char **rest = argv + optind + (argv[optind] != NULL);
    positional_set(rest, argv + argc - rest);
    positional[0] = zero;
    vars_load();
    ask |= !command && !script && isatty(0) && isatty(2);
    if (login)
        source("/etc/profile", false);
    int fd = command ? -1 : 0;
    if (script && (fd = open_script(script)) < 0) {
        complain("%s: %s", script, strerror(errno));
        return errno == ENOENT ? 127 : 126;
    }
    input_push(&first, fd, command);
    if (ask && !command && !script) {
        interactive = first.prompts = true;
        traps_interactive();
        if (isatty(2))
            jobs_setup_terminal();
        run_for_a_person();
    } else {
        run_input();
    }
    shell_exit(status);
}
