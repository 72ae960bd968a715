"""Programs of lab 4 (user/tests/lab4_*.c): as those of lab 3 (grade/phase3/parts.py)."""

from grade.phase3.parts import says

__all__ = ["part", "says"]


def part(boot, program, name, options="", **how):
    """The Run of one part of a program, for says(): it may not have come to its end."""
    return boot("user", options, program=[f"/tests/lab4_{program}", name], outcome=None, **how)
