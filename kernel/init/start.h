/* What kmain() (main.c) does for each CPU. */
#pragma once

/* Gives a CPU its memory for the trace, if the boot options want one. Refuses to start if there is none. Before that CPU traces. */
void init_trace_ring(int cpu);
