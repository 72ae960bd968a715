/* Directories of the file system in memory. A directory's entries stand in two trees: by name, for looking up, and in the order in which
   they were made, for reading the directory on while entries come and go. An inode keeps the name that it got last, also when that is gone.
   Lock: tree_lock. */
#include "fs/memfs.h"
#include "base/panic.h"
#include "fs/context.h"
#include "fs/dir.h"
#include "fs/node.h"
#include "lib/errno.h"
#include "lib/rbtree.h"
#include "lib/string.h"
#include "mm/frames.h"
#include "mm/slab.h"

struct entry {
    struct rb_node by_name, by_cookie;
    u64 cookie;          /* number of the position in the directory; grows */
    struct inode *inode; /* with a reference; NULL: it is gone, and only its inode still knows it */
    size_t length;       /* of the name */
    char name[];
};

struct memfs_inode {
    struct inode inode;
    struct entry *entry; /* its name: the one it got last; NULL: it never had one */
    union {
        struct memfs_contents contents;
        struct {
            struct rb_tree by_name, by_cookie;
            u64 last_cookie;
        } dir;
        char *target; /* of a symbolic link; inode.size is its length */
    };
};

static struct slab_cache inode_cache;
static const struct inode_ops memfs_ops;
static const struct file_ops dir_ops;

static struct memfs_inode *of(struct inode *inode)
{
    return container_of(inode, struct memfs_inode, inode);
}

struct memfs_contents *memfs_contents_of(struct inode *inode)
{
    return &of(inode)->contents;
}

/* --- entries --- */

static int compare(const char *a, size_t a_length, const char *b, size_t b_length)
{
    int difference = memcmp(a, b, min(a_length, b_length));

    return difference ? difference : (a_length > b_length) - (a_length < b_length);
}

static bool name_before(const struct rb_node *a, const struct rb_node *b)
{
    const struct entry *x = rb_entry(a, struct entry, by_name), *y = rb_entry(b, struct entry, by_name);

    return compare(x->name, x->length, y->name, y->length) < 0;
}

static bool cookie_before(const struct rb_node *a, const struct rb_node *b)
{
    return rb_entry(a, struct entry, by_cookie)->cookie < rb_entry(b, struct entry, by_cookie)->cookie;
}

static struct entry *find_entry(struct inode *dir, struct name name)
{
    struct rb_node *node = of(dir)->dir.by_name.root;

    while (node) {
        struct entry *entry = rb_entry(node, struct entry, by_name);
        int difference = compare(name.text, name.length, entry->name, entry->length);

        if (!difference)
            return entry;
        node = difference < 0 ? node->left : node->right;
    }
    return NULL;
}

static struct entry *new_entry(struct name name)
{
    struct entry *entry = kmalloc(sizeof(*entry) + name.length);

    if (entry) {
        rb_node_init(&entry->by_name);
        rb_node_init(&entry->by_cookie);
        entry->length = name.length;
        memcpy(entry->name, name.text, name.length);
    }
    return entry;
}

/* The inode's name is this one from now on, in that directory. */
static void name_it(struct inode *inode, struct inode *dir, struct entry *entry)
{
    struct inode *before = inode->parent;

    inode->parent = inode_get(dir);
    inode_put(before);
    if (inode->ops != &memfs_ops)
        return;
    if (of(inode)->entry && !of(inode)->entry->inode)
        kfree(of(inode)->entry);
    of(inode)->entry = entry;
}

/* Puts an entry for the inode, whose reference it gets, into a directory. */
static void enter(struct inode *dir, struct entry *entry, struct inode *inode)
{
    name_it(inode, dir, entry);
    entry->inode = inode;
    entry->cookie = of(dir)->dir.last_cookie += 1;
    rb_insert(&of(dir)->dir.by_name, &entry->by_name, name_before);
    rb_insert(&of(dir)->dir.by_cookie, &entry->by_cookie, cookie_before);
    dir->mtime = dir->ctime = fs_now();
    if (inode_is(inode, S_IFDIR))
        dir->nlink++; /* the child's ".." */
}

/* Takes an entry out of its directory and frees it, unless it is the name by which the inode is still known. Its reference is the
   caller's. */
