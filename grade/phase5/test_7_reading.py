"""Lab 5.6: reading a trace. The runs are made from the name in answers5.toml, and the models say here, each time anew, where each of them
breaks a rule (grade/reading/). No kernel is booted."""

from grade.api import boots, exercise
from grade.reading.questions import FILE, check


@exercise("5.6", points=1)
@boots(0)
def test_the_mistake_among_threads_under_cfs_is_found(answers):
    """Who has the least v runs, but not at every tick, and nobody comes back with all that it slept."""
    check(answers[FILE], 1)


@exercise("5.6", points=2)
@boots(0)
def test_the_mistake_among_threads_under_eevdf_is_found(answers):
    """Five numbers of each thread belong together: with V and the weights, each follows from the others."""
    check(answers[FILE], 2)


@exercise("5.6", points=2)
@boots(0)
def test_another_mistake_among_threads_under_eevdf_is_found(answers):
    """It breaks another rule than the one before."""
    check(answers[FILE], 3)


@exercise("5.6", points=1)
@boots(0)
def test_the_mistake_among_real_time_threads_is_found(answers):
    """There are no shares to compute, only an order and turns: but the order in a list is easily lost."""
    check(answers[FILE], 4)


@exercise("5.6", points=1)
@boots(0)
def test_the_mistake_among_deadline_threads_is_found(answers):
    """A budget without the deadline that belongs to it is a promise broken to somebody else."""
    check(answers[FILE], 5)


@exercise("5.6", points=2)
@boots(0)
def test_another_mistake_among_deadline_threads_is_found(answers):
    """It breaks another rule than the one before."""
    check(answers[FILE], 6)


@exercise("5.6", points=1)
@boots(0)
def test_the_mistake_among_threads_of_all_classes_is_found(answers):
    """A higher class comes first, at a pick and when somebody becomes ready; and the real-time class has its limit."""
    check(answers[FILE], 7)
