"""Runs as tests see them.

    run = boot("exit_turns")                 # boots the ktest; raises if the run did not finish
    for fact in run.facts("ORDER"): ...      # .a .b .time .seq
    run.events("SWITCH", tid=3)              # of the trace, all CPUs, by time; never on a trace with drops
    run.kernel["cpus"][0].current.target     # any static object, decoded
    run.report.frames_after, run.console, run.symbolise(address)

    run = boot("wait_race", build="race", seeds=seeds)   # the race build, the ktest once with each seed in one boot
    for part in run.each_seed(): ...                     # part.seed, part.facts(key), part.fact(key)

Nothing of a run depends on time or place: its nonce comes from the boot options."""

import hashlib
from pathlib import Path

from . import dwarf, events, verdict
from .errors import GraderFault, RuleBroken, Unjudged, printable
from .machine import LIMIT_MS, Machine, limit_option
from .memory import BadAddress, GuestMemory
from .rules import require
from .state import Corrupt, Kernel


NOTHING = 2**64 - 1  # as the fact KEPT says it
SEEDS = 20  # so many seeds have a run's limit of time
ANSWER_MS = 10  # so long a CPU that was started may take to come
RACE = 16  # race build: one access in so many may be where another thread comes in; docs/performance.md says why


class FactsOf:
    """Facts, all in order as _all() has them, by key."""

    def facts(self, key=None, least=1):
        """Those of one key, at least so many, or all. Raises RuleBroken if there are fewer: who loops over what was noted must not take it
        for right when nothing was."""
        if key is not None and f"FACT_{key}" not in self.kernel.image.enums["fact_key"].values():
            raise GraderFault(f"no fact is called {key}")
        found = [fact for fact in self._all() if key in (None, fact.key)]
        if key and len(found) < least:
            raise RuleBroken(next(iter(self.lost()), None) or
                             "a test inside the kernel runs to its end, and this one was left before it: whoever runs it did not go on",
                             f"this test had yet to note {key}", *events.thread_lines(self.kernel), *verdict.last_events(self.kernel))
        return found

    def lost(self):
        """What is wrong with each thread that will never run again, or []."""
        return [f"{thread} is READY and joined no run queue since it ran last (sched_enqueue()): nobody chooses it again"
                for thread in events.lost(self.kernel)]

    def fact(self, key):
        """The only Fact of a key."""
        found = self.facts(key)
        if len(found) > 1:
            raise RuleBroken(f"each step of a test inside the kernel happens once, and one happened {len(found)} times: somebody went on "
                             "twice from the same place", f"noted each time: {key}", *events.thread_lines(self.kernel))
        return found[0]


class Part(FactsOf):
    """What a run left under one seed."""

    def __init__(self, kernel, seed, facts):
        self.kernel, self.seed, self._facts = kernel, seed, facts

    def _all(self):
        return self._facts


