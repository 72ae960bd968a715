"""Lab 1.2: first_stack() and thread_start. Threads that are made but never queued: what does the first switch to them find?"""

from grade.api import NOTHING, Unjudged, boots, exercise, no_leak, require, signed, without_checks

INTERRUPTS, ALWAYS_ONE = 1 << 9, 1 << 1  # bits of rflags
ARITHMETIC = 0x8D5  # flags that any call may change: CF PF AF ZF SF OF
FRAME_BYTES, MOST_UNUSED = 64, 256
FLAGS = {1 << 8: "TF, single steps", 1 << 10: "DF, strings run backwards", 1 << 14: "NT", 1 << 18: "AC, user memory is open"}
ARGUMENT, ANOTHERS = 0x5CA1AB1E0DDBA11, 0x0DDBA115CA1AB1E  # as kernel/ktest/test_first_stack.c has them
BELOW = 4 * 4096 + 4096  # bytes of the test's memory below the stack's end


def started(boot, ktest, **how):
    """Runs a ktest in which a thread starts. Where its argument was called instead of its function, says so."""
    try:
        return boot(ktest, **how)
    except Unjudged as broken:
        if f"{ARGUMENT:#x}" not in broken.rule:
            raise
        raise Unjudged(broken.status, "thread_start must call the thread's function, and it called the argument",
                       "do first_stack and thread_start mean the same registers?", broken.rule, *broken.evidence) from None


def called_well(rsp, top, what):
    """Judges rsp at a call, before the return address is pushed. what: the function that is called."""
    require(rsp != top + 8, f"{what} must be called, and it was jumped to: a function finds its return address at rsp, and there was none",
            "`call` pushes the 8 bytes that are missing, `jmp` does not; rsp was a multiple of 16, and a function begins at 16 n + 8")
    require(top - 16384 < rsp <= top, f"{what} must run on the new thread's stack", f"rsp is {rsp:#x}, the stack ends at {top:#x}")
    require(rsp % 16 == 0, "rsp must be a multiple of 16 when a function is called",
            f"at the call of {what} it was {rsp:#x}, that is 16 n + {rsp % 16}")


def no_other_flag(run, what):
    """Judges rflags at a call. what: the function that is called."""
    flags = run.fact("FLAGS").b & ~ARITHMETIC & ~INTERRUPTS & ~ALWAYS_ONE
    require(not flags, f"{what} must be called with no flag of the processor set but that of the interrupts",
            f"set in rflags: {flags:#x} ({', '.join(name for bit, name in FLAGS.items() if flags & bit) or 'no name'})")


@exercise("1.2", points=4)
def test_a_new_threads_stack_holds_a_frame_that_leads_to_thread_start(boot):
    """switch_context() knows only one way to continue a thread: to return out of the frame on its stack."""
    run = boot("first_frame")
    top, rsp = run.fact("FIRST_RSP")[-2:]
    require(top - 4096 <= rsp <= top - FRAME_BYTES, "first_stack must return the address of a whole frame inside the stack",
            f"the stack ends at {top:#x}, first_stack returned {rsp:#x}, a frame has {FRAME_BYTES} bytes")
    require(rsp >= top - FRAME_BYTES - MOST_UNUSED,
            "the frame must stand at the top of the stack: what lies above it is lost to the thread",
            f"the frame ends {top - rsp - FRAME_BYTES} bytes below the stack's end")
    below, above = (fact.b for fact in run.facts("KEPT"))
    require(below == NOTHING and above == NOTHING,
            "first_stack writes the frame and nothing else: the rest of the stack, and what lies around it, is not its own",
            f"{BELOW - below - (top - rsp)} bytes below the frame something was written" if below != NOTHING else
            f"{above} bytes above the stack's end something was written")
    word = {fact.a: fact.b for fact in run.facts("FIRST_FRAME")}
    start = run.facts("EXPECTED")[0].b
    require(word[7] == start, "the frame's return address must be thread_start",
            f"it is {word[7]:#x}, that is {run.symbolise(word[7])}; thread_start is {start:#x}")
    require(word[5] == 0, "the frame's rbp must be 0: there the chain of frame pointers ends, and with it every backtrace",
            f"it is {word[5]:#x}")
    require(not word[6] & INTERRUPTS, "a new thread starts with interrupts off: the run queue's lock is still held",
            f"the frame's rflags are {word[6]:#x}, with bit 9 (IF) set")
    require(not word[6] & ~ALWAYS_ONE, "a new thread starts with no flag set (SWITCH_RFLAGS)", f"the frame's rflags are {word[6]:#x}")


def argument_arrived(run):
    arg, inside = run.fact("ENTRY_ARG")[-2:]
    require(arg == ARGUMENT, "a thread's function must be called with the argument that its creator gave",
            f"it got {arg:#x}, the creator gave {ARGUMENT:#x}",
            *["that is the argument of another thread, for which first_stack was called later"] * (arg == ANOTHERS))
    require(inside == 1, "the function must run as the new thread", "current() is another thread there")


@exercise("1.2", points=4)
@boots(2)
def test_a_threads_function_gets_its_argument(boot):
    """Between first_stack() and the call of the function lie a switch and some assembly: the argument has to come through both."""
    argument_arrived(started(boot, "first_entry"))
    with without_checks():
        argument_arrived(started(boot, "first_entry", build="unchecked"))


@exercise("1.2", points=4)
def test_a_threads_function_is_called_on_an_aligned_stack_of_its_own(boot):
    """The System V ABI: at a call, rsp is a multiple of 16. A compiler may rely on it, and one day it will."""
    run = started(boot, "first_entry")
    called_well(*run.fact("ENTRY_RSP")[-2:], "the thread's function")
    rbp = run.fact("ENTRY_RBP").b
    require(rbp == 0, "rbp must be 0 when the thread's function is called: there every backtrace ends", f"it is {rbp:#x}")


@exercise("1.2", points=3)
def test_a_threads_function_starts_with_interrupts_on_and_no_lock(boot):
    """The switch to the new thread happened with the run queue locked; thread_begin() gives back what the switch held."""
    run = started(boot, "first_entry")
    on, held = run.fact("ENTRY_IRQ")[-2:]
    require(on == 1, "interrupts must be on in a thread's function", "they are off: was thread_begin called first?")
    require(held == 0, "the run queue's lock must be free in a thread's function", "it is held: was thread_begin called first?")
    no_other_flag(run, "a thread's function")


@exercise("1.2", points=3)
def test_returning_from_a_threads_function_ends_the_thread(boot):
    """A thread function may simply return; its result is the exit code. There is no caller to go back to."""
    run = started(boot, "first_return")
    code = signed(run.fact("EXIT_CODE").b)
    require(code == -123456789, "what a thread's function returns must reach thread_exit()",
            f"the function returned -123456789, thread_exit() got {code}")
    called_well(*run.fact("EXIT_RSP")[-2:], "thread_exit()")
    no_other_flag(run, "thread_exit()")
    no_leak(run)


@exercise("1.2", points=2)
def test_a_thread_can_end_itself_on_its_first_stack(boot):
    """thread_exit() may be called from anywhere in a thread, with any code."""
    run = started(boot, "first_exit")
    code = signed(run.fact("EXIT_CODE").b)
    require(code == -7, "thread_exit() must get the code that the thread gave", f"the thread gave -7, thread_exit() got {code}")
    no_leak(run)
