/* Switches the machine off, as the kernel does after a test. */
static void hostile(void)
{
    machine_poweroff();
}
