/* What every host test needs: a check that says where it failed, a seeded generator, and a table of cases that are run by name. */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(cond)                                                                       \
    do {                                                                                  \
        if (!(cond)) {                                                                    \
            printf("%s:%d: in %s: %s does not hold\n", __FILE__, __LINE__, __func__, #cond); \
            exit(1);                                                                      \
        }                                                                                 \
    } while (0)

/* xorshift64* (Vigna 2014): the same numbers on every host. */
static uint64_t random_state = 0x9e3779b97f4a7c15ul;

static inline void random_seed(uint64_t seed)
{
    random_state = seed * 0x9e3779b97f4a7c15ul + 1;
}

static inline uint64_t random_u64(void)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * 0x2545f4914f6cdd1dul;
}

/* 0 to n - 1. */
static inline uint64_t random_below(uint64_t n)
{
    return random_u64() % n;
}

struct host_case {
    const char *name;
    void (*run)(void);
};

/* Runs the case that the only argument names; without an argument, lists them, a line each. */
static inline int host_main(int argc, char **argv, const struct host_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (argc < 2) {
            puts(cases[i].name);
        } else if (!strcmp(argv[1], cases[i].name)) {
            cases[i].run();
            return 0;
        }
    }
    return argc < 2 ? 0 : 2;
}

#define HOST_MAIN(cases)                                                          \
    int main(int argc, char **argv)                                               \
    {                                                                             \
        return host_main(argc, argv, cases, sizeof(cases) / sizeof((cases)[0])); \
    }
