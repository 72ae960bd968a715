/* Runs trees: simple commands, pipelines, loops, functions, redirections. */

#include "sh.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

int status, loop_depth, function_depth, skip_count, tested;
enum skip skip;

static int substitution_status; /* of the last $(...) of a command that has no words */

/* --- redirections ---------------------------------------------------------------------------------------------------------------- */

#define SAVED_FD 10 /* where descriptors are kept while a builtin has others in their place */

static struct saved {
    int fd, copy; /* copy -1: was not open */
} saved[64];
static size_t saved_count;

size_t redirects_depth(void)
{
    return saved_count;
}

void redirects_undo(size_t depth)
{
    fflush(stdout);
    while (saved_count > depth) {
        struct saved *s = &saved[--saved_count];
        if (s->copy >= 0) {
            dup2(s->copy, s->fd);
            close(s->copy);
        } else {
            close(s->fd);
        }
    }
}

/* A here-document's lines as an open file: a pipe if they fit into one, else a child that writes them. */
static int open_lines(const char *lines)
{
    int fds[2];
    size_t n = strlen(lines);
    if (pipe2(fds, O_CLOEXEC) < 0)
        return -1;
    if (n <= 4096) {
        if (write(fds[1], lines, n) < 0)
            n = 0;
    } else if (fork() == 0) {
        signal(SIGPIPE, SIG_DFL);
        for (size_t done = 0; done < n;) {
            ssize_t w = write(fds[1], lines + done, n - done);
            if (w < 0)
                _exit(1);
            done += w;
        }
        _exit(0);
    }
    close(fds[1]);
    return fds[0];
}

/* Opens what r names; -1 after a complaint. *own says that the descriptor is to be closed after use. -2: r closes its descriptor. */
static int open_target(struct redirect *r, bool *own)
{
    static const int flags[] = { [FROM_FILE] = O_RDONLY, [TO_FILE] = O_WRONLY | O_CREAT | O_TRUNC,
                                 [APPEND_FILE] = O_WRONLY | O_CREAT | O_APPEND, [BOTH_WAYS] = O_RDWR | O_CREAT };
    *own = true;
    if (r->kind == HERE)
        return open_lines(r->literal ? r->text : expand_here(r->text));
    char *target = expand_string(r->text);
    if (r->kind == FROM_FD || r->kind == TO_FD) {
        *own = false;
        if (strcmp(target, "-") == 0)
            return -2;
        char *end;
        long fd = strtol(target, &end, 10);
        if (*end || !*target || fcntl(fd, F_GETFD) < 0) {
            complain("%s: %s", target, strerror(EBADF));
            return -1;
        }
        return fd;
    }
    int fd = open(target, flags[r->kind] | O_CLOEXEC, 0666);
    if (fd < 0)
        complain("%s: %s", target, errno == ENOENT && r->kind != FROM_FILE ? "Directory nonexistent" : strerror(errno));
    return fd;
}

/* Carries the redirections out, in their order. Unless for good, redirects_undo() brings back what was. False after a complaint. */
bool redirect_all(struct redirect *redirects, bool for_good)
{
    fflush(stdout);
    for (struct redirect *r = redirects; r; r = r->next) {
        bool own;
        int fd = open_target(r, &own);
        if (fd == -1)
            return false;
        if (!for_good) {
            if (saved_count == sizeof(saved) / sizeof(saved[0]))
                fail("too many redirections");
            saved[saved_count++] = (struct saved){ r->fd, fcntl(r->fd, F_DUPFD_CLOEXEC, SAVED_FD) };
        }
        if (fd == -2) {
            close(r->fd);
        } else if (fd != r->fd) {
            dup2(fd, r->fd);
            if (own)
                close(fd);
        } else {
            fcntl(fd, F_SETFD, 0);
        }
    }
    return true;
}

/* --- functions ---------------------------------------------------------------------------------------------------------------------- */

static struct function {
    char *name;
    struct node *body;
    struct function *next;
} *functions;

static struct function **function_place(const char *name)
{
    struct function **at = &functions;
    while (*at && strcmp((*at)->name, name) != 0)
        at = &(*at)->next;
    return at;
}

struct node *function_find(const char *name)
{
    struct function *function = *function_place(name);
    return function ? function->body : NULL;
}

void function_unset(const char *name)
{
    struct function **at = function_place(name), *gone = *at;
    if (gone) {
        *at = gone->next;
        free(gone->name);
        free(gone);
    }
}

