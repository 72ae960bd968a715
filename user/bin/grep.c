/* grep [-EFcinqv] PATTERN [FILE...], grep [-EFcinqv] -e PATTERN [-e PATTERN...] [FILE...]: the lines in which one of the patterns is found.
 * In them ^ and $ are the line's ends, . any character, [a-z], [^a-z] and [[:alpha:]] one of a set, * any number of what is before it, and
 * \ takes a meaning away. \( \) group, \| stands between alternatives, \+ \? \{2,5\} say how often; with -E without the \. With -F each
 * character stands for itself. Exit status 1: none was found, 2: an error.
 *
 * A pattern becomes a program for a machine that is in many places of it at once (K. Thompson, 1968): a line of n characters takes n times
 * the pattern's length at most, whatever the pattern. */

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_STEPS = 4096, MOST_TIMES = 255, NO_END = -1 };

enum kind { ONE_OF, LINE_BEGINS, LINE_ENDS, GO, FORK, FOUND };

struct step {
    enum kind kind;
    int to, also;         /* GO, FORK: how many steps further on, or back */
    unsigned char in[32]; /* ONE_OF: a bit for each character */
};

static int invert, numbers, count_only, ignore_case, quiet, extended, fixed;
static struct step program[MOST_STEPS];
static int length;
static const char *at; /* in the pattern */

static __attribute__((noreturn)) void fail(const char *why)
{
    fprintf(stderr, "grep: %s\n", why);
    exit(2);
}

/* --- from a pattern to a program ------------------------------------------------------------------------------------------------------ */

static void insert(int place, struct step step)
{
    if (length == MOST_STEPS)
        fail("the pattern is too long");
    memmove(&program[place + 1], &program[place], (length++ - place) * sizeof(program[0]));
    program[place] = step;
}

static struct step *append(enum kind kind)
{
    insert(length, (struct step){ .kind = kind });
    return &program[length - 1];
}

static void insert_jump(int place, enum kind kind, int to, int also)
{
    insert(place, (struct step){ .kind = kind, .to = to, .also = also });
}

static void put_in(struct step *step, int c)
{
    step->in[c / 8] |= 1 << c % 8;
    if (ignore_case && isalpha(c))
        step->in[(c ^ 32) / 8] |= 1 << (c ^ 32) % 8;
}

static void one(int c)
{
    put_in(append(ONE_OF), c);
}

/* Whether the operator c stands here: as it is with -E, behind a \ without; ^ $ . [ * are no such. */
static int operator_is(char c)
{
    return !fixed && (extended ? *at == c : *at == '\\' && at[1] == c);
}

static int take(char c)
{
    int here = operator_is(c);
    at += here ? 2 - extended : 0;
    return here;
}

static int class_of(struct step *step)
{
    static const struct { const char *name; int (*has)(int); } classes[] = {
        { "[:alpha:]", isalpha }, { "[:digit:]", isdigit }, { "[:alnum:]", isalnum }, { "[:space:]", isspace }, { "[:upper:]", isupper },
        { "[:lower:]", islower }, { "[:punct:]", ispunct }, { "[:print:]", isprint }, { "[:xdigit:]", isxdigit },
    };
    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        size_t n = strlen(classes[i].name);
        if (strncmp(at, classes[i].name, n) != 0)
            continue;
        for (int c = 1; c < 256; c++)
            if (classes[i].has(c))
                put_in(step, c);
        at += n;
        return 1;
    }
    return 0;
}

/* Behind the [. */
static void set(void)
{
    struct step *step = append(ONE_OF);
    int negated = *at == '^', first = 1;
    for (at += negated; first || *at != ']'; first = 0) {
        if (!*at)
            fail("a [ has no ]");
        if (*at == '[' && class_of(step))
            continue;
        int from = (unsigned char)*at++, to = from;
        if (*at == '-' && at[1] && at[1] != ']') {
            to = (unsigned char)at[1];
            at += 2;
        }
        for (int c = from; c <= to; c++)
            put_in(step, c);
    }
    at++;
    for (int i = 0; negated && i < 32; i++)
        step->in[i] = ~step->in[i];
}

static void alternatives(void);

/* begins: nothing of its branch is before it. */
static void atom(int begins)
{
    if (take('(')) {
        alternatives();
        if (!take(')'))
            fail("a ( has no )");
    } else if (!fixed && *at == '^' && (extended || begins)) {
        at++;
        append(LINE_BEGINS);
    } else if (!fixed && *at == '$' && (extended || !at[1] || (at[1] == '\\' && (at[2] == ')' || at[2] == '|')))) {
        at++;
        append(LINE_ENDS);
    } else if (!fixed && *at == '[') {
        at++;
        set();
    } else if (!fixed && *at == '.') {
        at++;
        memset(append(ONE_OF)->in, 0xff, 32);
    } else {
        at += !fixed && *at == '\\' && at[1];
        one((unsigned char)*at++);
    }
}

/* What was written from `start` on is there any number of times. */
static void any_number(int start)
{
    int size = length - start;
    insert_jump(start, FORK, 1, size + 2);
    insert_jump(length, GO, -(size + 1), 0);
}

static void at_most_once(int start)
{
    int size = length - start;
    insert_jump(start, FORK, 1, size + 1);
}

static void times(int start, int least, int most)
{
    int size = length - start;
    struct step *copy = malloc((size + 1) * sizeof(*copy));
    if (!copy)
        fail("no memory");
    memcpy(copy, &program[start], size * sizeof(*copy));
    length = start;
    for (int i = 0; i < least || i < most || (most == NO_END && i == least); i++) {
        int from = length;
        for (int n = 0; n < size; n++)
            insert(length, copy[n]);
        if (i >= least)
            most == NO_END ? any_number(from) : at_most_once(from);
    }
    free(copy);
}

