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

from grade import class_events, gantt, trace_export
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
    "s": {"cat": str, "args": dict, "id": int},
    "f": {"cat": str, "args": dict, "id": int, "bp": str},
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
    flows = [(event["id"], event["ph"]) for event in document["traceEvents"] if event["ph"] in "sf"]
    assert sorted(flows) == [(number, end) for number in range(1, len(flows) // 2 + 1) for end in "fs"]  # each has both of its ends


def check_event(event):
    if event["ph"] == "X":
        assert event["dur"] >= 0 and event["ts"] >= 0
    elif event["ph"] == "i":
        assert event["s"] in ("g", "p", "t")  # how tall it is drawn: global, process, thread
    elif event["ph"] == "C":
        assert event["args"] and all(isinstance(value, (int, float)) for value in event["args"].values())
    elif event["ph"] in "sf":
        assert event["ts"] >= 0 and event.get("bp", "e") == "e"  # it ends in the slice around it
    else:
        name, kind = METADATA[event["name"]]
        assert set(event["args"]) == {name} and isinstance(event["args"][name], kind)


def check_lanes(document):
    """Asserts that slices of one lane do not overlap, that every lane with something on it has a name, and that the times in us are those
    in ns."""
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
    assert set(lanes) | {(event["pid"], event["tid"]) for event in document["traceEvents"] if event["ph"] in "isfC"} <= names


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


# --- phase 5: numbers, budgets, deadlines ----------------------------------------------------------------------------------------------


class Classes:
    """Makes records of phase 5, 10 ns apart unless `at` is given; those of a decision carry the clock, by which an ENTITY finds its own."""

    def __init__(self):
        self.events, self.time = [], 0

    def __call__(self, kind, tid, other=0, *, cls=class_events.DEADLINE, at=None, arg=0, clock=None):
        self.time = at or self.time + 10
        arg = (*arg, 0, 0, 0)[:4] if isinstance(arg, tuple) else (arg, 0, 0, clock or self.time)
        self.events.append(Event(self.time, 0, len(self.events) + 1, kind, cls, tid, other, 0, arg))
        return self


def a_budget_that_ends(say, kind="THROTTLE"):
    """Thread 2, which has a deadline at 500, runs, has used up its budget, and has more at 520, when its deadline has passed."""
    say("CREATE", 2, 1)("ENQUEUE", 2, clock=7)("ENTITY", 2, arg=(0, 500, 0, 100))
    say("PICK", 2, clock=8)("ENTITY", 2, arg=(0, 500, 0, 90))("SWITCH", 0, 2)
    say("ENQUEUE", 2, at=300, clock=9)(kind, 2, arg=520, clock=9)("PICK", 0)("SWITCH", 2, 0, arg=READY)
    say("MISS", 2, at=510, arg=500)("REPLENISH", 2, at=520, arg=600, clock=10)("ENTITY", 2, arg=(0, 600, 0, 100))
    say("PICK", 2, at=530, clock=11)("SWITCH", 0, 2)
    return Timeline(say.events, 700, {}, STATES)


def test_who_has_no_budget_is_throttled_and_not_ready():
    line = a_budget_that_ends(Classes())
    assert [(span.state, span.start, span.end) for span in line.spans[2]][1:] == [
        ("READY", 20, 60), ("RUNNING", 60, 330), ("THROTTLED", 330, 520), ("READY", 520, 540), ("RUNNING", 540, 700)]
    marks = [(mark.kind, mark.time) for mark in sorted(line.marks, key=lambda mark: mark.time) if mark.kind in gantt.BUDGET]
    assert marks == [("throttle", 310), ("deadline", 500), ("miss", 510), ("replenish", 520), ("deadline", 600)]


def test_all_real_time_threads_of_a_cpu_are_throttled_together_and_nobody_else_is():
    say, rt = Classes(), class_events.RT
    for tid, cls in ((2, rt), (3, rt), (4, class_events.NORMAL)):
        say("ENQUEUE", tid, cls=cls)
    say("THROTTLE", 2, cls=rt, arg=900)("ENQUEUE", 5, cls=rt)("REPLENISH", 0, cls=class_events.IDLE, at=900)
    line = Timeline(say.events, 1000, {}, STATES)
    found = {tid: [(span.state, span.start, span.end) for span in spans] for tid, spans in line.spans.items()}
    assert found == {2: [("READY", 10, 40), ("THROTTLED", 40, 900), ("READY", 900, 1000)],
                     3: [("READY", 20, 40), ("THROTTLED", 40, 900), ("READY", 900, 1000)], 4: [("READY", 30, 1000)],
                     5: [("THROTTLED", 50, 900), ("READY", 900, 1000)]}


def test_numbers_are_those_of_their_record_or_the_last_before_it():
    line = a_budget_that_ends(Classes())
    said = {(event.event, event.time): line.numbers.get((event.cpu, event.seq)) for event in line.events}
    assert said["ENQUEUE", 20] == {"deadline": 500, "budget": 100, "numbers_ns": 30}
    assert said["PICK", 40] == {"deadline": 500, "budget": 90, "numbers_ns": 50} == said["THROTTLE", 310]
    assert said["REPLENISH", 520] == {"deadline": 600, "budget": 100, "numbers_ns": 530} and said["CREATE", 10] is None


def test_a_deadline_that_was_moved_before_it_came_is_none():
    say = Classes()
    say("ENQUEUE", 2)("ENTITY", 2, arg=(0, 500))("ENQUEUE", 2, at=400)("ENTITY", 2, arg=(0, 800))("ENTITY", 3, arg=(0, 850))
    say("POLICY", 3, at=500)
    assert [(time, event.tid) for time, event in class_events.deadlines(say.events)] == [(800, 2)]


def test_the_picture_shows_budgets_and_deadlines():
    picture = gantt.draw(a_budget_that_ends(Classes()), "budgets", "")
    ElementTree.fromstring(picture)
    assert all(picture.count(gantt.SHAPES[kind][0]) > 2 and gantt.SHAPES[kind][2] in picture for kind in gantt.BUDGET)
    assert "THROTTLED: 330 to 520 ns" in picture


@pytest.fixture
def exported(tmp_path):
    """exported(ktest, options): (the Run, its document), of phase 5's kernel; the document is of the format."""
    boots, kernel = [], kernels.reference(5) / "build/checked/kernel.elf"

    def run(ktest, options=""):
        boots.append(trace_export.KeepingBoot(kernel, kernels.image(kernel, kernels.reference(5)), ktest))
        assert boots[-1].play(ktest, options) is None
        trace_export.write(boots[-1].runs[0], tmp_path / "out", ktest)
        document = json.loads((tmp_path / "out.json").read_text())
        check_schema(document)
        check_lanes(document)
        ElementTree.parse(tmp_path / "out.svg")
        return boots[-1].runs[0], document
    yield run
    for boot in boots:
        boot.close()


def of_kind(document, kind, **match):
    return [event for event in document["traceEvents"] if event["ph"] == kind and all(event.get(k) == v for k, v in match.items())]


NUMBERS = {class_events.DEADLINE: {1: "deadline", 3: "budget"}, class_events.RT: {0: "priority", 3: "budget"}}
FAIR = {"eevdf": {0: "vruntime", 1: "deadline", 2: "lag", 3: "budget"}, "cfs": {0: "vruntime", 1: "min_vruntime", 3: "ran"}}


@pytest.mark.parametrize("policy", ["eevdf", "cfs"])
def test_every_record_of_all_classes_is_there_with_its_numbers(exported, policy):
    """Each record but ENTITY is one instant event; the numbers of each ENTITY are at one record of its thread, and drawn over time."""
    run, document = exported("class_mix_all", f"sched={policy}")
    records = run.events()
    instants = [event for event in of_kind(document, "i") if event["pid"] != trace_export.THREADS]
    seen = [(event["cat"].upper(), event["args"]["seq"]) for event in instants]
    assert seen == [(event.event, event.seq) for event in records if event.event != "ENTITY"]
    written = {(event["args"]["tid"], event["args"]["numbers_ns"]): event["args"] for event in instants if "numbers_ns" in event["args"]}
    counted = {(event["name"].split(": ")[1], event["tid"], event["ts"]): event["args"]["ns"] for event in of_kind(document, "C")
               if event["cat"] == "numbers"}
    entities, shown = [event for event in records if event.event == "ENTITY"], set()
    for entity in entities:
        for at, name in NUMBERS.get(entity.cls, FAIR[policy]).items():
            value = entity.arg[at] - (entity.arg[at] >> 63 << 64)
            assert written[entity.tid, entity.time][name] == value
            shown.add((name, entity.cls, counted.get((name, entity.tid, entity.time / 1000)) == value))
    assert {event.cls for event in entities} == {class_events.DEADLINE, class_events.RT, class_events.NORMAL}
    assert {("vruntime", class_events.NORMAL, True), ("budget", class_events.DEADLINE, True)} <= shown
    assert (("lag", class_events.NORMAL, True) in shown) == (policy == "eevdf")
    assert not {name for name, _, drawn in shown if not drawn} & {"lag", "vruntime"}
    picked = [event["args"] for event in of_kind(document, "X", cat="turn")]
    assert sum("budget" in args or "ran" in args for args in picked) > 0.9 * len(picked)


def test_deadlines_misses_and_budgets_of_a_booted_run_are_on_their_threads_lanes(exported):
    """In the overload of lab 5.5 the third thread misses its first deadline; until then each has its budget once a period."""
    run, document = exported("edf_overload", "dl_bandwidth=0")
    for kind in ("THROTTLE", "REPLENISH", "MISS"):
        lane = [(event["tid"], event["args"]["ns"]) for event in of_kind(document, "i", pid=trace_export.THREADS, cat=kind.lower())]
        assert lane == [(event.tid, event.time) for event in run.events(kind)] and lane, kind
    (miss,) = run.events("MISS")
    (begin,), (end,) = of_kind(document, "s"), of_kind(document, "f")
    assert (begin["tid"], begin["ts"]) == (miss.tid, miss.arg[0] / 1000) and (end["tid"], end["ts"]) == (miss.tid, miss.time / 1000)
    deadlines = {(event["tid"], event["ts"]) for event in of_kind(document, "i", cat="deadline")}
    assert (miss.tid, miss.arg[0] / 1000) in deadlines and len(deadlines) >= 6
    for held in of_kind(document, "X", name="THROTTLED"):
        inside = [event for event in run.events("THROTTLE", "REPLENISH", tid=held["tid"]) if event.time <= held["args"]["start_ns"]]
        assert inside[-1].event == "THROTTLE" and held["args"]["end_ns"] in {e.time for e in run.events("REPLENISH", tid=held["tid"])}
    assert len(of_kind(document, "X", name="THROTTLED")) >= 4


def test_the_throttled_real_time_class_is_a_slice_of_each_of_its_threads(exported):
    """80 of 100 ms: a FIFO hog is held back three times, and the normal one never."""
    run, document = exported("rt_limit", "rt_period=100 rt_runtime=80")
    slices = of_kind(document, "X", name="THROTTLED")
    hog = {event.tid for event in run.events("THROTTLE")}
    assert len(hog) == 1 and {slice["tid"] for slice in slices} == hog
    assert {slice["args"]["end_ns"] for slice in slices} == {event.time for event in run.events("REPLENISH")} and len(slices) == 3
    assert {event["name"] for event in of_kind(document, "i", cat="replenish")} == {"replenish the real-time class"}


# --- the schema ------------------------------------------------------------------------------------------------------------------------


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
