/* races [ROUNDS]: threads that use the same thing at the same moment: a file that is cut off while its pages are touched, a counter that
 * rings while somebody begins to poll it, timers that ring while they are set and deleted, while their thread and their process end. */

#include "threads.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

enum { PAGE = 4096, MARK = 40 };

static long rounds = 200;
static volatile int stop;
static int file, to, from;
static struct thread other;

static void pass(volatile int steps)
{
    while (steps)
        steps--;
}

/* --- a file's pages */

/* By the kernel's hand, which hears EFAULT where the program would hear SIGBUS. What is mapped stays so: each time anew. */
static void touches(struct thread *t)
{
    int zero = (int)call(SYS_open, (long)"/dev/zero", O_RDONLY, 0, 0, 0, 0);
    while (!stop) {
        long at = call(SYS_mmap, 0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        t->seen += call(SYS_read, zero, at, 1, 0, 0, 0) == 1;
        call(SYS_munmap, at, PAGE, 0, 0, 0, 0);
    }
    call(SYS_close, zero, 0, 0, 0, 0, 0);
}

/* What was cut off has no page that the file is given again. */
static void cutting(void)
{
    struct stat st;
    long left = 0;
    file = open("races", O_CREAT | O_RDWR | O_TRUNC, 0600);
    ftruncate(file, PAGE);
    stop = 0;
    start(&other, touches, 0);
    for (long i = 0; i < rounds * 20 || (other.seen < rounds && i < rounds * 500); i++) {
        ftruncate(file, PAGE);
        pass((int)(i & 63) * 16);
        ftruncate(file, 0);
        pass((int)(i & 63) * 16);
        fstat(file, &st);
        left += st.st_blocks != 0;
    }
    stop = 1;
    join(&other);
    close(file);
    unlink("races");
    show("pages behind the end of a file", left);
}

/* --- a counter that rings */

static void answers(struct thread *t)
{
    long number;
    (void)t;
    for (long i = 0; i < rounds * 20; i++) {
        call(SYS_read, to, (long)&number, sizeof(number), 0, 0, 0);
        pass((int)(i & 127));
        number = 1;
        call(SYS_write, from, (long)&number, sizeof(number), 0, 0, 0);
    }
}

/* A wake that is lost is made good by nobody: the wait ends when its time is over. */
static void polling(void)
{
    long number = 1, slow = 0;
    struct pollfd one;
    to = (int)syscall(SYS_eventfd2, 0, 0);
    from = (int)syscall(SYS_eventfd2, 0, 0);
    one = (struct pollfd){ from, POLLIN, 0 };
    start(&other, answers, 0);
    for (long i = 0; i < rounds * 20; i++) {
        struct timespec time = { 20, 0 };
        write(to, &number, sizeof(number));
        syscall(SYS_ppoll, &one, 1, &time, NULL, 8);
        slow += time.tv_sec < 5;
        read(from, &number, sizeof(number));
    }
    join(&other);
    close(to);
    close(from);
    show("wakes that were lost", slow);
}

/* --- timers */

struct setting {
    struct timespec interval, left;
};

static const struct setting often = { { 0, 100000 }, { 0, 100000 } }, now = { { 0, 100000 }, { 0, 1 } };
static volatile long heard;

static void hears(int number)
{
    (void)number;
    heard++;
}

static int timer_for(int thread)
{
    int id = -1, event[16] = { 0, 0, MARK, thread ? 4 : 0, thread };
    syscall(SYS_timer_create, CLOCK_MONOTONIC, event, &id);
    return id;
}

static void ends_soon(struct thread *t)
{
    struct timespec time = { 0, t->argument };
    call(SYS_nanosleep, (long)&time, 0, 0, 0, 0, 0);
}

/* Of a thread that ends while its timer rings, with signals of it that it has heard, or not. */
static void thread_ends(void)
{
    for (long i = 0; i < rounds; i++) {
        start(&other, ends_soon, 50000 + i % 16 * 20000);
        int id = timer_for(other.tid);
        syscall(SYS_timer_settime, id, 0, &often, NULL);
        join(&other);
        syscall(SYS_timer_delete, id);
    }
    show_true("threads end while their timers ring", 1);
}

static volatile int ring;

/* Sets what another thread deletes. */
static void sets(struct thread *t)
{
    struct timespec pause = { 0, t->argument };
    while (!stop) {
        call(SYS_nanosleep, (long)&pause, 0, 0, 0, 0, 0);
        call(SYS_timer_settime, ring, 0, (long)&now, 0, 0, 0);
    }
}

static void deleted(void)
{
    stop = 0;
    start(&other, sets, 20000);
    for (long i = 0; i < rounds; i++) {
        ring = timer_for(0);
        for (long before = heard; i % 4 == 0 && heard == before;)
            ;
        syscall(SYS_timer_delete, ring);
    }
    stop = 1;
    join(&other);
    show_true("timers are deleted while they ring and are set", heard > 0);
}

/* A process that ends, or becomes another program, with all kinds of timers that ring. */
static void process_ends(const char *me)
{
    int wrong = 0;
    for (long i = 0; i < rounds / 4; i++) {
        pid_t pid = split();
        if (pid == 0) {
            int fd = (int)syscall(SYS_timerfd_create, CLOCK_MONOTONIC, 0);
            syscall(SYS_timerfd_settime, fd, 0, &often, NULL);
            for (int k = 0; k < 4; k++)
                syscall(SYS_timer_settime, timer_for(k & 1 ? (int)syscall(SYS_gettid) : 0), 0, &often, NULL);
            sigset_t marks = 1ul << (MARK - 1);
            if (i & 2)
                sigprocmask(SIG_BLOCK, &marks, NULL);
            nanosleep(&(struct timespec){ 0, i % 16 * 30000 }, NULL);
            if (i & 1)
                execv(me, (char *[]){ (char *)me, "end", NULL });
            _exit(0);
        }
        wrong += wait_for(pid) != 0;
    }
    show("processes that did not end as they should", wrong);
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "end"))
        return 0;
    if (argc > 1)
        rounds = atol(argv[1]);
    begin();
    signal(MARK, hears);
    cutting();
    polling();
    thread_ends();
    deleted();
    process_ends(argv[0]);
    return 0;
}
