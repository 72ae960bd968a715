"""Lab 3.8: signal_ignored(), signal_take(); stack_for(), settle_call(). Which signal is heard next, where, and what becomes of the call that
it interrupted?"""

from grade.api import boots, exercise, no_leak
from grade.phase3.parts import part, says


@exercise("3.8a", points=2)
def test_the_lowest_number_is_taken_first(boot):
    """Many may be pending: the order is Linux's, whatever the order was in which they came."""
    run = part(boot, "signal", "lowest_first")
    says(run, {"a blocked signal waits": ["while blocked:"],
               "of the signals that are pending and not blocked, the lowest number is taken first": ["taken: 1 10 12 15 33 37 64"]})
    no_leak(run)


@exercise("3.8b", points=2)
def test_a_handler_runs_on_the_stack_it_asked_for(boot):
    """SA_ONSTACK and a stack that was set: there. Otherwise: on the program's own."""
    run = part(boot, "signal", "other_stack")
    says(run, {
        "without a stack for signals, a handler runs on the program's own": ["without one, on its own: yes"],
        "a handler with SA_ONSTACK runs on the stack for signals, from its end downwards": ["there: yes", "at its end: yes", "it knows: 1"],
        "a handler without SA_ONSTACK runs on the program's own stack": ["who does not ask for it, on its own: yes", "it knows: 0"],
        "a stack that was taken away is not used": ["taken away, on its own: yes"],
        "each signal is handled once": ["handled: 10 10 10 10"]})
    no_leak(run)
