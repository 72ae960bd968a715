/* timer_create() and its like: how a timer tells, how often it rang, what it was set to; whose it is; what is refused. */

#include "show.h"

#include <sys/syscall.h>
#include <time.h>

enum { SIGEV_SIGNAL, SIGEV_NONE, SIGEV_THREAD, SIGEV_THREAD_ID = 4 };

struct event {
    long value;
    int signal, how, thread, padding[11];
};

struct setting {
    struct timespec interval, left;
};

/* The structure that comes with a signal, as a timer has it. */
struct told {
    int signal, error, code, padding, id, overrun;
    long value;
    char room[128 - 32];
};

static const struct setting soon = { { 0, 0 }, { 0, 2000000 } }, never;

static int make(int clock, const struct event *event)
{
    int id = -1;
    return syscall(SYS_timer_create, clock, event, &id) < 0 ? -1 : id;
}

static long set(int id, int flags, const struct setting *setting)
{
    return syscall(SYS_timer_settime, id, flags, setting, NULL);
}

/* Waits for a signal of the set at most so long: its number, 0: none came. */
static int hear(sigset_t set, long ms, struct told *told)
{
    struct timespec limit = { ms / 1000, ms % 1000 * 1000000 };
    memset(told, 0, sizeof(*told));
    long number = syscall(SYS_rt_sigtimedwait, &set, told, &limit, sizeof(set));
    return number < 0 ? 0 : (int)number;
}

static void wait_ms(long ms)
{
    struct timespec time = { ms / 1000, ms % 1000 * 1000000 };
    while (nanosleep(&time, &time) < 0)
        ;
}

