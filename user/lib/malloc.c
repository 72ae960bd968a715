/* The heap: malloc(), calloc(), realloc(), free().
 *
 * Small blocks have a size of 16, 32, ... 128, then four steps to each doubling up to 64 KiB; each size has a list of free blocks, and new
 * blocks are cut from memory got from brk(). Larger ones are mapped each for itself and unmapped when freed. A block begins with a header
 * of 16 bytes that holds its size; so the block behind it stays aligned to 16. */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HEADER 16ul
#define SMALL 65536ul /* the largest block with a list, header included */
#define CHUNK 65536ul /* what brk() is asked for at least */
#define CLASSES 48

struct block {
    size_t size; /* header included */
    union {
        struct block *next; /* while it is free */
        size_t in_use;      /* IN_USE */
    };
};
#define IN_USE 0x696e2d757365ul

static struct block *free_blocks[CLASSES];
static char *cut_at, *cut_end; /* memory from brk() that is not yet cut into blocks */

/* The class of a size, which becomes the class's. */
static int class_of(size_t *size)
{
    if (*size <= 128) {
        *size = (*size + 15) & ~15ul;
        return *size / 16;
    }
    int top = 63 - __builtin_clzl(*size - 1); /* 2^top < size <= 2^(top+1) */
    size_t step = 1ul << (top - 2);
    *size = (*size + step - 1) & ~(step - 1);
    return 9 + (top - 7) * 4 + (*size - (1ul << top)) / step - 1;
}

static void *cut(size_t size)
{
    if ((size_t)(cut_end - cut_at) < size) {
        size_t more = (size + CHUNK - 1) & ~(CHUNK - 1);
        char *got = sbrk(more);
        if (got == (char *)-1)
            return NULL;
        if (got != cut_end)
            cut_at = (char *)(((uintptr_t)got + 15) & ~15ul);
        cut_end = got + more;
    }
    void *block = cut_at;
    cut_at += size;
    return block;
}

void *malloc(size_t wanted)
{
    if (wanted > PTRDIFF_MAX) {
        errno = ENOMEM;
        return NULL;
    }
    size_t size = wanted + HEADER;
    struct block *block;
    if (size > SMALL) {
        size = (size + 4095) & ~4095ul;
        block = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (block == MAP_FAILED)
            return NULL;
    } else {
        struct block **list = &free_blocks[class_of(&size)];
        block = *list;
        if (block)
            *list = block->next;
        else if (!(block = cut(size)))
            return NULL;
    }
    block->size = size;
    block->in_use = IN_USE;
    return (char *)block + HEADER;
}

static struct block *block_of(void *memory)
{
    struct block *block = (struct block *)((char *)memory - HEADER);
    if (block->in_use != IN_USE) {
        static const char words[] = "free: not a block of malloc's, or freed before\n";
        write(2, words, sizeof(words) - 1);
        abort();
    }
    return block;
}

void free(void *memory)
{
    if (!memory)
        return;
    struct block *block = block_of(memory);
    if (block->size > SMALL) {
        int before = errno;
        munmap(block, block->size);
        errno = before;
        return;
    }
    struct block **list = &free_blocks[class_of(&block->size)];
    block->next = *list;
    *list = block;
}

void *calloc(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    void *memory = malloc(bytes);
    if (memory && bytes + HEADER <= SMALL) /* mapped memory is zero */
        memset(memory, 0, bytes);
    return memory;
}

void *realloc(void *old, size_t size)
{
    if (!old)
        return malloc(size);
    size_t room = block_of(old)->size - HEADER;
    if (size <= room && size > room / 4)
        return old;
    void *new = malloc(size);
    if (new) {
        memcpy(new, old, size < room ? size : room);
        free(old);
    }
    return new;
}
