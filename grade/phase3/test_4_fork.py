"""Lab 3.4: process_fork(). The parent is a test inside the kernel; its child runs a program that does what the parent orders, in a page
that both share."""

from grade.api import boots, exercise, no_leak, replay, require, signed

ENOMEM, EBUSY = -12, -16
BEFORE, PARENT, CHILD = 0xBEF03E, 0xDA4E27, 0xC411D  # what stands in memory, and who wrote it
# As kernel/ktest/test_fork.c notes them: what a child has when fork returns.
HAS = ["a child is in the table of processes, by the id that its parent gets", "a child's parent is the one that called fork",
       "a child has an address space of its own", "a child has its parent's signal actions, in a table of its own",
       "a child's descriptors lead to the files that its parent has open",
       "a child begins in its parent's directory, with its umask, and has descriptors of its own",
       "a child belongs to its parent's process group and session",
       "a child goes on where its parent called fork, with the same registers, but for rax, which is 0",
       "a child's thread uses the child's page tables, and belongs to the child",
       "a child has heard no signal, and no space is lent: what is pending is its parent's alone",
       "a child has its parent's name, until it calls exec()", "a child blocks the signals that its parent's thread blocks",
       "a child has its parent's stack for signals: its memory is a copy, with that stack in it",
       "a child's thread has its parent's FS base, where its C library looks", "a child's thread has its parent's priority"]


@exercise("3.4", points=4)
def test_a_child_is_like_its_parent_and_has_its_own(boot):
    """What one of the two changes after fork must not change for the other; what both shall have has to be there from the beginning."""
    run = boot("fork_child")
    for rule, fact in zip(HAS, run.facts("NOTE")):
        require(fact.b == 1, rule, f"looked at right after process_fork() had returned; see note {fact.a} of kernel/ktest/test_fork.c")
    no_leak(run)


@exercise("3.4", points=3)
def test_fork_returns_in_both(boot):
    """Once with the child's id, once with 0: by that the two know who they are."""
    run = boot("user", program=["/tests/lab3_fork"], limit_ms=400)
    require(run.output == EXPECTED, "parent and child each go on behind fork, with everything that the parent had",
            lambda: difference(run.output, EXPECTED))
    require(run.status == 0, "a program whose children have ended ends as it likes", f"wait4() says {signed(run.status):#x}")


@exercise("3.4", points=4)
def test_what_one_writes_the_other_does_not_see(boot):
    """They are two processes: their memory is equal when fork returns, and from then on each has its own."""
    run = boot("fork_apart")
    steps = [("before anybody wrote", BEFORE, BEFORE), ("after the parent wrote", PARENT, BEFORE), ("after the child wrote", PARENT, CHILD),
             ("on a page that nobody had touched, after the child wrote", 0, CHILD), ("there, after the parent wrote", PARENT, CHILD)]
    for fact in run.facts("FOUND"):
        require(fact.b, "both may write to memory that the parent could write to", f"step {fact.a}: the write did not happen")
    for (when, mine, childs), parent, child in zip(steps, run.facts("RESULT"), run.facts("RETURNED")):
        for who, seen, expected in (("the parent", parent.b, mine), ("the child", child.b, childs)):
            require(seen == expected, "parent and child have the same memory when fork returns, and each its own from then on",
                    f"{when}: {who} reads {seen:#x}, expected {expected:#x}",
                    f"{PARENT:#x} was written by the parent, {CHILD:#x} by the child")
    no_leak(run)


@exercise("3.4", points=2)
@boots(2)
def test_a_fork_that_finds_no_memory_leaves_nothing_behind(boot):
    """Each of its steps may fail, and then all that was made before has to be unmade: the parent gets an error and may try again."""
    run = boot("fork_alone", "failalloc=all", result=None, limit_ms=2000)
    results = [signed(fact.b) for fact in run.facts("FAILALLOC_RESULT")]
    for number, result in enumerate(results, 1):
        require(result != EBUSY, "a fork that fails gives back what it took", "the current folder's inode has a user more than before")
        require(result == (ENOMEM if number < len(results) else 0), "fork gives -ENOMEM when memory is out",
                f"with allocation {number} of {len(results) - 1} failing the test returned {result}")
    for number, fact in enumerate(run.facts("FAILALLOC_LEAK"), 1):
        require(not fact.a and not fact.b, "a fork that fails gives back what it took",
                f"allocation {number} of {len(results) - 1} failed: {signed(fact.a)} frames and {signed(fact.b)} objects were lost")
    no_leak(run)
    run = boot("fork_lent")
    for returned, seen in zip(run.facts("RETURNED"), run.facts("RESULT")):
        require(signed(returned.b) == ENOMEM, "fork gives -ENOMEM when memory is out",
                f"with allocation {returned.a} of a vfork() failing it returned {signed(returned.b)}")
        require(seen.b == BEFORE, "a fork that fails gives back what it took, and nothing of its parent's: a space to be lent stays",
                f"after allocation {seen.a} of a vfork() failed, the parent reads {seen.b:#x}, expected {BEFORE:#x}")
    no_leak(run)


