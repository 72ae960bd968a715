/* fuzz SEED CALLS [WORKERS]: system calls at random, for a kernel to survive: every number, arguments that are small, huge, negative,
 * addresses at the end of a page, in the kernel, nowhere. The same seed makes the same calls in each process; how they mix is the
 * scheduler's.
 *
 * Each of the workers makes its calls in batches, a new process for each, which has no descriptors but ones of its own, may not grow, is
 * nobody where we are root, and is killed if it has not ended after two seconds. What would reach beyond that process is not called
 * (denied). Many a batch unmaps its own code and ends early; there are as many as it takes for CALLS.
 * Prints one line at the end, and nothing of what was made is left. Judged is the kernel: no panic, nothing lost, and this program gets to
 * its end. */

#include "fuzz.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

enum { BATCH = 250 };

static unsigned long state;
static char *page; /* readable and writable, and nothing behind it */
static const char *const paths[] = { "fuzz-a", "fuzz-b", "fuzz-d", "fuzz-d/c", "fuzz-l", ".", "..", "/", "/dev/null", "/dev/zero",
                                     "/proc/self/stat", "", "fuzz-a/x", "//./fuzz-d/..", "/bin/true" };

static unsigned long any(void)
{
    return any_of(&state);
}

static unsigned long below(unsigned long n)
{
    return below_of(&state, n);
}

/* Numbers that end this process, that reach others, or that (on Linux) change the machine or take long to undo. */
static bool denied(long number)
{
    static const short list[] = {
        SYS_exit, SYS_exit_group, SYS_fork, SYS_vfork, SYS_kill, SYS_tkill, SYS_tgkill, SYS_reboot, SYS_setsid, SYS_setpgid,
        56 /* clone */, 101 /* ptrace */, 103 /* syslog */, 129 /* rt_sigqueueinfo */, 153 /* vhangup */, 155 /* pivot_root */,
        159 /* adjtimex */, 161 /* chroot */, 163 /* acct */, 164 /* settimeofday */, 165 /* mount */, 166 /* umount2 */,
        167 /* swapon */, 168 /* swapoff */, 170 /* sethostname */, 171 /* setdomainname */, 172 /* iopl */, 173 /* ioperm */,
        175 /* init_module */, 176 /* delete_module */, 179 /* quotactl */, 227 /* clock_settime */, 246 /* kexec_load */,
        248 /* add_key */, 249 /* request_key */, 250 /* keyctl */, 272 /* unshare */, 285 /* fallocate */, 297 /* rt_tgsigqueueinfo */,
        298 /* perf_event_open */, 304 /* open_by_handle_at */, 305 /* clock_adjtime */, 308 /* setns */, 310 /* process_vm_readv */,
        311 /* process_vm_writev */, 313 /* finit_module */, 320 /* kexec_file_load */, 321 /* bpf */, 323 /* userfaultfd */
    };
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
        if (list[i] == number)
            return true;
    return number > 334 && number < 600; /* Linux's newer calls */
}

static long pick_number(void)
{
    for (;;) {
        unsigned long kind = below(20);
        long number = kind == 0 ? (long)any() : kind == 1 ? (long)below(2000) : (long)below(335);
        if (!denied(number) && !denied((int)number))
            return number;
    }
}

static long pick_pointer(void)
{
    switch (below(12)) {
    case 0: return 0;
    case 1: return (long)(page + PAGE - below(32));
    case 2: return (long)page + below(PAGE);
    case 3: return 0xffff800000000000 + below(1ul << 40);
    case 4: return 0xffffffff80000000 + below(1 << 24);
    case 5: return -1 - (long)below(64);
    case 6: return 0x800000000000 - below(PAGE);
    case 7: return below(PAGE);
    case 8: return (long)denied; /* this program's text */
    default: return (long)paths[below(sizeof(paths) / sizeof(paths[0]))];
    }
}

static long pick(void)
{
    switch (below(10)) {
    case 0: return below(4);
    case 1: return below(16); /* a descriptor */
    case 2: return -(long)below(5);
    case 3: return 1l << below(64);
    case 4: return (1l << below(64)) - 1;
    case 5: return below(8) * PAGE;
    case 6: return (int)any();
    case 7: return O_CREAT | O_RDWR | O_NONBLOCK;
    default: return pick_pointer();
    }
}

