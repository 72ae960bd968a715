/* Several at each end of a pipe: nobody's bytes are torn or lost, and who is kept out gets its turn. */
#include "base/thread.h"
#include "fs/pipe.h"
#include "ktest/ktest.h"
#include "ktest/space.h"
#include "ktest/test_fs_pipe.h"
#include "ktest/threads.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/failalloc.h"
#include "mm/slab.h"
#include "sched/interrupt.h"

#define WRITERS 3
#define RECORDS 40

/* --- what is written together ------------------------------------------------------------------------------------------------------ */

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
        failed += put_bytes(pipe_end[1], record, head.length) != head.length;
    }
    tell_result(writer, failed);
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

    while ((n = get_bytes(pipe_end[0], buffer + have, piece = piece % 977 + 13)) > 0) {
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
    error = buffer ? pipe_new(&pipe_end[0], &pipe_end[1], 0) : -ENOMEM;

    if (!error) {
        writer_end = pipe_end[1];
        for (unsigned i = 0; i < WRITERS; i++)
            file_get(writer_end);
        error = threads_start(&threads, WRITERS, write_and_close);
        for (unsigned i = 0; error && i < WRITERS; i++)
            file_put(writer_end);
    }
    if (!error) {
        file_put(writer_end);
        tell_result(10, read_records(buffer));
        threads_join(&threads);
        pipe_end[1] = NULL; /* the last writer closed it */
        error = no_memory ? -ENOMEM : 0;
    }
    pipe_close(1);
    pipe_close(0);
    kfree(buffer);
    return error;
}

/* --- one at a time -------------------------------------------------------------------------------------------------------------- */

#define SIDE 3 /* of each: readers, writers */
#define SHARE 10
#define ROUNDS 6

static u8 times_read[SIDE * SHARE];

static int write_share(void *arg)
{
    for (u64 i = 0, number = number_of(arg) * SHARE; i < SHARE; i++, number++)
        (void)put_bytes(pipe_end[1], &number, sizeof(number));
    return 0;
}

static int read_share(void *unused)
{
    u64 number = 0;

    (void)unused;
    for (u64 i = 0; i < SHARE; i++)
        if (get_bytes(pipe_end[0], &number, sizeof(number)) == sizeof(number) && number < SIDE * SHARE)
            times_read[number]++;
    return 0;
}

static s64 got_by[SIDE];

static int read_once(void *arg)
{
    char text[8];

    got_by[number_of(arg)] = get_bytes(pipe_end[0], text, sizeof(text));
    return 0;
}

/* All three wait. Then come three bytes and the end, at once (rounds 0 to 3) or when two of them wait again (5); or the end alone (4):
   for one the bytes, for the others the end. RESULT: round, the sum. */
static int bytes_and_the_end(u64 round)
{
    struct test_threads threads = { 0 };
    int error = pipe_new(&pipe_end[0], &pipe_end[1], 0);

    if (!error)
        error = threads_start(&threads, SIDE, read_once);
    if (!error) {
        threads_blocked(&threads);
        if (round != 4)
            put_bytes(pipe_end[1], "abc", 3);
        if (round == 5)
            let_run();
        pipe_close(1);
        threads_join(&threads);
        tell_result(round, got_by[0] + got_by[1] + got_by[2]);
    }
    pipe_close(1);
    pipe_close(0);
    return error;
}

/* There is room for all and there are bytes for all, so nobody has to wait but for another one of its kind. NOTE: numbers, and how many of
   them were read once. */
KTEST(pipe_turns, "writers that keep each other out, and readers that do")
{
    struct test_threads threads = { 0 };
    int error = pipe_new(&pipe_end[0], &pipe_end[1], 0);
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
    pipe_close(1);
    pipe_close(0);
    for (unsigned i = 0; i < SIDE * SHARE; i++)
        once += times_read[i] == 1;
    if (!error)
        fact(FACT_NOTE, SIDE * SHARE, once);
    for (u64 round = 0; round < ROUNDS && !error; round++)
        error = bytes_and_the_end(round);
    return error;
}

/* --- kept out by a copy ---------------------------------------------------------------------------------------------------------- */

#define LATE 0x500000ul /* memory whose page is made when somebody copies there */
#define COPIES 4
#define ROOM 300

/* While this thread copies, others come, and wait until it is done. Then the memory is there, or is not. */
static struct {
    struct test_threads threads;
    int (*entry)(void *);
    bool fails;
    int error;
} meanwhile;

static struct frame *late_page(void *object, u64 index, int *error)
{
    struct frame *page = NULL;

    (void)object, (void)index;
    meanwhile.error = threads_start(&meanwhile.threads, 2, meanwhile.entry);
    if (!meanwhile.error)
        threads_blocked(&meanwhile.threads);
    if (!meanwhile.fails)
        page = page_new();
    *error = meanwhile.fails ? -EIO : -ENOMEM;
    return page;
}

static void no_reference(void *object)
{
    (void)object;
}

static const struct vm_object_ops late_ops = { .page = late_page, .get = no_reference, .put = no_reference };

