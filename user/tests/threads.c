/* Threads: clone with a stack of one's own, futexes, what a thread's end does to the others, and what concerns all of them. */

#include "threads.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>

static struct thread threads[8];

static void show_error(const char *name, long result)
{
    printf("%s: %s\n", name, result < 0 ? strerror((int)-result) : "ok");
}

/* --- begin and end */

static void identity_of(struct thread *t)
{
    long pid = call(SYS_getpid, 0, 0, 0, 0, 0, 0), tid = call(SYS_gettid, 0, 0, 0, 0, 0, 0);
    t->seen = (pid == t->argument) | (tid == t->tid) << 1 | (tid != pid) << 2;
}

static void begin_and_end(void)
{
    struct thread *t = &threads[0];
    long tid = start(t, identity_of, getpid());
    show_true("a thread starts", tid > 0);
    join(t);
    show("same process, its own id", t->seen);
    show_true("the first thread has the process's", gettid() == getpid());
    while (call(SYS_tgkill, getpid(), tid, 0, 0, 0, 0) == 0) /* whoever is joined is not yet gone */
        call(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
    show_error("kill of a thread that is gone", call(SYS_tgkill, getpid(), tid, 0, 0, 0, 0));
    show_error("a thread with a space of its own", call(SYS_clone, THREAD & ~0x100, (long)(t->stack + STACK), 0, 0, 0, 0));
}

/* --- a mutex */

static volatile int lock_word, counter;

static void counts(struct thread *t)
{
    for (long i = 0; i < t->argument; i++) {
        lock(&lock_word);
        int now = counter;
        if (i % 16 == 0)
            call(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
        counter = now + 1;
        unlock(&lock_word);
    }
}

static void mutex(void)
{
    for (int i = 0; i < 8; i++)
        start(&threads[i], counts, 200);
    for (int i = 0; i < 8; i++)
        join(&threads[i]);
    show("eight threads count under a lock", counter);
}

/* --- futex calls */

static volatile int word, other, arrived;

static void waits(struct thread *t)
{
    __atomic_fetch_add(&arrived, 1, __ATOMIC_SEQ_CST);
    t->seen = (int)futex(&word, WAIT_BITSET, 0, NULL, NULL, (int)t->argument);
}

/* Until all n wait: a wake of none of their bits cannot tell, so they are moved to where they are. */
static void all_wait(int n)
{
    while (futex(&word, REQUEUE, 0, (void *)1000l, &word, 0) != n)
        call(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
}

static void errors(void)
{
    struct timespec short_time = { 0, 1000000 }, bad = { 0, 1000000000 }, past = { 1, 0 };
    word = 5;
    show_error("wait for another value", futex(&word, WAIT, 4, NULL, NULL, 0));
    show_error("wait with a limit", futex(&word, WAIT, 5, &short_time, NULL, 0));
    show_error("wait until, monotonic", futex(&word, WAIT_BITSET, 5, &past, NULL, -1));
    show_error("wait until, real time", futex(&word, WAIT_BITSET | REALTIME | PRIVATE, 5, &past, NULL, -1));
    show_error("wait with a bad limit", futex(&word, WAIT, 5, &bad, NULL, 0));
    show_error("wait with no bits", futex(&word, WAIT_BITSET, 5, NULL, NULL, 0));
    show_error("wake with no bits", futex(&word, WAKE_BITSET, 1, NULL, NULL, 0));
    show_error("wait, not aligned", futex((int *)((char *)&word + 1), WAIT, 5, NULL, NULL, 0));
    show_error("wait at nothing", futex((int *)16, WAIT, 5, NULL, NULL, 0));
    show_error("wait at nothing, private", futex((int *)16, WAIT | PRIVATE, 5, NULL, NULL, 0));
    show_error("wake at nothing", futex((int *)16, WAKE, 1, NULL, NULL, 0));
    show_error("wake at nothing, private", futex((int *)16, WAKE | PRIVATE, 1, NULL, NULL, 0));
    show_error("no such operation", futex(&word, 77, 1, NULL, NULL, 0));
    show_error("real time of a wake", futex(&word, WAKE | REALTIME, 1, NULL, NULL, 0));
    show("wake of nobody", futex(&word, WAKE, 1, NULL, NULL, 0));
    show_error("requeue for another value", futex(&word, CMP_REQUEUE, 1, (void *)1l, &other, 4));
    show_error("requeue of less than none", futex(&word, CMP_REQUEUE, -1, (void *)1l, &other, 5));
}

static void groups(void)
{
    word = arrived = 0;
    for (int i = 0; i < 6; i++)
        start(&threads[i], waits, i < 2 ? 1 : 2);
    all_wait(6);
    show("wake by bits", futex(&word, WAKE_BITSET, 100, NULL, NULL, 1));
    join(&threads[0]);
    join(&threads[1]);
    show("requeue: one is woken, two are moved", futex(&word, CMP_REQUEUE, 1, (void *)2l, &other, 0));
    show("woken where they were", futex(&word, WAKE, 100, NULL, NULL, 0));
    show("woken where they went", futex(&other, WAKE, 100, NULL, NULL, 0));
    for (int i = 2; i < 6; i++)
        join(&threads[i]);
    show("none had an error", threads[0].seen | threads[1].seen | threads[2].seen | threads[3].seen | threads[4].seen | threads[5].seen);
}

/* --- the end of all */

static void waits_for_ever(struct thread *t)
{
    (void)t;
    for (;;)
        futex(&other, WAIT, other, NULL, NULL, 0);
}

static void loops(struct thread *t)
{
    (void)t;
    for (;;)
        counter++;
}

static void ends_all(struct thread *t)
{
    call(SYS_exit_group, t->argument, 0, 0, 0, 0, 0);
}

static void ends_after_the_first(struct thread *t)
{
    int tid = (int)t->argument;
    while (call(SYS_tgkill, tid, tid, 0, 0, 0, 0) == 0 && word == 0)
        call(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
    ends_all(&(struct thread){ .argument = 9 });
}

static void in_child(const char *name, void (*first)(struct thread *), void (*second)(struct thread *), void (*then)(void))
{
    pid_t pid = split();
    if (pid == 0) {
        start(&threads[0], waits_for_ever, 0);
        start(&threads[1], loops, 0);
        if (first)
            start(&threads[2], first, 7);
        if (second)
            start(&threads[3], second, getpid());
        if (then)
            then();
        for (;;)
            sleep(100);
    }
    show_status(name, wait_for(pid));
}

static void exits_all(void)
{
    call(SYS_exit_group, 5, 0, 0, 0, 0, 0);
}

static void exits_alone(void)
{
    word = 1;
    call(SYS_exit, 3, 0, 0, 0, 0, 0);
}

/* Cleared where the first thread is gone. */
static volatile int alive = 1;

static void exits_last(struct thread *t)
{
    (void)t;
    while (alive)
        call(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
    call(SYS_exit, 7, 0, 0, 0, 0, 0);
}

/* Each ends itself alone, the first one before the other. */
static void one_by_one(void)
{
    pid_t pid = split();
    if (pid == 0) {
        call(SYS_set_tid_address, (long)&alive, 0, 0, 0, 0, 0);
        start(&threads[0], exits_last, 0);
        call(SYS_exit, 3, 0, 0, 0, 0, 0);
    }
    show_status("the first leaves with 3, the last one with 7", wait_for(pid));
}

static void falls(struct thread *t)
{
    (void)t;
    *(int *volatile)NULL = 1;
}

static char *program;

static void executes(struct thread *t)
{
    char *arguments[] = { program, "again", NULL };
    t->seen = execve(program, arguments, NULL);
}

/* --- signals */

static volatile int heard_by;

static void hears(int number)
{
    (void)number;
    heard_by = (int)call(SYS_gettid, 0, 0, 0, 0, 0, 0);
}

static void pauses(struct thread *t)
{
    __atomic_fetch_add(&arrived, 1, __ATOMIC_SEQ_CST);
    while (!t->argument)
        t->seen = (int)futex(&other, WAIT, 0, NULL, NULL, 0);
}

static void signals(void)
{
    struct thread *t = &threads[1];
    struct sigaction action = { .sa_handler = hears };
    sigaction(SIGUSR1, &action, NULL);
    other = arrived = 0;
    for (int i = 0; i < 3; i++)
        start(&threads[i], pauses, 0);
    while (futex(&other, REQUEUE, 0, (void *)1000l, &other, 0) != 3)
        call(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
    int tid = t->tid;
    t->argument = 1;
    show_error("a signal for one thread", call(SYS_tgkill, getpid(), tid, SIGUSR1, 0, 0, 0));
    join(t);
    show_true("that thread heard it", heard_by == tid);
    show_error("its wait", t->seen);
    show_error("a signal for a thread of another process", call(SYS_tgkill, getppid(), threads[0].tid, 0, 0, 0, 0));
    threads[0].argument = threads[2].argument = 1;
    other = 1;
    futex(&other, WAKE, 100, NULL, NULL, 0);
    join(&threads[0]);
    join(&threads[2]);
    show("the others were woken", threads[0].seen | threads[2].seen);
}

/* Linux numbers 32 to 64: each as often as it came, in order, and with what came along. */
struct queued {
    int signal, error, code, padding, pid, uid;
    long value;
    char room[96];
};

static long next_queued(int number, struct queued *info)
{
    struct timespec no_time = { 0, 0 };
    sigset_t set = 1ul << (number - 1);
    memset(info, 0, sizeof(*info));
    return call(SYS_rt_sigtimedwait, (long)&set, (long)info, (long)&no_time, 8, 0, 0);
}

static void queues(void)
{
    struct queued info = { .code = -1, .pid = getpid(), .value = 100 };
    sigset_t set = 1ul << 39 | 1ul << (SIGUSR2 - 1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    for (int i = 0; i < 3; i++, info.value++) {
        show_error("queue", call(SYS_rt_sigqueueinfo, getpid(), 40, (long)&info, 0, 0, 0));
        show_error("queue what is kept once", call(SYS_rt_sigqueueinfo, getpid(), SIGUSR2, (long)&info, 0, 0, 0));
    }
    while (next_queued(40, &info) == 40)
        printf("40, code %d, %ld, %s\n", info.code, info.value, info.pid == getpid() ? "from here" : "?");
    info = (struct queued){ .code = -1, .pid = getpid(), .value = 7 };
    show_error("queue for a thread", call(SYS_rt_tgsigqueueinfo, getpid(), gettid(), 40, (long)&info, 0, 0));
    if (next_queued(40, &info) == 40)
        printf("40, code %d, %ld\n", info.code, info.value);
    while (next_queued(SIGUSR2, &info) == SIGUSR2)
        printf("SIGUSR2, code %d, %ld\n", info.code, info.value);
    info.code = -1;
    show_error("no such process", call(SYS_rt_sigqueueinfo, 0x3fffffff, 40, (long)&info, 0, 0, 0));
    show_error("no such signal", call(SYS_rt_sigqueueinfo, getpid(), 65, (long)&info, 0, 0, 0));
    info.code = 0;
    show_error("as if from kill, to another", call(SYS_rt_sigqueueinfo, getppid(), 0, (long)&info, 0, 0, 0));
    call(SYS_tgkill, getpid(), gettid(), 40, 0, 0, 0);
    if (next_queued(40, &info) == 40)
        printf("40, code %d, %s\n", info.code, info.pid == getpid() ? "from here" : "?");
    for (int i = 0; i < 5; i++)
        call(SYS_rt_sigqueueinfo, getpid(), 40, (long)&info, 0, 0, 0);
    signal(40, SIG_IGN);
    show_true("ignored, they are forgotten", next_queued(40, &info) < 0);
}

/* --- locks on a file, of a process whose threads wait for different ones */

static int locked;
static volatile int *go; /* shared with children */

static long lock_byte(int command, long at)
{
    struct flock what = { F_WRLCK, SEEK_SET, at, 1, 0 };
    return call(SYS_fcntl, locked, command, (long)&what, 0, 0, 0);
}

static void waits_for_byte(struct thread *t)
{
    t->seen = (int)lock_byte(F_SETLKW, t->argument);
}

/* Until a thread sleeps: here only where it waits for a lock. */
static void until_asleep(int pid, int tid)
{
    char path[64], text[256];
    do {
        snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, tid);
        int fd = open(path, O_RDONLY);
        ssize_t n = read(fd, text, sizeof(text) - 1);
        text[n > 0 ? n : 0] = 0;
        close(fd);
    } while (!strstr(text, ") S "));
}

/* A child that has a byte, and waits for another one when it is told; -1: for none. */
static pid_t has_byte(long has, long then)
{
    pid_t pid = split();
    if (pid == 0) {
        lock_byte(F_SETLK, has);
        ++*go;
        while (then < 0 || *go != 3)
            sched_yield();
        done(lock_byte(F_SETLKW, then) == 0 ? 0 : 1);
    }
    return pid;
}

static void interrupts(int signal)
{
    (void)signal;
}

/* A circle that is not seen when it closes, since another thread's wait is looked at: who comes then does not follow it for ever. */
static void a_hidden_circle(void)
{
    struct thread *in_it = &threads[0], *beside = &threads[1];
    struct sigaction action = { .sa_handler = interrupts };
    struct itimerval often = { { 0, 20000 }, { 0, 20000 } };
    go = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    locked = open("locked", O_RDWR | O_CREAT, 0600);
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGALRM, &action, NULL);
    lock_byte(F_SETLK, 2);
    pid_t other = has_byte(0, -1);
    while (*go != 1)
        sched_yield();
    pid_t closes = has_byte(1, 2);
    while (*go != 2)
        sched_yield();
    start(in_it, waits_for_byte, 1);
    until_asleep(getpid(), in_it->tid);
    start(beside, waits_for_byte, 0);
    until_asleep(getpid(), beside->tid);
    *go = 3;
    until_asleep(closes, closes);
    call(SYS_tgkill, getpid(), beside->tid, SIGUSR1, 0, 0, 0);
    join(beside);
    show_error("one that is beside a circle", beside->seen);
    pid_t comes = split();
    if (comes == 0) {
        setitimer(ITIMER_REAL, &often, NULL);
        show_error("who comes to the circle", lock_byte(F_SETLKW, 2));
        done(0);
    }
    wait_for(comes);
    kill(other, SIGKILL);
    kill(closes, SIGKILL);
    wait_for(other);
    wait_for(closes);
    join(in_it);
    show_error("when it is open again", in_it->seen);
    close(locked);
    unlink("locked");
}

/* --- what a thread has used */

static long used_us(int who)
{
    struct rusage usage;
    getrusage(who, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

static void computes(struct thread *t)
{
    struct rusage usage;
    do {
        call(SYS_getrusage, 1, (long)&usage, 0, 0, 0, 0);
    } while (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec == 0 && usage.ru_utime.tv_usec + usage.ru_stime.tv_usec < t->argument);
    t->seen = 1;
}

static void uses(void)
{
    long thread = used_us(1), process = used_us(RUSAGE_SELF);
    start(&threads[0], computes, 60000);
    join(&threads[0]);
    show_true("what a thread used is its process's", used_us(RUSAGE_SELF) - process >= 60000);
    show_true("and no other thread's", used_us(1) - thread < 40000);
}

/* --- /proc/self/task */

static int file_says(const char *path, const char *line)
{
    char text[1024] = "";
    int fd = open(path, O_RDONLY), n = fd < 0 ? 0 : (int)read(fd, text, sizeof(text) - 1);
    if (fd >= 0)
        close(fd);
    return n > 0 && strstr(text, line) != NULL;
}

static void name_it(const char *path, const char *name)
{
    int fd = open(path, O_WRONLY | O_TRUNC);
    show_call("write a name", fd < 0 ? -1 : write(fd, name, strlen(name)));
    if (fd >= 0)
        close(fd);
}

static void tasks(void)
{
    char path[64], line[64], gone[64];
    int n = 0, right = 0;
    struct dirent *entry;
    other = 0;
    for (int i = 0; i < 3; i++)
        start(&threads[i], pauses, 0);
    DIR *folder = opendir("/proc/self/task");
    while (folder && (entry = readdir(folder)) != NULL) {
        if (!isdigit(entry->d_name[0]))
            continue;
        n++;
        snprintf(path, sizeof(path), "/proc/self/task/%s/status", entry->d_name);
        snprintf(line, sizeof(line), "Tgid:\t%d\n", getpid());
        right += file_says(path, line);
        snprintf(line, sizeof(line), "\nPid:\t%s\n", entry->d_name);
        right += file_says(path, line);
        snprintf(path, sizeof(path), "/proc/self/task/%s/stat", entry->d_name);
        snprintf(line, sizeof(line), "%s (threads) ", entry->d_name);
        right += file_says(path, line);
    }
    if (folder)
        closedir(folder);
    show("threads", n);
    show("what they say of themselves", right);
    show_true("the process says so, too", file_says("/proc/self/status", "Threads:\t4\n"));
    snprintf(path, sizeof(path), "/proc/self/task/%d/comm", threads[1].tid);
    name_it(path, "somebody with a long name\n");
    show_true("it is called so", file_says(path, "somebody with a\n"));
    show_true("the process is not", file_says("/proc/self/comm", "threads\n"));
    snprintf(line, sizeof(line), "/proc/%d/comm", getppid());
    int fd = open(line, O_WRONLY);
    show_true("another process is named by nobody else", fd < 0 || write(fd, "x", 1) < 0);
    if (fd >= 0)
        close(fd);
    snprintf(gone, sizeof(gone), "/proc/self/task/%d/stat", threads[0].tid);
    show_call("there", access(gone, F_OK));
    for (int i = 0; i < 3; i++)
        threads[i].argument = 1;
    other = 1;
    futex(&other, WAKE, 100, NULL, NULL, 0);
    for (int i = 0; i < 3; i++)
        join(&threads[i]);
    while (access("/proc/self/task", F_OK) == 0 && access(gone, F_OK) == 0)
        call(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
    show_call("gone", access(gone, F_OK));
}

/* --- robust mutexes: a list in the thread's memory of what it owns */

struct entry {
    struct entry *next;
    volatile int word;
};

static struct {
    struct entry *first;
    long to_word;
    struct entry *pending;
} robust = { .to_word = offsetof(struct entry, word) };

static struct entry owned[4];

#define WAITERS 0x80000000u

static void waits_for_an_owner(struct thread *t)
{
    t->seen = (int)futex(&owned[2].word, WAIT, owned[2].word, NULL, NULL, 0);
}

static void owns(struct thread *t)
{
    show_error("a list of another size", call(SYS_set_robust_list, (long)&robust, 16, 0, 0, 0, 0));
    show_error("a list", call(SYS_set_robust_list, (long)&robust, 24, 0, 0, 0, 0));
    robust.first = &owned[0];
    owned[0] = (struct entry){ &owned[1], t->tid };
    owned[1] = (struct entry){ &owned[2], t->tid + 1 }; /* somebody else's */
    owned[2] = (struct entry){ (struct entry *)&robust, (int)(t->tid | WAITERS) };
    owned[3] = (struct entry){ NULL, t->tid };
    robust.pending = &owned[3];
    __atomic_store_n(&arrived, 1, __ATOMIC_SEQ_CST);
    while (futex(&owned[2].word, REQUEUE, 0, (void *)1000l, &owned[2].word, 0) != 1)
        call(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
}

static void robust_lists(void)
{
    void *list;
    size_t size = 0;
    arrived = 0;
    start(&threads[0], owns, 0);
    while (!arrived)
        call(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
    start(&threads[1], waits_for_an_owner, 0);
    join(&threads[0]);
    join(&threads[1]);
    show_error("who waited was woken", threads[1].seen);
    for (int i = 0; i < 4; i++)
        printf("mutex %d: %s%s\n", i, owned[i].word & 0x40000000 ? "its owner died" : "as it was",
               owned[i].word & WAITERS ? ", others wait" : "");
    show_error("set", call(SYS_set_robust_list, (long)&robust, 24, 0, 0, 0, 0));
    robust.first = (struct entry *)&robust;
    show_error("ask", call(SYS_get_robust_list, 0, (long)&list, (long)&size, 0, 0, 0));
    show_true("as set", list == &robust && size == 24);
    show_error("a list at nothing", call(SYS_set_robust_list, 16, 24, 0, 0, 0, 0)); /* found out at the end, by nobody */
}

static void stops(void)
{
    int status;
    pid_t pid = split();
    if (pid == 0) {
        start(&threads[0], loops, 0);
        start(&threads[1], waits_for_ever, 0);
        raise(SIGSTOP);
        call(SYS_exit_group, 8, 0, 0, 0, 0, 0);
    }
    show_true("stopped", waitpid(pid, &status, WUNTRACED) == pid);
    show_status("all", status);
    kill(pid, SIGCONT);
    show_status("and on again", wait_for(pid));
}

static void ends(void)
{
    in_child("exit_group by the first", NULL, NULL, exits_all);
    in_child("exit_group by another", ends_all, NULL, NULL);
    in_child("a fault of another", falls, NULL, NULL);
    in_child("the first leaves, another ends it", NULL, ends_after_the_first, exits_alone);
    one_by_one();
    in_child("exec by another", executes, NULL, NULL);
    pid_t pid = split();
    if (pid == 0)
        call(SYS_exit, 6, 0, 0, 0, 0, 0);
    show_status("the last one leaves", wait_for(pid));
}

/* --- how many a user may have */

static void stays(struct thread *t)
{
    volatile int never = 0;
    (void)t;
    for (;;)
        futex(&never, WAIT | PRIVATE, 0, NULL, NULL, 0);
}

/* A process of a user without others. It leaves its threads to its end. */
static void many_of_a_user(void *unused)
{
    (void)unused;
    long tid;
    int n = 0;
    setrlimit(RLIMIT_NPROC, &(struct rlimit){ 5, 5 });
    setuid(100000 + getpid());
    tid = start(&threads[0], identity_of, 0);
    join(&threads[0]);
    while (!call(SYS_tgkill, getpid(), tid, 0, 0, 0, 0)) /* it is counted until it is gone */
        call(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
    while ((tid = start(&threads[n], stays, 0)) > 0 && n < 7)
        n++;
    show_error("one more than a user may have", tid);
    show("threads beside the first", n);
    show_call("nor a process", fork());
}

static void limits(void)
{
    for (int i = 0; i < 2; i++)
        show_child("threads of a user", many_of_a_user, NULL);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        show_true("after exec its id is the process's", gettid() == getpid());
        done(4);
    }
    program = argv[0];
    begin();
    begin_and_end();
    mutex();
    errors();
    groups();
    signals();
    queues();
    a_hidden_circle();
    uses();
    tasks();
    robust_lists();
    stops();
    ends();
    if (getuid() == 0)
        limits();
    return 0;
}
