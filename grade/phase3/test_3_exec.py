"""Lab 3.3: elf_load(). A program's file becomes its address space, and a stranger's file nothing else."""

from grade.api import boots, exercise, no_leak, require, signed

ENOEXEC, ENOMEM, EIO = -8, -12, -5
READ, WRITE, EXECUTE = 1, 2, 4
PIE = 0x555540000000
# The program of kernel/ktest/test_elf.c: its regions and some of its bytes.
REGIONS = [(0x400000, 0x402000, READ | EXECUTE, "text, 0x1200 bytes from 0x400000 on"),
           (0x402000, 0x403000, READ, "constants, 16 bytes from 0x402000 on"),
           (0x403000, 0x404000, READ | WRITE, "the page of data that the file has something of"),
           (0x404000, 0x407000, READ | WRITE, "data that the file has nothing of, up to 0x406010")]
BYTES = {0x400000: 0x7F, 0x4011FF: 0xFF, 0x402000: 0x80, 0x40200F: 0x8F, 0x403010: 0x90, 0x40304F: 0xCF}
ZEROES = (0x403050, 0x403FFF, 0x404000, 0x40600F)
# As test_elf.c makes them.
BAD = ["no ELF file", "one for 32 bits", "one for big-endian machines", "an object file", "one for another processor",
       "program headers of 55 bytes", "no program headers", "65535 program headers", "33 program headers, one more than there is room for",
       "program headers behind the file's end",
       "program headers 8 bytes before 2^64", "a file of 63 bytes", "a file that ends in its program headers",
       "a file that ends in a segment", "a segment's offset just below 2^64: offset + size is a small number",
       "a segment with more bytes in the file than 64 bits can be added to", "a segment with more bytes in the file than in memory",
       "a segment where the kernel is", "a segment in the kernel's map of memory", "a segment of so many bytes that its end is 0",
       "a segment of so many bytes that its end is a small number", "a segment that goes on behind USER_END", "a segment at address 0",
       "two segments at the same place", "two segments in the same page", "a segment below the one before it",
       "an offset and an address at different places of a page", "a first instruction in no segment", "a first instruction in the kernel",
       "a first instruction at an address that no pointer can have", "a program that wants another one as interpreter",
       "a segment among the zeroes of the one before it",
       "one that may lie anywhere, with a segment that is behind USER_END when it is moved",
       "one that may lie anywhere, with its first instruction in no segment",
       "one that may lie anywhere, with two segments in the same page",
       "a program that wants another one as interpreter, and says so before its first segment",
       "one that may lie anywhere, and wants another one as interpreter",
       "no ELF file, and what it has for its program headers' place cannot be read: the header is compared first"]

# As test_elf.c makes them: what is odd, the rule, and what comes of it.
ODD = [("program headers right behind the data's bytes", "program headers that no segment has are not in memory: 0", 0),
       ("a segment of which the file has nothing", "a segment becomes memory, be there bytes of it in the file or not", 0x502000),
       ("a segment of no size at address 0", "a segment of no size is passed over", 0x402000),
       ("one that may lie anywhere, with program headers right behind the data's bytes",
        "program headers that no segment has are not in memory: 0", 0),
       ("program headers in the third segment", "the program headers are in memory where the segment is that has them", 0x403050),
       ("a first instruction among the constants", "the first instruction lies in a region, whatever that allows", 0x402004),
       ("32 program headers, most of no known type", "a file may have as many program headers as elf_header_fits() says", 32)]


@exercise("3.3", points=3)
@boots(2)
def test_a_program_runs_and_its_output_is_linuxs(boot):
    """Text, data, bss and stack are where the file says: or the program would not get as far as to say hello."""
    for path, output in (("/tests/hello", "hello\n"), ("/tests/lab3_exec", EXPECTED)):
        run = boot("user", program=[path], limit_ms=300)
        require(run.status == 0, "a program that is loaded rightly runs to its end",
                lambda: f"{path}: wait4() says {signed(run.status):#x}; it wrote {run.output!r}")
        require(run.output == output, "what a program writes is what it writes on Linux", lambda: f"{path} wrote {run.output!r}")


