/* Demonstrations of the policies, each twice: as it should not be, and as it should. They choose the policy that they are about and put
   the one in force back. What to see stands below the charts. */
#include "base/printk.h"
#include "init/gantt.h"
#include "init/monitor.h"
#include "lib/errno.h"
#include "sched/preempt.h"
#include "sched/stat.h"
#include "sched/sync.h"
#include "sched/timer.h"

#define MS(n) ((n) * NS_PER_MS)

static void just_work(struct lane *me)
{
    lane_work(me, me->actor->work_ns);
}

/* --- convoy: first come, first served, against shortest job first ----------------------------------------------------------------- */

#define UNIT MS(10)

static const struct actor convoy[] = {
    { "A", PRIORITY_NORMAL, just_work, 24 * UNIT, 0 },
    { "B", PRIORITY_NORMAL, just_work, 3 * UNIT, 0 },
    { "C", PRIORITY_NORMAL, just_work, 3 * UNIT, 0 },
};

/* Prints the average wait, in tenths of a unit: rounded, with one decimal. */
static int play_convoy(const struct sched_class *class, const char *title)
{
    u64 sum = 0, tenths;
    int error;

    printk("%s:\n", title);
    error = gantt_play(class, convoy, array_len(convoy), UNIT);
    if (error)
        return error;
    for (unsigned i = 0; i < array_len(convoy); i++)
        sum += gantt_lane(i)->time[DOES_WAIT];
    tenths = (10 * sum / array_len(convoy) + UNIT / 2) / UNIT;
    printk("  average wait: %lu.%lu columns\n", tenths / 10, tenths % 10);
    return 0;
}

static int run_convoy(void)
{
    int error = play_convoy(&fcfs_class, "fcfs, jobs of 24, 3 and 3 columns that come in this order");

    if (!error)
        error = play_convoy(&sjf_class, "sjf, the same jobs");
    if (!error)
        printk("See: `#` runs, `.` waits. Under fcfs the short jobs wait behind the long one;\n"
               "no order makes the average wait shorter than the shortest job first.\n");
    return error;
}

DEMO(50, convoy, "short jobs behind a long one: fcfs against sjf", run_convoy)

/* --- ageing ----------------------------------------------------------------------------------------------------------------------- */

static const struct actor starved[] = {
    { "H", PRIORITY_NORMAL, just_work, MS(260), 0 },
    { "L", PRIORITY_LOW, just_work, MS(30), 0 },
};

/* With another time in which a waiting thread rises by one level. Nobody is queued under it before or after. */
static int play_ageing(u64 ageing, const char *title)
{
    u64 before = policy.ageing;
    int error;

    printk("%s:\n", title);
    policy.ageing = ageing;
    error = gantt_play(&prio_class, starved, array_len(starved), MS(5));
    policy.ageing = before;
    return error;
}

static int run_ageing(void)
{
    int error = play_ageing(~0ul, "prio without ageing, H has the higher priority");

    if (!error)
        error = play_ageing(policy.ageing / 10, "prio with ageing, ten times as fast as it is otherwise");
    if (!error)
        printk("See: `#` runs, `.` waits. Without ageing L gets nothing as long as H wants to\n"
               "run. With it L rises, a level every 10 ms, until it is above H for one turn;\n"
               "then it starts again from below.\n");
    return error;
}

DEMO(51, ageing, "a thread of low priority starves, and with ageing does not", run_ageing)

/* --- gamer: a feedback queue, and a thread that wants to stay at its top ------------------------------------------------------------ */

#define GAME MS(210)
#define TURN MS(4) /* a quantum of the top level is 5 ms */
#define NAP MS(1)

static bool forgetful;    /* whether a sleep renews the gamer's allotment */
static unsigned lowest;   /* the level to which it sank */

/* Works in small pieces, so that the mark is the level at which it was done. */
static void work_at_level(struct lane *me, u64 ns)
{
    for (u64 done = 0; done < ns && clock_ns() < gantt_began() + GAME; done += NS_PER_MS / 10) {
        me->mark = (char)('0' + current()->mlfq.level);
        lane_work(me, NS_PER_MS / 10);
    }
}

/* What a queue would do that counts an allotment from the last wake on: the classical mistake. */
static void forget_allotment(void)
{
    struct thread *me = current();
    u64 flags = irq_save();
    struct rq *rq = this_rq_lock();

    me->mlfq.allotment_start = thread_ran(rq, me);
    spin_unlock_irq(&rq->lock, flags);
}

