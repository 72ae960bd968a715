"""grade/run.py as a whole, on tiny trees: what it prints, keeps and returns; interrupted, killed, twice at once, in odd places."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import guests
import pytest

from grade import console, plugin, testlist
from grade import results as results_module
from grade.errors import UserError
from grade.models.mlfq import FeedbackQueue
from grade.models.schedule import Numbers, Thread, explain

ALL_GOOD = """ok     1.1   the turn is seven 40/40
ok     1.1   two runs leak nothing 20/20
ok     1.2   nothing is booted 40/40
ok     1.3   an extra 7/7
Score: 100/100 (extra: 7/7)
"""


def command(tree, *options):
    return [sys.executable, str(tree / "grade" / "run.py"), "--jobs", "1", *options]


def grade(tree, *options):
    """(exit status, stdout with runs of blanks made one, stderr)."""
    done = subprocess.run(command(tree, *options), capture_output=True, text=True, env=environment(tree))
    return done.returncode, squeeze(done.stdout), done.stderr


def squeeze(text):
    return "".join(line[:13] + " ".join(line[13:].split()) + "\n" for line in text.splitlines())


def environment(tree):
    tmp = tree.parent / "tmp"
    tmp.mkdir(exist_ok=True)
    return {**os.environ, "TMPDIR": str(tmp)}


def results(tree, name="results.json"):
    return json.loads((tree / "build" / "grade" / name).read_text())


@pytest.fixture
def tree(tmp_path):
    return guests.make_tree(tmp_path / "t")


def test_a_good_tree_gets_every_point(tree):
    assert grade(tree) == (0, ALL_GOOD, "")
    assert not list((tree.parent / "tmp").iterdir())
    kept = results(tree)
    assert kept["score"] == 100 and kept["extra_data"]["max_score"] == 100 and kept["extra_data"]["extra_score"] == 7
    assert kept["extra_data"]["complete"] and Path(kept["extra_data"]["kernel"]).exists()
    first = kept["tests"][0]
    assert set(first) == {"name", "number", "score", "max_score", "status", "output", "output_format", "tags", "visibility", "extra_data"}
    assert (first["number"], first["score"], first["max_score"], first["status"]) == ("1.1", 40, 40, "passed")
    assert first["extra_data"]["boots"][0]["outcome"] == "finished" and len(kept["tests"][1]["extra_data"]["boots"]) == 2


def test_two_jobs_print_the_same_as_one(tree):
    assert grade(tree) == grade(tree, "--jobs", "2")
    assert not list((tree.parent / "tmp").iterdir())


def test_the_same_twice_is_the_same_to_the_last_time_stamp(tree):
    seen = []
    for _ in range(2):
        grade(tree)
        kept = results(tree)
        kept.pop("execution_time")
        seen.append(kept)
    assert seen[0] == seen[1] and seen[0]["tests"][0]["extra_data"]["boots"][0]["time"] > 0


def test_a_failing_test_says_rule_evidence_and_command(tree):
    (tree / "kernel/lab/body.inc").write_text(guests.BODIES["leaks"])
    code, out, _ = grade(tree)
    assert code == 1 and "Score: 80/100" in out
    assert "WRONG  1.1   two runs leak nothing 0/20\n         a test ends with the frames" in out
    assert "seen in or after boot 1 of at most 2: ktest=any " in out
    assert "see it: make rewind TEST=two_runs_leak_nothing" in out


def test_a_start_tree_scores_nothing_and_names_the_exercise(tree):
    (tree / "kernel/lab/body.inc").write_text(guests.BODIES["stub"])
    code, out, _ = grade(tree)
    assert code == 1 and "to do  1.1   the turn is seven 0/40\n         lab 1.3 is not solved yet: rq" in out and "Score: 40/100" in out


@pytest.mark.parametrize("body, label", [("floods", "FLOOD"), ("triple_faults", "CRASH"), ("halts", "HANG"), ("panics", "PANIC"),
                                         ("exits_with_success", "CRASH"), ("says_it_passed", "CRASH"), ("wrong_count", "BROKEN")])
def test_a_bad_run_costs_its_tests_and_no_others(tree, body, label):
    (tree / "kernel/lab/body.inc").write_text(guests.BODIES[body])
    code, out, err = grade(tree, "--test", "the turn is seven")
    assert code == 1 and out.startswith(label) and out.endswith("Score: 0/40\n") and not err


CANNED = {"pass": "finish", "wrong": "leaks", "panic": "panics", "unsolved": "stub", "hang": "hangs_when_done", "runaway": "floods",
          "crash": "switches_off", "corrupt": "wrong_nonce", "build": None, "fault": "finish"}  # verdict: what has to be graded for it


@pytest.mark.parametrize("status", CANNED)
def test_every_kind_of_verdict_comes_about(tree, status, monkeypatch):
    """Each for one test, with its label on the console, its status in the results, and points only for one that passes."""
    (tree / "kernel/lab/body.inc").write_text(guests.BODIES.get(CANNED[status], "no assembler's\n"))
    if status == "fault":
        monkeypatch.setenv("QEMU", "/bin/false")
    _, out, _ = grade(tree, "--test", "leak nothing")
    row, = results(tree, "selected.json")["tests"]
    assert row["extra_data"]["status"] == status and f"\n{results_module.LABEL[status]:<6} 1.1" in "\n" + out
    assert row["score"] == (20 if status == "pass" else 0) and (status == "pass") == (not row["extra_data"]["rule"])


def test_there_is_a_canned_run_of_every_kind_of_verdict():
    """But of the one for tests that nobody came to: an interrupted grading leaves those."""
    assert {*CANNED, "not run"} == set(results_module.LABEL)


def test_a_file_that_does_not_build_costs_its_exercise(tree):
    (tree / "kernel/lab/body.inc").write_text("nonsense here\n")
    code, out, _ = grade(tree)
    assert code == 1 and "BUILD  kernel/lab/body.inc does not build" in out and "BUILD  1.1   the turn is seven 0/40" in out
    assert "body.inc:1: error" in out and "Score: 40/100" in out
    assert results(tree)["extra_data"]["broken"]["kernel/lab/body.inc"]


def test_a_warning_is_shown_once_each_time_above_the_table(tree):
    body = tree / "kernel/lab/body.inc"
    body.write_text("%warning odd\n" + body.read_text())
    for _ in range(2):
        _, out, _ = grade(tree)
        assert out.startswith("WARN   kernel/lab/body.inc:1: warning: odd") and out.count("odd") == 1 and out.endswith(ALL_GOOD)
        assert len(results(tree)["extra_data"]["warnings"]) == 1


def test_verbose_says_why_the_claim_has_to_hold(tree):
    (tree / "kernel/lab/body.inc").write_text(guests.BODIES["leaks"])
    assert "why:Why." in grade(tree, "-v")[1] and "why:" not in grade(tree)[1]  # squeezed


def test_a_change_elsewhere_is_named(tree):
    (tree / "kernel/guest/evidence.c").write_text("int cheat;\n")
    open(os.fsencode(tree) + b"/kernel/guest/\xff\n.c", "w").close()
    code, out, _ = grade(tree)
    assert code == 0 and out.endswith(ALL_GOOD)
    assert [line.split(" was ")[0] for line in out.splitlines()[:2]] == [r"note: kernel/guest/\xff\n.c", "note: kernel/guest/evidence.c"]
    assert results(tree)["extra_data"]["not_taken"][0] == [r"kernel/guest/\xff\n.c", "added"]


def test_some_tests_can_be_chosen(tree):
    assert grade(tree, "--test", "Two-runs leak") == (0, "ok     1.1   two runs leak nothing 20/20\nScore: 20/20\n", "")
    assert not (tree / "build/grade/results.json").exists() and results(tree, "selected.json")["extra_data"]["selected"]
    code, out, err = grade(tree, "--test", "no such")
    assert code == 4 and not out and "'no such'" in err and "1.1   the_turn_is_seven" in err
    code, out, err = grade(tree, "--test", "the trun is sevem")
    assert code == 4 and not out and err.endswith("near it:\n  the_turn_is_seven\n")
    assert grade(tree, "--test", "1.1")[1].endswith("Score: 60/60\n")


@pytest.mark.parametrize("options, words", [(["--seeds", "x"], "SEEDS is a number from 1 to 200 or a range of as many as in 3..9, not 'x'"),
                                            (["--jobs", "0"], "JOBS is a number"), (["--phase", "2"],
                                                                                    "tree of phase 1"), (["--nonsense"], "--nonsense")])
def test_a_wrong_option_gets_one_line(tree, options, words):
    code, out, err = grade(tree, *options)
    assert code == 4 and not out and words in err and err.count("\n") == 1


def test_a_folder_that_cannot_hold_results_is_said(tree):
    (tree / "file").write_text("")
    code, _, err = grade(tree, "--out", str(tree / "file" / "out"))
    assert code == 4 and "OUT=" in err and err.count("\n") == 1


@pytest.mark.parametrize("name", ["results.json", "results.partial.json", "selected.json"])
def test_a_folder_where_results_are_to_be_written_is_said_before_anything_runs(tree, name):
    (tree / "build/grade" / name).mkdir(parents=True)
    code, out, err = grade(tree)
    assert code == 4 and not out and f"{name} is a folder" in err and err.count("\n") == 1


@pytest.mark.parametrize("wrong, words", [
    (guests.TESTS + guests.TESTS.replace("test_t", "test_z").replace("test_n", "test_y"), "two tests are called test_an_extra"),
    (guests.TESTS.replace('@exercise("1.2", points=1)', ""), "has no mark"),
    (guests.TESTS.replace('"""Why."""', "pass"), "has no docstring"),
    (guests.TESTS.replace('"1.2"', '"1.9"'), "exercise 1.9"),
    (guests.TESTS.replace("@boots(2)", "@boots(400)"), "300 are allowed"),
    (guests.TESTS + "broken(\n", "test_all.py cannot be read (line "),
    (guests.TESTS + "\0", "test_all.py cannot be read ("),
])
def test_a_wrong_test_file_is_the_graders_fault(tree, wrong, words):
    (tree / "grade/phase1/test_all.py").write_text(wrong)
    code, out, err = grade(tree)
    assert code == 3 and not out and words in err


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_test_that_fails_itself_costs_nobody_points(tree, jobs):
    tests = tree / "grade/phase1/test_all.py"
    tests.write_text(guests.TESTS.replace('    require(boot("any").events', '    1 / 0\n    require(boot("any").events'))
    code, out, _ = grade(tree, "--jobs", jobs)
    assert code != 0 and "FAULT  1.3   an extra" in out and "ZeroDivisionError" in out and "at least 100/100" in out
    assert not results(tree)["extra_data"]["complete"]


def test_a_test_process_that_dies_is_a_fault(tree):
    tests = tree / "grade/phase1/test_all.py"
    last = '    require(boot("any").events'
    tests.write_text(guests.TESTS.replace(last, "    import os\n    os._exit(7)\n" + last))
    code, out, _ = grade(tree, "--jobs", "2")
    assert code != 0 and "FAULT  1.3   an extra" in out and "Score: at least 100/100" in out


def test_points_follow_exercises_toml(tree):
    toml = guests.TOML.replace("points = 60", "points = 20").replace("points = 7", "points = 30").replace("core = false", "dropped = true")
    (tree / "exercises.toml").write_text(toml)
    code, out, _ = grade(tree)
    assert code == 0 and "13.33/13.33" in out and "Score: 60/60\n" in out and "extra" not in out


def test_the_machines_pytest_settings_have_no_say(tree):
    (tree / "pytest.ini").write_text("[pytest]\naddopts = --nonsense\n")
    (tree / "grade" / "conftest.py").write_text("raise SystemExit('no')\n")
    settings = {**environment(tree), "PYTEST_ADDOPTS": "--nonsense"}
    done = subprocess.run(command(tree), capture_output=True, text=True, env=settings, cwd=tree)
    assert done.returncode == 0


def test_a_ctrl_c_that_comes_while_python_still_loads_gets_one_line(tree, tmp_path):
    (tmp_path / "early").mkdir()
    (tmp_path / "early/pytest.py").write_text("raise KeyboardInterrupt")
    done = subprocess.run([sys.executable, str(tree / "grade/run.py")], env={**os.environ, "PYTHONPATH": str(tmp_path / "early")},
                          capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "grade: interrupted\n")


def test_a_python_without_pytest_is_passed_over(tree, tmp_path):
    """-S hides the installed packages from the first Python; the grader goes on in one that has them."""
    settings = {**environment(tree), "PYTHON": sys.executable}
    done = subprocess.run([sys.executable, "-S", *command(tree)[1:]], capture_output=True, text=True, env=settings)
    assert done.returncode == 0 and squeeze(done.stdout) == ALL_GOOD


@pytest.mark.parametrize("name", ["with spaces, commas; and 'quotes'", "ünïcødé 目录", "long" * 50])
def test_any_folder_will_do(tmp_path, name):
    tree = guests.make_tree(tmp_path / name / "t")
    assert grade(tree, "--jobs", "2")[:2] == (0, ALL_GOOD)


# Root may write everywhere because of capabilities, which these words in front of a command take away.
ORDINARY = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.getuid() == 0 else []


@pytest.mark.parametrize("option, words", [("--out", "results cannot be written to"), ("--work", "cannot be written: run the grader in")])
def test_a_folder_that_cannot_be_written_is_said(tree, option, words):
    shut = tree.parent / "shut"
    shut.mkdir(mode=0o500)
    done = subprocess.run([*ORDINARY, *command(tree, option, shut / "in")], capture_output=True, text=True, env=environment(tree))
    assert (done.returncode, done.stdout) == (4, "") and words in done.stderr and len(done.stderr.splitlines()) == 1


def test_two_graders_at_once_do_not_disturb_each_other(tree):
    both = [subprocess.Popen(command(tree, "--jobs", "2"), stdout=subprocess.PIPE, text=True, env=environment(tree)) for _ in range(2)]
    assert [squeeze(one.communicate()[0]) for one in both] == [ALL_GOOD] * 2
    assert results(tree)["score"] == 100 and not list((tree / "build/grade").glob(".*"))


NOTING_QEMU = """#!/bin/sh
echo $$ >> "{notes}"
exec {qemu} "$@"
"""


def noting_qemu(folder):
    """A QEMU that writes its process id into folder/machines first. Returns its path."""
    path = folder / "qemu"
    path.write_text(NOTING_QEMU.format(notes=folder / "machines", qemu=os.environ.get("QEMU", "qemu-system-x86_64")))
    path.chmod(0o755)
    return path


def machines_in(folder):
    """Process ids of the QEMUs of noting_qemu() that still run."""
    found = []
    for pid in map(int, (folder / "machines").read_text().split() if (folder / "machines").exists() else []):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, 0)
            found.append(pid)
    return found


def wait_until(condition, seconds=30):
    """Looks again and again; fails after a while."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=["SIGINT", "SIGTERM", "SIGKILL"])
