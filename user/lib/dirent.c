/* Reading folders: <dirent.h>. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct folder {
    int fd, at, end;
    char buffer[2048] __attribute__((aligned(8)));
};

DIR *opendir(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    DIR *folder = calloc(1, sizeof(DIR));
    if (folder)
        folder->fd = fd;
    else
        close(fd);
    return folder;
}

struct dirent *readdir(DIR *folder)
{
    if (folder->at == folder->end) {
        ssize_t n = getdents64(folder->fd, folder->buffer, sizeof(folder->buffer));
        if (n <= 0)
            return NULL;
        folder->at = 0;
        folder->end = n;
    }
    struct dirent *entry = (struct dirent *)(folder->buffer + folder->at);
    folder->at += entry->d_reclen;
    return entry;
}

int closedir(DIR *folder)
{
    int result = close(folder->fd);
    free(folder);
    return result;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add_name(char ***names, int count, const char *name)
{
    char **more = realloc(*names, (count + 1) * sizeof(char *));
    if (!more)
        return -1;
    *names = more;
    return (more[count] = strdup(name)) ? 0 : -1;
}

int list_folder(const char *path, int all, char ***names)
{
    int count = 0;
    *names = NULL;
    DIR *folder = opendir(path);
    if (!folder)
        return -1;
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (!all && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0))
            continue;
        if (add_name(names, count, entry->d_name) < 0) {
            closedir(folder);
            errno = ENOMEM;
            return -1;
        }
        count++;
    }
    closedir(folder);
    qsort(*names, count, sizeof(char *), by_name);
    return count;
}

int each_thread(int pid, int (*what)(int tid))
{
    char path[64], **names;
    int status = 0;
    snprintf(path, sizeof(path), "/proc/%d/task", pid);
    int count = list_folder(path, 0, &names);
    if (count < 0)
        return what(pid);
    for (int i = 0; i < count; i++) {
        status |= what(atoi(names[i]));
        free(names[i]);
    }
    free(names);
    return status;
}
