"""Hidden tests of lab 5, 5.1 to 5.3: queues of any size, weights and times. In the kernel: hidden_fair.c."""

from grade.api import boots, exercise, no_leak, seeds
from grade.models.sched_class import WEIGHTS, divide
from grade.models.twin import Draws, agree

MS, NICE_0, WORD = 1_000_000, 1024, 1 << 64
QUEUES, CHARGES, STEPS, CROWD = 30, 40, 60, 120
SPREAD, COARSE = 40 * MS, 5 * MS
NEW, YIELD, PREEMPTED, WAKE, CHANGED = range(5)  # enum enqueue_why
CFS_RULES = {
    "COST": "fair_vtime() is delta * 1024 / weight, and what a division leaves over counts in the next one",
    "NOTE": "min_vruntime follows the least vruntime of who waits and who runs, and never goes back",
    "LEVEL": "cfs_slice() is the weight's part of the period, which is 6 ms or 100 us for each member, and at least 100 us",
    "ORDER": "cfs_first() is who waits and has the least vruntime; of equals, who became ready first",
    "STATE": "a tick ends a turn that has lasted its time if somebody waits who would be picked, and no other",
    "FOUND": "who becomes ready takes the CPU if it is behind by more than 1 ms of its own virtual time",
    "RESULT": "who comes is placed by the least virtual time, as the reason says"}
EEVDF_RULES = {
    "NOTE": "V is the mean of the members' vruntimes by weight, rounded down, whatever becomes of them",
    "ORDER": "of those who wait and are eligible the one is first that is due first",
    "FOUND": "who runs makes room, at a tick and for one who becomes ready, when the rule says so",
    "STATE": "the right to run on ends with the request, or when its owner has had too much",
    "LEVEL": "a request is due when the rule says: of who runs, comes, yields or changes, and as far ahead for who leaves",
    "RESULT": "what a thread is owed stays, when it leaves, comes back and changes",
    "COUNT": "W is the sum of the members' weights"}


def spread(draws):
    coarse, x = draws(2), draws(SPREAD)
    return x // COARSE * COARSE if coarse else x


def request(slice_, weight):
    return slice_ * NICE_0 // weight


