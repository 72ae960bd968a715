"""Hidden tests of lab 3.1 to 3.5: page tables, copies, programs and forks that a seed decides, beside models of what they become."""

from grade.api import boots, exercise, no_leak, seeds
from grade.models.twin import BITS, Draws, agree

PAGE = 4096
USER_START, USER_END = 0x10000, 0x7FFFFFFFF000
PRESENT, WRITE, USER, CLOSED = 1, 2, 4, 16  # CLOSED: not to be executed, as the ktests tell it
READ_, WRITE_, EXECUTE_ = 1, 2, 4
EIO, ENOEXEC, EFAULT, ENAMETOOLONG = -5, -8, -14, -36


def total(data, h=None):
    """The ktests' sum of some bytes."""
    h = len(data) if h is None else h
    for byte in data:
        h = h * 31 + byte & BITS
    return h


def down(at):
    return at & -PAGE


def up(at):
    return -(-at // PAGE) * PAGE


# --- page tables: grade/hidden/phase3/ktest/hidden_walk.c ---------------------------------------------------------------------------------

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


# --- user memory: grade/hidden/phase3/ktest/hidden_uaccess.c ------------------------------------------------------------------------------

HOLE, WRITABLE, READABLE, FORBIDDEN, UNUSED = range(5)
PLACES = 20
ACCESS_RULES = {
    "ORDER": "user_range() says whether each of the n bytes lies below USER_END",
    "RESULT": "copyin() gives -EFAULT where a byte is not the program's to read, and 0 otherwise",
    "COUNT": "copyin() copies all n bytes, as they are",
    "RETURNED": "copyout() gives -EFAULT where a byte is not the program's to write, and 0 otherwise",
    "ENTRY": "copyout() writes all n bytes, as they are, none beside them, and none where the program may not",
    "FOUND": "copyin_string() returns the string's length, -ENAMETOOLONG if it does not fit, -EFAULT if a byte of it is not to be had",
    "NOTE": "copyin_string() copies the string with its 0 byte",
    "KEPT": "nothing is written behind the buffer's end"}


class Memory:
    """The ktest's pages."""

    def __init__(self, seed):
        self.draws = draws = Draws(seed)
        self.base = ((16 + draws(1 << 30)) if draws(3) else (USER_END >> 12) - PLACES) << 12
        key = draws(255)
        self.zeroes = []
        for _ in range(40):
            at = draws(PLACES) * PAGE
            self.zeroes.append(at + (draws(PAGE) if draws(2) else PAGE - 1 - draws(3)))
        self.kinds = [kind if kind < 5 else WRITABLE for kind in (draws(9) for _ in range(PLACES))]
        row = bytearray(1 + (i * 7 + (i >> 8) + key) % 255 for i in range(PLACES * PAGE))
        for at in self.zeroes:
            row[at] = 0
        self.first = [bytes(PAGE) if kind == UNUSED else bytes(row[i * PAGE:(i + 1) * PAGE]) for i, kind in enumerate(self.kinds)]
        self.pages, self.sums = list(self.first), [total(page) for page in self.first]
        self.first_sums, self.facts = list(self.sums), []

    def parts(self, at, n):
        """[(page's number or None, offset, bytes)] of a range below USER_END."""
        found = []
        while n:
            place, offset = divmod(at - self.base, PAGE)
            now = min(n, PAGE - offset)
            found.append((place if 0 <= place < PLACES else None, offset, now))
            if found[-1][0] is None:
                break
            at, n = at + now, n - now
        return found

    def allowed(self, at, n, kinds):
        return at < USER_END and n <= USER_END - at and all(
            place is not None and self.kinds[place] in kinds for place, _, _ in self.parts(at, n))

    def read(self, at, n):
        return b"".join(self.pages[place][offset:offset + now] for place, offset, now in self.parts(at, n))

    def copy_in(self, step, at, n):
        right = self.allowed(at, n, (WRITABLE, READABLE, UNUSED))
        self.facts.append(("RESULT", step, 0 if right else EFAULT & BITS))
        if right:
            self.facts += [("COUNT", step, total(self.read(at, n))), ("KEPT", step, 0)]

    def copy_out(self, step, at, n):
        right = self.allowed(at, n, (WRITABLE, UNUSED))
        self.facts.append(("RETURNED", step, 0 if right else EFAULT & BITS))
        if right:
            done = 0
            for place, offset, now in self.parts(at, n):
                data = bytes(step + 3 * i & 255 for i in range(done, done + now))
                self.pages[place] = self.pages[place][:offset] + data + self.pages[place][offset + now:]
                self.sums[place] = total(self.pages[place])
                done += now
        else:
            self.pages, self.sums = list(self.first), list(self.first_sums)
        every = 0
        for kind, part in zip(self.kinds, self.sums):
            every = every if kind == HOLE else every * 7 + part & BITS
        self.facts.append(("ENTRY", step, every))

    def string(self, step, at, size):
        text, answer = bytearray(), None
        for place, offset, now in self.parts(at, size) if at < USER_END else [(None, 0, 0)]:
            if place is None or self.kinds[place] not in (WRITABLE, READABLE, UNUSED):
                answer = EFAULT
                break
            text += self.pages[place][offset:offset + now]
            if 0 in text:
                answer = text.index(0)
                break
        answer = ENAMETOOLONG if answer is None else answer
        self.facts.append(("FOUND", step, answer & BITS))
        if answer >= 0:
            self.facts.append(("NOTE", step, total(text[:answer + 1])))
        self.facts.append(("KEPT", step, 0))

    def inside(self):
        place, how = self.draws(PLACES), self.draws(3)
        return self.base + place * PAGE + (self.draws(PAGE) if how == 0 else PAGE - 1 - self.draws(40) if how == 1 else self.draws(40))

    def outside(self):
        """An address; one of the kernel's, whatever it is, is 2^63."""
        by, which = self.draws(200), self.draws(7)
        if which == 6:
            self.draws(1 << 31)
        return (USER_END - by, (1 << 47) + by, 1 << 63, 1 << 63, BITS - by, by, 1 << 63)[which]

    def length(self, at):
        by, power, how = self.draws(100), self.draws(48), self.draws(8)
        if how == 1:
            return by + 1 + self.draws(2 * PAGE)
        return {0: by, 2: USER_END - at + by, 3: by - at, 4: (1 << 16 + power) + by, 5: up(at) - at + by // 34}.get(how, by + 1) & BITS

    def step(self, step):
        what = self.draws(12)
        inner = what & 1
        at = self.inside() if inner else self.outside()
        size = self.length(at)
        kernels = at >= 1 << 63
        if what < 2:
            size += size == 0
            self.facts.append(("ORDER", step, int(at < USER_END and size <= USER_END - at)))
        elif what < 9:
            zero, before, more = self.zeroes[self.draws(40)], self.draws(300), self.draws(3)
            n = size if size and at < USER_END else 1 if kernels else size % 64 + 1
            if what < 5:
                self.copy_in(step, at, n)
            elif what < 7:
                self.copy_out(step, at, n)
            else:
                before = min(before, zero)
                self.string(step, self.base + zero - before, before + more + (not more))
        else:
            self.string(step, at, size % 9000 + 1)

    def play(self):
        for step in range(300):
            self.step(step)
        return self.facts


@exercise("3.2", points=1)
@boots(2)
@seeds(2)
def test_copies_take_what_is_the_programs_and_nothing_else_wherever_it_lies(boot, seeds):
    """Pages that are there or not, allowed or not, in any order; ranges and strings that end at, before and behind their ends."""
    for seed in seeds:
        run = boot("hidden_uaccess", f"seed={seed}", trace="off", limit_ms=2000)
        agree(run, Memory(seed).play(), ACCESS_RULES)
        no_leak(run)


# --- programs: grade/hidden/phase3/ktest/hidden_elf.c -------------------------------------------------------------------------------------

FILE_PAGES, HEADERS, HEADER = 20, 32, 56
FILE = FILE_PAGES * PAGE
WRONG = 14
PIE = 0x555555554000
ELF_RULES = {
    "RETURNED": "a program is loaded whatever its segments are; a file with a wrong number is none, and what cannot be read is an error",
    "NOTE": "elf_load() tells the first instruction, where the program headers are in memory, how many, and the last segment's end",
    "REGION": "each segment becomes memory at its address, of its length, with the access that its flags say",
    "RESULT": "a segment's memory has the file's bytes, and 0 where the file has none",
    "COUNT": "what no segment says is not mapped",
    "LINKED": "a space that is given back has no reference to the file any more"}


class Program:
    """The file as hidden_elf.c's write_program() draws it."""

    def __init__(self, draws):
        self.draws = draws
        salt, wanted = draws(256), 1 + draws(6)
        others = draws(5) if draws(2) else HEADERS - wanted
        anywhere = draws(2)
        self.file = bytearray(i * 13 + (i >> 8) * 5 + salt & 255 for i in range(FILE))
        self.base = PIE if anywhere else 0
        end = (0 if anywhere else USER_START) + draws(1 << 20) * PAGE
        self.count = wanted + others
        self.table = 64 if draws(2) else 64 + draws(FILE - 64 - HEADERS * HEADER)
        self.segments = []  # (address, offset, bytes in the file, bytes, access)
        for n in range(self.count):
            left = wanted - len(self.segments)
            if left and draws(self.count - n) < left:
                end = self.segment(n, end)
            else:
                self.other(n)
        self.file[:64] = bytes(64)
        self.put(0, 0x464C457F, 4)
        self.put(4, 0x00010102, 4)
        self.put(16, 3 if anywhere else 2, 2)
        self.put(18, 62, 2)
        self.put(20, 1, 4)
        self.put(52, 64, 2)
        address, _, _, size, _ = self.segments[draws(len(self.segments))]
        self.entry = address + draws(size)
        self.put(24, self.entry, 8)
        self.put(32, self.table, 8)
        self.put(54, HEADER, 2)
        self.put(56, self.count, 2)

    def put(self, at, value, n):
        self.file[at:at + n] = value.to_bytes(n, "little")

    def header(self, n, kind, flags, offset, address, file_size, size, align):
        at = self.table + n * HEADER
        self.put(at, kind, 4)
        self.put(at + 4, flags, 4)
        for i, value in enumerate((offset, address, 0, file_size, size, align)):
            self.put(at + 8 + 8 * i, value, 8)

    def other(self, n):
        draws = self.draws
        kind, flags = (0, 4, 6, 7, 0x6474E550, 0x6474E551, 1)[draws(7)], draws(8)
        offset, address = draws(FILE), draws(1 << 31)
        size = 0 if kind == 1 else draws(PAGE)
        self.header(n, kind, flags, offset, address, size, size, 8)

    def segment(self, n, end):
        draws = self.draws
        in_page = draws(PAGE) if draws(3) else 0
        bss = draws(3)
        address = up(end) + (draws(40) * PAGE if draws(2) else 0) + in_page
        offset = (draws(FILE_PAGES - 4) * PAGE if draws(4) else down(self.table)) + in_page
        file_size = min(1 + draws(2 * PAGE) if draws(5) else 0, FILE - offset)
        size = file_size + (0 if bss == 0 else draws(300) if bss == 1 else draws(5 * PAGE))
        size += size == 0
        flags = (4, 5, 6, 7)[draws(4)] | (2 if size > file_size else 0)
        self.header(n, 1, flags, offset, address, file_size, size, PAGE)
        self.segments.append((address, offset, file_size, size, READ_ | flags & WRITE_ | (EXECUTE_ if flags & 1 else 0)))
        return address + size

    def headers_at(self):
        """Where the headers may be said to be; what a segment holds in part may count or not."""
        places, whole = [], False
        for address, offset, file_size, _, _ in self.segments:
            if offset <= self.table < offset + file_size:
                places.append(self.base + address + self.table - offset)
                whole |= self.table + self.count * HEADER <= offset + file_size
        return places if whole else [*places, 0]

    def facts(self, headers):
        """What the ktest notes of it. headers: where elf_load() says they are."""
        address, _, _, size, _ = self.segments[-1]
        places = self.headers_at()
        facts = [("NOTE", 0, self.base + self.entry), ("NOTE", 1, headers if headers in places else places[0]), ("NOTE", 2, self.count),
                 ("NOTE", 3, self.base + address + size)]
        pages = 0
        for address, offset, file_size, size, access in self.segments:
            start = at = self.base + address
            data = self.file[offset:offset + file_size]
            while at < start + size:
                stop = min(start + size, down(at) + PAGE)
                part = data[at - start:stop - start]
                h = total(part, stop - at) * pow(31, stop - at - len(part), 1 << 64) & BITS
                facts += [("REGION", down(at), access), ("RESULT", at, h)]
                at = stop
                pages += 1
        return [*facts, ("COUNT", 0, pages)]


def elf_facts(seed, told):
    """told: where elf_load() said the headers of each program are."""
    draws, facts = Draws(seed), []
    for number in range(12):
        program = Program(draws)
        facts += [("RETURNED", number << 8, 0), *program.facts(next(told, None)), ("LINKED", number << 8, 0)]
        for kind in range(WRONG + 2):
            step = number << 8 | kind + 1
            facts += [("RETURNED", step, (EIO if kind == WRONG else ENOEXEC) & BITS), ("LINKED", step, 0)]
    return facts


@exercise("3.3", points=1)
@boots(2)
@seeds(2)
def test_any_program_is_loaded_as_its_headers_say_and_a_wrong_one_refused(boot, seeds):
    """One to six segments among up to 32 headers, anywhere in the file; and each with one number made wrong."""
    for seed in seeds:
        run = boot("hidden_elf", f"seed={seed}", trace="off")
        agree(run, elf_facts(seed, (fact.b for fact in run.facts("NOTE") if fact.a == 1)), ELF_RULES)
        no_leak(run)


# --- copy on write: grade/hidden/phase3/ktest/hidden_cow.c --------------------------------------------------------------------------------

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
