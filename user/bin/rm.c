/* rm [-r] [-f] FILE...: removes files; -r: folders with all that is in them; -f: what is not there is no error. */

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int recursive, force;

static int failed(const char *path)
{
    fprintf(stderr, "rm: %s: %s\n", path, strerror(errno));
    return 1;
}

static int remove_path(const char *path)
{
    struct stat st;
    if (lstat(path, &st) < 0)
        return force && errno == ENOENT ? 0 : failed(path);
    if (!S_ISDIR(st.st_mode) || !recursive)
        return unlink(path) < 0 ? failed(path) : 0;
    char **names;
    int status = 0, count = list_folder(path, 0, &names);
    for (int i = 0; i < count; i++) {
        char below[PATH_MAX];
        snprintf(below, sizeof(below), "%s/%s", path, names[i]);
        status |= remove_path(below);
        free(names[i]);
    }
    free(count >= 0 ? names : NULL);
    return status | (rmdir(path) < 0 ? failed(path) : 0);
}

int main(int argc, char **argv)
{
    int letter, status = 0;
    while ((letter = getopt(argc, argv, "rRf")) != -1) {
        if (letter == '?')
            return 2;
        *(letter == 'f' ? &force : &recursive) = 1;
    }
    if (optind == argc && !force)
        return fprintf(stderr, "rm: usage: rm [-r] [-f] FILE...\n"), 2;
    for (; optind < argc; optind++)
        status |= remove_path(argv[optind]);
    return status;
}
