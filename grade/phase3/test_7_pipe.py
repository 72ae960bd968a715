"""Lab 3.7: pipe_read(), pipe_write(), pipe_leave(). Who waits for whom, for how long, and what becomes of the bytes?"""

from grade.api import boots, exercise, no_leak, require, seeds, signed
from grade.phase3.parts import part, says

EAGAIN, EFAULT, EPIPE, ERESTART = -11, -14, -32, -512
SIZE = 65536
# Of kernel/ktest/test_fs_pipe_crowd.c: a step, how many of the two that came meanwhile may still wait then, who they are, and the rule.
KEPT_OUT = [
    (1, 1, "writers", "a copy that fails wakes who came meanwhile, as one that succeeds does: of two writers the one that finds room"),
    (11, 0, "readers", "a copy that fails wakes who came meanwhile, as one that succeeds does: there are bytes for both readers"),
    (21, 1, "writers", "who has written wakes all writers that came meanwhile: the first may need more room than there is, the next less"),
    (31, 0, "readers", "who has read wakes all readers that came meanwhile: the first may hear a signal before it runs, and read nothing"),
    (40, 0, "readers", "who has written wakes all who wait for bytes: the first may hear a signal before it runs, and read nothing")]


def told(run, rule, expected, key="RESULT", what="what was returned"):
    """Requires these values at these steps of the ktest, which says what they are."""
    seen = {fact.a: signed(fact.b) for fact in run.facts(key)}
    for step, value in expected.items():
        require(seen.get(step) == value, rule, f"{what}: {seen.get(step)}, expected {value}; step {step} of the ktest {run.ktest}")


@exercise("3.7", points=1)
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


@exercise("3.7", points=1)
def test_the_ring_has_no_end(boot):
    """The bytes are counted from the pipe's beginning; where they lie in memory is another matter."""
    run = part(boot, "pipe", "around", limit_ms=1000)
    says(run, {"bytes come out in the order in which they went in, wherever the ring's end is": ["as many out as in: yes", "wrong: 0"]})
    no_leak(run)


@exercise("3.7", points=1)
@boots(2)
def test_a_reader_waits_for_a_byte_and_hears_of_the_end(boot):
    """An empty pipe is not an ended one, as long as somebody can write."""
    run = part(boot, "pipe", "waits_for_bytes", limit_ms=1000)
    says(run, {
        "who reads from an empty pipe waits": ["while nothing is there it waits: 1"],
        "who waits for bytes goes on when some come": ["it got: 3", "it waits again: 2"],
        "when nobody can write any more, a reader that waits gets the end": ["nobody writes any more: it got: 0", "then: exited 0"]})
    no_leak(run)
    run = boot("pipe_reader", "sched=rr")
    told(run, "who reads from an empty pipe waits, and a byte is read once", {10: 1, 11: 4, 0: 3, 1: 1, 12: 1})
    told(run, "when nobody can write any more, every reader that waits gets the end", {2: 0})
    told(run, "bytes come out in the order in which they went in", {0: ord("a"), 1: ord("d")}, "NOTE")
    no_leak(run)


@exercise("3.7", points=1)
@boots(2)
def test_a_writer_waits_until_all_fits_that_belongs_together(boot):
    """Up to PIPE_BUF bytes go in as one or not at all; and who fits goes in front of who does not."""
    run = part(boot, "pipe", "waits_for_room", limit_ms=1000)
    says(run, {
        "a pipe holds PIPE_SIZE bytes": ["as much as it holds: 65536"],
        "who writes to a full pipe waits": ["while it is full the writer waits: 1"],
        "up to 4096 bytes are written together, when there is room for all of them": ["some room: 4095", "too little for all: 1",
                                                                                      "a byte more: 1", "it wrote: 4096"],
        "a writer that has written goes on": ["then: exited 0"]})
    no_leak(run)
    run = boot("pipe_writer")
    told(run, "a write of up to 4096 bytes waits for room for all of them, and a smaller one that fits does not wait for it",
         {10: SIZE - 200, 1: 200, 11: 1, 12: SIZE, 0: 4096, 13: 0, 14: 4096})
    told(run, "who makes room wakes all who wait for room: the first one may need more than there is, and the next one less",
         {20: 1, 21: 300, 22: 1})
    no_leak(run)


