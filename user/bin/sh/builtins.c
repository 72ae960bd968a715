/* The commands that are part of the shell, but for those of jobs.c, trap.c, test.c and process.c. */

#include "sh.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int call_failed(const char *command, const char *what)
{
    complain("%s: %s: %s", command, what, strerror(errno));
    return 1;
}

/* A number that is an argument; with a complaint and -1 if it is none. */
long argument_number(const char *command, const char *text)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (!isdigit(*text) || *end || value < 0 || value > INT_MAX) {
        complain("%s: %s: not a number", command, text);
        return -1;
    }
    return value;
}

static int builtin_true(char **argv)
{
    (void)argv;
    return 0;
}

static int builtin_false(char **argv)
{
    (void)argv;
    return 1;
}

static int builtin_cd(char **argv)
{
    const char *to = argv[1] ? argv[1] : var_get("HOME");
    bool back = to && strcmp(to, "-") == 0;
    if (back)
        to = var_get("OLDPWD");
    if (!to) {
        complain("cd: %s not set", back ? "OLDPWD" : "HOME");
        return 2;
    }
    if (chdir(to) < 0) {
        complain("cd: %s: %s", to, strerror(errno));
        return 2;
    }
    const char *before = var_get("PWD");
    var_set("OLDPWD", before ? before : "");
    char folder[PATH_MAX];
    if (getcwd(folder, sizeof(folder)))
        var_set("PWD", folder);
    if (back)
        puts(folder);
    return 0;
}

static int builtin_pwd(char **argv)
{
    char folder[PATH_MAX];
    if (!getcwd(folder, sizeof(folder)))
        return call_failed(argv[0], ".");
    puts(folder);
    return 0;
}

static int builtin_exit(char **argv)
{
    long value = argv[1] ? argument_number("exit", argv[1]) : status;
    shell_exit(value < 0 ? 2 : value);
}

/* NAME or NAME=value of export. */
static bool set_argument(const char *command, const char *argument)
{
    size_t n = strcspn(argument, "=");
    if (!is_name(argument, n)) {
        complain("%s: %s: not a variable's name", command, argument);
        return false;
    }
    if (argument[n])
        var_set(take_text(argument, n), argument + n + 1);
    return true;
}

static int builtin_export(char **argv)
{
    int result = 0;
    if (!argv[1] || strcmp(argv[1], "-p") == 0)
        vars_print(true);
    else
        for (argv++; *argv; argv++) {
            if (set_argument("export", *argv))
                var_export(take_text(*argv, strcspn(*argv, "=")));
            else
                result = 2;
        }
    return result;
}

static int builtin_unset(char **argv)
{
    bool function = false;
    for (argv++; *argv; argv++) {
        if (strcmp(*argv, "-f") == 0)
            function = true;
        else if (strcmp(*argv, "-v") == 0)
            function = false;
        else if (function)
            function_unset(*argv);
        else
            var_unset(*argv);
    }
    return 0;
}

static bool *option(char letter)
{
    switch (letter) {
    case 'e': return &option_e;
    case 'x': return &option_x;
    case 'u': return &option_u;
    case 'm': return &monitor;
    default: return NULL;
    }
}

static int builtin_set(char **argv)
{
    if (!argv[1]) {
        vars_print(false);
        return 0;
    }
    int i = 1;
    for (; argv[i] && (argv[i][0] == '-' || argv[i][0] == '+') && argv[i][1]; i++) {
        if (strcmp(argv[i], "--") == 0) {
            i++;
            goto parameters;
        }
        for (const char *letter = argv[i] + 1; *letter; letter++) {
            if (!option(*letter)) {
                complain("set: -%c: no such option; there are -e -u -x", *letter);
                return 2;
            }
            *option(*letter) = argv[i][0] == '-';
        }
    }
    if (!argv[i])
        return 0;
parameters:;
    int n = 0;
    while (argv[i + n])
        n++;
    positional_set(argv + i, n);
    return 0;
}

