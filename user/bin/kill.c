/* kill [-SIGNAL | -s SIGNAL] PID...: sends a signal, TERM if none is named; kill -l lists them. */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    int number = SIGTERM, status = 0, i = 1;
    if (argc == 2 && strcmp(argv[1], "-l") == 0) {
        for (i = 1; signal_name(i); i++)
            printf("%2d %s\n", i, signal_name(i));
        return 0;
    }
    if (i < argc && argv[i][0] == '-' && strcmp(argv[i], "--") != 0) {
        char *name = strcmp(argv[i], "-s") == 0 && i + 1 < argc ? argv[++i] : argv[i] + 1;
        number = signal_number(name);
        if (number < 0)
            return fprintf(stderr, "kill: %s: no such signal; kill -l lists them\n", name), 1;
        i++;
    }
    i += i < argc && strcmp(argv[i], "--") == 0;
    if (i >= argc)
        return fprintf(stderr, "kill: usage: kill [-SIGNAL] PID...\n"), 1;
    for (; i < argc; i++) {
        char *end;
        long pid = strtol(argv[i], &end, 10);
        if (*end || end == argv[i])
            errno = EINVAL;
        if (*end || end == argv[i] || kill(pid, number) < 0) {
            fprintf(stderr, "kill: %s: %s\n", argv[i], strerror(errno));
            status = 1;
        }
    }
    return status;
}
