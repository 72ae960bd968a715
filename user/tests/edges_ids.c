/* Edges of who a process is and what it may do: ids, groups, capabilities, and the calls that refuse somebody. All as root. */

#include "edges.h"

#include <sched.h>

enum { V1 = 0x19980330, V3 = 0x20080522, NEVER = 999999, SUPER = 0, CHOWN_CAP = 1, KILL_CAP = 1 << 5, SETUID_CAP = 1 << 7 };

static unsigned a, b, c;
static struct {
    unsigned version;
    int pid;
} header;
static unsigned data[6];

static void who(void)
{
    CALL(getresuid, &a, &b, &c);
    printf("    real %u effective %u saved %u\n", a, b, c);
    fflush(stdout);
}

static void who_group(void)
{
    CALL(getresgid, &a, &b, &c);
    printf("    real %u effective %u saved %u\n", a, b, c);
    fflush(stdout);
}

static void ids(void)
{
    unsigned list[40] = { 5, 6, 7 };
    E(getuid);
    E(geteuid);
    E(getgid);
    E(getegid);
    E(getresuid, NOWHERE, &b, &c);
    E(getresuid, &a, NOWHERE, &c);
    E(getresuid, &a, &b, NULL);
    E(getresgid, &a, &b, KERNEL);
    E(getresgid, NOWHERE, NOWHERE, NOWHERE);
    E(setuid, -1);
    E(setgid, -1);
    E(setresuid, -1, -1, -1);
    E(setresgid, -1, -1, -1);
    E(setreuid, -1, -1);
    E(setregid, -1, -1);
    about("groups");
    E(setgroups, -1, list);
    E(setgroups, 65537, list);
    E(setgroups, 1, NOWHERE);
    E(setgroups, 0, NOWHERE);
    E(setgroups, 3, list);
    E(getgroups, 0, NOWHERE);
    E(getgroups, -1, list);
    E(getgroups, 2, list);
    E(getgroups, 3, NOWHERE);
    E(getgroups, 3, list);
    V(list[2]);
    about("root becomes somebody, step by step");
    E(setregid, 5, 6);
    who_group();
    E(setresgid, -1, 7, -1);
    who_group();
    E(setgid, 8);
    who_group();
    E(setreuid, -1, 1000);
    who();
    E(setuid, 0);
    who();
    E(setresuid, 1, 0, 2);
    who();
    E(setreuid, 3, -1);
    who();
    E(setresuid, 1000, 1001, 1002);
    who();
    about("and is nobody special");
    E(setuid, 0);
    E(setuid, 1001);
    E(setuid, 1002);
    who();
    E(setuid, 1000);
    who();
    E(setreuid, 1002, -1);
    E(setreuid, 1001, -1);
    E(setreuid, -1, 1002);
    who();
    E(setreuid, 1002, 1000);
    who();
    E(setresuid, 1001, 1001, 1001);
    E(setresuid, 1000, 1002, 1000);
    who();
    E(setresuid, 0, -1, -1);
    E(setgid, 9);
    E(setgid, 8);
    E(setresgid, 9, -1, -1);
    E(setregid, -1, 0);
    E(setgroups, 0, NULL);
    E(setgroups, -1, NULL);
}

