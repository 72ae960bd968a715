/* nproc: on how many CPUs this process may run. */

#include <sched.h>
#include <stdio.h>

int main(void)
{
    cpu_set_t may;
    if (sched_getaffinity(0, sizeof(may), &may) < 0)
        return perror("nproc"), 1;
    return printf("%d\n", CPU_COUNT(&may)) < 0;
}
