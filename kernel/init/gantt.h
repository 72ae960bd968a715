/* Gantt charts for the monitor's demonstrations: actors are threads that note themselves what they do, each in a lane of its own, and the
   chart is drawn when all have ended. Nothing is allocated but the threads, and they are given back. */
#pragma once

#include "sched/sched.h"
#include "sched/thread.h"

#define GANTT_LANES 3
#define GANTT_COLUMNS 72

/* What a thread did for a while, and how that is drawn. */
enum doing {
    DOES_NOTHING, /* ' ': it has not arrived yet, or has gone */
    DOES_RUN,     /* the lane's mark */
    DOES_WAIT,    /* '.': it is ready, and others run */
    DOES_SLEEP,   /* '-' */
    DOES_LOCK,    /* 'm': it waits for a lock */
    DOINGS
};

struct lane;

struct actor {
    const char *name;             /* a letter */
    enum thread_priority priority;
    void (*act)(struct lane *me); /* what the thread does */
    u64 work_ns;                  /* for act(), and what a policy is told that the thread will need */
    u64 arrives_ns;               /* for lane_arrive() */
};

/* Written by its thread, read when that has ended. Times in ns. */
struct lane {
    const struct actor *actor;
    char mark;         /* how running is drawn from now on; '#' at first */
    u64 known_until;   /* what the thread did up to here is noted */
    u64 turns;         /* how often it had been put on the CPU then */
    u64 time[DOINGS];
    u64 longest_wait;  /* for the CPU, without having it in between */
    u64 arrived;       /* ... ready for the first time */
    u64 response;      /* from there until it ran first */
    unsigned columns;  /* drawn so far */
    char cell[GANTT_COLUMNS];
};

/* Runs the actors under the policy `class`, all at once, waits until all have ended, puts the policy back that was in force, and draws;
   column_ns is a column's time. Returns 0, or an error (a line says which policy is in the way, or the chart is that of those who
   were there). In the monitor's thread. */
int gantt_play(const struct sched_class *class, const struct actor *actors, unsigned n, u64 column_ns);
/* Lane n of the chart that was drawn last. */
const struct lane *gantt_lane(unsigned n);
/* When the chart began, ns. */
u64 gantt_began(void);
/* A time in ms, with one decimal. For printk("%lu.%lu", GANTT_MS(ns)). */
#define GANTT_MS(ns) ((ns) + 50000) / NS_PER_MS, ((ns) + 50000) % NS_PER_MS / 100000

/* For actors. Each returns when that is done, and has noted it. */

/* The thread has been doing something that may have made it leave the CPU; if it has, it did `pause` until it became ready again. */
void lane_note(struct lane *me, enum doing pause);
/* Uses the CPU for so much of the thread's own time. */
void lane_work(struct lane *me, u64 ns);
void lane_sleep(struct lane *me, u64 ns);
/* Waits for the time at which the actor arrives. */
void lane_arrive(struct lane *me);
