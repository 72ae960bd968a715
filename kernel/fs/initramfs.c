/* Unpacking a cpio archive. Its entries are a header of 110 characters, numbers in hexadecimal, the name with a 0 byte, and the contents;
   name and contents end on multiples of 4. Nothing that it says is believed: sizes are compared with what is left, and names stay below the
   root. No lock of its own. */
#include "fs/initramfs.h"
#include "base/printk.h"
#include "fs/names.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "lib/string.h"
#include "mm/slab.h"

#define HEADER 110
#define FIELDS 13
#define MAGIC "070701"
#define MAGIC_CHECKSUM "070702" /* the same with checksums, which are not looked at */
#define TRAILER "TRAILER!!!"

enum field { INO, MODE, UID, GID, NLINK, MTIME, SIZE, DEV_MAJOR, DEV_MINOR, RDEV_MAJOR, RDEV_MINOR, NAME_SIZE, CHECKSUM };

/* A file of several names that was unpacked: a further name is a link to it. The contents come with one of them, the last as a rule. */
struct linked {
    struct linked *next;
    u32 ino, dev;
    struct inode *inode; /* with a reference */
};

struct archive {
    const char *at;
    size_t left;
    const char *start;
    struct linked *linked;
    u32 field[FIELDS];  /* of the present entry, and: */
    const char *name;   /* without slashes at its beginning, ended by a 0 byte */
    const char *data;   /* SIZE bytes */
};

