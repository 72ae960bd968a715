/* Making and ending threads, and the table of all of them. Lock: threads_lock guards the table, ids, and who joins whom (join.c). */
#include "sched/thread.h"
#if PHASE >= 2
#include "sched/mutex.h"
#endif
#include "base/assert.h"
#include "base/trace.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/kstack.h"
#include "mm/slab.h"
#include "sched/account.h"
#include "sched/classes.h"

#define BUCKETS 256 /* a power of two: a thread is found by its id in one short list */

static struct spinlock threads_lock = SPINLOCK("threads", RANK_THREADS);
struct list threads = LIST_INIT(threads); /* [threads_lock] all but the idle ones, in order of creation */
static struct list buckets[BUCKETS];      /* [threads_lock] the same threads by id */
static unsigned nr_threads;               /* [threads_lock] */
static tid_t last_tid;                    /* [threads_lock] */
static struct slab_cache thread_cache;

static struct list *bucket_of(tid_t tid)
{
    return &buckets[tid & (BUCKETS - 1)];
}

struct thread *thread_find_locked(tid_t tid)
{
    list_for_each(it, bucket_of(tid)) {
        struct thread *t = list_entry(it, struct thread, tid_link);

        if (t->tid == tid)
            return t;
    }
    return NULL;
}

/* The next id that no living thread has: ids are not used again until they have run round. */
static tid_t next_tid_locked(void)
{
    do
        last_tid = last_tid == TID_MAX ? 1 : last_tid + 1;
    while (thread_find_locked(last_tid));
    return last_tid;
}

static void link_locked(struct thread *t)
{
    t->tid = next_tid_locked();
    list_push_tail(&threads, &t->all_link);
    list_push_tail(bucket_of(t->tid), &t->tid_link);
    nr_threads++;
}

void threads_init(struct thread *boot)
{
    u64 flags;

    slab_cache_init(&thread_cache, "thread", sizeof(struct thread));
    for (unsigned i = 0; i < BUCKETS; i++)
        list_init(&buckets[i]);
    flags = spin_lock_irq(&threads_lock);
    link_locked(boot);
    spin_unlock_irq(&threads_lock, flags);
}

static int check_params(const struct thread_params *p)
{
    if (!p->entry || p->priority > PRIORITY_CRITICAL)
        return -EINVAL;
    return 0;
}

static void fill(struct thread *t, const struct thread_params *p)
{
    const struct thread *me = current();

    string_copy(t->name, p->name ? p->name : "", sizeof(t->name));
    t->entry = p->entry;
    t->arg = p->arg;
    t->state = THREAD_NEW;
    t->flags = (p->kthread ? THREAD_KTHREAD : 0) | (p->detached ? THREAD_DETACHED : 0);
    t->priority = p->inherit_priority ? me->priority : p->priority;
    t->burst_ns = min(p->burst_ns, BURST_MAX_NS);
    t->last_cpu = this_cpu()->id;
    t->cpu_mask = p->kthread ? 1ul << t->last_cpu : __atomic_load_n(&me->cpu_mask, __ATOMIC_RELAXED);
    t->parent_tid = me->tid;
    t->owner_ops = p->owner_ops;
    t->owner = p->owner;
    t->created_at = clock_ns();
    list_init(&t->run_link);
    list_init(&t->all_link);
    list_init(&t->tid_link);
    list_init(&t->owner_link);
#if PHASE >= 2
    list_init(&t->wait_link);
    list_init(&t->held_mutexes);
    rb_node_init(&t->timer.node);
    t->inherited = -1;
    t->ready_since = t->created_at;
#endif
    class_thread_init(t, p->inherit_priority ? me : NULL);
}

/* Enters t into the table, or says that it is full. */
static int enter(struct thread *t)
{
    u64 flags = spin_lock_irq(&threads_lock);
    bool full = nr_threads >= THREADS_MAX;

    t->class = class_of_new(t); /* under the lock: who changes the policy finds all who have the one before */
    t->class_id = t->class->id;
    if (!full)
        link_locked(t);
    spin_unlock_irq(&threads_lock, flags);
    return full ? -EAGAIN : 0;
}

struct thread *thread_new(const struct thread_params *p, int *error)
{
    struct thread *t;
    u64 flags;

    *error = check_params(p);
    if (!*error && p->inherit_priority)
        *error = class_fork_error(current());
    if (*error)
        return NULL;
    *error = -ENOMEM;
    t = slab_alloc(&thread_cache);
    if (!t)
        return NULL;
    *error = kstack_alloc(&t->stack, p->stack_size ? p->stack_size : KSTACK_DEFAULT);
    if (*error)
        goto free_thread;
    fill(t, p);
    t->rsp = first_stack((void *)(t->stack.base + t->stack.size - p->stack_reserve), p->entry, p->arg);
    *error = enter(t);
    if (*error)
        goto free_stack;
    flags = irq_save();
    if (unlikely(trace_on)) {
        trace_write(TRACE_CREATE, t, (u32)t->parent_tid, t->stack.base, t->stack.size, t->burst_ns, smp_trace_mask(t));
        class_trace_new(t);
    }
    irq_restore(flags);
    return t;

free_stack:
    kstack_free(&t->stack);
free_thread:
    slab_free(&thread_cache, t);
    return NULL;
}

