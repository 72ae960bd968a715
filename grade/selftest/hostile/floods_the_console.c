/* Prints for ever. */
static void hostile(void)
{
    for (;;)
        for (unsigned i = 0; i < 1000; i++)
            out8(0x3f8, (u8)('a' + i % 26));
}
