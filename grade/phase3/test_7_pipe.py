"""Lab 3.7: pipe_read(), pipe_write(), pipe_leave(). Who waits, for what, and what ends the wait?"""

from grade.api import boots, exercise, no_leak, require, seeds, signed
from grade.phase3.parts import part, says


@exercise("3.7", points=2)
def test_bytes_come_out_as_they_went_in(boot):
    """A pipe is a file that forgets what was read: in order, none twice, none lost, and its end is an end."""
    run = part(boot, "pipe", "in_order")
    says(run, {
        "a write that there is room for writes all": ["write: 5", "write: 7"],
        "a read returns what is there, and waits for no more": ["a part: 3", "no more than there is: 9", "text: hello, world"],
        "bytes are copied to wherever the program may write, though the page is made meanwhile":
            ["into pages not yet made: 9000", "from the pipe: 9000", "differences: 0"],
        "when nobody can write any more and nothing is left, a read returns 0": ["end: 0", "end again: 0"]})
    no_leak(run)
