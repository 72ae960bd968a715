/* Characters and tokens. Words keep their quotes: expand.c takes them apart when they are used.
 *
 * A descriptor is read a byte at a time, so that what follows a command is still there for the programs which that command starts. */

#include "sh.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct input *input;
bool continuing;

static struct lexeme ahead;
static bool have_ahead;
static bool at_line_start = true; /* of what a person types */
static struct here { /* documents whose lines come after this line */
    struct redirect *redirect;
    char *end;
    bool strip_tabs;
    struct here *next;
} *heres;

void input_push(struct input *new, int fd, const char *text)
{
    *new = (struct input){ .fd = fd, .text = text, .line = 1, .outer = input };
    input = new;
    have_ahead = false;
}

void input_pop(void)
{
    input = input->outer;
    have_ahead = false; /* who pushed stood between two commands */
}

void lexer_reset(void)
{
    have_ahead = false;
    heres = NULL;
    at_line_start = true;
    input->pushed = 0;
}

static void prompt(void)
{
    const char *text = var_get(continuing ? "PS2" : "PS1");
    fputs(text ? text : continuing ? "> " : geteuid() ? "$ " : "# ", stderr);
}

/* The next character, or EOF. Throws a half typed command away when Ctrl-C interrupts it. */
static int get(void)
{
    int c = input->pushed;
    input->pushed = 0;
    if (c)
        return c;
    if (input->ended)
        return EOF;
    if (input->fd < 0) {
        c = (unsigned char)*input->text++;
    } else {
        char byte;
        if (input->prompts && at_line_start) {
            jobs_report(false);
            prompt();
        }
        ssize_t n;
        while ((n = read_byte(input->fd, &byte)) < 0 && errno == EINTR) {
            traps_run();
            if (interrupted && input->prompts)
                fail("%s", "");
        }
        c = n == 1 ? (unsigned char)byte : 0;
        if (n == 1 && c == 0)
            return get(); /* a program text has no zeros */
        if (input->prompts)
            at_line_start = c == '\n' || n <= 0;
    }
    if (c == '\n')
        input->line++;
    input->ended = c == 0;
    return c ? c : EOF;
}

static void unget(int c)
{
    if (c != EOF)
        input->pushed = c;
}

/* What is left of a line that a person typed wrongly. */
void lexer_drop_line(void)
{
    while (input->prompts && !at_line_start && get() != EOF)
        ;
    lexer_reset();
}

/* The next character with \newline taken out. */
static int get_joined(void)
{
    int c;
    while ((c = get()) == '\\') {
        int after = get();
        if (after != '\n') {
            unget(after);
            return c;
        }
        continuing = true;
    }
    return c;
}

static void copy_until(struct text *text, char end);

static void must(int c)
{
    if (c == EOF)
        syntax_error("end of input in a quotation");
}

/* Behind "(": all up to the ")" that belongs to it. */
static void copy_parens(struct text *text)
{
    for (int depth = 1; depth > 0;) {
        int c = get();
        must(c);
        text_add(text, c);
        if (c == '(')
            depth++;
        else if (c == ')')
            depth--;
        else if (c == '\'' || c == '"' || c == '`')
            copy_until(text, c);
        else if (c == '\\') {
            int escaped = get();
            must(escaped);
            text_add(text, escaped);
        } else if (c == '#' && text->n > 1 && isspace(text->at[text->n - 2])) {
            text->n--;
            while ((c = get()) != '\n' && c != EOF) /* a comment, whose quotes and parentheses do not count */
                ;
            unget(c);
        }
    }
}

/* Copies up to and with the quote or brace that ends what has begun. */
static void copy_until(struct text *text, char end)
{
    for (;;) {
        int c = get();
        must(c);
        text_add(text, c);
        if (c == end)
            return;
        if (end == '\'')
            continue;
        if (c == '\\') {
            int escaped = get();
            must(escaped);
            text_add(text, escaped);
        } else if (end == '`') {
            continue;
        } else if (c == '`' || (c == '"' && end == '}') || (c == '\'' && end == '}')) {
            copy_until(text, c);
        } else if (c == '$') {
            int after = get();
            if (after == '{' || after == '(') {
                text_add(text, after);
                if (after == '(')
                    copy_parens(text);
                else
                    copy_until(text, '}');
            } else {
                unget(after);
            }
        }
    }
}

