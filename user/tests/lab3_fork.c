/* fork, with nothing but shared memory between the two: what each has after it. */
#include "show.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>

struct shared {
    volatile long turn, pid, parent, seen[8];
};

static struct shared *shared;
static int data = 1;

static int exit_code(pid_t pid)
{
    int status = wait_for(pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void identity(void)
{
    pid_t me = getpid(), pid = split();
    if (pid == 0) {
        shared->pid = getpid();
        shared->parent = getppid();
        _exit(5);
    }
    int code = exit_code(pid);
    printf("child: 0, parent: %s\n", shared->pid == pid ? "its id" : "another number");
    printf("child of: %s\n", shared->parent == me ? "the parent" : "somebody else");
    printf("exit status: %d\n", code);
}

/* The child changes *place and ends; the parent looks. */
static void apart(const char *name, volatile int *place)
{
    *place = 1;
    pid_t pid = split();
    if (pid == 0) {
        *place = 2;
        shared->seen[0] = *place;
        _exit(0);
    }
    exit_code(pid);
    printf("%s: child %ld, parent %d\n", name, shared->seen[0], *place);
}

/* The registers that functions keep, across the call, in both; and one of SSE's, which a system call changes as little. */
static long registers(void)
{
    long number = 57, b = 11, r12 = 12, r13 = 13, r14 = 14, r15 = 15, sse = 16;
    asm volatile("movq %1, %%rbx; movq %2, %%r12; movq %3, %%r13; movq %4, %%r14; movq %5, %%r15; movq %6, %%xmm15; syscall;"
                 "movq %%rbx, %1; movq %%r12, %2; movq %%r13, %3; movq %%r14, %4; movq %%r15, %5; movq %%xmm15, %6"
                 : "+a"(number), "+m"(b), "+m"(r12), "+m"(r13), "+m"(r14), "+m"(r15), "+m"(sse)
                 : : "rbx", "r12", "r13", "r14", "r15", "xmm15", "rcx", "r11", "memory");
    int kept = b == 11 && r12 == 12 && r13 == 13 && r14 == 14 && r15 == 15 && sse == 16;
    if (number == 0)
        _exit(kept);
    return exit_code(number) == 1 && kept;
}

static void descriptors(void)
{
    char text[4];
    int fd = open("/tmp/lab3_fork", O_CREAT | O_RDWR | O_TRUNC, 0600), other = dup(fd);
    write(fd, "abcdef", 6);
    lseek(fd, 0, SEEK_SET);
    pid_t pid = split();
    if (pid == 0) {
        close(other);
        read(fd, text, 3);
        _exit(0);
    }
    exit_code(pid);
    printf("closed by the child: %s\n", fcntl(other, F_GETFD) == 0 ? "open" : "closed");
    printf("moved by the child: %ld\n", (long)lseek(fd, 0, SEEK_CUR));
    close(fd);
    close(other);
    unlink("/tmp/lab3_fork");
}

static void on_signal(int number)
{
    shared->seen[1] = number;
}

static void inherited(void)
{
    char folder[64];
    signal(SIGUSR1, on_signal);
    chdir("/tmp");
    pid_t pid = split();
    if (pid == 0) {
        struct sigaction action;
        sigaction(SIGUSR1, NULL, &action);
        shared->seen[2] = action.sa_handler == on_signal;
        shared->seen[3] = getcwd(folder, sizeof(folder)) && strcmp(folder, "/tmp") == 0;
        _exit(0);
    }
    exit_code(pid);
    printf("handler: %s\n", shared->seen[2] ? "inherited" : "lost");
    printf("folder: %s\n", shared->seen[3] ? "inherited" : "lost");
}

static void generations(void)
{
    pid_t pid = split();
    if (pid == 0) {
        pid_t next = split();
        if (next == 0)
            _exit(3);
        _exit(exit_code(next));
    }
    printf("grandchild: %d\n", exit_code(pid));
}

/* vfork(), without the library, and a child that execs this program to exit with 4: it uses no stack, for that is its parent's. */
static void borrowed(char *program)
{
    static int by_child;
    char *const arguments[] = { program, "4", NULL };
    long pid;
    asm volatile("mov $58, %%eax\n"
                 "syscall\n"
                 "test %%rax, %%rax\n"
                 "jnz 1f\n"
                 "movl $6, %1\n"
                 "mov $59, %%eax\n"
                 "xor %%edx, %%edx\n"
                 "syscall\n"
                 "mov $60, %%eax\n"
                 "mov $9, %%edi\n"
                 "syscall\n"
                 "1:\n"
                 : "=&a"(pid), "+m"(by_child) : "D"(program), "S"(arguments) : "rcx", "rdx", "r11", "memory");
    printf("borrowed: %d, ", by_child);
    printf("and then: %d\n", exit_code(pid));
}

/* A user who may have one process has one. */
static void limited(void)
{
    pid_t pid = split();
    if (pid == 0) {
        setrlimit(RLIMIT_NPROC, &(struct rlimit){ 1, 1 });
        if (setuid(1000))
            _exit(9);
        pid = fork();
        _exit(pid < 0 && errno == EAGAIN);
    }
    printf("one too many: %s\n", exit_code(pid) == 1 ? "EAGAIN" : "another answer");
}

int main(int argc, char **argv)
{
    int local, sum = 0;
    if (argc > 1)
        return argv[1][0] - '0';
    shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    identity();
    apart("data", &data);
    apart("stack", &local);
    apart("heap", malloc(sizeof(int)));
    printf("registers: %s\n", registers() ? "kept" : "lost");
    descriptors();
    borrowed(argv[0]);
    limited();
    inherited();
    generations();
    for (int i = 0; i < 20; i++) {
        pid_t pid = split();
        if (pid == 0)
            _exit(i);
        sum += exit_code(pid);
    }
    printf("twenty, one by one: %d\n", sum);
    return 0;
}
