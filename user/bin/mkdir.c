/* mkdir [-p] FOLDER...: makes folders; -p: also those above, and does not mind one that is there. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int make(char *path, int parents)
{
    struct stat st;
    for (char *slash = path + 1; parents && (slash = strchr(slash, '/')); slash++) {
        *slash = 0;
        mkdir(path, 0777);
        *slash = '/';
    }
    if (mkdir(path, 0777) == 0 || (parents && errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode)))
        return 0;
    fprintf(stderr, "mkdir: %s: %s\n", path, strerror(errno));
    return 1;
}

int main(int argc, char **argv)
{
    int status = 0, parents = 0, letter;
    while ((letter = getopt(argc, argv, "p")) != -1) {
        if (letter != 'p')
            return 2;
        parents = 1;
    }
    if (optind == argc)
        return fprintf(stderr, "mkdir: usage: mkdir [-p] FOLDER...\n"), 2;
    for (; optind < argc; optind++)
        status |= make(argv[optind], parents);
    return status;
}
