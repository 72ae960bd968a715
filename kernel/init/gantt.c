/* Gantt charts (gantt.h). A lane is filled from left to right: whenever its thread comes by, it notes what it has done since it came by
   last. That it lost the CPU meanwhile it sees from the number of its turns, and when it was made ready again the scheduler has written
   down: so the chart depends neither on the tick nor on the trace. A column shows what a thread did at the middle of the column's time;
   no two threads run then. No lock: a lane is its thread's, which notes with interrupts off. */
#include "init/gantt.h"
#include "base/printk.h"
#include "init/monitor.h"
#include "lib/string.h"
#include "sched/stat.h"
#include "sched/timer.h"

static struct lane lanes[GANTT_LANES];
static unsigned nlanes;
static u64 began, column;

static const char drawn_as[DOINGS] = { [DOES_NOTHING] = ' ', [DOES_WAIT] = '.', [DOES_SLEEP] = '-', [DOES_LOCK] = 'm' };

/* From what is known on until `until`, the thread of this lane did this. Of a time before that, something else is known already. */
static void fill(struct lane *me, u64 until, enum doing doing)
{
    if (until <= me->known_until)
        return;
    while (me->columns < GANTT_COLUMNS && began + me->columns * column + column / 2 < until)
        me->cell[me->columns++] = doing == DOES_RUN ? me->mark : drawn_as[doing];
    me->time[doing] += until - me->known_until;
    if (doing == DOES_WAIT)
        me->longest_wait = max(me->longest_wait, until - me->known_until);
    me->known_until = until;
}

void lane_note(struct lane *me, enum doing pause)
{
    const struct thread *t = current();
    u64 flags = irq_save(); /* the clock and the turn have to be of the same moment */
    u64 now = clock_ns();

    if (t->nr_switches == me->turns) {
        fill(me, now, DOES_RUN);
    } else {
        fill(me, t->ready_since, pause);
        fill(me, now, DOES_WAIT);
        me->turns = t->nr_switches;
        if (pause == DOES_NOTHING) {
            me->arrived = t->ready_since;
            me->response = now - t->ready_since;
        }
    }
    irq_restore(flags);
}

void lane_work(struct lane *me, u64 ns)
{
    u64 until = thread_cpu_ns(current()) + ns;

    while (thread_cpu_ns(current()) < until)
        lane_note(me, DOES_WAIT);
}

static void sleep_until(struct lane *me, u64 when, enum doing pause)
{
    lane_note(me, DOES_WAIT);
    (void)thread_sleep_until(when); /* nobody kills an actor */
    lane_note(me, pause);
}

void lane_sleep(struct lane *me, u64 ns)
{
    sleep_until(me, clock_ns() + ns, DOES_SLEEP);
}

void lane_arrive(struct lane *me)
{
    sleep_until(me, began + me->actor->arrives_ns, DOES_NOTHING);
}

const struct lane *gantt_lane(unsigned n)
{
    return &lanes[n];
}

u64 gantt_began(void)
{
    return began;
}

static int play_lane(void *arg)
{
    struct lane *me = arg;

    lane_note(me, DOES_NOTHING);
    me->actor->act(me);
    lane_note(me, DOES_WAIT);
    return 0;
}

static tid_t start(struct lane *lane, const struct actor *actor)
{
    struct thread_params params = THREAD_PARAMS(actor->name, play_lane, lane);

    *lane = (struct lane){ .actor = actor, .mark = '#', .known_until = began };
    params.priority = actor->priority;
    params.burst_ns = actor->work_ns;
    return thread_create(&params);
}

static void draw(void)
{
    unsigned columns = 0;

    for (unsigned i = 0; i < nlanes; i++)
        columns = max(columns, lanes[i].columns);
    for (unsigned i = 0; i < nlanes; i++) {
        printk("  %s |", lanes[i].actor->name);
        console_write(lanes[i].cell, lanes[i].columns);
        printk("%*s|\n", (int)(columns - lanes[i].columns), "");
    }
    printk("    a column is %lu ms\n", column / NS_PER_MS);
    printk("   %11s%11s%11s%11s%11s%11s\n", "ms: runs", "waits", "longest", "for lock", "response", "turnaround");
    for (unsigned i = 0; i < nlanes; i++) {
        const struct lane *l = &lanes[i];
        const u64 figure[] = { l->time[DOES_RUN], l->time[DOES_WAIT], l->longest_wait, l->time[DOES_LOCK], l->response,
                               l->known_until - l->arrived };

        printk("  %s", l->actor->name);
        for (unsigned f = 0; f < array_len(figure); f++)
            printk("%9lu.%lu", GANTT_MS(figure[f]));
        printk("\n");
    }
}

int gantt_play(const struct sched_class *class, const struct actor *actors, unsigned n, u64 column_ns)
{
    const struct sched_class *before = normal_class;
    tid_t tid[GANTT_LANES];
    int error = policy_use(class), restored;

    if (error)
        return error;
    began = clock_ns();
    column = column_ns;
    for (nlanes = 0; nlanes < n && !error; nlanes++) {
        tid[nlanes] = start(&lanes[nlanes], &actors[nlanes]);
        if (tid[nlanes] < 0) {
            error = tid[nlanes];
            break;
        }
    }
    for (unsigned i = 0; i < nlanes; i++)
        thread_join(tid[i], NULL);
    draw();
    restored = policy_use(before);
    return error ? error : restored;
}
