"""How a test says what has to hold: the rule first, in a student's words, then what was seen."""

import contextlib

from .errors import RuleBroken, Unjudged

_collected = []  # of the innermost every_rule() block, if any: lists of RuleBroken



def signed(value):
    """The 64 bits of a fact or a record as the number with a sign that the kernel put into them."""
    return value - (1 << 64) if value >> 63 else value


def require(condition, rule, *evidence):
    """Raises RuleBroken unless the condition holds. rule: one line, what has to hold and for whom. evidence: what was seen, most telling
    first; a callable is called only when the rule is broken."""
    if condition:
        return
    lines = []
    for item in evidence:
        item = item() if callable(item) else item
        lines += item if isinstance(item, list) else [item]
    broken = RuleBroken(rule, *lines)
    if not _collected:
        raise broken
    _collected[-1].append(broken)


@contextlib.contextmanager
def without_checks():
    """Around what a test does once more with the unchecked build: a rule that is broken there alone says so."""
    try:
        yield
    except RuleBroken as broken:
        broken.evidence = ["does the condition of an ASSERT() change something? It is not evaluated there", broken.rule, *broken.evidence]
        broken.rule = "what is right in a checked kernel has to be right in the one that `make run` boots, which checks nothing (CHECKED=0)"
        raise


@contextlib.contextmanager
def every_rule():
    """Inside this block require() goes on after a broken rule; at its end the first one is raised, with the others as evidence."""
    found = []
    _collected.append(found)
    try:
        yield
    except Unjudged:
        if not found:
            raise
    finally:
        _collected.pop()
    if found:
        first, *others = found
        more = [f"also broken: {other.rule}" + (f" ({other.evidence[0]})" if other.evidence else "") for other in others]
        raise RuleBroken(first.rule, *first.evidence, *more)
