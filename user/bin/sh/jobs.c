/* Processes of the shell: pipelines in the foreground and background, waiting, and where a person types job control, with a process group
 * for each pipeline and the terminal handed to the one in the foreground. */

#include "sh.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

bool monitor;
pid_t last_background;

static struct job *jobs; /* oldest first */
static const int terminal = 2;

/* A command as text, for people: simple commands and pipelines of them in full. */
static void describe(struct text *to, struct node *node)
{
    if (node->kind == SIMPLE) {
        for (struct word *list = node->assignments; list; list = list->next) {
            text_add_string(to, list->text);
            text_add_string(to, list->next || node->words ? " " : "");
        }
        for (struct word *word = node->words; word; word = word->next) {
            text_add_string(to, word->text);
            text_add_string(to, word->next ? " " : "");
        }
    } else if (node->kind == PIPE) {
        describe(to, node->left);
        text_add_string(to, " | ");
        describe(to, node->right);
    } else {
        static const char *const names[] = {
            [AND] = "... && ...", [OR] = "... || ...", [NOT] = "! ...", [SUBSHELL] = "( ... )", [GROUP] = "{ ... }", [IF] = "if ...",
            [WHILE] = "while ...", [UNTIL] = "until ...", [FOR] = "for ...", [CASE] = "case ..."
        };
        text_add_string(to, node->kind < sizeof(names) / sizeof(names[0]) && names[node->kind] ? names[node->kind] : "...");
    }
}

static void job_free(struct job *job)
{
    for (struct job **at = &jobs; *at; at = &(*at)->next) {
        if (*at == job) {
            *at = job->next;
            break;
        }
    }
    free(job->text);
    free(job);
}

struct job *job_new(struct node *node, bool background)
{
    struct mark mark = mark_now();
    struct text text = { 0 };
    describe(&text, node);
    struct job *job = calloc(1, sizeof(struct job)), **last = &jobs;
    job->text = strdup(text.at ? text.at : "");
    job->background = background;
    job->id = 1;
    for (; *last; last = &(*last)->next)
        job->id = (*last)->id + 1;
    *last = job;
    give_back(mark);
    return job;
}

void job_add(struct job *job, pid_t pid)
{
    if (!job->group)
        job->group = pid;
    if (monitor)
        setpgid(pid, job->group); /* the child does the same: whoever comes first */
    if (monitor && !job->background && job->count == 0)
        tcsetpgrp(terminal, job->group);
    if (job->count == sizeof(job->pids) / sizeof(job->pids[0]))
        fail("a pipeline has at most %d commands", job->count);
    job->pids[job->count++] = pid;
    job->left++;
}

void jobs_child(struct job *job, bool foreground)
{
    if (monitor && job) {
        setpgid(0, job->group);
        if (foreground)
            tcsetpgrp(terminal, getpgrp());
    }
    traps_child();
    if (!monitor && !foreground) {
        signal(SIGINT, SIG_IGN);
        signal(SIGQUIT, SIG_IGN);
        int fd = open("/dev/null", O_RDONLY);
        if (fd > 0) {
            dup2(fd, 0);
            close(fd);
        }
    }
    monitor = interactive = false;
    jobs_forget();
    fork_done();
}

void jobs_forget(void)
{
    while (jobs)
        job_free(jobs);
}

static void note(pid_t pid, int how)
{
    for (struct job *job = jobs; job; job = job->next) {
        for (int i = 0; i < job->count; i++) {
            if (job->pids[i] != pid)
                continue;
            if (WIFSTOPPED(how)) {
                job->stopped = true;
                job->last_status = 128 + WSTOPSIG(how);
                return;
            }
            if (WIFCONTINUED(how)) {
                job->stopped = false;
                return;
            }
            job->left--;
            if (i == job->count - 1)
                job->last_status = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
            if (WIFSIGNALED(how) && !job->background && WTERMSIG(how) != SIGINT && WTERMSIG(how) != SIGPIPE)
                dprintf(2, "%s%s\n", strsignal(WTERMSIG(how)), WCOREDUMP(how) ? " (core dumped)" : "");
            return;
        }
    }
}

/* Takes in one change of a child. False: there is none (or, when it may wait, a signal came first). */
static bool collect(bool may_wait)
{
    int how;
    pid_t pid = waitpid(-1, &how, (may_wait ? 0 : WNOHANG) | (monitor ? WUNTRACED | WCONTINUED : 0));
    if (pid <= 0)
        return false;
    note(pid, how);
    return true;
}

int job_wait(struct job *job)
{
    while (job->left > 0 && !job->stopped)
        if (!collect(true) && errno != EINTR)
            break;
    if (monitor)
        tcsetpgrp(terminal, getpgrp());
    int result = job->last_status;
    if (job->left > 0 && job->stopped) {
        job->background = true;
        dprintf(2, "\n[%d] Stopped    %s\n", job->id, job->text);
    } else {
        if (result == 128 + SIGINT && interactive)
            dprintf(2, "\n");
        job_free(job);
    }
    return result;
}

static const char *state_of(struct job *job, char *room, size_t size)
{
    if (job->left > 0)
        return job->stopped ? "Stopped" : "Running";
    if (job->last_status == 0)
        return "Done";
    if (job->last_status > 128)
        return strsignal(job->last_status - 128);
    snprintf(room, size, "Done(%d)", job->last_status);
    return room;
}

