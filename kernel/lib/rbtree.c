/* The red-black tree: linking with rb_link(), unlinking with rb_erase(), and the walk in order. Pure, no lock; the rules are in
   rbtree.h.

   Summaries: after a node was hung in or out, they are computed anew from the lowest changed node upwards, as far as they change: where one
   stays what it was, so do all above it. Balancing comes after that, and only rotates: a rotation changes what two nodes have below
   them, and nothing above. */
#include "lib/rbtree.h"

static inline bool is_red(const struct rb_node *node)
{
    return node && node->red;
}

/* The pointer that leads to this child of parent; to the root, where there is no parent. */
static inline struct rb_node **pointer_to(struct rb_tree *tree, struct rb_node *parent, const struct rb_node *child)
{
    if (!parent)
        return &tree->root;
    return parent->left == child ? &parent->left : &parent->right;
}

/* moved: a node on the way up, or NULL, that stands where another one stood: what it was before says nothing, there and below. */
static void summarize_upwards(struct rb_tree *tree, struct rb_node *node, const struct rb_node *moved)
{
    if (!tree->summarize)
        return;
    for (; node; node = node->parent) {
        bool changed = tree->summarize(node);
        if (node == moved)
            moved = NULL;
        else if (!changed && !moved)
            return;
    }
}

void rb_changed(struct rb_tree *tree, struct rb_node *node)
{
    summarize_upwards(tree, node, NULL);
}

static struct rb_node *leftmost_below(struct rb_node *node)
{
    while (node->left)
        node = node->left;
    return node;
}

static struct rb_node *rightmost_below(struct rb_node *node)
{
    while (node->right)
        node = node->right;
    return node;
}

struct rb_node *rb_next(const struct rb_node *node)
{
    if (node->right)
        return leftmost_below(node->right);
    while (node->parent && node == node->parent->right)
        node = node->parent;
    return node->parent;
}

struct rb_node *rb_prev(const struct rb_node *node)
{
    if (node->left)
        return rightmost_below(node->left);
    while (node->parent && node == node->parent->left)
        node = node->parent;
    return node->parent;
}

/* --- rotation ----------------------------------------------------------------------------------------------------------------------- */

/* After a rotation: `up` stands where `down` stood, and down below it. */
static void rotated(struct rb_tree *tree, struct rb_node *down, struct rb_node *up)
{
    *pointer_to(tree, down->parent, down) = up;
    up->parent = down->parent;
    down->parent = up;
    if (tree->summarize) {
        tree->summarize(down);
        tree->summarize(up);
    }
}

/*    x            y
     / \          / \
    a   y   ->   x   c      and rotate_right() the other way round
       / \      / \
      b   c    a   b   */
static void rotate_left(struct rb_tree *tree, struct rb_node *x)
{
    struct rb_node *y = x->right;
    x->right = y->left;
    if (x->right)
        x->right->parent = x;
    y->left = x;
    rotated(tree, x, y);
}

static void rotate_right(struct rb_tree *tree, struct rb_node *y)
{
    struct rb_node *x = y->left;
    y->left = x->right;
    if (y->left)
        y->left->parent = y;
    x->right = y;
    rotated(tree, y, x);
}

/* Lifts a node above its parent. */
static void rotate_up(struct rb_tree *tree, struct rb_node *node)
{
    struct rb_node *parent = node->parent;
    if (node == parent->left)
        rotate_right(tree, parent);
    else
        rotate_left(tree, parent);
}

/* --- insertion ---------------------------------------------------------------------------------------------------------------------- */

static inline struct rb_node *sibling_of(const struct rb_node *node)
{
    struct rb_node *parent = node->parent;
    return node == parent->left ? parent->right : parent->left;
}

/* node is red, and its parent may be: the only rule broken. A red uncle lets the red move two levels up; a black one lets rotations
   end it. */
