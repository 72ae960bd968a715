/* What a panic leaves in guest memory for the grader and the debugger; panic() itself is declared in arch/upcall.h. */
#pragma once

#include "base/thread.h"

struct trap_frame;

#define PANIC_MAGIC 0x4352455343454e54ul /* "CRESCENT" */
#define PANIC_FRAMES 32

struct panic_report {
    char message[256];
    s64 tid; /* the thread that ran */
    char thread[THREAD_NAME_MAX];
    u64 cpu;
    u64 time; /* ns */
    u64 nframes;
    u64 frame[PANIC_FRAMES]; /* return addresses, innermost first */
    u64 magic;               /* PANIC_MAGIC, written last: until then there was no panic */
};

extern struct panic_report panic_report;

/* The function that an address lies in, from the table that the build appends; *offset gets the distance from its start. "?" if none. */
const char *symbol_name(u64 address, u64 *offset);
/* Prints addresses as a symbolised backtrace, a line each. */
void backtrace_print(const u64 *rip, unsigned n);
/* Return addresses of a thread: of the running one from here, of another from its saved frame. Returns how many. */
unsigned thread_backtrace(const struct thread *thread, u64 *rip, unsigned max);
/* The same of the code that an exception or interrupt found. The first address is no return address but that of the interrupted
   instruction, plus one: readers look one byte back. */
unsigned interrupted_backtrace(const struct trap_frame *f, const struct thread *t, u64 *rip, unsigned max);
/* A last line about the machine and not about a bug: what is wrong and the way out; then stops. No backtrace. */
_Noreturn void refuse(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* What an exception interrupted, if a panic is about that: its backtrace is told instead of the handler's. */
extern const struct trap_frame *panic_frame;
/* Describes an exception or interrupt that nobody expected, as a panic. Any context. */
_Noreturn void trap_panic(const struct trap_frame *f);
/* Called at the end of a panic, e.g. to list all threads. Set once at start; must not take a lock. */
extern void (*panic_dump)(void);
