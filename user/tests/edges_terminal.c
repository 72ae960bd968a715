/* Terminals of sessions: who has one, who gets one and loses it, who is in the background, who is left alone. The terminal is
 * /dev/ttyS0; on Linux one of its own, a pseudo-terminal, which differs in this: the end of its session's leader does not hang it up. */
#include "edges.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>

enum { NEVER = 999999, T = 20, OTHER = 21, UNLOCK = 0x40045431, NUMBER_OF = 0x80045430, TCFLSH = 0x540b };

static char terminal[32] = "/dev/ttyS0";
static int number;
static int told[2]; /* what others do, a character each */

static void find_terminal(void)
{
    int zero = 0, fd = open("/dev/ptmx", O_RDWR | O_NOCTTY);
    if (fd < 0)
        return;
    ioctl(fd, UNLOCK, &zero);
    ioctl(fd, NUMBER_OF, &number);
    snprintf(terminal, sizeof(terminal), "/dev/pts/%d", number);
}

static int open_at(int fd, int flags)
{
    int opened = open(terminal, flags);
    dup2(opened, fd);
    close(opened);
    return fd;
}

/* A session of its own with the terminal, and who is asked to go does not. */
static void take(void)
{
    signal(SIGHUP, SIG_IGN);
    setsid();
    open_at(T, O_RDWR);
}

static int foreground(void)
{
    int group = -2;
    return ioctl(T, TIOCGPGRP, &group) < 0 ? -1 : group;
}

/* Field n of /proc/self/stat behind the name: 1 is the state. */
static long in_stat(int n)
{
    char text[512], *at;
    int fd = open("/proc/self/stat", O_RDONLY);
    text[read(fd, text, sizeof(text) - 1)] = 0;
    close(fd);
    for (at = strrchr(text, ')'); n--;)
        at = strchr(at, ' ') + 1;
    return strtol(at, NULL, 10);
}

static int own_terminal(void)
{
    int fd = open("/dev/tty", O_RDWR);
    close(fd);
    return fd >= 0;
}

/* --- getting one --- */

static void as_member(void)
{
    E(ioctl, T, TIOCSCTTY, 0);
    E(ioctl, T, TIOCSCTTY, 1);
    close(open_at(OTHER, O_RDWR));
    V(own_terminal());
}

static void in_own_group(void)
{
    setpgid(0, 0);
    pause();
}

static void getting(void)
{
    V(setsid() == getpid());
    E(open, "/dev/tty", O_RDWR, 0);
    open_at(T, O_RDWR | O_NOCTTY);
    E(open, "/dev/tty", O_RDONLY, 0);
    V(in_stat(5));
    V(in_stat(6));
    V(in_stat(4) == getpid());
    E(ioctl, T, TIOCGPGRP, &number);
    E(ioctl, T, TIOCGPGRP, NOWHERE);
    E(ioctl, T, TIOCGSID, &number);
    E(ioctl, T, TIOCGSID, NOWHERE);
    E(ioctl, T, TIOCNOTTY, 0);
    number = getpgrp();
    E(ioctl, T, TIOCSPGRP, &number);
    E(ioctl, T, TIOCSPGRP, NOWHERE);
    number = -1;
    E(ioctl, T, TIOCSPGRP, &number);
    about("somebody else of the session");
    child(as_member);
    about("opened to be written alone");
    open_at(OTHER, O_WRONLY);
    V(own_terminal());
    E(ioctl, OTHER, TIOCSCTTY, 0);
    V(own_terminal());
    E(ioctl, OTHER, TIOCSCTTY, 0);
    E(ioctl, OTHER, TIOCSCTTY, 1);
    V(foreground() == getpid());
    signal(SIGHUP, SIG_IGN);
    E(ioctl, T, TIOCNOTTY, 0);
    V(own_terminal());
    about("opened to be read");
    close(open_at(OTHER, O_RDONLY));
    V(own_terminal());
    E(ioctl, T, TIOCGSID, &number);
    V(number == getpid());
    V(in_stat(5) != 0);
    V(in_stat(6) == getpid());
}

static void no_right_to_steal(void)
{
    setsid();
    E(ioctl, T, TIOCSCTTY, 0);
    E(ioctl, T, TIOCSCTTY, 1);
    E(vhangup);
}

