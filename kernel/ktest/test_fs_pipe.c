/* Pipes between threads: who waits for whom, and what ends a wait. */
#include "base/thread.h"
#include "fs/context.h"
#include "fs/pipe.h"
#include "fs/poll.h"
#include "ktest/ktest.h"
#include "ktest/threads.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "sched/interrupt.h"

#define WRITERS 3
#define RECORDS 40

static struct file *end[2]; /* for reading, for writing */

static void tell(u64 step, s64 result)
{
    fact(FACT_RESULT, step, (u64)result);
}

static s64 put(struct file *file, const void *from, size_t n)
{
    struct io io = io_kernel(from, n);

    return file_write(file, &io);
}

static s64 get(struct file *file, void *to, size_t n)
{
    struct io io = io_kernel(to, n);

    return file_read(file, &io);
}

static void close_end(unsigned i)
{
    if (end[i])
        file_put(end[i]);
    end[i] = NULL;
}

/* --- waiting for bytes, for room, for the end --- */

static int read_three(void *arg)
{
    char text[8] = "";

    tell(number_of(arg), get(end[0], text, 3));
    fact(FACT_NOTE, number_of(arg), (u64)text[0]);
    return 0;
}

KTEST(pipe_reader, "a reader waits for a byte, a second one too, and both hear of the end")
{
    struct test_threads threads = { 0 };
    int error = pipe_new(&end[0], &end[1], 0);

    if (!error)
        error = threads_start(&threads, 3, read_three);
    if (!error) {
        tell(10, threads_blocked(&threads));
        tell(11, put(end[1], "abcd", 4)); /* three for one, one for another */
        let_run();
        tell(12, (s64)threads_waiting(&threads));
        close_end(1);
        threads_join(&threads);
    }
    close_end(1);
    close_end(0);
    return error;
}

static char *bytes; /* PIPE_SIZE + PIPE_BUF of them */

static int write_more(void *arg)
{
    tell(number_of(arg), put(end[1], bytes, number_of(arg) ? 200 : PIPE_BUF));
    return 0;
}

/* With 200 bytes of room: the one who writes 4096 waits, the one who writes 200 does not, and is behind nobody. */
static int fill_and_drain(void)
{
    struct test_threads threads = { 0 };
    int error;

    tell(10, put(end[1], bytes, PIPE_SIZE - 200));
    error = threads_start(&threads, 2, write_more);
    if (error)
        return error;
    let_run();
    tell(11, (s64)threads_waiting(&threads));
    tell(12, get(end[0], bytes, PIPE_SIZE));
    let_run();
    tell(13, (s64)threads_waiting(&threads));
    tell(14, get(end[0], bytes, PIPE_SIZE));
    threads_join(&threads);
    return 0;
}

/* Nothing fits: the one who writes 4096 waits, behind it the one who writes 200. Then there is room for 300. */
static int fill_and_make_little_room(void)
{
    struct test_threads threads = { 0 };
    int error;

    put(end[1], bytes, PIPE_SIZE);
    error = threads_start(&threads, 2, write_more);
    if (error)
        return error;
    tell(20, threads_blocked(&threads));
    tell(21, get(end[0], bytes, 300));
    let_run();
    tell(22, (s64)threads_waiting(&threads));
    get(end[0], bytes, PIPE_SIZE);
    threads_join(&threads);
    get(end[0], bytes, PIPE_SIZE);
    return 0;
}

KTEST(pipe_writer, "a writer waits for room for all that it writes together")
{
    int error = pipe_new(&end[0], &end[1], 0);

    bytes = error ? NULL : kmalloc(PIPE_SIZE + PIPE_BUF);
    if (!error)
        error = bytes ? fill_and_drain() : -ENOMEM;
    if (!error)
        error = fill_and_make_little_room();
    close_end(1);
    close_end(0);
    kfree(bytes);
    return error;
}

static int write_all(void *arg)
{
    tell(number_of(arg), put(end[1], bytes, PIPE_SIZE + PIPE_BUF));
    return 0;
}

KTEST(pipe_broken, "a writer that waits for room hears that nobody reads any more")
{
    struct test_threads threads = { 0 };
    int error = pipe_new(&end[0], &end[1], 0);

    bytes = error ? NULL : kmalloc(PIPE_SIZE + PIPE_BUF);
    if (!error)
        error = bytes ? threads_start(&threads, 2, write_all) : -ENOMEM;
    if (!error) {
        tell(10, threads_blocked(&threads));
        close_end(0);
        threads_join(&threads);
    }
    close_end(1);
    close_end(0);
    kfree(bytes);
    return error;
}

