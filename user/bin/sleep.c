/* sleep SECONDS: waits that long; 0.25 is a quarter of a second. */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv)
{
    struct timespec time = { 0, 0 };
    char *end = argv[argc - 1];
    if (argc == 2 && (isdigit(argv[1][0]) || argv[1][0] == '.')) {
        time.tv_sec = strtol(argv[1], &end, 10);
        if (*end == '.')
            for (long unit = 100000000; isdigit(*++end); unit /= 10)
                time.tv_nsec += (*end - '0') * unit;
    }
    if (argc != 2 || *end || !*argv[1]) {
        fprintf(stderr, "sleep: usage: sleep SECONDS\n");
        return 1;
    }
    while (nanosleep(&time, &time) < 0)
        ;
    return 0;
}
