/* What the kernel says of itself (info.h), and for dumps of a process what phase 3 brought. */
#include "proc/info.h"
#include "base/printk.h"
#include "lib/string.h"
#include "mm/aspace_look.h"
#include "proc/priority.h"
#include "proc/table.h"

#define DUMP_REGIONS 64 /* at most: a broken list may have no end */

/* The first and third are what C libraries and programs look at to know the ABI; the others are ours. */
struct kernel_identity kernel_identity = {
    .system = "Linux",
    .node = "crescent",
    .release = "6.1.0-crescent",
    .version = "Crescent, a teaching kernel",
    .machine = "x86_64",
    .domain = "(none)",
};

void identity_get(struct kernel_identity *to)
{
    u64 flags = spin_lock_irq(&processes_lock);

    *to = kernel_identity;
    spin_unlock_irq(&processes_lock, flags);
}

void identity_set(char *which, const char text[IDENTITY_MAX + 1])
{
    u64 flags = spin_lock_irq(&processes_lock);

    memcpy(which, text, IDENTITY_MAX + 1);
    spin_unlock_irq(&processes_lock, flags);
}

unsigned process_count(void)
{
    u64 flags = spin_lock_irq(&processes_lock);
    unsigned n = 0;

    list_for_each(it, &processes)
        n++;
    spin_unlock_irq(&processes_lock, flags);
    return n;
}

pid_t newest_process(void)
{
    u64 flags = spin_lock_irq(&processes_lock);
    pid_t pid = list_entry(processes.prev, struct process, all_link)->pid;

    spin_unlock_irq(&processes_lock, flags);
    return pid;
}

static void dump_regions(const struct address_space *space)
{
    unsigned n = 0;

    list_for_each(it, &space->regions) {
        const vm_region_t *r = list_entry(it, vm_region_t, link);

        if (n++ == DUMP_REGIONS)
            return;
        printk("    %#lx..%#lx %c%c%c %s%s\n", r->start, r->end, r->access & ACCESS_READ ? 'r' : '-', r->access & ACCESS_WRITE ? 'w' : '-',
               r->access & ACCESS_EXEC ? 'x' : '-', r->flags & VM_SHARED ? "shared" : "private",
               r->flags & VM_STACK  ? ", stack" :
               r->flags & VM_HEAP   ? ", heap" :
               r->ops               ? ", file" :
                                      "");
    }
}

void dump_owner_and_memory(const struct process *p)
{
    struct space_use use;

    printk("  user %u (acts as %u), group %u, process group %d, session %d, nice %d (class %d)\n", p->cred.uid.real, p->cred.uid.effective,
           p->cred.gid.real, p->pgid, p->sid, p->nice, priority_class(p->nice));
    if (!p->space)
        return;
    use = space_use(p->space);
    printk("  memory: %lu KiB, %lu there, %lu of them shared; code %lu, data %lu, stack %lu\n", use.total / 1024, use.resident / 1024,
           use.shared / 1024, use.code / 1024, use.data / 1024, use.stack / 1024);
    dump_regions(p->space);
}
