/* What an assembly stub jumps to until its exercise is solved, and what stands behind the exercise's last instruction: assembly cannot pass
   panic() a text as easily as C. */
#include "arch/upcall.h"

void lab_switch_context_is_yours(void);
void lab_thread_start_is_yours(void);
void lab_switch_context_ran_on(void);
void lab_thread_start_ran_on(void);

void lab_switch_context_is_yours(void)
{
    panic("lab 1.1: switch_context is yours to write (kernel/arch/x86_64/switch.asm)");
}

void lab_thread_start_is_yours(void)
{
    panic("lab 1.2: thread_start is yours to write (kernel/arch/x86_64/thread_start.asm)");
}

void lab_switch_context_ran_on(void)
{
    panic("switch_context: ran past its last instruction: it ends by returning to where the other thread had called it");
}

void lab_thread_start_ran_on(void)
{
    panic("thread_start: ran past its last instruction: a thread whose function has returned exits");
}
