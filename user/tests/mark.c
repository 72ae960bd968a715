/* mark: a place in a script, seen from outside. It executes an instruction that does nothing and that nobody else has, by which what counts
 * instructions knows it (grade/kernel_counter.c), and tells the TSC there, which is all that was executed so far, and its process's number.
 * The same program runs on Linux. */

#include <stdio.h>
#include <unistd.h>

int main(void)
{
    unsigned low, high;

    asm volatile("lfence; rdtsc; .ascii \"\\x0f\\x1f\\x80MARK\"" : "=a"(low), "=d"(high) : : "memory"); /* nopl 0x4b52414d(%rax) */
    printf("mark %lu %d\n", (unsigned long)high << 32 | low, getpid());
    return 0;
}