static void function_define(struct node *node)
{
    function_unset(node->name);
    struct function *function = malloc(sizeof(struct function));
    *function = (struct function){ strdup(node->name), node->left, functions };
    functions = function;
    keep_all();
}

static char **outermost; /* positional parameters outside of all functions */
static int outermost_count;

/* An error has ended all of them. */
void functions_left(void)
{
    if (function_depth == 0)
        return;
    positional = outermost;
    positional_count = outermost_count;
    function_depth = 0;
}

static int function_call(struct node *body, char **argv, int argc)
{
    char **outer = positional;
    int outer_count = positional_count, outer_loops = loop_depth;
    if (function_depth == 0) {
        outermost = outer;
        outermost_count = outer_count;
    }
    positional = calloc(1, sizeof(char *));
    positional[0] = outer ? outer[0] : NULL;
    positional_count = 0;
    positional_set(argv + 1, argc - 1);
    if (++function_depth > 500)
        fail("%s: functions call each other too deeply", argv[0]);
    loop_depth = 0;
    run(body);
    if (skip == SKIP_RETURN)
        skip = GO_ON;
    function_depth--;
    loop_depth = outer_loops;
    positional_set(NULL, 0);
    free(positional);
    positional = outer;
    positional_count = outer_count;
    return status;
}

/* --- simple commands ------------------------------------------------------------------------------------------------------------------ */

static void print_trace(char **argv, struct word *assignments)
{
    struct text line = { 0 };
    const char *ps4 = var_get("PS4");
    text_add_string(&line, ps4 ? ps4 : "+ ");
    for (; assignments; assignments = assignments->next) {
        text_add_string(&line, assignments->text);
        text_add_string(&line, assignments->next || *argv ? " " : "");
    }
    for (; *argv; argv++) {
        text_add_string(&line, *argv);
        text_add_string(&line, argv[1] ? " " : "");
    }
    fflush(stdout);
    dprintf(2, "%s\n", line.at);
}

static void assign(struct word *assignment, bool export)
{
    char *equals = strchr(assignment->text, '=');
    char *name = take_text(assignment->text, equals - assignment->text);
    var_set(name, expand_string(equals + 1));
    if (export)
        var_export(name);
}

/* What variables were before NAME=value in front of a command changed them. */
struct old_values {
    char *name;
    const char *value;
    bool exported;
    struct old_values *next;
};

static struct old_values *assign_for_a_while(struct word *assignments)
{
    struct old_values *old = NULL;
    for (; assignments; assignments = assignments->next) {
        struct old_values *one = take(sizeof(struct old_values));
        one->name = take_text(assignments->text, strcspn(assignments->text, "="));
        const char *value = var_get(one->name);
        one->value = value ? take_text(value, strlen(value)) : NULL;
        one->exported = var_exported(one->name);
        one->next = old;
        old = one;
        assign(assignments, true);
    }
    return old;
}

static void assign_back(struct old_values *old)
{
    for (; old; old = old->next) {
        var_unset(old->name);
        if (old->value)
            var_set(old->name, old->value);
        if (old->exported)
            var_export(old->name);
    }
}

/* In a child, or for `exec`: becomes the program. */
static void become(char **argv)
{
    extern char **environ;
    environ = vars_environment();
    execvp(argv[0], argv);
    int error = errno;
    complain("%s: %s", argv[0], error == ENOENT ? strchr(argv[0], '/') ? strerror(error) : "not found" : strerror(error));
    fflush(stderr);
    _exit(error == ENOENT || error == ENOTDIR ? 127 : 126);
}

pid_t fork_child(void)
{
    fflush(stdout);
    fflush(stderr);
    pid_t pid = fork();
    if (pid < 0)
        fail("cannot fork: %s", strerror(errno));
    return pid;
}

static int run_program(struct node *node, char **argv, bool replace)
{
    struct job *job = NULL;
    if (!replace) {
        job = job_new(node, false);
        pid_t pid = fork_child();
        if (pid > 0) {
            job_add(job, pid);
            return job_wait(job);
        }
        jobs_child(job, true);
    }
    if (!redirect_all(node->redirects, true))
        _exit(2);
    for (struct word *a = node->assignments; a; a = a->next)
        assign(a, true);
    become(argv);
    return 127;
}

