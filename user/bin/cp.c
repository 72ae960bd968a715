/* cp [-r] FROM... TO: copies files; -r: folders with all that is in them. TO may be a folder. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int recursive;

static int failed(const char *path)
{
    fprintf(stderr, "cp: %s: %s\n", path, strerror(errno));
    return 1;
}

static int copy_contents(int in, int out, const char *from, const char *to)
{
    static char buffer[16384];
    ssize_t n;
    while ((n = read(in, buffer, sizeof(buffer))) > 0)
        for (ssize_t done = 0, w; done < n; done += w)
            if ((w = write(out, buffer + done, n - done)) < 0)
                return failed(to);
    return n < 0 ? failed(from) : 0;
}

static int copy_file(const char *from, const char *to, mode_t mode)
{
    struct stat a, b;
    if (stat(from, &a) == 0 && stat(to, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino)
        return fprintf(stderr, "cp: %s and %s are the same file\n", from, to), 1;
    int in = open(from, O_RDONLY);
    if (in < 0)
        return failed(from);
    int out = open(to, O_WRONLY | O_CREAT | O_TRUNC, mode & 0777);
    int status = out < 0 ? failed(to) : copy_contents(in, out, from, to);
    close(in);
    if (out >= 0 && close(out) < 0)
        status = failed(to);
    return status;
}

static int copy(const char *from, const char *to)
{
    struct stat st;
    if (stat(from, &st) < 0)
        return failed(from);
    if (!S_ISDIR(st.st_mode))
        return copy_file(from, to, st.st_mode);
    if (!recursive)
        return fprintf(stderr, "cp: %s: is a folder; -r copies it\n", from), 1;
    char **names;
    int status = 0, count = list_folder(from, 0, &names); /* before a copy into itself changes it */
    if (count < 0)
        return failed(from);
    if (mkdir(to, st.st_mode & 0777) < 0 && errno != EEXIST)
        return failed(to);
    for (int i = 0; i < count; i++) {
        char a[PATH_MAX], b[PATH_MAX];
        snprintf(a, sizeof(a), "%s/%s", from, names[i]);
        snprintf(b, sizeof(b), "%s/%s", to, names[i]);
        status |= copy(a, b);
        free(names[i]);
    }
    free(names);
    return status;
}

int main(int argc, char **argv)
{
    int letter, status = 0;
    struct stat st;
    while ((letter = getopt(argc, argv, "rR")) != -1) {
        if (letter == '?')
            return 2;
        recursive = 1;
    }
    int count = argc - optind - 1;
    if (count < 1)
        return fprintf(stderr, "cp: usage: cp [-r] FROM... TO\n"), 2;
    char *to = argv[argc - 1];
    int folder = stat(to, &st) == 0 && S_ISDIR(st.st_mode);
    if (count > 1 && !folder)
        return fprintf(stderr, "cp: %s: not a folder\n", to), 1;
    for (int i = optind; i < argc - 1; i++) {
        char path[PATH_MAX];
        char *slash = strrchr(argv[i], '/');
        snprintf(path, sizeof(path), folder ? "%s/%s" : "%s", to, slash ? slash + 1 : argv[i]);
        status |= copy(argv[i], path);
    }
    return status;
}
