"""Code of the kernel that no exercise covers: threads, states, statistics, trace, processes, files, and what is noticed when it goes
wrong. Like the graded tests these boot a ktest and judge the facts that it left; mutants of given code are caught here
(test_mutants.py)."""

import re

import kernels
import pytest

from grade import dwarf, events
from grade.api import boots, no_leak, require
from grade.boot import Boot
from grade.errors import Unjudged

STATES = ("NEW", "READY", "RUNNING", "BLOCKED", "STOPPED", "ZOMBIE", "TERMINATED")
LEGAL = {(0, 1), (0, 6), (1, 2), (1, 4), (2, 1), (2, 3), (2, 4), (2, 5), (3, 1), (3, 4), (4, 1), (4, 3), (5, 6)}  # docs/design.md
ILLEGAL = [(a, b) for a in range(7) for b in range(7) if (a, b) not in LEGAL]
SOME_ILLEGAL = [(0, 2), (1, 5), (2, 2), (3, 2), (5, 1), (6, 1)]
ENOENT, ESRCH, EBADF, ECHILD, EAGAIN, ENOMEM, EEXIST, EINVAL, EMFILE = -2, -3, -9, -10, -11, -12, -17, -22, -24
MIB = 1 << 20


class ByTurns(Boot):
    """A Boot under round-robin, where the test does not say otherwise: what is tested here begins and ends in the order of arrival."""

    def __call__(self, ktest, options="", **more):
        return super().__call__(ktest, options if "sched=" in options else f"sched=rr {options}".strip(), **more)


@pytest.fixture
def boot(request):
    """Boots the finished kernel."""
    mark = request.node.get_closest_marker("boots")
    last = kernels.reference(kernels.PHASES[-1])
    image = dwarf.Image(kernels.content(last))
    made = ByTurns(last / "build" / "checked" / "kernel.elf", image, 2, mark.args[0] if mark else 1)
    yield made
    made.close()


def signed(value):
    return value - (1 << 64) if value >> 63 else value


def told(run, key="RESULT"):
    """{step: value} of the facts of one key."""
    return {fact.a: signed(fact.b) for fact in run.facts(key, 0)}


def expect(run, rule, expected, key="RESULT"):
    """Requires these values at these steps."""
    seen = told(run, key)
    for step, value in expected.items():
        require(seen.get(step) == value, rule, f"step {step}: {seen.get(step)}, expected {value}")


# --- threads -----------------------------------------------------------------------------------------------------------------------------


@boots(2)
def test_threads_that_live_at_once_have_different_ids(boot):
    """An id is how everybody else names a thread; it is free again when its thread has been joined, not earlier."""
    for ktest in ("tids", "tids_again"):
        run = boot(ktest)
        ids = [fact.b for fact in run.facts("TID")]
        require(len(set(ids)) == len(ids) and all(0 < tid < 1 << 30 for tid in ids),
                "no two living threads have the same id, and ids are above 0",
                f"ids: {ids}")
        no_leak(run)


def test_a_thread_that_cannot_be_is_refused(boot):
    """-EINVAL for a stack that is no whole number of pages from 4 KiB to 1 MiB, for a priority above the highest, for no function."""
    run = boot("thread_params")
    sizes = told(run, "COUNT")
    require([sizes.get(step) for step in (0, 1, 2)] == [16384, 4096, MIB], "a thread has the stack that was asked for", f"bytes: {sizes}")
    expect(run, "a thread with good parameters can be made", {0: 0, 1: 0, 2: 0, 20: 0})
    expect(run, "a stack size that cannot be is refused with -EINVAL", dict.fromkeys((3, 4, 5, 6, 7), EINVAL))
    expect(run, "a priority above the highest, or no function, is refused with -EINVAL", {21: EINVAL, 22: EINVAL})
    no_leak(run)


