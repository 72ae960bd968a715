/* Tests inside the kernel, one boot each (`ktest=NAME`). A ktest drives the kernel and leaves facts in guest memory; it never
   judges: what a fact has to be is written in the grader, outside the guest's reach. Every ktest cleans up after itself and
   returns 0, or -ENOMEM where an allocation failed: `failalloc=` makes each of them fail in turn. */
#pragma once

#include "lib/types.h"

#define KTEST_FACTS_MAX 4096
#define KTEST_MAGIC 0x4352455343454e54ul /* "CRESCENT" */

/* What a fact says; the grader reads the names from the debug information. Each ktest documents its a and b. */
enum fact_key {
    FACT_NONE,
#define FACT(name) FACT_##name,
#include "ktest/facts.def"
#undef FACT
};

struct ktest_fact {
    u64 seq;  /* 1, 2, 3, ... */
    u64 time; /* ns */
    u64 key;  /* enum fact_key */
    u64 a;
    u64 b;
};

/* The grader's view of a run. Each field is written before `done`, which is written last: a run without `done` is a hang or a crash. */
struct ktest_report {
    u64 magic;
    u64 nonce;   /* the run's, from the boot option: a report of another run is none */
    u64 count;   /* facts written */
    u64 dropped; /* facts that found no room */
    s64 result;  /* what the ktest returned */
    u64 frames_before, frames_after;   /* free frames around the ktest */
    u64 objects_before, objects_after; /* heap objects in use around it */
    u64 allocations; /* asked for by the ktest (failalloc's numbering) */
    u64 done_time;   /* ns */
    u64 done;        /* KTEST_MAGIC when the run is complete */
    struct ktest_fact fact[KTEST_FACTS_MAX];
};

struct ktest {
    const char *name;
    const char *about; /* one line */
    int (*run)(void);
};

#define KTEST(test, text)                                                                        \
    static int ktest_##test(void);                                                               \
    static const struct ktest ktest_entry_##test                                                 \
        __attribute__((used, section(".ktests"), aligned(8))) = { #test, text, ktest_##test }; \
    static int ktest_##test(void)

extern struct ktest_report ktest_report;

/* Leaves a fact in the report. */
void fact(enum fact_key key, u64 a, u64 b);
/* Runs the named ktest, completes the report, powers off. Never returns. */
_Noreturn void ktest_run(const char *name);
/* Completes the report and powers off: for a test that ends otherwise than by returning. */
_Noreturn void ktest_done(void);
void ktest_list(void);
