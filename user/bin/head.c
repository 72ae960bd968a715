/* head [-n LINES | -c BYTES | -LINES] [FILE]: the first lines, 10 of them. */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int letter;
    long lines = 10, bytes = -1;
    if (argc > 1 && argv[1][0] == '-' && isdigit(argv[1][1])) /* the old form */
        lines = atol(argv[optind++] + 1);
    while ((letter = getopt(argc, argv, "n:c:")) != -1) {
        if (letter == '?')
            return 2;
        *(letter == 'n' ? &lines : &bytes) = atol(optarg);
    }
    FILE *file = argv[optind] ? fopen(argv[optind], "r") : stdin;
    if (!file)
        return fprintf(stderr, "head: "), perror(argv[optind]), 1;
    for (int c; (bytes >= 0 ? bytes-- > 0 : lines > 0) && (c = fgetc(file)) != EOF;) {
        putchar(c);
        lines -= c == '\n';
    }
    return fflush(stdout) < 0;
}
