/* Set-id bits: whom a program acts as, what it may do then, how it gets back, when the bits count, and who takes them away. Started with a
 * word, it is such a program. Most cases run as root only. */

#include "show.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define AT_SECURE 23
#define GET_DUMPABLE 3
#define SET_NO_NEW_PRIVILEGES 38
enum { SAYS = 40, HEARS }; /* descriptors */
#define ARGS(...) (char *const[]){ __VA_ARGS__, NULL }

/* --- the program ---------------------------------------------------------------------------------------------------------------------- */

static void show_ids(void)
{
    unsigned r, e, s;
    syscall(SYS_getresuid, &r, &e, &s);
    printf("  user %u, acts as %u, saved %u; ", r, e, s);
    syscall(SYS_getresgid, &r, &e, &s);
    printf("group %u, acts as %u, saved %u\n", r, e, s);
}

/* The same on machines whose root lacks some. */
static void show_capabilities(void)
{
    unsigned header[2] = { 0x20080522, 0 }, set[2][3] = { { 0 } };
    syscall(SYS_capget, header, set);
    printf("  capabilities: permitted %s, effective %s\n", set[0][1] ? "yes" : "no", set[0][0] ? "yes" : "no");
}

static unsigned long secure(char **envp)
{
    while (*envp)
        envp++;
    for (unsigned long *aux = (unsigned long *)(envp + 1); aux[0]; aux += 2)
        if (aux[0] == AT_SECURE)
            return aux[1];
    return 99;
}

static int there_and_back(void)
{
    unsigned me = getuid(), other = geteuid();
    show_call("  setresuid to myself", setresuid(-1, me, -1));
    show_ids();
    show_capabilities();
    show_call("  a file of root's", access("secret", R_OK));
    show_call("  and back", setresuid(-1, other, -1));
    show_ids();
    show_capabilities();
    show_call("  for ever", setresuid(me, me, me));
    show_call("  and back", setresuid(-1, other, -1));
    show_ids();
    show_capabilities();
    return 0;
}

/* Its parent looks at it between the byte that it writes and the end of what it reads. */
static int seen(void)
{
    char byte;
    show_true("  may be looked into", syscall(SYS_prctl, GET_DUMPABLE, 0, 0, 0, 0) == 1);
    show_ok("  its own maps", open("/proc/self/maps", O_RDONLY));
    show_ok("  its own descriptors", open("/proc/self/fd", O_RDONLY));
    fflush(stdout);
    write(SAYS, "x", 1);
    read(HEARS, &byte, 1);
    return 0;
}

static int program(const char *word, char **envp)
{
    if (strcmp(word, "seen") == 0)
        return seen();
    show_ids();
    show_capabilities();
    show("  secure", secure(envp));
    if (strcmp(word, "back") == 0)
        return there_and_back();
    int fd = open("secret", O_RDONLY);
    show_ok("  root's file", fd);
    show_call("  kill of root's process", kill(getppid(), 0));
    fd = open("mine", O_CREAT | O_WRONLY | O_EXCL, 0600);
    struct stat st;
    fstat(fd, &st);
    printf("  a new file: user %u, group %u\n", st.st_uid, st.st_gid);
    unlink("mine");
    return 0;
}

/* --- whoever starts it ---------------------------------------------------------------------------------------------------------------- */

static void become(void *unused)
{
    (void)unused;
    setgroups(0, NULL);
    setresgid(1000, 1000, 1000);
    setresuid(1000, 1000, 1000);
}

/* Runs it with this owner and mode, as root or, if `user`, as somebody. */
static void run(const char *name, unsigned uid, unsigned gid, mode_t mode, int user, const char *path, const char *word)
{
    chown("program", uid, gid);
    chmod("program", mode);
    pid_t pid = split();
    if (pid == 0) {
        if (user)
            become(NULL);
        execve(path, ARGS("me", (char *)word), ARGS(NULL));
        show_text("execve", strerror(errno));
        done(99);
    }
    show_status(name, wait_for(pid));
}

