"""Lab 4.2: cpu_main(), cpu_bring_up(). The machine's other CPUs come up, each with what is its own, and take part when that is ready; one
that does not come is left out."""

from grade.api import boots, exercise, never_came, require, seeds

FIRST, OTHER = 0, 1  # steps of the tests in which the kernel brings up CPUs of the test's choice
ALONE = "cpus=1 answer=2"  # the kernel brings up no other CPU: the test does; it waits 2 ms for one
EXITED = 7 << 8      # as wait4() says it of a program that ended with 7


def of(run, key):
    """{a: b} of the facts of a key."""
    return {fact.a: fact.b for fact in run.facts(key)}


@exercise("4.2", points=3)
@boots(4)
def test_every_cpu_comes_up_and_runs_threads(boot):
    """A machine has as many CPUs as it has, and a kernel that uses one of them wastes the others; `cpus=` says how many are to be used."""
    for cpus, option, expected in ((2, "", 2), (4, "", 4), (8, "", 8), (4, "cpus=2", 2)):
        run = boot("rally_cpus", option, cpus=cpus, trace="off", outcome=None)
        never_came(run, "each CPU comes up and is online, and a thread that is put into its queue runs there")
        online, idle = [fact.b for fact in run.facts("COUNT")]
        require(online == expected, "all CPUs that the machine has, and `cpus=` allows, are online",
                f"{online} of {expected}, on a machine with {cpus} {option}")
        for cpu, seen in of(run, "FOUND").items():
            require(seen == cpu, "this_cpu() is the CPU that asks", f"a thread on CPU {cpu} was told that it is on CPU {seen}")
        for cpu, own in of(run, "NOTE").items():
            require(own, "a CPU finds its own struct cpu, and there its own run queue, in which it runs", f"CPU {cpu} did not")
        require(idle == expected - 1, "a CPU that has nobody to run idles (idle_run())", f"{idle} of {expected - 1} CPUs say so")


def stacks(run, cpus):
    """(whose, lowest address, end) of every stack on which a CPU may stand without a thread."""
    found = []
    for cpu, queue in list(zip(run.kernel["cpus"], run.kernel["run_queues"]))[:cpus]:
        idle = queue.idle.target.stack
        found.append((f"CPU {cpu.id}'s idle thread", idle.base, idle.base + idle.size))
        for base, end, name in zip(cpu.arch.ist_stack[1:], cpu.arch.tss.ist, ("double fault", "NMI", "machine check")):
            found.append((f"CPU {cpu.id}'s {name}", int(base), end))
    return found


@exercise("4.2", points=2)
def test_each_cpu_stands_on_stacks_of_its_own(boot):
    """Two CPUs on one stack overwrite each other's return addresses; and an exception may come on all of them at once."""
    run = boot("rally_cpus", cpus=4)
    online = run.facts("COUNT")[0].b
    require(online == 4, "all CPUs are online", f"{online} of 4")
    all_stacks = sorted(stacks(run, 4), key=lambda stack: stack[1])
    for (one, base, end), (other, next_base, _) in zip(all_stacks, all_stacks[1:]):
        require(base < end <= next_base, "no two CPUs have a stack in common",
                f"{one}: {base:#x} to {end:#x}", f"{other}: from {next_base:#x}")
    for n, registers in enumerate(run.end.cpus[1:], 1):
        idle = run.kernel["run_queues"][n].idle.target.stack
        require(idle.base < registers["RSP"] <= idle.base + idle.size, "a CPU comes up on its idle thread's stack, and idles there",
                f"CPU {n} stands at {registers['RSP']:#x}; the stack: {idle.base:#x} to {idle.base + idle.size:#x}")


@exercise("4.2", points=2)
def test_each_cpu_has_ticks_of_its_own(boot):
    """A CPU's timer interrupts that CPU alone. Where none does, a thread that computes is never made to share."""
    run = boot("rally_ticks", "quantum=3 hz=2000", cpus=4, outcome=None)
    never_came(run, "a thread that computes is interrupted by the ticks of its CPU, until there were 12")
    ticks, switches = of(run, "COUNT"), of(run, "SWITCHES")
    require(len(ticks) == 4, "all CPUs are online", f"{len(ticks)} of 4")
    period = [run.kernel["run_queues"][cpu].tick_ns for cpu in ticks]
    require(all(500_000 <= each < 550_000 for each in period), "a CPU ticks as often as the boot option `hz` says, or a little less often",
            f"hz=2000; from one tick to the next, on each: {period} ns")
    for cpu in ticks:
        require(ticks[cpu] >= 12, "the timer of each CPU ticks while a thread runs there",
                f"two threads waited on CPU {cpu} for 12 of its ticks; there were {ticks[cpu]}")
        require(switches[cpu] >= 2, "who has used up its quantum makes room for the other thread of its CPU",
                f"CPU {cpu}: {switches[cpu]} times in {ticks[cpu]} ticks, with a quantum of 6 ticks")


