/* chmod MODE FILE...: sets the permissions, an octal number such as 755, or +x, -w, u+r, ... */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The mode that is meant, given the one that is; -1: not understood. */
static int new_mode(const char *text, int old)
{
    char *end;
    long octal = strtol(text, &end, 8);
    if (end != text)
        return *end || octal > 07777 ? -1 : octal;
    int who = 0, bits = 0;
    for (; *text && strchr("ugoa", *text); text++)
        who |= *text == 'u' ? 0700 : *text == 'g' ? 070 : *text == 'o' ? 07 : 0777;
    char sign = *text++;
    if (sign != '+' && sign != '-' && sign != '=')
        return -1;
    for (; *text; text++) {
        if (!strchr("rwx", *text))
            return -1;
        bits |= *text == 'r' ? 0444 : *text == 'w' ? 0222 : 0111;
    }
    who = who ? who : 0777;
    return sign == '+' ? old | (bits & who) : sign == '-' ? old & ~(bits & who) : (old & ~who) | (bits & who);
}

int main(int argc, char **argv)
{
    int status = 0;
    struct stat st;
    if (argc < 3)
        return fprintf(stderr, "chmod: usage: chmod MODE FILE...\n"), 2;
    if (new_mode(argv[1], 0) < 0)
        return fprintf(stderr, "chmod: %s: not a mode; write an octal number, or u+x, a-w\n", argv[1]), 2;
    for (int i = 2; i < argc; i++) {
        if (stat(argv[i], &st) < 0 || chmod(argv[i], new_mode(argv[1], st.st_mode & 07777)) < 0) {
            fprintf(stderr, "chmod: ");
            perror(argv[i]);
            status = 1;
        }
    }
    return status;
}
