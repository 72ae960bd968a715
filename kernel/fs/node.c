/* Device nodes: from a number to the device, and /dev. No lock: the registry is complete when the first node is opened. */
#include "fs/node.h"
#include "base/panic.h"
#include "fs/device.h"
#include "fs/pipe.h"
#include "fs/random.h"
#include "fs/tty.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "sched/interrupt.h"

int node_open(struct inode *inode, struct file *file)
{
    struct char_device *device;

    if (inode_is(inode, S_IFIFO))
        return pipe_open_named(inode, file);
    if (inode_is(inode, S_IFREG) || inode_is(inode, S_IFDIR))
        return 0;
    device = inode_is(inode, S_IFCHR) ? device_numbered(inode->rdev) : NULL;
    if (!device)
        return -ENXIO;
    file->ops = device->ops;
    file->data = device;
    file->name = device->name;
    return device->open ? device->open(file) : 0;
}

static s64 full_write(struct file *file, struct io *io)
{
    (void)file, (void)io;
    return -ENOSPC;
}

static s64 full_read(struct file *file, struct io *io)
{
    size_t n = io->left;

    (void)file;
    return io_zero(io, n) ? -EFAULT : (s64)n;
}

static s64 random_read(struct file *file, struct io *io)
{
    size_t n = io->left;
    u64 words[32];

    (void)file;
    while (io->left && !stops_short(n - io->left, n - io->left)) {
        size_t part = min(io->left, sizeof(words));

        random_bytes(words, part);
        if (io_put(io, words, part))
            return n == io->left ? -EFAULT : (s64)(n - io->left);
    }
    return (s64)(n - io->left);
}

static const struct file_ops full_ops = { .read = full_read, .write = full_write, .lseek = null_lseek };
static const struct file_ops random_ops = { .read = random_read, .write = null_write, .lseek = null_lseek };
static struct char_device devices[] = {
    { .name = "full", .ops = &full_ops, .number = 0x107 },
    { .name = "random", .ops = &random_ops, .number = 0x108 },
    { .name = "urandom", .ops = &random_ops, .number = 0x109 },
    { .name = "trace", .ops = &trace_device_ops, .number = 0xa00 },
};

/* The nodes of /dev, all root's. What is typed, and what the kernel noted of everybody, is nobody else's to read. */
static const struct {
    const char *name;
    u32 number, mode;
} nodes[] = { { "null", 0x103, 0666 }, { "zero", 0x105, 0666 }, { "full", 0x107, 0666 }, { "random", 0x108, 0666 },
              { "urandom", 0x109, 0666 }, { "tty", 0x500, 0666 }, { "console", 0x501, 0600 }, { "ttyS0", TTY_NUMBER, 0660 },
              { "trace", 0xa00, 0600 } };

/* The links of /dev: a process's own descriptors, as programs are given them that want a path. */
static const struct {
    const char *name, *target;
} links[] = { { "fd", "/proc/self/fd" }, { "stdin", "/proc/self/fd/0" }, { "stdout", "/proc/self/fd/1" }, { "stderr", "/proc/self/fd/2" } };

/* At start there is one thread, with interrupts off: so without tree_lock. */
static struct inode *make(struct inode *dir, const char *name, u32 mode, u32 number, const char *target)
{
    struct inode *made = NULL;

    if (dir && !dir->ops->create(dir, (struct name){ name, strlen(name) }, mode, number, target, &made))
        inode_put(made);
    return made;
}

void nodes_init(void)
{
    struct inode *dev = make(tree_root, "dev", S_IFDIR | 0755, 0, NULL);
    bool made = dev != NULL;

    for (unsigned i = 0; made && i < array_len(devices); i++)
        made = !device_register(&devices[i]);
    for (unsigned i = 0; made && i < array_len(nodes); i++)
        made = make(dev, nodes[i].name, S_IFCHR | nodes[i].mode, nodes[i].number, NULL);
    for (unsigned i = 0; made && i < array_len(links); i++)
        made = make(dev, links[i].name, S_IFLNK | 0777, 0, links[i].target);
    /* Where C libraries keep shared memory and semaphores that have names. */
    made = made && make(dev, "shm", S_IFDIR | S_ISVTX | 0777, 0, NULL);
    if (!made)
        panic("nodes_init: /dev cannot be made");
}
