/* What the scheduling classes promise one by one, on one CPU whose time is moved by hand (sched_machine.c); one cycle is one nanosecond.
   Each case measures and prints `fact NAME VALUE`. test_classes.c has the random operations, and the promises that take longer runs. */
#include "class_cases.h"
#include "base/cmdline.h"
#include "sched/deadline.h"

#define CAP_950 (((950ul << DL_BANDWIDTH_SHIFT) + 999) / 1000) /* as `dl_bandwidth=950` */
#define CAP_1000 (1ul << DL_BANDWIDTH_SHIFT)

static void fact(const char *name, s64 value)
{
    printf("fact %s %ld\n", name, value);
}

static void begin(const struct sched_class *class)
{
    host_khz = 1000000;
    machine_start(class, 0);
}

static int set(tid_t tid, struct sched_params p)
{
    return thread_set_params(tid, &p);
}

/* Thread 1 is the boss from here on: nobody else runs until it blocks. */
static void boss(void)
{
    CHECK(!set(1, rt_params(SCHED_FIFO, 99)) && machine_run_thread(host_thread(1), 0));
}

/* --- the order of equals ----------------------------------------------------------------------------------------------------------- */

/* Prints in which order threads 2 to last are picked from here on; each blocks at once. */
static void order(tid_t last)
{
    for (tid_t n = 2; n <= last; n++) {
        fact("next", current()->tid);
        machine_block();
    }
}

static void sleepers(tid_t last)
{
    for (tid_t tid = 2; tid <= last; tid++) {
        launch_nice(tid, 0, 0);
        CHECK(machine_run_thread(host_thread(tid), 0));
        machine_block();
    }
    CHECK(machine_run_thread(host_thread(1), MS(40))); /* the queue's virtual time is far beyond what they had */
}

/* 3 and 2 wake at the same time, then 5, then 4. */
static void wake_them(void)
{
    static const tid_t tids[] = { 3, 2, 5, 4 };

    for (unsigned i = 0; i < array_len(tids); i++) {
        host_cycles += i > 1;
        machine_wake(host_thread(tids[i]));
    }
}

/* New threads, none of whom is owed anything: all have the same request. A change of its place does not make anybody younger. */
static void ties_eevdf(void)
{
    begin(&eevdf_class);
    boss();
    launch_nice(3, 0, 0);
    launch_nice(2, 0, 0);
    host_cycles++;
    launch_nice(5, 0, 0);
    host_cycles++;
    launch_nice(4, 0, 0);
    host_cycles++;
    thread_set_priority(2, PRIORITY_HIGH);
    machine_block();
    order(5);
    machine_dump();
}

/* Thread 1 has just begun a request when another one comes whose first one is as long: who runs loses the tie. */
static void eevdf_tie(void)
{
    const struct fair_entity *e = &host_thread(1)->se.fair;
    u64 deadline;

    begin(&eevdf_class);
    for (deadline = e->deadline; e->deadline == deadline;)
        machine_run(machine_next_interrupt() - host_cycles);
    preempt_disable();
    launch_nice(2, 0, 2 * SCHED_SLICE_NS);
    CHECK(e->deadline == host_thread(2)->se.fair.deadline);
    host_cycles++; /* so that it also became ready before the other one made room */
    preempt_enable();
    fact("next", current()->tid);
    machine_run(MS(2));
    machine_dump();
}

/* Sleepers: all stand half a latency behind the others. */
static void ties_cfs(void)
{
    begin(&cfs_class);
    sleepers(5);
    boss();
    wake_them();
    machine_block();
    order(5);
    machine_dump();
}

/* They have one deadline since they came to the class, which is at the same time, and the other way round. */
static void ties_deadline(void)
{
    begin(&eevdf_class);
    sleepers(5);
    boss();
    wake_them();
    preempt_disable();
    for (tid_t tid = 5; tid >= 2; tid--)
        CHECK(!set(tid, deadline_params(NS_PER_MS, 100 * NS_PER_MS, 0)));
    preempt_enable();
    order(5);
    machine_dump();
}

/* --- real time --------------------------------------------------------------------------------------------------------------------- */

/* 2, 3 and 4 wait at priority 10, 5 at 20, 6 at 5. 5 is lowered to 10: it is first; 6 is raised: it is last. 7 comes and yields. */
static void rt_order(void)
{
    static const u8 priority[] = { 10, 10, 10, 20, 5 };

    begin(&eevdf_class);
    boss();
    for (unsigned i = 0; i < array_len(priority); i++) {
        struct sched_params p = rt_params(i % 2 ? SCHED_FIFO : SCHED_RR, priority[i]);

        machine_launch_as((tid_t)(2 + i), &p);
    }
    CHECK(!set(5, rt_params(SCHED_FIFO, 10)) && !set(6, rt_params(SCHED_RR, 10)));
    machine_block();
    fact("next", current()->tid);
    machine_yield();                           /* 2 3 4 6 5 */
    machine_run(MS(10));
    machine_wake(host_thread(1));              /* 2 makes room for the boss, and stays the first */
    fact("boss", current()->tid);
    machine_block();
    fact("next", current()->tid);
    machine_block();
    fact("next", current()->tid);
    machine_wake(host_thread(2));              /* an equal takes nothing, and goes to the end: 4 6 5 2 */
    fact("stays", current()->tid);
    machine_block();
    for (int i = 0; i < 4; i++) {
        fact("next", current()->tid);
        machine_block();
    }
    CHECK(machine_idle());
    machine_dump();
}

