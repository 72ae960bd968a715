/* Reaching user memory from the kernel. No lock: a program that changes the memory while it is copied gets what it deserves, and nobody
   else does. */
#include "mm/uaccess.h"
#include "arch/pagetable.h"
#include "arch/upcall.h"
#include "lib/errno.h"

#define CHUNK 64ul /* bytes of a string that are copied at a time: a part of a page */

bool user_range(uptr at, size_t n)
{
#if SOLVED >= 302
    return at < USER_END && n <= USER_END - at;
#else
    /* A program may hand over any two numbers; their sum may be small again. */
    (void)at, (void)n;
    panic("lab 3.2: user_range is yours to write (kernel/mm/uaccess.c)");
#endif
}

int copyin(void *to, uptr from, size_t n)
{
#if SOLVED >= 302
    if (!user_range(from, n))
        return -EFAULT;
    return user_copy(to, (const void *)from, n) ? -EFAULT : 0;
#else
    /* user_copy() recovers from a page that is not there. What does it not look at? */
    (void)to, (void)from, (void)n;
    panic("lab 3.2: copyin is yours to write (kernel/mm/uaccess.c)");
#endif
}

int copyout(uptr to, const void *from, size_t n)
{
#if SOLVED >= 302
    if (!user_range(to, n))
        return -EFAULT;
    return user_copy((void *)to, from, n) ? -EFAULT : 0;
#else
    (void)to, (void)from, (void)n;
    panic("lab 3.2: copyout is yours to write (kernel/mm/uaccess.c)");
#endif
}

s64 copyin_string(char *to, uptr from, size_t size)
{
#if SOLVED >= 302
    size_t done = 0;

    while (done < size) {
        /* Never across the end of a page: the string may end before a page that is not there. */
        size_t n = min(size - done, CHUNK - ((from + done) & (CHUNK - 1)));
        int error = copyin(to + done, from + done, n);

        if (error)
            return error;
        for (size_t end = done + n; done < end; done++)
            if (!to[done])
                return (s64)done;
    }
    return -ENAMETOOLONG;
#else
    /* The string may end just before a page that is not there: how much may be copied at once? */
    (void)to, (void)from, (void)size;
    panic("lab 3.2: copyin_string is yours to write (kernel/mm/uaccess.c)");
#endif
}