def test_an_interrupted_grader_leaves_no_process_and_no_file_and_the_last_whole_results(tree, how, jobs):
    before = {"score": 40}
    (tree / "build/grade").mkdir(parents=True)
    (tree / "build/grade/results.json").write_text(json.dumps(before))
    (tree / "kernel/lab/body.inc").write_text(guests.BODIES["keeps_awake"])
    tmp = tree.parent / "tmp"
    settings = {**environment(tree), "QEMU": str(noting_qemu(tree.parent))}
    process = subprocess.Popen(command(tree, "--jobs", jobs), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env=settings, start_new_session=True)
    try:
        # QEMU runs, and its folder, within that of the grading, is gone already.
        wait_until(lambda: machines_in(tree.parent) and not any(tmp.glob("crescent-*/crescent-*")))
    finally:
        if how == signal.SIGINT:
            os.killpg(process.pid, how)  # as Ctrl-C does
        else:
            process.send_signal(how)
        _, err = process.communicate(timeout=60)
    assert process.returncode == (2 if how != signal.SIGKILL else -9), err
    assert "Traceback" not in err
    wait_until(lambda: not machines_in(tree.parent))
    if how == signal.SIGKILL:  # a later grading sweeps
        for left in tmp.iterdir():
            os.utime(left, (1, 1))
        grade(tree, "--test", "nothing is booted")
    assert not list(tmp.iterdir())
    assert how == signal.SIGKILL or not list((tree / "build/grade").glob(".*"))
    assert results(tree, "results.partial.json")["tests"][0]["extra_data"]["status"] == "not run"
    assert results(tree) == before


