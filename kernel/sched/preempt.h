/* Preemption: taking the CPU away from a thread, and forbidding that for a while. */
#pragma once

#include "sched/sched.h"
#include "sched/smp.h"

/* The ways in. preempt_point() is in arch/upcall.h: whoever ends something that forbade preemption calls it. */

/* On the way back from an interrupt, interrupts off: switches if a reschedule is due, and allowed where the interrupt came. */
void preempt_from_interrupt(void);
#if PHASE >= 3
/* Just before user mode, interrupts off: switches if a reschedule is due, whatever `kpreempt=` says. */
void preempt_before_user(void);
#endif
/* `kpreempt=`: whether a thread in the kernel may be preempted at all, or only the idle thread (and user mode, from phase 3 on). */
void preempt_set_kernel(bool allowed);

/* Asks for a reschedule on rq's CPU as soon as that is possible. rq->lock held. All that a class may do. */
static inline void resched(struct rq *rq)
{
    smp_resched(rq);
}

/* Lab 2.2 (critical.c). Both pairs nest. */

/* Until the matching preempt_enable(), this thread keeps its CPU, though interrupts still come. Any context. */
void preempt_disable(void);
/* Ends it. Whoever leaves the outermost section makes up for a reschedule that became due inside it. */
void preempt_enable(void);
/* Interrupts off: nothing else runs on this CPU. Returns what critical_exit() needs. Any context. */
u64 critical_enter(void);
/* Back to the state at the matching critical_enter(); makes up for a reschedule if that turns interrupts on. */
void critical_exit(u64 was);

/* Lab 2.1 (tick.c), called with rq->lock held and interrupts off. */

/* A tick has passed while rq->curr ran. */
void sched_tick(struct rq *rq);
/* Round-robin's part of it: t, which runs, may have used up its quantum. */
void rr_tick(struct rq *rq, struct thread *t);
/* The current thread has to make room though it did not ask to. Returns as schedule() does. */
void preempt_locked(struct rq *rq);

/* Cycles that a thread has run, the present turn up to rq->clock included; and the length of its round-robin quantum, cycles. */
u64 thread_ran(const struct rq *rq, const struct thread *t);
u64 rr_quantum(const struct thread *t);
