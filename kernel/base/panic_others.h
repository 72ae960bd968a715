/* The other CPUs in a panic: the first CPU that panics stops them, and tells what each was doing. No lock. */
#pragma once

#include "arch/trap_frame.h"
#include "base/panic.h"

/* Where another CPU was when it was stopped. */
struct panic_other {
    s64 tid;     /* of the thread that ran there */
    u64 user;    /* 1: in user mode, at frame[0] */
    u64 nframes;
    u64 frame[PANIC_FRAMES]; /* as in struct panic_report */
    u64 stopped; /* PANIC_MAGIC, written last */
};

extern struct panic_other panic_others[]; /* by CPU */

/* This CPU panics. Returns if it is the first one that does; another one waits here for ever to be stopped. Interrupts off. */
void panic_claim(void);
/* Stops all others, waits a while, and prints where each was, or that it did not answer. By the CPU that claimed the panic. */
void panic_stop_others(void);
/* Stops all others, waits a while, and says nothing, for who stops the machine in another way than by a panic. Interrupts off. */
void halt_others(void);
/* Called for every exception that would be a panic: if it is the interrupt by which another CPU stops this one, this one tells where it
   was, and halts. */
void panic_stop_here(const struct trap_frame *f);
