/* Which CPUs use a space's tables: as long as there is one, that is known without asking. */
#pragma once

#include "lib/types.h"

struct user_context; /* arch/user.h */

struct space_users {
};

static inline void space_enter(const struct user_context *context)
{
    (void)context;
}

static inline void space_pause(const struct user_context *context)
{
    (void)context;
}

static inline void space_become(struct user_context *context, struct space_users *users)
{
    (void)context, (void)users;
}
