/* dmesg: what the kernel has said, from /proc/kmsg. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
    int fd = open("/proc/kmsg", O_RDONLY | O_NONBLOCK);
    if (fd < 0)
        return fprintf(stderr, "dmesg: /proc/kmsg: %s\n", strerror(errno)), 1;
    char buffer[8192]; /* Linux gives whole messages only */
    for (ssize_t n; (n = read(fd, buffer, sizeof(buffer))) > 0;)
        fwrite(buffer, 1, n, stdout);
    return 0;
}
