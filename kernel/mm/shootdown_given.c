/* What the shootdown (shootdown.c) stands on. */
#include "base/assert.h"
#include "base/cpu.h"
#include "base/interrupt.h"
#include "mm/aspace_impl.h"
#include "mm/shootdown.h"

struct shootdown shootdown_requests[CONFIG_MAX_CPUS];

static void shootdown_interrupt(void)
{
    shootdown_answer();
    cpu_relax(); /* under QEMU, whoever waits for it goes on */
}

void shootdown_init(void)
{
    interrupt_register(VECTOR_SHOOTDOWN, shootdown_interrupt);
}

struct shootdown *shootdown_begin(struct space_users *users)
{
    struct cpu *cpu = cpu_pin();
    struct shootdown *request = &shootdown_requests[cpu->id];

    ASSERT(irq_enabled(), "shootdown_begin: interrupts are off: two CPUs that ask each other would both wait, and neither would answer");
    ASSERT(!request->pending,
           "shootdown_begin: CPU %d wants to ask anew, and its last request is not answered yet by CPUs %#lx (bit n: CPU n): "
           "shootdown_ask() came back too early", cpu->id, request->pending);
    *request = (struct shootdown){ .users = users };
    return request;
}

void shootdown_end(void)
{
    cpu_unpin();
}

/* A CPU that does not use the space's tables has nothing to forget. One that has them in use without running a thread of the space is not
   asked, and forgets when it does. */
void shootdown_serve(const struct shootdown *request)
{
    u64 flags = irq_save();

    if (!request->users) {
        tlb_forget_kernel();
    } else if (request->unload) {
        space_unload(request->users);
    } else if (tlb_is_of(request->users)) {
        forget_here(request->start, request->end);
        tlb_is_at(request->users, request->generation);
    }
    irq_restore(flags);
}

void kernel_shootdown(void)
{
    struct shootdown *request = shootdown_begin(NULL);

    shootdown_serve(request);
    request->pending = __atomic_load_n(&cpus_online, __ATOMIC_SEQ_CST) & ~(1ul << this_cpu()->id);
    if (request->pending)
        shootdown_ask(request);
    shootdown_end();
}

void shootdown_evict(struct space_users *users)
{
    struct shootdown *request = shootdown_begin(users);

    request->unload = true;
    shootdown_serve(request);
    request->pending = __atomic_load_n(&users->loaded, __ATOMIC_SEQ_CST);
    if (request->pending)
        shootdown_ask(request);
    ASSERT(!users->loaded, "shootdown_ask: came back, and CPUs %#lx still use page tables that are about to be given back", users->loaded);
    shootdown_end();
}