static int builtin_shift(char **argv)
{
    long n = argv[1] ? argument_number("shift", argv[1]) : 1;
    if (n < 0 || n > positional_count) {
        if (n > 0)
            complain("shift: there are not that many parameters");
        return 2;
    }
    char **rest = take((positional_count + 1) * sizeof(char *));
    for (int i = 0; i < positional_count - n; i++)
        rest[i] = take_text(positional[n + i + 1], strlen(positional[n + i + 1]));
    positional_set(rest, positional_count - n);
    return 0;
}

static int builtin_echo(char **argv)
{
    bool newline = true;
    int i = 1;
    if (argv[i] && strcmp(argv[i], "-n") == 0) {
        newline = false;
        i++;
    }
    for (; argv[i]; i++) {
        fputs(argv[i], stdout);
        if (argv[i + 1])
            putchar(' ');
    }
    if (newline)
        putchar('\n');
    return 0;
}

/* A line from descriptor 0, byte by byte: what follows it is for others. Characters after a \ are marked, unless raw. */
static int read_line(struct text *line, struct text *escaped, bool raw)
{
    char c;
    bool escape = false;
    for (;;) {
        ssize_t n = read_byte(0, &c);
        if (n < 0 && errno == EINTR) {
            traps_run();
            continue;
        }
        if (n <= 0)
            return 1;
        if (escape) {
            escape = false;
            if (c == '\n')
                continue;
            text_add(line, c);
            text_add(escaped, 'x');
        } else if (c == '\\' && !raw) {
            escape = true;
        } else if (c == '\n') {
            return 0;
        } else if (c) {
            text_add(line, c);
            text_add(escaped, ' ');
        }
    }
}

static int builtin_read(char **argv)
{
    bool raw = false;
    int i = 1;
    for (; argv[i] && argv[i][0] == '-' && argv[i][1]; i++) {
        if (strcmp(argv[i], "-r") == 0) {
            raw = true;
        } else if (strcmp(argv[i], "-p") == 0 && argv[i + 1]) {
            dprintf(2, "%s", argv[++i]);
        } else {
            complain("read: %s: no such option; there are -r and -p TEXT", argv[i]);
            return 2;
        }
    }
    if (!argv[i]) {
        complain("read: usage: read [-r] [-p TEXT] NAME ...");
        return 2;
    }
    struct text line = { 0 }, escaped = { 0 };
    int result = read_line(&line, &escaped, raw);
    const char *ifs = var_get("IFS");
    ifs = ifs ? ifs : " \t\n";
    size_t at = 0;
#define SEPARATOR(i) (escaped.at[i] == ' ' && strchr(ifs, line.at[i]))
    for (; argv[i]; i++) {
        while (at < line.n && SEPARATOR(at) && isspace(line.at[at]))
            at++;
        size_t end = at, last = at;
        if (!is_name(argv[i], strlen(argv[i]))) {
            complain("read: %s: not a variable's name", argv[i]);
            return 2;
        }
        if (argv[i + 1]) {
            while (end < line.n && !SEPARATOR(end))
                end++;
            last = end;
        } else {
            last = end = line.n;
            while (last > at && SEPARATOR(last - 1) && isspace(line.at[last - 1]))
                last--;
        }
        var_set(argv[i], line.n ? take_text(line.at + at, last - at) : "");
        at = end;
        while (at < line.n && SEPARATOR(at) && isspace(line.at[at]))
            at++;
        if (at < line.n && SEPARATOR(at) && !isspace(line.at[at]))
            at++;
    }
#undef SEPARATOR
    return result;
}

static int builtin_exec(char **argv)
{
    if (!argv[1])
        return 0; /* its redirections stay */
    char *path = find_program(argv[1]);
    if (!path) {
        complain("exec: %s: not found", argv[1]);
        if (interactive)
            return 127;
        shell_exit(127);
    }
    traps_child();
    environ = vars_environment();
    execvp(argv[1], argv + 1);
    complain("exec: %s: %s", argv[1], strerror(errno));
    shell_exit(126);
}

static int builtin_eval(char **argv)
{
    struct text text = { 0 };
    for (argv++; *argv; argv++) {
        text_add_string(&text, *argv);
        text_add(&text, ' ');
    }
    return text.at ? run_command_text(text.at) : 0;
}

