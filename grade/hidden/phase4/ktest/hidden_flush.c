/* Pages anywhere in a space change under threads on four CPUs (crew.h), some of which stand still for a while; any makes changes. */
#include "base/cpu.h"
#include "ktest/crew.h"
#include "ktest/hidden.h"
#include "ktest/space.h"
#include "mm/aspace_impl.h"
#include "mm/shootdown.h"
#include "proc/process.h"
#include "sched/control.h"

#define STEPS 30u
#define LOOKS 4u
#define OLD   0x10000ul
#define NEW   0x20000ul

static struct address_space *space;
static uptr data, spare;       /* two regions of so many pages */
static u64 pages, step, when;  /* when: before or behind a change */
static u64 first, count;       /* that change now */
static u64 look_at[LOOKS];     /* pages */
static bool rests[CREW_CPUS];

static int make_pages(u64 *draws)
{
    int error;

    pages = 60 + draw(draws, 200);
    data = (1 + draw(draws, 1ul << 14)) << 32;
    data += draw(draws, 1ul << 19) << PAGE_SHIFT;
    spare = data + (pages + 1 + draw(draws, 5000)) * PAGE_SIZE;
    error = map_pages(space, data, pages, ACCESS_READ | ACCESS_WRITE);
    if (!error)
        error = map_pages(space, spare, pages, ACCESS_READ | ACCESS_WRITE);
    for (u64 i = 0; i < pages && !error; i++) {
        u64 old = OLD + i, new = NEW + i;

        error = aspace_write(space, data + i * PAGE_SIZE, &old, sizeof(old));
        if (!error)
            error = aspace_write(space, spare + i * PAGE_SIZE, &new, sizeof(new));
    }
    return error;
}

static void exchange(unsigned cpu)
{
    struct mutex *lock = &current_process()->space_lock;

    (void)cpu;
    mutex_lock(lock);
    for (u64 i = first; i < first + count; i++) {
        pte_t *a = pagetable_walk(space->root, data + i * PAGE_SIZE, false), *b = pagetable_walk(space->root, spare + i * PAGE_SIZE, false);
        pte_t was = *a;

        *a = *b;
        *b = was;
    }
    tlb_shootdown(&space->users, data + first * PAGE_SIZE, data + (first + count) * PAGE_SIZE);
    mutex_unlock(lock);
}

/* NOTE: step << 16 | when << 8 | CPU, what it reads, page by page. */
static void read_pages(unsigned cpu)
{
    for (unsigned i = 0; i < LOOKS; i++)
        fact(FACT_NOTE, step << 16 | when << 8 | cpu, crew_word_at(data + look_at[i] * PAGE_SIZE));
}

static void on(unsigned cpu, void (*work)(unsigned cpu))
{
    if (!cpu) {
        work(0);
        return;
    }
    crew_tell(cpu, work);
    crew_wait(cpu);
}

static void all_read(u64 now)
{
    when = now;
    for (unsigned cpu = 0; cpu < CREW_CPUS; cpu++)
        if (!rests[cpu])
            on(cpu, read_pages);
}

/* A thread stands still, and nobody runs on its CPU; or goes on. */
static void rest(unsigned cpu, bool still)
{
    if (rests[cpu] == still)
        return;
    rests[cpu] = still;
    if (!still) {
        (void)thread_resume(crew_tid(cpu));
        return;
    }
    (void)thread_suspend(crew_tid(cpu));
    while (__atomic_load_n(&space->users.active, __ATOMIC_ACQUIRE) >> cpu & 1)
        cpu_relax();
}

static void play_step(u64 *draws)
{
    unsigned caller = (unsigned)draw(draws, CREW_CPUS), sleeper = 1 + (unsigned)draw(draws, CREW_CPUS - 1);
    u64 kind = draw(draws, 3);

    first = draw(draws, pages);
    count = 1 + draw(draws, kind ? min(pages - first, 5ul) : pages - first);
    look_at[0] = first;
    look_at[1] = first + count - 1;
    look_at[2] = first + draw(draws, count);
    look_at[3] = draw(draws, pages);
    if (draw(draws, 3) == 0)
        rest(sleeper, false);
    all_read(0);
    if (draw(draws, 3) == 0)
        rest(sleeper, true);
    on(rests[caller] ? 0 : caller, exchange);
    if (draw(draws, 2))
        rest(sleeper, false);
    all_read(1);
}

static int play(struct address_space *of)
{
    u64 draws = draws_of(0);
    int error;

    space = of;
    error = make_pages(&draws);
    if (!error)
        error = crew_start(of);
    if (error)
        return error;
    for (unsigned cpu = 0; cpu < CREW_CPUS; cpu++)
        rests[cpu] = false;
    for (step = 0; step < STEPS; step++)
        play_step(&draws);
    for (unsigned cpu = 1; cpu < CREW_CPUS; cpu++)
        rest(cpu, false);
    crew_end();
    return 0;
}

KTEST(hidden_flush, "pages change under four CPUs, as the seed decides")
/* See read_pages(). */
{
    return run_in_space(play);
}
