/* Waits for an interrupt that cannot come. */
static void hostile(void)
{
    for (;;)
        asm volatile("cli\n\thlt");
}
