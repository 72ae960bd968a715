/* echo [-n] [WORD...]: writes the words, with a newline unless -n. */

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    int newline = argc < 2 || strcmp(argv[1], "-n") != 0;
    for (int i = 2 - newline; i < argc; i++)
        printf("%s%s", argv[i], i + 1 < argc ? " " : "");
    if (newline)
        putchar('\n');
    return fflush(stdout) < 0;
}
