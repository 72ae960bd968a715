"""Hidden tests of lab 3, 3.4 and 3.6: any tree of processes, and who waits for whom. In the kernel: hidden_fork.c, hidden_family.c."""

from grade.api import boots, exercise, no_leak, seeds
from grade.models.twin import BITS, Draws, agree

EBADF, ECHILD = -9, -10
PUPPETS = 32  # grade/hidden/phase3/ktest/hidden_puppet.h
PUPPETEER, PROCESS_1 = 0xFFFE, 0xFFFD
ALL_AT_REST = "whatever processes are told to do, it comes to an end, or they wait for something that may still come"


# --- fork: hidden_fork.c -----------------------------------------------------------------------------------------------------------------

FORK_RULES = {
    "TID": "fork returns the child's id to the parent",
    "LINKED": "a child is its parent's, and in its parent's group",
    "RESULT": "a child is in its parent's list, and has its signal handlers as they were at the fork",
    "NOTE": "what was in memory at the fork both have; what is written later, the writer alone",
    "COUNT": "a child begins with its parent's registers, and each has its own from then on",
    "RETURNED": "a child has its parent's descriptors and mask for new files as they were at the fork, and its own from then on",
    "FOUND": "each process ends with its own status",
    "STATE": ALL_AT_REST}


class Forked:
    def __init__(self, parent, group, parents=None):
        self.parent, self.group = parent, group
        self.memory = dict(parents.memory) if parents else {}
        self.sum = parents.sum if parents else 0
        self.umask = parents.umask if parents else None
        self.fds = set(parents.fds) if parents else {0, 1, 2}
        self.handler = parents.handler if parents else 0


def fork_facts(seed, ids, first_mask):
    """ids: {number: process id}. first_mask: of new files, as the first process has it."""
    draws, facts = Draws(seed), []
    draws(1 << 30)
    every = [Forked(PUPPETEER, 7000)]
    every[0].umask = first_mask

    def half(old, n):
        return old & ~0xFFFFFFFF | ids.get(n, 0)

    def fork(step, n):
        parent, tids = every[n], draws(3) == 0
        mine, its = (draws(5), 0), (draws(5), 1)
        child, number = Forked(n, parent.group, parent), len(every)
        every.append(child)
        if tids:
            parent.memory[mine] = half(parent.memory.get(mine, 0), number)
            child.memory[its] = half(child.memory.get(its, 0), number)
        facts.extend([("TID", step, number), ("LINKED", n, child.group), ("RESULT", n, child.handler)])

    def call(p, what, value):
        if what == 14:
            old, p.umask = p.umask, value & 0o777
            return old
        fd = value % 8
        if what == 18:
            return p.parent
        if fd not in p.fds:
            return EBADF & BITS
        if what == 15:
            free = min(set(range(99)) - p.fds)
            p.fds.add(free)
            return free
        if what == 16:
            p.fds.remove(fd)
        return 0

    for step in range(260):
        n, what, value = draws(len(every)), draws(20), draws(1 << 31)
        at = draws(5), draws(3)
        p = every[n]
        if what < 3:
            if len(every) < PUPPETS:
                fork(step, n)
            continue
        if what < 7:
            p.memory[at] = value
        elif what < 12:
            facts.append(("NOTE", step, p.memory.get(at, 0)))
        elif what < 14:
            p.sum += value
            facts.append(("COUNT", step, p.sum))
        elif what < 19:
            facts.append(("RETURNED", step, call(p, what, value)))
        else:
            p.handler = 0x410000 + value
        if value % 5 == 0:
            p.group = 7000 + value % 1000
    return facts + [("FOUND", n, 1 << 32 | n << 8) for n in reversed(range(len(every)))] + [("STATE", 0, 0)]


@exercise("3.4", points=1)
@boots(2)
@seeds(2)
def test_each_process_of_any_tree_has_what_is_its_own(boot, seeds):
    """Up to 32 processes, forked by each other in any order, that write, count, open and close in between."""
    for seed in seeds:
        run = boot("hidden_fork", f"seed={seed}", trace="off", limit_ms=3000)
        agree(run, fork_facts(seed, {fact.a: fact.b for fact in run.facts("JOINED")}, 0o22), FORK_RULES)
        no_leak(run)


# --- families: hidden_family.c -----------------------------------------------------------------------------------------------------------

NOHANG, STOPPED_TOO, CONTINUED_TOO = 1, 2, 8
NOT_WRITTEN = 0x5A5A5A5A
RUNS, ENDED, GONE = 0, 1, 2
FAMILY_RULES = {
    "RETURNED": "wait4() returns a child that was asked for and has something to tell, 0 with WNOHANG if none has, ECHILD if there is none",
    "EXIT_CODE": "wait4() tells how the child ended, stopped, or went on, and writes no status where it found no child",
    "FOUND": "who ends is a zombie that holds nothing until it is waited for, and its children become process 1's",
    "JOINED": "process 1 can wait for all that became its own",
    "STATE": ALL_AT_REST}


