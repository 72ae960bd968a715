/* uname [-a] [-s] [-n] [-r] [-v] [-m]: the system's name, the machine's, release, version, processor. */

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    static const char letters[] = "snrvm";
    struct utsname name;
    int wanted = 0, letter;
    while ((letter = getopt(argc, argv, "asnrvm")) != -1) {
        if (letter == '?')
            return 1;
        wanted |= letter == 'a' ? 31 : 1 << (strchr(letters, letter) - letters);
    }
    if (uname(&name) < 0)
        return perror("uname"), 1;
    const char *parts[] = { name.sysname, name.nodename, name.release, name.version, name.machine };
    wanted = wanted ? wanted : 1;
    for (int i = 0; i < 5; i++)
        if (wanted & 1 << i)
            printf("%s%s", parts[i], wanted >> (i + 1) ? " " : "\n");
    return 0;
}