/* 2 waits at priority 10; 3, a deadline thread, and 4, a normal one, come to it: 3 is lowered, 4 is raised. */
static void rt_from_others(void)
{
    struct sched_params fifo = rt_params(SCHED_FIFO, 10);

    begin(&eevdf_class);
    boss();
    machine_launch_as(2, &fifo);
    launch_nice(3, 0, 0);
    launch_nice(4, 0, 0);
    preempt_disable();
    CHECK(!set(3, deadline_params(NS_PER_MS, 100 * NS_PER_MS, 0)));
    CHECK(!set(3, fifo) && !set(4, fifo));
    preempt_enable();
    for (int i = 0; i < 3; i++) {
        machine_block();
        fact("next", current()->tid);
    }
    machine_dump();
}

/* 2, which has lost the CPU, stands before 3; what it is given then leaves it there, but for the last, which lowers it on the way. */
static void rt_keeps_place(void)
{
    static const struct sched_params given[] = {
        { .policy = SCHED_FIFO, .rt_priority = 50 },
        { .policy = SCHED_FIFO, .rt_priority = 50, .reset_on_fork = true },
        { .policy = SCHED_RR, .rt_priority = 50, .reset_on_fork = true },
        { .policy = SCHED_RR, .rt_priority = 50, .nice = 5 },
        { .policy = SCHED_FIFO, .rt_priority = 60 },
        { .policy = SCHED_FIFO, .rt_priority = 50 },
        { .policy = SCHED_RR, .rt_priority = 40 },
        { .policy = SCHED_RR, .rt_priority = 50 },
    };

    begin(&eevdf_class);
    boss();
    machine_launch_as(2, &given[0]);
    machine_launch_as(3, &given[0]);
    for (unsigned i = 0; i < array_len(given); i++) {
        CHECK(!set(2, given[i]));
        if (given[i].rt_priority != 50)
            continue;
        CHECK(host_thread(2)->se.params.policy == given[i].policy && host_thread(2)->se.params.reset_on_fork == given[i].reset_on_fork);
        machine_block();
        fact("next", current()->tid);
        machine_wake(host_thread(1));
    }
    machine_dump();
}

/* 2 runs at priority 10 until the class is throttled, and 3 until it comes to priority 10, too; then 1 does, so that 4 runs. When the class
   is back they run in the order in which they came, and once more when 4 comes while 2, awake again, waits for it to be preemptible. */
static void rt_late(void)
{
    struct sched_params fifo = rt_params(SCHED_FIFO, 10), rr = rt_params(SCHED_RR, 10);

    begin(&eevdf_class);
    class_options.rt_period_ns = NS_PER_SEC;
    class_options.rt_runtime_ns = 950 * NS_PER_MS;
    machine_launch_as(2, &fifo);
    launch_nice(3, 0, 0);
    machine_run(MS(960));
    fact("next", current()->tid);
    CHECK(!set(3, rr));
    fact("next", current()->tid);
    launch_nice(4, 0, 0);
    CHECK(!set(1, fifo));
    fact("next", current()->tid);
    machine_run(MS(50));
    for (int i = 0; i < 3; i++) {
        fact("next", current()->tid);
        machine_block();
    }
    preempt_disable();
    machine_wake(host_thread(2));
    CHECK(!set(4, rr));
    preempt_enable();
    fact("next", current()->tid);
    machine_dump();
}

/* Two RR threads and a FIFO one of the same priority: how long each runs in a turn, us; preempted after 60 ms, the first has 40 left. */
static void rr_turns(void)
{
    struct sched_params rr = rt_params(SCHED_RR, 10), fifo = rt_params(SCHED_FIFO, 10);
    u64 began;

    begin(&eevdf_class);
    boss();
    machine_launch_as(2, &rr);
    machine_launch_as(3, &rr);
    machine_launch_as(4, &fifo);
    machine_block();
    machine_run(MS(60));
    machine_wake(host_thread(1));
    CHECK(current()->tid == 1);
    machine_run(MS(5));
    machine_block();
    for (int i = 0; i < 3; i++) {
        struct thread *t = current();

        began = host_cycles;
        while (t == current() && host_cycles - began < MS(300))
            machine_run(MS(1) / 100);
        fact("next", t->tid);
        fact("turn", (s64)((host_cycles - began) / 1000));
    }
    machine_dump();
}

/* 6 s of 10 s: more ns than 32 bits have. What it has run at 5 and at 10 s, ms. */
static void rt_limit_long(void)
{
    struct sched_params fifo = rt_params(SCHED_FIFO, 10);

    begin(&eevdf_class);
    class_options.rt_period_ns = 10 * NS_PER_SEC;
    class_options.rt_runtime_ns = 6 * NS_PER_SEC;
    machine_launch_as(2, &fifo);
    for (int i = 0; i < 2; i++) {
        machine_run(MS(5000));
        fact("ran", (s64)(ran_ns(host_thread(2)) / NS_PER_MS));
    }
}

/* The end of a turn that it had under RR means nothing any more when it comes back to the class: it stays the first of its list. */
static void rt_comes_back(void)
{
    struct sched_params fifo = rt_params(SCHED_FIFO, 10), high = rt_params(SCHED_FIFO, 20);

    begin(&eevdf_class);
    CHECK(!set(1, rt_params(SCHED_RR, 10)));
    machine_run(MS(101));
    preempt_disable();
    CHECK(!set(1, normal_params(0, 0)) && !set(1, fifo));
    machine_launch_as(2, &fifo);
    fact("next", current()->tid);
    machine_launch_as(3, &high);
    preempt_enable();
    fact("next", current()->tid);
    machine_block();
    fact("next", current()->tid);
    machine_dump();
}

/* --- SCHED_IDLE -------------------------------------------------------------------------------------------------------------------- */

/* Two threads of SCHED_IDLE beside one that runs 1 ms in 3 at nice 19: prints what each has run, the longest that the other waited after
   a wake, and how many of its queue count as no load. In the end it leaves the CPU to them. */
