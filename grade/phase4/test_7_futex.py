"""Lab 4.7: waiter_queue(), bucket_wake(), bucket_move(). Threads wait for words of their process's memory, by the functions behind the
system call (kernel/ktest/test_futex.c, test_futex_race.c) and as programs do (user/tests/lab4_futex.c)."""

from grade.api import boots, exercise, no_leak, require, seeds, signed
from grade.phase4.parts import part, says

EAGAIN, ETIMEDOUT = -11, -110
ALONE = "cpus=1"


def judged(run, steps):
    """Judges what each call returned and who came back behind it. steps: {step: (what was done, what it returns, who comes back, rule)};
    who: their numbers, in order."""
    returned = {fact.a: signed(fact.b) for fact in run.facts("RESULT")}
    came = [(fact.a, fact.b) for fact in run.facts("ORDER", 0)]
    for step, (what, result, who, rule) in steps.items():
        found = [number for at, number in came if at == step]
        require(returned.get(step) == result and found == who, rule, what, f"it returned {returned.get(step)}, expected {result}",
                f"who came back: {found or 'nobody'}, expected {who or 'nobody'}")


def errors(run, expected, rule):
    """Judges what futex_wait() returned to each. expected: {number: error}; all others 0."""
    for fact in run.facts("RETURNED"):
        require(signed(fact.b) == expected.get(fact.a, 0), rule,
                f"thread {fact.a}: futex_wait() returned {signed(fact.b)}, expected {expected.get(fact.a, 0)}")


@exercise("4.7", points=3)
def test_who_has_waited_longest_is_woken_first(boot):
    """A mutex passes from one to the next by this: with any other order one of them might never get it."""
    run = boot("futex_order", ALONE)
    own = "a wake is for those who wait for this word, whichever bucket they stand in"
    order = "a wake of n wakes at most n, those who have waited longest, and says how many"
    judged(run, {0: ("all other words of the page, one after the other", 0, [], own), 1: ("a wake of 2", 2, [0, 1], order),
                 2: ("a wake of 1", 1, [2], order), 3: ("a wake of 1000", 3, [3, 4, 5], order),
                 4: ("a wake when nobody waits any more", 0, [], "who was woken waits no more")})
    errors(run, {}, "who was woken gets 0")
    no_leak(run)


@exercise("4.7", points=1)
def test_a_wake_for_some_bits_leaves_the_others_asleep(boot):
    """Readers and writers may wait at one word, and only one kind of them is to go."""
    run = boot("futex_bits", ALONE)
    rule = "a wake takes those who wait with one of its bits, and counts no others"
    judged(run, {0: ("one with bit 2; 0 to 4 wait with 1, 2, 3, 4 and all", 1, [1], rule), 1: ("all with 1 or 2", 3, [0, 2, 4], rule),
                 2: ("all with 8", 0, [], rule), 3: ("all with 4 or 8", 1, [3], rule)})
    no_leak(run)


@exercise("4.7", points=2)
@boots(2)
def test_only_who_finds_what_it_expects_waits(boot):
    """The word says whether there is anything to wait for: who waits although it has changed may wait for ever."""
    run = boot("futex_expects", ALONE)
    judged(run, {0: ("the word is 5; one came that expected 4, then a wake", 0, [0],
                     "who expects another value than stands there does not wait, and stands in no bucket"),
                 1: ("one waits that expected 5, and is woken", 1, [1], "who finds the value that it expects waits until it is woken"),
                 2: ("one waits for a word whose page nobody had touched, and is woken", 1, [2],
                     "a page that is not there yet is made, and then its word is compared")})
    errors(run, {0: EAGAIN}, "who expects another value gets EAGAIN")
    no_leak(run)
    run = part(boot, "futex", "interrupted")
    says(run, {"a signal ends a wait: EINTR": ["a signal while it waits: Interrupted system call"],
               "who was interrupted stands in no bucket": ["nobody is left there: 0"]})
    no_leak(run)


