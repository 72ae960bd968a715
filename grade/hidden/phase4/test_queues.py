"""Hidden tests of lab 4, 4.3: any masks, any moves. In the kernel: hidden_place.c."""

from grade.api import boots, exercise, no_leak, seeds
from grade.models.twin import Draws, agree

CASES, LEAST, MOST, MOVES, QUEUES, PRIORITIES = 250, 5, 14, 60, 3, 5
ALL = (1 << 64) - 1
PLACE_RULES = {
    "RESULT": "cpu_choose() returns where the thread ran last, unless it may not run there, or that one is busy and another is idle: then "
              "the first idle one, or the first, where it may run",
    "FOUND": "rq_lock_both() returns with both locks",
    "NOTE": "the CPU to which a thread is moved has to choose anew if it idles, or runs somebody who has to make room, and not otherwise",
    "STATE": "t->last_cpu names the queue in which t is",
    "COUNT": "who was moved is counted in the new queue, and not in the old one (nr_ready)",
    "ORDER": "a thread that is moved keeps its place in time among those who wait (ENQUEUE_CHANGED)"}


def first(mask):
    return (mask & -mask).bit_length() - 1


def some_mask(draws):
    kind, n = draws(4), draws(64)
    if kind < 2:
        return ALL if kind == 0 else (2 << n) - 1
    bits = 0
    for _ in range(1 + n % 7):
        bits |= 1 << draws(64)
    return bits


def chosen(draws):
    """What cpu_choose() is asked, and its answer."""
    last = draws(64)
    online = some_mask(draws) | 1 << last | 1
    idle = some_mask(draws) & online
    mask = some_mask(draws)
    idle = idle if draws(3) else 0
    mask |= 1 << last if draws(2) else 0
    may = mask & online or online
    best = may & idle or may
    return last if best >> last & 1 else first(best)


class Queues:
    """threads: [(priority, the queue where it is)], in the order in which they became ready. runs: the priority of who runs, or None."""

    def __init__(self, draws, by_priority):
        self.draws, self.by_priority = draws, by_priority
        self.runs = [draws(PRIORITIES) if draws(3) else None for _ in range(QUEUES)]
        n = LEAST + draws(MOST - LEAST + 1)
        self.threads = [[draws(PRIORITIES), draws(QUEUES)] for _ in range(n)]

    def move(self):
        """Whether the CPU to which somebody is moved has to choose anew."""
        thread = self.threads[self.draws(len(self.threads))]
        thread[1] = (thread[1] + 1 + self.draws(QUEUES - 1)) % QUEUES
        self.draws(2)
        runs = self.runs[thread[1]]
        return runs is None or self.by_priority and thread[0] > runs

    def order(self, queue):
        """Who is chosen there, one after the other."""
        there = [who for who, (_, at) in enumerate(self.threads) if at == queue]
        return sorted(there, key=lambda who: -self.threads[who][0]) if self.by_priority else there


def place_facts(seed, by_priority):
    draws = Draws(seed)
    facts = [("RESULT", i, chosen(draws)) for i in range(CASES)]
    queues = Queues(draws, by_priority)
    for step in range(MOVES):
        facts += [("FOUND", step, 1), ("NOTE", step, int(queues.move()))]
    facts += [("STATE", who, at) for who, (_, at) in enumerate(queues.threads)]
    for queue in range(QUEUES):
        order = queues.order(queue)
        facts += [("COUNT", queue, len(order)), *(("ORDER", queue, who) for who in order)]
    return facts


@exercise("4.3", points=1)
@boots(2)
@seeds(2)
def test_any_thread_is_placed_and_moved_as_the_model_says(boot, seeds):
    """Masks with many and with few CPUs; five to fourteen threads among three queues, under round-robin and by priority."""
    for seed in seeds:
        policy = ("rr", "prio")[Draws(seed, 1)(2)]
        run = boot("hidden_place", f"cpus=1 steal=off balancing=off sched={policy} seed={seed}", trace="off")
        agree(run, place_facts(seed, policy == "prio"), PLACE_RULES)
        no_leak(run)
