/* malformed: files that were programs until somebody changed a number in them. execve() refuses such a file, or what it begins ends, by
 * itself or by a signal; and a caller that was refused has everything that it had.
 *
 * malformed counts [SEED]: what became of the changed files, in numbers, where kernels may differ: Linux does not look at every number. */

#include "show.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>

enum { FILES = 1000, MOST = 64 * 1024, HEADER = 64, SEGMENT = 56 };

#define WHOLE (~0u)
#define DATA (HEADER + 2 * SEGMENT) /* the program header of the segment that may be written */

static char good[MOST], bad[MOST];
static size_t size; /* of the good file */
static int kept[1000], kept_fd;

/* What a child tells whose execve() came back. */
static struct told {
    int error, whole;
} *told;

static void load_good(const char *self)
{
    char path[200];
    const char *slash = strrchr(self, '/');
    snprintf(path, sizeof(path), "%.*shello", slash ? (int)(slash + 1 - self) : 0, self);
    int fd = open(path, O_RDONLY);
    ssize_t n = read(fd, good, sizeof(good));
    if (n < HEADER + SEGMENT) {
        perror(path);
        exit(1);
    }
    size = n;
    close(fd);
}

static void make_file(size_t n)
{
    int fd = open("changed", O_CREAT | O_WRONLY | O_TRUNC, 0700);
    write(fd, bad, n);
    close(fd);
}

static void put(size_t at, unsigned long value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        bad[at + i] = value >> (8 * i);
}

static int as_before(const int *local)
{
    for (int i = 0; i < 1000; i++)
        if (kept[i] != i)
            return 0;
    return *local == 77 && lseek(kept_fd, 0, SEEK_CUR) == 5 && fcntl(kept_fd, F_GETFD) == FD_CLOEXEC;
}

/* In a child, which has nobody to talk to and not long to live. */
static void try_it(void)
{
    int local = 77, null = open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; fd++)
        dup2(null, fd);
    setitimer(ITIMER_REAL, &(struct itimerval){ { 0, 0 }, { 0, 20000 } }, NULL);
    execve("./changed", (char *[]){ "changed", NULL }, (char *[]){ NULL });
    told->error = errno;
    told->whole = as_before(&local);
    _exit(0);
}

/* Returns the status of whoever tried it. */
static int try(size_t n)
{
    make_file(n);
    *told = (struct told){ 0 };
    pid_t pid = split();
    if (pid == 0)
        try_it();
    return wait_for(pid);
}

/* --- one number ----------------------------------------------------------------------------------------------------------------------- */

/* Only what Linux looks at, too. length: of the file, in bytes. */
static const struct {
    const char *name;
    unsigned at, bytes;
    unsigned long value;
    unsigned length;
} cases[] = {
    { "no byte at all", 0, 0, 0, 0 },
    { "half a header", 0, 0, 0, 32 },
    { "a header and half a program header", 0, 0, 0, HEADER + SEGMENT / 2 },
    { "no magic number", 0, 4, 0x464c457e, WHOLE },
    { "an object file", 16, 2, 1, WHOLE },
    { "another processor's", 18, 2, 183, WHOLE },
    { "program headers of another size", 54, 2, 55, WHOLE },
    { "no program headers", 56, 2, 0, WHOLE },
    { "65535 program headers", 56, 2, 0xffff, WHOLE },
    { "program headers behind the end", 32, 8, 1 << 20, WHOLE },
    { "program headers just below 2^64", 32, 8, -8ul, WHOLE },
    { "more in the file than in memory", HEADER + 40, 8, 1, WHOLE },
    { "a segment in the kernel", HEADER + 16, 8, 0xffffffff80000000, WHOLE },
    { "a segment in the kernel's half", HEADER + 16, 8, 0xffff800000000000, WHOLE },
    { "a segment that ends in the kernel's half", HEADER + 40, 8, 0x7fffffffffff, WHOLE },
    { "a segment that ends at 2^64", HEADER + 40, 8, -0x400000ul, WHOLE },
    { "a segment that ends behind 2^64", HEADER + 40, 8, -0x1000ul, WHOLE },
    { "data that ends at 2^64", DATA + 40, 8, -0x402000ul, WHOLE },
    { "data that ends behind 2^64", DATA + 40, 8, -0x1000ul, WHOLE },
    { "data of more bytes in the file than 64 bits can be added to", DATA + 32, 8, -0x1000ul, WHOLE },
    { "a segment at another place of its page", HEADER + 8, 8, 8, WHOLE },
    { "beginning nowhere", 24, 8, 0x10000000, WHOLE },
    { "beginning in the kernel", 24, 8, 0xffffffff80100000, WHOLE },
    { "beginning at no address at all", 24, 8, 1ul << 47, WHOLE },
};

