/* Resets the machine through port 0xcf9. */
static void hostile(void)
{
    out8(0xcf9, 2);
    out8(0xcf9, 6);
    for (;;)
        asm volatile("hlt");
}
