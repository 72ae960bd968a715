/* What /proc says of how a process is scheduled, and of its CPUs (show.h): sched and schedstat. Locks: processes_lock while a thread's
   numbers are written; they are read under its run queue's (sched/account.h). */
#include "proc/show.h"
#include "lib/format.h"
#include "proc/process.h"
#include "sched/account.h"

#define RULE "-------------------------------------------------------------------"

/* A time in ms, with the rest of it as decimals. */
static void add_number(void *to, const char *name, s64 value, enum tell_as as)
{
    char text[32];
    u64 ns = (u64)(value < 0 ? -value : value);

    if (as == TELL_NS)
        (void)format(text, sizeof(text), "%s%lu.%06lu", value < 0 ? "-" : "", ns / NS_PER_MS, ns % NS_PER_MS);
    else
        (void)format(text, sizeof(text), "%ld", value);
    text_add(to, "%-45s:%21s\n", name, text);
}

static void add_sched(struct text *to, const struct subject *who, const struct memory *m)
{
    (void)m;
    text_add(to, "%s (%d, #threads: %u)\n" RULE "\n", subject_name(who), subject_id(who), count_threads(who->p));
    if (who->t)
        thread_tell(who->t, who->p->nice, add_number, to);
}

int show_sched(struct text *to, struct shown who)
{
    return with_subject(who, add_sched, to, NULL);
}

/* Linux's: ns run, ns waited, turns. */
static void add_schedstat(struct text *to, const struct subject *who, const struct memory *m)
{
    struct thread_stats stats = { 0 };

    (void)m;
    if (who->t)
        thread_stats_get(who->t, who->p->nice, &stats);
    text_add(to, "%lu %lu %lu\n", stats.cpu_ns, stats.wait_ns, stats.turns);
}

int show_schedstat(struct text *to, struct shown who)
{
    return with_subject(who, add_schedstat, to, NULL);
}

/* Linux's version 15; a CPU's second number is 0 there, too. */
int show_system_schedstat(struct text *to, struct shown who)
{
    (void)who;
    text_add(to, "version 15\ntimestamp %lu\n", clock_ns() / NS_PER_MS);
    for (u64 left = cpus_online; left; left &= left - 1) {
        int cpu = __builtin_ctzl(left);
        struct cpu_stats s;

        cpu_stats_get(cpu, &s);
        text_add(to, "cpu%d %lu 0 %lu %lu %lu %lu %lu %lu %lu\n", cpu, s.yields, s.decisions, s.idle_turns, s.wakes, s.wakes_here, s.run_ns,
                 s.wait_ns, s.turns);
    }
    return 0;
}
