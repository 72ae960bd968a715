"""Hidden tests of lab 4, 4.7: any words, waiters, wakes and moves. In the kernel: hidden_futex.c."""

from grade.api import boots, exercise, no_leak, seeds
from grade.models.twin import BITS, Draws, agree

WORDS, WAITERS, AT_ONCE, STEPS, LEGS, ALL = 20, 64, 20, 260, 150, 1000
EAGAIN, ANY, SEVEN = -11, 0xFFFFFFFF, 7
FUTEX_RULES = {
    "RESULT": "a wake and a requeue say how many of those who wait for this word they woke and moved; EAGAIN if it is another",
    "ORDER": "a wake is for those who wait for this word with one of its bits, the longest first; who is moved waits behind who is there",
    "RETURNED": "who was woken gets 0, and who finds another value than it expects EAGAIN"}


class Words:
    """Who waits for each word, the oldest first: [(who, bits)]."""

    def __init__(self, seed):
        self.draws, self.facts = Draws(seed), []
        for _ in range(WORDS):
            self.draws(100)
        self.queues = [[] for _ in range(WORDS)]
        self.started = 0

    def waiting(self):
        return sum(map(len, self.queues))

    def wake(self, word, n, bits):
        """Who goes."""
        gone = [one for one in self.queues[word] if one[1] & bits][:n]
        self.queues[word] = [one for one in self.queues[word] if one not in gone]
        return [who for who, _ in gone]

    def tell(self, step, result, gone=()):
        self.facts.append(("RESULT", step, result & BITS))
        for who in gone:
            self.facts += [("ORDER", step, who), ("RETURNED", who, 0)]

    def move(self, a, b, n):
        moved, self.queues[a] = self.queues[a][:n], self.queues[a][n:]
        self.queues[b] = self.queues[b] + moved
        return len(moved)

    def play_step(self, step):
        draws = self.draws
        what, a, b, n, m = draws(12), draws(3 if draws(3) else WORDS), draws(WORDS), draws(6), draws(9)
        bits = 1 + draws(31) if draws(3) else ANY
        value = SEVEN if draws(3) else 8
        if draws(5) == 0:
            n = m = ALL
        m = ALL if a == b else m
        if what < 5:
            if self.started < WAITERS and self.waiting() < AT_ONCE:
                if value == SEVEN:
                    self.queues[a].append((self.started, bits))
                else:
                    self.facts += [("ORDER", step, self.started), ("RETURNED", self.started, EAGAIN & BITS)]
                self.started += 1
        elif what < 7:
            gone = self.wake(a, n, bits)
            self.tell(step, len(gone), gone)
        elif what < 9:
            gone = self.wake(a, n // 2, ANY)
            self.tell(step, len(gone) + self.move(a, b, m), gone)
        elif what < 10:
            self.tell(step, self.move(a, b, m) if value == SEVEN else EAGAIN)
        else:
            self.tell(step, self.journey(a))

    def journey(self, a):
        moved = 0
        for _ in range(LEGS):
            b, n = self.draws(WORDS), 1 + self.draws(4)
            moved += self.move(a, b, ALL if a == b else n)
            a = b
        return moved

    def play(self):
        for step in range(STEPS):
            self.play_step(step)
        return self.facts


@exercise("4.7", points=1)
@boots(2)
@seeds(2)
def test_any_waits_wakes_and_moves_are_as_the_model_says(boot, seeds):
    """Up to 20 threads wait for 20 words at once; two words may share a bucket, and that is to make no difference."""
    for seed in seeds:
        run = boot("hidden_futex", f"cpus=1 seed={seed}", trace="off", limit_ms=500)
        agree(run, Words(seed).play(), FUTEX_RULES)
        no_leak(run)
