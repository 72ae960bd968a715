/* id [-u] [-g]: who this process is. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The name that a number has in a file as /etc/passwd, in brackets, or nothing. */
static void print_name(const char *path, unsigned number)
{
    char *line = NULL;
    size_t size = 0;
    FILE *file = fopen(path, "r");
    while (file && getline(&line, &size, file) > 0) {
        char *name = strtok(line, ":");
        strtok(NULL, ":");
        char *id = strtok(NULL, ":");
        if (name && id && (unsigned)atol(id) == number) {
            printf("(%s)", name);
            break;
        }
    }
    if (file)
        fclose(file);
}

int main(int argc, char **argv)
{
    int letter = getopt(argc, argv, "ug");
    if (letter == '?')
        return 1;
    if (letter == 'u')
        return printf("%u\n", geteuid()), 0;
    if (letter == 'g')
        return printf("%u\n", getegid()), 0;
    printf("uid=%u", getuid());
    print_name("/etc/passwd", getuid());
    printf(" gid=%u", getgid());
    print_name("/etc/group", getgid());
    printf("\n");
    return 0;
}
