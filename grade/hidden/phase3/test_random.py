"""Hidden tests of lab 3: page tables, copies, programs, forks, families, pipes and signals that a seed decides, beside models of what they
become. One file, because pytest takes two outside the grader's folder for one."""

from grade.api import boots, exercise, no_leak, require, seeds, signed
from grade.models.twin import BITS, Draws, agree

PAGE = 4096
USER_START, USER_END = 0x10000, 0x7FFFFFFFF000
PRESENT, WRITE, USER, CLOSED = 1, 2, 4, 16  # CLOSED: not to be executed, as the ktests tell it
READ_, WRITE_, EXECUTE_ = 1, 2, 4
EIO, ENOEXEC, EFAULT, ENAMETOOLONG = -5, -8, -14, -36
PUPPETS = 32  # grade/hidden/phase3/ktest/hidden_puppet.h
PUPPETEER, PROCESS_1 = 0xFFFE, 0xFFFD
EBADF, ECHILD, EAGAIN, EPIPE = -9, -10, -11, -32
ALL_AT_REST = "whatever processes are told to do, it comes to an end, or they wait for something that may still come"


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


# --- fork: grade/hidden/phase3/ktest/hidden_fork.c ----------------------------------------------------------------------------------------

FORK_RULES = {
    "TID": "fork returns the child's id to the parent",
    "LINKED": "a child is its parent's, and in its parent's group",
    "RESULT": "a child is in its parent's list, and has its signal handlers as they were at the fork",
    "NOTE": "what was in memory at the fork both have; what is written later, the writer alone",
    "COUNT": "a child begins with its parent's registers, and each has its own from then on",
    "RETURNED": "a child has its parent's descriptors and mask for new files as they were at the fork, and its own from then on",
    "FOUND": "each process ends with its own status",
    "STATE": ALL_AT_REST}


class Forked:
    def __init__(self, parent, group, parents=None):
        self.parent, self.group = parent, group
        self.memory = dict(parents.memory) if parents else {}
        self.sum = parents.sum if parents else 0
        self.umask = parents.umask if parents else None
        self.fds = set(parents.fds) if parents else {0, 1, 2}
        self.handler = parents.handler if parents else 0


def fork_facts(seed, ids, first_mask):
    """ids: {number: process id}. first_mask: of new files, as the first process has it."""
    draws, facts = Draws(seed), []
    draws(1 << 30)
    every = [Forked(PUPPETEER, 7000)]
    every[0].umask = first_mask

    def half(old, n):
        return old & ~0xFFFFFFFF | ids.get(n, 0)

    def fork(step, n):
        parent, tids = every[n], draws(3) == 0
        mine, its = (draws(5), 0), (draws(5), 1)
        child, number = Forked(n, parent.group, parent), len(every)
        every.append(child)
        if tids:
            parent.memory[mine] = half(parent.memory.get(mine, 0), number)
            child.memory[its] = half(child.memory.get(its, 0), number)
        facts.extend([("TID", step, number), ("LINKED", n, child.group), ("RESULT", n, child.handler)])

    def call(p, what, value):
        if what == 14:
            old, p.umask = p.umask, value & 0o777
            return old
        fd = value % 8
        if what == 18:
            return p.parent
        if fd not in p.fds:
            return EBADF & BITS
        if what == 15:
            free = min(set(range(99)) - p.fds)
            p.fds.add(free)
            return free
        if what == 16:
            p.fds.remove(fd)
        return 0

    for step in range(260):
        n, what, value = draws(len(every)), draws(20), draws(1 << 31)
        at = draws(5), draws(3)
        p = every[n]
        if what < 3:
            if len(every) < PUPPETS:
                fork(step, n)
            continue
        if what < 7:
            p.memory[at] = value
        elif what < 12:
            facts.append(("NOTE", step, p.memory.get(at, 0)))
        elif what < 14:
            p.sum += value
            facts.append(("COUNT", step, p.sum))
        elif what < 19:
            facts.append(("RETURNED", step, call(p, what, value)))
        else:
            p.handler = 0x410000 + value
        if value % 5 == 0:
            p.group = 7000 + value % 1000
    return facts + [("FOUND", n, 1 << 32 | n << 8) for n in reversed(range(len(every)))] + [("STATE", 0, 0)]


