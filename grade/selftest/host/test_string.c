/* kernel/lib/string.c against the C library. */
#define _GNU_SOURCE
#include "host.h"

static size_t (*const libc_strlen)(const char *) = strlen;
static size_t (*const libc_strnlen)(const char *, size_t) = strnlen;
static int (*const libc_strcmp)(const char *, const char *) = strcmp;
static int (*const libc_strncmp)(const char *, const char *, size_t) = strncmp;
static char *(*const libc_strchr)(const char *, int) = strchr;
static int (*const libc_memcmp)(const void *, const void *, size_t) = memcmp;
static void *(*const libc_memset)(void *, int, size_t) = memset;
static void *(*const libc_memmove)(void *, const void *, size_t) = memmove;

#include "rename.h"

#include "lib/errno.h"
#include "lib/string.h"

#define ROOM 256

static int sign(int x)
{
    return (x > 0) - (x < 0);
}

static void fill(unsigned char *p, size_t n)
{
    while (n--)
        *p++ = (unsigned char)random_u64();
}

/* Every alignment, every overlap and every short length; what lies around must stay. */
static void moves(void)
{
    for (int round = 0; round < 200000; round++) {
        unsigned char ours[ROOM], theirs[ROOM];
        fill(ours, ROOM);
        libc_memmove(theirs, ours, ROOM);
        size_t n = random_below(round % 2 ? 24 : 100), from = random_below(ROOM - n), to = random_below(ROOM - n);
        CHECK(memmove(ours + to, ours + from, n) == ours + to);
        libc_memmove(theirs + to, theirs + from, n);
        CHECK(!libc_memcmp(ours, theirs, ROOM));
    }
}

static void copies(void)
{
    for (int round = 0; round < 100000; round++) {
        unsigned char from[ROOM], ours[ROOM], theirs[ROOM];
        fill(from, ROOM);
        fill(ours, ROOM);
        libc_memmove(theirs, ours, ROOM);
        size_t n = random_below(100), at = random_below(ROOM - n), source = random_below(ROOM - n);
        CHECK(memcpy(ours + at, from + source, n) == ours + at);
        libc_memmove(theirs + at, from + source, n);
        CHECK(!libc_memcmp(ours, theirs, ROOM));
    }
}

static void sets(void)
{
    for (int round = 0; round < 100000; round++) {
        unsigned char ours[ROOM], theirs[ROOM];
        fill(ours, ROOM);
        libc_memmove(theirs, ours, ROOM);
        size_t n = random_below(100), at = random_below(ROOM - n);
        int byte = (int)random_u64();
        CHECK(memset(ours + at, byte, n) == ours + at);
        libc_memset(theirs + at, byte, n);
        CHECK(!libc_memcmp(ours, theirs, ROOM));
    }
}

/* Blocks are made exactly as long as they are said to be, so that the address sanitizer sees a byte read too many. */
static void compares(void)
{
    for (int round = 0; round < 50000; round++) {
        size_t n = random_below(40);
        unsigned char *a = malloc(n + 1), *b = malloc(n + 1);
        fill(a, n);
        libc_memmove(b, a, n);
        if (n && random_below(2))
            b[random_below(n)] = (unsigned char)random_u64();
        a[n] = b[n] = 0;
        CHECK(sign(memcmp(a, b, n)) == sign(libc_memcmp(a, b, n)));
        CHECK(sign(strcmp((char *)a, (char *)b)) == sign(libc_strcmp((char *)a, (char *)b)));
        size_t most = random_below(50);
        CHECK(sign(strncmp((char *)a, (char *)b, most)) == sign(libc_strncmp((char *)a, (char *)b, most)));
        CHECK(strlen((char *)a) == libc_strlen((char *)a));
        CHECK(strnlen((char *)a, most) == libc_strnlen((char *)a, most));
        int c = random_below(8) ? (int)random_below(256) : 0;
        CHECK(strchr((char *)a, c) == libc_strchr((char *)a, c));
        free(a);
        free(b);
    }
}

static void string_copy_cuts_and_ends(void)
{
    char dst[8] = "1234567";
    CHECK(string_copy(dst, "ab", sizeof(dst)) == 2 && !libc_strcmp(dst, "ab") && dst[3] == '4');
    CHECK(string_copy(dst, "abcdefg", sizeof(dst)) == 7 && !libc_strcmp(dst, "abcdefg"));
    CHECK(string_copy(dst, "ABCDEFGH", sizeof(dst)) == 8 && !libc_strcmp(dst, "ABCDEFG"));
    CHECK(string_copy(dst, "xyz", 1) == 3 && dst[0] == 0 && dst[1] == 'B');
    CHECK(string_copy(dst, "xyz", 0) == 3 && dst[1] == 'B');
}

static void numbers(void)
{
    static const struct {
        const char *text;
        u64 value;
    } good[] = { { "0", 0 }, { "7", 7 }, { "0x0", 0 }, { "0xff", 255 }, { "0XfF", 255 }, { "007", 7 }, { "4096", 4096 },
                 { "18446744073709551615", ~0ul }, { "0xffffffffffffffff", ~0ul }, { "0x0ffffffffffffffff", ~0ul } };
    static const char *const bad[] = { "", "0x", "x", "-1", "+1", " 1", "1 ", "1a", "0xg", "18446744073709551616", "18446744073709551620",
                                       "0x10000000000000000", "99999999999999999999", "1.5" };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        u64 value = 42;
        CHECK(parse_u64(good[i].text, &value) == 0);
        CHECK(value == good[i].value);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        u64 value = 42;
        CHECK(parse_u64(bad[i], &value) == -EINVAL);
        CHECK(value == 42);
    }
}

static const struct host_case cases[] = {
    { "moves", moves },     { "copies", copies },     { "sets", sets },
    { "compares", compares }, { "string_copy_cuts_and_ends", string_copy_cuts_and_ends }, { "numbers", numbers },
};
HOST_MAIN(cases)
