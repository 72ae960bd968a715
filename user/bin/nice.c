/* nice [-n CHANGE] [COMMAND...]: runs the command with its nice value changed, by 10 if nothing is said; alone it tells the value. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int change = 10, i = 1;
    char *end = "";
    if (i < argc && strncmp(argv[i], "-n", 2) == 0) {
        char *number = argv[i][2] ? argv[i] + 2 : i + 1 < argc ? argv[++i] : "x";
        change = strtol(number, &end, 10);
        i++;
    }
    if (*end)
        return fprintf(stderr, "nice: usage: nice [-n CHANGE] [COMMAND...]\n"), 125;
    if (i >= argc)
        return printf("%d\n", getpriority(PRIO_PROCESS, 0)), 0;
    if (setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + change) < 0)
        fprintf(stderr, "nice: %s\n", strerror(errno)); /* the command is run all the same */
    execvp(argv[i], argv + i);
    fprintf(stderr, "nice: %s: %s\n", argv[i], strerror(errno));
    return errno == ENOENT ? 127 : 126;
}
