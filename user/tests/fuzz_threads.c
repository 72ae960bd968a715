/* fuzz_threads SEED CALLS [WORKERS]: system calls at random by threads that share memory and descriptors: one closes what another one reads
 * from, unmaps what a call of another's copies to, changes how another one is scheduled, runs another program or ends while others are in
 * the middle of something. All calls of the kernel's table, with arguments that fit for the most part: by their types and names there.
 * The same seed makes the same calls in each thread until something comes back that depends on others.
 *
 * A worker makes its calls in batches, as fuzz does: a process of several threads, which may fork, with nothing but what it made. It is
 * nobody, where we are root: every other one with the right to schedule as it likes. It is killed if it has not ended after half a second.
 * At the end whoever is left of nobody's processes is killed, until there is none.
 * Prints one line at the end, and nothing of what was made is left. Judged is the kernel. */

#include "fuzz.h"
#include "threads.h"

#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum { BATCH = 500, MATES = 5, PAGES = 12, KINDS = 6, CAP_SYS_NICE = 23 };
enum kind { FD, PATH, BYTES, PLACE, SIZE, ID, SIGNAL, SMALL, ANY };

/* Per argument its kind, as kinds_of() finds it in the table. */
static struct description {
    short number;
    const char *arguments;
    unsigned char kind[KINDS], arity;
} calls[] = {
#define CALL(number, arguments) { number, arguments, { 0 }, 0 },
#include <sys/syscall_list.h>
#undef CALL
};

enum { CALLS = sizeof(calls) / sizeof(calls[0]) };

/* What threads race for, as often again as all others. */
static const short often[] = { SYS_close, SYS_read, SYS_write, SYS_dup2, SYS_pipe2, SYS_poll, SYS_readv, SYS_writev, SYS_mmap, SYS_munmap,
                               SYS_mprotect, SYS_brk, SYS_futex, SYS_futex, SYS_futex, SYS_tgkill, SYS_sched_setaffinity, SYS_setpriority,
                               SYS_prlimit64, SYS_openat, SYS_rt_sigprocmask, SYS_sched_yield, SYS_wait4, SYS_set_robust_list,
#ifdef SYS_sched_setattr
                               SYS_sched_setattr, SYS_sched_setscheduler,
#endif
#ifdef SYS_epoll_ctl
                               SYS_epoll_create1, SYS_epoll_ctl, SYS_epoll_ctl, SYS_epoll_wait, SYS_eventfd2,
#endif
};

/* What ends a process or a thread, or moves it out of sight: seldom, or nothing else would happen. */
static bool rare(long number)
{
    return number == SYS_exit || number == SYS_exit_group || number == SYS_execve || number == SYS_rt_sigreturn || number == SYS_kill ||
           number == SYS_setsid || number == SYS_setpgid || number == SYS_pause || number == SYS_clone || number == SYS_rt_sigsuspend ||
           number == SYS_fork || number == SYS_setrlimit || number == SYS_rt_sigaction;
}

static const char *const paths[] = { "fuzz-a", "fuzz-b", "fuzz-d", "fuzz-d/c", "fuzz-l", ".", "..", "/dev/null", "/dev/zero", "/dev/tty",
                                     "/proc/self/stat", "/proc/self/maps", "/proc/self/task", "", "fuzz-a/x", "/bin/true" };
/* Of open() and pipe2(), of mmap(), of futex(), of SCHED_RESET_ON_FORK. */
static const int flags[] = { O_RDWR, O_CREAT | O_RDWR, O_NONBLOCK, O_CLOEXEC | O_NONBLOCK, MAP_PRIVATE | MAP_ANONYMOUS,
                             MAP_SHARED | MAP_ANONYMOUS, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, MAP_FIXED | MAP_SHARED, WAIT_BITSET,
                             WAIT | PRIVATE, WAKE | PRIVATE, 0644, 0x40000000 };
static char *const arguments[] = { "true", NULL };
static char *arena;                   /* PAGES pages: shared, private, of a file */
static volatile int ids[MATES + 4];   /* of this process, its threads, a child, a thread of the program that it was forked from */
static struct thread mates[MATES];
static unsigned long states[MATES + 1]; /* of each thread's numbers; 0: the first thread's */
static long *made, budget;
static bool may_schedule;

