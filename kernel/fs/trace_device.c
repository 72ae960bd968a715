/* /dev/trace: the last scheduling events of all CPUs as lines of text, in the order of their times. A file's position is a time: what comes
   next did not happen before. No lock: a record that is overwritten while it is read is shown as it is, and of two CPUs' events in the same
   nanosecond one. */
#include "base/cpu.h"
#include "base/trace.h"
#include "fs/node.h"
#include "lib/errno.h"
#include "lib/format.h"

#define LINE 160 /* bytes that a line has at the most */

static int line_of(char *to, const struct trace_record *r)
{
    return format(to, LINE, "%lu %lu ns cpu %u %s thread %u %u queued %u %#lx %#lx\n", r->seq, r->time, r->cpu, trace_event_name(r->event),
                  r->tid, r->other, r->queued, r->arg[0], r->arg[1]);
}

/* The number of a ring's first event that is still there and not before `time`. Behind its end: there is none. */
static u64 first_from(const struct trace_ring *ring, u64 time)
{
    u64 end = ring->seq, from = end > ring->capacity ? end - ring->capacity : 0;

    while (from < end) {
        u64 middle = from + (end - from) / 2;

        if (ring->record[middle & ring->mask].time < time)
            from = middle + 1;
        else
            end = middle;
    }
    return from;
}

/* The first event of all CPUs from `time` on, before `until`. Returns false if there is none. */
static bool next_event(u64 time, u64 until, struct trace_record *first)
{
    *first = (struct trace_record){ .time = until };
    for (unsigned cpu = 0; cpu < CONFIG_MAX_CPUS; cpu++) {
        const struct trace_ring *ring = &trace_rings[cpu];
        u64 seq = first_from(ring, time);

        if (seq < ring->seq && ring->record[seq & ring->mask].time < first->time)
            *first = ring->record[seq & ring->mask];
    }
    return first->time < until;
}

static s64 trace_read(struct file *file, struct io *io)
{
    u64 now = clock_ns();
    size_t n = io->left;
    struct trace_record event;
    char text[LINE];

    while (next_event(file->offset, now, &event)) {
        int length = line_of(text, &event);

        if ((size_t)length > io->left)
            return n == io->left ? -EINVAL : (s64)(n - io->left);
        if (io_put(io, text, (size_t)length))
            return n == io->left ? -EFAULT : (s64)(n - io->left);
        file->offset = event.time + 1;
    }
    return (s64)(n - io->left);
}

const struct file_ops trace_device_ops = { .read = trace_read };
