/* waitid(): what is told of children, and what stays to be told; select() and pselect6(): sets of descriptors; msync(); holes of files that
 * several have mapped. */

#include "show.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

enum { ALL, BY_PID, BY_GROUP, EXITED = 4, STOPPED = 2, CONTINUED = 8, NOWAIT = 0x1000000, PAGE = 4096 };

static siginfo_t told;

static long look(int which, int id, int options)
{
    memset(&told, 0x55, sizeof(told));
    return syscall(SYS_waitid, which, id, &told, options, NULL);
}

static void tell(const char *name, pid_t pid)
{
    printf("%s: signal %d, error %d, code %d, status %d, its id %s\n", name, told.si_signo, told.si_errno, told.si_code, told.si_status,
           told.si_pid == pid ? "yes" : "no");
}

static pid_t child(int status)
{
    pid_t pid = split();
    if (pid == 0) {
        if (status >= 0)
            _exit(status);
        for (;;)
            pause();
    }
    return pid;
}

static void children(void)
{
    pid_t pid = child(9), other;
    show_call("looked at", look(BY_PID, pid, EXITED | NOWAIT));
    tell("ended", pid);
    show_call("and again", look(ALL, 0, EXITED | NOWAIT));
    show_call("waited for", look(BY_GROUP, getpgrp(), EXITED));
    tell("ended", pid);
    show_call("gone", look(BY_PID, pid, EXITED));

    pid = child(-1);
    other = child(3);
    show_call("one of two", look(BY_PID, other, EXITED));
    tell("the other", other);
    show_call("nothing yet", look(BY_PID, pid, EXITED | WNOHANG));
    show_true("nobody", !told.si_signo && !told.si_pid && !told.si_code);
    show_call("not yet stopped", look(BY_PID, pid, STOPPED | WNOHANG));
    kill(pid, SIGSTOP);
    show_call("stopped", look(BY_PID, pid, STOPPED | NOWAIT));
    tell("stopped", pid);
    show_call("told still", look(BY_PID, pid, STOPPED));
    show_call("told", look(BY_PID, pid, STOPPED | WNOHANG));
    show_true("once", !told.si_pid);
    kill(pid, SIGCONT);
    show_call("goes on", look(BY_GROUP, 0, CONTINUED));
    tell("goes on", pid);
    kill(pid, SIGKILL);
    show_call("killed", look(BY_PID, pid, EXITED | NOWAIT));
    show_call("only going on is asked for", look(BY_PID, pid, CONTINUED));
    show_call("killed", look(BY_PID, pid, EXITED | STOPPED));
    tell("killed", pid);
    pid = child(1);
    show_call("nowhere to tell", syscall(SYS_waitid, BY_PID, pid, 1, EXITED, NULL));
    show_call("and gone", look(BY_PID, pid, EXITED));
    pid = child(2);
    show_call("told to nobody", syscall(SYS_waitid, BY_PID, pid, NULL, EXITED, NULL));
}

static void refused_children(void)
{
    show_call("no options", look(ALL, 0, 0));
    show_call("only not to wait", look(ALL, 0, WNOHANG));
    show_call("unknown options", look(ALL, 0, EXITED | 0x40));
    show_call("unknown kind", look(9, 0, EXITED));
    show_call("process 0", look(BY_PID, 0, EXITED));
    show_call("group -1", look(BY_GROUP, -1, EXITED));
    show_call("no children", look(ALL, 0, EXITED));
    show_call("a child of somebody else", look(BY_PID, 1, EXITED));
}

/* --- select() */

static unsigned long sets[3][2];

static long select_of(int n, unsigned long reads, unsigned long writes, unsigned long others, long us)
{
    long time[2] = { us / 1000000, us % 1000000 };
    sets[0][0] = reads;
    sets[1][0] = writes;
    sets[2][0] = others;
    return syscall(SYS_select, n, sets[0], sets[1], sets[2], us < 0 ? NULL : time);
}

static void answer(const char *name)
{
    printf("%s: %#lx %#lx %#lx\n", name, sets[0][0], sets[1][0], sets[2][0]);
}

static volatile sig_atomic_t heard;

static void hears(int number)
{
    heard = number;
}

static void selecting(void)
{
    int ends[2];
    pipe(ends);
    for (int i = 0; i < 2; i++)
        dup2(ends[i], 10 + i);
    unsigned long in = 1ul << 10, out = 1ul << 11;
    show_call("room, no bytes", select_of(12, in, out, in | out, 0));
    answer("answer");
    show_call("after a while", select_of(12, in, 0, 0, 5000));
    answer("answer");
    write(11, "x", 1);
    show_call("both", select_of(12, in, out, 0, -1));
    answer("answer");
    show_call("beyond n is not looked at", select_of(11, in, out, 0, 0));
    answer("answer");
    show_call("of both sides", select_of(12, in | out, in | out, 0, 0));
    answer("answer");
    show_call("none", select_of(0, in, out, 0, 1000));
    answer("answer");
    long time[2] = { 10, 0 };
    sets[0][0] = in;
    show_call("no other sets", syscall(SYS_select, 12, sets[0], NULL, NULL, time));
    show_true("time that is left is told", time[0] >= 5 && (time[0] < 10 || !time[1]));
    close(11);
    close(ends[1]);
    read(10, time, 1);
    show_call("the end", select_of(12, in, 0, 0, -1));
    answer("answer");
    long whole[2] = { 0, 20000 };
    sets[1][0] = sets[2][0] = in;
    show_call("an end that nobody asked for", syscall(SYS_select, 12, NULL, sets[1], sets[2], whole));
    show_true("ends no wait", !whole[0] && !whole[1]);
    show_call("one that is closed", select_of(12, in | out, 0, 0, 0));
    answer("as it was");
    show_call("less than none", select_of(-1, in, 0, 0, 0));
    show_call("no address", syscall(SYS_select, 12, 1, NULL, NULL, NULL));
    show_call("no time", syscall(SYS_select, 12, NULL, NULL, NULL, &(long[2]){ -1, 0 }));
    show_call("no time", syscall(SYS_select, 12, NULL, NULL, NULL, &(long[2]){ 0, -1 }));
    show_call("many us", syscall(SYS_select, 12, NULL, NULL, NULL, &(long[2]){ 0, 1000001 }));
    show_call("the time's address", syscall(SYS_select, 12, NULL, NULL, NULL, 1));
    close(10);
    close(ends[0]);
}

