/* Writes to all ports in turn, those of disks, clocks and firmware too, but for the ones that end the machine at once. */
static void hostile(void)
{
    for (u32 port = 0; port < 0x10000; port++)
        if ((port < 0xcf8 || port > 0xcff) && (port < 0x600 || port > 0x6ff) && (port < 0xf4 || port > 0xf7) && port != 0x64 &&
            port != 0x92)
            out8((u16)port, 0xff);
    machine_poweroff();
}
