/* Limits (limits.h). Of all of them CPU, MEMLOCK, NPROC, NOFILE, AS, STACK and FSIZE have an effect; the others are kept for who asks.
   Lock: processes_lock. */
#include "proc/limits.h"
#include "lib/errno.h"
#include "mm/slab.h"
#include "proc/table.h"
#include "sched/thread.h"

#define FRAMES_FOR_PROCESS 32u /* what a small process takes, its kernel stack and page tables included, and a little more */

struct user {
    struct list link; /* [p] in users */
    u32 uid;          /* [c] */
    u32 threads;      /* [p] of all its processes, zombies included; 0: the user is forgotten */
};

static struct user root = { .link = LIST_INIT(root.link) }; /* always there */
static struct list users = LIST_INIT(users);                /* [p] the others */
static struct slab_cache user_cache;
static u32 nr_processes, processes_most; /* [p]; [c] */

void limits_init(struct process *first)
{
    u64 half;

    slab_cache_init(&user_cache, "user", sizeof(struct user));
    processes_most = (u32)min(frames_total() / FRAMES_FOR_PROCESS, (size_t)THREADS_MAX);
    half = processes_most / 2;
    for (unsigned i = 0; i < RLIMITS; i++)
        first->limits.of[i] = (struct rlimit){ RLIM_INFINITY, RLIM_INFINITY };
    first->limits.of[RLIMIT_STACK].now = MIB(8);
    first->limits.of[RLIMIT_CORE].now = 0;
    first->limits.of[RLIMIT_NPROC] = (struct rlimit){ half, half };
    first->limits.of[RLIMIT_NOFILE] = (struct rlimit){ MAX_FDS, 4096 };
    first->limits.of[RLIMIT_MEMLOCK] = (struct rlimit){ MIB(8), MIB(8) };
    first->limits.of[RLIMIT_SIGPENDING] = (struct rlimit){ half, half };
    first->limits.of[RLIMIT_MSGQUEUE] = (struct rlimit){ 819200, 819200 };
    first->limits.of[RLIMIT_NICE] = first->limits.of[RLIMIT_RTPRIO] = (struct rlimit){ 0, 0 };
    first->limits.user = &root;
    first->limits.threads = root.threads = nr_processes = 1;
}

unsigned limits_threads_most(void)
{
    return processes_most;
}

/* Whether a user's own limit counts: not for who administers the machine. */
static bool exempt(const struct process *p)
{
    return p->limits.user == &root || p->cred.effective & (1ul << CAP_SYS_RESOURCE | 1ul << CAP_SYS_ADMIN);
}

/* Whether p's user may not have another one, by p's limit. processes_lock held. */
static bool has_enough(const struct process *p)
{
    return p->limits.user->threads >= p->limits.of[RLIMIT_NPROC].now && !exempt(p);
}

int limits_inherit(struct process *child, const struct process *parent)
{
    u64 flags = spin_lock_irq(&processes_lock);
    int error = 0;

    if (nr_processes >= processes_most || has_enough(parent)) {
        error = -EAGAIN;
    } else {
        child->limits = parent->limits;
        child->limits.threads = 1;
        child->limits.user->threads++;
        nr_processes++;
    }
    spin_unlock_irq(&processes_lock, flags);
    return error;
}

int limits_thread_joins_locked(struct process *p)
{
    if (has_enough(p))
        return -EAGAIN;
    p->limits.threads++;
    p->limits.user->threads++;
    return 0;
}

void limits_thread_leaves_locked(struct process *p)
{
    p->limits.threads--;
    p->limits.user->threads--;
}

static void uncount_locked(struct user *user, u32 threads)
{
    user->threads -= threads;
    if (!user->threads && user != &root) {
        list_remove(&user->link);
        slab_free(&user_cache, user);
    }
}

void limits_leave(struct process *p)
{
    u64 flags = spin_lock_irq(&processes_lock);

    if (p->limits.user) {
        uncount_locked(p->limits.user, p->limits.threads);
        nr_processes--;
        p->limits.user = NULL;
    }
    spin_unlock_irq(&processes_lock, flags);
}

static struct user *user_of_locked(u32 uid)
{
    struct user *user;

    if (uid == root.uid)
        return &root;
    list_for_each(it, &users) {
        user = list_entry(it, struct user, link);
        if (user->uid == uid)
            return user;
    }
    user = slab_alloc(&user_cache);
    if (!user)
        return NULL;
    user->uid = uid;
    list_init(&user->link);
    list_push_tail(&users, &user->link);
    return user;
}

int limits_move_locked(struct process *p, u32 uid)
{
    struct user *user = user_of_locked(uid);

    if (!user)
        return -EAGAIN;
    user->threads += p->limits.threads;
    uncount_locked(p->limits.user, p->limits.threads);
    p->limits.user = user;
    return 0;
}

void limits_to_space(const struct process *p, struct address_space *space)
{
    space->limit = p->limits.of[RLIMIT_AS].now;
    space->stack_limit = p->limits.of[RLIMIT_STACK].now;
}

/* Tells those who look at a limit of their own. processes_lock is held: it keeps the address space there, whose own lock cannot be had; a
   number is written at once. */
static void take_effect_locked(struct process *p, unsigned resource)
{
    if (resource == RLIMIT_FSIZE)
        p->fs.size_limit = p->limits.of[RLIMIT_FSIZE].now;
    if (resource == RLIMIT_NOFILE) {
        spin_lock(&p->fds.lock);
        p->fds.limit = (int)p->limits.of[RLIMIT_NOFILE].now;
        spin_unlock(&p->fds.lock);
    }
    if ((resource == RLIMIT_AS || resource == RLIMIT_STACK) && p->space)
        limits_to_space(p, p->space);
}

/* Whether the running process may look at and set p's. */
static bool allowed_locked(const struct process *p)
{
    const struct process *me = current_process();
    const struct user_ids *uid = &p->cred.uid, *gid = &p->cred.gid;
    u32 u = me->cred.uid.real, g = me->cred.gid.real;

    return p == me || capable(CAP_SYS_RESOURCE) ||
           (u == uid->real && u == uid->effective && u == uid->saved && g == gid->real && g == gid->effective && g == gid->saved);
}

static int set_locked(struct process *p, unsigned resource, const struct rlimit *new)
{
    struct rlimit *limit = &p->limits.of[resource];

    if (new->now > new->most)
        return -EINVAL;
    if (resource == RLIMIT_NOFILE && new->most > NOFILE_MOST)
        return -EPERM;
    if (new->most > limit->most && !capable(CAP_SYS_RESOURCE))
        return -EPERM;
    *limit = *new;
    take_effect_locked(p, resource);
    return 0;
}

int limit_set(pid_t pid, unsigned resource, const struct rlimit *new, struct rlimit *old)
{
    u64 flags = spin_lock_irq(&processes_lock);
    struct process *p = pid ? process_find_locked(pid) : current_process();
    bool look;
    int error = 0;

    if (!p)
        error = -ESRCH;
    else if (!allowed_locked(p))
        error = -EPERM;
    else if (resource >= RLIMITS)
        error = -EINVAL;
    if (!error) {
        *old = p->limits.of[resource];
        if (new)
            error = set_locked(p, resource, new);
    }
    look = !error && new && resource == RLIMIT_CPU;
    if (look)
        p->refs++;
    spin_unlock_irq(&processes_lock, flags);
    if (look) {
        cpu_limit_changed(p);
        process_put(p);
    }
    return error;
}
