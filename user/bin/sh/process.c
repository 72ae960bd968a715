/* The commands that show or set what the kernel keeps for the shell's process: umask, times, ulimit. */

#include "sh.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/times.h>

int builtin_umask(char **argv)
{
    if (!argv[1]) {
        mode_t mask = umask(0);
        umask(mask);
        printf("%04o\n", mask);
        return 0;
    }
    char *end;
    long mask = strtol(argv[1], &end, 8);
    if (*end || mask < 0 || mask > 0777) {
        complain("umask: %s: not an octal mask", argv[1]);
        return 2;
    }
    umask(mask);
    return 0;
}

static void print_ticks(long ticks)
{
    printf("%ldm%ld.%02lds", ticks / 6000, ticks / 100 % 60, ticks % 100);
}

int builtin_times(char **argv)
{
    (void)argv;
    struct tms used;
    times(&used);
    long all[] = { used.tms_utime, used.tms_stime, used.tms_cutime, used.tms_cstime };
    for (int i = 0; i < 4; i++) {
        print_ticks(all[i]);
        putchar(i % 2 ? '\n' : ' ');
    }
    return 0;
}

int builtin_ulimit(char **argv)
{
    static const struct {
        char letter;
        int resource, unit;
        const char *name;
    } limits[] = { { 'c', RLIMIT_CORE, 512, "core file (blocks)" }, { 'd', RLIMIT_DATA, 1024, "data (KiB)" },
                   { 'f', RLIMIT_FSIZE, 512, "file size (blocks)" }, { 'n', RLIMIT_NOFILE, 1, "descriptors" },
                   { 's', RLIMIT_STACK, 1024, "stack (KiB)" }, { 't', RLIMIT_CPU, 1, "CPU time (s)" },
                   { 'u', RLIMIT_NPROC, 1, "processes" }, { 'v', RLIMIT_AS, 1024, "memory (KiB)" } };
    char letter = 'f';
    bool soft = false, hard = false, all;
    int i = 1;
    for (; argv[i] && argv[i][0] == '-'; i++) {
        for (const char *option = argv[i] + 1; *option; option++)
            *option == 'S' ? (soft = true) : *option == 'H' ? (hard = true) : (letter = *option);
    }
    all = letter == 'a';
    for (size_t k = 0; k < sizeof(limits) / sizeof(limits[0]); k++) {
        if (!all && limits[k].letter != letter)
            continue;
        struct rlimit limit;
        getrlimit(limits[k].resource, &limit);
        if (argv[i] && !all) {
            bool none = strcmp(argv[i], "unlimited") == 0;
            long value = none ? 0 : argument_number("ulimit", argv[i]);
            if (value < 0)
                return 2;
            rlim_t new = none ? RLIM_INFINITY : (rlim_t)value * limits[k].unit;
            if (soft || !hard)
                limit.rlim_cur = new;
            if (hard || !soft)
                limit.rlim_max = new;
            return setrlimit(limits[k].resource, &limit) < 0 ? call_failed("ulimit", argv[i]) : 0;
        }
        if (all)
            printf("-%c %-20s ", limits[k].letter, limits[k].name);
        rlim_t shown = hard ? limit.rlim_max : limit.rlim_cur;
        if (shown == RLIM_INFINITY)
            puts("unlimited");
        else
            printf("%lu\n", shown / limits[k].unit);
        if (!all)
            return 0;
    }
    if (!all)
        complain("ulimit: -%c: no such limit; there are -a -c -d -f -n -s -t -u -v, and -H, -S", letter);
    return all ? 0 : 2;
}
