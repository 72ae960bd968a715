/* Exceptions and interrupts that nobody expects: said in words that lead to the cause. Interrupts off, on the interrupted stack
   or, for #DF, NMI and #MC, on a stack of their own. */
#include "arch/trap_frame.h"
#include "arch/upcall.h"
#include "base/cpu.h"
#include "base/panic.h"
#include "base/panic_others.h"
#include "base/printk.h"
#include "lib/format.h"
#include "lib/string.h"

/* In the order of their vectors. */
static const char *const exceptions[TRAP_EXCEPTIONS] = {
    "division by zero", "debug", "non-maskable interrupt", "breakpoint", "overflow", "bound range exceeded",
    "invalid instruction", "no floating point unit", "double fault", "coprocessor segment overrun", "invalid TSS",
    "segment not present", "stack segment fault", "general protection fault", "page fault", "reserved",
    "floating point error", "misaligned access", "machine check", "SIMD floating point error",
};

/* The thread whose guard page was hit, or NULL. Only the running thread can run over its own stack. */
static bool hit_guard(u64 address)
{
    const struct thread *t = current();

    return t && address < t->stack.base && address >= t->stack.base - PAGE_SIZE;
}

/* True for the page above the running thread's stack, which is never another stack's: kernel stacks have a guard below them. */
static bool above_stack(u64 address)
{
    const struct thread *t = current();
    u64 top = t ? t->stack.base + t->stack.size : 0;

    return t && address >= top && address < top + PAGE_SIZE;
}

static void print_registers(const struct trap_frame *f)
{
    printk("\n  rip %016lx  rsp %016lx  rflags %08lx  error %lx\n", f->rip, f->rsp, f->rflags, f->error);
    printk("  rax %016lx  rbx %016lx  rcx %016lx  rdx %016lx\n", f->rax, f->rbx, f->rcx, f->rdx);
    printk("  rsi %016lx  rdi %016lx  rbp %016lx  r8  %016lx\n", f->rsi, f->rdi, f->rbp, f->r8);
    printk("  r9  %016lx  r10 %016lx  r11 %016lx  r12 %016lx\n", f->r9, f->r10, f->r11, f->r12);
    printk("  r13 %016lx  r14 %016lx  r15 %016lx\n", f->r13, f->r14, f->r15);
}

static const char *page_fault_rule(u64 address, u64 error)
{
    if (error & PAGE_FAULT_FETCH)
        return address < PAGE_SIZE ? "a jump through a NULL function pointer, or to a return address that is none"
                                   : "a jump to memory that is not code: a wrong return address or function pointer";
    if (address < PAGE_SIZE)
        return "a NULL pointer was followed";
    if (error & PAGE_FAULT_PRESENT)
        return error & PAGE_FAULT_WRITE ? "a write to read-only memory" : "an access that the page does not allow";
    return "nothing is mapped there: a wild or freed pointer";
}

/* What mostly lies behind an exception whose name does not say it. */
static const char *exception_hint(u64 vector, const char *where)
{
    if (vector == TRAP_DOUBLE_FAULT && !strcmp(where, "switch_context"))
        return ": the stack pointer does not point into a stack: either the switch took another one than next_rsp, or its caller handed it "
               "no saved one; it is called as switch_context(&prev->rsp, next->rsp)";
    switch (vector) {
    case TRAP_DEBUG:
        return ": the trap flag is set: rflags were taken from a word that holds something else";
    case TRAP_INVALID_INSTRUCTION:
        return ": execution ran on behind the end of a function, or jumped to where no instruction begins";
    case TRAP_DOUBLE_FAULT:
        return ": mostly a stack pointer that does not point into a stack";
    case TRAP_GENERAL_PROTECTION:
        return ": mostly an address that no pointer can have, followed or jumped to";
    default:
        return "";
    }
}

_Noreturn void trap_panic(const struct trap_frame *f)
{
    const char *name = f->vector < TRAP_EXCEPTIONS && exceptions[f->vector] ? exceptions[f->vector] : "reserved";
    u64 offset, address = fault_address();
    const char *where = symbol_name(f->rip, &offset);
    u64 gs;
    bool lost = arch_cpu_lost(&gs); /* first: nearly all that follows asks this_cpu() */

    panic_stop_here(f);
    panic_claim();
    console_panic_mode();
    panic_frame = f;
    if (lost) {
        print_registers(f);
        panic("exception %lu (%s) in %s+%#lx: GS led to %#lx, and not to this CPU's struct cpu: on a way between a program and the kernel "
              "there is a swapgs too few or too many", f->vector, name, where, offset, gs);
    }
    if ((f->vector == TRAP_DOUBLE_FAULT || f->vector == TRAP_PAGE_FAULT) && hit_guard(address)) {
        const struct thread *t = current();

        print_registers(f);
        panic("kernel stack overflow: thread %d (%s) ran over the end of its %lu-byte stack in %s+%#lx: endless recursion, "
              "or too large a local",
              t->tid, t->name, t->stack.size, where, offset);
    }
    print_registers(f);
    if (f->vector == TRAP_PAGE_FAULT && above_stack(address))
        panic("page fault at %#lx in %s+%#lx: just above the stack of thread %d (%s): more was taken off the stack than was put on it, "
              "or a function returned that nobody had called", address, where, offset, current()->tid, current()->name);
    if (f->vector == TRAP_PAGE_FAULT)
        panic("page fault at %#lx in %s+%#lx: %s", address, where, offset, page_fault_rule(address, f->error));
    if (f->vector >= TRAP_EXCEPTIONS)
        panic("interrupt %lu came, which nothing asked for", f->vector);
    if (!in_kernel_text(f->rip))
        panic("exception %lu (%s) at %#lx, where no code is: a wrong return address or function pointer was jumped to", f->vector, name,
              f->rip);
    panic("exception %lu (%s) in %s+%#lx, error code %#lx%s", f->vector, name, where, offset, f->error, exception_hint(f->vector, where));
}
