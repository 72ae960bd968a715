/* cat [FILE...]: writes the files, or its input, one after the other. - is the input. */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int copy(int fd, const char *name)
{
    static char buffer[16384];
    ssize_t n;
    while ((n = read(fd, buffer, sizeof(buffer))) > 0)
        for (ssize_t done = 0, w; done < n; done += w)
            if ((w = write(1, buffer + done, n - done)) < 0)
                return perror("cat: standard output"), 1;
    if (n < 0)
        return dprintf(2, "cat: "), perror(name), 1;
    return 0;
}

int main(int argc, char **argv)
{
    int status = argc < 2 ? copy(0, "standard input") : 0;
    for (int i = 1; i < argc; i++) {
        int fd = strcmp(argv[i], "-") == 0 ? 0 : open(argv[i], O_RDONLY);
        if (fd < 0) {
            dprintf(2, "cat: ");
            perror(argv[i]);
            status = 1;
            continue;
        }
        status |= copy(fd, argv[i]);
        if (fd)
            close(fd);
    }
    return status;
}
