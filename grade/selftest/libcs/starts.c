/* Programs and processes: starting them every way, how they end, what they are given, what happens at the end. */
#include "../pthreads/pthreads.h"

#include <fcntl.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <locale.h>
#include <spawn.h>

extern char **environ;
static const char *me;

/* --- what is started: this program with arguments */

static void last(void)
{
    printf("at the very end\n");
}

static void later(void)
{
    printf("registered first, called last\n");
    atexit(last);
}

static void earlier(void)
{
    printf("registered last, called first\n");
}

static int as_child(int argc, char **argv)
{
    if (!strcmp(argv[1], "exits"))
        return atoi(argv[2]);
    if (!strcmp(argv[1], "tells")) {
        printf("%d arguments, %s %s\n", argc, argv[2], argv[argc - 1]);
        for (char **at = environ; *at; at++)
            printf("%s\n", *at);
    } else if (!strcmp(argv[1], "copies")) {
        char text[100];
        ssize_t got = read(0, text, sizeof(text));

        return got < 0 || write(1, text, (size_t)got) != got;
    } else if (!strcmp(argv[1], "signals")) {
        sigset_t set;
        struct sigaction action;

        sigprocmask(SIG_BLOCK, NULL, &set);
        sigaction(SIGUSR2, NULL, &action);
        printf("blocked %d %d, ignored %d, its own group %d\n", sigismember(&set, SIGUSR1), sigismember(&set, SIGALRM),
               action.sa_handler == SIG_IGN, getpgrp() == getpid());
    } else if (!strcmp(argv[1], "atexit")) {
        atexit(later);
        atexit(earlier);
        printf("main is over\n");
        exit(9);
    }
    return 0;
}

static void spawn(const char *name, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes, char **argv,
                  char **envp)
{
    pid_t pid;
    int status, error;

    fflush(stdout);
    error = posix_spawn(&pid, argv[0], actions, attributes, argv, envp);
    if (error) {
        show_error(name, error);
        return;
    }
    need(waitpid(pid, &status, 0) != pid, "waitpid");
    show_status(name, status);
}

static void spawning(void)
{
    char *few[] = { "ONE=1", "TWO=and two", NULL }, text[100] = "";
    char *tells[] = { (char *)me, "tells", "a b", "", "last", NULL };
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t set;
    int fd;

    spawn("exit status", NULL, NULL, (char *[]){ (char *)me, "exits", "42", NULL }, environ);
    spawn("arguments", NULL, NULL, tells, few);
    spawn("nothing there", NULL, NULL, (char *[]){ "/nothing/there", NULL }, environ);
    fd = open("input", O_CREAT | O_RDWR, 0600);
    need(write(fd, "some input\n", 11) != 11, "write");
    close(fd);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "input", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 5, "output", O_CREAT | O_WRONLY | O_TRUNC, 0600);
    posix_spawn_file_actions_adddup2(&actions, 5, 1);
    posix_spawn_file_actions_addclose(&actions, 5);
    spawn("redirected", &actions, NULL, (char *[]){ (char *)me, "copies", NULL }, environ);
    posix_spawn_file_actions_destroy(&actions);
    fd = open("output", O_RDONLY);
    need(read(fd, text, sizeof(text)) < 0, "read");
    close(fd);
    printf("output: %s", text);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    posix_spawnattr_setsigmask(&attributes, &set);
    sigaddset(&set, SIGUSR2);
    posix_spawnattr_setsigdefault(&attributes, &set);
    posix_spawnattr_setpgroup(&attributes, 0);
    signal(SIGUSR2, SIG_IGN);
    spawn("with attributes", NULL, &attributes, (char *[]){ (char *)me, "signals", NULL }, environ);
    spawn("without", NULL, NULL, (char *[]){ (char *)me, "signals", NULL }, environ);
    posix_spawnattr_destroy(&attributes);
    signal(SIGUSR2, SIG_DFL);
    unlink("input");
    unlink("output");
    spawn("at exit", NULL, NULL, (char *[]){ (char *)me, "atexit", NULL }, environ);
}

/* --- how processes end */

