"""Programs of lab 3 (user/tests/lab3_*.c) and what they have to write: what they write on Linux."""

from grade.api import never_came, require


def part(boot, program, name, options="", **how):
    """The Run of one part of a program, for says(): it may not have come to its end."""
    return boot("user", options, program=[f"/tests/lab3_{program}", name], outcome=None, **how)


def says(run, expected):
    """Judges what a part wrote. expected: {rule: the lines that it wants}, all together in order. The first line that is another one
    breaks its rule, and if the run does not end, the first line that is missing."""
    seen, at = run.output.splitlines(), 0
    for rule, lines in expected.items():
        for line in lines:
            found = seen[at] if at < len(seen) else None
            if found is None:
                never_came(run, rule, f"on Linux, the program writes {line!r} then")
            require(found == line, rule, f"the program wrote {found!r}, and on Linux {line!r}" if found is not None else
                    f"the program ended before it wrote {line!r}; wait4() says {run.status:#x}")
            at += 1
    never_came(run, "a program that has written all comes to its end")
    require(len(seen) == at, "a program writes what it writes on Linux, and no more", lambda: f"it went on with {seen[at]!r}")
    require(run.status == 0, "a program that does nothing forbidden runs to its end", lambda: f"wait4() says {run.status:#x}")
