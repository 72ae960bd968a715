#!/usr/bin/env python3
"""The schedule of a test's run, for people: NAME.json in the Trace Event Format, which Perfetto and chrome://tracing open, and NAME.svg, a
picture.

    grade/trace_export.py --test NAME [--tree DIR] [--out DIR] [--append OPTIONS]

NAME is that of graded tests (a part of the name, or an exercise's number) or of a test inside the kernel. A graded test is run as in a
grade, whatever its verdict; each of its runs becomes a pair of files. Exit status: 0 files were written; 3 the grader failed, or was
interrupted; 4 called wrongly."""

import argparse
import importlib.util
import inspect
import json
import os
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(HERE.parent))

from grade import class_events, dwarf, events, exercises as toml, gantt, testlist
from grade.boot import Boot, Kernels
from grade.build import build
from grade.errors import RuleBroken, UserError, told
from grade.event_words import fair_policy
from grade.machine import private_folder
from grade.memory import BadAddress
from grade.state import Corrupt
from grade.timeline import IDLE, Timeline, migration, queue_lengths

LANE = 1            # of a CPU's process: who runs there
THREADS = 1000      # the process that holds a lane for each thread
KTEST = "ktest_entry_"
LIMIT_MS = 3000     # of virtual time, for a ktest: the longest of them needs nearly half of it


def main(argv):
    """Returns the exit status."""
    parser = argparse.ArgumentParser(prog="grade/trace_export.py", description="exports the schedule of a run")
    parser.add_argument("--test", required=True, help="a graded test's name or a part of it, an exercise, or a test inside the kernel")
    parser.add_argument("--tree", type=Path, default=HERE.parent)
    parser.add_argument("--out", type=Path, help="folder for the files (default: build/trace in the tree)")
    parser.add_argument("--append", default="", help="more boot options, for a test inside the kernel")
    options = parser.parse_args(argv)
    options.tree = options.tree.absolute()
    return told("trace", lambda: export(options))


@private_folder()
def export(options):
    grader = HERE.parent if (HERE.parent / "exercises.toml").exists() else options.tree
    phase, exercises = toml.read(grader / "exercises.toml")
    tests = testlist.read(HERE / f"phase{phase}", exercises)
    work = options.tree / "build" / "grade" / "work"
    built = build(options.tree, grader / "grade" / "given.tar", exercises, work, jobs=os.cpu_count() or 1)
    image = dwarf.load(built.kernel, work / "dwarf")
    ktests = sorted(name.removeprefix(KTEST) for name in image.symbols if name.startswith(KTEST))
    chosen = testlist.booting(testlist.select(tests, options.test, ktests))
    graded = [name_of(test) for test in chosen if not isinstance(test, str)]
    if options.append.strip() and graded:
        raise UserError(f"APPEND= is for a test inside the kernel, and {graded[0]} is a graded test, which boots with options of its own; "
                        f"make trace TEST=name APPEND=... takes {', '.join(ktests)}")
    more = {build for test in chosen if not isinstance(test, str) for build in test.builds} - {"checked"}
    if more:
        built = build(options.tree, grader / "grade" / "given.tar", exercises, work, jobs=os.cpu_count() or 1,
                      variants=["checked", *sorted(more)])
    kernels = Kernels(built.kernels, work / "dwarf")
    out = options.out or options.tree / "build" / "trace"
    for test in chosen:
        export_one(test, KeepingBoot(built.kernel, image, test, kernels, built.archive), options.append, out)
    return 0


def export_one(chosen, boot, more, out):
    """Runs a testlist.Test or the ktest of this name and writes its files. Raises UserError if nothing was run."""
    try:
        said = boot.play(chosen, more)
        if not boot.runs:
            raise UserError(f"{name_of(chosen)} was not run: {said}")
        out.mkdir(parents=True, exist_ok=True)
        remove_older(out, name_of(chosen))
        for number, run in enumerate(boot.runs, 1):
            write(run, out / (name_of(chosen) + (f"-{number}" if len(boot.runs) > 1 else "")), name_of(chosen))
    finally:
        boot.close()
    if said:
        print(f"trace: the test does not pass: {said}" + (f"\ntrace: {boot.where()}" if boot.budget > 1 and boot.boots else ""))


def name_of(chosen):
    return chosen if isinstance(chosen, str) else chosen.name


