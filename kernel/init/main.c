/* The kernel's start: brings up one layer after the other, lowest first, then runs what the boot options ask for. The boot
   stack becomes the first thread's. */
#include "arch/upcall.h"
#include "base/cmdline.h"
#include "base/panic.h"
#include "base/printk.h"
#include "base/trace.h"
#include "init/program.h"
#include "init/rally.h"
#include "init/start.h"
#include "lib/string.h"
#include "mm/frames.h"
#include "mm/kstack.h"
#include "mm/slab.h"
#include "proc/process.h"
#include "sched/thread.h"
#if PHASE >= 2
#include "base/interrupt.h"
#include "fs/device.h"
#include "sched/preempt.h"
#include "sched/timer.h"
#endif
#if PHASE >= 3
#include "arch/platform.h"
#include "fs/context.h"
#include "fs/inode.h"
#include "proc/files.h"
#include "proc/procfs.h"
#include "proc/user_thread.h"
#endif

#define TRACE_LAST_RECORDS 1024
#define TRACE_ALL_RECORDS 131072 /* 8 MiB */

extern char boot_stack[], boot_stack_top[];
extern const struct boot_program programs_start[], programs_end[];

static struct thread main_thread = {
    .name = "main",
    .state = THREAD_RUNNING,
    .state_set = THREAD_RUNNING,
    .flags = THREAD_DETACHED | THREAD_BOOT_STACK,
    .priority = PRIORITY_NORMAL,
    .class_id = SCHED_CLASS_NORMAL,
    .cpu_mask = ~0ul,
};

static void init_main_thread(void)
{
    struct thread *t = &main_thread;

    t->stack.base = (u64)boot_stack;
    t->stack.size = (size_t)(boot_stack_top - boot_stack);
    list_init(&t->run_link);
    list_init(&t->all_link);
    list_init(&t->tid_link);
    list_init(&t->owner_link);
#if PHASE >= 2
    list_init(&t->wait_link);
    list_init(&t->held_mutexes);
    rb_node_init(&t->timer.node);
    t->inherited = -1;
#endif
}

void init_trace_ring(int cpu)
{
    static const enum trace_mode modes[] = { TRACE_LAST, TRACE_OFF, TRACE_ALL }; /* in the order of the option's choices */
    enum trace_mode mode = modes[option_choice("trace")];
    u64 records = option_u64("tracesize");
    const u64 most = (frames_free() - frames_tables()) / 4 * PAGE_SIZE / sizeof(struct trace_record);
    const bool usual = !records;
    paddr_t memory;

    if (mode == TRACE_OFF)
        return;
    if (usual)
        records = mode == TRACE_ALL ? TRACE_ALL_RECORDS : TRACE_LAST_RECORDS;
    while (usual && records > most) /* many CPUs, little memory: something has to be left for the kernel */
        records /= 2;
    if (records & (records - 1))
        refuse("boot option tracesize=%lu: not a power of two", records);
    while ((memory = frames_alloc_contiguous(align_up(records * sizeof(struct trace_record), PAGE_SIZE) / PAGE_SIZE)) == ~0ul && usual &&
           records > TRACE_LAST_RECORDS)
        records /= 2; /* there is as much, and not in one piece */
    if (memory == ~0ul)
        refuse("boot option tracesize=%lu: no room for so many records; start with more memory (-m)", records);
    trace_ring_init(cpu, phys_to_virt(memory), records);
    if (!cpu)
        trace_start(mode);
}

static void init_policy(void)
{
    class_options_init();
    sched_set_normal_class(sched_policies[option_choice("sched")]);
}

static void init_memory(const struct boot_info *boot)
{
    if (!boot->nranges)
        refuse("the boot loader gave no memory map (Multiboot flag 6)");
    frames_init(boot);
    mmu_init(boot);
    frames_add_high(boot);
    slab_init();
    kstack_init();
#if PHASE >= 3
    aspace_init();
    user_threads_init();
    signals_init();
#endif
}

#if PHASE >= 2
/* The tick, and the devices that people type at. */
static void init_interrupts(void)
{
    quantum_set(option_u64("quantum"), (unsigned)option_u64("hz"));
    preempt_set_kernel(option_choice("kpreempt") == 0);
    timers_init((unsigned)option_u64("hz"));
    interrupt_register(VECTOR_KEYBOARD, console_interrupt);
    interrupt_register(VECTOR_SERIAL, console_interrupt);
    device_interrupts_init();
}
#endif

/* A boot module of this name is typed at the console before anybody else is heard: how a test talks to the monitor. */
static void play_input(const struct boot_info *boot)
{
    for (unsigned i = 0; i < boot->nmodules; i++) {
        const struct boot_module *m = &boot->module[i];

        if (!strcmp(m->name, "input"))
            console_play(phys_to_virt(m->start), m->end - m->start);
    }
}

/* Two CPUs may find it out at the same time. */
static void all_exited(void)
{
    static bool said; /* [a] */

    if (__atomic_exchange_n(&said, true, __ATOMIC_RELAXED))
        machine_halt();
    printk("every thread has exited: nothing is left to run\n");
    machine_poweroff();
}

_Noreturn void kmain(const struct boot_info *boot)
{
    init_main_thread();
    cpu_init(0, &main_thread);
    cpu_set_online();
    console_init();
    clock_init();
    cmdline_init(boot->cmdline);
    init_memory(boot);
    if (option_u64("watchdog"))
        machine_watchdog((unsigned)option_u64("watchdog"));
    init_policy();
    main_thread.class = normal_class;
    main_thread.created_at = clock_ns();
    main_thread.cpu_cycles = -cycles();
    scheduler_init();
    threads_init(&main_thread);
    init_trace_ring(0);
    sched_all_exited = all_exited;
    processes_init(&main_thread);
    play_input(boot);
#if PHASE >= 2
    init_interrupts();
#endif
    irq_enable();
#if PHASE >= 3
    fs_epoch_ns = rtc_seconds() * NS_PER_SEC - clock_ns();
    fs_init();
    process_files_init();
    procfs_init();
#endif
    smp_rally();

    for (const struct boot_program *p = programs_start; p < programs_end; p++)
        if (p->wanted(boot))
            p->run(boot);
    panic("init: no program wants to run, or one has returned");
}
