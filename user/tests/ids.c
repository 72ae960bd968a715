/* Users and groups: who may become whom, what is kept over fork, who may signal whom, whose files. Cases for root run as root only. */

#include "show.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static void as_user(void *unused)
{
    (void)unused;
    setpriority(PRIO_PROCESS, 0, 0); /* whoever started this may be nice */
    show_call("setgroups", setgroups(0, NULL));
    show_call("setgid", setgid(1000));
    show_call("setuid", setuid(1000));
    show("uid", getuid());
    show("euid", geteuid());
    show("gid", getgid());
    show_call("setuid back to 0", setuid(0));
    show_call("setuid to itself", setuid(1000));
    show_call("setresuid to 0", setresuid(-1, 0, -1));
    show_call("setgid to 0", setgid(0));
    show_call("setgroups as a user", setgroups(0, NULL));
    show("groups", getgroups(0, NULL));
    show_call("a file of root's, 0600", open("secret", O_RDONLY));
    show_call("a file of root's, 0644, to write", open("open", O_WRONLY));
    int fd = open("open", O_RDONLY);
    show_ok("to read", fd);
    close(fd);
    show_call("a folder of root's: a new file", open("new", O_CREAT | O_WRONLY, 0600));
    show_call("unlink", unlink("open"));
    show_call("chmod", chmod("open", 0777));
    show_call("kill of root's process", kill(getppid(), 0));
    pid_t pid = split();
    if (pid == 0) {
        show("a child's uid", getuid());
        done(0);
    }
    wait_for(pid);
    show_call("kill of one's own", kill(getpid(), 0));
    show_call("nice down", setpriority(PRIO_PROCESS, 0, -5));
    show_call("nice up", setpriority(PRIO_PROCESS, 0, 5));
    show("nice", getpriority(PRIO_PROCESS, 0));
    show_call("and down again", setpriority(PRIO_PROCESS, 0, 0));
    show_call("reboot", syscall(SYS_reboot, 0xfee1dead, 672274793, 0x4321fedc, 0));
    struct rlimit limit = { 20, 20 };
    show_call("a limit down", setrlimit(RLIMIT_NOFILE, &limit));
    limit.rlim_max = 40;
    show_call("a limit up", setrlimit(RLIMIT_NOFILE, &limit));
}

static void effective(void *unused)
{
    (void)unused;
    show_call("setresuid", setresuid(-1, 1000, -1));
    unsigned real, now, saved;
    syscall(SYS_getresuid, &real, &now, &saved);
    printf("real %u effective %u saved %u\n", real, now, saved);
    show_call("root's file", open("secret", O_RDONLY));
    show_call("access() asks for the real one", access("secret", R_OK));
    show_call("back", setresuid(-1, 0, -1));
    show_ok("root's file again", open("secret", O_RDONLY));
}

int main(void)
{
    begin();
    show_true("uid and euid", getuid() == geteuid());
    show_true("gid and egid", getgid() == getegid());
    show_call("getgroups with less than no room", getgroups(-1, NULL));
    show_call("setpriority of nobody", setpriority(PRIO_PROCESS, 999999, 0));
    show_call("setpriority of what", setpriority(7, 0, 0));
    errno = 0;
    show_call("getpriority of nobody", syscall(SYS_getpriority, PRIO_PROCESS, 999999));
    if (getuid() != 0)
        return 0;
    umask(022);
    chmod(".", 0755);
    close(open("secret", O_CREAT | O_WRONLY, 0600));
    close(open("open", O_CREAT | O_WRONLY, 0644));
    show_child("as a user", as_user, NULL);
    show_child("effective only", effective, NULL);
    unlink("secret");
    unlink("open");
    return 0;
}
