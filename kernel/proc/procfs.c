/* The file system /proc. Nothing of it is kept: a name that is looked up gets an inode of its own. What stands in its files: proc_text.c.
   Who there is: shown.c. Lock: tree_lock for names, as everywhere in fs. */
#include "proc/procfs.h"
#include "base/panic.h"
#include "fs/dir.h"
#include "fs/memfs.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "proc/show.h"

#define FIRST_FIXED 2   /* positions in a directory: "." and "..", then the names that are always there, ... */
#define FIRST_NUMBER 64 /* ... then numbers: processes, or descriptors */
#define INODES_EACH 0x10000ul /* inode numbers of one process, or thread */
#define THREADS_FROM (1ul << 32) /* threads stand behind all processes there */

struct proc_inode {
    struct inode inode;
    const struct proc_name *name; /* [c] NULL: a number in a directory of those */
    struct shown who;             /* [c] */
    int fd;                       /* [c] a descriptor's link */
};

struct proc_name {
    const char *name;
    u32 mode;
    int (*show)(struct text *to, struct shown who); /* of a file */
    const struct inode_ops *ops;
    const struct file_ops *files;
    s64 (*lead)(struct shown who, char *to, size_t size); /* of a link */
    const struct proc_name *inside; /* of a folder with names that are always there: so many; the first one's inode has this index */
    unsigned n, index;
};

static const struct inode_ops root_ops, process_ops, fds_ops, descriptor_ops, tasks_ops, folder_ops, leaf_ops;
static const struct file_ops root_files, process_files, fds_files, tasks_files, folder_files;

#define FILE(name, mode, show) { name, S_IFREG | (mode), show, &leaf_ops, &proc_text_files, NULL, NULL, 0, 0 }
#define TEXT(name) FILE(#name, 0444, show_##name)
#define LINK(name) { #name, S_IFLNK | 0777, NULL, &leaf_ops, &proc_text_files, lead_##name, NULL, 0, 0 }
#define OTHER(name, mode, show, ops, files) { name, mode, show, ops, files, NULL, NULL, 0, 0 }
#define FOLDER(name, inside, index) { name, S_IFDIR | 0555, NULL, &folder_ops, &folder_files, NULL, inside, array_len(inside), index }

/* /proc/sys: to be read alone. */
static const struct proc_name of_random[] = { TEXT(boot_id), TEXT(uuid) };
static const struct proc_name of_kernel[] = {
    FOLDER("random", of_random, 64), TEXT(ostype), TEXT(osrelease), FILE("version", 0444, show_os_version), TEXT(hostname),
    TEXT(domainname), TEXT(pid_max), FILE("threads-max", 0444, show_threads_max),
};
static const struct proc_name of_sys[] = { FOLDER("kernel", of_kernel, 48) };

static const struct proc_name of_system[] = {
    FOLDER("sys", of_sys, 32), LINK(self),
    FILE("stat", 0444, show_system_stat), TEXT(meminfo), TEXT(uptime), TEXT(loadavg),
    TEXT(version), TEXT(cpuinfo), TEXT(mounts), TEXT(filesystems), FILE("schedstat", 0444, show_system_schedstat),
    FILE("kmsg", 0400, show_kmsg), TEXT(swaps), TEXT(diskstats),
    { "thread-self", S_IFLNK | 0777, NULL, &leaf_ops, &proc_text_files, lead_thread_self, NULL, 0, 0 },
};

/* A thread has all but the first. */
static const struct proc_name of_process[] = {
    OTHER("task", S_IFDIR | 0555, NULL, &tasks_ops, &tasks_files), OTHER("fd", S_IFDIR | 0500, NULL, &fds_ops, &fds_files),
    LINK(exe), LINK(cwd), LINK(root), FILE("environ", 0400, show_environ),
    TEXT(stat), TEXT(status), TEXT(statm), FILE("maps", 0400, show_maps), TEXT(cmdline),
    OTHER("comm", S_IFREG | 0644, show_comm, &leaf_ops, &proc_comm_files), TEXT(sched), TEXT(schedstat), TEXT(oom_score), TEXT(mounts),
    TEXT(cgroup),
    OTHER("oom_score_adj", S_IFREG | 0644, show_oom_score_adj, &leaf_ops, &proc_oom_files),
};