static int run_in_shell(struct node *node, char **argv, int argc, builtin function, struct node *body, bool special)
{
    size_t depth = redirects_depth();
    bool is_exec = strcmp(argv[0], "exec") == 0;
    if (!redirect_all(node->redirects, is_exec && !body)) {
        redirects_undo(depth);
        if (special && !interactive)
            shell_exit(2);
        return 2;
    }
    struct old_values *old = NULL;
    if (special && !body)
        for (struct word *a = node->assignments; a; a = a->next)
            assign(a, is_exec);
    else
        old = assign_for_a_while(node->assignments);
    int result = body ? function_call(body, argv, argc) : function(argv);
    if (fflush(stdout) < 0 && result == 0)
        result = 1;
    clearerr(stdout);
    assign_back(old);
    redirects_undo(depth);
    return result;
}

static int run_simple(struct node *node, bool replace)
{
    int argc;
    substitution_status = 0;
    char **argv = expand_words(node->words, &argc);
    if (option_x)
        print_trace(argv, node->assignments);
    if (argc == 0) {
        size_t depth = redirects_depth();
        bool good = redirect_all(node->redirects, false);
        redirects_undo(depth);
        for (struct word *a = node->assignments; a; a = a->next)
            assign(a, false);
        return good ? substitution_status : 2;
    }
    bool special = false;
    builtin function = builtin_find(argv[0], &special);
    struct node *body = special ? NULL : function_find(argv[0]);
    if (function || body)
        return run_in_shell(node, argv, argc, function, body, special);
    return run_program(node, argv, replace);
}

/* --- other commands ------------------------------------------------------------------------------------------------------------------ */

static int run_node(struct node *node, bool replace);

/* In a child: runs the tree and ends. */
static void run_and_exit(struct node *node)
{
    status = run_node(node, true);
    shell_exit(status);
}

static int run_pipe(struct node *node, bool background)
{
    struct job *job = job_new(node, background);
    int in = -1;
    for (struct node *rest = node; rest; rest = rest->kind == PIPE ? rest->right : NULL) {
        int fds[2] = { -1, -1 };
        if (rest->kind == PIPE && pipe2(fds, O_CLOEXEC) < 0)
            fail("cannot make a pipe: %s", strerror(errno));
        pid_t pid = fork_child();
        if (pid == 0) {
            jobs_child(job, !background);
            if (in >= 0)
                dup2(in, 0);
            if (fds[1] >= 0)
                dup2(fds[1], 1);
            run_and_exit(rest->kind == PIPE ? rest->left : rest);
        }
        job_add(job, pid);
        if (in >= 0)
            close(in);
        if (fds[1] >= 0)
            close(fds[1]);
        in = fds[0];
        if (rest->kind != PIPE)
            break;
    }
    if (background) {
        last_background = job->pids[job->count - 1];
        if (interactive)
            dprintf(2, "[%d] %d\n", job->id, last_background);
        return 0;
    }
    return job_wait(job);
}

static int run_subshell(struct node *node, bool replace)
{
    if (replace) {
        if (!redirect_all(node->redirects, true))
            return 2;
        return run_node(node->left, true);
    }
    struct job *job = job_new(node, false);
    pid_t pid = fork_child();
    if (pid == 0) {
        jobs_child(job, true);
        if (!redirect_all(node->redirects, true))
            shell_exit(2);
        run_and_exit(node->left);
    }
    job_add(job, pid);
    return job_wait(job);
}

/* After a turn of a loop: whether it ends. */
static bool loop_ends(void)
{
    if (skip == GO_ON || skip == SKIP_RETURN)
        return skip != GO_ON;
    if (--skip_count > 0)
        return true;
    bool ends = skip == SKIP_BREAK;
    skip = GO_ON;
    return ends;
}

static int run_condition(struct node *node)
{
    tested++;
    int result = run(node);
    tested--;
    return result;
}

static int run_while(struct node *node)
{
    int result = 0;
    loop_depth++;
    for (;;) {
        bool wanted = node->kind == WHILE;
        bool holds = run_condition(node->left) == 0;
        if (skip != GO_ON) {
            if (loop_ends())
                break;
            continue;
        }
        if (holds != wanted)
            break;
        result = run(node->right);
        if (loop_ends())
            break;
    }
    loop_depth--;
    return result;
}

static int run_for(struct node *node)
{
    int count, result = 0;
    char **list = positional + 1;
    if (node->has_list) {
        list = expand_words(node->words, &count);
    } else { /* set may change them meanwhile */
        count = positional_count;
        list = take((count + 1) * sizeof(char *));
        for (int i = 0; i < count; i++)
            list[i] = take_text(positional[i + 1], strlen(positional[i + 1]));
    }
    loop_depth++;
    for (int i = 0; i < count; i++) {
        var_set(node->name, list[i]);
        result = run(node->left);
        if (loop_ends())
            break;
    }
    loop_depth--;
    return result;
}

