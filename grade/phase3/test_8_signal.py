"""Lab 3.8: signal_ignored(), signal_take(); stack_for(), settle_call(). Which signal is heard next, on which stack, and what becomes of
the call that it interrupted?"""

from grade.api import boots, exercise, no_leak, require, signed
from grade.phase3.parts import part, says

USER, TKILL = 0, -6  # si_code


@exercise("3.8a", points=2)
@boots(2)
def test_the_lowest_number_is_taken_first(boot):
    """Many may be pending: the order is Linux's, whatever the order was in which they came."""
    run = boot("signal_calls")
    for fact in run.facts("ORDER"):
        pending = [n for n in range(1, 65) if fact.a >> n - 1 & 1]
        require(fact.b == (9 if 9 in pending else pending[0]), "SIGKILL is taken first, and without it the lowest number, a stop or not",
                f"pending: {pending}; signal_take() took {fact.b}")
    run = part(boot, "signal", "lowest_first")
    says(run, {"a blocked signal waits": ["while blocked:"],
               "of the signals that are pending and not blocked, the lowest number is taken first": ["taken: 1 10 12 15 33 37 64"]})
    no_leak(run)


@exercise("3.8a", points=1)
def test_what_is_taken_is_pending_no_more(boot):
    """Blocked ones stay; of the first 31 one that came three times is heard once."""
    run = part(boot, "signal", "only_unblocked")
    says(run, {
        "a blocked signal waits": ["while blocked:"],
        "a signal that is not blocked is taken, and the blocked ones stay": ["one unblocked: 12", "the other one is pending: yes"],
        "a signal that was taken is pending no more": ["three that became one: 10", "pending: 0", "once more: 10"]})
    no_leak(run)


@exercise("3.8a", points=1)
def test_real_time_signals_are_counted(boot):
    """From 32 on each one counts: as often as it came it is heard."""
    run = part(boot, "signal", "counted")
    says(run, {"a signal from 32 on is taken as often as it came": ["each as often as it came: 32 32 32 64 64 64", "and once: 64"]})
    no_leak(run)


@exercise("3.8a", points=1)
@boots(3)
def test_an_ignored_signal_does_nothing(boot):
    """By the process's wish, or by the signal's nature: then it is not even kept, unless it is blocked."""
    run = part(boot, "signal", "ignored")
    says(run, {
        "CHLD, URG, WINCH and CONT do nothing to a process that has no handler": ["by default, still here: 0"] * 4,
        "a signal with a handler is not ignored, whatever it is": ["with handlers: 28 17"],
        "a signal that the process ignores does nothing": ["ignored by wish:"],
        "a pending signal that becomes ignored is pending no more": ["pending when it became ignored: 0"],
        "a signal that is ignored and blocked is kept": ["ignored and blocked: pending: yes", "with a handler by then: 10"]})
    no_leak(run)
    run = boot("signal_calls")
    sets = {fact.a: {n for n in range(1, 65) if fact.b >> n - 1 & 1} for fact in run.facts("FOUND")}
    for action, what, expected in ((0, "SIG_DFL", {17, 18, 23, 28}), (1, "SIG_IGN", set(range(1, 65)) - {9, 19}), (2, "a handler", set())):
        require(sets[action] == expected,
                "signal_ignored() is so with SIG_IGN, but for KILL and STOP; with SIG_DFL for CHLD, CONT, URG and WINCH",
                f"with {what} for all: wrong for {sorted(sets[action] ^ expected)}")
    no_leak(run)
    run = part(boot, "signal", "after_exec")
    says(run, {"exec() takes a program's handlers away and its stack for signals; what is ignored, blocked or pending stays so":
               ["after exec, what had a handler has none: yes", "what was ignored is: yes", "what was blocked is: yes",
                "what was pending is: yes", "no stack for signals: yes"]})
    no_leak(run)


