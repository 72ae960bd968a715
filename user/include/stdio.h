/* Streams with a buffer, and formatted output. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <sys/types.h>

#define EOF (-1)
#define BUFSIZ 1024
#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2
enum { _IOFBF, _IOLBF, _IONBF };

typedef struct stream FILE;
extern FILE *stdin, *stdout, *stderr;

FILE *fopen(const char *path, const char *mode);
FILE *fdopen(int fd, const char *mode);
int fclose(FILE *file);
int fflush(FILE *file); /* NULL: all of them */
int fileno(FILE *file);
int feof(FILE *file);
int ferror(FILE *file);
void clearerr(FILE *file);
int setvbuf(FILE *file, char *ignored, int mode, size_t ignored_size); /* the buffer is always the stream's own */

int fgetc(FILE *file);
int getc(FILE *file);
int getchar(void);
int ungetc(int c, FILE *file);
char *fgets(char *line, int size, FILE *file);
ssize_t getline(char **line, size_t *size, FILE *file);
size_t fread(void *to, size_t size, size_t count, FILE *file);

int fputc(int c, FILE *file);
int putc(int c, FILE *file);
int putchar(int c);
int fputs(const char *text, FILE *file);
int puts(const char *text);
size_t fwrite(const void *from, size_t size, size_t count, FILE *file);
void perror(const char *what);

/* Conversions d i u x X o c s p n %, flags - 0 + blank #, width, precision, lengths hh h l ll z t j. No floating point. */
int printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
int fprintf(FILE *file, const char *format, ...) __attribute__((format(printf, 2, 3)));
int dprintf(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));
int sprintf(char *to, const char *format, ...) __attribute__((format(printf, 2, 3)));
int snprintf(char *to, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
int vprintf(const char *format, va_list args);
int vfprintf(FILE *file, const char *format, va_list args);
int vsnprintf(char *to, size_t size, const char *format, va_list args);

int remove(const char *path);
int rename(const char *from, const char *to);
