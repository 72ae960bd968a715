/* Which CPUs there are, as the firmware's tables say: ACPI 6.3, 5.2.5 (the root pointer), 5.2.7 and 5.2.8 (its lists of tables), 5.2.12
   (the table of interrupt controllers, MADT). What is not as it has to be counts as not there: then the boot CPU is the only one. */
#include "arch/arch.h"
#include "arch/smp.h"
#include "arch/x86_64/lapic.h"
#include "lib/string.h"

#define ROM_START 0xe0000ul
#define ROM_END 0x100000ul
#define ROOT_SIGNATURE "RSD PTR "
#define MADT_SIGNATURE "APIC"
#define MADT_LOCAL_APIC 0
#define LOCAL_APIC_ENABLED 1u

struct root_pointer {
    char signature[8];
    u8 checksum, oem[6], revision;
    u32 list32; /* the list of tables, with addresses of 4 bytes ... */
    u32 length;
    u64 list64; /* ... and from revision 2 on with addresses of 8 */
} __attribute__((packed));

#define ROOT_SIZE_1 20 /* bytes of revision 1 */

struct table {
    char signature[4];
    u32 length; /* bytes, with this header */
    u8 revision, checksum, oem[26];
} __attribute__((packed));

struct madt {
    struct table header;
    u32 lapic, flags;
} __attribute__((packed));

struct madt_local_apic {
    u8 type, length;
    u8 processor, apic_id;
    u32 flags;
} __attribute__((packed));

/* n bytes of physical memory as a pointer: the firmware's tables may lie where no RAM is counted. */
static const void *reach(paddr_t at, size_t n)
{
    for (paddr_t page = align_down(at, PAGE_SIZE); page < at + n; page += PAGE_SIZE)
        if (kernel_lookup((u64)phys_to_virt(page)) == ~0ul)
            device_map(page);
    return phys_to_virt(at);
}

static bool sums_to_0(const void *at, size_t n)
{
    u8 sum = 0;

    for (size_t i = 0; i < n; i++)
        sum = (u8)(sum + ((const u8 *)at)[i]);
    return !sum;
}

static const struct root_pointer *find_root(void)
{
    for (paddr_t at = ROM_START; at < ROM_END; at += 16) {
        const struct root_pointer *root = reach(at, sizeof(*root));

        if (!memcmp(root->signature, ROOT_SIGNATURE, sizeof(root->signature)) && sums_to_0(root, ROOT_SIZE_1))
            return root;
    }
    return NULL;
}

/* The table at a physical address, all of it within reach; NULL if it is none. */
static const struct table *table_at(paddr_t at)
{
    const struct table *t = reach(at, sizeof(*t));

    if (!at || t->length < sizeof(*t) || t->length > MIB(1))
        return NULL;
    reach(at, t->length);
    return sums_to_0(t, t->length) ? t : NULL;
}

static const struct madt *find_madt(const struct root_pointer *root)
{
    size_t width = root->revision >= 2 && root->list64 ? 8 : 4;
    const struct table *list = table_at(width == 8 ? root->list64 : root->list32);
    size_t n = list ? (list->length - sizeof(*list)) / width : 0;

    for (size_t i = 0; i < n; i++) {
        paddr_t at = 0;
        const struct table *t;

        memcpy(&at, (const char *)(list + 1) + i * width, width);
        t = table_at(at);
        if (t && !memcmp(t->signature, MADT_SIGNATURE, sizeof(t->signature)) && t->length >= sizeof(struct madt))
            return (const struct madt *)t;
    }
    return NULL;
}

unsigned cpus_find(u32 *apic_id, unsigned max)
{
    const struct root_pointer *root = find_root();
    const struct madt *madt = root ? find_madt(root) : NULL;
    const u8 *at = (const u8 *)madt + sizeof(*madt), *end = madt ? (const u8 *)madt + madt->header.length : at;
    u32 me = lapic_read(LAPIC_ID) >> 24;
    unsigned n = 1;

    apic_id[0] = me;
    for (; end - at >= 2 && at[1] >= 2 && at[1] <= end - at && n < max; at += at[1]) {
        struct madt_local_apic cpu;

        if (at[0] != MADT_LOCAL_APIC || at[1] < sizeof(cpu))
            continue;
        memcpy(&cpu, at, sizeof(cpu));
        if (cpu.flags & LOCAL_APIC_ENABLED && cpu.apic_id != me)
            apic_id[n++] = cpu.apic_id;
    }
    return n;
}
