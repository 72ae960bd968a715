/* Random families: processes fork, exit, are killed, stopped and continued from outside, and wait for each other in all ways. */
#include "ktest/hidden.h"
#include "ktest/hidden_puppet.h"
#include "lib/errno.h"
#include "proc/table.h"
#include "sched/thread.h"

#define STEPS  300
#define GROUP  5000 /* process groups: this and the next two */
#define NOT_WRITTEN 0x5a5a5a5aul

enum call { CALL_FORK = 57, CALL_VFORK = 58, CALL_EXIT = 60, CALL_WAIT4 = 61 };
enum { WAIT_NOHANG = 1, WAIT_STOPPED = 2, WAIT_CONTINUED = 8 };

static bool busy[PUPPETS], stopped[PUPPETS], lends[PUPPETS], stuck;
static int left[PUPPETS]; /* statuses that process 1 got; -1: none */

static bool alive(u64 n)
{
    const struct process *p = puppet(n);

    return p && p->state == PROCESS_RUNNING;
}

/* RETURNED: step << 8 | n, what the call that n was busy with returned, as a number if it is a process; EXIT_CODE: ..., the status. */
static void tell_who_is_done(u64 step)
{
    for (u64 n = 0; n < puppets_made(); n++) {
        s64 result = (s64)puppet_words(n)->a;

        if (!busy[n] || (alive(n) && puppet_words(n)->order != DONE))
            continue;
        busy[n] = false;
        lends[n] = false;
        if (!alive(n))
            continue;
        fact(FACT_RETURNED, step << 8 | n, result > 0 ? puppet_number((pid_t)result) : (u64)result);
        fact(FACT_EXIT_CODE, step << 8 | n, (u32)puppet_words(n)->room);
    }
}

static u64 holds(const struct process *p)
{
    u64 files = 0;

    for (int fd = 0; fd < p->fds.size; fd++)
        files += p->fds.fd[fd].file != NULL;
    return files || p->space || p->fs.cwd;
}

/* FOUND: step << 8 | n, 2: gone, else whether it has ended, << 32, whether one that has ended holds anything, << 36, and its parent. */
static void tell_family(u64 step)
{
    for (u64 n = 0; n < puppets_made(); n++) {
        const struct process *p = puppet(n);
        u64 ended = p && p->state == PROCESS_ZOMBIE;

        fact(FACT_FOUND, step << 8 | n, p ? ended << 32 | (u64)(ended && holds(p)) << 36 | puppet_number(p->ppid) : 2ul << 32);
    }
}

static void order(u64 n, enum order what, u64 a, const u64 args[4])
{
    busy[n] = true;
    puppet_words(n)->room = NOT_WRITTEN;
    stuck |= !(what == FORK ? puppet_forks(n, a, NULL) : puppet_obeys(n, what, a, args));
}

static void fork(u64 n, u64 *draws)
{
    bool lend = draw(draws, 4) == 0;
    pid_t group = (pid_t)(GROUP + draw(draws, 3));
    struct process *child;

    if (puppets_made() == PUPPETS)
        return;
    order(n, FORK, lend ? CALL_VFORK : CALL_FORK, NULL);
    child = puppet_born(puppet(n));
    if (!child)
        return;
    lends[n] = lend;
    child->pgid = group;
}

static void wait_for(u64 n, u64 *draws)
{
    static const u64 options[] = { 0, 0, WAIT_NOHANG, WAIT_NOHANG, WAIT_STOPPED, WAIT_STOPPED | WAIT_NOHANG, WAIT_CONTINUED | WAIT_NOHANG,
                                   WAIT_STOPPED | WAIT_CONTINUED };
    u64 how = draw(draws, 5), which = draw(draws, puppets_made()), group = GROUP + draw(draws, 3);
    const u64 args[4] = { how < 2 ? ~0ul : how == 2 ? (u64)puppet_pid(which) : how == 3 ? 0 : 0ul - group,
                          puppet_words_at(n) + offsetof(struct puppet_words, room), options[draw(draws, array_len(options))] };

    order(n, CALL, CALL_WAIT4, args);
}

static void send(u64 n, int signal)
{
    signal_send(puppet(n), signal, NULL);
    for (unsigned turn = 0; turn < 1000 && alive(n) && signal != SIGCONT && !(signal == SIGSTOP && puppet(n)->stopped); turn++)
        thread_yield();
    stuck |= !puppets_rest();
}

static void step(u64 *draws, u64 i)
{
    u64 n = draw(draws, puppets_made()), what = draw(draws, 20);
    u64 exit[4] = { draw(draws, 1ul << 16) };

    if (!alive(n) || lends[n])
        return;
    if (what == 0 && n) {
        send(n, stopped[n] || draw(draws, 2) ? SIGKILL : SIGTERM);
    } else if (what < 3 && stopped[n]) {
        stopped[n] = false;
        send(n, SIGCONT);
    } else if (busy[n] || stopped[n]) {
        return;
    } else if (what < 3) {
        stopped[n] = true;
        send(n, SIGSTOP);
    } else if (what < 8) {
        fork(n, draws);
    } else if (what < 10 && n) { /* the first one stays: all would be over */
        order(n, CALL, CALL_EXIT, exit);
    } else {
        wait_for(n, draws);
    }
    tell_who_is_done(i);
    if (!what || what == 8 || what == 9)
        tell_family(i);
}

static int family(struct address_space *space)
{
    u64 draws = draws_of(0);
    int error = puppets_begin(space);

    stuck = false;
    for (unsigned n = 0; n < PUPPETS; n++)
        busy[n] = stopped[n] = lends[n] = false;
    if (!error)
        error = puppet_first();
    if (error)
        return error;
    puppet(0)->pgid = GROUP;
    for (u64 i = 0; i < STEPS && !stuck; i++)
        step(&draws, i);
    for (u64 n = puppets_made(); n-- > 0;) /* a child before its parent, which may have lent it its space */
        if (alive(n))
            send(n, SIGKILL);
    fact(FACT_STATE, 0, stuck);
    return 0;
}

/* JOINED: number, the status that process 1 got. */
KTEST(hidden_family, "families of processes, as the seed decides")
{
    int error, status;
    pid_t pid;

    for (unsigned n = 0; n < PUPPETS; n++)
        left[n] = -1;
    error = run_in_space(family);
    while ((pid = process_wait(-1, &status, true)) > 0)
        if (puppet_number(pid) < PUPPETS)
            left[puppet_number(pid)] = status;
    for (u64 n = 0; n < PUPPETS; n++)
        if (left[n] != -1)
            fact(FACT_JOINED, n, (u64)left[n]);
    return error;
}
