"""What phase 5 shows of how threads are scheduled, in /proc and by its programs, and what it foretells of sets of tasks. The numbers of
/proc are held against the trace, ps and top against what was asked for, rms against schedules that are drawn here, step by step, without
any of its formulas. All of it runs on Crescent, so on every machine; what needs Linux is in test_user.py."""

import contextlib
import random
import re
from collections import Counter
from fractions import Fraction
from math import lcm

import kernels
import pytest
from test_programs import EXPECTED, machines, said
from user_programs import entries

from grade import cpio, soak_programs

PHASE = 5
LIMIT_MS = 20_000  # of virtual time
READY = 1  # the state, as SWITCH has it
BEGIN = "PATH=/bin; export PATH\n"
HOG = "while :; do :; done"


@contextlib.contextmanager
def shell(script, tmp_path, cpus=1, trace="off", options=""):
    """The run of a script on phase 5's reference. When it is judged, nothing is left of its processes."""
    given = soak_programs.archive_of(kernels.reference(PHASE)).read_bytes()
    files = {path: (mode, data) for path, (mode, _, _, data) in entries(given).items()}
    files["script"] = cpio.FILE | 0o644, f"{BEGIN}{script}\nexit 0\n".encode()
    (tmp_path / "initramfs.cpio").write_bytes(cpio.archive(files))
    with machines(archive=tmp_path / "initramfs.cpio", phase=PHASE, cpus=cpus) as boot:
        run = boot("user", options, program=["/bin/sh", "/script"], limit_ms=LIMIT_MS, trace=trace)
        assert not run.status, run.output
        soak_programs.at_rest(run)
        yield run


def lines(script, tmp_path, **more):
    with shell(script, tmp_path, **more) as run:
        return run.output.splitlines()


# --- against Linux --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cpus", [1, 2])
@pytest.mark.parametrize("name", ["policies", "schedshow"])
def test_a_program_of_phase_5_prints_what_linux_prints(name, cpus):
    with machines(phase=PHASE, cpus=cpus) as boot:
        run = boot("exit_orphans", program=[f"/tests/{name}"], limit_ms=LIMIT_MS, trace="off")
        assert said(run) == (EXPECTED / f"{name}.txt").read_text()
        soak_programs.at_rest(run)


# What user/tests/allowed.c is told: an error, or a number. With limits of 10 and of nice -5, then with 0 and nice 5; slices in ns.
ALLOWED = {
    "real-time priorities": "EPERM 0 0 EPERM 0 0 0 20 0 0 0 EPERM EPERM 0 EPERM",
    "nice values": "EACCES 0 0 EPERM 0 0 0 0 25 0 0 0 EPERM EPERM 0 0 EACCES",
    "of others": "0 EACCES EACCES 0 EPERM",
    "slices": "3000000 3000000 0 7000000 7000000 0 7000000 7000000 0 0 0 0 3000000 3000000 0 0 0 0 7000000 0 0 3000000 3000000",
}


def test_a_user_may_go_as_far_as_the_limits_say_and_slices_are_told():
    with machines(phase=PHASE) as boot:
        text = said(boot("exit_orphans", program=["/tests/allowed"], limit_ms=LIMIT_MS, trace="off"))
    told = {title: " ".join(re.findall(r"(?: = |: )(\w+)$", part, re.M)) for title, part in re.findall(r"== (.*)\n((?:[^=].*\n)*)", text)}
    assert told == ALLOWED


def test_a_nice_value_stands_for_a_class(tmp_path):
    """The nearest of -15, -5, 0, 10 and 19, of two the more urgent one; it is its threads' priority."""
    values = {-20: 4, -10: 4, -9: 3, -3: 3, -2: 2, 5: 2, 6: 1, 14: 1, 15: 0, 19: 0}
    shown = lines("".join(f"nice -n {value} grep '^priority' /proc/self/sched\n" for value in values), tmp_path)
    assert [int(line.split()[-1]) for line in shown] == [*values.values()]


