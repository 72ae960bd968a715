/* kernel/lib/format.c against the C library's snprintf(), where both know the conversion. */
#include <limits.h>

#include "host.h"
#include "lib/format.h"

#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-security"
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-truncation"

/* Both texts, both lengths, and nothing behind the size. */
#define SAME(size, ...)                                                         \
    do {                                                                        \
        char ours[256], theirs[256];                                            \
        memset(ours, '#', sizeof(ours));                                        \
        memset(theirs, '#', sizeof(theirs));                                    \
        int our_length = format(ours, size, __VA_ARGS__);                       \
        int their_length = snprintf(theirs, size, __VA_ARGS__);                 \
        if (our_length != their_length || memcmp(ours, theirs, sizeof(ours))) { \
            printf("ours (%d): %.80s\ntheirs (%d): %.80s\n", our_length, ours, their_length, theirs); \
            CHECK(!"the same text");                                            \
        }                                                                       \
    } while (0)

static const char *pick(const char *const *from, size_t n)
{
    return from[random_below(n)];
}

/* A random % ... with flags, width and precision, and the given length and letter. */
static void random_conversion(char *fmt, size_t size, const char *length, char letter)
{
    static const char *const widths[] = { "", "1", "5", "12", "20", "40" };
    static const char *const precisions[] = { "", "", ".", ".0", ".1", ".5", ".17", ".30" };
    char flags[6] = "";
    const char *all = strchr("xX", letter) ? "-0#" : strchr("di", letter) ? "-0+ " : strchr("u", letter) ? "-0" : "-";
    for (const char *f = all; *f; f++)
        if (random_below(2))
            strncat(flags, (char[]){ *f, 0 }, sizeof(flags) - strlen(flags) - 1);
    snprintf(fmt, size, "<%%%s%s%s%s%c>", flags, pick(widths, 6), letter == 'c' ? "" : pick(precisions, 8), length, letter);
}

static void integers(void)
{
    static const char letters[] = "diuxX";
    static const char *const longs[] = { "l", "ll", "z" };
    static const u64 edges[] = { 0, 1, 9, 10, 255, INT_MAX, (u64)INT_MIN, LONG_MAX, (u64)LONG_MIN, ~0ul, 1000000 };
    for (int round = 0; round < 50000; round++) {
        char fmt[64];
        u64 value = random_below(2) ? edges[random_below(11)] : random_u64() >> random_below(64);
        bool is_long = random_below(2);
        random_conversion(fmt, sizeof(fmt), is_long ? pick(longs, 3) : "", letters[random_below(5)]);
        size_t size = random_below(4) ? 256 : random_below(20);
        if (is_long)
            SAME(size, fmt, value);
        else
            SAME(size, fmt, (unsigned)value);
    }
}

static void texts(void)
{
    static const char *const words[] = { "", "a", "hello", "a longer text that goes past widths" };
    for (int round = 0; round < 10000; round++) {
        char fmt[64];
        size_t size = random_below(4) ? 256 : random_below(20);
        random_conversion(fmt, sizeof(fmt), "", 's');
        const char *word = pick(words, 4);
        SAME(size, fmt, word);
        random_conversion(fmt, sizeof(fmt), "", 'c');
        int c = (int)('a' + random_below(26));
        SAME(size, fmt, c);
    }
}

static void stars_and_several_arguments(void)
{
    SAME(256, "%*d|%-*d|%.*d|%*.*s", 6, 42, 6, 42, 4, 42, 8, 2, "hello");
    SAME(256, "%*d|%.*d|%.*s", -6, 42, -4, 42, -1, "hello");
    SAME(256, "%d %s %lu%% %c %zu %hd %hhu", -1, "two", 3ul, '4', (size_t)5, 6, 7);
    SAME(256, "no conversion");
    SAME(0, "%d", 12345);
    SAME(1, "%d", 12345);
    SAME(256, "%.3s", "abcdef");
}

static bool gives(const char *expected, const char *fmt, ...)
{
    char text[128];
    va_list ap;
    va_start(ap, fmt);
    int length = format_v(text, sizeof(text), fmt, ap);
    va_end(ap);
    return !strcmp(text, expected) && length == (int)strlen(expected);
}

static void what_the_c_library_does_differently(void)
{
    CHECK(gives("0x0000000000000000", "%p", NULL));
    CHECK(gives("0xffff800000001000", "%p", (void *)0xffff800000001000ul));
    CHECK(gives("  0x0000000000000001", "%20p", (void *)1));
    CHECK(gives("(null)", "%s", NULL));
    CHECK(gives("(nu", "%.3s", NULL));
    CHECK(gives("%q 1", "%q %d", 1));
    CHECK(gives("%5.2f", "%5.2f"));
    CHECK(gives("100%", "100%"));
    const char *wide = "%99999999999d";
    CHECK(format(NULL, 0, wide, 1) == 0xffff); /* cut, not an overflow */
}

static void a_string_with_a_precision_needs_no_end(void)
{
    char *raw = malloc(3); /* exactly: the address sanitizer sees a fourth byte read */
    memcpy(raw, "abc", 3);
    CHECK(gives("abc", "%.3s", raw));
    free(raw);
}

static const struct host_case cases[] = {
    { "integers", integers },
    { "texts", texts },
    { "stars_and_several_arguments", stars_and_several_arguments },
    { "what_the_c_library_does_differently", what_the_c_library_does_differently },
    { "a_string_with_a_precision_needs_no_end", a_string_with_a_precision_needs_no_end },
};
HOST_MAIN(cases)
