/* Streams: a buffer for each, which holds either what is still to be written or what was read ahead. <stdio.h>.
 *
 * stdout is written out at the end of each line where it is a terminal, stderr after every call, files when the buffer is full, at
 * fclose(), fflush() and exit(). Reading from stdin first writes out stdout, so that a prompt is seen. */

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct stream {
    int fd, mode; /* _IOFBF, ... */
    bool reading, append, eof, error, decided; /* decided: mode was chosen */
    size_t at, end; /* reading: buffer[at..end) is there to be had; writing: buffer[0..end) is to be written */
    FILE *next;
    char buffer[BUFSIZ];
};

static FILE streams[3] = {
    { .fd = 0, .decided = true, .next = &streams[1] },
    { .fd = 1, .next = &streams[2] },
    { .fd = 2, .mode = _IOLBF, .decided = true },
};
FILE *stdin = &streams[0], *stdout = &streams[1], *stderr = &streams[2];
static FILE *all = &streams[0];

/* Run by exit() before the program ends. Here and not in start.c, so that a program without streams does not carry them. */
static void flush_all(void)
{
    fflush(NULL);
}
void (*stdio_end)(void) = flush_all;

static int write_out(FILE *file)
{
    size_t done = 0;
    while (done < file->end) {
        ssize_t n = write(file->fd, file->buffer + done, file->end - done);
        if (n < 0) {
            file->error = true;
            break;
        }
        done += n;
    }
    int result = done == file->end ? 0 : EOF;
    file->end = 0;
    return result;
}

int fflush(FILE *file)
{
    if (file) {
        if (!file->reading)
            return write_out(file);
        if (file->at != file->end)
            lseek(file->fd, (off_t)file->at - (off_t)file->end, SEEK_CUR); /* what was read ahead is there for others again */
        file->at = file->end = 0;
        return 0;
    }
    int result = 0;
    for (file = all; file; file = file->next)
        if (!file->reading)
            result |= write_out(file);
    return result;
}

static bool fill(FILE *file)
{
    if (!file->reading && write_out(file) < 0)
        return false;
    file->reading = true;
    if (file == stdin)
        fflush(stdout);
    ssize_t n = read(file->fd, file->buffer, BUFSIZ);
    file->at = 0;
    file->end = n > 0 ? n : 0;
    file->eof = n == 0;
    file->error |= n < 0;
    return n > 0;
}

int fgetc(FILE *file)
{
    if (!file->reading || file->at == file->end)
        if (!fill(file))
            return EOF;
    return (unsigned char)file->buffer[file->at++];
}

int getc(FILE *file)
{
    return fgetc(file);
}

int getchar(void)
{
    return fgetc(stdin);
}

int ungetc(int c, FILE *file)
{
    if (c == EOF || !file->reading || file->at == 0)
        return EOF;
    file->buffer[--file->at] = c;
    file->eof = false;
    return c;
}

char *fgets(char *line, int size, FILE *file)
{
    int n = 0, c = 0;
    while (n < size - 1 && c != '\n' && (c = fgetc(file)) != EOF)
        line[n++] = c;
    if (n == 0)
        return NULL;
    line[n] = 0;
    return line;
}

ssize_t getline(char **line, size_t *size, FILE *file)
{
    size_t n = 0;
    for (int c = 0; c != '\n' && (c = fgetc(file)) != EOF;) {
        if (!*line || n + 2 > *size) {
            size_t more = *line ? *size * 2 + 2 : 128;
            char *bigger = realloc(*line, more);
            if (!bigger)
                return -1;
            *line = bigger;
            *size = more;
        }
        (*line)[n++] = c;
    }
    if (n == 0)
        return -1;
    (*line)[n] = 0;
    return n;
}

size_t fread(void *to, size_t size, size_t count, FILE *file)
{
    size_t wanted = size * count, done = 0;
    while (done < wanted) {
        if ((!file->reading || file->at == file->end) && !fill(file))
            break;
        size_t n = file->end - file->at < wanted - done ? file->end - file->at : wanted - done;
        memcpy((char *)to + done, file->buffer + file->at, n);
        file->at += n;
        done += n;
    }
    return size ? done / size : 0;
}

size_t fwrite(const void *from, size_t size, size_t count, FILE *file)
{
    const char *text = from;
    size_t left = size * count;
    if (file->reading) {
        fflush(file);
        file->reading = false;
    }
    if (!file->decided) {
        file->mode = file->fd == 1 && isatty(1) ? _IOLBF : _IOFBF;
        file->decided = true;
    }
    bool line_end = file->mode == _IONBF || (file->mode == _IOLBF && (file == stderr || memchr(text, '\n', left)));
    while (left > 0) {
        size_t n = BUFSIZ - file->end < left ? BUFSIZ - file->end : left;
        memcpy(file->buffer + file->end, text, n);
        file->end += n;
        text += n;
        left -= n;
        if (file->end == BUFSIZ && write_out(file) < 0)
            return 0;
    }
    if (line_end && write_out(file) < 0)
        return 0;
    return count;
}

int fputc(int c, FILE *file)
{
    char byte = c;
    return fwrite(&byte, 1, 1, file) == 1 ? (unsigned char)c : EOF;
}

int putc(int c, FILE *file)
{
    return fputc(c, file);
}

int putchar(int c)
{
    return fputc(c, stdout);
}

int fputs(const char *text, FILE *file)
{
    size_t n = strlen(text);
    return fwrite(text, 1, n, file) == n ? 0 : EOF;
}

int puts(const char *text)
{
    return fputs(text, stdout) < 0 || putchar('\n') < 0 ? EOF : 0;
}

FILE *fdopen(int fd, const char *mode)
{
    FILE *file = calloc(1, sizeof(FILE));
    if (!file)
        return NULL;
    file->fd = fd;
    file->reading = *mode == 'r';
    file->decided = true;
    file->next = all;
    all = file;
    return file;
}

FILE *fopen(const char *path, const char *mode)
{
    int flags = *mode == 'r' ? O_RDONLY : O_WRONLY | O_CREAT | (*mode == 'a' ? O_APPEND : O_TRUNC);
    if (strchr(mode, '+'))
        flags = (flags & ~O_ACCMODE) | O_RDWR;
    if (strchr(mode, 'e'))
        flags |= O_CLOEXEC;
    int fd = open(path, flags, 0666);
    if (fd < 0)
        return NULL;
    FILE *file = fdopen(fd, mode);
    if (!file)
        close(fd);
    return file;
}

int fclose(FILE *file)
{
    int result = file->reading ? 0 : write_out(file);
    if (close(file->fd) < 0)
        result = EOF;
    for (FILE **link = &all; *link; link = &(*link)->next) {
        if (*link == file) {
            *link = file->next;
            break;
        }
    }
    if (file < streams || file >= streams + 3)
        free(file);
    return result;
}

int fileno(FILE *file)
{
    return file->fd;
}

int feof(FILE *file)
{
    return file->eof;
}

int ferror(FILE *file)
{
    return file->error;
}

void clearerr(FILE *file)
{
    file->eof = file->error = false;
}

int setvbuf(FILE *file, char *ignored, int mode, size_t ignored_size)
{
    (void)ignored, (void)ignored_size;
    file->mode = mode;
    file->decided = true;
    return 0;
}

void perror(const char *what)
{
    int number = errno;
    fflush(stdout);
    fprintf(stderr, "%s%s%s\n", what && *what ? what : "", what && *what ? ": " : "", strerror(number));
}

int remove(const char *path)
{
    return unlink(path) == 0 || (errno == EISDIR && rmdir(path) == 0) ? 0 : -1;
}
