/* Memory and string functions. gcc also calls memcpy, memmove, memset and memcmp for code of its own, so they must be here, with
   these names, and this file is compiled with -fno-tree-loop-distribute-patterns: otherwise gcc sees that the loop in memset() is a
   memset, and calls it. Pure, no lock. For tests on the host the functions get other names. */
#include "lib/string.h"

#include "lib/errno.h"

/* Eight bytes at any address, of whatever type: x86 does not mind, and the compiler is told not to. */
typedef u64 __attribute__((may_alias, aligned(1))) word;

#define WORD sizeof(word)
#define BLOCK (4 * WORD)

static inline word load(const void *p)
{
    return *(const word *)p;
}

static inline void store(void *p, word value)
{
    *(word *)p = value;
}

/* From the low end upwards. Right for areas that overlap if dst lies below src: what is read has not been written yet. That is why the
   last word, which may reach back over bytes already copied, is read first. */
static void *copy_up(void *dst, const void *src, size_t n)
{
    char *d = dst;
    const char *s = src;
    if (n < WORD) {
        while (n--)
            *d++ = *s++;
        return dst;
    }
    char *last_place = d + n - WORD;
    word last = load(s + n - WORD);
    for (; n >= BLOCK; n -= BLOCK, d += BLOCK, s += BLOCK) {
        word a = load(s), b = load(s + WORD), c = load(s + 2 * WORD), e = load(s + 3 * WORD);
        store(d, a);
        store(d + WORD, b);
        store(d + 2 * WORD, c);
        store(d + 3 * WORD, e);
    }
    for (; n >= WORD; n -= WORD, d += WORD, s += WORD)
        store(d, load(s));
    store(last_place, last);
    return dst;
}

/* The mirror image, for areas that overlap with dst above src. */
static void *copy_down(void *dst, const void *src, size_t n)
{
    char *d = dst;
    const char *s = src;
    if (n < WORD) {
        while (n--)
            d[n] = s[n];
        return dst;
    }
    word first = load(s);
    for (; n >= WORD; n -= WORD)
        store(d + n - WORD, load(s + n - WORD));
    store(d, first);
    return dst;
}

void *memcpy(void *dst, const void *src, size_t n)
{
    return copy_up(dst, src, n);
}

void *memmove(void *dst, const void *src, size_t n)
{
    /* One comparison for both ends: a dst below src makes a huge difference. */
    bool dst_in_src = (u64)dst - (u64)src < n;
    return dst_in_src ? copy_down(dst, src, n) : copy_up(dst, src, n);
}

void *memset(void *dst, int byte, size_t n)
{
    char *d = dst;
    if (n < WORD) {
        while (n--)
            *d++ = (char)byte;
        return dst;
    }
    word pattern = (u8)byte * 0x0101010101010101ul;
    store(d + n - WORD, pattern);
    for (; n >= BLOCK; n -= BLOCK, d += BLOCK) {
        store(d, pattern);
        store(d + WORD, pattern);
        store(d + 2 * WORD, pattern);
        store(d + 3 * WORD, pattern);
    }
    for (; n >= WORD; n -= WORD, d += WORD)
        store(d, pattern);
    return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const u8 *x = a, *y = b;
    while (n >= WORD && load(x) == load(y)) {
        x += WORD;
        y += WORD;
        n -= WORD;
    }
    for (; n; n--, x++, y++)
        if (*x != *y)
            return *x - *y;
    return 0;
}

size_t strlen(const char *s)
{
    const char *end = s;
    while (*end)
        end++;
    return (size_t)(end - s);
}

size_t strnlen(const char *s, size_t max)
{
    size_t n = 0;
    while (n < max && s[n])
        n++;
    return n;
}

int strcmp(const char *a, const char *b)
{
    for (; *a && *a == *b; a++)
        b++;
    return (u8)*a - (u8)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
    for (; n; n--, a++, b++)
        if (*a != *b || !*a)
            return (u8)*a - (u8)*b;
    return 0;
}

char *strchr(const char *s, int c)
{
    for (; *s != (char)c; s++)
        if (!*s)
            return NULL;
    return (char *)s;
}

size_t string_copy(char *dst, const char *src, size_t size)
{
    size_t length = strlen(src);
    if (size) {
        size_t n = min(length, size - 1);
        memcpy(dst, src, n);
        dst[n] = 0;
    }
    return length;
}

/* The value of a digit in any base up to 16; 16 for what is no digit. */
static unsigned digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    char lower = c | 0x20;
    return lower >= 'a' && lower <= 'f' ? (unsigned)(lower - 'a') + 10 : 16;
}

int parse_u64(const char *s, u64 *value)
{
    unsigned base = 10;
    if (s[0] == '0' && (s[1] | 0x20) == 'x') {
        base = 16;
        s += 2;
    }
    u64 sum = 0;
    const char *digits = s;
    for (; *s; s++) {
        unsigned digit = digit_value(*s);
        if (digit >= base || __builtin_mul_overflow(sum, base, &sum) || __builtin_add_overflow(sum, digit, &sum))
            return -EINVAL;
    }
    if (s == digits)
        return -EINVAL;
    *value = sum;
    return 0;
}
