/* Runs trees: simple commands, pipelines, loops. */

#include "sh.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int status, loop_depth, function_depth, skip_count, tested;
enum skip skip;

static int substitution_status; /* of the last $(...) of a command that has no words */

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

static sigset_t before_fork;

/* In a child that has its own answers to signals now: what has come meanwhile finds those. */
void fork_done(void)
{
    sigprocmask(SIG_SETMASK, &before_fork, NULL);
}

/* What comes for the child before it calls fork_done() waits: it still has the shell's answers, which would be to do nothing. */
pid_t fork_child(void)
{
    sigset_t all = ~0ul;
    fflush(stdout);
    fflush(stderr);
    sigprocmask(SIG_BLOCK, &all, &before_fork);
    pid_t pid = fork();
    if (pid != 0)
        sigprocmask(SIG_SETMASK, &before_fork, NULL);
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
