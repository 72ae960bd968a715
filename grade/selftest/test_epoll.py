"""epoll: user/tests/epoll.c prints on Crescent what it prints on Linux, on kernels that lack one of its rules it does not, and on CPUs that
take turns at any access nothing is lost. Its calls at their edges: test_edges.py."""

import kernels
import pytest
from test_programs import EXPECTED, machines, said

from grade import soak_programs

PHASE, PROGRAM = 5, "/tests/epoll"
LIMIT_MS = 60_000  # of virtual time
SEEDS = range(1, 9 if kernels.ALL else 2)
CODE = "kernel/fs/epoll.c"


def prints(kernel=None, cpus=1):
    with machines(kernel, phase=PHASE, cpus=cpus) as boot:
        run = boot("exit_orphans", program=[PROGRAM], limit_ms=LIMIT_MS, trace="off")
        text = said(run)
        if kernel is None:
            soak_programs.at_rest(run)
        return text


def expected():
    return (EXPECTED / "epoll.txt").read_text()


@pytest.mark.parametrize("cpus", [1, 4])
def test_epolls_do_what_linux_does(cpus):
    assert prints(cpus=cpus) == expected()


def test_epolls_on_cpus_that_take_turns_at_any_access(tmp_path):
    """Threads that wait at one epoll hear of all that others count, while a third kind adds, ends and closes. What is told when in the
    other parts does not depend on turns, either."""
    made = kernels.Variants(PHASE, {}, tmp_path)
    with machines(phase=PHASE, cpus=4) as boot:
        boot.kernels = made
        run = boot("user", program=[PROGRAM], build="race", seeds=list(SEEDS), limit_ms=LIMIT_MS, trace="off")
        assert run.output.count(expected()) == len(SEEDS), run.output
        soak_programs.at_rest(run)


@pytest.mark.parametrize("path, before, after", kernels.some([
    (CODE, "!(item->events & EPOLLET) && ", ""),
    (CODE, "        item->events &= PRIVATE;\n    else", "        ;\n    else"),
    (CODE, "make_ready_locked(item) && item->events & EPOLLEXCLUSIVE", "make_ready_locked(item) && false"),
    (CODE, "    tell_locked(&epoll->source, POLLIN);\n", ""),
    (CODE, "    if (done < n)\n        put_back(", "    if (false)\n        put_back("),
    (CODE, "        list_push_head(&epoll->ready, last);\n", "        list_push_tail(&epoll->ready, last);\n"),
    (CODE, "return below + above > DEPTH_MOST + 1 ? -ELOOP : 0;", "return above ? 0 : -ELOOP;"),
    (CODE, "mode == O_RDONLY ? out : 0", "0"),
    (CODE, "    look_anew(item);\n    return 0;\n}\n\n/* Whether the events", "    return 0;\n}\n\n/* Whether the events"),
    ("kernel/fs/pipe_file.c", "if (room && !pipe->told_room)", "if (room)"),
    ("kernel/fs/timer_file.c", "first ? POLLIN : 0", "POLLIN"),
    ("kernel/syscall/sys_epoll.c", "    signal_mask_set(set);\n", ""),
], 6))
def test_a_kernel_whose_epolls_lack_a_rule_is_found(tmp_path, path, before, after):
    tree = kernels.reference(PHASE)
    text = (tree / path).read_text()
    assert text.count(before) == 1
    kernel = kernels.build(tree, {path: text.replace(before, after)}, tmp_path)
    assert prints(kernel) != expected()
