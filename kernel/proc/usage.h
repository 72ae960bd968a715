/* What processes have used. Lock: processes_lock. */
#pragma once

#include "lib/types.h"

struct process;
struct thread;

struct usage {
    u64 cpu_ns;
    u64 waits, ousted; /* times that a thread left its CPU: to wait, and though it could have gone on */
    u64 max_pages; /* most pages that it was seen to have */
};

/* One thread's, but for pages, which it has none of its own. processes_lock held. */
struct usage thread_usage_locked(const struct thread *t);
/* A process's own, up to now, without its children. processes_lock held. */
struct usage process_usage_locked(const struct process *p);
/* With that of the children that it has waited for. */
struct usage usage_with_children_locked(const struct process *p);
/* t leaves its process's list of threads: what it has used counts for the process. processes_lock held. */
void usage_thread_leaves_locked(const struct thread *t);
/* A child was waited for: what it and its own children used counts for its parent, and is what the running thread is told.
   processes_lock held. */
void usage_child_goes_locked(const struct process *child);

/* As getrusage() and wait4() hand it over. */
struct rusage {
    s64 user_sec, user_usec, system_sec, system_usec;
    s64 max_kib;
    s64 unused[11];
    s64 voluntary_switches, involuntary_switches;
};

_Static_assert(sizeof(struct rusage) == 144, "the layout of the ABI");

void usage_to_user(struct rusage *to, const struct usage *usage);
