/* Writing the event trace; format and modes in trace.h. */
#include "base/trace.h"
#include "base/assert.h"
#include "base/printk.h"

enum trace_mode trace_mode;
bool trace_on;
struct trace_ring trace_rings[CONFIG_MAX_CPUS];
u64 trace_stop_at[CONFIG_MAX_CPUS];

static const char *const event_names[TRACE_EVENTS] = {
    "none", "create", "enqueue", "dequeue", "pick", "switch", "exit", "join", "reclaim", "mark",
};

const char *trace_event_name(enum trace_event event)
{
    return event < TRACE_EVENTS ? event_names[event] : "?";
}

void trace_ring_init(int cpu, void *memory, u64 capacity)
{
    trace_rings[cpu] = (struct trace_ring){ .record = memory, .capacity = capacity, .mask = capacity - 1, .cpu = (u64)cpu };
    cpus[cpu].trace = &trace_rings[cpu];
}

void trace_start(enum trace_mode mode)
{
    for (unsigned i = 0; i < CONFIG_MAX_CPUS; i++)
        trace_rings[i].limit = mode == TRACE_ALL ? trace_rings[i].capacity : ~0ul;
    trace_mode = mode;
    trace_on = mode != TRACE_OFF;
}

/* noipa: the compiler must neither inline the call nor notice that it does nothing. */
__attribute__((noipa)) void trace_stop_here(void)
{
}

/* Every record costs the same, and little, or what is traced would be another program: docs/performance.md counts the instructions.
   Whatever is settled before the run lies ready in the ring; the time comes last because reading it takes the registers that the arguments
   came in. */
void trace_write(enum trace_event event, const struct thread *thread, u32 other, u64 a0, u64 a1)
{
    struct trace_ring *ring = (struct trace_ring *)this_cpu_word(offsetof(struct cpu, trace));
    u64 cpu = ring->cpu, seq = ring->seq;
    struct trace_record *r = &ring->record[seq & ring->mask];

    if (unlikely(seq == ring->limit)) {
        ring->dropped++;
        return;
    }
    seq++;
    r->cpu = (u8)cpu;
    r->event = (u8)event;
    r->class = (u8)thread->class_id;
    r->tid = (u32)thread->tid;
    r->other = other;
    r->queued = *(const u32 *)this_cpu_word(offsetof(struct cpu, queue_length));
    r->arg[0] = a0;
    r->arg[1] = a1;
    r->time = clock_ns();
    __atomic_store_n(&r->seq, seq, __ATOMIC_RELEASE); /* from here on the record is complete */
    ring->seq = seq;
    if (unlikely(seq == trace_stop_at[cpu]))
        trace_stop_here();
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