@exercise("4.7", points=2)
@boots(2)
def test_who_is_moved_waits_where_it_went(boot):
    """A condition variable's broadcast wakes one, and lets the others wait for the mutex, which they could not have anyway."""
    run = boot("futex_moves", ALONE)
    rule = "futex_requeue() wakes the first n, moves as many of the next as it is told, and returns how many of both"
    judged(run, {0: ("requeue if word 0 is 1, and it is 0", EAGAIN, [], "if the word has changed, nobody is woken or moved: EAGAIN"),
                 1: ("1 to 6 wait for word 0: one is woken, two are moved to word 1", 3, [1], rule),
                 2: ("a wake of 1 at word 0", 1, [4], "who was moved does not wait for the old word any more"),
                 3: ("those who are left are moved to where they are", 2, [], "who is moved to the word where it waits stays there"),
                 4: ("a wake of 2 at word 1, where 0 waited from the beginning", 2, [0, 2],
                     "who is moved stands behind those who wait there already, in the order in which they came"),
                 5: ("all of word 0", 2, [5, 6], "who was not moved waits as before"), 6: ("all of word 1", 1, [3], rule)})
    errors(run, {}, "who was woken gets 0, moved or not")
    no_leak(run)
    run = boot("futex_journey", ALONE)
    rule = "who was moved can be moved again, and woken where it is now"
    judged(run, {0: ("three of four are moved, a thousand times", 3000, [], rule), 1: ("one of each other word is woken", 1, [3], rule),
                 2: ("all of the last word", 3, [0, 1, 2], rule)})
    no_leak(run)


@exercise("4.7", points=1)
def test_whose_time_is_over_is_gone(boot):
    """It leaves by itself, from wherever it stands by then; a wake for it would be lost to the one that is still there."""
    run = boot("futex_late", ALONE)
    rule = "who has gone, since its time was over, is not counted by a wake"
    judged(run, {0: ("one of two with a limit is moved to where a third waits", 1, [], "futex_requeue() returns how many it moved"),
                 1: ("after the limit, all words but the third's", 0, [0, 1], rule), 2: ("all of the third's word", 1, [2], rule)})
    errors(run, {0: ETIMEDOUT, 1: ETIMEDOUT}, "whose time is over gets ETIMEDOUT, moved or not")
    no_leak(run)


@exercise("4.7", points=1)
@seeds(20)
def test_no_wake_is_lost_between_the_look_and_the_wait(boot, seeds):
    """The other CPU changes the word and wakes just then, finds nobody, and will never wake again."""
    slept = 0
    for part_of_run in boot("futex_turns", build="race", seeds=seeds, cpus=4, limit_ms=500).each_seed():
        slept += part_of_run.fact("COUNT").b
    require(slept, "threads that take turns by a word wait for each other", "nobody ever waited")


@exercise("4.7", points=2)
@seeds(20)
def test_each_waiter_is_woken_or_late_and_never_both(boot, seeds):
    """Whoever wakes counts on the one that it woke; if that one says that it was late, nobody has the lock or the message."""
    in_time = late = 0
    for part_of_run in boot("futex_too_late", build="race", seeds=seeds, cpus=4, limit_ms=1000).each_seed():
        count = {fact.a: fact.b for fact in part_of_run.facts("COUNT")}
        woken, said = sum(count[cpu << 1] for cpu in (1, 2, 3)), part_of_run.fact("RESULT").b
        require(woken == said, "as many waits return 0 as were woken", f"futex_wake() woke {said}, and {woken} waits returned 0",
                f"{sum(count[cpu << 1 | 1] for cpu in (1, 2, 3))} were late")
        in_time += woken
        late += sum(count[cpu << 1 | 1] for cpu in (1, 2, 3))
    require(in_time and late, "of threads that wait for a short time some are woken, and some are late", f"{in_time} woken, {late} late")


@exercise("4.7", points=3)
@boots(2)
def test_programs_can_build_on_it(boot):
    """A mutex, joining a thread, and two processes with a word in a file that both have mapped."""
    run = part(boot, "futex", "mutex", cpus=4)
    says(run, {"what is counted under a mutex is counted": ["counted: 240"], "one thread at a time has the mutex": ["inside at once: 1"],
               "a thread's end wakes who waits for it": ["joined at their end: 4"]})
    no_leak(run)
    run = part(boot, "futex", "shared", cpus=4, limit_ms=500)
    says(run, {"a word in shared memory is one word for all who have it": ["mapped at another place: yes", "woken by another process: 0",
                                                                          "and the other way round: 0"],
               "a word in private memory is each process's own": ["the same address in another process is another word: 0"],
               "who waits can be killed": ["killed while it waits: killed, Killed"]})
    no_leak(run)