class Run(FactsOf):
    """One finished run (or, with outcome= other than "finished", one that ended as the test said). Valid until the test ends."""

    def __init__(self, options, nonce, machine, end, image, seeds=None):
        self.seeds, self._judged = seeds, None
        self.options, self.nonce, self.machine, self.end = options, nonce, machine, end
        self.kernel = Kernel(image, GuestMemory(machine.ram, end.cpus[0].get("CR3") if end.cpus else None))
        self.console = machine.console()
        self.unjudged = verdict.outcome(end, self.kernel, nonce, self.console, machine.limit_ms, machine.kernel)
        self.outcome = self.unjudged.status if self.unjudged else "finished"
        self._facts = self._trace = None

    @property
    def ktest(self):
        """Its name."""
        return self.options.split()[0].removeprefix("ktest=")

    @property
    def report(self):
        """events.Report: result, frames_before, ..., or None."""
        return self._evidence(events.report)

    @property
    def output(self):
        """What the program wrote, as text. Raises Unjudged if some of it was lost."""
        kept = self.kernel["ktest_output"]
        size, lost = int(kept.size), int(kept.lost)
        if lost or size > len(kept.text):
            raise Unjudged("runaway", f"the program wrote more than the {len(kept.text)} bytes that are kept")
        return printable(self.kernel.memory.read(kept.text.address, size).decode("utf-8", "backslashreplace"))

    @property
    def status(self):
        """How the program ended, as wait4() codes it."""
        return self.fact("RESULT").b

    @property
    def panic(self):
        """events.Panic, or None."""
        return self._evidence(events.panic)

    @property
    def stubs(self):
        """{exercise: "lab 2.1: rr_tick is yours to write"} of the stubs that the run met and that let it go on, in that order."""
        return self._evidence(events.stubs)

    def _all(self):
        if self._facts is None:
            self._facts = self._evidence(events.facts)
        return self._facts

    def each_seed(self):
        """A Part for each seed of the run. A test that fails while it looks at one fails with that seed."""
        facts = self._all()
        marks = [at for at, fact in enumerate(facts) if fact.key == "SEED"]
        for at, end in zip(marks, [*marks[1:], len(facts)]):
            self._judged = facts[at].a
            yield Part(self.kernel, self._judged, facts[at + 1:end])
        self._judged = None

    @property
    def failing_seed(self):
        """The seed that is being judged, or else the one in which the run ended; None for a run without seeds."""
        if self.seeds is None or self._judged is not None:
            return self._judged
        try:
            return max((fact.a for fact in self.facts("SEED", 0)), default=self.seeds[0])
        except Unjudged:
            return self.seeds[0]

    def events(self, *kinds, **match):
        """Events of these kinds (all if none is given) whose fields equal match. Raises Unjudged if any record was lost."""
        if self._trace is None:
            self._trace = self._evidence(events.trace)
        found, dropped = self._trace
        if dropped or (found and min(event.seq for event in found) != 1):
            raise Unjudged("corrupt", f"the trace is not complete ({dropped} records lost), so there is nothing to judge by")
        if not self.kernel["trace_on"]:
            raise Unjudged("corrupt", "the trace was turned off during the run, so there is nothing to judge by")
        return [e for e in found if (not kinds or e.event in kinds) and all(getattr(e, name) == value for name, value in match.items())]

    def threads(self):
        """The thread table: Structs of struct thread."""
        return self._evidence(events.threads)

    def symbolise(self, address):
        """An address as function+offset (file:line)."""
        return self.kernel.image.symbolise(address)

    def _evidence(self, read):
        """What a function of events.py reads; if it cannot, the student's kernel has overwritten it."""
        try:
            return read(self.kernel)
        except (Corrupt, BadAddress) as error:
            raise Unjudged("corrupt", f"what the kernel keeps of the run was overwritten: {error}") from error


class Kernels:
    """{variant: (path, Image)}: the kernels that were built, each read when it is asked for. paths {variant: path}; cache: a folder."""

    def __init__(self, paths, cache):
        self.paths, self.cache, self._read = paths, cache, {}

    def __getitem__(self, variant):
        """Raises GraderFault if it was not built."""
        if variant not in self.paths:
            raise GraderFault(f"this test boots the {variant} build, which was not built for it")
        if variant not in self._read:
            self._read[variant] = Path(self.paths[variant]), dwarf.load(self.paths[variant], self.cache)
        return self._read[variant]


