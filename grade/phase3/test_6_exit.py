"""Lab 3.6: release(), orphan_children_locked(), process_wait_for(). What is left of a process that ends, and who hears of it?"""

from grade.api import boots, exercise, no_leak, replay, require, seeds, signed
from grade.phase3.parts import part, says

ZOMBIE = 1  # enum process_state
ERESTART = -512
BEFORE = 0xBEF03E  # what stands in the memory of kernel/ktest/test_fork.c
BORROWED = ["seen in the parent: 6", "a borrower: the right one, 0x600"]
NOBODY = "No child processes, 0x5a5a5a"


@exercise("3.6", points=2)
def test_a_parent_hears_how_its_child_ended(boot):
    """How a child ended is all that is left of it: the low byte of its code, or the signal that killed it, where Linux has them."""
    run = part(boot, "exit", "statuses")
    says(run, {
        "wait4() returns the child's id, and its exit code's low byte in the second byte of the status":
            ["exit: the right one, 0", "exit: the right one, 0x700", "exit: the right one, 0xff00", "exit: the right one, 0x300",
             "exit: the right one, 0xff00"],
        "the status of a child that was killed is the signal's number": ["killed: the right one, 0x9"],
        "a parent need not want the status": ["no status wanted: 1"]})
    no_leak(run)


@exercise("3.6", points=1)
@boots(2)
def test_who_waits_for_one_child_gets_that_one(boot):
    """The others stay as they are, dead or alive, until somebody asks for them."""
    run = part(boot, "exit", "chosen")
    says(run, {
        "a wait for a certain child ends when that one has ended, and with no other":
            ["the last one first: the right one, 0x300", "then the first: the right one, 0x100"],
        "a wait for any child finds the one that is left": ["any: the right one, 0x200"],
        "who has no child waits for nobody: ECHILD": [f"nobody is left: {NOBODY}"]})
    no_leak(run)
    run = part(boot, "exit", "groups")
    says(run, {
        "a wait for 0 is one for a child of the caller's own group, and one for -n for a child of group n":
            ["my group: nobody yet, 0x5a5a5a", "my group: the right one, 0xd00", "the other group: the right one, 0xb00",
             "the rest of it: the right one, 0xc00"],
        "who has no child in a group waits for nobody: ECHILD": [f"nobody is left there: {NOBODY}"]})
    no_leak(run)


@exercise("3.6", points=1)
def test_a_child_is_waited_for_once(boot):
    """Its id may be another one's the next moment, so nothing of it may be found any more."""
    run = part(boot, "exit", "once")
    says(run, {
        "a child that has ended can be waited for": ["waited for: the right one, 0x400"],
        "a child that was waited for is gone: ECHILD, and the status untouched":
            [f"once more: {NOBODY}", f"any: {NOBODY}", "a signal to nobody: No such process"],
        "who is no child is not waited for: ECHILD": [f"one that never was: {NOBODY}", f"myself: {NOBODY}"],
        "who ignores SIGCHLD waits until its child is gone, and hears nothing of it: ECHILD":
            [f"one that nobody wants, until it ends: {NOBODY}"]})
    no_leak(run)


@exercise("3.6", points=1)
def test_wnohang_never_waits(boot):
    """A shell asks after its background jobs, and goes on."""
    run = part(boot, "exit", "not_waiting")
    says(run, {
        "with WNOHANG wait4() returns 0 while the child runs": ["while it runs: nobody yet, 0x5a5a5a", "any: nobody yet, 0x5a5a5a"],
        "WNOHANG or not, who has no such child gets ECHILD": [f"who is no child: {NOBODY}"],
        "a child that goes on can be waited for as ever": ["when it ends: the right one, 0x500"],
        "WNOHANG finds nobody who is gone": [f"afterwards: {NOBODY}"]})
    no_leak(run)


@exercise("3.6", points=1)
def test_a_child_that_died_before_the_wait_is_found(boot):
    """Nobody wakes the parent then any more: who looks first and waits afterwards has the answer already."""
    run = part(boot, "exit", "already_dead")
    says(run, {"a child that is dead when wait4() begins is found at once":
               ["dead for long: the right one, 0x1500", "dead for long, not waiting: the right one, 0x1400"],
               "a child that WNOHANG has told of is gone, as any that was waited for": [f"and then: {NOBODY}"]})
    no_leak(run)


