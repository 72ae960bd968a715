"""Exports of a run's schedule: the JSON is what the Trace Event Format says, the picture shows every thread, and both say what the trace
says."""

import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import kernels
import pytest
import reference

from grade import gantt, trace_export
from grade.events import Event
from grade.timeline import Timeline

STATES = {0: "NEW", 1: "READY", 2: "RUNNING", 3: "BLOCKED", 4: "ZOMBIE"}
READY, BLOCKED, ZOMBIE = 1, 3, 4

# The format as its description ("Trace Event Format", the JSON Object Format) has it, for the kinds of events that are written here:
# kind: {field: types that it may have}, besides those that every event has.
EVERY_EVENT = {"name": str, "ph": str, "ts": (int, float), "pid": int, "tid": int}
FIELDS = {
    "X": {"dur": (int, float), "cat": str, "args": dict},
    "i": {"s": str, "cat": str, "args": dict},
    "C": {"cat": str, "args": dict},
    "M": {"args": dict},
}
METADATA = {"process_name": ("name", str), "thread_name": ("name", str), "process_sort_index": ("sort_index", int),
            "thread_sort_index": ("sort_index", int)}


def check_schema(document):
    """Asserts that a parsed document is of the format."""
    assert set(document) <= {"traceEvents", "displayTimeUnit", "otherData"} and isinstance(document["traceEvents"], list)
    assert document["displayTimeUnit"] in ("ms", "ns") and isinstance(document["otherData"], dict)
    for event in document["traceEvents"]:
        fields = {**EVERY_EVENT, **FIELDS[event["ph"]]}
        assert set(event) == set(fields), event
        for name, kind in fields.items():
            assert isinstance(event[name], kind) and not isinstance(event[name], bool), (name, event)
        check_event(event)


def check_event(event):
    if event["ph"] == "X":
        assert event["dur"] >= 0 and event["ts"] >= 0
    elif event["ph"] == "i":
        assert event["s"] in ("g", "p", "t")  # how tall it is drawn: global, process, thread
    elif event["ph"] == "C":
        assert event["args"] and all(isinstance(value, (int, float)) for value in event["args"].values())
    else:
        name, kind = METADATA[event["name"]]
        assert set(event["args"]) == {name} and isinstance(event["args"][name], kind)


def check_lanes(document):
    """Asserts that slices of one lane do not overlap, that every lane has a name, and that the times in us are those in ns."""
    lanes, names = {}, set()
    for event in document["traceEvents"]:
        if event["ph"] == "X":
            assert event["ts"] * 1000 == pytest.approx(event["args"]["start_ns"], abs=0.5)
            assert event["dur"] * 1000 == pytest.approx(event["args"]["end_ns"] - event["args"]["start_ns"], abs=0.5)
            lanes.setdefault((event["pid"], event["tid"]), []).append((event["args"]["start_ns"], event["args"]["end_ns"]))
        elif event["name"] == "thread_name":
            names.add((event["pid"], event["tid"]))
    for slices in lanes.values():
        slices.sort()
        assert all(before[1] <= after[0] for before, after in zip(slices, slices[1:]))
    assert set(lanes) <= names


def test_files_of_an_earlier_run_do_not_stay(tmp_path):
    """A test that booted twice left -1 and -2; now it boots once. Files of other tests stay."""
    for name in ("a_test-1.svg", "a_test-2.json", "a_test.svg", "a_test_too-1.svg", "another.json", "a_test-1.txt"):
        (tmp_path / name).write_text("old")
    trace_export.remove_older(tmp_path, "a_test")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a_test-1.txt", "a_test_too-1.svg", "another.json"]


class Script:
    """Makes events: each call is one, 10 ns after the one before."""

    def __init__(self):
        self.events, self.time, self.seq = [], 1000, {}

    def __call__(self, kind, tid, other=0, queued=0, cpu=0, arg=0):
        self.time += 10
        self.seq[cpu] = self.seq.get(cpu, 0) + 1
        self.events.append(Event(self.time, cpu, self.seq[cpu], kind, 0, tid, other, queued, (arg, 0, 0, 0)))
        return self.time


