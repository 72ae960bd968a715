/* What the kernel has said, when there is more of it than is kept. */
#include "base/printk.h"
#include "ktest/ktest.h"

#define LINE 16    /* bytes, with the newline */
#define LINES 2000 /* more than are kept */

static char copy[KIB(16)];

KTEST(log_overrun, "the log begins with a whole line, wherever in its ring the lines lie")
/* Lines of 16 bytes behind one that is longer by each number of bytes. RESULT: how much longer, bytes of the log. NOTE: its first byte, its
   last. */
{
    for (u64 longer = 0; longer < LINE; longer++) {
        size_t n;

        printk_quiet("%*lu\n", (int)(LINE - 1 + longer), longer);
        for (unsigned i = 0; i < LINES; i++)
            printk_quiet("begin %9u\n", i);
        n = printk_log(copy, sizeof(copy));
        fact(FACT_RESULT, longer, n);
        fact(FACT_NOTE, (u64)copy[0], n && n <= sizeof(copy) ? (u64)copy[n - 1] : 0);
    }
    return 0;
}
