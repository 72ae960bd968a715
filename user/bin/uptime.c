/* uptime: how long the system has been running, from /proc/uptime. */

#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    char line[64];
    FILE *file = fopen("/proc/uptime", "r");
    if (!file || !fgets(line, sizeof(line), file))
        return perror("uptime: /proc/uptime"), 1;
    long s = atol(line);
    printf("up %ld days, %02ld:%02ld:%02ld\n", s / 86400, s / 3600 % 24, s / 60 % 60, s % 60);
    return 0;
}
