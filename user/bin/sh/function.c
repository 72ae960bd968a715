/* Functions: defined, found, forgotten, called. */

#include "sh.h"

#include <stdlib.h>
#include <string.h>

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

void function_define(struct node *node)
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

int function_call(struct node *body, char **argv, int argc)
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