static void idle_class_case(void)
{
    struct sched_params low = { .policy = SCHED_IDLE };
    u64 worst = 0;

    begin(&eevdf_class);
    CHECK(!thread_set_nice(1, 19));
    machine_launch_as(2, &low);
    machine_launch_as(3, &low);
    for (int i = 0; i < 200; i++) {
        u64 wakes;

        CHECK(machine_run_thread(host_thread(1), MS(1)));
        fact("stays", current()->tid);
        wakes = host_cycles + MS(2);
        machine_sleep(2 * NS_PER_MS);
        CHECK(machine_run_thread(host_thread(1), 0));
        worst = max(worst, host_cycles - wakes);
    }
    machine_block();
    machine_run(MS(200));
    fact("latency", (s64)worst);
    fact("no_load", class_no_load(this_rq()));
    for (tid_t tid = 1; tid <= 3; tid++)
        fact("ran", (s64)ran_ns(host_thread(tid)));
    machine_dump();
}

/* --- fair -------------------------------------------------------------------------------------------------------------------------- */

/* A new thread beside one of its kind: the length of its first request and of the next one, and its lag to begin with; us. */
static void half_a_slice(void)
{
    struct fair_entity *e = &host_thread(2)->se.fair;
    u64 deadline;

    begin(&eevdf_class);
    machine_run(MS(10) + 300);
    launch_nice(2, 0, 0);
    fact("lag", lag_of(host_thread(2)));
    fact("first", (s64)(e->deadline - e->vruntime));
    deadline = e->deadline;
    while (e->deadline == deadline)
        CHECK(machine_run_thread(host_thread(2), MS(1) / 2));
    fact("next", (s64)(e->deadline - e->vruntime) > (s64)(2 * NS_PER_MS));
    machine_dump();
}

static s64 magnitude(s64 x)
{
    return x < 0 ? -x : x;
}

/* Threads of all weights and slices sleep and wake at random: by how much the worst lag after a wake is within its clamp; and the worst lag
   of all, ns. */
static void eevdf_clamp(void)
{
    static const u64 slices[] = { 0, 500000, 6000000, 20000000 };
    s64 within = NS_PER_SEC, worst = 0;

    begin(&eevdf_class);
    for (tid_t tid = 2; tid <= 13; tid++)
        launch_nice(tid, (int)(tid * 7 % 40) - 20, slices[tid % array_len(slices)]);
    for (int i = 0; i < 4000; i++) {
        struct thread *t = host_thread((tid_t)(1 + random_below(13)));
        s64 clamp = (s64)max(2 * t->se.fair.slice, class_options.tick_ns);

        machine_run(1 + random_below(MS(1)));
        if (t->state == THREAD_BLOCKED) {
            machine_wake(t);
            within = min(within, clamp - magnitude(lag_of(t)));
        } else if (!machine_idle() && random_below(4) == 0) {
            machine_block();
        }
        for (tid_t tid = 1; tid <= 13; tid++)
            if (host_thread(tid)->se.fair.member)
                worst = max(worst, magnitude(lag_of(host_thread(tid))));
    }
    fact("within", within);
    fact("worst", worst);
    machine_dump();
}

/* Thread 1 runs for 20 ms with interrupts off beside another one, and sleeps: what it owes when it wakes is two requests, no more. */
static void eevdf_late(void)
{
    begin(&eevdf_class);
    launch_nice(2, 0, 0);
    CHECK(machine_run_thread(host_thread(1), 0));
    host_cycles += MS(20);
    machine_block();
    machine_wake(host_thread(1));
    fact("lag", lag_of(host_thread(1)));
    machine_dump();
}

/* 2 sleeps for a second beside a hog: how long it runs without a break when it comes back, ns. */
static void cfs_sleeper(void)
{
    u64 began;

    begin(&cfs_class);
    launch_nice(2, 0, 0);
    CHECK(machine_run_thread(host_thread(2), MS(1)));
    machine_block();
    machine_run(MS(1000));
    began = host_cycles;
    machine_wake(host_thread(2));
    fact("first", current()->tid);
    while (current()->tid == 2 && host_cycles - began < MS(100))
        machine_run(MS(1) / 100);
    fact("turn", (s64)(host_cycles - began));
    machine_dump();
}

/* Three that yield all the time beside a hog, for 2 s. */
static void eevdf_yields(void)
{
    begin(&eevdf_class);
    for (tid_t tid = 2; tid <= 4; tid++)
        launch_nice(tid, 0, 0);
    while (host_cycles < MS(2000)) {
        if (current()->tid < 4)
            machine_yield();
        machine_run(MS(1) / 10);
        machine_check();
    }
    for (tid_t tid = 1; tid <= 4; tid++)
        fact("ran", (s64)ran_ns(host_thread(tid)));
    machine_dump();
}

/* Virtual time begins `shift` later, and wraps soon: who runs when does not change. */
static void wraps(const struct sched_class *class, u64 shift)
{
    struct fair_rq *fair = &run_queues[0].classes.fair;
    struct fair_entity *e = &host_thread(1)->se.fair;

    begin(class);
    fair->zero += shift;
    fair->min_vruntime += shift;
    e->vruntime += shift;
    e->deadline += shift;
    for (tid_t tid = 2; tid <= 7; tid++)
        launch_nice(tid, (int)tid * 3 - 12, 0);
    for (int i = 0; i < 800; i++) {
        machine_run(1 + random_below(MS(1)));
        if (!machine_idle() && random_below(8) == 0)
            machine_sleep(1 + random_below(10 * NS_PER_MS));
        machine_check();
        fact("ran", current()->tid);
    }
}

