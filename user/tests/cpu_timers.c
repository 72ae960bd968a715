/* What rings by the CPU time that a process uses: ITIMER_VIRTUAL, ITIMER_PROF, RLIMIT_CPU. */

#include "show.h"

#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>

static volatile int virtual, prof;

static void ring(int number)
{
    if (number == SIGPROF)
        prof++;
    else
        virtual++;
}

static long used_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void compute_ms(long ms)
{
    for (long until = used_ms() + ms; used_ms() < until;)
        for (volatile int i = 0; i < 20000; i++) /* most of it outside the kernel */
            ;
}

static void set(int which, long first_ms, long interval_ms, struct itimerval *old)
{
    struct itimerval timer = { { interval_ms / 1000, interval_ms % 1000 * 1000 }, { first_ms / 1000, first_ms % 1000 * 1000 } };
    if (setitimer(which, &timer, old) < 0)
        show_ok("setitimer", -1);
}

static void once(void)
{
    struct itimerval now;
    set(ITIMER_VIRTUAL, 30, 0, NULL);
    nanosleep(&(struct timespec){ 0, 60000000 }, NULL);
    show("rings while it sleeps", virtual);
    compute_ms(60);
    show("rings while it computes", virtual);
    getitimer(ITIMER_VIRTUAL, &now);
    show_true("then it is not set", !now.it_value.tv_sec && !now.it_value.tv_usec);
    compute_ms(40);
    show("nor does it ring again", virtual);
}

static void again_and_again(void)
{
    struct itimerval old;
    set(ITIMER_PROF, 500, 20, NULL);
    set(ITIMER_PROF, 20, 20, &old);
    show_true("what was left of it", !old.it_value.tv_sec && old.it_value.tv_usec > 400000 && old.it_interval.tv_usec == 20000);
    compute_ms(90);
    show_true("it rings for each 20 ms", prof >= 3 && prof <= 5);
    pid_t child = split();
    if (child == 0) {
        getitimer(ITIMER_PROF, &old);
        exit(old.it_value.tv_usec || old.it_interval.tv_usec);
    }
    int status;
    waitpid(child, &status, 0);
    show_status("a child has none", status);
    set(ITIMER_PROF, 0, 0, &old);
    show_true("the interval is told", old.it_interval.tv_usec == 20000);
    prof = 0;
    compute_ms(40);
    show("taken back, it does not ring", prof);
}

/* Two of them together, and what takes both down. */
static void over_the_limit(int number)
{
    struct rlimit limit;
    (void)number;
    getrlimit(RLIMIT_CPU, &limit);
    show("the limit when it is passed", (long)limit.rlim_cur);
    fflush(stdout);
    limit.rlim_cur = limit.rlim_max = 1;
    setrlimit(RLIMIT_CPU, &limit);
}

static void limit(void)
{
    int status;
    pid_t child = split();
    if (child == 0) {
        sigaction(SIGXCPU, &(struct sigaction){ .sa_handler = over_the_limit }, NULL);
        setrlimit(RLIMIT_CPU, &(struct rlimit){ 1, 3 });
        pid_t grandchild = split(); /* which has the limit, and its own time */
        if (grandchild == 0) {
            signal(SIGXCPU, SIG_DFL);
            compute_ms(20000);
            exit(0);
        }
        waitpid(grandchild, &status, 0);
        show_status("a program without a handler", status);
        fflush(stdout);
        show_true("what it used was not its parent's", used_ms() < 500);
        fflush(stdout);
        compute_ms(20000);
        exit(0);
    }
    waitpid(child, &status, 0);
    show_status("past the hard limit", status);
}

int main(void)
{
    struct itimerval now;
    sigaction(SIGVTALRM, &(struct sigaction){ .sa_handler = ring, .sa_flags = SA_RESTART }, NULL);
    sigaction(SIGPROF, &(struct sigaction){ .sa_handler = ring, .sa_flags = SA_RESTART }, NULL);
    show_ok("none of that number", getitimer(3, &now));
    show_ok("nor that", setitimer(-1, &now, NULL));
    once();
    again_and_again();
    limit();
    return 0;
}
