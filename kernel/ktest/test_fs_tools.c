/* What the tests of files share (test_fs_tools.h). */
#include "ktest/test_fs_tools.h"
#include "fs/context.h"
#include "fs/dir.h"
#include "lib/string.h"

u64 fs_hash(const char *bytes, size_t n)
{
    u64 h = 0xcbf29ce484222325ul;

    for (size_t i = 0; i < n; i++)
        h = (h ^ (u8)bytes[i]) * 0x100000001b3ul;
    return h;
}

u64 fs_random(u64 *state)
{
    *state = *state * 6364136223846793005ul + 1442695040888963407ul; /* Knuth's linear congruential generator (MMIX) */
    return *state >> 33;
}

/* The first entry of a directory that is to go, its name in `path`. False: there is none. */
static bool first_entry(struct inode *dir, char *path, bool *directory)
{
    struct file file = { .ops = dir->file_ops, .inode = dir };
    char entries[640];
    s64 bytes;

    while ((bytes = dir_entries(&file, entries, sizeof(entries))) > 0)
        for (const char *at = entries; at < entries + bytes; at += ((const struct dirent64 *)at)->length) {
            const struct dirent64 *entry = (const struct dirent64 *)at;

            if (!strcmp(entry->name, ".") || !strcmp(entry->name, "..") || (dir == tree_root && !strcmp(entry->name, "dev")))
                continue;
            string_copy(path, entry->name, PATH_MAX);
            *directory = entry->type == S_IFDIR >> 12;
            return true;
        }
    return false;
}

static void remove_first(struct inode *dir, char *path, bool directory)
{
    (void)fs_chdir(inode_get(dir));
    (void)fs_unlink(AT_FDCWD, path, directory ? AT_REMOVEDIR : 0);
}

/* Down to something that can go: it goes. False: nothing is left. */
static bool remove_one(char *path)
{
    struct inode *dir = inode_get(tree_root), *child;
    bool directory, any;

    while ((any = first_entry(dir, path, &directory)) && directory) {
        (void)fs_chdir(inode_get(dir));
        if (path_find(AT_FDCWD, path, 0, &child))
            break;
        if (!first_entry(child, path, &directory)) {
            inode_put(child);
            (void)first_entry(dir, path, &directory);
            remove_first(dir, path, true);
            inode_put(dir);
            return true;
        }
        inode_put(dir);
        dir = child;
        (void)first_entry(dir, path, &directory);
    }
    if (any)
        remove_first(dir, path, directory);
    inode_put(dir);
    return any;
}

void fs_empty(void)
{
    char *path = path_buffer();

    while (path && remove_one(path))
        ;
    path_free(path);
    (void)fs_chdir(inode_get(tree_root));
}
