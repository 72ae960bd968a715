"""Lab 3.5: page_share(), cow_break(). What stands in the page tables of parent and child, and how many users each page has, right after
fork and after each write."""

from grade.api import boots, exercise, no_leak, require, signed

PRESENT, WRITE, USER, NX, FRAME = 1, 2, 4, 1 << 63, 0x000FFFFFFFFFF000
ENOMEM = -12
BEFORE, PARENT, CHILD = 0xBEF03E, 0xDA4E27, 0xC411D
FIRST, SECOND, UNTOUCHED, CONST, CODE = 0x500000, 0x501000, 0x502000, 0x600000, 0x700000  # as kernel/ktest/test_cow.c has them
CHILD_CODE, SHARED = 0x400000, 0x401000
PRIVATE = {FIRST: "a page of data", SECOND: "another page of data", CONST: "a page that may only be read",
           CODE: "a page that may be written and executed", CHILD_CODE: "a page of the program"}
OWN = "who writes to a page that another one has, too, gets a copy of its own, which it may write"


class Page:
    """What stands in one's tables for a page, at a step."""

    def __init__(self, entry, users):
        self.entry, self.users, self.frame = entry, users, entry & FRAME
        self.writable = bool(entry & WRITE)

    def __str__(self):
        return f"entry {self.entry:#x} ({'writable' if self.writable else 'read-only'}), its page has {self.users} users"


def pages(run):
    """{(step, 1 parent or 2 child, address): Page}."""
    users = {fact.a: fact.b for fact in run.facts("REFS")}
    return {(fact.a >> 56, fact.a >> 52 & 15, fact.a & (1 << 52) - 1): Page(fact.b, users[fact.a]) for fact in run.facts("ENTRY")}


def both(at, step, va):
    return [f"parent: {at[step, 1, va]}", f"child: {at[step, 2, va]}"]


def shared_since_fork(at, va):
    require(at[1, 1, va].frame == at[1, 2, va].frame, "fork copies no page: parent and child name the same one", *both(at, 1, va))


@exercise("3.5", points=3)
def test_after_fork_both_name_the_same_pages_and_may_write_to_none(boot):
    """That is all that fork does about memory: whoever writes first is stopped by the processor, and not before is anything copied."""
    run = boot("cow_steps")
    at = pages(run)
    for va, what in PRIVATE.items():
        parent, child, before = at[1, 1, va], at[1, 2, va], at[0, 1, va]
        require(child.frame == parent.frame == before.frame, "fork copies no page: parent and child name the same one", what,
                *both(at, 1, va))
        require(parent.users == 2, "a page that two entries name has two users", what, *both(at, 1, va))
        require(not parent.writable and not child.writable, "after fork neither parent nor child may write to a page that both have", what,
                *both(at, 1, va))
        for who, page in (("parent", parent), ("child", child)):
            require((page.entry ^ before.entry) & (PRESENT | USER | NX) == 0,
                    "but for writing, both may do after fork what the parent could before",
                    f"{what}, {who}: {page}; before fork: {before}")
    require(not at[1, 1, UNTOUCHED].entry and not at[1, 2, UNTOUCHED].entry, "fork makes no page that nobody has touched",
            *both(at, 1, UNTOUCHED))
    require(at[1, 1, SHARED].frame == at[1, 2, SHARED].frame and at[1, 2, SHARED].writable,
            "what is mapped shared stays shared and writable",
            *both(at, 1, SHARED))


