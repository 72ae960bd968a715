/* Locks on parts of a file, between processes: what is in the way, what is cut and joined, who loses them and when, who waits. */

#include "show.h"

#include <fcntl.h>
#include <sys/time.h>

static int fd;

static long lock(int file, int command, int type, off_t start, off_t length)
{
    struct flock what = { (short)type, SEEK_SET, start, length, 0 };
    return fcntl(file, command, &what);
}

static long set(int type, off_t start, off_t length)
{
    return lock(fd, F_SETLK, type, start, length);
}

/* What keeps a process with no locks from writing there. */
static void look(const char *name, off_t start, off_t length, pid_t whose)
{
    pid_t pid = split();
    if (pid == 0) {
        struct flock what = { F_WRLCK, SEEK_SET, start, length, 0 };
        if (fcntl(fd, F_GETLK, &what))
            show_call(name, -1);
        else if (what.l_type == F_UNLCK)
            show_text(name, "free");
        else
            printf("%s: %s, from %ld, %ld bytes, whose it is: %s\n", name, what.l_type == F_WRLCK ? "to write" : "to read",
                   (long)what.l_start, (long)what.l_len, what.l_pid == whose ? "known" : "WRONG");
        done(0);
    }
    wait_for(pid);
}

static void parts(void)
{
    pid_t me = getpid();
    show_call("all of it", set(F_WRLCK, 0, 100));
    look("it has", 0, 0, me);
    show_call("a hole", set(F_UNLCK, 40, 10));
    look("in front of the hole", 0, 100, me);
    look("the hole", 40, 10, me);
    look("behind it", 41, 0, me);
    show_call("to read in front", set(F_RDLCK, 0, 20));
    look("to read", 0, 5, me);
    look("then", 20, 5, me);
    show_call("across it", set(F_RDLCK, 10, 50));
    look("joined", 0, 0, me);
    look("the rest", 60, 0, me);
    show_call("a touch", set(F_RDLCK, 60, 40));
    look("all of one kind", 0, 0, me);
    show_call("to the end", set(F_WRLCK, 30, 0));
    look("in front", 0, 0, me);
    look("up to the end", 1000, 1, me);
    show_call("nothing", set(F_UNLCK, 0, 0));
    look("gone", 0, 0, me);
}

static void between(void)
{
    int ready[2], over[2], status;
    pipe(ready);
    pipe(over);
    pid_t other = split();
    if (other == 0) {
        close(over[1]);
        set(F_WRLCK, 0, 10);
        set(F_RDLCK, 10, 10);
        write(ready[1], "r", 1);
        read(over[0], &status, 1);
        done(0);
    }
    read(ready[0], &status, 1);
    show_call("what it writes", set(F_WRLCK, 0, 1));
    show_call("its edge", set(F_RDLCK, 9, 1));
    show_call("what it reads", set(F_RDLCK, 10, 10));
    show_call("more than to read", set(F_WRLCK, 19, 5));
    show_call("what is free", set(F_WRLCK, 20, 5));
    look("the first in the way", 0, 0, other);

    close(over[1]); /* it ends, and what it had goes with it */
    show_call("waited for", lock(fd, F_SETLKW, F_WRLCK, 0, 0));
    wait_for(other);
    look("and have", 5, 1, getpid());
    set(F_UNLCK, 0, 0);
    close(over[0]);
    close(ready[0]);
    close(ready[1]);
}

static void on_alarm(int signal)
{
    (void)signal;
}

static void waiting(void)
{
    int ready[2];
    char byte;
    struct sigaction action = { .sa_handler = on_alarm };
    struct itimerval often = { { 0, 20000 }, { 0, 20000 } }, never = { { 0, 0 }, { 0, 0 } };
    pipe(ready);
    pid_t other = split();
    if (other == 0) {
        set(F_WRLCK, 0, 1);
        write(ready[1], "r", 1);
        for (;;)
            pause();
    }
    read(ready[0], &byte, 1);
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    show_call("a signal comes", lock(fd, F_SETLKW, F_WRLCK, 0, 1));
    setitimer(ITIMER_REAL, &never, NULL);
    kill(other, SIGKILL);
    show_call("it is killed", lock(fd, F_SETLKW, F_WRLCK, 0, 1));
    wait_for(other);
    set(F_UNLCK, 0, 0);
    close(ready[0]);
    close(ready[1]);
}

/* Each has one and waits for the other's: one of them is told, whoever comes second. */
static void in_a_circle(void)
{
    int ready[2], status;
    char byte;
    pipe(ready);
    set(F_WRLCK, 0, 1);
    pid_t other = split();
    if (other == 0) {
        set(F_WRLCK, 1, 1);
        write(ready[1], "r", 1);
        done(lock(fd, F_SETLKW, F_WRLCK, 0, 1) == 0 ? 0 : errno == EDEADLK ? 1 : 2);
    }
    read(ready[0], &byte, 1);
    long mine = lock(fd, F_SETLKW, F_WRLCK, 1, 1);
    int error = errno;
    set(F_UNLCK, 0, 0);
    status = wait_for(other);
    show_true("one of two that wait for each other is told",
              WIFEXITED(status) && (mine ? error == EDEADLK && WEXITSTATUS(status) == 0 : WEXITSTATUS(status) == 1));
    close(ready[0]);
    close(ready[1]);
}

static void losing(void)
{
    pid_t me = getpid();
    int second = open("records", O_RDONLY), copy;
    set(F_WRLCK, 0, 1);
    close(second);
    look("another file of it is closed", 0, 1, me);
    set(F_WRLCK, 0, 1);
    copy = dup(fd);
    look("a second descriptor", 0, 1, me);
    dup2(0, copy);
    look("becomes another file", 0, 1, me);
    close(copy);

    second = open("records", O_RDWR);
    show_call("an open file's own", lock(fd, F_OFD_SETLK, F_WRLCK, 0, 10));
    show_call("for another one", lock(second, F_OFD_SETLK, F_RDLCK, 9, 1));
    show_call("and for its process", set(F_RDLCK, 9, 1));
    look("it has", 0, 0, -1);
    copy = dup(fd);
    close(copy);
    look("a copy is closed", 0, 0, -1);
    pid_t child = split();
    if (child == 0) {
        show_call("a child shares it", lock(fd, F_OFD_SETLK, F_UNLCK, 5, 5));
        done(0);
    }
    wait_for(child);
    show_call("what is left", lock(second, F_OFD_SETLK, F_RDLCK, 5, 5));
    close(second);
}

int main(void)
{
    fd = open("records", O_RDWR | O_CREAT | O_TRUNC, 0600);
    parts();
    between();
    waiting();
    in_a_circle();
    losing();
    unlink("records");
    return 0;
}
