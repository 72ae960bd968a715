/* The rally: the other CPUs come up, one after the other. */
#pragma once

/* Starts the machine's other CPUs until `most` take part, this one included. One that does not answer in time is told of on the console and
   left out. Boot CPU, in the main thread, interrupts on; once. */
void smp_rally(unsigned most);
/* Gives a CPU its memory for the trace, if the boot options want one (main.c). Refuses to start if there is none. */
void init_trace_ring(int cpu);
