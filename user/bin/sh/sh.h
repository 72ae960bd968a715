/* The shell: what its files share. main.c reads and runs, lex.c and parse.c make trees of what was read, exec.c runs trees, expand.c makes
 * arguments of words (with arith.c and pattern.c), vars.c has variables and positional parameters, jobs.c processes, builtins.c and test.c
 * the commands that are part of the shell, memory.c what trees and words are made in. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* --- memory.c: a stack of memory. What a command needs is given back as a whole when it has run. ------------------------------------- */
struct mark {
    size_t position;
};
void *take(size_t size);                    /* zeroed; never NULL */
char *take_text(const char *text, size_t n); /* a copy with a 0 behind it */
struct mark mark_now(void);
void give_back(struct mark mark); /* everything taken since; but see keep_all() */
void keep_all(void);              /* what is taken now stays for good: functions are trees */

/* Text that grows. */
struct text {
    char *at;
    size_t n, room;
};
void text_add(struct text *text, char c);
void text_add_string(struct text *text, const char *string);

/* --- trees ------------------------------------------------------------------------------------------------------------------------- */
enum kind { SIMPLE, PIPE, AND, OR, NOT, SEQUENCE, BACKGROUND, SUBSHELL, GROUP, IF, WHILE, UNTIL, FOR, CASE, FUNCTION };

struct word {
    char *text; /* as it was written, quotes and all */
    struct word *next;
};

enum redirection { FROM_FILE, TO_FILE, APPEND_FILE, BOTH_WAYS, FROM_FD, TO_FD, HERE };

struct redirect {
    enum redirection kind;
    int fd;
    char *text; /* the word; for HERE the lines */
    bool literal; /* HERE: its end was quoted, nothing is expanded */
    struct redirect *next;
};

struct branch { /* of case */
    struct word *patterns;
    struct node *body;
    struct branch *next;
};

struct node {
    enum kind kind;
    struct node *left, *right, *other; /* IF: condition, then, else; loops: condition, body; FOR, GROUP, SUBSHELL, FUNCTION, NOT: left */
    struct word *words;                /* SIMPLE: the command; FOR: the list; CASE: the word */
    struct word *assignments;          /* SIMPLE: NAME=... in front */
    struct redirect *redirects;
    struct branch *branches;
    char *name;    /* FOR: the variable; FUNCTION */
    bool has_list; /* FOR: there is an `in` */
};

/* --- lex.c: characters and tokens ---------------------------------------------------------------------------------------------------- */
struct input {
    int fd;           /* or -1: text */
    const char *text;
    bool prompts;     /* a person types */
    int line;
    int pushed;       /* a character given back, 0 = none */
    bool ended;
    struct input *outer;
};
extern struct input *input;
void input_push(struct input *new, int fd, const char *text);
void input_pop(void);

enum token { END_OF_INPUT = 256, NEWLINE, WORD, AND_IF, OR_IF, CASE_END, REDIRECT }; /* others are their character */
struct lexeme {
    int token;
    char *text;                 /* WORD */
    enum redirection redirect;  /* REDIRECT */
    int fd;                     /* REDIRECT: the number before it, or the kind's own */
    bool here_tabs, here;       /* REDIRECT: << and <<- */
};
struct lexeme *peek(void);
struct lexeme *next(void);
void here_later(struct redirect *redirect, char *end, bool strip_tabs);
void lexer_reset(void);
void lexer_drop_line(void);
extern bool continuing; /* a command has begun: the prompt is the second one */

/* --- parse.c --- */
struct node *parse_line(bool *at_end); /* the next complete command, NULL for an empty line; errors do not return */
void syntax_error(const char *near) __attribute__((noreturn));
bool is_name(const char *text, size_t n);

/* --- expand.c, pattern.c, arith.c --- */
char **expand_words(struct word *words, int *count); /* with splitting and file names; ends with NULL */
char *expand_string(const char *word);               /* one text: assignments, redirections */
char *expand_pattern(const char *word);              /* quoted characters have \ before them */
char *expand_here(const char *lines);
bool matches(const char *pattern, const char *text);
void find_files(const char *pattern, char ***found, int *count); /* malloc()ed, sorted */
long evaluate(const char *expression);
const char *matching_paren(const char *at); /* behind "(": the ")" that belongs to it, or NULL */

/* --- vars.c --- */
const char *var_get(const char *name); /* NULL: unset */
void var_set(const char *name, const char *value);
void var_unset(const char *name);
void var_export(const char *name);
void vars_print(bool exported_only);
void vars_load(void);
char **vars_environment(void); /* taken */
bool var_exported(const char *name);
extern char **positional; /* [0] is $0, ends with NULL */
extern int positional_count; /* without $0 */
void positional_set(char *const *values, int count); /* copies */

/* --- exec.c --- */
extern int status;             /* $? */
extern int loop_depth, function_depth;
extern enum skip { GO_ON, SKIP_BREAK, SKIP_CONTINUE, SKIP_RETURN } skip; /* statements are passed over until what it names ends */
extern int skip_count;         /* loops still to be left */
extern int tested;             /* inside a condition: set -e does not end the shell */
int run(struct node *node);
int run_command_text(const char *text); /* eval */
char *command_output(const char *text); /* $(text) without the newlines at its end */
pid_t fork_child(void);
void fork_done(void);

/* --- redirect.c, function.c --- */
bool redirect_all(struct redirect *redirects, bool for_good);
void redirects_undo(size_t depth);
size_t redirects_depth(void);
struct node *function_find(const char *name);
void function_define(struct node *node);
void function_unset(const char *name);
int function_call(struct node *body, char **argv, int argc); /* its status */
void functions_left(void);

/* --- jobs.c --- */
struct job {
    int id;
    pid_t group;
    pid_t pids[16];
    int count, left, last_status;
    bool stopped, background, reported;
    char *text;
    struct job *next;
};
extern bool monitor; /* job control: each pipeline is a process group, the terminal is handed over */
extern pid_t last_background;
struct job *job_new(struct node *node, bool background);
void job_add(struct job *job, pid_t pid);
int job_wait(struct job *job); /* until it ends or stops; its status */
void jobs_report(bool all);
void jobs_forget(void);
void jobs_setup_terminal(void);
void jobs_child(struct job *job, bool foreground);
int builtin_jobs(char **argv), builtin_fg(char **argv), builtin_wait(char **argv), builtin_kill(char **argv);

/* --- builtins.c, process.c, test.c, trap.c --- */
typedef int (*builtin)(char **argv);
builtin builtin_find(const char *name, bool *special);
int call_failed(const char *command, const char *what);           /* complains of errno; 1 */
long argument_number(const char *command, const char *text);      /* -1 after a complaint */
int builtin_umask(char **argv), builtin_times(char **argv), builtin_ulimit(char **argv);
int builtin_test(char **argv);
char *find_program(const char *name); /* its path, or NULL; malloc()ed */

void traps_run(void);
ssize_t read_byte(int fd, char *byte);
void trap_exit(void);
void traps_child(void);
void traps_interactive(void);
int builtin_trap(char **argv);
extern volatile bool interrupted; /* Ctrl-C was typed */

/* --- main.c --- */
extern bool interactive, option_e, option_x, option_u;
extern pid_t shell_pid;
int run_input(void);              /* reads and runs until the input ends */
int source(const char *path, bool must_exist);
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
void fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn)); /* the command cannot go on */
void shell_exit(int status) __attribute__((noreturn));
