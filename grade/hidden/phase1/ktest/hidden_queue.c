/* Random operations on a run queue of the test's own, with threads that only stand in it. */
#include "ktest/hidden.h"
#include "ktest/threads.h"
#include "lib/string.h"

#define LEAST 40
#define MOST  72
#define STEPS 600

static struct rq queue;
static struct thread thread[MOST], idle;
static bool queued[MOST];
static u64 players, waiting; /* how many threads play; how many of them stand in the queue */

static void set_up(u64 *draws)
{
    players = LEAST + draw(draws, MOST - LEAST + 1);
    waiting = 0;
    memset(&queue, 0, sizeof(queue));
    queue.idle = &idle;
    list_init(&queue.ready);
    list_init(&idle.run_link);
    for (u64 i = 0; i < MOST; i++) {
        memset(&thread[i], 0, sizeof(thread[i]));
        thread[i].tid = (tid_t)(10 + draw(draws, 4000));
        thread[i].class = normal_class;
        put_state(&thread[i], THREAD_READY);
        list_init(&thread[i].run_link);
        queued[i] = false;
    }
}

/* Its number; -1 for NULL, MOST for whatever is none of the test's threads. */
static u64 number(const struct thread *t)
{
    for (u64 i = 0; i < MOST; i++)
        if (t == &thread[i])
            return i;
    return t ? MOST : ~0ul;
}

/* False if what came cannot have been in the queue. */
static bool pop(u64 step)
{
    u64 n = number(rq_pop(&queue));

    fact(FACT_POPPED, step, n);
    if (n == ~0ul)
        return !waiting;
    if (n >= MOST || !queued[n])
        return false;
    fact(FACT_LINKED, n, !list_empty(&thread[n].run_link));
    queued[n] = false;
    waiting--;
    return true;
}

static void join_or_leave(u64 n, bool may_leave)
{
    if (queued[n] && may_leave) {
        rq_remove(&queue, &thread[n]);
        fact(FACT_LINKED, n, !list_empty(&thread[n].run_link));
        waiting--;
    } else if (!queued[n]) {
        rq_push(&queue, &thread[n]);
        waiting++;
    } else {
        return;
    }
    queued[n] = !queued[n];
}

/* Whether as many threads as ought to stand there, and the links lead back the way they came. */
static void tell_links(void)
{
    const struct list *it = &queue.ready;
    u64 n = 0;

    while (it->next->prev == it && it->next != &queue.ready && n <= MOST) {
        it = it->next;
        n++;
    }
    fact(FACT_LINKS, waiting, n == waiting && it->next == &queue.ready && queue.ready.prev == it);
}

KTEST(hidden_queue, "threads join, leave and are taken off a run queue, as the seed decides")
{
    u64 draws = draws_of(0);

    set_up(&draws);
    for (u64 step = 0; step < STEPS; step++) {
        u64 n = draw(&draws, players), what = draw(&draws, 16);

        if (what > 2)
            join_or_leave(n, what < 6);
        else if (!pop(step))
            return 0;
        if (!(step % 8))
            tell_links();
    }
    while (waiting)
        if (!pop(STEPS))
            return 0;
    pop(STEPS);
    tell_links();
    fact(FACT_COUNT, 0, queue.nr_ready);
    return 0;
}
