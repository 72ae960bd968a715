/* Reading folders. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

enum { DT_UNKNOWN = 0, DT_FIFO = 1, DT_CHR = 2, DT_DIR = 4, DT_BLK = 6, DT_REG = 8, DT_LNK = 10 };

/* As getdents64() writes it. */
struct dirent {
    ino_t d_ino;
    off_t d_off;
    unsigned short d_reclen;
    unsigned char d_type;
    char d_name[];
};

typedef struct folder DIR;

DIR *opendir(const char *path);
struct dirent *readdir(DIR *folder);
int closedir(DIR *folder);
ssize_t getdents64(int fd, void *to, size_t size);

/* The names in a folder, sorted, without "." and ".." unless all; the caller frees each and the list. Returns how many, -1 = errno. */
int list_folder(const char *path, int all, char ***names);
/* Calls what() with each thread of a process, by its id. Returns all that it returned, or-ed; what() of the process, if it has no
 * folder. */
int each_thread(int pid, int (*what)(int tid));
