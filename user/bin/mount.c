/* mount: the file systems, from /proc/mounts. */

#include <stdio.h>

int main(void)
{
    int c;
    FILE *file = fopen("/proc/mounts", "r");
    if (!file)
        return perror("mount: /proc/mounts"), 1;
    while ((c = fgetc(file)) != EOF)
        putchar(c);
    return 0;
}