static void bits_count(void)
{
    run("plain", 0, 0, 0755, 1, "./program", "x");
    run("a user's", 2000, 3000, 04755, 1, "./program", "x");
    run("a group's", 2000, 3000, 02755, 1, "./program", "x");
    run("both", 2000, 3000, 06755, 1, "./program", "x");
    run("a group's that it may not execute", 2000, 3000, 02705, 1, "./program", "x");
    run("root's", 0, 0, 04755, 1, "./program", "x");
    run("root's group", 0, 0, 02755, 1, "./program", "x");
    run("root's own user", 1000, 0, 04755, 1, "./program", "x");
    run("of root, to a user", 2000, 0, 04755, 0, "./program", "x");
    run("without the right to execute", 0, 0, 04754, 1, "./program", "x");
    run("there and back", 0, 0, 04755, 1, "./program", "back");
    run("there and back, no root", 2000, 0, 04755, 1, "./program", "back");
    run("of root, there and back", 2000, 0, 04755, 0, "./program", "back");
}

static void half_a_user(void *unused)
{
    (void)unused;
    setresuid(1000, 2000, 2000);
    execve("./program", ARGS("me", "x"), ARGS(NULL));
}

static void half_a_root(void *unused)
{
    (void)unused;
    setresuid(0, 2000, 2000);
    execve("./program", ARGS("me", "x"), ARGS(NULL));
}

/* Nothing that it executes gives it more than it has: the bits do not count, for itself and its children. */
static void bound(void *user)
{
    if (user)
        become(NULL);
    show_call("  no more privileges", syscall(SYS_prctl, SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0));
    pid_t pid = split();
    if (pid == 0)
        execve("./program", ARGS("me", "x"), ARGS(NULL));
    show_status("  its child", wait_for(pid));
    fflush(stdout);
    execve("./program", ARGS("me", "x"), ARGS(NULL));
}

static void without_new_privileges(void)
{
    chown("program", 0, 0);
    chmod("program", 06755);
    show_child("a user without new privileges", bound, (void *)1);
    chown("program", 2000, 3000);
    chmod("program", 06755);
    show_child("another user's program", bound, (void *)1);
    show_child("root without new privileges", bound, NULL);
}

static void scripts(void)
{
    int fd = open("script", O_CREAT | O_WRONLY | O_EXCL, 0755);
    write(fd, "#!./program word\n", 17);
    close(fd);
    chmod("script", 06755);
    run("a script that has the bits", 0, 0, 0755, 1, "./script", "x");
    run("a script whose program has them", 2000, 3000, 06755, 1, "./script", "x");
    unlink("script");
}

/* --- who may look --------------------------------------------------------------------------------------------------------------------- */

static const char *of(pid_t pid, const char *name)
{
    static char path[64];
    snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
    return path;
}

static void look(void *path)
{
    int says[2], hears[2];
    char byte;
    struct stat st;
    become(NULL);
    pipe(says);
    pipe(hears);
    pid_t pid = split();
    if (pid == 0) {
        dup2(says[1], SAYS);
        dup2(hears[0], HEARS);
        close(hears[1]);
        execve(path, ARGS("me", "seen"), ARGS(NULL));
        done(99);
    }
    close(says[1]);
    read(says[0], &byte, 1);
    show_ok("  maps", open(of(pid, "maps"), O_RDONLY));
    show_ok("  environ", open(of(pid, "environ"), O_RDONLY));
    show_ok("  fd", open(of(pid, "fd"), O_RDONLY));
    show_ok("  status", open(of(pid, "status"), O_RDONLY));
    stat(of(pid, "status"), &st);
    show("  status is of", st.st_uid);
    stat(of(pid, ""), &st);
    show("  its folder is of", st.st_uid);
    close(hears[1]);
    show_status("  it", wait_for(pid));
}

static void looks(void)
{
    static const struct { const char *name; unsigned uid; mode_t mode; } of[] = {
        { "a program that may be read", 0, 0755 }, { "one that may not", 0, 0711 }, { "another user's", 2000, 04755 },
        { "its own", 1000, 04711 },
    };
    for (unsigned i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
        chown("program", of[i].uid, 0);
        chmod("program", of[i].mode);
        show_child(of[i].name, look, "./program");
    }
    chown("program", 0, 0);
    chmod("program", 0711);
    int fd = open("script", O_CREAT | O_WRONLY | O_EXCL, 0755);
    write(fd, "#!./program seen\n", 17);
    close(fd);
    show_child("a script of one that may not", look, "./script");
    unlink("script");
}