static sigset_t block(int number)
{
    sigset_t set = 1ul << (number - 1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return set;
}

static void once(void)
{
    struct told told;
    sigset_t of_alarm = block(SIGALRM), of_40 = block(40);
    int first = make(CLOCK_MONOTONIC, NULL), second = make(CLOCK_REALTIME, &(struct event){ 77, 40, SIGEV_SIGNAL, 0, { 0 } });
    show("ids", second - first);
    show_call("set", set(first, 0, &soon));
    show("heard", hear(of_alarm, 5000, &told));
    show_true("by a timer", told.code == SI_TIMER && told.id == first && told.value == first && !told.overrun);
    show("once", hear(of_alarm, 10, &told));
    set(second, 0, &soon);
    show("heard", hear(of_40, 5000, &told));
    show_true("with a value", told.code == SI_TIMER && told.id == second && told.value == 77);
    show_call("delete", syscall(SYS_timer_delete, first));
    show_call("twice", syscall(SYS_timer_delete, first));
    show_call("set what is gone", set(first, 0, &soon));
    show_call("ask what is gone", syscall(SYS_timer_gettime, first, &told));
    show_call("overruns of what is gone", syscall(SYS_timer_getoverrun, first));
    set(second, 0, &(struct setting){ { 0, 0 }, { 0, 30000000 } });
    syscall(SYS_timer_delete, second);
    show("what was deleted does not ring", hear(of_40, 50, &told));
}

/* By a time of a clock; one that is over rings at once. */
static void at_a_time(void)
{
    static const int clocks[] = { CLOCK_REALTIME, CLOCK_MONOTONIC };
    sigset_t of_40 = block(40);
    for (int i = 0; i < 2; i++) {
        int id = make(clocks[i], &(struct event){ 1, 40, SIGEV_SIGNAL, 0, { 0 } });
        struct setting setting = { { 0, 0 }, { 0, 0 } };
        struct timespec now;
        struct told told;
        clock_gettime(clocks[i], &setting.left);
        set(id, TIMER_ABSTIME, &setting);
        show("over", hear(of_40, 5000, &told));
        clock_gettime(clocks[i], &setting.left);
        setting.left.tv_sec++;
        set(id, TIMER_ABSTIME, &setting);
        show("in a second", hear(of_40, 5000, &told));
        clock_gettime(clocks[i], &now);
        now.tv_sec -= setting.left.tv_sec;
        show_true("not before", now.tv_sec > 0 || (!now.tv_sec && now.tv_nsec >= setting.left.tv_nsec));
        syscall(SYS_timer_delete, id);
    }
}

static void again_and_again(void)
{
    struct told told;
    struct setting was;
    sigset_t of_40 = block(40);
    int id = make(CLOCK_MONOTONIC, &(struct event){ 1, 40, SIGEV_SIGNAL, 0, { 0 } });
    set(id, 0, &(struct setting){ { 0, 10000000 }, { 0, 10000000 } });
    for (int i = 0; i < 3; i++)
        show("again", hear(of_40, 5000, &told));
    wait_ms(105);
    show("while nobody listened", hear(of_40, 0, &told));
    show_true("how often else", told.overrun >= 8 && told.overrun < 1000);
    show_true("asked", syscall(SYS_timer_getoverrun, id) == told.overrun);
    wait_ms(40);
    show_call("what is waiting is one", syscall(SYS_timer_settime, id, 0, &never, &was));
    show_true("was set", was.interval.tv_nsec == 10000000 && was.left.tv_nsec > 0 && was.left.tv_nsec <= 10000000);
    hear(of_40, 0, &told); /* perhaps: Linux has done both */
    show("no more", hear(of_40, 40, &told));
    syscall(SYS_timer_gettime, id, &was);
    show_true("not set", !was.interval.tv_sec && !was.interval.tv_nsec && !was.left.tv_sec && !was.left.tv_nsec);
    set(id, 0, &(struct setting){ { 3, 5 }, { 100, 0 } });
    syscall(SYS_timer_gettime, id, &was);
    show_true("set for long", was.interval.tv_sec == 3 && was.interval.tv_nsec == 5 && was.left.tv_sec >= 98 && was.left.tv_sec <= 100);
    set(id, 0, &(struct setting){ { 1l << 33, 5 }, { 1l << 34, 0 } });
    syscall(SYS_timer_gettime, id, &was);
    show_true("for centuries", was.interval.tv_sec == 1l << 33 && was.interval.tv_nsec == 5 && was.left.tv_sec > 1l << 33);
    set(id, 0, &(struct setting){ { 1l << 62, 5 }, { 1l << 62, 0 } });
    syscall(SYS_timer_gettime, id, &was);
    show("as long as can be", was.interval.tv_sec);
    show("and", was.interval.tv_nsec);
    show("it does not ring", hear(of_40, 1, &told));
    set(id, 0, &(struct setting){ { 0, 1 }, { 0, 1 } }); /* as often as can be */
    wait_ms(20);
    show("a storm", hear(of_40, 0, &told));
    show_true("is one signal", told.overrun > 1000);
    show("until it is over", set(id, 0, &never));
    syscall(SYS_timer_delete, id);
    hear(of_40, 0, &told);
}

static volatile sig_atomic_t rang;

static void counts(int number)
{
    (void)number;
    rang++;
}

static void handled(void)
{
    int id;
    sigset_t of_alarm = block(SIGALRM);
    signal(SIGALRM, counts);
    sigprocmask(SIG_UNBLOCK, &of_alarm, NULL);
    id = make(CLOCK_MONOTONIC, NULL);
    set(id, 0, &(struct setting){ { 0, 2000000 }, { 0, 2000000 } });
    while (rang < 5)
        pause();
    signal(SIGALRM, SIG_IGN);
    wait_ms(10);
    rang = 0;
    signal(SIGALRM, counts);
    while (rang < 5)
        pause();
    show_true("rings on after it was ignored", 1);
    show_call("delete", syscall(SYS_timer_delete, id));
    signal(SIGALRM, SIG_DFL);
}

/* Two timers and kill(), the same signal, which is one that is kept once. */
static void three_senders(void)
{
    struct told told;
    sigset_t of_usr1 = block(SIGUSR1);
    int from[2] = { 0 }, sent = 0;
    int a = make(CLOCK_MONOTONIC, &(struct event){ 5, SIGUSR1, SIGEV_SIGNAL, 0, { 0 } });
    int b = make(CLOCK_MONOTONIC, &(struct event){ 6, SIGUSR1, SIGEV_SIGNAL, 0, { 0 } });
    kill(getpid(), SIGUSR1);
    set(a, 0, &soon);
    set(b, 0, &soon);
    wait_ms(20);
    for (int i = 0; i < 3; i++) {
        show("heard", hear(of_usr1, 0, &told));
        if (told.code == SI_TIMER)
            from[told.value == 6]++;
        sent += told.code == SI_USER;
    }
    show("no fourth", hear(of_usr1, 0, &told));
    show_true("each of them once", from[0] == 1 && from[1] == 1 && sent == 1);
    syscall(SYS_timer_delete, a);
    syscall(SYS_timer_delete, b);
}

static void without_a_signal(void)
{
    struct setting now;
    int id = make(CLOCK_MONOTONIC, &(struct event){ 0, 0, SIGEV_NONE, 0, { 0 } });
    set(id, 0, &(struct setting){ { 0, 0 }, { 50, 0 } });
    syscall(SYS_timer_gettime, id, &now);
    show_true("goes on", now.left.tv_sec >= 48 && now.left.tv_sec <= 50);
    set(id, 0, &soon);
    wait_ms(10);
    syscall(SYS_timer_gettime, id, &now);
    show_true("is over", !now.left.tv_sec && !now.left.tv_nsec);
    syscall(SYS_timer_delete, id);
}

static void for_a_thread(void)
{
    struct told told;
    sigset_t of_40 = block(40);
    int id = make(CLOCK_MONOTONIC, &(struct event){ 9, 40, SIGEV_THREAD_ID, gettid(), { 0 } });
    set(id, 0, &soon);
    show("heard", hear(of_40, 5000, &told));
    show("value", told.value);
    show_call("another process's", make(CLOCK_MONOTONIC, &(struct event){ 9, 40, SIGEV_THREAD_ID, getppid(), { 0 } }));
    syscall(SYS_timer_delete, id);
}

static void whose(const char *me)
{
    struct told told;
    struct setting now;
    sigset_t of_40 = block(40);
    int id = make(CLOCK_MONOTONIC, &(struct event){ 1, 40, SIGEV_SIGNAL, 0, { 0 } });
    set(id, 0, &soon);
    pid_t pid = split();
    if (pid == 0) {
        show_call("a child has none", syscall(SYS_timer_gettime, id, &now));
        show("and hears none", hear(of_40, 20, &told));
        done(0);
    }
    wait_for(pid);
    show("the parent does", hear(of_40, 5000, &told));
    pid = split();
    if (pid == 0) {
        id = make(CLOCK_MONOTONIC, &(struct event){ 1, 40, SIGEV_SIGNAL, 0, { 0 } });
        set(id, 0, &(struct setting){ { 0, 3000000 }, { 0, 1 } });
        wait_ms(5); /* a signal is pending */
        execv(me, (char *[]){ (char *)me, "after", NULL });
        _exit(1);
    }
    show_status("another program", wait_for(pid));
}

static void after_exec(void)
{
    struct told told;
    struct setting now;
    show_call("has no timer", syscall(SYS_timer_gettime, 0, &now));
    show("hears none", hear(1ul << 39, 20, &told));
}

static void refused(void)
{
    static const struct setting bad[] = { { { 0, 0 }, { -1, 0 } }, { { 0, 0 }, { 0, -1 } }, { { 0, 0 }, { 0, 1000000000 } },
                                          { { 0, -1 }, { 1, 0 } }, { { -1, 0 }, { 1, 0 } } };
    int id;
    show_call("no clock", make(99, NULL));
    show_call("a clock without timers", make(4, NULL));
    show_call("signal 0", make(CLOCK_MONOTONIC, &(struct event){ 0, 0, SIGEV_SIGNAL, 0, { 0 } }));
    show_call("signal 65", make(CLOCK_MONOTONIC, &(struct event){ 0, 65, SIGEV_THREAD, 0, { 0 } }));
    show_call("no such way", make(CLOCK_MONOTONIC, &(struct event){ 0, 40, 3, 0, { 0 } }));
    show_call("none, and signal 99", make(CLOCK_MONOTONIC, &(struct event){ 0, 99, SIGEV_NONE, 0, { 0 } }) < 0);
    show_call("the clock is looked at first", make(99, &(struct event){ 0, 0, 77, 0, { 0 } }));
    show_call("where the event is, before", syscall(SYS_timer_create, 99, 1, &id));
    show_call("where the id goes", syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, 1));
    id = make(CLOCK_MONOTONIC, NULL);
    for (int i = 0; i < 5; i++)
        show_call("no time", set(id, 0, &bad[i]));
    show_call("no time at all", set(id, 0, NULL));
    show_call("no time, before the timer", set(12345, 0, &bad[0]));
    show_call("no timer", set(12345, 0, &soon));
    show_call("no address", syscall(SYS_timer_settime, id, 0, 1, NULL));
    show_call("other flags", set(id, 0x40, &never));
    show_call("nowhere to tell", syscall(SYS_timer_settime, id, 0, &never, 1));
    show_call("nowhere to tell, no timer", syscall(SYS_timer_gettime, 12345, 1));
    show_call("nowhere to tell", syscall(SYS_timer_gettime, id, 1));
    setrlimit(RLIMIT_SIGPENDING, &(struct rlimit){ 0, 0 });
    show_call("too many", make(CLOCK_MONOTONIC, NULL));
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        after_exec();
        return 0;
    }
    begin();
    once();
    at_a_time();
    again_and_again();
    handled();
    three_senders();
    without_a_signal();
    for_a_thread();
    whose(argv[0]);
    refused();
    return 0;
}