def test_a_thread_takes_after_its_creator(boot):
    run = boot("thread_inherits")
    expect(run, "with inherit_priority a thread has its creator's priority", {0: 3})
    expect(run, "a thread's name is cut to 15 letters, and it knows who made it", {0: 0, 1: ord(" "), 2: 1}, "COUNT")
    no_leak(run)


def test_there_are_4096_threads_and_no_more(boot):
    run = boot("threads_max", limit_ms=1000)
    expect(run, "there is room for 4096 threads", {0: 4096}, "COUNT")
    expect(run, "one thread too many is refused with -EAGAIN, and there is room when another has gone", {0: EAGAIN, 1: 0})
    no_leak(run)


@boots(2)
def test_who_may_not_join_is_told_why(boot):
    """-EDEADLK for oneself, -ESRCH for nobody, -EINVAL for a thread that is detached or has a joiner."""
    run = boot("join_errors")
    expect(run, "nobody joins itself, a thread that does not exist, or a detached one", {0: -35, 1: ESRCH, 2: EINVAL}, "JOINED")
    no_leak(run)
    run = boot("join_claims")
    expect(run, "a thread has one joiner, and is not detached while it has one", {0: EINVAL, 1: EINVAL, 2: 0, 3: ESRCH})
    expect(run, "a thread is detached once, and gone after its exit", {4: 0, 5: EINVAL, 6: ESRCH})
    no_leak(run)


def test_every_legal_step_of_a_state_may_be_taken(boot):
    seen = {(fact.a, fact.b) for fact in boot("states_legal").facts("STATE")}
    require(seen == LEGAL, "the legal steps are those of the diagram", f"{seen ^ LEGAL}")


@pytest.mark.parametrize("step", [f"{a}{b}" for a, b in (ILLEGAL if kernels.ALL else SOME_ILLEGAL)])
def test_an_illegal_step_of_a_state_is_a_panic(boot, step):
    run = boot("panic_state", f"rounds={step}", outcome=None, result=None)
    words = f"thread 99 (nobody) cannot go from {STATES[int(step[0])]} to {STATES[int(step[1])]}"
    require(run.panic and words in run.panic.message,
            "an illegal step of a thread's state is a panic that names the thread and both states",
            f"expected: {words}", f"seen: {run.panic}")


# --- statistics and trace ----------------------------------------------------------------------------------------------------------------


def test_statistics_count_what_happens(boot):
    run = boot("stats_count")
    expect(run, "statistics count the threads by state",
           {10: 3, 11: 3, 12: 1, 13: 0, 20: 0, 21: 0, 22: 1, 23: 3, 30: 0, 31: 0, 32: 1, 33: 0}, "COUNT")
    counts = [(fact.a, fact.b) for fact in run.facts("SWITCHES")]
    require(counts == [(0, 0), (4, 4), (4, 5)], "statistics count switches, and decisions that led to no switch",
            f"(switches, decisions): {counts}, expected 0 0, 4 4, 4 5")


def test_time_is_charged_to_whoever_ran(boot):
    run = boot("stats_times")
    (short, _), (long, waited), (mine, total) = ((fact.a, fact.b) for fact in run.facts("NOTE"))
    require(15 < long / short < 20, "a thread that works twenty times as long is charged about twenty times as much",
            f"{short} ns and {long} ns")
    require(total * 0.9 < short + long + mine <= total, "the turns of all threads together are the time that passed",
            f"{short + long + mine} of {total} ns")
    require(waited < total - long, "a thread waits while others run", f"waited {waited} ns, others ran {total - long} ns")


def test_a_threads_whole_life_is_in_the_trace(boot):
    run = boot("exit_code")
    for tid in {event.tid for event in run.events("CREATE")}:
        about = [e for e in run.events() if tid == (e.other if e.event in ("JOIN", "RECLAIM") else e.tid)]
        life = [event.event for event in about if event.event != "SWITCH"]
        require(life == ["CREATE", "ENQUEUE", "PICK", "EXIT", "RECLAIM", "JOIN"], "the trace has each event of a thread's life, in order",
                f"{tid}: {life}")