static void as_user(void)
{
    struct timespec times[2] = { { 1, 0 }, { 1, 0 } }, now[2] = { { 0, UTIME_NOW }, { 0, UTIME_NOW } };
    struct timespec one_now[2] = { { 0, UTIME_NOW }, { 0, UTIME_OMIT } };
    struct rlimit limit;
    struct sched_param param = { 1 }, zero = { 0 };
    about("the machine");
    E(mount, "none", ".", "tmpfs", 0, 0);
    E(umount2, ".", 0);
    E(sethostname, NOWHERE, -1);
    E(setdomainname, "name", 4);
    E(syslog, 99, 0, 0);
    about("files of others");
    E(open, "private", O_RDONLY);
    E(open, "private", O_WRONLY | O_TRUNC);
    E(open, "public", O_RDWR);
    E(open, "public", O_RDONLY | O_TRUNC);
    E(open, "public", 3);
    E(open, "public", O_RDONLY | 01000000);
    E(open, "public", O_CREAT | O_EXCL | O_RDWR, 0600);
    E(open, "new", O_CREAT | O_RDWR, 0600);
    E(open, "closed/x", O_RDONLY);
    E(open, "closed/nothing", O_RDONLY);
    E(open, "closed", O_RDONLY | O_DIRECTORY);
    E(stat, "closed/x", buffer);
    E(stat, "private", buffer);
    E(open, "listed", O_RDONLY | O_DIRECTORY);
    E(stat, "listed/x", buffer);
    E(stat, "passed/x", buffer);
    E(open, "passed", O_RDONLY);
    E(access, "private", F_OK);
    E(access, "private", R_OK);
    E(access, "closed/x", F_OK);
    E(access, "public", R_OK | W_OK);
    E(truncate, "public", 0);
    E(truncate, "closed/x", -1);
    E(chmod, "public", 0777);
    E(chown, "public", -1, -1);
    E(chown, "public", 1000, -1);
    E(chown, "public", -1, 1000);
    E(utimensat, AT_FDCWD, "public", times, 0);
    E(utimensat, AT_FDCWD, "public", now, 0);
    E(utimensat, AT_FDCWD, "public", NULL, 0);
    E(utimensat, AT_FDCWD, "writable", NULL, 0);
    E(utimensat, AT_FDCWD, "writable", now, 0);
    E(utimensat, AT_FDCWD, "writable", one_now, 0);
    E(utimensat, AT_FDCWD, "writable", times, 0);
    about("names in folders of others");
    E(unlink, "public");
    E(unlink, "nothing");
    E(rmdir, "closed");
    E(mkdir, "new", 0700);
    E(mkdir, "public", 0700);
    E(mknod, "new", S_IFREG, 0);
    E(mknod, "open/device", S_IFCHR | 0600, 0x103);
    E(symlink, "x", "new");
    E(rename, "public", "new");
    E(rename, "nothing", "new");
    E(rename, "public", "nothing/new");
    E(chdir, "closed");
    E(chdir, "closed/x");
    E(chdir, "passed");
    E(chdir, "..");
    E(execve, "private", NULL, NULL);
    E(execve, "closed/x", NULL, NULL);
    about("a folder for all, where one removes one's own");
    E(open, "sticky/mine", O_CREAT | O_WRONLY, 0600);
    E(unlink, "sticky/root's");
    E(rename, "sticky/root's", "sticky/x");
    E(rename, "sticky/mine", "sticky/root's");
    E(rename, "sticky/mine", "sticky/other");
    E(unlink, "sticky/other");
    E(unlink, "open/root's");
    about("one's own");
    E(open, "open/mine", O_CREAT | O_RDWR, 0);
    E(open, "open/mine", O_RDONLY);
    E(chmod, "open/mine", 0400);
    E(open, "open/mine", O_RDONLY);
    E(open, "open/mine", O_WRONLY);
    E(chown, "open/mine", 1000, 1000);
    E(chown, "open/mine", -1, 0);
    E(chown, "open/mine", 0, -1);
    E(chmod, "open/mine", 06770);
    OCTAL(mode_of("open/mine"));
    E(chown, "open/mine", -1, -1);
    OCTAL(mode_of("open/mine"));
    E(mkdir, "open/dir", 02777);
    OCTAL(mode_of("open/dir"));
    about("processes of others");
    E(kill, getppid(), 0);
    E(kill, getppid(), SIGKILL);
    E(kill, getppid(), SIGCONT);
    E(kill, getppid(), 65);
    E(tkill, getppid(), 0);
    E(kill, 1, SIGKILL);
    E(setpgid, getppid(), 0);
    E(getpriority, PRIO_USER, 12345);
    E(setpriority, PRIO_PROCESS, getppid(), 5);
    E(setpriority, PRIO_USER, 0, 0);
    E(setpriority, PRIO_PROCESS, 0, -1);
    E(setpriority, PRIO_PROCESS, 0, 3);
    E(setpriority, PRIO_PROCESS, 0, 2);
    E(prlimit64, getppid(), RLIMIT_CORE, NULL, &limit);
    E(prlimit64, getppid(), 99, NULL, &limit);
    E(sched_setscheduler, 0, SCHED_FIFO, &param);
    E(sched_setscheduler, 0, SCHED_OTHER, &zero);
    E(sched_setscheduler, getppid(), SCHED_OTHER, &zero);
    E(sched_setparam, getppid(), &zero);
    OK(sched_getscheduler, getppid());
    E(sched_setaffinity, getppid(), 8, buffer);
    about("the machine's");
    E(reboot, 0xfee1dead, 0x28121969, 0x4321fedc, 0);
    E(reboot, 0, 0, 0, 0);
    E(clock_settime, 0, times);
    E(setgroups, 0, NULL);
}