static struct proc_inode root;
static struct slab_cache inode_cache;

static const struct proc_inode *of(const struct inode *inode)
{
    return container_of(inode, struct proc_inode, inode);
}

/* --- inodes -------------------------------------------------------------------------------------------------------------------------- */

/* An inode in directory dir. NULL with *error = -ENOMEM, or -ENOENT: the process has gone. */
static struct inode *make(struct inode *dir, const struct proc_inode *like, u32 mode, const struct inode_ops *ops,
                          const struct file_ops *files, int *error)
{
    struct proc_inode *made = slab_alloc(&inode_cache);
    u32 uid = 0, gid = 0;
    bool inside = mode != (S_IFDIR | 0555);

    *error = made ? 0 : -ENOMEM;
    if (made && like->who.pid && shown_owner(like->who, inside, &uid, &gid)) {
        slab_free(&inode_cache, made);
        *error = -ENOENT;
    }
    if (*error)
        return NULL;
    *made = *like;
    inode_init(&made->inode, mode, ops, files);
    made->inode.dev = DEVICE_PROC;
    made->inode.uid = uid;
    made->inode.gid = gid;
    made->inode.nlink = (mode & S_IFMT) == S_IFDIR ? 2 : 1;
    made->inode.parent = inode_get(dir);
    return &made->inode;
}

static void free_inode(struct inode *inode)
{
    slab_free(&inode_cache, container_of(inode, struct proc_inode, inode));
}

/* The number of an inode: the same as long as what it shows is there. */
static u64 number_of(struct shown who, unsigned index)
{
    return (who.tid ? THREADS_FROM + (u64)who.tid : (u64)who.pid) * INODES_EACH + index + 1;
}

/* --- names --------------------------------------------------------------------------------------------------------------------------- */

/* A name that is a number without a leading zero: that; or -1. */
static int number_in(struct name name)
{
    u64 n = 0;

    if (!name.length || name.length > 9 || (name.text[0] == '0' && name.length > 1))
        return -1;
    for (size_t i = 0; i < name.length; i++) {
        if (name.text[i] < '0' || name.text[i] > '9')
            return -1;
        n = n * 10 + (u64)(name.text[i] - '0');
    }
    return (int)n;
}

/* Looks among the names that are always there. index: of the first one's inode. */
static int look_up_fixed(struct inode *dir, struct name name, const struct proc_name *names, size_t n, unsigned index, struct inode **found)
{
    struct proc_inode like = { .who = of(dir)->who };
    int error = -ENOENT;

    for (size_t i = 0; i < n; i++) {
        if (strlen(names[i].name) != name.length || memcmp(names[i].name, name.text, name.length))
            continue;
        like.name = &names[i];
        *found = make(dir, &like, names[i].mode, names[i].ops, names[i].files, &error);
        if (!error)
            (*found)->ino = number_of(like.who, index + (unsigned)i);
    }
    return error;
}

static int root_lookup(struct inode *dir, struct name name, struct inode **found)
{
    struct proc_inode like = { .who.pid = number_in(name) };
    int error;

    if (like.who.pid <= 0)
        return look_up_fixed(dir, name, of_system, array_len(of_system), 1, found);
    *found = make(dir, &like, S_IFDIR | 0555, &process_ops, &process_files, &error);
    if (!error)
        (*found)->ino = number_of(like.who, 0);
    return error;
}

static int process_lookup(struct inode *dir, struct name name, struct inode **found)
{
    size_t first = of(dir)->who.tid != 0;

    return look_up_fixed(dir, name, of_process + first, array_len(of_process) - first, 1, found);
}

static int folder_lookup(struct inode *dir, struct name name, struct inode **found)
{
    const struct proc_name *folder = of(dir)->name;

    return look_up_fixed(dir, name, folder->inside, folder->n, folder->index, found);
}

