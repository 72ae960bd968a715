"""The monitor of phase 2: it sleeps while nobody types, its statistics count what happens, and its demonstrations show the policies as they
are. What a chart shows is compared with what follows from the policy's rule, and with the figures below it."""

import os
import re
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

import kernels  # noqa: E402

from grade import dwarf, events  # noqa: E402
from grade.machine import CPU, Machine  # noqa: E402
from grade.memory import GuestMemory  # noqa: E402
from grade.state import Kernel  # noqa: E402

KERNEL = kernels.reference(2) / "build/checked/kernel.elf"
QEMU = os.environ.get("QEMU", "qemu-system-x86_64")
GUARD_S = 60  # of the host's time, for a machine that does not answer
LIMIT_MS = 5000
UNSURE_NS = 20_000  # from the chart's begin to the first thread's entry in the trace, and from a switch to its being noted
BOOTS = [("rr", 1000), ("mlfq", 100)]  # the policy in force, ticks a second

Shown = namedtuple("Shown", "answers events policy tick")  # tick: ms from one to the next

# rows: {name: what is drawn}; column: ms; figures: {name: {"runs": ms, ...}}
Chart = namedtuple("Chart", "rows column figures")


@pytest.fixture(autouse=True)
def kernel():
    assert KERNEL.exists(), "phase 2's reference is not built: run `make trees PHASE=2`, or let `make test` do it"


def at_the_prompt(*commands, options=""):
    """({command: what the monitor answered, the answers of one command joined}, the trace's events) of a run that repeats to the last
    instruction."""
    typed = "".join(f"{command}\n" for command in (*commands, "poweroff"))
    with Machine(KERNEL, f"watchdog={LIMIT_MS} {options}", input=typed.encode(), limit_ms=LIMIT_MS) as machine:
        end, shown = machine.run(), machine.console()
        image = dwarf.Image(kernels.content(kernels.reference(2)))
        seen, dropped = events.trace(Kernel(image, GuestMemory(machine.ram, end.cpus[0]["CR3"])))
    assert end.kind == "poweroff" and not dropped, shown
    answers = {}
    for part in shown.split("\n> ")[1:]:
        command, _, answer = part.partition("\n")
        answers[command] = answers.get(command, "") + answer + "\n"
    return answers, seen


def charts(text):
    """The Charts of an answer. Each is as wide in all its rows, and no column has two threads that run."""
    found = []
    for part in re.split(r"(?m)^(?=\w+.*:$)", text)[1:]:
        rows = dict(re.findall(r"^  (\w) \|(.*)\|$", part, re.M))
        assert len({len(row) for row in rows.values()}) == 1, part
        assert all(sum(cell not in " .-m" for cell in column) <= 1 for column in zip(*rows.values())), part
        names = "runs waits longest lock response turnaround".split()
        figures = {name: dict(zip(names, map(float, numbers.split())))
                   for name, numbers in re.findall(r"^  (\w)((?: +\d+\.\d){6})$", part, re.M)}
        assert set(figures) == set(rows), part
        found.append(Chart(rows, int(re.search(r"a column is (\d+) ms", part)[1]), figures))
    return found


def drawn(chart, name, cells):
    """ms that a thread is shown in one of these cells."""
    return chart.column * sum(chart.rows[name].count(cell) for cell in cells)


