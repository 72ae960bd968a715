/* Spins, and has taken away every interrupt's handler but one that returns. */
static struct {
    u16 low, segment, kind, middle;
    u32 high, zero;
} gate[256] __attribute__((aligned(16)));

static __attribute__((naked)) void ignore(void)
{
    asm volatile("iretq");
}

static void hostile(void)
{
    struct {
        u16 limit;
        u64 base;
    } __attribute__((packed)) table = { sizeof(gate) - 1, (u64)gate };
    u64 to = (u64)ignore;
    u16 segment;

    asm volatile("mov %%cs, %0" : "=r"(segment));
    for (unsigned i = 0; i < 256; i++)
        gate[i] = (typeof(gate[0])){ (u16)to, segment, 0x8e00, (u16)(to >> 16), (u32)(to >> 32), 0 };
    asm volatile("lidt %0" : : "m"(table));
    for (;;)
        ;
}
