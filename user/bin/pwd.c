/* pwd: writes the current folder. */

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    char folder[PATH_MAX];
    if (!getcwd(folder, sizeof(folder)))
        return perror("pwd"), 1;
    puts(folder);
    return 0;
}
