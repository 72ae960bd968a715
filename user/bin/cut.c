/* cut [-d CHARACTER] -f LIST [FILE]: of each line the fields of the list, as 1,3-4; cut -c LIST [FILE]: the characters. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char wanted[1000];

static int read_list(const char *list)
{
    for (char *at = (char *)list; *at; at += *at == ',') {
        long low = *at == '-' ? 1 : strtol(at, &at, 10), high = low;
        if (*at == '-')
            high = at[1] && at[1] != ',' ? strtol(at + 1, &at, 10) : (at++, 999);
        if (low < 1 || high < low || high > 999 || (*at && *at != ','))
            return 0;
        memset(wanted + low, 1, high - low + 1);
    }
    return 1;
}

int main(int argc, char **argv)
{
    int letter, characters = 0;
    char between = '\t', *list = NULL;
    while ((letter = getopt(argc, argv, "d:f:c:")) != -1) {
        switch (letter) {
        case 'd': between = *optarg; break;
        case 'c': characters = 1; /* falls through */
        case 'f': list = optarg; break;
        default: return 2;
        }
    }
    if (!list || !read_list(list))
        return fprintf(stderr, "cut: usage: cut [-d CHARACTER] -f LIST [FILE], or cut -c LIST [FILE]; a list is as 1,3-4\n"), 2;
    FILE *file = argv[optind] ? fopen(argv[optind], "r") : stdin;
    if (!file)
        return fprintf(stderr, "cut: "), perror(argv[optind]), 1;
    int field = 1, first = 1;
    for (int c; (c = fgetc(file)) != EOF;) {
        if (c == '\n') {
            putchar(c);
            field = first = 1;
        } else if (characters) {
            if (field < 1000 && wanted[field++])
                putchar(c);
        } else if (c == between) {
            field++;
            if (field < 1000 && wanted[field] && !first)
                putchar(c);
        } else if (field < 1000 && wanted[field]) {
            putchar(c);
        }
        if (c != '\n' && field < 1000 && wanted[field])
            first = 0;
    }
    return fflush(stdout) < 0;
}
