/* Frames and several CPUs: each keeps some for itself, and gives them up when another one finds none. */
#include "ktest/crew.h"
#include "ktest/ktest.h"
#include "ktest/space.h"
#include "mm/frames.h"

#define ROUNDS 3u
#define FEW 24u /* as a CPU keeps for itself */

static struct list taken[CREW_CPUS]; /* by each CPU */
static u64 count[CREW_CPUS];

static void take_all(unsigned cpu)
{
    for (struct frame *f; (f = frame_alloc(0)); count[cpu]++)
        list_push_tail(&taken[cpu], &f->link);
}

static void give(unsigned cpu, u64 n)
{
    for (; n && count[cpu]; n--, count[cpu]--) {
        struct frame *f = list_entry(taken[cpu].next, struct frame, link);

        list_remove(&f->link);
        frame_put(f);
    }
}

static void give_few(unsigned cpu)
{
    give(cpu, FEW);
}

static void give_all(unsigned cpu)
{
    give(cpu, ~0ul);
}

static u64 all_taken(void)
{
    return count[0] + count[1] + count[2] + count[3];
}

/* NOTE: CPU, how many of FEW that CPU 0 gave back it got. COUNT: round, how many frames all have, when each has given FEW back and then
   tried to get what there is. */
static int last_ones(struct address_space *of)
{
    int error = crew_start(of);

    if (error)
        return error;
    for (unsigned cpu = 0; cpu < CREW_CPUS; cpu++) {
        list_init(&taken[cpu]);
        count[cpu] = 0;
    }
    crew_do(take_all);
    take_all(0); /* what another CPU had fetched for itself */
    for (unsigned cpu = 1; cpu < CREW_CPUS; cpu++) {
        u64 before = count[cpu];

        give_few(0);
        crew_tell(cpu, take_all);
        crew_wait(cpu);
        fact(FACT_NOTE, cpu, count[cpu] - before);
    }
    for (unsigned cpu = 1; cpu < CREW_CPUS; cpu++) {
        crew_tell(cpu, give_few);
        crew_wait(cpu);
    }
    take_all(0);
    for (u64 round = 0; round < ROUNDS; round++) {
        fact(FACT_COUNT, round, all_taken());
        crew_do(give_few);
        crew_do(take_all);
        take_all(0);
    }
    fact(FACT_COUNT, ROUNDS, all_taken());
    crew_do(give_all);
    crew_end();
    return 0;
}

KTEST(frames_last, "there are no frames but those that other CPUs keep")
/* See last_ones(). */
{
    return run_in_space(last_ones);
}
