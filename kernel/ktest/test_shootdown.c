/* Lab 4.4: what CPUs know of a space's pages, seen through each CPU's own translations, while entries change under them. */
#include "arch/user.h"
#include "base/cpu.h"
#include "base/interrupt.h"
#include "ktest/crew.h"
#include "ktest/ktest.h"
#include "ktest/space.h"
#include "lib/errno.h"
#include "mm/aspace_impl.h"
#include "mm/shootdown.h"
#include "proc/process.h"
#include "sched/control.h"

#define DATA 0x500000ul
#define SPARE 0x700000ul
#define PAGES 100u  /* of each: more than are forgotten one by one */
#define OLD 0x01d00ul
#define NEW 0x4e300ul
#define LOOKS 400u  /* that a CPU with interrupts off waits; the one that asks needs a few */

static struct address_space *space; /* the test's */

/* PAGES pages at DATA and at SPARE with a number in each; and the others come. */
static int begin(struct address_space *of)
{
    int error = map_pages(of, DATA, PAGES, ACCESS_READ | ACCESS_WRITE);

    space = of;
    if (!error)
        error = map_pages(of, SPARE, PAGES, ACCESS_READ | ACCESS_WRITE);
    for (u64 i = 0; i < PAGES && !error; i++) {
        u64 old = OLD + i, new = NEW + i;

        error = aspace_write(of, DATA + i * PAGE_SIZE, &old, sizeof(old));
        if (!error)
            error = aspace_write(of, SPARE + i * PAGE_SIZE, &new, sizeof(new));
    }
    return error ? error : crew_start(of);
}

/* The first n pages at DATA and those at SPARE change places, and all are told, with one call for DATA. */
static void exchange(unsigned n)
{
    struct mutex *lock = &current_process()->space_lock;

    mutex_lock(lock);
    for (u64 i = 0; i < n; i++) {
        pte_t *a = pagetable_walk(space->root, DATA + i * PAGE_SIZE, false), *b = pagetable_walk(space->root, SPARE + i * PAGE_SIZE, false);
        pte_t was = *a;

        *a = *b;
        *b = was;
    }
    tlb_shootdown(&space->users, DATA, DATA + n * PAGE_SIZE);
    mutex_unlock(lock);
}

static u64 step; /* of the test, in what is told */

/* NOTE: step << 16 | CPU << 8 | page, the number that it reads there. */
static void read_pages(unsigned cpu)
{
    static const u64 pages[] = { 0, 1, 2, 50, 99 };

    for (unsigned i = 0; i < array_len(pages); i++)
        fact(FACT_NOTE, step << 16 | cpu << 8 | pages[i], crew_word_at(DATA + pages[i] * PAGE_SIZE));
}

/* --- who has forgotten, and when -------------------------------------------------------------------------------------------------- */

static int everywhere(struct address_space *of)
{
    int error = begin(of);

    if (error)
        return error;
    step = 0;
    crew_do(read_pages);
    step = 1;
    exchange(3);
    crew_do(read_pages);
    step = 2;
    exchange(PAGES);
    crew_do(read_pages);
    crew_end();
    return 0;
}

KTEST(flush_everywhere, "pages change under all CPUs: what each reads before and after")
/* NOTE: see read_pages(). Step 0: before; 1: the first three have changed; 2: all have, the first three for the second time. */
{
    return run_in_space(everywhere);
}

static volatile bool off, came_back; /* a CPU has its interrupts off; the call has returned */
static struct frame *gone; /* that was mapped at DATA */

/* FOUND: CPU, whether the call had returned. REFS: CPU, users of the page. At the end of a time with interrupts off. */
static void keep_off(unsigned cpu)
{
    u64 flags = irq_save();

    off = true;
    for (unsigned i = 0; i < LOOKS && !came_back; i++)
        cpu_relax();
    fact(FACT_FOUND, cpu, came_back);
    fact(FACT_REFS, cpu, gone->refs);
    irq_restore(flags);
}

/* What to do while one CPU does not answer for a while. */
static void beside(unsigned cpu, void (*change)(void))
{
    gone = phys_to_frame(pte_page(*pagetable_walk(space->root, DATA, false)));
    off = came_back = false;
    crew_tell(cpu, keep_off);
    while (!off)
        cpu_relax();
    change();
    came_back = true;
    crew_wait(cpu);
}

static void change_one(void)
{
    exchange(1);
}

static int waits(struct address_space *of)
{
    int error = begin(of);

    if (error)
        return error;
    for (unsigned cpu = 1; cpu < CREW_CPUS; cpu++)
        beside(cpu, change_one);
    crew_end();
    return 0;
}

KTEST(flush_waits, "one CPU answers late: when does the call return?")
/* FOUND: see keep_off(); of CPUs 1, 2 and 3, one after the other. */
{
    return run_in_space(waits);
}

static void unmap_one(void)
{
    struct mutex *lock = &current_process()->space_lock;

    mutex_lock(lock);
    (void)aspace_unmap(space, DATA, PAGE_SIZE);
    mutex_unlock(lock);
}