@exercise("3.3", points=3)
def test_each_segment_is_where_it_says_and_allows_what_it_says(boot):
    """The linker has put addresses into every instruction; and what may be written is not to be executed."""
    run = boot("elf_good", result=None)
    require(run.fact("RETURNED").b == 0, "a right program is loaded", f"elf_load() returned {signed(run.fact('RETURNED').b)}")
    seen = [(fact.a & ~7, fact.b, fact.a & 7) for fact in run.facts("REGION")]
    wanted = [part[:3] for part in REGIONS]
    def covers(start, end, access):
        return any(s <= start and end <= e and a == access for s, e, a in seen)
    for start, end, access, what in REGIONS:
        require(covers(start, end, access), "each segment becomes memory at its address, of its length, with the access that its flags say",
                f"{what}: expected {start:#x} to {end:#x}, access {access} (1 read, 2 write, 4 execute)",
                *(f"there is {s:#x} to {e:#x}, access {a}" for s, e, a in seen))
    require(sum(e - s for s, e, _ in seen) == sum(e - s for s, e, _ in wanted), "what no segment says is not mapped",
            *(f"there is {s:#x} to {e:#x}" for s, e, _ in seen))
    names = ("its first instruction", "its program headers in memory", "the number of its program headers", "the end of its last segment")
    for name, fact, expected in zip(names, run.facts("NOTE"), (0x400100, 0x400040, 4, 0x406010)):
        require(fact.b == expected, "elf_load() tells what exec() and the C library have to know",
                f"{name}: {fact.b:#x}, expected {expected:#x}")
    found = {fact.a: fact.b for fact in run.facts("NOTE")}
    for number, (what, rule, expected) in enumerate(ODD):
        require(found[10 + number] == 0, "a file that is odd and right is loaded",
                f"{what}: elf_load() returned {signed(found[10 + number])}")
        require(found[20 + number] == expected, rule, f"{what}: {found[20 + number]:#x}, expected {expected:#x}")
    no_leak(run)


@exercise("3.3", points=2)
def test_what_the_file_has_not_is_zero(boot):
    """C says so of all variables without a value; and what stands behind the segment in the file is nobody's business."""
    run = boot("elf_good", result=None)
    require(run.fact("RETURNED").b == 0, "a right program is loaded", f"elf_load() returned {signed(run.fact('RETURNED').b)}")
    seen = {fact.a: fact.b for fact in run.facts("RESULT")}
    for va, expected in BYTES.items():
        require(seen[va] == expected, "a program finds in memory what its file has for that place",
                f"at {va:#x}: {signed(seen[va])}, expected {expected}")
    for va in ZEROES:
        require(seen[va] == 0, "what the file has not of a segment is 0, from the first byte on",
                f"at {va:#x}: {signed(seen[va])}; the file has the segment up to 0x403050")
    require(run.fact("FOUND").b == 0xFF, "what a program writes, or exec() for it, does not change its file", "the file was changed")
    require(run.fact("COUNT").b == 0, "a region holds its file, and lets it go in the end",
            f"{signed(run.fact('COUNT').b)} references are left")


@exercise("3.3", points=2)
def test_a_program_that_may_lie_anywhere_is_moved_as_a_whole(boot):
    """All of its addresses are counted from where it lies: a debugger, address randomisation and static-pie programs rely on it."""
    run = boot("elf_anywhere", result=None)
    require(run.fact("RETURNED").b == 0, "a program that may lie anywhere is loaded",
            f"elf_load() returned {signed(run.fact('RETURNED').b)}")
    base = min(fact.a & ~7 for fact in run.facts("REGION")) - 0x400000
    require(base == PIE, "such a program lies at PIE_BASE", f"it lies at {base:#x}")
    entry, headers, _, end = (fact.b - base for fact in run.facts("NOTE"))
    require((entry, headers, end) == (0x400100, 0x400040, 0x406010), "all of a program's addresses are moved by the same distance",
            f"moved back: first instruction {entry:#x}, program headers {headers:#x}, end {end:#x}",
            "expected 0x400100, 0x400040, 0x406010")
    seen = {fact.a - base: fact.b for fact in run.facts("RESULT")}
    require(all(seen[va] == byte for va, byte in BYTES.items()) and not any(seen[va] for va in ZEROES),
            "a program finds in memory what its file has for that place", f"{ {hex(va): byte for va, byte in seen.items()} }")