# --- /proc ----------------------------------------------------------------------------------------------------------------------------


def numbers(text):
    """A file sched as {name: its number}; times in ns."""
    found = {}
    for name, ms, rest, whole in re.findall(r"^(\S+) *: *(?:(-?\d+)\.(\d{6})|(-?\d+))$", text, re.M):
        found[name] = int(ms + rest) if rest else int(whole)
    return found


COMMON = {"se.sum_exec_runtime", "wait_sum", "wait_count", "nr_switches", "nr_voluntary_switches", "nr_involuntary_switches", "policy",
          "prio", "priority", "cpu"}
FAIR, EEVDF = {"se.vruntime", "se.load.weight"}, {"se.deadline", "se.slice", "se.vlag"}
DEADLINE = {f"dl.{name}" for name in ("dl_runtime", "dl_deadline", "dl_period", "runtime", "deadline", "throttled")}


@pytest.mark.parametrize("command, options, names, has", [
    ("", "", FAIR | EEVDF, {"policy": 0, "prio": 120, "se.load.weight": 1024, "se.slice": 3_000_000}),
    ("nice -n 5", "", FAIR | EEVDF, {"policy": 0, "prio": 125, "se.load.weight": 335}),
    ("nice -n -20", "", FAIR | EEVDF, {"policy": 0, "prio": 100, "se.load.weight": 88761}),
    ("", "sched=cfs", FAIR, {"policy": 0, "prio": 120}),
    ("", "sched=rr", set(), {"policy": 0, "prio": 120}),
    ("chrt -b 0", "", FAIR | EEVDF, {"policy": 3, "prio": 120}),
    ("chrt -i 0", "", set(), {"policy": 5, "prio": 120}),
    ("chrt -f 99", "", set(), {"policy": 1, "prio": 0}),
    ("chrt -r 1", "", {"rt.time_slice"}, {"policy": 2, "prio": 98}),
    ("chrt -d -T 2000000 -D 20000000 -P 30000000 0", "", DEADLINE, {
        "policy": 6, "prio": -1, "dl.dl_runtime": 2_000_000, "dl.dl_deadline": 20_000_000, "dl.dl_period": 30_000_000, "dl.throttled": 0}),
])
def test_the_file_sched_has_what_the_class_keeps(tmp_path, command, options, names, has):
    found = numbers("\n".join(lines(f"{command} cat /proc/self/sched", tmp_path, options=options)))
    assert set(found) == COMMON | names
    assert {name: found[name] for name in has} == has
    assert found["nr_switches"] == found["nr_voluntary_switches"] + found["nr_involuntary_switches"]
    if names == DEADLINE:
        assert 1_000_000 < found["dl.runtime"] <= 2_000_000
    if "rt.time_slice" in names:
        assert 99_000_000 < found["rt.time_slice"] <= 100_000_000


