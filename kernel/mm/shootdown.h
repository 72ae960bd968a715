/* TLB shootdown: CPUs that may know translations which were taken away are made to forget them, and whoever took them away waits until they
   have (Black, Rashid and others 1989). Then, and not before, the pages may be given back. */
#pragma once

#include "arch/space.h"

/* What a CPU asks of others. One a CPU: it waits until all have done it. */
struct shootdown {
    struct space_users *users; /* NULL: the kernel's own pages */
    uptr start, end;
    bool unload;    /* not only forget: turn to other tables */
    u64 generation; /* of the space, counted with what is to be forgotten now */
    u64 pending;    /* [a] bit n: CPU n has not done it yet */
};

/* Registers the interrupt. At start, before a second CPU runs. */
void shootdown_init(void);
/* No CPU has the space's tables in use when this returns. No thread of the space is left. Thread context, no spinlock held. */
void shootdown_evict(struct space_users *users);
/* All CPUs forget what they know of the kernel's own pages. Thread context, no spinlock held. */
void kernel_shootdown(void);
/* What this CPU owes a request. Interrupts off. */
void shootdown_serve(const struct shootdown *request);
/* This CPU's own place for a request, kept for it until shootdown_end(): it stays on this CPU. Thread context. */
struct shootdown *shootdown_begin(struct space_users *users);
void shootdown_end(void);

/* Lab 4.4 (shootdown.c). */

/* This CPU and all others that run threads of the space forget [start, end) of it; returns when all have. The tables have been changed; the
   space's lock is held, so that there is one at a time in a space. Thread context, no spinlock held: whoever is waited for may be waiting
   for that. */
void tlb_shootdown(struct space_users *users, uptr start, uptr end);
/* The CPUs in request->pending do what *request says; returns when all have. Preemption off, interrupts on. */
void shootdown_ask(struct shootdown *request);
/* Does what others have asked of this CPU: one of them, or several whose interrupts became one. Interrupts off. */
void shootdown_answer(void);
extern struct shootdown shootdown_requests[]; /* by the CPU that asks */
