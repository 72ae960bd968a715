/* Memory: a large heap, sorted; what grows by realloc(); mappings of nothing, of files, shared, protected, moved. */
#include "../pthreads/pthreads.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdint.h>

#define MANY 200000

static uint64_t state = 88172645463325252u;

static uint64_t any(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

/* --- the heap */

struct record {
    uint32_t key;
    char *text;
};

static int by_key(const void *a, const void *b)
{
    const struct record *left = a, *right = b;

    return left->key < right->key ? -1 : left->key > right->key;
}

static void sorting(void)
{
    struct record *records = malloc(MANY * sizeof(*records)), *found, wanted;
    uint64_t sum = 0, after = 0;
    long disorder = 0, wrong = 0;

    for (int i = 0; i < MANY; i++) {
        records[i].key = (uint32_t)any();
        records[i].text = malloc(24);
        snprintf(records[i].text, 24, "%u", records[i].key);
        sum += records[i].key;
    }
    wanted = records[777];
    qsort(records, MANY, sizeof(*records), by_key);
    for (int i = 0; i < MANY; i++) {
        disorder += i && records[i - 1].key > records[i].key;
        wrong += strtoul(records[i].text, NULL, 10) != records[i].key;
        after += records[i].key;
    }
    show("out of order", disorder);
    show("with another's text", wrong);
    show("the same sum", sum == after);
    found = bsearch(&wanted, records, MANY, sizeof(*records), by_key);
    show("found", found && found->key == wanted.key);
    for (int i = 0; i < MANY; i++)
        free(records[i].text);
    free(records);
}

/* What is large is moved by the kernel, not copied: its pages go along, and what is new is empty in calloc(). */
static void growing(void)
{
    size_t size = 200000;
    unsigned char *at = malloc(size), *other, *zeros;
    long wrong = 0;

    for (size_t i = 0; i < size; i++)
        at[i] = (unsigned char)(i * 7);
    for (int round = 0; round < 7; round++) {
        other = malloc(300000); /* in its way */
        at = realloc(at, 2 * size);
        for (size_t i = 0; i < size; i++)
            wrong += at[i] != (unsigned char)(i * 7);
        for (size_t i = size; i < 2 * size; i++)
            at[i] = (unsigned char)(i * 7);
        size *= 2;
        free(other);
    }
    show("grown to", (long)size);
    at = realloc(at, 1000);
    for (size_t i = 0; i < 1000; i++)
        wrong += at[i] != (unsigned char)(i * 7);
    show("wrong bytes", wrong);
    free(at);
    zeros = calloc(1000, 4096);
    wrong = 0;
    for (size_t i = 0; i < 4096000; i++)
        wrong += zeros[i];
    show("calloc is empty", wrong);
    free(zeros);
    at = aligned_alloc(65536, 65536);
    show("aligned", (uintptr_t)at % 65536 == 0);
    free(at);
    show("too much", malloc((size_t)1 << 60) == NULL);
}

/* Many pieces of all sizes come and go. */
static void mixing(void)
{
    static struct { unsigned char *at; size_t size; } held[512];
    long wrong = 0;

    for (int i = 0; i < 40000; i++) {
        int which = (int)(any() % 512);
        size_t size = 1 + any() % (any() % 16 ? 500 : 60000);

        for (size_t at = 0; at < held[which].size; at += 97)
            wrong += held[which].at[at] != (unsigned char)which;
        if (any() % 3) {
            free(held[which].at);
            held[which].at = malloc(size);
        } else {
            held[which].at = realloc(held[which].at, size);
        }
        held[which].size = size;
        memset(held[which].at, which, size);
    }
    for (int i = 0; i < 512; i++)
        free(held[i].at);
    show("overwritten", wrong);
}

/* --- mappings */

static sigjmp_buf back;

static void jumps_back(int number)
{
    siglongjmp(back, number);
}

/* 0, or the signal that touching it brings. */
static int touch(volatile char *at, int write)
{
    int number = sigsetjmp(back, 1);

    if (number)
        return number;
    if (write)
        *at = 1;
    else
        (void)*at;
    return 0;
}

static void protection(void)
{
    char *at = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    signal(SIGSEGV, jumps_back);
    signal(SIGBUS, jumps_back);
    memset(at, 'a', 3 * 4096);
    show_call("mprotect", mprotect(at + 4096, 4096, PROT_READ));
    show("before", touch(at, 1));
    show("written", touch(at + 4096, 1));
    show("read", touch(at + 4096, 0));
    show("behind", touch(at + 8192, 1));
    mprotect(at + 4096, 4096, PROT_NONE);
    show("closed", touch(at + 4096, 0));
    mprotect(at + 4096, 4096, PROT_READ | PROT_WRITE);
    show("open again", touch(at + 4096, 1));
    show("and as it was", at[4097]);
    show_call("madvise", madvise(at, 3 * 4096, MADV_DONTNEED));
    show("empty", at[0] + at[4097]);
    munmap(at + 4096, 4096);
    show("a hole", touch(at + 4096, 0));
    show("beside it", touch(at + 8192, 1));
    munmap(at, 3 * 4096);
    show_call("no such place", munmap((void *)1, 4096));
}

static void moving(void)
{
    char *at = mmap(NULL, 8 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *to;

    strcpy(at + 4096, "moves along");
    mprotect(at + 4 * 4096, 4 * 4096, PROT_READ);
    to = mremap(at, 4 * 4096, 64 * 4096, MREMAP_MAYMOVE);
    show("moved", to != MAP_FAILED && to != at);
    printf("text: %s\n", to + 4096);
    show("left", touch(at + 4096, 0));
    show("grown", touch(to + 63 * 4096, 1));
    show_call("nothing there", (long)mremap(at, 4096, 8192, MREMAP_MAYMOVE));
    munmap(to, 64 * 4096);
    munmap(at + 4 * 4096, 4 * 4096);
}

static void files(void)
{
    int fd = open("mapped", O_CREAT | O_TRUNC | O_RDWR, 0600);
    char *all, *own, text[16] = "";

    need(ftruncate(fd, 10000), "ftruncate");
    need(pwrite(fd, "a file's text", 13, 5000) != 13, "pwrite");
    all = mmap(NULL, 10000, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    own = mmap(NULL, 10000, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    printf("mapped: %.13s\n", all + 5000);
    memcpy(all + 5000, "shared", 6);
    own[5000] = 'X';
    need(pread(fd, text, 13, 5000) != 13, "pread");
    printf("in the file: %s\n", text);
    printf("its own: %.13s\n", own + 5000);
    show_call("msync", msync(all, 10000, MS_SYNC));
    show_call("msync of no page", msync(all + 1, 4096, MS_SYNC));
    show_call("msync, both ways", msync(all, 4096, MS_SYNC | MS_ASYNC));
    show("in the last page, behind the end", touch(all + 11000, 0));
    munmap(own, 10000);
    own = mmap(NULL, 5 * 4096, PROT_READ, MAP_SHARED, fd, 0);
    show("pages behind the end", touch(own + 4 * 4096, 0));
    close(fd);
    show("closed, mapped still", all[5000]);
    fd = open("mapped", O_RDONLY);
    show("a file to be read alone", mmap(NULL, 4096, PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED && errno == EACCES);
    close(fd);
    unlink("mapped");
    munmap(all, 10000);
    munmap(own, 5 * 4096);
}

static void sharing(void)
{
    atomic_int *common = shared(4096);
    int *private = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    *private = 5;
    fflush(stdout);
    for (int i = 0; i < 4; i++) {
        if (!fork()) {
            for (int k = 0; k < 1000; k++)
                atomic_fetch_add(common, 1);
            *private = 99;
            _exit(0);
        }
    }
    for (int i = 0; i < 4; i++)
        wait(NULL);
    show("added by four", *common);
    show("not by them", *private);
}

/* What a thread on another processor knew of a place that has moved it does not know any more. */
static char *volatile place;
static atomic_int step;

static void await(int value)
{
    while (step != value)
        usleep(20);
}

static void *looks(void *unused)
{
    long gone = 0;

    (void)unused;
    for (int i = 0; i < 4 * 50; i += 4) {
        await(i + 1);
        gone += 100 * touch(place, 1);
        step = i + 2;
        await(i + 3);
        gone += touch(place, 1) == SIGSEGV;
        step = i + 4;
    }
    return (void *)gone;
}

static void moving_under_a_thread(void)
{
    char *room = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pthread_t thread = start(looks, NULL);

    for (int i = 0; i < 4 * 50; i += 4) {
        char *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        *at = 1;
        place = at;
        step = i + 1;
        await(i + 2);
        need(mremap(at, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, room) != room, "mremap");
        step = i + 3;
        await(i + 4);
    }
    show("gone for the other thread, too", join(thread));
}

int main(void)
{
    sorting();
    growing();
    mixing();
    protection();
    moving();
    files();
    sharing();
    moving_under_a_thread();
    return 0;
}
