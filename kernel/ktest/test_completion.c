/* Lab 2.3: what is built on wait queues alone, completions and reader-writer locks. */
#include "base/cmdline.h"
#include "ktest/ktest.h"
#include "ktest/threads.h"
#include "sched/sync.h"

static struct completion done;
static volatile u64 awake, turn;

static int await(void *arg)
{
    u64 flags;

    completion_wait(&done);
    flags = irq_save();
    fact(FACT_ORDER, awake++, number_of(arg));
    irq_restore(flags);
    return 0;
}

KTEST(completion_once, "three threads that wait for something that happens once, and one that comes later")
{
    struct test_threads threads;
    int error;

    awake = 0;
    completion_init(&done, "tested");
    error = threads_start(&threads, 3, await);
    if (!error)
        threads_blocked(&threads);
    fact(FACT_COUNT, 0, awake);
    complete(&done);
    threads_join(&threads);
    fact(FACT_COUNT, 1, awake);
    if (!error)
        completion_wait(&done);
    return error;
}

static struct rwlock rw;
static struct spinlock looking = SPINLOCK("looking", RANK_CONDVAR);
static volatile u64 readers, writers, most_readers, clashes; /* [looking] */
static u64 rounds;                                           /* of each; written before they start */

static void look(void)
{
    clashes += writers > 1 || (writers && readers);
    if (readers > most_readers)
        most_readers = readers;
}

/* In and out, with nothing in between: several readers are then at the count of them at the same time. */
static void read_in_passing(void)
{
    for (unsigned i = 0; i < 4; i++) {
        rwlock_read_lock(&rw);
        rwlock_read_unlock(&rw);
    }
}

static int read_and_write(void *arg)
{
    for (u64 i = 0; i < rounds; i++) {
        u64 flags;
        volatile u64 *mine = number_of(arg) < 3 ? &readers : &writers;

        (number_of(arg) < 3 ? rwlock_read_lock : rwlock_write_lock)(&rw);
        flags = spin_lock_irq(&looking);
        ++*mine;
        look();
        spin_unlock_irq(&looking, flags);
        thread_yield();
        flags = spin_lock_irq(&looking);
        look();
        --*mine;
        spin_unlock_irq(&looking, flags);
        (number_of(arg) < 3 ? rwlock_read_unlock : rwlock_write_unlock)(&rw);
        if (number_of(arg) < 3)
            read_in_passing();
    }
    return 0;
}

KTEST(rwlock_shares, "three readers and two writers of the same thing")
/* rounds= says how often each is in. NOTE: how often somebody was who should not have been; the most readers at once. */
{
    struct test_threads threads;
    int error;

    readers = writers = most_readers = clashes = 0;
    rounds = option_u64("rounds") ?: 8;
    rwlock_init(&rw, "tested");
    error = threads_start(&threads, 5, read_and_write);
    threads_join(&threads);
    fact(FACT_NOTE, clashes, most_readers);
    return error;
}

static volatile bool stop;

/* Readers, or writers, who overlap for ever: the others must get in all the same. */
static int crowd(void *arg)
{
    bool reads = !turn;

    (void)arg;
    while (!stop) {
        (reads ? rwlock_read_lock : rwlock_write_lock)(&rw);
        awake++;
        thread_yield();
        (reads ? rwlock_read_unlock : rwlock_write_unlock)(&rw);
    }
    return 0;
}

KTEST(rwlock_starves_nobody, "a writer among readers who overlap, and a reader among writers who queue")
{
    for (turn = 0; turn < 2; turn++) {
        struct test_threads threads;
        int error;

        stop = false;
        awake = 0;
        rwlock_init(&rw, "tested");
        error = threads_start(&threads, 3, crowd);
        let_run();
        awake = 0;
        if (!error) {
            (turn ? rwlock_read_lock : rwlock_write_lock)(&rw);
            fact(FACT_COUNT, turn, awake);
            (turn ? rwlock_read_unlock : rwlock_write_unlock)(&rw);
        }
        stop = true;
        threads_join(&threads);
        if (error)
            return error;
    }
    return 0;
}
