/* Random pieces through a pipe: first by one who never waits, whose every answer is known; then by a writer and a reader who wait for each
   other. */
#include "ktest/hidden.h"
#include "fs/pipe.h"
#include "ktest/threads.h"
#include "lib/errno.h"
#include "mm/slab.h"

#define STEPS 220
#define MOST  (PIPE_SIZE + 2 * PIPE_BUF)
#define TOTAL 400000ul

static struct file *end[2]; /* for reading, for writing */
static char *bytes;         /* MOST of them */
static u64 salt;

static char byte_number(u64 i)
{
    return (char)(i * 11 + (i >> 9) * 3 + salt);
}

static u64 sum(const char *at, s64 n)
{
    u64 h = (u64)n;

    for (s64 i = 0; i < n; i++)
        h = h * 31 + (u8)at[i];
    return h;
}

static void close_end(unsigned i)
{
    if (end[i])
        file_put(end[i]);
    end[i] = NULL;
}

static size_t length(u64 *draws)
{
    switch (draw(draws, 6)) {
    case 0:
        return 1 + draw(draws, 30);
    case 1:
        return PIPE_BUF - 2 + draw(draws, 5);
    case 2:
        return PIPE_SIZE - 3 + draw(draws, 6);
    case 3:
        return 1 + draw(draws, MOST);
    default:
        return 1 + draw(draws, 12000);
    }
}

/* The bytes that follow those written so far. */
static s64 put(u64 written, size_t n)
{
    struct io io = io_kernel(bytes, n);

    for (size_t i = 0; i < n; i++)
        bytes[i] = byte_number(written + i);
    return file_write(end[1], &io);
}

static s64 get(size_t n)
{
    struct io io = io_kernel(bytes, n);

    return file_read(end[0], &io);
}

/* RESULT: step, what a write returned; RETURNED: step, what a read returned; NOTE: step, the sum of what came. Now and then one side is
   closed, the other one hears of it, and another pipe begins. */
static int never_wait(void)
{
    u64 draws = draws_of(0), written = 0;

    for (u64 i = 0; i < STEPS; i++) {
        u64 what = draw(&draws, 40);
        size_t n = length(&draws);
        s64 moved;

        if (!end[0] && !end[1] && pipe_new(&end[0], &end[1], O_NONBLOCK))
            return -ENOMEM;
        if (what < 2) {
            close_end((unsigned)what);
        } else if (what < 21 && end[1]) {
            moved = put(written, n);
            fact(FACT_RESULT, i, (u64)moved);
            written += moved > 0 ? (u64)moved : 0;
            if (moved < 0 && !end[0])
                close_end(1);
        } else if (end[0]) {
            moved = get(n);
            fact(FACT_RETURNED, i, (u64)moved);
            fact(FACT_NOTE, i, moved > 0 ? sum(bytes, moved) : 0);
            if (!moved)
                close_end(0);
        }
    }
    return 0;
}

/* ORDER: how many bytes by then, what a write returned less what it should. */
static int writes(void *arg)
{
    u64 draws = draws_of(1), written = 0;
    char *mine = arg;

    while (written < TOTAL) {
        size_t n = min(length(&draws), TOTAL - written);
        struct io io = io_kernel(mine, n);
        s64 moved;

        for (size_t i = 0; i < n; i++)
            mine[i] = byte_number(written + i);
        moved = file_write(end[1], &io);
        fact(FACT_ORDER, written, (u64)(moved - (s64)n));
        if (moved < 0)
            break;
        written += (u64)moved;
        if (draw(&draws, 3) == 0)
            thread_yield();
    }
    close_end(1);
    return 0;
}

/* COUNT: how many bytes came, how many of them are not what was written. TURN: 0, reads that gave nothing or more than was asked for. */
static void read_all(void)
{
    u64 draws = draws_of(2), came = 0, wrong = 0, bad = 0;
    s64 n;

    do {
        size_t wanted = length(&draws);

        n = get(wanted);
        bad += n > (s64)wanted;
        for (s64 i = 0; i < n && n <= (s64)wanted; i++)
            wrong += bytes[i] != byte_number(came + (u64)i);
        came += n > 0 ? (u64)n : 0;
        if (draw(&draws, 3) == 0)
            thread_yield();
    } while (n > 0);
    fact(FACT_TURN, (u64)n, bad);
    fact(FACT_COUNT, came, wrong);
}

static int wait_for_each_other(void)
{
    char *mine = kmalloc(MOST);
    struct thread_params params = THREAD_PARAMS("writer", writes, mine);
    int error = mine ? pipe_new(&end[0], &end[1], 0) : -ENOMEM;
    tid_t tid = error ? error : thread_create(&params);

    if (tid > 0) {
        read_all();
        close_end(0);
        thread_join(tid, NULL);
    }
    kfree(mine);
    return tid > 0 ? 0 : tid;
}

KTEST(hidden_pipe, "pieces through a pipe, as the seed decides")
{
    int error;

    salt = draws_of(3) & 0xff;
    bytes = kmalloc(MOST);
    error = bytes ? never_wait() : -ENOMEM;
    close_end(0);
    close_end(1);
    if (!error)
        error = wait_for_each_other();
    close_end(0);
    close_end(1);
    kfree(bytes);
    return error;
}
