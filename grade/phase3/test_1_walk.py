"""Lab 3.1: pagetable_walk(). Tables made by it are read entry by entry, and by the processor."""

from grade.api import NOTHING, boots, exercise, no_leak, require, signed

MAGIC = 0x5EED0000
PRESENT, WRITE, USER, LARGE, NX = 1, 2, 4, 0x80, 1 << 63
ENOMEM = -12
# As kernel/ktest/test_walk.c has them, and how many tables each needs that the pages before it did not.
PAGES = {0x10000: 3, 0x11000: 0, 0x200000: 1, 0x40000000: 2, 0x8000000000: 3, 0x8040201000: 2, 0x10080603000: 3, 0x7F8000001000: 3,
         0x555555554000: 3, 0x7FFFFFFFE000: 2}
INDEX = "an address chooses entries by nine bits each: 47-39 in the first table, 38-30, 29-21, 20-12 in the last one"


def by_step(run, key):
    return {fact.a: fact.b for fact in run.facts(key)}


@exercise("3.1", points=3)
def test_the_processor_finds_a_page_where_the_walk_put_it(boot):
    """The tables are the processor's: nobody else says which entry belongs to an address."""
    run = boot("walk_maps")
    before, seen, entries, again = (by_step(run, key) for key in ("COUNT", "RESULT", "ENTRY", "FOUND"))
    for number, va in enumerate(PAGES):
        require(before[va] == 0, "each page has an entry of its own, which is empty until something is put there",
                f"the entry for {va:#x} held {before[va]:#x} before: is it another page's?", INDEX)
        require(seen[va] == MAGIC + number, "the processor reads, at an address, the page that was put into the entry that the walk gave",
                f"at {va:#x}: " + ("a page fault" if seen[va] == NOTHING else f"another page, {seen[va]:#x}"), INDEX,
                *(f"level {level}: {entries[va | level]:#x}" for level in (4, 3, 2)))
        require(not entries[va | 1] & 0x000FFFFFFFFFF000, "the entry of an address names the page that was put there",
                f"for {va:#x} it differs by {entries[va | 1]:#x}", INDEX)
        require(again[va], "a walk finds the entry again when the processor has used the tables: it marks those that it used",
                f"{va:#x} was not found by a second walk", *(f"level {level}: {entries[va | level]:#x}" for level in (4, 3, 2)))
    no_leak(run)


@exercise("3.1", points=2)
def test_tables_forbid_nothing_that_their_pages_may_allow(boot):
    """The processor allows what every level allows: a table that is closed to programs closes all its pages."""
    run = boot("walk_maps")
    entries = by_step(run, "ENTRY")
    for va in PAGES:
        for level in (4, 3, 2):
            entry = entries[va | level]
            require(entry & (PRESENT | WRITE | USER) == PRESENT | WRITE | USER and not entry & NX,
                    "an entry that names a table is present, and allows programs to read, write and execute: the last entry decides",
                    f"level {level}, for {va:#x}: {entry:#x} (1 present, 2 writable, 4 a program's, bit 63 not to be executed)")
            require(level == 4 or not entry & LARGE, "an entry that names a table does not name a large page", f"level {level}: {entry:#x}")


@exercise("3.1", points=2)
def test_a_walk_that_shall_make_nothing_makes_nothing(boot):
    """Whoever only asks, as munmap() and fork() do for whole regions, must not use up memory for tables."""
    run = boot("walk_absent")
    found, used = by_step(run, "RESULT"), by_step(run, "COUNT")
    for number, va in enumerate(PAGES):
        require(not found[number], "where a table is missing and none is to be made, a walk finds nothing",
                f"in tables with nothing in them: an entry for {va:#x}")
        require(used[number] == 0, "a walk that is not asked to make tables takes no memory", f"{used[number]} frames at {va:#x}")
    require(run.fact("FOUND").b == 0, "a walk that is not asked to make tables leaves the first one as it is",
            f"{run.fact('FOUND').b} entries of it are used")
    for number, va in enumerate(PAGES):
        require(found[100 + number] == (number < 2), "a page whose table is there has an entry, and no other page has",
                f"tables were made for 0x10000 alone; for {va:#x} an entry was {'found' if found[100 + number] else 'not found'}")
        require(used[100 + number] == 3, "a walk that is not asked to make tables takes no memory",
                f"three tables lead to a first page; {used[100 + number]} were made when {va:#x} was asked for")
    require(signed(run.fact("NOTE").b) == 1, "pages next to each other have entries next to each other",
            f"they are {signed(run.fact('NOTE').b)} entries apart")
    require(not run.fact("KEPT").b, "each space has its own tables: a walk looks where it is told to, each time",
            f"in tables just made: an entry for {run.fact('KEPT').a:#x}, which the tables before them had")
    no_leak(run)


@exercise("3.1", points=3)
def test_a_table_is_made_once_and_shared_by_its_pages(boot):
    """A second table for the same addresses would hide what the first one names; and memory for it is lost."""
    run = boot("walk_tables")
    used, at, total = by_step(run, "COUNT"), by_step(run, "ENTRY"), 0
    for number, (va, new) in enumerate(PAGES.items()):
        total += new
        require(used[number] == total, "a walk makes the tables that are missing on the way, and no others",
                f"for {va:#x} {new} were missing; {used[number] - used.get(number - 1, 0)} were made")
        require(at[number] == (va >> 12 & 511) * 8, "bits 20 to 12 of an address say which entry of the last table is its own",
                f"for {va:#x}: at byte {at[number]} of the table, expected {(va >> 12 & 511) * 8}")
    for number, va in enumerate(PAGES):
        require(used[100 + number] == total and at[100 + number] == at[number], "a table that is there is used, and not made again",
                f"asked once more for {va:#x}: {used[100 + number] - total} more tables")
    require(run.fact("KEPT").b == 0, "a program's pages are named in the lower half of the first table; the upper one is the kernel's",
            "entries of the upper half were changed")
    no_leak(run)


@exercise("3.1", points=2)
@boots(2)
def test_a_walk_that_finds_no_memory_says_so_and_loses_none(boot):
    """Tables are made when a program touches memory, which may be at a time when there is none left."""
    for ktest in ("walk_maps", "walk_tables"):
        run = boot(ktest, "failalloc=all", result=None)
        results = [signed(fact.b) for fact in run.facts("FAILALLOC_RESULT")]
        require(results[-1] == 0 and set(results[:-1]) == {ENOMEM}, "without memory for a table a walk gives NULL, and its caller -ENOMEM",
                f"with the first, second, ... allocation failing the test returned {results}; -12 is expected, and 0 when none fails")
        for number, fact in enumerate(run.facts("FAILALLOC_LEAK"), 1):
            require(not fact.a and not fact.b, "all tables of a space hang on its first one, also when one of them was not to be had",
                    f"allocation {number} failed: {signed(fact.a)} frames and {signed(fact.b)} objects were lost")
        no_leak(run)
