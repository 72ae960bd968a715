"""Hidden tests of lab 5, 5.4 and 5.5: any priorities, windows, deadlines and shares. In the kernel: hidden_urgent.c."""

from grade.api import boots, exercise, no_leak, seeds
from grade.models.sched_class import divide
from grade.models.twin import Draws, agree

MS, SECOND, WORD = 1_000_000, 1_000_000_000, 1 << 64
THREADS, STEPS, CASES, SLICE = 40, 900, 250, 100 * MS
PREEMPTED, CHANGED = 2, 4  # enum enqueue_why
RT_RULES = {
    "ORDER": "the first of the highest priority runs next; of equals whoever stands first: to the head goes who was preempted or lowered",
    "STATE": "a tick at the end of a slice, under RR alone, makes room for an equal that waits",
    "COUNT": "a slice is 100 ms; when it is over another one begins, and that is remembered",
    "FOUND": "who becomes ready takes the CPU if its priority is higher",
    "RETURNED": "the class has used up its share when it has run for rt_runtime in a window",
    "RESULT": "what the class runs counts in the window in which it was run"}
EDF_RULES = {
    "ORDER": "of two the one comes first whose deadline is earlier; of equals, who became ready first",
    "FOUND": "who becomes ready takes the CPU if its deadline is before that of who runs",
    "RETURNED": "a budget is used up at 0 or below it; who wakes behind its deadline waits for its next period",
    "NOTE": "the next period begins a period after the present one",
    "COUNT": "deadline and budget move together, by the rules: the deadline",
    "RESULT": "deadline and budget move together, by the rules: the budget"}
ADMISSION_RULES = {
    "COST": "a bandwidth is 2^20 Q / P, rounded up",
    "RETURNED": "a thread is let in if all that is reserved, with what it asks for instead of what it has, is no more than there is",
    "COUNT": "who leaves gives back what it had, at once or from its 0-lag time on"}


# --- 5.4 ---------------------------------------------------------------------------------------------------------------------------------