static int read_any(void *unused)
{
    char text[3];

    (void)unused;
    (void)get_bytes(pipe_end[0], text, sizeof(text));
    return 0;
}

static char *together; /* PIPE_SIZE bytes */

/* The first one writes more than there is room for. */
static int write_much_or_little(void *arg)
{
    (void)put_bytes(pipe_end[1], together, number_of(arg) ? 3 : PIPE_BUF);
    return 0;
}

/* 8 bytes to or from the memory at LATE, in a pipe that has room for ROOM bytes more. RESULT: step, what that returned; step + 1, how many
   of the two wait still that came meanwhile: of the readers the first one hears a signal before it runs. */
static int copy_with_others(struct address_space *space, bool reads, bool fails, u64 step)
{
    const vm_region_t region = { .start = LATE, .end = LATE + PAGE_SIZE, .access = ACCESS_READ | ACCESS_WRITE, .ops = &late_ops };
    struct io io = { .at = LATE, .left = 8, .user = true };
    int error = pipe_new(&pipe_end[0], &pipe_end[1], 0);

    meanwhile.threads.n = 0;
    meanwhile.error = 0;
    meanwhile.fails = fails;
    meanwhile.entry = reads ? read_any : write_much_or_little;
    if (!error)
        error = aspace_map(space, &region);
    if (!error) {
        put_bytes(pipe_end[1], together, PIPE_SIZE - ROOM);
        tell_result(step, reads ? file_read(pipe_end[0], &io) : file_write(pipe_end[1], &io));
        if (reads && meanwhile.threads.n)
            thread_interrupt(thread_find(meanwhile.threads.tid[0]));
        let_run();
        tell_result(step + 1, (s64)threads_waiting(&meanwhile.threads));
        get_bytes(pipe_end[0], together, PIPE_SIZE);
        put_bytes(pipe_end[1], together, 8);
        threads_join(&meanwhile.threads);
        error = meanwhile.error;
        aspace_unmap(space, LATE, PAGE_SIZE);
    }
    pipe_close(1);
    pipe_close(0);
    return error;
}

static int write_once(void *arg)
{
    got_by[number_of(arg)] = put_bytes(pipe_end[1], together, 8);
    return 0;
}

/* 8 of 24 bytes to the memory at LATE, from a pipe that nobody writes to any more, or 8 from there into an empty pipe. The two that come
   meanwhile want the same. RESULT: step, how many bytes the two read or wrote. */
static int three_for_all(struct address_space *space, bool reads, u32 flags, u64 step)
{
    const vm_region_t region = { .start = LATE, .end = LATE + PAGE_SIZE, .access = ACCESS_READ | ACCESS_WRITE, .ops = &late_ops };
    struct io io = { .at = LATE, .left = 8, .user = true };
    int error = pipe_new(&pipe_end[0], &pipe_end[1], flags);

    meanwhile.threads.n = 0;
    meanwhile.error = 0;
    meanwhile.fails = false;
    meanwhile.entry = reads ? read_once : write_once;
    if (!error)
        error = aspace_map(space, &region);
    if (!error && reads) {
        put_bytes(pipe_end[1], together, 24);
        pipe_close(1);
    }
    if (!error) {
        (void)(reads ? file_read(pipe_end[0], &io) : file_write(pipe_end[1], &io));
        threads_join(&meanwhile.threads);
        tell_result(step, got_by[0] + got_by[1]);
        error = meanwhile.error;
        aspace_unmap(space, LATE, PAGE_SIZE);
    }
    pipe_close(1);
    pipe_close(0);
    return error;
}

/* Two wait for bytes. Then there are some for both, and the first one hears a signal before it runs. RESULT: step, how many wait still. */
static int signalled(u64 step)
{
    struct test_threads threads = { 0 };
    int error = pipe_new(&pipe_end[0], &pipe_end[1], 0);

    if (!error)
        error = threads_start(&threads, 2, read_any);
    if (!error) {
        threads_blocked(&threads);
        put_bytes(pipe_end[1], together, 6);
        thread_interrupt(thread_find(threads.tid[0]));
        let_run();
        tell_result(step, (s64)threads_waiting(&threads));
        pipe_close(1);
        threads_join(&threads);
    }
    pipe_close(1);
    pipe_close(0);
    return error;
}

static int keep_out(struct address_space *space)
{
    int error = 0;

    together = kmalloc(PIPE_SIZE);
    if (!together)
        return -ENOMEM;
    for (u64 n = 0; n < COPIES && !error; n++)
        error = copy_with_others(space, n & 1, n < COPIES / 2, 10 * n);
    if (!error)
        error = signalled(10 * COPIES);
    if (!error)
        error = three_for_all(space, true, 0, 10 * COPIES + 10);
    if (!error)
        error = three_for_all(space, true, O_NONBLOCK, 10 * COPIES + 20);
    if (!error)
        error = three_for_all(space, false, O_NONBLOCK, 10 * COPIES + 30);
    kfree(together);
    return failalloc_failed() ? -ENOMEM : error;
}

KTEST(pipe_kept_out, "who came while another one copied goes on when that is done, well or not")
{
    return run_in_space(keep_out);
}
