/* What prctl() sets for a process, and what becomes of its children if it said so (traits.h). Lock: processes_lock. */
#include "proc/traits.h"
#include "proc/table.h"

struct traits traits_of_child(const struct traits *parent)
{
    struct traits traits = *parent;

    traits.adopts = false;
    traits.death_signal = 0;
    traits.slack_at_first = traits.slack_ns;
    return traits;
}

void traits_changed_user_locked(struct process *p)
{
    p->traits.not_dumpable = true;
    p->traits.death_signal = 0;
}

void traits_exec_locked(struct process *p, bool privileged, bool secret)
{
    p->traits.not_dumpable = privileged || secret;
    if (privileged)
        p->traits.death_signal = 0;
}

/* The nearest one above p that adopts; NULL: none. One that has ended left its own children first. */
static struct process *adopter_locked(const struct process *p)
{
    struct process *above = p->parent;

    while (above && !(above->traits.adopts && above->state == PROCESS_RUNNING))
        above = above->parent;
    return above;
}

void children_are_left_locked(struct process *p)
{
    struct process *adopter = adopter_locked(p);

    list_for_each_safe(it, &p->children) {
        struct process *child = list_entry(it, struct process, sibling_link);

        if (child->traits.death_signal && child->state == PROCESS_RUNNING)
            signal_send_locked(child, child->traits.death_signal, NULL);
        if (!adopter)
            continue;
        list_remove(&child->sibling_link);
        child->parent = adopter;
        child->ppid = adopter->pid;
        list_push_tail(&adopter->children, &child->sibling_link);
        if (child->state == PROCESS_ZOMBIE)
            parent_hears_locked(child, child->exit_status & 0x7f ? CLD_KILLED : CLD_EXITED,
                                child->exit_status & 0x7f ? child->exit_status & 0x7f : child->exit_status >> 8 & 0xff);
    }
}
