/* Resets the machine through the keyboard controller. */
static void hostile(void)
{
    out8(0x64, 0xfe);
    for (;;)
        asm volatile("hlt");
}