static void steal(void)
{
    setsid();
    V(own_terminal());
    E(ioctl, T, TIOCGPGRP, &number);
    open_at(OTHER, O_RDWR);
    V(own_terminal());
    E(ioctl, T, TIOCSCTTY, 0);
    E(ioctl, T, TIOCSCTTY, 2);
    E(ioctl, T, TIOCSCTTY, 1);
    V(own_terminal());
    V(foreground() == getpid());
    signal(SIGHUP, SIG_IGN);
    E(ioctl, T, TIOCNOTTY, 0);
}

static void stealing(void)
{
    take();
    child_as_user(no_right_to_steal);
    V(foreground() == getpid());
    child(steal);
    V(own_terminal());
    E(ioctl, T, TIOCGPGRP, &number);
    E(ioctl, T, TIOCSCTTY, 0);
    V(own_terminal());
}

/* --- the foreground --- */

static void member_gives_up(void)
{
    V(own_terminal());
    E(ioctl, T, TIOCNOTTY, 0);
    V(own_terminal());
    V(in_stat(5));
    V(in_stat(6));
    E(ioctl, T, TIOCNOTTY, 0);
    E(ioctl, T, TIOCGPGRP, &number);
}

static void choosing(void)
{
    take();
    E(ioctl, T, TIOCSPGRP, NOWHERE);
    E(ioctl, T, TIOCGPGRP, NOWHERE);
    E(ioctl, T, TIOCGSID, NOWHERE);
    static const int numbers[] = { 0, -1, NEVER };
    for (int i = 0; i < 3; i++)
        E(ioctl, T, TIOCSPGRP, numbers + i);
    number = getppid();
    E(ioctl, T, TIOCSPGRP, &number);
    number = getpgid(getppid());
    E(ioctl, T, TIOCSPGRP, &number);
    pid_t pid = split();
    if (pid == 0)
        in_own_group();
    setpgid(pid, pid);
    pid_t member = split();
    if (member == 0)
        pause();
    signal(SIGTTOU, SIG_IGN);
    number = member;
    E(ioctl, T, TIOCSPGRP, &number);
    V(foreground() == member); /* which is no group */
    number = pid;
    E(ioctl, T, TIOCSPGRP, &number);
    V(foreground() == pid);
    V(in_stat(6) == pid);
    number = getpgrp();
    E(ioctl, T, TIOCSPGRP, &number);
    V(foreground() == getpgrp());
    number = pid;
    E(ioctl, T, TIOCSPGRP, &number);
    kill(pid, SIGKILL);
    wait_for(pid);
    about("a group that is gone");
    V(foreground() == pid);
    E(ioctl, T, TIOCSPGRP, &number);
    kill(member, SIGKILL);
    wait_for(member);
    about("giving it up");
    child(member_gives_up);
    V(own_terminal());
    E(ioctl, T, TIOCNOTTY, 0);
    V(own_terminal());
    E(ioctl, T, TIOCNOTTY, 0);
}

/* --- the background --- */

static void tell(int signal)
{
    static const char letters[] = { [SIGHUP] = 'H', [SIGCONT] = 'C', [SIGTTIN] = 'I', [SIGTTOU] = 'O', [SIGUSR1] = 'U' };
    write(told[1], letters + signal, 1);
}

static struct termios settings;

static void read_it(void) { E(read, T, buffer, 1); }
static void write_it(void) { E(write, T, "\r", 1); }
static void set_mode(void) { E(ioctl, T, TCSETS, &settings); }
static void set_wrong_mode(void) { E(ioctl, T, TCSETS, NOWHERE); }
static void ask_mode(void) { E(ioctl, T, TCGETS, buffer); }
static void flush_it(void) { E(ioctl, T, TCFLSH, 2); }
static void flush_wrong(void) { E(ioctl, T, TCFLSH, 9); }
static void set_foreground(void)
{
    number = getpgrp();
    E(ioctl, T, TIOCSPGRP, &number);
}

static void ignoring(void)
{
    signal(SIGTTIN, SIG_IGN);
    signal(SIGTTOU, SIG_IGN);
}

static void blocking(void)
{
    sigset_t both = 1ul << (SIGTTIN - 1) | 1ul << (SIGTTOU - 1);
    sigprocmask(SIG_BLOCK, &both, NULL);
}