class Member:
    def __init__(self, parent, group):
        self.parent, self.group, self.children = parent, group, []
        self.state, self.status = RUNS, 0
        self.stopped = self.stop_news = self.continue_news = False
        self.waits = None   # (which, options) of the wait4() that it is in
        self.lends_to = None  # the child that has its space
        self.done = None    # (result, status) of a call that has returned


class Family:
    def __init__(self, seed):
        self.draws, self.facts = Draws(seed), []
        self.all = [Member(PUPPETEER, 5000)]
        self.adopted = []

    def alive(self, n):
        return self.all[n].state == RUNS

    def look(self, n):
        """What wait4() says to n now; None: nothing yet."""
        me = self.all[n]
        which, options = me.waits
        fitting = [c for c in me.children if which == "any" or which == ("pid", c) or
                   which == ("group", self.all[c].group) or (which == "mine" and self.all[c].group == me.group)]
        for c in fitting:
            child = self.all[c]
            if child.state == ENDED:
                child.state = GONE
                me.children.remove(c)
                return c, child.status
            if options & STOPPED_TOO and child.stop_news:
                child.stop_news = False
                return c, 19 << 8 | 0x7F
            if options & CONTINUED_TOO and child.continue_news:
                child.continue_news = False
                return c, 0xFFFF
        if not fitting:
            return ECHILD & BITS, NOT_WRITTEN
        return (0, NOT_WRITTEN) if options & NOHANG else None

    def wake(self, n):
        """A child of n's has something to tell."""
        if n < PUPPETS and self.alive(n) and self.all[n].waits and not self.all[n].stopped:
            self.all[n].done = self.look(n)
            if self.all[n].done:
                self.all[n].waits = None

    def end(self, n, status):
        me = self.all[n]
        me.state, me.status, me.waits, me.stopped = ENDED, status, None, False
        for c in me.children:
            self.all[c].parent = PROCESS_1
            self.adopted.append(c)
        me.children = []
        if me.parent < PUPPETS and self.all[me.parent].lends_to == n:
            self.all[me.parent].lends_to = None
            self.all[me.parent].done = n, NOT_WRITTEN
        self.wake(me.parent)

    def fork(self, n):
        lend, group = self.draws(4) == 0, 5000 + self.draws(3)
        if len(self.all) == PUPPETS:
            return
        child = len(self.all)
        self.all.append(Member(n, group))
        self.all[n].children.append(child)
        if lend:
            self.all[n].lends_to = child
        else:
            self.all[n].done = child, NOT_WRITTEN

    def wait_for(self, n):
        how, which, group = self.draws(5), self.draws(len(self.all)), 5000 + self.draws(3)
        options = (0, 0, NOHANG, NOHANG, STOPPED_TOO, STOPPED_TOO | NOHANG, CONTINUED_TOO | NOHANG, STOPPED_TOO | CONTINUED_TOO)[
            self.draws(8)]
        self.all[n].waits = ("any", "any", ("pid", which), "mine", ("group", group))[how], options
        self.wake(n)

    def tell(self, step, what):
        for n, member in enumerate(self.all):
            if member.done and self.alive(n):
                self.facts += [("RETURNED", step << 8 | n, member.done[0]), ("EXIT_CODE", step << 8 | n, member.done[1])]
            member.done = None
        if what in (0, 8, 9):
            self.facts += [("FOUND", step << 8 | n, 2 << 32 if m.state == GONE else m.state << 32 | m.parent)
                           for n, m in enumerate(self.all)]

    def step(self, step):
        draws = self.draws
        n, what, code = draws(len(self.all)), draws(20), draws(1 << 16)
        me = self.all[n]
        if not self.alive(n) or me.lends_to is not None:
            return
        if what == 0 and n:
            self.end(n, 9 if me.stopped or draws(2) else 15)
        elif what < 3 and me.stopped:
            me.stopped, me.stop_news, me.continue_news = False, False, True
            self.wake(me.parent)
        elif me.waits or me.stopped:
            return
        elif what < 3:
            me.stopped, me.stop_news, me.continue_news = True, True, False
            self.wake(me.parent)
        elif what < 8:
            self.fork(n)
        elif what < 10 and n:
            self.end(n, (code & 255) << 8)
        else:
            self.wait_for(n)
        self.tell(step, what)

    def play(self):
        for step in range(300):
            self.step(step)
        for n in reversed(range(len(self.all))):
            if self.alive(n):
                self.end(n, 9)
        self.facts.append(("STATE", 0, 0))
        left = [n for n, m in enumerate(self.all) if m.state == ENDED]
        return self.facts + [("JOINED", n, self.all[n].status) for n in left]


@exercise("3.6", points=1)
@boots(3)
@seeds(3)
def test_any_family_waits_and_is_waited_for_as_the_model_says(boot, seeds):
    """Children, grandchildren and orphans that exit, are killed, stop and go on, before and while somebody waits, in all ways to wait."""
    for seed in seeds:
        run = boot("hidden_family", f"seed={seed}", trace="off", limit_ms=3000)
        agree(run, Family(seed).play(), FAMILY_RULES)
        no_leak(run)
