/* Memory and string functions, and reading numbers. Pure: also compiled for the host, under other names (k_memcpy
   and so on). */
#pragma once

#include "lib/types.h"

void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);

/* Copies src into dst of `size` bytes, cut where it does not fit and always ended with a 0 byte. Returns src's length:
   a result >= size means that it was cut. */
size_t string_copy(char *dst, const char *src, size_t size);

/* Reads all of s as a number, decimal or 0x...: no sign, no blank, nothing behind it. Returns 0 and writes *value, or -EINVAL (not
   a number, or past 64 bits) and leaves *value alone. */
int parse_u64(const char *s, u64 *value);
