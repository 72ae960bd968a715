/* Ends QEMU with the exit code that a success has. */
static void hostile(void)
{
    out8(0xf4, 0x10);
    out8(0xf4, 0);
}
