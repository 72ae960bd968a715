/* Queues of CFS and EEVDF that nobody runs (ktest/fair_case.h), of any size and any weights: what the small functions say of them, and what
   becomes of them while their threads run, come, go and change. */
#include "ktest/fair_case.h"
#include "ktest/hidden.h"
#include "lib/errno.h"
#include "mm/slab.h"
#include "sched/classes.h"

#define QUEUES  30
#define CHARGES 40
#define STEPS   60
#define CROWD   120u
#define SPREAD  (40 * MS)
#define COARSE  (5 * MS)

static struct thread *crowd; /* CROWD of them */
static unsigned crowd_n;

/* Half of them coarse: then some are equal. */
static u64 spread(u64 *draws)
{
    u64 coarse = draw(draws, 2), x = draw(draws, SPREAD);

    return coarse ? x / COARSE * COARSE : x;
}

static void draw_thread(struct thread *t, tid_t tid, u64 around, u64 *draws)
{
    struct fair_entity *e = &t->se.fair;
    bool anywhere; /* half of the deadlines are: otherwise the first of all would seldom be one that has had too much */

    *t = (struct thread){ .tid = tid, .class = normal_class, .since = draw(draws, 3) };
    e->weight = sched_nice_to_weight[draw(draws, 40)];
    e->slice = SCHED_MIN_GRANULARITY_NS + draw(draws, 30 * MS);
    e->vruntime = around + spread(draws) - SPREAD / 2;
    anywhere = draw(draws, 2);
    e->deadline = (anywhere ? around - SPREAD / 2 : e->vruntime) + spread(draws);
    rb_node_init(&e->node);
}

static void erase(struct thread *t)
{
    rb_erase(&queue.classes.fair.tree, &t->se.fair.node);
}

/* crowd[0] runs, all others wait. Returns around where they are. */
static u64 draw_queue(bool (*summarize)(struct rb_node *node), u64 *draws)
{
    u64 around = draw(draws, 3), few = draw(draws, 3), n = draw(draws, CROWD - 1);

    around = around == 0 ? draw(draws, SPREAD) : around == 1 ? (1ul << 63) + draw(draws, SPREAD) : 1ul << 40;
    queue = (struct rq){ .clock = 1000000, .curr = crowd, .cpu = this_cpu()->id };
    rb_tree_init(&queue.classes.fair.tree, summarize);
    queue.classes.fair.zero = around;
    crowd_n = (unsigned)(1 + (few ? n % 9 : n));
    for (unsigned i = 0; i < crowd_n; i++) {
        draw_thread(&crowd[i], (tid_t)i + 1, around, draws);
        count(&crowd[i].se.fair);
        if (i)
            insert(&crowd[i]);
    }
    return around;
}

static u64 tid_of(struct fair_entity *e)
{
    return e ? (u64)thread_of_fair(e)->tid : 0;
}

static int with_crowd(void (*play)(u64 *draws), u64 draws)
{
    u64 flags;

    crowd = kmalloc(CROWD * sizeof(*crowd));
    if (!crowd)
        return -ENOMEM;
    flags = irq_save();
    play(&draws);
    irq_restore(flags);
    kfree(crowd);
    return 0;
}

/* --- CFS ----------------------------------------------------------------------------------------------------------------------------- */

/* COST: case, what some charges of any lengths sum up to. */
static void charge(u64 i, u64 *draws)
{
    u64 nice = draw(draws, 40), bits = draw(draws, 24), sum = 0;
    struct fair_entity e = { .weight = fair_weight((int)nice - 20) };

    for (unsigned n = 0; n < CHARGES; n++)
        sum += fair_vtime(&e, draw(draws, 2ul << bits));
    fact(FACT_COST, i, sum);
}

/* The facts: case, and min_vruntime (NOTE), the turn of who runs (LEVEL), who is first (ORDER), whether a tick (STATE) and one who becomes
   ready (FOUND) takes the CPU, where one stands who comes (RESULT). */
