/* Mistakes made on purpose: each of these tests has to end in a panic that names the broken rule, so none of them cleans up after
   itself. Their names start with panic_. Checked builds only: without CHECKED much of this goes unnoticed. */
#include "base/cmdline.h"
#include "base/lock.h"
#include "ktest/ktest.h"
#include "ktest/threads.h"
#include "mm/frames.h"
#include "mm/kstack.h"
#include "mm/slab.h"

/* As the processor sees it: the compiler's own check would come first. */
#define UNCHECKED __attribute__((noinline, no_sanitize("undefined")))

static int nothing(void *arg)
{
    (void)arg;
    return 0;
}

static volatile u64 sink;
static volatile u64 zero;

/* --- the processor notices ------------------------------------------------------------------------------------------------------------ */

static __attribute__((noinline)) u64 dig(u64 depth)
{
    volatile u64 room[32];

    room[depth % 32] = depth;
    return depth == ~0ul ? 0 : dig(depth + 1) + room[depth % 32];
}

static int dig_down(void *arg)
{
    (void)arg;
    return (int)dig(0);
}

KTEST(panic_overflow_main, "endless recursion on the boot stack")
{
    return dig_down(NULL);
}

KTEST(panic_overflow_thread, "endless recursion on a thread's stack of 4096 bytes")
{
    struct thread_params params = THREAD_PARAMS("deep", dig_down, NULL);
    tid_t tid;

    params.stack_size = PAGE_SIZE;
    tid = thread_create(&params);
    return tid < 0 ? tid : thread_join(tid, NULL);
}

static UNCHECKED void write_to(u64 address)
{
    *(volatile u64 *)address = 1;
}

KTEST(panic_null, "a write through a member of a NULL pointer")
{
    write_to(zero + 16);
    return 0;
}

KTEST(panic_wild, "a write to memory that is not there")
{
    write_to(KSTACK_END - 64);
    return 0;
}

KTEST(panic_noncanonical, "a write to an address that no pointer can have")
{
    write_to(0x1234567812345678);
    return 0;
}

KTEST(panic_text, "a write to the kernel's own code")
{
    write_to((u64)dig_down);
    return 0;
}

static const u64 constant = 5;

KTEST(panic_constant, "a write to a constant")
{
    write_to((u64)&constant);
    return 0;
}

KTEST(panic_jump, "a call through a pointer that leads into data")
{
    ((int (*)(void *))(void *)&zero)(NULL);
    return 0;
}

static UNCHECKED void divide(void)
{
    sink = 5 / zero;
}

KTEST(panic_divide, "a division by zero that only the processor sees")
{
    divide();
    return 0;
}

/* --- the compiler's checks notice ---------------------------------------------------------------------------------------------- */

KTEST(panic_ubsan_divide, "a division by zero")
{
    sink = 5 / zero;
    return 0;
}

KTEST(panic_ubsan_index, "an index past the end of an array")
{
    static volatile u64 four[4];

    sink = four[zero + 4];
    return 0;
}

KTEST(panic_ubsan_shift, "a shift by 64")
{
    sink = 1ul << (zero + 64);
    return 0;
}

KTEST(panic_ubsan_add, "a signed addition that overflows")
{
    sink = (u64)((int)(zero + 0x7fffffff) + 1);
    return 0;
}

static UNCHECKED void fill_past_end(u64 n)
{
    volatile u8 local[16];

    for (u64 i = 0; i < n; i++)
        local[i] = (u8)i;
    sink = local[0];
}

KTEST(panic_canary, "a write past the end of a local array")
{
    fill_past_end(zero + 32);
    return 0;
}

/* --- the allocators notice ----------------------------------------------------------------------------------------------------- */

KTEST(panic_kfree_twice, "heap memory freed twice")
{
    void *kept = kmalloc(48), *p = kmalloc(48);

    kfree(p);
    kfree(p);
    kfree(kept);
    return 0;
}

KTEST(panic_kfree_foreign, "memory freed that never was the heap's")
{
    kfree(current());
    return 0;
}

KTEST(panic_kfree_middle, "a pointer into the middle of an object freed")
{
    char *p = kmalloc(256);

    kfree(p + 16);
    return 0;
}

