/* Threads of one process on all CPUs (crew.h). No lock: each has words of its own, which it and who gives the orders write in turn. */
#include "ktest/crew.h"
#include "lib/errno.h"
#include "mm/uaccess.h"
#include "proc/user_thread.h"
#include "sched/affinity.h"
#include "sched/control.h"

static struct {
    tid_t tid;
    void (*work)(unsigned cpu); /* NULL: the end */
    u32 told, done;             /* [a] how often it was told to work, and has */
} crew[CREW_CPUS];

static u32 read(const u32 *word)
{
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static int obey(void *arg)
{
    unsigned cpu = (unsigned)(u64)arg;

    for (u32 done = 0;; __atomic_store_n(&crew[cpu].done, ++done, __ATOMIC_RELEASE)) {
        while (read(&crew[cpu].told) == done)
            cpu_relax();
        if (!crew[cpu].work)
            break;
        crew[cpu].work(cpu);
    }
    crew_thread_leaves();
    return 0;
}

void crew_tell(unsigned cpu, void (*work)(unsigned cpu))
{
    crew[cpu].work = work;
    __atomic_fetch_add(&crew[cpu].told, 1, __ATOMIC_RELEASE);
}

void crew_wait(unsigned cpu)
{
    while (read(&crew[cpu].done) != read(&crew[cpu].told))
        cpu_relax();
}

void crew_do(void (*work)(unsigned cpu))
{
    for (unsigned cpu = 1; cpu < CREW_CPUS; cpu++)
        crew_tell(cpu, work);
    work(0);
    for (unsigned cpu = 1; cpu < CREW_CPUS; cpu++)
        crew_wait(cpu);
}

tid_t crew_tid(unsigned cpu)
{
    return crew[cpu].tid;
}

static void end_before(unsigned end)
{
    for (unsigned cpu = 1; cpu < end; cpu++)
        crew_tell(cpu, NULL);
    for (unsigned cpu = 1; cpu < end; cpu++)
        thread_join(crew[cpu].tid, NULL);
}

void crew_end(void)
{
    end_before(CREW_CPUS);
}

struct thread *crew_thread(const struct address_space *space, int (*entry)(void *arg), u64 arg, u64 mask, int *error)
{
    struct thread_params params = THREAD_PARAMS("crew", entry, (void *)arg);
    struct thread *t;

    params.owner = current_process();
    t = thread_new(&params, error);
    if (!t)
        return NULL;
    *error = thread_set_affinity(t->tid, mask);
    if (!*error)
        *error = user_thread_prepare(t, space->root);
    if (!*error)
        return t;
    thread_discard(t);
    return NULL;
}

void crew_thread_leaves(void)
{
    user_space_leave(current()->user);
    user_thread_end(current());
}

int crew_start(const struct address_space *space)
{
    int error = thread_set_affinity(current()->tid, 1);

    for (unsigned cpu = 1; cpu < CREW_CPUS && !error; cpu++) {
        struct thread *t = crew_thread(space, obey, cpu, 1ul << cpu, &error);

        if (!t) {
            end_before(cpu);
            return error;
        }
        crew[cpu].told = crew[cpu].done = 0;
        crew[cpu].tid = t->tid;
        thread_launch(t);
    }
    return error;
}

u64 crew_word_at(uptr at)
{
    u64 word;

    return user_copy(&word, (const void *)at, sizeof(word)) ? ~0ul : word;
}
