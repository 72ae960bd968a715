/* What CHECKED chooses, in one place. A checked build (CHECKED=1: grading, tests, students) asserts every invariant, poisons freed
   memory and checks locks; CHECKED=0 (make run, make bench) leaves all of that out. Both pass every test. */
#pragma once

#include "arch/upcall.h"
#include "lib/types.h"

#ifdef CHECKED
#define IS_CHECKED 1
#else
#define IS_CHECKED 0
#endif

/* An invariant. The message speaks to a student: who, which rule, what was seen. Not evaluated when CHECKED=0. */
#define ASSERT(cond, ...)                     \
    do {                                      \
        if (IS_CHECKED && unlikely(!(cond)))  \
            panic(__VA_ARGS__);               \
    } while (0)
