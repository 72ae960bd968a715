"""Lab 3.7: pipe_read(), pipe_write(), pipe_leave(). Who waits for whom, for how long, and what becomes of the bytes."""

from grade.api import exercise, no_leak, require, seeds, signed

EAGAIN, EPIPE, ERESTART = -11, -32, -512
SIZE = 65536


def told(run, rule, expected, key="RESULT"):
    """Requires these values at these steps."""
    seen = {fact.a: signed(fact.b) for fact in run.facts(key)}
    for step, value in expected.items():
        require(seen.get(step) == value, rule, f"step {step}: {seen.get(step)}, expected {value}")


@exercise("3.7", points=3)
def test_a_reader_waits_for_a_byte_and_hears_of_the_end(boot):
    """An empty pipe is no end while somebody can write; and an end for all who wait when nobody can any more."""
    run = boot("pipe_reader")
    told(run, "who reads from an empty pipe waits, and a byte is read once", {10: 1, 11: 4, 0: 3, 1: 1, 12: 1})
    told(run, "when nobody can write any more, a reader that waits gets the end", {2: 0})
    told(run, "bytes come out in the order in which they went in", {0: ord("a"), 1: ord("d")}, "NOTE")
    no_leak(run)


@exercise("3.7", points=3)
def test_a_writer_waits_until_all_fits_that_belongs_together(boot):
    """4096 bytes do not go in where there is room for 200; 200 of somebody else's do, and need not wait behind them."""
    run = boot("pipe_writer")
    told(run, "a write of up to 4096 bytes waits for room for all of them, and a smaller one that fits does not wait for it",
         {10: SIZE - 200, 1: 200, 11: 1, 12: SIZE, 0: 4096, 13: 0, 14: 4096})
    no_leak(run)


@exercise("3.7", points=2)
def test_a_writer_hears_that_nobody_reads_any_more(boot):
    """One has written a part, the other nothing: the first returns how much, the second why not."""
    run = boot("pipe_broken")
    told(run, "when nobody can read any more, writers that wait return: with what they wrote, or with EPIPE", {10: 1, 0: SIZE, 1: EPIPE})
    no_leak(run)


@exercise("3.7", points=2)
def test_who_may_not_wait_is_told(boot):
    """O_NONBLOCK: EAGAIN while there is nothing to do; but the end is the end, and what is broken is broken."""
    run = boot("pipe_nonblock")
    told(run, "with O_NONBLOCK nobody waits", {0: EAGAIN, 1: SIZE - 100, 2: EAGAIN, 3: 100, 4: EAGAIN, 5: SIZE, 6: 5000})
    told(run, "what is left can be read when nobody writes any more, and then comes the end", {7: 5000, 8: 0})
    told(run, "nobody reads: EPIPE", {9: EPIPE})
    no_leak(run)


@exercise("3.7", points=1)
def test_a_signal_ends_a_readers_wait(boot):
    """Or a program that reads from a pipe could not be interrupted."""
    run = boot("pipe_signal")
    told(run, "a signal ends the wait for a byte", {10: 1, 0: ERESTART})
    no_leak(run)


@exercise("3.7", points=4)
@seeds(4)
def test_what_is_written_together_is_read_together(boot, seeds):
    """Three writers; records of 8 to 4096 bytes; the reader takes pieces of all sizes. Others come in at any access to memory, also while
    bytes are copied without the lock."""
    run = boot("pipe_together", build="race", seeds=seeds, limit_ms=20_000)
    for part in run.each_seed():
        told(part, "every write goes through as a whole, and the reader gets the end after the last writer", {0: 0, 1: 0, 2: 0, 10: 0})
        records = [(fact.a >> 32, fact.a & 0xFFFFFFFF, fact.b & 0xFFFFFFFF) for fact in part.facts("ORDER")]
        require(not any(foreign for _, _, foreign in records), "a record's bytes stay together", f"{[r for r in records if r[2]][:5]}")
        for writer in range(3):
            numbers = [number for who, number, _ in records if who == writer]
            require(numbers == list(range(40)), "each writer's records come in its order, and none is lost", f"writer {writer}: {numbers}")
    no_leak(run)
