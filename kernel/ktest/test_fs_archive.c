/* Boot archives, good ones and spoilt ones (test_fs_tools.h). */
#include "base/printk.h"
#include "fs/initramfs.h"
#include "ktest/test_fs_tools.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/slab.h"

#define MISTAKES_MAX 4

static char *archive, *spoilt;
static size_t size;

s64 fs_archive_take(size_t n)
{
    fs_archive_free();
    archive = kmalloc(n + 1);
    spoilt = kmalloc(n + 1);
    if (!archive || !spoilt)
        return -ENOMEM;
    for (size = 0; size < n; size++) {
        int c = console_poll();

        if (c < 0)
            return -EIO;
        archive[size] = (char)c;
    }
    return (s64)n;
}

s64 fs_archive_unpack(void)
{
    return archive ? initramfs_unpack(archive, size) : -ENOENT;
}

/* One mistake: a byte, a digit of a header, the end missing, a piece of it somewhere else. */
static void spoil(u64 *state, size_t *n)
{
    size_t at = fs_random(state) % *n, from = fs_random(state) % *n, length = fs_random(state) % 200;

    switch (fs_random(state) % 4) {
    case 0:
        spoilt[at] = (char)fs_random(state);
        break;
    case 1:
        while (at && memcmp(spoilt + at, "07070", min(5ul, *n - at)))
            at--;
        at = min(at + 6 + fs_random(state) % 104, *n - 1);
        spoilt[at] = "0123456789abcdefFx-"[fs_random(state) % 19];
        break;
    case 2:
        *n = at + 1;
        break;
    case 3:
        memmove(spoilt + at, spoilt + from, min(length, *n - max(at, from)));
    }
}

s64 fs_archive_spoil(u64 seed)
{
    u64 state = seed;
    size_t n = size;
    s64 result;

    if (!archive)
        return -ENOENT;
    memcpy(spoilt, archive, size);
    for (u64 mistakes = 1 + fs_random(&state) % MISTAKES_MAX; mistakes; mistakes--)
        spoil(&state, &n);
    result = initramfs_unpack(spoilt, n);
    fs_empty();
    return result;
}

void fs_archive_free(void)
{
    kfree(archive);
    kfree(spoilt);
    archive = spoilt = NULL;
}
