/* hexdump [FILE]: its bytes, 16 a line, in hexadecimal and as text. */

#include <ctype.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    unsigned char bytes[16];
    FILE *file = argc > 1 ? fopen(argv[1], "r") : stdin;
    if (!file)
        return fprintf(stderr, "hexdump: "), perror(argv[1]), 1;
    unsigned long at = 0;
    for (size_t n; (n = fread(bytes, 1, 16, file)) > 0; at += n) {
        printf("%08lx ", at);
        for (size_t i = 0; i < 16; i++) {
            if (i == 8)
                putchar(' ');
            i < n ? printf(" %02x", bytes[i]) : printf("   ");
        }
        printf("  |");
        for (size_t i = 0; i < n; i++)
            putchar(isprint(bytes[i]) ? bytes[i] : '.');
        printf("|\n");
    }
    printf("%08lx\n", at);
    return 0;
}
