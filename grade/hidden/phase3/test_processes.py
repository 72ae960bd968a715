"""Hidden tests of lab 3.4 and 3.6 to 3.8: processes, pipes and signals that a seed decides, beside models of what they do."""

from grade.api import boots, exercise, no_leak, require, seeds, signed
from grade.models.twin import BITS, Draws, agree

PUPPETS = 32  # grade/hidden/phase3/ktest/hidden_puppet.h
PUPPETEER, PROCESS_1 = 0xFFFE, 0xFFFD
EBADF, ECHILD, EAGAIN, EPIPE = -9, -10, -11, -32
ALL_AT_REST = "whatever processes are told to do, it comes to an end, or they wait for something that may still come"

# --- fork: grade/hidden/phase3/ktest/hidden_fork.c ----------------------------------------------------------------------------------------

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


# --- families: grade/hidden/phase3/ktest/hidden_family.c ----------------------------------------------------------------------------------

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


# --- signals: grade/hidden/phase3/ktest/hidden_signal.c -----------------------------------------------------------------------------------

SIGNALS = 64
KILL, CONT, STOP = 9, 18, 19
STOPS = (19, 20, 21, 22)
DEFAULT, IGNORED, HANDLED = range(3)
SIGNAL_RULES = {
    "FOUND": "a signal is ignored by wish, or by default if it is CHLD, CONT, URG or WINCH; KILL and STOP never are",
    "RESULT": "of what is pending and not blocked KILL is taken first, then the lowest number; 0 if there is nothing",
    "NOTE": "what is known of a signal, of the first 31, is taken with it",
    "COUNT": "what was taken is pending no more, unless it is one from 32 on that came more than once; what is ignored is not kept"}


class Signals:
    def __init__(self, seed):
        self.draws, self.facts = Draws(seed), []
        self.action, self.blocked = [DEFAULT] * (SIGNALS + 1), 0
        self.pending = {}  # {signal: [its sender, how often it came]}

    def some(self):
        draws = self.draws
        high = draws(1 << 31)
        picked = (high << 33 | high >> 15 | draws(1 << 31) << 8) & BITS
        return picked if draws(3) else picked & draws(1 << 31) << 20

    def ignored(self, signal):
        action = self.action[signal]
        return action == IGNORED and signal not in (KILL, STOP) or action == DEFAULT and signal in (17, 18, 23, 28)

    def drop(self, signals):
        for signal in signals:
            self.pending.pop(signal, None)

    def send(self, signal, sender):
        if signal in (KILL, CONT):
            self.drop(STOPS)
        if signal in STOPS:
            self.drop([CONT])
        if self.ignored(signal) and not self.blocked >> signal - 1 & 1:
            return
        if signal not in self.pending:
            self.pending[signal] = [sender, 1]
        elif signal >= 32:
            self.pending[signal][1] += 1

    def take(self, step, blocked):
        ready = [signal for signal in sorted(self.pending) if not blocked >> signal - 1 & 1]
        signal = KILL if KILL in ready else ready[0] if ready else 0
        self.facts.append(("RESULT", step, signal))
        if signal:
            sender = self.pending[signal][0]
            known = (sender, 0 if sender & 1 else -6 & BITS) if signal <= 31 else (0, 0)
            self.facts.append(("NOTE", *known))
            self.pending[signal][1] -= 1
            if not self.pending[signal][1]:
                del self.pending[signal]

    def told(self, step):
        self.facts.append(("COUNT", step, sum(1 << signal - 1 for signal in self.pending)))

    def step(self, step):
        draws = self.draws
        what, how = draws(16), draws(3)
        number = 1 + draws(SIGNALS) if draws(4) else 15 + draws(9)
        sender, picked = draws(1 << 31), self.some()
        if what < 6:
            self.send(number, sender)
        elif what < 8:
            self.action[number] = how
            self.facts.append(("FOUND", number, int(self.ignored(number))))
        elif what < 9:
            self.blocked = picked & ~(1 << KILL - 1 | 1 << STOP - 1)
        else:
            self.take(step, self.blocked if what < 12 else picked)
        self.told(step)

    def play(self):
        for step in range(700):
            self.step(step)
        for n in range(300):
            if self.pending:
                self.take(700 + n, 0)
        self.told(700)
        return self.facts


