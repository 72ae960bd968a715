/* exec of what a path leads to. A script names the program that reads it in its first line; that may be a script again. Each level
   puts two words, the program and what follows it in the line, in front of the arguments, and takes the first of those away. */
#include "proc/exec_path.h"
#include "fs/names.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "mm/uaccess.h"
#include "proc/files.h"

#define SCRIPTS_MAX 5
#define LINE_MAX 256 /* bytes of a script's first line */

/* What comes in front of the arguments. */
struct plan {
    char *name;                             /* what the program is called by, a path; the caller's buffer */
    unsigned scripts;                       /* how many there were */
    char line[SCRIPTS_MAX + 1][LINE_MAX + 1]; /* their first lines, from "#!" on, words ended by 0 bytes; one too many is read */
    char *program[SCRIPTS_MAX + 1], *word[SCRIPTS_MAX + 1]; /* the two words of each; word may be NULL */
    char first[PATH_MAX];                   /* the path that exec was called with */
};

struct file *exec_open(char *path, int *error)
{
    struct inode *inode = NULL;
    struct file *file = NULL;

    *error = path_find(AT_FDCWD, path, 0, &inode);
    if (!*error)
        *error = inode_is(inode, S_IFREG) ? inode_permission(inode, MAY_EXEC) : -EACCES;
    if (!*error && __atomic_load_n(&inode->writers, __ATOMIC_RELAXED))
        *error = -ETXTBSY;
    if (!*error)
        file = fs_open_inode(inode, O_RDONLY, error);
    else
        inode_put(inode);
    if (file)
        file->executed = true;
    return file;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Takes the first line of a script apart: "#!program word", blanks around the words; the word may have blanks in it. */
static int parse_line(struct plan *plan, size_t n)
{
    char *line = plan->line[plan->scripts], *at = line + 2, *end = line;
    bool ends, cut;

    while (end < line + n && *end != '\n')
        end++;
    cut = end == line + LINE_MAX;
    ends = cut || end < line + n;
    while (end > at && is_blank(end[-1]))
        end--;
    *end = 0;
    while (is_blank(*at))
        at++;
    if (!*at)
        return ends ? -ENOEXEC : -EACCES; /* the end of the file in place of the line's: the name is empty, and so a folder's */
    plan->program[plan->scripts] = at;
    while (*at && !is_blank(*at))
        at++;
    if (at == line + LINE_MAX)
        return -ENOEXEC; /* of a line that is too long the name at least has to be known whole */
    if (*at)
        *at++ = 0;
    while (is_blank(*at))
        at++;
    plan->word[plan->scripts++] = *at ? at : NULL;
    return 0;
}

/* Opens the program behind all scripts. path is used up. */
static struct file *find_program(struct plan *plan, char *path, int *error)
{
    for (;;) {
        struct file *file = exec_open(path, error);
        char *line = plan->line[plan->scripts];
        char head[2] = { 0 };
        struct io io = io_kernel(head, sizeof(head));
        u64 from = 0;
        s64 n;

        if (!file)
            return NULL;
        if (plan->scripts > SCRIPTS_MAX) {
            *error = -ELOOP;
            file_put(file);
            return NULL;
        }
        io.pos = &from;
        n = file_read(file, &io);
        if (n != sizeof(head) || head[0] != '#' || head[1] != '!')
            return file;
        io = io_kernel(line, LINE_MAX);
        from = 0;
        io.pos = &from;
        n = file_read(file, &io);
        *error = n < 0 ? (int)n : parse_line(plan, (size_t)n);
        file_put(file);
        if (*error)
            return NULL;
        string_copy(path, plan->program[plan->scripts - 1], PATH_MAX);
    }
}

/* n strings of the kernel's, which follow each other from s on. Returns what follows them; NULL with *error. */
static const char *add_given(struct exec_strings *strings, const char *s, unsigned n, int *error)
{
    for (; n && !*error; n--, s += strlen(s) + 1)
        *error = exec_strings_add(strings, s);
    return *error ? NULL : s;
}

static int collect_given(struct exec_strings *strings, const struct exec_strings *given, unsigned skip)
{
    const char *s = frame_to_virt(given->block);
    int error = 0;

    for (unsigned i = 0; i < skip; i++)
        s += strlen(s) + 1;
    s = add_given(strings, s, given->argc - skip, &error);
    if (s)
        add_given(strings, s, given->envc, &error);
    strings->argc += given->argc - skip;
    strings->envc = given->envc;
    return error;
}

static int collect_user(struct exec_strings *strings, uptr argv, uptr envp, unsigned skip)
{
    uptr first = 0;
    int n = 0;

    if (skip && argv && copyin(&first, argv, sizeof(first)))
        return -EFAULT;
    if (!skip || first)
        n = exec_strings_copy(strings, argv + (first ? sizeof(first) : 0));
    if (n < 0)
        return n;
    strings->argc += (unsigned)n;
    if (!strings->argc) { /* every program may rely on having a name */
        n = exec_strings_add(strings, "");
        strings->argc = 1;
    }
    if (n < 0)
        return n;
    n = exec_strings_copy(strings, envp);
    strings->envc = (unsigned)max(n, 0);
    return min(n, 0);
}

/* What the scripts' lines put in front: of the last one first. */
static int collect_words(struct exec_strings *strings, const struct plan *plan)
{
    int error = 0;

    for (unsigned i = plan->scripts; i > 0 && !error; i--) {
        error = exec_strings_add(strings, plan->program[i - 1]);
        strings->argc++;
        if (!error && plan->word[i - 1]) {
            error = exec_strings_add(strings, plan->word[i - 1]);
            strings->argc++;
        }
    }
    if (!error && plan->scripts) {
        error = exec_strings_add(strings, plan->first); /* in place of the first argument */
        strings->argc++;
    }
    return error;
}

/* The new program's arguments and environment. */
static int collect(struct exec_strings *strings, const struct plan *plan, uptr argv, uptr envp, const struct exec_strings *given)
{
    unsigned skip = plan->scripts ? 1 : 0;
    int error = collect_words(strings, plan);

    if (error)
        return error;
    return given ? collect_given(strings, given, skip) : collect_user(strings, argv, envp, skip);
}

/* A script's own set-id bits mean nothing: between the look at it and its being read, somebody could put another text in its place. */
struct image exec_image(struct file *file)
{
    struct inode *inode = file->inode;
    struct image image = { .ops = &file_vm_ops, .object = file, .secret = inode_permission(inode, MAY_READ) != 0 };

    mutex_lock(&inode->lock);
    image.size = inode->size;
    image.mode = inode->mode;
    image.uid = inode->uid;
    image.gid = inode->gid;
    mutex_unlock(&inode->lock);
    return image;
}

int process_exec_path(char *path, uptr argv, uptr envp, const struct exec_strings *given)
{
    struct exec_strings strings = { 0 };
    struct plan *plan = kmalloc(sizeof(*plan));
    struct file *file;
    int error;

    if (!plan)
        return -ENOMEM;
    string_copy(plan->first, path, sizeof(plan->first));
    file = find_program(plan, path, &error);
    if (file && !error)
        error = collect(&strings, plan, argv, envp, given);
    if (file && !error) {
        const struct image image = exec_image(file);

        error = file->ops->page ? process_exec(&image, plan->first, &strings) : -EACCES;
    }
    if (file)
        file_put(file);
    exec_strings_free(&strings);
    kfree(plan);
    return error;
}
