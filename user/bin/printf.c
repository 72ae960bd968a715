/* printf FORMAT [ARGUMENT...]: writes the format, with %s %d %u %x %o %c %% filled from the arguments and \n \t \\ \0NN, again as long as
 * there are arguments. */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int status;

static const char *put_escape(const char *at)
{
    static const char letters[] = "abefnrtv\\\"'", values[] = "\a\b\033\f\n\r\t\v\\\"'";
    const char *known = *at ? strchr(letters, *at) : NULL;
    if (known) {
        putchar(values[known - letters]);
        return at + 1;
    }
    if (*at >= '0' && *at <= '7') {
        int value = 0;
        for (int i = 0; i < 3 + (*at == '0') && *at >= '0' && *at <= '7'; i++)
            value = value * 8 + *at++ - '0';
        putchar(value);
        return at;
    }
    putchar('\\');
    return at;
}

static long number(const char *text)
{
    char *end;
    long value = strtol(text, &end, 0);
    if (*end) {
        fprintf(stderr, "printf: %s: not a number\n", text);
        status = 1;
    }
    return value;
}

/* One conversion; at is its %. */
static const char *put_conversion(const char *at, const char *argument)
{
    char form[32];
    size_t n = 1 + strspn(at + 1, "-+ #0123456789.");
    if (n > sizeof(form) - 4)
        return at + 1;
    memcpy(form, at, n);
    strcpy(form + n, "l?");
    form[n + 1] = at[n];
    if (at[n] && strchr("diuxXo", at[n])) {
        printf(form, number(argument));
    } else if (at[n] == 'c') {
        putchar(*argument);
    } else if (at[n] == 's' || at[n] == 'b') {
        strcpy(form + n, "s");
        printf(form, argument);
    } else {
        fprintf(stderr, "printf: %%%c: not known; there are s d i u x X o c b\n", at[n]);
        status = 1;
    }
    return at + n + (at[n] != 0);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return fprintf(stderr, "printf: usage: printf FORMAT [ARGUMENT...]\n"), 2;
    int i = 2, before;
    do {
        before = i;
        for (const char *at = argv[1]; *at;) {
            if (*at == '\\') {
                at = put_escape(at + 1);
            } else if (at[0] == '%' && at[1] == '%') {
                putchar('%');
                at += 2;
            } else if (*at == '%') {
                at = put_conversion(at, i < argc ? argv[i] : "");
                i++;
            } else {
                putchar(*at++);
            }
        }
    } while (i > before && i < argc);
    return fflush(stdout) < 0 ? 1 : status;
}