/* Behind the {: "2", "2,", ",5" or "2,5", and its }. */
static void how_often(int start)
{
    char *end;
    int number = isdigit((unsigned char)*at) || *at == ',';
    long least = strtol(at, &end, 10), most = least;
    if (*end == ',')
        most = isdigit((unsigned char)end[1]) ? strtol(end + 1, &end, 10) : (end++, NO_END);
    at = end;
    if (!number || !take('}') || least > MOST_TIMES || most > MOST_TIMES || (most != NO_END && most < least))
        fail("what stands in { } is no number of times, which are 0 to 255");
    times(start, least, most);
}

static void branch(void)
{
    int begins = 1;
    while (*at && !operator_is('|') && !operator_is(')')) {
        int start = length;
        int starred = !fixed && !begins;
        atom(begins);
        begins = program[length - 1].kind == LINE_BEGINS && length == start + 1;
        for (; !fixed; starred = 1)
            if (*at == '*' && (starred || !begins || extended))
                at++, any_number(start);
            else if (take('+'))
                insert_jump(length, FORK, start - length, 1);
            else if (take('?'))
                at_most_once(start);
            else if (take('{'))
                how_often(start);
            else
                break;
    }
}

static void alternatives(void)
{
    int start = length;
    branch();
    while (take('|')) {
        int size = length - start, past = start + size + 1;
        insert_jump(start, FORK, 1, size + 2);
        append(GO);
        branch();
        program[past].to = length - past;
    }
}

/* One more pattern that may be found. */
static void add_pattern(const char *pattern)
{
    int start = length;
    at = pattern;
    alternatives();
    if (*at)
        fail("a ) has no (");
    append(FOUND);
    if (start)
        insert_jump(0, FORK, 1, start + 1);
}

/* --- running it ----------------------------------------------------------------------------------------------------------------------- */

/* The places where the machine is: each once. */
struct places {
    int count, step[MOST_STEPS];
    unsigned seen[MOST_STEPS], round;
};

/* From this step on, as far as it gets without a character. */
static void come_to(struct places *places, int step, int begins, int ends)
{
    for (;;) {
        if (places->seen[step] == places->round)
            return;
        places->seen[step] = places->round;
        switch (program[step].kind) {
        case LINE_BEGINS:
            if (!begins)
                return;
            step++;
            break;
        case LINE_ENDS:
            if (!ends)
                return;
            step++;
            break;
        case FORK:
            come_to(places, step + program[step].also, begins, ends);
            /* fall through */
        case GO:
            step += program[step].to;
            break;
        default:
            places->step[places->count++] = step;
            return;
        }
    }
}

static int found_in(const char *line)
{
    static struct places places[2];
    struct places *now = &places[0], *next = &places[1];
    now->count = 0;
    now->round++;
    for (const char *p = line;; p++) {
        come_to(now, 0, p == line, !*p);
        next->count = 0;
        next->round++;
        for (int i = 0; i < now->count; i++) {
            const struct step *step = &program[now->step[i]];
            if (step->kind == FOUND)
                return 1;
            if (*p && step->in[(unsigned char)*p / 8] >> (unsigned char)*p % 8 & 1)
                come_to(next, now->step[i] + 1, 0, !p[1]);
        }
        if (!*p)
            return 0;
        struct places *used = now;
        now = next;
        next = used;
    }
}

/* Returns the number of lines found. */
static long search(FILE *file, const char *name)
{
    char *line = NULL;
    size_t size = 0;
    long number = 0, found = 0;
    for (ssize_t n; (n = getline(&line, &size, file)) > 0;) {
        number++;
        if (line[n - 1] == '\n')
            line[n - 1] = 0;
        if (found_in(line) == invert)
            continue;
        found++;
        if (quiet || count_only)
            continue;
        if (name)
            printf("%s:", name);
        if (numbers)
            printf("%ld:", number);
        puts(line);
    }
    free(line);
    if (count_only && !quiet)
        name ? printf("%s:%ld\n", name, found) : printf("%ld\n", found);
    return found;
}

int main(int argc, char **argv)
{
    char **patterns = calloc(argc + 1, sizeof(*patterns));
    int letter, status = 1, count = 0;
    while ((letter = getopt(argc, argv, "vnciqEFe:")) != -1) {
        switch (letter) {
        case 'v': invert = 1; break;
        case 'n': numbers = 1; break;
        case 'c': count_only = 1; break;
        case 'i': ignore_case = 1; break;
        case 'q': quiet = 1; break;
        case 'E': extended = 1; break;
        case 'F': fixed = 1; break;
        case 'e': patterns[count++] = optarg; break;
        default: return 2;
        }
    }
    if (!count && argv[optind])
        patterns[count++] = argv[optind++];
    if (!count)
        return fprintf(stderr, "grep: usage: grep [-EFcinqv] PATTERN [FILE...], or -e PATTERN for each of several\n"), 2;
    for (int i = 0; i < count; i++)
        add_pattern(patterns[i]);
    free(patterns);
    int files = argc - optind, error = 0;
    if (files == 0)
        status = search(stdin, NULL) == 0;
    for (int i = optind; i < argc; i++) {
        FILE *file = fopen(argv[i], "r");
        if (!file) {
            fprintf(stderr, "grep: %s: %s\n", argv[i], strerror(errno));
            error = 1;
            continue;
        }
        status &= search(file, files > 1 ? argv[i] : NULL) == 0;
        fclose(file);
    }
    return error ? 2 : status;
}