static char *read_word(int c)
{
    struct text text = { 0 };
    for (;; c = get_joined()) {
        if (c == EOF || strchr(" \t\n;&|<>()", c)) {
            unget(c);
            break;
        }
        text_add(&text, c);
        if (c == '\'' || c == '"' || c == '`') {
            copy_until(&text, c);
        } else if (c == '\\') {
            int escaped = get();
            if (escaped != EOF)
                text_add(&text, escaped);
        } else if (c == '$') {
            int after = get();
            if (after == '(' || after == '{') {
                text_add(&text, after);
                if (after == '(')
                    copy_parens(&text);
                else
                    copy_until(&text, '}');
            } else {
                unget(after);
            }
        }
    }
    return text.at;
}

void here_later(struct redirect *redirect, char *end, bool strip_tabs)
{
    struct here *here = take(sizeof(struct here)), **last = &heres;
    redirect->literal = strpbrk(end, "'\"\\") != NULL;
    *here = (struct here){ redirect, redirect->literal ? expand_string(end) : end, strip_tabs, NULL };
    while (*last)
        last = &(*last)->next;
    *last = here;
}

static bool read_line(struct text *line, bool join)
{
    int c, before = 0;
    for (*line = (struct text){ 0 }; (c = get()) != '\n' && c != EOF; before = before == '\\' ? 0 : c)
        text_add(line, c);
    if (c == '\n' && join && before == '\\') {
        line->n--;
        struct text more;
        read_line(&more, true);
        line->at[line->n] = 0;
        text_add_string(line, more.at ? more.at : "");
    }
    return c != EOF || line->n > 0;
}

static void read_heres(void)
{
    continuing = true;
    for (; heres; heres = heres->next) {
        struct text lines = { 0 }, line;
        while (read_line(&line, !heres->redirect->literal)) {
            char *text = line.at ? line.at : "";
            if (heres->strip_tabs)
                text += strspn(text, "\t");
            if (strcmp(text, heres->end) == 0)
                break;
            text_add_string(&lines, text);
            text_add(&lines, '\n');
        }
        heres->redirect->text = lines.at ? lines.at : "";
    }
}

static bool all_digits(const char *text)
{
    return *text && text[strspn(text, "0123456789")] == 0;
}

/* c is < or >. */
static void lex_redirect(struct lexeme *to, int c)
{
    to->token = REDIRECT;
    int after = get_joined();
    to->redirect = c == '<' ? FROM_FILE : TO_FILE;
    if (after == '&') {
        to->redirect = c == '<' ? FROM_FD : TO_FD;
    } else if (after == c && c == '>') {
        to->redirect = APPEND_FILE;
    } else if (after == '<' && c == '<') {
        to->redirect = HERE;
        to->here = true;
        after = get_joined();
        to->here_tabs = after == '-';
        if (!to->here_tabs)
            unget(after);
    } else if (after == '>' && c == '<') {
        to->redirect = BOTH_WAYS;
    } else if (!(after == '|' && c == '>')) {
        unget(after);
    }
    if (to->fd < 0)
        to->fd = c == '>';
}

static void lex(struct lexeme *to)
{
    *to = (struct lexeme){ .fd = -1 };
    int c;
    do
        c = get_joined();
    while (c == ' ' || c == '\t');
    if (c == '#')
        while (c != '\n' && c != EOF)
            c = get();
    if (c == EOF) {
        if (heres)
            read_heres();
        to->token = END_OF_INPUT;
    } else if (c == '\n') {
        to->token = NEWLINE;
        if (heres)
            read_heres();
        continuing = true; /* until parse_line() says otherwise */
    } else if (c == '<' || c == '>') {
        lex_redirect(to, c);
    } else if (strchr("&|;", c)) {
        int after = get_joined();
        to->token = after != c ? c : c == '&' ? AND_IF : c == '|' ? OR_IF : CASE_END;
        if (after != c)
            unget(after);
    } else if (c == '(' || c == ')') {
        to->token = c;
    } else {
        to->token = WORD;
        to->text = read_word(c);
        if (all_digits(to->text) && strlen(to->text) < 4 && (input->pushed == '<' || input->pushed == '>')) {
            to->fd = atoi(to->text);
            lex_redirect(to, get());
        }
    }
}

struct lexeme *peek(void)
{
    if (!have_ahead)
        lex(&ahead);
    have_ahead = true;
    return &ahead;
}

struct lexeme *next(void)
{
    peek();
    have_ahead = false;
    return &ahead;
}