static void eevdf_early(void)
{
    wraps(&eevdf_class, 0);
}

static void eevdf_wraps(void)
{
    wraps(&eevdf_class, -50 * NS_PER_MS);
}

static void cfs_early(void)
{
    wraps(&cfs_class, 0);
}

static void cfs_wraps(void)
{
    wraps(&cfs_class, -50 * NS_PER_MS);
}

/* A thread of weight 88761 that is not interrupted for 58 days at a time. The sums do not overflow. */
static void eevdf_long(void)
{
    begin(&eevdf_class);
    CHECK(!thread_set_nice(1, -20));
    for (int i = 0; i < 6; i++) {
        host_cycles += 5000000 * NS_PER_SEC;
        machine_run(MS(10));
        machine_check();
        fact("lag", lag_of(host_thread(1)));
    }
}

/* --- deadlines --------------------------------------------------------------------------------------------------------------------- */

#define P_MS 100 /* of a reservation */

/* A deadline thread of n thousandths of a CPU. */
static int reserve(tid_t tid, u64 thousandths)
{
    return set(tid, deadline_params(thousandths * P_MS * NS_PER_MS / 1000, P_MS * NS_PER_MS, 0));
}

static void admission_cap(void)
{
    struct sched_params p;

    class_options.dl_bandwidth = CAP_950;
    begin(&eevdf_class);
    sleepers(5);
    fact("error", reserve(2, 960));            /* -EBUSY */
    fact("error", reserve(2, 900));
    fact("error", reserve(3, 60));             /* -EBUSY */
    fact("error", reserve(3, 40));
    fact("error", reserve(4, 20));             /* -EBUSY */
    fact("error", reserve(2, 920));            /* -EBUSY; and it keeps what it had */
    CHECK(!thread_get_params(2, &p));
    fact("runtime", (s64)p.runtime);
    fact("error", reserve(2, 905));            /* its own part counts once */
    fact("error", reserve(2, 800));
    fact("error", reserve(4, 100));
    fact("error", class_fork_error(host_thread(4)));
    p = deadline_params(P_MS * NS_PER_MS / 10, P_MS * NS_PER_MS, 0); /* what it has, and that its children are not like it */
    p.reset_on_fork = true;
    fact("error", set(4, p));
    fact("error", class_fork_error(host_thread(4)));
    machine_run(MS(1) / 100);                  /* bandwidths are rounded up, so some us after it came it is not ahead */
    CHECK(!set(4, normal_params(0, 0)));       /* it has run nothing, so its part comes back at once */
    fact("error", reserve(3, 140));
    host_thread(5)->cpu_mask = ~1ul;
    fact("error", reserve(5, 1));              /* -EPERM: it may not run on all CPUs */
}

static void admission_numbers(void)
{
    static const struct {
        u64 runtime, deadline, period;
    } wrong[] = { { 1023, 100000, 0 }, { 100001, 100000, 0 }, { 2000, 100001, 100000 }, { 2000, 0, 100000 }, { 2000, 1ul << 40, 0 } },
      right[] = { { 1024, 100000, 0 }, { 100000, 100000, 0 }, { 2000, 100000, 100000 }, { 2000, 50000, 100000 } };

    class_options.dl_bandwidth = 0;
    begin(&eevdf_class);
    for (unsigned i = 0; i < array_len(wrong); i++)
        fact("wrong", set(1, deadline_params(wrong[i].runtime, wrong[i].deadline, wrong[i].period)));
    for (unsigned i = 0; i < array_len(right); i++)
        fact("right", set(1, deadline_params(right[i].runtime, right[i].deadline, right[i].period)));
}

/* Without a limit what is reserved is counted all the same, and given back; and by who is gone at once. */
static void admission_counts(void)
{
    const struct dl_rq *dl = &run_queues[0].classes.dl;

    class_options.dl_bandwidth = 0;
    begin(&eevdf_class);
    sleepers(4);
    CHECK(!reserve(2, 500) && !reserve(3, 750));
    fact("reserved", (s64)dl->bandwidth);
    machine_run(MS(1) / 100);
    CHECK(!set(2, normal_params(0, 0)));
    fact("reserved", (s64)dl->bandwidth);
    machine_wake(host_thread(4));
    CHECK(machine_run_thread(host_thread(4), 0));
    machine_exit();
    fact("error", reserve(4, 250));
    fact("reserved", (s64)dl->bandwidth);
}

/* A deadline thread is on one CPU, whatever mask it is given; that is for later. */
static void partition_mask(void)
{
    struct thread *t = host_thread(1);
    u64 mask = 3;

    class_options.dl_bandwidth = CAP_950;
    begin(&eevdf_class);
    fact("error", class_set_mask(t, &mask));
    fact("mask", (s64)mask);
    CHECK(!reserve(1, 500));
    fact("mask", (s64)t->cpu_mask);
    fact("mask", (s64)class_mask(t));          /* ~0: what was asked for */
    fact("error", class_set_mask(t, &mask));
    fact("mask", (s64)mask);
    fact("mask", (s64)class_mask(t));
    mask = 2;
    fact("error", class_set_mask(t, &mask));   /* -EPERM: CPU 0 is online */
    CHECK(!set(1, normal_params(0, 0)));
    fact("mask", (s64)t->cpu_mask);
}

static void tell_reserved(struct thread *t, int error)
{
    fact("error", error);
    fact("cpu", t->se.dl.cpu);
    for (int cpu = 0; cpu < 2; cpu++) {
        fact("reserved", (s64)(run_queues[cpu].classes.dl.bandwidth * 1000 >> DL_BANDWIDTH_SHIFT));
        fact("returned", (s64)(run_queues[cpu].classes.dl.returned * 1000 >> DL_BANDWIDTH_SHIFT));
    }
}