@exercise("3.4", points=1)
def test_a_child_may_be_gone_when_fork_returns(boot):
    """It runs from the moment it is launched, and whoever runs may end: then nothing of it is there any more to look at."""
    run = boot("fork_gone", "sched=mlfq")
    for fact in run.facts("NOTE"):
        require(0 < signed(fact.b) < 1000, "fork returns the child's id, which it took before it launched the child",
                f"the child ran at once, ended, and was forgotten, for its parent ignores SIGCHLD; fork returned {fact.b:#x}",
                *(["0x6b is what the heap fills freed memory with"] if fact.b & 0xFF == 0x6B else []))
    for fact in run.facts("FOUND"):
        require(not fact.b, "a child is linked before it is launched: a child that has ended and is forgotten is in no table",
                "it ran at once, ended, and was forgotten, for its parent ignores SIGCHLD; it is in the table of processes")


@exercise("3.4", points=2)
def test_fork_does_what_clone_asks_for(boot):
    """C libraries fork by clone(): with the id written into memory, another stack, another thread pointer."""
    notes = [fact.b for fact in boot("fork_options").facts("NOTE")]
    require(notes[0] == 1, "the child's id is written where parent_tid says, in the parent's memory", "something else stands there")
    require(notes[1] == 0x500800, "the child's stack pointer is the one that was given", f"it is {notes[1]:#x}, 0x500800 was given")
    require(notes[2] == 0x1234560, "the child's FS base is the one that was given", f"it is {notes[2]:#x}, 0x1234560 was given")
    require(notes[3] == 1, "a bad address as parent_tid is nobody's error: there is a child all the same",
            "fork failed, or its child is gone")


# At each switch: where CR3 and TSS.RSP0 lead, whose stack the processor goes on with, and what that thread and all others have.
SWITCHES = """
from grade.gdb import views
Stop("switch_context")
Stop("ktest_done")
done = address("ktest_done")
for _ in range(200):
    if resume() in (done, None):
        break
    at, now = registers(("rsi", "cr3")), kernel()
    threads = [{"name": views.label(t), "base": t.stack.base, "end": t.stack.base + t.stack.size, "user": int(t.user),
                "root": t.user.target.root if int(t.user) else 0} for t in views.threads(now)[0]]
    report(rsp=at["rsi"], root=at["cr3"] & ~0xfff, rsp0=now["cpus"][0].arch.tss.rsp[0], threads=threads,
           kernel=now["kernel_pml4"] - given["direct"])
"""
DIRECT_BASE = 0xFFFF800000000000


@exercise("3.4", points=2)
def test_each_switch_brings_a_processs_own_tables_and_stack(boot):
    """Two programs run at the same addresses, each in its own memory: the processor has to be told at every switch whose it is now (CR3),
    and where the next interrupt of that program may be pushed (TSS.RSP0)."""
    run = boot("fork_apart", outcome=None, result=None)  # whatever becomes of it, the switches say why
    with replay(run) as debugger:
        seen = debugger.run_script(SWITCHES, direct=DIRECT_BASE)
    turns = []
    for n, at in enumerate(seen):
        following = [t for t in at["threads"] if t["base"] <= at["rsp"] < t["end"]]
        require(len(following) == 1, "a switch goes on with the stack of a thread", f"switch {n}: next_rsp is {at['rsp']:#x}")
        thread = following[0]
        says = f"switch {n}, to thread {thread['name']}, seen by GDB at switch_context(): "
        if not thread["user"]:
            living = {t["root"] for t in at["threads"]} | {at["kernel"]}
            require(at["root"] in living, "a thread without a program runs on page tables that are still somebody's", f"{says}CR3 = "
                    f"{at['root']:#x}")
            continue
        turns.append(thread["root"])
        require(at["root"] == (thread["root"] or at["kernel"]), "CR3 names the page tables of the process that runs next, at each switch",
                f"{says}CR3 = {at['root']:#x}, its tables are at {thread['root']:#x}")
        require(at["rsp0"] == thread["end"], "TSS.RSP0 is the top of the kernel stack of the thread that runs next, at each switch",
                f"{says}RSP0 = {at['rsp0']:#x}, its stack ends at {thread['end']:#x}")
    if run.unjudged:
        raise run.unjudged
    changes = sum(a != b for a, b in zip(turns, turns[1:]))
    require(changes >= 8 and len(set(turns) - {0}) == 2, "parent and child take turns, each on page tables of its own",
            f"{len(turns)} switches to a process, {changes} times from one to the other")


def difference(output, expected):
    """The first line that differs."""
    pairs = zip([*output.splitlines(), "(nothing more)"], [*expected.splitlines(), "(nothing more)"])
    return [f"the program printed: {seen}\nexpected: {wanted}" for seen, wanted in pairs if seen != wanted][:1]


EXPECTED = """\
child: 0, parent: its id
child of: the parent
exit status: 5
data: child 2, parent 1
stack: child 2, parent 1
heap: child 2, parent 1
registers: kept
closed by the child: open
moved by the child: 3
borrowed: 6, and then: 4
one too many: EAGAIN
handler: inherited
folder: inherited
grandchild: 3
twenty, one by one: 190
"""