static int bad(const struct archive *a, const char *what)
{
    printk("initramfs: refused at byte %lu: %s; make it with `find . | cpio -o -H newc`\n", (u64)(a->at - a->start), what);
    return -EINVAL;
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 8 hexadecimal digits. Returns false if one is none. */
static bool number(const char *text, u32 *value)
{
    *value = 0;
    for (unsigned i = 0; i < 8; i++) {
        int d = digit(text[i]);

        if (d < 0)
            return false;
        *value = *value << 4 | (u32)d;
    }
    return true;
}

static bool climbs(const char *name)
{
    for (const char *part = name; part; part = strchr(part, '/')) {
        while (*part == '/')
            part++;
        if (part[0] == '.' && part[1] == '.' && (part[2] == '/' || !part[2]))
            return true;
    }
    return false;
}

static void advance(struct archive *a, size_t n)
{
    n = min(n, a->left);
    a->at += n;
    a->left -= n;
}

/* Reads an entry's header and name, and finds its contents. at stays at the header; *length: bytes of all of it. */
static int read_entry(struct archive *a, size_t *length)
{
    size_t data;

    if (a->left < HEADER)
        return bad(a, "the archive ends without its trailer");
    if (memcmp(a->at, MAGIC, 6) && memcmp(a->at, MAGIC_CHECKSUM, 6))
        return bad(a, "no header of a cpio archive in format newc");
    for (unsigned i = 0; i < FIELDS; i++)
        if (!number(a->at + 6 + 8 * i, &a->field[i]))
            return bad(a, "a number in the header is none");
    if (!a->field[NAME_SIZE] || a->field[NAME_SIZE] > PATH_MAX - 1 || a->field[NAME_SIZE] > a->left - HEADER)
        return bad(a, "a name is too long, or goes beyond the end");
    a->name = a->at + HEADER;
    if (strnlen(a->name, a->field[NAME_SIZE]) != a->field[NAME_SIZE] - 1)
        return bad(a, "a name is not as long as its header says");
    data = align_up(HEADER + a->field[NAME_SIZE], 4);
    if (data > a->left || a->field[SIZE] > a->left - data)
        return bad(a, "contents go beyond the end of the archive");
    a->data = a->at + data;
    *length = align_up(data + a->field[SIZE], 4);
    if (climbs(a->name))
        return bad(a, "a name leads out of the archive (..)");
    while (*a->name == '/' || (a->name[0] == '.' && a->name[1] == '/'))
        a->name++;
    return 0;
}

/* A path buffer with /NAME in it. */
static char *path_to(const char *name)
{
    char *path = path_buffer();

    if (path)
        format(path, PATH_MAX, "/%s", name);
    return path;
}

static int find(const char *name, struct inode **found)
{
    char *path = path_to(name);
    int error = path ? path_find(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, found) : -ENOMEM;

    path_free(path);
    return error;
}

static int make(const char *name, u32 mode, u32 rdev, const char *target)
{
    char *path = path_to(name);
    int error = path ? fs_make(AT_FDCWD, path, mode, rdev, target) : -ENOMEM;

    path_free(path);
    return error;
}

/* The directories above a name, where the archive does not list them itself. */
static int make_parents(const char *name)
{
    char *folder = path_buffer(), *slash;
    int error = folder ? 0 : -ENOMEM;

    if (error)
        return error;
    string_copy(folder, name, PATH_MAX);
    for (slash = strchr(folder, '/'); slash && !error; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        error = make(folder, S_IFDIR | 0755, 0, NULL);
        if (error == -EEXIST)
            error = 0;
        *slash = '/';
    }
    path_free(folder);
    return error;
}

static struct linked *find_linked(const struct archive *a)
{
    struct linked *l = a->linked;

    while (l && (l->ino != a->field[INO] || l->dev != (a->field[DEV_MAJOR] << 20 | a->field[DEV_MINOR])))
        l = l->next;
    return l;
}

static int remember_linked(struct archive *a, struct inode *inode)
{
    struct linked *l = kmalloc(sizeof(*l));

    if (!l)
        return -ENOMEM;
    *l = (struct linked){ a->linked, a->field[INO], a->field[DEV_MAJOR] << 20 | a->field[DEV_MINOR], inode_get(inode) };
    a->linked = l;
    return 0;
}

static int make_link(const struct archive *a, struct inode *inode)
{
    char *path = path_to(a->name);
    int error = path ? fs_link_inode(inode, path) : -ENOMEM;

    path_free(path);
    return error;
}

static int write_contents(const struct archive *a, struct inode *inode)
{
    int error;
    struct file *file = fs_open_inode(inode_get(inode), O_WRONLY | O_TRUNC, &error);
    struct io io = io_kernel(a->data, a->field[SIZE]);
    s64 written;

    if (!file)
        return error;
    written = file_write(file, &io);
    file_put(file);
    return written == (s64)a->field[SIZE] ? 0 : written < 0 ? (int)written : -ENOMEM;
}

/* A symbolic link's target has no 0 byte in the archive. */
static int make_symlink(const struct archive *a)
{
    char *target;
    int error;

    if (!a->field[SIZE] || a->field[SIZE] >= PATH_MAX)
        return bad(a, "a symbolic link leads to nothing, or too far");
    target = path_buffer();
    if (!target)
        return -ENOMEM;
    memcpy(target, a->data, a->field[SIZE]);
    target[a->field[SIZE]] = 0;
    error = make(a->name, S_IFLNK, 0, target);
    path_free(target);
    return error;
}

/* Owner, permissions and time as the archive has them. */
static void set_attributes(const struct archive *a, struct inode *inode)
{
    inode->uid = a->field[UID];
    inode->gid = a->field[GID];
    if (!inode_is(inode, S_IFLNK))
        inode->mode = (inode->mode & S_IFMT) | (a->field[MODE] & S_ALL);
    inode->mtime = inode->atime = a->field[MTIME] * NS_PER_SEC;
}

static int make_new(const struct archive *a)
{
    u32 mode = a->field[MODE];

    switch (mode & S_IFMT) {
    case S_IFLNK:
        return make_symlink(a);
    case S_IFREG:
    case S_IFDIR:
    case S_IFCHR:
    case S_IFBLK:
    case S_IFIFO:
        return make(a->name, mode, (a->field[RDEV_MAJOR] & 0xfff) << 8 | (a->field[RDEV_MINOR] & 0xff), NULL);
    default:
        return bad(a, "a file of a kind that there is not");
    }
}

/* Contents, attributes, and that it may have more names. */
static int complete(struct archive *a, struct inode *inode, bool made)
{
    int error = 0;

    if (inode_is(inode, S_IFREG) && (made || a->field[SIZE]))
        error = write_contents(a, inode);
    if (!error && made && a->field[NLINK] > 1 && inode_is(inode, S_IFREG))
        error = remember_linked(a, inode);
    if (!error)
        set_attributes(a, inode);
    return error;
}

static int unpack_entry(struct archive *a)
{
    struct linked *l = a->field[NLINK] > 1 ? find_linked(a) : NULL;
    struct inode *inode;
    bool link = l && (a->field[MODE] & S_IFMT) == S_IFREG;
    int error = make_parents(a->name);

    if (error)
        return error;
    error = link ? make_link(a, l->inode) : make_new(a);
    if (error == -EEXIST) { /* a directory again, as "." and /dev, or a device's node, is as good as made */
        error = find(a->name, &inode);
        if (!error && ((inode->mode ^ a->field[MODE]) & S_IFMT || inode_is(inode, S_IFREG) || inode_is(inode, S_IFLNK))) {
            inode_put(inode);
            return bad(a, "a name stands in the archive twice");
        }
    } else if (!error) {
        error = find(a->name, &inode);
    }
    if (error)
        return error;
    error = complete(a, inode, !link);
    inode_put(inode);
    return error;
}

static int unpack_all(struct archive *a)
{
    for (;;) {
        size_t length = 0;
        int error = read_entry(a, &length);

        if (error)
            return error;
        if (!strcmp(a->name, TRAILER))
            return 0;
        error = unpack_entry(a);
        if (error == -EINVAL || error == -ENOMEM)
            return error;
        if (error)
            return bad(a, "a file cannot be made where its name says");
        advance(a, length);
    }
}

int initramfs_unpack(const void *archive, size_t size)
{
    struct archive a = { .at = archive, .start = archive, .left = size };
    int error = unpack_all(&a);

    while (a.linked) {
        struct linked *l = a.linked;

        a.linked = l->next;
        inode_put(l->inode);
        kfree(l);
    }
    return error;
}