static void handling(void)
{
    sigaction(SIGTTIN, &(struct sigaction){ .sa_handler = tell }, NULL);
    sigaction(SIGTTOU, &(struct sigaction){ .sa_handler = tell }, NULL);
}

static void nothing(void) {}

static void wait_to_be_alone(pid_t middle)
{
    while (getppid() == middle) /* until it is nobody's child but process 1's, or whoever takes its part */
        CALL(sched_yield);
}

/* In a group of its own, which is not in the foreground. */
static void in_background(void (*before)(void), void (*what)(void))
{
    int status = 0;
    pid_t pid = split();
    if (pid == 0) {
        setpgid(0, 0);
        signal(SIGTTOU, SIG_DFL);
        before();
        what();
        done(0);
    }
    waitpid(pid, &status, WUNTRACED);
    show_status("    it", status);
    if (WIFSTOPPED(status)) {
        kill(pid, SIGKILL);
        wait_for(pid);
    }
}

static void background_of(void (*before)(void))
{
    static void (*const all[])(void) = { read_it, write_it, ask_mode, set_mode, set_wrong_mode, flush_it, flush_wrong, set_foreground };
    for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        in_background(before, all[i]);
        number = getpgrp();
        ioctl(T, TIOCSPGRP, &number);
    }
}

static void in_the_background(void)
{
    take();
    signal(SIGTTOU, SIG_IGN);
    CALL(ioctl, T, TCGETS, &settings);
    about("by default");
    background_of(nothing);
    about("ignored");
    background_of(ignoring);
    about("blocked");
    background_of(blocking);
    about("heard");
    background_of(handling);
    settings.c_lflag |= TOSTOP;
    CALL(ioctl, T, TCSETS, &settings);
    about("TOSTOP");
    in_background(nothing, write_it);
    in_background(ignoring, write_it);
    in_background(blocking, write_it);
    in_background(handling, write_it);
    settings.c_lflag &= ~TOSTOP;
    CALL(ioctl, T, TCSETS, &settings);
}

/* A group whose last parent outside ends: what it does then, and what was said of it. */
static void leave_alone(void (*what)(void))
{
    pid_t middle = split();
    if (middle == 0) {
        middle = getpid();
        if (split() == 0) {
            close(told[0]);
            setpgid(0, 0);
            wait_to_be_alone(middle);
            what();
            done(0);
        }
        done(0);
    }
    wait_for(middle);
    close(told[1]);
    while (read(told[0], buffer, 1) > 0)
        ;
    close(told[0]);
    pipe(told);
}

static void stop_it(void)
{
    E(kill, getpid(), SIGTSTP);
    E(kill, getpid(), SIGTTIN);
    E(kill, getpid(), SIGTTOU);
}

static void left_alone_in_background(void)
{
    take();
    pipe(told);
    CALL(ioctl, T, TCGETS, &settings);
    leave_alone(read_it);
    leave_alone(set_mode);
    leave_alone(flush_it);
    leave_alone(set_foreground);
    leave_alone(write_it);
    about("signals that stop");
    leave_alone(stop_it);
}

/* --- whoever is stopped when a group is left alone --- */

static void hear_all(void)
{
    signal(SIGHUP, tell);
    signal(SIGCONT, tell);
}

static void show_told(void)
{
    char text[16];
    long n = 0, got;
    close(told[1]);
    while ((got = read(told[0], text + n, sizeof(text) - 1 - n)) > 0)
        n += got;
    text[n] = 0;
    close(told[0]);
    TEXT(text);
}

/* Stops in the group (0: its own), and says what it hears when it goes on. */
static pid_t stopped_in(pid_t group)
{
    pid_t pid = split();
    if (pid == 0) {
        setpgid(0, group);
        hear_all();
        kill(getpid(), SIGSTOP);
        _exit(0);
    }
    waitpid(pid, NULL, WUNTRACED);
    return pid;
}

/* The one that ends: outside of the group of its child, or inside, and its own parent outside. */
static void left_by_parent(int inside)
{
    pipe(told);
    pid_t middle = split();
    if (middle == 0) {
        if (inside)
            setpgid(0, 0);
        stopped_in(inside ? getpid() : 0);
        _exit(0);
    }
    wait_for(middle);
    show_told();
}

