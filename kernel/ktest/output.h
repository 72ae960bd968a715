/* What a program wrote during a ktest, for the grader: in guest memory, as the facts are. */
#pragma once

#include "lib/types.h"

#define KTEST_OUTPUT_MAX (256 * 1024)

struct ktest_output {
    u64 size; /* bytes written */
    u64 lost; /* bytes for which there was no room */
    u8 text[KTEST_OUTPUT_MAX]; /* as bytes: what a program writes need be no text */
};

extern struct ktest_output ktest_output;
