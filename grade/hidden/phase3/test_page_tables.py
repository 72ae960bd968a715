"""Hidden tests of lab 3, 3.1: walks of any addresses. In the kernel: hidden_walk.c."""

from grade.api import boots, exercise, no_leak, seeds
from grade.models.twin import Draws, agree

PAGE = 4096
USER_START, USER_END = 0x10000, 0x7FFFFFFFF000
PRESENT, WRITE, USER = 1, 2, 4


def down(at):
    return at & -PAGE


WALK_RULES = {
    "FOUND": "a walk gives an entry where the tables are there or are to be made, and NULL otherwise",
    "COUNT": "a walk makes the tables that are missing on the way if it is to, each once, and no others",
    "ENTRY": "each page has an entry of its own, which keeps what was put there",
    "LINKS": "bits 20 to 12 of an address say which entry of the last table is its own",
    "NOTE": "the processor finds, at an address, the page that was put into the entry that the walk gave",
    "RESULT": "a page may be written if its own entry says so: the tables above it forbid nothing",
    "LEVEL": "entries that name tables are present, writable, open to programs, of no large page, and allow execution"}


def walk_facts(seed):
    draws, pages = Draws(seed), Draws(seed, 1)

    def mark(draws):
        high = draws(1 << 31)
        return high << 32 | draws(1 << 31) + 1

    content = [mark(pages) for _ in range(6)]
    choice = [[draws(256 if level == 3 else 512) for _ in range(4)] for level in range(4)]
    facts, tables, entries = [], set(), {}

    def address():
        while True:
            va = draws(PAGE)
            for level in range(4):
                va |= choice[level][draws(4)] << 12 + 9 * level
            if USER_START <= va < USER_END:
                return va

    for step in range(350):
        which, va, make = draws(2), address(), draws(3) != 0
        needed = {(which, level, va >> 12 + 9 * level) for level in (1, 2, 3)}
        frame, write = draws(6), draws(2)
        new = draws(2) if which else mark(draws)
        if make:
            tables |= needed
        facts += [("FOUND", step << 8 | which, int(needed <= tables)), ("COUNT", step, len(tables))]
        if not needed <= tables:
            continue
        if not which:
            facts.append(("ENTRY", va, entries.get(va >> 12, 0)))
            entries[va >> 12] = new
        facts.append(("LINKS", va, (va >> 12 & 511) * 8))
        if which:
            facts += [("NOTE", down(va), content[frame]), ("RESULT", down(va), 1 - write)]
            content[frame] = step << 32 | frame if write else content[frame]
    return facts + [("LEVEL", level, PRESENT | WRITE | USER) for level in (4, 3, 2)]


@exercise("3.1", points=1)
@boots(2)
@seeds(2)
def test_walks_of_any_addresses_share_their_tables_and_are_the_processors(boot, seeds):
    """Addresses that have any of their indexes in common, in two spaces, with entries that allow this or that."""
    for seed in seeds:
        run = boot("hidden_walk", f"seed={seed}", trace="off")
        agree(run, walk_facts(seed), WALK_RULES)
        no_leak(run)
