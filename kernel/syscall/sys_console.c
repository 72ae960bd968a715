/* Until there are files. */
#include "base/printk.h"
#include "lib/errno.h"
#include "mm/uaccess.h"

s64 sys_write(int fd, uptr from, size_t n);

s64 sys_write(int fd, uptr from, size_t n)
{
    char buffer[256];

    (void)fd;
    for (size_t done = 0, now; done < n; done += now) {
        now = min(n - done, sizeof(buffer));
        if (copyin(buffer, from + done, now))
            return -EFAULT;
        console_write(buffer, now);
    }
    return (s64)n;
}