static int tasks_lookup(struct inode *dir, struct name name, struct inode **found)
{
    struct proc_inode like = { .who = { of(dir)->who.pid, number_in(name) } };
    int error;

    if (like.who.tid <= 0)
        return -ENOENT;
    *found = make(dir, &like, S_IFDIR | 0555, &process_ops, &process_files, &error);
    if (!error)
        (*found)->ino = number_of(like.who, 0);
    return error;
}

static int fds_lookup(struct inode *dir, struct name name, struct inode **found)
{
    struct proc_inode like = { .who = of(dir)->who, .fd = number_in(name) };
    int error;

    if (like.fd < 0 || shown_next_descriptor(like.who.pid, (u64)like.fd) != like.fd)
        return -ENOENT;
    *found = make(dir, &like, S_IFLNK | 0700, &descriptor_ops, &proc_text_files, &error);
    if (!error)
        (*found)->ino = number_of(like.who, FIRST_NUMBER + (unsigned)like.fd);
    return error;
}

/* A process's own affairs are nobody else's. */
static s64 leaf_readlink(struct inode *inode, char *buf, size_t size)
{
    const struct proc_inode *link = of(inode);

    if (link->who.pid && inode_owned(inode))
        return -EACCES;
    return link->name->lead(link->who, buf, size);
}

static s64 descriptor_readlink(struct inode *inode, char *buf, size_t size)
{
    const struct proc_inode *link = of(inode);

    return inode_owned(inode) ? -EACCES : lead_descriptor(link->who.pid, link->fd, buf, size);
}

static int descriptor_stands_for(struct inode *inode, struct inode **found)
{
    const struct proc_inode *link = of(inode);

    return inode_owned(inode) ? -EACCES : inode_of_descriptor(link->who.pid, link->fd, found);
}

/* What is written replaces what was there, anyway. */
static int leaf_truncate(struct inode *inode, u64 size)
{
    (void)inode, (void)size;
    return 0;
}

static size_t root_name(struct inode *dir, char *buf, bool *gone)
{
    (void)dir;
    *gone = false;
    memcpy(buf, "proc", 4);
    return 4;
}

static size_t process_name(struct inode *dir, char *buf, bool *gone)
{
    *gone = false;
    return (size_t)format(buf, NAME_MAX, "%d", of(dir)->who.tid ? of(dir)->who.tid : of(dir)->who.pid);
}

static size_t fixed_name(struct inode *inode, char *buf, bool *gone)
{
    *gone = false;
    return string_copy(buf, of(inode)->name->name, NAME_MAX);
}

static const struct inode_ops root_ops = { .lookup = root_lookup, .name = root_name, .free = free_inode };
static const struct inode_ops process_ops = { .lookup = process_lookup, .name = process_name, .free = free_inode };
static const struct inode_ops fds_ops = { .lookup = fds_lookup, .name = fixed_name, .free = free_inode };
static const struct inode_ops tasks_ops = { .lookup = tasks_lookup, .name = fixed_name, .free = free_inode };
static const struct inode_ops folder_ops = { .lookup = folder_lookup, .name = fixed_name, .free = free_inode };
static const struct inode_ops descriptor_ops = {
    .readlink = descriptor_readlink, .stands_for = descriptor_stands_for, .truncate = leaf_truncate, .free = free_inode,
};
static const struct inode_ops leaf_ops = { .readlink = leaf_readlink, .name = fixed_name, .truncate = leaf_truncate, .free = free_inode };

/* --- directories --------------------------------------------------------------------------------------------------------------------- */

/* The names that are always there; index: of the first one's inode. Returns false if one does not fit. */
static bool emit_fixed(struct file *file, struct dir_sink *sink, const struct proc_name *names, size_t n, unsigned index)
{
    if (!dir_emit_dots(file, sink))
        return false;
    for (; file->offset - FIRST_FIXED < n; file->offset++) {
        size_t i = file->offset - FIRST_FIXED;

        if (!dir_emit(sink, (struct name){ names[i].name, strlen(names[i].name) }, number_of(of(file->inode)->who, index + (unsigned)i),
                      names[i].mode, file->offset + 1))
            return false;
    }
    file->offset = max(file->offset, (u64)FIRST_NUMBER);
    return true;
}

