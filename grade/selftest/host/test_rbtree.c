/* kernel/lib/rbtree.c against a sorted array: random insertions, removals and changes, with every rule of the tree checked after each. */
#include "host.h"
#include "lib/rbtree.h"

#define ITEMS 300

/* An element with a key for the order, a value outside of it, and the summary: the sum and the least of the values below. */
struct item {
    struct rb_node node;
    int key;
    unsigned serial; /* of the insertion: tells equal keys apart */
    long value, sum, least;
};

static struct item items[ITEMS];
static struct item *model[ITEMS]; /* those in the tree, in order */
static unsigned count, serial;

static struct item *item_of(const struct rb_node *node)
{
    return rb_entry((struct rb_node *)node, struct item, node);
}

static bool before(const struct rb_node *a, const struct rb_node *b)
{
    return item_of(a)->key < item_of(b)->key;
}

static void add_child(struct item *item, const struct rb_node *child)
{
    if (!child)
        return;
    item->sum += item_of(child)->sum;
    if (item_of(child)->least < item->least)
        item->least = item_of(child)->least;
}

static bool summarize(struct rb_node *node)
{
    struct item *item = item_of(node), before = *item;
    item->sum = item->least = item->value;
    add_child(item, node->left);
    add_child(item, node->right);
    return item->sum != before.sum || item->least != before.least;
}

/* Returns the black height. Recursion is for tests. */
static int check_node(const struct rb_node *node, const struct rb_node *parent, bool augmented)
{
    if (!node)
        return 1;
    CHECK(node->parent == parent);
    CHECK(!(node->red && parent && parent->red));
    int left = check_node(node->left, node, augmented), right = check_node(node->right, node, augmented);
    CHECK(left == right);
    if (augmented) {
        struct item *item = item_of(node), found = *item;
        summarize(&found.node);
        CHECK(item->sum == found.sum && item->least == found.least);
    }
    return left + !node->red;
}

static void check_tree(const struct rb_tree *tree)
{
    CHECK(!tree->root || !tree->root->red);
    check_node(tree->root, NULL, tree->summarize);
    CHECK(rb_empty(tree) == !count);
    CHECK(tree->leftmost == (count ? &model[0]->node : NULL));
    CHECK(tree->rightmost == (count ? &model[count - 1]->node : NULL));
    unsigned i = 0;
    rb_for_each(it, tree) {
        CHECK(i < count && it == &model[i]->node);
        CHECK(rb_prev(it) == (i ? &model[i - 1]->node : NULL));
        i++;
    }
    CHECK(i == count);
}

static void insert(struct rb_tree *tree, struct item *item, int key)
{
    *item = (struct item){ .node = item->node, .key = key, .serial = ++serial, .value = (long)random_below(1000) };
    rb_insert(tree, &item->node, before);
    unsigned at = count++;
    for (; at && model[at - 1]->key > key; at--) /* behind its equals */
        model[at] = model[at - 1];
    model[at] = item;
}

static void erase(struct rb_tree *tree, struct item *item)
{
    rb_erase(tree, &item->node);
    CHECK(!rb_linked(&item->node));
    unsigned at = 0;
    while (model[at] != item)
        at++;
    for (count--; at < count; at++)
        model[at] = model[at + 1];
}

static void start(struct rb_tree *tree, bool augmented)
{
    rb_tree_init(tree, augmented ? summarize : NULL);
    for (unsigned i = 0; i < ITEMS; i++)
        rb_node_init(&items[i].node);
    count = 0;
}

static void random_operations(bool augmented, unsigned keys)
{
    struct rb_tree tree;
    start(&tree, augmented);
    for (int round = 0; round < 6000; round++) {
        struct item *item = &items[random_below(round < 3000 ? ITEMS : ITEMS / 8)];
        if (!rb_linked(&item->node)) {
            insert(&tree, item, (int)random_below(keys));
        } else if (augmented && random_below(3) == 0) {
            item->value = (long)random_below(1000);
            rb_changed(&tree, &item->node);
        } else {
            erase(&tree, item);
        }
        check_tree(&tree);
    }
}

static void plain(void)
{
    random_operations(false, 1000);
}

static void augmented(void)
{
    random_operations(true, 1000);
}

static void equal_keys_stay_in_order_of_insertion(void)
{
    random_operations(true, 5);
}

static void drained(struct rb_tree *tree, bool from_left)
{
    while (!rb_empty(tree)) {
        erase(tree, item_of(from_left ? tree->leftmost : tree->rightmost));
        check_tree(tree);
    }
}

/* As a run queue uses it: everything in, in or against the order, and out from one end. */
static void ascending_and_descending(void)
{
    struct rb_tree tree;
    for (int variant = 0; variant < 4; variant++) {
        start(&tree, true);
        for (int i = 0; i < ITEMS; i++) {
            insert(&tree, &items[i], variant & 1 ? i : -i);
            check_tree(&tree);
        }
        drained(&tree, variant & 2);
    }
}

static void erasing_twice_does_nothing(void)
{
    struct rb_tree tree;
    start(&tree, false);
    insert(&tree, &items[0], 1);
    insert(&tree, &items[1], 2);
    erase(&tree, &items[0]);
    rb_erase(&tree, &items[0].node);
    check_tree(&tree);
}

static const struct host_case cases[] = {
    { "plain", plain },
    { "augmented", augmented },
    { "equal_keys_stay_in_order_of_insertion", equal_keys_stay_in_order_of_insertion },
    { "ascending_and_descending", ascending_and_descending },
    { "erasing_twice_does_nothing", erasing_twice_does_nothing },
};
HOST_MAIN(cases)
