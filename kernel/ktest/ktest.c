/* Running one of the kernel's tests: by name, with failing allocations if asked, with memory counted before and after. Its report lies in
   guest memory, where the grader reads it after the run. Entry: the boot program "ktest". */
#include "ktest/ktest.h"
#include "base/assert.h"
#include "base/cmdline.h"
#include "base/panic.h"
#include "base/printk.h"
#include "base/spin.h"
#if PHASE >= 2
#include "base/race.h"
#include "sched/smp.h"
#endif
#include "init/program.h"
#include "init/rally.h"
#if PHASE >= 3
#include "init/first_program.h"
#endif
#include "lib/string.h"
#include "mm/failalloc.h"
#include "mm/frames.h"
#include "mm/kstack.h"
#include "mm/slab.h"
#include "sched/thread.h"

#define LEAVE_TURNS 20 /* that whoever is about to exit gets for it */

extern const struct ktest ktests_start[], ktests_end[];

struct ktest_report ktest_report;
static bool quiet; /* while a test is repeated with failing allocations: its facts would repeat too */

void fact(enum fact_key key, u64 a, u64 b)
{
    static struct spin_word word; /* without a rank: facts may be told under any lock */
    struct ktest_report *r = &ktest_report;
    u64 flags = irq_save(); /* threads that preempt each other leave facts, too */

    spin_acquire(&word);
    if (quiet)
        ;
    else if (r->count == KTEST_FACTS_MAX)
        r->dropped++;
    else {
        r->fact[r->count] = (struct ktest_fact){ .seq = r->count + 1, .time = clock_ns(), .key = key, .a = a, .b = b };
        r->count++;
    }
    spin_release(&word);
    irq_restore(flags);
}

static const struct ktest *find(const char *name)
{
    for (const struct ktest *t = ktests_start; t < ktests_end; t++)
        if (!strcmp(t->name, name))
            return t;
    return NULL;
}

void ktest_list(void)
{
    for (const struct ktest *t = ktests_start; t < ktests_end; t++)
        printk("  %-24s %s\n", t->name, t->about);
}

/* Everything that is only kept for later use goes back, so that two counts can be compared. */
static void count_memory(u64 *frames, u64 *objects)
{
    kstack_drain();
    slab_drain();
    *frames = frames_free();
    *objects = slab_objects();
    if (IS_CHECKED) {
        frames_check();
        slab_check();
    }
}

_Noreturn void ktest_done(void)
{
    struct ktest_report *r = &ktest_report;

#if PHASE >= 2
    race_start(0, 0);
#endif
    quiet = true;
    count_memory(&r->frames_after, &r->objects_after);
    r->done_time = clock_ns();
    cpus_freeze(); /* the machine's end takes its time, and what the others did meanwhile would be another thing each time */
    __atomic_store_n(&r->done, KTEST_MAGIC, __ATOMIC_RELEASE);
    printk("ktest: done\n");
    machine_poweroff();
}

/* Runs the test. Whoever it waited for may still stand on its stack then, if it was the waiter's turn at once: it may leave before the
   memory is counted. */
static int run_test(const struct ktest *t)
{
    unsigned before = thread_count();
    int result = t->run();

#if PHASE >= 2
    for (unsigned i = 0; i < LEAVE_TURNS && thread_count() > before; i++)
        thread_yield();
#endif
    (void)before;
    return result;
}

/* Runs the test again and again, the first allocation failing, then the second, until it asks for no more than that. */
static void fail_each_allocation(const struct ktest *t)
{
    u64 n = 0, asked;

    do {
        u64 frames, objects, frames_after, objects_after;
        int result;

        n++;
        count_memory(&frames, &objects);
        failalloc_start(n);
        quiet = true;
        result = run_test(t);
        quiet = false;
        asked = failalloc_stop();
        count_memory(&frames_after, &objects_after);
        fact(FACT_FAILALLOC_RESULT, n, (u64)(s64)result);
        fact(FACT_FAILALLOC_LEAK, frames - frames_after, objects_after - objects);
    } while (asked >= n); /* the first run in which nothing failed is the last one */
}

static void fail_allocation(const struct ktest *t, const char *which)
{
    struct ktest_report *r = &ktest_report;
    u64 n;

    if (!strcmp(which, "all")) {
        fail_each_allocation(t);
        return;
    }
    if (parse_u64(which, &n) || !n)
        refuse("boot option failalloc=%s: a number from 1 or `all` is wanted", which);
    failalloc_start(n);
    r->result = run_test(t);
    r->allocations = failalloc_stop();
}

#if PHASE >= 2
/* From here on, this seed decides. The facts behind its mark are its own. */
static void begin_seed(u64 seed)
{
    if (option_given("seeds"))
        fact(FACT_SEED, seed, 0);
    smp_seed_ticks(seed);
    race_start(seed, option_u64("race"));
}

/* The test again with the next seeds, until it fails with one: what that one left stays to be looked at. */
static void more_seeds(const struct ktest *t)
{
    struct ktest_report *r = &ktest_report;

    for (u64 i = 1; i < option_u64("seeds") && !r->result; i++) {
        begin_seed(option_u64("seed") + i);
        r->result = run_test(t);
    }
}

#endif
_Noreturn void ktest_run(const char *name)
{
    struct ktest_report *r = &ktest_report;
    const struct ktest *t = find(name);

    if (!t) {
        printk("the kernel's tests:\n");
        ktest_list();
        refuse("boot option ktest=%s: no such test", name);
    }
    r->magic = KTEST_MAGIC;
    r->nonce = option_u64("nonce");
    count_memory(&r->frames_before, &r->objects_before);
#if PHASE >= 2
    begin_seed(option_u64("seed"));
#endif
    if (option_given("failalloc")) {
        fail_allocation(t, option_text("failalloc"));
    } else {
        failalloc_start(0);
        r->result = run_test(t);
#if PHASE >= 2
        more_seeds(t);
#endif
        r->allocations = failalloc_stop();
    }
    ktest_done();
}

static bool wanted(const struct boot_info *boot)
{
    (void)boot;
    return option_given("ktest");
}

static _Noreturn void run(const struct boot_info *boot)
{
    (void)boot;
#if PHASE >= 3
    boot_archive_unpack(boot);
#endif
    sched_all_exited = ktest_done; /* a test whose last thread exits is complete, too */
    ktest_run(option_text("ktest"));
}

BOOT_PROGRAM(10, "ktest", wanted, run);
