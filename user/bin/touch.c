/* touch FILE...: sets the files' times to now; makes those that are not there. */

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int status = 0;
    if (argc < 2)
        return fprintf(stderr, "touch: usage: touch FILE...\n"), 2;
    for (int i = 1; i < argc; i++) {
        if (utimensat(AT_FDCWD, argv[i], NULL, 0) == 0)
            continue;
        int fd = open(argv[i], O_WRONLY | O_CREAT, 0666);
        if (fd < 0) {
            fprintf(stderr, "touch: ");
            perror(argv[i]);
            status = 1;
        } else {
            close(fd);
        }
    }
    return status;
}