/* Two CPUs, the second without a scheduler: each has 750 thousandths to reserve. A thread reserves where it is, if there is room, and else
   elsewhere; it gives back what it has reserved elsewhere, before it came there, to whoever reserves there next. */
static void partition_other(void)
{
    struct sched_params half = deadline_params(50000, 100000, 0), more = deadline_params(70000, 100000, 0);
    struct thread *a = host_thread(2), *b = host_thread(3), *c = host_thread(4);

    class_options.dl_bandwidth = 3ul << DL_BANDWIDTH_SHIFT >> 2;
    begin(&eevdf_class);
    sleepers(4);
    spin_init(&run_queues[1].lock, "run queue", RANK_RUN_QUEUE);
    run_queues[1].cpu = 1;
    cpus_online = 3;
    irq_disable();
    a->last_cpu = 1;
    tell_reserved(a, deadline_reserve(a, &half));
    a->last_cpu = 0;
    tell_reserved(b, deadline_reserve(b, &half));
    tell_reserved(c, deadline_reserve(c, &half)); /* -EBUSY */
    a->se.asked = half;
    tell_reserved(a, deadline_reserve(a, &more)); /* -EBUSY: it is on its way */
    a->se.asked = normal_params(0, 0);
    rq_lock(this_rq());
    deadline_unreserve(this_rq(), a);
    deadline_unreserve(this_rq(), a);             /* no more than it had */
    spin_unlock(&this_rq()->lock);
    tell_reserved(a, 0);
    tell_reserved(c, deadline_reserve(c, &more));
    irq_enable();
}

/* LINE: boot options. What they come to. */
static void options(void)
{
    cmdline_init(getenv("LINE") ?: "");
    class_options_init();
    fact("rt", (s64)class_options.rt_period_ns);
    fact("rt", (s64)class_options.rt_runtime_ns);
    fact("deadline", (s64)class_options.dl_bandwidth);
    fact("tick", (s64)class_options.tick_ns);
}

/* What a child has from its maker: policy, and with reset-on-fork only a nice value that is no privilege. */
static void forks(void)
{
    static const struct sched_params makers[] = {
        { .policy = SCHED_OTHER, .nice = -5, .runtime = 1000000 },
        { .policy = SCHED_BATCH, .nice = 7 },
        { .policy = SCHED_RR, .rt_priority = 9, .nice = -3 },
        { .policy = SCHED_IDLE },
        { .policy = SCHED_OTHER, .nice = -5, .reset_on_fork = true },
        { .policy = SCHED_OTHER, .nice = 5, .reset_on_fork = true },
        { .policy = SCHED_FIFO, .rt_priority = 9, .reset_on_fork = true },
        { .policy = SCHED_DEADLINE, .runtime = 2000, .deadline = 4000, .reset_on_fork = true },
    };

    begin(&eevdf_class);
    boss();
    for (unsigned i = 0; i < array_len(makers); i++) {
        const struct thread *t = machine_launch_as((tid_t)(2 + i), &makers[i]);

        fact("child", (s64)class_params_word(&t->se.params));
        fact("slice", (s64)t->se.params.runtime);
        fact("weight", t->se.fair.weight);
    }
    machine_dump();
}

/* One who has it all leaves nothing for the smallest one there is. */
static void admission_rounding(void)
{
    class_options.dl_bandwidth = CAP_1000;
    begin(&eevdf_class);
    sleepers(3);
    fact("error", set(2, deadline_params(NS_PER_MS, NS_PER_MS, 0)));
    fact("error", set(3, deadline_params(1024, 4 * NS_PER_SEC, 0)));
}

/* Thread 1 (5 ms of 10) runs 2 ms and leaves: its share is free at d - 3 / 0.5 = 4 ms from its beginning, and no sooner. */
static void zero_lag(bool by_exit)
{
    class_options.dl_bandwidth = CAP_950;
    begin(&eevdf_class);
    sleepers(2);
    CHECK(!reserve(2, 1) && !set(1, deadline_params(5 * NS_PER_MS, 10 * NS_PER_MS, 0)));
    machine_run(MS(2));
    if (by_exit)
        machine_exit();
    else
        CHECK(!set(1, normal_params(0, 0)));
    fact("error", reserve(2, 500));
    machine_run(MS(2) - 1);
    fact("error", reserve(2, 500));
    machine_run(1);
    fact("error", reserve(2, 500));
    machine_dump();
}

static void zero_lag_exit(void)
{
    zero_lag(true);
}

static void zero_lag_class(void)
{
    zero_lag(false);
}

/* Two leave, whose shares come back at 8 and at 4.25 ms from their beginning: both are there from 8 on. */
static void zero_lag_two(void)
{
    class_options.dl_bandwidth = CAP_950;
    begin(&eevdf_class);
    sleepers(2);
    launch_nice(3, 0, 0);
    CHECK(!reserve(2, 1));
    preempt_disable();
    CHECK(!set(1, deadline_params(4 * NS_PER_MS, 16 * NS_PER_MS, 0)) && !set(3, deadline_params(4 * NS_PER_MS, 17 * NS_PER_MS, 0)));
    preempt_enable();
    machine_run(MS(2));
    CHECK(!set(1, normal_params(0, 0)));       /* 16 - 2 * 4 = 8 */
    machine_run(MS(1));
    CHECK(!set(3, normal_params(0, 0)));       /* 17 - 3 * 17 / 4 = 4.25 */
    machine_run(MS(3));                        /* 6 */
    fact("error", reserve(2, 800));
    machine_run(MS(2) + MS(1) / 100);          /* bandwidths are rounded up, so some us later */
    fact("error", reserve(2, 940));
    machine_dump();
}

