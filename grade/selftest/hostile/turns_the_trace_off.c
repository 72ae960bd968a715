/* What is not recorded cannot be held against it. */
#include "base/trace.h"

static void hostile(void)
{
    trace_on = false;
}