void thread_launch(struct thread *t)
{
    u64 flags = irq_save();
    struct rq *rq = new_thread_rq_lock(t);

    if (t->class->task_fork)
        t->class->task_fork(rq, t);
    thread_set_state(t, THREAD_READY);
    sched_enqueue(rq, t, ENQUEUE_NEW);
#if PHASE >= 2
    t->blocked_time = clock_ns() - t->created_at; /* until now it was being made, and did not wait */
    sched_check_preempt(rq, t);
#endif
    spin_unlock_irq(&rq->lock, flags);
}

void thread_discard(struct thread *t)
{
    thread_set_state(t, THREAD_TERMINATED);
    thread_unlink(t);
    thread_free_stack(t);
    thread_free(t);
}

tid_t thread_create(const struct thread_params *params)
{
    int error;
    struct thread *t = thread_new(params, &error);
    tid_t tid;

    if (!t)
        return error;
    tid = t->tid; /* once launched, a detached thread may be gone at any time */
    thread_launch(t);
    return tid;
}

#if PHASE >= 2
/* Giving back what it has may take waits: whoever kills it meanwhile must not make it begin to leave once more. */
static void exit_begins(struct thread *me)
{
    u64 flags = irq_save();
    struct rq *rq = this_rq_lock();

    me->exits = true;
    me->killed = false;
    spin_unlock_irq(&rq->lock, flags);
    mutex_release_all(me);
}
#endif

_Noreturn void thread_exit(int code)
{
    struct thread *me = current();
    struct rq *rq;

#if PHASE >= 2
    exit_begins(me);
#endif
    if (me->owner_ops && me->owner_ops->exiting)
        me->owner_ops->exiting(me, code);
    irq_disable();
    rq = this_rq_lock();
    trace(TRACE_EXIT, me, 0, (u64)(s64)code, 0);
    thread_wait_settle(rq, me);
    rq->exited = me;
    exit_locked(rq, me, code);
    panic("thread_exit: thread %d (%s) runs on after its exit: a ZOMBIE gives up the CPU once and is never picked again", me->tid,
          me->name);
}

/* t has not been freed yet: freed memory holds no state. */
static void check_alive(const struct thread *t, const char *who)
{
    ASSERT(t->state <= THREAD_TERMINATED, "%s: at %p there is no thread any more: its TCB was given back before", who, (const void *)t);
    (void)t, (void)who;
}

void thread_unlink(struct thread *t)
{
    u64 flags;

    check_alive(t, "thread_unlink");
    ASSERT(t != current(), "thread_unlink: thread %d (%s) still runs: it cannot give itself back, whoever joins it does", t->tid, t->name);
    flags = spin_lock_irq(&threads_lock);
    ASSERT(t->state == THREAD_TERMINATED, "thread_unlink: thread %d (%s) is %s, expected TERMINATED", t->tid, t->name,
           thread_state_name(t->state));
    thread_check_state(t);
    list_remove(&t->all_link);
    list_remove(&t->tid_link);
    nr_threads--;
    trace(TRACE_RECLAIM, current(), (u32)t->tid, 0, 0);
    spin_unlock_irq(&threads_lock, flags);
}

void thread_free_stack(struct thread *t)
{
    check_alive(t, "thread_free_stack");
    /* Of the stack in use kstack_free() has more to say. */
    ASSERT(t == current() || list_empty(&t->all_link),
           "thread_free_stack: thread %d (%s) is still in the table: who finds it there finds a thread without a stack", t->tid, t->name);
    if (!(t->flags & THREAD_BOOT_STACK))
        kstack_free(&t->stack);
}

void thread_free(struct thread *t)
{
    check_alive(t, "thread_free");
    ASSERT(list_empty(&t->all_link), "thread_free: thread %d (%s) is still in the table: a later look-up would find freed memory", t->tid,
           t->name);
    if (!(t->flags & THREAD_BOOT_STACK))
        slab_free(&thread_cache, t);
}

u64 threads_lock_irq(void)
{
    return spin_lock_irq(&threads_lock);
}

void threads_unlock_irq(u64 flags)
{
    spin_unlock_irq(&threads_lock, flags);
}

struct thread *thread_find(tid_t tid)
{
    u64 flags = spin_lock_irq(&threads_lock);
    struct thread *t = thread_find_locked(tid);

    spin_unlock_irq(&threads_lock, flags);
    return t;
}

void thread_for_each_locked(bool (*visit)(struct thread *t, void *arg), void *arg)
{
    list_for_each(it, &threads)
        if (!visit(list_entry(it, struct thread, all_link), arg))
            break;
}

void thread_for_each(bool (*visit)(struct thread *t, void *arg), void *arg)
{
    u64 flags = spin_lock_irq(&threads_lock);

    thread_for_each_locked(visit, arg);
    spin_unlock_irq(&threads_lock, flags);
}

unsigned thread_count(void)
{
    return nr_threads;
}
