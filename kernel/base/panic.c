/* panic(): says which rule was broken, by whom and on which way there, leaves a report in guest memory, and stops the machine. The first
   panic wins; one inside a panic says so and stops. Takes no lock: whoever holds it may be the one that broke. */
#include "base/panic.h"
#include "base/panic_others.h"
#include "arch/trap_frame.h"
#include "arch/upcall.h"
#include "base/assert.h"
#include "base/cpu.h"
#include "base/printk.h"
#include "base/trace.h"
#include "lib/format.h"
#include "lib/string.h"

#define TRACE_TAIL 8

extern char boot_stack[], boot_stack_top[];

struct panic_report panic_report;
void (*panic_dump)(void);
const struct trap_frame *panic_frame;
static bool panicked;

static _Noreturn void stop(void)
{
    machine_exit_hint(EXIT_HINT_PANIC);
    machine_halt();
}

unsigned thread_backtrace(const struct thread *thread, u64 *rip, unsigned max)
{
    u64 lo = thread->stack.base, hi = lo + thread->stack.size;

    if (!max)
        return 0;
    if (!IS_CHECKED) { /* compiled without frame pointers */
        u64 rsp = thread == current() ? stack_pointer() : (u64)thread->rsp;

        return rsp < lo ? 0 : backtrace_scan(rsp, hi, rip, max);
    }
    if (thread == current())
        return backtrace_from(frame_pointer(), lo, hi, rip, max);
    if ((u64)thread->rsp < lo || (u64)thread->rsp + sizeof(u64) * 8 > hi)
        return 0;
    rip[0] = switched_rip(thread->rsp);
    return 1 + backtrace_from(switched_rbp(thread->rsp), lo, hi, rip + 1, max - 1);
}

/* Of the code that an exception interrupted, which may run on another stack than the exception's handler. The first address is no return
   address but the interrupted instruction itself; one is added because readers look one byte back. */
unsigned interrupted_backtrace(const struct trap_frame *f, const struct thread *t, u64 *rip, unsigned max)
{
    u64 lo = t->stack.base, hi = lo + t->stack.size;
    unsigned n;

    rip[0] = f->rip + 1;
    if (IS_CHECKED)
        n = backtrace_from(f->rbp, lo, hi, rip + 1, max - 1);
    else
        n = f->rsp < lo ? 0 : backtrace_scan(f->rsp, hi, rip + 1, max - 1);
    return n + 1;
}

/* Whether the call behind which rip lies is one of the function that inner lies in. */
static bool leads_to(u64 rip, u64 inner)
{
    u64 offset;
    const char *called = symbol_name(called_from(rip), &offset), *lies = symbol_name(inner - 1, &offset);

    while (*called && *called == *lies && *called != '.') {
        called++;
        lies++;
    }
    return (!*called || *called == '.') && (!*lies || *lies == '.'); /* the compiler calls a function's rarer half NAME.cold */
}

void backtrace_print(const u64 *rip, unsigned n)
{
    if (n && !IS_CHECKED)
        printk("  (found on the stack: this kernel has no frame pointers. ? = no call of the line above: stale, or through a pointer)\n");
    for (unsigned i = 0; i < n; i++) {
        u64 offset;
        /* A return address stands behind the call: one byte back is inside the caller for sure. */
        const char *name = symbol_name(rip[i] - 1, &offset);

        if (in_kernel_text(rip[i] - 1))
            printk("  #%-2u %#lx %s+%#lx%s\n", i, rip[i], name, offset + 1,
                   IS_CHECKED || !i || leads_to(rip[i], rip[i - 1]) ? "" : " ?");
        else
            printk("  #%-2u %#lx (not in the kernel's code)\n", i, rip[i] - 1);
    }
    if (!n)
        printk("  (no frames: the stack pointer is outside the thread's stack, as if who runs were set wrongly, or the chain of frame "
               "pointers is broken)\n");
}

static void describe_thread(void)
{
    const struct thread *t = current();

    panic_report.cpu = (u64)this_cpu()->id;
    panic_report.tid = t ? t->tid : -1;
    if (!t) {
        printk("  on CPU %d, before the first thread\n", this_cpu()->id);
        return;
    }
    string_copy(panic_report.thread, t->name, sizeof(panic_report.thread));
    printk("  on CPU %d in thread %d (%s), stack %#lx to %#lx\n", this_cpu()->id, t->tid, t->name, t->stack.base,
           t->stack.base + t->stack.size);
    panic_report.nframes = panic_frame ? interrupted_backtrace(panic_frame, t, panic_report.frame, PANIC_FRAMES)
                                       : thread_backtrace(t, panic_report.frame, PANIC_FRAMES);
    backtrace_print(panic_report.frame, panic_report.nframes);
}

_Noreturn void panic(const char *fmt, ...)
{
    char text[sizeof(panic_report.message)];
    va_list ap;

    irq_disable();
    panic_claim();
    console_panic_mode();
    va_start(ap, fmt);
    format_v(text, sizeof(text), fmt, ap);
    va_end(ap);

    if (panicked) {
        printk("panic inside a panic: %s\n", text);
        stop();
    }
    panicked = true;
    string_copy(panic_report.message, text, sizeof(panic_report.message));
    panic_report.time = clock_ns();

    printk("\nPANIC: %s\n", text);
    describe_thread();
    panic_report.magic = PANIC_MAGIC;
    panic_stop_others();
    if (trace_on && trace_rings[this_cpu()->id].seq) {
        printk("last events on CPU %d:\n", this_cpu()->id);
        trace_print(this_cpu()->id, TRACE_TAIL);
    }
    if (panic_dump)
        panic_dump();
    stop();
}

_Noreturn void refuse(const char *fmt, ...)
{
    char text[512];
    va_list ap;

    irq_disable();
    halt_others();
    console_panic_mode();
    va_start(ap, fmt);
    format_v(text, sizeof(text), fmt, ap);
    va_end(ap);
    printk("crescent: %s\n", text);
    stop();
}
