/* fork, exit and wait: every way a child can end, what the parent is told, when there is nothing to wait for, orphans. */

#include "show.h"

#include <sched.h>
#include <sys/wait.h>

static void ends(void)
{
    static const int codes[] = { 0, 1, 42, 255, 256, -1 };
    for (int i = 0; i < 6; i++) {
        pid_t pid = split();
        if (pid == 0)
            _exit(codes[i]);
        int status;
        show_true("wait gives the child", waitpid(pid, &status, 0) == pid);
        show("raw status", status);
    }
    static const int signals[] = { SIGHUP, SIGINT, SIGKILL, SIGUSR1, SIGTERM, SIGALRM, SIGPIPE, SIGRTMIN + 1 };
    for (int i = 0; i < 8; i++) {
        pid_t pid = split();
        if (pid == 0) {
            raise(signals[i]);
            _exit(99);
        }
        show("killed, raw status", wait_for(pid));
    }
    pid_t pid = split();
    if (pid == 0) {
        int *volatile null = NULL;
        *null = 1;
        _exit(99);
    }
    show_status("null pointer", wait_for(pid));
}

static void no_child(void)
{
    int status = 77;
    show_call("wait without children", wait(&status));
    show_call("waitpid of itself", waitpid(getpid(), &status, 0));
    show_call("waitpid of 1", waitpid(1, &status, 0));
    show_call("waitpid WNOHANG without children", waitpid(-1, &status, WNOHANG));
    show_call("waitpid with a bad option", waitpid(-1, &status, 0x100));
    show_call("waitpid of the least group", waitpid((pid_t)0x80000000, &status, 0));
    show("status untouched", status);
}

static void no_hang(void)
{
    int fds[2], status = 77;
    char c;
    pipe(fds);
    pid_t pid = split();
    if (pid == 0) {
        close(fds[1]);
        read(fds[0], &c, 1);
        _exit(5);
    }
    show("WNOHANG while it runs", waitpid(pid, &status, WNOHANG));
    show("status then", status);
    show("kill 0 while it runs", kill(pid, 0));
    close(fds[1]);
    close(fds[0]);
    show_status("then", wait_for(pid));
    show_call("waited for twice", waitpid(pid, &status, 0));
    show_call("kill of what is gone", kill(pid, 0));
}

static void zombie(void)
{
    int fds[2];
    char c;
    pipe(fds);
    pid_t pid = split();
    if (pid == 0)
        _exit(9);
    close(fds[1]);
    show("end of the pipe", read(fds[0], &c, 1));
    close(fds[0]);
    show("kill 0 of a zombie", kill(pid, 0));
    show("kill 9 of a zombie", kill(pid, SIGKILL));
    show_status("its status", wait_for(pid));
}

static void order(void)
{
    pid_t pids[5];
    for (int i = 0; i < 5; i++)
        if ((pids[i] = split()) == 0)
            _exit(i + 10);
    for (int i = 4; i >= 0; i--)
        show_status("waited for backwards", wait_for(pids[i]));
    int sum = 0;
    for (int i = 0; i < 30; i++)
        if (split() == 0)
            _exit(i);
    for (int status, n = 0; wait(&status) > 0; n++)
        sum += WEXITSTATUS(status);
    show("sum of thirty", sum);
}

static void identity(void)
{
    int fds[2];
    pid_t seen[2] = { 0, 0 }, me = getpid();
    pipe(fds);
    pid_t pid = split();
    if (pid == 0) {
        pid_t both[2] = { getpid(), getppid() };
        write(fds[1], both, sizeof(both));
        _exit(0);
    }
    read(fds[0], seen, sizeof(seen));
    close(fds[0]);
    close(fds[1]);
    wait_for(pid);
    show_true("fork returns the child's pid", seen[0] == pid);
    show_true("getppid is the parent", seen[1] == me);
    show_true("pids differ", pid != me);
    show_true("gettid is getpid", gettid() == getpid());
}

static void orphan(void)
{
    int fds[2];
    pid_t answers[2] = { 0, 0 };
    pipe(fds);
    pid_t pid = split();
    if (pid == 0) {
        pid_t me = getpid();
        if (fork() == 0) {
            while (getppid() == me)
                sched_yield();
            answers[0] = getppid() != me;
            write(fds[1], answers, sizeof(answers));
            _exit(3);
        }
        _exit(4);
    }
    close(fds[1]);
    show_status("the one between", wait_for(pid));
    read(fds[0], answers, sizeof(answers));
    show_true("the orphan has another parent", answers[0]);
    char c;
    show("and ends", read(fds[0], &c, 1));
    close(fds[0]);
    show_call("it is not ours to wait for", wait(NULL));
}

static void ignored_children(void)
{
    signal(SIGCHLD, SIG_IGN);
    pid_t pid = split();
    if (pid == 0)
        _exit(1);
    show_call("with SIGCHLD ignored", waitpid(pid, NULL, 0));
    signal(SIGCHLD, SIG_DFL);
    struct sigaction no_wait = { .sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT };
    sigaction(SIGCHLD, &no_wait, NULL);
    if ((pid = split()) == 0)
        _exit(1);
    show_call("with SA_NOCLDWAIT", waitpid(pid, NULL, 0));
    signal(SIGCHLD, SIG_DFL);
}

static void usage(void)
{
    struct rusage used = { .ru_utime.tv_sec = -1 };
    pid_t pid = split();
    if (pid == 0)
        _exit(0);
    show_true("wait4", wait4(pid, NULL, 0, &used) == pid);
    show_true("tells the time used", used.ru_utime.tv_sec >= 0 && used.ru_stime.tv_sec >= 0);
}

/* A child that has a child that ... n times; each ends with one more than the one below. */
static void generations(int n)
{
    pid_t pid = 0;
    while (n > 0 && (pid = split()) == 0)
        n--;
    done(n == 0 ? 1 : WEXITSTATUS(wait_for(pid)) + 1);
}

int main(void)
{
    begin();
    no_child();
    ends();
    no_hang();
    zombie();
    order();
    identity();
    orphan();
    ignored_children();
    usage();
    pid_t pid = split();
    if (pid == 0)
        generations(20);
    show_status("twenty generations", wait_for(pid));
    show_call("at last no child", wait(NULL));
    return 0;
}
