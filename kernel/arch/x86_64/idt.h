/* The interrupt descriptor table: one for all CPUs, built once. */
#pragma once

/* Builds the table on the first call and loads it on this CPU. */
void idt_load(void);
