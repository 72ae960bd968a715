/* Random lives: threads of random stack sizes are made, by the test and by each other, take random turns, and leave with random codes; some
   are joined, early or late, some are detached. */
#include "ktest/hidden.h"
#include "ktest/threads.h"

#define LIVES 60
#define STEPS 90
#define PARENT 4 /* one in so many has a child */

struct life {
    u64 draws;
    tid_t tid;
    size_t stack;
    int code;
    bool detached;
};

static struct life lives[LIVES];
static u64 made;
static volatile u64 ended;

static int live(void *arg);

static int make_life(void)
{
    struct life *life = &lives[made];
    u64 draws = draws_of(made + 1);
    struct thread_params params = THREAD_PARAMS("life", live, (void *)made);
    tid_t tid;

    life->stack = (2 + draw(&draws, draw(&draws, 8) ? 14 : 255)) * PAGE_SIZE;
    life->code = (int)(draw(&draws, 1ul << 31) << 1);
    life->code |= (int)draw(&draws, 2);
    life->detached = draw(&draws, 4) == 0;
    life->draws = draws;
    params.stack_size = life->stack;
    params.detached = life->detached;
    made++;
    tid = thread_create(&params);
    life->tid = tid;
    return tid < 0 ? tid : 0;
}

static void join(u64 n)
{
    int code = 0;
    int result = thread_join(lives[n].tid, &code);

    fact(FACT_JOINED, n, (u64)(s64)result);
    fact(FACT_EXIT_CODE, n, (u64)(s64)code);
}

static int live(void *arg)
{
    u64 n = number_of(arg), me = n, wrong = 0, turns = draw(&lives[n].draws, 6);
    bool parent = draw(&lives[n].draws, PARENT) == 0 && made < LIVES;
    u64 child = made;
    volatile u64 *deepest = (volatile u64 *)current()->stack.base;

    *deepest = ~n;
    fact(FACT_ENTRY_ARG, n, current()->stack.size == lives[n].stack && stack_pointer() - current()->stack.base < lives[n].stack);
    if (parent && make_life())
        return 0;
    for (u64 turn = 0; turn < turns; turn++) {
        fact(FACT_TURN, n, turn);
        thread_yield();
        wrong += *deepest != ~n || me != number_of(current()->arg);
    }
    if (parent && !lives[child].detached)
        join(child);
    fact(FACT_REG_AFTER, n, wrong);
    ended++;
    if (draw(&lives[n].draws, 2))
        thread_exit(lives[n].code);
    return lives[n].code;
}

static u64 open[LIVES], nr_open; /* made by the test, and neither joined nor detached */

static u64 take_open(u64 which)
{
    u64 n = open[which];

    nr_open--;
    for (u64 i = which; i < nr_open; i++)
        open[i] = open[i + 1];
    return n;
}

static int begin_life(void)
{
    u64 n = made;
    int error = make_life();

    if (!error && !lives[n].detached)
        open[nr_open++] = n;
    return error;
}

static int step(u64 *draws)
{
    u64 what = draw(draws, 8);

    if (what < 3)
        return made < LIVES ? begin_life() : 0;
    if (what < 6 || !nr_open) {
        thread_yield();
        return 0;
    }
    if (what == 6) {
        join(take_open(draw(draws, nr_open)));
    } else {
        u64 n = take_open(draw(draws, nr_open));

        fact(FACT_RESULT, n, (u64)(s64)thread_detach(lives[n].tid));
    }
    return 0;
}

KTEST(hidden_lives, "lives and deaths of threads, as the seed decides")
{
    u64 draws = draws_of(0);
    unsigned before = thread_count();
    int error = 0;

    made = ended = nr_open = 0;
    for (unsigned i = 0; i < STEPS && !error; i++)
        error = step(&draws);
    while (nr_open)
        join(take_open(draw(&draws, nr_open)));
    yield_until(&ended, made, 1000);
    thread_yield();
    fact(FACT_NOTE, made, ended);
    fact(FACT_THREADS, 0, thread_count() - before);
    return error;
}
