/* A stack of memory for trees, words and expansions. A mark is a position on it. */

#include "sh.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct chunk {
    size_t start, size, used; /* start: its position on the stack */
    struct chunk *below;
    char bytes[] __attribute__((aligned(16)));
};

static struct chunk *top;
static size_t floor_position; /* below it everything stays */

static struct chunk *chunk_new(size_t least)
{
    size_t size = least > 8000 ? least : 8000;
    struct chunk *chunk = malloc(sizeof(struct chunk) + size);
    if (!chunk) {
        dprintf(2, "sh: out of memory\n");
        _Exit(2);
    }
    *chunk = (struct chunk){ .start = top ? top->start + top->used : 0, .size = size, .below = top };
    return chunk;
}

void *take(size_t size)
{
    size = (size + 15) & ~15ul;
    if (!top || top->size - top->used < size)
        top = chunk_new(size);
    void *got = top->bytes + top->used;
    top->used += size;
    return memset(got, 0, size);
}

char *take_text(const char *text, size_t n)
{
    return memcpy(take(n + 1), text, n);
}

struct mark mark_now(void)
{
    return (struct mark){ top ? top->start + top->used : 0 };
}

void give_back(struct mark mark)
{
    size_t to = mark.position > floor_position ? mark.position : floor_position;
    while (top && top->start >= to && top->below) {
        struct chunk *gone = top;
        top = top->below;
        free(gone);
    }
    if (top && top->start + top->used > to)
        top->used = to - top->start;
}

void keep_all(void)
{
    floor_position = mark_now().position;
}

void text_add(struct text *text, char c)
{
    if (text->n + 1 >= text->room) {
        size_t room = text->room ? text->room * 2 : 32;
        char *bigger = take(room);
        if (text->n)
            memcpy(bigger, text->at, text->n);
        text->at = bigger;
        text->room = room;
    }
    text->at[text->n++] = c;
    text->at[text->n] = 0;
}

void text_add_string(struct text *text, const char *string)
{
    while (*string)
        text_add(text, *string++);
}