@exercise("3.4", points=1)
@boots(2)
@seeds(2)
def test_each_process_of_any_tree_has_what_is_its_own(boot, seeds):
    """Up to 32 processes, forked by each other in any order, that write, count, open and close in between."""
    for seed in seeds:
        run = boot("hidden_fork", f"seed={seed}", trace="off", limit_ms=3000)
        agree(run, fork_facts(seed, {fact.a: fact.b for fact in run.facts("JOINED")}, 0o22), FORK_RULES)
        no_leak(run)


# --- families: grade/hidden/phase3/ktest/hidden_family.c ----------------------------------------------------------------------------------

NOHANG, STOPPED_TOO, CONTINUED_TOO = 1, 2, 8
NOT_WRITTEN = 0x5A5A5A5A
RUNS, ENDED, GONE = 0, 1, 2
FAMILY_RULES = {
    "RETURNED": "wait4() returns a child that was asked for and has something to tell, 0 with WNOHANG if none has, ECHILD if there is none",
    "EXIT_CODE": "wait4() tells how the child ended, stopped, or went on, and writes no status where it found no child",
    "FOUND": "who ends is a zombie that holds nothing until it is waited for, and its children become process 1's",
    "JOINED": "process 1 can wait for all that became its own",
    "STATE": ALL_AT_REST}


class Member:
    def __init__(self, parent, group):
        self.parent, self.group, self.children = parent, group, []
        self.state, self.status = RUNS, 0
        self.stopped = self.stop_news = self.continue_news = False
        self.waits = None   # (which, options) of the wait4() that it is in
        self.lends_to = None  # the child that has its space
        self.done = None    # (result, status) of a call that has returned


class Family:
    def __init__(self, seed):
        self.draws, self.facts = Draws(seed), []
        self.all = [Member(PUPPETEER, 5000)]
        self.adopted = []

    def alive(self, n):
        return self.all[n].state == RUNS

    def look(self, n):
        """What wait4() says to n now; None: nothing yet."""
        me = self.all[n]
        which, options = me.waits
        fitting = [c for c in me.children if which == "any" or which == ("pid", c) or
                   which == ("group", self.all[c].group) or (which == "mine" and self.all[c].group == me.group)]
        for c in fitting:
            child = self.all[c]
            if child.state == ENDED:
                child.state = GONE
                me.children.remove(c)
                return c, child.status
            if options & STOPPED_TOO and child.stop_news:
                child.stop_news = False
                return c, 19 << 8 | 0x7F
            if options & CONTINUED_TOO and child.continue_news:
                child.continue_news = False
                return c, 0xFFFF
        if not fitting:
            return ECHILD & BITS, NOT_WRITTEN
        return (0, NOT_WRITTEN) if options & NOHANG else None

    def wake(self, n):
        """A child of n's has something to tell."""
        if n < PUPPETS and self.alive(n) and self.all[n].waits and not self.all[n].stopped:
            self.all[n].done = self.look(n)
            if self.all[n].done:
                self.all[n].waits = None

    def end(self, n, status):
        me = self.all[n]
        me.state, me.status, me.waits, me.stopped = ENDED, status, None, False
        for c in me.children:
            self.all[c].parent = PROCESS_1
            self.adopted.append(c)
        me.children = []
        if me.parent < PUPPETS and self.all[me.parent].lends_to == n:
            self.all[me.parent].lends_to = None
            self.all[me.parent].done = n, NOT_WRITTEN
        self.wake(me.parent)

    def fork(self, n):
        lend, group = self.draws(4) == 0, 5000 + self.draws(3)
        if len(self.all) == PUPPETS:
            return
        child = len(self.all)
        self.all.append(Member(n, group))
        self.all[n].children.append(child)
        if lend:
            self.all[n].lends_to = child
        else:
            self.all[n].done = child, NOT_WRITTEN

    def wait_for(self, n):
        how, which, group = self.draws(5), self.draws(len(self.all)), 5000 + self.draws(3)
        options = (0, 0, NOHANG, NOHANG, STOPPED_TOO, STOPPED_TOO | NOHANG, CONTINUED_TOO | NOHANG, STOPPED_TOO | CONTINUED_TOO)[
            self.draws(8)]
        self.all[n].waits = ("any", "any", ("pid", which), "mine", ("group", group))[how], options
        self.wake(n)

    def tell(self, step, what):
        for n, member in enumerate(self.all):
            if member.done and self.alive(n):
                self.facts += [("RETURNED", step << 8 | n, member.done[0]), ("EXIT_CODE", step << 8 | n, member.done[1])]
            member.done = None
        if what in (0, 8, 9):
            self.facts += [("FOUND", step << 8 | n, 2 << 32 if m.state == GONE else m.state << 32 | m.parent)
                           for n, m in enumerate(self.all)]

    def step(self, step):
        draws = self.draws
        n, what, code = draws(len(self.all)), draws(20), draws(1 << 16)
        me = self.all[n]
        if not self.alive(n) or me.lends_to is not None:
            return
        if what == 0 and n:
            self.end(n, 9 if me.stopped or draws(2) else 15)
        elif what < 3 and me.stopped:
            me.stopped, me.stop_news, me.continue_news = False, False, True
            self.wake(me.parent)
        elif me.waits or me.stopped:
            return
        elif what < 3:
            me.stopped, me.stop_news, me.continue_news = True, True, False
            self.wake(me.parent)
        elif what < 8:
            self.fork(n)
        elif what < 10 and n:
            self.end(n, (code & 255) << 8)
        else:
            self.wait_for(n)
        self.tell(step, what)

    def play(self):
        for step in range(300):
            self.step(step)
        for n in reversed(range(len(self.all))):
            if self.alive(n):
                self.end(n, 9)
        self.facts.append(("STATE", 0, 0))
        left = [n for n, m in enumerate(self.all) if m.state == ENDED]
        return self.facts + [("JOINED", n, self.all[n].status) for n in left]


