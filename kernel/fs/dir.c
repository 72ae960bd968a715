/* Reading directories. Lock: tree_lock, for entries and for positions. */
#include "fs/dir.h"
#include "lib/errno.h"
#include "lib/string.h"

bool dir_emit(struct dir_sink *sink, struct name name, u64 ino, u32 mode, u64 next)
{
    size_t length = align_up(offsetof(struct dirent64, name) + name.length + 1, sizeof(u64));
    struct dirent64 *entry = (struct dirent64 *)sink->at;

    sink->refused = length > sink->left;
    if (sink->refused)
        return false;
    memset(sink->at + length - sizeof(u64), 0, sizeof(u64));
    entry->ino = ino;
    entry->next = (s64)next;
    entry->length = (u16)length;
    entry->type = (u8)(mode >> 12);
    memcpy(entry->name, name.text, name.length);
    entry->name[name.length] = 0;
    sink->at += length;
    sink->left -= length;
    return true;
}

bool dir_emit_dots(struct file *file, struct dir_sink *sink)
{
    struct inode *dir = file->inode;

    if (file->offset == 0) {
        if (!dir_emit(sink, (struct name){ ".", 1 }, dir->ino, S_IFDIR, 1))
            return false;
        file->offset = 1;
    }
    if (file->offset == 1) {
        if (!dir_emit(sink, (struct name){ "..", 2 }, dir->parent ? dir->parent->ino : dir->ino, S_IFDIR, 2))
            return false;
        file->offset = 2;
    }
    return true;
}

s64 dir_entries(struct file *file, char *buf, size_t size)
{
    struct dir_sink sink = { .at = buf, .left = size };
    int error = -ENOENT;

    if (!file->inode || !file->ops->readdir)
        return -ENOTDIR;
    mutex_lock(&tree_lock);
    if (file->inode->nlink)
        error = file->ops->readdir(file, &sink);
    mutex_unlock(&tree_lock);
    if (error)
        return error;
    return sink.at == buf && sink.refused ? -EINVAL : sink.at - buf;
}

s64 dir_read(struct file *file, struct io *io)
{
    (void)file, (void)io;
    return -EISDIR;
}

s64 dir_lseek(struct file *file, s64 offset, int whence)
{
    s64 result = -EINVAL;

    mutex_lock(&tree_lock);
    if (whence == SEEK_SET || whence == SEEK_CUR)
        result = file_seek(file, whence == SEEK_CUR ? file->offset : 0, offset);
    mutex_unlock(&tree_lock);
    return result;
}
