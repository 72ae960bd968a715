/* Pipes between threads: who waits for whom, and what ends a wait. */
#include "base/thread.h"
#include "fs/context.h"
#include "fs/fd_table.h"
#include "fs/pipe.h"
#include "fs/poll.h"
#include "ktest/ktest.h"
#include "ktest/test_fs_pipe.h"
#include "ktest/threads.h"
#include "lib/errno.h"
#include "mm/slab.h"
#include "sched/interrupt.h"

struct file *pipe_end[2];

void tell_result(u64 step, s64 result)
{
    fact(FACT_RESULT, step, (u64)result);
}

s64 put_bytes(struct file *file, const void *from, size_t n)
{
    struct io io = io_kernel(from, n);

    return file_write(file, &io);
}

s64 get_bytes(struct file *file, void *to, size_t n)
{
    struct io io = io_kernel(to, n);

    return file_read(file, &io);
}

void pipe_close(unsigned i)
{
    if (pipe_end[i])
        file_put(pipe_end[i]);
    pipe_end[i] = NULL;
}

/* --- waiting for bytes, for room, for the end --- */

static int read_three(void *arg)
{
    char text[8] = "";

    tell_result(number_of(arg), get_bytes(pipe_end[0], text, 3));
    fact(FACT_NOTE, number_of(arg), (u64)text[0]);
    return 0;
}

KTEST(pipe_reader, "a reader waits for a byte, a second one too, and both hear of the end")
{
    struct test_threads threads = { 0 };
    int error = pipe_new(&pipe_end[0], &pipe_end[1], 0);

    if (!error)
        error = threads_start(&threads, 3, read_three);
    if (!error) {
        tell_result(10, threads_blocked(&threads));
        tell_result(11, put_bytes(pipe_end[1], "abcd", 4)); /* three for one, one for another */
        let_run();
        tell_result(12, (s64)threads_waiting(&threads));
        pipe_close(1);
        threads_join(&threads);
    }
    pipe_close(1);
    pipe_close(0);
    return error;
}

static char *bytes; /* PIPE_SIZE + PIPE_BUF of them */

static int write_more(void *arg)
{
    tell_result(number_of(arg), put_bytes(pipe_end[1], bytes, number_of(arg) ? 200 : PIPE_BUF));
    return 0;
}

/* With 200 bytes of room: the one who writes 4096 waits, the one who writes 200 does not, and is behind nobody. */
static int fill_and_drain(void)
{
    struct test_threads threads = { 0 };
    int error;

    tell_result(10, put_bytes(pipe_end[1], bytes, PIPE_SIZE - 200));
    error = threads_start(&threads, 2, write_more);
    if (error)
        return error;
    let_run();
    tell_result(11, (s64)threads_waiting(&threads));
    tell_result(12, get_bytes(pipe_end[0], bytes, PIPE_SIZE));
    let_run();
    tell_result(13, (s64)threads_waiting(&threads));
    tell_result(14, get_bytes(pipe_end[0], bytes, PIPE_SIZE));
    threads_join(&threads);
    return 0;
}

/* Nothing fits: the one who writes 4096 waits, behind it the one who writes 200. Then there is room for 300. */
static int fill_and_make_little_room(void)
{
    struct test_threads threads = { 0 };
    int error;

    put_bytes(pipe_end[1], bytes, PIPE_SIZE);
    error = threads_start(&threads, 2, write_more);
    if (error)
        return error;
    tell_result(20, threads_blocked(&threads));
    tell_result(21, get_bytes(pipe_end[0], bytes, 300));
    let_run();
    tell_result(22, (s64)threads_waiting(&threads));
    get_bytes(pipe_end[0], bytes, PIPE_SIZE);
    threads_join(&threads);
    get_bytes(pipe_end[0], bytes, PIPE_SIZE);
    return 0;
}

KTEST(pipe_writer, "a writer waits for room for all that it writes together")
{
    int error = pipe_new(&pipe_end[0], &pipe_end[1], 0);

    bytes = error ? NULL : kmalloc(PIPE_SIZE + PIPE_BUF);
    if (!error)
        error = bytes ? fill_and_drain() : -ENOMEM;
    if (!error)
        error = fill_and_make_little_room();
    pipe_close(1);
    pipe_close(0);
    kfree(bytes);
    return error;
}

static int write_all(void *arg)
{
    tell_result(number_of(arg), put_bytes(pipe_end[1], bytes, PIPE_SIZE + PIPE_BUF));
    return 0;
}

KTEST(pipe_broken, "a writer that waits for room hears that nobody reads any more")
{
    struct test_threads threads = { 0 };
    int error = pipe_new(&pipe_end[0], &pipe_end[1], 0);

    bytes = error ? NULL : kmalloc(PIPE_SIZE + PIPE_BUF);
    if (!error)
        error = bytes ? threads_start(&threads, 2, write_all) : -ENOMEM;
    if (!error) {
        tell_result(10, threads_blocked(&threads));
        pipe_close(0);
        threads_join(&threads);
    }
    pipe_close(1);
    pipe_close(0);
    kfree(bytes);
    return error;
}

