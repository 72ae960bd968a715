/* Stopping and going on: SIGSTOP, SIGCONT, what wait4 tells of it, SIGCHLD for it; process groups and sessions. */

#include "show.h"

#include <sched.h>

static volatile int children, continued;

static void child_changed(int number)
{
    (void)number;
    children++;
}

static void went_on(int number)
{
    (void)number;
    continued++;
}

static pid_t sleeper(void)
{
    pid_t pid = split();
    if (pid == 0)
        for (;;)
            pause();
    return pid;
}

static int change_of(pid_t pid, int options)
{
    int status = -1;
    while (waitpid(pid, &status, options) < 0 && errno == EINTR)
        ;
    return status;
}

static void stops(void)
{
    static const int signals[] = { SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU };
    for (int i = 0; i < 4; i++) {
        int fds[2];
        char c;
        pipe(fds);
        pid_t pid = split();
        if (pid == 0) {
            close(fds[1]);
            setpgid(0, 0);
            raise(signals[i]);
            read(fds[0], &c, 1);
            _exit(i);
        }
        close(fds[0]);
        int status = change_of(pid, WUNTRACED);
        show_status("stopped by", status);
        show("raw", status);
        show("told only once", waitpid(pid, &status, WUNTRACED | WNOHANG));
        kill(pid, SIGCONT);
        show("continued, raw", change_of(pid, WCONTINUED | WUNTRACED));
        close(fds[1]);
        show_status("then", change_of(pid, 0));
    }
}

static void killed_while_stopped(void)
{
    pid_t pid = sleeper();
    int status;
    kill(pid, SIGSTOP);
    show_status("stop", change_of(pid, WUNTRACED));
    kill(pid, SIGTERM); /* stays pending */
    show("TERM does not end it yet", waitpid(pid, &status, WNOHANG));
    kill(pid, SIGCONT);
    show_status("but with CONT", change_of(pid, 0));
    pid = sleeper();
    kill(pid, SIGSTOP);
    change_of(pid, WUNTRACED);
    kill(pid, SIGKILL);
    show_status("KILL ends it at once", change_of(pid, 0));
}

static void handler_of_continue(void)
{
    int fds[2];
    char c;
    pipe(fds);
    pid_t pid = split();
    if (pid == 0) {
        signal(SIGCONT, went_on);
        raise(SIGSTOP);
        while (!continued)
            sched_yield();
        write(fds[1], "c", 1);
        _exit(8);
    }
    change_of(pid, WUNTRACED);
    kill(pid, SIGCONT);
    show("handler of SIGCONT", read(fds[0], &c, 1));
    show_status("then", change_of(pid, 0));
    close(fds[0]);
    close(fds[1]);
}

static void told_to_the_parent(void)
{
    sigset_t none = 0, set = 1ul << (SIGCHLD - 1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    struct sigaction action = { .sa_handler = child_changed };
    sigaction(SIGCHLD, &action, NULL);
    pid_t pid = sleeper();
    kill(pid, SIGSTOP);
    sigsuspend(&none);
    show("SIGCHLD for a stop", children);
    change_of(pid, WUNTRACED);
    kill(pid, SIGCONT);
    sigsuspend(&none);
    show("SIGCHLD for going on", children);
    show_status("which is told", change_of(pid, WCONTINUED));
    action.sa_flags = SA_NOCLDSTOP;
    sigaction(SIGCHLD, &action, NULL);
    kill(pid, SIGSTOP);
    change_of(pid, WUNTRACED);
    show("none with SA_NOCLDSTOP", children);
    kill(pid, SIGKILL);
    sigsuspend(&none);
    show("but for the end", children);
    change_of(pid, 0);
    signal(SIGCHLD, SIG_DFL);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void groups(void)
{
    pid_t me = getpgrp();
    show_true("getpgid of 0", getpgid(0) == me);
    pid_t a = sleeper(), b = sleeper();
    show_true("a child is in its parent's group", getpgid(a) == me);
    show_call("a group of its own", setpgid(a, a));
    show_call("and another in it", setpgid(b, a));
    show_true("both are", getpgid(a) == a && getpgid(b) == a);
    show_call("setpgid of nobody", setpgid(999999, 0));
    show_call("a negative group", setpgid(a, -1));
    show_call("a group that is not there", setpgid(a, 999999));
    show_call("kill of the group", kill(-a, SIGTERM));
    int status;
    pid_t first = waitpid(-a, &status, 0);
    show_status("wait for the group", status);
    show_true("one of them", first == a || first == b);
    waitpid(-a, &status, 0);
    show_status("the other", status);
    show_call("nobody left in it", waitpid(-a, &status, 0));
    show_call("kill of an empty group", kill(-a, 0));
    show_call("wait for the own group", waitpid(0, &status, 0));
    pid_t pid = split();
    if (pid == 0) {
        show_true("setsid", setsid() == getpid());
        show_true("group and session are its own", getpgrp() == getpid() && getsid(0) == getpid());
        show_call("setsid again", setsid());
        show_call("a leader stays in its group", setpgid(0, 0));
        done(0);
    }
    wait_for(pid);
    pid = sleeper();
    show_true("its session is ours", getsid(pid) == getsid(0));
    show_call("session of nobody", getsid(999999));
    show_call("group of nobody", getpgid(999999));
    kill(pid, SIGKILL);
    wait_for(pid);
}

int main(void)
{
    begin();
    setpgid(0, 0);
    stops();
    killed_while_stopped();
    handler_of_continue();
    told_to_the_parent();
    groups();
    return 0;
}
