/* Names of functions, for backtraces. The build makes the table from the kernel's first link and appends it in the second
   (kernel.mk). Read only. */
#include "base/panic.h"

struct symbol {
    u64 address;
    u64 name; /* offset into symbol_names */
};

extern const u64 symbol_count;
extern const struct symbol symbol_table[]; /* ascending addresses */
extern const char symbol_names[];

const char *symbol_name(u64 address, u64 *offset)
{
    u64 lo = 0, hi = symbol_count;

    *offset = 0;
    if (!in_kernel_text(address) || !symbol_count || address < symbol_table[0].address)
        return "?";
    /* Invariant: table[lo].address <= address < table[hi].address. */
    while (hi - lo > 1) {
        u64 middle = lo + (hi - lo) / 2;

        if (symbol_table[middle].address <= address)
            lo = middle;
        else
            hi = middle;
    }
    *offset = address - symbol_table[lo].address;
    return symbol_names + symbol_table[lo].name;
}