@exercise("3.6", points=1)
@boots(2)
def test_a_zombie_holds_nothing_but_its_status(boot):
    """A parent may take its time: memory, descriptors and the alarm go back when a process ends, not when somebody waits for it."""
    run = boot("exit_zombie", program=["/tests/lab3_exit", "rich"])
    require(run.fact("STATE").b == ZOMBIE, "a process that has ended is a zombie until it is waited for", f"state {run.fact('STATE').b}")
    has = {fact.a: signed(fact.b) for fact in run.facts("COUNT")}
    require(has[1] == 0, "a process that ends closes its descriptors", f"the zombie has {has[1]} open files")
    require(has[2] == 0, "a process that ends gives back its address space", "the zombie has one")
    require(has[3] == 0, "a process that ends cancels its alarm: it would ring for one who is gone", "the zombie's alarm is set")
    require(has[4] == 0, "a process that ends gives back its current folder", "the zombie has one")
    require(has[0] < 40, "a process that ends gives back its pages", f"the program had 256 pages and more, {has[0]} frames are still taken")
    require(run.status == 0, "its status is there when somebody asks", f"{run.status:#x}")
    no_leak(run)
    run = boot("exit_zombie_borrower", program=["/tests/lab3_exit", "borrowed"])
    has = {fact.a: signed(fact.b) for fact in run.facts("COUNT")}
    require(has == {1: 0, 2: 0, 3: 0, 4: 0}, "what ends with a process ends with one that borrowed its space, too",
            f"the zombie of a vfork(): {has[1]} open files, {has[2]} spaces, {has[3]} alarms that are set, {has[4]} folders")
    no_leak(run)


@exercise("3.6", points=1)
def test_orphans_become_children_of_process_1(boot):
    """Somebody has to wait for every process. Whose parent has gone, dead or alive, process 1 gets."""
    run = boot("exit_orphans", program=["/tests/lab3_exit", "leaves_children"])
    statuses = sorted(signed(fact.b) for fact in run.facts("RETURNED") if fact.b)
    require(statuses == [41 << 8, 42 << 8, 43 << 8], "each child of a process that ends becomes process 1's, which can wait for it",
            f"three were left behind, with the codes 41 (dead by then), 42 and 43; process 1 waited for {[s >> 8 for s in statuses]}")
    no_leak(run)


@exercise("3.6", points=1)
def test_who_is_killed_while_it_waits_for_a_child_dies(boot):
    """A signal ends every wait: whoever waits for a child that never ends could not be got rid of."""
    run = boot("exit_orphans", program=["/tests/lab3_exit", "killed_waiter"])
    says(run, {"a signal ends the wait for a child": ["the one who waited: the right one, 0x9"],
               "a grandchild is no child": [f"its child is not mine: {NOBODY}"]})
    no_leak(run)


@exercise("3.6", points=1)
def test_news_goes_before_a_signal(boot):
    """A SIGCHLD handler would make every wait() fail if the signal's coming were told, and not what it says."""
    run = boot("exit_signal")
    ended, signalled = (signed(fact.b) for fact in run.facts("RETURNED"))
    status = run.fact("RESULT").b
    require((ended, status) == (0, 6), "a wait that a signal ended returns the child, if one has ended by then",
            f"the child interrupted its parent and ended before that ran: process_wait_for() returned {ended or 'the child'}, "
            f"status {status:#x}, expected the child and 0x6")
    require(signalled == ERESTART, "a wait that a signal ended, without news, returns what wait_interruptible() returned",
            f"the child interrupted its parent and went on: process_wait_for() returned {signalled or 'the child'}, expected {ERESTART}")
    no_leak(run)


@exercise("3.6", points=1)
@boots(2)
@seeds(10)
def test_no_end_is_missed(boot, seeds):
    """A child may end at any moment, also between its parent's look and its wait: nobody would wake that parent."""
    rounds = boot("exit_moments", "sched=prio").fact("NOTE")
    require(rounds.a == rounds.b, "each child is waited for, whenever it ends", f"{rounds.b} of {rounds.a} times it was")
    run = boot("exit_race", build="race", seeds=seeds, limit_ms=1000)
    for one in run.each_seed():
        rounds = one.fact("NOTE")
        require(rounds.a == rounds.b, "each child is waited for, whenever it ends", f"{rounds.b} of {rounds.a} times both were")
    no_leak(run)


