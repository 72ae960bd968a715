/* A circular doubly linked list whose links live inside the elements. Pure: also compiled for the host. The caller holds
   whatever lock guards the list. A list head and an unlinked element both point to themselves, so "is it on a list?" is
   answered by the element alone, and taking it off twice is harmless rather than a corruption of two lists. */
#pragma once

#include "lib/types.h"

struct list {
    struct list *next; /* the first element of a head, the following one of an element */
    struct list *prev; /* the last element of a head, the preceding one of an element */
};

#define LIST_INIT(name) { &(name), &(name) }
#define list_entry(link, type, member) container_of(link, type, member)
#define list_for_each(it, head) for (struct list *it = (head)->next; it != (head); it = it->next)
/* The element may be taken off, or freed, inside the loop. */
#define list_for_each_safe(it, head) \
    for (struct list *it = (head)->next, *it##_next = it->next; it != (head); it = it##_next, it##_next = it->next)

static inline void list_init(struct list *l)
{
    l->next = l;
    l->prev = l;
}

/* True for a head without elements, and for an element that is on no list. */
static inline bool list_empty(const struct list *l)
{
    return l->next == l;
}

static inline void list_insert_between(struct list *e, struct list *before, struct list *after)
{
    e->prev = before;
    e->next = after;
    before->next = e;
    after->prev = e;
}

static inline void list_push_head(struct list *head, struct list *e)
{
    list_insert_between(e, head, head->next);
}

static inline void list_push_tail(struct list *head, struct list *e)
{
    list_insert_between(e, head->prev, head);
}

/* Takes off the first element of a list that has one, and returns it. */
static inline struct list *list_pop_head(struct list *head)
{
    struct list *e = head->next;

    head->next = e->next;
    e->next->prev = head;
    list_init(e);
    return e;
}

/* Takes e off its list and leaves it pointing to itself: a stale link would lead a later walk into the wrong list. */
static inline void list_remove(struct list *e)
{
    e->prev->next = e->next;
    e->next->prev = e->prev;
    list_init(e);
}
