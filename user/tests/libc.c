/* The C library by itself: printf, numbers, strings, sorting, the heap, streams. Every C library has to print the same, the host's too. */

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wformat" /* odd formats are part of it */
#pragma GCC diagnostic ignored "-Wformat-truncation"

static unsigned long seed = 12345;

static unsigned next_random(void)
{
    seed = seed * 6364136223846793005ul + 1442695040888963407ul;
    return seed >> 40;
}

static void formats(void)
{
    static const char *const integers[] = { "%d", "%5d", "%-5d|", "%05d", "%+d", "% d", "%.3d", "%8.3d", "%-8.3d|", "%08.3d", "%x", "%X",
                                            "%#x", "%#8x", "%#08x", "%o", "%#o", "%u", "%.0d", "%+5d", "%-+5d|", "%hd", "%hhd", "%hhu",
                                            "%c" };
    static const int values[] = { 0, 1, -1, 42, -42, 255, 65535, -70000, INT_MAX, INT_MIN };
    for (size_t f = 0; f < sizeof(integers) / sizeof(integers[0]); f++) {
        for (size_t v = 0; v < sizeof(values) / sizeof(values[0]); v++) {
            if (strcmp(integers[f], "%c") == 0 && (values[v] < ' ' || values[v] > '~'))
                continue;
            printf("[");
            printf(integers[f], values[v]);
            printf("]");
        }
        printf("\n");
    }
    printf("%ld %lu %lx %lld %zu %zd %jd %td\n", LONG_MIN, ULONG_MAX, ULONG_MAX, LLONG_MAX, (size_t)7, (ssize_t)-7, (intmax_t)-8,
           (ptrdiff_t)9);
    printf("[%s][%10s][%-10s][%.2s][%5.1s][%.*s][%*d][%-*d]\n", "text", "text", "text", "text", "text", 3, "text", 6, 42, 6, 42);
    printf("[%*d][%.*d][%%][%c%c][%5c][%-5c]\n", -6, 42, -1, 42, 'a', 'b', 'c', 'd');
    printf("[%p][%p][%s]\n", (void *)0x1234, NULL, "");
    char small[5];
    printf("%d", snprintf(small, sizeof(small), "%d", 1234567));
    printf(" %s %d\n", small, snprintf(NULL, 0, "%s", "length"));
    int n;
    printf("counted%n\n", &n);
    printf("%d\n", n);
    puts("puts");
    fputs("fputs\n", stdout);
    putchar('c');
    putchar('\n');
}

static void numbers(void)
{
    static const char *const texts[] = { "0", "  42", "-17x", "0x1F", "077", "+5", "9223372036854775807", "9223372036854775808",
                                         "-9223372036854775809", "18446744073709551615", "18446744073709551616", "", "x", "0x", "-", "  " };
    static const int bases[] = { 0, 10, 16, 8, 2, 36 };
    for (size_t t = 0; t < sizeof(texts) / sizeof(texts[0]); t++) {
        for (size_t b = 0; b < sizeof(bases) / sizeof(bases[0]); b++) {
            char *end, *end2;
            errno = 0;
            long value = strtol(texts[t], &end, bases[b]);
            int error = errno;
            unsigned long positive = strtoul(texts[t], &end2, bases[b]);
            printf("%ld,%d,%d,%lu ", value, error == ERANGE, (int)(end - texts[t]), positive);
        }
        printf("\n");
    }
    printf("%d %ld %d\n", atoi("12ab"), atol("-99"), abs(-5));
}

static int sign(int n)
{
    return (n > 0) - (n < 0);
}

static void strings(void)
{
    char room[64] = "hello";
    printf("%zu %zu %s\n", strlen("four"), strnlen("four", 2), strcat(room, " world"));
    printf("%d %d %d %d %d\n", sign(strcmp("a", "b")), sign(strcmp("b", "a")), strcmp("", ""), sign(strcmp("ab", "a")),
           sign(strcmp("\xff", "a")));
    printf("%d %d %d\n", strncmp("abc", "abd", 2), sign(strncmp("abc", "abd", 3)), strcasecmp("HeLLo", "hEllO"));
    printf("%s %s %s %s\n", strchr("a/b/c", '/'), strrchr("a/b/c", '/'), strstr("one two", "tw"), strstr("x", "") ? "empty" : "none");
    printf("%d %d %d\n", strchr("abc", 'x') == NULL, strstr("abc", "cd") == NULL, (int)(strchr("abc", 0) - strchr("abc", 'a') > 0));
    printf("%zu %zu %s\n", strspn("aabbc", "ab"), strcspn("hello, x", ", "), strpbrk("a,b;c", ";,"));
    strncpy(room, "xy", 10);
    printf("%s %d\n", room, room[9]);
    strcpy(room, "  a b,,c ");
    for (char *part = strtok(room, " ,"); part; part = strtok(NULL, " ,"))
        printf("<%s>", part);
    printf("\n");
    char overlap[] = "0123456789";
    memmove(overlap + 2, overlap, 5);
    printf("%s", overlap);
    memmove(overlap, overlap + 3, 5);
    printf(" %s %d %s\n", overlap, memcmp("abc", "abc", 3), (char *)memchr("hello", 'l', 5));
    char *copy = strdup("a copy"), *part = strndup("a part", 3);
    printf("%s %s|\n", copy, part);
    free(copy);
    free(part);
    for (int e = 0; e < 45; e++)
        printf("%s\n", e == ENOTBLK || e == ETXTBSY || e == ENOLCK ? "-" : e == 41 || e == 42 || e == 43 || e == 44 ? "-" : strerror(e));
    int kinds[10] = { 0 };
    for (int c = 0; c < 128; c++) {
        kinds[0] += !!isalpha(c), kinds[1] += !!isdigit(c), kinds[2] += !!isspace(c), kinds[3] += !!isupper(c), kinds[4] += !!ispunct(c);
        kinds[5] += !!isprint(c), kinds[6] += !!iscntrl(c), kinds[7] += !!isxdigit(c), kinds[8] += tolower(c), kinds[9] += toupper(c);
    }
    for (int i = 0; i < 10; i++)
        printf("%d ", kinds[i]);
    printf("\n");
}