@exercise("4.2", points=3)
def test_programs_run_on_each_cpu(boot):
    """The ways into the kernel from user mode are registers of each processor: system calls, interrupts, page faults."""
    run = boot("rally_user", cpus=4)
    status, ticks = of(run, "RESULT"), of(run, "COUNT")
    require(len(status) == 4, "all CPUs are online", f"{len(status)} of 4")
    for cpu in status:
        require(status[cpu] == EXITED, "a program makes system calls, is interrupted, and keeps its registers, on whatever CPU it runs",
                f"on CPU {cpu} it ended with {status[cpu]:#x}, as wait4() says it; expected {EXITED:#x}")
        require(ticks[cpu] >= 2, "a program is interrupted by its CPU's ticks", f"CPU {cpu}: {ticks[cpu]} times")


@exercise("4.2", points=1)
@seeds(1)
def test_a_cpu_is_online_when_all_is_ready(boot, seeds):
    """Whoever is online gets work at once: a thread put into a queue that is made anew behind that is lost."""
    for part in boot("rally_ready", ALONE, build="race", seeds=seeds, cpus=2).each_seed():
        queue, tick = [fact.b for fact in part.facts("STATE")]
        require(queue, "a CPU that is online has its run queue, and runs its idle thread there", "the moment it was online, it had not")
        require(tick, "a CPU that is online has its timers and its tick", "the moment it was online, it had not")


@exercise("4.2", points=2)
def test_a_cpu_that_does_not_answer_is_left_out(boot):
    """Processors are broken, or are not there though the firmware says so. The others are to be used all the same."""
    run = boot("rally_silent", ALONE, cpus=2, limit_ms=40, outcome=None)
    never_came(run, "a CPU that does not come is given up after answer_ns()")
    came, took = of(run, "RETURNED"), of(run, "NOTE")
    require(not came[FIRST], "of a CPU that does not come cpu_bring_up() returns false", "it returned true, of one that does not exist")
    require(took[FIRST] >= 2_000_000, "a CPU has the time to come that answer_ns() says", f"given up after {took[FIRST]} ns, of 2000000")
    require(took[FIRST] <= 4_000_000, "a CPU that does not come is given up after answer_ns()", f"after {took[FIRST]} ns, of 2000000")
    require(came[OTHER] and of(run, "FOUND")[OTHER], "the next CPU comes up when one was given up",
            f"cpu_bring_up() returned {bool(came[OTHER])} of it; online: {bool(of(run, 'FOUND')[OTHER])}")


@exercise("4.2", points=1)
def test_a_cpu_that_comes_too_late_halts(boot):
    """The kernel has gone on without it: whatever it took part in now would not know of it."""
    run = boot("rally_late", ALONE, cpus=3)
    late, in_time = [fact.b for fact in run.facts("RETURNED")]
    online, queue = [fact.b for fact in run.facts("COUNT")]
    require(in_time and of(run, "FOUND")[OTHER], "a CPU that comes in time is brought up", f"cpu_bring_up() returned {bool(in_time)}")
    require(not late, "of a CPU that does not come in time cpu_bring_up() returns false", "it returned true")
    require(online == 1, "a CPU that comes when it was given up is never online", f"{online} CPUs are")
    require(not queue, "a CPU that comes when it was given up halts before it joins anything", "it has made itself a run queue")
    require(run.end.cpus[1]["HLT"], "a CPU that comes when it was given up halts", f"it runs, at {run.symbolise(run.end.cpus[1]['RIP'])}")


@exercise("4.2", points=1)
def test_a_cpu_that_has_arrived_is_waited_for(boot):
    """It has found that it is wanted, and takes part: who leaves it out now has a CPU that runs threads and that nobody knows of."""
    run = boot("rally_arrived", ALONE, cpus=2)
    require(run.fact("RETURNED").b, "a CPU that cannot be given up any more (cpu_give_up() says so) comes up: cpu_bring_up() returns true",
            "it returned false")
    require(run.fact("FOUND").b, "cpu_bring_up() returns true when the CPU is online, and not before", "it was not yet")
