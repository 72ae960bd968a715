"""Lab 1.1: switch_context(). Two stacks made by hand, no scheduler: what does each side find after a switch?"""

from grade.api import exercise, require

NAMES = ("rbx", "rbp", "r12", "r13", "r14", "r15")
FRAME = ("r15", "r14", "r13", "r12", "rbx", "rbp", "rflags", "return address")
IN_FRAME = {"r15": 0xA15, "r14": 0xA14, "r13": 0xA13, "r12": 0xA12, "rbx": 0xABB, "rbp": 0xABF}  # as kernel/ktest/test_switch.c makes it
INTERRUPTS = 1 << 9


@exercise("1.1", points=4)
def test_callee_saved_registers_come_back_after_a_switch(boot):
    """For the caller, switch_context() is a C function: the compiler keeps values in these six registers across the call."""
    run = boot("switch_registers")
    before = {fact.a: fact.b for fact in run.facts("REG_BEFORE")}
    for fact in run.facts("REG_AFTER"):
        require(fact.b == before[fact.a], f"switch_context must keep {NAMES[fact.a]}: its value belongs to the thread",
                f"{NAMES[fact.a]} was {before[fact.a]:#x} before the switch and is {fact.b:#x} after it")


@exercise("1.1", points=3)
def test_the_stack_pointer_comes_back_after_a_switch(boot):
    """A thread goes on where it was: what it pushed before the switch lies where it expects it."""
    before, after = boot("switch_registers").facts("RSP")[-1][-2:]
    require(before == after, "after a switch and back, rsp must be what it was before the call of switch_context",
            f"rsp was {before:#x} and is {after:#x}: {after - before:+d} bytes")


@exercise("1.1", points=3)
def test_the_other_threads_frame_is_taken_down_completely(boot):
    """A thread continues from the frame on its stack: its registers get the frame's values, and the frame is gone."""
    run = boot("switch_frame")
    for fact in run.facts("REG_ARRIVED"):
        name = NAMES[fact.a]
        require(fact.b == IN_FRAME[name], f"the thread switched to must find in {name} what its frame holds for it",
                f"the frame holds {IN_FRAME[name]:#x}, {name} is {fact.b:#x}",
                "order of the words: see the picture in kernel/arch/x86_64/switch.asm")
    top, rsp = run.facts("RSP")[0][-2:]
    require(rsp == top, "when the thread goes on, its whole frame must be off the stack",
            f"rsp must be {top:#x} and is {rsp:#x}: {(top - rsp) // 8} words too many are left")


@exercise("1.1", points=4)
def test_a_switched_out_threads_stack_holds_the_frame(boot):
    """The saved stack pointer leads to a complete frame in the agreed order: new threads, backtraces and the debugger rely on it."""
    run = boot("switch_frame")
    values = dict(zip(NAMES, (fact.b for fact in run.facts("REG_BEFORE"))))
    for fact in run.facts("FRAME_WORD")[:6]:
        name = FRAME[fact.a]
        require(fact.b == values[name], f"word {fact.a} of the saved frame must be {name}",
                f"at saved rsp + {8 * fact.a} stands {fact.b:#x}, {name} was {values[name]:#x}",
                "was rsp stored before all registers were on the stack?")
    back = run.fact("RETURN_INSIDE")
    require(back.b == 1, "the frame's last word must be the return address of the call of switch_context",
            f"at saved rsp + 56 stands {run.symbolise(back.a)}")


@exercise("1.1", points=3)
def test_each_thread_has_its_own_flags(boot):
    """Whether interrupts are on is a thread's own affair: a switch must not carry it over from the other thread."""
    there, first, _, second = boot("switch_flags").facts("FLAGS")
    require(there.b & INTERRUPTS, "the thread switched to must find the flags that its frame holds",
            f"the frame holds rflags with interrupts on (bit 9), rflags there: {there.b:#x}")
    require(not first.b & INTERRUPTS, "a thread that had interrupts off must find them off when it goes on",
            f"rflags after the switch: {first.b:#x}; the other thread had interrupts on")
    require(second.b & INTERRUPTS, "a thread that had interrupts on must find them on when it goes on",
            f"rflags after the switch: {second.b:#x}; the other thread had interrupts off")


@exercise("1.1", points=3)
def test_a_thousand_switches_leave_both_stacks_where_they_were(boot):
    """A word too much or too little a switch adds up until a stack overflows."""
    run = boot("switch_many")
    rounds, rsp = run.fact("ROUND"), run.fact("RSP")
    require(rounds.a == rounds.b, "each switch to a thread lets it run once", f"{rounds.a} switches, {rounds.b} rounds of the other thread")
    require(rsp.a == rsp.b, "every switch out leaves the saved stack pointer at the same depth",
            f"saved rsp after the first switch {rsp.a:#x}, after the last one {rsp.b:#x}: {rsp.b - rsp.a:+d} bytes")
