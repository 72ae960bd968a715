/* Edges of the calls that make, change and end processes, of groups and sessions, limits, and what is asked of the system. */

#include "edges.h"

#include <sched.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/utsname.h>

enum { VM = 0x100, FS = 0x200, FILES = 0x400, SIGHAND = 0x800, THREAD = 0x10000, NEWNS = 0x20000, SETTLS = 0x80000, P_SETTID = 0x100000,
       C_CLEARTID = 0x200000, C_SETTID = 0x1000000 };
enum { NEVER = 999999, SET_FS = 0x1002, GET_FS = 0x1003 }; /* a process that there is not */

static int status, pid;

/* In a child; the parent goes on when it has said that it is there. */
static int start(void (*function)(void))
{
    int fds[2];
    char byte;
    pipe(fds);
    int made = split();
    if (made == 0) {
        close(fds[0]);
        write(fds[1], "x", 1);
        close(fds[1]);
        function();
        _exit(0);
    }
    close(fds[1]);
    read(fds[0], &byte, 1);
    close(fds[0]);
    return made;
}

static void nothing(void)
{
}

static void wait_long(void)
{
    pause();
}

static void end(int process)
{
    kill(process, SIGKILL);
    wait_for(process);
}

static void waiting(void)
{
    about("without children");
    E(wait4, -1, NULL, 0, NULL);
    E(wait4, -1, NOWHERE, 0, NULL);
    E(wait4, 0, NULL, WNOHANG, NULL);
    E(wait4, getpid(), NULL, 0, NULL);
    E(wait4, NEVER, NULL, 0, NULL);
    E(wait4, -NEVER, NULL, 0, NULL);
    E(wait4, INT_MIN, NULL, 0, NULL);
    E(wait4, 1, NULL, 0, NULL);
    E(wait4, -1, NULL, 4, NULL);
    E(wait4, -1, NULL, 0x10000, NULL);
    E(wait4, INT_MIN, NULL, 4, NULL);
    E(wait4, -1, NULL, -1, NULL);
    about("with one that lives");
    pid = start(wait_long);
    status = 77;
    E(wait4, -1, &status, WNOHANG, NULL);
    V(status);
    E(wait4, 0, &status, WNOHANG, NULL);
    E(wait4, -getpgrp(), &status, WNOHANG, NULL);
    E(wait4, pid, NOWHERE, WNOHANG, NOWHERE);
    E(wait4, -pid, &status, WNOHANG, NULL);
    E(wait4, NEVER, &status, WNOHANG, NULL);
    E(wait4, pid, &status, WNOHANG | 0x20000000, NULL);
    E(wait4, pid, &status, WNOHANG | 0x80000000, NULL);
    E(wait4, pid, &status, WNOHANG | 0xc0000000, NULL);
    E(kill, pid, SIGSTOP);
    V(CALL(wait4, pid, &status, WUNTRACED, NULL) == pid);
    OCTAL(status);
    E(wait4, pid, &status, WUNTRACED | WNOHANG, NULL);
    E(kill, pid, SIGCONT);
    V(CALL(wait4, pid, &status, WCONTINUED, NULL) == pid);
    OCTAL(status);
    E(kill, pid, SIGKILL);
    V(CALL(wait4, pid, &status, 0, NULL) == pid);
    OCTAL(status);
    E(wait4, pid, &status, 0, NULL);
    about("with one that has ended");
    pid = start(nothing);
    E(setpgid, pid, pid);
    E(wait4, 0, &status, 0, NULL);
    V(CALL(wait4, -pid, &status, 0, NULL) == pid);
    pid = start(nothing);
    E(wait4, pid, NOWHERE, 0, NULL);
    E(wait4, pid, &status, 0, NULL);
    pid = start(nothing);
    E(wait4, pid, NULL, 0, NOWHERE);
    E(wait4, pid, NULL, 0, NULL);
    signal(SIGCHLD, SIG_IGN);
    pid = start(nothing);
    E(wait4, pid, &status, 0, NULL);
    V(status);
}

static void exit_with_more(void)
{
    CALL(exit, 0x1234);
}

static void exit_group_with_more(void)
{
    CALL(exit_group, -1);
}

