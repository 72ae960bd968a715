/* exec: what the new program is given, what it keeps, and files that cannot be run. Started with a word, it is that new program. */

#include "show.h"

#include <fcntl.h>
#include <sys/stat.h>

static char *self;
static int target(int argc, char **argv, char **envp);

/* Runs path in a child, shows how it ended. */
static void run(const char *name, const char *path, char *const argv[], char *const envp[])
{
    pid_t pid = split();
    if (pid == 0) {
        execve(path, argv, envp);
        show_text("execve", strerror(errno));
        done(99);
    }
    show_status(name, wait_for(pid));
}

#define ARGS(...) (char *const[]){ __VA_ARGS__, NULL }

static void make_file(const char *path, const char *text, size_t n, mode_t mode)
{
    int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);
    write(fd, text, n);
    fchmod(fd, mode);
    close(fd);
}

static void given(void)
{
    run("arguments", self, ARGS("me", "arguments", "", "two words", "x"), ARGS("A=1", "B=", "C"));
    run("no environment", self, ARGS("me", "arguments"), ARGS(NULL));
    run("no argument list at all", self, NULL, NULL);
    run("auxiliary vector", self, ARGS("me", "auxv"), ARGS(NULL));
    run("stack", self, ARGS("me", "stack"), ARGS(NULL));
}

static void kept(void)
{
    char text[40];
    int plain = open("kept", O_CREAT | O_RDWR, 0600), closing = open("kept", O_RDONLY | O_CLOEXEC);
    int flagged = dup(plain);
    fcntl(flagged, F_SETFD, FD_CLOEXEC);
    lseek(plain, 7, SEEK_SET);
    snprintf(text, sizeof(text), "%d %d %d", plain, closing, flagged);
    pid_t pid = split();
    if (pid == 0) {
        signal(SIGUSR1, SIG_IGN);
        signal(SIGUSR2, done);
        sigset_t set = 1ul << (SIGTERM - 1);
        sigprocmask(SIG_BLOCK, &set, NULL);
        raise(SIGTERM);
        umask(027);
        char me[20];
        snprintf(me, sizeof(me), "%d", getpid());
        execve(self, ARGS("me", "kept", text, me), ARGS(NULL));
        _exit(99);
    }
    show_status("kept", wait_for(pid));
    close(plain);
    close(closing);
    close(flagged);
    unlink("kept");
}

static void bad_files(void)
{
    static char head[4096], elf[4096];
    int fd = open(self, O_RDONLY);
    read(fd, elf, sizeof(elf));
    close(fd);
    run("no such file", "missing", ARGS("x"), NULL);
    run("empty name", "", ARGS("x"), NULL);
    run("a folder", ".", ARGS("x"), NULL);
    make_file("bad", "", 0, 0700);
    run("an empty file", "./bad", ARGS("x"), NULL);
    make_file("bad", "hello\n", 6, 0700);
    run("a text", "./bad", ARGS("x"), NULL);
    run("below a file", "bad/x", ARGS("x"), NULL);
    chmod("bad", 0600);
    run("not executable", "./bad", ARGS("x"), NULL);
    make_file("bad", elf, 40, 0700);
    run("a piece of a head", "./bad", ARGS("x"), NULL);
    memcpy(head, elf, sizeof(head));
    head[18] = 3;
    make_file("bad", head, sizeof(head), 0700);
    run("another processor", "./bad", ARGS("x"), NULL);
    memcpy(head, elf, sizeof(head));
    head[16] = 1;
    make_file("bad", head, sizeof(head), 0700);
    run("an object file", "./bad", ARGS("x"), NULL);
    memcpy(head, elf, sizeof(head));
    head[54] = 1;
    make_file("bad", head, sizeof(head), 0700);
    run("odd program headers", "./bad", ARGS("x"), NULL);
    unlink("bad");
}

static void scripts(void)
{
    char text[300];
    int n = snprintf(text, sizeof(text), "#!%s arguments\nanything\n", self);
    make_file("script", text, n, 0700);
    run("a script", "./script", ARGS("zero", "one", "two"), ARGS("E=1"));
    n = snprintf(text, sizeof(text), "#!  %s   arguments  and more  \n", self);
    make_file("script", text, n, 0700);
    run("blanks", "./script", ARGS("zero", "one"), ARGS(NULL));
    n = snprintf(text, sizeof(text), "#!%s", self);
    make_file("script", text, n, 0700);
    run("no end of line, no argument", "./script", ARGS("zero", "auxv"), ARGS(NULL));
    make_file("outer", "#!./script arguments\n", 21, 0700);
    n = snprintf(text, sizeof(text), "#!%s arguments\n", self);
    make_file("script", text, n, 0700);
    run("a script's script", "./outer", ARGS("zero", "one"), ARGS(NULL));
    make_file("script", "#!/no/such/program\n", 19, 0700);
    run("without its program", "./script", ARGS("zero"), NULL);
    make_file("script", "#!\n", 3, 0700);
    run("of nothing", "./script", ARGS("zero"), NULL);
    make_file("script", "#!./script\n", 11, 0700);
    run("of itself", "./script", ARGS("zero"), NULL);
    unlink("script");
    unlink("outer");
}