KTEST(pipe_signal, "a signal ends the wait of a reader")
{
    struct test_threads threads = { 0 };
    int error = pipe_new(&end[0], &end[1], 0);

    if (!error)
        error = threads_start(&threads, 1, read_three);
    if (!error) {
        tell(10, threads_blocked(&threads));
        thread_interrupt(thread_find(threads.tid[0]));
        threads_join(&threads);
    }
    close_end(1);
    close_end(0);
    return error;
}

static int never_wait(void)
{
    tell(0, get(end[0], bytes, 5));
    tell(1, put(end[1], bytes, PIPE_SIZE - 100));
    tell(2, put(end[1], bytes, 200));
    tell(3, put(end[1], bytes, 100));
    tell(4, put(end[1], bytes, 1));
    tell(5, get(end[0], bytes, PIPE_SIZE));
    tell(6, put(end[1], bytes, 5000));
    close_end(1);
    tell(7, get(end[0], bytes, PIPE_SIZE));
    tell(8, get(end[0], bytes, 1));
    close_end(0);
    if (pipe_new(&end[0], &end[1], O_NONBLOCK))
        return -ENOMEM;
    close_end(0);
    tell(9, put(end[1], bytes, 1));
    return 0;
}

KTEST(pipe_nonblock, "who may not wait is told")
{
    int error = pipe_new(&end[0], &end[1], O_NONBLOCK);

    bytes = error ? NULL : kmalloc(PIPE_SIZE + PIPE_BUF);
    if (!error)
        error = bytes ? never_wait() : -ENOMEM;
    close_end(1);
    close_end(0);
    kfree(bytes);
    return error;
}

/* --- many writers --- */

struct record {
    u8 writer, number;
    u16 length; /* bytes of the whole record, 8 to PIPE_BUF */
    u32 filler; /* every byte behind is writer + number */
};

static u16 length_of(u64 writer, u64 number)
{
    return (u16)(sizeof(struct record) + (writer * 1237 + number * 811) % (PIPE_BUF - sizeof(struct record) + 1));
}

static bool no_memory; /* for a writer */

static int write_records(void *arg)
{
    u64 writer = number_of(arg);
    char *record = kmalloc(PIPE_BUF);
    s64 failed = 0;

    for (u64 i = 0; record && i < RECORDS; i++) {
        struct record head = { (u8)writer, (u8)i, length_of(writer, i), 0 };

        memset(record, (int)(writer + i), head.length);
        memcpy(record, &head, sizeof(head));
        failed += put(end[1], record, head.length) != head.length;
    }
    tell(writer, failed);
    no_memory |= !record;
    kfree(record);
    return 0;
}

/* Bytes behind a record's head that are not its own. */
static u64 foreign_bytes(const struct record *r)
{
    const u8 *body = (const u8 *)(r + 1);
    u64 n = 0;

    for (size_t i = 0; i < r->length - sizeof(*r); i++)
        n += body[i] != (u8)(r->writer + r->number);
    return n;
}

/* Reads in pieces of all sizes until the end. ORDER: writer, how many of its records came in their order, and in the upper half how many
   hold bytes of others. */
static s64 read_records(char *buffer)
{
    u64 in_order[WRITERS] = { 0 }, torn[WRITERS] = { 0 };
    size_t have = 0, piece = 0;
    s64 n;

    while ((n = get(end[0], buffer + have, piece = piece % 977 + 13)) > 0) {
        const struct record *r = (const struct record *)buffer;

        have += (size_t)n;
        while (have >= sizeof(*r) && have >= r->length && r->length >= sizeof(*r)) {
            size_t w = r->writer % WRITERS;

            in_order[w] += r->number == in_order[w];
            torn[w] += r->writer != w || foreign_bytes(r);
            have -= r->length;
            memmove(buffer, buffer + r->length, have);
        }
        if (have >= sizeof(*r) && r->length < sizeof(*r)) {
            torn[0]++;
            n = -EIO; /* no record begins here */
            break;
        }
    }
    for (u64 w = 0; w < WRITERS; w++)
        fact(FACT_ORDER, w, torn[w] << 32 | in_order[w]);
    return n;
}

static struct file *writer_end;

static int write_and_close(void *arg)
{
    int error = write_records(arg);

    file_put(writer_end); /* each writer's own reference */
    return error;
}

