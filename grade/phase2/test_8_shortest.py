"""Lab 2.8: sjf_before(), sjf_first_guess(), sjf_burst_ended(). Short jobs first: what does it save, and how does the kernel know?"""

from itertools import product

from grade.api import boots, exercise, require
from grade.models.schedule import numbers
from grade.phase2.policies import answers, follows, picks_of_ten

MS = 1_000_000
UNIT = 10 * MS
CYCLES = (1, 2, 3, 1000, 1500001, 2**31, 2**32 + 1, 2**40)  # as in ktest sjf_rules


def average(run, jobs):
    """The average wait in units, each job's rounded to whole ones."""
    waits = [round(fact.b / UNIT) for fact in run.facts("WAITED")]
    require(len(waits) == jobs, "every job comes to its end", f"{len(waits)} of {jobs} did")
    return sum(waits) / jobs


def judge(boot, ktest, bursts, fcfs, sjf):
    rules = {"fcfs": "first come, first served: jobs run in the order in which they came",
             "sjf": "shortest job first: no other order of jobs that are all there has a shorter average wait"}
    for policy, expected in (("fcfs", fcfs), ("sjf", sjf)):
        found = average(boot(ktest, f"sched={policy}", limit_ms=600), len(bursts))
        require(found == expected, rules[policy],
                f"bursts of {bursts} units wait {found:.2f} units on average under {policy}, expected {expected:.2f}")


@exercise("2.8", points=2)
@boots(2)
def test_short_jobs_behind_a_long_one_wait_3_instead_of_17(boot):
    """The convoy behind a slow lorry: 24, 3, 3 in the order in which they came."""
    judge(boot, "jobs_convoy", [24, 3, 3], 17, 3)


@exercise("2.8", points=2)
@boots(2)
def test_four_jobs_wait_7_instead_of_10_and_a_quarter(boot):
    """6, 8, 7, 3: what the makers of the threads announced decides while nobody has run yet."""
    judge(boot, "jobs_mixed", [6, 8, 7, 3], 10.25, 7)


@exercise("2.8", points=2)
@boots(2)
def test_the_prediction_goes_half_the_way_to_the_last_burst(boot):
    """A burst ends when the thread waits; a yield or a tick in its middle ends nothing."""
    run = boot("sjf_prediction", "sched=sjf")
    taus = [round(fact.b / MS, 1) for fact in run.facts("TAU")]
    require(taus == [8.0, 5.0, 6.5], "tau = (tau + burst) / 2, from one wait to the next",
            f"10 ms announced, bursts of 6, 2, 8 ms with a yield in the middle: predicted {taus} ms, expected [8.0, 5.0, 6.5]")
    run = boot("sjf_rules")
    given, policy = iter(answers(run)), numbers(run.kernel)
    for tau, burst in product(CYCLES, repeat=2):
        predicted, began, first = next(given), next(given), next(given)
        require(predicted == (tau + burst) // 2, "tau = (tau + burst) / 2, rounded down",
                f"predicted {tau} cycles, ran {burst}: then {predicted}, expected {(tau + burst) // 2}")
        require(began == burst, "the next burst begins when one has ended",
                f"a burst of {burst} cycles; the next one begins {began} after it began")
        require(first == (tau <= burst), "the smaller key goes first; of equals, who was ready first", f"keys {tau} and {burst}")
    for burst in (*CYCLES[3:], 0):
        guess, expected = next(given), burst * policy.cycles_per_ms // MS or policy.first_tau
        require(abs(guess - expected) <= 1 + expected // 100_000,
                "the first guess is what was announced, in cycles, or else policy.sjf_first_tau",
                f"announced {burst} ns: guessed {guess} cycles, expected {expected}")


@exercise("2.8", points=3)
def test_every_pick_is_the_shortest_jobs(boot):
    """Threads that do a bit of everything: of equals, who became ready first, and who was interrupted goes on."""
    follows(boot("policy_mix", "sched=sjf", limit_ms=1500), "sjf")


@exercise("2.8", points=1)
def test_of_two_jobs_alike_the_one_that_was_ready_first_runs_first(boot):
    """Whatever was done to the queue meanwhile: who has waited longer is not told to wait again."""
    picked = picks_of_ten(boot, "sjf")
    require(picked == [0, 1, 8, 9, 6, 7, 4, 5, 2, 3], "the shortest predicted burst runs first; of two alike, who became ready first",
            "two threads each of 1, 920, 839, 758, 677 us announced, 0 to 9 in the order in which they became ready; the priority of 0, 3, "
            f"6 and 9 was set anew: picked in the order {picked}")