#define below(n) below_of(state, n)

/* --- arguments */

static bool has(const char *words, const char *word, size_t n)
{
    for (size_t length; (length = strcspn(words, " ")) > 0; words += length + (words[length] == ' '))
        if (length == n && memcmp(words, word, n) == 0)
            return true;
    return false;
}

static enum kind kind_of(const char *type, size_t type_length, const char *name, size_t n)
{
    if (has("uptr", type, type_length))
        return has("path target", name, n) ? PATH : has("at stack", name, n) ? PLACE : BYTES;
    if (has("size_t", type, type_length) || has("count size", name, n))
        return SIZE;
    if (has("fd in out from to folder from_folder to_folder epoll", name, n))
        return FD;
    if (has("pid tid thread process who group", name, n))
        return ID;
    return has("number", name, n) ? SIGNAL : has("offset address", name, n) ? ANY : SMALL;
}

static void kinds_of(struct description *d)
{
    for (const char *at = d->arguments; *at != 0 && d->arity < KINDS;) {
        size_t type = strcspn(at, ":"), name = strcspn(at + type + 1, " ");
        d->kind[d->arity++] = kind_of(at, type, at + type + 1, name);
        at += type + 1 + name;
        at += *at == ' ';
    }
}

/* In one page, before the end of one, behind all of them, in the kernel, nowhere. */
static long pointer(unsigned long *state)
{
    switch (below(20)) {
    case 0: return 0;
    case 1: return 0xffff800000000000 + below(1ul << 40);
    case 2: return -1 - (long)below(64);
    case 3: return 0x800000000000 - below(PAGE);
    case 4: return (long)(arena + PAGES * PAGE - below(64));
    case 5: return (long)(arena + (1 + below(PAGES)) * PAGE - below(32));
    case 6: return (long)&mates[below(MATES)].tid;
    case 7: return (long)&ids[below(4)];
    default: return (long)(arena + below(PAGES) * PAGE + below(16) * 64);
    }
}

static long anything(unsigned long *state)
{
    switch (below(6)) {
    case 0: return -(long)below(5);
    case 1: return 1l << below(64);
    case 2: return (1l << below(64)) - 1;
    case 3: return below(8) * PAGE;
    case 4: return (int)any_of(state);
    default: return pointer(state);
    }
}

static long argument(unsigned long *state, enum kind kind)
{
    if (kind != ID && below(12) == 0)
        return anything(state);
    switch (kind) {
    case FD: return below(10) == 0 ? AT_FDCWD : (long)below(20);
    case PATH: return below(8) == 0 ? pointer(state) : (long)paths[below(sizeof(paths) / sizeof(paths[0]))];
    case BYTES: return below(4) == 0 ? (long)paths[below(4)] : pointer(state);
    case PLACE: return (long)(arena + below(PAGES) * PAGE + (below(3) == 0) * below(64) * 4);
    case SIZE: return below(3) == 0 ? 8 : below(3) == 0 ? (long)(1 + below(4)) * PAGE : (long)below(64);
    case ID: return below(6) == 0 ? 0 : below(8) == 0 ? 1000000 + (long)below(9) : ids[below(sizeof(ids) / sizeof(ids[0]))];
    case SIGNAL: return below(3) == 0 ? SIGALRM : (long)below(66);
    case SMALL: return below(2) == 0 ? flags[below(sizeof(flags) / sizeof(flags[0]))] : below(4) ? (long)below(8) : 1l << below(32);
    default: return anything(state);
    }
}

/* Numbers that are mostly small: times, vectors, masks and words for futexes all at once. Others may have unmapped it. */
static void fill(unsigned long *state)
{
    long place[64];
    for (int i = 0; i < 64; i++)
        place[i] = below(3) ? (long)below(3) : below(4) ? (long)(arena + below(PAGES) * PAGE) : anything(state);
    int fds[2];
    if (pipe2(fds, O_NONBLOCK) < 0)
        return;
    for (int i = 0; i < 2; i++)
        if (write(fds[1], place, sizeof(place)) == sizeof(place))
            (void)!read(fds[0], arena + below(PAGES) * PAGE + below(8) * 512, sizeof(place));
    close(fds[0]);
    close(fds[1]);
}

