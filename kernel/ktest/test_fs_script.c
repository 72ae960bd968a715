/* Calls on files as a script says that stands at the console: a line a call, `name argument ...`. Numbers are decimal, 0x... or negative,
   and "" is the empty text. For each line RESULT (line, what the call returned), before it what it gave as NOTE facts. So the grader makes
   up the calls, and compares with what Linux does. */
#include "base/printk.h"
#include "fs/context.h"
#include "fs/dir.h"
#include "fs/flock.h"
#include "fs/pipe.h"
#include "fs/poll.h"
#include "ktest/ktest.h"
#include "ktest/test_fs_tools.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/failalloc.h"
#include "mm/slab.h"

#define LINE_MAX 16384
#define WORDS_MAX 8
#define DATA_MAX 65536

struct words {
    unsigned n;
    char *word[WORDS_MAX];
};

struct call {
    const char *name;
    s64 (*run)(const struct words *w);
};

static char *data; /* DATA_MAX bytes */

static const char *text(const struct words *w, unsigned i)
{
    const char *word = i < w->n ? w->word[i] : "";

    return strcmp(word, "\"\"") ? word : "";
}

static s64 number(const struct words *w, unsigned i)
{
    const char *word = text(w, i);
    u64 value = 0;

    (void)parse_u64(word + (*word == '-'), &value);
    return *word == '-' ? -(s64)value : (s64)value;
}

static struct fd_table *fds(void)
{
    return current_fs()->fds;
}

/* The path that a word is, in a buffer of its own. NULL: no memory, or too long for the line. */
static char *path_word(const struct words *w, unsigned i)
{
    char *path = path_buffer();

    if (path)
        string_copy(path, text(w, i), PATH_MAX);
    return path;
}

static s64 with_path(const struct words *w, unsigned i, s64 (*call)(const struct words *, char *))
{
    char *path = path_word(w, i);
    s64 result = path ? call(w, path) : -ENOMEM;

    path_free(path);
    return result;
}

/* --- open files --- */

static s64 open_at(const struct words *w, char *path)
{
    int error = fd_room(fds());
    struct file *file = error ? NULL : fs_open((int)number(w, 1), path, (u32)number(w, 3), (u32)number(w, 4), &error);
    int fd = file ? fd_install_from(fds(), file, 0, number(w, 3) & O_CLOEXEC) : error;

    if (fd < 0 && file)
        file_put(file);
    return fd;
}

static s64 run_open(const struct words *w)
{
    return with_path(w, 2, open_at);
}

static s64 run_close(const struct words *w)
{
    return fd_close(fds(), (int)number(w, 1));
}

static s64 run_dup2(const struct words *w)
{
    return fd_dup_to(fds(), (int)number(w, 1), (int)number(w, 2), false);
}

static s64 run_dup_from(const struct words *w)
{
    struct file *file = fd_file(fds(), (int)number(w, 1));
    int fd = file ? fd_install_from(fds(), file, (int)number(w, 2), number(w, 3)) : -EBADF;

    if (fd < 0 && file)
        file_put(file);
    return fd;
}

static s64 run_limit(const struct words *w)
{
    fds()->limit = (int)number(w, 1);
    return 0;
}

static s64 run_exec(const struct words *w)
{
    (void)w;
    fd_close_on_exec(fds());
    return 0;
}

/* Moves n bytes: read or write, FD N SEED [POSITION]. */
static s64 move(const struct words *w, s64 (*mover)(struct file *, struct io *))
{
    struct file *file = fd_file(fds(), (int)number(w, 1));
    struct io io = io_kernel(data, min((size_t)number(w, 2), (size_t)DATA_MAX));
    u64 pos = (u64)number(w, 4);
    s64 result;

    if (!file)
        return -EBADF;
    if (w->n > 4)
        io.pos = &pos;
    result = w->n > 4 && !file->ops->lseek ? -ESPIPE : mover(file, &io);
    file_put(file);
    return result;
}

static s64 run_write(const struct words *w)
{
    u8 byte = (u8)number(w, 3);

    for (size_t i = 0; i < min((size_t)number(w, 2), (size_t)DATA_MAX); i++)
        data[i] = (char)(byte += 7);
    return move(w, file_write);
}