static void refusals(void)
{
    chmod(".", 0755);
    file_at(40, "private", O_RDONLY, 3);
    chmod("private", 0600);
    file_at(40, "public", O_RDONLY, 3);
    chmod("public", 0644);
    file_at(40, "writable", O_RDONLY, 3);
    chmod("writable", 0666);
    static const char *const folders[] = { "closed", "listed", "passed", "open", "sticky" };
    static const int modes[] = { 0700, 0744, 0711, 0777, 01777 };
    for (int i = 0; i < 5; i++) {
        char inner[32];
        mkdir(folders[i], 0755);
        snprintf(inner, sizeof(inner), "%s/%s", folders[i], i < 3 ? "x" : "root's");
        file_at(40, inner, O_RDONLY, 1);
        chmod(folders[i], modes[i]);
    }
    child_as_user(as_user);
}

static void as_member(void)
{
    gid_t groups[1] = { 50 };
    CALL(setgroups, 1, groups);
    CALL(setresgid, 1000, 1000, 1000);
    if (CALL(setresuid, 1000, 1000, 1000))
        return;
    about("a member of the group");
    E(open, "group", O_RDWR);
    E(open, "not_mine", O_RDONLY);
    E(open, "for_others", O_RDONLY);
    E(open, "none", O_RDONLY);
    E(open, "in_group/new", O_CREAT | O_RDWR, 0660);
    E(chmod, "in_group/new", 02770);
    OCTAL(mode_of("in_group/new"));
    E(chown, "in_group/new", -1, 1000);
    OCTAL(mode_of("in_group/new"));
    E(chown, "in_group/new", -1, 50);
    E(chown, "in_group/new", -1, 51);
    E(chmod, "in_group/new", 06777);
    int fd = open("in_group/new", O_WRONLY);
    E(write, fd, "", 0);
    OCTAL(mode_of("in_group/new"));
    E(write, fd, "x", 1);
    OCTAL(mode_of("in_group/new"));
    E(fchmod, fd, 06767);
    E(ftruncate, fd, 0);
    OCTAL(mode_of("in_group/new"));
    E(mkdir, "in_group/dir", 0700);
    OCTAL(mode_of("in_group/dir"));
    E(rmdir, "in_group/dir");
    about("limits of a user");
    struct rlimit none = { 0, 0 }, more = { 1, 1 };
    E(setrlimit, RLIMIT_NPROC, &none);
    E(fork);
    E(vfork);
    E(setrlimit, RLIMIT_NPROC, &more);
    E(setrlimit, RLIMIT_SIGPENDING, &none);
    sigset_t usr = 1ul << (SIGUSR1 - 1) | 1ul << 39;
    sigprocmask(SIG_BLOCK, &usr, NULL);
    siginfo_t info = { .si_code = SI_QUEUE };
    E(rt_sigqueueinfo, getpid(), 40, &info);
    E(tkill, getpid(), 40);
    E(rt_sigpending, &usr, 8);
    V(usr);
    E(rt_sigqueueinfo, getpid(), SIGUSR1, &info);
    E(kill, getpid(), 40);
    E(rt_sigpending, &usr, 8);
    V(usr == (1ul << 39 | 1ul << (SIGUSR1 - 1)));
    usr = 1ul << 39;
    E(rt_sigtimedwait, &usr, &info, NULL, 8);
    V(info.si_code);
    E(rt_sigpending, &usr, 8);
    V(usr == 1ul << (SIGUSR1 - 1));
}

static void as_effective(void)
{
    about("effective and real");
    E(setresuid, -1, 1000, -1);
    E(open, "not_mine", O_RDONLY);
    E(open, "none", O_RDONLY);
    E(access, "none", R_OK);
    E(faccessat2, AT_FDCWD, "none", R_OK, 0x200);
    E(kill, 1, 0);
    E(kill, getppid(), 0);
    E(setpriority, PRIO_PROCESS, 0, -5);
    E(setresuid, 1000, 0, -1);
    E(open, "none", O_RDONLY);
    E(access, "none", R_OK);
    E(faccessat2, AT_FDCWD, "none", R_OK, 0x200);
    E(execve, "none", NULL, NULL);
    E(access, "none", X_OK);
}

