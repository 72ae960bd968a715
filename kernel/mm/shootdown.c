/* TLB shootdown: lab 4.4. No lock: each CPU has a place for what it asks of others, and a word for who asks it. */
#include "mm/shootdown.h"
#include "arch/smp.h"
#include "base/cpu.h"
#include "base/lab.h"
#include "mm/aspace_impl.h"

static u64 asked[CONFIG_MAX_CPUS]; /* [a] by the CPU that is asked; bit n: shootdown_requests[n] is for it, too */

void tlb_shootdown(struct space_users *users, uptr start, uptr end)
{
#if SOLVED >= 404
    struct shootdown *request = shootdown_begin(users);

    request->start = start;
    request->end = end;
    request->generation = __atomic_add_fetch(&users->generation, 1, __ATOMIC_SEQ_CST); /* who becomes active from here on knows */
    shootdown_serve(request);
    request->pending = __atomic_load_n(&users->active, __ATOMIC_SEQ_CST) & ~(1ul << this_cpu()->id);
    if (request->pending)
        shootdown_ask(request);
    shootdown_end();
#else
    /* Forgets here, and nowhere else. Who else may know these translations (users->active)? And a CPU that begins to run a thread of the
       space just now: how will it see that its old translations are no good (users->generation)? */
    struct shootdown *request = shootdown_begin(users);

    request->start = start;
    request->end = end;
    request->generation = __atomic_add_fetch(&users->generation, 1, __ATOMIC_SEQ_CST);
    shootdown_serve(request);
    shootdown_end();
    lab_stub_beside_others("4.4", "tlb_shootdown");
#endif
}

void shootdown_ask(struct shootdown *request)
{
#if SOLVED >= 404
    int me = this_cpu()->id;

    for (u64 left = request->pending; left; left &= left - 1) {
        int cpu = __builtin_ctzl(left);

        __atomic_fetch_or(&asked[cpu], 1ul << me, __ATOMIC_RELEASE); /* the request is complete before it can be seen */
        ipi_send(cpus[cpu].arch.apic_id, VECTOR_SHOOTDOWN);
    }
    while (__atomic_load_n(&request->pending, __ATOMIC_ACQUIRE))
        cpu_relax();
#else
    /* How do the others learn which request is meant, and how does this CPU learn that they are done? */
    request->pending = 0;
    lab_stub("4.4", "shootdown_ask");
#endif
}

void shootdown_answer(void)
{
#if SOLVED >= 404
    int me = this_cpu()->id;

    for (u64 from = __atomic_exchange_n(&asked[me], 0, __ATOMIC_ACQUIRE); from; from &= from - 1) {
        struct shootdown *request = &shootdown_requests[__builtin_ctzl(from)];

        shootdown_serve(request);
        __atomic_fetch_and(&request->pending, ~(1ul << me), __ATOMIC_RELEASE); /* from here on it is the other's again */
    }
#else
    /* Several may ask at once, and get one interrupt together. */
    (void)asked;
    lab_stub("4.4", "shootdown_answer");
#endif
}