static void balance_inserted(struct rb_tree *tree, struct rb_node *node)
{
    struct rb_node *parent;
    while (is_red(parent = node->parent)) {
        struct rb_node *grand = parent->parent; /* there is one: a red node is not the root */
        struct rb_node *uncle = sibling_of(parent);
        grand->red = true;
        if (is_red(uncle)) {
            parent->red = false;
            uncle->red = false;
            node = grand;
            continue;
        }
        bool inner = (node == parent->left) != (parent == grand->left);
        struct rb_node *top = inner ? node : parent;
        if (inner)
            rotate_up(tree, node);
        rotate_up(tree, top);
        top->red = false;
        return;
    }
    if (!parent)
        node->red = false;
}

void rb_link(struct rb_tree *tree, struct rb_node *node, struct rb_node *parent, struct rb_node **place)
{
    *node = (struct rb_node){ .parent = parent, .red = true };
    *place = node;
    if (!parent || (parent == tree->leftmost && place == &parent->left))
        tree->leftmost = node;
    if (!parent || (parent == tree->rightmost && place == &parent->right))
        tree->rightmost = node;
    summarize_upwards(tree, node, node);
    balance_inserted(tree, node);
}

/* --- removal ------------------------------------------------------------------------------------------------------------------------ */

/* Ways through `child` of parent (NULL: a missing one) are one black node short. A black sibling without red children takes the same
   loss, and the shortage moves up; a red child of the sibling is rotated over to make it good. */
static void balance_erased(struct rb_tree *tree, struct rb_node *parent, struct rb_node *child)
{
    while (parent && !is_red(child)) {
        bool is_left = child == parent->left;
        struct rb_node *sibling = is_left ? parent->right : parent->left; /* there is one: its side is not short */
        if (sibling->red) {
            /* Makes the sibling black, without a change of the shortage. */
            sibling->red = false;
            parent->red = true;
            rotate_up(tree, sibling);
            sibling = is_left ? parent->right : parent->left;
        }
        struct rb_node *outer = is_left ? sibling->right : sibling->left;
        struct rb_node *inner = is_left ? sibling->left : sibling->right;
        if (!is_red(outer) && !is_red(inner)) {
            sibling->red = true;
            child = parent;
            parent = parent->parent;
            continue;
        }
        struct rb_node *top = is_red(outer) ? sibling : inner;
        if (top == inner)
            rotate_up(tree, inner);
        else
            outer->red = false;
        rotate_up(tree, top);
        top->red = parent->red;
        parent->red = false;
        return;
    }
    if (child)
        child->red = false;
}

/* node has at most one child, which takes its place. */
static void unhang(struct rb_tree *tree, struct rb_node *node)
{
    struct rb_node *child = node->left ? node->left : node->right;
    *pointer_to(tree, node->parent, node) = child;
    if (child)
        child->parent = node->parent;
}

/* The successor, which hangs nowhere by now, stands where node stood, in its colour. */
static void replace(struct rb_tree *tree, struct rb_node *node, struct rb_node *successor)
{
    *pointer_to(tree, node->parent, node) = successor;
    *successor = *node;
    if (successor->left)
        successor->left->parent = successor;
    if (successor->right)
        successor->right->parent = successor;
}

void rb_erase(struct rb_tree *tree, struct rb_node *node)
{
    if (!rb_linked(node))
        return;
    if (node == tree->leftmost)
        tree->leftmost = rb_next(node);
    if (node == tree->rightmost)
        tree->rightmost = rb_prev(node);

    /* The place that disappears is node's own, or, if it has two children, that of its successor, which has no left child. */
    struct rb_node *leaving = node->left && node->right ? leftmost_below(node->right) : node;
    struct rb_node *parent = leaving->parent;
    struct rb_node *child = leaving->left ? leaving->left : leaving->right;
    bool was_red = leaving->red;
    unhang(tree, leaving);
    if (leaving != node) {
        replace(tree, node, leaving);
        if (parent == node)
            parent = leaving;
    }
    rb_node_init(node);
    summarize_upwards(tree, parent, leaving != node ? leaving : NULL);
    if (!was_red)
        balance_erased(tree, parent, child);
}
