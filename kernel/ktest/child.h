/* For ktests of fork: a child of the process that run_in_space() made. Its program does what the parent orders, step by step, while the
   parent, which is the ktest, looks at both spaces. */
#pragma once

#include "ktest/space.h"
#include "proc/process.h"

#define CHILD_CODE 0x400000ul
#define CHILD_SHARED 0x401000ul /* a page of shared memory, with the orders */
#define CHILD_VALUE 0xc411dul   /* what it writes */

/* Maps the child's program and the shared page. Returns 0 or -ENOMEM. */
int child_prepare(struct address_space *space);
/* Forks. The child has not run when this returns. Returns its id or an error. */
pid_t child_fork(void);
/* Forks a child that exits as soon as it runs. share: it borrows the space, as vfork() has it. Returns what process_fork() returned. */
pid_t child_fork_to_end(bool share);
/* The process of that id, which child_fork() returned; NULL: there is none. */
struct process *child_of(pid_t pid);
/* Has the youngest child write CHILD_VALUE at va, or read there into *value. False if it did not: no answer after many turns. */
bool child_writes(uptr va);
bool child_reads(uptr va, u64 *value);
/* Has all children exit, gives back what they still hold where lab 3.6 does not yet, and takes their status. Returns 0 if each was 7 << 8,
   as the program exits, or -EINVAL; -EAGAIN: one does not come to its end. */
int children_end(void);
/* The parent's view of va: writes there as its program would, by the processor. False: it may not. */
bool parent_writes(uptr va, u64 value);
/* Tells ENTRY and REFS of the page at va: step << 56 | who << 52 | va. */
void tell_page(u64 step, u64 who, const struct address_space *space, uptr va);
