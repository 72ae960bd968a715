/* The rally: the other CPUs come up, one after the other. */
#pragma once

/* Starts the machine's other CPUs, until as many take part as the boot option `cpus` says. One that does not answer in time is told of on
   the console and left out. Boot CPU, in the main thread, interrupts on; once. */
void smp_rally(void);