KTEST(pipe_together, "what writers write together stays together, and in each one's order")
{
    struct test_threads threads = { 0 };
    char *buffer = kmalloc(4 * PIPE_BUF);
    int error;

    no_memory = false;
    error = buffer ? pipe_new(&end[0], &end[1], 0) : -ENOMEM;

    if (!error) {
        writer_end = end[1];
        for (unsigned i = 0; i < WRITERS; i++)
            file_get(writer_end);
        error = threads_start(&threads, WRITERS, write_and_close);
        for (unsigned i = 0; error && i < WRITERS; i++)
            file_put(writer_end);
    }
    if (!error) {
        file_put(writer_end);
        tell(10, read_records(buffer));
        threads_join(&threads);
        end[1] = NULL; /* the last writer closed it */
        error = no_memory ? -ENOMEM : 0;
    }
    close_end(1);
    close_end(0);
    kfree(buffer);
    return error;
}

/* --- poll --- */

static struct pollfd polled[2];

static int poll_both(void *arg)
{
    tell(number_of(arg), fs_poll(polled, 2, ~0ul));
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
        tell(20, fs_poll(polled, 2, before + 3 * NS_PER_MS));
        fact(FACT_ASLEEP, 3 * NS_PER_MS, clock_ns() - before);
        error = threads_start(&threads, 1, poll_both);
    }
    if (!error) {
        tell(21, threads_blocked(&threads));
        tell(22, fd_write(table, 3, "x", 1));
        threads_join(&threads);
        threads.n = 0;
        (void)fd_read(table, 2, polled, 1);
        polled[0] = (struct pollfd){ .fd = 0, .events = POLLIN };
        error = threads_start(&threads, 1, poll_both);
    }
    if (!error) {
        tell(23, threads_blocked(&threads));
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
    int error = pipe_new(&end[0], &end[1], 0);

    if (error)
        return error;
    for (u64 i = 0; i < 2; i++) {
        begin = cycles();
        for (u64 n = 0; n < rounds; n++) {
            (void)put(end[1], &c, 1);
            (void)get(end[0], &c, 1);
        }
    }
    fact(FACT_COST, 0, (cycles() - begin) / rounds);
    close_end(1);
    close_end(0);
    return 0;
}

/* --- one at a time -------------------------------------------------------------------------------------------------------------- */

#define SIDE 3 /* of each: readers, writers */
#define SHARE 10
#define ROUNDS 4

static u8 times_read[SIDE * SHARE];

static int write_share(void *arg)
{
    for (u64 i = 0, number = number_of(arg) * SHARE; i < SHARE; i++, number++)
        (void)put(end[1], &number, sizeof(number));
    return 0;
}

static int read_share(void *unused)
{
    u64 number = 0;

    (void)unused;
    for (u64 i = 0; i < SHARE; i++)
        if (get(end[0], &number, sizeof(number)) == sizeof(number) && number < SIDE * SHARE)
            times_read[number]++;
    return 0;
}

static s64 got_by[SIDE];

static int read_once(void *arg)
{
    char text[8];

    got_by[number_of(arg)] = get(end[0], text, sizeof(text));
    return 0;
}

/* All three wait; then come some bytes and the end at once: for one the bytes, for the others the end. RESULT: round, the sum. */
static int bytes_and_the_end(u64 round)
{
    struct test_threads threads = { 0 };
    int error = pipe_new(&end[0], &end[1], 0);

    if (!error)
        error = threads_start(&threads, SIDE, read_once);
    if (!error) {
        threads_blocked(&threads);
        put(end[1], "abc", 3);
        close_end(1);
        threads_join(&threads);
        tell(round, got_by[0] + got_by[1] + got_by[2]);
    }
    close_end(1);
    close_end(0);
    return error;
}

/* There is room for all and there are bytes for all, so nobody has to wait but for another one of its kind. NOTE: numbers, and how many of
   them were read once. */
KTEST(pipe_turns, "writers that keep each other out, and readers that do")
{
    struct test_threads threads = { 0 };
    int error = pipe_new(&end[0], &end[1], 0);
    u64 once = 0;

    memset(times_read, 0, sizeof(times_read));
    if (!error)
        error = threads_start(&threads, SIDE, write_share);
    if (!error) {
        threads_join(&threads);
        error = threads_start(&threads, SIDE, read_share);
    }
    if (!error)
        threads_join(&threads);
    close_end(1);
    close_end(0);
    for (unsigned i = 0; i < SIDE * SHARE; i++)
        once += times_read[i] == 1;
    if (!error)
        fact(FACT_NOTE, SIDE * SHARE, once);
    for (u64 round = 0; round < ROUNDS && !error; round++)
        error = bytes_and_the_end(round);
    return error;
}
