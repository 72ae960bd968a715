"""For tests whose steps are drawn from a seed: a model draws the same numbers as the kernel's test and plays the same steps by the rules,
so it knows every fact that a right kernel leaves, in order.

    draws = Draws(seed, who)     # as draws_of() in the kernel's part
    draws(6)                     # as draw(&state, 6)
    agree(run, expected, rules)  # expected: [(key, a, b)]"""

from itertools import zip_longest

from ..rules import require

BITS = (1 << 64) - 1


class Draws:
    """Knuth's linear congruential generator."""

    def __init__(self, seed, who=0):
        self.state = seed + who * 0x9e3779b97f4a7c15 & BITS

    def __call__(self, below):
        self.state = self.state * 6364136223846793005 + 1442695040888963407 & BITS
        return (self.state >> 33) % below


def agree(run, expected, rules):
    """Judges that the run's facts of these keys are the expected ones in their order. rules {key: what has to hold}: that of the first
    fact that differs is broken."""
    seen = [(fact.key, fact.a, fact.b) for fact in run.facts() if fact.key in rules]
    for at, (is_, has) in enumerate(zip_longest(seen, expected)):
        require(is_ == has, rules[(has or is_)[0]], f"fact {at + 1} of {len(expected)}: {said(is_)}, expected {said(has)}",
                lambda at=at: [f"  before it: {said(one)}" for one in expected[max(0, at - 8):at]])


def total(data, h=None):
    """The sum of some bytes, as the ktests make it; h: what it begins with, or None."""
    h = len(data) if h is None else h
    for byte in data:
        h = h * 31 + byte & BITS
    return h


def said(fact):
    return f"{fact[0]} {fact[1]:#x} {fact[2]:#x}" if fact else "nothing"
