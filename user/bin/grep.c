/* grep [-v] [-n] [-c] [-i] [-q] PATTERN [FILE...]: the lines in which the pattern is found. In it ^ and $ are the line's ends, . any
 * character, [a-z] and [^a-z] one of a set, * any number of what is before it, and \ takes a meaning away. Exit status 1: none was found,
 * 2: an error. */

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int invert, numbers, count_only, ignore_case, quiet;

static int same(char a, char b)
{
    return ignore_case ? tolower((unsigned char)a) == tolower((unsigned char)b) : a == b;
}

/* Behind the one character of the pattern that begins here. */
static const char *after_one(const char *p)
{
    if (*p == '\\' && p[1])
        return p + 2;
    if (*p != '[')
        return p + 1;
    const char *end = p + 1 + (p[1] == '^');
    end += *end == ']';
    while (*end && *end != ']')
        end++;
    return *end ? end + 1 : p + 1;
}

static int match_one(const char *p, const char *end, char c)
{
    if (!c)
        return 0;
    if (*p == '\\' && p[1])
        return same(p[1], c);
    if (*p == '[' && end > p + 1) {
        int negated = p[1] == '^', found = 0;
        for (p += 1 + negated; p < end - 1; p++) {
            if (p[1] == '-' && p + 2 < end - 1) {
                found |= (p[0] <= c && c <= p[2]) || (ignore_case && p[0] <= (c ^ 32) && (c ^ 32) <= p[2] && isalpha(c));
                p += 2;
            } else {
                found |= same(*p, c);
            }
        }
        return found != negated;
    }
    return *p == '.' || same(*p, c);
}

static int match_here(const char *p, const char *text)
{
    if (!*p)
        return 1;
    if (*p == '$' && !p[1])
        return !*text;
    const char *rest = after_one(p);
    if (*rest == '*') {
        const char *at = text;
        while (match_one(p, rest, *at))
            at++;
        for (;; at--) {
            if (match_here(rest + 1, at))
                return 1;
            if (at == text)
                return 0;
        }
    }
    return match_one(p, rest, *text) && match_here(rest, text + 1);
}

static int found_in(const char *pattern, const char *line)
{
    if (*pattern == '^')
        return match_here(pattern + 1, line);
    do {
        if (match_here(pattern, line))
            return 1;
    } while (*line++);
    return 0;
}

/* Returns the number of lines found. */
static long search(const char *pattern, FILE *file, const char *name)
{
    char *line = NULL;
    size_t size = 0;
    long number = 0, found = 0;
    for (ssize_t n; (n = getline(&line, &size, file)) > 0;) {
        number++;
        if (line[n - 1] == '\n')
            line[n - 1] = 0;
        if (found_in(pattern, line) == invert)
            continue;
        found++;
        if (quiet || count_only)
            continue;
        if (name)
            printf("%s:", name);
        if (numbers)
            printf("%ld:", number);
        puts(line);
    }
    free(line);
    if (count_only && !quiet)
        name ? printf("%s:%ld\n", name, found) : printf("%ld\n", found);
    return found;
}

int main(int argc, char **argv)
{
    int letter, status = 1;
    while ((letter = getopt(argc, argv, "vnciq")) != -1) {
        switch (letter) {
        case 'v': invert = 1; break;
        case 'n': numbers = 1; break;
        case 'c': count_only = 1; break;
        case 'i': ignore_case = 1; break;
        case 'q': quiet = 1; break;
        default: return 2;
        }
    }
    char *pattern = argv[optind];
    if (!pattern)
        return fprintf(stderr, "grep: usage: grep [-vnciq] PATTERN [FILE...]\n"), 2;
    int files = argc - optind - 1, error = 0;
    if (files == 0)
        status = search(pattern, stdin, NULL) == 0;
    for (int i = optind + 1; i < argc; i++) {
        FILE *file = fopen(argv[i], "r");
        if (!file) {
            fprintf(stderr, "grep: %s: %s\n", argv[i], strerror(errno));
            error = 1;
            continue;
        }
        status &= search(pattern, file, files > 1 ? argv[i] : NULL) == 0;
        fclose(file);
    }
    return error ? 2 : status;
}
