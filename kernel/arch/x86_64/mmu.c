/* The kernel's own page tables: four levels, no-execute, nothing both writable and executable. Built once by mmu_init(); later
   changes only map and unmap single pages of the kernel's areas, under the lock of the area's owner. User address spaces have the
   upper half of this table, so no entry of its first level is made later: each area lies below one of them. */
#include "arch/arch.h"
#include "arch/upcall.h"
#include "arch/x86_64/io.h"
#include "arch/x86_64/mmu.h"
#include "arch/x86_64/pte.h"
#include "lib/errno.h"

#define PTE_UNCACHED (3ul << 3) /* write-through and cache-disable */
#define PTE_LARGE (1ul << 7)
#define PTE_GLOBAL (1ul << 8)
#define NO_FRAME (~0ul)

#define PAGE_RX (PTE_PRESENT | PTE_GLOBAL)
#define PAGE_RO (PTE_PRESENT | PTE_GLOBAL | PTE_NX)
#define PAGE_RW (PTE_PRESENT | PTE_GLOBAL | PTE_NX | PTE_WRITE)

extern char text_start[], text_end[], rodata_start[], data_start[], kernel_end[], boot_stack_guard[];

static u64 *kernel_pml4;

static unsigned index_at(u64 va, unsigned level)
{
    return va >> (PAGE_SHIFT + 9 * level) & 511;
}

/* The entry for va at the given level (0: 4 KiB pages, 1: 2 MiB), making tables on the way if `make`. NULL: not there, or out of frames. */
static u64 *entry_for(u64 va, unsigned level, bool make)
{
    u64 *table = kernel_pml4;

    for (unsigned l = 3; l > level; l--) {
        u64 *entry = &table[index_at(va, l)];

        if (!(*entry & PTE_PRESENT)) {
            paddr_t frame = make ? table_frame_alloc() : NO_FRAME;

            if (frame == NO_FRAME)
                return NULL;
            *entry = frame | PTE_PRESENT | PTE_WRITE;
        }
        if (*entry & PTE_LARGE)
            return entry;
        table = phys_to_virt(*entry & PTE_ADDRESS);
    }
    return &table[index_at(va, level)];
}

static void map_or_panic(u64 va, paddr_t pa, unsigned level, u64 bits)
{
    u64 *entry = entry_for(va, level, true);

    if (!entry)
        panic("mmu: no memory left for the kernel's page tables");
    *entry = pa | bits | (level ? PTE_LARGE : 0);
}

/* What may be done with a page of the kernel's image. */
static u64 image_bits(u64 va)
{
    if (va >= (u64)text_start && va < (u64)text_end)
        return PAGE_RX;
    if (va >= (u64)rodata_start && va < (u64)data_start)
        return PAGE_RO;
    return PAGE_RW;
}

static void map_image(void)
{
    for (u64 va = align_down((u64)text_start, PAGE_SIZE); va < (u64)kernel_end; va += PAGE_SIZE)
        if (va != (u64)boot_stack_guard)
            map_or_panic(va, va - KERNEL_BASE, 0, image_bits(va));
}

/* RAM, in large pages but for those that hold the image: a writable alias of the text would undo its protection. */
static void map_direct(paddr_t start, paddr_t end)
{
    paddr_t image_start = align_down((u64)text_start - KERNEL_BASE, MIB(2));
    paddr_t image_end = (u64)kernel_end - KERNEL_BASE;

    for (paddr_t pa = align_down(start, MIB(2)); pa < end; pa += MIB(2)) {
        if (pa < image_start || pa >= image_end) {
            map_or_panic(DIRECT_BASE + pa, pa, 1, PAGE_RW);
            continue;
        }
        for (paddr_t page = pa; page < pa + MIB(2); page += PAGE_SIZE) {
            u64 bits = image_bits(page + KERNEL_BASE);

            map_or_panic(DIRECT_BASE + page, page, 0, bits == PAGE_RX ? PAGE_RO : bits);
        }
    }
}

void mmu_init(const struct boot_info *boot)
{
    paddr_t root = table_frame_alloc();

    if (root == NO_FRAME)
        panic("mmu: no memory left for the kernel's page tables");
    kernel_pml4 = phys_to_virt(root);
    if (!entry_for(KSTACK_BASE, 2, true) || !entry_for(KSTACK_BASE + GIB(512), 2, true))
        panic("mmu: no memory left for the kernel's page tables");
    map_image();
    map_direct(0, MIB(2)); /* below 1 MiB: the screen, and what the firmware left */
    for (unsigned i = 0; i < boot->nranges; i++)
        map_direct(boot->range[i].start, boot->range[i].end);
    write_cr3(root);
}

paddr_t kernel_root(void)
{
    return virt_to_phys(kernel_pml4);
}

void kernel_half_copy(u64 *table)
{
    static const u64 areas[] = { DIRECT_BASE, KSTACK_BASE, KSTACK_BASE + GIB(512), KERNEL_BASE };

    for (unsigned i = 0; i < array_len(areas); i++)
        table[index_at(areas[i], 3)] = kernel_pml4[index_at(areas[i], 3)];
}

int kernel_map(u64 va, paddr_t pa)
{
    u64 *entry = entry_for(va, 0, true);

    if (!entry)
        return -ENOMEM;
    if (*entry & PTE_PRESENT)
        panic("kernel_map: %#lx is mapped already, to %#lx", va, *entry & PTE_ADDRESS);
    *entry = pa | PAGE_RW;
    return 0;
}

void *device_map(paddr_t pa)
{
    map_or_panic(DIRECT_BASE + pa, pa, 0, PAGE_RW | PTE_UNCACHED);
    return phys_to_virt(pa);
}

paddr_t kernel_unmap(u64 va)
{
    u64 *entry = entry_for(va, 0, false);
    paddr_t pa;

    if (!entry || !(*entry & PTE_PRESENT))
        panic("kernel_unmap: nothing is mapped at %#lx", va);
    pa = *entry & PTE_ADDRESS;
    *entry = 0;
    invlpg(va);
    return pa;
}

paddr_t kernel_lookup(u64 va)
{
    u64 *entry = entry_for(va, 0, false);

    if (!entry || !(*entry & PTE_PRESENT))
        return NO_FRAME;
    if (*entry & PTE_LARGE)
        return (*entry & PTE_ADDRESS & ~(MIB(2) - 1)) + (va & (MIB(2) - 1));
    return (*entry & PTE_ADDRESS) + (va & (PAGE_SIZE - 1));
}
