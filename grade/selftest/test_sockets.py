"""Sockets: user/tests/sockets.c prints on Crescent what it prints on Linux, on kernels that lack one of their rules it does not, and on
CPUs that take turns at any access nothing is lost. Their calls at their edges: test_edges.py."""

import kernels
import pytest
from test_programs import EXPECTED, machines, said

from grade import soak_programs

PHASE, PROGRAM = 5, "/tests/sockets"
LIMIT_MS = 60_000  # of virtual time
SEEDS = range(1, 9 if kernels.ALL else 2)
CODE, FILE, PAIR = (f"kernel/fs/{name}" for name in ("socket.c", "socket_file.c", "socket_pair.h"))


def prints(kernel=None, cpus=1):
    with machines(kernel, phase=PHASE, cpus=cpus) as boot:
        run = boot("exit_orphans", program=[PROGRAM], limit_ms=LIMIT_MS, trace="off")
        text = said(run)
        if kernel is None:
            soak_programs.at_rest(run)
        return text


def expected():
    return (EXPECTED / "sockets.txt").read_text()


@pytest.mark.parametrize("cpus", [1, 2, 4])
def test_sockets_do_what_linux_does(cpus):
    assert prints(cpus=cpus) == expected()


def test_sockets_on_cpus_that_take_turns_at_any_access(tmp_path):
    """Threads that send and threads that receive share one pair: all arrives once, and no message is torn."""
    made = kernels.Variants(PHASE, {}, tmp_path)
    with machines(phase=PHASE, cpus=4) as boot:
        boot.kernels = made
        run = boot("user", program=[PROGRAM], build="race", seeds=list(SEEDS), limit_ms=LIMIT_MS, trace="off")
        assert run.output.count(expected()) == len(SEEDS), run.output
        soak_programs.at_rest(run)


@pytest.mark.parametrize("path, before, after", kernels.some([
    (CODE, "(!is_stream(end) || list_empty(&end->messages))", "list_empty(&end->messages)"),
    (PAIR, "return end->used <= SOCKET_ROOM / 4;", "return end->used < SOCKET_ROOM;"),
    (CODE, "        error = move(to, m->bytes + m->taken, part, true);", "        error = move(to, m->bytes, part, true);"),
    (CODE, "        *told |= MSG_TRUNC;", "        *told |= 0;"),
    (CODE, "    if (error == -ECONNREFUSED)\n        part(end);\n", ""),
    (FILE, "list_empty(&end->messages) ? other->error : ECONNRESET", "other->error"),
    (FILE, "(here & SHUT_RECEIVE ? SHUT_SEND : 0)", "0"),
    (CODE, "        poll_changed(&end->other->source, NEWS_OUT);\n    if (all)", "        (void)all;\n    if (all)"),
    (CODE, "!done && !(flags & MSG_NOSIGNAL)", "!done"),
    (CODE, "(wait || end->pair->type != SOCK_DGRAM)", "true"),
    ("kernel/syscall/sys_socket.c", "struct socket_maker maker = { me->pid,", "struct socket_maker maker = { 99,"),
], 4))
def test_a_kernel_whose_sockets_lack_a_rule_is_found(tmp_path, path, before, after):
    tree = kernels.reference(PHASE)
    text = (tree / path).read_text()
    assert text.count(before) == 1
    kernel = kernels.build(tree, {path: text.replace(before, after)}, tmp_path)
    assert prints(kernel) != expected()
