"""Lab 2.2: preempt_disable(), preempt_enable(), critical_enter(), critical_exit(). Two strengths, and both nest."""

from grade.api import exercise, require, seeds


def loses_nothing(run, what):
    most = 0
    for part in run.each_seed():
        done = part.fact("NOTE")
        switches = part.fact("SWITCHES")
        most = max(most, switches.b - switches.a)
        require(done.a == done.b, f"{what}, no other thread comes in between a load and its store",
                f"{done.b} times one was added, and the sum is {done.a}")
    require(most > 4, "threads that never yield are preempted", f"{most} switches at most, whatever the seed; 4 without preemption")


@exercise("2.2", points=2)
@seeds(20)
def test_a_counter_changed_in_critical_sections_loses_nothing(boot, seeds):
    """A thread that is preempted between reading a number and writing it back undoes what the others did meanwhile."""
    loses_nothing(boot("critical_counter", build="race", seeds=seeds), "from critical_enter() to critical_exit()")


@exercise("2.2", points=2)
@seeds(20)
def test_a_counter_changed_without_preemption_loses_nothing(boot, seeds):
    """The weaker section keeps other threads out just as well."""
    loses_nothing(boot("preempt_counter", build="race", seeds=seeds), "from preempt_disable() to preempt_enable()")


@exercise("2.2", points=2)
def test_only_the_outermost_critical_section_turns_interrupts_on(boot):
    """A function with a critical section may be called from inside another one, or with interrupts off: it has to leave them as
    it found them."""
    seen = [fact.b for fact in boot("critical_nests").facts("INTERRUPTS")]
    require(seen[:2] == [0, 0], "interrupts are off inside a critical section",
            f"on in the outer and the inner one: {bool(seen[0])}, {bool(seen[1])}")
    require(seen[2] == 0, "the end of an inner section leaves interrupts off: the outer one goes on", "they are on")
    require(seen[3] == 1, "the end of the outermost section turns interrupts on again", "they are off")
    require(seen[4] == 0, "a section that began with interrupts off ends with interrupts off", "they are on")
    require(seen[5:] == [0, 0], "preempt_disable() and preempt_enable() leave interrupts as they are",
            f"they were off; on after preempt_disable() and after preempt_enable(): {bool(seen[5])}, {bool(seen[6])}")


@exercise("2.2", points=1)
def test_a_critical_section_keeps_interrupts_out_and_preempt_disable_does_not(boot):
    """What is shared with an interrupt handler needs the strong section; where only threads have to stay out, interrupts go on
    being served."""
    critical, preempt = (fact.b for fact in boot("critical_interrupts").facts("INTERRUPTS"))
    require(critical == 0, "no interrupt comes between critical_enter() and critical_exit()", f"{critical} timer interrupts in 5 ms")
    require(preempt >= 4, "interrupts come between preempt_disable() and preempt_enable()",
            f"{preempt} timer interrupts in 5 ms; 5 were due")


@exercise("2.2", points=1)
def test_a_reschedule_that_became_due_in_a_section_happens_at_its_end(boot):
    """Whoever forbids preemption owes it: at the end of the outermost section, and neither before nor at the next tick."""
    run = boot("preempt_makes_up", limit_ms=300)
    inside, between, after = (fact.b for fact in run.facts("COUNT"))
    require(inside == 0, "nobody else runs while preemption is disabled", f"the other thread counted to {inside}")
    require(between == 0, "preempt_enable() of an inner section leaves preemption disabled", f"the other thread counted to {between}")
    require(after > 0, "preempt_enable() of the outermost section gives the CPU away if that became due inside",
            "the other thread has not run yet")


@exercise("2.2", points=1)
def test_the_end_of_a_section_is_a_preemption_if_one_is_due_and_else_nothing(boot):
    """A section may be anywhere: who enters and leaves one must not lose its turn by that. Only what became due inside is owed."""
    run = boot("sections_end")
    asked, due, turns = ([fact.b for fact in run.facts(key)] for key in ("SWITCHES", "COUNT", "TURN"))
    asked = [count - asked[0] for count in asked]
    require(asked[1] == 0, "at the end of a section nobody asks the scheduler if no reschedule is due", f"it was asked {asked[1]} times")
    require(len(set(turns)) == 1, "the end of a section preempts and does not yield: with quantum left a thread keeps its place, the first",
            f"the other thread's count, at each step: {turns}")
    require(due[4] == 1 and due[6] == 1, "a section of one kind that ends inside one of the other kind leaves the reschedule to that one",
            f"due behind critical_exit() without preemption: {due[4]}; behind preempt_enable() without interrupts: {due[6]}")
    require(asked == [0, 0, 1, 2, 2, 3, 3, 4] and not (due[2] or due[3] or due[5] or due[7]),
            "the end of the outermost section makes up for a reschedule that became due inside, once",
            f"asked: {asked}, expected [0, 0, 1, 2, 2, 3, 3, 4]; still due: {due}")


@exercise("2.2", points=1)
def test_critical_exit_makes_up_for_a_reschedule(boot):
    """The same for sections without interrupts: a wake inside may have made somebody ready who has to run now."""
    due = [fact.b for fact in boot("critical_makes_up").facts("COUNT")]
    require(due[:2] == [1, 1], "a reschedule that is due waits for the end of the outermost critical section",
            f"due inside, and behind the inner section: {bool(due[0])}, {bool(due[1])}")
    require(due[2] == 0, "critical_exit() of the outermost section makes up for a reschedule that became due inside",
            "need_resched is still set behind it")
