/* kernel/mm/kstack.c over real mappings: sizes, guard pages, reuse, undoing every failure, exact accounting, and the misuses that a
   checked build has to name. A case whose name begins with panic_ has to end in a panic, in a checked build. */
#include "base/assert.h"
#include "lib/errno.h"
#include "machine.h"
#include "mm/failalloc.h"
#include "mm/frames.h"
#include "mm/kstack.h"
#include "mm/slab.h"

#define HELD_MAX 200

static struct kstack held[HELD_MAX];
static unsigned nheld;
static size_t frames_at_start;

static void start(void)
{
    host_start();
    frames_init(&host_boot);
    frames_add_high(&host_boot);
    slab_init();
    kstack_init();
    frames_at_start = frames_free();
}

static void check_all_returned(void)
{
    kstack_drain();
    frames_check();
    CHECK(frames_free() == frames_at_start);
}

/* Every page of the stack is mapped, the pages on both sides are not, and it is clean where that is promised. */
static void check_stack(const struct kstack *stack, size_t size)
{
    CHECK(stack->size == size && stack->base % PAGE_SIZE == 0);
    for (u64 va = stack->base; va < stack->base + size; va += PAGE_SIZE)
        CHECK(kernel_lookup(va) != ~0ul);
    CHECK(kernel_lookup(stack->base - 1) == ~0ul);
    CHECK(kernel_lookup(stack->base + size) == ~0ul);
    for (u64 *word = (u64 *)stack->base; IS_CHECKED && word < (u64 *)(stack->base + size); word++)
        CHECK(*word == 0);
}

static void take(size_t size)
{
    struct kstack stack = { .base = 42 };
    int error = kstack_alloc(&stack, size);
    if (error) {
        CHECK(error == -ENOMEM && stack.base == 42);
        return;
    }
    check_stack(&stack, size);
    memset((void *)stack.base, 0xcc, size);
    held[nheld++] = stack;
}

static void drop(unsigned i)
{
    kstack_free(&held[i]);
    CHECK(held[i].base == 0);
    held[i] = held[--nheld];
}

static void random_operations(void)
{
    static const size_t sizes[] = { KSTACK_DEFAULT, KSTACK_DEFAULT, KSTACK_DEFAULT, 4096, 8192, 12288, 20480, 65536, KSTACK_MAX };
    start();
    for (int round = 0; round < 1500; round++) {
        if (nheld < HELD_MAX && (!nheld || random_below(100) < 55))
            take(sizes[random_below(9)]);
        else
            drop((unsigned)random_below(nheld));
    }
    frames_check();
    while (nheld)
        drop((unsigned)random_below(nheld));
    check_all_returned();
}

static void wrong_sizes_are_refused(void)
{
    static const size_t sizes[] = { 0, 1, 4095, 4097, KSTACK_MAX + PAGE_SIZE, KSTACK_MAX + 1, ~0ul, ~0ul << PAGE_SHIFT };
    start();
    struct kstack stack = { .base = 42 };
    for (unsigned i = 0; i < 8; i++)
        CHECK(kstack_alloc(&stack, sizes[i]) == -EINVAL && stack.base == 42);
    check_all_returned();
}

/* For every n: the n-th request fails, the answer is -ENOMEM, and nothing is lost: no frame, no place in the area. The first size comes
   while no page table of the area exists, so that those fail too. */
static void every_failure_is_undone(size_t size, u64 lowest)
{
    int error = -ENOMEM;
    for (u64 n = 1; error; n++) {
        struct kstack stack = { .base = 42 };
        failalloc_start(n);
        error = kstack_alloc(&stack, size);
        u64 asked = failalloc_stop();
        CHECK(error == (asked >= n ? -ENOMEM : 0));
        CHECK(stack.base == (error ? 42 : lowest));
        if (!error)
            kstack_free(&stack);
        check_all_returned();
    }
}

static void every_failure_of_a_new_stack_is_undone(void)
{
    start();
    every_failure_is_undone(PAGE_SIZE, KSTACK_BASE + PAGE_SIZE);
    struct kstack first;
    CHECK(kstack_alloc(&first, KSTACK_DEFAULT) == 0);
    u64 lowest = first.base;
    kstack_free(&first);
    kstack_drain();
    every_failure_is_undone(KSTACK_DEFAULT, lowest);
}

static void a_kept_stack_can_fail_too(void)
{
    start();
    struct kstack stack;
    CHECK(kstack_alloc(&stack, KSTACK_DEFAULT) == 0);
    u64 base = stack.base;
    kstack_free(&stack);
    failalloc_start(1);
    CHECK(kstack_alloc(&stack, KSTACK_DEFAULT) == -ENOMEM && stack.base == 0);
    CHECK(kstack_alloc(&stack, KSTACK_DEFAULT) == 0 && stack.base == base);
    CHECK(failalloc_stop() == 2);
    kstack_free(&stack);
    check_all_returned();
}

static void running_out_of_frames_is_enomem(void)
{
    start();
    unsigned before;
    do {
        before = nheld;
        take(KIB(256));
    } while (nheld > before);
    CHECK(nheld > 50);
    while (nheld)
        drop(nheld - 1);
    check_all_returned();
}

/* --- panics ------------------------------------------------------------------------------------------------------------------------- */

static void panic_own_stack(void)
{
    start();
    struct kstack here = { .base = align_down((u64)__builtin_frame_address(0), PAGE_SIZE) - 3 * PAGE_SIZE, .size = KSTACK_DEFAULT };
    kstack_free(&here);
}

static void freed_twice(size_t size)
{
    start();
    struct kstack stack;
    kstack_alloc(&stack, size);
    struct kstack copy = stack;
    kstack_free(&stack);
    kstack_free(&copy);
}

static void panic_kept_stack_freed_twice(void)
{
    freed_twice(KSTACK_DEFAULT);
}

static void panic_unmapped_stack_freed_twice(void)
{
    freed_twice(KIB(32));
}

static void panic_never_allocated(void)
{
    start();
    struct kstack stack = { .base = KSTACK_BASE + PAGE_SIZE, .size = KSTACK_DEFAULT };
    kstack_free(&stack);
}

static void panic_no_stack_at_all(void)
{
    start();
    struct kstack stack = { 0 };
    kstack_free(&stack);
}

#define CASE(name) { #name, name }
static const struct host_case cases[] = {
    CASE(random_operations),
    CASE(wrong_sizes_are_refused),
    CASE(every_failure_of_a_new_stack_is_undone),
    CASE(a_kept_stack_can_fail_too),
    CASE(running_out_of_frames_is_enomem),
    CASE(panic_own_stack),
    CASE(panic_kept_stack_freed_twice),
    CASE(panic_unmapped_stack_freed_twice),
    CASE(panic_never_allocated),
    CASE(panic_no_stack_at_all),
};
HOST_MAIN(cases)
