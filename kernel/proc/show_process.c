/* A process's files of /proc (show.h). Locks: processes_lock while its numbers are written, its space_lock while its memory is looked at;
   the two one after the other, so that a line may show two moments; for paths in its memory, tree_lock before that. */
#include "fs/path.h"
#include "fs/tty.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/aspace_look.h"
#include "mm/frames.h"
#include "proc/oom.h"
#include "proc/priority.h"
#include "proc/show.h"
#include "proc/table.h"
#include "proc/terminal.h"
#include "proc/user_thread.h"
#include "sched/account.h"

#define TICK_NS 10000000ul /* USER_HZ is 100 */
#define KIB_OF(bytes) ((bytes) / 1024)
#define PRIO_OF_USER 100 /* on Linux's scale, the best that is no real-time priority's: 0 in stat */
#define CMDLINE_MAX KIB(128)

/* --- looking at the memory of somebody else ----------------------------------------------------------------------------------------- */

int with_space(pid_t pid, void (*look)(struct address_space *space, void *arg), void *arg)
{
    struct process *p = process_get(pid);

    if (!p)
        return -ESRCH;
    mutex_lock(&p->space_lock);
    if (p->space && !p->lending)
        look(p->space, arg);
    mutex_unlock(&p->space_lock);
    process_put(p);
    return 0;
}

struct memory {
    struct space_use use;
    uptr code_start, code_end, stack_start, heap_start, arg_start, arg_end, env_end;
};

static void measure(struct address_space *space, void *arg)
{
    struct memory *m = arg;

    *m = (struct memory){
        .use = space_use(space), .heap_start = space->heap_start, .arg_start = space->arg_start, .arg_end = space->arg_end,
        .env_end = space->env_end,
    };
    list_for_each(it, &space->regions) {
        const vm_region_t *region = list_entry(it, vm_region_t, link);

        if (region->access & ACCESS_EXEC && !m->code_start) {
            m->code_start = region->start;
            m->code_end = region->end;
        }
        if (region->flags & VM_STACK)
            m->stack_start = m->arg_start;
    }
}

struct list_of_regions {
    struct text *to;
    char *buf; /* for a path */
};

static void list_region(struct text *to, const vm_region_t *region, char *buf)
{
    const char *name = "";

    if (region->ops && region->ops->name)
        name = region->ops->name(region->object, buf);
    else if (region->flags & VM_STACK)
        name = "[stack]";
    else if (region->flags & VM_HEAP)
        name = "[heap]";
    text_add(to, "%08lx-%08lx %c%c%c%c %08lx 00:00 0%*s%s\n", region->start, region->end, region->access & ACCESS_READ ? 'r' : '-',
             region->access & ACCESS_WRITE ? 'w' : '-', region->access & ACCESS_EXEC ? 'x' : '-', region->flags & VM_SHARED ? 's' : 'p',
             region->ops ? region->first << PAGE_SHIFT : 0, name[0] ? 26 : 0, "", name);
}

static void list_regions(struct address_space *space, void *arg)
{
    const struct list_of_regions *list = arg;

    list_for_each(it, &space->regions)
        list_region(list->to, list_entry(it, vm_region_t, link), list->buf);
}

int show_maps(struct text *to, struct shown who)
{
    struct list_of_regions list = { to, path_buffer() };
    int error = list.buf ? 0 : -ENOMEM;

    mutex_lock(&tree_lock); /* for the paths */
    if (!error)
        error = with_space(who.pid, list_regions, &list);
    mutex_unlock(&tree_lock);
    path_free(list.buf);
    return error;
}

static void copy_strings(const struct address_space *space, struct text *to, uptr start, uptr end)
{
    size_t n = min(end - start, CMDLINE_MAX);

    to->used = n <= to->size ? space_peek(space, start, to->at, n) : n;
}

static void copy_arguments(struct address_space *space, void *arg)
{
    copy_strings(space, arg, space->arg_start, space->arg_end);
}

static void copy_environment(struct address_space *space, void *arg)
{
    copy_strings(space, arg, space->arg_end, space->env_end);
}

int show_cmdline(struct text *to, struct shown who)
{
    return with_space(who.pid, copy_arguments, to);
}

int show_environ(struct text *to, struct shown who)
{
    return with_space(who.pid, copy_environment, to);
}

int show_statm(struct text *to, struct shown who)
{
    struct memory m = { 0 };
    int error = with_space(who.pid, measure, &m);

    text_add(to, "%lu %lu %lu %lu 0 %lu 0\n", m.use.total / PAGE_SIZE, m.use.resident / PAGE_SIZE, m.use.shared / PAGE_SIZE,
             m.use.code / PAGE_SIZE, (m.use.data + m.use.stack) / PAGE_SIZE);
    return error;
}