static void game(struct lane *me)
{
    lowest = 0;
    while (clock_ns() < gantt_began() + GAME) {
        work_at_level(me, TURN);
        lowest = max(lowest, (unsigned)(me->mark - '0'));
        lane_sleep(me, NAP);
        if (forgetful)
            forget_allotment();
    }
}

static void be_honest(struct lane *me)
{
    work_at_level(me, GAME);
}

static const struct actor gamers[] = {
    { "G", PRIORITY_NORMAL, game, 0, 0 },
    { "H", PRIORITY_NORMAL, be_honest, 0, 0 },
};

/* A boost in the middle would lift both to the top again: begins behind it, if one is near. */
static void keep_clear_of_boost(void)
{
    u64 left = cycles_to_ns(policy.mlfq_boost - cycles() % policy.mlfq_boost);

    if (left < 3 * GAME)
        (void)thread_sleep(left + NS_PER_MS);
}

/* Returns the level to which G sank, or an error. */
static int play_gamer(bool forgets, const char *title)
{
    int error;

    printk("%s:\n", title);
    forgetful = forgets;
    error = gantt_play(&mlfq_class, gamers, array_len(gamers), MS(3));
    if (error)
        return error;
    printk("  G had %lu %% of the time\n", 100 * gantt_lane(0)->time[DOES_RUN] / GAME);
    return (int)lowest;
}

static int run_gamer(void)
{
    int fooled, fair = 0;

    keep_clear_of_boost();
    fooled = play_gamer(true, "mlfq that forgets what a thread has used when it sleeps");
    if (fooled >= 0)
        fair = play_gamer(false, "mlfq as it is: the allotment counts over all turns");
    if (fooled < 0 || fair < 0)
        return min(fooled, fair);
    printk("See: a digit is the level at which a thread runs, 0 the best; `.` waits, `-`\n"
           "sleeps. G works 4 ms and naps before its quantum of 5 ms is used up. In a queue\n"
           "that forgets it sank to level %d, in one that adds up to level %d.\n", fooled, fair);
    if (fooled)
        printk("(The first would be 0, but some of G's 4 ms took longer than its quantum: this\n"
               "machine has other work, too.)\n");
    return 0;
}

DEMO(52, gamer, "a thread that sleeps just before its quantum ends, to stay at mlfq's top", run_gamer)

/* --- inversion -------------------------------------------------------------------------------------------------------------------- */

static struct mutex mutex;         /* who waits for it lends its priority to the owner */
static struct semaphore semaphore; /* the same without: it knows of no owner */
static bool lends;

static void with_lock(struct lane *me, u64 ns)
{
    lane_note(me, DOES_WAIT);
    if (lends)
        mutex_lock(&mutex);
    else
        semaphore_down(&semaphore);
    lane_note(me, DOES_LOCK);
    me->mark = '@';
    lane_work(me, ns);
    me->mark = '#';
    if (lends)
        mutex_unlock(&mutex);
    else
        semaphore_up(&semaphore);
}

static void low(struct lane *me)
{
    with_lock(me, me->actor->work_ns);
    lane_work(me, MS(6));
}

static void medium(struct lane *me)
{
    lane_arrive(me);
    just_work(me);
}

static void high(struct lane *me)
{
    lane_arrive(me);
    with_lock(me, me->actor->work_ns);
}

static const struct actor inversion[] = {
    { "L", PRIORITY_LOW, low, MS(20), 0 },
    { "M", PRIORITY_NORMAL, medium, MS(60), MS(12) },
    { "H", PRIORITY_HIGH, high, MS(10), MS(6) },
};

static int play_inversion(bool inherit, const char *title)
{
    int error;

    printk("%s:\n", title);
    lends = inherit;
    error = gantt_play(&prio_class, inversion, array_len(inversion), MS(2));
    if (!error)
        printk("  H waited %lu.%lu ms for the lock\n", GANTT_MS(gantt_lane(2)->time[DOES_LOCK]));
    return error;
}

static int run_inversion(void)
{
    int error;

    mutex_init(&mutex, "demo");
    semaphore_init(&semaphore, "demo", 1);
    error = play_inversion(false, "prio, a semaphore as the lock: nothing is inherited");
    if (!error)
        error = play_inversion(true, "prio, a mutex: its owner inherits the priority of who waits for it");
    if (!error)
        printk("See: `@` runs with the lock, `#` without; `m` waits for the lock, `.` for the\n"
               "CPU. Without inheritance M, which needs no lock, keeps L from giving it up, and\n"
               "so H waiting. With it L runs as H would until it has given the lock up.\n");
    return error;
}

DEMO(53, inversion, "a thread of high priority waits for a lock, and for whom else", run_inversion)
