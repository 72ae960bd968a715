/* Suspends the machine to RAM, through ACPI. */
static void hostile(void)
{
    asm volatile("outw %0, %1" : : "a"((u16)0x2400), "Nd"((u16)0x604));
    for (;;)
        asm volatile("hlt");
}
