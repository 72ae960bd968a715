/* Spins with interrupts off. */
static void hostile(void)
{
    for (;;)
        asm volatile("cli");
}
