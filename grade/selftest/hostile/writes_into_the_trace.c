/* Claims one record more than there is. */
#include "base/trace.h"

static void hostile(void)
{
    trace_rings[0].seq++;
}
