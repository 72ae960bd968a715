/* From words as they were written to arguments: tilde, parameters, $(command), $((arithmetic)), then splitting, then file names, then
 * quotes away. While that goes on, every character carries what it is; so nothing is quoted twice or split wrongly. */

#include "sh.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum mark_of {
    LITERAL, /* written so, unquoted: may be part of a pattern */
    QUOTED,
    SPLIT,  /* from an unquoted parameter or command: also splits fields */
    BREAK,  /* no character: a field ends here ("$@") */
    PRESENT /* no character: there is a field here, though it may be empty ("") */
};

struct pieces {
    struct text text, marks;
};

static void add(struct pieces *to, char c, enum mark_of mark)
{
    text_add(&to->text, c);
    text_add(&to->marks, mark + 1); /* no zeros in a text */
}

static enum mark_of mark_at(const struct pieces *pieces, size_t i)
{
    return pieces->marks.at[i] - 1;
}

static void add_value(struct pieces *to, const char *value, enum mark_of mark)
{
    for (; *value; value++)
        add(to, *value, mark);
}

/* Where: WORD_END in a word; '"' in double quotes; '}' in ${x:-...}; HERE_TEXT in a here-document. */
enum { WORD_END = 0, HERE_TEXT = 1 };
static const char *expand_into(struct pieces *to, const char *at, int end, enum mark_of plain);

static char *number_text(long n)
{
    char text[24];
    int length = snprintf(text, sizeof(text), "%ld", n);
    return take_text(text, length);
}

static const char *special(const char *name)
{
    switch (*name) {
    case '#': return number_text(positional_count);
    case '?': return number_text(status);
    case '$': return number_text(shell_pid);
    case '!': return last_background ? number_text(last_background) : NULL;
    case '-': {
        struct text flags = { 0 };
        text_add_string(&flags, option_e ? "e" : "");
        text_add_string(&flags, interactive ? "i" : "");
        text_add_string(&flags, monitor ? "m" : "");
        text_add_string(&flags, option_x ? "x" : "");
        text_add_string(&flags, option_u ? "u" : "");
        return flags.at ? flags.at : "";
    }
    default: return NULL;
    }
}

static const char *value_of(const char *name)
{
    if (isdigit(*name)) {
        int n = atoi(name);
        return n <= positional_count ? positional[n] : NULL;
    }
    return is_name(name, strlen(name)) ? var_get(name) : special(name);
}

/* $@ and $*. */
static void add_positional(struct pieces *to, char which, bool quoted)
{
    const char *ifs = var_get("IFS");
    if (quoted && which == '@' && positional_count == 0 && to->text.n > 0 && mark_at(to, to->text.n - 1) == PRESENT)
        to->text.n--, to->marks.n--; /* "$@" without parameters is no field at all */
    for (int i = 1; i <= positional_count; i++) {
        if (i > 1) {
            if (quoted && which == '*' && ifs && *ifs)
                add(to, *ifs, QUOTED);
            else if (!quoted || which == '@')
                add(to, ' ', BREAK);
        }
        if (quoted && which == '@')
            add(to, ' ', PRESENT);
        add_value(to, positional[i], quoted ? QUOTED : SPLIT);
    }
}

/* The value without what the pattern matches at its front or end; longest or shortest. */
static char *without(const char *value, const char *pattern, bool front, bool longest)
{
    size_t n = strlen(value);
    for (size_t i = 0; i <= n; i++) {
        size_t cut = longest ? n - i : i; /* this many characters */
        char *part = front ? take_text(value, cut) : take_text(value + n - cut, cut);
        if (matches(pattern, part))
            return front ? take_text(value + cut, n - cut) : take_text(value, n - cut);
    }
    return take_text(value, n);
}

static char *joined(const struct pieces *pieces, bool pattern);

/* The word up to the "}", expanded to one text; *at comes to stand behind the "}". */
static char *brace_word(const char **at, bool pattern)
{
    struct pieces word = { 0 };
    *at = expand_into(&word, *at, '}', LITERAL) + 1;
    return joined(&word, pattern);
}

/* Over a word up to its "}" that is not wanted. */
static const char *skip_brace_word(const char *at)
{
    for (int depth = 1;; at++) {
        if (!*at)
            fail("bad substitution");
        if (*at == '\\' && at[1]) {
            at++;
        } else if (*at == '\'' || *at == '"') {
            const char *end = at + 1;
            while (*end && *end != *at)
                end += *end == '\\' && *at == '"' && end[1] ? 2 : 1;
            at = *end ? end : at;
        } else if (*at == '{') {
            depth++;
        } else if (*at == '}' && --depth == 0) {
            return at + 1;
        }
    }
}

