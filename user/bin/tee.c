/* tee [-a] FILE...: writes its input to its output and into the files; -a: behind what is in them. */

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int letter, append = 0, status = 0, count = 0, fds[10] = { 1 };
    while ((letter = getopt(argc, argv, "a")) != -1) {
        if (letter == '?')
            return 2;
        append = 1;
    }
    for (; optind < argc && count < 9; optind++) {
        int fd = open(argv[optind], O_WRONLY | O_CREAT | (append ? O_APPEND : O_TRUNC), 0666);
        if (fd < 0) {
            dprintf(2, "tee: ");
            perror(argv[optind]);
            status = 1;
        } else {
            fds[++count] = fd;
        }
    }
    char buffer[4096];
    for (ssize_t n; (n = read(0, buffer, sizeof(buffer))) > 0;)
        for (int i = 0; i <= count; i++)
            if (write(fds[i], buffer, n) != n)
                status = 1;
    return status;
}
