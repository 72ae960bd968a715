/* System calls on mounts and on the machine's name. The two file systems that there are lie where they were put at start: what is asked of
   them is checked as Linux does it, and answered as if somebody used them. */
#include "fs/path.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/uaccess.h"
#include "proc/cred.h"
#include "proc/info.h"
#include "syscall/calls.h"
#include "syscall/sys_path.h"

#define MS_REMOUNT 0x20
#define MS_IGNORED 0x318080 /* MS_SILENT, I_VERSION, RELATIME, STRICTATIME: they change nothing here */
#define UMOUNT_FLAGS 0xf    /* MNT_FORCE, MNT_DETACH, MNT_EXPIRE, UMOUNT_NOFOLLOW */

/* Whether a file system begins at the inode, and which. */
static const char *mounted_at(const struct inode *inode)
{
    if (inode == tree_root)
        return "tmpfs";
    return inode_is(inode, S_IFDIR) && inode->parent == tree_root && inode->dev != tree_root->dev ? "proc" : NULL;
}

static int mount_new(const char *type, const struct inode *at)
{
    const char *there = mounted_at(at);

    if (!*type)
        return -EINVAL;
    if (strcmp(type, "proc") && strcmp(type, "tmpfs"))
        return -ENODEV;
    if (!inode_is(at, S_IFDIR))
        return -ENOTDIR;
    return there && !strcmp(type, there) ? -EBUSY : -EINVAL;
}

static int mount_at(const struct inode *at, const char *type, u64 flags)
{
    if (!capable(CAP_SYS_ADMIN))
        return -EPERM;
    if (flags & ~(u64)(MS_REMOUNT | MS_IGNORED))
        return -EINVAL;
    if (flags & MS_REMOUNT)
        return mounted_at(at) ? 0 : -EINVAL;
    return mount_new(type, at);
}

s64 sys_mount(uptr source, uptr target, uptr type, u64 flags, uptr data)
{
    struct inode *inode = NULL;
    char *of_type = NULL, *from = NULL, *path = NULL;
    int error = 0;

    (void)data;
    of_type = type ? sys_path(type, &error) : NULL;
    if (!error && source)
        from = sys_path(source, &error);
    if (!error)
        path = sys_path(target, &error);
    if (path)
        error = path_find(AT_FDCWD, path, 0, &inode);
    if (inode)
        error = mount_at(inode, of_type ? of_type : "", flags);
    inode_put(inode);
    path_free(path);
    path_free(from);
    path_free(of_type);
    return error;
}

s64 sys_umount2(uptr target, u32 flags)
{
    struct inode *inode = NULL;
    char *path;
    int error;

    if (flags & ~UMOUNT_FLAGS)
        return -EINVAL;
    path = sys_path(target, &error);
    if (path)
        error = path_find(AT_FDCWD, path, 0, &inode);
    if (inode && !capable(CAP_SYS_ADMIN))
        error = -EPERM;
    else if (inode)
        error = mounted_at(inode) ? -EBUSY : -EINVAL;
    inode_put(inode);
    path_free(path);
    return error;
}

/* --- names ---------------------------------------------------------------------------------------------------------------------------- */

static int set_name(char *which, uptr name, int length)
{
    char text[IDENTITY_MAX + 1] = "";

    if (!capable(CAP_SYS_ADMIN))
        return -EPERM;
    if (length < 0 || length > IDENTITY_MAX)
        return -EINVAL;
    if (copyin(text, name, (size_t)length))
        return -EFAULT;
    identity_set(which, text);
    return 0;
}

s64 sys_sethostname(uptr name, int length)
{
    return set_name(kernel_identity.node, name, length);
}

s64 sys_setdomainname(uptr name, int length)
{
    return set_name(kernel_identity.domain, name, length);
}
