"""Hidden tests of lab 4, 4.4: pages anywhere, changed by anybody, while some CPUs rest. In the kernel: hidden_flush.c."""

from grade.api import boots, exercise, no_leak, seeds
from grade.models.twin import Draws, agree

STEPS, CPUS, OLD, NEW = 30, 4, 0x10000, 0x20000
FLUSH_RULES = {"NOTE": "when tlb_shootdown() has returned, every CPU that runs a thread of the space, or comes back to one, reads what the "
                       "tables say now"}


class Pages:
    def __init__(self, seed):
        self.draws, self.facts = Draws(seed), []
        self.pages = 60 + self.draws(200)
        for below in (1 << 14, 1 << 19, 5000):
            self.draws(below)
        self.new = [False] * self.pages
        self.rests = [False] * CPUS

    def all_read(self, step, when, look_at):
        for cpu in range(CPUS):
            if not self.rests[cpu]:
                self.facts += [("NOTE", step << 16 | when << 8 | cpu, (NEW if self.new[page] else OLD) + page) for page in look_at]

    def play_step(self, step):
        draws = self.draws
        draws(CPUS)
        sleeper, kind, first = 1 + draws(CPUS - 1), draws(3), draws(self.pages)
        count = 1 + draws(min(self.pages - first, 5) if kind else self.pages - first)
        look_at = [first, first + count - 1, first + draws(count), draws(self.pages)]
        if draws(3) == 0:
            self.rests[sleeper] = False
        self.all_read(step, 0, look_at)
        if draws(3) == 0:
            self.rests[sleeper] = True
        for page in range(first, first + count):
            self.new[page] = not self.new[page]
        if draws(2):
            self.rests[sleeper] = False
        self.all_read(step, 1, look_at)

    def play(self):
        for step in range(STEPS):
            self.play_step(step)
        return self.facts


@exercise("4.4", points=1)
@boots(2)
@seeds(2)
def test_whoever_changes_whatever_pages_all_cpus_see_it(boot, seeds):
    """One page or many, at any address, changed by a thread on any CPU, while threads on others stand still and come back."""
    for seed in seeds:
        run = boot("hidden_flush", f"seed={seed}", cpus=CPUS, trace="off", limit_ms=400)
        agree(run, Pages(seed).play(), FLUSH_RULES)
        no_leak(run)
