/* Who waits in vfork() and is killed: it ends at once, and its child goes on in the memory that it had. Started with a word, it is what the
 * child executes. */

#include "show.h"

#include <fcntl.h>
#include <sys/syscall.h>

#define SUBREAPER 36

enum { SIZE = 100000 };

static int says[2], hears[2], handled;
static char memory[SIZE];

static void handler(int signal)
{
    (void)signal;
    handled++;
}

static void put_number(int number)
{
    write(says[1], &number, sizeof(number));
}

static int number(void)
{
    int got = -1;
    read(says[0], &got, sizeof(got));
    return got;
}

static const char *self;
static char how; /* the child ends: it executes something, or exits */

static void child(void)
{
    char byte;
    int sum = 0;
    put_number(getpid());
    read(hears[0], &byte, 1);
    for (int i = 0; i < SIZE; i += 1000)
        sum += memory[i]++;
    put_number(sum);
    if (how == 'e')
        execve(self, (char *const[]){ "me", "executed", NULL }, (char *const[]){ NULL });
    _exit(how == 'x' ? 6 : 99);
}

/* vfork(), whose child begins with a function, which does not return, on a stack of its own. */
static pid_t vfork_to(void (*begin)(void), char *end_of_stack)
{
    register long none1 asm("r10") = 0, none2 asm("r8") = 0;
    register void (*function)(void) asm("r9") = begin;
    long pid = SYS_clone;
    asm volatile("syscall\n\ttest %0, %0\n\tjnz 1f\n\tcall *%%r9\n1:"
                 : "+a"(pid) : "D"(0x4100l | SIGCHLD), "S"(end_of_stack), "d"(0l), "r"(none1), "r"(none2), "r"(function)
                 : "rcx", "r11", "memory");
    return pid;
}

static char stack[16384] __attribute__((aligned(16))), inner_stack[16384] __attribute__((aligned(16)));

/* Of who vforks, and ends with 5 if it comes back. */
static void lend(void)
{
    (void)vfork_to(child, stack + sizeof(stack));
    put_number(memory[0]);
    done(5 + handled);
}

static void lends_what_it_was_lent(void)
{
    put_number(getpid());
    (void)vfork_to(child, inner_stack + sizeof(inner_stack));
    _exit(8);
}

static void kill_it(const char *name, int signal, char by)
{
    int status;
    show_text("case", name);
    how = by;
    pid_t parent = split();
    if (parent == 0)
        lend();
    pid_t child = number();
    kill(parent, signal);
    show_status("  who waited", wait_for(parent));
    show_call("  its child is there", kill(child, 0));
    write(hears[1], "x", 1);
    show("  what it has in memory", number());
    show("  its child is mine now", waitpid(child, &status, 0) == child);
    show_status("  it", status);
}

/* The signal is heard when the child has ended. */
static void tell_it(const char *name, int signal)
{
    int status;
    show_text("case", name);
    how = 'x';
    pid_t parent = split();
    if (parent == 0)
        lend();
    number();
    kill(parent, signal);
    show("  who waits is there", waitpid(parent, &status, WNOHANG));
    write(hears[1], "x", 1);
    show("  what the child has in memory", number());
    if (signal == SIGUSR1 || signal == SIGTERM)
        show("  what the child left there", number());
    show_status("  who waited", wait_for(parent));
}

/* A child that vforks itself is killed, or the one that it has its memory from: which is there until the last of them has ended. */
static void nested(const char *name, int of_the_first)
{
    int status;
    show_text("case", name);
    how = 'x';
    pid_t first = split();
    if (first == 0)
        done(WTERMSIG(wait_for(vfork_to(lends_what_it_was_lent, stack + sizeof(stack)))));
    pid_t second = number(), third = number();
    kill(of_the_first ? first : second, SIGKILL);
    if (of_the_first)
        show_status("  the first", wait_for(first));
    write(hears[1], "x", 1);
    show("  what the third has in memory", number());
    if (of_the_first)
        show_status("  the second", wait_for(second));
    else
        show_status("  the first, by the second's end", wait_for(first));
    if (!of_the_first) {
        show("  the third is mine now", waitpid(third, &status, 0) == third);
        show_status("  it", status);
    }
}

int main(int argc, char **argv)
{
    struct sigaction action = { .sa_handler = handler };
    if (argc > 1)
        return 7;
    begin();
    self = argv[0];
    syscall(SYS_prctl, SUBREAPER, 1, 0, 0, 0);
    pipe(says);
    pipe(hears);
    memset(memory, 1, SIZE);
    kill_it("killed", SIGKILL, 'x');
    kill_it("killed, and the child executes", SIGKILL, 'e');
    kill_it("terminated", SIGTERM, 'x');
    kill_it("by a signal of real time", 40, 'e');
    sigaction(SIGUSR1, &action, NULL);
    tell_it("a signal with a handler", SIGUSR1);
    tell_it("one that leaves a dump", SIGQUIT);
    nested("of three, the second one is killed", 0);
    nested("of three, the first one is killed", 1);
    unsigned long blocked = 1ul << (SIGTERM - 1);
    syscall(SYS_rt_sigprocmask, 0, &blocked, NULL, 8);
    tell_it("one that is blocked", SIGTERM);
    return 0;
}