static void cfs_case(u64 i, u64 *draws)
{
    u64 around = draw_queue(NULL, draws);
    struct fair_entity *e = &crowd->se.fair;
    enum enqueue_why why;

    queue.classes.fair.min_vruntime = around + spread(draws) - SPREAD / 2;
    cfs_update_min(&queue);
    fact(FACT_NOTE, i, queue.classes.fair.min_vruntime);
    fact(FACT_LEVEL, i, cfs_slice(&queue, e));
    fact(FACT_ORDER, i, tid_of(cfs_first(&queue)));
    crowd->se.charged = draw(draws, MS);
    e->picked_at = crowd->se.charged;
    crowd->se.charged += draw(draws, 4) ? cfs_slice(&queue, e) + draw(draws, 3) - 1 : draw(draws, 9 * MS);
    fact(FACT_STATE, i, tick_makes_due(cfs_tick, e));
    draw_thread(&other, 1000, e->vruntime, draws);
    if (draw(draws, 2))
        other.se.fair.vruntime = e->vruntime - CFS_WAKEUP_GRANULARITY_NS * NICE_0_WEIGHT / other.se.fair.weight + draw(draws, 3) - 1;
    fact(FACT_FOUND, i, makes_due(cfs_check_preempt, &other, e));
    draw_thread(&other, 1000, around, draws);
    why = (enum enqueue_why)draw(draws, 5);
    if (why == ENQUEUE_YIELD) {
        e->member = false;
        queue.curr = &other;
    }
    count(&other.se.fair);
    cfs_place(&queue, &other, why);
    fact(FACT_RESULT, i, other.se.fair.vruntime);
}

static void play_cfs(u64 *draws)
{
    for (u64 i = 0; i < QUEUES; i++) {
        charge(i, draws);
        cfs_case(i, draws);
    }
}

KTEST(hidden_cfs, "weights, charges and queues of CFS as the seed decides")
{
    return with_crowd(play_cfs, draws_of(0));
}

/* --- EEVDF --------------------------------------------------------------------------------------------------------------------------- */

enum { RUN, PICK, REQUEUE, TICK, READY, CHOICES, REWEIGHT = CHOICES, YIELD, SLEEP, COME, ALL_CHOICES };

static struct thread *running;

/* LEVEL: step, its deadline when it has run; STATE: whether it is protected. */
static void run(u64 step, u64 *draws)
{
    struct fair_entity *e = &running->se.fair;
    u64 grown = draw(draws, 6 * MS);

    if (draw(draws, 3) == 0) /* up to its deadline, or nearly */
        grown = vtime_before(e->vruntime, e->deadline) ? e->deadline - e->vruntime - draw(draws, 2) : grown;
    e->vruntime += grown;
    eevdf_ran(&queue, e, grown);
    fact(FACT_LEVEL, step, e->deadline);
    fact(FACT_STATE, step, e->protected);
}

/* Who runs goes back, the first one runs; ORDER: step, its tid. */
static void pick(u64 step)
{
    struct fair_entity *first;

    running->se.fair.protected = false;
    insert(running);
    first = eevdf_first(&queue);
    fact(FACT_ORDER, step, tid_of(first));
    if (!first)
        first = fair_of(queue.classes.fair.tree.leftmost);
    running = thread_of_fair(first);
    erase(running);
    first->protected = true;
    queue.curr = running;
}

/* A member that waits; NULL if there is none. */
static struct thread *waiting(u64 *draws)
{
    struct thread *t = &crowd[draw(draws, crowd_n)];

    return t->se.fair.member && t != running ? t : NULL;
}

/* A place of a request as it would be if it had been asked for at another time. */
static void requeue(u64 *draws)
{
    u64 far = spread(draws), since = draw(draws, 3);
    struct thread *t = waiting(draws);

    if (!t)
        return;
    erase(t);
    t->se.fair.deadline = t->se.fair.vruntime + far;
    t->since = since;
    insert(t);
}

