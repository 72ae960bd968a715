/* What `make bench` counts: the instructions between a pair of marks, functions that do nothing but have a name. */
#pragma once

/* noipa: the compiler must neither inline the call nor notice that it does nothing, nor make one function of several equal ones. */
#define MARKS(name)                                      \
    void bench_begin_##name(void);                       \
    void bench_end_##name(void);                         \
    __attribute__((noipa)) void bench_begin_##name(void) \
    {                                                    \
    }                                                    \
    __attribute__((noipa)) void bench_end_##name(void)   \
    {                                                    \
    }

#define COUNTED(name, work)   \
    do {                      \
        bench_begin_##name(); \
        work;                 \
        bench_end_##name();   \
    } while (0)