static void left_in_session(void)
{
    setsid();
    about("by the parent outside");
    left_by_parent(0);
    about("by the one whose parent is outside");
    left_by_parent(1);
    about("and another one is there whose parent is outside");
    pipe(told);
    pid_t middle = split();
    if (middle == 0) {
        setpgid(0, 0);
        stopped_in(getpid());
        tell(SIGUSR1);
        pause();
        _exit(0);
    }
    read(told[0], buffer, 1);
    pid_t second = split();
    if (second == 0) {
        setpgid(0, middle);
        tell(SIGUSR1);
        pause();
    }
    read(told[0], buffer, 1);
    kill(middle, SIGKILL);
    wait_for(middle);
    struct pollfd in = { told[0], POLLIN, 0 };
    V(poll(&in, 1, 0));
    kill(second, SIGKILL); /* the last one to be looked after */
    wait_for(second);
    show_told();
}

/* --- the end of a leader, and hanging up --- */

/* stopped: in a group of its own; else in the foreground, and waits. */
static void leader(int stopped)
{
    take();
    pid_t pid;
    if (stopped) {
        pid = stopped_in(0);
    } else {
        sigset_t hup = 1ul << (SIGHUP - 1), none = 0;
        sigprocmask(SIG_BLOCK, &hup, NULL); /* it may come before somebody waits for it */
        pid = split();
        if (pid == 0) {
            setpgid(0, 0);
            hear_all();
            tell(SIGUSR1);
            sigsuspend(&none);
            _exit(0);
        }
        setpgid(pid, pid);
    }
    signal(SIGTTOU, SIG_IGN);
    ioctl(T, TIOCSPGRP, &pid);
    if (!stopped)
        read(told[0], buffer, 1);
    _exit(0);
}

static void ends_of(int stopped)
{
    pipe(told);
    pid_t pid = split();
    if (pid == 0)
        leader(stopped);
    wait_for(pid);
    show_told();
    setsid();
    open_at(T, O_RDWR | O_NOCTTY);
    E(ioctl, T, TIOCSCTTY, 0); /* it is free */
}

static void end_with_foreground(void) { ends_of(0); }
static void end_with_stopped(void) { ends_of(1); }

static void ends(void)
{
    child(end_with_foreground);
    about("one that is stopped");
    child(end_with_stopped);
}

static void hung_up(void)
{
    struct pollfd poll_of = { T, POLLIN | POLLOUT, 0 };
    E(read, T, buffer, 10);
    E(write, T, "x", 1);
    E(ioctl, T, TCGETS, buffer);
    E(ioctl, T, TIOCSCTTY, 0);
    number = getpgrp();
    E(ioctl, T, TIOCSPGRP, &number);
    E(poll, &poll_of, 1, 0);
    V(poll_of.revents);
    V(own_terminal());
}

static void hanging_up(void)
{
    E(vhangup);
    take();
    hear_all();
    pipe(told);
    pid_t pid = split();
    if (pid == 0) {
        signal(SIGHUP, SIG_IGN);
        signal(SIGTTOU, SIG_IGN);
        setpgid(0, 0);
        number = getpid();
        ioctl(T, TIOCSPGRP, &number); /* a read in the background would end at once */
        tell(SIGUSR1);
        _exit(CALL(read, T, buffer, 10) == 0 ? 42 : 1); /* perhaps it waits already, perhaps not yet */
    }
    read(told[0], buffer, 1);
    pid_t front = split();
    if (front == 0) {
        setpgid(0, pid);
        hear_all();
        tell(SIGUSR1);
        pause();
        _exit(0);
    }
    read(told[0], buffer, 1);
    E(vhangup);
    read(told[0], buffer, 2);
    V(buffer[0] + buffer[1] == 'H' + 'C');
    V(WEXITSTATUS(wait_for(pid)));
    hung_up();
    kill(front, SIGKILL);
    wait_for(front);
    open_at(OTHER, O_RDWR);
    about("opened again");
    E(ioctl, OTHER, TCGETS, buffer);
    V(own_terminal());
    E(ioctl, T, TCGETS, buffer);
}

int main(void)
{
    begin_edges();
    find_terminal();
    group("getting a terminal", getting);
    group("stealing one", stealing);
    group("the foreground", choosing);
    group("the background", in_the_background);
    group("groups that are left alone", left_alone_in_background);
    group("stopped when left alone", left_in_session);
    group("the end of a leader", ends);
    group("hanging up", hanging_up);
    return 0;
}
