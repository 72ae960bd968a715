/* The work that `make bench` counts. Nothing is measured in here: the bench runs this instruction by instruction and counts what is
   executed between a pair of marks. Needs all of lab 1. */
#include "ktest/ktest.h"
#include "ktest/marks.h"
#include "lib/errno.h"
#include "mm/frames.h"
#include "mm/slab.h"
#include "sched/thread.h"

#define BENCH_ROUNDS 16 /* the first ones fill caches; the last one is what is reported */
#define BENCH_BYTES 64

MARKS(frame_alloc)
MARKS(frame_put)
MARKS(slab_alloc)
MARKS(slab_free)
MARKS(thread_create)
MARKS(exit_and_join)
MARKS(yield_pair)

static bool stop;

static int bench_memory(void)
{
    for (unsigned i = 0; i < BENCH_ROUNDS; i++) {
        struct frame *frame;
        void *object;

        COUNTED(frame_alloc, frame = frame_alloc(0));
        if (!frame)
            return -ENOMEM;
        COUNTED(frame_put, frame_put(frame));
        COUNTED(slab_alloc, object = kmalloc(BENCH_BYTES));
        if (!object)
            return -ENOMEM;
        COUNTED(slab_free, kfree(object));
    }
    return 0;
}

static int leave(void *arg)
{
    (void)arg;
    return 0;
}

static int bench_threads(void)
{
    for (unsigned i = 0; i < BENCH_ROUNDS; i++) {
        struct thread_params params = THREAD_PARAMS("short", leave, NULL);
        tid_t tid;

        COUNTED(thread_create, tid = thread_create(&params));
        if (tid < 0)
            return tid;
        COUNTED(exit_and_join, thread_join(tid, NULL));
    }
    return 0;
}

static int yield_until_stopped(void *arg)
{
    (void)arg;
    while (!stop)
        thread_yield();
    return 0;
}

static int bench_yield(void)
{
    struct thread_params params = THREAD_PARAMS("other", yield_until_stopped, NULL);
    tid_t tid = thread_create(&params);

    if (tid < 0)
        return tid;
    stop = false;
    for (unsigned i = 0; i < BENCH_ROUNDS; i++)
        COUNTED(yield_pair, thread_yield());
    stop = true;
    return thread_join(tid, NULL);
}

KTEST(bench, "the work whose instructions make bench counts")
{
    int error = bench_memory();

    if (!error)
        error = bench_threads();
    return error ? error : bench_yield();
}
