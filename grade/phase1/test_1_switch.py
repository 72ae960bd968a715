"""Lab 1.1: switch_context(). Two stacks made by hand, no scheduler: what does each side find after a switch?"""

import re

from grade.api import NOTHING, Unjudged, exercise, replay, require

NAMES = ("rbx", "rbp", "r12", "r13", "r14", "r15")
FRAME = ("r15", "r14", "r13", "r12", "rbx", "rbp", "rflags", "return address")
# As kernel/ktest/test_switch.c makes it; no word of it but the last one is an address, and none of the words above it.
IN_FRAME = {"r15": 0xA15, "r14": 0xA14, "r13": 0xA13, "r12": 0xA12, "rbx": 0xABB, "rbp": 0xABF}
INTERRUPTS = 1 << 9
BESIDE = 64 * 8     # bytes in front of what rdi leads to
RFLAGS = 2          # in the frame, perhaps with INTERRUPTS
ARITHMETIC = 0x8D5  # flags that any call may change: CF PF AF ZF SF OF
ORDER = "the pops have to be the pushes in reverse order, and that order is the one drawn in kernel/arch/x86_64/switch.asm"
MIRROR = "what switch_context takes off the new stack has to mirror what it puts on the old one: seven words, then `ret` takes the eighth"


def switch(boot, ktest):
    """Runs a ktest, in which the other thread has to be reached. Where the kernel jumped to no code at all, `ret` or popfq took a word that
    was meant for something else: said so."""
    try:
        run = boot(ktest)
        require(run.facts("REG_ARRIVED", 0) or run.facts("ROUND", 0),
                "switch_context must continue the thread whose frame next_rsp leads to",
                "the other thread was never reached: is rsi taken for rsp?")
        return run
    except Unjudged as broken:
        if broken.rule.startswith("exception 8 "):
            raise Unjudged(broken.status, "next_rsp, in rsi, is the new stack pointer itself: where switch_context went is no stack",
                           "was a word that rsi leads to taken for rsp?", broken.rule, *broken.evidence) from None
        jump = re.match(r"(?:page fault|exception 13 .*) at (\w+)\b.*\bjump|exception 1 .*trap flag", broken.rule)
        if not jump:
            raise
        raise Unjudged(broken.status, MIRROR, *landed(jump[1]), broken.rule, *broken.evidence) from None


def landed(address):
    """Which word it was that `ret` took: lines for a student. address: as text, or None if popfq took a wrong word."""
    words = {0xA0 + n: f"the word {n + 1} above its frame: {n + 1} too many were taken off, or {n + 1} too few put there" for n in range(2)}
    words |= {value: f"{FRAME[n]} of the frame: {7 - n} too few were taken off"
              for n, value in enumerate([*(IN_FRAME[name] for name in FRAME[:6]), RFLAGS])}
    if address is None:
        return ["popfq took a word that is not the frame's rflags"]
    words[RFLAGS | INTERRUPTS] = words[RFLAGS]
    words[0x5A5A5A5A5A5A5A5A] = "a word beside the one that rdi leads to: are rdi and rsi exchanged?"
    return [f"`ret` went to {address}, {words.get(int(address, 16), 'no word of the frame: did rsp come from rsi?')}"]


def whose(value, values):
    """Whose value that is, as the end of a sentence, or "". values: {name: value}."""
    owner = next((name for name, other in values.items() if other == value), None)
    return f", which is what {owner} was" if owner else ""


@exercise("1.1", points=3)
def test_callee_saved_registers_come_back_after_a_switch(boot):
    """For the caller, switch_context() is a C function: the compiler keeps values in these six registers across the call."""
    run = switch(boot, "switch_registers")
    before = {NAMES[fact.a]: fact.b for fact in run.facts("REG_BEFORE")}
    for fact in run.facts("REG_AFTER"):
        name = NAMES[fact.a]
        require(fact.b == before[name], f"switch_context must keep {name}: its value belongs to the thread",
                f"{name} was {before[name]:#x} before the switch and is {fact.b:#x} after it{whose(fact.b, before)}", ORDER)


@exercise("1.1", points=3)
def test_the_stack_pointer_comes_back_after_a_switch(boot):
    """A thread goes on where it was: what it pushed before the switch lies where it expects it."""
    before, after = switch(boot, "switch_registers").facts("RSP")[-1][-2:]
    require(before == after, "after a switch and back, rsp must be what it was before the call of switch_context",
            f"rsp was {before:#x} and is {after:#x}: {after - before:+d} bytes")


@exercise("1.1", points=3)
def test_the_other_threads_frame_is_taken_down_completely(boot):
    """A thread continues from the frame on its stack: its registers get the frame's values, and the frame is gone."""
    run = switch(boot, "switch_frame")
    for fact in run.facts("REG_ARRIVED"):
        name = NAMES[fact.a]
        require(fact.b == IN_FRAME[name], f"the thread switched to must find in {name} what its frame holds for it",
                f"{name} was {IN_FRAME[name]:#x} in the frame and is {fact.b:#x}{whose(fact.b, IN_FRAME)}", ORDER)
    top, rsp = run.facts("RSP")[0][-2:]
    require(rsp == top, "when the thread goes on, its whole frame must be off the stack",
            f"rsp must be {top:#x} and is {rsp:#x}: {(top - rsp) // 8} words too many are left")