@exercise("3.8a", points=1)
@boots(2)
@seeds(2)
def test_signals_are_kept_and_taken_as_the_model_says_in_any_order(boot, seeds):
    """All 64 numbers, sent once and again, blocked, ignored, handled, and taken with any mask."""
    for seed in seeds:
        run = boot("hidden_signal", f"seed={seed}", trace="off")
        agree(run, Signals(seed).play(), SIGNAL_RULES)
        no_leak(run)


# --- pipes: grade/hidden/phase3/ktest/hidden_pipe.c ---------------------------------------------------------------------------------------

PIPE, TOGETHER, TOTAL = 65536, 4096, 400_000
PIPE_RULES = {
    "RESULT": "a write that may not wait writes what there is room for, up to 4096 bytes all or none; EAGAIN; EPIPE when nobody can read",
    "RETURNED": "a read that may not wait gives what there is, up to what was asked for; EAGAIN; 0 when nobody can write any more",
    "NOTE": "bytes come out of a pipe as they went in, in their order"}


def length(draws):
    kind = draws(6)
    if kind == 0:
        return 1 + draws(30)
    if kind == 1:
        return TOGETHER - 2 + draws(5)
    if kind == 2:
        return PIPE - 3 + draws(6)
    return 1 + draws(PIPE + 2 * TOGETHER if kind == 3 else 12000)


def pipe_facts(seed):
    """Of the part in which nobody waits."""
    draws, facts, ring, written, reads, writes = Draws(seed), [], bytearray(), 0, False, False
    salt = seed + 3 * 0x9E3779B97F4A7C15 & 255

    def put(n):
        room = PIPE - len(ring)
        if not reads:
            return EPIPE
        if room < (n if n <= TOGETHER else 1):
            return EAGAIN
        n = min(n, room)
        ring.extend(i * 11 + (i >> 9) * 3 + salt & 255 for i in range(written, written + n))
        return n

    for step in range(220):
        what, n = draws(40), length(draws)
        if not reads and not writes:
            reads = writes = True
            ring.clear()
        if what < 2:
            reads, writes = reads and what != 0, writes and what != 1
        elif what < 21 and writes:
            moved = put(n)
            written += max(moved, 0)
            facts.append(("RESULT", step, moved & BITS))
            writes = writes and (moved > 0 or reads)
        elif reads:
            moved = min(n, len(ring)) or (EAGAIN if writes else 0)
            h = max(moved, 0)
            for byte in ring[:max(moved, 0)]:
                h = h * 31 + byte & BITS
            del ring[:max(moved, 0)]
            facts += [("RETURNED", step, moved & BITS), ("NOTE", step, h)]
            reads = moved != 0
    return facts


@exercise("3.7", points=1)
@boots(2)
@seeds(2)
def test_pieces_of_any_length_go_through_a_pipe_byte_by_byte(boot, seeds):
    """Writes and reads of one byte to more than the pipe holds, by one who never waits, and by two who wait for each other."""
    for seed in seeds:
        run = boot("hidden_pipe", f"seed={seed}", trace="off", limit_ms=3000)
        agree(run, pipe_facts(seed), PIPE_RULES)
        for fact in run.facts("ORDER"):
            require(fact.b == 0, "a write that may wait returns when all is written", f"from byte {fact.a} on: {signed(fact.b)} too many")
        end, came = run.fact("TURN"), run.fact("COUNT")
        require(end.a == 0 and end.b == 0, "a read gives one byte at least and no more than was asked for, and 0 at the end alone",
                f"the last one {signed(end.a)}; {end.b} gave more")
        require(came.a == TOTAL and came.b == 0, "what is written arrives, each byte once and in order",
                f"{came.a} of {TOTAL} bytes, {came.b} of them others")
        no_leak(run)
