/* Trees of commands, by recursive descent:
 *
 *     line     = and_or { (';' | '&') and_or } newline
 *     and_or   = pipeline { ('&&' | '||') pipeline }
 *     pipeline = ['!'] command { '|' command }
 *     command  = simple | compound { redirect } | name '(' ')' compound */

#include "sh.h"

#include <ctype.h>
#include <string.h>

static struct node *parse_list(const char *const *ends);
static struct node *parse_and_or(void);
static struct node *parse_command(void);

void syntax_error(const char *near)
{
    int line = input->line;
    lexer_drop_line();
    fail("line %d: syntax error: unexpected %s", line, near);
}

static void unexpected(void)
{
    struct lexeme *lexeme = peek();
    char one[4] = { '\'', lexeme->token, '\'', 0 };
    struct text text = { 0 };
    switch (lexeme->token) {
    case END_OF_INPUT: syntax_error("end of input");
    case NEWLINE: syntax_error("end of line");
    case AND_IF: syntax_error("'&&'");
    case OR_IF: syntax_error("'||'");
    case CASE_END: syntax_error("';;'");
    case REDIRECT: syntax_error("redirection");
    case WORD:
        text_add(&text, '\'');
        text_add_string(&text, lexeme->text);
        text_add(&text, '\'');
        syntax_error(text.at);
    default: syntax_error(one);
    }
}

static struct node *node_new(enum kind kind, struct node *left, struct node *right)
{
    struct node *node = take(sizeof(struct node));
    node->kind = kind;
    node->left = left;
    node->right = right;
    return node;
}

bool is_name(const char *text, size_t n)
{
    if (n == 0 || isdigit(*text))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!isalnum(text[i]) && text[i] != '_')
            return false;
    return true;
}

static bool at_word(const char *word)
{
    return peek()->token == WORD && strcmp(peek()->text, word) == 0;
}

static bool at_any(const char *const *words)
{
    for (; words && *words; words++)
        if (at_word(*words))
            return true;
    return false;
}

static void expect(const char *word)
{
    if (!at_word(word))
        unexpected();
    next();
}

static void skip_newlines(void)
{
    while (peek()->token == NEWLINE)
        next();
}

static struct redirect *parse_redirect(void)
{
    struct lexeme lexeme = *next();
    struct redirect *redirect = take(sizeof(struct redirect));
    redirect->kind = lexeme.redirect;
    redirect->fd = lexeme.fd;
    if (peek()->token != WORD)
        unexpected();
    redirect->text = next()->text;
    if (lexeme.here)
        here_later(redirect, redirect->text, lexeme.here_tabs);
    return redirect;
}

static void parse_redirects(struct redirect **at)
{
    while (*at)
        at = &(*at)->next;
    for (; peek()->token == REDIRECT; at = &(*at)->next)
        *at = parse_redirect();
}

static struct word *word_new(char *text)
{
    struct word *word = take(sizeof(struct word));
    word->text = text;
    return word;
}

static bool is_assignment(const char *text)
{
    const char *equals = strchr(text, '=');
    return equals && is_name(text, equals - text);
}

static struct node *parse_simple(void)
{
    struct node *node = node_new(SIMPLE, NULL, NULL);
    struct word **word = &node->words, **assignment = &node->assignments;
    for (;;) {
        if (peek()->token == REDIRECT) {
            parse_redirects(&node->redirects);
        } else if (peek()->token == WORD) {
            char *text = next()->text;
            struct word ***list = !node->words && is_assignment(text) ? &assignment : &word;
            **list = word_new(text);
            *list = &(**list)->next;
        } else if (peek()->token == '(' && node->words && !node->words->next && !node->assignments && !node->redirects &&
                   is_name(node->words->text, strlen(node->words->text))) {
            next();
            if (next()->token != ')')
                unexpected();
            skip_newlines();
            struct node *function = node_new(FUNCTION, parse_command(), NULL);
            function->name = node->words->text;
            return function;
        } else {
            break;
        }
    }
    if (!node->words && !node->assignments && !node->redirects)
        unexpected();
    return node;
}

static struct node *parse_if(void)
{
    struct node *node = node_new(IF, parse_list((const char *[]){ "then", NULL }), NULL);
    expect("then");
    node->right = parse_list((const char *[]){ "elif", "else", "fi", NULL });
    if (at_word("elif")) {
        next();
        node->other = parse_if(); /* takes the fi */
        return node;
    }
    if (at_word("else")) {
        next();
        node->other = parse_list((const char *[]){ "fi", NULL });
    }
    expect("fi");
    return node;
}

static struct node *parse_do(void)
{
    expect("do");
    struct node *body = parse_list((const char *[]){ "done", NULL });
    expect("done");
    return body;
}

static struct node *parse_loop(enum kind kind)
{
    struct node *condition = parse_list((const char *[]){ "do", NULL });
    return node_new(kind, condition, parse_do());
}