@exercise("3.7", points=1)
def test_more_than_the_ring_holds_goes_through_in_parts(boot):
    """Writer and reader take turns; a write returns when all is written, not when the ring is full."""
    run = part(boot, "pipe", "much", limit_ms=1000)
    says(run, {"a write that may wait writes all, in parts if need be": ["bytes: 200000", "wrong: 0"],
               "it returns how many bytes were written": ["the writer: exited 0"]})
    no_leak(run)


@exercise("3.7", points=1)
@boots(2)
def test_a_writer_hears_that_nobody_reads_any_more(boot):
    """EPIPE: otherwise `yes | head` would run for ever."""
    run = part(boot, "pipe", "nobody_reads", limit_ms=1000)
    says(run, {
        "a write when nobody can read any more: EPIPE": ["write: Broken pipe", "of no byte: 0"],
        "a writer that waits for room goes on when the last reader closes, and says how much it had written":
            ["the writer goes on: exited 0", "it says how much it had written: 65536"],
        "where nobody reads, a write is EPIPE, room or not": ["and from then on: Broken pipe", "full, and nobody reads: Broken pipe"]})
    no_leak(run)
    run = boot("pipe_broken")
    told(run, "when nobody can read any more, all writers that wait go on: with what they wrote, or with EPIPE", {10: 1, 0: SIZE, 1: EPIPE})
    no_leak(run)


@exercise("3.7", points=2)
@boots(2)
def test_who_may_not_wait_is_told(boot):
    """O_NONBLOCK: EAGAIN while there is nothing to do; but the end is the end, and what is broken is broken."""
    run = part(boot, "pipe", "not_waiting", limit_ms=1000)
    says(run, {
        "with O_NONBLOCK an empty pipe is EAGAIN": ["read, empty: Resource temporarily unavailable"],
        "with O_NONBLOCK more than PIPE_BUF bytes go in as far as there is room": ["more than fits: 65536"],
        "with O_NONBLOCK a full pipe is EAGAIN": ["full: Resource temporarily unavailable", "one byte out: 1"],
        "up to 4096 bytes go in together or not at all, with O_NONBLOCK, too":
            ["4096 do not fit: Resource temporarily unavailable", "nor are they split: Resource temporarily unavailable", "all out: 65535",
             "empty again: Resource temporarily unavailable"],
        "the end is 0, with O_NONBLOCK, too": ["end: 0"]})
    no_leak(run)
    run = boot("pipe_nonblock")
    told(run, "with O_NONBLOCK nobody waits", {0: EAGAIN, 1: SIZE - 100, 2: EAGAIN, 3: 100, 4: EAGAIN, 5: SIZE, 6: 5000})
    told(run, "what is left can be read when nobody writes any more, and then comes the end", {7: 5000, 8: 0})
    told(run, "nobody reads: EPIPE", {9: EPIPE})
    no_leak(run)


@exercise("3.7", points=1)
def test_a_bad_address_costs_no_byte(boot):
    """What could not be copied was not read, and not written; and the pipe is not left locked."""
    run = part(boot, "pipe", "bad_memory", limit_ms=1000)
    says(run, {
        "bytes that could not be copied out stay in the pipe":
            ["read to nowhere: Bad address", "the bytes are still there: 8", "and they are: abcdefgh"],
        "bytes that could not be copied in are not in the pipe": ["write from nowhere: Bad address",
                                                                 "nothing came in: Resource temporarily unavailable"],
        "after EFAULT a pipe goes on": ["the pipe goes on: 1", "and on: 1"],
        "what was written before the bad address was met is told": ["a part from nowhere: 65536"]})
    no_leak(run)