static int builtin_dot(char **argv)
{
    if (!argv[1]) {
        complain(".: usage: . FILE");
        return 2;
    }
    char *path = strchr(argv[1], '/') ? strdup(argv[1]) : find_program(argv[1]);
    int result = source(path ? path : argv[1], true);
    free(path);
    return result;
}

static int builtin_break(char **argv)
{
    long n = argv[1] ? argument_number(argv[0], argv[1]) : 1;
    if (n < 1)
        return 2;
    if (loop_depth == 0)
        return 0;
    skip = argv[0][0] == 'b' ? SKIP_BREAK : SKIP_CONTINUE;
    skip_count = n < loop_depth ? n : loop_depth;
    return 0;
}

static int builtin_return(char **argv)
{
    long value = argv[1] ? argument_number("return", argv[1]) : status;
    skip = SKIP_RETURN;
    return value < 0 ? 2 : value;
}

char *find_program(const char *name)
{
    char path[PATH_MAX];
    struct stat st;
    if (strchr(name, '/'))
        return access(name, X_OK) == 0 ? strdup(name) : NULL;
    const char *list = var_get("PATH");
    for (list = list ? list : ""; *name;) {
        int n = strchrnul(list, ':') - list;
        if (snprintf(path, sizeof(path), "%.*s%s%s", n, list, n ? "/" : "", name) < (int)sizeof(path) && access(path, X_OK) == 0 &&
            stat(path, &st) == 0 && S_ISREG(st.st_mode))
            return strdup(path);
        if (!list[n])
            break;
        list += n + 1;
    }
    return NULL;
}

/* type, and command -v (terse). */
static int tell(const char *name, bool terse)
{
    bool special;
    char *path = NULL;
    if (function_find(name))
        printf(terse ? "%s\n" : "%s is a function\n", name);
    else if (builtin_find(name, &special))
        printf(terse ? "%s\n" : "%s is a shell builtin\n", name);
    else if ((path = find_program(name)))
        terse ? printf("%s\n", path) : printf("%s is %s\n", name, path);
    else if (terse)
        return 127;
    else
        return printf("%s: not found\n", name), 127;
    free(path);
    return 0;
}

static int builtin_type(char **argv)
{
    int result = 0;
    for (argv++; *argv; argv++)
        result |= tell(*argv, false);
    return result;
}

static int builtin_command(char **argv)
{
    if (!argv[1] || strcmp(argv[1], "-v") != 0 || !argv[2]) {
        complain("command: usage: command -v NAME");
        return 2;
    }
    return tell(argv[2], true);
}

builtin builtin_find(const char *name, bool *special)
{
    static const struct {
        const char *name;
        builtin function;
        bool special; /* POSIX's word: NAME=value before it stays, and an error in it ends a script */
    } all[] = {
        { ":", builtin_true, true },          { ".", builtin_dot, true },       { "break", builtin_break, true },
        { "continue", builtin_break, true },  { "eval", builtin_eval, true },   { "exec", builtin_exec, true },
        { "exit", builtin_exit, true },       { "export", builtin_export, true }, { "return", builtin_return, true },
        { "set", builtin_set, true },         { "shift", builtin_shift, true }, { "times", builtin_times, true },
        { "trap", builtin_trap, true },       { "unset", builtin_unset, true }, { "[", builtin_test, false },
        { "bg", builtin_fg, false },          { "cd", builtin_cd, false },      { "command", builtin_command, false },
        { "echo", builtin_echo, false },      { "false", builtin_false, false }, { "fg", builtin_fg, false },
        { "jobs", builtin_jobs, false },      { "kill", builtin_kill, false },  { "pwd", builtin_pwd, false },
        { "read", builtin_read, false },      { "test", builtin_test, false },  { "true", builtin_true, false },
        { "type", builtin_type, false },      { "ulimit", builtin_ulimit, false }, { "umask", builtin_umask, false },
        { "wait", builtin_wait, false },
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (strcmp(all[i].name, name) == 0) {
            *special = all[i].special;
            return all[i].function;
        }
    }
    return NULL;
}