static void exits(void)
{
    pid = start(exit_with_more);
    OCTAL(wait_for(pid));
    pid = start(exit_group_with_more);
    OCTAL(wait_for(pid));
    pid = split();
    if (pid == 0)
        CALL(execve, "nothing", NULL, NULL), CALL(exit, 0x7f);
    OCTAL(wait_for(pid));
    pid = split();
    if (pid == 0)
        CALL(kill, getpid(), SIGABRT);
    OCTAL(wait_for(pid) & 0x7f);
    pid = split();
    if (pid == 0) {
        CALL(prctl, 15, "renamed", -1, -1, -1);
        long asked = CALL(prctl, 16, buffer, -1, -1, -1);
        CALL(exit, asked);
    }
    OCTAL(wait_for(pid));
    about("fork and clone");
    int tid = 5;
    E(clone, THREAD | SIGHAND | FS | FILES, 0, 0, 0, 0);
    E(clone, THREAD, 0, 0, 0, 0);
    E(clone, SIGHAND, 0, 0, 0, 0);
    E(clone, SIGHAND | FS, 0, 0, 0, 0);
    E(clone, NEWNS | FS | SIGCHLD, 0, 0, 0, 0);
    E(clone, SETTLS | SIGCHLD, 0, 0, 0, KERNEL);
    long made = CALL(clone, SIGCHLD | P_SETTID, 0, &tid, 0, 0);
    if (made == 0)
        _exit(3);
    V(made > 0);
    V(tid == made);
    OCTAL(wait_for(made));
    made = CALL(clone, SIGCHLD | P_SETTID | C_SETTID | C_CLEARTID, 0, NOWHERE, NOWHERE, 0);
    if (made == 0)
        _exit(4);
    V(made > 0);
    OCTAL(made > 0 ? wait_for(made) : -1);
    made = CALL(vfork);
    if (made == 0)
        CALL(exit, 5);
    OCTAL(wait_for(made));
    made = CALL(fork);
    if (made == 0)
        CALL(exit_group, 6);
    OCTAL(wait_for(made));
}

static char *args[2000];
static char long_word[140000];
static char *no_args[] = { "x", NULL }, *no_env[] = { NULL };

static void make_file(const char *path, const char *text, int mode)
{
    int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);
    write(fd, text, strlen(text));
    close(fd);
    chmod(path, mode);
}

/* A program that names a loader; of the name so many bytes count. Machine 62 is this one. */
static void make_program(const char *path, const char *loader, unsigned long size, int machine)
{
    struct {
        char magic[16];
        unsigned short type, machine;
        unsigned version;
        unsigned long entry, segments, sections;
        unsigned flags;
        unsigned short size, segment_size, nr_segments, others[3];
        unsigned kind, access;
        unsigned long offset, address, physical, file_size, memory_size, align;
        char name[32];
    } file = { "\177ELF\2\1\1", 3, (unsigned short)machine, 1, 0, 64, 0, 0, 64, 56, 1, { 0 }, 3, 4, 120, 120, 120, size, size, 1, "" };
    strcpy(file.name, loader);
    int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0755);
    write(fd, &file, sizeof(file));
    close(fd);
}

/* The path of its loader leads nowhere, or to what is none. */
static void loader_errors(void)
{
    mkdir("d", 0755);
    make_file("plain", "text", 0644);
    make_file("short", "neither a script nor a program", 0755);
    make_file("text", "neither a script nor a program, and longer than what a program begins with", 0755);
    make_file("script", "#!/bin/sh\nand more than what a program begins with: one line, and another one\n", 0755);
    make_program("program", "nothing", 8, 62);
    E(execve, "program", no_args, no_env);
    make_program("program", "", 2, 62);
    E(execve, "program", no_args, no_env);
    make_program("program", "plain/x", 8, 62);
    E(execve, "program", no_args, no_env);
    make_program("program", "d", 2, 62);
    E(execve, "program", no_args, no_env);
    make_program("program", "plain", 6, 62);
    E(execve, "program", no_args, no_env);
    make_program("program", "short", 6, 62);
    E(execve, "program", no_args, no_env);
    make_program("program", "text", 5, 62);
    E(execve, "program", no_args, no_env);
    make_program("program", "script", 7, 62);
    E(execve, "program", no_args, no_env);
    make_program("other", "nothing", 8, 3);
    make_program("program", "other", 6, 62);
    E(execve, "program", no_args, no_env);
    E(execve, "other", no_args, no_env);
    make_program("program", "text", 4, 62);
    E(execve, "program", no_args, no_env);
    make_program("program", "text", 1, 62);
    E(execve, "program", no_args, no_env);
    make_program("program", "text", 32, 62);
    E(execve, "program", no_args, no_env);
    make_program("program", "text", 33, 62);
    E(execve, "program", no_args, no_env);
    make_program("program", "text", 4097, 62);
    E(execve, "program", no_args, no_env);
    make_program("program", "nothing", 8, 62);
    E(execve, "program", NOWHERE, no_env);
}

