/* ls [-a] [-l] [-1] [FILE...]: lists folders and files, one a line where the output is no terminal. */

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int all, details, one_column;

static int failed(const char *path)
{
    fflush(stdout);
    fprintf(stderr, "ls: %s: %s\n", path, strerror(errno));
    return 1;
}

static char kind(mode_t mode)
{
    return S_ISDIR(mode) ? 'd' : S_ISLNK(mode) ? 'l' : S_ISCHR(mode) ? 'c' : S_ISFIFO(mode) ? 'p' : S_ISREG(mode) ? '-' : '?';
}

static void print_details(const char *path, const char *name, const struct stat *st)
{
    char bits[] = "rwxrwxrwx", when[20], target[PATH_MAX];
    for (int i = 0; i < 9; i++)
        if (!(st->st_mode & 0400 >> i))
            bits[i] = '-';
    if (st->st_mode & 04000)
        bits[2] = bits[2] == 'x' ? 's' : 'S';
    if (st->st_mode & 01000)
        bits[8] = bits[8] == 'x' ? 't' : 'T';
    strftime(when, sizeof(when), "%b %e %H:%M", gmtime(&st->st_mtim.tv_sec));
    printf("%c%s %3lu %5u %5u %8ld %s %s", kind(st->st_mode), bits, st->st_nlink, st->st_uid, st->st_gid, st->st_size, when, name);
    ssize_t n;
    if (S_ISLNK(st->st_mode) && (n = readlink(path, target, sizeof(target) - 1)) > 0)
        printf(" -> %.*s", (int)n, target);
    putchar('\n');
}

static int print_file(const char *path, const char *name)
{
    struct stat st;
    if (lstat(path, &st) < 0)
        return failed(path);
    if (details)
        print_details(path, name, &st);
    else
        puts(name);
    return 0;
}

static void print_columns(char **names, int count)
{
    struct winsize size = { 24, 80, 0, 0 };
    int width = 0;
    ioctl(1, TIOCGWINSZ, &size);
    for (int i = 0; i < count; i++)
        width = (int)strlen(names[i]) + 2 > width ? (int)strlen(names[i]) + 2 : width;
    int columns = width && size.ws_col > width ? size.ws_col / width : 1, rows = (count + columns - 1) / columns;
    for (int row = 0; row < rows; row++)
        for (int i = row; i < count; i += rows)
            i + rows < count ? printf("%-*s", width, names[i]) : puts(names[i]);
}

static int print_folder(const char *path)
{
    char **names;
    int count = list_folder(path, 1, &names), status = 0, shown = 0;
    if (count < 0)
        return failed(path);
    for (int i = 0; i < count; i++) {
        if (names[i][0] == '.' && !all)
            free(names[i]);
        else
            names[shown++] = names[i];
    }
    if (one_column || details) {
        for (int i = 0; i < shown; i++) {
            char file[PATH_MAX];
            snprintf(file, sizeof(file), "%s/%s", path, names[i]);
            status |= print_file(file, names[i]);
        }
    } else {
        print_columns(names, shown);
    }
    for (int i = 0; i < shown; i++)
        free(names[i]);
    free(names);
    return status;
}

int main(int argc, char **argv)
{
    int letter, status = 0;
    struct stat st;
    while ((letter = getopt(argc, argv, "al1")) != -1) {
        if (letter == '?')
            return 2;
        *(letter == 'a' ? &all : letter == 'l' ? &details : &one_column) = 1;
    }
    one_column |= !isatty(1);
    char *here[] = { ".", NULL };
    char **paths = optind < argc ? argv + optind : here;
    int folders = 0, printed = 0;
    for (int i = 0; paths[i]; i++) {
        if (lstat(paths[i], &st) < 0) {
            status |= failed(paths[i]);
            paths[i] = "";
        } else if (!S_ISDIR(st.st_mode) && (details || stat(paths[i], &st) < 0 || !S_ISDIR(st.st_mode))) {
            status |= print_file(paths[i], paths[i]);
            paths[i] = "";
            printed = 1;
        } else {
            folders++;
        }
    }
    for (int i = 0; paths[i]; i++) {
        if (!*paths[i])
            continue;
        if (argc - optind > 1)
            printf("%s%s:\n", printed ? "\n" : "", paths[i]);
        status |= print_folder(paths[i]);
        printed = 1;
    }
    return status;
}
