/* Lab 3's programs have parts: `NAME PART` runs one, NAME alone all, each in a child. */
#pragma once

#include "show.h"

#include <sched.h>
#include <sys/mman.h>

struct part {
    const char *name;
    void (*run)(void);
};

static int UNUSED run_parts(int argc, char **argv, const struct part *parts, unsigned n)
{
    begin();
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ); /* what it has shown is seen, too, if it does not come to its end */
    for (unsigned i = 0; i < n; i++) {
        if (argc == 1) {
            pid_t pid = split();
            if (pid == 0) {
                parts[i].run();
                done(0);
            }
            show_status(parts[i].name, wait_for(pid));
        } else if (!strcmp(argv[1], parts[i].name)) {
            parts[i].run();
            return 0;
        }
    }
    return argc > 1;
}

/* Numbers that parent and children share. */
static volatile long UNUSED *shared_numbers(void)
{
    void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    return at;
}

static void UNUSED until(volatile long *number, long value)
{
    while (*number < value)
        sched_yield();
}