/* Thread 1 is a server (Q, D, P); it has run for `ran` and sleeps until `at`, ms from its beginning. Prints its deadline from the
   beginning and its budget, us, when it has woken, and whether it runs. */
static void wakes(u64 runtime, u64 deadline, u64 period, u64 ran, u64 at)
{
    struct dl_entity *e = &host_thread(1)->se.dl;
    u64 entered;

    begin(&eevdf_class);
    machine_run(MS(1) / 2);
    class_options.dl_bandwidth = 0;
    CHECK(!set(1, deadline_params(runtime * NS_PER_MS, deadline * NS_PER_MS, period * NS_PER_MS)));
    entered = host_cycles;
    machine_run(ran * 1000);
    machine_block();
    CHECK(machine_idle());
    machine_run(entered + at * 1000 - host_cycles);
    machine_wake(host_thread(1));
    fact("deadline", (s64)(e->deadline - (entered - clock_base)) / 1000);
    fact("budget", e->budget / 1000);
    fact("runs", !machine_idle());
    machine_run(entered + MS(period) - host_cycles + MS(1) / 10);
    fact("runs", !machine_idle());
    machine_dump();
}

/* Asleep from 0.5 to 6, past d = 4 and before its next period at 10: it waits for that. */
static void dl_wake_1(void)
{
    wakes(2, 4, 10, 500, 6000);
}

/* At 3 it has 1.5 for 1 ms: too much. */
static void dl_wake_2(void)
{
    wakes(2, 4, 4, 500, 3000);
}

static void dl_wake_2_late(void)
{
    wakes(2, 4, 4, 500, 6000);
}

/* At 1 it has 1.5 for 3 ms, which is what it was promised. */
static void dl_wake_3(void)
{
    wakes(2, 4, 4, 500, 1000);
}

/* All of it used up when it fell asleep. */
static void dl_wake_throttled(void)
{
    wakes(2, 4, 10, 2000, 3000);
}

/* Signed products of 64 bits would not do: 2.3 s for 2.38 s. */
static void dl_wake_large(void)
{
    wakes(3900, 4000, 4000, 1600000, 1620000);
}

/* A thread that yields in each period after 1 of its 3 ms of 10 has 1 ms of each, and the next one begins where the last one ended. */
static void dl_yield(void)
{
    u64 entered;

    begin(&eevdf_class);
    class_options.dl_bandwidth = 0;
    CHECK(!set(1, deadline_params(3 * NS_PER_MS, 10 * NS_PER_MS, 0)));
    entered = host_cycles;
    for (int i = 0; i < 20; i++) {
        CHECK(machine_run_thread(host_thread(1), MS(1)));
        machine_yield();
        fact("idle", machine_idle());
        CHECK(machine_run_thread(host_thread(1), 0));
        fact("deadline", (s64)(host_thread(1)->se.dl.deadline - (entered - clock_base)) / 1000);
    }
    machine_dump();
}

/* Whoever runs all the time has Q of each P, to some ns: the timer ends a budget, not the tick. */
static void dl_overrun(void)
{
    begin(&eevdf_class);
    class_options.dl_bandwidth = 0;
    launch_nice(2, 0, 0);
    CHECK(!set(1, deadline_params(2300000, 10 * NS_PER_MS, 0)));
    for (int i = 0; i < 20; i++) {
        machine_run(MS(10));
        fact("ran", (s64)ran_ns(host_thread(1)));
    }
    machine_dump();
}

/* It may not lose the CPU when its budget (2 ms of 10) ends, nor when it comes back: the timer leaves it alone until then, and what it ran
   too much is paid back then. */
static void dl_may_not_go(void)
{
    const struct dl_entity *e = &host_thread(1)->se.dl;

    begin(&eevdf_class);
    class_options.dl_bandwidth = 0;
    CHECK(!set(1, deadline_params(2 * NS_PER_MS, 10 * NS_PER_MS, 0)));
    preempt_disable();
    machine_run(MS(5) + MS(1) / 2);
    fact("throttled", e->throttled);
    fact("soon", machine_next_interrupt() - host_cycles < MS(1) / 4);
    machine_run(MS(4) + MS(3) / 4);
    fact("throttled", e->throttled);
    preempt_enable();
    fact("runs", !machine_idle());
    machine_check();
}

/* Its budget ends where it may not lose the CPU, and what it does next is to yield. */
static void dl_yields_late(void)
{
    begin(&eevdf_class);
    class_options.dl_bandwidth = 0;
    CHECK(!set(1, deadline_params(2 * NS_PER_MS, 10 * NS_PER_MS, 0)));
    preempt_disable();
    machine_run(MS(3));
    irq_disable();
    preempt_enable();
    yield_locked(this_rq_lock());
    irq_enable();
    machine_check();
    fact("runs", !machine_idle());
    machine_run(MS(8));
    machine_check();
    fact("runs", !machine_idle());
    machine_dump();
}

/* 2 (1 ms of 20) sleeps and has no budget. */
static void sleeps_throttled(void)
{
    begin(&eevdf_class);
    class_options.dl_bandwidth = 0;
    sleepers(2);
    CHECK(!set(2, deadline_params(NS_PER_MS, 20 * NS_PER_MS, 0)));
    machine_wake(host_thread(2));
    machine_run(MS(1) - 1);
    host_cycles++; /* before the timer says that its budget has ended */
    CHECK(current()->tid == 2);
    machine_block();
    CHECK(host_thread(2)->se.dl.throttled);
}