static void exec_errors(void)
{
    char *bad_args[] = { "x", KERNEL, NULL }, deep[8], text[16], long_text[301] = "";
    mkdir("d", 0755);
    make_file("plain", "text", 0644);
    make_file("short", "", 0755);
    make_file("text", "neither a script nor a program", 0755);
    make_file("elf", "\177ELF and nothing more", 0755);
    make_file("gone", "#!/nothing/there\n", 0755);
    make_file("empty", "#!\n", 0755);
    make_file("blank", "#!   \n", 0755);
    make_file("unended", "#! ", 0755);
    make_file("denied", "#!plain\n", 0755);
    make_file("to_folder", "#!/\n", 0755);
    make_file("itself", "#!./itself\n", 0755);
    for (int i = 0; i < 8; i++) {
        snprintf(deep, sizeof(deep), "s%d", i);
        snprintf(text, sizeof(text), i ? "#!s%d\n" : "#!plain\n", i - 1);
        make_file(deep, text, 0755);
    }
    symlink("loop", "loop");
    E(execve, "nothing", no_args, no_env);
    E(execve, "", no_args, no_env);
    E(execve, "d", no_args, no_env);
    E(execve, "d/", no_args, no_env);
    E(execve, "plain", no_args, no_env);
    E(execve, "plain/", no_args, no_env);
    E(execve, "plain/x", no_args, no_env);
    E(execve, "/dev/null", no_args, no_env);
    E(execve, "loop", no_args, no_env);
    E(execve, "short", no_args, no_env);
    E(execve, "text", no_args, no_env);
    E(execve, "elf", no_args, no_env);
    E(execve, "gone", no_args, no_env);
    E(execve, "empty", no_args, no_env);
    E(execve, "blank", no_args, no_env);
    E(execve, "unended", no_args, no_env);
    E(execve, "denied", no_args, no_env);
    E(execve, "to_folder", no_args, no_env);
    E(execve, "itself", no_args, no_env);
    E(execve, "s3", no_args, no_env);
    E(execve, "s4", no_args, no_env);
    E(execve, "s5", no_args, no_env);
    E(execve, "s7", no_args, no_env);
    about("scripts whose first line is too long");
    memset(long_text, 'x', sizeof(long_text) - 1);
    memcpy(long_text, "#!/", 3);
    make_file("long name", long_text, 0755);
    E(execve, "long name", no_args, no_env);
    memcpy(long_text, "#!nothing ", 10);
    make_file("long word", long_text, 0755);
    E(execve, "long word", no_args, no_env);
    memset(long_text + 9, ' ', sizeof(long_text) - 10);
    make_file("long gap", long_text, 0755);
    E(execve, "long gap", no_args, no_env);
    memset(long_text + 2, ' ', 7);
    make_file("long nothing", long_text, 0755);
    E(execve, "long nothing", no_args, no_env);
    about("pointers");
    E(execve, NOWHERE, no_args, no_env);
    E(execve, NULL, no_args, no_env);
    E(execve, KERNEL, no_args, no_env);
    E(execve, "text", NOWHERE, no_env);
    E(execve, "text", no_args, NOWHERE);
    E(execve, "text", KERNEL, no_env);
    E(execve, "text", bad_args, no_env);
    E(execve, "text", no_args, bad_args);
    E(execve, "nothing", NOWHERE, no_env);
    E(execve, "text", NULL, NULL);
    E(execve, "plain", NOWHERE, NOWHERE);
    E(execve, "text", BEFORE_END(4), no_env);
    memset(long_word, 'x', sizeof(long_word) - 1);
    args[0] = long_word;
    E(execve, "text", args, no_env);
    E(execve, "nothing", args, no_env);
    E(execve, "text", no_args, args);
    V(mode_of("text") & 0777);
    int fd = open("text", O_WRONLY);
    E(execve, "text", no_args, no_env);
    close(fd);
}

