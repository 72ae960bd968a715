/* Random trees of processes: what each has of its own, and what of its parent's. All live until the end, the youngest ends first, and
   nobody waits for one: nothing of lab 3.6 is needed. */
#include "ktest/hidden.h"
#include "ktest/hidden_puppet.h"
#include "lib/errno.h"
#include "proc/table.h"

#define PAGES 5
#define STEPS 260
#define GROUP 7000

enum call { CALL_CLOSE = 3, CALL_DUP = 32, CALL_FORK = 57, CALL_CLONE = 56, CALL_EXIT = 60, CALL_FCNTL = 72, CALL_UMASK = 95,
            CALL_GETPPID = 110 };

#define CLONE_TIDS (0x100000ul | 0x1000000ul | 17) /* parent's and child's place for the id; SIGCHLD */

static uptr memory;
static bool stuck;

static void order(u64 n, enum order what, u64 a, u64 first)
{
    const u64 args[4] = { first, 1 };

    stuck |= !puppet_obeys(n, what, a, args);
}

/* TID: step, the number that the parent was told; LINKED: the child's parent, its group; RESULT: its parent again, its handler.
   JOINED: its number, its id. */
static int fork(u64 step, u64 n, u64 *draws)
{
    bool ids = draw(draws, 3) == 0;
    u64 mine = draw(draws, PAGES), its = draw(draws, PAGES);
    const u64 args[4] = { CLONE_TIDS, 0, memory + mine * PAGE_SIZE, memory + its * PAGE_SIZE + 8 };
    struct process *child;
    s64 told;

    stuck |= !puppet_forks(n, ids ? CALL_CLONE : CALL_FORK, ids ? args : NULL);
    told = (s64)puppet_words(n)->a;
    if (told < 0)
        return (int)told;
    child = puppet_born(puppet(n));
    fact(FACT_TID, step, puppet_number((pid_t)told));
    if (!child)
        return -ESRCH;
    fact(FACT_JOINED, puppets_made() - 1, (u64)child->pid);
    fact(FACT_LINKED, puppet_number(child->ppid), (u64)child->pgid);
    fact(FACT_RESULT, puppet_number(child->parent->pid), child->signals.action[SIGUSR1 - 1].handler);
    return 0;
}

/* NOTE: step, what was read; COUNT: step, the sum in its register; RETURNED: step, what a call returned. */
static int step(u64 *draws, u64 i)
{
    u64 n = draw(draws, puppets_made()), what = draw(draws, 20), value = draw(draws, 1ul << 31);
    u64 page = draw(draws, PAGES), word = draw(draws, 3);
    uptr at = memory + page * PAGE_SIZE + 8 * word;
    struct process *p = puppet(n);
    enum fact_key key = what < 12 ? FACT_NOTE : what < 14 ? FACT_COUNT : FACT_RETURNED;

    if (what < 3)
        return puppets_made() < PUPPETS ? fork(i, n, draws) : 0;
    if (what < 7)
        order(n, WRITE, at, value);
    else if (what < 12)
        order(n, READ, at, 0);
    else if (what < 14)
        order(n, ADD, value, 0);
    else if (what == 14)
        order(n, CALL, CALL_UMASK, value & 0777);
    else if (what == 15)
        order(n, CALL, CALL_DUP, value % 8);
    else if (what == 16)
        order(n, CALL, CALL_CLOSE, value % 8);
    else if (what == 17)
        order(n, CALL, CALL_FCNTL, value % 8); /* F_GETFD: whether it is open */
    else if (what == 18)
        order(n, CALL, CALL_GETPPID, 0);
    else
        p->signals.action[SIGUSR1 - 1].handler = 0x410000 + value;
    if (value % 5 == 0)
        p->pgid = (pid_t)(GROUP + value % 1000);
    if (what == 18)
        fact(FACT_RETURNED, i, puppet_number((pid_t)puppet_words(n)->a));
    else if (what >= 7 && what < 18)
        fact(key, i, puppet_words(n)->a);
    return 0;
}

/* FOUND: number, its state and how it ended. */
static void end_all(void)
{
    for (u64 n = puppets_made(); n-- > 0;) {
        const struct process *p = puppet(n);

        order(n, CALL, CALL_EXIT, n);
        fact(FACT_FOUND, n, p ? (u64)p->state << 32 | (u64)(u32)p->exit_status : ~0ul);
        puppet_bury(n);
    }
}

static int tree(struct address_space *space)
{
    u64 draws = draws_of(0);
    int error = puppets_begin(space);

    stuck = false;
    memory = (draw(&draws, 1ul << 30) + 0x1000) << PAGE_SHIFT;
    if (!error)
        error = map_pages(space, memory, PAGES, ACCESS_READ | ACCESS_WRITE);
    if (!error)
        error = puppet_first();
    if (error)
        return error;
    fact(FACT_JOINED, 0, (u64)puppet_pid(0));
    puppet(0)->pgid = GROUP;
    for (u64 i = 0; i < STEPS && !error && !stuck; i++)
        error = step(&draws, i);
    end_all();
    fact(FACT_STATE, 0, stuck);
    return error;
}

KTEST(hidden_fork, "a tree of processes, as the seed decides")
{
    return run_in_space(tree);
}