/* 1 (2.6 ms of 10) has run for 2.3 ms, and was charged at the last tick, when 2 wakes. What 1 has run in the end, ns. */
static void dl_beside_throttled(void)
{
    u64 before;

    sleeps_throttled();
    machine_run(machine_next_interrupt() - host_cycles);
    CHECK(!set(1, deadline_params(2600000, 10 * NS_PER_MS, 0)));
    before = ran_ns(host_thread(1));
    machine_run(MS(2) + MS(1) * 3 / 10);
    machine_wake(host_thread(2));
    CHECK(current()->tid == 1);
    machine_run(MS(1) / 2);
    fact("ran", (s64)(ran_ns(host_thread(1)) - before));
    machine_dump();
}

/* While 2 sleeps 1 (1 ms of 3) has a budget and gets another one, and sleeps; then 2 wakes, and nobody else does anything: it runs when
   its budget comes back. */
static void dl_wakes_throttled(void)
{
    sleeps_throttled();
    CHECK(!set(1, deadline_params(NS_PER_MS, 3 * NS_PER_MS, 0)));
    machine_run(MS(3) + MS(1) / 2);
    CHECK(current()->tid == 1);
    machine_block();
    machine_run(MS(2));
    machine_wake(host_thread(2));
    fact("idle", machine_idle());
    machine_run(MS(13) + MS(1) / 4);
    fact("idle", machine_idle());
    machine_run(MS(1) / 2);
    fact("next", current()->tid);
    machine_dump();
}

/* Who has no budget leaves the class, and comes back to it as anybody else. */
static void dl_comes_back(void)
{
    begin(&eevdf_class);
    class_options.dl_bandwidth = 0;
    CHECK(!set(1, deadline_params(NS_PER_MS, 20 * NS_PER_MS, 0)));
    machine_run(MS(2));
    fact("idle", machine_idle());
    CHECK(!set(1, normal_params(0, 0)));
    preempt_point();
    fact("next", current()->tid);
    CHECK(!set(1, deadline_params(NS_PER_MS, 20 * NS_PER_MS, 0)));
    fact("next", current()->tid);
    machine_run(MS(1) / 2);
    fact("next", current()->tid);
    fact("throttled", host_thread(1)->se.dl.throttled);
    machine_dump();
}

/* --- another policy of normal threads, while they run --------------------------------------------------------------------------------- */

/* One runs, the others sleep, and one of those goes by what is lent to it; nobody waits. In the new class nobody has anything to go by. */
static void policy_changes(void)
{
    static const struct sched_class *const next[] = { &cfs_class, &rr_class, &eevdf_class };
    struct thread *lent = host_thread(4);

    begin(&eevdf_class);
    sleepers(4);
    machine_lend(lent, LEVEL_RT + 50);
    for (unsigned i = 0; i < array_len(next); i++) {
        irq_disable();
        rq_lock(this_rq());
        sched_set_normal_class(next[i]);
        for (tid_t tid = 1; tid <= 4; tid++)
            class_follow(host_thread(tid));
        spin_unlock(&this_rq()->lock);
        irq_enable();
        machine_run(MS(30));
        machine_check();
        fact("members", this_rq()->classes.fair.nr);
    }
    launch_nice(5, 0, 0);
    machine_run(MS(20));
    machine_wake(lent);
    machine_run(MS(1));
    machine_lend(lent, -1);
    fact("lag", lag_of(lent));
    machine_check();
}

/* A server (2, 4, P) runs for so long with interrupts off, and yields or goes on: its deadline from the beginning and its budget, us, when
   it has some again. */
static void late(u64 period, u64 ran, bool yields)
{
    struct dl_entity *e = &host_thread(1)->se.dl;
    u64 entered;

    begin(&eevdf_class);
    class_options.dl_bandwidth = 0;
    CHECK(!set(1, deadline_params(2 * NS_PER_MS, 4 * NS_PER_MS, period * NS_PER_MS)));
    entered = host_cycles;
    host_cycles += ran * 1000;
    if (yields)
        machine_yield();
    else
        machine_run(1);
    fact("runs", !machine_idle());
    machine_run(entered + MS(10) + 100 - host_cycles);
    fact("deadline", (s64)(e->deadline - entered) / 1000);
    fact("runs", !machine_idle());
    machine_dump();
}

/* Its next period has begun at 4 and the one behind it at 8 ms: four budgets make it whole, at once. */
static void dl_late(void)
{
    late(4, 9500, false);
}

/* What it has run too much is not forgiven: 2 - 6 + 3 * 2. */
static void dl_late_yield(void)
{
    late(10, 6000, true);
}

/* --- the summary of EEVDF's tree ----------------------------------------------------------------------------------------------------- */

#define ENTITIES 10000
#define SMALL 400
#define FEW 8

static struct thread *many;
static struct rq queue;

static u64 least_of(const struct rb_node *node)
{
    const struct fair_entity *e = rb_entry(node, struct fair_entity, node);
    u64 least = e->vruntime;

    for (int right = 0; right < 2; right++) {
        const struct rb_node *child = right ? node->right : node->left;

        if (child && vtime_before(rb_entry(child, struct fair_entity, node)->least, least))
            least = rb_entry(child, struct fair_entity, node)->least;
    }
    return least;
}

/* Whether the summary of each node below is that of its children and itself. Recursion is for tests. */
static void check_summaries(const struct rb_node *node)
{
    if (!node)
        return;
    check_summaries(node->left);
    check_summaries(node->right);
    CHECK(rb_entry(node, struct fair_entity, node)->least == least_of(node));
}

/* The same of a node and all above it, whose left and right summaries are right. */
static void check_above(const struct rb_node *node)
{
    for (; node; node = node->parent)
        CHECK(rb_entry(node, struct fair_entity, node)->least == least_of(node));
}

