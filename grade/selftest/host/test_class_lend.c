/* Priority inheritance across the classes, on one CPU whose time is moved by hand (sched_machine.c): threads of all classes wait for each
   other's mutexes, and give up. Each case looks at what the owners go by, step by step, and prints `fact NAME VALUE`. */
#include "class_cases.h"

#define OWNER host_thread(1)
#define CROWD 6                         /* threads 2 to CROWD sleep until they are asked to wait */

static const struct sched_params fifo_20 = { .policy = SCHED_FIFO, .rt_priority = 20 };
static const struct sched_params fifo_50 = { .policy = SCHED_FIFO, .rt_priority = 50 };
static const struct sched_params fifo_60 = { .policy = SCHED_FIFO, .rt_priority = 60 };
static struct mutex one, two;
static u64 began;                       /* ns: deadlines are told from here on */

static void fact(const char *name, s64 value)
{
    printf("fact %s %ld\n", name, value);
}

static int set(tid_t tid, struct sched_params p)
{
    return thread_set_params(tid, &p);
}

/* What t goes by. */
static void look(const struct thread *t)
{
    const struct sched_params *p = &t->se.params;

    fact("policy", p->policy);
    fact("priority", p->rt_priority);
    fact("due", t->se.dl.lent ? (s64)((t->se.dl.deadline - began) / NS_PER_MS) : 0);
}

/* All are asleep but thread 1, which nobody disturbs: so whoever is given a deadline has it from now on. */
static void begin(void)
{
    host_khz = 1000000;
    class_options.dl_bandwidth = 0;
    machine_start(&eevdf_class, 0);
    mutex_init(&one, "one");
    mutex_init(&two, "two");
    for (tid_t tid = 2; tid <= CROWD; tid++) {
        launch_nice(tid, 0, 0);
        CHECK(machine_run_thread(host_thread(tid), 0));
        machine_block();
    }
    CHECK(machine_run_thread(OWNER, 0));
    began = host_cycles - clock_base;
}

/* t wakes, and does until the wait what mutex_wait() does; the rest of that is gives_up()'s: here a thread that waits does not stand
   still inside. */
static void waits(struct thread *t, struct mutex *m)
{
    machine_wake(t);
    CHECK(current() == t);
    irq_disable();
    spin_lock(&pi_lock);
    CHECK(m->owner && m->owner != t);
    t->blocked_on = m;
    deadline_offer(t);
    priority_lend(t);
    list_push_tail(&m->waiters.waiters, &t->wait_link);
    thread_block(&pi_lock, m->name);
    irq_enable();
}

/* A thread that comes with n ms from now on to go, or with a real-time priority. */
static void waits_until(tid_t tid, u64 n, struct mutex *m)
{
    CHECK(!set(tid, deadline_params(NS_PER_MS, n * NS_PER_MS, 0)));
    waits(host_thread(tid), m);
}

static void waits_at(tid_t tid, u8 priority, struct mutex *m)
{
    CHECK(!set(tid, rt_params(SCHED_FIFO, priority)));
    waits(host_thread(tid), m);
}

/* t does not wait any more: its time was over. */
static void gives_up(struct thread *t)
{
    u64 flags = spin_lock_irq(&pi_lock);
    struct thread *owner = t->blocked_on->owner;

    list_remove(&t->wait_link);
    t->blocked_on = NULL;
    deadline_offers(owner);
    priority_recompute(owner);
    spin_unlock_irq(&pi_lock, flags);
}

/* From here on thread 1 owns it and sleeps: so whoever comes has the CPU. */
static void begin_asleep(void)
{
    begin();
    mutex_lock(&one);
    machine_block();
}

/* --- which deadline, which priority -------------------------------------------------------------------------------------------------- */

/* 2 to 5 have to go by 80, 40, 60 and 100 ms; all wait, and give up, the one with the earliest first. */
static void lend_earliest(void)
{
    static const u64 due[] = { 80, 40, 60, 100 };
    static const tid_t leaves[] = { 3, 4, 2, 5 };

    begin_asleep();
    for (unsigned i = 0; i < array_len(due); i++) {
        waits_until((tid_t)(2 + i), due[i], &one);
        look(OWNER);
    }
    for (unsigned i = 0; i < array_len(leaves); i++) {
        gives_up(host_thread(leaves[i]));
        look(OWNER);
    }
    machine_dump();
}

/* The same with priorities. */
static void lend_highest(void)
{
    static const u8 priority[] = { 30, 70, 50, 10 };
    static const tid_t leaves[] = { 3, 4, 2, 5 };

    begin_asleep();
    for (unsigned i = 0; i < array_len(priority); i++) {
        waits_at((tid_t)(2 + i), priority[i], &one);
        look(OWNER);
    }
    for (unsigned i = 0; i < array_len(leaves); i++) {
        gives_up(host_thread(leaves[i]));
        look(OWNER);
    }
    machine_dump();
}

