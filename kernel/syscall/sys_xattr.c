/* Extended attributes, of which no file here has any. A program that would like to have some hears of it as on any of Linux's file systems
   without them: EOPNOTSUPP, and an empty list, after whatever else is wrong with its call. */
#include "fs/context.h"
#include "fs/inode.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/uaccess.h"
#include "syscall/calls.h"
#include "syscall/sys_path.h"

#define XATTR_NAME_MAX 255
#define XATTR_SIZE_MAX 65536
#define XATTR_FLAGS 3 /* XATTR_CREATE, XATTR_REPLACE */

/* What is asked for: to read (MAY_READ) or to change (MAY_WRITE) an attribute, or with a value, whatever it is, to set it. */
struct wish {
    u32 want;
    uptr name, value;
    size_t size;
    int flags;
};

static bool begins(const char *name, const char *with)
{
    return !strncmp(name, with, strlen(with));
}

/* Whether the process might, if there were any. */
static int permission(const struct inode *inode, const char *name, u32 want)
{
    int refused = want == MAY_WRITE ? -EPERM : -ENODATA;

    if (begins(name, "system."))
        return 0;
    if (begins(name, "security."))
        return current_fs()->euid && want == MAY_WRITE ? -EPERM : 0;
    if (begins(name, "trusted."))
        return current_fs()->euid ? refused : 0;
    if (begins(name, "user.") && !inode_is(inode, S_IFREG) && !inode_is(inode, S_IFDIR))
        return refused;
    return inode_permission(inode, want);
}

static int look_at(uptr value, size_t size)
{
    char piece[256];
    int error = size > XATTR_SIZE_MAX ? -E2BIG : 0;

    for (size_t at = 0; !error && at < size; at += sizeof(piece))
        error = copyin(piece, value + at, min(sizeof(piece), size - at));
    return error;
}

static int check(const struct inode *inode, const struct wish *wish)
{
    char name[XATTR_NAME_MAX + 1];
    s64 length = wish->flags & ~XATTR_FLAGS ? -EINVAL : copyin_string(name, wish->name, sizeof(name));
    int error;

    if (!length || length == -ENAMETOOLONG)
        return -ERANGE;
    if (length < 0)
        return (int)length;
    error = look_at(wish->value, wish->size);
    return error ? error : permission(inode, name, wish->want);
}

/* error: of looking the file up; if it is 0, the file's reference is given back. */
static s64 refuse(int error, struct inode *inode, struct wish wish)
{
    if (error)
        return error;
    error = check(inode, &wish);
    inode_put(inode);
    return error ? error : -EOPNOTSUPP;
}

static s64 nothing(int error, struct inode *inode)
{
    if (!error)
        inode_put(inode);
    return error;
}

static int along(uptr path, struct inode **found)
{
    return sys_find(AT_FDCWD, path, 0, 0, found);
}

static int the_link(uptr path, struct inode **found)
{
    return sys_find(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, AT_SYMLINK_NOFOLLOW, found);
}

s64 sys_setxattr(uptr path, uptr name, uptr value, size_t size, int flags)
{
    struct inode *inode = NULL;
    int error = along(path, &inode);

    return refuse(error, inode, (struct wish){ MAY_WRITE, name, value, size, flags });
}

s64 sys_lsetxattr(uptr path, uptr name, uptr value, size_t size, int flags)
{
    struct inode *inode = NULL;
    int error = the_link(path, &inode);

    return refuse(error, inode, (struct wish){ MAY_WRITE, name, value, size, flags });
}

s64 sys_fsetxattr(int fd, uptr name, uptr value, size_t size, int flags)
{
    struct inode *inode = NULL;
    int error = sys_find_fd(fd, &inode);

    return refuse(error, inode, (struct wish){ MAY_WRITE, name, value, size, flags });
}

s64 sys_getxattr(uptr path, uptr name, uptr to, size_t size)
{
    struct inode *inode = NULL;
    int error = along(path, &inode);

    (void)to, (void)size;
    return refuse(error, inode, (struct wish){ .want = MAY_READ, .name = name });
}

s64 sys_lgetxattr(uptr path, uptr name, uptr to, size_t size)
{
    struct inode *inode = NULL;
    int error = the_link(path, &inode);

    (void)to, (void)size;
    return refuse(error, inode, (struct wish){ .want = MAY_READ, .name = name });
}

s64 sys_fgetxattr(int fd, uptr name, uptr to, size_t size)
{
    struct inode *inode = NULL;
    int error = sys_find_fd(fd, &inode);

    (void)to, (void)size;
    return refuse(error, inode, (struct wish){ .want = MAY_READ, .name = name });
}

s64 sys_listxattr(uptr path, uptr to, size_t size)
{
    struct inode *inode = NULL;
    int error = along(path, &inode);

    (void)to, (void)size;
    return nothing(error, inode);
}

s64 sys_llistxattr(uptr path, uptr to, size_t size)
{
    struct inode *inode = NULL;
    int error = the_link(path, &inode);

    (void)to, (void)size;
    return nothing(error, inode);
}

s64 sys_flistxattr(int fd, uptr to, size_t size)
{
    struct inode *inode = NULL;
    int error = sys_find_fd(fd, &inode);

    (void)to, (void)size;
    return nothing(error, inode);
}

s64 sys_removexattr(uptr path, uptr name)
{
    struct inode *inode = NULL;
    int error = along(path, &inode);

    return refuse(error, inode, (struct wish){ .want = MAY_WRITE, .name = name });
}

s64 sys_lremovexattr(uptr path, uptr name)
{
    struct inode *inode = NULL;
    int error = the_link(path, &inode);

    return refuse(error, inode, (struct wish){ .want = MAY_WRITE, .name = name });
}

s64 sys_fremovexattr(int fd, uptr name)
{
    struct inode *inode = NULL;
    int error = sys_find_fd(fd, &inode);

    return refuse(error, inode, (struct wish){ .want = MAY_WRITE, .name = name });
}
