/* tr [-d] FROM [TO]: writes its input with each character of FROM changed to the one at its place in TO; -d: without them. a-z is a range,
 * \n a newline, \t a tab. */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int expand(const char *set, unsigned char *to)
{
    int n = 0;
    for (; *set && n < 256; set++) {
        unsigned char c = *set;
        if (c == '\\' && set[1])
            c = *++set == 'n' ? '\n' : *set == 't' ? '\t' : *set;
        to[n++] = c;
        if (set[1] == '-' && set[2]) {
            for (int high = (unsigned char)set[2]; c < high && n < 256;)
                to[n++] = ++c;
            set += 2;
        }
    }
    return n;
}

int main(int argc, char **argv)
{
    unsigned char from[256], to[256];
    int erase = argc > 1 && strcmp(argv[1], "-d") == 0;
    if (argc != 3)
        return fprintf(stderr, "tr: usage: tr FROM TO, or tr -d FROM\n"), 2;
    int n = expand(argv[1 + erase], from), m = erase ? 0 : expand(argv[2], to);
    if (!erase && m == 0)
        return fprintf(stderr, "tr: TO is empty; tr -d takes characters away\n"), 2;
    for (int c; (c = getchar()) != EOF;) {
        unsigned char *found = memchr(from, c, n);
        if (!found)
            putchar(c);
        else if (!erase)
            putchar(to[found - from < m ? found - from : m - 1]);
    }
    return fflush(stdout) < 0;
}