KTEST(panic_use_after_free, "heap memory written to after it was freed")
{
    void *kept = kmalloc(48);
    volatile u8 *p = kmalloc(48);

    kfree((void *)p);
    p[20] = 1;
    sink = (u64)kmalloc(48);
    kfree(kept);
    return 0;
}

KTEST(panic_frame_twice, "a frame given back twice")
{
    struct frame *f = frame_alloc(0);

    frame_put(f);
    frame_put(f);
    return 0;
}

KTEST(panic_block_twice, "a block of frames given back twice")
{
    struct frame *f = frame_alloc(3);

    frame_put(f);
    frame_put(f);
    return 0;
}

KTEST(panic_stack_twice, "a kernel stack freed twice")
{
    struct kstack stack, again;

    if (kstack_alloc(&stack, KSTACK_DEFAULT))
        return 0;
    again = stack;
    kstack_free(&stack);
    kstack_free(&again);
    return 0;
}

static int free_own_stack(void *arg)
{
    (void)arg;
    kstack_free(&current()->stack);
    return 0;
}

KTEST(panic_own_stack, "a thread that frees the stack on which it stands")
{
    tid_t tid = thread_create(&(struct thread_params)THREAD_PARAMS("sawyer", free_own_stack, NULL));

    return tid < 0 ? tid : thread_join(tid, NULL);
}

/* --- locks and the scheduler notice -------------------------------------------------------------------------------------------- */

static struct spinlock outer = SPINLOCK("outer", RANK_FILES);
static struct spinlock inner = SPINLOCK("inner", RANK_SLAB);

KTEST(panic_lock_twice, "a lock taken twice")
{
    spin_lock_irq(&outer);
    spin_lock(&outer);
    return 0;
}

KTEST(panic_lock_order, "two locks taken in the wrong order")
{
    spin_lock_irq(&inner);
    spin_lock(&outer);
    return 0;
}

KTEST(panic_lock_irq, "a lock taken with interrupts on")
{
    spin_lock(&outer);
    return 0;
}

KTEST(panic_unlock, "a lock released that is not held")
{
    irq_disable();
    spin_unlock(&outer);
    return 0;
}

/* rounds= says which step of the state diagram: ten times the state that is left, plus the one that is entered. */
KTEST(panic_state, "a step that is not in the state diagram")
{
    u64 step = option_u64("rounds");
    struct thread t = { .tid = 99, .name = "nobody" };

    put_state(&t, (enum thread_state)(step / 10));
    thread_set_state(&t, (enum thread_state)(step % 10));
    return 0;
}

KTEST(panic_yield_irq, "a yield inside a critical section")
{
    irq_disable();
    thread_yield();
    return 0;
}

KTEST(panic_schedule_lock, "a switch of threads while another lock is held")
{
    struct rq *rq = this_rq();

    tid_t tid = thread_create(&(struct thread_params)THREAD_PARAMS("other", nothing, NULL));

    if (tid < 0)
        return tid;
    spin_lock_irq(&outer);
    spin_lock(&rq->lock);
    yield_locked(rq);
    return 0;
}

KTEST(panic_enqueue_twice, "a thread that is put into the run queue twice")
{
    int error;
    struct thread *t = thread_new(&(struct thread_params)THREAD_PARAMS("twice", nothing, NULL), &error);

    if (!t)
        return error;
    thread_launch(t);
    irq_disable();
    sched_enqueue(this_rq_lock(), t, ENQUEUE_NEW);
    return 0;
}

KTEST(panic_free_in_table, "a TCB freed while the table still leads to it")
{
    int error;
    struct thread *t = thread_new(&(struct thread_params)THREAD_PARAMS("stale", nothing, NULL), &error);

    if (!t)
        return error;
    thread_free(t);
    return 0;
}

KTEST(panic_stack_in_table, "a stack freed while the table still leads to its thread")
{
    int error;
    struct thread *t = thread_new(&(struct thread_params)THREAD_PARAMS("stale", nothing, NULL), &error);

    if (!t)
        return error;
    thread_free_stack(t);
    return 0;
}

KTEST(panic_state_by_hand, "a thread's state changed by hand")
{
    struct thread t = { .tid = 99, .name = "nobody" };

    t.state = THREAD_READY;
    thread_set_state(&t, THREAD_RUNNING);
    return 0;
}