static void with_a_mask(void)
{
    sigset_t usr1 = 1ul << (SIGUSR1 - 1), none = 0, now;
    struct { sigset_t *set; size_t size; } mask = { &none, 8 };
    struct timespec time = { 5, 0 };
    signal(SIGUSR1, hears);
    sigprocmask(SIG_BLOCK, &usr1, NULL);
    raise(SIGUSR1);
    show("not heard", heard);
    show_call("heard inside", syscall(SYS_pselect6, 0, NULL, NULL, NULL, &time, &mask));
    show("heard", heard);
    sigprocmask(SIG_BLOCK, NULL, &now);
    show_true("the mask is as before", now == usr1);
    mask.size = 4;
    show_call("a mask of another size", syscall(SYS_pselect6, 0, NULL, NULL, NULL, &time, &mask));
    mask.set = NULL;
    time = (struct timespec){ 0, 1000000 };
    show_call("no mask", syscall(SYS_pselect6, 0, NULL, NULL, NULL, &time, &mask));
    show_true("nothing is left", !time.tv_sec && !time.tv_nsec);
    show_call("no mask's place", syscall(SYS_pselect6, 0, NULL, NULL, NULL, &time, 1));
    time.tv_nsec = 1000000000;
    show_call("no time", syscall(SYS_pselect6, 0, NULL, NULL, NULL, &time, NULL));
    signal(SIGUSR1, SIG_DFL);
}

/* --- waits that are stopped and go on */

enum { BY_POLL, BY_PPOLL, BY_SELECT, WAYS };

static void wait_a_while(int way)
{
    struct timespec time = { 0, 200000000 };
    if (way == BY_POLL)
        syscall(SYS_poll, NULL, 0, 200);
    else if (way == BY_PPOLL)
        syscall(SYS_ppoll, NULL, 0, &time, NULL, 8);
    else
        select_of(0, 0, 0, 0, 200000);
}

/* They end when they would have ended: each time that they begin anew is shorter. */
static void stopped(void)
{
    static const char *const names[] = { "poll", "ppoll", "select" };
    for (int way = 0; way < WAYS; way++) {
        int status = 0, rounds = 0;
        pid_t pid = split();
        if (pid == 0) {
            wait_a_while(way);
            done(0);
        }
        while (!waitpid(pid, &status, WNOHANG) && rounds++ < 60) {
            kill(pid, SIGSTOP);
            waitpid(pid, &status, WUNTRACED);
            if (!WIFSTOPPED(status))
                break;
            kill(pid, SIGCONT);
            nanosleep(&(struct timespec){ 0, 20000000 }, NULL);
        }
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
        show_text(names[way], rounds < 50 ? "ends" : "BEGINS AGAIN FOR EVER");
    }
    struct timespec time = { 0, 2000000 };
    show_call("ppoll", syscall(SYS_ppoll, NULL, 0, &time, NULL, 8));
    show_true("tells that no time is left", !time.tv_sec && !time.tv_nsec);
}

/* --- mapped files */

static void mapped(void)
{
    int fd = open("holes", O_CREAT | O_RDWR | O_TRUNC, 0600);
    char *first, *second, text[8] = "";
    ftruncate(fd, 5 * PAGE);
    first = mmap(NULL, 5 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    second = mmap(NULL, 5 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    show_true("a hole is empty", !second[2 * PAGE]);
    strcpy(first + 2 * PAGE, "hole");
    show_text("seen by the other", second + 2 * PAGE);
    pread(fd, text, 5, 2 * PAGE);
    show_text("in the file", text);
    pid_t pid = split();
    if (pid == 0) {
        strcpy(second + 4 * PAGE, "child");
        done(0);
    }
    wait_for(pid);
    show_text("written by a child", first + 4 * PAGE);
    pwrite(fd, "file", 5, PAGE);
    show_text("written to the file", second + PAGE);
    ftruncate(fd, 2 * PAGE);
    ftruncate(fd, 5 * PAGE);
    pread(fd, text, 5, 2 * PAGE);
    show("cut off and gone", text[0]);
    show_call("msync", syscall(SYS_msync, first, 5 * PAGE, 4));
    show_call("of nothing", syscall(SYS_msync, first, 0, 4));
    show_call("no page's start", syscall(SYS_msync, first + 1, PAGE, 4));
    show_call("now and later", syscall(SYS_msync, first, PAGE, 5));
    show_call("an unknown flag", syscall(SYS_msync, first, PAGE, 8));
    munmap(first + PAGE, PAGE);
    show_call("over a hole", syscall(SYS_msync, first, 5 * PAGE, 1));
    munmap(first, 5 * PAGE);
    munmap(second, 5 * PAGE);
    close(fd);
    unlink("holes");
}

int main(void)
{
    begin();
    children();
    refused_children();
    selecting();
    with_a_mask();
    stopped();
    mapped();
    return 0;
}