static s64 run_read(const struct words *w)
{
    s64 n = move(w, file_read);

    if (n > 0)
        fact(FACT_NOTE, (u64)n, fs_hash(data, (size_t)n));
    return n;
}

static s64 run_lseek(const struct words *w)
{
    struct file *file = fd_file(fds(), (int)number(w, 1));
    s64 result;

    if (!file)
        return -EBADF;
    result = file->ops->lseek ? file->ops->lseek(file, number(w, 2), (int)number(w, 3)) : -ESPIPE;
    file_put(file);
    return result;
}

static s64 run_flock(const struct words *w)
{
    struct file *file = fd_file(fds(), (int)number(w, 1));
    s64 result;

    if (!file)
        return -EBADF;
    result = fs_flock(file, (u32)number(w, 2), false);
    file_put(file);
    return result;
}

static s64 run_pipe(const struct words *w)
{
    struct file *file[2];
    int error = pipe_new(&file[0], &file[1], (u32)number(w, 1));

    if (error)
        return error;
    error = fd_install(fds(), file[0]);
    return error << 8 | fd_install(fds(), file[1]);
}

/* FD EVENTS [MILLISECONDS] */
static s64 run_poll(const struct words *w)
{
    struct pollfd p = { .fd = (int)number(w, 1), .events = (u16)number(w, 2) };
    s64 n = fs_poll(&p, 1, clock_ns() + (u64)number(w, 3) * NS_PER_MS);

    return n < 0 ? n : p.revents;
}

/* The entries that one getdents64() with so much room gives: how many, and the sum of their names' hashes. */
static s64 run_readdir(const struct words *w)
{
    struct file *file = fd_file(fds(), (int)number(w, 1));
    u64 sum = 0;
    s64 bytes, n = 0;

    if (!file)
        return -EBADF;
    bytes = dir_entries(file, data, (size_t)number(w, 2));
    file_put(file);
    if (bytes < 0)
        return bytes;
    for (const char *at = data; at < data + bytes; n++) {
        const struct dirent64 *entry = (const struct dirent64 *)at;

        sum += fs_hash(entry->name, strlen(entry->name)) + entry->type;
        at += entry->length;
    }
    fact(FACT_NOTE, (u64)n, sum);
    return n;
}

/* --- names --- */

static s64 make_directory(const struct words *w, char *path)
{
    return fs_make(AT_FDCWD, path, S_IFDIR | ((u32)number(w, 2) & S_ALL), 0, NULL);
}

static s64 run_mkdir(const struct words *w)
{
    return with_path(w, 1, make_directory);
}

static s64 make_node(const struct words *w, char *path)
{
    return fs_make(AT_FDCWD, path, (u32)number(w, 2), (u32)number(w, 3), NULL);
}

static s64 run_mknod(const struct words *w)
{
    return with_path(w, 1, make_node);
}

static s64 make_symlink(const struct words *w, char *path)
{
    return *text(w, 1) ? fs_make(AT_FDCWD, path, S_IFLNK, 0, text(w, 1)) : -ENOENT;
}

static s64 run_symlink(const struct words *w)
{
    return with_path(w, 2, make_symlink);
}

static s64 remove_at(const struct words *w, char *path)
{
    return fs_unlink((int)number(w, 1), path, (u32)number(w, 3));
}

static s64 run_unlink(const struct words *w)
{
    return with_path(w, 2, remove_at);
}

static s64 two_names(const struct words *w, int (*change)(int, char *, int, char *, u32))
{
    char *from = path_word(w, 1), *to = path_word(w, 2);
    s64 result = from && to ? change(AT_FDCWD, from, AT_FDCWD, to, (u32)number(w, 3)) : -ENOMEM;

    path_free(from);
    path_free(to);
    return result;
}

static s64 run_rename(const struct words *w)
{
    return two_names(w, fs_rename);
}

static s64 run_link(const struct words *w)
{
    return two_names(w, fs_link);
}

static s64 read_link(const struct words *w, char *path)
{
    s64 n = fs_readlink(AT_FDCWD, path, data, (size_t)number(w, 2));

    if (n > 0)
        fact(FACT_NOTE, (u64)n, fs_hash(data, (size_t)n));
    return n;
}

static s64 run_readlink(const struct words *w)
{
    return with_path(w, 1, read_link);
}

