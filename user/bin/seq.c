/* seq [FIRST [STEP]] LAST: numbers, one a line. */

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    long number[3] = { 1, 1, 1 };
    if (argc < 2 || argc > 4)
        return fprintf(stderr, "seq: usage: seq [FIRST [STEP]] LAST\n"), 2;
    for (int i = 1; i < argc; i++) {
        char *end;
        int place = i == argc - 1 ? 2 : i == 1 ? 0 : 1;
        number[place] = strtol(argv[i], &end, 10);
        if (*end || end == argv[i])
            return fprintf(stderr, "seq: %s: not a number\n", argv[i]), 2;
    }
    if (number[1] == 0)
        return fprintf(stderr, "seq: the step is 0; it would not end\n"), 2;
    for (long n = number[0]; number[1] > 0 ? n <= number[2] : n >= number[2]; n += number[1])
        if (printf("%ld\n", n) < 0)
            return 1;
    return fflush(stdout) < 0;
}