static int by_value(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

static void sorting(void)
{
    for (int count = 0; count < 200; count = count * 2 + 1) {
        int values[256], wrong = 0;
        for (int i = 0; i < count; i++)
            values[i] = next_random() % 50;
        qsort(values, count, sizeof(int), by_value);
        for (int i = 1; i < count; i++)
            wrong += values[i - 1] > values[i];
        int found = 0;
        for (int i = 0; i < 50; i++)
            found += bsearch(&i, values, count, sizeof(int), by_value) != NULL;
        printf("sorted %d: %d wrong, %d found\n", count, wrong, found);
    }
}

/* Blocks of random sizes, filled, resized and freed in random order: each keeps what was written to it. */
static void heap(void)
{
    enum { BLOCKS = 300, STEPS = 60000 };
    static struct {
        unsigned char *at, with;
        size_t size;
    } block[BLOCKS];
    long wrong = 0, misaligned = 0;
    for (int step = 0; step < STEPS; step++) {
        int i = next_random() % BLOCKS;
        size_t size = next_random() % (next_random() % 10 ? 300 : 100000);
        if (!block[i].at || next_random() % 3 == 0) {
            for (size_t k = 0; block[i].at && k < block[i].size; k += 61)
                wrong += block[i].at[k] != block[i].with;
            free(block[i].at);
            block[i].at = next_random() % 2 ? malloc(size) : calloc(1, size);
            block[i].size = size;
        } else {
            unsigned char *bigger = realloc(block[i].at, size + 1);
            for (size_t k = 0; k < block[i].size && k <= size; k += 61)
                wrong += bigger[k] != block[i].with;
            block[i].at = bigger;
            block[i].size = size + 1;
        }
        misaligned += (uintptr_t)block[i].at % 16 != 0;
        block[i].with = step;
        memset(block[i].at, step, block[i].size);
    }
    for (int i = 0; i < BLOCKS; i++)
        free(block[i].at);
    char *zeros = calloc(1000, 3);
    for (int i = 0; i < 3000; i++)
        wrong += zeros[i];
    free(zeros);
    volatile size_t huge = SIZE_MAX / 2;
    printf("heap: %ld wrong, %ld misaligned, huge %d %d\n", wrong, misaligned, malloc(huge + 10) == NULL, calloc(huge, 3) == NULL);
}

static void streams(void)
{
    FILE *file = fopen("stream", "w");
    for (int i = 0; i < 500; i++)
        fprintf(file, "line %d\n", i);
    fclose(file);
    file = fopen("stream", "a");
    fputs("no end", file);
    fclose(file);
    char line[20];
    long count = 0, sum = 0;
    file = fopen("stream", "r");
    while (fgets(line, sizeof(line), file)) {
        count++;
        sum += strlen(line);
    }
    printf("%ld lines, %ld bytes, %d %d\n", count, sum, feof(file) != 0, ferror(file));
    fclose(file);
    char *whole = NULL;
    size_t size = 0;
    file = fopen("stream", "r");
    printf("%zd ", getline(&whole, &size, file));
    printf("%s%d ", whole, fgetc(file));
    ungetc('z', file);
    printf("%c ", fgetc(file));
    printf("%zu %.4s ", fread(line, 1, 4, file), line);
    int last = 0;
    for (ssize_t n; (n = getline(&whole, &size, file)) > 0;)
        last = n;
    printf("%d %s\n", last, whole);
    free(whole);
    fclose(file);
    unlink("stream");
    printf("%d\n", fopen("nothing/there", "r") == NULL && errno == ENOENT);
}

static jmp_buf place;

static void jump(int value)
{
    longjmp(place, value);
}

static void others(void)
{
    int value = setjmp(place);
    if (value < 3)
        jump(value + 1);
    printf("jumped with %d\n", value);
    setenv("ONE", "1", 1);
    setenv("ONE", "2", 0);
    printf("%s", getenv("ONE"));
    setenv("ONE", "3", 1);
    printf(" %s", getenv("ONE"));
    unsetenv("ONE");
    printf(" %d %d\n", getenv("ONE") == NULL, setenv("a=b", "", 1));
    static const time_t times[] = { 0, 86399, 951782400, 951868800, 1709164800, 1735689599, 4102444800, -1, 1600000000 };
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        char text[80];
        strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %a %b %e %j %y %F %T %%", gmtime(&times[i]));
        printf("%s\n", text);
    }
    char *arguments[] = { "x", "-a", "-bvalue", "-c", "next", "-ad", "--", "-z", NULL };
    for (int c; (c = getopt(8, arguments, "ab:c:d")) != -1;)
        printf("%c%s ", c, c == 'b' || c == 'c' ? optarg : "");
    printf("%s\n", arguments[optind]);
}

static void last_words(void)
{
    printf("at the end\n");
}

int main(void)
{
    formats();
    numbers();
    strings();
    sorting();
    heap();
    streams();
    others();
    atexit(last_words);
    assert(1 + 1 == 2);
    return 3;
}
