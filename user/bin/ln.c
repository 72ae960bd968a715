/* ln [-s] [-f] TARGET [NAME]: a second name for a file; -s: a symbolic link; -f: in place of what is there. */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int letter, symbolic = 0, force = 0;
    while ((letter = getopt(argc, argv, "sf")) != -1) {
        if (letter == '?')
            return 2;
        *(letter == 's' ? &symbolic : &force) = 1;
    }
    if (argc - optind < 1 || argc - optind > 2)
        return fprintf(stderr, "ln: usage: ln [-s] [-f] TARGET [NAME]\n"), 2;
    char *target = argv[optind], *name = argv[optind + 1] ? argv[optind + 1] : ".";
    char path[PATH_MAX];
    struct stat st;
    if (stat(name, &st) == 0 && S_ISDIR(st.st_mode)) {
        char *slash = strrchr(target, '/');
        snprintf(path, sizeof(path), "%s/%s", name, slash ? slash + 1 : target);
        name = path;
    }
    if (force)
        unlink(name);
    if ((symbolic ? symlink(target, name) : link(target, name)) < 0)
        return fprintf(stderr, "ln: %s: %s\n", name, strerror(errno)), 1;
    return 0;
}
