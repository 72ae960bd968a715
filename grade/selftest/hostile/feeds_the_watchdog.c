/* Finds the watchdog (QEMU's i6300esb) and starts it again and again, for ever. */
static void hostile(void)
{
    volatile u32 *esb = NULL;

    for (u32 function = 0; function < 0x10000 && !esb; function += 0x100) {
        out32(0xcf8, 0x80000000 | function);
        if (in32(0xcfc) != 0x25ab8086)
            continue;
        out32(0xcf8, 0x80000000 | function | 0x10);
        esb = (volatile u32 *)phys_to_virt(in32(0xcfc) & ~0xful); /* mapped when the kernel armed it */
    }
    for (;;) {
        esb[3] = 0x80;
        esb[3] = 0x86;
        *(volatile u16 *)&esb[3] = 0x100;
        for (volatile u64 i = 0; i < 100000; i++)
            ;
    }
}
