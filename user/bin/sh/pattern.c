/* Patterns with * ? [...]: whether a text matches, and which files do. A character behind \ stands for itself. */

#include "sh.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool in_class(const char *name, size_t n, unsigned char c)
{
    static const struct {
        const char *name;
        int (*test)(int);
    } classes[] = { { "alpha", isalpha }, { "digit", isdigit }, { "alnum", isalnum }, { "space", isspace }, { "upper", isupper },
                    { "lower", islower }, { "punct", ispunct }, { "print", isprint }, { "xdigit", isxdigit }, { "blank", isblank } };
    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
        if (strlen(classes[i].name) == n && strncmp(classes[i].name, name, n) == 0)
            return classes[i].test(c);
    return false;
}

/* at is behind "["; returns what is behind the "]", or NULL where there is none, and then [ stands for itself. */
static const char *match_set(const char *at, unsigned char c, bool *found)
{
    bool negated = *at == '!' || *at == '^';
    *found = false;
    at += negated;
    for (const char *first = at; *at != ']' || at == first;) {
        const char *end;
        if (at[0] == '[' && at[1] == ':' && (end = strstr(at, ":]"))) {
            *found |= in_class(at + 2, end - at - 2, c);
            at = end + 2;
            continue;
        }
        if (*at == '\\' && at[1])
            at++;
        if (!*at)
            return NULL;
        unsigned char low = *at++, high = low;
        if (at[0] == '-' && at[1] && at[1] != ']') {
            high = at[1] == '\\' && at[2] ? at[2] : at[1];
            at += at[1] == '\\' && at[2] ? 3 : 2;
        }
        *found |= low <= c && c <= high;
    }
    *found ^= negated;
    return at + 1;
}

bool matches(const char *pattern, const char *text)
{
    const char *star = NULL, *star_text = NULL; /* the last * and where what it stands for ends */
    for (;;) {
        bool one = false;
        const char *rest = pattern + 1;
        if (*pattern == '*') {
            star = rest;
            star_text = text;
            pattern = rest;
            continue;
        }
        if (!*text && !*pattern)
            return true;
        if (*text) {
            if (*pattern == '?') {
                one = true;
            } else if (*pattern == '[') {
                rest = match_set(pattern + 1, *text, &one);
                if (!rest) {
                    rest = pattern + 1;
                    one = *text == '[';
                }
            } else {
                if (*pattern == '\\' && pattern[1])
                    rest = ++pattern + 1;
                one = *pattern && *pattern == *text;
            }
        }
        if (one) {
            pattern = rest;
            text++;
        } else if (star && *star_text) {
            pattern = star;
            text = ++star_text;
        } else {
            return false;
        }
    }
}

static void add(char ***found, int *count, const char *path)
{
    *found = realloc(*found, (*count + 1) * sizeof(char *));
    (*found)[(*count)++] = strdup(path);
}

static char *without_escapes(const char *pattern, size_t n)
{
    struct text text = { 0 };
    for (size_t i = 0; i < n; i++) {
        if (pattern[i] == '\\' && i + 1 < n)
            i++;
        text_add(&text, pattern[i]);
    }
    return text.at ? text.at : "";
}

static char *join(const char *folder, const char *name)
{
    char *path = take(strlen(folder) + strlen(name) + 1);
    strcpy(stpcpy(path, folder), name);
    return path;
}

/* folder: what stands before the pattern, with its last slash. */
static void search(const char *folder, const char *pattern, char ***found, int *count)
{
    size_t slashes = strspn(pattern, "/");
    if (slashes)
        return search(join(folder, take_text(pattern, slashes)), pattern + slashes, found, count);
    struct stat st;
    if (!*pattern) {
        add(found, count, folder);
        return;
    }
    size_t n = strcspn(pattern, "/");
    char *part = take_text(pattern, n);
    if (!strpbrk(part, "*?[")) {
        char *path = join(folder, without_escapes(pattern, n));
        if (lstat(path, &st) == 0)
            search(path, pattern + n, found, count);
        return;
    }
    char **names;
    int names_count = list_folder(*folder ? folder : ".", 1, &names);
    for (int i = 0; i < names_count; i++) {
        char *path = join(folder, names[i]);
        if ((names[i][0] != '.' || *part == '.') && matches(part, names[i]) &&
            (!pattern[n] || (stat(path, &st) == 0 && S_ISDIR(st.st_mode))))
            search(path, pattern + n, found, count);
        free(names[i]);
    }
    if (names_count >= 0)
        free(names);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void find_files(const char *pattern, char ***found, int *count)
{
    *found = NULL;
    *count = 0;
    search("", pattern, found, count);
    qsort(*found, *count, sizeof(char *), by_text);
}
