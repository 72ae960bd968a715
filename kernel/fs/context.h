/* What the calls on files know of the process that makes them, and what they ask of it. fs lies below proc: so proc hands a table of
   functions down, once at start. */
#pragma once

#include "fs/fd_table.h"
#include "lib/signals.h"

#define FS_GROUPS_MAX 32

struct inode;

/* Of the running process, or of the kernel's own threads. Changed by the process itself. */
struct fs_context {
    struct fd_table *fds;
    struct inode *cwd; /* [tree_lock] with a reference */
    u32 umask;
    u64 size_limit;    /* bytes: no file of a process grows past it by writing (RLIMIT_FSIZE) */
    u32 uid, gid;      /* as access() asks */
    u32 euid, egid;    /* as everything else does */
    u32 ngroups;
    u32 groups[FS_GROUPS_MAX];
};

struct fs_hooks {
    struct fs_context *(*context)(void);
    /* Sends the running process a signal. Thread context. */
    void (*signal_self)(int signal);
    /* Sends a signal to the terminal's foreground group. Any context, no spinlock held. */
    void (*signal_foreground)(int signal);
    /* The running process wants to read from the terminal (SIGTTIN) or to change it (SIGTTOU), which may be its session's. Returns 0: it
       goes on; an error: it does not, since it is in the background, and has perhaps been sent the signal. */
    int (*background)(int signal);
    /* Whether its session has the terminal, and it with it. */
    bool (*has_terminal)(void);
    /* It has opened the terminal, and may, as its session's leader, so get it for the session. */
    void (*terminal_opened)(const struct file *file);
    /* What the terminal's ioctl()s on sessions and groups do. -ENOTTY: it is none of these. */
    s64 (*terminal_control)(const struct file *file, u32 command, uptr arg);
};

extern const struct fs_hooks *fs_hooks; /* until proc sets its own: the kernel's context, and signals go nowhere */

static inline struct fs_context *current_fs(void)
{
    return fs_hooks->context();
}

/* Makes the root, the devices and /dev, and the context of kernel threads. Once, after devices_init(). */
void fs_init(void);
/* A new process's context, made like another one's, but for fds, which is the caller's affair. */
void fs_context_copy(struct fs_context *to, struct fs_context *from);
/* Gives back what it holds, but for fds. */
void fs_context_end(struct fs_context *context);
