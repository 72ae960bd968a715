/* The machine under the memory tests: an arena as physical memory, page tables that are mappings of the arena's file, one CPU, and
   a panic that ends the process with code 3. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arch/upcall.h"
#include "base/cpu.h"
#include "lib/errno.h"
#include "machine.h"

#define PAGES_MAX 8192

struct cpu cpus[CONFIG_MAX_CPUS];
u64 host_flags = RFLAGS_IF;
char *host_arena;

static int arena_file;
static struct {
    u64 va;
    paddr_t pa;
} pages[PAGES_MAX], tables[PAGES_MAX];
static unsigned npages, ntables;

struct cpu *this_cpu(void)
{
    return &cpus[0];
}

void refuse(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    printf("refuse: ");
    vprintf(fmt, ap);
    va_end(ap);
    fflush(stdout);
    _exit(3);
}

void panic(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    printf("panic: ");
    vprintf(fmt, ap);
    va_end(ap);
    fflush(stdout);
    _exit(3);
}

/* As the kernel does it: a table for each 2 MiB, made when first needed and kept for ever. */
static int have_table(u64 va)
{
    for (unsigned i = 0; i < ntables; i++)
        if (tables[i].va == va >> 21)
            return 0;
    paddr_t pa = table_frame_alloc();
    if (pa == ~0ul)
        return -ENOMEM;
    if (ntables == PAGES_MAX)
        panic("host: more than %u page tables", PAGES_MAX);
    tables[ntables].va = va >> 21;
    tables[ntables++].pa = pa;
    return 0;
}

int kernel_map(u64 va, paddr_t pa)
{
    if (kernel_lookup(va) != ~0ul || npages == PAGES_MAX)
        panic("host: 0x%lx is mapped already, or too much is", va);
    int error = have_table(va);
    if (error)
        return error;
    if (mmap((void *)va, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, arena_file, (off_t)pa) == MAP_FAILED)
        panic("host: cannot map 0x%lx", va);
    pages[npages].va = va;
    pages[npages++].pa = pa;
    return 0;
}

paddr_t kernel_unmap(u64 va)
{
    for (unsigned i = 0; i < npages; i++) {
        if (pages[i].va != va)
            continue;
        paddr_t pa = pages[i].pa;
        pages[i] = pages[--npages];
        munmap((void *)va, PAGE_SIZE);
        return pa;
    }
    panic("host: 0x%lx is not mapped", va);
}

paddr_t kernel_lookup(u64 va)
{
    for (unsigned i = 0; i < npages; i++)
        if (pages[i].va == align_down(va, PAGE_SIZE))
            return pages[i].pa + va % PAGE_SIZE;
    return ~0ul;
}

/* The memory of host_boot: some of everything that frames_init() has to step over. */
const struct boot_info host_boot = {
    .nranges = 4,
    .range = { { 0, 0x9fc00 }, { MIB(1), MIB(12) + 0x123 }, { MIB(13) - 0x321, MIB(20) }, { MIB(21), MIB(31) + 0x1800 } },
    .nmodules = 3,
    .module = { { MIB(2) + 0x2000, MIB(2) + 0x2345, "a" }, { MIB(15) + 1, MIB(15) + 0x1001, "b" }, { MIB(14), MIB(14), "empty" } },
    .kernel = { MIB(1), MIB(2) + 0x1010 },
};

void host_start(void)
{
    arena_file = memfd_create("memory", 0);
    if (arena_file < 0 || ftruncate(arena_file, ARENA_SIZE))
        panic("host: no memory for the arena");
    host_arena = mmap(NULL, ARENA_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, arena_file, 0);
    if (host_arena == MAP_FAILED)
        panic("host: no address space for the arena");
    memset(host_arena, 0xa5, ARENA_SIZE); /* memory after a start is never clean */
}
