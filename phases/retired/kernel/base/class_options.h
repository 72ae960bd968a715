/* For the table of boot options: what the scheduling classes bring, that is, nothing yet. */
#pragma once

#define OPTIONS_POLICIES
#define OPTION_POLICY_DEFAULT 0 /* rr */
#define OPTIONS_CLASSES
