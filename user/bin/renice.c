/* renice [-n] NICE [-p|-g|-u] ID...: changes the nice value of processes, of groups of them (-g), or of all that a user has (-u). */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static const char *const kind[] = { [PRIO_PROCESS] = "process ID", [PRIO_PGRP] = "process group ID", [PRIO_USER] = "user ID" };

static int is_number(const char *text, long *number)
{
    char *end;
    *number = strtol(text, &end, 10);
    return *text && !*end;
}

static int renice(int which, const char *text, int nice)
{
    long id;
    if (!is_number(text, &id) || id < 0)
        return fprintf(stderr, "renice: %s: no number\n", text), 1;
    errno = 0; /* -1 may be a nice value, too */
    int old = getpriority(which, id);
    if (errno || setpriority(which, id, nice) < 0)
        return fprintf(stderr, "renice: %ld (%s): %s\n", id, kind[which], strerror(errno)), 1;
    printf("%ld (%s) old priority %d, new priority %d\n", id, kind[which], old, getpriority(which, id));
    return 0;
}

int main(int argc, char **argv)
{
    int which = PRIO_PROCESS, status = 0, i = 1;
    long nice;
    i += i < argc && strcmp(argv[i], "-n") == 0;
    if (i + 1 >= argc || !is_number(argv[i], &nice))
        return fprintf(stderr, "renice: usage: renice [-n] NICE [-p|-g|-u] ID...\n"), 1;
    while (++i < argc)
        if (strcmp(argv[i], "-p") == 0)
            which = PRIO_PROCESS;
        else if (strcmp(argv[i], "-g") == 0)
            which = PRIO_PGRP;
        else if (strcmp(argv[i], "-u") == 0)
            which = PRIO_USER;
        else
            status |= renice(which, argv[i], nice);
    return status;
}
