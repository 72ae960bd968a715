/* A second solution of lab 4.7: who waits joins first and leaves if the word is another; who is moved leaves with all the others first. */
#include "proc/futex.h"
#include "arch/upcall.h"
#include "base/assert.h"
#include "fs/file.h"
#include "lib/errno.h"
#include "mm/uaccess.h"
#include "proc/files.h"
#include "proc/table.h"
#include "proc/user_thread.h"

#define BUCKETS 64 /* a power of two */

/* Where a word lies: in which space or object, and how far from its start. */
struct futex_key {
    const void *of;
    u64 at;
    const struct vm_object_ops *ops; /* of the object to which the key has a reference; NULL: to none */
    void *object;
};

struct bucket {
    struct spinlock lock;
    struct list waiters; /* [this lock] futex_waiter.link, oldest first */
};

/* On the stack of who waits. */
struct futex_waiter {
    struct list link;      /* [its bucket's lock] empty: woken */
    struct bucket *bucket; /* [its bucket's lock] where it stands, or stood last; read without it to find the lock */
    struct futex_key key;  /* [its bucket's lock] what it waits for */
    u32 bits;              /* [c] */
    struct spinlock lock;
    struct wait_queue queue; /* [lock] */
    bool woken;            /* [lock] */
};

static struct bucket buckets[BUCKETS];

void futex_init(void)
{
    for (u32 i = 0; i < BUCKETS; i++) {
        spin_init(&buckets[i].lock, "futexes", RANK_FUTEX);
        buckets[i].lock.order = i; /* of two that requeueing takes */
        list_init(&buckets[i].waiters);
    }
}

/* --- where a word lies --------------------------------------------------------------------------------------------------------------- */

/* In shared memory: in the object, whoever has it and at whatever address. */
static int shared_key(struct futex_key *key, uptr at)
{
    struct process *p = current_process();
    const vm_region_t *region;
    int error = 0;

    mutex_lock(&p->space_lock);
    region = region_find(p->space, at);
    if (!region || !region->access) {
        error = -EFAULT;
    } else if (region->flags & VM_SHARED && region->ops) {
        key->ops = region->ops;
        key->object = region->object;
        key->ops->get(key->object);
        key->of = key->ops == &file_vm_ops ? ((struct file *)key->object)->inode : key->object;
        key->at = (region->first << PAGE_SHIFT) + (at - region->start);
    }
    mutex_unlock(&p->space_lock);
    return error;
}

static int key_make(struct futex_key *key, uptr at, bool private)
{
    *key = (struct futex_key){ .of = current_process()->space, .at = at };
    if (at & (sizeof(u32) - 1))
        return -EINVAL;
    if (!user_range(at, sizeof(u32)))
        return -EFAULT;
    return private ? 0 : shared_key(key, at);
}

static void key_drop(const struct futex_key *key)
{
    if (key->ops)
        key->ops->put(key->object);
}

/* A waiter for one word waits for another one. Its reference stays that to the object of the first. */
static void key_become(struct futex_key *key, const struct futex_key *to)
{
    key->of = to->of;
    key->at = to->at;
}

static bool same(const struct futex_key *a, const struct futex_key *b)
{
    return a->of == b->of && a->at == b->at;
}

static struct bucket *bucket_of(const struct futex_key *key)
{
    u64 hash = ((u64)key->of >> 4 ^ key->at >> 2) * 0x9e3779b97f4a7c15ul;

    return &buckets[hash >> 58];
}

_Static_assert(BUCKETS == 1 << (64 - 58), "so many bits of the hash");

/* --- the word ------------------------------------------------------------------------------------------------------------------------- */

/* Reads it as it is now, if its page is there. No page is made: a spinlock is held. Returns 0 or -EFAULT. */
static int word_look(u32 *word, uptr at)
{
    struct user_thread *me = user_thread(current());
    int failed;

    me->no_fault = true;
    failed = user_word(word, (const u32 *)at);
    me->no_fault = false;
    return failed ? -EFAULT : 0;
}

/* Whether the word is `value`, with its bucket's lock held: 0, -EAGAIN, or -EFAULT: its page is not there. */
static int word_compare(uptr at, u32 value)
{
    u32 word;
    int error = word_look(&word, at);

    return error ? error : word == value ? 0 : -EAGAIN;
}

/* --- waiting and waking --------------------------------------------------------------------------------------------------------------- */

/* If the word at `at` is `value`, w stands in its bucket from now on, where a wake finds it. Returns what word_compare() says. */
static int waiter_queue(struct futex_waiter *w, uptr at, u32 value)
{
    struct bucket *bucket = w->bucket = bucket_of(&w->key);
    u64 flags = spin_lock_irq(&bucket->lock);
    int error;

    list_push_tail(&bucket->waiters, &w->link);
    error = word_compare(at, value);
    if (error)
        list_remove(&w->link);
    spin_unlock_irq(&bucket->lock, flags);
    return error;
}

/* w, which is in no bucket any more, goes on; it may be gone when this returns. Its bucket's lock held. */
static void waiter_wake(struct futex_waiter *w)
{
    spin_lock(&w->lock);
    w->woken = true;
    wake_one(&w->queue);
    spin_unlock(&w->lock);
}