/* DATA's first page is unmapped and mapped anew for the next CPU. */
static int frames(struct address_space *of)
{
    u64 word = OLD;
    int error = begin(of);

    if (error)
        return error;
    for (unsigned cpu = 1; cpu < CREW_CPUS && !error; cpu++) {
        step = cpu;
        crew_do(read_pages);
        beside(cpu, unmap_one);
        fact(FACT_REFS, 0, gone->refs);
        error = map_pages(of, DATA, 1, ACCESS_READ | ACCESS_WRITE);
        if (!error)
            error = aspace_write(of, DATA, &word, sizeof(word));
    }
    crew_end();
    return error;
}

KTEST(flush_frames, "a page is unmapped while one CPU does not answer: how long does it have a user?")
/* REFS: see keep_off(); and behind each CPU's, 0, its users when the page is unmapped. */
{
    return run_in_space(frames);
}

/* --- who is disturbed ---------------------------------------------------------------------------------------------------------------- */

static u64 interrupts[CREW_CPUS];

static void look_at_interrupts(unsigned cpu)
{
    interrupts[cpu] = interrupt_count(VECTOR_SHOOTDOWN);
}

/* COUNT: step << 8 | CPU, interrupts since it looked last. ENTRY: the same, whether it knows that it is up to date. */
static void tell_interrupts(unsigned cpu)
{
    u64 before = interrupts[cpu];

    look_at_interrupts(cpu);
    fact(FACT_COUNT, step << 8 | cpu, interrupts[cpu] - before);
    fact(FACT_ENTRY, step << 8 | cpu, cpus[cpu].arch.generation == space->users.generation);
    read_pages(cpu);
}

/* The thread on CPU 3 stands still: nobody runs there. */
static void rest(void)
{
    (void)thread_suspend(crew_tid(3));
    while (__atomic_load_n(&space->users.active, __ATOMIC_ACQUIRE) & 8)
        cpu_relax();
}

static int counts(struct address_space *of)
{
    int error = begin(of);

    if (error)
        return error;
    step = 0;
    crew_do(read_pages);
    crew_do(look_at_interrupts);
    step = 1;
    exchange(3);
    crew_do(tell_interrupts);
    step = 2;
    rest();
    exchange(1);
    (void)thread_resume(crew_tid(3));
    crew_do(tell_interrupts);
    step = 3;
    exchange(PAGES);
    crew_do(tell_interrupts);
    step = 4;
    mutex_lock(&current_process()->space_lock);
    error = aspace_unmap(of, SPARE, 20 * PAGE_SIZE);
    mutex_unlock(&current_process()->space_lock);
    crew_do(tell_interrupts);
    crew_end();
    return error;
}

KTEST(flush_counts, "who is interrupted, and how often; and who was not asked")
/* COUNT, ENTRY, NOTE: see tell_interrupts(), read_pages(). Step 0: before. 1: three pages have changed. 2: one has, while CPU 3 had nobody
   to run. 3: a hundred have. 4: twenty others were unmapped. */
{
    return run_in_space(counts);
}

/* FOUND: whether CPU 1 still has the space's tables in use. */
static void answer_nobody(unsigned cpu)
{
    u64 flags = irq_save();

    shootdown_answer();
    fact(FACT_FOUND, cpu, tlb_is_of(&space->users));
    irq_restore(flags);
}

static int served(struct address_space *of)
{
    struct shootdown *request = &shootdown_requests[0];
    int error = begin(of);

    if (error)
        return error;
    step = 0;
    crew_do(read_pages);
    step = 1;
    exchange(1);
    crew_do(read_pages);
    *request = (struct shootdown){ .users = &of->users, .unload = true };
    crew_tell(1, answer_nobody);
    crew_wait(1);
    *request = (struct shootdown){ 0 };
    crew_end();
    return 0;
}

KTEST(flush_served, "a CPU that has answered a request finds another one in its place, which is not for it")
/* NOTE: see read_pages(). FOUND: see answer_nobody(). */
{
    return run_in_space(served);
}

/* --- who waits, and is asked --------------------------------------------------------------------------------------------------------- */

static volatile bool answered; /* CPU 2's request */

static void off_until_answered(unsigned cpu)
{
    u64 flags = irq_save();

    off = true;
    for (unsigned i = 0; i < LOOKS && !answered; i++)
        cpu_relax();
    fact(FACT_FOUND, cpu, answered);
    irq_restore(flags);
}

/* When CPU 0 waits for CPU 1: asks CPU 0 to forget. */
static void ask_who_waits(unsigned cpu)
{
    struct shootdown *request;

    while (!(__atomic_load_n(&shootdown_requests[0].pending, __ATOMIC_ACQUIRE) & 1ul << 1))
        cpu_relax();
    request = shootdown_begin(&space->users);
    request->start = DATA + PAGES / 2 * PAGE_SIZE;
    request->end = request->start + cpu * PAGE_SIZE;
    request->generation = space->users.generation;
    request->pending = 1;
    shootdown_ask(request);
    shootdown_end();
    answered = true;
}

static int meanwhile(struct address_space *of)
{
    int error = begin(of);

    if (error)
        return error;
    off = answered = false;
    crew_tell(1, off_until_answered);
    while (!off)
        cpu_relax();
    crew_tell(2, ask_who_waits);
    exchange(1);
    crew_wait(1);
    crew_wait(2);
    crew_end();
    return 0;
}

KTEST(flush_meanwhile, "CPU 0 waits for CPU 1, which does not answer before CPU 2 has an answer from CPU 0")
/* FOUND: whether it had, or CPU 1 gave up. */
{
    return run_in_space(meanwhile);
}