/* 1 owns one; 2, which owns two, waits for it. What is lent to 2 reaches 1: look at 2, and at 1. */
static void lend_onwards(void)
{
    begin_asleep();
    machine_wake(host_thread(2));
    mutex_lock(&two);
    machine_block();
    waits(host_thread(2), &one);
    for (tid_t tid = 3; tid <= 5; tid++) {
        waits_until(tid, tid == 3 ? 60 : tid == 4 ? 40 : 50, &two);
        look(host_thread(2));
        look(OWNER);
    }
    for (tid_t tid = 4; tid >= 3; tid--) {
        gives_up(host_thread(tid));
        look(host_thread(2));
        look(OWNER);
    }
    machine_dump();
}

/* An owner of two mutexes gives up one after the other. */
static void lend_two(void)
{
    begin();
    mutex_lock(&one);
    mutex_lock(&two);
    waits_until(2, 80, &two);
    waits_until(3, 40, &one);
    look(OWNER);
    preempt_disable();
    mutex_unlock(&one);
    look(OWNER);
    mutex_unlock(&two);
    look(OWNER);
    preempt_enable();
    fact("next", current()->tid);
    machine_dump();
}

/* 2 and then 3 wait; 2 is woken first and takes it, and 3 has less time to go: so it is 2 that holds up 3 now, and 4 may not. */
static void lend_next_owner(void)
{
    begin();
    mutex_lock(&one);
    waits_until(2, 80, &one);
    waits_until(3, 40, &one);
    mutex_unlock(&one);
    CHECK(current()->tid == 2);
    host_thread(2)->blocked_on = NULL; /* as at the end of its wait */
    mutex_lock(&one);
    look(host_thread(2));
    CHECK(!set(4, deadline_params(NS_PER_MS, 60 * NS_PER_MS, 0)));
    machine_wake(host_thread(4));
    fact("next", current()->tid);
    mutex_unlock(&one);
    fact("next", current()->tid);
    machine_dump();
}

/* --- what the owner itself is -------------------------------------------------------------------------------------------------------- */

static bool equal(const struct sched_params *a, const struct sched_params *b)
{
    return a->policy == b->policy && a->rt_priority == b->rt_priority && a->nice == b->nice && a->reset_on_fork == b->reset_on_fork &&
           a->runtime == b->runtime && a->deadline == b->deadline && a->period == b->period;
}

/* One of each kind owns it while a thread of real time waits. */
static void lend_kinds(void)
{
    static const struct sched_params kinds[] = {
        { .policy = SCHED_OTHER, .nice = 7 },     { .policy = SCHED_BATCH, .nice = -7 }, { .policy = SCHED_IDLE, .nice = 3 },
        { .policy = SCHED_FIFO, .rt_priority = 10 }, { .policy = SCHED_RR, .rt_priority = 10 }, { .policy = SCHED_RR, .rt_priority = 60 },
        { .policy = SCHED_OTHER, .reset_on_fork = true },
    };

    begin_asleep();
    for (unsigned i = 0; i < array_len(kinds); i++) {
        CHECK(!set(1, kinds[i]));
        waits_at(2, 50, &one);
        look(OWNER);
        fact("nice", OWNER->se.params.nice);
        fact("reset", OWNER->se.params.reset_on_fork);
        gives_up(host_thread(2));
        CHECK(equal(&OWNER->se.params, &kinds[i]));
        fact("weight", OWNER->se.fair.weight);
        machine_wake(host_thread(2));
        machine_block();
    }
    machine_dump();
}

/* Under SCHED_RR it takes turns with those of the priority that is lent to it, too. */
static void lend_turns(void)
{
    begin();
    mutex_lock(&one);
    CHECK(!set(1, rt_params(SCHED_RR, 10)));
    waits_at(2, 50, &one);
    machine_launch_as(CROWD + 1, &fifo_50);
    machine_run(MS(99));
    fact("next", current()->tid);
    machine_run(MS(2));
    fact("next", current()->tid);
    machine_dump();
}

/* While it is SCHED_OTHER for who waits and a real-time thread is ready, which may not run: its nice value, and what it asks for. */
static void lend_asked_meanwhile(void)
{
    u64 switches;

    begin();
    mutex_lock(&one);
    waits_at(2, 50, &one);
    machine_launch_as(CROWD + 1, &fifo_20);
    switches = this_rq()->nr_switches;
    CHECK(!thread_set_nice(1, 5));
    look(OWNER);
    CHECK(!set(1, rt_params(SCHED_FIFO, 10)));
    look(OWNER);
    CHECK(!set(1, normal_params(0, 0)));
    look(OWNER);
    fact("switches", (s64)(this_rq()->nr_switches - switches));
    mutex_unlock(&one);
    fact("next", current()->tid);
    machine_dump();
}

