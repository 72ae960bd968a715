/* env [-i] [NAME=VALUE...] [COMMAND...]: runs the command with these variables, or lists the environment; -i: nothing else in it. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int i = 1;
    if (i < argc && strcmp(argv[i], "-i") == 0) {
        environ[0] = NULL;
        i++;
    }
    for (char *equals; i < argc && (equals = strchr(argv[i], '=')); i++) {
        *equals = 0;
        setenv(argv[i], equals + 1, 1);
    }
    if (i < argc) {
        execvp(argv[i], argv + i);
        fprintf(stderr, "env: %s: %s\n", argv[i], strerror(errno));
        return errno == ENOENT ? 127 : 126;
    }
    for (char **at = environ; *at; at++)
        puts(*at);
    return 0;
}