/* Wakes at most n waiters for the word that have one of the bits. The bucket's lock is held. Returns how many. */
static unsigned bucket_wake(struct bucket *bucket, const struct futex_key *key, unsigned n, u32 bits)
{
    struct list *next, *it = bucket->waiters.next;
    unsigned left = n;

    for (; left && it != &bucket->waiters; it = next) {
        struct futex_waiter *w = list_entry(it, struct futex_waiter, link);

        next = it->next;
        if (!same(&w->key, key) || !(w->bits & bits))
            continue;
        list_remove(it);
        waiter_wake(w);
        left--;
    }
    return n - left;
}

/* At most n waiters for the word `key` wait for the word `to` from now on, as if they had called for that. The locks of both buckets, which
   may be one, are held. Returns how many. */
static unsigned bucket_move(struct bucket *from, const struct futex_key *key, struct bucket *into, const struct futex_key *to, unsigned n)
{
    struct list chosen = LIST_INIT(chosen);
    unsigned moved = 0;

    list_for_each_safe(it, &from->waiters) { /* first all leave, then all join: into may be from */
        if (moved == n)
            break;
        if (!same(&list_entry(it, struct futex_waiter, link)->key, key))
            continue;
        moved++;
        if (same(key, to))
            continue;
        list_remove(it);
        list_push_tail(&chosen, it);
    }
    while (!list_empty(&chosen)) {
        struct futex_waiter *w = list_entry(list_pop_head(&chosen), struct futex_waiter, link);

        w->bucket = into;
        key_become(&w->key, to);
        list_push_tail(&into->waiters, &w->link);
    }
    return moved;
}

/* Takes the lock of the bucket that w stands in: it may be moved until that is held. */
static struct bucket *lock_bucket_of(struct futex_waiter *w)
{
    for (;;) {
        struct bucket *bucket = __atomic_load_n(&w->bucket, __ATOMIC_RELAXED);

        spin_lock(&bucket->lock);
        if (w->bucket == bucket)
            return bucket;
        spin_unlock(&bucket->lock);
    }
}

/* w sleeps until it is woken, its time is over, or a signal comes: 0, -ETIMEDOUT, -ERESTART, -EINTR. */
static int waiter_sleep(struct futex_waiter *w, u64 when)
{
    u64 flags = spin_lock_irq(&w->lock);
    int error = 0;

    while (!w->woken && !error)
        error = when == ~0ul ? wait_interruptible(&w->queue, &w->lock) : wait_interruptible_until(&w->queue, &w->lock, when);
    ASSERT(!w->woken || list_empty(&w->link), "waiter_wake: its waiter still stands in a bucket, and is gone from here on");
    spin_unlock(&w->lock);
    if (error) {
        struct bucket *bucket = lock_bucket_of(w);

        if (list_empty(&w->link))
            error = 0; /* it was woken: whoever did so counts on it */
        list_remove(&w->link);
        spin_unlock(&bucket->lock);
    }
    irq_restore(flags);
    return error;
}

int futex_wait(uptr at, bool private, u32 value, u32 bits, u64 when)
{
    struct futex_waiter w = { .bits = bits };
    int error = key_make(&w.key, at, private);
    u32 word;

    if (error)
        return error;
    w.bucket = bucket_of(&w.key);
    list_init(&w.link);
    spin_init(&w.lock, "a futex's waiter", RANK_WAIT);
    wait_queue_init(&w.queue, "a futex");
    while ((error = waiter_queue(&w, at, value)) == -EFAULT && !copyin(&word, at, sizeof(word)))
        ; /* now the page is there */
    if (!error)
        error = waiter_sleep(&w, when);
    key_drop(&w.key);
    return error;
}

s64 futex_wake(uptr at, bool private, unsigned n, u32 bits)
{
    struct futex_key key;
    struct bucket *bucket;
    unsigned woken;
    u64 flags;
    int error = key_make(&key, at, private);

    if (error)
        return error;
    bucket = bucket_of(&key);
    flags = spin_lock_irq(&bucket->lock);
    woken = bucket_wake(bucket, &key, n, bits);
    spin_unlock_irq(&bucket->lock, flags);
    key_drop(&key);
    return woken;
}

static u64 lock_both(struct bucket *a, struct bucket *b)
{
    u64 flags = spin_lock_irq(a < b ? &a->lock : &b->lock);

    if (a != b)
        spin_lock(a < b ? &b->lock : &a->lock);
    return flags;
}

static void unlock_both(struct bucket *a, struct bucket *b, u64 flags)
{
    if (a != b)
        spin_unlock(&b->lock);
    spin_unlock_irq(&a->lock, flags);
}

/* One attempt of futex_requeue(); -EFAULT: the word's page is not there. */
static s64 requeue_try(uptr at, const struct futex_key *key, const struct futex_key *to, unsigned n, unsigned move, const u32 *expected)
{
    struct bucket *from = bucket_of(key), *into = bucket_of(to);
    u64 flags = lock_both(from, into);
    s64 result = expected ? word_compare(at, *expected) : 0;

    if (!result) {
        result = bucket_wake(from, key, n, FUTEX_ANY);
        result += bucket_move(from, key, into, to, move);
    }
    unlock_both(from, into, flags);
    return result;
}

s64 futex_requeue(uptr at, uptr to, bool private, unsigned n, unsigned move, const u32 *expected)
{
    struct futex_key key, to_key;
    u32 word;
    s64 result = key_make(&key, at, private);

    if (result)
        return result;
    result = key_make(&to_key, to, private);
    if (!result) {
        while ((result = requeue_try(at, &key, &to_key, n, move, expected)) == -EFAULT && !copyin(&word, at, sizeof(word)))
            ;
        key_drop(&to_key);
    }
    key_drop(&key);
    return result;
}