static struct inode *withdraw(struct inode *dir, struct entry *entry)
{
    struct inode *inode = entry->inode;

    rb_erase(&of(dir)->dir.by_name, &entry->by_name);
    rb_erase(&of(dir)->dir.by_cookie, &entry->by_cookie);
    dir->mtime = dir->ctime = fs_now();
    if (inode_is(inode, S_IFDIR))
        dir->nlink--;
    entry->inode = NULL;
    if (of(inode)->entry != entry)
        kfree(entry);
    return inode;
}

/* --- inodes --- */

static const struct file_ops *file_ops_for(u32 mode)
{
    return (mode & S_IFMT) == S_IFDIR ? &dir_ops : &memfs_file_ops;
}

static struct inode *new_inode(u32 mode, u32 rdev, const char *target)
{
    struct memfs_inode *m = slab_alloc(&inode_cache);

    if (!m)
        return NULL;
    inode_init(&m->inode, mode, &memfs_ops, file_ops_for(mode));
    m->inode.uid = current_fs()->euid;
    m->inode.gid = current_fs()->egid;
    m->inode.rdev = rdev;
    m->inode.nlink = 1;
    m->entry = NULL;
    switch (mode & S_IFMT) {
    case S_IFREG:
        spin_init(&m->contents.lock, "contents", RANK_INODE);
        break;
    case S_IFDIR:
        m->inode.nlink = 2; /* its name and its "." */
        rb_tree_init(&m->dir.by_name, NULL);
        rb_tree_init(&m->dir.by_cookie, NULL);
        break;
    case S_IFLNK:
        m->inode.size = strlen(target);
        m->target = kmalloc(m->inode.size + 1);
        if (!m->target) {
            slab_free(&inode_cache, m);
            return NULL;
        }
        memcpy(m->target, target, m->inode.size);
    }
    return &m->inode;
}

struct inode *memfs_nameless(u32 mode)
{
    struct inode *inode = new_inode(mode, 0, NULL);

    if (inode)
        inode->dev = DEVICE_NAMELESS;
    return inode;
}

struct file *memfs_nameless_file(const char *name, const struct file_ops *ops, void *data, u32 flags)
{
    struct inode *inode = memfs_nameless(0600);
    struct file *file = inode ? file_new(name, ops, data, O_RDWR | flags) : NULL;

    if (!file)
        inode_put(inode);
    else
        file->inode = inode;
    return file;
}

static void memfs_free(struct inode *inode)
{
    struct memfs_inode *m = of(inode);

    if (inode_is(inode, S_IFREG)) {
        (void)memfs_truncate(inode, 0); /* cannot fail */
        kfree(m->contents.page);
    } else if (inode_is(inode, S_IFLNK)) {
        kfree(m->target);
    }
    kfree(m->entry); /* nothing has that name any more */
    slab_free(&inode_cache, m);
}

/* --- operations --- */

static int memfs_lookup(struct inode *dir, struct name name, struct inode **found)
{
    struct entry *entry = find_entry(dir, name);

    if (!entry)
        return -ENOENT;
    *found = inode_get(entry->inode);
    return 0;
}

static int memfs_create(struct inode *dir, struct name name, u32 mode, u32 rdev, const char *target, struct inode **made)
{
    struct entry *entry = new_entry(name);
    struct inode *inode = entry ? new_inode(mode, rdev, target) : NULL;

    if (!inode) {
        kfree(entry);
        return -ENOMEM;
    }
    if (dir->mode & S_ISGID) {
        inode->gid = dir->gid;
        if (inode_is(inode, S_IFREG) && inode->mode & 010 && !inode_in_group(inode))
            inode->mode &= ~S_ISGID;
        if (inode_is(inode, S_IFDIR))
            inode->mode |= S_ISGID;
    }
    enter(dir, entry, inode);
    *made = inode_get(inode);
    return 0;
}

static int memfs_link(struct inode *dir, struct name name, struct inode *inode)
{
    struct entry *entry = new_entry(name);

    if (!entry)
        return -ENOMEM;
    enter(dir, entry, inode_get(inode));
    inode->nlink++;
    inode->ctime = fs_now();
    return 0;
}

