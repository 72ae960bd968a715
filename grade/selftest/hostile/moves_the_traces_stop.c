/* Has the trace stop behind the record that it has just written, for ever, and says that nothing is missing. */
#include "base/trace.h"

static void hostile(void)
{
    trace_stop_at[0] = trace_rings[0].seq;
    trace_rings[0].limit = trace_rings[0].seq;
    trace_rings[0].capacity = 1;
}