static void too_much(void)
{
    static char long_one[140000];
    memset(long_one, 'x', sizeof(long_one) - 1);
    run("too long an argument", self, ARGS("me", long_one), NULL);
    long_one[100000] = 0;
    run("a long one", self, ARGS("me", "length", long_one), ARGS(NULL));
    run("bad list", self, (char *const *)0x1000, NULL);
    run("bad argument", self, ARGS("me", (char *)0x1000), NULL);
    run("bad environment", self, ARGS("me"), (char *const *)0xffffffff80000000);
    run("bad path", (char *)0x1000, ARGS("me"), NULL);
}

int main(int argc, char **argv, char **envp)
{
    if (argc > 1)
        return target(argc, argv, envp);
    if (argc == 0 || strcmp(argv[0], "") == 0) { /* what Linux makes of no argument list */
        printf("started with %d arguments\n", argc);
        return 7;
    }
    begin();
    self = argv[0];
    given();
    kept();
    bad_files();
    scripts();
    too_much();
    return 0;
}

/* --- the new program ---------------------------------------------------------------------------------------------------------------- */

static const char *without_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static int show_arguments(int argc, char **argv, char **envp)
{
    for (int i = 0; i < argc; i++)
        printf("  argument %d: '%s'\n", i, i == 0 || strchr(argv[i], '/') ? without_folder(argv[i]) : argv[i]);
    for (int i = 0; envp[i]; i++)
        printf("  environment %d: '%s'\n", i, envp[i]);
    show_true("  a 0 behind the arguments", argv[argc] == NULL);
    return argc;
}

extern char _start[];

static int show_auxv(char **envp)
{
    while (*envp)
        envp++;
    unsigned long *aux = (unsigned long *)(envp + 1), value[64] = { 0 };
    for (; aux[0]; aux += 2)
        if (aux[0] < 64)
            value[aux[0]] = aux[1];
    show("  page size", value[6]);
    show_true("  entry", value[9] == (unsigned long)_start);
    show_true("  program headers", value[3] && value[4] == 56 && value[5] > 0 && value[5] < 10);
    show_true("  ids", value[11] == getuid() && value[12] == geteuid() && value[13] == getgid() && value[14] == getegid());
    show("  not privileged", value[23]);
    show_true("  random bytes", value[25] != 0);
    show_text("  file", without_folder((char *)value[31]));
    show("  no interpreter", value[7]);
    return 0;
}

static int show_kept(char **argv)
{
    char *at = argv[2];
    static const char *const names[] = { "  plain descriptor", "  O_CLOEXEC", "  FD_CLOEXEC" };
    for (int i = 0; i < 3; i++) {
        int fd = strtol(at, &at, 10);
        show_call(names[i], i ? fcntl(fd, F_GETFD) : lseek(fd, 0, SEEK_CUR));
    }
    struct sigaction action;
    sigset_t set;
    sigaction(SIGUSR1, NULL, &action);
    show_true("  ignored stays ignored", action.sa_handler == SIG_IGN);
    sigaction(SIGUSR2, NULL, &action);
    show_true("  handled becomes default", action.sa_handler == SIG_DFL);
    sigprocmask(SIG_BLOCK, NULL, &set);
    show_true("  mask", set == 1ul << (SIGTERM - 1));
    sigpending(&set);
    show_true("  pending", set == 1ul << (SIGTERM - 1));
    show("  umask", umask(0));
    show_true("  pid", atoi(argv[3]) == getpid());
    return 0;
}

static int target(int argc, char **argv, char **envp)
{
    if (strcmp(argv[1], "auxv") == 0 || (argc > 2 && strcmp(argv[2], "auxv") == 0))
        return show_auxv(envp);
    if (strcmp(argv[1], "kept") == 0)
        return show_kept(argv);
    if (strcmp(argv[1], "length") == 0)
        return show("  its length", strlen(argv[2])), 0;
    if (strcmp(argv[1], "stack") == 0)
        return show_true("  aligned", (unsigned long)(argv - 1) % 16 == 0), 0;
    return show_arguments(argc, argv, envp);
}
