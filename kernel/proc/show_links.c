/* Where the links of /proc lead: to the running process, to a process's program and folder, to what its descriptors stand for. Locks:
   tree_lock is held (inode_ops.readlink); a process's space_lock is taken under it while its program is looked for. */
#include "fs/path.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "lib/string.h"
#include "proc/files.h"
#include "proc/show.h"
#include "proc/table.h"
#include "proc/user_thread.h"

static s64 put(char *to, size_t size, const char *text)
{
    size = min(size, strlen(text));
    memcpy(to, text, size);
    return (s64)size;
}

s64 lead_self(struct shown who, char *to, size_t size)
{
    char text[16];

    (void)who;
    format(text, sizeof(text), "%d", current_process()->pid);
    return put(to, size, text);
}

s64 lead_thread_self(struct shown who, char *to, size_t size)
{
    const struct process *me = current_process();
    char text[40];

    (void)who;
    format(text, sizeof(text), "%d/task/%d", me->pid, thread_user_id(me, current()));
    return put(to, size, text);
}

/* Where a file lies. */
static s64 put_path(char *to, size_t size, struct inode *inode)
{
    char *buf = path_buffer(), *path;
    int error = -ENOMEM;
    s64 result;

    path = buf ? path_of(inode, buf, &error) : NULL;
    result = path ? put(to, size, path) : error;
    path_free(buf);
    return result;
}

struct place {
    char *to;
    size_t size;
    s64 used;
};

/* The file that was executed: the first of those that are mapped to be. */
static void find_program(struct address_space *space, void *arg)
{
    struct place *place = arg;

    list_for_each(it, &space->regions) {
        const vm_region_t *region = list_entry(it, vm_region_t, link);
        const struct file *file = region->ops == &file_vm_ops ? region->object : NULL;

        if (file && file->executed && region->access & ACCESS_EXEC) {
            place->used = put_path(place->to, place->size, file->inode);
            return;
        }
    }
}

s64 lead_exe(struct shown who, char *to, size_t size)
{
    struct place place = { to, size, -ENOENT };
    int error = with_space(who.pid, find_program, &place);

    return error ? error : place.used;
}

s64 lead_cwd(struct shown who, char *to, size_t size)
{
    struct process *p = process_get(who.pid);
    s64 result = p && p->fs.cwd ? put_path(to, size, p->fs.cwd) : -ENOENT;

    if (p)
        process_put(p);
    return result;
}

s64 lead_root(struct shown who, char *to, size_t size)
{
    (void)who;
    return put(to, size, "/");
}

s64 lead_descriptor(pid_t pid, int fd, char *to, size_t size)
{
    struct file *file = descriptor(pid, fd);
    char text[64];
    s64 result;

    if (!file)
        return -ENOENT;
    if (file->inode && inode_is(file->inode, S_IFIFO))
        format(text, sizeof(text), "pipe:[%lu]", file->inode->ino);
    else
        string_copy(text, file->name, sizeof(text));
    result = file->inode ? put_path(to, size, file->inode) : -ENOENT;
    if (result == -ENOENT)
        result = put(to, size, text);
    file_put(file);
    return result;
}

int inode_of_descriptor(pid_t pid, int fd, struct inode **found)
{
    struct file *file = descriptor(pid, fd);

    if (!file)
        return -ENOENT;
    *found = file->inode ? inode_get(file->inode) : NULL;
    file_put(file);
    return *found ? 0 : -ENOENT;
}