/* --- what the table says; processes_lock held --------------------------------------------------------------------------------------- */

static char state_of(const struct subject *who)
{
    if (who->p->state == PROCESS_ZOMBIE || !who->t)
        return 'Z';
    if (who->p->stopped || who->t->state == THREAD_STOPPED)
        return 'T';
    return who->t->state == THREAD_BLOCKED ? 'S' : 'R';
}

pid_t subject_id(const struct subject *who)
{
    return who->alone ? thread_user_id(who->p, who->t) : who->p->pid;
}

const char *subject_name(const struct subject *who)
{
    return who->alone ? who->t->name : who->p->name;
}

static struct usage usage_of(const struct subject *who)
{
    return who->alone ? thread_usage_locked(who->t) : process_usage_locked(who->p);
}

static const char *name_of_state(char state)
{
    return state == 'Z' ? "zombie" : state == 'T' ? "stopped" : state == 'S' ? "sleeping" : "running";
}

unsigned count_threads(const struct process *p)
{
    unsigned n = 0;

    list_for_each(it, &p->threads)
        n++;
    return n;
}

struct signal_sets {
    u64 own, pending, blocked, ignored, caught;
};

static struct signal_sets signal_sets_of(const struct subject *who)
{
    const struct process *p = who->p;
    struct signal_sets sets = { .pending = p->signals.pending };

    if (who->t && who->t->user) {
        sets.own = user_thread(who->t)->own.pending;
        sets.blocked = user_thread(who->t)->blocked;
    }
    for (int signal = 1; p->signals.action && signal <= NSIG; signal++) {
        uptr handler = p->signals.action[signal - 1].handler;

        if (handler == SIG_IGN)
            sets.ignored |= SIGNAL_BIT(signal);
        else if (handler != SIG_DFL)
            sets.caught |= SIGNAL_BIT(signal);
    }
    return sets;
}

int with_subject(struct shown who, void (*show)(struct text *to, const struct subject *who, const struct memory *m), struct text *to,
                 const struct memory *m)
{
    u64 flags = spin_lock_irq(&processes_lock);
    struct subject subject = { .p = process_find_locked(who.pid), .alone = who.tid };

    if (subject.p && who.tid)
        subject.t = user_thread_find_locked(subject.p, who.tid);
    else if (subject.p && !list_empty(&subject.p->threads))
        subject.t = list_entry(subject.p->threads.next, struct thread, owner_link);
    if (subject.p && (subject.t || !who.tid))
        show(to, &subject, m);
    else
        subject.p = NULL;
    spin_unlock_irq(&processes_lock, flags);
    return subject.p ? 0 : -ESRCH;
}

static void add_stat(struct text *to, const struct subject *who, const struct memory *m)
{
    const struct process *p = who->p;
    struct usage usage = usage_of(who);
    struct signal_sets sets = signal_sets_of(who);
    struct thread_stats sched = { .policy = { .nice = p->nice, .prio = PRIO_OF_USER + 20 + p->nice } };

    if (who->t)
        thread_stats_get(who->t, p->nice, &sched);
    text_add(to, "%d (%s) %c %d %d %d %d %d 0 0 0 0 0 ", subject_id(who), subject_name(who), state_of(who), p->ppid, p->pgid, p->sid,
             p->terminal ? TTY_NUMBER : 0, p->terminal ? terminal_foreground_locked() : -1);
    text_add(to, "%lu 0 %lu 0 %d %d %u 0 %lu ", usage.cpu_ns / TICK_NS, p->used_by_children.cpu_ns / TICK_NS,
             sched.policy.prio - PRIO_OF_USER, sched.policy.nice, count_threads(p),
             (who->alone ? who->t->created_at : p->created_at) / TICK_NS);
    text_add(to, "%lu %lu %lu %lu %lu %lu 0 0 ", m->use.total, m->use.resident / PAGE_SIZE, p->limits.of[RLIMIT_RSS].now,
             m->code_start, m->code_end, m->stack_start);
    text_add(to, "%lu %lu %lu %lu 0 0 0 %d %d %d %d 0 0 0 ", sets.own | sets.pending, sets.blocked, sets.ignored, sets.caught, SIGCHLD,
             sched.cpu, sched.policy.rt_priority, sched.policy.policy);
    text_add(to, "0 0 %lu %lu %lu %lu %lu %d\n", m->heap_start, m->arg_start, m->arg_end, m->arg_end, m->env_end, p->exit_status);
}

int show_stat(struct text *to, struct shown who)
{
    struct memory m = { 0 };
    int error = with_space(who.pid, measure, &m);

    return error ? error : with_subject(who, add_stat, to, &m);
}

static void add_ids(struct text *to, const char *what, const struct user_ids *ids)
{
    text_add(to, "%s:\t%u\t%u\t%u\t%u\n", what, ids->real, ids->effective, ids->saved, ids->effective);
}

