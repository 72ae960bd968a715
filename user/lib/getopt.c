/* Options of a command line, getopt(): single letters, with ':' behind those that take a value. */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

char *optarg;
int optind = 1, opterr = 1, optopt;

int getopt(int argc, char *const argv[], const char *options)
{
    static int at = 1; /* in argv[optind] */
    if (optind >= argc || argv[optind][0] != '-' || !argv[optind][1])
        return -1;
    if (strcmp(argv[optind], "--") == 0) {
        optind++;
        return -1;
    }
    char option = optopt = argv[optind][at++];
    const char *known = option == ':' ? NULL : strchr(options, option);
    char *rest = argv[optind] + at;
    if (!*rest || (known && known[1] == ':')) {
        optind++;
        at = 1;
    }
    if (!known) {
        if (opterr)
            fprintf(stderr, "%s: invalid option -- '%c'\n", argv[0], option);
        return '?';
    }
    if (known[1] == ':') {
        optarg = *rest ? rest : optind < argc ? argv[optind++] : NULL;
        if (!optarg) {
            if (opterr)
                fprintf(stderr, "%s: option requires an argument -- '%c'\n", argv[0], option);
            return '?';
        }
    }
    return option;
}
