#!/usr/bin/env python3
"""The long way round, for whom `make test` is too short: `make soak [MINUTES=n]`. 1,000,000 threads made, ended and joined and
10,000,000 yields leave frames and heap objects as they began; from phase 2 on, each test that tries seeds passes with 10,000 of them; from
phase 3 on, the kernel survives 10,000,000 system calls at random, from phase 4 on as many by threads on four CPUs, and programs of which
each allocation fails once; 200 grades of the same tree, beside none, one, four and eight busy processes in turn, come out the same, to the
time stamps in the guest. From phase 4 on, whole families of processes come through 10,000 seeds (soak_smp.py), and the stress tests run on
CPUs that really work at the same time.

    grade/soak.py --tree build/tree/1-199 [--state build/soak.json] [--minutes N] [--only TEXT]

The work is done in pieces, a fifth of everything and then the next one, and the state file is written after each piece: a soak that was
stopped goes on there. With --minutes it ends after the piece in which the time is over, and begins another lap when everything is done;
without, when everything is done. --only: the items of whose names the text is a part. What a piece finds never depends on time, but for
those on CPUs that work at the same time. Exit status: 0; 1 something was found; 2 stopped; 3 the grader failed; 4 called wrongly."""

import argparse
import contextlib
import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(HERE.parent))

from grade import dwarf, exercises, machine, soak_smp, testlist
from grade.boot import Boot, no_leak
from grade.errors import GraderFault, RuleBroken, UserError, told
from grade.soak_programs import SCARCE, VARIANTS, kernel_of, user_piece

FAILED = 1
LIMIT_MS = 60_000  # of virtual time for a piece
LOADS = 0, 8, 1, 4  # busy processes beside a grade, in turn
# name: (what it is called, how many in all, how many in a piece)
CHURNS = {
    "exit_churn": ("threads made, ended and joined", 1_000_000, 50_000),
    "yield_churn": ("yields", 10_000_000, 500_000),
}
USERS = {
    "fuzz": ("system calls at random", 10_000_000, 100_000),  # with a new seed for each piece
    "scarce": ("programs of which each allocation fails once", len(SCARCE), 1),
}
GRADES = ("grades", 200, 1)
SEEDS = ("seeds", 10_000, 200)  # for each test that tries seeds: how many in all, how many in a boot
FIFTHS = 5         # of each item comes one, and then of each the next
WALL_S = 3600      # guards the host against a grade that does not end


def main(argv):
    """Returns the exit status."""
    parser = argparse.ArgumentParser(prog="grade/soak.py", description="the long tests")
    parser.add_argument("--tree", type=Path, required=True, help="a phase's tree, with both kernels built")
    parser.add_argument("--state", type=Path, default=Path("build/soak.json"))
    parser.add_argument("--minutes", type=int, help="stop after so many minutes")
    parser.add_argument("--only", default="", help="the items of whose names this is a part")
    options = parser.parse_args(argv)
    return told("soak", lambda: soak(options.tree.absolute(), options.state, options.minutes, only=options.only),
                f"stopped; the next one goes on from {options.state}")


def soak(tree, path, minutes=None, churns=CHURNS, grades=GRADES, seeds=SEEDS, users=USERS, only=""):
    """Works until everything is done or the time is over. Returns the exit status. Raises UserError if there is nothing of that name."""
    deadline = None if minutes is None else time.monotonic() + 60 * minutes
    for variant in VARIANTS:
        kernel_of(tree, variant)
    state = read_state(path, tree, items(tree, churns, grades, seeds, users))
    while deadline is None or time.monotonic() < deadline:
        names = [name for name in state["items"] if testlist.plain(only) in testlist.plain(name)]
        if not names:
            raise UserError(f"nothing in a soak of this tree is called '{only}'; there are: {', '.join(state['items'])}")
        name = due({name: state["items"][name] for name in names})
        if name is None and len(names) < len(state["items"]):
            print(f"soak: done: {', '.join(names)}")
            return 0
        if name is None:
            state["laps"] += 1
            write_state(path, state)
            print(f"soak: everything done, {state['laps']} time{'s' if state['laps'] > 1 else ''} by now", flush=True)
            if deadline is None:
                return 0
            begin_lap(state)
            continue
        item = state["items"][name]
        try:
            said = piece(tree, name, item, path.parent / "soak")
        except RuleBroken as broken:
            print(f"soak: {item['what']}, {item['done']:,} to {item['done'] + item['step']:,}: {broken.rule}", *broken.evidence, sep="\n  ")
            return FAILED
        item["done"] += item["step"]
        write_state(path, state)
        print(f"soak: {item['done']:>10,} of {item['goal']:,} {item['what']}: {said}", flush=True)
    print(f"soak: the time is over; the next soak goes on from {path}")
    return 0


