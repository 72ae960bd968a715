/* tail [-n LINES | -LINES] [FILE]: the last lines, 10 of them; -n +K: all from line K on. */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int letter, from = 0;
    long lines = 10, number = 0;
    if (argc > 1 && argv[1][0] == '-' && isdigit(argv[1][1])) /* the old form */
        lines = atol(argv[optind++] + 1);
    while ((letter = getopt(argc, argv, "n:")) != -1) {
        if (letter == '?')
            return 2;
        from = *optarg == '+';
        lines = labs(atol(optarg));
    }
    FILE *file = argv[optind] ? fopen(argv[optind], "r") : stdin;
    if (!file)
        return fprintf(stderr, "tail: "), perror(argv[optind]), 1;
    char **kept = calloc(lines + 1, sizeof(char *)); /* a ring of the last ones */
    char *line = NULL;
    size_t size = 0;
    for (; getline(&line, &size, file) > 0; number++) {
        if (from && number + 1 >= lines)
            fputs(line, stdout);
        if (from || lines == 0)
            continue;
        free(kept[number % lines]);
        kept[number % lines] = strdup(line);
    }
    for (long i = number > lines ? number - lines : 0; !from && i < number && lines > 0; i++)
        fputs(kept[i % lines], stdout);
    return fflush(stdout) < 0;
}