static struct node *parse_for(void)
{
    struct node *node = node_new(FOR, NULL, NULL);
    if (peek()->token != WORD || !is_name(peek()->text, strlen(peek()->text)))
        unexpected();
    node->name = next()->text;
    skip_newlines();
    if (at_word("in")) {
        next();
        node->has_list = true;
        for (struct word **at = &node->words; peek()->token == WORD; at = &(*at)->next)
            *at = word_new(next()->text);
        if (peek()->token != ';' && peek()->token != NEWLINE)
            unexpected();
    }
    if (peek()->token == ';')
        next();
    skip_newlines();
    node->left = parse_do();
    return node;
}

static struct branch *parse_branch(void)
{
    struct branch *branch = take(sizeof(struct branch));
    if (peek()->token == '(')
        next();
    for (struct word **at = &branch->patterns;; at = &(*at)->next) {
        if (peek()->token != WORD)
            unexpected();
        *at = word_new(next()->text);
        if (peek()->token != '|')
            break;
        next();
    }
    if (peek()->token != ')')
        unexpected();
    next();
    branch->body = parse_list((const char *[]){ "esac", NULL });
    if (peek()->token == CASE_END)
        next();
    else if (!at_word("esac"))
        unexpected();
    skip_newlines();
    return branch;
}

static struct node *parse_case(void)
{
    struct node *node = node_new(CASE, NULL, NULL);
    if (peek()->token != WORD)
        unexpected();
    node->words = word_new(next()->text);
    skip_newlines();
    expect("in");
    skip_newlines();
    for (struct branch **at = &node->branches; !at_word("esac"); at = &(*at)->next)
        *at = parse_branch();
    expect("esac");
    return node;
}

static struct node *parse_group(enum kind kind)
{
    static const char *const brace[] = { "}", NULL };
    struct node *node = node_new(kind, parse_list(kind == GROUP ? brace : NULL), NULL);
    if (kind == SUBSHELL) {
        if (peek()->token != ')')
            unexpected();
        next();
    } else {
        expect("}");
    }
    return node;
}

/* The compound command that begins here, or NULL. */
static struct node *parse_compound(void)
{
    static const char *const reserved[] = { "then", "else", "elif", "fi", "do", "done", "esac", "}", NULL };
    if (peek()->token == '(')
        return next(), parse_group(SUBSHELL);
    if (peek()->token != WORD)
        return NULL;
    if (at_any(reserved))
        unexpected();
    if (at_word("{"))
        return next(), parse_group(GROUP);
    if (at_word("if"))
        return next(), parse_if();
    if (at_word("while"))
        return next(), parse_loop(WHILE);
    if (at_word("until"))
        return next(), parse_loop(UNTIL);
    if (at_word("for"))
        return next(), parse_for();
    if (at_word("case"))
        return next(), parse_case();
    return NULL;
}

static struct node *parse_command(void)
{
    struct node *node = parse_compound();
    if (!node)
        return parse_simple();
    parse_redirects(&node->redirects);
    return node;
}

static struct node *parse_pipeline(void)
{
    if (at_word("!")) {
        next();
        return node_new(NOT, parse_pipeline(), NULL);
    }
    struct node *node = parse_command();
    if (peek()->token != '|')
        return node;
    next();
    skip_newlines();
    return node_new(PIPE, node, parse_pipeline());
}

static struct node *parse_and_or(void)
{
    struct node *node = parse_pipeline();
    while (peek()->token == AND_IF || peek()->token == OR_IF) {
        enum kind kind = next()->token == AND_IF ? AND : OR;
        skip_newlines();
        node = node_new(kind, node, parse_pipeline());
    }
    return node;
}

static struct node *add(struct node *list, struct node *node)
{
    return list ? node_new(SEQUENCE, list, node) : node;
}

/* One and_or with the ; or & behind it, added to the list. Returns false where no separator follows: the list ends there. */
static bool parse_item(struct node **list)
{
    struct node *node = parse_and_or();
    int separator = peek()->token;
    if (separator == '&')
        node = node_new(BACKGROUND, node, NULL);
    *list = add(*list, node);
    if (separator != '&' && separator != ';')
        return false;
    next();
    return true;
}

/* Commands up to one of the words, or to what cannot begin a command: ) and ;; and the end. */
static struct node *parse_list(const char *const *ends)
{
    struct node *list = NULL;
    for (;;) {
        skip_newlines();
        int token = peek()->token;
        if (at_any(ends) || token == ')' || token == CASE_END || token == END_OF_INPUT)
            break;
        if (!parse_item(&list) && peek()->token != NEWLINE)
            break;
    }
    if (!list && !(ends && (strcmp(*ends, "esac") == 0)))
        unexpected();
    return list;
}

struct node *parse_line(bool *at_end)
{
    struct node *list = NULL;
    continuing = false;
    *at_end = peek()->token == END_OF_INPUT;
    continuing = true;
    if (!*at_end && peek()->token != NEWLINE)
        while (parse_item(&list) && peek()->token != NEWLINE && peek()->token != END_OF_INPUT)
            ;
    if (peek()->token == NEWLINE)
        next();
    else if (peek()->token != END_OF_INPUT)
        unexpected();
    return list;
}
