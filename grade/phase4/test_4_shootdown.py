"""Lab 4.4: tlb_shootdown(), shootdown_ask(), shootdown_answer(). Threads of one address space on four CPUs look at its pages, each through
what its own CPU knows of them, while entries change (kernel/ktest/test_shootdown.c, test_shootdown_books.c, user/tests/lab4_flush.c)."""

from grade.api import boots, exercise, no_leak, require, seeds
from grade.phase4.parts import part, says

OLD, NEW, PAGES = 0x01D00, 0x4E300, (0, 1, 2, 50, 99)  # as kernel/ktest/test_shootdown.c has them
OTHERS = (1, 2, 3)
ALL = (0, *OTHERS)
FEW = 24  # as kernel/ktest/test_frames_smp.c has it
FORGET = "when tlb_shootdown() has returned, every CPU that runs a thread of the space reads what the tables say now"
WAIT = "tlb_shootdown() returns when all CPUs that were asked have forgotten, and not before"


def readings(run):
    """{(step, CPU, page): what stands there}."""
    return {(fact.a >> 16, fact.a >> 8 & 255, fact.a & 255): fact.b for fact in run.facts("NOTE")}


def saw(read, step, pages, rule=FORGET, cpus=ALL):
    """Judges what the CPUs read at a step. pages: {page: whether it has been exchanged}."""
    for cpu in cpus:
        for page, new in pages.items():
            found, wanted = read[step, cpu, page], (NEW if new else OLD) + page
            require(found == wanted, rule, f"page {page} of those that changed, on CPU {cpu}: {found:#x}, which is "
                    + ("what stood there before" if found in (OLD + page, NEW + page) else "on neither of its pages")
                    if new or step else f"before anything changed, CPU {cpu} reads {found:#x} on page {page}, not {wanted:#x}")


@exercise("4.4", points=4)
def test_every_cpu_forgets_pages_that_are_others_now(boot):
    """A CPU knows its own translations only, and goes on using a page that is somebody else's by now, until it is told."""
    run = boot("flush_everywhere", cpus=4)
    read = readings(run)
    saw(read, 0, dict.fromkeys(PAGES, False))
    saw(read, 1, {page: page < 3 for page in PAGES})
    saw(read, 2, {page: page >= 3 for page in PAGES})
    no_leak(run)


@exercise("4.4", points=3)
def test_the_call_returns_when_all_have_forgotten(boot):
    """Whoever called goes on as if nobody used the page any more: one CPU that has not taken its interrupt yet still does."""
    run = boot("flush_waits", cpus=4)
    for fact in run.facts("FOUND", least=len(OTHERS)):
        require(not fact.b, WAIT, f"CPU {fact.a} had interrupts off, and could not have answered; the call had returned")
    no_leak(run)


@exercise("4.4", points=2)
@boots(2)
def test_a_page_is_given_back_when_nobody_knows_it(boot):
    """Its next owner writes there at once, and another CPU would read that, or write over it."""
    run = boot("flush_frames", cpus=4)
    answers = [(fact.a, fact.b) for fact in run.facts("REFS", least=2 * len(OTHERS))]
    for (cpu, users), (_, after) in zip(answers[::2], answers[1::2]):
        require(users == 1, "a page that munmap() took away goes back when all CPUs have forgotten it, and not before",
                f"CPU {cpu} had interrupts off, and still knew the page; it had {users} users then")
        require(after == 0, "a page that munmap() took away goes back", f"when aspace_unmap() had returned, it had {after} users")
    no_leak(run)
    run = boot("frames_last", cpus=4)
    rule = "what one CPU gave back another one gets, when nothing else is left"
    for fact in run.facts("NOTE", least=len(OTHERS)):
        require(fact.b == FEW, rule, f"CPU 0 gave {FEW} pages back, and nobody had any; CPU {fact.a} got {fact.b}")
    all_have = [fact.b for fact in run.facts("COUNT")]
    require(len(set(all_have)) == 1, rule, f"all CPUs together had {all_have[0]} pages, all that there are, gave some back and took again "
            f"what there was: {', '.join(map(str, all_have[1:]))}")
    no_leak(run)


@exercise("4.4", points=2)
def test_only_who_runs_the_space_is_interrupted_and_once(boot):
    """An interrupt costs more than what is forgotten: one for all pages of a call, and none where no thread of the space runs."""
    run = boot("flush_counts", cpus=4)
    count = {(fact.a >> 8, fact.a & 255): fact.b for fact in run.facts("COUNT")}
    what = {1: "three pages changed", 2: "one page changed, while CPU 3 ran no thread of the space", 3: "a hundred pages changed",
            4: "twenty pages were unmapped"}
    for step, text in what.items():
        require(count[step, 0] == 0, "a CPU does not ask itself", f"{text}: CPU 0, which called, was interrupted {count[step, 0]} times")
        for cpu in OTHERS:
            wanted = 0 if (step, cpu) == (2, 3) else 1
            require(count[step, cpu] == wanted,
                    "one call of tlb_shootdown() interrupts each other CPU in users->active once" if wanted else
                    "a CPU that runs no thread of the space is left alone, even if it has its tables loaded",
                    f"{text}: CPU {cpu} was interrupted {count[step, cpu]} times")
    no_leak(run)


