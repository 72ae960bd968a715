/* What the kernel says of itself (info.h). */
#include "proc/info.h"
#include "proc/table.h"

/* The first and third are what C libraries and programs look at to know the ABI; the others are ours. */
const struct kernel_identity kernel_identity = {
    .system = "Linux",
    .node = "crescent",
    .release = "6.1.0-crescent",
    .version = "Crescent, a teaching kernel",
    .machine = "x86_64",
    .domain = "(none)",
};

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