class Entity:
    """A thread with numbers drawn. v and d do not wrap here."""

    def __init__(self, tid, around, draws):
        self.tid, self.since = tid, draws(3)
        self.weight = WEIGHTS[draws(40)]
        self.slice = MS // 2 + draws(30 * MS)
        self.v = around + spread(draws) - SPREAD // 2
        anywhere = draws(2)
        self.d = (around - SPREAD // 2 if anywhere else self.v) + spread(draws)
        self.vlag = self.ahead = 0
        self.member, self.newcomer, self.protected = True, False, False

    def first_of_all(self):
        return self.v, self.since, self.tid

    def due(self):
        return self.d, self.since, self.tid


class Crowd:
    """A queue: the first of its threads runs, the others wait."""

    def __init__(self, draws):
        self.draws = draws
        kind, few, n = draws(3), draws(3), draws(CROWD - 1)
        self.around = draws(SPREAD) if kind == 0 else (1 << 63) + draws(SPREAD) if kind == 1 else 1 << 40
        self.all = [Entity(n + 1, self.around, draws) for n in range(1 + (n % 9 if few else n))]
        self.running = self.all[0]

    def members(self):
        return [e for e in self.all if e.member]

    def waiting(self):
        return [e for e in self.members() if e is not self.running]

    def weight(self):
        return sum(e.weight for e in self.members())

    def chosen(self):
        return self.all[self.draws(len(self.all))]

    def chosen_waiting(self):
        e = self.chosen()
        return e if e.member and e is not self.running else None


# --- CFS ---------------------------------------------------------------------------------------------------------------------------------


def charged(draws):
    nice, bits = draws(40), draws(24)
    return sum(draws(2 << bits) for _ in range(CHARGES)) * NICE_0 // WEIGHTS[nice]


def turn(crowd, e, more=()):
    members = [*crowd.members(), *more]
    period = max(6 * MS, len(members) * MS // 10)
    return max(MS // 10, period * e.weight // sum(m.weight for m in members))


def placed(crowd, t, why, least):
    """v of t, which comes."""
    if why == WAKE:
        return max(t.v, least - 3 * MS)
    if why == NEW:
        return max(crowd.running.v, least + turn(crowd, t, [t]) * NICE_0 // t.weight)
    if why == YIELD and crowd.waiting():
        return max(t.v, min(e.v for e in crowd.waiting()))
    return t.v


def cfs_facts(seed):
    draws, facts = Draws(seed), []
    for i in range(QUEUES):
        facts.append(("COST", i, charged(draws)))
        crowd = Crowd(draws)
        e, least = crowd.running, crowd.around + spread(draws) - SPREAD // 2
        least = max(least, min(m.v for m in crowd.all))
        first = min(crowd.waiting(), key=Entity.first_of_all, default=None)
        slice_ = turn(crowd, e)
        draws(MS)
        ran = slice_ + draws(3) - 1 if draws(4) else draws(9 * MS)
        facts += [("NOTE", i, least % WORD), ("LEVEL", i, slice_), ("ORDER", i, first.tid if first else 0),
                  ("STATE", i, int(first is not None and ran >= slice_ and first.v <= e.v))]
        t = Entity(1000, e.v, draws)
        allowed = MS * NICE_0 // t.weight
        if draws(2):
            t.v = e.v - allowed + draws(3) - 1
        facts.append(("FOUND", i, int(e.v - t.v > allowed)))
        t, why = Entity(1000, crowd.around, draws), draws(5)
        e.member = why != YIELD
        facts.append(("RESULT", i, placed(crowd, t, why, least) % WORD))
    return facts


@exercise("5.1", points=1)
@boots(3)
@seeds(3)
def test_any_threads_are_charged_and_placed_as_cfs_says(boot, seeds):
    """All weights, charges of all lengths, queues with up to 120 members, and a clock that wraps."""
    for seed in seeds:
        run = boot("hidden_cfs", f"sched=cfs seed={seed}", trace="off")
        agree(run, cfs_facts(seed), CFS_RULES)
        no_leak(run)


# --- EEVDF -------------------------------------------------------------------------------------------------------------------------------


class Queue(Crowd):
    """Plays the steps of hidden_fair.c. facts: what each has to tell."""

    def __init__(self, draws, facts):
        super().__init__(draws)
        self.facts, self.step = facts, 0

    def tell(self, key, value):
        self.facts.append((key, self.step, int(value) % WORD))

    def vtime(self):
        return sum(e.v * e.weight for e in self.members()) // self.weight()

    def eligible(self, e):
        return e.v <= self.vtime()

    def first(self):
        v = self.vtime()
        return min((e for e in self.waiting() if e.v <= v), key=Entity.due, default=None)

    def play(self, choices):
        steps = (self.run, self.pick, self.requeue, self.tick, self.ready, self.reweight, self.yields, self.leave, self.come)
        for self.step in range(STEPS):
            steps[self.draws(choices)]()
            self.tell("NOTE", self.vtime())

    def run(self):
        e, grown = self.running, self.draws(6 * MS)
        if self.draws(3) == 0 and e.v < e.d:
            grown = e.d - e.v - self.draws(2)
        e.v += grown
        if e.v >= e.d:
            e.d, e.protected = e.v + request(e.slice, e.weight), False
        self.tell("LEVEL", e.d)
        self.tell("STATE", e.protected)

    def pick(self):
        self.running.protected = False
        self.running = None
        self.running = self.first()
        self.running.protected = True
        self.tell("ORDER", self.running.tid)

    def requeue(self):
        far, since, e = spread(self.draws), self.draws(3), self.chosen_waiting()
        if e:
            e.d, e.since = e.v + far, since

    def look(self, t):
        e = self.running
        e.protected = e.protected and self.eligible(e)
        due, first = False, self.first()
        if first and not (e.protected and (t is None or t.slice >= e.slice)):
            due = (not self.eligible(e) or first.d <= e.d) and t in (None, first)
        self.tell("FOUND", due)
        self.tell("STATE", e.protected)

    def tick(self):
        self.look(None)

    def ready(self):
        e = self.chosen_waiting()
        if e:
            self.look(e)

    def tell_place(self, e):
        self.tell("RESULT", e.v if e.member else e.vlag)
        self.tell("LEVEL", e.d if e.member else e.ahead)

    def reweight(self):
        e, weight, v = self.chosen(), WEIGHTS[self.draws(40)], self.vtime()
        if e.member:
            e.v, e.d = v - divide((v - e.v) * e.weight, weight), v + divide((e.d - v) * e.weight, weight)
        else:
            e.vlag, e.ahead = divide(e.vlag * e.weight, weight), divide(e.ahead * e.weight, weight)
        e.weight = weight
        self.tell_place(e)
        self.tell("COUNT", self.weight())

    def yields(self):
        e = self.running
        if e.d - e.v <= request(e.slice, e.weight):
            e.d += request(e.slice, e.weight)
        self.tell("LEVEL", e.d)

    def leave(self):
        e = self.chosen_waiting()
        if not e:
            return
        most = request(max(2 * e.slice, MS), e.weight)
        e.vlag, e.ahead, e.member = max(-most, min(most, self.vtime() - e.v)), e.d - e.v, False
        self.tell_place(e)

    def come(self):
        e, why = self.chosen(), (NEW, WAKE, CHANGED)[self.draws(3)]
        newcomer = self.draws(4) == 0 or why == NEW
        if e.member:
            return
        e.slice = MS // 2 + self.draws(30 * MS)
        total, owed = self.weight(), 0 if newcomer else e.vlag
        e.v = self.vtime() - divide(owed * (total + e.weight), total)
        if why == NEW:
            e.d = e.v + request(e.slice // 2, e.weight)
        else:
            e.d = e.v + (e.ahead if why == CHANGED and not newcomer else request(e.slice, e.weight))
        e.member = True
        self.tell_place(e)


def eevdf_facts(seed, choices):
    draws, facts = Draws(seed), []
    for _ in range(QUEUES // 2):
        Queue(draws, facts).play(choices)
    return facts


@exercise("5.2", points=1)
@boots(3)
@seeds(3)
def test_the_first_of_any_queue_is_the_one_that_is_due_first(boot, seeds):
    """Up to 120 threads of all weights and slices, some of them with equal times, while they run, wait and are picked."""
    for seed in seeds:
        run = boot("hidden_eevdf", f"sched=eevdf seed={seed}", trace="off")
        agree(run, eevdf_facts(seed, 5), EEVDF_RULES)
        no_leak(run)


@exercise("5.3", points=1)
@boots(3)
@seeds(3)
def test_whoever_comes_goes_or_changes_keeps_what_it_is_owed(boot, seeds):
    """The same while they leave, come back for all reasons, yield, and get other weights."""
    for seed in seeds:
        run = boot("hidden_lag", f"sched=eevdf seed={seed}", trace="off")
        agree(run, eevdf_facts(seed, 9), EEVDF_RULES)
        no_leak(run)
