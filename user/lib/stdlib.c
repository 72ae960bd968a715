/* Numbers, sorting and the environment: <stdlib.h> but for the heap and the program's end. */

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int digit_of(char c)
{
    return isdigit(c) ? c - '0' : isalpha(c) ? tolower(c) - 'a' + 10 : 99;
}

/* The digits after blanks and sign; *over says that they did not fit. */
static unsigned long read_digits(const char *text, char **end, int base, bool *negative, bool *over)
{
    const char *at = text;
    while (isspace(*at))
        at++;
    *negative = *at == '-';
    if (*at == '-' || *at == '+')
        at++;
    if ((base == 0 || base == 16) && at[0] == '0' && tolower(at[1]) == 'x' && digit_of(at[2]) < 16) {
        at += 2;
        base = 16;
    }
    if (base == 0)
        base = *at == '0' ? 8 : 10;
    unsigned long value = 0;
    const char *first = at;
    *over = false;
    for (; digit_of(*at) < base; at++)
        *over |= __builtin_mul_overflow(value, base, &value) || __builtin_add_overflow(value, digit_of(*at), &value);
    if (end)
        *end = (char *)(at == first ? text : at);
    return value;
}

unsigned long strtoul(const char *text, char **end, int base)
{
    bool negative, over;
    unsigned long value = read_digits(text, end, base, &negative, &over);
    if (over) {
        errno = ERANGE;
        return ULONG_MAX;
    }
    return negative ? -value : value;
}

long strtol(const char *text, char **end, int base)
{
    bool negative, over;
    unsigned long value = read_digits(text, end, base, &negative, &over);
    if (over || value > (unsigned long)LONG_MAX + negative) {
        errno = ERANGE;
        return negative ? LONG_MIN : LONG_MAX;
    }
    return negative ? -value : value;
}

long long strtoll(const char *text, char **end, int base)
{
    return strtol(text, end, base);
}

unsigned long long strtoull(const char *text, char **end, int base)
{
    return strtoul(text, end, base);
}

long atol(const char *text)
{
    return strtol(text, NULL, 10);
}

int atoi(const char *text)
{
    return atol(text);
}

int abs(int n)
{
    return n < 0 ? -n : n;
}

long labs(long n)
{
    return n < 0 ? -n : n;
}

static unsigned long random_state = 1;

void srand(unsigned seed)
{
    random_state = seed + 1ul;
}

int rand(void)
{
    random_state = random_state * 6364136223846793005ul + 1442695040888963407ul;
    return random_state >> 33;
}

static void swap(char *a, char *b, size_t size)
{
    for (; size > 0; size--, a++, b++) {
        char c = *a;
        *a = *b;
        *b = c;
    }
}

/* Heap sort: n log n comparisons also at worst, and no memory. */
static void sift_down(char *base, size_t at, size_t count, size_t size, int (*compare)(const void *, const void *))
{
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && compare(base + child * size, base + (child + 1) * size) < 0)
            child++;
        if (compare(base + at * size, base + child * size) >= 0)
            return;
        swap(base + at * size, base + child * size, size);
    }
}

void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *))
{
    for (size_t i = count / 2; i-- > 0;)
        sift_down(base, i, count, size, compare);
    while (count > 1) {
        count--;
        swap(base, (char *)base + count * size, size);
        sift_down(base, 0, count, size, compare);
    }
}

void *bsearch(const void *key, const void *base, size_t count, size_t size, int (*compare)(const void *, const void *))
{
    const char *low = base;
    while (count > 0) {
        const char *middle = low + count / 2 * size;
        int order = compare(key, middle);
        if (order == 0)
            return (void *)middle;
        if (order > 0) {
            low = middle + size;
            count--;
        }
        count /= 2;
    }
    return NULL;
}

/* The entry NAME=... of the environment, or its end. */
static char **find_variable(const char *name, size_t n)
{
    char **at = environ;
    while (*at && (strncmp(*at, name, n) || (*at)[n] != '='))
        at++;
    return at;
}

char *getenv(const char *name)
{
    size_t n = strlen(name);
    char **at = find_variable(name, n);
    return *at ? *at + n + 1 : NULL;
}

/* The first change copies the list, which lies on the stack; a value that is replaced is not freed: it may not be from malloc(). */
int setenv(const char *name, const char *value, int overwrite)
{
    static char **ours;
    size_t n = strlen(name), count = 0;
    if (n == 0 || strchr(name, '=')) {
        errno = EINVAL;
        return -1;
    }
    char **at = find_variable(name, n);
    if (*at && !overwrite)
        return 0;
    char *entry = malloc(n + strlen(value) + 2);
    if (!entry)
        return -1;
    stpcpy(stpcpy(stpcpy(entry, name), "="), value);
    if (*at) {
        *at = entry;
        return 0;
    }
    while (environ[count])
        count++;
    char **list = realloc(ours, (count + 2) * sizeof(char *));
    if (!list) {
        free(entry);
        return -1;
    }
    if (environ != ours)
        memcpy(list, environ, count * sizeof(char *));
    list[count] = entry;
    list[count + 1] = NULL;
    environ = ours = list;
    return 0;
}

int unsetenv(const char *name)
{
    for (char **at = find_variable(name, strlen(name)); *at; at++)
        at[0] = at[1];
    return 0;
}
