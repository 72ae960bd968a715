/* Time: clocks, sleeping, dates, and timers of every kind. */
#include "../pthreads/pthreads.h"

#include <locale.h>

static long ms_between(const struct timespec *a, const struct timespec *b)
{
    return (b->tv_sec - a->tv_sec) * 1000 + (b->tv_nsec - a->tv_nsec) / 1000000;
}

static void clocks(void)
{
    static const clockid_t all[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_BOOTTIME, CLOCK_PROCESS_CPUTIME_ID,
                                     CLOCK_THREAD_CPUTIME_ID, CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE };
    struct timespec before, after, time = { 0, 20000000 };
    struct timeval tv;
    long backwards = 0;

    for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        need(clock_gettime(all[i], &before), "clock_gettime");
        for (int k = 0; k < 100; k++) {
            clock_gettime(all[i], &after);
            backwards += after.tv_sec < before.tv_sec || (after.tv_sec == before.tv_sec && after.tv_nsec < before.tv_nsec);
            before = after;
        }
    }
    show("backwards", backwards);
    clock_gettime(CLOCK_MONOTONIC, &before);
    show_call("nanosleep", nanosleep(&time, NULL));
    clock_gettime(CLOCK_MONOTONIC, &after);
    show("long enough", ms_between(&before, &after) >= 20 && ms_between(&before, &after) < 5000);
    after = soon(CLOCK_REALTIME, 20);
    show_error("until", clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &after, NULL));
    clock_gettime(CLOCK_REALTIME, &before);
    show("not before", ms_between(&after, &before) >= 0);
    time.tv_nsec = 1000000000;
    show_call("too many ns", nanosleep(&time, NULL));
    show_error("no such clock", clock_nanosleep(99, 0, &before, NULL));
    gettimeofday(&tv, NULL);
    clock_gettime(CLOCK_REALTIME, &after);
    show("one time", after.tv_sec - tv.tv_sec <= 1);
    for (volatile int i = 0; i < 3000000; i++)
        ;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    show("it takes time to compute", after.tv_sec > 0 || after.tv_nsec > 1000000);
    show("clock", clock() > 0);
}

static void dates(void)
{
    static const time_t times[] = { 0, 951782400, 1709210096, 2147483648, -86400, 4102444799 };
    char text[200];
    struct tm tm;

    setlocale(LC_ALL, "C");
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
    for (unsigned i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        gmtime_r(&times[i], &tm);
        strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %j %a %A %b %B %e %U %W %V %G %y %C %I %p %%", &tm);
        printf("%s\n", text);
        localtime_r(&times[i], &tm);
        strftime(text, sizeof(text), "%c %x %X %D %T %R %Z %z", &tm);
        printf("%s, summer %d, %ld\n", text, tm.tm_isdst, (long)(mktime(&tm) - times[i]));
    }
    tm = (struct tm){ .tm_year = 124, .tm_mon = 13, .tm_mday = 35, .tm_hour = 25, .tm_isdst = -1 };
    printf("made right: %ld", (long)mktime(&tm));
    strftime(text, sizeof(text), "%F %T", &tm);
    printf(" %s\n", text);
    show("read", strptime("29 Feb 2024 12:34:56", "%d %b %Y %T", &tm) != NULL);
    printf("%d %d %d %d\n", tm.tm_year, tm.tm_mon, tm.tm_mday, tm.tm_sec);
    printf("difference: %.1f\n", difftime(100, 40));
    asctime_r(gmtime_r(&times[1], &tm), text);
    printf("%s", text);
}

/* --- timers */

static atomic_int rang, value_sum;
static pthread_t in_thread;

static void rings(int number, siginfo_t *info, void *context)
{
    (void)number, (void)context;
    rang++;
    value_sum += info->si_value.sival_int + 1000 * (info->si_code != SI_TIMER);
}

static void rings_thread(union sigval value)
{
    in_thread = pthread_self();
    value_sum += value.sival_int;
    rang++;
}

static timer_t make(clockid_t clock, int how, int number, int value)
{
    struct sigevent event = { .sigev_notify = how, .sigev_signo = number, .sigev_value.sival_int = value };
    timer_t timer;

    event.sigev_notify_function = how == SIGEV_THREAD ? rings_thread : NULL;
    need(timer_create(clock, &event, &timer), "timer_create");
    return timer;
}

