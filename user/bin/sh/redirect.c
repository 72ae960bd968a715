/* Redirections: what they name is opened and takes a descriptor's place, for good or for the time of one command. */

#include "sh.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SAVED_FD 10 /* where descriptors are kept while a builtin has others in their place */

static struct saved {
    int fd, copy; /* copy -1: was not open */
} saved[64];
static size_t saved_count;

size_t redirects_depth(void)
{
    return saved_count;
}

void redirects_undo(size_t depth)
{
    fflush(stdout);
    while (saved_count > depth) {
        struct saved *s = &saved[--saved_count];
        if (s->copy >= 0) {
            dup2(s->copy, s->fd);
            close(s->copy);
        } else {
            close(s->fd);
        }
    }
}

/* A here-document's lines as an open file: a pipe if they fit into one, else a child that writes them. */
static int open_lines(const char *lines)
{
    int fds[2];
    size_t n = strlen(lines);
    if (pipe2(fds, O_CLOEXEC) < 0)
        return -1;
    if (n <= 4096) {
        if (write(fds[1], lines, n) < 0)
            n = 0;
    } else if (fork() == 0) {
        signal(SIGPIPE, SIG_DFL);
        for (size_t done = 0; done < n;) {
            ssize_t w = write(fds[1], lines + done, n - done);
            if (w < 0)
                _exit(1);
            done += w;
        }
        _exit(0);
    }
    close(fds[1]);
    return fds[0];
}

/* Opens what r names; -1 after a complaint. *own says that the descriptor is to be closed after use. -2: r closes its descriptor. */
static int open_target(struct redirect *r, bool *own)
{
    static const int flags[] = { [FROM_FILE] = O_RDONLY, [TO_FILE] = O_WRONLY | O_CREAT | O_TRUNC,
                                 [APPEND_FILE] = O_WRONLY | O_CREAT | O_APPEND, [BOTH_WAYS] = O_RDWR | O_CREAT };
    *own = true;
    if (r->kind == HERE)
        return open_lines(r->literal ? r->text : expand_here(r->text));
    char *target = expand_string(r->text);
    if (r->kind == FROM_FD || r->kind == TO_FD) {
        *own = false;
        if (strcmp(target, "-") == 0)
            return -2;
        char *end;
        long fd = strtol(target, &end, 10);
        if (*end || !*target || fcntl(fd, F_GETFD) < 0) {
            complain("%s: %s", target, strerror(EBADF));
            return -1;
        }
        return fd;
    }
    int fd = open(target, flags[r->kind] | O_CLOEXEC, 0666);
    if (fd < 0)
        complain("%s: %s", target, errno == ENOENT && r->kind != FROM_FILE ? "Directory nonexistent" : strerror(errno));
    return fd;
}

/* Carries the redirections out, in their order. Unless for good, redirects_undo() brings back what was. False after a complaint. */
bool redirect_all(struct redirect *redirects, bool for_good)
{
    fflush(stdout);
    for (struct redirect *r = redirects; r; r = r->next) {
        bool own;
        int fd = open_target(r, &own);
        if (fd == -1)
            return false;
        if (!for_good) {
            if (saved_count == sizeof(saved) / sizeof(saved[0]))
                fail("too many redirections");
            saved[saved_count++] = (struct saved){ r->fd, fcntl(r->fd, F_DUPFD_CLOEXEC, SAVED_FD) };
        }
        if (fd == -2) {
            close(r->fd);
        } else if (fd != r->fd) {
            dup2(fd, r->fd);
            if (own)
                close(fd);
        } else {
            fcntl(fd, F_SETFD, 0);
        }
    }
    return true;
}
