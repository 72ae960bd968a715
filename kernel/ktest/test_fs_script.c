/* Calls on files as a script says that stands at the console: a line a call, `name argument ...`. Numbers are decimal, 0x... or negative,
   and "" is the empty text. For each line RESULT (line, what the call returned), before it what it gave as NOTE facts. So the grader makes
   up the calls, and compares with what Linux does. */
#include "base/printk.h"
#include "ktest/test_fs_script.h"
#include "mm/failalloc.h"
#include "mm/slab.h"

#define LINE_MAX 16384

char *script_data;

/* --- boot archives --- */

static s64 run_archive(const struct words *w)
{
    return fs_archive_take((size_t)number(w, 1));
}

static s64 run_unpack(const struct words *w)
{
    (void)w;
    return fs_archive_unpack();
}

static s64 run_spoil(const struct words *w)
{
    return fs_archive_spoil((u64)number(w, 1));
}

/* --- the terminal --- */

static s64 run_hear(const struct words *w)
{
    return fs_tty_hear((pid_t)number(w, 1), (pid_t)number(w, 2));
}

static s64 run_mode(const struct words *w)
{
    return fs_tty_mode((u32)number(w, 1), (u32)number(w, 2), (u8)number(w, 3), (u8)number(w, 4));
}

/* --- the script --- */

static const struct call other_calls[] = {
    { "archive", run_archive }, { "unpack", run_unpack }, { "spoil", run_spoil }, { "hear", run_hear }, { "mode", run_mode },
    { NULL, NULL },
};

static const struct call *const calls[] = { file_calls, name_calls, other_calls };

static void split(char *line, struct words *w)
{
    w->n = 0;
    while (*line && w->n < WORDS_MAX) {
        char *end = strchr(line, ' ');

        w->word[w->n++] = line;
        if (!end)
            break;
        *end = 0;
        line = end + 1;
    }
}

static s64 obey(const struct words *w)
{
    for (unsigned i = 0; i < array_len(calls); i++)
        for (const struct call *call = calls[i]; call->name; call++)
            if (!strcmp(call->name, w->word[0]))
                return call->run(w);
    return -ENOSYS;
}

static bool next_line(char *line)
{
    size_t n = 0;
    int c;

    while ((c = console_poll()) >= 0 && c != '\n')
        if (n < LINE_MAX - 1)
            line[n++] = (char)c;
    line[n] = 0;
    return n || c >= 0;
}

static s64 run_script(char *line)
{
    struct words w;
    u64 at = 0;

    while (next_line(line)) {
        s64 result;

        split(line, &w);
        result = obey(&w);
        if (result == -ENOMEM)
            return result;
        fact(FACT_RESULT, ++at, (u64)result);
    }
    return 0;
}

/* The descriptors that a process begins with: 0, 1 and 2. */
static int open_three(void)
{
    for (int fd = 0; fd < 3; fd++) {
        int error;
        struct file *file = file_open("null", &error);

        if (!file)
            return error;
        (void)fd_install(fds(), file);
    }
    return 0;
}

/* As it was before the first call. */
static void clean_up(void)
{
    struct fs_context *fs = current_fs();

    fs->euid = fs->egid = 0;
    fs->umask = 022;
    fd_close_all(fds());
    fs_tty_end();
    fs_empty();
    fs_archive_free();
}

KTEST(fs_script, "calls on files, as the script at the console says")
{
    char *line = kmalloc(LINE_MAX);
    s64 result = -ENOMEM;

    script_data = kmalloc(DATA_MAX);
    if (line && script_data)
        result = open_three();
    if (!result)
        result = run_script(line);
    (void)failalloc_stop(); /* cleaning up must not fail */
    clean_up();
    kfree(line);
    kfree(script_data);
    return (int)result;
}
