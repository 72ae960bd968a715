/* Calls of a script on open files: descriptors, contents, positions, locks, pipes, poll, entries of directories. */
#include "fs/dir.h"
#include "fs/flock.h"
#include "fs/pipe.h"
#include "fs/poll.h"
#include "ktest/test_fs_script.h"

static s64 open_at(const struct words *w, char *path)
{
    int error = fd_room(fds());
    struct file *file = error ? NULL : fs_open((int)number(w, 1), path, (u32)number(w, 3), (u32)number(w, 4), &error);
    int fd = file ? fd_install_from(fds(), file, 0, number(w, 3) & O_CLOEXEC) : error;

    if (fd < 0 && file)
        file_put(file);
    return fd;
}

static s64 run_open(const struct words *w)
{
    return with_path(w, 2, open_at);
}

static s64 run_close(const struct words *w)
{
    return fd_close(fds(), (int)number(w, 1));
}

static s64 run_dup2(const struct words *w)
{
    return fd_dup_to(fds(), (int)number(w, 1), (int)number(w, 2), false);
}

static s64 run_dup_from(const struct words *w)
{
    struct file *file = fd_file(fds(), (int)number(w, 1));
    int fd = file ? fd_install_from(fds(), file, (int)number(w, 2), number(w, 3)) : -EBADF;

    if (fd < 0 && file)
        file_put(file);
    return fd;
}

static s64 run_limit(const struct words *w)
{
    fds()->limit = (int)number(w, 1);
    return 0;
}

static s64 run_exec(const struct words *w)
{
    (void)w;
    fd_close_on_exec(fds());
    return 0;
}

/* Moves n bytes: read or write, FD N SEED [POSITION]. */
static s64 move(const struct words *w, s64 (*mover)(struct file *, struct io *))
{
    struct file *file = fd_file(fds(), (int)number(w, 1));
    struct io io = io_kernel(script_data, min((size_t)number(w, 2), (size_t)DATA_MAX));
    u64 pos = (u64)number(w, 4);
    s64 result;

    if (!file)
        return -EBADF;
    if (w->n > 4)
        io.pos = &pos;
    result = w->n > 4 && !file->ops->lseek ? -ESPIPE : mover(file, &io);
    file_put(file);
    return result;
}

static s64 run_write(const struct words *w)
{
    u8 byte = (u8)number(w, 3);

    for (size_t i = 0; i < min((size_t)number(w, 2), (size_t)DATA_MAX); i++)
        script_data[i] = (char)(byte += 7);
    return move(w, file_write);
}

static s64 run_read(const struct words *w)
{
    s64 n = move(w, file_read);

    if (n > 0)
        fact(FACT_NOTE, (u64)n, fs_hash(script_data, (size_t)n));
    return n;
}

static s64 run_lseek(const struct words *w)
{
    struct file *file = fd_file(fds(), (int)number(w, 1));
    s64 result;

    if (!file)
        return -EBADF;
    result = file->ops->lseek ? file->ops->lseek(file, number(w, 2), (int)number(w, 3)) : -ESPIPE;
    file_put(file);
    return result;
}

static s64 run_flock(const struct words *w)
{
    struct file *file = fd_file(fds(), (int)number(w, 1));
    s64 result;

    if (!file)
        return -EBADF;
    result = fs_flock(file, (u32)number(w, 2), false);
    file_put(file);
    return result;
}

static s64 run_pipe(const struct words *w)
{
    struct file *file[2];
    int error = pipe_new(&file[0], &file[1], (u32)number(w, 1));

    if (error)
        return error;
    error = fd_install(fds(), file[0]);
    return error << 8 | fd_install(fds(), file[1]);
}

/* FD EVENTS [MILLISECONDS] */
static s64 run_poll(const struct words *w)
{
    struct pollfd p = { .fd = (int)number(w, 1), .events = (u16)number(w, 2) };
    s64 n = fs_poll(&p, 1, POLLERR | POLLHUP, clock_ns() + (u64)number(w, 3) * NS_PER_MS);

    return n < 0 ? n : p.revents;
}

/* The entries that one getdents64() with so much room gives: how many, and the sum of their names' hashes. */
static s64 run_readdir(const struct words *w)
{
    struct file *file = fd_file(fds(), (int)number(w, 1));
    u64 sum = 0;
    s64 bytes, n = 0;

    if (!file)
        return -EBADF;
    bytes = dir_entries(file, script_data, (size_t)number(w, 2));
    file_put(file);
    if (bytes < 0)
        return bytes;
    for (const char *at = script_data; at < script_data + bytes; n++) {
        const struct dirent64 *entry = (const struct dirent64 *)at;

        sum += fs_hash(entry->name, strlen(entry->name)) + entry->type;
        at += entry->length;
    }
    fact(FACT_NOTE, (u64)n, sum);
    return n;
}

const struct call file_calls[] = {
    { "open", run_open }, { "close", run_close }, { "dup2", run_dup2 }, { "dupfrom", run_dup_from }, { "limit", run_limit },
    { "exec", run_exec }, { "read", run_read }, { "write", run_write }, { "lseek", run_lseek }, { "flock", run_flock },
    { "pipe", run_pipe }, { "poll", run_poll }, { "readdir", run_readdir }, { NULL, NULL },
};
