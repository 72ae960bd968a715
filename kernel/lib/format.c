/* printf-like text into a buffer: format() and format_v(). Pure, no lock. A conversion is read into a struct spec, turned into
   digits or text, and written by field() with its padding. */
#include "lib/format.h"

#include "lib/string.h"

#define DIGITS_MAX 20    /* 2^64 in decimal */
#define FIELD_MAX 0xffff /* widths and precisions are cut to this, so that no sum of them overflows */

struct output {
    char *buf;
    size_t size;
    size_t length; /* of the whole text, also what did not fit */
    va_list ap;    /* in a structure, because functions advance it for their caller */
};

/* What stands between % and the conversion's letter. */
struct spec {
    bool left;     /* - */
    bool zero;     /* 0 */
    bool plus;     /* + */
    bool blank;    /* ' ' */
    bool sharp;    /* # */
    bool is_long;  /* l ll z: 64 bits */
    int width;
    int precision; /* -1: none given */
};

static void put(struct output *out, char c)
{
    if (out->length + 1 < out->size)
        out->buf[out->length] = c;
    out->length++;
}

static void put_text(struct output *out, const char *text, size_t n)
{
    while (n--)
        put(out, *text++);
}

static void put_times(struct output *out, char c, int times)
{
    while (times-- > 0)
        put(out, c);
}

/* Blanks, prefix (a sign, 0x), zeros, body, blanks: as wide as the spec wants it. */
static void field(struct output *out, const struct spec *spec, const char *prefix, int zeros, const char *body, size_t n)
{
    int prefix_length = (int)strlen(prefix);
    int blanks = spec->width - prefix_length - zeros - (int)n;
    if (!spec->left)
        put_times(out, ' ', blanks);
    put_text(out, prefix, (size_t)prefix_length);
    put_times(out, '0', zeros);
    put_text(out, body, n);
    if (spec->left)
        put_times(out, ' ', blanks);
}

static void put_number(struct output *out, const struct spec *spec, const char *prefix, const char *digits, int n)
{
    int zeros = 0;
    if (spec->precision >= 0)
        zeros = spec->precision - n;
    else if (spec->zero && !spec->left)
        zeros = spec->width - (int)strlen(prefix) - n;
    field(out, spec, prefix, max(zeros, 0), digits, (size_t)n);
}

static void put_decimal(struct output *out, const struct spec *spec, const char *sign, u64 value)
{
    char digits[DIGITS_MAX];
    char *first = digits + DIGITS_MAX;
    for (u64 rest = value; rest; rest /= 10)
        *--first = (char)('0' + rest % 10);
    if (!value && spec->precision != 0)
        *--first = '0';
    put_number(out, spec, sign, first, (int)(digits + DIGITS_MAX - first));
}

static void put_hex(struct output *out, const struct spec *spec, bool capitals, u64 value)
{
    const char *alphabet = capitals ? "0123456789ABCDEF" : "0123456789abcdef";
    const char *prefix = !spec->sharp || !value ? "" : capitals ? "0X" : "0x";
    char digits[DIGITS_MAX];
    char *first = digits + DIGITS_MAX;
    for (u64 rest = value; rest; rest >>= 4)
        *--first = alphabet[rest & 15];
    if (!value && spec->precision != 0)
        *--first = '0';
    put_number(out, spec, prefix, first, (int)(digits + DIGITS_MAX - first));
}

static void put_signed(struct output *out, const struct spec *spec)
{
    s64 value = spec->is_long ? va_arg(out->ap, long) : va_arg(out->ap, int);
    const char *sign = value < 0 ? "-" : spec->plus ? "+" : spec->blank ? " " : "";
    /* Negated as unsigned: the smallest number has no positive counterpart. */
    put_decimal(out, spec, sign, value < 0 ? -(u64)value : (u64)value);
}

static u64 next_unsigned(struct output *out, const struct spec *spec)
{
    return spec->is_long ? va_arg(out->ap, unsigned long) : va_arg(out->ap, unsigned);
}

static void put_pointer(struct output *out, const struct spec *spec)
{
    char text[19];
    format(text, sizeof(text), "0x%016lx", (u64)va_arg(out->ap, void *));
    field(out, spec, "", 0, text, sizeof(text) - 1);
}

static void put_string(struct output *out, const struct spec *spec)
{
    const char *s = va_arg(out->ap, const char *);
    if (!s)
        s = "(null)";
    size_t n = spec->precision >= 0 ? strnlen(s, (size_t)spec->precision) : strlen(s);
    field(out, spec, "", 0, s, n);
}

static void put_char(struct output *out, const struct spec *spec)
{
    char c = (char)va_arg(out->ap, int);
    field(out, spec, "", 0, &c, 1);
}

static const char *read_flags(const char *s, struct spec *spec)
{
    for (;; s++) {
        switch (*s) {
        case '-': spec->left = true; break;
        case '0': spec->zero = true; break;
        case '+': spec->plus = true; break;
        case ' ': spec->blank = true; break;
        case '#': spec->sharp = true; break;
        default: return s;
        }
    }
}

/* A width or precision: digits, or * for the next argument, which may be negative. */
static const char *read_number(const char *s, int *number, struct output *out)
{
    if (*s == '*') {
        int value = va_arg(out->ap, int);
        *number = max(min(value, FIELD_MAX), -FIELD_MAX);
        return s + 1;
    }
    int value = 0;
    for (; *s >= '0' && *s <= '9'; s++)
        value = min(value * 10 + (*s - '0'), FIELD_MAX);
    *number = value;
    return s;
}

/* Reads what follows the %. Returns where the conversion's letter stands. */
static const char *read_spec(const char *s, struct spec *spec, struct output *out)
{
    *spec = (struct spec){ .precision = -1 };
    s = read_flags(s, spec);
    s = read_number(s, &spec->width, out);
    if (spec->width < 0) {
        spec->left = true;
        spec->width = -spec->width;
    }
    if (*s == '.')
        s = read_number(s + 1, &spec->precision, out);
    for (; *s == 'l' || *s == 'z' || *s == 'h'; s++)
        spec->is_long |= *s != 'h';
    return s;
}

/* One conversion; s stands behind its %. Returns where the text goes on. */
static const char *convert(struct output *out, const char *s)
{
    struct spec spec;
    const char *letter = read_spec(s, &spec, out);
    switch (*letter) {
    case 'd':
    case 'i': put_signed(out, &spec); break;
    case 'u': put_decimal(out, &spec, "", next_unsigned(out, &spec)); break;
    case 'x': put_hex(out, &spec, false, next_unsigned(out, &spec)); break;
    case 'X': put_hex(out, &spec, true, next_unsigned(out, &spec)); break;
    case 'p': put_pointer(out, &spec); break;
    case 's': put_string(out, &spec); break;
    case 'c': put_char(out, &spec); break;
    case '%': put(out, '%'); break;
    default: /* not ours: the % and all that follows appear as they were written */
        put(out, '%');
        return s;
    }
    return letter + 1;
}

int format_v(char *buf, size_t size, const char *fmt, va_list ap)
{
    struct output out = { .buf = buf, .size = size };
    va_copy(out.ap, ap);
    while (*fmt) {
        char c = *fmt++;
        if (c == '%')
            fmt = convert(&out, fmt);
        else
            put(&out, c);
    }
    va_end(out.ap);
    if (size)
        buf[min(out.length, size - 1)] = 0;
    return (int)out.length;
}

int format(char *buf, size_t size, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int length = format_v(buf, size, fmt, ap);
    va_end(ap);
    return length;
}