def a_life():
    """Main (1) makes 2, yields to it; 2 exits; main joins."""
    say = Script()
    for words in (("CREATE", 2, 1), ("ENQUEUE", 2, 0, 1), ("ENQUEUE", 1, 0, 2), ("PICK", 2, 0, 1)):
        say(*words)
    say("SWITCH", 1, 2, 1, arg=READY)
    say("EXIT", 2, 0, 1, arg=7)
    say("PICK", 1)
    say("SWITCH", 2, 1, 0, arg=ZOMBIE)
    say("RECLAIM", 1, 2)
    say("JOIN", 1, 2, arg=7)
    return Timeline(say.events, say.time + 50, {1: "main"}, STATES)


def test_turns_begin_and_end_with_the_switches():
    line = a_life()
    assert [(turn.tid, turn.start, turn.end) for turn in line.turns] == [(1, 1010, 1050), (2, 1050, 1080), (1, 1080, 1150)]


def test_a_thread_is_in_one_state_at_a_time_from_its_making_to_its_end():
    line = a_life()
    assert [(span.state, span.start, span.end) for span in line.spans[2]] == [
        ("NEW", 1010, 1020), ("READY", 1020, 1050), ("RUNNING", 1050, 1080), ("ZOMBIE", 1080, 1090)]
    assert [(span.state, span.start, span.end) for span in line.spans[1]] == [
        ("RUNNING", 1010, 1050), ("READY", 1050, 1080), ("RUNNING", 1080, 1150)]
    assert [(mark.kind, mark.tid) for mark in line.marks] == [("create", 2), ("exit", 2), ("reclaim", 2), ("join", 1)]


def crowd(threads, cpus, rounds=40):
    """A made-up schedule: threads take turns on all CPUs, every third turn ends blocked."""
    say, ready, blocked, running = Script(), [], [], [0] * cpus
    for tid in range(1, threads + 1):
        say("CREATE", tid, 0)
        say("ENQUEUE", tid)
        ready.append(tid)
    for turn in range(rounds):
        cpu = turn % cpus
        if blocked and turn % 2:
            ready.append(blocked.pop(0))
            say("ENQUEUE", ready[-1], cpu=cpu)
        before, state = running[cpu], READY
        if before and turn % 3 == 0:
            blocked.append(before)
            state = BLOCKED
        elif before:
            say("ENQUEUE", before, cpu=cpu)
            ready.append(before)
        running[cpu] = ready.pop(0) if ready else 0
        say("PICK", running[cpu], cpu=cpu)
        say("SWITCH", before, running[cpu], cpu=cpu, arg=state)
        say.time += 100 + 37 * (turn % 5)
    return Timeline(say.events, say.time, {n: f"worker/{n}" for n in range(1, threads + 1)}, STATES)


@pytest.mark.parametrize("threads, cpus", [(2, 1), (5, 1), (16, 1), (16, 4)])
def test_the_json_is_of_the_format(threads, cpus):
    line = crowd(threads, cpus)
    document = json.loads(trace_export.document(line, {"test": "made up"}))
    check_schema(document)
    check_lanes(document)
    turns = [event for event in document["traceEvents"] if event["ph"] == "X" and event["cat"] in ("turn", "idle")]
    assert [(e["pid"] - 1, e["args"]["tid"], e["args"]["start_ns"], e["args"]["end_ns"]) for e in turns] == [t[:4] for t in line.turns]


def test_the_schema_is_not_satisfied_by_anything():
    document = json.loads(trace_export.document(a_life(), {}))
    for spoil in (lambda e: e.pop("dur"), lambda e: e.update(dur="1"), lambda e: e.update(ph="Z"), lambda e: e.update(extra=1)):
        spoiled = json.loads(json.dumps(document))
        spoil(next(event for event in spoiled["traceEvents"] if event["ph"] == "X"))
        with pytest.raises((AssertionError, KeyError)):
            check_schema(spoiled)


