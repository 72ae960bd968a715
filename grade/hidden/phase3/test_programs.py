"""Hidden tests of lab 3, 3.3: any program, right or with one number made wrong. In the kernel: hidden_elf.c."""

from grade.api import boots, exercise, no_leak, seeds
from grade.models.twin import BITS, Draws, agree, total

PAGE = 4096
USER_START = 0x10000
READ_, WRITE_, EXECUTE_ = 1, 2, 4
EIO, ENOEXEC = -5, -8


def down(at):
    return at & -PAGE


def up(at):
    return -(-at // PAGE) * PAGE


FILE_PAGES, HEADERS, HEADER = 20, 32, 56
FILE = FILE_PAGES * PAGE
WRONG = 14
PIE = 0x555540000000
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
        others = draws(5 if draws(2) else HEADERS - wanted + 1)
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