/* FOUND: step, whether a reschedule is due; STATE: whether who runs keeps its right. */
static void look(u64 step, struct thread *t)
{
    struct fair_entity *e = &running->se.fair;

    fact(FACT_FOUND, step, t ? makes_due(eevdf_check_preempt, t, e) : tick_makes_due(eevdf_tick, e));
    fact(FACT_STATE, step, e->protected);
}

/* RESULT: step, v or vlag. LEVEL: step, d or ahead. */
static void tell_place(u64 step, const struct fair_entity *e)
{
    fact(FACT_RESULT, step, e->member ? e->vruntime : (u64)e->vlag);
    fact(FACT_LEVEL, step, e->member ? e->deadline : (u64)e->ahead);
}

static void reweight(u64 step, u64 *draws)
{
    struct thread *t = &crowd[draw(draws, crowd_n)];
    struct fair_entity *e = &t->se.fair;
    u32 weight = sched_nice_to_weight[draw(draws, 40)];
    bool queued = rb_linked(&e->node);

    if (queued)
        erase(t);
    eevdf_reweight(&queue, e, weight);
    if (queued)
        insert(t);
    tell_place(step, e);
    fact(FACT_COUNT, step, queue.classes.fair.weight);
}

static s64 part_of_sum(const struct fair_entity *e)
{
    return (s64)(e->vruntime - queue.classes.fair.zero) * e->weight;
}

static void leave(u64 step, struct thread *t)
{
    struct fair_entity *e;

    if (!t)
        return;
    e = &t->se.fair;
    erase(t);
    eevdf_keep_lag(&queue, e);
    queue.classes.fair.sum -= part_of_sum(e);
    queue.classes.fair.nr--;
    queue.classes.fair.weight -= e->weight;
    e->member = false;
    tell_place(step, e);
}

static void come(u64 step, u64 *draws)
{
    static const enum enqueue_why reasons[] = { ENQUEUE_NEW, ENQUEUE_WAKE, ENQUEUE_CHANGED };
    struct thread *t = &crowd[draw(draws, crowd_n)];
    struct fair_entity *e = &t->se.fair;
    enum enqueue_why why = reasons[draw(draws, 3)];

    e->newcomer = draw(draws, 4) == 0 || why == ENQUEUE_NEW;
    if (e->member)
        return;
    e->slice = SCHED_MIN_GRANULARITY_NS + draw(draws, 30 * MS);
    eevdf_place(&queue, t, why);
    e->newcomer = false;
    count(e);
    insert(t);
    tell_place(step, e);
}

static void take_step(u64 step, u64 choices, u64 *draws)
{
    struct thread *t;

    switch (draw(draws, choices)) {
    case RUN:
        run(step, draws);
        break;
    case PICK:
        pick(step);
        break;
    case REQUEUE:
        requeue(draws);
        break;
    case TICK:
        look(step, NULL);
        break;
    case READY:
        t = waiting(draws);
        if (t)
            look(step, t);
        break;
    case REWEIGHT:
        reweight(step, draws);
        break;
    case YIELD:
        eevdf_yield(&running->se.fair);
        fact(FACT_LEVEL, step, running->se.fair.deadline);
        break;
    case SLEEP:
        leave(step, waiting(draws));
        break;
    default:
        come(step, draws);
    }
    fact(FACT_NOTE, step, eevdf_vtime(&queue));
}

static void play_eevdf(u64 choices, u64 *draws)
{
    for (u64 i = 0; i < QUEUES / 2; i++) {
        (void)draw_queue(eevdf_summarize, draws);
        running = crowd;
        for (u64 step = 0; step < STEPS; step++)
            take_step(step, choices, draws);
    }
}

static void play_picks(u64 *draws)
{
    play_eevdf(CHOICES, draws);
}

static void play_all(u64 *draws)
{
    play_eevdf(ALL_CHOICES, draws);
}

KTEST(hidden_eevdf, "queues of EEVDF whose threads run, wait, are picked and ask for the CPU, as the seed decides")
{
    return with_crowd(play_picks, draws_of(0));
}

KTEST(hidden_lag, "the same, and threads that leave, come back, yield and get other weights")
{
    return with_crowd(play_all, draws_of(0));
}