@pytest.mark.parametrize("threads, cpus, rounds", [(2, 1, 10), (5, 1, 40), (16, 1, 60), (16, 4, 80), (9, 2, 3000)])
def test_the_picture_is_a_picture_of_every_thread(threads, cpus, rounds):
    line = crowd(threads, cpus, rounds)
    picture = gantt.draw(line, "a <test> & more", "made up")
    root = ElementTree.fromstring(picture)
    words = ["".join(element.itertext()) for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "a <test> & more" in words
    assert {f"CPU {cpu}" for cpu in range(cpus)} | {f"{tid} worker/{tid}" for tid in range(1, threads + 1)} <= set(words)
    assert any(word.endswith((" ns", " µs")) for word in words)
    patterns = {element.get("id") for element in root.iter("{http://www.w3.org/2000/svg}pattern")}
    boxes = list(root.iter("{http://www.w3.org/2000/svg}rect"))
    used = {box.get("fill")[5:-1] for box in boxes if box.get("fill", "").startswith("url(#")}
    assert used <= patterns and len(used) > 2
    assert float(root.get("width")) < 2000
    for box in boxes:
        assert not box.get("x") or float(box.get("x")) + float(box.get("width")) <= float(root.get("width"))


def test_what_the_picture_leaves_out_is_said():
    assert "Shown: the first" in gantt.draw(crowd(9, 1, 4000), "long", "")
    assert "Shown: the first" not in gantt.draw(crowd(9, 1, 40), "short", "")


def test_a_run_of_the_kernel_is_exported(tmp_path):
    kernel, test = kernels.REFERENCE / "build/checked/kernel.elf", kernels.phase_tests()["threads_that_yield_take_turns"]
    boot = trace_export.KeepingBoot(kernel, kernels.image(kernel), test)
    try:
        assert boot.play(test, "") is None
        assert len(boot.runs) == 2  # under rr and under fcfs
        trace_export.write(boot.runs[0], tmp_path / "out", "turns")
        document = json.loads((tmp_path / "out.json").read_text())
        check_schema(document)
        check_lanes(document)
        switches = boot.runs[0].events("SWITCH")
        turns = [event for event in document["traceEvents"] if event["ph"] == "X" and event["cat"] in ("turn", "idle")]
        assert len(turns) == len(switches) + 1
        assert [event["args"]["tid"] for event in turns] == [switches[0].tid, *(event.other for event in switches)]
        ElementTree.parse(tmp_path / "out.svg")
    finally:
        boot.close()


def test_a_failing_run_is_exported_too(tmp_path):
    """The schedule of a run that panics is what its author wants to see."""
    kernel = kernels.START / "build/checked/kernel.elf"
    boot = trace_export.KeepingBoot(kernel, kernels.image(kernel), "yield_order")
    try:
        assert "lab 1." in boot.play("yield_order", "")
        assert len(boot.runs) == 1
    finally:
        boot.close()


def test_make_trace_writes_both_files_and_names_them(tmp_path):
    tree = reference.copy(tmp_path / "tree")
    said = trace(tree, "nonesuch")
    assert said.returncode == 4 and "no test's name contains 'nonesuch'" in said.stderr and "exit_turns" in said.stderr
    said = trace(tree, "1.4")
    of_exercise = {test.name for test in kernels.phase_tests().values() if test.exercise == "1.4"}
    assert {Path(name).stem.split("-")[0] for name in said.stdout.split()} >= of_exercise
    said = trace(tree, "1.4", "--append=sched=fcfs")
    assert (said.returncode, said.stdout) == (4, "") and said.stderr.count("\n") == 1
    assert "APPEND= is for a test inside the kernel" in said.stderr
    said = trace(tree, "exit_turns", "--append=sched=fcfs")
    assert said.stdout.split() == [str(tree / f"build/trace/exit_turns.{suffix}") for suffix in ("json", "svg")], said.stderr
    document = json.loads((tree / "build/trace/exit_turns.json").read_text())
    check_schema(document)
    assert "sched=fcfs" in document["otherData"]["boot options"]


def trace(tree, test, *options):
    command = [sys.executable, str(tree / "grade/trace_export.py"), "--tree", str(tree), "--test", test, *options]
    return subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