class Boot:
    """The fixture `boot`: makes Runs for one test and gives their memory back after it. kernel, image: the checked build; kernels: where
    the other ones are. budget: boots that the test announced. race: see RACE; 0 = the timer alone preempts.
    archive: path of the boot archive, for programs."""

    machine, answer_ms = Machine, ANSWER_MS  # what it boots

    def __init__(self, kernel, image, jobs, budget=1, kernels=None, race=RACE, archive=None):
        self.kernel, self.image, self.jobs, self.budget, self.race, self.archive = kernel, image, jobs, budget, race, archive
        self.kernels = kernels or Kernels({}, None)
        self.machines, self.boots, self.last = [], [], None

    def another(self):
        """One like it that has booted nothing yet."""
        return Boot(self.kernel, self.image, self.jobs, self.budget, self.kernels, self.race, self.archive)

    def __call__(self, ktest, options="", *, build="checked", outcome="finished", result=0, trace=None, seeds=None, input=None,
                 program=None, cpus=1, limit_ms=LIMIT_MS):
        """Runs a ktest. options: further boot options. build: which kernel. outcome: how it has to end ("finished", "panic", ..., None =
        any way). result: what the ktest has to return (None = anything). trace: all unless there are seeds, off then. seeds: a list of
        consecutive numbers, one after the other in this boot. input: bytes for the console. program: for the ktest
        `user`, the path of the program in the boot archive and its arguments, a list. limit_ms: of virtual time,
        for every SEEDS seeds. Raises Unjudged, RuleBroken, GraderFault."""
        if len(self.boots) >= self.budget:
            raise GraderFault(f"this test boots more often than it announced: mark it with @boots({len(self.boots) + 1})")
        limit_ms *= -(-len(seeds) // SEEDS) if seeds else 1
        kernel, image = (self.kernel, self.image) if build == "checked" else self.kernels[build]
        options = f"init={','.join(program)} {options}".strip() if program else options
        words = [f"ktest={ktest}", f"trace={trace or ('off' if seeds else 'all')}", limit_option(limit_ms), options]
        words += [f"seed={seeds[0]} seeds={len(seeds)}"] if seeds else []
        words += [f"race={self.race}"] if build == "race" else []
        words[1:1] = [f"answer={self.answer_ms}"] if cpus > 1 else []
        text = " ".join(word for word in words if word)
        nonce = nonce_of(kernel, text)
        self.boots.append({"options": text, "nonce": f"{nonce:#018x}", "cpus": cpus})
        machine = self.machine(kernel, f"nonce={nonce:#018x} {text}", input=input,
                          archive=self.archive if program else None, cpus=cpus, jobs=self.jobs, limit_ms=limit_ms)
        self.machines.append(machine)
        run = self.last = Run(text, nonce, machine, machine.run(), image, seeds)
        self.boots[-1]["outcome"] = run.outcome
        self.boots[-1]["time"] = run.report.done_time if run.report and run.report.done else None
        if outcome is not None and run.outcome != outcome:
            raise run.unjudged or RuleBroken(f"this run has to end with a {outcome}, and it finished", f"boot options: {text}")
        if result is not None and run.outcome == "finished" and run.report.result != result:
            raise RuleBroken(f"the test inside the kernel could not do its work: it returned {run.report.result} instead of {result}",
                             *run.facts()[-4:])
        return run

    def where(self):
        """A line about the last boot of several."""
        last = self.boots[-1]
        cpus = f", {last['cpus']} CPUs" if last["cpus"] > 1 else ""
        return f"seen in or after boot {len(self.boots)} of at most {self.budget}: {last['options'].strip()}{cpus}"

    def close(self):
        """Gives the runs' memory back."""
        for machine in self.machines:
            machine.close()
        self.machines.clear()


def nonce_of(kernel, text):
    """64 bits, the first digit not 0 so that all nonces take the kernel the same time to read."""
    digest = hashlib.sha256(f"{kernel.name} {text}".encode()).digest()
    return int.from_bytes(digest[:8], "big") | 1 << 63


def never_came(run, rule, *evidence):
    """Raises what ended a run that did not finish: nothing can come any more. rule: what had to come next, and did not if the run
    does not end."""
    if run.unjudged and run.outcome == "hang":
        hang = run.unjudged
        raise Unjudged("hang", f"the run does not end, and this never came: {rule}", *evidence, hang.rule, *hang.evidence)
    if run.unjudged:
        raise run.unjudged


def kept(run, rule, structs=None):
    """Judges by the facts KEPT that nothing was changed but what is the exercise's. structs: {fact.a: the structure's name} of those that
    are no struct thread."""
    for fact in run.facts("KEPT"):
        struct = (structs or {}).get(fact.a, "thread")
        require(fact.b == NOTHING, rule,
                lambda: f"{run.kernel.member(struct, fact.b)} of struct {struct}" + (f", thread {fact.a}," if struct == "thread" else "")
                + " was changed")


def no_leak(run):
    """Judges that the ktest gave back every frame and every heap object."""
    r = run.report
    frames, objects = r.frames_before - r.frames_after, r.objects_after - r.objects_before
    if frames or objects:
        change = f"{'lost' if frames > 0 else 'gained'} {abs(frames)}"
        raise RuleBroken("a test ends with the frames and objects it began with: whatever was taken is given back exactly once",
                         f"free frames: {r.frames_before} before, {r.frames_after} after ({change})",
                         f"heap objects in use: {r.objects_before} before, {r.objects_after} after")
