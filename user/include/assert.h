/* assert(): says what does not hold and aborts. */
#pragma once

void assert_failed(const char *what, const char *file, const char *function) __attribute__((noreturn));
#define assert(what) ((what) ? (void)0 : assert_failed(#what, __FILE__, __func__))