@boots(3)
def test_the_trace_keeps_the_last_events_or_all_until_it_is_full(boot):
    """Mode `last` overwrites the oldest and loses nothing that it would count; mode `all` stops and counts what it drops, and no model
    judges that."""
    options = "tracesize=64 rounds=100"
    run = boot("yield_churn", options, trace="last")
    found, dropped = events.trace(run.kernel)
    require(len(found) == 64 and not dropped and found[-1].seq > 64, "trace=last keeps the latest events",
            f"{len(found)} events, {dropped} dropped")
    run = boot("yield_churn", options, trace="all")
    found, dropped = events.trace(run.kernel)
    require([event.seq for event in found] == list(range(1, 65)), "trace=all keeps the first events, without a gap", f"{len(found)} events")
    require(dropped > 500, "trace=all counts each event that it has no room for", f"{dropped} dropped")
    try:
        run.events()
    except Unjudged:
        pass
    else:
        require(False, "a trace that lost events is not judged by")
    run = boot("yield_churn", "rounds=100", trace="off")
    require(events.trace(run.kernel) == ([], 0), "trace=off writes nothing")


# --- memory ------------------------------------------------------------------------------------------------------------------------------


def test_the_allocators_checks_pass_after_use(boot):
    no_leak(boot("memory_sound"))


def test_stacks_are_apart_and_guarded(boot):
    run = boot("stack_guards")
    places = sorted((fact.a, fact.a + fact.b) for fact in run.facts("NOTE"))
    for (_, end), (base, _) in zip(places, places[1:]):
        require(base >= end + 4096, "between two kernel stacks lies at least a page", f"one ends at {end:#x}, the next begins at {base:#x}")
    require(all(told(run).values()), "the page below a kernel stack is not mapped", f"{told(run)}")
    no_leak(run)


ONE_CPU = 3  # the last phase whose ktests all are for one CPU
# What each ktest needs under failalloc= beyond its own options: a number of rounds that ends in time, the policy that it counts on; or
# single numbers of allocations where all would take too long.
ROUNDS = {"exit_churn": "rounds=3", "yield_churn": "rounds=3", "mlfq_gamer": "rounds=100", "elf_random": "rounds=3",
          "exit_race": "rounds=2", "exit_moments": "rounds=2", "fork_gone": "sched=mlfq", "fork_borrowers": "sched=mlfq"}
# Of virtual time, where 2000 are too few: two sleep nearly all of it, one tries one moment after the other.
LIMIT_MS = {"mlfq_boost": 5000, "sleep_long": 60_000, "cow_moments": 30_000}


def sources(phase):
    return "\n".join(path.read_text() for path in sorted((kernels.reference(phase) / "kernel" / "ktest").glob("*.c")))


SOURCES = sources(kernels.PHASES[-1])
KTESTS = [name for name in re.findall(r"^KTEST\((\w+)", sources(ONE_CPU), re.M) if not name.startswith("panic_")]
MANY = {"threads_max"}


@pytest.mark.parametrize("ktest", kernels.some([name for name in KTESTS if name not in MANY], 6))
def test_whatever_allocation_fails_the_test_ends_with_an_error_and_no_leak(boot, ktest):
    """failalloc=all runs the test until nothing fails any more: with the first allocation failing, then the second, and so on."""
    run = boot(ktest, f"failalloc=all {ROUNDS.get(ktest, '')}", result=None, limit_ms=LIMIT_MS.get(ktest, 2000))
    results, lost = told(run, "FAILALLOC_RESULT"), [fact for fact in run.facts("FAILALLOC_LEAK", 0) if fact.a or fact.b]
    wrong = {n: result for n, result in results.items() if result != ENOMEM and n != max(results)}
    require(not wrong, "a failing allocation ends the test with -ENOMEM", f"{{number of the allocation: result}}: {wrong}")
    require(not lost, "a failing allocation leaves no leak", *(f"{signed(fact.a)} frames, {signed(fact.b)} objects" for fact in lost))
    if results:
        require(results[max(results)] in (0, ENOMEM), "when nothing fails, the test succeeds", f"{results[max(results)]}")
    no_leak(run)