@pytest.fixture(scope="module", params=BOOTS, ids=lambda boot: f"sched={boot[0]} hz={boot[1]}")
def shown(request):
    """All demos in one boot, memory and policy looked at behind the first and behind the last."""
    policy, hz = request.param
    commands = ["run inversion", "policy", "mem", "stats", "run convoy", "stats", "run gamer", "stats", "run ageing", "policy", "mem"]
    return Shown(*at_the_prompt(*commands, options=f"sched={policy} hz={hz} trace=all"), policy, 1000 // hz)


def test_a_chart_shows_who_ran_as_the_trace_has_it(shown):
    """A column is what happened at the middle of its time, told from the moment before the first thread was made. Where a switch is
    nearer than that is known exactly, either side of it is right, or nobody: who comes notes that it runs a little after the switch."""
    found = [chart for command, answer in shown.answers.items() if command.startswith("run ") for chart in charts(answer)]
    made = [event for event in shown.events if event.event == "CREATE"]
    switches = [event for event in shown.events if event.event == "SWITCH"]
    for chart in found:
        mine, made = made[:len(chart.rows)], made[len(chart.rows):]
        name_of = {event.tid: name for event, name in zip(mine, chart.rows)}
        for at, column in enumerate(zip(*chart.rows.values())):
            middle = mine[0].time + (at + 0.5) * chart.column * 1e6
            allowed = {name_of.get(last_before(switches, middle + off)) for off in (-2 * UNSURE_NS, 0)}
            allowed |= {None} if len(allowed) > 1 else set()
            runs = next((name for name, cell in zip(chart.rows, column) if cell not in " .-m"), None)
            assert runs in allowed, (at, allowed, chart.rows)
    assert not made and len(found) == 8, "four demos of two charts each"


def last_before(switches, time):
    """Who runs at a time."""
    return next((event.other for event in reversed(switches) if event.time <= time), None)


def test_convoy_shows_three_jobs_that_wait_17_columns_on_average_and_then_3(shown):
    judge_convoy(shown.answers["run convoy"])


def judge_convoy(answer):
    first, shortest = charts(answer)
    assert [row.strip() for row in first.rows.values()] == ["#" * 24, "." * 24 + "#" * 3, "." * 27 + "#" * 3]
    assert [row.strip() for row in shortest.rows.values()] == ["." * 6 + "#" * 24, "#" * 3, "..." + "#" * 3]
    for chart, average in ((first, 17), (shortest, 3)):
        assert sum(row.count(".") for row in chart.rows.values()) == 3 * average
        assert abs(sum(figure["waits"] for figure in chart.figures.values()) / 3 / chart.column - average) < 0.05
    assert re.findall(r"average wait: (\S+) columns", answer) == ["17.0", "3.0"]


def test_ageing_lets_a_thread_in_that_would_starve(shown):
    """Thread priorities low and normal are 12 levels apart, a level is gained in 10 ms; a turn of H lasts 20 ms, one of L 10 ms."""
    starved, aged = charts(shown.answers["run ageing"])
    assert re.fullmatch(r"#+ +", starved.rows["H"]) and re.fullmatch(r"\.+#+", starved.rows["L"]), "L runs when H has ended, not before"
    assert starved.figures["L"]["longest"] >= starved.figures["H"]["runs"] > 200
    assert "#." in aged.rows["H"] and "#." in aged.rows["L"], "L has a turn while H wants to run, and H gets the CPU back"
    assert 12 * 10 <= aged.figures["L"]["longest"] <= 12 * 10 + 20 + shown.tick
    assert aged.figures["H"]["longest"] <= 10 + shown.tick
    assert all(chart.figures["L"]["runs"] == pytest.approx(30, abs=1) for chart in (starved, aged))


def test_a_gamer_keeps_the_top_only_where_its_past_is_forgotten(shown):
    """4 ms of every 5 at the top would be 80 %; the better of two equals who both sink cannot have more than its half."""
    answer = shown.answers["run gamer"]
    forgetful, fair = charts(answer)
    assert set(forgetful.rows["G"]) <= set("0.- ") and {"1", "2"} <= set(forgetful.rows["H"])
    for name in "GH":
        level = re.sub("[^0-3]", "", fair.rows[name])
        assert list(level) == sorted(level) and {"0", "1", "2", "3"} == set(level), "everybody sinks through all levels"
    assert "that forgets it sank to level 0, in one that adds up to level 3." in " ".join(answer.split()) and "other work" not in answer
    shares = [int(share) for share in re.findall(r"G had (\d+) %", answer)]
    assert shares[0] >= 70 and shares[1] <= 45
    for chart, share in zip((forgetful, fair), shares):
        assert abs(chart.figures["G"]["runs"] / 2.1 - share) <= 1
        assert "-" in chart.rows["G"] and "-" not in chart.rows["H"]


def test_inversion_is_bounded_by_the_locks_owner_where_priority_is_inherited(shown):
    """L holds the lock for 20 ms, H comes 6 ms after it: that leaves 14. M, which needs no lock, computes 60 ms."""
    answer = shown.answers["run inversion"]
    without, inherited = charts(answer)
    waits = [float(wait) for wait in re.findall(r"H waited (\S+) ms", answer)]
    assert waits == [chart.figures["H"]["lock"] for chart in (without, inherited)]
    assert waits[0] >= 14 + 60 and 13 <= waits[1] <= 14 + 1
    for chart in (without, inherited):
        rows = chart.rows
        assert drawn(chart, "L", "@") == 20 and drawn(chart, "H", "@") == 10 and drawn(chart, "M", "#") == 60
        assert not any(low == "@" == high for low, high in zip(rows["L"], rows["H"]))
        assert rows["H"].rindex("m") + 1 == rows["H"].index("@") == rows["L"].rindex("@") + 1, "H has the lock as soon as L gives it up"
    meanwhile = [m for m, h in zip(without.rows["M"], without.rows["H"]) if h == "m"]
    assert meanwhile.count("#") == 30, "without inheritance M runs while H waits for the lock"
    meanwhile = [m for m, h in zip(inherited.rows["M"], inherited.rows["H"]) if h == "m"]
    assert "#" not in meanwhile and "." in meanwhile, "with it M waits"


def test_a_demo_gives_back_what_it_took_and_puts_the_policy_back(shown):
    """The first demo fills caches of stacks and structures; the others take from there."""
    in_force = [line for line in shown.answers["policy"].splitlines() if line]
    assert in_force == [in_force[0]] * 2 and f"[{shown.policy}]" in in_force[0]
    memory = re.findall(r"(\d+) KiB of \d+ KiB free, (\d+) heap objects", shown.answers["mem"])
    assert len(memory) == 2 and memory[0] == memory[1]
    assert shown.answers["mem"].count("sound") == 2


def test_the_statistics_count_ticks_slices_preemptions_and_wakes(shown):
    """Under fcfs and sjf nobody is preempted by others of his kind; the gamer's naps and quanta end in wakes and preemptions."""
    tick = shown.tick
    pattern = r"(\d+) context switches[^\n]*\n +(\d+) ticks, (\d+) slices ended by a tick, (\d+) preemptions, (\d+) wakes\n +RUNNING +1\n"
    counts = [list(map(int, numbers)) for numbers in re.findall(pattern, shown.answers["stats"])]
    assert len(counts) == 3
    (switches, ticks, slices, preempted, wakes), (more, ticks2, slices2, preempted2, wakes2) = [
        [after - before for before, after in zip(*pair)] for pair in zip(counts, counts[1:])]
    assert abs(ticks - 600 / tick) <= 600 / tick * 0.1, "convoy takes 600 ms"
    assert 6 <= switches <= 12 and 2 <= wakes <= 6 and slices <= 1 and preempted <= 1
    assert abs(ticks2 - 420 / tick) <= 420 / tick * 0.2 + 1, "the gamer takes 420 ms, and a wait for the next boost is idle time"
    naps = 210 // 5
    assert naps <= wakes2 <= 3 * naps
    assert 4 <= slices2 < preempted2 <= more and more >= 2 * naps


def test_a_thread_that_is_blocked_does_not_wait_for_the_cpu():
    """While the convoys run for 600 ms, the monitor's thread is blocked in its joins, but for the 60 ms in which the two short jobs are
    before it in the queue. Without a trace, which the charts do not need either."""
    answers, seen = at_the_prompt("run convoy", "dump 1", options="trace=off")
    waited = int(re.search(r"thread 1 \(main\)[^#]* waited (\d+) us", answers["dump 1"])[1])
    assert 60_000 <= waited <= 65_000 and not seen
    judge_convoy(answers["run convoy"])


def test_while_nobody_types_the_monitor_is_blocked_and_the_processor_halts():
    """Nothing is typed, so nothing happens until the watchdog's interrupt: not even a tick."""
    with Machine(KERNEL, "watchdog=200", limit_ms=200) as machine:
        assert machine.run().kind == "watchdog"
        shown = machine.console()
    assert re.search(r"PANIC: exception 2 .* in cpu_wait", shown), shown
    assert re.search(r"thread 1 \(main\): BLOCKED[^:]*console_read", shown, re.S), shown
    events = re.search(r"last events on CPU 0:\n(.*?)\nprocess", shown, re.S)[1]
    assert "tick" not in events and re.search(r"switch +thread 1\b[^\n]*$", events), "the last thing that happened is that main blocked"


def test_a_byte_at_the_serial_line_wakes_the_monitor():
    """Each command is typed when the one before has been answered: by then the monitor is blocked."""
    command = [QEMU, "-nodefaults", "-display", "none", "-no-reboot", "-cpu", CPU, "-m", "64", "-serial", "stdio",
               "-kernel", str(KERNEL), "-append", "--"]
    with subprocess.Popen(["timeout", str(GUARD_S), *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as qemu:
        answers = []
        for typed in ("policy", "mem", "poweroff"):
            seen = b""
            while not seen.endswith(b"\n> "):
                byte = qemu.stdout.read(1)
                assert byte, f"no prompt: {answers} {seen}"
                seen += byte
            answers.append(seen.decode())
            qemu.stdin.write(f"{typed}\n".encode())
            qemu.stdin.flush()
        assert qemu.wait() == 0
    assert "policies: [rr]" in answers[1] and "heap objects in use" in answers[2]
