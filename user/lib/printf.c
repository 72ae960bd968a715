/* Formatted output: one engine, format(), that hands pieces of text to a sink; vfprintf() and vsnprintf() are its sinks. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct sink {
    void (*put)(struct sink *sink, const char *text, size_t n);
    size_t total;
};

struct spec {
    bool left, zero, plus, blank, alternate;
    int width, precision; /* precision -1: none given */
};

static void put(struct sink *sink, const char *text, size_t n)
{
    sink->total += n;
    sink->put(sink, text, n);
}

static void pad(struct sink *sink, char c, int n)
{
    for (; n > 0; n--)
        put(sink, &c, 1);
}

/* prefix is a sign or 0x; zeros stand between it and the digits. */
static void put_field(struct sink *sink, const struct spec *spec, const char *prefix, int zeros, const char *text, int n)
{
    int room = spec->width - (int)strlen(prefix) - zeros - n;
    if (!spec->left)
        pad(sink, ' ', room);
    put(sink, prefix, strlen(prefix));
    pad(sink, '0', zeros);
    put(sink, text, n);
    if (spec->left)
        pad(sink, ' ', room);
}

static void put_number(struct sink *sink, const struct spec *spec, const char *prefix, uintmax_t value, unsigned base, bool upper)
{
    char digits[24], *p = digits + sizeof(digits);
    for (; value; value /= base)
        *--p = (upper ? "0123456789ABCDEF" : "0123456789abcdef")[value % base];
    int n = digits + sizeof(digits) - p;
    int zeros = (spec->precision < 0 ? 1 : spec->precision) - n;
    if (base == 8 && spec->alternate && zeros <= 0)
        zeros = 1;
    if (spec->zero && !spec->left && spec->precision < 0 && spec->width - (int)strlen(prefix) - n > zeros)
        zeros = spec->width - strlen(prefix) - n;
    put_field(sink, spec, prefix, zeros > 0 ? zeros : 0, p, n);
}

static intmax_t next_signed(va_list *args, int length)
{
    switch (length) {
    case -2: return (signed char)va_arg(*args, int);
    case -1: return (short)va_arg(*args, int);
    case 0: return va_arg(*args, int);
    default: return va_arg(*args, long);
    }
}

static uintmax_t next_unsigned(va_list *args, int length)
{
    switch (length) {
    case -2: return (unsigned char)va_arg(*args, int);
    case -1: return (unsigned short)va_arg(*args, int);
    case 0: return va_arg(*args, unsigned);
    default: return va_arg(*args, unsigned long);
    }
}

static int read_number(const char **at, va_list *args)
{
    int n = 0;
    if (**at == '*') {
        (*at)++;
        return va_arg(*args, int);
    }
    while (**at >= '0' && **at <= '9')
        n = n * 10 + *(*at)++ - '0';
    return n;
}

static const char *read_spec(const char *at, struct spec *spec, int *length, va_list *args)
{
    *spec = (struct spec){ .precision = -1 };
    for (;; at++) {
        if (*at == '-')
            spec->left = true;
        else if (*at == '0')
            spec->zero = true;
        else if (*at == '+')
            spec->plus = true;
        else if (*at == ' ')
            spec->blank = true;
        else if (*at == '#')
            spec->alternate = true;
        else
            break;
    }
    spec->width = read_number(&at, args);
    if (spec->width < 0) {
        spec->left = true;
        spec->width = -spec->width;
    }
    if (*at == '.') {
        at++;
        spec->precision = read_number(&at, args);
    }
    for (*length = 0; strchr("hlzjt", *at) && *at; at++)
        *length += *at == 'h' ? -1 : 1;
    return at;
}

static void put_text(struct sink *sink, const struct spec *spec, const char *text)
{
    text = text ? text : "(null)";
    put_field(sink, spec, "", 0, text, spec->precision < 0 ? strlen(text) : strnlen(text, spec->precision));
}

static void put_signed(struct sink *sink, const struct spec *spec, intmax_t value)
{
    const char *sign = value < 0 ? "-" : spec->plus ? "+" : spec->blank ? " " : "";
    put_number(sink, spec, sign, value < 0 ? -(uintmax_t)value : (uintmax_t)value, 10, false);
}

static void put_hex(struct sink *sink, const struct spec *spec, uintmax_t value, bool upper)
{
    put_number(sink, spec, spec->alternate && value ? upper ? "0X" : "0x" : "", value, 16, upper);
}