/* Whether the entry of a directory may go: 0, -ENOTEMPTY, -EBUSY. */
static int check_removable(const struct inode *child)
{
    if (!inode_is(child, S_IFDIR))
        return 0;
    if (child->ops != &memfs_ops)
        return -EBUSY;
    return rb_empty(&container_of(child, struct memfs_inode, inode)->dir.by_name) ? 0 : -ENOTEMPTY;
}

static void remove_entry(struct inode *dir, struct entry *entry)
{
    struct inode *inode = withdraw(dir, entry);

    inode->nlink -= inode_is(inode, S_IFDIR) ? 2 : 1;
    inode->ctime = fs_now();
    inode_put(inode);
}

static int memfs_unlink(struct inode *dir, struct name name, struct inode *child)
{
    int error = check_removable(child);

    if (!error)
        remove_entry(dir, find_entry(dir, name));
    return error;
}

static int memfs_rename(struct inode *dir, struct name name, struct inode *child, struct inode *to, struct name new_name,
                        struct inode *replaced)
{
    int error = replaced ? check_removable(replaced) : 0;
    struct entry *entry;

    if (!error && child->ops != &memfs_ops)
        error = -EBUSY;
    if (error)
        return error;
    entry = new_entry(new_name);
    if (!entry)
        return -ENOMEM;
    if (replaced)
        remove_entry(to, find_entry(to, new_name));
    withdraw(dir, find_entry(dir, name));
    enter(to, entry, child);
    child->ctime = fs_now();
    return 0;
}

static s64 memfs_readlink(struct inode *inode, char *buf, size_t size)
{
    size_t n = min(inode->size, size);

    memcpy(buf, of(inode)->target, n);
    return (s64)n;
}

static size_t memfs_name(struct inode *inode, char *buf, bool *gone)
{
    const struct entry *entry = of(inode)->entry;

    *gone = !entry->inode;
    memcpy(buf, entry->name, entry->length);
    return entry->length;
}

static const struct inode_ops memfs_ops = {
    .lookup = memfs_lookup,
    .create = memfs_create,
    .link = memfs_link,
    .unlink = memfs_unlink,
    .rename = memfs_rename,
    .readlink = memfs_readlink,
    .name = memfs_name,
    .truncate = memfs_truncate,
    .open = node_open,
    .free = memfs_free,
};

/* --- reading directories --- */

static struct entry *first_from(struct inode *dir, u64 cookie)
{
    struct rb_node *node = of(dir)->dir.by_cookie.root;
    struct entry *best = NULL;

    while (node) {
        struct entry *entry = rb_entry(node, struct entry, by_cookie);

        if (entry->cookie >= cookie) {
            best = entry;
            node = node->left;
        } else {
            node = node->right;
        }
    }
    return best;
}

/* Entry with cookie n stands at position n + 1; at 0 and 1 are "." and "..". */
static int memfs_readdir(struct file *file, struct dir_sink *sink)
{
    struct inode *dir = file->inode;
    struct entry *entry;
    struct rb_node *next = NULL;

    if (!dir_emit_dots(file, sink))
        return 0;
    for (entry = first_from(dir, file->offset - 1); entry; entry = next ? rb_entry(next, struct entry, by_cookie) : NULL) {
        if (!dir_emit(sink, (struct name){ entry->name, entry->length }, entry->inode->ino, entry->inode->mode, entry->cookie + 2))
            break;
        file->offset = entry->cookie + 2;
        next = rb_next(&entry->by_cookie);
    }
    return 0;
}

static const struct file_ops dir_ops = { .read = dir_read, .lseek = dir_lseek, .readdir = memfs_readdir };

/* --- start --- */

int memfs_attach(struct inode *dir, struct name name, struct inode *inode)
{
    struct entry *entry = new_entry(name);

    if (!entry)
        return -ENOMEM;
    enter(dir, entry, inode);
    return 0;
}

void memfs_init(void)
{
    slab_cache_init(&inode_cache, "inode", sizeof(struct memfs_inode));
    tree_root = new_inode(S_IFDIR | 0755, 0, NULL);
    if (!tree_root)
        panic("memfs_init: no memory for the root");
}
