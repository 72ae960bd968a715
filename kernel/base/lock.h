/* Spinlocks. In phases 1 to 3 there is one CPU, so keeping interrupts off is what excludes; from phase 4 the lock word makes the
   other CPUs wait. The interface is the same from the first day, so that no caller changes. A checked build records the owner and
   compares ranks: a lock may only be taken while every lock held has a smaller rank (base/lockrank.h). */
#pragma once

#include "base/assert.h"
#include "base/cpu.h"
#include "base/lockrank.h"
#include "base/spin.h"

struct spinlock {
    const char *name;
    enum lock_rank rank;
    u32 order;            /* of several of one rank, that of the smaller order is taken first; mostly 0, and never two */
    struct spin_word word; /* what others wait for */
    struct cpu *owner;    /* [this lock] the CPU that holds it, or NULL */
    struct spinlock *under; /* [this lock] the lock that the owner took before this one: the chain of held locks */
};

#define SPINLOCK(lock_name, lock_rank) { .name = (lock_name), .rank = (lock_rank) }

void spin_init(struct spinlock *lock, const char *name, enum lock_rank rank);
/* True if this CPU holds the lock. Checked builds only: for assertions. */
bool spin_held(const struct spinlock *lock);

/* The bookkeeping of checked builds: whether this CPU may take the lock now; that it has it; that it gives it back. */
void lock_check_order(const struct spinlock *lock);
void lock_note_taken(struct spinlock *lock);
void lock_note_released(struct spinlock *lock);

/* Takes the lock. Interrupts must be off already, so nothing else runs on this CPU until spin_unlock(). */
static inline void spin_lock(struct spinlock *lock)
{
    if (IS_CHECKED)
        lock_check_order(lock);
    spin_acquire(&lock->word);
    if (IS_CHECKED)
        lock_note_taken(lock);
}

/* Takes it if that is possible at once: who does not wait may take locks in any order. Returns whether it did. Interrupts are off. */
static inline bool spin_try_lock(struct spinlock *lock)
{
    bool taken = spin_try_acquire(&lock->word);

    if (IS_CHECKED && taken)
        lock_note_taken(lock);
    return taken;
}

/* Gives it back, by the CPU that took it. Locks may be released in any order. */
static inline void spin_unlock(struct spinlock *lock)
{
    if (IS_CHECKED)
        lock_note_released(lock);
    spin_release(&lock->word);
}

/* Interrupts off, then the lock; and the way back. Returns the interrupt state for spin_unlock_irq(). */
static inline u64 spin_lock_irq(struct spinlock *lock)
{
    u64 flags = irq_save();
    spin_lock(lock);
    return flags;
}

static inline void spin_unlock_irq(struct spinlock *lock, u64 flags)
{
    spin_unlock(lock);
    irq_restore(flags);
#if PHASE >= 2
    if (unlikely(this_cpu()->need_resched))
        preempt_point();
#endif
}