static void map_arena(unsigned long *state)
{
    int fd = open("fuzz-a", O_CREAT | O_RDWR, 0666), kind = below(3);
    char *at = arena + below(PAGES) * PAGE;
    if (fd >= 0 && kind == 0)
        (void)!ftruncate(fd, 3 * PAGE);
    int flags = MAP_FIXED | (kind == 1 ? MAP_PRIVATE : MAP_SHARED) | (kind == 0 ? 0 : MAP_ANONYMOUS);
    mmap(at, arena + PAGES * PAGE - at, PROT_READ | PROT_WRITE, flags, kind == 0 ? fd : -1, 0);
    close(fd);
}

/* --- calls */

static const struct description *pick_call(unsigned long *state)
{
    long number = often[below(sizeof(often) / sizeof(often[0]))];
    for (;;) {
        const struct description *d = &calls[below(CALLS)];
        if (below(2) == 0)
            for (d = calls; d->number != number; d++)
                ;
        if (!rare(d->number) || below(4) == 0)
            return d;
    }
}

/* All of this user's processes are those of the other workers, too; who keeps a right would be root; and vfork's child stands on the stack
   of its parent: that is called in one place. */
static bool forbidden(long number, const long *a)
{
    if ((number == SYS_kill || number == SYS_rt_sigqueueinfo) && (int)a[0] == -1)
        return true;
    if (number == SYS_vfork)
        return true;
    return may_schedule && (number == SYS_setuid || number == SYS_setreuid || number == SYS_setresuid);
}

