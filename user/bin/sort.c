/* sort [-r] [-n] [-u] [FILE...]: sorts lines; -r: backwards, -n: by the numbers they begin with, -u: equal ones once. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int reverse, numeric, unique;
static char **lines;
static size_t count, room;

static int compare(const void *a, const void *b)
{
    const char *x = *(char *const *)a, *y = *(char *const *)b;
    int order = 0;
    if (numeric) {
        long m = strtol(x, NULL, 10), n = strtol(y, NULL, 10);
        order = (m > n) - (m < n);
    }
    if (order == 0 && !(numeric && unique))
        order = strcmp(x, y);
    return reverse ? -order : order;
}

static int read_lines(FILE *file)
{
    char *line = NULL;
    size_t size = 0;
    for (ssize_t n; (n = getline(&line, &size, file)) > 0;) {
        if (line[n - 1] == '\n')
            line[n - 1] = 0;
        if (count == room && !(lines = realloc(lines, (room = room * 2 + 64) * sizeof(char *))))
            return perror("sort"), 2;
        lines[count++] = strdup(line);
    }
    free(line);
    return 0;
}

int main(int argc, char **argv)
{
    int letter, status = 0;
    while ((letter = getopt(argc, argv, "rnu")) != -1) {
        if (letter == '?')
            return 2;
        *(letter == 'r' ? &reverse : letter == 'n' ? &numeric : &unique) = 1;
    }
    if (optind == argc)
        status = read_lines(stdin);
    for (; optind < argc; optind++) {
        FILE *file = fopen(argv[optind], "r");
        if (!file)
            return fprintf(stderr, "sort: %s: %s\n", argv[optind], strerror(errno)), 2;
        status |= read_lines(file);
        fclose(file);
    }
    qsort(lines, count, sizeof(char *), compare);
    for (size_t i = 0; i < count; i++)
        if (!unique || i == 0 || compare(&lines[i - 1], &lines[i]) != 0)
            puts(lines[i]);
    return status;
}