static void fill_page(void)
{
    for (int i = 0; i < PAGE; i += 8)
        *(long *)(page + i) = below(4) ? (long)below(3) : pick();
    strcpy(page + PAGE - 8, "fuzz-a"); /* a name that just fits */
}

static void nothing(int number)
{
    (void)number;
}

/* A call that would wait for ever is to be interrupted, whatever the calls before it have done to signals. */
static void rearm(void)
{
    struct sigaction action = { .sa_handler = nothing };
    sigset_t none = 0;
    sigaction(SIGALRM, &action, NULL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setitimer(ITIMER_REAL, &(struct itimerval){ { 0, 5000 }, { 0, 5000 } }, NULL);
}

/* In a process of its own. made: counts the calls, for the worker to see whatever becomes of this process. */
static void batch(unsigned long seed, int calls, long *made)
{
    state = seed * 2 + 1;
    setpgid(0, 0);
    for (int fd = 0; fd < 16; fd++)
        close(fd);
    for (int fd = 0; fd < 3; fd++)
        open("/dev/null", O_RDWR);
    int fds[2];
    pipe2(fds, O_NONBLOCK);
    open("fuzz-a", O_CREAT | O_RDWR, 0666);
    limit(RLIMIT_AS, 64 << 20);
    limit(RLIMIT_FSIZE, 1 << 20);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_NOFILE, 32);
    if (getuid() == 0 && (setgid(NOBODY) < 0 || setuid(NOBODY) < 0))
        _exit(1); /* main() has seen that it can be done */
    page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(page + PAGE, PAGE);
    fill_page();
    pid_t child = -1;
    for (int i = 0; i < calls; i++) {
        if (below(16) == 0)
            fill_page();
        if (i % 4 == 0)
            rearm();
        if (below(150) == 0 && child < 0 && (child = fork()) == 0)
            calls = i + 10;
        long number = pick_number(), a = pick(), b = pick(), c = pick(), d = pick(), e = pick(), f = pick();
        __atomic_fetch_add(made, 1, __ATOMIC_RELAXED);
        syscall(number, a, b, c, d, e, f);
    }
    _exit(0);
}

/* A batch that makes not one call is the kernel's fault, or for want of memory. */
static bool worker(unsigned long seed, long calls)
{
    sigset_t chld = 1ul << (SIGCHLD - 1);
    sigprocmask(SIG_BLOCK, &chld, NULL);
    long *made = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0), before = -1;
    if (made == MAP_FAILED)
        return false;
    for (long n = 0; *made < calls && *made > before; n++) {
        before = *made;
        pid_t pid = fork();
        if (pid < 0)
            return false;
        if (pid == 0)
            batch(seed * 1000003 + n, calls - before < BATCH ? calls - before : BATCH, made);
        setpgid(pid, pid);
        while (sigtimedwait(&chld, NULL, &(struct timespec){ 2, 0 }) >= 0 && waitpid(pid, NULL, WNOHANG) == 0)
            ;
        kill(-pid, SIGKILL); /* it and its child, whatever is left of them */
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    return *made >= calls;
}

int main(int argc, char **argv)
{
    long seed = argc > 1 ? atol(argv[1]) : 0, calls = argc > 2 ? atol(argv[2]) : 0, workers = argc > 3 ? atol(argv[3]) : 4;
    if (calls < 1 || workers < 1 || workers > 64)
        return fprintf(stderr, "fuzz: usage: fuzz SEED CALLS [WORKERS]\n"), 2;
    if (!may_begin())
        return fprintf(stderr, "fuzz: root cannot become nobody here, and its calls would reach everything; run it as a user\n"), 2;
    if (!enter())
        return perror("fuzz: the folder fuzz cannot be made here"), 2;
    long failed = 0;
    for (long w = 0; w < workers; w++) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(!worker(seed * 64 + w, (calls + workers - 1) / workers));
        failed += pid < 0;
    }
    for (int status; wait(&status) > 0;)
        failed += status != 0;
    leave();
    printf("fuzz: seed %ld, %ld calls, %ld workers%s\n", seed, calls, workers, failed ? ", some did not get to their end" : "");
    return failed != 0;
}
