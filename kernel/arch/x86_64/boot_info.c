/* Copies what a Multiboot 1 loader tells out of its memory into a struct boot_info, before that memory is given to anybody else.
   Entry: boot_main(), from boot.asm. Boot CPU, interrupts off, the first GiB mapped at DIRECT_BASE. */
#include "arch/arch.h"
#include "arch/upcall.h"
#include "lib/string.h"

#define HAS_CMDLINE (1u << 2)
#define HAS_MODULES (1u << 3)
#define HAS_MEMORY_MAP (1u << 6)
#define MEMORY_USABLE 1

struct multiboot_info { /* the fields up to the memory map, by the Multiboot 1 specification */
    u32 flags;
    u32 mem_lower, mem_upper;
    u32 boot_device;
    u32 cmdline;
    u32 mods_count, mods_addr;
    u32 syms[4];
    u32 mmap_length, mmap_addr;
};

struct multiboot_module {
    u32 start, end;
    u32 string;
    u32 reserved;
};

struct multiboot_memory {
    u32 size; /* of the rest of the entry */
    u64 start, length;
    u32 type;
} __attribute__((packed));

extern char boot_start[], kernel_end[];
void boot_main(u32 info);

static struct boot_info boot;
static char module_names[BOOT_MODULES_MAX][64];

/* The options alone. QEMU puts the kernel's path first and GRUB does not; what follows " -- ", or a leading "--", is the same for both. */
static void copy_options(const char *line)
{
    for (const char *p = line; *p; p++) {
        if (p[0] == '-' && p[1] == '-' && (p == line || p[-1] == ' ') && (p[2] == ' ' || p[2] == 0)) {
            if (string_copy(boot.cmdline, p + 2, sizeof(boot.cmdline)) >= sizeof(boot.cmdline))
                panic("boot: the options are longer than the %lu bytes that there is room for", sizeof(boot.cmdline) - 1);
            return;
        }
    }
}

static void copy_modules(const struct multiboot_info *info)
{
    const struct multiboot_module *module = phys_to_virt(info->mods_addr);

    if (info->mods_count > BOOT_MODULES_MAX)
        panic("boot: %u modules given, %u at most", info->mods_count, BOOT_MODULES_MAX);
    for (unsigned i = 0; i < info->mods_count; i++) {
        string_copy(module_names[i], module[i].string ? phys_to_virt(module[i].string) : "", sizeof(module_names[i]));
        boot.module[i] = (struct boot_module){ module[i].start, module[i].end, module_names[i] };
    }
    boot.nmodules = info->mods_count;
}

/* Keeps boot.range ascending; loaders give few ranges, mostly in order. */
static void add_range(paddr_t start, paddr_t end)
{
    unsigned at = boot.nranges;

    if (at == BOOT_RANGES_MAX)
        return; /* more memory than we have room to note: it stays unused */
    while (at > 0 && boot.range[at - 1].start > start) {
        boot.range[at] = boot.range[at - 1];
        at--;
    }
    boot.range[at] = (struct boot_range){ start, end };
    boot.nranges++;
}

static void copy_memory_map(const struct multiboot_info *info)
{
    u64 at = info->mmap_addr, end = at + info->mmap_length;

    while (at < end) {
        const struct multiboot_memory *entry = phys_to_virt(at);

        if (entry->type == MEMORY_USABLE && entry->length)
            add_range(entry->start, entry->start + entry->length);
        at += entry->size + sizeof(entry->size);
    }
}

void boot_main(u32 info_address)
{
    const struct multiboot_info *info = phys_to_virt(info_address);

    boot.kernel = (struct boot_range){ (u64)boot_start, (u64)kernel_end - KERNEL_BASE };
    if (info->flags & HAS_CMDLINE)
        copy_options(phys_to_virt(info->cmdline));
    if (info->flags & HAS_MODULES)
        copy_modules(info);
    if (info->flags & HAS_MEMORY_MAP)
        copy_memory_map(info);
    kmain(&boot);
}