@exercise("3.6", points=1)
@boots(3)
def test_what_was_shared_is_given_back_once(boot):
    """A page that two processes have is free when both are gone, and not before; a space that was lent is the parent's."""
    run = part(boot, "exit", "shared_with_a_child")
    says(run, {"a child that ends takes nothing of its parent's along": [f"a round: the right one, {n << 8:#x}".replace(" 0x0", " 0")
                                                                        for n in range(8)] + ["pages that changed: 0"]})
    no_leak(run)
    run = part(boot, "exit", "borrowed")
    says(run, {"a child that borrowed its parent's address space returns it, and its parent goes on":
               BORROWED})
    no_leak(run)
    run = boot("fork_borrowers", "sched=mlfq")
    for fact in run.facts("RESULT"):
        require(fact.b == BEFORE, "a space is lent before the child can run, and is its parent's again when the child has ended",
                f"the child of a vfork() ran at once and ended; its parent reads {fact.b:#x} in its memory, expected {BEFORE:#x}")


@exercise("3.6", points=1)
def test_nothing_is_left_of_many_generations(boot):
    """A kernel lives longer than its programs: what each of them left behind would add up."""
    run = part(boot, "exit", "many")
    says(run, {"each child ends and is waited for": ["of 60 generations wrong: 0"],
               "what a child used counts for the parent that waited for it: process_unlink_locked() adds it":
                   ["what they used is their parent's: yes"]})
    no_leak(run)


# At each end of an address space, the tables that are given back and those in use; and those in use when a thread has left its program.
GIVEN_BACK = """
given_back, left, end = (Stop(name) for name in ("pagetable_free", "user_thread_end", "ktest_done"))
while (at := resume()) not in (address("ktest_done"), None):
    report(given_back=at == address("pagetable_free"), **registers(("rdi", "cr3")))
"""


@exercise("3.6", points=1)
def test_no_tables_are_given_back_that_are_in_use(boot):
    """The processor walks whatever CR3 names: what is given back is somebody else's, who writes there what he likes."""
    run = part(boot, "exit", "borrowed")
    says(run, {"a child that borrowed its parent's address space returns it, and its parent goes on": BORROWED})
    with replay(run) as debugger:
        seen = debugger.run_script(GIVEN_BACK)
    given_back = [at for at in seen if at["given_back"]]
    require(given_back, "a process that ends gives back its page tables", "pagetable_free() was not called, seen by GDB")
    for at in given_back:
        require(at["rdi"] != at["cr3"] & ~0xFFF, "the page tables that are given back are not in use",
                f"pagetable_free({at['rdi']:#x}) with CR3 = {at['cr3']:#x}, seen by GDB")
    for at in seen:
        require(at["given_back"] or at["cr3"] & ~0xFFF not in {other["rdi"] for other in given_back},
                "who ends leaves the address space, his own or a borrowed one: its owner may give it back at any time",
                f"after release(), at user_thread_end(), CR3 = {at['cr3']:#x}: a program's tables, seen by GDB")


@exercise("3.6", points=1)
@boots(2)
def test_process_1_hears_of_the_dead_it_gets(boot):
    """It may be waiting already when an orphan comes to it that is dead by then: nobody else would wake it."""
    run = boot("exit_orphan_news")
    who = ["the process that ended", "its child", "nobody"]
    for fact, left, expected in zip(run.facts("FOUND"), ("a living child", "a dead one"), (0, 1)):
        require(fact.b == expected, "process 1 gets SIGCHLD for each orphan that is dead when it comes to it, and for no other",
                f"a process left {left} to process 1 and ended: the first SIGCHLD told of {who[fact.b]}, expected {who[expected]}")
    no_leak(run)
    run = boot("exit_orphans", program=["/tests/lab3_exit", "leaves_dead"])
    says(run, {"process 1 is woken when it gets a child that is dead already": ["it was waited for: yes"]})
    statuses = sorted(signed(fact.b) for fact in run.facts("RETURNED"))
    require(statuses == [0, 45 << 8], "process 1 waits for the program and for the one that it left behind", f"{statuses}")
    no_leak(run)


@exercise("3.6", points=1)
def test_a_process_that_memory_runs_out_for_leaves_nothing(boot):
    """Any allocation may fail, and then somebody ends whom nobody asked to: a parent, a child, or the one between them."""
    run = boot("exit_orphans", "failalloc=all", program=["/tests/lab3_exit", "family"], result=None, limit_ms=10_000)
    lost = run.facts("FAILALLOC_LEAK", least=20)
    for number, fact in enumerate(lost, 1):
        require(not fact.a and not fact.b, "a process that ends because memory is out gives back all that it had",
                f"allocation {number} of {len(lost) - 1} failed: {signed(fact.a)} frames and {signed(fact.b)} heap objects were lost")
    no_leak(run)