static void check_first(void)
{
    const struct fair_entity *best = NULL, *first = eevdf_first(&queue);
    u64 vtime = eevdf_vtime(&queue);

    for (unsigned i = 0; i < ENTITIES; i++) {
        const struct fair_entity *e = &many[i].se.fair;

        if (rb_linked(&e->node) && (s64)(e->vruntime - vtime) <= 0 && (!best || eevdf_due_before(e, best)))
            best = e;
    }
    CHECK(first == best && !first == !queue.classes.fair.nr);
}

static void count_in(struct fair_entity *e, bool in)
{
    struct fair_rq *fair = &queue.classes.fair;
    s64 part = (s64)(e->vruntime - fair->zero) * e->weight;

    fair->nr += in ? 1u : -1u;
    fair->weight += in ? e->weight : -(u64)e->weight;
    fair->sum += in ? part : -part;
}

static void insert_one(struct thread *t)
{
    static const u64 spans[] = { 3, 1000, 3 * NS_PER_MS };
    struct fair_entity *e = &t->se.fair;
    u64 span = spans[random_below(array_len(spans))];

    e->weight = fair_weight((int)random_below(40) - 20);
    e->vruntime = queue.classes.fair.zero + random_below(span) - span / 2;
    /* For half of them wherever it may be: else the first of all would never be one that has had too much. */
    e->deadline = (random_below(2) ? e->vruntime : queue.classes.fair.zero - span) + random_below(2 * span);
    t->since = random_below(3);
    count_in(e, true);
    rb_insert(&queue.classes.fair.tree, &e->node, eevdf_before);
    check_above(&e->node);
}

static void erase_one(struct thread *t)
{
    struct fair_entity *e = &t->se.fair;
    const struct rb_node *before = rb_prev(&e->node), *after = rb_next(&e->node);

    count_in(e, false);
    rb_erase(&queue.classes.fair.tree, &e->node);
    check_above(before); /* what changed is above one of its neighbours */
    check_above(after);
}

static void operate(unsigned n, int rounds, unsigned all_every)
{
    for (int round = 0; round < rounds; round++) {
        struct thread *t = &many[random_below(n)];

        rb_linked(&t->se.fair.node) ? erase_one(t) : insert_one(t);
        if (round % (int)all_every == 0) {
            check_summaries(queue.classes.fair.tree.root);
            check_first();
        }
    }
}

/* A small tree with all of it looked at after each operation; then as many as there will ever be. */
static void eevdf_search(void)
{
    many = calloc(ENTITIES, sizeof(*many));
    rb_tree_init(&queue.classes.fair.tree, eevdf_summarize);
    queue.classes.fair.zero = -NS_PER_MS; /* some are beyond the end of the numbers */
    for (unsigned i = 0; i < ENTITIES; i++) {
        many[i].tid = (tid_t)i;
        rb_node_init(&many[i].se.fair.node);
    }
    operate(FEW, 5000, 1);
    operate(SMALL, 2000, 1);
    for (unsigned i = SMALL; i < ENTITIES; i++)
        insert_one(&many[i]);
    operate(ENTITIES, 10000, 200);
    for (unsigned i = ENTITIES; i-- > 0; i % 500 == 0 ? check_first() : (void)0)
        if (rb_linked(&many[i].se.fair.node))
            erase_one(&many[i]);
    CHECK(rb_empty(&queue.classes.fair.tree) && !queue.classes.fair.weight && !queue.classes.fair.sum);
    free(many);
}

static const struct host_case cases[] = {
    { "ties_eevdf", ties_eevdf },
    { "eevdf_tie", eevdf_tie },
    { "ties_cfs", ties_cfs },
    { "ties_deadline", ties_deadline },
    { "rt_order", rt_order },
    { "rt_from_others", rt_from_others },
    { "rt_keeps_place", rt_keeps_place },
    { "rt_late", rt_late },
    { "rr_turns", rr_turns },
    { "rt_limit_long", rt_limit_long },
    { "rt_comes_back", rt_comes_back },
    { "idle_class", idle_class_case },
    { "half_a_slice", half_a_slice },
    { "eevdf_clamp", eevdf_clamp },
    { "eevdf_late", eevdf_late },
    { "cfs_sleeper", cfs_sleeper },
    { "eevdf_yields", eevdf_yields },
    { "eevdf_early", eevdf_early },
    { "eevdf_wraps", eevdf_wraps },
    { "cfs_early", cfs_early },
    { "cfs_wraps", cfs_wraps },
    { "eevdf_long", eevdf_long },
    { "forks", forks },
    { "admission_cap", admission_cap },
    { "admission_numbers", admission_numbers },
    { "admission_rounding", admission_rounding },
    { "admission_counts", admission_counts },
    { "options", options },
    { "partition_mask", partition_mask },
    { "partition_other", partition_other },
    { "zero_lag_exit", zero_lag_exit },
    { "zero_lag_class", zero_lag_class },
    { "zero_lag_two", zero_lag_two },
    { "dl_wake_1", dl_wake_1 },
    { "dl_wake_2", dl_wake_2 },
    { "dl_wake_2_late", dl_wake_2_late },
    { "dl_wake_3", dl_wake_3 },
    { "dl_wake_large", dl_wake_large },
    { "dl_wake_throttled", dl_wake_throttled },
    { "dl_late", dl_late },
    { "dl_late_yield", dl_late_yield },
    { "dl_yield", dl_yield },
    { "dl_overrun", dl_overrun },
    { "dl_may_not_go", dl_may_not_go },
    { "dl_yields_late", dl_yields_late },
    { "dl_beside_throttled", dl_beside_throttled },
    { "dl_wakes_throttled", dl_wakes_throttled },
    { "dl_comes_back", dl_comes_back },
    { "policy_changes", policy_changes },
    { "eevdf_search", eevdf_search },
};
HOST_MAIN(cases)