def test_the_file_sched_says_whose_it_is_and_what_is_below_zero(tmp_path):
    """A process with three threads, each of them, one that has ended and is not waited for, and hogs, who had too little or too much."""
    shown = lines(f"""
        /tests/crew 3 & crew=$!
        sh -c '/bin/true & echo $! > /tmp/gone; exec sleep 1' & parent=$!
        ({HOG}) & one=$!
        ({HOG}) & two=$!
        ({HOG}) & three=$!
        sleep 0.05
        read gone < /tmp/gone
        echo $crew $gone $one $(ls /proc/$crew/task)
        cat /proc/$gone/sched /proc/$gone/schedstat
        for tid in $(ls /proc/$crew/task); do head -n 1 /proc/$crew/task/$tid/sched; done
        cat /proc/$crew/sched
        for n in 1 2 3 4 5 6; do
            cat /proc/$one/sched /proc/$two/sched /proc/$three/sched
            sleep 0.003
        done
        kill -KILL $crew $parent $one $two $three
        rm /tmp/gone
        wait
    """, tmp_path)
    crew, gone, hog, *tids = map(int, shown[0].split())
    assert len(tids) == 3 and crew in tids
    rule = "-" * 67
    assert shown[1:8] == [f"true ({gone}, #threads: 0)", rule, "0 0 0", *(f"crew ({tid}, #threads: 3)" for tid in tids),
                          f"crew ({crew}, #threads: 3)"]
    parts = "\n".join(shown[7:]).split(f"\n{rule}\n")
    assert [part.splitlines()[-1].split(" (")[0] for part in parts[:-1]] == ["crew", *["sh"] * 18]
    assert parts[1].endswith(f"sh ({hog}, #threads: 1)")
    rows = [line for part in parts for line in part.splitlines() if "#" not in line]
    assert all(line == f"{name.strip():<45}:{value.strip():>21}" for line in rows for name, value in [line.split(":")])
    assert {line.split()[0] for line in rows if "." in line.split(":")[1]} == {
        "se.sum_exec_runtime", "wait_sum", "se.vruntime", "se.deadline", "se.slice", "se.vlag"}  # those are times
    owed = [numbers(part)["se.vlag"] for part in parts[2:]]
    assert len(owed) == 18
    assert -20_000_000 < min(owed) < 0 < max(owed) < 20_000_000, "of some who want the CPU one has had too much and another one too little"


def test_the_time_of_schedstat_is_the_machines(tmp_path):
    before, _, stamp, after = lines("cat /proc/uptime; head -n 2 /proc/schedstat; cat /proc/uptime", tmp_path)
    before, after = (float(line.split()[0]) * 1000 for line in (before, after))
    assert before <= int(stamp.removeprefix("timestamp ")) < after + 10


def waited(events, until):
    """{CPU: ns} that threads have waited in its queue up to a time, whether they still wait or not."""
    found, came = Counter(), {}
    for event in events:
        if event.time > until:
            break
        queue = event.arg[2] >> 16 & 0xff
        if event.event == "ENQUEUE":
            came[event.tid] = queue, event.arg[3]
        elif event.event in ("PICK", "DEQUEUE") and event.tid in came:
            found[queue] += event.arg[3] - came.pop(event.tid)[1]
    for queue, since in came.values():
        found[queue] += max(until - since, 0)
    return found


