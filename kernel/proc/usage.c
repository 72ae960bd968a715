/* What processes have used (usage.h). The CPU's time is one number a thread: the kernel does not look at the clock on its ways in and
   out, so all of it is shown as the program's own. */
#include "proc/usage.h"
#include "proc/table.h"
#include "proc/user_thread.h"
#include "sched/account.h"

static void add(struct usage *to, const struct usage *more)
{
    to->cpu_ns += more->cpu_ns;
    to->waits += more->waits;
    to->ousted += more->ousted;
    to->max_pages = max(to->max_pages, more->max_pages);
}

struct usage thread_usage_locked(const struct thread *t)
{
    struct thread_stats stats;

    thread_stats_get(t, 0, &stats);
    return (struct usage){ .cpu_ns = stats.cpu_ns, .waits = stats.waits, .ousted = stats.ousted };
}

struct usage process_usage_locked(const struct process *p)
{
    struct usage usage = p->used;

    list_for_each(it, &p->threads) {
        struct usage one = thread_usage_locked(list_entry(it, struct thread, owner_link));

        add(&usage, &one);
    }
    if (p->space)
        usage.max_pages = max(usage.max_pages, p->space->pages);
    return usage;
}

struct usage usage_with_children_locked(const struct process *p)
{
    struct usage usage = process_usage_locked(p);

    add(&usage, &p->used_by_children);
    return usage;
}

void usage_thread_leaves_locked(const struct thread *t)
{
    struct process *p = t->owner;
    struct usage one = thread_usage_locked(t);

    add(&p->used, &one);
}

void usage_child_goes_locked(const struct process *child)
{
    struct process *parent = child->parent;
    struct usage used = usage_with_children_locked(child);

    if (!parent)
        return;
    add(&parent->used_by_children, &used);
    if (current()->user)
        user_thread(current())->used_by_child = used;
}

void usage_to_user(struct rusage *to, const struct usage *usage)
{
    *to = (struct rusage){
        .user_sec = (s64)(usage->cpu_ns / NS_PER_SEC),
        .user_usec = (s64)(usage->cpu_ns % NS_PER_SEC / 1000),
        .max_kib = (s64)(usage->max_pages * (PAGE_SIZE / 1024)),
        .voluntary_switches = (s64)usage->waits,
        .involuntary_switches = (s64)usage->ousted,
    };
}
