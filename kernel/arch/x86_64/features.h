/* Protections of the processor (features.c). */
#pragma once

/* Turns on global pages, SMEP and SMAP on this CPU, each if the processor has it. */
void features_init(void);
