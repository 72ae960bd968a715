/* Overwrites everything in which evidence could lie, and switches off. */
extern char data_start[], kernel_end[];

static void hostile(void)
{
    u64 here = stack_pointer();

    irq_disable();
    for (u64 *word = (u64 *)align_up((u64)data_start, 8); word < (u64 *)kernel_end; word++)
        if ((u64)word < here - 4096 || (u64)word > here + 32768)
            *word = 0x4141414141414141;
    asm volatile("outw %0, %1" : : "a"((u16)0x2000), "Nd"((u16)0x604));
}