static void put_pointer(struct sink *sink, struct spec *spec, void *pointer)
{
    spec->alternate = true;
    if (pointer)
        put_hex(sink, spec, (uintptr_t)pointer, false);
    else
        put_text(sink, &(struct spec){ .left = spec->left, .width = spec->width, .precision = -1 }, "(nil)");
}

static void format(struct sink *sink, const char *at, va_list *args)
{
    for (; *at; at++) {
        if (*at != '%') {
            size_t n = strchrnul(at, '%') - at;
            put(sink, at, n);
            at += n - 1;
            continue;
        }
        struct spec spec;
        int length;
        at = read_spec(at + 1, &spec, &length, args);
        char c;
        switch (*at) {
        case 'd':
        case 'i': put_signed(sink, &spec, next_signed(args, length)); break;
        case 'u': put_number(sink, &spec, "", next_unsigned(args, length), 10, false); break;
        case 'o': put_number(sink, &spec, "", next_unsigned(args, length), 8, false); break;
        case 'x':
        case 'X': put_hex(sink, &spec, next_unsigned(args, length), *at == 'X'); break;
        case 'p': put_pointer(sink, &spec, va_arg(*args, void *)); break;
        case 's': put_text(sink, &spec, va_arg(*args, const char *)); break;
        case 'c':
            c = va_arg(*args, int);
            put_field(sink, &spec, "", 0, &c, 1);
            break;
        case 'n': *va_arg(*args, int *) = sink->total; break;
        case 0: return;
        default: put(sink, at, 1); /* also %% */
        }
    }
}

struct file_sink {
    struct sink sink;
    FILE *file;
};

static void put_to_file(struct sink *sink, const char *text, size_t n)
{
    fwrite(text, 1, n, ((struct file_sink *)sink)->file);
}

int vfprintf(FILE *file, const char *text, va_list args)
{
    struct file_sink sink = { { put_to_file, 0 }, file };
    va_list copy;
    va_copy(copy, args); /* a va_list that is a parameter has no address of the right type */
    format(&sink.sink, text, &copy);
    va_end(copy);
    return ferror(file) ? -1 : (int)sink.sink.total;
}

struct memory_sink {
    struct sink sink;
    char *at, *end; /* end: where the terminating 0 must fit */
};

static void put_to_memory(struct sink *sink, const char *text, size_t n)
{
    struct memory_sink *memory = (struct memory_sink *)sink;
    size_t room = memory->end - memory->at;
    n = n < room ? n : room;
    memcpy(memory->at, text, n);
    memory->at += n;
}

int vsnprintf(char *to, size_t size, const char *text, va_list args)
{
    char none;
    struct memory_sink sink = { { put_to_memory, 0 }, size ? to : &none, size ? to + size - 1 : &none };
    va_list copy;
    va_copy(copy, args);
    format(&sink.sink, text, &copy);
    va_end(copy);
    *sink.at = 0;
    return sink.sink.total;
}

int vprintf(const char *text, va_list args)
{
    return vfprintf(stdout, text, args);
}

/* The variadic forms. */
#define FORWARD(call)             \
    va_list args;                 \
    va_start(args, text);         \
    int written = call;           \
    va_end(args);                 \
    return written

int printf(const char *text, ...)
{
    FORWARD(vfprintf(stdout, text, args));
}

int fprintf(FILE *file, const char *text, ...)
{
    FORWARD(vfprintf(file, text, args));
}

int snprintf(char *to, size_t size, const char *text, ...)
{
    FORWARD(vsnprintf(to, size, text, args));
}

int sprintf(char *to, const char *text, ...)
{
    FORWARD(vsnprintf(to, PTRDIFF_MAX, text, args));
}

/* In pieces of the buffer's size, without a stream: also for a program that has just run out of memory. */
struct fd_sink {
    struct sink sink;
    int fd, used;
    char buffer[512];
};

static void put_to_fd(struct sink *sink, const char *text, size_t n)
{
    struct fd_sink *to = (struct fd_sink *)sink;
    for (; n > 0; n--) {
        to->buffer[to->used++] = *text++;
        if (to->used == sizeof(to->buffer)) {
            write(to->fd, to->buffer, to->used);
            to->used = 0;
        }
    }
}

static int vdprintf(int fd, const char *text, va_list args)
{
    struct fd_sink sink = { { put_to_fd, 0 }, fd, 0, "" };
    va_list copy;
    va_copy(copy, args);
    format(&sink.sink, text, &copy);
    va_end(copy);
    return write(fd, sink.buffer, sink.used) < 0 ? -1 : (int)sink.sink.total;
}

int dprintf(int fd, const char *text, ...)
{
    FORWARD(vdprintf(fd, text, args));
}