@exercise("3.7", points=3)
@boots(2)
@seeds(4)
def test_what_is_written_together_is_read_together(boot, seeds):
    """Three writers; records of 8 to 4096 bytes; the reader takes pieces of all sizes. Others come in at any access to memory."""
    run = part(boot, "pipe", "together", limit_ms=1000)
    says(run, {"no write of up to 4096 bytes is torn or lost": ["pieces: 200", "torn: 0"]})
    no_leak(run)
    run = boot("pipe_together", build="race", seeds=seeds, limit_ms=20_000)
    for one in run.each_seed():
        told = {fact.a: (fact.b & 0xFFFFFFFF, fact.b >> 32) for fact in one.facts("ORDER")}
        torn = sum(wrong for _, wrong in told.values())
        require(not torn, "what one write wrote stays together, whoever else writes", f"{torn} records hold bytes of others")
        for writer in range(3):
            in_order, _ = told.get(writer, (0, 0))
            require(in_order == 40, "each writer's bytes come in its order, and none is lost", f"writer {writer}: {in_order} of 40 records")
        require(all(signed(fact.b) == 0 for fact in one.facts("RESULT")), "every write writes all")
    no_leak(run)


@exercise("3.7", points=1)
@boots(2)
@seeds(10)
def test_who_is_kept_out_gets_its_turn(boot, seeds):
    """While one copies, others of its kind wait, and nobody else will wake them: there are bytes and there is room all the time."""
    run = boot("pipe_kept_out")
    told(run, "a read or write whose memory is not there returns -EFAULT", {0: EFAULT, 10: EFAULT})
    told(run, "who has copied returns how many bytes that were", {20: 8, 30: 8})
    for step, waiting, who, rule in KEPT_OUT:
        told(run, rule, {step: waiting}, what=f"{who} that still wait")
    told(run, "the end comes behind the last byte: who was kept out by another reader looks for bytes once more before it returns 0",
         {50: 16}, what="bytes that two readers of 8 got, when 16 were left and nobody could write any more")
    told(run, "EAGAIN is for who would wait for bytes or for room; who may not wait waits for another one's copy all the same, which ends",
         {60: 16, 70: 16}, what="bytes that two got done with O_NONBLOCK while another one copied, 8 each")
    no_leak(run)
    run = boot("pipe_turns", build="race", seeds=seeds, limit_ms=2000)
    for one in run.each_seed():
        numbers = one.fact("NOTE")
        require(numbers.a == numbers.b, "one reads at a time, and one writes at a time: each byte is read once",
                f"three wrote {numbers.a} numbers and three read them; {numbers.b} of them were read once")
        for fact in one.facts("RESULT"):
            bytes_before = 0 if fact.a == 4 else 3
            require(signed(fact.b) == bytes_before,
                    "when the end comes, every reader that waits hears of it, and the bytes before it are read once",
                    f"{bytes_before} bytes for three readers, and the end; the sum of what they read is {signed(fact.b)}")
    no_leak(run)


@exercise("3.7", points=1)
@boots(3)
def test_a_signal_ends_the_wait_at_a_pipe(boot):
    """Or a program at an empty pipe could not be killed."""
    run = part(boot, "pipe", "killed", limit_ms=1000)
    says(run, {"who waits at a pipe can be killed": ["who waited for room: killed, Killed", "who waited for bytes: killed, Killed"],
               "who is killed while it waits has written nothing": ["room is still missing: 0"]})
    no_leak(run)
    told(boot("pipe_signal"), "pipe_read() returns what wait_interruptible() returned", {10: 1, 0: ERESTART})
    told(boot("pipe_signal_writers"), "an interrupted pipe_write() returns how much it had written; if nothing, what "
         "wait_interruptible() returned", {10: 1, 0: SIZE, 1: ERESTART})


@exercise("3.7", points=1)
def test_poll_hears_what_happens_at_a_pipe(boot):
    """Who watches many files waits at none of their queues: pipe_changed() tells it to look again."""
    run = part(boot, "pipe", "watched", limit_ms=2000)
    says(run, {"poll() hears of bytes, of room and of the end": ["a byte comes: 1", "room comes: 1", "the end comes: 1"],
               "poll() says what there is": ["then: 1 hup", "and the other way: 1 err"]})
    no_leak(run)
