/* Lab 3.5: page_share() and cow_break(), seen in the tables of parent and child, and in the frames' counts, after each step. */
#include "arch/user.h"
#include "ktest/child.h"
#include "ktest/ktest.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/failalloc.h"
#include "sched/thread.h"
#include "sched/timer.h"

#define DATA 0x500000ul  /* three pages that may be written, the third never touched */
#define CONST 0x600000ul /* a page that may be read */
#define CODE 0x700000ul  /* a page that may be written and executed */
#define BEFORE 0xbef03eul
#define PARENT_VALUE 0xda4e27ul

static const uptr page_at[] = { DATA, DATA + PAGE_SIZE, DATA + 2 * PAGE_SIZE, CONST, CODE, CHILD_CODE, CHILD_SHARED };

static int put_words(struct address_space *space, uptr at)
{
    const u64 words[2] = { BEFORE, BEFORE };

    return aspace_write(space, at, words, sizeof(words));
}

static int lay_out(struct address_space *space)
{
    int error = child_prepare(space);

    if (!error)
        error = map_pages(space, DATA, 3, ACCESS_READ | ACCESS_WRITE);
    if (!error)
        error = map_pages(space, CONST, 1, ACCESS_READ | ACCESS_WRITE);
    if (!error)
        error = map_pages(space, CODE, 1, ACCESS_READ | ACCESS_WRITE | ACCESS_EXEC);
    if (!error)
        error = put_words(space, DATA);
    if (!error)
        error = put_words(space, DATA + PAGE_SIZE);
    if (!error)
        error = put_words(space, CONST);
    if (!error)
        error = put_words(space, CODE);
    return error ? error : aspace_protect(space, CONST, PAGE_SIZE, ACCESS_READ);
}

/* All pages of both, and how many frames are free. child: NULL: there is none; and one without a space has ended. */
static void look(u64 step, const struct address_space *space, const struct process *child)
{
    for (unsigned i = 0; i < array_len(page_at); i++) {
        tell_page(step, 1, space, page_at[i]);
        if (child && child->space)
            tell_page(step, 2, child->space, page_at[i]);
    }
    fact(FACT_COUNT, step, frames_free());
}

/* RESULT: step, what stands there for the parent; RETURNED: step, for the child. The word behind it, which nobody writes: step + 100. */
static void read_both(u64 step, uptr at)
{
    for (unsigned word = 0; word < 2; word++, step += 100, at += sizeof(u64)) {
        u64 mine = 0, its = 0;

        fact(FACT_RESULT, step, user_copy(&mine, (const void *)at, sizeof(mine)) ? ~0ul : mine);
        fact(FACT_RETURNED, step, child_reads(at, &its) ? its : ~0ul);
    }
}

/* 0 before; 1 after fork; 2 the child wrote to its first page; 3 the parent wrote there, alone now; 4 the parent wrote to the second page;
   5 the child did, alone now; 6 the parent wrote to the page that may be executed; 7 the child did, alone now; 8 the child is
   gone. */
static int steps(struct address_space *space)
{
    int error = lay_out(space);
    struct process *child;
    pid_t pid;

    if (error)
        return error;
    look(0, space, NULL);
    pid = child_fork();
    if (pid < 0)
        return pid;
    child = child_of(pid);
    look(1, space, child);
    fact(FACT_FOUND, 2, child_writes(DATA));
    look(2, space, child);
    read_both(2, DATA);
    fact(FACT_FOUND, 3, parent_writes(DATA, PARENT_VALUE));
    look(3, space, child);
    read_both(3, DATA);
    fact(FACT_FOUND, 4, parent_writes(DATA + PAGE_SIZE, PARENT_VALUE));
    look(4, space, child);
    read_both(4, DATA + PAGE_SIZE);
    fact(FACT_FOUND, 5, child_writes(DATA + PAGE_SIZE));
    look(5, space, child);
    read_both(5, DATA + PAGE_SIZE);
    fact(FACT_FOUND, 6, parent_writes(CODE, PARENT_VALUE));
    look(6, space, child);
    fact(FACT_FOUND, 7, child_writes(CODE));
    look(7, space, child);
    error = children_end();
    look(8, space, NULL);
    return failalloc_failed() ? -ENOMEM : error;
}