@pytest.mark.parametrize("cpus", [1, 2])
def test_what_a_cpu_says_of_itself_is_what_the_trace_says(tmp_path, cpus):
    """Hogs, short lives and sleepers. What threads waited in a queue is in it when they have gone, on two CPUs also to the other one, as
    one does that wakes there. The file is read somewhere between the beginning and the end of the one that reads it."""
    script = f"""
        hog() {{ i=0; while [ $i -lt $1 ]; do i=$((i + 1)); done; }}
        hog 3000 & hog 3000 & nice -n 5 sh -c 'i=0; while [ $i -lt 2000 ]; do i=$((i + 1)); done' & hog 1000 & hog 2500 &
        for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.001; /bin/true; done &
        wait
        for i in 1 2; do taskset -c 0 sh -c 'i=0; while [ $i -lt 4000 ]; do i=$((i + 1)); done' & done
        [ {cpus} = 1 ] || taskset -c 1 sh -c 'i=0; while [ $i -lt 1500 ]; do i=$((i + 1)); done' &
        for i in 1 2 3 4 5 6 7 8 9 10; do hog 150; sleep 0.001; done &
        wait
        /tests/lab4_futex > /dev/null
        cat /proc/schedstat
    """
    with shell(script, tmp_path, cpus, trace="all") as run:
        events = sorted(run.events(), key=lambda event: event.time)
        decisions, to_idle, turns = Counter(), Counter(), Counter()
        busy, clock, picked = Counter(), {}, Counter({0: next(event.arg[3] - event.time for event in events if event.event == "ENQUEUE")})
        looked = max(event.time for event in events if event.event == "EXIT" and event.tid == run.events("CREATE")[-1].tid)
        for event in events:
            queue = event.arg[2] >> 16 & 0xff
            if event.event == "PICK":
                decisions[queue] += 1
                clock[queue] = event.arg[3]
            if event.event == "SWITCH":
                (turns if event.other else to_idle)[event.cpu] += 1
                if event.tid and event.time < looked:
                    busy[event.cpu] += clock[event.cpu] - picked[event.cpu]
                picked[event.cpu] = clock[event.cpu]
        yields = sum(event.arg[0] == 1 for event in run.events("ENQUEUE"))
        text = run.output
    reader = next(event.tid for event in reversed(events) if event.event == "CREATE")
    least, most = (waited(events, next(event.time for event in reversed(events) if (event.event, event.tid) == (which, reader)))
                   for which in ("CREATE", "EXIT"))
    head, *rows = text.splitlines()
    assert head == "version 15" and rows.pop(0).startswith("timestamp ")
    assert [row.split()[0] for row in rows] == [f"cpu{cpu}" for cpu in range(cpus)]
    rows = [[int(word) for word in row.split()[1:]] for row in rows]
    assert sum(row[0] for row in rows) == yields > 0
    for cpu, (_, legacy, decided, idled, wakes, here, ran, wait, slices) in enumerate(rows):
        assert legacy == 0
        assert decisions[cpu] - 12 <= decided <= decisions[cpu] and turns[cpu] - 12 <= slices <= turns[cpu]
        assert to_idle[cpu] - 12 <= idled <= to_idle[cpu]
        slack = 50_000 + 2000 * decisions[cpu]  # from the decision, which the trace has, until the thread runs, which /proc goes by
        assert least[cpu] - slack <= wait <= most[cpu] + slack, f"CPU {cpu}: {wait} ns in /proc, {least[cpu]} to {most[cpu]} by the trace"
        assert wakes >= here and (cpus > 1 or wakes == here)
        assert -1_500_000 <= ran - busy[cpu] <= 500_000, f"CPU {cpu}: {ran} ns in /proc, {busy[cpu]} by the trace"
    assert cpus == 1 or any(row[4] > row[5] for row in rows), "nobody woke anybody on the other CPU: the script does not try what it should"


def test_what_a_process_says_of_its_turns_is_what_the_trace_says(tmp_path):
    """One sleeps often, one never; both are stopped before they are looked at."""
    script = f"""
        ({HOG}) & a=$!
        (while :; do sleep 0; read x < /tests/hello; sleep 0.002; done) & b=$!
        ({HOG}) & c=$!
        sleep 0.2
        kill -STOP $a $b $c
        sleep 0.1
        for pid in $a $b $c; do echo ">>> $pid"; cat /proc/$pid/schedstat /proc/$pid/sched; grep ctxt /proc/$pid/status; done
        kill -KILL $a $b $c
    """
    with shell(script, tmp_path, trace="all") as run:
        parts, seen = run.output.split(">>> ")[1:], []
        assert len(parts) == 3
        for part in parts:
            tid, ran, wait, turns = map(int, part.split()[:4])
            found = numbers(part)
            goes_on = run.events("RESUME", tid=tid)[-1]  # to be killed
            could_go_on = Counter(event.arg[0] == READY for event in run.events("SWITCH", tid=tid) if event.time < goes_on.time)
            assert found["nr_involuntary_switches"] == could_go_on[True] > 0, part
            assert found["nr_voluntary_switches"] == could_go_on[False], part
            assert turns == found["wait_count"] == found["nr_switches"] == sum(could_go_on.values()), part
            seen.append(could_go_on[False])
            assert [int(n) for n in re.findall(r"_switches:\s+(\d+)", part)[:2]] == [found["nr_voluntary_switches"],
                                                                                     found["nr_involuntary_switches"]]
            assert (found["se.sum_exec_runtime"], found["wait_sum"]) == (ran, wait)
        assert seen[1] > 10 > seen[0]


# --- ps, top, renice, chrt, taskset -----------------------------------------------------------------------------------------------------


