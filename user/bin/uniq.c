/* uniq [-c] [-d]: of equal lines that follow each other one; -c: with their number before it, -d: only lines that come more than once. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int letter, counted = 0, repeated = 0;
    while ((letter = getopt(argc, argv, "cd")) != -1) {
        if (letter == '?')
            return 2;
        *(letter == 'c' ? &counted : &repeated) = 1;
    }
    FILE *file = argv[optind] ? fopen(argv[optind], "r") : stdin;
    if (!file)
        return fprintf(stderr, "uniq: "), perror(argv[optind]), 1;
    char *line = NULL, *last = NULL;
    size_t size = 0;
    for (long times = 0;; times++) {
        ssize_t n = getline(&line, &size, file);
        if (n > 0 && line[n - 1] == '\n')
            line[n - 1] = 0;
        if (last && n > 0 && strcmp(line, last) == 0)
            continue;
        if (last && (!repeated || times > 1)) {
            if (counted)
                printf("%7ld ", times);
            puts(last);
        }
        if (n <= 0)
            return 0;
        free(last);
        last = strdup(line);
        times = 0;
    }
}