@exercise("1.1", points=3)
def test_a_switched_out_threads_stack_holds_the_frame(boot):
    """The saved stack pointer leads to a complete frame in the agreed order: new threads, backtraces and the debugger rely on it."""
    run = switch(boot, "switch_frame")
    values = dict(zip(NAMES, (fact.b for fact in run.facts("REG_BEFORE"))))
    require(run.facts("FRAME_WORD", 0), "switch_context must store through rdi where the frame stands that it leaves",
            "*save_rsp is still NULL when the other thread runs")
    for fact in run.facts("KEPT"):
        require(fact.b == NOTHING, "switch_context stores one word through rdi, and nothing beside it: there stands what is not its own",
                f"something was stored at rdi {fact.b - BESIDE:+#x}")
    for fact in run.facts("FRAME_WORD")[:6]:
        name = FRAME[fact.a]
        require(fact.b == values[name], f"word {fact.a} of the saved frame must be {name}",
                f"at saved rsp + {8 * fact.a} stands {fact.b:#x}{whose(fact.b, values)}",
                f"{name} was {values[name]:#x}: was rsp stored before all registers were on the stack, or one of them not pushed?", ORDER)
    back = run.fact("RETURN_INSIDE")
    require(back.b == 1, "the frame's last word must be the return address of the call of switch_context",
            f"at saved rsp + 56 stands {run.symbolise(back.a)}")


@exercise("1.1", points=3)
def test_each_thread_has_its_own_flags(boot):
    """Whether interrupts are on is a thread's own affair: a switch must not carry it over from the other thread."""
    flags = switch(boot, "switch_flags").facts("FLAGS")
    require([fact.a for fact in flags] == [1, 0, 1, 0], "each of two switches goes to the other thread, and that one's goes back",
            f"rflags were noted by (1: the other thread): {[fact.a for fact in flags]}")
    there, first, _, second = flags
    require(there.b & INTERRUPTS, "the thread switched to must find the flags that its frame holds",
            f"the frame holds rflags with interrupts on (bit 9), rflags there: {there.b:#x}")
    require(not first.b & INTERRUPTS, "a thread that had interrupts off must find them off when it goes on",
            f"rflags after the switch: {first.b:#x}; the other thread had interrupts on")
    require(second.b & INTERRUPTS, "a thread that had interrupts on must find them on when it goes on",
            f"rflags after the switch: {second.b:#x}; the other thread had interrupts off")
    require(not there.b & ~ARITHMETIC & ~INTERRUPTS & ~RFLAGS, "the thread switched to must find no flag set that its frame does not hold",
            f"the frame holds {RFLAGS | INTERRUPTS:#x}, rflags there: {there.b:#x}")


@exercise("1.1", points=3)
def test_a_thousand_switches_leave_both_stacks_where_they_were(boot):
    """A word too much or too little a switch adds up until a stack overflows."""
    run = switch(boot, "switch_many")
    rounds, rsp = run.fact("ROUND"), run.fact("RSP")
    require(rounds.a == rounds.b, "each switch to a thread lets it run once", f"{rounds.a} switches, {rounds.b} rounds of the other thread")
    require(rsp.a == rsp.b, "every switch out leaves the saved stack pointer at the same depth",
            f"saved rsp after the first switch {rsp.a:#x}, after the last one {rsp.b:#x}: {rsp.b - rsp.a:+d} bytes")


# Twice: registers at the first instruction of switch_context(), and where this call has come back to; the other thread's call between the
# two is not looked at. Four stops, whatever switch_context() does.
CALLS = """
for _ in range(2):
    entry = Stop("switch_context")
    resume()
    before = registers(given["names"])
    entry.delete()
    back, last = Stop(word(before["rsp"])), Stop("ktest_done")
    came_back = resume() == word(before["rsp"])
    report(before=before, after=registers(given["names"]) if came_back else None)
    back.delete(), last.delete()
    if not came_back:
        break
"""


@exercise("1.1", points=2)
def test_a_debugger_finds_a_call_of_the_switch_to_be_like_any_other(boot):
    """GDB on a recording of the run: stopped at the first instruction of switch_context(), and again where that call has come back to."""
    run = switch(boot, "switch_flags")
    with replay(run) as debugger:
        calls = debugger.run_script(CALLS, names=[*NAMES, "rsp", "eflags"])
    for number, call in enumerate(calls, 1):
        seen = f"seen by GDB at call {number} of this thread"
        require(call["after"], "a call of switch_context comes back to where it was made when somebody switches to its frame", seen)
        before, after = call["before"], call["after"]
        before["rsp"] += 8  # where it comes back to, the return address is off the stack
        for values in (before, after):
            values["eflags"] &= ~ARITHMETIC
        for name in before:
            require(after[name] == before[name], f"{name} must be after a call of switch_context what it was at the call",
                    f"{name} was {before[name]:#x} and is {after[name]:#x}{whose(after[name], before)}", seen)
