/* The checks behind base/lock.h: who holds a lock, and whether locks nest in the order of their ranks. Called by the lock functions
   themselves, interrupts off. */
#include "base/lock.h"

void spin_init(struct spinlock *lock, const char *name, enum lock_rank rank)
{
    *lock = (struct spinlock){ .name = name, .rank = rank };
}

bool spin_held(const struct spinlock *lock)
{
    return lock->owner == this_cpu();
}

/* Ranks rise along the chain of held locks, so comparing with the one taken last is enough - unless that one was released out of order, in
   which case the chain was mended by lock_note_released(). */
void lock_check_order(const struct spinlock *lock)
{
    const struct cpu *cpu = this_cpu();
    const struct spinlock *last = cpu->held;

    if (irq_enabled())
        panic("spin_lock: '%s' taken with interrupts on: an interrupt here could want it too; use spin_lock_irq()", lock->name);
    if (lock->owner == cpu)
        panic("spin_lock: '%s' taken twice by CPU %d: it would wait for itself", lock->name, cpu->id);
    if (last && last->rank == lock->rank && last->order > lock->order)
        panic("spin_lock: '%s' number %u taken while '%s' number %u is held: of locks of one rank the smaller number comes first",
              lock->name, lock->order, last->name, last->order);
    if (last && (last->rank > lock->rank || (last->rank == lock->rank && last->order == lock->order)))
        panic("spin_lock: '%s' (rank %d) taken while '%s' (rank %d) is held: base/lockrank.h gives the order", lock->name,
              lock->rank, last->name, last->rank);
}

void lock_note_taken(struct spinlock *lock)
{
    struct cpu *cpu = this_cpu();

    lock->owner = cpu;
    lock->under = cpu->held;
    cpu->held = lock;
}

void lock_note_released(struct spinlock *lock)
{
    struct cpu *cpu = this_cpu();
    struct spinlock **link = &cpu->held;

    if (!lock->owner)
        panic("spin_unlock: CPU %d does not hold '%s': nobody does", cpu->id, lock->name);
    if (lock->owner != cpu)
        panic("spin_unlock: CPU %d does not hold '%s': CPU %d has it; a lock lets one in at a time, and who has it gives it up", cpu->id,
              lock->name, lock->owner->id);
    while (*link != lock)
        link = &(*link)->under;
    *link = lock->under;
    lock->owner = NULL;
    lock->under = NULL;
}
