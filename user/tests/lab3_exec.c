/* exec without fork: what fails leaves the program whole; in the end it runs itself. */
#include "show.h"

#include <fcntl.h>
#include <sys/stat.h>

static int data[2000] = { 1, 2, 3 };
static char bss[30000];
static char head[4096];

static void try(const char *name, const char *path, char *const argv[])
{
    execve(path, argv, NULL);
    show_text(name, strerror(errno));
}

static void make(size_t n, int at, char value)
{
    static char copy[sizeof(head)];
    int fd = open("/tmp/lab3_exec", O_CREAT | O_WRONLY | O_TRUNC, 0700);
    memcpy(copy, head, sizeof(head));
    copy[at] = value;
    write(fd, copy, n);
    close(fd);
}

static int second(int argc, char **argv, char **envp)
{
    long sum = 0;
    for (size_t i = 0; i < sizeof(bss); i++)
        sum += bss[i] != 0;
    printf("the new program: %d arguments, '%s', '%s'\n", argc, argv[1], argv[2]);
    printf("environment: '%s'\n", envp[0]);
    printf("data: %s\n", data[0] == 1 && data[1] == 2 && data[2] == 3 && data[1999] == 0 ? "as linked" : "changed");
    printf("bss: %ld\n", sum);
    printf("stack: %s\n", (unsigned long)(argv - 1) % 16 == 0 && !argv[argc] && !envp[1] ? "aligned" : "odd");
    return 0;
}

int main(int argc, char **argv, char **envp)
{
    char *const words[] = { argv[0], "one", "two words", NULL }, *const environment[] = { "A=1", NULL };
    int local = 77;

    if (argc == 3)
        return second(argc, argv, envp);
    int self = open(argv[0], O_RDONLY);
    read(self, head, sizeof(head));
    data[1999] = 5;
    memset(bss, 1, sizeof(bss));
    try("no file", "/tmp/missing", words);
    make(5, 0, '#' + 1);
    try("a text", "/tmp/lab3_exec", words);
    make(40, 0, 0x7f);
    try("a piece of a program", "/tmp/lab3_exec", words);
    make(sizeof(head), 18, 3);
    try("another processor's", "/tmp/lab3_exec", words);
    make(sizeof(head), 54, 1);
    try("odd program headers", "/tmp/lab3_exec", words);
    unlink("/tmp/lab3_exec");
    printf("memory: %s\n", local == 77 && data[1999] == 5 && bss[29999] == 1 ? "as before" : "changed");
    printf("descriptor: %s\n", fcntl(self, F_GETFD) == 0 ? "open" : "closed");
    fflush(stdout);
    execve(argv[0], words, environment);
    return 1;
}
