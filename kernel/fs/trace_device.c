/* /dev/trace: the last scheduling events as lines of text, as at the monitor's prompt. A file's position is the next event's number. No
   lock: a record that is overwritten while it is read is shown as it is. */
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

static s64 trace_read(struct file *file, struct io *io)
{
    const struct trace_ring *ring = &trace_rings[this_cpu()->id];
    u64 end = ring->seq, oldest = end > ring->capacity ? end - ring->capacity : 0;
    size_t n = io->left;
    char text[LINE];

    for (u64 seq = max(file->offset, oldest); seq < end; seq++) {
        int length = line_of(text, &ring->record[seq & (ring->capacity - 1)]);

        if ((size_t)length > io->left)
            return n == io->left ? -EINVAL : (s64)(n - io->left);
        if (io_put(io, text, (size_t)length))
            return n == io->left ? -EFAULT : (s64)(n - io->left);
        file->offset = seq + 1;
    }
    return (s64)(n - io->left);
}

const struct file_ops trace_device_ops = { .read = trace_read };
