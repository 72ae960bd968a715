/* test and [: conditions on files, texts and numbers, with ! -a -o ( ). */

#include "sh.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char **at;
static bool wrong;

static bool any(void);

static bool give_up(const char *format, const char *what)
{
    if (!wrong) {
        char message[200];
        snprintf(message, sizeof(message), format, what);
        complain("test: %s", message);
    }
    wrong = true;
    return false;
}

static long number(const char *text)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (end == text || *end)
        give_up("%s: not a number", text);
    return value;
}

static bool is_file(char operator, const char *path)
{
    struct stat st;
    if (operator == 'h' || operator == 'L')
        return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
    if (stat(path, &st) < 0)
        return false;
    switch (operator) {
    case 'e': return true;
    case 'f': return S_ISREG(st.st_mode);
    case 'd': return S_ISDIR(st.st_mode);
    case 'p': return S_ISFIFO(st.st_mode);
    case 'c': return S_ISCHR(st.st_mode);
    case 'b': return (st.st_mode & S_IFMT) == S_IFBLK;
    case 's': return st.st_size > 0;
    case 'r': return access(path, R_OK) == 0;
    case 'w': return access(path, W_OK) == 0;
    default: return access(path, X_OK) == 0;
    }
}

static bool is_unary(const char *text)
{
    return text[0] == '-' && text[1] && !text[2] && strchr("hLefdpcbsrwxnzt", text[1]);
}

static const char *const binary[] = { "=", "!=", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef", "<", ">" };

static int binary_of(const char *text)
{
    for (int i = 0; i < (int)(sizeof(binary) / sizeof(binary[0])); i++)
        if (text && strcmp(text, binary[i]) == 0)
            return i;
    return -1;
}

static bool compare_files(const char *a, int operator, const char *b)
{
    struct stat x, y;
    bool have_x = stat(a, &x) == 0, have_y = stat(b, &y) == 0;
    if (operator == 10)
        return have_x && have_y && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
    long newer = !have_x || !have_y ? have_x - have_y
                 : x.st_mtim.tv_sec != y.st_mtim.tv_sec ? x.st_mtim.tv_sec - y.st_mtim.tv_sec
                                                        : x.st_mtim.tv_nsec - y.st_mtim.tv_nsec;
    return operator == 8 ? newer > 0 : newer < 0;
}

static bool compare(const char *a, int operator, const char *b)
{
    switch (operator) {
    case 0: return strcmp(a, b) == 0;
    case 1: return strcmp(a, b) != 0;
    case 2: return number(a) == number(b);
    case 3: return number(a) != number(b);
    case 4: return number(a) < number(b);
    case 5: return number(a) <= number(b);
    case 6: return number(a) > number(b);
    case 7: return number(a) >= number(b);
    case 11: return strcmp(a, b) < 0;
    case 12: return strcmp(a, b) > 0;
    default: return compare_files(a, operator, b);
    }
}

static bool one(void)
{
    char *word = *at;
    if (!word)
        return give_up("%s", "an argument is missing");
    if (at[1] && at[2] && binary_of(at[1]) >= 0) {
        at += 3;
        return compare(word, binary_of(at[-2]), at[-1]);
    }
    at++;
    if (strcmp(word, "!") == 0 && *at)
        return !one();
    if (strcmp(word, "(") == 0 && *at) {
        bool result = any();
        if (!*at || strcmp(*at, ")") != 0)
            return give_up("%s", "a ) is missing");
        at++;
        return result;
    }
    if (is_unary(word) && *at) {
        char *operand = *at++;
        switch (word[1]) {
        case 'n': return *operand != 0;
        case 'z': return *operand == 0;
        case 't': return isatty(atoi(operand));
        default: return is_file(word[1], operand);
        }
    }
    return *word != 0;
}

static bool all(void)
{
    bool result = one();
    while (*at && strcmp(*at, "-a") == 0) {
        at++;
        result &= one();
    }
    return result;
}

static bool any(void)
{
    bool result = all();
    while (*at && strcmp(*at, "-o") == 0) {
        at++;
        result |= all();
    }
    return result;
}

int builtin_test(char **argv)
{
    wrong = false;
    int n = 0;
    while (argv[n])
        n++;
    if (strcmp(argv[0], "[") == 0) {
        if (strcmp(argv[n - 1], "]") != 0) {
            complain("[: ] is missing");
            return 2;
        }
        argv[--n] = NULL;
    }
    at = argv + 1;
    if (!*at)
        return 1;
    bool result = any();
    if (!wrong && *at)
        give_up("%s: unexpected", *at);
    return wrong ? 2 : !result;
}