class Lists:
    """Plays the steps of hidden_urgent.c. level: {priority: tids}."""

    def __init__(self, seed, period, runtime):
        self.draws, self.facts, self.period, self.runtime = Draws(seed), [], period, runtime
        self.level, self.priority, self.now, self.used, self.window = {}, [0] * THREADS, 0, 0, 0

    def play(self):
        for step in range(STEPS):
            what, t = self.draws(8), self.draws(THREADS)
            waits = t in self.level.get(self.priority[t], [])
            if what == 0:
                self.rule(step)
            elif what == 1:
                self.account(step)
            elif what < 4:
                self.first_goes(step)
            elif not waits:
                self.stand(t)
            elif what < 6:
                self.level[self.priority[t]].remove(t)
        return self.facts

    def stand(self, t):
        why, priority = self.draws(5), 1 + self.draws(99)
        if self.draws(2):
            other = self.draws(THREADS)
            priority = max(priority if other == t else self.priority[other], priority)
        over = self.draws(2)
        lowered = self.draws(2) and why == CHANGED
        self.priority[t] = priority
        head = why == PREEMPTED and not over or lowered
        self.level.setdefault(priority, []).insert(0 if head else THREADS, t)

    def first_goes(self, step):
        best = max((priority for priority, tids in self.level.items() if tids), default=None)
        self.facts.append(("ORDER", step, self.level[best].pop(0) + 1 if best else 0))

    def rule(self, step):
        ran = SLICE + self.draws(3) - 1 if self.draws(2) else self.draws(300 * MS)
        t, rr = self.draws(THREADS), self.draws(4) > 0
        same = self.draws(2) and self.priority[t]
        mine = self.priority[t] if same else 1 + self.draws(99)
        began = self.draws(SECOND)
        over = rr and ran >= SLICE
        self.facts += [("STATE", step, int(over and bool(self.level.get(mine)))),
                       ("COUNT", step, (began + ran if over else began) << 1 | over), ("FOUND", step, int(self.priority[t] > mine))]

    def account(self, step):
        far = self.draws(24)
        passes = far * self.period + self.draws(MS) if far < 4 else self.draws(self.period // 4)
        delta = passes if self.draws(2) else self.draws(passes + 1)
        self.now += passes
        window, into = divmod(self.now, self.period)
        self.used = self.used + delta if window == self.window else min(delta, into)
        self.window = window
        self.facts += [("RESULT", step, self.used), ("RETURNED", step, int(self.used >= self.runtime))]


@exercise("5.4", points=1)
@boots(3)
@seeds(3)
def test_any_real_time_threads_come_and_go_as_the_rules_say(boot, seeds):
    """All priorities, forty threads, windows of any length."""
    for seed in seeds:
        draws = Draws(seed, 1)
        period = 2 + draws(300)
        runtime = 1 + draws(period - 1)
        run = boot("hidden_rt", f"sched=cfs rt_period={period} rt_runtime={runtime} seed={seed}", trace="off")
        agree(run, Lists(seed, period * MS, runtime * MS).play(), RT_RULES)
        no_leak(run)


# --- 5.5a --------------------------------------------------------------------------------------------------------------------------------


class Server:
    """A thread with numbers drawn. d does not wrap here."""

    def __init__(self, now, draws):
        bits, later = 12 + draws(20), draws(3)
        self.q = 1024 + draws(1 << bits)
        self.relative = self.q + later * draws(1 << bits)
        self.period = self.relative + draws(1 << bits) if draws(3) else self.relative
        self.since = draws(2)
        self.budget = 1 + self.q * draws(1000) // 1000
        self.d = now + self.relative * draws(3000) // 1000 - self.relative

    def begin(self, now):
        self.d, self.budget = now + self.relative, self.q

    def replenish(self, now):
        while self.budget <= 0:
            self.d, self.budget = self.d + self.period, self.budget + self.q
        if self.d < now:
            self.begin(now)

    def wake(self, now):
        """Whether it has to wait."""
        if self.relative < self.period and self.d <= now < self.d - self.relative + self.period:
            self.budget = 0
            return True
        if self.d < now or self.budget * self.relative > (self.d - now) * self.q:
            self.begin(now)
        return False


def edf_facts(seed):
    draws, facts = Draws(seed), []

    def both(i, t):
        facts.extend((("COUNT", i, t.d % WORD), ("RESULT", i, t.budget % WORD)))

    for i in range(CASES):
        wraps = draws(4)
        now = (1 << 45 if wraps else 0) + draws(MS)
        a, b = Server(now, draws), Server(now, draws)
        if draws(2):
            b.d = a.d + draws(3) - 1
        a_first = a.d < b.d or a.d == b.d and a.since != b.since and a.since < b.since
        facts += [("ORDER", i, 2 if a_first else 1), ("FOUND", i, int(b.d < a.d))]
        over, late, t = draws(9), draws(2), Server(now, draws)
        t.budget = 1 if over == 0 else (1 - over) * t.q
        facts.append(("RETURNED", i, int(t.budget <= 0)))
        both(i, t)
        facts.append(("NOTE", i, (t.d - t.relative + t.period) % WORD))
        t.replenish(now + late * draws(1 << 30))
        both(i, t)
        t = Server(now, draws)
        if draws(2):
            t.d = now + t.budget * t.relative // t.q + draws(3) - 1
        facts.append(("RETURNED", i, int(t.wake(now))))
        both(i, t)
    return facts


@exercise("5.5a", points=1)
@boots(3)
@seeds(3)
def test_any_deadlines_and_budgets_move_as_the_rules_say(boot, seeds):
    """From microseconds to seconds, with and without a deadline before the period's end."""
    for seed in seeds:
        run = boot("hidden_edf", f"sched=cfs seed={seed}", trace="off")
        agree(run, edf_facts(seed), EDF_RULES)
        no_leak(run)


# --- 5.5b --------------------------------------------------------------------------------------------------------------------------------


def admission_facts(seed, most, times):
    """most: the limit; times: by step."""
    draws, facts, has = Draws(seed), [], [0] * (THREADS // 3)
    total = leaving = leaving_at = 0
    for step, now in enumerate(times):
        who, what = draws(THREADS // 3), draws(5)
        if leaving and now >= leaving_at:
            total, leaving = total - leaving, 0
        if what < 3:
            bits, part = 12 + draws(18), 1 + draws(400)
            relative = 1024000 + draws(1 << bits)
            period = relative + draws(1 << bits) if draws(2) else relative
            bandwidth = -(-(relative * part // 1000 << 20) // period)
            fits = not most or total - has[who] + bandwidth <= most
            facts += [("COST", step, bandwidth), ("RETURNED", step, int(fits))]
            if fits:
                total, has[who] = total - has[who] + bandwidth, bandwidth
        else:
            due, budget = now + draws(40 * MS) - 8 * MS, draws(4 * MS) - MS
            free_at = due - divide(budget << 20, has[who]) if has[who] else now
            if free_at <= now:
                total -= has[who]
            else:
                leaving_at, leaving = max(leaving_at, free_at) if leaving else free_at, leaving + has[who]
            has[who] = 0
        facts.append(("COUNT", step, total))
    return facts


@exercise("5.5b", points=1)
@boots(3)
@seeds(3)
def test_any_shares_are_let_in_and_given_back_as_the_rules_say(boot, seeds):
    """Under any limit, with a dozen threads that come, change and leave early and late."""
    for seed in seeds:
        run = boot("hidden_admission", f"sched=cfs dl_bandwidth={300 + Draws(seed, 1)(700)} seed={seed}", trace="off")
        most, *times = [fact.b for fact in run.facts("NOTE")]
        agree(run, admission_facts(seed, most, times), ADMISSION_RULES)
        no_leak(run)
