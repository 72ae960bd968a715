/* A file as exec() sees it: something that has pages. */
#pragma once

#include "mm/aspace.h"

struct image {
    const struct vm_object_ops *ops;
    void *object;
    u64 size; /* bytes */
    u32 mode, uid, gid; /* the file's: with a set-id bit its owner is whom the program acts as */
    bool secret;        /* whoever executes it may not read it */
};

/* n bytes from byte `at` of an image on. Returns 0, -ENOEXEC (it is shorter), or -ENOMEM. */
int image_read(const struct image *image, void *to, u64 at, size_t n);