static int run_case(struct node *node)
{
    char *text = expand_string(node->words->text);
    for (struct branch *branch = node->branches; branch; branch = branch->next)
        for (struct word *pattern = branch->patterns; pattern; pattern = pattern->next)
            if (matches(expand_pattern(pattern->text), text))
                return branch->body ? run(branch->body) : 0;
    return 0;
}

static int run_if(struct node *node)
{
    int holds = run_condition(node->left);
    if (skip != GO_ON)
        return status;
    if (holds == 0)
        return run(node->right);
    return !node->other ? 0 : run(node->other);
}

static int run_background(struct node *node)
{
    struct node *inner = node->left;
    if (inner->kind == PIPE)
        return run_pipe(inner, true);
    struct job *job = job_new(inner, true);
    pid_t pid = fork_child();
    if (pid == 0) {
        jobs_child(job, false);
        run_and_exit(inner);
    }
    job_add(job, pid);
    last_background = pid;
    if (interactive)
        dprintf(2, "[%d] %d\n", job->id, pid);
    return 0;
}

static int run_compound(struct node *node, bool replace)
{
    switch (node->kind) {
    case GROUP: return run_node(node->left, replace && !node->redirects);
    case IF: return run_if(node);
    case WHILE:
    case UNTIL: return run_while(node);
    case FOR: return run_for(node);
    default: return run_case(node);
    }
}

static int run_and_or(struct node *node)
{
    int left = run_condition(node->left);
    if (skip != GO_ON || (left == 0) != (node->kind == AND))
        return left;
    return run(node->right);
}

/* replace: this process ends with the command, which may as well take its place. */
static int run_node(struct node *node, bool replace)
{
    if (skip != GO_ON)
        return status;
    replace = replace && !option_e;
    struct mark mark = mark_now();
    size_t depth = redirects_depth();
    bool may_end_shell = false; /* set -e */
    switch (node->kind) {
    case SEQUENCE:
        run_node(node->left, false);
        return run_node(node->right, replace);
    case SIMPLE:
        status = run_simple(node, replace);
        may_end_shell = true;
        break;
    case PIPE:
        status = run_pipe(node, false);
        may_end_shell = true;
        break;
    case SUBSHELL:
        status = run_subshell(node, replace);
        may_end_shell = true;
        break;
    case AND:
    case OR: status = run_and_or(node); break;
    case NOT: status = !run_condition(node->left); break;
    case BACKGROUND: status = run_background(node); break;
    case FUNCTION:
        function_define(node);
        status = 0;
        break;
    default:
        if (redirect_all(node->redirects, false))
            status = run_compound(node, replace);
        else
            status = 2;
        redirects_undo(depth);
    }
    give_back(mark);
    traps_run();
    if (may_end_shell && status != 0 && option_e && !tested && skip == GO_ON)
        shell_exit(status);
    return status;
}

int run(struct node *node)
{
    return run_node(node, false);
}

int run_command_text(const char *text)
{
    struct input inner;
    struct mark mark = mark_now();
    input_push(&inner, -1, take_text(text, strlen(text)));
    int result = run_input();
    input_pop();
    give_back(mark);
    return result;
}

char *command_output(const char *text)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) < 0)
        fail("cannot make a pipe: %s", strerror(errno));
    pid_t pid = fork_child();
    if (pid == 0) {
        monitor = false; /* it stays in the shell's process group */
        jobs_child(NULL, true);
        dup2(fds[1], 1);
        run_command_text(text);
        shell_exit(status);
    }
    close(fds[1]);
    struct text output = { 0 };
    char buffer[512];
    ssize_t n;
    while ((n = read(fds[0], buffer, sizeof(buffer))) > 0 || (n < 0 && errno == EINTR))
        for (ssize_t i = 0; i < n; i++)
            if (buffer[i])
                text_add(&output, buffer[i]);
    close(fds[0]);
    int how = 0;
    while (waitpid(pid, &how, 0) < 0 && errno == EINTR)
        ;
    status = substitution_status = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
    while (output.n > 0 && output.at[output.n - 1] == '\n')
        output.at[--output.n] = 0;
    return output.at ? output.at : "";
}