/* Behind "${". */
static const char *expand_brace(struct pieces *to, const char *at, bool quoted, enum mark_of mark)
{
    bool length = at[0] == '#' && at[1] != '}' && !strchr(":-=?+%#", at[1]);
    at += length;
    size_t n = 0;
    if (isdigit(*at))
        while (isdigit(at[n]))
            n++;
    else if (is_name(at, 1))
        while (isalnum(at[n]) || at[n] == '_')
            n++;
    else
        n = strchr("@*#?-$!", *at) && *at ? 1 : 0;
    if (n == 0)
        fail("bad substitution");
    char *name = take_text(at, n);
    at += n;
    const char *value = value_of(name);
    bool all = *name == '@' || *name == '*';
    if (length) {
        add_value(to, number_text(all ? positional_count : value ? (long)strlen(value) : 0), mark);
        if (*at != '}')
            fail("bad substitution");
        return at + 1;
    }
    bool colon = *at == ':';
    bool empty = all ? positional_count == 0 : !value || (colon && !*value);
    char operator = at[colon];
    if (*at == '}') {
        if (all)
            add_positional(to, *name, quoted);
        else if (!value && option_u)
            fail("%s: parameter not set", name);
        else
            add_value(to, value ? value : "", mark);
        return at + 1;
    }
    if (operator == '%' || operator == '#') {
        bool longest = at[1] == operator;
        at += 1 + longest;
        char *pattern = brace_word(&at, true);
        add_value(to, without(value ? value : "", pattern, operator == '#', longest), mark);
        return at;
    }
    at += colon + 1;
    switch (operator) {
    case '-':
    case '+':
        if (empty == (operator == '-'))
            return expand_into(to, at, quoted ? '}' | 0x100 : '}', quoted ? QUOTED : SPLIT) + 1;
        if (operator == '-') {
            if (all)
                add_positional(to, *name, quoted);
            else
                add_value(to, value, mark);
        }
        return skip_brace_word(at);
    case '=':
        if (empty) {
            if (!is_name(name, n))
                fail("%s: cannot assign in this way", name);
            var_set(name, brace_word(&at, false));
            add_value(to, var_get(name), mark);
            return at;
        }
        add_value(to, value, mark);
        return skip_brace_word(at);
    case '?':
        if (empty) {
            char *words = brace_word(&at, false);
            fail("%s: %s", name, *words ? words : "parameter not set or null");
        }
        if (all)
            add_positional(to, *name, quoted);
        else
            add_value(to, value, mark);
        return skip_brace_word(at);
    default: fail("bad substitution");
    }
}

const char *matching_paren(const char *at)
{
    for (int depth = 1; *at; at++) {
        if (*at == '\\' && at[1]) {
            at++;
        } else if (*at == '\'' || *at == '"' || *at == '`') {
            const char *end = at + 1;
            while (*end && *end != *at)
                end += *end == '\\' && *at != '\'' && end[1] ? 2 : 1;
            if (!*end)
                return NULL;
            at = end;
        } else if (*at == '(') {
            depth++;
        } else if (*at == ')' && --depth == 0) {
            return at;
        }
    }
    return NULL;
}

/* Behind "$". */
static const char *expand_dollar(struct pieces *to, const char *at, bool quoted)
{
    enum mark_of mark = quoted ? QUOTED : SPLIT;
    if (*at == '(') {
        const char *end = matching_paren(at + 1);
        if (!end)
            fail("a ) is missing");
        const char *inner = at[1] == '(' ? matching_paren(at + 2) : NULL;
        if (inner && inner + 1 == end) {
            struct pieces expression = { 0 };
            expand_into(&expression, take_text(at + 2, inner - at - 2), HERE_TEXT, QUOTED);
            add_value(to, number_text(evaluate(joined(&expression, false))), mark);
        } else {
            add_value(to, command_output(take_text(at + 1, end - at - 1)), mark);
        }
        return end + 1;
    }
    if (*at == '{')
        return expand_brace(to, at + 1, quoted, mark);
    if (*at == '@' || *at == '*') {
        add_positional(to, *at, quoted);
        return at + 1;
    }
    size_t n = 0;
    if (is_name(at, 1))
        while (isalnum(at[n]) || at[n] == '_')
            n++;
    else if (*at && (isdigit(*at) || strchr("#?-$!", *at)))
        n = 1;
    if (n == 0) {
        add(to, '$', quoted ? QUOTED : LITERAL);
        return at;
    }
    char *name = take_text(at, n);
    const char *value = value_of(name);
    if (!value && option_u)
        fail("%s: parameter not set", name);
    add_value(to, value ? value : "", mark);
    return at + n;
}

/* Behind the first of two backquotes. */
static const char *expand_backquotes(struct pieces *to, const char *at, bool quoted)
{
    struct text command = { 0 };
    for (; *at && *at != '`'; at++) {
        if (*at == '\\' && (at[1] == '$' || at[1] == '`' || at[1] == '\\' || (quoted && at[1] == '"')))
            at++;
        text_add(&command, *at);
    }
    add_value(to, command_output(command.at ? command.at : ""), quoted ? QUOTED : SPLIT);
    return *at ? at + 1 : at;
}

static const char *expand_tilde(struct pieces *to, const char *at)
{
    const char *home = var_get("HOME");
    if (!home || (at[1] && at[1] != '/' && at[1] != ':'))
        return at;
    add_value(to, home, QUOTED);
    return at + 1;
}

