"""Lab 3.3: a program's file becomes its address space."""

from grade.api import exercise, require


@exercise("3.3", points=3)
def test_a_program_runs_and_its_output_is_linuxs(boot):
    """Text, data, bss and stack are where the file says: or the program would not get as far as to say hello."""
    run = boot("user", program=["/tests/hello"])
    require(run.status == 0, "a program that is loaded rightly runs to its end", lambda: f"wait4() says {run.status:#x}")
    require(run.output == "hello\n", "what a program writes is what it writes on Linux", lambda: f"it wrote {run.output!r}")
