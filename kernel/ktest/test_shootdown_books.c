/* Lab 4.4, with seeds: pages that change while CPUs come and go, and while all of them ask at once. */
#include "arch/user.h"
#include "base/cpu.h"
#include "ktest/crew.h"
#include "ktest/ktest.h"
#include "ktest/space.h"
#include "lib/errno.h"
#include "mm/shootdown.h"

#define DATA 0x500000ul
#define ROUNDS 24u
#define MANY_ROUNDS 150u
#define LEAVES 8u
#define STAY 3u /* turns that a CPU is away, and there */

/* A page that shows a higher number each time, on another frame each time; what it has left shows 0 from then on. */
static struct book {
    uptr at;
    pte_t *pte, was;
    struct frame *leaf[LEAVES];
    u64 published; /* [a] all CPUs see this number, or a later one */
    struct frame *last;
} books[CREW_CPUS];

static struct address_space *space; /* the test's */

static struct {
    u64 looked, wrong;    /* how often it read a page; how often it read an older number than it had to */
    u64 wanted, found;    /* the first time */
} seen[CREW_CPUS];

static int book_open(struct book *book, uptr at)
{
    u64 zero = 0;
    int error = aspace_write(space, at, &zero, sizeof(zero));

    *book = (struct book){ .at = at };
    for (unsigned i = 0; i < LEAVES && !error; i++) {
        book->leaf[i] = page_new();
        error = book->leaf[i] ? 0 : -ENOMEM;
    }
    if (error)
        return error;
    book->pte = pagetable_walk(space->root, at, false);
    book->was = *book->pte;
    return 0;
}

static void book_close(struct book *book)
{
    if (book->pte)
        *book->pte = book->was; /* the space ends, and nobody looks any more */
    for (unsigned i = 0; i < LEAVES && book->leaf[i]; i++)
        frame_put(book->leaf[i]);
}

/* The page shows `number`; who is to know that, tell() says. */
static void book_turn(struct book *book, u64 number, void (*tell)(const struct book *book))
{
    struct frame *next = book->leaf[number % LEAVES], *old = book->last;

    __atomic_store_n((u64 *)frame_to_virt(next), number, __ATOMIC_RELAXED);
    *book->pte = pte_make(frame_to_phys(next), true, false);
    book->last = next;
    tell(book);
    __atomic_store_n(&book->published, number, __ATOMIC_RELEASE);
    if (old)
        __atomic_store_n((u64 *)frame_to_virt(old), 0, __ATOMIC_RELAXED);
}

static void book_read(const struct book *book, unsigned cpu)
{
    u64 wanted = __atomic_load_n(&book->published, __ATOMIC_ACQUIRE), found = crew_word_at(book->at);

    seen[cpu].looked++;
    if (found >= wanted && found != ~0ul)
        return;
    if (!seen[cpu].wrong++) {
        seen[cpu].wanted = wanted;
        seen[cpu].found = found;
    }
}

/* COUNT: CPU << 1, how often it looked; CPU << 1 | 1, how often it was wrong. RESULT: what it had to find the first time, and found. */
static void tell_seen(void)
{
    for (unsigned cpu = 0; cpu < CREW_CPUS; cpu++) {
        fact(FACT_COUNT, cpu << 1, seen[cpu].looked);
        fact(FACT_COUNT, cpu << 1 | 1, seen[cpu].wrong);
        if (seen[cpu].wrong)
            fact(FACT_RESULT, seen[cpu].wanted, seen[cpu].found);
    }
}

/* One book for each of n CPUs, and the others come. */
static int begin(struct address_space *of, unsigned n)
{
    int error = map_pages(of, DATA, n, ACCESS_READ | ACCESS_WRITE);

    space = of;
    for (unsigned i = 0; i < n; i++)
        books[i] = (struct book){ 0 };
    for (unsigned i = 0; i < n && !error; i++)
        error = book_open(&books[i], DATA + i * PAGE_SIZE);
    for (unsigned cpu = 0; cpu < CREW_CPUS; cpu++)
        seen[cpu].looked = seen[cpu].wrong = seen[cpu].wanted = seen[cpu].found = 0;
    return error ? error : crew_start(of);
}

/* All CPUs do this, if begin() could do its part: what they saw is told. */
static int all_do(struct address_space *of, unsigned n, void (*work)(unsigned cpu))
{
    int error = begin(of, n);

    if (!error) {
        crew_do(work);
        crew_end();
        tell_seen();
    }
    while (n)
        book_close(&books[--n]);
    return error;
}

static bool turned_all; /* [a] */

static void by_shootdown(const struct book *book)
{
    tlb_shootdown(&space->users, book->at, book->at + PAGE_SIZE);
}

