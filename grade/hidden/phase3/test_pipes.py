"""Hidden tests of lab 3, 3.7: pieces of any length. In the kernel: hidden_pipe.c."""

from grade.api import boots, exercise, no_leak, require, seeds, signed
from grade.models.twin import BITS, Draws, agree

EAGAIN, EPIPE = -11, -32
PIPE, TOGETHER, TOTAL = 65536, 4096, 400_000
PIPE_RULES = {
    "RESULT": "a write that may not wait writes what there is room for, up to 4096 bytes all or none; EAGAIN; EPIPE when nobody can read",
    "RETURNED": "a read that may not wait gives what there is, up to what was asked for; EAGAIN; 0 when nobody can write any more",
    "NOTE": "bytes come out of a pipe as they went in, in their order"}


def length(draws):
    kind = draws(6)
    if kind == 0:
        return 1 + draws(30)
    if kind == 1:
        return TOGETHER - 2 + draws(5)
    if kind == 2:
        return PIPE - 3 + draws(6)
    return 1 + draws(PIPE + 2 * TOGETHER if kind == 3 else 12000)


def pipe_facts(seed):
    """Of the part in which nobody waits."""
    draws, facts, ring, written, reads, writes = Draws(seed), [], bytearray(), 0, False, False
    salt = seed + 3 * 0x9E3779B97F4A7C15 & 255

    def put(n):
        room = PIPE - len(ring)
        if not reads:
            return EPIPE
        if room < (n if n <= TOGETHER else 1):
            return EAGAIN
        n = min(n, room)
        ring.extend(i * 11 + (i >> 9) * 3 + salt & 255 for i in range(written, written + n))
        return n

    for step in range(220):
        what, n = draws(40), length(draws)
        if not reads and not writes:
            reads = writes = True
            ring.clear()
        if what < 2:
            reads, writes = reads and what != 0, writes and what != 1
        elif what < 21 and writes:
            moved = put(n)
            written += max(moved, 0)
            facts.append(("RESULT", step, moved & BITS))
            writes = writes and (moved > 0 or reads)
        elif reads:
            moved = min(n, len(ring)) or (EAGAIN if writes else 0)
            h = max(moved, 0)
            for byte in ring[:max(moved, 0)]:
                h = h * 31 + byte & BITS
            del ring[:max(moved, 0)]
            facts += [("RETURNED", step, moved & BITS), ("NOTE", step, h)]
            reads = moved != 0
    return facts


@exercise("3.7", points=1)
@boots(2)
@seeds(2)
def test_pieces_of_any_length_go_through_a_pipe_byte_by_byte(boot, seeds):
    """Writes and reads of one byte to more than the pipe holds, by one who never waits, and by two who wait for each other."""
    for seed in seeds:
        run = boot("hidden_pipe", f"seed={seed}", trace="off", limit_ms=3000)
        agree(run, pipe_facts(seed), PIPE_RULES)
        for fact in run.facts("ORDER"):
            require(fact.b == 0, "a write that may wait returns when all is written", f"from byte {fact.a} on: {signed(fact.b)} too many")
        end, came = run.fact("TURN"), run.fact("COUNT")
        require(end.a == 0 and end.b == 0, "a read gives one byte at least and no more than was asked for, and 0 at the end alone",
                f"the last one {signed(end.a)}; {end.b} gave more")
        require(came.a == TOTAL and came.b == 0, "what is written arrives, each byte once and in order",
                f"{came.a} of {TOTAL} bytes, {came.b} of them others")
        no_leak(run)
