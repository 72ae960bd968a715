/* families [WORKERS [ROUNDS]]: processes that fork, end, are killed, leave orphans and are waited for, on all CPUs at the same time, for a
 * kernel to survive. Each child touches a page that it shared, and says by its end who it was; each parent knows what it has to hear. It
 * begins beside an alarm that rings as often as it can, which has to leave it some time.
 * Prints one line at the end, and before it one for each child that was lost or heard of twice. */

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILDREN = 4, CPUS = 4 };
enum kind { ENDS, IS_KILLED, LEAVES_AN_ORPHAN, BECOMES_ANOTHER };

static volatile int mine;

/* From here on this process runs on another CPU, if that is there. */
static void move_to(int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu % CPUS, &set);
    sched_setaffinity(0, sizeof(set), &set);
}

static _Noreturn void live(enum kind kind, int code)
{
    if (code & 1)
        move_to(code >> 1);
    mine = code;
    if (kind == IS_KILLED)
        for (;;)
            pause();
    if (kind == LEAVES_AN_ORPHAN && fork() == 0)
        move_to(code);
    if (kind == BECOMES_ANOTHER) {
        execv("/tests/tiny", (char *[]){ "tiny", NULL });
        _exit(127);
    }
    _exit(mine == code ? code : 126);
}

static int expected(enum kind kind, int code)
{
    return kind == IS_KILLED ? SIGKILL : kind == BECOMES_ANOTHER ? 0 : code << 8;
}

/* Waits for all of them, in the order of their making or as they come. Returns how many were not as they had to be. */
static int wait_for_all(const pid_t *pid, int round, int in_order)
{
    int wrong = 0, heard[CHILDREN] = { 0 };
    for (int n = 0; n < CHILDREN; n++) {
        int status = -1, which = 0;
        pid_t found = waitpid(in_order ? pid[n] : -1, &status, 0);
        while (which < CHILDREN && pid[which] != found)
            which++;
        if (which == CHILDREN || heard[which]++ || status != expected(which, (round * CHILDREN + which) & 63)) {
            printf("families: in round %d: heard of process %d, which is child %d, status %#x\n", round, found, which, status);
            wrong++;
        }
    }
    return wrong + (waitpid(-1, NULL, WNOHANG) != -1);
}

static int work(int number, int rounds)
{
    int wrong = 0;
    for (int round = 0; round < rounds; round++) {
        pid_t pid[CHILDREN];
        move_to(number + round);
        for (int n = 0; n < CHILDREN; n++) {
            mine = -1;
            pid[n] = fork();
            if (pid[n] == 0)
                live(n, (round * CHILDREN + n) & 63);
        }
        if (pid[IS_KILLED] > 0)
            kill(pid[IS_KILLED], SIGKILL);
        wrong += mine != -1;
        wrong += wait_for_all(pid, round, (number + round) % 2);
    }
    return wrong > 0;
}

static void rung(int signal)
{
    (void)signal;
}

static void get_on_beside_an_alarm(void)
{
    static const struct itimerval often = { { 0, 1 }, { 0, 1 } }, never;
    signal(SIGALRM, rung);
    setitimer(ITIMER_REAL, &often, NULL);
    for (volatile int n = 0; n < 20000; n++)
        ;
    setitimer(ITIMER_REAL, &never, NULL);
}

int main(int argc, char **argv)
{
    int workers = argc > 1 ? atoi(argv[1]) : 3, rounds = argc > 2 ? atoi(argv[2]) : 1, wrong = 0;
    get_on_beside_an_alarm();
    for (int n = 0; n < workers; n++)
        if (fork() == 0) {
            int failed = work(n, rounds);
            fflush(stdout);
            _exit(failed);
        }
    for (int n = 0; n < workers; n++) {
        int status = -1;
        wrong += wait(&status) < 0 || status;
    }
    printf("families: %d of %d complete\n", workers - wrong, workers);
    return wrong != 0;
}