class KeepingBoot(Boot):
    """A Boot that keeps every run, also one that ended otherwise than the test wanted, and traces all of them."""

    def __init__(self, kernel, image, chosen, kernels=None, archive=None):
        super().__init__(kernel, image, 1, 1 if isinstance(chosen, str) else chosen.boots, kernels, archive=archive)
        self.runs = []

    def __call__(self, ktest, options="", **named):
        named["trace"] = "all"
        self.last = None
        try:
            return super().__call__(ktest, options, **named)
        finally:
            if self.last:
                self.runs.append(self.last)

    def play(self, chosen, more):
        """Runs the test. Returns None, or in a line why it does not pass."""
        try:
            if isinstance(chosen, str):
                self(chosen, more, result=None, limit_ms=LIMIT_MS)
            else:
                function, fixtures = function_of(chosen), {"boot": self, "seeds": list(range(1, chosen.seeds + 1))}
                function(**{name: fixtures[name] for name in inspect.signature(function).parameters})
        except RuleBroken as broken:
            return broken.rule
        except (Corrupt, BadAddress) as error:
            return f"what the kernel keeps of the run was overwritten: {error}"
        return None


def function_of(test):
    """The graded test's function."""
    spec = importlib.util.spec_from_file_location(f"graded_{Path(test.file).stem}", test.file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, f"test_{test.name}")


# --- files ------------------------------------------------------------------------------------------------------------------------


def remove_older(out, name):
    """Takes away the files of an earlier run of a test, which may have had more boots."""
    for file in out.iterdir():
        if re.fullmatch(re.escape(name) + r"(-\d+)?\.(json|svg)", file.name):
            file.unlink()


def write(run, path, name):
    """Writes path.json and path.svg for a boot.Run and prints their names."""
    try:
        found, dropped = events.trace(run.kernel)
    except (Corrupt, BadAddress) as error:
        raise UserError(f"the trace of '{run.options}' cannot be read: {error}") from None
    if not found:
        print(f"trace: '{run.options}' left no events, so there is nothing to draw: it ran without the scheduler")
        return
    line = timeline(run, found)
    about = {"test": name, "boot options": run.options, "outcome": run.outcome, "events": len(found), "events lost": dropped,
             "clock": "virtual time: 1 ns is 1 instruction"}
    picture = gantt.draw(line, name.replace("_", " "), summary(run, line, dropped))
    for suffix, content in ((".json", document(line, about)), (".svg", picture)):
        file = path.with_name(path.name + suffix)
        file.write_text(content, encoding="utf-8")
        print(file.resolve())


def timeline(run, found):
    """The Timeline of a run's events."""
    names = {}
    try:
        names = {thread.tid: thread.name for thread in run.threads()}
    except (RuleBroken, KeyError):
        pass  # threads are then called by their numbers
    states = {int(number): name.removeprefix("THREAD_") for number, name in run.kernel.image.enums.get("thread_state", {}).items()}
    return Timeline(found, run.report.done_time if run.report and run.report.done else None, names, states, fair_policy(run.kernel))


def summary(run, line, dropped):
    lost = f", {dropped} more were lost" if dropped else ""
    return (f"{run.options}  ·  {run.outcome}  ·  {len(line.turns)} turns, {len(line.events)} events{lost}"
            f"  ·  starts at {line.start / 1000:,.3f} µs of virtual time")


def document(line, about):
    """The JSON text: the Trace Event Format's object with its list of events. Times in us, as the format wants; ns in `args`."""
    found = [*lanes(line), *turns(line), *instants(line), *waiting(line), *counters(line), *misses(line)]
    data = {"traceEvents": found, "displayTimeUnit": "ns", "otherData": about}
    return json.dumps(data, indent=None, separators=(",", ":")).replace("},{", "},\n{") + "\n"


def us(ns):
    return round(ns / 1000, 3)


def lanes(line):
    """Names: a process for each CPU, and one with a lane for each thread. Process and lane numbers start at 1."""
    found = []
    for cpu in line.cpus:
        found += [named("process_name", cpu + 1, 0, name=f"CPU {cpu}"), named("process_sort_index", cpu + 1, 0, sort_index=cpu),
                  named("thread_name", cpu + 1, LANE, name="runs")]
    found += [named("process_name", THREADS, 0, name="threads"), named("process_sort_index", THREADS, 0, sort_index=THREADS)]
    for tid in line.tids:
        found += [named("thread_name", THREADS, tid, name=line.name(tid)), named("thread_sort_index", THREADS, tid, sort_index=tid)]
    return found


