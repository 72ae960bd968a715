/* Scheduling as programs ask for it: policies, priorities, attributes of threads, processors. For root alone. */
#include "../pthreads/pthreads.h"

#include <sys/resource.h>

static void show_policy(const char *name, pthread_t thread)
{
    struct sched_param param;
    int policy;

    need(pthread_getschedparam(thread, &policy, &param), "pthread_getschedparam");
    printf("%s: policy %d, priority %d\n", name, policy, param.sched_priority);
}

static atomic_int stop, runs;

static void *runs_on(void *unused)
{
    (void)unused;
    runs++;
    while (!stop)
        usleep(1000);
    return NULL;
}

static void policies(void)
{
    static const int all[] = { SCHED_OTHER, SCHED_FIFO, SCHED_RR, SCHED_BATCH, SCHED_IDLE };
    struct sched_param param = { 0 };
    pthread_t thread = start(runs_on, NULL);

    show_policy("at first", thread);
    for (int i = 0; i < 5; i++) {
        param.sched_priority = i == 1 || i == 2 ? 10 : 0;
        show_error("set", pthread_setschedparam(thread, all[i], &param));
        show_policy("is", thread);
        printf("from %d to %d\n", sched_get_priority_min(all[i]), sched_get_priority_max(all[i]));
    }
    param.sched_priority = 100;
    show_error("too much", pthread_setschedparam(thread, SCHED_FIFO, &param));
    param.sched_priority = 0;
    show_error("too little", pthread_setschedparam(thread, SCHED_RR, &param));
    show_error("no such policy", pthread_setschedparam(thread, 77, &param));
    param.sched_priority = 5;
    pthread_setschedparam(thread, SCHED_RR, &param);
    show_error("setschedprio", pthread_setschedprio(thread, 6));
    show_policy("is", thread);
    stop = 1;
    join(thread);
}

static void *tells(void *unused)
{
    (void)unused;
    show_policy("began with", pthread_self());
    return NULL;
}

static void attributes(void)
{
    struct sched_param param = { .sched_priority = 3 };
    pthread_attr_t attributes;
    pthread_t thread;

    pthread_attr_init(&attributes);
    pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
    pthread_attr_setschedpolicy(&attributes, SCHED_FIFO);
    pthread_attr_setschedparam(&attributes, &param);
    need(pthread_create(&thread, &attributes, tells, NULL), "pthread_create");
    join(thread);
    pthread_attr_destroy(&attributes);
    pthread_setschedparam(pthread_self(), SCHED_RR, &param);
    join(start(tells, NULL));
    param.sched_priority = 0;
    pthread_setschedparam(pthread_self(), SCHED_OTHER, &param);
    show_policy("and again", pthread_self());
}

static void processors(void)
{
    cpu_set_t all, one, now;
    int right = 0, last = -1;

    need(sched_getaffinity(0, sizeof(all), &all), "sched_getaffinity");
    show("some", CPU_COUNT(&all) >= 1);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &all))
            continue;
        last = cpu;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        need(pthread_setaffinity_np(pthread_self(), sizeof(one), &one), "pthread_setaffinity_np");
        need(pthread_getaffinity_np(pthread_self(), sizeof(now), &now), "pthread_getaffinity_np");
        right += CPU_EQUAL(&now, &one) && sched_getcpu() == cpu;
    }
    show("on each", right == CPU_COUNT(&all));
    CPU_ZERO(&one);
    show_error("nowhere", pthread_setaffinity_np(pthread_self(), sizeof(one), &one));
    CPU_SET(last + 1, &one);
    CPU_SET(1000, &one);
    CPU_CLR(last + 1, &one);
    show_error("on one that is not there", pthread_setaffinity_np(pthread_self(), sizeof(one), &one));
    show_call("everywhere", sched_setaffinity(0, sizeof(all), &all));
    show("as many as sysconf says", sysconf(_SC_NPROCESSORS_ONLN) == CPU_COUNT(&all));
}

static void processes(void)
{
    struct sched_param param = { .sched_priority = 2 };
    struct timespec slice;

    show_call("setscheduler", (int)syscall(SYS_sched_setscheduler, 0, SCHED_RR, &param));
    show("is", syscall(SYS_sched_getscheduler, 0));
    show_call("interval", sched_rr_get_interval(0, &slice));
    show("of a turn", slice.tv_sec == 0 && slice.tv_nsec == 100000000);
    param.sched_priority = 0;
    syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &param);
    show_call("nice", setpriority(PRIO_PROCESS, 0, 5));
    show("nice is", getpriority(PRIO_PROCESS, 0));
    errno = 0;
    show("by more", nice(3));
    show_call("yield", sched_yield());
}

int main(void)
{
    policies();
    attributes();
    processors();
    processes();
    return 0;
}