def due(items):
    """The name of the item to go on with: the first of those of which the fewest fifths are done; None if all is done."""
    left = {name: item["done"] * FIFTHS // item["goal"] for name, item in items.items() if item["done"] < item["goal"]}
    return min(left, key=left.get, default=None)


def items(tree, churns=CHURNS, grades=GRADES, seeds=SEEDS, users=USERS):
    """[(name, (what it is called, how many in all, how many in a piece))] of all that there is to do with a tree."""
    races = [(f"seeds of {test.name}", (f"seeds of '{test.claim}'", seeds[1], min(seeds[2], test.most_seeds))) for test in seeded(tree)]
    several = soak_smp.items(seeds) if soak_smp.has_several(tree) and users is not None else []
    return [*churns.items(), *(users.items() if (tree / "user").is_dir() else ()), *races, *several, ("grades", grades)]


def seeded(tree):
    """The graded Tests of a tree that try seeds."""
    phase, known = exercises.read(tree / "exercises.toml")
    return [test for test in testlist.read(tree / "grade" / f"phase{phase}", known) if test.seeds]


def piece(tree, name, item, folder):
    """Works on an item. Returns what to say of it. Raises RuleBroken."""
    if name == "grades":
        return grade_piece(tree, item, folder)
    if name.startswith("seeds of "):
        return seeds_piece(tree, name.removeprefix("seeds of "), item, folder)
    if name in soak_smp.PIECES:
        return soak_smp.PIECES[name](tree, item)
    if name in USERS:
        return user_piece(tree, name, item)
    return churn_piece(tree, name, item)


# --- the state ----------------------------------------------------------------------------------------------------------------------


def read_state(path, tree, items):
    """What was done so far; nothing if it was with other kernels. Raises UserError."""
    kernels = {variant: identity(kernel_of(tree, variant)) for variant in VARIANTS}
    fresh = {"kernels": kernels, "laps": 0, "items": {name: {"what": what, "goal": goal, "step": min(step, goal), "done": 0}
                                                      for name, (what, goal, step) in items}}
    try:
        state = json.loads(path.read_text())
    except FileNotFoundError:
        return fresh
    except ValueError:
        raise UserError(f"{path} is not a soak's state; remove it to begin anew") from None
    if state.get("kernels") != kernels:
        print("soak: the kernel is another one than last time: begins anew")
        return fresh
    if state["laps"] and all(item["done"] >= item["goal"] for item in state["items"].values()):
        begin_lap(state)
    return state


def begin_lap(state):
    for item in state["items"].values():
        item["done"] = 0


def write_state(path, state):
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.write_text(json.dumps(state, indent=1) + "\n")
    os.replace(new, path)


def identity(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()[:24]


# --- churning -----------------------------------------------------------------------------------------------------------------------


def churn_piece(tree, ktest, item):
    """A piece of one, checked kernel and plain one in turn. Returns what to say of it. Raises RuleBroken."""
    variant = VARIANTS[item["done"] // item["step"] % 2]
    run_ns = churn(kernel_of(tree, variant), tree / "build" / "grade" / "work" / "dwarf", ktest, item["step"])
    return f"nothing lost ({variant} kernel, {run_ns / 1e9:.2f} s of its time)"


def churn(kernel, cache, ktest, rounds):
    """Boots a ktest that repeats something `rounds` times and judges what it leaves. Returns the run's length in ns. Raises RuleBroken."""
    boot = Boot(kernel, dwarf.load(kernel, cache), 1)
    try:
        run = boot(ktest, f"rounds={rounds}", trace="off", limit_ms=LIMIT_MS)
        done = run.fact("NOTE")
        if done.a != rounds:
            raise RuleBroken(f"{ktest} does as many rounds as it is asked to", f"asked for {rounds}, did {done.a}")
        if ktest == "exit_churn" and done.b:
            raise RuleBroken("every thread is joined and hands over its exit code", f"{done.b} of {rounds} were not, or gave another code")
        if ktest == "yield_churn" and done.b < 2 * rounds - 1:
            raise RuleBroken("every yield leads to the other thread", f"{rounds} yields of each of two threads: {done.b} switches")
        no_leak(run)
        return run.report.done_time
    finally:
        boot.close()


# --- seeds ------------------------------------------------------------------------------------------------------------------------------


def seeds_piece(tree, test, item, folder):
    """The next seeds of one test. Returns what to say. Raises RuleBroken."""
    first, last = item["done"] + 1, item["done"] + item["step"]
    result, = graded(tree, folder / "seeds", test=test, seeds=f"{first}..{last}")["tests"]
    if result["status"] != "passed":
        raise RuleBroken(result["extra_data"]["rule"], *result["extra_data"]["evidence"])
    return f"{first} to {last} pass"


# --- grading --------------------------------------------------------------------------------------------------------------------------


def grade_piece(tree, item, folder):
    """Grades once more and compares with the first time, which is kept in the folder. Returns what to say. Raises RuleBroken."""
    number = item["done"]
    beside = LOADS[number % len(LOADS)]
    first = folder / "first.json"
    now = graded(tree, folder / "grade", beside)
    if number == 0:
        first.write_text(json.dumps(now))
        return "the first, with which the others are compared"
    compare(json.loads(first.read_text()), now)
    return "the same as the first" + (f", beside {beside} busy processes" if beside else "")


def graded(tree, out, beside=0, test="", seeds=""):
    """What grade/run.py finds for the tree, without the seconds that it took: results.json as a dict. seeds: as SEEDS=. Raises
    GraderFault."""
    out.mkdir(parents=True, exist_ok=True)
    work = tree / "build" / "grade" / "work"
    command = [sys.executable, str(tree / "grade" / "run.py"), "--tree", str(tree), "--out", str(out), "--work", str(work)]
    with busy(beside):
        done = subprocess.run([*command, "--test", test, "--seeds", seeds], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=WALL_S, check=False)
    if done.returncode not in (0, 1):
        raise GraderFault(f"the grader ended with {done.returncode}: {(done.stderr or done.stdout).strip()[-500:]}")
    results = json.loads((out / ("selected.json" if test else "results.json")).read_text())
    results.pop("execution_time", None)
    return results


def compare(first, now):
    """Raises RuleBroken unless two results are the same, guest time stamps and all."""
    before, after = ({test["name"]: test for test in results["tests"]} for results in (first, now))
    differ = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    if differ or first != now:
        raise RuleBroken("the same tree is graded the same, whenever and beside whatever, to the time stamps in the guest",
                         *(difference(before.get(name), after.get(name)) for name in differ[:5]), f"{len(differ)} tests differ")


def difference(before, after):
    """The first thing in which two tests' results differ, in a line."""
    if not before or not after:
        return f"{(before or after)['name']}: only in one of the two"
    flat = [{**test, **test["extra_data"]} for test in (before, after)]
    key = next((key for key in flat[0] if key != "extra_data" and flat[0][key] != flat[1].get(key)), "?")
    return f"{before['name']}: {key}: {flat[0].get(key)!r:.150} and then {flat[1].get(key)!r:.150}"


@contextlib.contextmanager
def busy(count):
    """Processes that want a CPU as long as the block lasts; they end with it, or with this process."""
    running = []
    try:
        for _ in range(count):
            running.append(machine.start([sys.executable, "-c", "while True: pass"], "/", subprocess.DEVNULL, [], 0))
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
