"""Lab 5.5b: deadline_bandwidth(), admission_take(), admission_give(). A promise is kept if no more is promised than there is."""

from grade.api import exercise, require, signed
from grade.phase5.parts import Cases, divide, wrapped

SHIFT = 20
CFS = "sched=cfs"  # normal threads: so that lab 5.1 is enough
EBUSY = -16


@exercise("5.5b", points=2)
def test_a_bandwidth_is_rounded_up(boot):
    """A thousand small ones that are each rounded down would be let in for nothing."""
    cases = Cases(boot("dl_bandwidth", CFS))
    while cases.peek():
        (runtime, period), got = cases.note(), cases.result()
        exact = -(-(runtime << SHIFT) // period)
        text = f"runtime {runtime}, period {period}: 2^{SHIFT} Q / P rounded up is {exact}, it was {got}"
        require(got >= exact, "a bandwidth is 2^20 Q / P, rounded up: never less than it takes", text)
        require(got <= exact, "a bandwidth is 2^20 Q / P, rounded up: no more than it takes", text)


@exercise("5.5b", points=3)
def test_who_is_let_in_is_what_is_left(boot):
    """While others come, change their numbers and go: the sum must be right at any time, or something is promised twice, or lost."""
    cases = Cases(boot("dl_admission", CFS))
    most, _ = cases.note()
    total = leaving = leaving_at = 0
    has = dict.fromkeys(range(6), 0)

    def settle(now):
        nonlocal total, leaving
        if now >= leaving_at:
            total, leaving = total - leaving, 0

    while cases.peek():
        (what, number) = cases.note()
        who, kind = what & 255, what >> 8
        if kind == 3:
            most = 0
            continue
        if kind == 2:
            case = f"thread {who}, which has {has[who]}, never came to this CPU, and given code took that back"
            settle(cases.note()[0])
            total, has[who] = total - has[who], 0
        elif kind == 0:
            now, _ = cases.note()
            settle(now)
            had, fits = has[who], not most or total - has[who] + number <= most
            case = (f"reserved {total} of {most or 'any number (dl_bandwidth=0)'}, {leaving} of it until {leaving_at}; thread {who} has "
                    f"{has[who]}, and asks for {number} at {now}")
            got, its = cases.next("RESULT")
            require(got == fits, "with dl_bandwidth=0 there is no limit: admission_take() refuses nobody" if not most else
                    "a thread is let in if all that is reserved, with what it asks for instead of what it has, is no more than there is",
                    case, f"admission_take(): expected {fits}, it was {bool(got)}")
            if fits:
                total, has[who] = total - had + number, number
            require(its == has[who], "who is let in has what it asked for, and who is not what it had", case, f"it has {its}")
        else:
            now, budget = cases.note()
            settle(now)
            case = f"thread {who}, which has {has[who]}, leaves at {now}; due {number - now} ns later, budget {signed(budget)}"
            if has[who]:
                free_at = number - divide(signed(budget) << SHIFT, has[who])
                if free_at <= now:
                    total -= has[who]
                else:
                    leaving_at, leaving = max(leaving_at, free_at) if leaving else free_at, leaving + has[who]
                has[who] = 0
            _, its = cases.next("RESULT")
            require(its == 0, "who leaves has nothing any more", case, f"it has {its}")
        got, going = cases.next("RESULT")
        until = cases.result()
        require((got, going) == (wrapped(total), leaving),
                "who leaves gives back what it had, at once or from its 0-lag time on; until then it is "
                "part of what is leaving", case, f"reserved afterwards: {signed(got)}, leaving: {going}; expected {total} and {leaving}")
        require(not leaving or until == leaving_at, "while somebody's bandwidth is leaving, leaving_at is the latest of the 0-lag times: "
                "admission_give() keeps it", case, f"leaving_at: expected {leaving_at}, it was {until}")


def returned(run):
    return [signed(fact.b) for fact in run.facts("RETURNED")]


@exercise("5.5b", points=2)
def test_more_than_there_is_is_refused(boot):
    """-EBUSY now, and not a missed deadline later."""
    seen, expected = returned(boot("dl_refused", CFS)), [0, EBUSY, 0, EBUSY, EBUSY, 0, EBUSY, 0, 0]
    require(seen == expected,
            "deadline threads may reserve 0.95 of a CPU, and nobody more than is left (-EBUSY)",
            "asked for: 0.5; 0.5, 0.4 by a second; 0.1 by a third; 0.6, then 0.54 by the first; 0.02 by the third; 0.1 by the first; 0.44 "
            "by the third", f"expected {expected}, it was {seen}")


@exercise("5.5b", points=2)
def test_bandwidth_comes_back(boot):
    """Or after some days nobody could have deadlines any more."""
    seen = returned(boot("dl_returned", CFS, limit_ms=1000))
    require(seen[:3] == [0, EBUSY, 0], "who leaves the class gives back what it had reserved",
            f"0.9 reserved, 0.9 asked for by another one; the first is normal again, 30 ms later asked again: {seen[:3]}")
    require(seen[3:] == [EBUSY, 0], "who exits gives back what it had reserved", f"0.9 reserved, asked for by another one, and 30 ms after "
            f"the first was killed asked again: {seen[3:]}")


@exercise("5.5b", points=1)
def test_whoever_has_run_ahead_pays_for_it(boot):
    """Somebody could run all of his budget, leave, come back, and run it again: all of the CPU, with half of it reserved."""
    seen = returned(boot("dl_zero_lag", CFS, limit_ms=1000))
    require(seen == [0, EBUSY, 0], "who leaves keeps its bandwidth reserved until its 0-lag time, and no longer",
            "a thread ran 45 ms of 50 in 100 at once and left; another one asked for 0.5 right then, and 60 ms later", f"returned: {seen}")