@exercise("3.3", points=4)
def test_a_file_with_a_wrong_number_is_no_program(boot):
    """Whoever can write a file can run it: one number that is believed is a way into the kernel."""
    run = boot("elf_bad")
    *refused, unread, nothing = run.facts("RETURNED")
    for what, fact in zip(BAD, refused):
        require(signed(fact.b) == ENOEXEC, "a file that is wrong in one number is refused with -ENOEXEC",
                f"{what}: elf_load() returned {signed(fact.b)}")
    for what, fact in (("program headers", unread), ("header", nothing)):
        require(signed(fact.b) == EIO, "where the file cannot be read, elf_load() returns what image_read() returned",
                f"its {what} cannot be read, -EIO: elf_load() returned {signed(fact.b)}")
    require(run.fact("COUNT").b == 0, "a file that was refused is held by nobody", f"{signed(run.fact('COUNT').b)} references are left")
    no_leak(run)


@exercise("3.3", points=2)
def test_random_changes_make_no_harm(boot):
    """A thousand files with random headers: each is loaded within the program's part of the addresses, or refused."""
    run = boot("elf_random", limit_ms=1000)
    for fact in run.facts("FOUND", 0):
        require(False, "what is loaded lies within the addresses that programs have, in order, and has the first instruction in it",
                f"file {fact.a}: " + (f"a region at {fact.b:#x}" if fact.b else "its first instruction lies in no region"))
    count = {fact.a: fact.b for fact in run.facts("COUNT")}
    require(set(count) <= {0, -ENOEXEC, -ENOMEM}, "a file with random changes is loaded or refused with -ENOEXEC",
            f"errors and how often: {count}")
    require(sum(count.values()) == 1000 and count.get(-ENOEXEC, 0) > 300, "a file with random changes is loaded or refused with -ENOEXEC",
            f"errors and how often: {count}")
    require(run.fact("REFS").b == 0, "a file that was refused is held by nobody", f"{signed(run.fact('REFS').b)} references are left")
    no_leak(run)


@exercise("3.3", points=2)
@boots(2)
def test_exec_is_whole_or_not_at_all(boot):
    """The old program needs to hear of the error; so it has to be there still, in all of its memory."""
    run = boot("elf_exec")
    bad, good = (signed(fact.b) for fact in run.facts("RETURNED"))
    kept, new = (fact.b for fact in run.facts("FOUND"))
    notes = [fact.b for fact in run.facts("NOTE")]
    require(bad == ENOEXEC and kept and notes[0] == 0x01D, "exec of a bad file fails, and the caller goes on as if nothing had been",
            f"it returned {bad}; the caller's space is {'the same' if kept else 'another one'}, its memory says "
            f"{notes[0]:#x}, expected 0x1d")
    require(good == 0 and new, "exec of a good file replaces the caller's memory", f"it returned {good}")
    require(notes[1] == 0x400100 and notes[2] == 2**64 - 1 and notes[3] == 0x9796959493929190, "then the memory is the new program's alone",
            f"first instruction {notes[1]:#x}; the old memory reads {notes[2]:#x}, expected a fault; the new data {notes[3]:#x}")
    no_leak(run)
    run = boot("elf_exec", "failalloc=all", result=None, limit_ms=1000)
    results = [signed(fact.b) for fact in run.facts("FAILALLOC_RESULT")]
    require(set(results[:-1]) <= {ENOMEM} and results[-1] == 0, "without memory exec gives -ENOMEM", f"it returned {results}")
    for number, fact in enumerate(run.facts("FAILALLOC_LEAK"), 1):
        require(not fact.a and not fact.b, "an exec that fails gives back what it took",
                f"allocation {number} failed: {signed(fact.a)} frames and {signed(fact.b)} objects were lost")


EXPECTED = """\
no file: No such file or directory
a text: Exec format error
a piece of a program: Exec format error
another processor's: Exec format error
odd program headers: Exec format error
memory: as before
descriptor: open
the new program: 3 arguments, 'one', 'two words'
environment: 'A=1'
data: as linked
bss: 0
stack: aligned
"""
