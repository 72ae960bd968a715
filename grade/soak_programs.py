"""What a soak does with programs: kernels and archives of a tree, runs of the fuzzer and of programs without memory, and what every run of
programs has to leave as it was (at_rest)."""

import contextlib
import itertools

from . import dwarf
from .boot import Boot, Kernels, no_leak
from .errors import RuleBroken, UserError
from .gdb import check
from .gdb.lists import elements
from .rules import signed

ENOMEM = -12
VARIANTS = ("checked", "plain")
# Programs that come to their end and remove their files whatever is refused them.
SCARCE = ("scarce", "fds", "limits", "lab3_exec", "exec", "fork", "signals")
WORKERS = 4  # processes of the fuzzer at a time
USER_LIMIT_MS = 600_000  # of virtual time for a piece with programs, nearly all of it slept through


def kernel_of(tree, variant):
    """kernel.elf of a tree. Raises UserError."""
    path = tree / "build" / variant / "kernel.elf"
    if not path.is_file():
        raise UserError(f"there is no kernel at {path}; make kernel CHECKED={int(variant == 'checked')} builds it")
    return path


def user_piece(tree, name, item):
    """The next seed, or the next program, on the checked kernel and the plain one in turn. Returns what to say of it. Raises RuleBroken."""
    number = item["done"] // item["step"]
    variant = VARIANTS[number % 2]
    with machines(tree, variant) as boot:
        if name == "fuzz":
            said = f"seed {number + 1}: {fuzz(boot, number + 1, item['step']) / 1e9:.0f} s of its time"
        else:
            said = f"{SCARCE[number % len(SCARCE)]}: {starve(boot, SCARCE[number % len(SCARCE)])} allocations"
    return f"nothing lost ({variant} kernel, {said})"


@contextlib.contextmanager
def machines(tree, variant, kind=Boot):
    """A Boot for programs, as long as the block lasts, of that kind."""
    kernel, cache = kernel_of(tree, variant), tree / "build" / "grade" / "work" / "dwarf"
    kernels = Kernels({"race": tree / "build/race/kernel.elf"}, cache)
    boot = kind(kernel, dwarf.load(kernel, cache), 1, kernels=kernels, archive=archive_of(tree))
    try:
        yield boot
    finally:
        boot.close()


def archive_of(tree):
    """The boot archive of a tree. Raises UserError."""
    path = tree / "build/user/initramfs.cpio"
    if not path.is_file():
        raise UserError(f"there is no boot archive at {path}; make user builds it")
    return path


def fuzz(boot, seed, calls, program="fuzz", **more):
    """System calls at random, as user/tests/fuzz.c makes them, or fuzz_threads.c. Returns the run's length in ns. Raises RuleBroken."""
    run = boot("user", program=[f"/tests/{program}", str(seed), str(calls), str(WORKERS)], trace="off", limit_ms=USER_LIMIT_MS, **more)
    if run.status or run.output != f"{program}: seed {seed}, {calls} calls, {WORKERS} workers\n":
        raise RuleBroken("whatever some programs do, others get to their end",
                         f"the fuzzer wrote {run.output!r}, its status is {run.status}")
    at_rest(run)
    return run.report.done_time


def starve(boot, program):
    """A program again and again, the first allocation failing, then the second, and so on. Returns how many there are. "scarce" says itself
    what fails for another reason. Raises RuleBroken."""
    run = boot("user", "failalloc=all", program=[f"/tests/{program}"], result=None, trace="off", limit_ms=USER_LIMIT_MS)
    for number, fact in enumerate(run.facts("FAILALLOC_RESULT"), 1):
        if signed(fact.b) not in (0, ENOMEM):
            raise RuleBroken("a program without memory hears ENOMEM, or is killed", f"allocation {number}: {signed(fact.b)}")
    if program == "scarce" and run.output:
        raise RuleBroken("a program without memory hears ENOMEM, or is killed", *run.output.splitlines())
    lost = [(signed(fact.a), signed(fact.b)) for fact in run.facts("FAILALLOC_LEAK")]
    number = lasting(lost)
    if number:
        frames, objects = lost[number - 1]
        raise RuleBroken("what was taken before an allocation failed is given back",
                         f"allocation {number}: {frames} frames, {objects} objects")
    at_rest(run)
    return len(lost) - 1


def lasting(lost):
    """The number (from 1 on) of the first run whose loss no later one makes good, or None. lost: [(frames, objects)] of each run. A file
    that could not be removed for want of memory is no leak: the next run removes it."""
    for number in range(1, len(lost) + 1):
        for amounts in zip(*lost[number - 1:]):
            if min(itertools.accumulate(amounts)) > 0:
                return number
    return None


def at_rest(run):
    """Judges what programs leave: no frame, no object, no process is lost, and os-check finds nothing. Raises RuleBroken."""
    no_leak(run)
    found, wrong = elements(run.kernel, run.kernel.address("processes"), "process", "all_link", 4200)
    if [process.pid for process in found] != [1] or wrong:
        raise RuleBroken("a process that has ended and was waited for is gone", *(f"process {p.pid} ({p.name})" for p in found), *wrong)
    if broken := check.check(run.kernel):
        raise RuleBroken("a kernel at rest keeps its own rules", *broken)
