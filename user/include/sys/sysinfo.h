/* Memory, load and uptime of the whole system. */
#pragma once

struct sysinfo {
    long uptime;
    unsigned long loads[3], totalram, freeram, sharedram, bufferram, totalswap, freeswap;
    unsigned short procs, pad;
    unsigned long totalhigh, freehigh;
    unsigned mem_unit;
    char room[4];
};
int sysinfo(struct sysinfo *info);