static void ends(void)
{
    siginfo_t info;
    int status;
    pid_t pid, group;

    for (int number = 0; number < 3; number++) {
        fflush(stdout);
        pid = fork();
        if (!pid) {
            if (number == 1)
                kill(getpid(), SIGTERM);
            if (number == 2)
                abort();
            _exit(200);
        }
        memset(&info, 0, sizeof(info));
        need(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), "waitid");
        printf("code %d, status %d, its id %d\n", info.si_code == CLD_DUMPED ? CLD_KILLED : info.si_code, info.si_status,
               info.si_pid == pid);
        show("still there", waitpid(pid, &status, 0) == pid);
        show_status("ended", status & ~0x80);
    }
    pid = fork();
    if (!pid)
        for (;;)
            pause();
    group = getpgrp();
    info.si_pid = 77;
    show_call("nothing yet", waitid(P_PGID, (id_t)group, &info, WEXITED | WNOHANG));
    show("nobody", info.si_pid);
    kill(pid, SIGSTOP);
    need(waitid(P_PID, (id_t)pid, &info, WSTOPPED), "waitid");
    printf("stopped: code %d, status %d\n", info.si_code == CLD_STOPPED, info.si_status == SIGSTOP);
    kill(pid, SIGCONT);
    need(waitid(P_ALL, 0, &info, WCONTINUED | WEXITED), "waitid");
    printf("continued: code %d, status %d\n", info.si_code == CLD_CONTINUED, info.si_status == SIGCONT);
    kill(pid, SIGKILL);
    need(waitpid(-1, &status, 0) != pid, "waitpid");
    show_status("killed", status);
    show_call("no child", waitpid(-1, &status, 0));
    show_call("no child", waitid(P_ALL, 0, &info, WEXITED));
    show_call("no reason", waitid(P_ALL, 0, &info, 0));
    signal(SIGCHLD, SIG_IGN);
    if (!fork())
        _exit(1);
    show_call("nobody is told", wait(&status));
    signal(SIGCHLD, SIG_DFL);
}

/* --- what a program is given */

static void environment(void)
{
    setenv("NEW", "value", 1);
    setenv("NEW", "other", 0);
    printf("NEW=%s\n", getenv("NEW"));
    setenv("NEW", "third", 1);
    printf("NEW=%s\n", getenv("NEW"));
    unsetenv("NEW");
    show("gone", getenv("NEW") == NULL);
    putenv("PUT=in");
    printf("PUT=%s\n", getenv("PUT"));
    for (int i = 0; i < 200; i++) {
        char name[20], value[20];

        snprintf(name, sizeof(name), "V%d", i);
        snprintf(value, sizeof(value), "%d", i * i);
        setenv(name, value, 1);
    }
    printf("V150=%s\n", getenv("V150"));
    clearenv();
    show("empty", getenv("PUT") == NULL);
}

static void options(void)
{
    static const struct option names[] = { { "verbose", no_argument, NULL, 'v' }, { "size", required_argument, NULL, 's' },
                                           { "maybe", optional_argument, NULL, 'm' }, { NULL, 0, NULL, 0 } };
    char *given[] = { "program", "-ab", "-c", "value", "file", "--size=12", "--verbose", "-x", "-m", "-s", "7", "--maybe=9", "--", "-rest",
                      NULL };
    int c;

    opterr = 0;
    while ((c = getopt_long(14, given, "abc:s:vm::", names, NULL)) != -1)
        printf("option %c, argument %s\n", c, optarg ? optarg : "none");
    for (; optind < 14; optind++)
        printf("left: %s\n", given[optind]);
}

static void memory_of_vfork(void)
{
    volatile int shared_number = 1;
    int status;
    pid_t pid = vfork();

    if (!pid) {
        shared_number = 2;
        _exit(6);
    }
    waitpid(pid, &status, 0);
    show("the child's, too", shared_number);
    show_status("vfork", status);
}

static void *forks(void *unused)
{
    (void)unused;
    in_child("a thread's child", spawning);
    return NULL;
}

int main(int argc, char **argv)
{
    me = argv[0];
    if (argc > 1)
        return as_child(argc, argv);
    spawning();
    ends();
    options();
    memory_of_vfork();
    join(start(forks, NULL));
    environment();
    return 0;
}