static int try_case(size_t i)
{
    memcpy(bad, good, size);
    put(cases[i].at, cases[i].value, cases[i].bytes);
    return try(cases[i].length == WHOLE ? size : cases[i].length);
}

static void one_number(void)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int status = try_case(i);
        show_text(cases[i].name, told->error ? told->whole ? "no program" : "THE CALLER CHANGED" :
                                 WIFSIGNALED(status) ? "no program" : "IT RAN");
    }
}

/* --- at random ------------------------------------------------------------------------------------------------------------------------ */

static unsigned long state;

static unsigned long any(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* One to three places of the headers: a byte, or eight of them to a number of the kind at which sums overflow. Returns the file's length:
 * one in eight ends somewhere in its middle. */
static size_t change(void)
{
    size_t headers = HEADER + SEGMENT * (unsigned char)good[56];
    memcpy(bad, good, size);
    for (int n = any() % 3 + 1; n > 0; n--) {
        size_t at = any() % headers;
        unsigned long value = any();
        if (value & 1)
            put(at, value >> 8, 1);
        else
            put(at & ~7ul, (value & 2 ? 0 : ~0ul) + (value >> 8 & 0x3fff) - 0x2000, 8);
    }
    return any() % 8 ? size : any() % size;
}

static void at_random(void)
{
    int whole = 1;
    for (int i = 0; i < FILES; i++) {
        try(change());
        whole &= !told->error || told->whole;
    }
    show("files with random changes", FILES);
    show_true("each caller as before", whole);
}

/* --- numbers -------------------------------------------------------------------------------------------------------------------------- */

static void count_errors(const char *name, int from, int to, int whole)
{
    int of_error[200] = { 0 }, of_signal[NSIG] = { 0 }, ran = 0;
    for (int i = from; i < to; i++) {
        int status = i < 0 ? try_case(-1 - i) : try(change());
        if (told->error)
            of_error[told->error < 200 ? told->error : 199]++;
        else if (WIFSIGNALED(status))
            of_signal[WTERMSIG(status)]++;
        else
            ran++;
        whole &= !told->error || told->whole;
    }
    printf("%s: %d\n  ran: %d\n", name, to - from, ran);
    for (int i = 1; i < 200; i++)
        if (of_error[i])
            printf("  refused, %s: %d\n", strerror(i), of_error[i]);
    for (int i = 1; i < NSIG; i++)
        if (of_signal[i])
            printf("  killed, %s: %d\n", strsignal(i), of_signal[i]);
    show_true("  each caller as before", whole);
}

int main(int argc, char **argv)
{
    begin();
    load_good(argv[0]);
    for (int i = 0; i < 1000; i++)
        kept[i] = i;
    kept_fd = open(argv[0], O_RDONLY | O_CLOEXEC);
    lseek(kept_fd, 5, SEEK_SET);
    told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    state = (argc > 2 ? atol(argv[2]) : 0) * 2 + 0x9e3779b97f4a7c15;
    if (argc > 1) {
        count_errors("one number", -(int)(sizeof(cases) / sizeof(cases[0])), 0, 1);
        count_errors("at random", 0, FILES, 1);
    } else {
        one_number();
        at_random();
    }
    unlink("changed");
    return 0;
}