@exercise("3.8a", points=1)
@boots(2)
def test_a_signal_that_nobody_handles_ends_the_process(boot):
    """That is the default of most, and what Ctrl-C rests on; whether it computes, sleeps, or does it to itself."""
    run = part(boot, "signal", "ended", limit_ms=1000)
    names = {1: "Hangup", 2: "Interrupt", 9: "Killed", 10: "User defined signal 1", 13: "Broken pipe", 14: "Alarm clock", 15: "Terminated",
             29: "I/O possible", 32: "Real-time signal 0", 64: "Real-time signal 32"}
    says(run, {"a signal whose default is to end the process ends it": [f"signal {n}: killed, {name}" for n, name in names.items()]})
    no_leak(run)
    run = part(boot, "signal", "from_outside", limit_ms=1000)
    says(run, {"a signal reaches a process in whatever it does": ["it computed: killed, Terminated", "it slept: killed, Terminated"]})
    no_leak(run)


@exercise("3.8a", points=1)
@boots(2)
def test_kill_and_stop_cannot_be_refused(boot):
    """A process may block and ignore what it likes: these two are the system's."""
    run = part(boot, "signal", "kill_first", limit_ms=1000)
    says(run, {
        "SIGKILL can be neither blocked nor ignored": ["with all blocked: killed, Killed"],
        "a stopped process hears SIGKILL and SIGCONT alone": ["first: stopped, Stopped (signal)", "stopped, it hears nothing: 0"],
        "SIGKILL is taken before all others": ["but this: killed, Killed"]})
    no_leak(run)
    run = part(boot, "signal", "stopped", limit_ms=1000)
    says(run, {"SIGSTOP and the terminal's stop a process, and SIGCONT lets it go on":
               ["its parent hears: stopped, Stopped (signal)", "and: continued", "and: exited 4",
                "its parent hears: stopped, Stopped", "and: continued", "and: exited 4"]})
    no_leak(run)


@exercise("3.8a", points=1)
@boots(2)
def test_a_handler_learns_who_sent_it(boot):
    """What is known of a signal is taken with it: who sent it, or which child ended, and how."""
    run = part(boot, "signal", "information", limit_ms=1000)
    says(run, {"what is known of a signal goes to *info":
               ["who sent it: yes", "which child, and how it ended: yes", "sent by itself: yes"]})
    no_leak(run)
    run = boot("signal_calls")
    for signal, (code, pid) in {1: (TKILL, 1), 31: (TKILL, 31), 32: (USER, 0), 64: (USER, 0)}.items():
        returned, info = ({fact.a: fact.b for fact in run.facts(key)}[signal] for key in ("RETURNED", "RESULT"))
        require(returned == signal, "the signal that is pending alone is the one that is taken",
                f"{signal} was pending, {returned} was taken")
        require(info == (code & 0xFFFFFFFF) << 32 | pid,
                "of the first 31 *info has all that is known; of the others that nothing is: SI_USER",
                f"signal {signal}: code {signed(info >> 32 << 32) >> 32}, sender {info & 0xFFFFFFFF}; expected {code}, {pid}")
    no_leak(run)


@exercise("3.8b", points=2)
def test_a_handler_runs_on_the_stack_it_asked_for(boot):
    """SA_ONSTACK and a stack that was set: there. Otherwise: on the program's own."""
    run = part(boot, "signal", "other_stack")
    says(run, {
        "without a stack for signals, a handler runs on the program's own": ["without one, on its own: yes"],
        "a handler with SA_ONSTACK runs on the stack for signals, from its end downwards": ["there: yes", "at its end: yes", "it knows: 1"],
        "a handler without SA_ONSTACK runs on the program's own stack": ["who does not ask for it, on its own: yes", "it knows: 0"],
        "a stack that was taken away is not used": ["taken away, on its own: yes"],
        "each signal is handled once": ["handled: 10 10 10 10"]})
    no_leak(run)