static void one_call(unsigned long *state)
{
    const struct description *d = pick_call(state);
    long number = below(40) ? d->number : (long)below(500), a[KINDS], result;
    for (int i = 0; i < KINDS; i++)
        a[i] = i < d->arity ? argument(state, d->kind[i]) : 0;
    if (number == SYS_execve && below(3))
        a[0] = (long)"/bin/true", a[1] = (long)arguments, a[2] = (long)&arguments[1];
    if (forbidden(number, a))
        return;
    __atomic_fetch_add(made, 1, __ATOMIC_RELAXED);
    result = call(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    if (result > 0 && number == SYS_fork)
        ids[MATES + 1] = (int)result;
}

static void nothing(int number)
{
    (void)number;
}

/* Whatever waits is to be interrupted, whatever the calls before have done to signals. */
static void wake_all(unsigned long *state)
{
    struct sigaction action = { .sa_handler = nothing };
    sigset_t none = 0;
    sigaction(SIGALRM, &action, NULL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setitimer(ITIMER_REAL, &(struct itimerval){ { 0, 2000 }, { 0, 2000 } }, NULL);
    call(SYS_tgkill, getpid(), ids[below(MATES + 1)], SIGALRM, 0, 0, 0);
}

static void run_another(void)
{
    pid_t pid = vfork();
    if (pid == 0) {
        execv("/bin/true", arguments);
        _exit(0);
    }
}

static void work(unsigned long *state)
{
    long left = budget;
    while (left-- > 0) {
        if (below(8) == 0)
            wake_all(state);
        if (below(16) == 0)
            fill(state);
        if (below(5) == 0)
            map_arena(state);
        if (below(150) == 0)
            run_another();
        if (below(200) == 0 && fork() == 0)
            left = 20;
        one_call(state);
    }
}

static void mate(struct thread *t)
{
    work(&states[t->argument]);
}

/* --- batches */

/* Nobody, and with the right if it is asked for: the saved user id stays root's then, and what is permitted is that right alone. */
static bool become_nobody(void)
{
    struct { unsigned version; int pid; } header = { 0x20080522, 0 };
    struct { unsigned effective, permitted, inheritable; } sets[2] = { { 1u << CAP_SYS_NICE, 1u << CAP_SYS_NICE, 0 }, { 0, 0, 0 } };
    if (getuid() != 0)
        return !(may_schedule = false);
    if (!may_schedule)
        return setgid(NOBODY) == 0 && setuid(NOBODY) == 0;
    return setgid(NOBODY) == 0 && setresuid(NOBODY, NOBODY, 0) == 0 && call(SYS_capset, (long)&header, (long)sets, 0, 0, 0, 0) == 0;
}

/* In a process of its own. */
static void batch(unsigned long seed)
{
    unsigned long *state = &states[0];
    int fds[2];
    for (int i = 0; i <= MATES; i++)
        states[i] = (seed * (MATES + 1) + i) * 2 + 1;
    setpgid(0, 0);
    for (int fd = 0; fd < 16; fd++)
        close(fd);
    for (int fd = 0; fd < 3; fd++)
        open("/dev/null", O_RDWR);
    pipe2(fds, O_NONBLOCK);
    pipe(fds);
    open("fuzz-d", O_RDONLY | O_NONBLOCK); /* a FIFO, perhaps, since another worker renamed one */
    limit(RLIMIT_AS, 64 << 20);
    limit(RLIMIT_FSIZE, 1 << 20);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_NOFILE, 32);
    may_schedule = seed % 2;
    if (!become_nobody())
        _exit(1);
    open("fuzz-a", O_CREAT | O_RDWR, 0666);
    arena = mmap(NULL, (PAGES + 1) * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    munmap(arena + PAGES * PAGE, PAGE);
    map_arena(state);
    ids[MATES] = ids[MATES + 1] = getpid();
    ids[MATES + 2] = getppid();
    unsigned threads = below(MATES + 1);
    budget = BATCH / (threads + 1);
    for (unsigned i = 0; i < threads; i++)
        ids[i] = (int)start(&mates[i], mate, i + 1);
    work(state);
    _exit(0);
}

/* A batch that makes not one call is the kernel's fault, or for want of memory. */
static bool worker(unsigned long seed, long wanted)
{
    sigset_t chld = 1ul << (SIGCHLD - 1);
    sigprocmask(SIG_BLOCK, &chld, NULL);
    made = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (made == MAP_FAILED)
        return false;
    for (long n = 0, before = -1; *made < wanted && *made > before; n++) {
        before = *made;
        pid_t pid = fork();
        if (pid < 0)
            return false;
        if (pid == 0)
            batch(seed * 1000003 + n);
        setpgid(pid, pid);
        while (sigtimedwait(&chld, NULL, &(struct timespec){ 0, 500000000 }) >= 0 && waitpid(pid, NULL, WNOHANG) == 0)
            ;
        kill(-pid, SIGKILL);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    return *made >= wanted;
}

/* Whoever left its group or was made by one that did. It has gone when its parent, process 1, has heard of it. */
static void end_nobody(void)
{
    pid_t pid = getuid() == 0 ? fork() : -1;
    if (pid == 0) {
        if (setgid(NOBODY) < 0 || setuid(NOBODY) < 0)
            _exit(1);
        for (int tries = 0; tries < 1000 && kill(-1, SIGKILL) == 0; tries++)
            nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
        _exit(0);
    }
    waitpid(pid, NULL, 0);
}

int main(int argc, char **argv)
{
    long seed = argc > 1 ? atol(argv[1]) : 0, wanted = argc > 2 ? atol(argv[2]) : 0, workers = argc > 3 ? atol(argv[3]) : 4;
    if (wanted < 1 || workers < 1 || workers > 64)
        return fprintf(stderr, "fuzz_threads: usage: fuzz_threads SEED CALLS [WORKERS]\n"), 2;
    if (!may_begin())
        return fprintf(stderr, "fuzz_threads: root cannot become nobody here; run it as a user\n"), 2;
    if (!enter())
        return perror("fuzz_threads: the folder fuzz cannot be made here"), 2;
    for (int i = 0; i < CALLS; i++)
        kinds_of(&calls[i]);
    long failed = 0;
    for (long w = 0; w < workers; w++) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(!worker(seed * 64 + w, (wanted + workers - 1) / workers));
        failed += pid < 0;
    }
    for (int status; wait(&status) > 0;)
        failed += status != 0;
    end_nobody();
    leave();
    printf("fuzz_threads: seed %ld, %ld calls, %ld workers%s\n", seed, wanted, workers, failed ? ", some did not get to their end" : "");
    return failed != 0;
}