@exercise("3.5", points=3)
def test_who_writes_gets_a_copy_and_the_other_keeps_the_page(boot):
    """The copy is made before the write, of the page as it was; the entry of the one who did not write still names the old page."""
    run = boot("cow_steps")
    at = pages(run)
    seen = {fact.a: (fact.b, other.b) for fact, other in zip(run.facts("RESULT"), run.facts("RETURNED"))}
    for step, writer, va, who, expected in ((2, 2, FIRST, "the child", (BEFORE, CHILD)), (4, 1, SECOND, "the parent", (PARENT, BEFORE))):
        mine, others, old = at[step, writer, va], at[step, 3 - writer, va], at[step - 1, 1, va]
        require(next(fact.b for fact in run.facts("FOUND") if fact.a == step), "a write to a page that is shared since fork succeeds",
                f"{who} was stopped", *both(at, step, va))
        require(mine.frame != old.frame and mine.writable and mine.users == 1, OWN, f"{who} wrote", *both(at, step, va))
        require(others.frame == old.frame and not others.writable, "who did not write keeps the page as it was, read-only as before",
                f"{who} wrote", *both(at, step, va))
        require(others.users == 1, "who has a copy of its own is a user of the old page no more", f"{who} wrote", *both(at, step, va))
        require(seen[step] == expected, "the writer sees what it wrote, the other one what stood there before",
                f"{who} wrote; the parent reads {seen[step][0]:#x}, the child {seen[step][1]:#x}",
                f"expected {expected[0]:#x} and {expected[1]:#x}")
        require(seen[step + 100] == (BEFORE, BEFORE), "a copy is a copy of the whole page: what nobody wrote is as it was in both",
                f"{who} wrote the word before it; the parent reads {seen[step + 100][0]:#x}, the child {seen[step + 100][1]:#x}")
    no_leak(run)


@exercise("3.5", points=3)
def test_the_last_one_to_have_a_page_writes_to_it_without_a_copy(boot):
    """The others have copies by then: one more would cost time and memory for nothing."""
    run = boot("cow_steps")
    at, free = pages(run), {fact.a: fact.b for fact in run.facts("COUNT")}
    for step, writer, va, who in ((3, 1, FIRST, "the parent"), (5, 2, SECOND, "the child")):
        before, after = at[step - 1, writer, va], at[step, writer, va]
        shared_since_fork(at, va)
        require(after.frame == before.frame and free[step] == free[step - 1], "the only user of a page writes to it without a copy",
                f"{who} was the only user when it wrote", f"before: {before}", f"after: {after}",
                f"{free[step - 1] - free[step]} frames were used for it")
        require(after.writable and after.users == 1, "the only user of a page may write to it", f"{who}: {after}")
        require(at[step, 3 - writer, va].frame == at[step - 1, 3 - writer, va].frame, "a write changes nothing for the other process",
                *both(at, step, va))
    seen = {fact.a: (fact.b, other.b) for fact, other in zip(run.facts("RESULT"), run.facts("RETURNED"))}
    for step in (3, 5):
        require(seen[step] == (PARENT, CHILD), "each reads what it wrote itself", f"parent {seen[step][0]:#x}, child {seen[step][1]:#x}")


@exercise("3.5", points=2)
def test_copying_allows_nothing_that_the_region_forbids(boot):
    """Copy on write gives back the right to write that fork took, and no other; a page that may be executed still may be."""
    run = boot("cow_steps")
    at = pages(run)
    shared_since_fork(at, CODE)
    for step, who in ((2, 2), (3, 1), (4, 1), (5, 2)):
        va = FIRST if step < 4 else SECOND
        require(at[step, who, va].entry & NX, "a page of data is not to be executed, also after a copy",
                f"step {step}: {at[step, who, va]}")
    require(not at[6, 1, CODE].entry & NX and at[6, 1, CODE].writable, "a page that may be written and executed still may be, after a copy",
            f"{at[6, 1, CODE]}")
    require(not at[7, 2, CODE].entry & NX and at[7, 2, CODE].writable,
            "a page that may be written and executed still may be, when nobody else has it any more", f"{at[7, 2, CODE]}")
    for step in range(1, 8):
        for va in (CONST, CHILD_CODE):
            require(not at[step, 1, va].writable and not at[step, 2, va].writable, "what may only be read stays so",
                    PRIVATE[va], *both(at, step, va))
    require(at[8, 1, CONST].users == 1, "when a child is gone, its parent is the only user again", f"{at[8, 1, CONST]}")