/* Expands up to the end, and returns where that is. plain is what unquoted characters are. An end with 0x100: inside double quotes. */
static const char *expand_into(struct pieces *to, const char *at, int end, enum mark_of plain)
{
    bool quotes = end == '"' || end == HERE_TEXT || end & 0x100;
    char stop = end == WORD_END || end == HERE_TEXT ? 0 : end & 0xff;
    if (end == WORD_END && *at == '~')
        at = expand_tilde(to, at);
    while (*at && *at != stop) {
        if (*at == '$') {
            at = expand_dollar(to, at + 1, quotes);
        } else if (*at == '`') {
            at = expand_backquotes(to, at + 1, quotes);
        } else if (*at == '\\' && at[1] && (!quotes || strchr(end == HERE_TEXT ? "$`\\\n" : "$`\\\"\n}", at[1]))) {
            if (at[1] != '\n')
                add(to, at[1], QUOTED);
            at += 2;
        } else if (*at == '\'' && !quotes) {
            add(to, ' ', PRESENT);
            for (at++; *at && *at != '\''; at++)
                add(to, *at, QUOTED);
            at += *at != 0;
        } else if (*at == '"' && end != HERE_TEXT && end != '"') {
            add(to, ' ', PRESENT);
            at = expand_into(to, at + 1, '"', QUOTED);
            at += *at != 0;
        } else {
            add(to, *at++, quotes ? QUOTED : plain);
        }
    }
    if (stop == '}' && *at != '}')
        fail("bad substitution");
    return at;
}

/* All characters as one text; as a pattern, what was quoted gets a \ where it would mean something. */
static char *joined(const struct pieces *pieces, bool pattern)
{
    struct text text = { 0 };
    for (size_t i = 0; i < pieces->text.n; i++) {
        enum mark_of mark = mark_at(pieces, i);
        char c = pieces->text.at[i];
        if (mark == PRESENT)
            continue;
        if (pattern && (mark == QUOTED ? strchr("*?[]\\-!^", c) != NULL : c == '\\' && mark == SPLIT))
            text_add(&text, '\\');
        text_add(&text, c);
    }
    return text.at ? text.at : "";
}

char *expand_string(const char *word)
{
    struct pieces pieces = { 0 };
    expand_into(&pieces, word, WORD_END, LITERAL);
    return joined(&pieces, false);
}

char *expand_pattern(const char *word)
{
    struct pieces pieces = { 0 };
    expand_into(&pieces, word, WORD_END, LITERAL);
    return joined(&pieces, true);
}

char *expand_here(const char *lines)
{
    struct pieces pieces = { 0 };
    expand_into(&pieces, lines, HERE_TEXT, QUOTED);
    return joined(&pieces, false);
}

struct fields {
    char **list;
    int count, room;
};

static void add_field(struct fields *fields, char *field)
{
    if (fields->count + 1 >= fields->room) {
        fields->room = fields->room ? fields->room * 2 : 8;
        char **bigger = take(fields->room * sizeof(char *));
        if (fields->count)
            memcpy(bigger, fields->list, fields->count * sizeof(char *));
        fields->list = bigger;
    }
    fields->list[fields->count++] = field;
}

/* A finished field: as it is, or the files that it means. */
static void finish(struct fields *fields, struct pieces *field)
{
    bool pattern = false;
    for (size_t i = 0; i < field->text.n; i++)
        pattern |= mark_at(field, i) != QUOTED && strchr("*?[", field->text.at[i]);
    if (pattern) {
        char **found;
        int count;
        find_files(joined(field, true), &found, &count);
        for (int i = 0; i < count; i++) {
            add_field(fields, take_text(found[i], strlen(found[i])));
            free(found[i]);
        }
        free(found);
        if (count > 0)
            goto done;
    }
    add_field(fields, joined(field, false));
done:
    *field = (struct pieces){ 0 };
}

static void split(struct fields *fields, const struct pieces *pieces)
{
    const char *ifs = var_get("IFS");
    ifs = ifs ? ifs : " \t\n";
    struct pieces field = { 0 };
    bool present = false;
    bool after_blank = false; /* a field was just ended by blanks: a separator of another kind belongs to them */
    for (size_t i = 0; i < pieces->text.n; i++) {
        enum mark_of mark = mark_at(pieces, i);
        char c = pieces->text.at[i];
        if (mark == PRESENT) {
            present = true;
        } else if (mark == BREAK) {
            if (present)
                finish(fields, &field);
            present = after_blank = false;
        } else if (mark == SPLIT && strchr(ifs, c)) {
            if (present || (!isspace(c) && !after_blank))
                finish(fields, &field);
            after_blank = isspace(c) && (present || after_blank);
            present = false;
        } else {
            add(&field, c, mark);
            present = true;
            after_blank = false;
        }
    }
    if (present)
        finish(fields, &field);
}

char **expand_words(struct word *words, int *count)
{
    struct fields fields = { 0 };
    for (; words; words = words->next) {
        struct pieces pieces = { 0 };
        expand_into(&pieces, words->text, WORD_END, LITERAL);
        split(&fields, &pieces);
    }
    add_field(&fields, NULL);
    *count = fields.count - 1;
    return fields.list;
}