static void groups(void)
{
    E(getpgid, NEVER);
    E(getpgid, -1);
    E(getsid, NEVER);
    E(getsid, -1);
    V(CALL(getpgid, 0) == CALL(getpgrp));
    V(CALL(getpgid, getpid()) == getpgrp());
    V(CALL(getsid, 0) == CALL(getsid, getpid()));
    E(setpgid, 0, -1);
    E(setpgid, -1, 0);
    E(setpgid, NEVER, 0);
    E(setpgid, 1, 0);
    E(setpgid, 0, NEVER);
    E(setpgid, NEVER, -1);
    E(setpgid, getppid(), 0);
    E(setpgid, 0, 0);
    V(getpgrp() == getpid());
    E(setpgid, 0, 0);
    E(setsid);
    about("a child");
    pid = start(wait_long);
    E(setpgid, pid, NEVER);
    E(setpgid, pid, -1);
    E(setpgid, pid, 1);
    E(setpgid, pid, pid);
    V(getpgid(pid) == pid);
    E(setpgid, pid, getpgrp());
    E(setpgid, pid, 0);
    E(setpgid, 0, pid);
    E(setpgid, 0, getpid());
    end(pid);
    E(setpgid, pid, 0);
    E(getpgid, pid);
}

static void new_session(void)
{
    V(setsid() == getpid());
    E(setsid);
    E(setpgid, 0, 0);
    V(getsid(0) == getpid());
    V(getpgrp() == getpid());
    pid = start(wait_long);
    V(getsid(pid) == getpid());
    end(pid);
}

static void asleep_in_session(void)
{
    setsid();
    pause();
}

static void exec_then_wait(void)
{
    char *sleep[] = { "sleep", "100", NULL };
    execve("/bin/sleep", sleep, no_env);
    _exit(1);
}

static void sessions(void)
{
    child(new_session);
    int fds[2];
    pipe2(fds, O_CLOEXEC);
    pid = split();
    if (pid == 0)
        exec_then_wait();
    close(fds[1]);
    read(fds[0], buffer, 1); /* it has called exec() */
    about("a child that called exec");
    E(setpgid, pid, pid);
    E(setpgid, pid, getpgrp());
    end(pid);
    about("a child in a session of its own");
    pid = start(asleep_in_session);
    while (getsid(pid) != pid)
        CALL(sched_yield);
    E(setpgid, pid, 0);
    E(setpgid, pid, getpgrp());
    end(pid);
}

static void limits(void)
{
    struct rlimit limit = { 1, 2 }, wrong = { 3, 2 }, old = { 0, 0 };
    E(getrlimit, 16, &limit);
    E(getrlimit, -1, &limit);
    E(getrlimit, 16, NOWHERE);
    E(getrlimit, RLIMIT_CORE, NOWHERE);
    E(getrlimit, RLIMIT_CORE, &limit);
    V(limit.rlim_cur);
    E(setrlimit, 16, &limit);
    E(setrlimit, 16, NOWHERE);
    E(setrlimit, RLIMIT_CORE, &wrong);
    E(setrlimit, RLIMIT_CORE, NOWHERE);
    E(setrlimit, RLIMIT_CORE, NULL);
    E(prlimit64, 0, 16, NULL, &old);
    E(prlimit64, 0, 16, NOWHERE, &old);
    E(prlimit64, NEVER, 16, NULL, &old);
    E(prlimit64, NEVER, RLIMIT_CORE, NULL, &old);
    E(prlimit64, NEVER, RLIMIT_CORE, NOWHERE, &old);
    E(prlimit64, NEVER, RLIMIT_CORE, &wrong, &old);
    E(prlimit64, -1, RLIMIT_CORE, NULL, &old);
    E(prlimit64, 0, RLIMIT_CORE, NULL, NULL);
    E(prlimit64, 0, RLIMIT_CORE, &wrong, NULL);
    E(prlimit64, 0, RLIMIT_CORE, NULL, NOWHERE);
    limit = (struct rlimit){ 5, 10 };
    E(prlimit64, 0, RLIMIT_MSGQUEUE, &limit, NOWHERE);
    E(prlimit64, 0, RLIMIT_MSGQUEUE, NULL, &old);
    V(old.rlim_cur);
    V(old.rlim_max);
    limit = (struct rlimit){ 10, RLIM_INFINITY };
    E(setrlimit, RLIMIT_NOFILE, &limit);
    limit = (struct rlimit){ 11, 10 };
    E(setrlimit, RLIMIT_NOFILE, &limit);
    limit = (struct rlimit){ 0, 0 };
    E(setrlimit, RLIMIT_STACK, &limit);
    E(setrlimit, RLIMIT_NICE, &limit);
    E(setrlimit, RLIMIT_RTPRIO, &limit);
}

