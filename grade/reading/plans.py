"""What is drawn for a run: who is there, with which numbers, and when each sleeps. draw(n): a number below n. Nobody runs yet: who does,
the rules say (judge.with_the_pick())."""

from ..models.sched_class import CLASS_OF, FIFO, NICE_0_WEIGHT, OTHER, RR, SCHED_DEADLINE, SCHED_IDLE, WEIGHTS
from .judge import MS, SLEEPS, WAITS, Plan, Start

STEP = 100000  # ns: what is drawn are multiples of it
NICES = (0, 0, 5, -5, 3, -3)


def of(policy, **fields):
    return {"policy": policy, "cls": CLASS_OF[policy], **fields}


def steps(draw, least, most):
    """ns between two numbers of steps."""
    return (least + draw(most - least + 1)) * STEP


def one_of(draw, *choices):
    return choices[draw(len(choices))]


def places(draw, sleepers, n):
    """Who waits and who sleeps, of n threads: in no order."""
    left = [SLEEPS] * sleepers + [WAITS] * (n - sleepers)
    return [left.pop(draw(len(left))) for _ in range(n)]


def rest_of(draw, place, sleeps, runs):
    """goal and then of a Start: who sleeps wakes twice at most; who does not blocks once, or never."""
    if place == SLEEPS:
        return None, (steps(draw, 11, 39) + 50000, *([] if draw(2) else [steps(draw, *runs), steps(draw, *sleeps)]))
    return (None, ()) if draw(3) else (steps(draw, *runs), (steps(draw, *sleeps),))


def cfs(draw):
    threads, base = [], steps(draw, 100, 300)
    for tid, place in enumerate(places(draw, 1, 4), 2):
        nice, v = one_of(draw, *NICES), base + steps(draw, 0, 20)
        if place == SLEEPS:
            v -= steps(draw, 5, 60)
        threads.append(Start(tid, place, of(OTHER, nice=nice, v=v), *rest_of(draw, place, (10, 40), (10, 30))))
    return Plan("cfs", threads, None, min(one.fields["v"] for one in threads if one.place != SLEEPS))


def eevdf(draw):
    threads, base = [], steps(draw, 100, 300)
    for tid, place in enumerate(places(draw, 1, 4), 2):
        nice, r = one_of(draw, *NICES), one_of(draw, 0, 0, 1 * MS, 2 * MS, 6 * MS)
        v, request = base + steps(draw, 0, 25), (r or 3 * MS) * NICE_0_WEIGHT // WEIGHTS[nice + 20]
        fields = of(OTHER, nice=nice, slice_ns=r)
        fields |= {"vlag": steps(draw, 1, 15) * one_of(draw, 1, -1)} if place == SLEEPS else {"v": v, "d": v + request}
        threads.append(Start(tid, place, fields, *rest_of(draw, place, (10, 40), (10, 30))))
    return Plan("eevdf", threads)


def real_time(draw):
    threads, levels = [], [10 + draw(20), 40 + draw(20)]
    for tid, place in enumerate(places(draw, 2, 5), 2):
        policy = one_of(draw, FIFO, RR)
        used = 100 * MS - steps(draw, 5, 25) if policy == RR else 0  # of its turn
        fields = of(policy, rt_priority=levels[draw(3) == 0 if place != SLEEPS else draw(3) > 0], turn_start=-used)
        short = place == SLEEPS and (None, (steps(draw, 3, 20) + 50000, steps(draw, 3, 12), steps(draw, 5, 20), steps(draw, 3, 12)))
        threads.append(Start(tid, place, fields, *(short or rest_of(draw, place, (10, 30), (8, 25)))))
    return Plan("eevdf", threads)


def deadline(draw):
    """Three of them, and a normal thread that has what is left."""
    threads = []
    for tid, place in enumerate(places(draw, 1 + draw(2), 4), 2):
        Q, P = steps(draw, 8, 15), steps(draw, 25, 90)
        D = P - steps(draw, 0, 8) * draw(2)
        fields = of(SCHED_DEADLINE, params=(Q, D, P), budget=steps(draw, 4, Q // STEP), deadline=steps(draw, 15, D // STEP))
        threads.append(Start(tid, place, fields, *rest_of(draw, place, (8, 25), (3, 9))))
    return Plan("eevdf", [*threads, Start(9, WAITS, of(OTHER, v=10 * MS, d=13 * MS))])


def all_classes(draw):
    """One of each, the highest first, but for two real-time ones."""
    Q, P = steps(draw, 8, 15), steps(draw, 50, 90)
    kinds = (of(SCHED_DEADLINE, params=(Q, P, 0), budget=Q, deadline=P), of(FIFO, rt_priority=40 + draw(20)),
             of(FIFO, rt_priority=10 + draw(20)), of(OTHER, v=10 * MS, d=13 * MS), of(SCHED_IDLE))
    sleepers = {draw(5), draw(5)}
    threads = []
    for number, fields in enumerate(kinds):
        place = SLEEPS if number in sleepers else WAITS
        threads.append(Start(2 + number, place, fields, *rest_of(draw, place, (10, 40), (6, 30))))
    return Plan("eevdf", threads, (steps(draw, 12, 35), 6 * MS))