static void rights(void)
{
    chmod(".", 0755);
    close(open("group", O_CREAT | O_WRONLY, 0600));
    close(open("not_mine", O_CREAT | O_WRONLY, 0600));
    close(open("for_others", O_CREAT | O_WRONLY, 0600));
    close(open("none", O_CREAT | O_WRONLY, 0600));
    mkdir("in_group", 0755);
    about("root gives away");
    E(chown, "group", 0, 50);
    E(chmod, "group", 0660);
    E(chown, "not_mine", 1000, 0);
    E(chmod, "not_mine", 0077);
    E(chown, "for_others", 0, 50);
    E(chmod, "for_others", 0604);
    E(chmod, "none", 0);
    E(open, "none", O_RDWR);
    E(access, "none", R_OK | W_OK);
    E(access, "none", X_OK);
    E(chown, "in_group", 1000, 50);
    E(chmod, "in_group", 02775);
    close(open("in_group/root", O_CREAT | O_WRONLY, 0600));
    struct stat st;
    E(stat, "in_group/root", &st);
    V(st.st_gid);
    E(mkdir, "in_group/root_dir", 0755);
    E(stat, "in_group/root_dir", &st);
    V(st.st_gid);
    OCTAL(st.st_mode);
    E(chmod, "group", 06770);
    E(chown, "group", -1, -1);
    OCTAL(mode_of("group"));
    E(chmod, "group", 06760);
    E(chown, "group", 0, 50);
    OCTAL(mode_of("group"));
    E(chmod, "in_group", 06775);
    E(chown, "in_group", 1000, 50);
    OCTAL(mode_of("in_group"));
    E(chmod, "group", 06770);
    int fd = open("group", O_WRONLY);
    E(write, fd, "x", 1);
    OCTAL(mode_of("group"));
    E(chmod, "group", 0660);
    child(as_member);
    child(as_effective);
}

static void capabilities(void)
{
    header.version = 1;
    E(capget, NOWHERE, data);
    E(capget, NULL, data);
    E(capget, &header, data);
    V(header.version == V3);
    header.version = 1;
    E(capget, &header, NULL);
    V(header.version == V3);
    header.version = 1;
    E(capset, &header, data);
    V(header.version == V3);
    header.pid = -1;
    E(capget, &header, data);
    header.pid = NEVER;
    E(capget, &header, data);
    E(capset, &header, data);
    header.pid = 0;
    E(capget, &header, NULL);
    E(capget, &header, NOWHERE);
    E(capset, &header, NOWHERE);
    E(capset, &header, NULL);
    E(capset, NOWHERE, data);
    E(capget, &header, data);
    V((data[0] & (CHOWN_CAP | KILL_CAP | SETUID_CAP)) == (CHOWN_CAP | KILL_CAP | SETUID_CAP));
    about("given away");
    data[0] = data[1] = KILL_CAP | SETUID_CAP;
    data[2] = data[3] = data[4] = data[5] = 0;
    E(capset, &header, data);
    data[0] = CHOWN_CAP;
    E(capset, &header, data);
    data[0] = KILL_CAP;
    data[1] = KILL_CAP | SETUID_CAP | CHOWN_CAP;
    E(capset, &header, data);
    data[1] = KILL_CAP | SETUID_CAP;
    data[2] = CHOWN_CAP;
    E(capset, &header, data);
    data[2] = KILL_CAP;
    E(capset, &header, data);
    E(setuid, 1000);
    E(setgid, 1000);
    E(setgroups, 0, NULL);
    E(capget, &header, data);
    V(data[0]);
    V(data[1]);
    V(data[2]);
    data[0] = data[1];
    E(capset, &header, data);
    E(setuid, 1000);
    E(setresuid, 1000, 0, 0);
    E(capget, &header, data);
    V(data[0]);
    header.version = V1;
    E(capget, &header, data);
    data[0] = data[1] = data[2] = 0;
    E(capset, &header, data);
    E(setgid, 1000);
    E(setresuid, 0, 1000, 1000);
}

/* As root: what would do something is not asked for. */
static void mounting(void)
{
    E(mount, NOWHERE, ".", "tmpfs", 0, 0);
    E(mount, "none", NOWHERE, "tmpfs", 0, 0);
    E(mount, "none", "nothing", NOWHERE, 0, 0);
    E(mount, "none", "nothing", "tmpfs", 0, 0);
    E(umount2, ".", 0x100);
    E(umount2, NOWHERE, 0x100);
    E(umount2, NOWHERE, 0);
    E(umount2, "nothing", 0);
}

static void rebooting(void)
{
    E(reboot, 0, 0, 0, 0);
    E(reboot, 0xfee1dead, 0, 0x89abcdef, 0);
    E(reboot, 0, 0x28121969, 0x4321fedc, 0);
    E(reboot, 0xfee1dead, 0x28121969, 0x12345, 0);
}

int main(void)
{
    begin_edges();
    if (getuid())
        return 0;
    group("ids", ids);
    group("what a user may not", refusals);
    group("rights", rights);
    group("capabilities", capabilities);
    group("mounts", mounting);
    group("the machine's end", rebooting);
    return 0;
}
