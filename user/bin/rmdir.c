/* rmdir FOLDER...: removes empty folders. */

#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int status = 0;
    if (argc < 2)
        return fprintf(stderr, "rmdir: usage: rmdir FOLDER...\n"), 2;
    for (int i = 1; i < argc; i++) {
        if (rmdir(argv[i]) < 0) {
            fprintf(stderr, "rmdir: ");
            perror(argv[i]);
            status = 1;
        }
    }
    return status;
}