@exercise("3.5", points=2)
@boots(2)
def test_three_may_have_one_page(boot):
    """A page that is read-only since the first fork is shared once more by the second: its users are counted, not guessed."""
    run = boot("cow_twice")
    at = pages(run)
    first, second, parent = at[0, 2, FIRST], at[1, 2, FIRST], at[1, 1, FIRST]
    require(first.frame == second.frame == parent.frame and parent.users == 3, "a page that three entries name has three users",
            f"parent: {parent}", f"first child: {first}", f"second child: {second}")
    require(not (first.writable or second.writable or parent.writable), "nobody may write to a page that others have, too",
            f"parent: {parent}", f"first child: {first}", f"second child: {second}")
    first, second, wrote = at[2, 2, FIRST], at[3, 2, FIRST], at[3, 1, FIRST]
    require(wrote.frame != first.frame and wrote.writable and wrote.users == 1, OWN, f"the parent wrote: {wrote}")
    require(first.frame == second.frame and first.users == 2 and not first.writable and not second.writable,
            "the other two still share the page, and may not write to it", f"first child: {first}", f"second child: {second}")
    no_leak(run)
    run = boot("cow_moments", "sched=prio", limit_ms=1000)
    rounds = run.fact("NOTE")
    require(rounds.a == rounds.b, "who copies a page is one of its users until the copy is made: else it may be somebody else's by then",
            f"two had a page, and one gave it up while the other one was in cow_break(): {rounds.a - rounds.b} of {rounds.a} times the "
            "copy has other contents, or too many users")
    no_leak(run)


@exercise("3.5", points=1)
def test_the_processor_forgets_the_old_entry(boot):
    """It remembers what it read from a page table, and goes on reading the old page until it is told."""
    run = boot("cow_stale")
    seen = [fact.b for fact in run.facts("NOTE")]
    require(seen == [BEFORE, PARENT], "after cow_break() the processor uses the new entry",
            f"it reads {seen[1]:#x} where the new page has {PARENT:#x}; the old one has {BEFORE:#x}")
    no_leak(run)


@exercise("3.5", points=1)
def test_a_copy_that_finds_no_memory_changes_nothing(boot):
    """The write fails, and the program may be ended; the other process, and who looks at the page later, must find it as it was."""
    run = boot("cow_memory")
    shared = {fact.a: signed(fact.b) for fact in run.facts("RESULT")}[0]
    require(shared == ENOMEM, "without memory for the copy cow_break() returns -ENOMEM", f"it returned {shared}")
    users = [fact.b for fact in run.facts("REFS")]
    require(run.fact("FOUND").b == 1 and users[0] == 2 and run.fact("NOTE").b == BEFORE,
            "a copy that could not be made changes neither the entry nor the page nor its users",
            f"entry {'as before' if run.fact('FOUND').b else 'changed'}, {users[0]} users of 2, contents {run.fact('NOTE').b:#x}")
    require(users[1] == 1, "who has a copy of its own is a user of the old page no more",
            f"tried again with memory, it has {users[1]} users")
    alone = {fact.a: signed(fact.b) for fact in run.facts("RESULT")}[1]
    require(alone == 0, "the only user of a page needs no memory to write to it", f"without memory cow_break() returned {alone}")
    no_leak(run)


@exercise("3.5", points=1)
def test_a_fork_costs_tables_and_no_pages(boot):
    """The child may never write, or call exec() at once: then a copy of all its memory would have been made for nothing."""
    run = boot("cow_many")
    before, after = (fact.b for fact in run.facts("COUNT"))
    require(before - after < 40, "fork takes memory for the child's page tables and its kernel stack, and for no page of its memory",
            f"{before - after} frames for a program of more than 64 pages")
    no_leak(run)
