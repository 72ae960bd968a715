/* Writing the event trace; format and modes in trace.h. */
#include "base/trace.h"
#include "base/assert.h"
#include "base/panic_others.h"
#include "base/printk.h"

enum trace_mode trace_mode;
bool trace_on;
struct trace_ring trace_rings[CONFIG_MAX_CPUS];
__attribute__((section(".data"))) u64 trace_stop_at[CONFIG_MAX_CPUS]; /* not in .bss: who looks on writes it into the file */

static const char *const event_names[TRACE_EVENTS] = {
    "none", "create", "enqueue", "dequeue", "pick", "switch", "exit", "join", "reclaim", "block", "wake", "tick", "stop",
    "resume", "priority", "mark", "migrate", "affinity", "params", "policy", "entity", "throttle", "replenish",
    "miss",
};

const char *trace_event_name(enum trace_event event)
{
    return event < TRACE_EVENTS ? event_names[event] : "?";
}

/* The number of the last record that the ring takes. */
static u64 full_at(const struct trace_ring *ring)
{
    return trace_mode == TRACE_ALL ? ring->capacity : ~0ul;
}

static void set_limit(struct trace_ring *ring)
{
    ring->limit = min(full_at(ring), trace_stop_at[ring - trace_rings] - 1);
}

void trace_ring_init(int cpu, void *memory, u64 capacity)
{
    struct trace_ring *ring = &trace_rings[cpu];

    *ring = (struct trace_ring){ .record = memory, .capacity = capacity, .mask = capacity - 1, .cpu = (u64)cpu };
    set_limit(ring);
    cpus[cpu].trace = ring;
}

void trace_start(enum trace_mode mode)
{
    trace_mode = mode;
    for (unsigned i = 0; i < CONFIG_MAX_CPUS; i++)
        set_limit(&trace_rings[i]);
    trace_on = mode != TRACE_OFF;
}

/* noipa: the compiler must neither inline the call nor notice that it does nothing. */
__attribute__((noipa)) void trace_stop_here(void)
{
}

/* trace_write() where the ring's limit is reached: it is full, or a debugger wants to stop behind this record. */
static __attribute__((noinline, cold)) void trace_at_limit(enum trace_event event, const struct thread *thread, u32 other, u64 a0, u64 a1,
                                                           u64 a2, u64 a3)
{
    struct trace_ring *ring = this_cpu()->trace;

    if (ring->seq == full_at(ring)) {
        ring->dropped++;
        return;
    }
    ring->limit = full_at(ring);
    trace_write(event, thread, other, a0, a1, a2, a3);
    halt_others(); /* when a debugger stops this CPU, the others would go on for a while */
    trace_stop_here();
}

/* Every record costs the same, and little, or what is traced would be another program: docs/performance.md counts the instructions.
   Whatever is settled before the run lies ready in the ring; the arguments come first, so that their registers are free for the rest. */
void trace_write(enum trace_event event, const struct thread *thread, u32 other, u64 a0, u64 a1, u64 a2, u64 a3)
{
    struct trace_ring *ring = (struct trace_ring *)this_cpu_word(offsetof(struct cpu, trace));
    u64 seq = ring->seq;
    struct trace_record *r = &ring->record[seq & ring->mask];

    if (unlikely(seq == ring->limit)) {
        trace_at_limit(event, thread, other, a0, a1, a2, a3);
        return;
    }
    r->arg[0] = a0;
    r->arg[1] = a1;
    r->arg[2] = a2;
    r->arg[3] = a3;
    r->event = (u8)event;
    r->other = other;
    r->tid = (u32)thread->tid;
    r->class = (u8)thread->class_id;
    r->cpu = (u8)ring->cpu;
    r->queued = *(const u32 *)this_cpu_word(offsetof(struct cpu, queue_length));
    seq++;
    r->time = clock_ns();
    __atomic_store_n(&r->seq, seq, __ATOMIC_RELEASE); /* from here on the record is complete */
    ring->seq = seq;
}

void trace_print(int cpu, unsigned n)
{
    const struct trace_ring *ring = &trace_rings[cpu];
    u64 oldest = ring->seq > ring->capacity ? ring->seq - ring->capacity : 0;
    u64 from = ring->seq > n ? ring->seq - n : 0;

    for (u64 seq = max(from, oldest); seq < ring->seq; seq++) {
        const struct trace_record *r = &ring->record[seq & (ring->capacity - 1)];

        /* grade/events.py, event_line(), writes the same. */
        printk("  %6lu %12lu ns  cpu %u  %-8s thread %u", r->seq, r->time, r->cpu, trace_event_name(r->event), r->tid);
        if (r->other)
            printk(", %u", r->other);
        printk("  (%u queued)", r->queued);
        if (r->arg[0] || r->arg[1])
            printk("  %#lx %#lx", r->arg[0], r->arg[1]);
        printk("\n");
    }
    if (ring->dropped)
        printk("  and %lu more that found no room\n", ring->dropped);
}
