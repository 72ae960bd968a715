/* Shared anonymous memory. Its pages hang in a tree by number. Lock: its own, since each space that has it is under another one. */
#include "mm/shared.h"
#include "base/lock.h"
#include "lib/errno.h"
#include "lib/rbtree.h"
#include "lib/string.h"
#include "mm/slab.h"

struct shared_memory {
    struct spinlock lock;
    u32 refs;            /* [l] */
    u64 pages;           /* [c] */
    struct rb_tree tree; /* [l] shared_page.node by index */
};

struct shared_page {
    struct rb_node node;
    u64 index;           /* [c] */
    struct frame *frame; /* [c] with a reference */
};

static bool before(const struct rb_node *a, const struct rb_node *b)
{
    return rb_entry((struct rb_node *)a, struct shared_page, node)->index < rb_entry((struct rb_node *)b, struct shared_page, node)->index;
}

void *shared_memory_new(u64 pages)
{
    struct shared_memory *memory = kmalloc(sizeof(*memory));

    if (!memory)
        return NULL;
    spin_init(&memory->lock, "shared memory", RANK_SHARED);
    rb_tree_init(&memory->tree, NULL);
    memory->refs = 1;
    memory->pages = pages;
    return memory;
}

static struct shared_page *find_locked(const struct shared_memory *memory, u64 index)
{
    struct rb_node *node = memory->tree.root;

    while (node) {
        struct shared_page *page = rb_entry(node, struct shared_page, node);

        if (page->index == index)
            return page;
        node = index < page->index ? node->left : node->right;
    }
    return NULL;
}

static struct frame *page(void *object, u64 index, int *error)
{
    struct shared_memory *memory = object;
    struct shared_page *new = NULL, *found;
    u64 flags;

    *error = -EIO;
    if (index >= memory->pages)
        return NULL;
    flags = spin_lock_irq(&memory->lock);
    found = find_locked(memory, index);
    if (!found) {
        new = kmalloc(sizeof(*new));
        if (new)
            rb_node_init(&new->node);
        if (new)
            new->frame = page_new();
        if (new && new->frame) {
            new->index = index;
            rb_insert(&memory->tree, &new->node, before);
            found = new;
            new = NULL;
        }
    }
    if (found)
        frame_get(found->frame);
    spin_unlock_irq(&memory->lock, flags);
    kfree(new); /* there was no frame for it */
    *error = -ENOMEM;
    return found ? found->frame : NULL;
}

static void get(void *object)
{
    struct shared_memory *memory = object;
    u64 flags = spin_lock_irq(&memory->lock);

    memory->refs++;
    spin_unlock_irq(&memory->lock, flags);
}

static void put(void *object)
{
    struct shared_memory *memory = object;
    u64 flags = spin_lock_irq(&memory->lock);
    bool last = --memory->refs == 0;

    spin_unlock_irq(&memory->lock, flags);
    if (!last)
        return;
    while (memory->tree.leftmost) {
        struct shared_page *page = rb_entry(memory->tree.leftmost, struct shared_page, node);

        rb_erase(&memory->tree, &page->node);
        frame_put(page->frame);
        kfree(page);
    }
    kfree(memory);
}

static const char *name(void *object, char *buf)
{
    (void)object, (void)buf;
    return "/dev/zero (deleted)";
}

const struct vm_object_ops shared_memory_ops = { .page = page, .get = get, .put = put, .name = name };
