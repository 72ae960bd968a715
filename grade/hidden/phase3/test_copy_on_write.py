"""Hidden tests of lab 3, 3.5: any family of address spaces. In the kernel: hidden_cow.c."""

from grade.api import boots, exercise, no_leak, seeds
from grade.models.twin import BITS, Draws, agree

PRESENT, WRITE, USER, CLOSED = 1, 2, 4, 16  # CLOSED: not to be executed, as the ktest tells it
EFAULT = -14
DATA, CODE, SHARED, FILE_DATA = range(4)
REGIONS, SPACES = 7, 8
COW_RULES = {
    "RESULT": "a write succeeds where the region allows it, whoever else has the page, and fails elsewhere",
    "RETURNED": "a region's access can be changed",
    "FOUND": "who writes gets another page if somebody else has this one, and keeps it if nobody has it any more",
    "ENTRY": "who forks shares all private pages, none of them writable; who writes has a page of its own, and may write to it",
    "REFS": "a page has as many users as entries name it, and its file or object",
    "NOTE": "the writer sees what it wrote, and of the others those that share with it for good",
    "COUNT": "a space has as many pages as its tables name"}


class Frame:
    def __init__(self, words, refs=0):
        self.words, self.refs = dict(words), refs


class Spaces:
    """The ktest's spaces. each: {(region, page): [Frame, writable, present]}, and what each region may be done to there."""

    def __init__(self, seed):
        self.draws, drawn = Draws(seed), Draws(seed, 1)
        draws = self.draws
        self.facts, self.regions = [], []
        self.files = [Frame({0: drawn(1 << 31)}, 1) for _ in range(REGIONS)]
        self.objects = {}
        for _ in range(REGIONS):
            draws(600) if draws(2) else draws(1 << 30)
            kind, pages = draws(4), 1 + draws(3)
            self.regions.append((kind, 1 if kind == FILE_DATA else pages))
        self.each = [({}, [True] * REGIONS), *[None] * (SPACES - 1)]

    def touch(self, s, key, write):
        """A fault. Returns an error or 0."""
        pages, access = self.each[s]
        kind, allowed = self.regions[key[0]][0], access[key[0]]
        entry = pages.get(key)
        if write and not allowed:
            return EFAULT
        if entry is None:
            if kind == SHARED:
                entry = [self.objects.setdefault(key, Frame({}, 1)), allowed]
            elif kind == FILE_DATA and not write:
                entry = [self.files[key[0]], False]
            else:
                entry = [Frame(self.files[key[0]].words if kind == FILE_DATA else {}), allowed]
            entry[0].refs += 1
            pages[key] = entry
        elif write and not entry[1]:
            if kind != SHARED and entry[0].refs > 1:
                entry[0].refs -= 1
                entry[0] = Frame(entry[0].words, 1)
            entry[1] = True
        return 0

    def write(self, s, key, word, value):
        entry = self.each[s][0].get(key)
        error = 0 if entry and entry[1] else self.touch(s, key, True)
        if not error:
            self.each[s][0][key][0].words[word] = value
        return error

    def fork(self, s, child):
        pages, access = self.each[s]
        for (region, _), entry in pages.items():
            entry[1] = entry[1] and self.regions[region][0] == SHARED
            entry[0].refs += 1
        self.each[child] = {key: list(entry) for key, entry in pages.items()}, list(access)

    def protect(self, s, region, write):
        pages, access = self.each[s]
        access[region] = write
        for (other, _), entry in pages.items():
            if other == region:
                entry[1] = entry[1] and write

    def tell(self, step, key, word):
        for i, space in enumerate(self.each):
            entry = space and space[0].get(key)
            if not entry:
                continue
            same = next(j for j, other in enumerate(self.each) if other and key in other[0] and other[0][key][0] is entry[0])
            bits = PRESENT | USER | (WRITE if entry[1] else 0) | (0 if self.regions[key[0]][0] == CODE else CLOSED)
            self.facts += [("ENTRY", step << 8 | i, same << 8 | bits), ("REFS", step << 8 | i, entry[0].refs),
                           ("NOTE", step << 8 | i, entry[0].words.get(word, 0))]

    def step(self, step):
        draws = self.draws
        living = [i for i, space in enumerate(self.each) if space]
        s, what, region, word, value = living[draws(len(living))], draws(16), draws(REGIONS), draws(3), draws(1 << 31)
        key = region, draws(self.regions[region][1])
        if what < 3 and None in self.each:
            child = self.each.index(None)
            self.fork(s, child)
            self.facts.append(("COUNT", step, len(self.each[child][0])))
        elif what < 11:
            before = self.each[s][0].get(key, [None])[0]
            self.facts.append(("RESULT", step, self.write(s, key, word, value) & BITS))
            self.facts.append(("FOUND", step, int(self.each[s][0].get(key, [None])[0] is before)))
        elif what < 13:
            self.facts.append(("RESULT", step, 0 if key in self.each[s][0] else self.touch(s, key, False) & BITS))
        elif what < 15:
            self.protect(s, region, bool(value & 1))
            self.facts.append(("RETURNED", step, 0))
        elif len(living) > 1:
            for entry in self.each[s][0].values():
                entry[0].refs -= 1
            self.each[s] = None
        self.tell(step, key, word)
        if self.each[s]:
            self.facts.append(("COUNT", step, len(self.each[s][0])))

    def play(self):
        for step in range(150):
            self.step(step)
        return self.facts + [("REFS", i, 1) for i in range(REGIONS)]


@exercise("3.5", points=1)
@boots(2)
@seeds(2)
def test_pages_are_shared_and_copied_as_the_model_says_in_any_family(boot, seeds):
    """Forks of forks, of memory that is private, shared, a file's, closed to writing and opened again, written to in any order."""
    for seed in seeds:
        run = boot("hidden_cow", f"seed={seed}", trace="off")
        agree(run, Spaces(seed).play(), COW_RULES)
        no_leak(run)
