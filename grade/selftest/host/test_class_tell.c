/* What /proc says of threads and of the CPU (account.c, class_tell.c), on one CPU whose time is moved by hand (sched_machine.c); one cycle
   is one nanosecond, and a time of whole ms is one. Each case prints `fact NAME VALUE` for all that it is told. */
#include "class_cases.h"
#include "sched/account.h"

static void fact(const char *name, s64 value)
{
    printf("fact %s %ld\n", name, value);
}

static void tell_one(void *unused, const char *name, s64 value, enum tell_as as)
{
    (void)unused, (void)as;
    fact(name, value);
}

static void tell(tid_t tid)
{
    thread_tell(host_thread(tid), 0, tell_one, NULL);
}

static void tell_cpu(void)
{
    struct cpu_stats s;

    cpu_stats_get(0, &s);
    fact("yields", (s64)s.yields);
    fact("decisions", (s64)s.decisions);
    fact("idle_turns", (s64)s.idle_turns);
    fact("wakes", (s64)s.wakes);
    fact("wakes_here", (s64)s.wakes_here);
    fact("run", (s64)s.run_ns);
    fact("wait", (s64)s.wait_ns);
    fact("turns", (s64)s.turns);
}

static int set(tid_t tid, struct sched_params p)
{
    return thread_set_params(tid, &p);
}

static void begin(const struct sched_class *class)
{
    host_khz = 1000000;
    class_options.dl_bandwidth = 0;
    machine_start(class, 0);
    host_thread(1)->flags |= THREAD_BOOT_STACK;
}

/* 2 and 3 wait 3 ms for 1, at whose end 3 is taken out and put back; 1 blocks; 2 runs for 2 ms and has to make room for 1, which runs for
   1 ms and yields to nobody; then it blocks, 2 exits, 3 runs for 4 ms and blocks, and nobody is there for 5 ms. */
static void tell_turns(void)
{
    struct sched_params low = rt_params(SCHED_FIFO, 5);

    begin(&eevdf_class);
    CHECK(!set(1, rt_params(SCHED_FIFO, 10)));
    machine_launch_as(2, &low);
    machine_launch_as(3, &low);
    machine_run(MS(3));
    CHECK(!thread_suspend(3) && !thread_resume(3));
    tell_cpu();
    machine_block();
    machine_run(MS(2));
    machine_wake(host_thread(1));
    machine_run(MS(1));
    machine_yield();
    tell(1);
    tell(2);
    machine_block();
    machine_exit();
    tell_cpu();
    machine_run(MS(4));
    machine_block();
    machine_run(MS(5));
    tell(3);
    tell_cpu();
}

/* Two normal threads, of nice 0 and 5, the second with a slice of its own: beside each other, and one asleep. */
static void tell_fair(void)
{
    begin(normal_class);
    machine_run(MS(8));
    launch_nice(2, 5, 7 * NS_PER_MS);
    CHECK(machine_run_thread(host_thread(2), 0));
    machine_run(MS(1));
    tell(2);
    fact("v", (s64)host_thread(2)->se.fair.vruntime);
    fact("d", (s64)host_thread(2)->se.fair.deadline);
    fact("lag", (s64)(eevdf_vtime(this_rq()) - host_thread(2)->se.fair.vruntime));
    CHECK(machine_run_thread(host_thread(2), MS(1)));
    machine_block();
    tell(2);
    fact("lag", host_thread(2)->se.fair.vlag);
}

static void tell_eevdf(void)
{
    normal_class = &eevdf_class;
    tell_fair();
}

static void tell_cfs(void)
{
    normal_class = &cfs_class;
    tell_fair();
}

static void tell_others(void)
{
    static const struct sched_params kinds[] = {
        { .policy = SCHED_IDLE }, { .policy = SCHED_FIFO, .rt_priority = 7 }, { .policy = SCHED_RR, .rt_priority = 9 },
    };

    begin(&eevdf_class);
    for (unsigned i = 0; i < array_len(kinds); i++) {
        CHECK(!set(1, kinds[i]));
        machine_run(MS(10));
        tell(1);
    }
}

/* 3 ms of 20 with a deadline at 10, 2 ms of which it has run; and 3 ms of 20 when they have been used up. */
static void tell_deadline(void)
{
    u64 entered;

    begin(&eevdf_class);
    CHECK(!set(1, deadline_params(3 * NS_PER_MS, 10 * NS_PER_MS, 20 * NS_PER_MS)));
    entered = host_thread(1)->se.dl.deadline;
    machine_run(MS(2) + MS(1) / 2);
    fact("ahead", (s64)(entered - clock_ns()));
    tell(1);
    machine_run(MS(1));
    tell(1);
    CHECK(!set(1, deadline_params(3 * NS_PER_MS, 10 * NS_PER_MS, 0)));
    tell(1);
}

static const struct host_case cases[] = {
    { "tell_turns", tell_turns },
    { "tell_eevdf", tell_eevdf },
    { "tell_cfs", tell_cfs },
    { "tell_others", tell_others },
    { "tell_deadline", tell_deadline },
};
HOST_MAIN(cases)
