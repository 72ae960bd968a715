/* Writes the facts of the test, and that it is complete, with the tests' own functions. */
#include "ktest/ktest.h"

static void hostile(void)
{
    for (u64 turn = 0; turn < 4; turn++)
        for (u64 who = 0; who < 3; who++)
            fact(FACT_TURN, who, turn);
    ktest_done();
}