static bool emit_number(struct file *file, struct dir_sink *sink, int number, u64 ino, u32 mode)
{
    char text[16];
    size_t length = (size_t)format(text, sizeof(text), "%d", number);

    if (!dir_emit(sink, (struct name){ text, length }, ino, mode, FIRST_NUMBER + (u64)number + 1))
        return false;
    file->offset = FIRST_NUMBER + (u64)number + 1;
    return true;
}

static int root_readdir(struct file *file, struct dir_sink *sink)
{
    pid_t pid;

    if (!emit_fixed(file, sink, of_system, array_len(of_system), 1))
        return 0;
    while ((pid = shown_next_process(file->offset - FIRST_NUMBER)) &&
           emit_number(file, sink, pid, number_of((struct shown){ pid, 0 }, 0), S_IFDIR))
        continue;
    return 0;
}

static int process_readdir(struct file *file, struct dir_sink *sink)
{
    size_t first = of(file->inode)->who.tid != 0;

    (void)emit_fixed(file, sink, of_process + first, array_len(of_process) - first, 1);
    return 0;
}

static int folder_readdir(struct file *file, struct dir_sink *sink)
{
    const struct proc_name *folder = of(file->inode)->name;

    (void)emit_fixed(file, sink, folder->inside, folder->n, folder->index);
    return 0;
}

static int tasks_readdir(struct file *file, struct dir_sink *sink)
{
    struct shown who = of(file->inode)->who;

    if (!emit_fixed(file, sink, NULL, 0, 1))
        return 0;
    while ((who.tid = shown_next_thread(who.pid, file->offset - FIRST_NUMBER)) &&
           emit_number(file, sink, who.tid, number_of(who, 0), S_IFDIR))
        continue;
    return 0;
}

static int fds_readdir(struct file *file, struct dir_sink *sink)
{
    struct shown who = of(file->inode)->who;
    int fd;

    if (!emit_fixed(file, sink, NULL, 0, 1))
        return 0;
    while ((fd = shown_next_descriptor(who.pid, file->offset - FIRST_NUMBER)) >= 0 &&
           emit_number(file, sink, fd, number_of(who, FIRST_NUMBER + (unsigned)fd), S_IFLNK))
        continue;
    return 0;
}

static const struct file_ops root_files = { .read = dir_read, .lseek = dir_lseek, .readdir = root_readdir };
static const struct file_ops process_files = { .read = dir_read, .lseek = dir_lseek, .readdir = process_readdir };
static const struct file_ops fds_files = { .read = dir_read, .lseek = dir_lseek, .readdir = fds_readdir };
static const struct file_ops folder_files = { .read = dir_read, .lseek = dir_lseek, .readdir = folder_readdir };
static const struct file_ops tasks_files = { .read = dir_read, .lseek = dir_lseek, .readdir = tasks_readdir };

/* --- files --------------------------------------------------------------------------------------------------------------------------- */

int proc_show(const struct inode *inode, struct text *to)
{
    return of(inode)->name->show(to, of(inode)->who);
}

struct shown proc_shown(const struct inode *inode)
{
    return of(inode)->who;
}

/* --- start --------------------------------------------------------------------------------------------------------------------------- */

void procfs_init(void)
{
    int error;

    slab_cache_init(&inode_cache, "/proc inode", sizeof(struct proc_inode));
    inode_init(&root.inode, S_IFDIR | 0555, &root_ops, &root_files);
    root.inode.dev = DEVICE_PROC;
    root.inode.nlink = 2;
    mutex_lock(&tree_lock);
    error = memfs_attach(tree_root, (struct name){ "proc", 4 }, &root.inode);
    mutex_unlock(&tree_lock);
    if (error)
        panic("procfs_init: no memory for /proc");
}