/* Who waits is given another deadline, a priority, and nothing. */
static void lend_waiter_changes(void)
{
    begin();
    mutex_lock(&one);
    waits_at(3, 50, &one);
    waits_until(2, 80, &one);
    look(OWNER);
    CHECK(!set(3, deadline_params(NS_PER_MS, 40 * NS_PER_MS, 0)));
    look(OWNER);
    CHECK(!set(3, normal_params(0, 0)));
    look(OWNER);
    CHECK(!set(2, rt_params(SCHED_RR, 30)));
    look(OWNER);
    CHECK(!set(2, normal_params(0, 0)));
    look(OWNER);
    machine_dump();
}

/* A normal owner of little thread priority and one of SCHED_IDLE, for whom a normal thread waits. */
static void lend_idle(void)
{
    begin();
    mutex_lock(&one);
    CHECK(!set(1, (struct sched_params){ .policy = SCHED_IDLE, .nice = 7 }));
    fact("no_load", class_no_load(this_rq()));
    waits(host_thread(2), &one);
    look(OWNER);
    fact("no_load", class_no_load(this_rq()));
    fact("weight", OWNER->se.fair.weight);
    gives_up(host_thread(2));
    look(OWNER);
    fact("no_load", class_no_load(this_rq()));
    CHECK(!set(1, normal_params(0, 0)));
    fact("no_load", class_no_load(this_rq()));
    machine_dump();
}

/* An owner (5 ms of 50) that has used up its budget runs on for who waits, and waits for its next period afterwards. */
static void lend_no_budget(void)
{
    begin();
    mutex_lock(&one);
    launch_nice(CROWD + 1, 0, 0);
    CHECK(!set(1, deadline_params(5 * NS_PER_MS, 50 * NS_PER_MS, 0)));
    machine_run(MS(6));
    fact("next", current()->tid);
    waits_until(2, 80, &one);
    look(OWNER);
    fact("next", current()->tid);
    machine_run(MS(20));
    fact("next", current()->tid);
    fact("budget", OWNER->se.dl.budget / 1000);
    gives_up(host_thread(2));
    preempt_point();
    fact("next", current()->tid);
    machine_run(MS(26));
    fact("next", current()->tid);
    machine_dump();
}

/* An owner (5 ms of 50) has run for 0.7 ms since it was charged when somebody waits for it: that is charged, and what it runs from then
   on is not. */
static void lend_charges(void)
{
    u64 before;
    s64 left;

    begin();
    mutex_lock(&one);
    before = ran_ns(OWNER);
    CHECK(!set(1, deadline_params(5 * NS_PER_MS, 50 * NS_PER_MS, 0)));
    machine_run(machine_next_interrupt() - host_cycles + MS(1) * 7 / 10);
    OWNER->se.dl.offer = began + 20 * NS_PER_MS; /* by one on another CPU */
    machine_lend(OWNER, LEVEL_DEADLINE);
    left = OWNER->se.dl.budget;
    fact("free", left - (s64)(5 * NS_PER_MS - (ran_ns(OWNER) - before)));
    machine_run(MS(3));
    fact("cost", left - OWNER->se.dl.budget);
}

/* Asleep and lent to, it asks for another slice: with that it comes back when nobody waits any more. */
static void lend_slice(void)
{
    begin_asleep();
    waits_at(2, 50, &one);
    CHECK(!set(1, normal_params(0, 20 * NS_PER_MS)));
    machine_launch(CROWD + 1, PRIORITY_NORMAL, 0);
    machine_wake(OWNER);
    CHECK(current() == OWNER);
    gives_up(host_thread(2));
    fact("policy", OWNER->se.params.policy);
    fact("request", (s64)(OWNER->se.fair.deadline - OWNER->se.fair.vruntime));
    machine_check();
}

/* 1, which lost the CPU to thread 8, stands before 7, of its priority; what is set then changes nothing for it. */
static void lend_keeps_place(void)
{
    begin();
    CHECK(!set(1, fifo_50));
    machine_launch_as(7, &fifo_50);
    machine_launch_as(8, &fifo_60);
    for (unsigned i = 0; i < 2; i++) {
        CHECK(current() == host_thread(8));
        if (i == 0)
            CHECK(!priority_set_inherited(OWNER, LEVEL_RT + 20));
        else
            CHECK(!thread_set_priority(1, PRIORITY_HIGH));
        machine_block();
        fact("next", current()->tid);
        machine_wake(host_thread(8));
    }
    machine_dump();
}

static const struct host_case cases[] = {
    { "lend_earliest", lend_earliest },
    { "lend_highest", lend_highest },
    { "lend_onwards", lend_onwards },
    { "lend_two", lend_two },
    { "lend_next_owner", lend_next_owner },
    { "lend_kinds", lend_kinds },
    { "lend_turns", lend_turns },
    { "lend_asked_meanwhile", lend_asked_meanwhile },
    { "lend_waiter_changes", lend_waiter_changes },
    { "lend_idle", lend_idle },
    { "lend_no_budget", lend_no_budget },
    { "lend_charges", lend_charges },
    { "lend_slice", lend_slice },
    { "lend_keeps_place", lend_keeps_place },
};
HOST_MAIN(cases)
