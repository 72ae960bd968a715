#!/usr/bin/env python3
"""The questions of lab 5.6: seven runs, drawn from a name. `make questions` in a student's tree writes them down, for the name in
answers5.toml; the tests make the same ones again and have the models answer them. No answer is stored."""

import difflib
import hashlib
import sys
from collections import namedtuple
from functools import lru_cache
from pathlib import Path

if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from grade import answers
from grade.errors import RuleBroken, Unjudged, UserError, told
from grade.models.twin import Draws
from grade.reading import faults, plans
from grade.reading.judge import judge, with_the_pick
from grade.reading.play import Player, Unplayable
from grade.reading.rules import RULES
from grade.reading.text import text_of

FILE, OUT = "answers5.toml", "build/questions.txt"
LINES = 16             # of a run
BEFORE, BEHIND = 4, 3  # so many of them, at least, before and behind the event that is asked for
TRIES = 60             # of a mistake; then it is another one
UNSOLVED = "lab 5.6 is not solved yet: "

# What is drawn for each run, and the mistakes of which it has one.
KINDS = ((plans.cfs, faults.CFS), (plans.eevdf, faults.EEVDF), (plans.eevdf, faults.EEVDF), (plans.real_time, faults.REAL_TIME),
         (plans.deadline, faults.DEADLINE), (plans.deadline, faults.DEADLINE), (plans.all_classes, faults.ALL_CLASSES))

Run = namedtuple("Run", "number plan events fault right")  # right: the events without the fault


@lru_cache(maxsize=4)
def runs_of(name):
    """The Runs of a plain name, each of which breaks another rule. The same on any machine and Python: all is drawn by one generator."""
    draw = Draws(int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big"))
    found, first, used = [], 1, set()
    for number, (make, kinds) in enumerate(KINDS, 1):
        run = drawn(draw, number, first, make, [kind for kind in kinds if kind.breaks not in used])
        used.add(run.fault.breaks)
        first += len(run.events)
        found.append(run)
    return found


def drawn(draw, number, first, make, kinds):
    """A Run in which the models find one of these mistakes, and no other rule broken before it."""
    while True:
        fault = kinds[draw(len(kinds))]
        for _ in range(TRIES):
            plan, after = with_the_pick(make(draw)), draw(LINES - BEHIND)
            try:
                events = Player(plan, first, LINES, fault, after).play()
                found = judge(plan, events)
                if not found or found.rule != fault.breaks or not first + BEFORE <= found.event.seq < first + LINES - BEHIND:
                    continue
                right = Player(plan, first, LINES).play()
                if len(right) == len(events) == LINES and judge(plan, right) is None and found.event in planted(right, events):
                    return Run(number, plan, events, fault, right)
            except Unplayable:
                pass


def planted(right, events):
    """Where a mistake shows first: the first event that the right scheduler did not write, and the last step before. What the models find
    only later, at the next charge say, could be argued about."""
    at = next(n for n, (is_, has) in enumerate(zip(right, events)) if is_ != has)
    return events[at], next(event for event in reversed(events[:at]) if event.event != "ENTITY")


def check(data, number):
    """Judges the answer about a run in a file of answers, its bytes. Raises RuleBroken."""
    table, name = opened(data)
    run = runs_of(name)[number - 1]
    event, rule = answer(table, run)
    found = judge(run.plan, run.events)
    if (event.seq, rule) == (found.event.seq, found.rule):
        return
    said = RULES[rule]
    evidence = [f"your answer: event {event.seq}, {event.event.lower()} of thread {event.tid}, breaks {rule}", f"{rule}: {said.says}",
                f"to check that by hand: {said.by_hand}"]
    if event.event.lower() not in said.at:
        evidence.append(f"event {event.seq} is of another kind: this rule can be broken at {', '.join(said.at)}")
    raise RuleBroken(f"{FILE}: what run{number} says is not where the run breaks a rule first: it is another event, or another rule",
                     *evidence, f"the run: make questions, then {OUT}; the rules are worked out in labs/lab5.md")


def opened(data):
    """(table, plain name) of a file's bytes. Raises RuleBroken."""
    try:
        table = answers.read(data)
        name = answers.name_of(table)
    except answers.Unfit as why:
        raise RuleBroken(f"{FILE} {why}") from None
    if not name:
        raise Unjudged("unsolved", f'{UNSOLVED}write your name into {FILE}, name = "Ada Lovelace", then: make questions')
    return table, name


def answer(table, run):
    """(event, rule) of a table's answer about a run. Raises RuleBroken about what is none."""
    key, first, last = f"run{run.number}", run.events[0].seq, run.events[-1].seq
    form = f'write {key} = [{first}, "keeps-cpu"], say: the number of an event, {first} to {last}, and the name of a rule'
    if key not in table:
        raise RuleBroken(f"{FILE}: {key} is missing; {form}")
    found = table[key]
    if not isinstance(found, list) or [type(part) for part in found] != [int, str]:
        raise RuleBroken(f"{FILE}: {key} is not an event and a rule; {form}")
    number, rule = found[0], found[1][:answers.LONGEST].strip().lower()
    if number == 0 and not rule:
        raise Unjudged("unsolved", f"{UNSOLVED}{FILE} has no answer about run {run.number}; make questions writes it to {OUT}")
    if not first <= number <= last:
        raise RuleBroken(f"{FILE}: {key} names an event that run {run.number} has not; {form}")
    if rule not in RULES:
        near = difflib.get_close_matches(rule, RULES, 3, 0.5)
        words = f"near it: {', '.join(near)}" if near else f"there are: {', '.join(RULES)}"
        raise RuleBroken(f"{FILE}: {key} names a rule that there is not; {words}")
    return run.events[number - first], rule


HEAD = """Lab 5.6, reading a trace. These runs are made for: {name}

In each run one rule is broken, for the first time at one event. Which event, and which rule? Into {file} goes

    run1 = [EVENT, "RULE"]

and so on. Where something is missing, the answer is the event that demanded it: the tick or the wake behind which nothing follows. Times
are in ns; `has run` is what a thread has run since the run began. labs/lab5.md works an example out.

Rules:
"""


def questions(name):
    """The text for a plain name."""
    lines = [HEAD.format(name=name, file=FILE), *(f"  {rule:<14} {said.says}" for rule, said in RULES.items())]
    for run in runs_of(name):
        lines += ["", "-" * 100, "", *text_of(run)]
    return "\n".join(lines) + "\n"


def main():
    """Writes the questions of the tree in which this is called. Returns the exit status."""
    try:
        with open(FILE, "rb") as file:
            _, name = opened(file.read(answers.LARGEST + 1))
    except FileNotFoundError:
        raise UserError(f"{FILE} is not there; take its start version: tar -xf grade/given.tar {FILE}") from None
    except RuleBroken as broken:
        raise UserError(broken.rule.removeprefix(UNSOLVED)) from None
    out = Path(OUT)
    out.parent.mkdir(exist_ok=True)
    out.write_text(questions(name), encoding="utf-8")
    sys.stdout.reconfigure(errors="backslashreplace")  # a terminal may lack the name's letters
    print(f"{OUT}: {len(KINDS)} runs for '{name}'; your answers go into {FILE}, make grade TEST=5.6 judges them")
    return 0


if __name__ == "__main__":
    sys.exit(told("questions", main))
