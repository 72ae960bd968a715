/* Paths: from a name to an inode. A path is a buffer of PATH_MAX bytes (path_buffer()) with a string in it, which the walk uses up. */
#pragma once

#include "fs/inode.h"

/* A buffer for a path, or NULL: no memory. */
char *path_buffer(void);
void path_free(char *path); /* NULL is allowed */

enum walk_end {
    WALK_NAME,   /* the path ends in a name */
    WALK_DOT,    /* ... in "." */
    WALK_DOTDOT, /* ... in ".." */
    WALK_HERE,   /* nothing is left of it but slashes: it is the root, or what a link stands for, be that a directory or not */
};

/* A walk along a path, tree_lock held: as far as its last part, which is then looked at or made. */
struct walk {
    char *path;        /* the buffer */
    char *rest;        /* what comes behind `last` */
    struct inode *dir; /* where the walk has come to; with a reference. A directory, unless `end` is WALK_HERE */
    struct name last;
    enum walk_end end;
    bool slash;        /* slashes follow: it has to be a directory */
    unsigned links;    /* symbolic links followed */
};

/* Begins a walk at descriptor dirfd, or AT_FDCWD, and goes to the directory of the path's last part. tree_lock held. Returns 0; -EBADF,
   -ENOENT (also of the empty path), -ENOTDIR, -EACCES, -ELOOP, -ENAMETOOLONG, -ENOMEM. walk_stop() is to be called in any case. */
int walk_start(struct walk *walk, int dirfd, char *path);
void walk_stop(struct walk *walk);
/* What the last part names, with a reference; a symbolic link itself. -ENOENT: nothing; the caller may make it in walk->dir. */
int walk_look(struct walk *walk, struct inode **found);
/* Goes on along a symbolic link that walk_look() found, to the directory of its last part. */
int walk_follow(struct walk *walk, struct inode *link);
/* 0 if the running process may add and remove names in the directory: else -EACCES, or -ENOENT for one that was removed. */
int walk_may_change(const struct walk *walk);

/* The inode that a path leads to, with a reference. flags: AT_SYMLINK_NOFOLLOW; AT_EMPTY_PATH: "" is dirfd's own file. Takes tree_lock. */
int path_find(int dirfd, char *path, u32 flags, struct inode **found);
/* The working directory's path into buf of PATH_MAX bytes, at its end. Returns it, or NULL with *error = -ENOENT (removed) or
   -ENAMETOOLONG. Takes tree_lock. */
char *path_of_cwd(char *buf, int *error);
/* The path of anything that has or had a name, into buf as above: of several, the last one that it got; " (deleted)" follows if that is
   gone. NULL with *error = -ENOENT: there was never one. tree_lock held. */
char *path_of(struct inode *inode, char *buf, int *error);