static void add_memory(struct text *to, const struct memory *m)
{
    text_add(to, "VmSize:\t%8lu kB\nVmRSS:\t%8lu kB\nRssShared:\t%8lu kB\nVmData:\t%8lu kB\nVmStk:\t%8lu kB\nVmExe:\t%8lu kB\n",
             KIB_OF(m->use.total), KIB_OF(m->use.resident), KIB_OF(m->use.shared), KIB_OF(m->use.data), KIB_OF(m->use.stack),
             KIB_OF(m->use.code));
}

static void add_status(struct text *to, const struct subject *who, const struct memory *m)
{
    const struct process *p = who->p;
    struct signal_sets sets = signal_sets_of(who);
    const struct credentials *cred = &p->cred;

    text_add(to, "Name:\t%s\nState:\t%c (%s)\n", subject_name(who), state_of(who), name_of_state(state_of(who)));
    text_add(to, "Tgid:\t%d\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n", p->pid, subject_id(who), p->ppid);
    add_ids(to, "Uid", &cred->uid);
    add_ids(to, "Gid", &cred->gid);
    text_add(to, "FDSize:\t%d\nGroups:\t", p->fds.size);
    for (u32 i = 0; i < p->fs.ngroups; i++)
        text_add(to, "%u ", p->fs.groups[i]);
    text_add(to, "\n");
    if (m->use.total)
        add_memory(to, m);
    text_add(to, "Threads:\t%u\nSigPnd:\t%016lx\nShdPnd:\t%016lx\n", count_threads(p), sets.own, sets.pending);
    text_add(to, "SigBlk:\t%016lx\nSigIgn:\t%016lx\nSigCgt:\t%016lx\n", sets.blocked, sets.ignored, sets.caught);
    text_add(to, "CapInh:\t%016lx\nCapPrm:\t%016lx\nCapEff:\t%016lx\nCapBnd:\t%016lx\nCapAmb:\t%016lx\n", cred->inheritable,
             cred->permitted, cred->effective, CAPABILITIES_ALL, 0ul);
    text_add(to, "voluntary_ctxt_switches:\t%lu\nnonvoluntary_ctxt_switches:\t%lu\n", usage_of(who).waits, usage_of(who).ousted);
}

int show_status(struct text *to, struct shown who)
{
    struct memory m = { 0 };
    int error = with_space(who.pid, measure, &m);

    return error ? error : with_subject(who, add_status, to, &m);
}

static void add_comm(struct text *to, const struct subject *who, const struct memory *m)
{
    (void)m;
    text_add(to, "%s\n", subject_name(who));
}

int show_comm(struct text *to, struct shown who)
{
    return with_subject(who, add_comm, to, NULL);
}

int comm_set(struct shown who, const char *name)
{
    u64 flags = spin_lock_irq(&processes_lock);
    struct process *p = process_find_locked(who.pid);
    struct thread *t = p == current_process() ? user_thread_find_locked(p, who.tid ? who.tid : who.pid) : NULL;

    if (t) {
        string_copy(t->name, name, sizeof(t->name));
        if (t->tid == p->main_tid)
            string_copy(p->name, name, sizeof(p->name));
    }
    spin_unlock_irq(&processes_lock, flags);
    return t ? 0 : -EINVAL;
}

/* A thousandth of all memory is 1, as Linux has it, and 1000 is a process that counts neither more nor less and has none. */
static void add_oom_score(struct text *to, const struct subject *who, const struct memory *m)
{
    u64 points = oom_points_locked(who->p);
    s64 score = points ? (s64)(points * 1000 / frames_total()) : -1000;

    (void)m;
    text_add(to, "%ld\n", max((1000 + score) * 2 / 3, 0));
}

int show_oom_score(struct text *to, struct shown who)
{
    return with_subject(who, add_oom_score, to, NULL);
}

static void add_oom_score_adj(struct text *to, const struct subject *who, const struct memory *m)
{
    (void)m;
    text_add(to, "%d\n", who->p->oom_adj);
}

int show_oom_score_adj(struct text *to, struct shown who)
{
    return with_subject(who, add_oom_score_adj, to, NULL);
}

int oom_adj_set(struct shown who, s64 adj)
{
    u64 flags;
    struct process *p;
    int error = 0;

    if (adj < OOM_ADJ_LEAST || adj > OOM_ADJ_MOST)
        return -EINVAL;
    flags = spin_lock_irq(&processes_lock);
    p = process_find_locked(who.pid);
    if (!p)
        error = -ESRCH;
    else if (adj < p->oom_adj && !capable(CAP_SYS_RESOURCE))
        error = -EACCES;
    else
        p->oom_adj = (int)adj;
    spin_unlock_irq(&processes_lock, flags);
    return error;
}
