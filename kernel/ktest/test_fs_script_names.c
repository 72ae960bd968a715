/* Calls of a script on names, and on what belongs to a file whoever has it open: its mode, its owner, its size. And as whom. */
#include "ktest/test_fs_script.h"

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
    s64 n = fs_readlink(AT_FDCWD, path, script_data, (size_t)number(w, 2));

    if (n > 0)
        fact(FACT_NOTE, (u64)n, fs_hash(script_data, (size_t)n));
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

const struct call name_calls[] = {
    { "mkdir", run_mkdir }, { "mknod", run_mknod }, { "symlink", run_symlink }, { "unlink", run_unlink }, { "rename", run_rename },
    { "link", run_link }, { "readlink", run_readlink }, { "getcwd", run_getcwd }, { "stat", run_stat }, { "chmod", run_chmod },
    { "chown", run_chown }, { "access", run_access }, { "truncate", run_truncate }, { "chdir", run_chdir }, { "user", run_user },
    { "umask", run_umask }, { NULL, NULL },
};