static void every(timer_t timer, long first_ms, long interval_ms)
{
    const struct itimerspec setting = { { interval_ms / 1000, interval_ms % 1000 * 1000000 },
                                        { first_ms / 1000, first_ms % 1000 * 1000000 } };

    need(timer_settime(timer, 0, &setting, NULL), "timer_settime");
}

static void timers(void)
{
    struct sigaction action = { .sa_sigaction = rings, .sa_flags = SA_SIGINFO };
    struct itimerspec now;
    timer_t timer, other;
    sigset_t set, old;
    siginfo_t info;

    sigaction(SIGRTMIN, &action, NULL);
    timer = make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGRTMIN, 7);
    every(timer, 2, 2);
    while (rang < 10)
        pause();
    every(timer, 0, 0);
    show("values", value_sum / rang);
    timer_gettime(timer, &now);
    show("not set", now.it_value.tv_sec + now.it_value.tv_nsec);
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN);
    sigprocmask(SIG_BLOCK, &set, &old);
    every(timer, 5, 5);
    usleep(53000);
    show("one waits", sigwaitinfo(&set, &info) == SIGRTMIN);
    show("for many", info.si_overrun >= 5 && timer_getoverrun(timer) == info.si_overrun);
    show_call("delete", timer_delete(timer));
    while (sigtimedwait(&set, &info, &(struct timespec){ 0, 0 }) > 0)
        ;
    sigprocmask(SIG_SETMASK, &old, NULL);

    timer = make(CLOCK_REALTIME, SIGEV_NONE, 0, 0);
    every(timer, 100000, 0);
    timer_gettime(timer, &now);
    show("goes on", now.it_value.tv_sec > 90 && now.it_value.tv_sec <= 100);
    every(timer, 1, 0);
    usleep(5000);
    timer_gettime(timer, &now);
    show("is over", now.it_value.tv_sec + now.it_value.tv_nsec);
    timer_delete(timer);

    rang = value_sum = 0;
    timer = make(CLOCK_MONOTONIC, SIGEV_THREAD, 0, 5);
    other = make(CLOCK_REALTIME, SIGEV_THREAD, 0, 50);
    every(timer, 3, 3);
    every(other, 2, 0);
    while (value_sum < 50 || rang < 6)
        usleep(1000);
    show("in another thread", !pthread_equal(in_thread, pthread_self()));
    show_call("delete", timer_delete(timer));
    show_call("delete", timer_delete(other));
    show("what comes", value_sum % 5);
}

/* A timer for one of several threads: that one hears it. */
static atomic_int tid, by_it;
static __thread int mine;

static void hears(int number)
{
    (void)number;
    by_it += mine ? 1 : 1000;
}

static void *waits(void *unused)
{
    (void)unused;
    mine = 1;
    tid = (int)syscall(SYS_gettid);
    while (by_it < 5)
        usleep(1000);
    return NULL;
}

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif
#ifndef SIGEV_THREAD_ID
#define SIGEV_THREAD_ID 4
#endif

static void for_one_thread(void)
{
    struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1 };
    timer_t timer;
    pthread_t thread;

    signal(SIGUSR1, hears);
    thread = start(waits, NULL);
    while (!tid)
        usleep(1000);
    event.sigev_notify_thread_id = tid;
    need(timer_create(CLOCK_MONOTONIC, &event, &timer), "timer_create");
    every(timer, 1, 1);
    join(thread);
    timer_delete(timer);
    show("heard by that one", by_it < 1000);
}

static void interval_timer(void)
{
    struct itimerval setting = { { 0, 3000 }, { 0, 1000 } }, was;

    signal(SIGALRM, hears);
    mine = 1;
    by_it = 0;
    setitimer(ITIMER_REAL, &setting, NULL);
    while (by_it < 5)
        pause();
    memset(&setting, 0, sizeof(setting));
    setitimer(ITIMER_REAL, &setting, &was);
    show("interval", was.it_interval.tv_usec);
    alarm(100);
    show("left of the alarm", alarm(0));
}

int main(void)
{
    clocks();
    dates();
    timers();
    for_one_thread();
    interval_timer();
    return 0;
}