def test_ps_and_top_show_each_policy(tmp_path):
    look = "ps -p $$ -o cls,rtprio,pri,ni,nice; top -n 1 | grep sh"
    script = "".join(f"{command} sh -c '{look}'\n" for command in (
        "nice -n 5", "chrt -b 0", "chrt -i 0", "chrt -f 99", "chrt -f 98", "chrt -r 1",
        "chrt -R -d -T 9000000 -D 10000000 -P 10000000 0"))
    shown = [line.split() for line in lines(script, tmp_path) if "CLS" not in line]
    assert [row for row in shown if row[0].isalpha()] == [
        ["TS", "-", "14", "5", "5"], ["B", "-", "19", "0", "0"], ["IDL", "-", "19", "-", "0"], ["FF", "99", "139", "-", "0"],
        ["FF", "98", "138", "-", "0"], ["RR", "1", "41", "-", "0"], ["DLN", "-", "140", "-", "0"]]
    own = [row for row in shown if row[0].isdigit() and row[0] != "2" and row[-1] == "sh"]
    assert [row[2:4] for row in own] == [["25", "5"], ["20", "0"], ["20", "0"], ["rt", "0"], ["-99", "0"], ["-2", "0"], ["rt", "0"]]


def test_top_divides_by_the_time_that_passed(tmp_path):
    """It is stopped for so long that it looks after two seconds and a half, and not after one."""
    script = f"""
        ({HOG}) & pid=$!
        top -n 1 & top=$!
        sleep 0.5
        kill -STOP $top
        sleep 2
        kill -CONT $top
        wait $top
        kill $pid
    """
    rows = [line.split() for line in lines(script, tmp_path) if re.match(r" *[0-9]+ [A-Z] ", line)]
    used = sorted(int(row[4]) for row in rows)
    assert used[-1] >= 85 and sum(used) <= 103, rows


def test_what_is_asked_for_all_threads_is_done_to_all(tmp_path):
    script = """
        /tests/crew 3 & pid=$!
        sleep 0.01
        chrt -p -f 7 $pid
        ps -L -p $pid -o cls,rtprio
        chrt -a -i -p 0 $pid
        taskset -a -c -p 1 $pid > /dev/null
        ps -L -p $pid -o cls,rtprio
        chrt -a -p $pid | grep -c SCHED_IDLE
        taskset -a -p $pid | grep -c 'mask: 2$'
        renice -n 4 $pid
        ps -L -p $pid -o ni,nice
        kill $pid
    """
    shown = [line.split() for line in lines(script, tmp_path, cpus=2)]
    assert shown == [["CLS", "RTPRIO"], ["FF", "7"], ["TS", "-"], ["TS", "-"], ["CLS", "RTPRIO"], ["IDL", "-"], ["IDL", "-"], ["IDL", "-"],
                     ["3"], ["3"], shown[10], ["NI", "NICE"], ["-", "4"], ["-", "4"], ["-", "4"]]
    assert shown[10][1:] == "(process ID) old priority 0, new priority 4".split()


def test_chrt_tells_and_sets(tmp_path):
    shown = lines("""
        chrt -m
        chrt -f -p 12 $$; chrt -p $$
        chrt -o -p 0 $$; chrt -p $$
        chrt -R -d -T 1000000 -D 2000000 -P 4000000 -p 0 $$; chrt -p $$
        chrt -p 77777; chrt -f 0 true; chrt -d -T 2 -P 1 0 true; chrt -x; chrt -f 100 true
    """, tmp_path)
    assert shown[:6] == [f"SCHED_{name} min/max priority\t: {least}/{most}" for name, least, most in (
        ("OTHER", 0, 0), ("FIFO", 1, 99), ("RR", 1, 99), ("BATCH", 0, 0), ("IDLE", 0, 0), ("DEADLINE", 0, 0))]
    told = [re.sub(r"^pid \d+'s current ", "", line) for line in shown[6:]]
    assert told[:7] == ["scheduling policy: SCHED_FIFO", "scheduling priority: 12", "scheduling policy: SCHED_OTHER",
                        "scheduling priority: 0", "scheduling policy: SCHED_DEADLINE|SCHED_RESET_ON_FORK", "scheduling priority: 0",
                        "runtime/deadline/period parameters: 1000000/2000000/4000000"]
    assert told[7:11] == ["chrt: pid 77777: No such process", "chrt: SCHED_FIFO: Invalid argument",
                          "chrt: SCHED_DEADLINE: Invalid argument", "chrt: invalid option -- 'x'"]
    assert told[-1] == "chrt: 100: no priority; chrt -m tells which there are"