KTEST(cow_steps, "the entries of parent and child, and who has which page, after fork and after each write")
{
    return run_in_space(steps);
}

/* Two children, made one after the other: the second one when the parent's entries are read-only already. */
static int twice(struct address_space *space)
{
    int error = lay_out(space);
    pid_t first, second;

    if (error)
        return error;
    first = child_fork();
    if (first < 0)
        return first;
    second = child_fork();
    if (second < 0) {
        children_end();
        return second;
    }
    look(0, space, child_of(first));
    look(1, space, child_of(second));
    fact(FACT_FOUND, 0, parent_writes(DATA, PARENT_VALUE));
    look(2, space, child_of(first));
    look(3, space, child_of(second));
    error = children_end();
    return failalloc_failed() ? -ENOMEM : error;
}

KTEST(cow_twice, "three have one page; one of them writes")
{
    return run_in_space(twice);
}

/* --- cow_break() alone ------------------------------------------------------------------------------------------------------------- */

/* The translation that the processor knows has to go with the entry: looked at through the processor after the page behind it changed. */
static int stale(struct address_space *space)
{
    int error = lay_out(space);
    vm_region_t *region = error ? NULL : region_find(space, DATA);
    pte_t *pte = error ? NULL : pagetable_walk(space->root, DATA, false);
    struct frame *old;
    u64 seen = 0;

    if (error)
        return error;
    old = phys_to_frame(pte_page(*pte));
    *pte = pte_read_only(*pte);
    tlb_forget_page(DATA);
    frame_get(old); /* somebody else has it, too */
    error = user_copy(&seen, (const void *)DATA, sizeof(seen));
    fact(FACT_NOTE, 0, seen);
    error = cow_break(region, pte, DATA);
    if (!error) {
        *(u64 *)phys_to_virt(pte_page(*pte)) = PARENT_VALUE;
        error = user_copy(&seen, (const void *)DATA, sizeof(seen));
        fact(FACT_NOTE, 1, seen);
        tell_page(0, 1, space, DATA);
    }
    fact(FACT_REFS, 0, old->refs);
    frame_put(old);
    return error;
}

KTEST(cow_stale, "what the processor reads after cow_break()")
{
    return run_in_space(stale);
}

#define MOMENTS 120
#define MOMENT_NS 50

static struct frame *given_up, *taken;
static u64 give_up_at;

/* The other one that has the page has it no more, and somebody takes a page. */
static int give_up(void *unused)
{
    (void)unused;
    thread_sleep_until(give_up_at);
    frame_put(given_up);
    taken = page_new();
    return 0;
}

static void fill(struct frame *f)
{
    for (u64 *word = frame_to_virt(f), *end = word + PAGE_SIZE / sizeof(*word); word < end; word++)
        *word = BEFORE;
}

static bool filled(const struct frame *f)
{
    const u64 *word = frame_to_virt(f);

    for (u64 i = 0; i < PAGE_SIZE / sizeof(*word); i++)
        if (word[i] != BEFORE)
            return false;
    return true;
}

/* One round: the page at DATA has two users, one of whom gives it up before cow_break() begins, or `early` ns after that. Returns whether
   what is at DATA then is as it was, and its own; or an error. */