@exercise("3.6", points=1)
@boots(3)
@seeds(3)
def test_any_family_waits_and_is_waited_for_as_the_model_says(boot, seeds):
    """Children, grandchildren and orphans that exit, are killed, stop and go on, before and while somebody waits, in all ways to wait."""
    for seed in seeds:
        run = boot("hidden_family", f"seed={seed}", trace="off", limit_ms=3000)
        agree(run, Family(seed).play(), FAMILY_RULES)
        no_leak(run)


# --- signals: grade/hidden/phase3/ktest/hidden_signal.c -----------------------------------------------------------------------------------

SIGNALS = 64
KILL, CONT, STOP = 9, 18, 19
STOPS = (19, 20, 21, 22)
DEFAULT, IGNORED, HANDLED = range(3)
SIGNAL_RULES = {
    "FOUND": "a signal is ignored by wish, or by default if it is CHLD, CONT, URG or WINCH; KILL and STOP never are",
    "RESULT": "of what is pending and not blocked KILL is taken first, then the lowest number; 0 if there is nothing",
    "NOTE": "what is known of a signal, of the first 31, is taken with it",
    "COUNT": "what was taken is pending no more, unless it is one from 32 on that came more than once; what is ignored is not kept"}


class Signals:
    def __init__(self, seed):
        self.draws, self.facts = Draws(seed), []
        self.action, self.blocked = [DEFAULT] * (SIGNALS + 1), 0
        self.pending = {}  # {signal: [its sender, how often it came]}

    def some(self):
        draws = self.draws
        high = draws(1 << 31)
        picked = (high << 33 | high >> 15 | draws(1 << 31) << 8) & BITS
        return picked if draws(3) else picked & draws(1 << 31) << 20

    def ignored(self, signal):
        action = self.action[signal]
        return action == IGNORED and signal not in (KILL, STOP) or action == DEFAULT and signal in (17, 18, 23, 28)

    def drop(self, signals):
        for signal in signals:
            self.pending.pop(signal, None)

    def send(self, signal, sender):
        if signal in (KILL, CONT):
            self.drop(STOPS)
        if signal in STOPS:
            self.drop([CONT])
        if self.ignored(signal) and not self.blocked >> signal - 1 & 1:
            return
        if signal not in self.pending:
            self.pending[signal] = [sender, 1]
        elif signal >= 32:
            self.pending[signal][1] += 1

    def take(self, step, blocked):
        ready = [signal for signal in sorted(self.pending) if not blocked >> signal - 1 & 1]
        signal = KILL if KILL in ready else ready[0] if ready else 0
        self.facts.append(("RESULT", step, signal))
        if signal:
            sender = self.pending[signal][0]
            known = (sender, 0 if sender & 1 else -6 & BITS) if signal <= 31 else (0, 0)
            self.facts.append(("NOTE", *known))
            self.pending[signal][1] -= 1
            if not self.pending[signal][1]:
                del self.pending[signal]

    def told(self, step):
        self.facts.append(("COUNT", step, sum(1 << signal - 1 for signal in self.pending)))

    def step(self, step):
        draws = self.draws
        what, how = draws(16), draws(3)
        number = 1 + draws(SIGNALS) if draws(4) else 15 + draws(9)
        sender, picked = draws(1 << 31), self.some()
        if what < 6:
            self.send(number, sender)
        elif what < 8:
            self.action[number] = how
            self.facts.append(("FOUND", number, int(self.ignored(number))))
        elif what < 9:
            self.blocked = picked & ~(1 << KILL - 1 | 1 << STOP - 1)
        else:
            self.take(step, self.blocked if what < 12 else picked)
        self.told(step)

    def play(self):
        for step in range(700):
            self.step(step)
        for n in range(300):
            if self.pending:
                self.take(700 + n, 0)
        self.told(700)
        return self.facts


