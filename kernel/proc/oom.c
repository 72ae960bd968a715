/* Who has to end when memory is out (oom.h). Lock: processes_lock keeps address spaces there while their pages are compared. Nobody waits
   for the process that was chosen without end: it may need what the one who waits holds. After a while the next one is chosen. */
#include "proc/oom.h"
#include "base/printk.h"
#include "lib/string.h"
#include "mm/frames.h"
#include "proc/table.h"
#include "proc/user_thread.h"
#include "sched/timer.h"

#define PATIENCE_NS NS_PER_SEC /* for one that was told to end; as long as Linux tries to take its pages */
#define LOOK_AGAIN_NS NS_PER_MS

/* In whatever context the frame was needed: only of the running thread, and only noted. */
static void frames_are_out(void)
{
    struct thread *me = current();

    if (me->user)
        user_thread(me)->missed = true;
}

static const struct frames_ops ops = { .out = frames_are_out };

void oom_init(void)
{
    frames_ops = &ops;
}

/* It ends, or is to, or has no address space any more and gives back its pages. */
static bool leaves(const struct process *p)
{
    return p->oom_since || p->ending || p->signals.pending & SIGNAL_BIT(SIGKILL) || (!p->space && p->used.max_pages);
}

u64 oom_points_locked(const struct process *p)
{
    s64 points;

    if (p == &first_process || !p->space || p->oom_adj == OOM_ADJ_LEAST)
        return 0;
    points = (s64)p->space->pages + p->oom_adj * (s64)frames_total() / OOM_ADJ_MOST;
    return (u64)max(points, 1);
}

/* Whether somebody is about to give back what it has, and has not been at it for too long. */
static bool somebody_leaves_locked(u64 now)
{
    list_for_each(it, &processes) {
        struct process *p = list_entry(it, struct process, all_link);

        if (p->state == PROCESS_ZOMBIE || !leaves(p)) /* a zombie has given back everything */
            continue;
        if (!p->oom_since)
            p->oom_since = now;
        if (now - p->oom_since < PATIENCE_NS)
            return true;
    }
    return false;
}

/* The first of those with most points. */
static struct process *choose_locked(void)
{
    struct process *best = NULL;
    u64 most = 0;

    list_for_each(it, &processes) {
        struct process *p = list_entry(it, struct process, all_link);
        u64 points = leaves(p) ? 0 : oom_points_locked(p);

        if (points > most) {
            most = points;
            best = p;
        }
    }
    return best;
}

/* All that have its address space: who lent it to a child (vfork) waits for that one. */
static void end_locked(const struct process *chosen, u64 now)
{
    const struct address_space *space = chosen->space;

    list_for_each(it, &processes) {
        struct process *p = list_entry(it, struct process, all_link);

        if (p->space != space || p == &first_process)
            continue;
        p->oom_since = now;
        signal_send_locked(p, SIGKILL, NULL);
    }
}

/* Chooses one, if nobody leaves already. Returns false: nobody is left. */
static bool somebody_ends(void)
{
    u64 flags = spin_lock_irq(&processes_lock), now = clock_ns();
    bool already = somebody_leaves_locked(now);
    const struct process *chosen = already ? NULL : choose_locked();
    char name[PROCESS_NAME_MAX];
    u64 pages = 0;
    pid_t pid = 0;
    int adj = 0;

    if (chosen) {
        pid = chosen->pid;
        pages = chosen->space->pages;
        adj = chosen->oom_adj;
        memcpy(name, chosen->name, sizeof(name));
        end_locked(chosen, now);
    }
    spin_unlock_irq(&processes_lock, flags);
    if (chosen)
        printk("out of memory: process %d (%s) is killed: %lu of %lu pages are its own, with oom_score_adj %d the most of all\n", pid, name,
               pages, frames_total(), adj);
    return already || chosen;
}

static bool i_leave(void)
{
    u64 flags = spin_lock_irq(&processes_lock);
    bool result = leaves(current_process()) || thread_is_dismissed_locked(current());

    spin_unlock_irq(&processes_lock, flags);
    return result;
}

bool oom_make_room(size_t frames)
{
    struct user_thread *me = user_thread(current());

    if (!me->missed)
        return false;
    me->missed = false;
    while (frames_left() < frames) {
        if (i_leave() || !somebody_ends() || i_leave())
            return false;
        (void)thread_sleep(LOOK_AGAIN_NS);
    }
    return true;
}