static void about_the_system(void)
{
    struct utsname name;
    struct sysinfo info;
    struct rusage usage;
    struct tms used;
    unsigned cpu = 77, node = 77;
    long value;
    char thread[17] = "";
    E(uname, NULL);
    E(uname, NOWHERE);
    E(uname, BEFORE_END(sizeof(name) - 1));
    E(uname, BEFORE_END(sizeof(name)));
    E(uname, &name);
    TEXT(name.sysname);
    TEXT(name.machine);
    E(sysinfo, NULL);
    E(sysinfo, NOWHERE);
    E(sysinfo, read_only);
    E(sysinfo, &info);
    V(info.totalram > 0 && info.freeram < info.totalram && info.procs > 0);
    E(getrusage, 2, &usage);
    E(getrusage, -2, &usage);
    E(getrusage, 2, NOWHERE);
    E(getrusage, RUSAGE_SELF, NOWHERE);
    E(getrusage, RUSAGE_CHILDREN, &usage);
    V(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec);
    E(getrusage, 1, &usage);
    OK(times, NULL);
    E(times, NOWHERE);
    OK(times, &used);
    V(used.tms_cutime);
    E(getcpu, NULL, NULL, NULL);
    E(getcpu, NOWHERE, NULL, NULL);
    E(getcpu, NULL, NOWHERE, NULL);
    E(getcpu, &cpu, &node, NOWHERE);
    V(cpu != 77 && node == 0);
    about("random bytes");
    E(getrandom, buffer, 16, 0);
    E(getrandom, buffer, 0, 0);
    E(getrandom, NOWHERE, 0, 0);
    E(getrandom, NOWHERE, 1, 0);
    E(getrandom, KERNEL, 1, 0);
    E(getrandom, buffer, 16, 8);
    E(getrandom, NOWHERE, 16, 8);
    E(getrandom, buffer, 16, 6);
    E(getrandom, buffer, 16, 1);
    E(getrandom, BEFORE_END(8), 8, 4);
    E(getrandom, BEFORE_END(8), 9, 0);
    about("what a thread is");
    E(prctl, 12345, 0);
    E(prctl, -1, 0);
    E(prctl, 15, NOWHERE);
    E(prctl, 16, NOWHERE);
    E(prctl, 15, "a name that is too long");
    E(prctl, 16, thread);
    TEXT(thread);
    E(prctl, 15, "");
    E(prctl, 16, thread);
    V(thread[0]);
    E(arch_prctl, 0, 0);
    E(arch_prctl, 0x9999, NOWHERE);
    E(arch_prctl, GET_FS, NOWHERE);
    E(arch_prctl, SET_FS, KERNEL);
    E(arch_prctl, SET_FS, LAST);
    E(arch_prctl, SET_FS, 0x7fffffffffff);
    E(arch_prctl, SET_FS, 0x1234);
    E(arch_prctl, GET_FS, &value);
    V(value);
    E(personality, 0xffffffff);
    E(personality, 0);
    V(CALL(set_tid_address, NOWHERE) == getpid());
    V(CALL(gettid) == CALL(getpid));
    V(CALL(getppid) > 0);
    E(set_robust_list, &value, 8);
    E(set_robust_list, NULL, 0);
    E(set_robust_list, NOWHERE, 24);
    E(get_robust_list, 0, &value, NOWHERE);
    E(get_robust_list, 0, NOWHERE, &value);
    E(get_robust_list, NEVER, &value, buffer);
    E(get_robust_list, 0, &value, buffer);
    V(value);
    V(*(long *)buffer);
    E(sched_yield);
}

int main(void)
{
    begin_edges();
    group("waiting", waiting);
    group("ending and beginning", exits);
    group("exec", exec_errors);
    group("loaders", loader_errors);
    group("process groups", groups);
    group("sessions", sessions);
    group("limits", limits);
    group("the system", about_the_system);
    return 0;
}