KTEST(pipe_signal, "a signal ends the wait of a reader")
{
    struct test_threads threads = { 0 };
    int error = pipe_new(&pipe_end[0], &pipe_end[1], 0);

    if (!error)
        error = threads_start(&threads, 1, read_three);
    if (!error) {
        tell_result(10, threads_blocked(&threads));
        thread_interrupt(thread_find(threads.tid[0]));
        threads_join(&threads);
    }
    pipe_close(1);
    pipe_close(0);
    return error;
}

KTEST(pipe_signal_writers, "a signal ends the wait of a writer that has written a part, and of one that has not")
{
    struct test_threads threads = { 0 };
    int error = pipe_new(&pipe_end[0], &pipe_end[1], 0);

    bytes = error ? NULL : kmalloc(PIPE_SIZE + PIPE_BUF);
    if (!error)
        error = bytes ? threads_start(&threads, 2, write_all) : -ENOMEM;
    if (!error) {
        tell_result(10, threads_blocked(&threads));
        for (unsigned i = 0; i < threads.n; i++)
            thread_interrupt(thread_find(threads.tid[i]));
        threads_join(&threads);
    }
    pipe_close(1);
    pipe_close(0);
    kfree(bytes);
    return error;
}

static int never_wait(void)
{
    tell_result(0, get_bytes(pipe_end[0], bytes, 5));
    tell_result(1, put_bytes(pipe_end[1], bytes, PIPE_SIZE - 100));
    tell_result(2, put_bytes(pipe_end[1], bytes, 200));
    tell_result(3, put_bytes(pipe_end[1], bytes, 100));
    tell_result(4, put_bytes(pipe_end[1], bytes, 1));
    tell_result(5, get_bytes(pipe_end[0], bytes, PIPE_SIZE));
    tell_result(6, put_bytes(pipe_end[1], bytes, 5000));
    pipe_close(1);
    tell_result(7, get_bytes(pipe_end[0], bytes, PIPE_SIZE));
    tell_result(8, get_bytes(pipe_end[0], bytes, 1));
    pipe_close(0);
    if (pipe_new(&pipe_end[0], &pipe_end[1], O_NONBLOCK))
        return -ENOMEM;
    pipe_close(0);
    tell_result(9, put_bytes(pipe_end[1], bytes, 1));
    return 0;
}

KTEST(pipe_nonblock, "who may not wait is told")
{
    int error = pipe_new(&pipe_end[0], &pipe_end[1], O_NONBLOCK);

    bytes = error ? NULL : kmalloc(PIPE_SIZE + PIPE_BUF);
    if (!error)
        error = bytes ? never_wait() : -ENOMEM;
    pipe_close(1);
    pipe_close(0);
    kfree(bytes);
    return error;
}

/* --- poll --- */

static struct pollfd polled[2];

static int poll_both(void *arg)
{
    tell_result(number_of(arg), fs_poll(polled, 2, POLLERR | POLLHUP, ~0ul));
    fact(FACT_NOTE, polled[0].revents, polled[1].revents);
    return 0;
}

/* Two pipes as descriptors 0 to 3. */
static int install_two(struct fd_table *table)
{
    struct file *file[4] = { 0 };
    int error = pipe_new(&file[0], &file[1], 0);

    if (error)
        return error;
    error = pipe_new(&file[2], &file[3], 0);
    for (unsigned i = 0; i < 4 && file[i]; i++)
        polled[i / 2 % 2] = (struct pollfd){ .fd = fd_install(table, file[i]) & ~1, .events = POLLIN };
    return error;
}

KTEST(poll_waits, "poll waits for any of its files, for no longer than it was told, and until a signal")
{
    struct fd_table *table = current_fs()->fds;
    struct test_threads threads = { 0 };
    u64 before = clock_ns();
    int error = install_two(table);

    if (!error) {
        tell_result(20, fs_poll(polled, 2, POLLERR | POLLHUP, before + 3 * NS_PER_MS));
        fact(FACT_ASLEEP, 3 * NS_PER_MS, clock_ns() - before);
        error = threads_start(&threads, 1, poll_both);
    }
    if (!error) {
        tell_result(21, threads_blocked(&threads));
        tell_result(22, fd_write(table, 3, "x", 1));
        threads_join(&threads);
        threads.n = 0;
        (void)fd_read(table, 2, polled, 1);
        polled[0] = (struct pollfd){ .fd = 0, .events = POLLIN };
        error = threads_start(&threads, 1, poll_both);
    }
    if (!error) {
        tell_result(23, threads_blocked(&threads));
        thread_interrupt(thread_find(threads.tid[0]));
        threads_join(&threads);
    }
    fd_close_all(table);
    return error;
}

/* --- what it costs --- */

KTEST(pipe_cost, "a byte through a pipe and back out of it")
{
    u64 rounds = 100, begin;
    char c = 'x';
    int error = pipe_new(&pipe_end[0], &pipe_end[1], 0);

    if (error)
        return error;
    for (u64 i = 0; i < 2; i++) {
        begin = cycles();
        for (u64 n = 0; n < rounds; n++) {
            (void)put_bytes(pipe_end[1], &c, 1);
            (void)get_bytes(pipe_end[0], &c, 1);
        }
    }
    fact(FACT_COST, 0, (cycles() - begin) / rounds);
    pipe_close(1);
    pipe_close(0);
    return 0;
}