@boots(3)
def test_no_allocation_among_thousands_fails_badly(boot):
    for n in (2, 1000, 8000):
        no_leak(boot("threads_max", f"failalloc={n}", result=ENOMEM, limit_ms=1000))


# --- policies ----------------------------------------------------------------------------------------------------------------------------


def test_a_gamer_has_no_more_than_an_honest_thread(boot):
    """Under mlfq, to 3 % of what the honest one has; over ten seconds where everything is tried."""
    run = boot("mlfq_gamer", f"sched=mlfq rounds={10_000 if kernels.ALL else 1000}", trace="off", limit_ms=25_000)
    gamer, honest = (told(run, "CPU_TIME")[who] for who in (0, 1))
    require(gamer <= 1.03 * honest, "sleeping just before one's quantum is over gains nothing", f"{gamer} ns, the honest one {honest} ns")


# --- what is noticed ---------------------------------------------------------------------------------------------------------------------

NOTICED = {
    "overflow_main": r"kernel stack overflow: thread 1 \(main\) ran over the end of its \d+-byte stack in dig",
    "overflow_thread": r"kernel stack overflow: thread 2 \(deep\) ran over the end of its 4096-byte stack in dig",
    "null": "page fault at 0x10 in write_to.*NULL pointer", "wild": "page fault at 0xffffc0ffffffffc0 in write_to.*wild",
    "noncanonical": "write_to.*no pointer can have", "text": "write_to.*read-only", "constant": "write_to.*read-only",
    "jump": "jump to memory that is not code",
    "divide": "division by zero.* in divide", "ubsan_divide": r"kernel/ktest/test_panic.c:\d+: a division by zero",
    "ubsan_index": r"kernel/ktest/test_panic.c:\d+: an array index past the end", "ubsan_shift": r"test_panic.c:\d+: a shift by",
    "ubsan_add": r"test_panic.c:\d+: a signed addition overflows", "canary": "a local array was written past its end",
    "kfree_twice": "free already.*kmalloc-64.*freed twice", "kfree_foreign": "did not come from kmalloc", "kfree_middle": "into the middle",
    "use_after_free": "written to after it was freed: byte 20 is 0x01", "frame_twice": "frame_put.*freed twice",
    "block_twice": "frame_put.*freed twice",
    "stack_twice": "kstack_free.*freed twice", "own_stack": "cannot free the stack it stands on", "lock_twice": "'outer' taken twice",
    "lock_order": r"'outer' \(rank 1\) taken while 'inner'", "lock_irq": "'outer' taken with interrupts on",
    "unlock": "does not hold 'outer'",
    "yield_irq": "thread_yield: called with interrupts off", "schedule_lock": r"thread 1 \(main\) holds lock 'outer' across a switch",
    "enqueue_twice": r"thread 2 \(twice\) is in a run queue already", "free_in_table": r"thread 2 \(stale\) is still in the table",
    "stack_in_table": r"finds a thread without a stack",
    "state_by_hand": r"thread 99 \(nobody\) is READY, and thread_set_state\(\) left it NEW",
}


@pytest.mark.parametrize("mistake", NOTICED)
def test_a_mistake_is_a_panic_that_names_it(boot, mistake):
    run = boot(f"panic_{mistake}", outcome=None, result=None)
    message = run.panic.message if run.panic else f"no panic: {run.outcome}"
    require(run.panic and re.search(NOTICED[mistake], message), f"the mistake `{mistake}` is a panic that names it",
            f"expected: {NOTICED[mistake]}",
            f"seen: {message}", run.console[-500:])


def test_the_last_events_of_a_panic_read_as_the_graders(boot):
    """One notation: who finds a line in one place can look for it in the other."""
    run = boot("panic_enqueue_twice", outcome=None, result=None)
    shown = [line for line in run.console.partition("last events on CPU 0:\n")[2].splitlines() if " ns  cpu 0  " in line]
    require(shown and shown == [f"  {events.event_line(event)}" for event in run.events()[-len(shown):]],
            "a panic's lines of the trace are the grader's", *shown)


