"""Hidden tests of lab 3, 3.2: copies and strings wherever they lie. In the kernel: hidden_uaccess.c."""

from grade.api import boots, exercise, no_leak, seeds
from grade.models.twin import BITS, Draws, agree, total

PAGE = 4096
USER_END = 0x7FFFFFFFF000
EFAULT, ENAMETOOLONG = -14, -36


def up(at):
    return -(-at // PAGE) * PAGE


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
