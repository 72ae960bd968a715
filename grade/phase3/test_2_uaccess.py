"""Lab 3.2: user_range(), copyin(), copyout(), copyin_string(). What a program hands over may point anywhere."""

from grade.api import boots, exercise, no_leak, require, signed

EFAULT, ENOMEM, ENAMETOOLONG = -14, -12, -36
# As kernel/ktest/test_uaccess.c tries them: what it is, copyin()'s and copyout()'s result.
ADDRESSES = [("a variable of the kernel's", EFAULT, EFAULT), ("the same by its other address, in the map of all memory", EFAULT, EFAULT),
             ("address 0", EFAULT, EFAULT), ("a page that no region has", EFAULT, EFAULT),
             ("the last 8 bytes of a region and 8 behind it", EFAULT, EFAULT), ("a page that may not be touched at all", EFAULT, EFAULT),
             ("the last 8 bytes of a page and the first 8 of one that may not be touched", EFAULT, EFAULT),
             ("a page that may only be read", 0, EFAULT), ("8 bytes up to the end of the program's part and 8 behind it", EFAULT, EFAULT),
             ("the last 8 bytes of all", EFAULT, EFAULT),
             ("memory that may be read and written", 0, 0), ("no byte at all", 0, 0)]
RANGES = [("8 bytes at USER_START", 1), ("the last 8 bytes before USER_END", 1), ("9 bytes from USER_END - 8 on", 0),
          ("the last byte before USER_END", 1), ("all from 0x400000 to USER_END", 1), ("all from 0x400000 to USER_END and one more", 0),
          ("2^64 - 1 bytes from 0x400000 on, whose end is 0x3fffff", 0), ("so many bytes from 0x400000 on that their end is 1", 0),
          ("a byte at 2^47", 0), ("8 bytes where the kernel's image is", 0), ("the very last byte", 0)]
STRINGS = [("'hello', room for 64", 5), ("an empty one", 0), ("one that goes on on the next page", 8),
           ("one that ends with the last byte before a missing page, room for 4096", 4), ("300 bytes", 300), ("'hello', room for 6", 5),
           ("'hello', room for 5", ENAMETOOLONG), ("no 0 byte, 256 bytes before a missing page, room for 64", ENAMETOOLONG),
           ("the same, room for 256", ENAMETOOLONG), ("the same, room for 257", EFAULT), ("one on a missing page", EFAULT),
           ("no 0 byte before a page that may not be touched", EFAULT), ("an address of the kernel's", EFAULT), ("address 0", EFAULT),
           ("any, room for 0", ENAMETOOLONG), ("300 bytes and the 0 byte before a missing page, room for 4096", 300),
           ("one that ends with the last byte before USER_END, room for 4096", 4)]


@exercise("3.2", points=3)
def test_bytes_come_and_go_as_they_are(boot):
    """Of any length, from any byte on, across the ends of pages, and not one byte beside them."""
    run = boot("uaccess_copy")
    for key, call in (("RESULT", "copyin()"), ("RETURNED", "copyout()")):
        for fact in run.facts(key):
            offset, n, wrong = fact.a >> 32, fact.a & 0xFFFFFFFF, signed(fact.b)
            require(wrong == 0, f"{call} copies all n bytes, as they are, and touches none beside them",
                    f"{n} bytes at offset {offset} of a page's 4096: "
                    + (f"it returned {wrong}" if wrong < 0 else f"{wrong} bytes are not what they should be"))
    no_leak(run)


@exercise("3.2", points=3)
def test_what_is_not_the_programs_is_refused(boot):
    """A system call does what its program could do by itself, and no more: or any program could read and write the kernel."""
    run = boot("uaccess_refuse")
    found = {fact.a: fact.b for fact in run.facts("FOUND")}
    results = zip(ADDRESSES, run.facts("RESULT"), run.facts("RETURNED"))
    for step, ((what, reads, writes), got, put) in enumerate(results):
        require(not found[step], "nothing of the kernel's is given to a program or taken from it",
                f"{what}: it was {'read' if found[step] & 1 else 'written'}")
        for call, fact, expected in (("copyin()", got, reads), ("copyout()", put, writes)):
            require(signed(fact.b) == expected, f"{call} gives -EFAULT where a byte is not the program's to "
                    + ("read" if call == "copyin()" else "write") + ", and 0 otherwise",
                    f"{what}: it returned {signed(fact.b)}, expected {expected}")
    require(run.fact("NOTE").b == ord("x"), "what a program may only read is not written on its behalf", "the page has other contents now")
    no_leak(run)


@exercise("3.2", points=2)
def test_a_range_ends_where_its_length_says_even_if_the_sum_is_small(boot):
    """Start plus length may be more than 64 bits hold, and then it is a small number."""
    facts = boot("uaccess_range").facts("FOUND")
    for (what, inside), fact in zip(RANGES, facts):
        require(fact.b == inside, "user_range() says whether each of the n bytes lies below USER_END",
                f"{what}: it says {bool(fact.b)}, expected {bool(inside)}")


@exercise("3.2", points=3)
def test_a_string_is_read_up_to_its_end_and_no_further(boot):
    """Nobody knows a string's length before it was read; behind its 0 byte there may be no page any more."""
    run = boot("uaccess_string")
    wrong = {fact.a: fact.b for fact in run.facts("COUNT")}
    for step, ((what, expected), fact) in enumerate(zip(STRINGS, run.facts("RESULT"))):
        require(signed(fact.b) == expected,
                "copyin_string() returns the string's length, -ENAMETOOLONG if it does not fit, -EFAULT if a byte of it is not to be had",
                f"{what}: it returned {signed(fact.b)}, expected {expected}")
        require(not wrong[step], "the buffer holds the string with its 0 byte, and nothing is written behind its end",
                f"{what}: {wrong[step]} bytes are wrong")
    no_leak(run)


@exercise("3.2", points=1)
@boots(2)
def test_memory_that_was_never_touched_is_as_good_as_any(boot):
    """Pages come when they are touched, and it is all the same by whom: a program may read() into a buffer that it never used."""
    run = boot("uaccess_untouched", result=None)
    seen, pages = [fact.b for fact in run.facts("NOTE")], [fact.b for fact in run.facts("COUNT")]
    require([fact.b for fact in run.facts("RESULT")] == [0, 0], "copyin() and copyout() work on memory that was never touched",
            lambda: f"they returned {[signed(fact.b) for fact in run.facts('RESULT')]}")
    require(seen == [0, 0x77], "untouched memory is 0 until something is put there",
            f"read: {seen[0]:#x}; written 0x77, found {seen[1]:#x}")
    require(pages == [2, 3], "a page is made for each one that is touched, and for no other",
            f"the space had {pages} pages after each step")
    no_leak(run)
    run = boot("uaccess_untouched", "failalloc=all", result=None)
    for number, fact in enumerate(run.facts("FAILALLOC_LEAK"), 1):
        require(not fact.a and not fact.b, "a page that is not to be had makes a copy fail, and nothing is lost",
                f"allocation {number} failed: {signed(fact.a)} frames and {signed(fact.b)} objects were lost")
    require({signed(fact.b) for fact in run.facts("FAILALLOC_RESULT")} == {0, ENOMEM}, "without memory the copy says so",
            lambda: f"the test returned {[signed(fact.b) for fact in run.facts('FAILALLOC_RESULT')]}")
