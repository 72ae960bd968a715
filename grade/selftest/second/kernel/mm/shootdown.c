/* A second solution of lab 4.4: this CPU forgets last, and who answers strikes off those who asked one by one. */
#include "mm/shootdown.h"
#include "arch/smp.h"
#include "base/cpu.h"
#include "mm/aspace_impl.h"

static u64 asked[CONFIG_MAX_CPUS]; /* [a] by the CPU that is asked; bit n: shootdown_requests[n] is for it, too */

/* The others first, this CPU last: they all may use the translations until this returns. */
void tlb_shootdown(struct space_users *users, uptr start, uptr end)
{
    struct shootdown *request = shootdown_begin(users);

    request->generation = __atomic_add_fetch(&users->generation, 1, __ATOMIC_SEQ_CST);
    request->start = start;
    request->end = end;
    request->pending = __atomic_load_n(&users->active, __ATOMIC_SEQ_CST) & ~(1ul << this_cpu()->id);
    if (request->pending)
        shootdown_ask(request);
    shootdown_serve(request);
    shootdown_end();
}

/* One CPU after the other is told, and then one after the other is waited for. */
void shootdown_ask(struct shootdown *request)
{
    const u64 whom = request->pending, mine = 1ul << (request - shootdown_requests);

    for (int cpu = 0; cpu < CONFIG_MAX_CPUS; cpu++)
        if (whom >> cpu & 1) {
            __atomic_fetch_or(&asked[cpu], mine, __ATOMIC_RELEASE);
            ipi_send(cpus[cpu].arch.apic_id, VECTOR_SHOOTDOWN);
        }
    for (int cpu = 0; cpu < CONFIG_MAX_CPUS; cpu++)
        while (__atomic_load_n(&request->pending, __ATOMIC_ACQUIRE) >> cpu & 1)
            cpu_relax();
}

/* Those who ask are served one at a time, and each is struck off before: who asks again meanwhile is found in the next round. */
void shootdown_answer(void)
{
    const u64 me = 1ul << this_cpu()->id;
    u64 *word = &asked[this_cpu()->id], left;

    while ((left = __atomic_load_n(word, __ATOMIC_RELAXED)) != 0) {
        int who = __builtin_ctzl(left);

        __atomic_fetch_and(word, ~(1ul << who), __ATOMIC_ACQUIRE);
        shootdown_serve(&shootdown_requests[who]);
        __atomic_fetch_and(&shootdown_requests[who].pending, ~me, __ATOMIC_RELEASE);
    }
}
