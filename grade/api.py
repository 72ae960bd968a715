"""What a test file needs:

    from grade.api import boots, exercise, no_leak, require, signed

    @exercise("1.1", points=5)
    @boots(2)                        # only if it boots more than once
    def test_callee_saved_registers_survive_a_switch(boot):
        \"\"\"Why this has to hold.\"\"\"
        run = boot("switch_registers")
        ...

The decorators' arguments are plain numbers and text: the list of tests is read without running them (testlist.py). points are shares of
what exercises.toml gives the exercise. build="race" or "unchecked" in a call of boot() says that the test needs that kernel, too. The
fixtures are `boot` (boot.py) and `seeds` (a list; @seeds(n) says how many by default). replay(run) gives GDB on a recording of a run
(debugger.py)."""

import pytest

from .boot import NOTHING, kept, never_came, no_leak
from .debugger import replay
from .errors import GraderFault, RuleBroken, Unjudged
from .rules import every_rule, require, signed, without_checks

exercise = pytest.mark.exercise
boots = pytest.mark.boots
seeds = pytest.mark.seeds

__all__ = ["NOTHING", "GraderFault", "RuleBroken", "Unjudged", "boots", "every_rule", "exercise", "kept", "never_came", "no_leak", "replay",
           "require", "seeds", "signed", "without_checks"]