@exercise("3.8a", points=1)
@boots(2)
@seeds(2)
def test_signals_are_kept_and_taken_as_the_model_says_in_any_order(boot, seeds):
    """All 64 numbers, sent once and again, blocked, ignored, handled, and taken with any mask."""
    for seed in seeds:
        run = boot("hidden_signal", f"seed={seed}", trace="off")
        agree(run, Signals(seed).play(), SIGNAL_RULES)
        no_leak(run)


# --- pipes: grade/hidden/phase3/ktest/hidden_pipe.c ---------------------------------------------------------------------------------------

PIPE, TOGETHER, TOTAL = 65536, 4096, 400_000
PIPE_RULES = {
    "RESULT": "a write that may not wait writes what there is room for, up to 4096 bytes all or none; EAGAIN; EPIPE when nobody can read",
    "RETURNED": "a read that may not wait gives what there is, up to what was asked for; EAGAIN; 0 when nobody can write any more",
    "NOTE": "bytes come out of a pipe as they went in, in their order"}


def length(draws):
    kind = draws(6)
    if kind == 0:
        return 1 + draws(30)
    if kind == 1:
        return TOGETHER - 2 + draws(5)
    if kind == 2:
        return PIPE - 3 + draws(6)
    return 1 + draws(PIPE + 2 * TOGETHER if kind == 3 else 12000)


def pipe_facts(seed):
    """Of the part in which nobody waits."""
    draws, facts, ring, written, reads, writes = Draws(seed), [], bytearray(), 0, False, False
    salt = seed + 3 * 0x9E3779B97F4A7C15 & 255

    def put(n):
        room = PIPE - len(ring)
        if not reads:
            return EPIPE
        if room < (n if n <= TOGETHER else 1):
            return EAGAIN
        n = min(n, room)
        ring.extend(i * 11 + (i >> 9) * 3 + salt & 255 for i in range(written, written + n))
        return n

    for step in range(220):
        what, n = draws(40), length(draws)
        if not reads and not writes:
            reads = writes = True
            ring.clear()
        if what < 2:
            reads, writes = reads and what != 0, writes and what != 1
        elif what < 21 and writes:
            moved = put(n)
            written += max(moved, 0)
            facts.append(("RESULT", step, moved & BITS))
            writes = writes and (moved > 0 or reads)
        elif reads:
            moved = min(n, len(ring)) or (EAGAIN if writes else 0)
            h = max(moved, 0)
            for byte in ring[:max(moved, 0)]:
                h = h * 31 + byte & BITS
            del ring[:max(moved, 0)]
            facts += [("RETURNED", step, moved & BITS), ("NOTE", step, h)]
            reads = moved != 0
    return facts


@exercise("3.7", points=1)
@boots(2)
@seeds(2)
def test_pieces_of_any_length_go_through_a_pipe_byte_by_byte(boot, seeds):
    """Writes and reads of one byte to more than the pipe holds, by one who never waits, and by two who wait for each other."""
    for seed in seeds:
        run = boot("hidden_pipe", f"seed={seed}", trace="off", limit_ms=3000)
        agree(run, pipe_facts(seed), PIPE_RULES)
        for fact in run.facts("ORDER"):
            require(fact.b == 0, "a write that may wait returns when all is written", f"from byte {fact.a} on: {signed(fact.b)} too many")
        end, came = run.fact("TURN"), run.fact("COUNT")
        require(end.a == 0 and end.b == 0, "a read gives one byte at least and no more than was asked for, and 0 at the end alone",
                f"the last one {signed(end.a)}; {end.b} gave more")
        require(came.a == TOTAL and came.b == 0, "what is written arrives, each byte once and in order",
                f"{came.a} of {TOTAL} bytes, {came.b} of them others")
        no_leak(run)
