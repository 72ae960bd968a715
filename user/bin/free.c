/* free: memory in KiB, from /proc/meminfo. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
    char line[128];
    long total = 0, left = 0, available = -1;
    FILE *file = fopen("/proc/meminfo", "r");
    if (!file)
        return perror("free: /proc/meminfo"), 1;
    while (fgets(line, sizeof(line), file)) {
        char *value = strchr(line, ':');
        if (!value)
            continue;
        *value++ = 0;
        if (strcmp(line, "MemTotal") == 0)
            total = atol(value);
        else if (strcmp(line, "MemFree") == 0)
            left = atol(value);
        else if (strcmp(line, "MemAvailable") == 0)
            available = atol(value);
    }
    printf("%10s %10s %10s %10s\n%10ld %10ld %10ld %10ld\n", "total", "used", "free", "available", total, total - left, left,
           available < 0 ? left : available);
    return 0;
}