/* --- losing the bits ------------------------------------------------------------------------------------------------------------------ */

static void show_mode(const char *name, const char *path)
{
    struct stat st;
    stat(path, &st);
    printf("  %s: %o\n", name, st.st_mode & 07777);
}

static void set(mode_t mode)
{
    chmod("file", mode);
}

static void changes(void *unused)
{
    (void)unused;
    int fd = open("file", O_RDWR);
    show_ok("a file to change", fd);
    show_mode("at first", "file");
    write(fd, "", 0);
    show_mode("after a write of nothing", "file");
    write(fd, "x", 1);
    show_mode("after a write", "file");
    set(06777);
    show_mode("set again", "file");
    ftruncate(fd, 0);
    show_mode("after ftruncate", "file");
    set(06767);
    show_mode("set again, the group may not execute", "file");
    write(fd, "x", 1);
    show_mode("after a write", "file");
    set(06777);
    close(open("file", O_WRONLY | O_TRUNC));
    show_mode("after O_TRUNC", "file");
    set(06777);
    show_call("chown to whom it belongs", chown("file", getuid(), -1));
    show_mode("after it", "file");
    set(06777);
    show_call("chown to nobody else", chown("file", -1, -1));
    show_mode("after it", "file");
    set(06767);
    chown("file", getuid(), -1);
    show_mode("after a chown, the group may not execute", "file");
    close(fd);
}

static void changes_as_user(void *unused)
{
    become(NULL);
    changes(unused);
    show_call("chown of somebody else's to nobody else", chown("secret", -1, -1));
}

static void new_files(void *unused)
{
    if (!unused)
        become(NULL);
    close(open("shared/plain", O_CREAT | O_WRONLY, 02755));
    show_mode("in a folder that gives its group", "shared/plain");
    close(open("shared/quiet", O_CREAT | O_WRONLY, 02745));
    show_mode("that its group may not execute", "shared/quiet");
    mkdir("shared/folder", 0755);
    show_mode("a folder", "shared/folder");
    unlink("shared/plain");
    unlink("shared/quiet");
    rmdir("shared/folder");
}

static void losing(void)
{
    close(open("file", O_CREAT | O_RDWR | O_EXCL, 0600));
    set(06777);
    show_child("by root", changes, NULL);
    chown("file", 1000, 3000);
    set(06777);
    show_child("by its owner, of another group", changes_as_user, NULL);
    chown("file", 1000, 1000);
    set(06777);
    show_child("by its owner", changes_as_user, NULL);
    chown("file", 2000, 3000);
    set(06777);
    show_child("by somebody else", changes_as_user, NULL);
    unlink("file");
    mkdir("shared", 0777);
    chown("shared", 0, 3000);
    chmod("shared", 02777);
    show_child("new ones by a user", new_files, NULL);
    show_child("new ones by root", new_files, (void *)1);
    rmdir("shared");
}

static void copy_myself(const char *self)
{
    static char text[65536];
    int from = open(self, O_RDONLY), to = open("program", O_CREAT | O_WRONLY | O_EXCL, 0700);
    for (ssize_t n; (n = read(from, text, sizeof(text))) > 0;)
        write(to, text, n);
    close(from);
    close(to);
}

int main(int argc, char **argv, char **envp)
{
    if (argc > 1)
        return program(argv[1], envp);
    begin();
    if (getuid() != 0)
        return 0;
    umask(0);
    chmod(".", 0777);
    copy_myself(argv[0]);
    close(open("secret", O_CREAT | O_WRONLY, 0600));
    bits_count();
    chown("program", 0, 0);
    chmod("program", 0755);
    show_child("a user who acts as another", half_a_user, NULL);
    show_child("root who acts as a user", half_a_root, NULL);
    without_new_privileges();
    scripts();
    looks();
    losing();
    unlink("program");
    unlink("secret");
    return 0;
}