@exercise("3.8b", points=1)
def test_a_handler_on_that_stack_is_not_overwritten(boot):
    """A second signal comes while a handler runs there: its frame goes below what the first one uses."""
    run = part(boot, "signal", "nested")
    says(run, {"who runs on the stack for signals already goes on there: below": ["what changed in the outer one: 0",
                                                                                 "the inner one ran below it: yes"] * 2,
               "each signal is handled once": ["handled: 12 10 12 10"]})
    no_leak(run)


@exercise("3.8b", points=1)
def test_an_overflown_stack_is_survived_on_another_one(boot):
    """That is what it is for: where there is no stack left, its handler needs one of its own."""
    run = part(boot, "signal", "no_stack_left", limit_ms=2000)
    says(run, {"a handler that finds no stack ends its process": ["a handler without a stack: killed, Segmentation fault"],
               "a handler with SA_ONSTACK runs on the stack for signals": ["on the other one it runs: yes"]})
    no_leak(run)


@exercise("3.8b", points=1)
@boots(2)
def test_what_lies_below_the_stack_pointer_is_kept(boot):
    """The ABI lets a function use 128 bytes there, and signals come between any two instructions."""
    run = part(boot, "signal", "red_zone")
    says(run, {"a handler's frame leaves the 128 bytes below the stack pointer alone": ["words that changed: 0"],
               "each signal is handled once": ["handled: 10"]})
    no_leak(run)
    run = part(boot, "signal", "red_zone_of_a_handler")
    says(run, {"a handler's frame leaves the 128 bytes below the stack pointer of an interrupted handler alone, too, on either stack":
               ["words of a handler that changed: 0"] * 3, "each signal is handled once": ["handled: 10 12 10 12 10 12"]})
    no_leak(run)


@exercise("3.8b", points=2)
def test_an_interrupted_call_begins_again_or_says_eintr(boot):
    """As the handler's SA_RESTART wants it. The program never sees the kernel's own numbers."""
    run = part(boot, "signal", "begins_again", limit_ms=2000)
    says(run, {
        "a call that a handler without SA_RESTART interrupted returns EINTR": ["without SA_RESTART: Interrupted system call, 10"],
        "a call that a handler with SA_RESTART interrupted begins again": ["with it: it goes on, 10"],
        "what the flags are now decides": ["without it: Interrupted system call, 10"],
        "of the flags SA_RESTART alone decides whether a call begins again": ["with all but it: Interrupted system call, 10",
                                                                             "with all: it goes on, 10"],
        "an ignored signal interrupts nothing": ["ignored, nothing happens: yes"]})
    no_leak(run)


@exercise("3.8b", points=1)
def test_who_waits_for_a_signal_does_not_wait_again(boot):
    """pause() and sigsuspend() have what they wanted when a handler has run, whatever its flags."""
    run = part(boot, "signal", "never_again", limit_ms=2000)
    says(run, {"pause() and sigsuspend() return EINTR when a handler has run, with SA_RESTART, too":
               ["pause: Interrupted system call", "sigsuspend: Interrupted system call"],
               "sigsuspend() gives the mask back": ["the mask is back: yes"],
               "each signal is handled once": ["handled: 10 10"]})
    no_leak(run)


@exercise("3.8b", points=1)
def test_a_stop_is_not_noticed_by_who_was_stopped(boot):
    """Where no handler runs, every call begins again: a program knows nothing of a Ctrl-Z and an fg."""
    run = part(boot, "signal", "stopped_meanwhile", limit_ms=2000)
    says(run, {"a call that was interrupted and no handler ran begins again": ["it waits and: stopped, Stopped (signal)",
                                                                              "goes on, to the end: exited 9"] * 2})
    no_leak(run)


@exercise("3.8b", points=1)
def test_what_was_no_call_is_not_begun_again(boot):
    """A fault or an interrupt comes with whatever is in the registers: -512 is a number like any other there."""
    run = part(boot, "signal", "no_call")
    says(run, {"only a system call has a result: what else is in rax stays as it is":
               ["in rax, as it was: -512", "in rax, as it was: -514"],
               "each signal is handled once": ["handled: 5 5"]})
    no_leak(run)