static int give_up_meanwhile(struct address_space *space, u64 early)
{
    struct thread_params params = THREAD_PARAMS("other", give_up, NULL);
    pte_t *pte = pagetable_walk(space->root, DATA, false);
    int error, right;
    tid_t tid;

    taken = NULL;
    given_up = phys_to_frame(pte_page(*pte));
    fill(given_up);
    *pte = pte_read_only(*pte);
    tlb_forget_page(DATA);
    frame_get(given_up);
    params.priority = PRIORITY_CRITICAL;
    give_up_at = clock_ns() + 50000;
    tid = thread_create(&params);
    if (tid < 0) {
        frame_put(given_up);
        return tid;
    }
    while (clock_ns() < give_up_at + MOMENT_NS - early)
        ;
    error = cow_break(region_find(space, DATA), pte, DATA);
    thread_join(tid, NULL);
    if (taken)
        frame_put(taken);
    else
        error = error ? error : -ENOMEM;
    right = filled(phys_to_frame(pte_page(*pte))) && phys_to_frame(pte_page(*pte))->refs == 1;
    return error ? error : right;
}

/* With sched=prio the other one comes as soon as its time has come, whatever cow_break() does then. NOTE: rounds, how many were right. */
static int moments(struct address_space *space)
{
    int error = lay_out(space), result = 0;
    u64 right = 0;

    for (u64 round = 0; round < MOMENTS && !error; round++) {
        result = give_up_meanwhile(space, round * MOMENT_NS);
        error = result < 0 ? result : 0;
        right += result == 1;
    }
    if (!error)
        fact(FACT_NOTE, MOMENTS, right);
    return error;
}

KTEST(cow_moments, "the other one gives the page up before cow_break(), after it, and at each moment in between")
{
    return run_in_space(moments);
}

/* RESULT: what cow_break() returned without memory; FOUND: whether the entry is as it was; REFS: 0, the page's
   users; 1, the same after it was tried once more, with memory. RESULT 1: what it returns without memory where nobody else has the page. */
static int no_memory(struct address_space *space)
{
    int error = lay_out(space);
    pte_t *pte = error ? NULL : pagetable_walk(space->root, DATA, false), before;
    struct frame *f;

    if (error)
        return error;
    f = phys_to_frame(pte_page(*pte));
    *pte = pte_read_only(*pte);
    tlb_forget_page(DATA);
    before = *pte;
    frame_get(f);
    failalloc_start(1);
    fact(FACT_RESULT, 0, (u64)(s64)cow_break(region_find(space, DATA), pte, DATA));
    failalloc_stop();
    fact(FACT_FOUND, 0, *pte == before);
    fact(FACT_REFS, 0, f->refs);
    fact(FACT_NOTE, 0, *(u64 *)phys_to_virt(pte_page(before)));
    *pte = before;
    error = cow_break(region_find(space, DATA), pte, DATA);
    fact(FACT_REFS, 1, f->refs);
    frame_put(f);
    *pte = pte_read_only(*pte);
    tlb_forget_page(DATA);
    failalloc_start(1);
    fact(FACT_RESULT, 1, (u64)(s64)cow_break(region_find(space, DATA), pte, DATA));
    failalloc_stop();
    return error;
}

KTEST(cow_memory, "cow_break() when there is no memory for a copy")
{
    return run_in_space(no_memory);
}

/* COUNT: step, frames free; 0 before, 1 after fork, 2 after the child's end. 64 pages. */
static int many(struct address_space *space)
{
    int error = lay_out(space);
    pid_t pid;

    if (!error)
        error = map_pages(space, DATA + MIB(4), 64, ACCESS_READ | ACCESS_WRITE);
    for (uptr at = DATA + MIB(4); at < DATA + MIB(4) + 64 * PAGE_SIZE && !error; at += PAGE_SIZE)
        error = put_words(space, at);
    if (error)
        return error;
    fact(FACT_COUNT, 0, frames_free());
    pid = child_fork();
    if (pid < 0)
        return pid;
    fact(FACT_COUNT, 1, frames_free());
    return children_end();
}

KTEST(cow_many, "what a fork of 64 pages costs")
{
    return run_in_space(many);
}