# --- rms --------------------------------------------------------------------------------------------------------------------------------


def draw(tasks, order, until=None):
    """A schedule of periodic tasks (Q, P), all of which begin at 0, on one CPU, in steps of 1: {(task, release): response} of the jobs
    released before `until`, at most. The least by order(task, release) runs."""
    until, now, left, done = until or lcm(*(p for _, p in tasks)), 0, {}, {}
    while now < until or left:
        if now < until:
            left.update({(i, now): q for i, (q, p) in enumerate(tasks) if now % p == 0})
        if left:
            job = min(left, key=lambda job: order(*job))
            left[job] -= 1
            if not left[job]:
                del left[job]
                done[job] = now + 1 - job[1]
        now += 1
    return done


def shorter_first(tasks):
    return lambda i, release: (tasks[i][1], i, release)


def due_first(tasks):
    return lambda i, release: (release + tasks[i][1], i)


def bound_holds(tasks):
    """Whether U <= n (2^(1/n) - 1), in whole numbers."""
    h, n = lcm(*(p for _, p in tasks)), len(tasks)
    need = sum(q * h // p for q, p in tasks)
    return (n * h + need) ** n <= 2 * (n * h) ** n


def verdicts(shown):
    """Of one answer: the three, and [(priority, response, late)] of each task."""
    rows = [(int(priority), int(response), bool(late)) for priority, late, response in
            re.findall(r"^ *\d+ +\d+ +\d+ \d\.\d{4} +(\d+)  (late: )?(\d+)$", shown, re.M)]
    return [re.search(rf"^{name}.*: (.*)$", shown, re.M)[1] for name in ("Liu and Layland", "response times", "earliest deadline")], rows


IN_TIME, OPEN, LATE = "all in time", "cannot tell", "not all in time"
BOOK = [  # sets that show what each test can tell
    ("1/4 2/8", [IN_TIME, IN_TIME, IN_TIME], [1, 3]),
    ("20/100 40/150 100/350", [IN_TIME, IN_TIME, IN_TIME], [20, 60, 240]),
    ("4/10 6/14", [OPEN, IN_TIME, IN_TIME], [4, 10]),  # 0.82857, and the bound is 0.82843
    ("40/100 40/150 100/350", [OPEN, IN_TIME, IN_TIME], [40, 80, 300]),
    ("2/4 4/8", [OPEN, IN_TIME, IN_TIME], [2, 8]),  # all of the CPU: each period divides the next
    ("5/10 6/14", [OPEN, LATE, IN_TIME], [5, 16]),
    ("2/4 3/6", [OPEN, LATE, IN_TIME], [2, 7]),
    ("2/4 3/6 1/12", [OPEN, LATE, LATE], [2, 7, 13]),
    ("7/7", [IN_TIME, IN_TIME, IN_TIME], [7]),
]


def test_rms_judges_known_sets(tmp_path):
    shown = "\n".join(lines("".join(f"echo '>>>'; rms {tasks}; echo $?\n" for tasks, _, _ in BOOK), tmp_path)).split(">>>\n")[1:]
    assert len(shown) == len(BOOK)
    for text, (tasks, said_of_it, responses) in zip(shown, BOOK):
        found, rows = verdicts(text)
        assert (found, [response for _, response, _ in rows]) == (said_of_it, responses), tasks
        assert text.splitlines()[-1] == str(int(said_of_it[1] == LATE))


def test_rms_agrees_with_schedules_that_are_drawn(tmp_path):
    """At random. A task's longest response is that of its first job, which all the others' are in the way of."""
    chance, sets, kinds = random.Random(5), [], Counter()
    while len(sets) < 100:
        periods = [chance.choice([2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 24, 30]) for _ in range(chance.randint(1, 5))]
        sets.append([(chance.randint(1, max(1, 3 * p // (2 * len(periods)))), p) for p in periods])
        sets[-1] = [(min(q, p), p) for q, p in sets[-1]]
    script = "".join("echo '>>>'; rms " + " ".join(f"{q}/{p}" for q, p in tasks) + "\n" for tasks in sets)
    shown = "\n".join(lines(script, tmp_path)).split(">>>\n")[1:]
    for text, tasks in zip(shown, sets, strict=True):
        found, rows = verdicts(text)
        drawn = [draw(tasks, shorter_first(tasks), p)[i, 0] for i, (_, p) in enumerate(tasks)]
        for (_, response, late), true, (_, p) in zip(rows, drawn, tasks, strict=True):
            assert late == (true > p) and (late or response == true), (text, drawn)
        order = sorted(range(len(tasks)), key=lambda i: (tasks[i][1], i))
        assert [row[0] for row in rows] == [50 - order.index(i) for i in range(len(tasks))], text
        fits, late = sum(Fraction(q, p) for q, p in tasks) <= 1, any(row[2] for row in rows)
        assert found == [IN_TIME if bound_holds(tasks) else OPEN, LATE if late else IN_TIME, IN_TIME if fits else LATE], text
        if fits:
            assert all(response <= tasks[i][1] for (i, _), response in draw(tasks, due_first(tasks)).items()), text
        kinds[tuple(found)] += 1
    assert len(kinds) == 4, kinds  # all that can be


@pytest.mark.parametrize("tasks", [[(5, 10), (6, 14)], [(4, 10), (6, 14)], [(2, 6), (3, 9), (4, 18)], [(9, 18), (3, 9)]])
def test_what_rms_foretells_happens(tmp_path, tasks):
    """On one CPU, to a tenth of a millisecond or two. The second of the first set's tasks is late under SCHED_FIFO, and neither is with a
    deadline. A job's work is 95 % of Q, and who is late by a tick is not late."""
    fine = [(q * 19, p * 20) for q, p in tasks]
    drawn = draw(fine, shorter_first(fine))
    with shell("rms -x " + " ".join(f"{q}/{p}" for q, p in tasks), tmp_path, trace="all") as run:
        told = [(policy, int(i) - 1, int(late), int(jobs), float(response)) for policy, i, late, jobs, response in re.findall(
            r"^(FIFO|DEADLINE): task (\d+): (\d+) of (\d+) jobs late, longest response (\d+\.\d) ms$", run.output, re.M)]
        assert [row[:2] for row in told] == [(policy, i) for policy in ("FIFO", "DEADLINE") for i in range(len(tasks))], run.output
        assert not run.events("MISS")
    for policy, i, late, jobs, response in told:
        own = [found for (task, _), found in drawn.items() if task == i]
        assert jobs == len(own)
        if policy == "FIFO":
            assert late == sum(found > fine[i][1] + 20 for found in own) and abs(response - max(own) / 20) <= 0.2, run.output
        else:
            assert not late and response <= tasks[i][1] + 1, run.output


def test_rms_says_what_it_cannot_do(tmp_path):
    shown = lines("""
        for set in '' 1 1/0 0/4 5/4 1/100001 1/4x; do rms $set; echo $?; done
        rms 1/99991 1/99989 1/99971
        rms -x 1/9973 1/9967
        rms -x 3/4 2/8
    """, tmp_path)
    usage = "rms: usage: rms [-x] Q/P...; of every P ms a task needs Q ms, both at most 100000, 16 tasks at most"
    long = "rms: with these periods it takes too long until all begin together again"
    assert shown[:16] == [usage, "2"] * 7 + [long] * 2
    assert shown[-1] == "rms: DEADLINE: task 2: Device or resource busy"