def named(what, pid, tid, **args):
    return {"name": what, "ph": "M", "ts": 0, "pid": pid, "tid": tid, "args": args}


def turns(line):
    """Complete events: each turn on its CPU's lane, each state on its thread's."""
    found = []
    for turn in line.turns:
        found.append({"name": line.name(turn.tid), "cat": "idle" if turn.tid == IDLE else "turn", "ph": "X", "ts": us(turn.start),
                      "dur": us(turn.end - turn.start), "pid": turn.cpu + 1, "tid": LANE,
                      "args": {"tid": turn.tid, "start_ns": turn.start, "end_ns": turn.end, "seq": turn.seq, **picked(line, turn)}})
    for tid, spans in line.spans.items():
        for span in spans:
            found.append({"name": span.state, "cat": "state", "ph": "X", "ts": us(span.start), "dur": us(span.end - span.start),
                          "pid": THREADS, "tid": tid, "args": {"tid": tid, "cpu": span.cpu, "start_ns": span.start, "end_ns": span.end}})
    return found


def picked(line, turn):
    """The numbers with which a turn's thread was chosen: the PICK stands right before the switch."""
    return line.numbers.get((turn.cpu, line.picks.get((turn.cpu, turn.seq))), {})


def instants(line):
    """Instant events: each record at its CPU, but ENTITY, whose numbers are with the record that it belongs to; what is about a thread's
    budget and deadlines at the thread, too."""
    found = [instant(event_name(line, event), event.event.lower(), event.time, event.cpu + 1, LANE, arguments(line, event))
             for event in line.events if event.event != "ENTITY"]
    found += [instant(mark.kind, mark.kind, mark.time, THREADS, mark.tid, arguments(line, mark.event))
              for mark in line.marks if mark.kind in gantt.BUDGET]
    return found


def instant(name, category, time, pid, tid, args):
    return {"name": name, "cat": category, "ph": "i", "s": "t", "ts": us(time), "pid": pid, "tid": tid, "args": args}


def event_name(line, event):
    if event.event in ("THROTTLE", "REPLENISH") and (event.cls == class_events.RT or event.tid == class_events.NO_ONE):
        return f"{event.event.lower()} the real-time class"
    more = {"MIGRATE": lambda: f", {migration(event)}", "SWITCH": lambda: f" to {line.name(event.other)}"}.get(event.event, str)
    return f"{event.event.lower()} {line.name(event.tid)}{more()}"


def arguments(line, event):
    """What a record says, by name, and its thread's vruntime, deadline, lag and budget as far as its class has them."""
    return {"tid": event.tid, "other": event.other, "queued": event.queued, "seq": event.seq, "ns": event.time, "arg": list(event.arg),
            **class_events.told(event), **line.numbers.get((event.cpu, event.seq), {})}


def waiting(line):
    """Counter events: how many threads wait at each CPU, whenever that changes."""
    return [{"name": "waiting", "cat": "queue", "ph": "C", "ts": us(event.time), "pid": cpu + 1, "tid": LANE, "args": {"threads": length}}
            for event, cpu, length in queue_lengths(line.events)]


def counters(line):
    """Counter events: of each thread that has them, its vruntime and lag, or its budget, whenever the kernel wrote them down."""
    return [{"name": f"{line.name(event.tid)}: {name}", "cat": "numbers", "ph": "C", "ts": us(event.time), "pid": THREADS, "tid": event.tid,
             "args": {"ns": class_events.signed(value)}}
            for event in line.events if event.event == "ENTITY"
            for name, value in zip(class_events.names_of(event.cls, line.fair), event.arg)
            if name in ("lag", "vruntime") or name == "budget" and event.cls in (class_events.DEADLINE, class_events.RT)]


def misses(line):
    """Flow events: an arrow from each deadline that was missed to where the kernel noticed."""
    found = []
    for number, event in enumerate((event for event in line.events if event.event == "MISS"), 1):
        for kind, time, more in (("s", event.arg[0], {}), ("f", event.time, {"bp": "e"})):
            found.append({"name": "missed", "cat": "miss", "ph": kind, "id": number, "ts": us(time), "pid": THREADS, "tid": event.tid,
                          "args": {"deadline_ns": event.arg[0], "late_ns": event.time - event.arg[0]}, **more})
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