def test_every_mistake_of_the_kernels_tests_is_judged_here():
    made = set(re.findall(r"^KTEST\(panic_(\w+)", SOURCES, re.M))
    graded = "".join(path.read_text() for path in kernels.ROOT.glob("grade/phase*/test_*.py"))
    said = set(re.findall(r"panic_(\w+)", graded)) | set(re.findall(r'\("(\w+)", ', graded))
    assert made - said == {*NOTICED, "state", "others"}  # that one: test_several_cpus.py


# --- processes, descriptors, devices -----------------------------------------------------------------------------------------------------


def test_a_process_has_sixteen_descriptors_the_first_three_the_console(boot):
    run = boot("process_fds")
    expect(run, "a process starts with the console as descriptors 0, 1 and 2, and nothing else open", {0: 1, 1: 1, 2: 1, 3: 0}, "COUNT")
    expect(run, "a new descriptor is the lowest free one, and the seventeenth is refused with -EMFILE",
           {n: n + 3 for n in range(13)} | {13: EMFILE, 23: 5})
    expect(run, "what is not open is refused with -EBADF", {20: 0, 21: EBADF, 22: EBADF, 24: EBADF, 25: EBADF, 26: 0, 27: EBADF, 28: EBADF})
    expect(run, "every descriptor of an open file works", {29: 14})
    require("written to 15" in run.console, "what is written to the console appears there")
    expect(run, "the process's status reaches the one who waits", {40: 7})
    no_leak(run)


def test_an_open_file_lives_as_long_as_a_descriptor_of_it(boot):
    run = boot("process_share")
    expect(run, "two descriptors share one open file, which stays open until the last one is closed", {0: 3, 1: 4, 2: 2, 3: 1, 4: 3})
    no_leak(run)


def test_the_devices_null_zero_and_console_are_there(boot):
    run = boot("devices")
    expect(run, "null, zero and console are registered", {0: 1, 1: 0}, "FOUND")
    expect(run, "null reads as the end and takes everything; zero gives zeros", {0: 0, 1: ord("a"), 2: 5, 3: 7, 4: 0, 5: 6, 6: 21})
    expect(run, "a name is taken once (-EEXIST), and one that nobody has is -ENOENT", {7: EEXIST, 9: ENOENT})
    require("words on the console" in run.console, "what is written to the console appears there")


def test_a_childs_status_is_given_once(boot):
    run = boot("process_wait")
    expect(run, "with nohang, a child that still runs gives 0 and no status", {0: 0, 1: 99})
    expect(run, "waiting for what is no child is -ECHILD", {2: ECHILD, 7: ECHILD, 8: ECHILD})
    expect(run, "process_wait gives the child that ended, and its own status", {3: 1, 4: -4, 5: 1, 6: 3})
    no_leak(run)


def test_orphans_go_to_process_1(boot):
    run = boot("process_orphans")
    expect(run, "the children of a process that ended are process 1's, which can wait for them", {0: ECHILD, 1: 1, 2: 8, 3: 1})
    no_leak(run)


def test_a_process_knows_itself_and_can_be_dumped(boot):
    run = boot("process_self")
    expect(run, "a process has its first thread's id, its parent's id, and its name cut to 15 letters",
           {0: 1, 1: 1, 2: 1, 3: 0, 4: 1, 5: 0})
    for words in (r"process \d+ \(a long name for\): parent 1, RUNNING", "fd 2 -> console", r"thread \d+ \(a long name for\): RUNNING, rr",
                  r"#\d +0x\w+ look_at_myself",
                  r"no process has the id \d+", r"process 1 \(init\)"):
        require(re.search(words, run.console), "a dump shows the process, its descriptors, its threads and their stacks",
                f"missing: {words}", run.console)
    no_leak(run)
