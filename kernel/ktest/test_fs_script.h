/* What the calls of a script (test_fs_script.c) have in common: the words of its line, as text, numbers, paths, descriptors. */
#pragma once

#include "fs/context.h"
#include "ktest/ktest.h"
#include "ktest/test_fs_tools.h"
#include "lib/errno.h"
#include "lib/string.h"

#define WORDS_MAX 8
#define DATA_MAX 65536

struct words {
    unsigned n;
    char *word[WORDS_MAX];
};

/* A call returns what its line's RESULT is. */
struct call {
    const char *name;
    s64 (*run)(const struct words *w);
};

/* Each ended by one without a name. */
extern const struct call file_calls[]; /* on open files: test_fs_script_files.c */
extern const struct call name_calls[]; /* on names and attributes: test_fs_script_names.c */

extern char *script_data; /* DATA_MAX bytes, what is read and written */

static inline const char *text(const struct words *w, unsigned i)
{
    const char *word = i < w->n ? w->word[i] : "";

    return strcmp(word, "\"\"") ? word : "";
}

static inline s64 number(const struct words *w, unsigned i)
{
    const char *word = text(w, i);
    u64 value = 0;

    (void)parse_u64(word + (*word == '-'), &value);
    return *word == '-' ? -(s64)value : (s64)value;
}

static inline struct fd_table *fds(void)
{
    return current_fs()->fds;
}

/* The path that a word is, in a buffer of its own. NULL: no memory, or too long for the line. */
static inline char *path_word(const struct words *w, unsigned i)
{
    char *path = path_buffer();

    if (path)
        string_copy(path, text(w, i), PATH_MAX);
    return path;
}

static inline s64 with_path(const struct words *w, unsigned i, s64 (*call)(const struct words *, char *))
{
    char *path = path_word(w, i);
    s64 result = path ? call(w, path) : -ENOMEM;

    path_free(path);
    return result;
}
