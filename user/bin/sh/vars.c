/* Variables, and the positional parameters. Everything here is from malloc(). */

#include "sh.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct variable {
    char *name, *value; /* value NULL: exported before it was set */
    bool exported;
    struct variable *next;
};

static struct variable *variables; /* sorted by name */

/* Where the variable is linked, or would be. */
static struct variable **place_of(const char *name)
{
    struct variable **at = &variables;
    while (*at && strcmp((*at)->name, name) < 0)
        at = &(*at)->next;
    return at;
}

static struct variable *find(const char *name)
{
    struct variable *variable = *place_of(name);
    return variable && strcmp(variable->name, name) == 0 ? variable : NULL;
}

static struct variable *find_or_make(const char *name)
{
    struct variable *variable = find(name);
    if (variable)
        return variable;
    struct variable **at = place_of(name);
    variable = calloc(1, sizeof(struct variable));
    *variable = (struct variable){ .name = strdup(name), .next = *at };
    return *at = variable;
}

const char *var_get(const char *name)
{
    struct variable *variable = find(name);
    return variable ? variable->value : NULL;
}

void var_set(const char *name, const char *value)
{
    struct variable *variable = find_or_make(name);
    char *old = variable->value;
    variable->value = strdup(value);
    free(old);
    if (strcmp(name, "PATH") == 0)
        setenv("PATH", value, 1); /* execvp() of this very process looks there */
}

void var_unset(const char *name)
{
    struct variable *variable = find(name);
    if (!variable)
        return;
    *place_of(name) = variable->next;
    free(variable->name);
    free(variable->value);
    free(variable);
}

void var_export(const char *name)
{
    find_or_make(name)->exported = true;
}

bool var_exported(const char *name)
{
    struct variable *variable = find(name);
    return variable && variable->exported;
}

/* Quoted so that the shell reads it back. */
static void print_quoted(const char *value)
{
    putchar('\'');
    for (; *value; value++) {
        if (*value == '\'')
            fputs("'\\''", stdout);
        else
            putchar(*value);
    }
    putchar('\'');
}

void vars_print(bool exported_only)
{
    for (struct variable *v = variables; v; v = v->next) {
        if (exported_only ? !v->exported : !v->value)
            continue;
        printf("%s%s", exported_only ? "export " : "", v->name);
        if (v->value) {
            putchar('=');
            print_quoted(v->value);
        }
        putchar('\n');
    }
}

void vars_load(void)
{
    for (char **at = environ; *at; at++) {
        size_t n = strcspn(*at, "=");
        if (!is_name(*at, n) || !(*at)[n])
            continue;
        char *name = take_text(*at, n);
        var_set(name, *at + n + 1);
        var_export(name);
    }
    var_set("IFS", " \t\n");
    var_set("OPTIND", "1");
    if (!var_get("PATH"))
        var_set("PATH", "/bin");
    char folder[4096];
    if (getcwd(folder, sizeof(folder)))
        var_set("PWD", folder);
}

char **vars_environment(void)
{
    int n = 0;
    for (struct variable *v = variables; v; v = v->next)
        n++;
    char **list = take((n + 1) * sizeof(char *));
    n = 0;
    for (struct variable *v = variables; v; v = v->next) {
        if (!v->exported || !v->value)
            continue;
        char *entry = take(strlen(v->name) + strlen(v->value) + 2);
        stpcpy(stpcpy(stpcpy(entry, v->name), "="), v->value);
        list[n++] = entry;
    }
    return list;
}

char **positional;
int positional_count;

void positional_set(char *const *values, int count)
{
    char *zero = positional ? positional[0] : NULL;
    char **list = calloc(count + 2, sizeof(char *));
    list[0] = zero;
    for (int i = 0; i < count; i++)
        list[i + 1] = strdup(values[i]);
    for (int i = 1; i <= positional_count; i++)
        free(positional[i]);
    free(positional);
    positional = list;
    positional_count = count;
}
