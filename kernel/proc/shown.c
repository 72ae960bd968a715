/* Who there is to be shown in /proc: processes, their threads and descriptors, in the order of their numbers (show.h). Lock:
   processes_lock. */
#include "lib/errno.h"
#include "proc/show.h"
#include "proc/table.h"
#include "proc/user_thread.h"

int shown_owner(struct shown who, bool inside, u32 *uid, u32 *gid)
{
    u64 flags = spin_lock_irq(&processes_lock);
    const struct process *p = process_find_locked(who.pid);

    if (p && who.tid && !user_thread_find_locked(p, who.tid))
        p = NULL;
    if (p) {
        bool closed = inside && p->traits.not_dumpable && p != current_process();

        *uid = closed ? 0 : p->cred.uid.effective;
        *gid = closed ? 0 : p->cred.gid.effective;
    }
    spin_unlock_irq(&processes_lock, flags);
    return p ? 0 : -ESRCH;
}

pid_t shown_next_process(u64 least)
{
    u64 flags = spin_lock_irq(&processes_lock);
    pid_t next = 0;

    list_for_each(it, &processes) {
        pid_t pid = list_entry(it, struct process, all_link)->pid;

        if ((u64)pid >= least && (!next || pid < next))
            next = pid;
    }
    spin_unlock_irq(&processes_lock, flags);
    return next;
}

tid_t shown_next_thread(pid_t pid, u64 least)
{
    u64 flags = spin_lock_irq(&processes_lock);
    const struct process *p = process_find_locked(pid);
    tid_t next = 0;

    for (const struct list *it = p ? p->threads.next : NULL; it && it != &p->threads; it = it->next) {
        const struct thread *t = list_entry(it, struct thread, owner_link);
        tid_t tid = thread_user_id(p, t);

        if (t->user && (u64)tid >= least && (!next || tid < next))
            next = tid;
    }
    spin_unlock_irq(&processes_lock, flags);
    return next;
}

int shown_next_descriptor(pid_t pid, u64 least)
{
    u64 flags = spin_lock_irq(&processes_lock);
    struct process *p = process_find_locked(pid);
    int found = -1;

    if (p) {
        spin_lock(&p->fds.lock);
        for (u64 fd = least; found < 0 && fd < (u64)p->fds.size; fd++)
            if (p->fds.fd[fd].file)
                found = (int)fd;
        spin_unlock(&p->fds.lock);
    }
    spin_unlock_irq(&processes_lock, flags);
    return found;
}
