"""Hidden tests of lab 1: what a seed decides, played once by the kernel and once by the rules."""

from collections import deque

from grade.api import boots, exercise, no_leak, require, seeds
from grade.models import fifo
from grade.models.twin import Draws, agree

NOBODY = 2**64 - 1


def unsigned(value):
    return value & 2**64 - 1


# --- the run queue: grade/hidden/phase1/ktest/hidden_queue.c ----------------------------------------------------------------------------

QUEUE_RULES = {
    "POPPED": "rq_pop gives the thread that has waited longest, whoever joined or left in between, and NULL when nobody waits",
    "LINKED": "a thread that has left the queue is not linked: t->run_link is as list_init() leaves it",
    "LINKS": "the queue is one ring: every thread in it, and the head, is its neighbours' neighbour",
    "COUNT": "rq->nr_ready is counted outside the exercise: it is left alone"}


def queue_facts(seed):
    """What the ktest has to note."""
    draws, facts, waiting = Draws(seed), [], []
    threads = 40 + draws(33)
    for _ in range(72):
        draws(4000)

    def pop(step):
        facts.append(("POPPED", step, waiting[0] if waiting else NOBODY))
        if waiting:
            facts.append(("LINKED", waiting.pop(0), 0))

    for step in range(600):
        n, what = draws(threads), draws(16)
        if what <= 2:
            pop(step)
        elif n not in waiting:
            waiting.append(n)
        elif what < 6:
            waiting.remove(n)
            facts.append(("LINKED", n, 0))
        if step % 8 == 0:
            facts.append(("LINKS", len(waiting), 1))
    for _ in range(len(waiting) + 1):
        pop(600)
    return [*facts, ("LINKS", 0, 1), ("COUNT", 0, 0)]


@exercise("1.3", points=1)
@boots(3)
@seeds(3)
def test_a_run_queue_keeps_its_order_whatever_is_done_to_it(boot, seeds):
    """Threads join, leave from anywhere and are taken off, many of them and in any order: the order of arrival stays."""
    for seed in seeds:
        agree(boot("hidden_queue", f"seed={seed}"), queue_facts(seed), QUEUE_RULES)


# --- lives: grade/hidden/phase1/ktest/hidden_lives.c -------------------------------------------------------------------------------------

TURNS = "threads run in the order in which they became ready; a yield or an exit gives the CPU to whoever has waited longest"
LIFE_RULES = {
    "ENTRY_ARG": "a new thread runs when its turn comes, with its own argument, on a stack as large as it asked for",
    "TURN": TURNS,
    "REG_AFTER": "what a thread has on its stack, down to the last word, is there again after a yield, whoever ran in between",
    "JOINED": "thread_join() of a living or exited thread succeeds, and comes back when the thread has exited, not before",
    "EXIT_CODE": "thread_join() hands over the exit code that the thread left with, whatever it is",
    "RESULT": "thread_detach() of a living or exited thread succeeds",
    "NOTE": "every thread that was made comes to its end",
    "THREADS": "a thread that was joined, or has exited detached, leaves the table"}


class Lives:
    """The ktest's threads as generators that yield where they give up the CPU."""

    def __init__(self, seed):
        self.seed, self.facts, self.ready = seed, [], deque()
        self.lives, self.gone, self.ended = [], set(), 0

    def play(self):
        """All facts."""
        self.ready.append((None, self.main()))
        while self.ready:
            who, thread = self.ready.popleft()
            try:
                next(thread)
                self.ready.append((who, thread))
            except StopIteration:
                self.gone.add(who)
        return self.facts

    def fact(self, key, a, b):
        self.facts.append((key, a, unsigned(b)))

    def make(self):
        draws = Draws(self.seed, len(self.lives) + 1)
        draws(14 if draws(8) else 255)
        code = draws(1 << 31) << 1 | draws(2)
        n, detached = len(self.lives), draws(4) == 0
        self.lives.append((code - (1 << 32) if code >> 31 else code, detached))
        self.ready.append((n, self.live(n, draws)))
        return n

    def join(self, n):
        while n not in self.gone:
            yield
        self.fact("JOINED", n, 0)
        self.fact("EXIT_CODE", n, self.lives[n][0])

    def live(self, n, draws):
        turns = draws(6)
        parent = draws(4) == 0 and len(self.lives) < 60
        self.fact("ENTRY_ARG", n, 1)
        child = self.make() if parent else None
        for turn in range(turns):
            self.fact("TURN", n, turn)
            yield
        if parent and not self.lives[child][1]:
            yield from self.join(child)
        self.fact("REG_AFTER", n, 0)
        self.ended += 1

    def main(self):
        draws, open_ = Draws(self.seed), []
        for _ in range(90):
            what = draws(8)
            if what < 3:
                n = self.make() if len(self.lives) < 60 else None
                open_ += [n] if n is not None and not self.lives[n][1] else []
            elif what < 6 or not open_:
                yield
            elif what == 6:
                yield from self.join(open_.pop(draws(len(open_))))
            else:
                self.fact("RESULT", open_.pop(draws(len(open_))), 0)
        while open_:
            yield from self.join(open_.pop(draws(len(open_))))
        while self.ended < len(self.lives):
            yield
        yield
        self.fact("NOTE", len(self.lives), self.ended)
        self.fact("THREADS", 0, 0)


@exercise("1.5", points=1)
@boots(3)
@seeds(3)
def test_random_lives_follow_the_rules_and_leave_nothing_behind(boot, seeds):
    """Threads are made, take turns, exit, are joined early and late, or detached: in any mixture each gets what is its own."""
    for seed in seeds:
        run = boot("hidden_lives", f"seed={seed}")
        agree(run, Lives(seed).play(), LIFE_RULES)
        fifo.judge(run)
        made, gone = ([getattr(event, field) for event in run.events(kind)] for kind, field in (("CREATE", "tid"), ("RECLAIM", "other")))
        require(len(made) == len(gone), "every thread is given back, and once", f"{len(made)} were made, {len(gone)} given back")
        no_leak(run)
