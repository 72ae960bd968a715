/* Which CPUs use a space's tables, and how often something was taken away from them. A CPU that begins to run a thread of the space first
   enters itself and then looks at the generation; whoever takes away first counts and then looks who is entered. So either the one hears
   of it by an interrupt, or it finds another generation than it knows and forgets everything. (x86_64/space.c) */
#pragma once

#include "lib/types.h"

struct user_context; /* arch/user.h */

struct space_users {
    u64 active;     /* [a] bit n: CPU n runs a thread of the space */
    u64 loaded;     /* [a] bit n: CPU n has its tables in use, if only because nobody needed others since */
    u64 generation; /* [a] */
};

/* This CPU is about to use the tables of context's space. Interrupts off. */
void space_enter(const struct user_context *context);
/* It does not run a thread with this context any more. Interrupts off. */
void space_pause(const struct user_context *context);
/* The running thread, whose context this is, uses another space's tables from its next user_context_load() on; NULL: none. */
void space_become(struct user_context *context, struct space_users *users);
/* Turns this CPU to the kernel's tables if it has this space's, without running a thread of it. Interrupts off. */
void space_unload(const struct space_users *users);

/* Makes this CPU forget everything, the kernel's own pages included. */
void tlb_forget_kernel(void);
/* Whether this CPU has the space's tables in use; and: it has forgotten all that was taken away there up to this generation. Interrupts
   off. */
bool tlb_is_of(const struct space_users *users);
void tlb_is_at(const struct space_users *users, u64 generation);

/* Reads an aligned word of user memory, all of it at once; otherwise as user_copy(). */
int user_word(u32 *to, const u32 *from);
/* Writes such a word if it is *expected, in one step; *expected is then what it was. */
int user_word_change(u32 *at, u32 *expected, u32 new);
