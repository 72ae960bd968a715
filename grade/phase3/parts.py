"""Programs of lab 3 (user/tests/lab3_*.c) and what they have to write: what they write on Linux."""

from grade.api import require


def part(boot, program, name, options="", **how):
    """The Run of one part of a program."""
    return boot("user", options, program=[f"/tests/lab3_{program}", name], **how)


def says(run, expected):
    """Judges what a part wrote. expected: {rule: the lines that it wants}, all together in order. The first line that is another one
    breaks its rule."""
    seen, at = run.output.splitlines(), 0
    for rule, lines in expected.items():
        for line in lines:
            found = seen[at] if at < len(seen) else None
            require(found == line, rule, f"the program wrote {found!r}, and on Linux {line!r}" if found is not None else
                    f"the program ended before it wrote {line!r}; wait4() says {run.status:#x}")
            at += 1
    require(len(seen) == at, "a program writes what it writes on Linux, and no more", lambda: f"it went on with {seen[at]!r}")
    require(run.status == 0, "a program that does nothing forbidden runs to its end", lambda: f"wait4() says {run.status:#x}")