ENDLESS_COMPILER = """#!/bin/sh
touch "$TMPDIR/cc.s"
echo $$ >> "{notes}"
exec sleep 1000
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_grader_that_is_interrupted_while_it_builds_leaves_nothing(tree, how):
    compiler = tree.parent / "endless-gcc"
    compiler.write_text(ENDLESS_COMPILER.format(notes=tree.parent / "machines"))
    compiler.chmod(0o755)
    settings = {**environment(tree), "CROSS": f"{tree.parent}/endless-"}
    process = subprocess.Popen(command(tree), stderr=subprocess.PIPE, text=True, env=settings)
    try:
        wait_until(lambda: machines_in(tree.parent))
    finally:
        process.send_signal(how)
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (2, "grade: interrupted\n")
    wait_until(lambda: not machines_in(tree.parent))
    assert not list((tree.parent / "tmp").iterdir()) and not list((tree / "build/grade").glob(".*"))


def test_a_grading_that_ignores_the_terminals_end_goes_on(tree):
    """nohup make grade."""
    process = subprocess.Popen(["nohup", *command(tree)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                               text=True, env={**environment(tree), "QEMU": str(noting_qemu(tree.parent))})
    try:
        wait_until(lambda: (tree.parent / "machines").exists())
    finally:
        process.send_signal(signal.SIGHUP)
        said, _ = process.communicate(timeout=60)
    assert squeeze(said) == ALL_GOOD


def test_a_file_that_is_missing_is_said_to_be_missing(tree):
    (tree / "kernel/lab/body.inc").unlink()
    code, out, _ = grade(tree)
    assert code == 1 and "BUILD  kernel/lab/body.inc is missing; its start version is graded instead (exercise 1.1: 0 points)\n" in out
    assert "does not build" not in out


def test_what_ends_several_runs_alike_is_shown_at_length_once(tmp_path, capsys):
    """Whoever it was that it ended. Each result keeps its own evidence."""
    claims = ("one", "two", "three", "four")
    tests = [SimpleNamespace(name=claim, claim=claim, reason="", exercise="1.1", hidden=False, boots=True) for claim in claims]
    exercises = {"1.1": SimpleNamespace(core=True, visibility="visible")}
    kept = results_module.Results(tmp_path / "results.json", tests, dict.fromkeys(claims, 1), exercises, {})
    reporter = console.Reporter(kept, list(kept.rows), verbose=False)
    rules = ("thread 2 (a) held it", "thread 3 (b/1) held it", "other", "thread 2 (a) held it")
    for claim, status, rule in zip(claims, ("panic", "panic", "panic", "wrong"), rules):
        kept.add(claim, {"status": status, "rule": rule, "evidence": [f"seen by {claim}"]})
    reporter.finish()
    out = capsys.readouterr().out
    assert [claim for claim in claims if f"seen by {claim}\n" in out] == ["one", "three", "four"] and out.count("as in `one` above") == 1
    assert [row["extra_data"]["evidence"] for row in kept.gradescope()["tests"]] == [[f"seen by {claim}"] for claim in claims]


def test_where_only_extras_are_open_that_is_said(tmp_path):
    """make ends with an error then, as it does whenever a test fails."""
    tree = guests.make_tree(tmp_path / "t", tests=guests.TESTS.replace('boot("any").events("SWITCH")', "False"))
    code, out, _ = grade(tree)
    assert code == 1 and out.endswith("make reports an error until that is solved, too\n")
    assert "Score: 100/100 (extra: 0/7)" in " ".join(out.split())


@pytest.mark.parametrize("text, found", [
    ("2.6", ["a", "b"]), ("2.6b", ["b"]), ("2.7", ["c"]), ("b", ["b"]), ("exercise 2.6", ["a", "b"]), ("Lab 2.7", ["c"]),
    *((lab, ["a", "b", "c"]) for lab in ("2", "2.", "lab 2", "phase-2."))])
def test_an_exercises_number_without_its_letter_is_all_its_parts_and_a_labs_is_all_of_it(text, found):
    tests = [SimpleNamespace(name=name, exercise=exercise) for name, exercise in (("a", "2.6a"), ("b", "2.6b"), ("c", "2.7"))]
    assert [test.name for test in testlist.select(tests, text)] == found


@pytest.mark.parametrize("text", ["3", "3.", "lab 3", "2.8", "2.66", "lab"])
def test_another_labs_number_gets_the_list(text):
    with pytest.raises(UserError, match="no exercise has that number; there are:\n  2.6a  a"):
        testlist.select([SimpleNamespace(name="a", exercise="2.6a")], text)


def test_a_models_verdict_says_all_that_the_decision_depended_on():
    numbers = Numbers([], 0, [5, 10, 20, 40], [10, 20, 40, 80], 1000, 0, 0, 0)
    model = FeedbackQueue(numbers)
    model.clock, model.running, model.threads[3] = 2500, 3, Thread(3)
    model.threads[3].level, model.threads[3].boost, model.threads[3].ran = 1, 2, 7
    lines = explain(model.deviation(SimpleNamespace(seq=9, time=1, cpu=0, event="PICK", tid=4), "the rule"))
    assert lines[-1] == "on the CPU until then: 3 (level 1 in boost 2 of 2; cycles run of its quantum: 7 of 10, of its allotment: 7 of 20)"


def test_a_failing_seed_goes_into_the_command_that_shows_it(tmp_path):
    test = SimpleNamespace(name="it_races", claim="it races", reason="", exercise="1.1", hidden=False, boots=True)
    exercises = {"1.1": SimpleNamespace(core=True, visibility="visible")}
    kept = results_module.Results(tmp_path / "results.json", [test], {"it_races": 1}, exercises, {})
    made = SimpleNamespace(last=SimpleNamespace(failing_seed=7))
    item = SimpleNamespace(name="test_it_races", funcargs={"seeds": [7, 8, 9]})
    row = kept.add("it_races", plugin.name_seed({"status": "wrong", "rule": "", "evidence": []}, made, item))
    assert row["next"] == "make rewind TEST=it_races SEEDS=7..7" and "make grade TEST=it_races SEEDS=7..7" in row["evidence"][-1]


@pytest.mark.parametrize("evidence, alike", [
    (["thread 3 (b): BLOCKED, waits for 'first'", "  #0 wait_on+0x9 (kernel/sched/wait.c:9)", "  #1 work+0x1 (kernel/ktest/a.c:3)"], True),
    (["thread 2 (a): BLOCKED, waits for 'time'", "  #0 wait_on+0x2 (kernel/sched/wait.c:8)", "  #1 other+0x1 (kernel/ktest/b.c:3)"], False),
    (["thread 2 (a): BLOCKED, waits for 'first'", "  #0 wake_all+0x2 (kernel/sched/wait.c:8)"], False)])
def test_what_left_other_traces_is_not_said_to_be_alike(evidence, alike):
    """A HANG's rule is always the same: what it waits in, and for, tells one from another."""
    first = ["thread 2 (a): BLOCKED, waits for 'first'", "  #0 wait_on+0x2 (kernel/sched/wait.c:8)", "  #1 work+0x1 (kernel/ktest/b.c:3)"]
    rows = [{"status": "hang", "rule": "the run does not end", "evidence": lines} for lines in (first, evidence)]
    assert (console.cause(rows[0]) == console.cause(rows[1])) == alike
