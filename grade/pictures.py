#!/usr/bin/env python3
"""The pictures and figures of docs/policies.md: one workload (the ktest `workload`, kernel/ktest/test_workload.c) under every policy, taken
from the trace of one boot. What `make pictures` calls.

    grade/pictures.py --tree build/tree/5-599 [--docs docs]

Writes docs/policies/workload.json, what was seen; docs/policies/NAME.svg, drawn from that; and in docs/policies.md, computed from that, the
tables between the lines `<!-- NAME: begin -->` and `<!-- NAME: end -->`, and numbers in the text, behind `<!-- NAME.JOB.WHAT -->`. Another
compiler, or a change elsewhere in the kernel, moves everything by microseconds: what was kept is still true while differences() finds none,
which the project's tests look at."""

import argparse
import json
import re
import sys
from collections import namedtuple
from pathlib import Path

HERE = Path(__file__).resolve().parent
if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(HERE.parent))

from grade import dwarf, gantt
from grade.boot import Boot
from grade.errors import UserError, told
from grade.timeline import READY, RUNNING, THROTTLED, Mark, Span, Timeline, Turn

LIMIT_MS = 6000               # of virtual time for the boot
UNIT = 10_000                 # ns: what is kept is in these
PER_MS = 1_000_000 // UNIT
PIXELS_PER_MS = 5
SHORT, APART = PER_MS // 2, 3 * PER_MS // 2  # differences(): states shorter than that are nothing; so far apart are two times the same
FAIR, AHEAD = ("cfs", "eevdf"), 4 * PER_MS   # differences(): there a few ns decide who is next, and who has had how much counts
WAITS = (READY, THROTTLED)

JOBS = ("batch", "report", "editor", "alarm")
SCENES = {  # of the ktest, in its order; what stands above the picture
    "fcfs": "fcfs: who came first",
    "sjf": "sjf: whose next burst is expected to be the shortest",
    "rr": "rr: all in turn, a quantum each",
    "prio": "prio: the highest priority, without ageing",
    "prio-ageing": "prio: the highest priority, and a level more for each ms of waiting",
    "mlfq": "mlfq: the highest level; who computes for long sinks",
    "cfs": "cfs: who has had the least for its weight",
    "eevdf": "eevdf: of those to whom something is owed, who is due first",
    "fifo": "SCHED_FIFO: the highest real-time priority, for as long as it wants",
    "rt-rr": "SCHED_RR: the same, and equals in turn, 100 ms each",
    "edf": "SCHED_DEADLINE: the earliest deadline, within its budget",
}

NUMBER = re.compile(r"(<!-- ([\w-]+)\.(\w*)\.(\w+) -->)[^<]*(<!-- / -->)")  # in the page's text

Figures = namedtuple("Figures", "turnaround response waiting share")  # ms, and percent


def main(argv):
    """Returns the exit status."""
    parser = argparse.ArgumentParser(prog="grade/pictures.py", description="draws the workload under every policy")
    parser.add_argument("--tree", type=Path, required=True, help="of the last phase, its checked kernel built")
    parser.add_argument("--docs", type=Path, default=HERE.parent / "docs")
    options = parser.parse_args(argv)
    return told("pictures", lambda: write(seen(options.tree), options.docs))


def write(data, docs):
    folder = docs / "policies"
    folder.mkdir(exist_ok=True)
    (folder / "workload.json").write_text(text_of(data))
    for name in SCENES:
        (folder / f"{name}.svg").write_text(picture(name, data[name]), encoding="utf-8")
    page = docs / "policies.md"
    page.write_text(filled(page.read_text(encoding="utf-8"), data), encoding="utf-8")
    print(page.resolve())
    return 0


def text_of(data):
    """As JSON, a line a job."""
    return re.sub(r"\n {4,}", " ", json.dumps(data, indent=2)).replace("[ ", "[").replace(" ]", "]") + "\n"


# --- what is seen ---------------------------------------------------------------------------------------------------------------------


