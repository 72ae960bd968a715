/* A red-black tree whose nodes live inside the elements (Bayer 1972; Guibas and Sedgewick 1978). The first and the last element are
   at hand without a walk. A tree may be augmented: each node then keeps a summary of the elements below it (a minimum, a sum),
   which the tree has brought up to date wherever the shape changes. Pure: also compiled for the host. The caller holds whatever
   lock guards the tree. No function recurses.

   The rules: the root is black; a red node has black children; every way from a node down to a missing child passes the same number
   of black nodes. So the longest way down is at most twice the shortest: 2 log2(n + 1) nodes for n elements. */
#pragma once

#include "lib/types.h"

struct rb_node {
    struct rb_node *left;
    struct rb_node *right;
    struct rb_node *parent; /* NULL for the root; the node itself while it is in no tree */
    bool red;
};

struct rb_tree {
    struct rb_node *root;
    struct rb_node *leftmost;  /* the first element, or NULL */
    struct rb_node *rightmost; /* the last element, or NULL */
    /* Computes the node's summary from its own element and its children's summaries. Returns whether it is another one than before. NULL
       in a tree without. */
    bool (*summarize)(struct rb_node *node);
};

/* True if a comes before b. Of two elements neither of which comes before the other, the one inserted first stays first. */
typedef bool rb_before(const struct rb_node *a, const struct rb_node *b);

#define RB_TREE(summarize_function) { .summarize = (summarize_function) }
#define rb_entry(node, type, member) container_of(node, type, member)
#define rb_for_each(it, tree) for (struct rb_node *it = (tree)->leftmost; it; it = rb_next(it))

static inline void rb_tree_init(struct rb_tree *tree, bool (*summarize)(struct rb_node *node))
{
    *tree = (struct rb_tree)RB_TREE(summarize);
}

/* Marks a node as being in no tree. Each node begins so. */
static inline void rb_node_init(struct rb_node *node)
{
    *node = (struct rb_node){ .parent = node };
}

static inline bool rb_linked(const struct rb_node *node)
{
    return node->parent != node;
}

static inline bool rb_empty(const struct rb_tree *tree)
{
    return !tree->root;
}

/* The elements after and before this one, or NULL. The node is in a tree. */
struct rb_node *rb_next(const struct rb_node *node);
struct rb_node *rb_prev(const struct rb_node *node);

/* Hangs the node under parent (NULL: the tree is empty) at *place, one of its empty child pointers, and balances. For rb_insert(). */
void rb_link(struct rb_tree *tree, struct rb_node *node, struct rb_node *parent, struct rb_node **place);
/* Takes the node out; it is left unlinked. Of a node that is in no tree, nothing happens. */
void rb_erase(struct rb_tree *tree, struct rb_node *node);
/* The element's part of a summary has changed, its place in the order has not: brings the summaries above it up to date. */
void rb_changed(struct rb_tree *tree, struct rb_node *node);

/* Puts an unlinked node where it belongs. Inline, so that `before` is a comparison in the loop and not a call. */
static inline void rb_insert(struct rb_tree *tree, struct rb_node *node, rb_before *before)
{
    struct rb_node *parent = NULL;
    struct rb_node **place = &tree->root;
    while (*place) {
        parent = *place;
        place = before(node, parent) ? &parent->left : &parent->right;
    }
    rb_link(tree, node, parent, place);
}
