/* Takes the interrupt table away and faults. */
static void hostile(void)
{
    struct {
        u16 limit;
        u64 base;
    } __attribute__((packed)) none = { 0, 0 };

    asm volatile("lidt %0\n\tint3" : : "m"(none));
}