def seen(tree, variant="checked"):
    """{scene: {"jobs": {job: [[state, begin, end], ...]}, "marks": [[kind, time, job], ...], "switches": n}}: from when it is ready for the
    first time to its exit, in UNITs from the scene's begin on. Raises UserError, GraderFault, RuleBroken."""
    kernel = tree / "build" / variant / "kernel.elf"
    if not kernel.is_file():
        raise UserError(f"there is no kernel at {kernel}; make pictures builds it")
    boot = Boot(kernel, dwarf.load(kernel, tree / "build/dwarf"), 1)
    try:
        run = boot("workload", limit_ms=LIMIT_MS)
        states = {int(number): name.removeprefix("THREAD_") for number, name in run.kernel.image.enums["thread_state"].items()}
        line = Timeline(run.events(), run.report.done_time, {}, states)
        tids = [fact.b for fact in run.facts("TID")]
        return {name: scene(line, run.facts("ORDER")[n].b, tids[n * len(JOBS):][:len(JOBS)]) for n, name in enumerate(SCENES)}
    finally:
        boot.close()


def scene(line, begins, tids):
    """One scene of seen(), whose jobs have these tids."""
    def at(ns):
        return round((ns - begins) / UNIT)

    jobs, marks = {}, []
    for job, tid in zip(JOBS, tids):
        waits = next(span.start for span in line.spans[tid] if span.state != "BLOCKED" and span.start >= begins)
        jobs[job] = joined([[span.state, at(span.start), at(span.end)] for span in line.spans[tid]
                            if span.start >= waits and span.state != "ZOMBIE"])
        marks += [[mark.kind, at(mark.time), job] for mark in line.marks if mark.tid == tid and mark.kind in gantt.BUDGET
                  and waits <= mark.time and at(mark.time) <= jobs[job][-1][2]]
    switches = sum(turn.tid in tids and turn.start >= begins for turn in line.turns)
    return {"jobs": jobs, "marks": marks, "switches": switches}


def joined(spans, least=1):
    """Without those that are shorter than `least`; neighbours of one state become one."""
    found = []
    for state, begin, end in spans:
        if end - begin < least:
            continue
        if found and found[-1][0] == state:
            found[-1][2] = end
        else:
            found.append([state, found[-1][2] if found else begin, end])
    return found


def differences(kept, now):
    """Lines: where two of seen() are not the same, but for shifts of APART at most and states that last shorter than SHORT; where policies
    are FAIR, what a job has run may differ by AHEAD at any time: each of them is within a slice and a tick of the ideal."""
    found = []
    for name in SCENES:
        for job in JOBS:
            pair = [joined(data[name]["jobs"][job], SHORT) for data in (kept, now)]
            why = served_otherwise(*pair) if name in FAIR else shifted(*pair)
            found += [f"{name}: {job} {why}"] if why else []
        counts = [sorted((kind, job) for kind, _, job in data[name]["marks"]) for data in (kept, now)]
        if counts[0] != counts[1]:
            found.append(f"{name}: other deadlines or budgets")
    return found


def shifted(before, after):
    """What is different, or None."""
    if [state for state, *_ in before] != [state for state, *_ in after]:
        return "is in other states, or in another order"
    worst = max(abs(a - b) for x, y in zip(before, after) for a, b in zip(x[1:], y[1:]))
    return f"begins or ends something {worst / PER_MS:.2f} ms earlier or later" if worst > APART else None


def served_otherwise(before, after):
    """The same by what it has run at any time."""
    worst = max(abs(served(before, time) - served(after, time)) for spans in (before, after) for _, _, time in spans)
    return f"has run {worst / PER_MS:.2f} ms more or less at some time" if worst > AHEAD else None


def served(spans, time):
    return sum(min(end, time) - begin for state, begin, end in spans if state == RUNNING and begin < time)


# --- figures --------------------------------------------------------------------------------------------------------------------------


def figures(spans):
    """The Figures of a job: from its arrival to its end; the longest wait from being ready to running; all its waiting; what it had of the
    CPU in its time."""
    length, ran = spans[-1][2] - spans[0][1], sum(end - begin for state, begin, end in spans if state == RUNNING)
    response, since = 0, spans[0][1]
    for state, begin, end in spans:
        if state == RUNNING and since is not None:
            response, since = max(response, begin - since), None
        elif state not in (RUNNING, *WAITS):
            since = end
    waiting = sum(end - begin for state, begin, end in spans if state in WAITS)
    return Figures(length / PER_MS, response / PER_MS, waiting / PER_MS, 100 * ran / length)