/* What has changed since it was last told, or all; jobs that have ended are forgotten then. */
void jobs_report(bool all)
{
    while (collect(false))
        ;
    for (struct job *job = jobs, *following; job; job = following) {
        following = job->next;
        char room[16];
        if (job->background && (all || (interactive && job->left == 0))) {
            if (all)
                printf("[%d] %-10s %s\n", job->id, state_of(job, room, sizeof(room)), job->text);
            else
                dprintf(2, "[%d] %-10s %s\n", job->id, state_of(job, room, sizeof(room)), job->text);
            if (job->left == 0)
                job_free(job);
        }
    }
}

int builtin_jobs(char **argv)
{
    (void)argv;
    jobs_report(true);
    return 0;
}

/* %n, %%, %+, a pid; NULL text: the last one. NULL with a complaint if there is none. */
static struct job *job_named(const char *text)
{
    struct job *found = NULL;
    for (struct job *job = jobs; job; job = job->next) {
        if (!job->background)
            continue;
        if (!text || strcmp(text, "%%") == 0 || strcmp(text, "%+") == 0)
            found = job;
        else if (*text == '%' ? job->id == atoi(text + 1) : job->pids[job->count - 1] == atoi(text))
            return job;
    }
    if (!found)
        complain("%s: no such job", text ? text : "current");
    return found;
}

/* fg and bg. */
int builtin_fg(char **argv)
{
    bool foreground = argv[0][0] == 'f';
    if (!monitor) {
        complain("%s: no job control here", argv[0]);
        return 1;
    }
    struct job *job = job_named(argv[1]);
    if (!job)
        return 1;
    printf(foreground ? "%s\n" : "%s &\n", job->text);
    fflush(stdout);
    job->stopped = false;
    job->background = !foreground;
    if (foreground)
        tcsetpgrp(terminal, job->group);
    kill(-job->group, SIGCONT);
    return foreground ? job_wait(job) : 0;
}

static int wait_one(struct job *job)
{
    while (job->left > 0 && !job->stopped) {
        if (!collect(true)) {
            if (errno == EINTR) {
                traps_run();
                return 128 + SIGINT;
            }
            break;
        }
    }
    int result = job->last_status;
    if (job->left == 0)
        job_free(job);
    return result;
}

int builtin_wait(char **argv)
{
    int result = 0;
    while (collect(false))
        ; /* a stopped job may go on by now */
    if (argv[1]) {
        for (argv++; *argv; argv++) {
            struct job *job = NULL;
            for (struct job *j = jobs; j && **argv != '%'; j = j->next)
                for (int i = 0; i < j->count; i++)
                    if (j->pids[i] == atoi(*argv))
                        job = j;
            if (**argv == '%')
                job = job_named(*argv);
            result = job ? wait_one(job) : 127;
        }
        return result;
    }
    for (struct job *job = jobs, *following; job; job = following) {
        following = job->next;
        if (job->background && (result = wait_one(job)) > 128 && job->left > 0)
            return result;
    }
    return 0;
}

int builtin_kill(char **argv)
{
    int number = SIGTERM, result = 0;
    if (argv[1] && strcmp(argv[1], "-l") == 0) {
        for (int i = 1; signal_name(i); i++)
            printf("%2d %s\n", i, signal_name(i));
        return 0;
    }
    if (argv[1] && argv[1][0] == '-' && argv[1][1]) {
        const char *name = argv[1] + 1;
        if (strcmp(name, "s") == 0 && argv[2])
            name = (++argv)[1];
        number = signal_number(name);
        if (number < 0) {
            complain("kill: %s: no such signal; kill -l lists them", name);
            return 2;
        }
        argv++;
    }
    if (!argv[1]) {
        complain("kill: usage: kill [-SIGNAL] PID or %%JOB ...");
        return 2;
    }
    for (argv++; *argv; argv++) {
        bool awake = false; /* a stopped job hears the signal when it goes on, and not before it is there: or it might stop again */
        char *end;
        long pid = strtol(*argv, &end, 10);
        if (**argv == '%') {
            struct job *job = job_named(*argv);
            if (!job) {
                result = 1;
                continue;
            }
            pid = monitor ? -job->group : job->pids[0];
            awake = monitor && job->stopped && (number == SIGTERM || number == SIGHUP);
        } else if (*end || !**argv) {
            complain("kill: %s: not a process number", *argv);
            result = 2;
            continue;
        }
        if (kill(pid, number) < 0) {
            complain("kill: %s: %s", *argv, strerror(errno));
            result = 1;
        }
        if (awake)
            kill(pid, SIGCONT);
    }
    return result;
}

/* Takes the terminal, once nobody else has it. */
void jobs_setup_terminal(void)
{
    pid_t group;
    while ((group = tcgetpgrp(terminal)) >= 0 && group != getpgrp())
        kill(0, SIGTTIN);
    signal(SIGTSTP, SIG_IGN);
    signal(SIGTTIN, SIG_IGN);
    signal(SIGTTOU, SIG_IGN);
    if (group < 0 || (getpid() != getpgrp() && setpgid(0, 0) < 0) || tcsetpgrp(terminal, getpgrp()) < 0)
        dprintf(2, "sh: no terminal to control: no job control\n");
    else
        monitor = true;
}
