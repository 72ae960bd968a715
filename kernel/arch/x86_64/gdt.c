/* Descriptor table, task state segment and GS base of one CPU. Each CPU calls arch_cpu_init() once for itself, interrupts off. */
#include "arch/arch.h"
#include "arch/x86_64/arch_cpu.h"
#include "arch/x86_64/features.h"
#include "arch/x86_64/idt.h"
#include "arch/x86_64/io.h"

#define GDT_KERNEL_CODE 0x00209a0000000000ul
#define GDT_KERNEL_DATA 0x0000920000000000ul
#define GDT_USER_CODE 0x0020fa0000000000ul
#define GDT_USER_DATA 0x0000f20000000000ul
#define GDT_TSS 0x0000890000000000ul /* present, available 64-bit TSS */

/* The boot CPU's, which nobody starts. Who starts another CPU puts that one's stacks into its ist_stack[] before. */
static u8 boot_ist_stacks[IST_COUNT][IST_STACK_SIZE] __attribute__((aligned(IST_STACK_SIZE)));

static void tss_init(struct cpu *cpu, struct arch_cpu *arch)
{
    arch->tss.io_map = sizeof(arch->tss);
    for (enum ist i = IST_DOUBLE_FAULT; i < IST_COUNT; i++) {
        u8 *top;

        if (!arch->ist_stack[i])
            arch->ist_stack[i] = boot_ist_stacks[i];
        top = arch->ist_stack[i] + IST_STACK_SIZE - 16;
        *(struct cpu **)top = cpu; /* where ist_entry finds it without trusting GS */
        arch->tss.ist[i - 1] = (u64)top;
    }
}

static void gdt_load(struct arch_cpu *arch)
{
    u64 tss = (u64)&arch->tss;
    struct {
        u16 limit;
        u64 base;
    } __attribute__((packed)) pointer = { sizeof(arch->gdt) - 1, (u64)arch->gdt };

    arch->gdt[1] = GDT_KERNEL_CODE;
    arch->gdt[2] = GDT_KERNEL_DATA;
    arch->gdt[USER_DS / 8] = GDT_USER_DATA;
    arch->gdt[USER_CS / 8] = GDT_USER_CODE;
    arch->gdt[TSS_SELECTOR / 8] =
        GDT_TSS | (sizeof(arch->tss) - 1) | (tss & 0xffffff) << 16 | (tss >> 24 & 0xff) << 56;
    arch->gdt[TSS_SELECTOR / 8 + 1] = tss >> 32;
    asm volatile("lgdt %0" : : "m"(pointer) : "memory");
    asm volatile("ltr %w0" : : "r"(TSS_SELECTOR));
}

bool arch_cpu_lost(u64 *gs)
{
    struct {
        u16 limit;
        u64 base;
    } __attribute__((packed)) table;
    u16 task;
    u64 cpu;

    asm volatile("sgdt %0" : "=m"(table));
    asm volatile("str %0" : "=r"(task));
    *gs = rdmsr(MSR_GS_BASE);
    cpu = table.base - offsetof(struct arch_cpu, gdt) - ARCH_CPU_OFFSET;
    if (task != TSS_SELECTOR || *gs == cpu) /* without a task, it is so early that this CPU still uses the table that it booted with */
        return false;
    wrmsr(MSR_GS_BASE, cpu);
    return true;
}

void arch_cpu_init(struct cpu *cpu, struct arch_cpu *arch)
{
    wrmsr(MSR_GS_BASE, (u64)cpu);
    tss_init(cpu, arch);
    gdt_load(arch);
    idt_load();
    features_init();
}
