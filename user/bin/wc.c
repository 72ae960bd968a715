/* wc [-l] [-w] [-c] [FILE...]: counts lines, words and bytes. */

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int wanted[3]; /* lines, words, bytes */

static void print(const long counts[3], const char *name)
{
    int only_one = wanted[0] + wanted[1] + wanted[2] == 1;
    for (int i = 0; i < 3; i++)
        if (wanted[i])
            printf(only_one ? "%ld" : "%8ld", counts[i]);
    printf("%s%s\n", *name ? " " : "", name);
}

static void count(FILE *file, long counts[3])
{
    int inside = 0;
    for (int c; (c = fgetc(file)) != EOF;) {
        counts[0] += c == '\n';
        counts[1] += !inside && !isspace(c);
        inside = !isspace(c);
        counts[2]++;
    }
}

int main(int argc, char **argv)
{
    int letter, status = 0;
    while ((letter = getopt(argc, argv, "lwc")) != -1) {
        if (letter == '?')
            return 2;
        wanted[letter == 'l' ? 0 : letter == 'w' ? 1 : 2] = 1;
    }
    if (!wanted[0] && !wanted[1] && !wanted[2])
        wanted[0] = wanted[1] = wanted[2] = 1;
    long total[3] = { 0 };
    int files = argc - optind;
    for (int i = optind; i < argc || (files == 0 && i == argc); i++) {
        long counts[3] = { 0 };
        FILE *file = files ? fopen(argv[i], "r") : stdin;
        if (!file) {
            fprintf(stderr, "wc: ");
            perror(argv[i]);
            status = 1;
            continue;
        }
        count(file, counts);
        print(counts, files ? argv[i] : "");
        fclose(file);
        for (int k = 0; k < 3; k++)
            total[k] += counts[k];
    }
    if (files > 1)
        print(total, "total");
    return status;
}