static s64 run_getcwd(const struct words *w)
{
    char *buffer = path_buffer(), *path;
    int error = -ENOMEM;
    s64 n = 0;

    (void)w;
    path = buffer ? path_of_cwd(buffer, &error) : NULL;
    if (path) {
        n = (s64)strlen(path) + 1;
        fact(FACT_NOTE, (u64)n, fs_hash(path, strlen(path)));
    }
    path_free(buffer);
    return path ? n : error;
}

/* --- attributes: of PATH, with FLAGS for finding it --- */

static s64 with_inode(const struct words *w, s64 (*call)(const struct words *, struct inode *))
{
    struct inode *inode;
    char *path = path_word(w, 1);
    s64 result = path ? path_find(AT_FDCWD, path, (u32)number(w, 2), &inode) : -ENOMEM;

    path_free(path);
    if (result)
        return result;
    result = call(w, inode);
    inode_put(inode);
    return result;
}

static s64 tell_stat(const struct words *w, struct inode *inode)
{
    struct stat st;

    (void)w;
    inode_stat(inode, &st);
    fact(FACT_NOTE, st.mode, inode_is(inode, S_IFDIR) ? 0 : (u64)st.size);
    fact(FACT_NOTE, st.nlink, (u64)st.uid << 32 | st.gid);
    return 0;
}

static s64 run_stat(const struct words *w)
{
    return with_inode(w, tell_stat);
}

static s64 change_mode(const struct words *w, struct inode *inode)
{
    return inode_chmod(inode, (u32)number(w, 3));
}

static s64 run_chmod(const struct words *w)
{
    return with_inode(w, change_mode);
}

static s64 change_owner(const struct words *w, struct inode *inode)
{
    return inode_chown(inode, (u32)number(w, 3), (u32)number(w, 4));
}

static s64 run_chown(const struct words *w)
{
    return with_inode(w, change_owner);
}

static s64 ask(const struct words *w, struct inode *inode)
{
    return inode_permission(inode, (u32)number(w, 3));
}

static s64 run_access(const struct words *w)
{
    return with_inode(w, ask);
}

static s64 resize(const struct words *w, struct inode *inode)
{
    return inode_truncate(inode, number(w, 3));
}

static s64 run_truncate(const struct words *w)
{
    return with_inode(w, resize);
}

static s64 enter(const struct words *w, struct inode *inode)
{
    (void)w;
    return fs_chdir(inode_get(inode));
}

static s64 run_chdir(const struct words *w)
{
    return with_inode(w, enter);
}

static s64 run_user(const struct words *w)
{
    struct fs_context *fs = current_fs();

    fs->euid = (u32)number(w, 1);
    fs->egid = (u32)number(w, 2);
    return 0;
}

static s64 run_umask(const struct words *w)
{
    current_fs()->umask = (u32)number(w, 1);
    return 0;
}

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

static const struct call calls[] = {
    { "open", run_open }, { "close", run_close }, { "dup2", run_dup2 }, { "dupfrom", run_dup_from }, { "limit", run_limit },
    { "exec", run_exec }, { "read", run_read }, { "write", run_write }, { "lseek", run_lseek }, { "flock", run_flock },
    { "pipe", run_pipe }, { "poll", run_poll }, { "readdir", run_readdir }, { "mkdir", run_mkdir }, { "mknod", run_mknod },
    { "symlink", run_symlink }, { "unlink", run_unlink }, { "rename", run_rename }, { "link", run_link }, { "readlink", run_readlink },
    { "getcwd", run_getcwd }, { "stat", run_stat }, { "chmod", run_chmod }, { "chown", run_chown }, { "access", run_access },
    { "truncate", run_truncate }, { "chdir", run_chdir }, { "user", run_user }, { "umask", run_umask }, { "archive", run_archive },
    { "unpack", run_unpack }, { "spoil", run_spoil }, { "hear", run_hear }, { "mode", run_mode },
};

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
        if (!strcmp(calls[i].name, w->word[0]))
            return calls[i].run(w);
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

    data = kmalloc(DATA_MAX);
    if (line && data)
        result = open_three();
    if (!result)
        result = run_script(line);
    (void)failalloc_stop(); /* cleaning up must not fail */
    clean_up();
    kfree(line);
    kfree(data);
    return (int)result;
}
