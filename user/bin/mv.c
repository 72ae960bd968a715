/* mv FROM... TO: renames files and folders. TO may be a folder. */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int main(int argc, char **argv)
{
    struct stat st;
    int status = 0;
    if (argc < 3)
        return fprintf(stderr, "mv: usage: mv FROM... TO\n"), 2;
    char *to = argv[argc - 1];
    int folder = stat(to, &st) == 0 && S_ISDIR(st.st_mode);
    if (argc > 3 && !folder)
        return fprintf(stderr, "mv: %s: not a folder\n", to), 1;
    for (int i = 1; i < argc - 1; i++) {
        char path[PATH_MAX];
        char *slash = strrchr(argv[i], '/');
        snprintf(path, sizeof(path), folder ? "%s/%s" : "%s", to, slash ? slash + 1 : argv[i]);
        if (rename(argv[i], path) < 0) {
            fprintf(stderr, "mv: %s to %s: %s\n", argv[i], path, strerror(errno));
            status = 1;
        }
    }
    return status;
}