@exercise("4.4", points=2)
def test_who_was_not_asked_finds_out_when_it_comes_back(boot):
    """A CPU that runs somebody else is not asked, and still knows the pages when it comes back to a thread of the space."""
    run = boot("flush_counts", cpus=4)
    read = readings(run)
    count = {(fact.a >> 8, fact.a & 255): fact.b for fact in run.facts("COUNT")}
    saw(read, 1, {page: page < 3 for page in PAGES})
    require(count[1, 3] and not count[2, 3], "a CPU that runs no thread of the space is left alone, even if it has its tables loaded",
            f"CPU 3 was interrupted {count[1, 3]} times when it ran a thread of the space, {count[2, 3]} times when it did not")
    saw(read, 2, {0: False, 1: True, 2: True, 50: False}, "a CPU that comes back to a space forgets what was taken away meanwhile: "
        "tlb_shootdown() counts users->generation", [3])
    for fact in run.facts("ENTRY"):
        require(fact.b, "a request has the generation that was counted for it, so that who has served it knows that it is up to date",
                f"CPU {fact.a & 255}, behind call {fact.a >> 8}, does not know the space's generation")
    no_leak(run)


def looked(part_of_run, who):
    """Judges by the facts of kernel/ktest/test_shootdown_books.c; who: the CPUs that had to look."""
    count = {fact.a: fact.b for fact in part_of_run.facts("COUNT")}
    require(all(count[cpu << 1] for cpu in who), "all CPUs come to look at the pages", f"looks of each: {[count[cpu << 1] for cpu in who]}")
    wrong = {cpu: count[cpu << 1 | 1] for cpu in who if count[cpu << 1 | 1]}
    if wrong:
        first = part_of_run.facts("RESULT")[0]
        cpu = min(wrong)
        require(False, "behind a shootdown no CPU sees a page that was taken away",
                f"CPU {cpu} looked {count[cpu << 1]} times and was wrong {wrong[cpu]} times",
                f"the first time the page had to show {first.a} or more, and showed {first.b}"
                + (", what a page shows that was given back" if not first.b else ""))


@exercise("4.4", points=2)
@seeds(20)
def test_who_comes_meanwhile_is_asked_or_finds_out(boot, seeds):
    """Whoever takes away counts first and looks then who has entered; who comes does it the other way round. So one of them notices."""
    for part_of_run in boot("flush_comes", build="race", seeds=seeds, cpus=4, limit_ms=200).each_seed():
        looked(part_of_run, OTHERS)


@exercise("4.4", points=2)
@seeds(20)
def test_all_may_ask_all_at_the_same_time(boot, seeds):
    """Interrupts become one, words change while they are read, and whoever waits for answers has to give some."""
    for part_of_run in boot("flush_crosswise", build="race", seeds=seeds, cpus=4, limit_ms=200).each_seed():
        looked(part_of_run, ALL)


@exercise("4.4", points=1)
def test_who_waits_for_answers_gives_them(boot):
    """Two CPUs that ask each other would otherwise wait for ever, and neither has done anything wrong before."""
    run = boot("flush_meanwhile", cpus=4)
    require(run.fact("FOUND").b, "a CPU that waits in shootdown_ask() answers others meanwhile: its interrupts stay on",
            "CPU 0 waited for CPU 1, which had interrupts off; CPU 2 asked CPU 0, and had no answer before CPU 1 gave its own")
    no_leak(run)


@exercise("4.4", points=1)
@boots(2)
@seeds(20)
def test_a_request_that_was_answered_is_nobodys_business(boot, seeds):
    """The other CPU uses its place for something else at once: who serves it again does what nobody asked it to do."""
    run = boot("flush_served", cpus=4)
    saw(readings(run), 1, {0: True, 1: False})
    require(run.fact("FOUND").b, "shootdown_answer() serves a request once, and none that is not for this CPU",
            "CPU 1 had answered CPU 0, and was asked nothing since; it has done what stood in CPU 0's place later")
    no_leak(run)
    for part_of_run in boot("flush_done", build="race", seeds=seeds, cpus=4, limit_ms=200).each_seed():
        done = part_of_run.fact("COUNT")
        require(not done.b, "shootdown_answer() clears this CPU's bit in pending when it has done what was asked, and not before",
                f"{done.a} times a CPU was to leave the space's tables; {done.b} times it had cleared its bit, and had not left them")


@exercise("4.4", points=1)
@boots(3)
def test_threads_on_other_cpus_see_what_one_of_them_does(boot):
    """munmap, mprotect and fork are promises to the whole process, whichever of its threads calls, and wherever the others run."""
    run = part(boot, "flush", "taken", cpus=4)
    says(run, {
        "a page that one thread unmapped is gone for all": ["unmapped: -1 -1 -1"],
        "a page that one thread closed to reading is closed for all": ["not to be read: -1 -1 -1"],
        "a page that one thread closed to writing is closed for all": ["not to be written: -1 -1 -1"],
        "a page that one thread put in another one's place is there for all": ["another page in its place: 7 7 7"]})
    no_leak(run)
    run = part(boot, "flush", "forked", cpus=4)
    says(run, {"what a thread writes after a fork, the child does not see": ["seen by a child: 0"],
               "what a thread writes while another one forks is not lost": ["lost by who wrote: 0"]})
    no_leak(run)
    run = part(boot, "flush", "written", cpus=4)
    says(run, {"what one thread writes into a page that a child has, too, its other threads read": ["the threads see: 6 6 6"],
               "the child keeps the page as it was": ["the child sees: exited 5"]})
    no_leak(run)
