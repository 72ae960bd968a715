/* printf-like text into a buffer. Pure: also compiled for the host. Knows %d %i %u %x %X %p %s %c %%, the lengths l ll z (and hh h
   read as int), the flags 0 - + # and blank, a width and a precision (numbers or *). %p prints 0x and 16 digits. Any other
   conversion is printed as it stands, so that a slip is seen and not swallowed. A NULL string prints as (null). */
#pragma once

#include "lib/types.h"

/* Writes at most size - 1 characters and a 0 byte (nothing if size is 0). Returns the length that the whole text has. */
int format(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int format_v(char *buf, size_t size, const char *fmt, va_list ap);