/* As a CPU that switches to a thread without a user mode, and back: the tables stay loaded. */
static void come_and_go(unsigned cpu)
{
    if (cpu == 0) {
        for (u64 number = 1; number <= MANY_ROUNDS; number++)
            book_turn(&books[0], number, by_shootdown);
        __atomic_store_n(&turned_all, true, __ATOMIC_RELEASE);
        return;
    }
    while (!__atomic_load_n(&turned_all, __ATOMIC_ACQUIRE)) {
        u64 flags = irq_save();

        space_pause(current()->user);
        for (unsigned i = 0; i < STAY; i++)
            cpu_relax();
        user_context_load(current()->user);
        irq_restore(flags);
        for (unsigned i = 0; i < STAY; i++) {
            book_read(&books[0], cpu);
            cpu_relax();
        }
    }
}

static int while_they_come(struct address_space *of)
{
    turned_all = false;
    return all_do(of, 1, come_and_go);
}

KTEST(flush_comes, "CPUs come to a space and leave it all the time, while a page of it changes")
/* See tell_seen(). */
{
    return run_in_space(while_they_come);
}

static u64 at_it; /* [a] CPUs that have not turned all their pages yet */

/* A request of this CPU's to all others. The space's generation is as it was: several ask at the same time. */
static void by_asking(const struct book *book)
{
    struct shootdown *request = shootdown_begin(&space->users);

    request->start = book->at;
    request->end = book->at + PAGE_SIZE;
    request->generation = space->users.generation;
    shootdown_serve(request);
    request->pending = ((1ul << CREW_CPUS) - 1) & ~(1ul << this_cpu()->id);
    shootdown_ask(request);
    shootdown_end();
}

static void turn_and_read(unsigned cpu)
{
    for (u64 number = 1; number <= ROUNDS; number++) {
        book_turn(&books[cpu], number, by_asking);
        for (unsigned other = 0; other < CREW_CPUS; other++)
            book_read(&books[other], cpu);
    }
    __atomic_fetch_sub(&at_it, 1, __ATOMIC_RELEASE);
    while (__atomic_load_n(&at_it, __ATOMIC_ACQUIRE))
        cpu_relax(); /* and answers those that ask */
}

static int crosswise(struct address_space *of)
{
    at_it = CREW_CPUS;
    return all_do(of, CREW_CPUS, turn_and_read);
}

KTEST(flush_crosswise, "all CPUs ask all others at the same time")
/* See tell_seen(). */
{
    return run_in_space(crosswise);
}

/* --- when a CPU says that it has done it -------------------------------------------------------------------------------------------- */

static u64 load_them;    /* [a] bit n: CPU n is to turn to the space's tables */
static u64 still_loaded; /* so often a CPU had said that it had left them, and had not */

static bool wanted_of(unsigned cpu)
{
    return __atomic_load_n(&load_them, __ATOMIC_ACQUIRE) >> cpu & 1;
}

/* CPU 0: that one is to leave the space's tables. */
static void unload_at(unsigned cpu)
{
    struct shootdown *request;

    __atomic_fetch_or(&load_them, 1ul << cpu, __ATOMIC_RELEASE);
    while (wanted_of(cpu))
        cpu_relax();
    request = shootdown_begin(&space->users);
    request->unload = true;
    request->pending = 1ul << cpu;
    shootdown_ask(request);
    still_loaded += __atomic_load_n(&space->users.loaded, __ATOMIC_ACQUIRE) >> cpu & 1;
    shootdown_end();
}

static void load_and_unload(unsigned cpu)
{
    if (cpu == 0) {
        for (unsigned i = 0; i < ROUNDS; i++)
            unload_at(1 + i % (CREW_CPUS - 1));
        __atomic_store_n(&turned_all, true, __ATOMIC_RELEASE);
        return;
    }
    for (; !__atomic_load_n(&turned_all, __ATOMIC_ACQUIRE); cpu_relax()) {
        u64 flags = irq_save();

        if (wanted_of(cpu)) {
            user_context_load(current()->user);
            __atomic_fetch_and(&load_them, ~(1ul << cpu), __ATOMIC_RELEASE);
        }
        irq_restore(flags);
    }
}

static int done_when_it_says_so(struct address_space *of)
{
    int error = crew_start(of);

    if (error)
        return error;
    space = of;
    turned_all = false;
    load_them = still_loaded = 0;
    crew_do(load_and_unload);
    crew_end();
    fact(FACT_COUNT, ROUNDS, still_loaded);
    return 0;
}

KTEST(flush_done, "CPUs leave a space's tables when they are asked to, one after the other")
/* COUNT: requests; how many were answered and not done. */
{
    return run_in_space(done_when_it_says_so);
}