def mean(data, name):
    """(turnaround, waiting) of all jobs of a scene, on average, ms."""
    every = [figures(spans) for spans in data[name]["jobs"].values()]
    return sum(f.turnaround for f in every) / len(every), sum(f.waiting for f in every) / len(every)


def table(data, name):
    """A scene's table, in Markdown."""
    lines = ["| ms | turnaround | response | waiting | share |", "|---|---|---|---|---|"]
    for job, spans in data[name]["jobs"].items():
        f = figures(spans)
        lines.append(f"| {job} | {f.turnaround:.1f} | {f.response:.1f} | {f.waiting:.1f} | {f.share:.0f} % |")
    turnaround, waiting = mean(data, name)
    return [*lines, f"| on average | {turnaround:.1f} | | {waiting:.1f} | |"]


def summary(data):
    """The table of all policies."""
    lines = ["| policy | turnaround, average | batch | report | alarm | editor's response | turns |", "|---|---|---|---|---|---|---|"]
    for name in SCENES:
        f = {job: figures(spans) for job, spans in data[name]["jobs"].items()}
        lines.append(f"| {name} | {mean(data, name)[0]:.1f} | {f['batch'].turnaround:.1f} | {f['report'].turnaround:.1f} | "
                     f"{f['alarm'].turnaround:.1f} | {f['editor'].response:.1f} | {data[name]['switches']} |")
    return lines


def filled(page, data):
    """The page with its tables as they are by this data. Raises UserError."""
    for name, lines in (("summary", summary(data)), *((name, table(data, name)) for name in SCENES)):
        marks = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
        before, begin, rest = page.partition(marks[0])
        _, end, after = rest.partition(marks[1])
        if not begin or not end:
            raise UserError(f"the page has no place for a table: it wants the lines {marks[0]} and {marks[1]}")
        page = "\n".join([before + begin, *lines, end + after])
    return NUMBER.sub(lambda found: found[1] + number(data, *found.groups()[1:4]) + found[5], page)


def number(data, name, job, what):
    """One number of a scene, for the text: of a job, or of all."""
    return f"{getattr(figures(data[name]['jobs'][job]), what):.1f}" if job else str(data[name][what])


# --- pictures -------------------------------------------------------------------------------------------------------------------------


class Kept:
    """A scene as gantt.draw() wants a Timeline: a thread's number is its job's, from 1 on."""

    def __init__(self, data):
        jobs = list(enumerate(data["jobs"].items(), 1))
        self.names = {tid: job for tid, (job, _) in jobs}
        tids = {job: tid for tid, job in self.names.items()}
        self.cpus, self.tids, self.start, self.events = [0], sorted(self.names), 0, []
        self.spans = {tid: [Span(state, begin * UNIT, end * UNIT, 0) for state, begin, end in spans] for tid, (_, spans) in jobs}
        self.turns = sorted((Turn(0, tid, span.start, span.end, 0) for tid, spans in self.spans.items() for span in spans
                             if span.state == RUNNING), key=lambda turn: turn.start)
        self.end = max(spans[-1].end for spans in self.spans.values())
        self.marks = [Mark(kind, time * UNIT, 0, tids[job], None) for kind, time, job in data["marks"]]
        for tid, spans in self.spans.items():
            self.marks += [Mark("arrive", spans[0].start, 0, tid, None), Mark("exit", spans[-1].end, 0, tid, None)]

    def name(self, tid):
        return self.names[tid]


def picture(name, data):
    """The text of a scene's SVG file."""
    every = [figures(spans) for spans in data["jobs"].values()]
    said = (f"on average: turnaround {sum(f.turnaround for f in every) / len(every):.1f} ms, waiting "
            f"{sum(f.waiting for f in every) / len(every):.1f} ms  ·  {data['switches']} turns")
    return gantt.draw(Kept(data), SCENES[name], said, PIXELS_PER_MS / 1e6)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
